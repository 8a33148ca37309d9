"""U-CondDGCN: graph convolutions on a directed skeleton, some of its links conditional on the pose.

Hu et al., "Conditional Directed Graph Convolution for 3D Human Pose Estimation", ACM Multimedia
2021 (arXiv 2107.07797). The authors published no code. By default the network is our reading of
the paper. With `unofficial_quirks=True` it computes what the one public re-implementation
(tamasino52/U-CondDGCN) computes, and takes its parameter names and weights. The quirks:

* bones point from child to parent;
* a bone speaks to the children of its child joint, not to the joint it leads to;
* edges are updated from the nodes' new features, so they never see the nodes' own;
* conditional links re-route what the nodes received, where the paper adds links between nodes;
* nodes and edges share one residual projection, and so its batch statistics;
* the merge taps each decoder level before its upsampling, one level coarser than the figure;
* upsampling keeps the corners fixed; the head's batch statistics are those of the last batch.

Here a "node" is a joint, an "edge" a bone; features are (batch, channel, time, node or edge).
"""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

H36M17_PARENTS = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15)
Nodes = Float[Tensor, "batch channel time node"]
Edges = Float[Tensor, "batch channel time edge"]
Features = tuple[Tensor, Tensor]
"""What the two streams carry: nodes and edges."""


def incidence(
    parents: Sequence[int],
) -> tuple[Float[Tensor, "edge node"], Float[Tensor, "edge node"]]:
    """Which bones lead into a joint and which leave it: two (edge, node) matrices.

    Edge i leads from the parent of joint i + 1 to joint i + 1. Several leaving bones are averaged.
    """
    joints = len(parents)
    _check_parents(parents)
    into, out_of = torch.zeros(2, joints - 1, joints).unbind(0)
    for joint in range(1, joints):
        into[joint - 1, joint] = 1
        out_of[joint - 1, parents[joint]] = 1 / parents.count(parents[joint])
    return into, out_of


def unofficial_adjacency(parents: Sequence[int]) -> Float[Tensor, "3 node node"]:
    """The (3, node, node) constant of the unofficial code: children, self, parents (averaged)."""
    joints = len(parents)
    _check_parents(parents)
    adjacency = torch.stack([torch.zeros(joints, joints), torch.eye(joints)])[[0, 1, 0]]
    for joint in range(1, joints):
        adjacency[0, parents[joint], joint] = 1
        adjacency[2, joint, parents[joint]] = 1 / parents.count(parents[joint])
    return adjacency


def _check_parents(parents: Sequence[int]) -> None:
    if not parents or parents[0] != -1 or any(parent < 0 for parent in parents[1:]):
        raise ValueError(f"joint 0 must be the only one without a parent (-1): {list(parents)}")


class Routing(nn.Module):
    """How much of each expert a sample gets, from its mean feature."""

    def __init__(self, *, channels: int, experts: int, dropout: float) -> None:
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.fc = nn.Linear(channels, experts)

    def forward(self, nodes: Nodes) -> Float[Tensor, "batch expert"]:
        return torch.sigmoid(self.fc(self.drop(nodes.mean(dim=(2, 3)))))


class Block(nn.Module):
    """ST-DGConv: messages along the bones, then a convolution along time, then the residual.

    Features of `channels_in` at time -> features of `channels_out` at time / stride. Nodes and
    edges each send three messages with weights of their own: a node as the source of bones, to
    itself, as their target; a bone to its target, to itself, to its source.
    """

    A: Tensor
    into: Tensor
    out_of: Tensor

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        parents: Sequence[int],
        stride: int = 1,
        residual: bool = True,
        dropout: float = 0.3,
        temporal_kernel: int = 5,
        unofficial_quirks: bool = False,
    ) -> None:
        super().__init__()
        self.unofficial_quirks = unofficial_quirks
        self.parents = list(parents[1:])
        self._register_graph(parents)
        self.conv1 = _messages(channels_in, dropout)
        self.conv2 = _messages(channels_in, dropout)
        self.tcn1 = _along_time(channels_in, channels_out, temporal_kernel, stride, dropout)
        self.tcn2 = _along_time(channels_in, channels_out, temporal_kernel, stride, dropout)
        self.has_residual = residual
        self.residual = _shortcut(channels_in, channels_out, stride, residual)
        if not unofficial_quirks:
            self.edge_residual = _shortcut(channels_in, channels_out, stride, residual)

    def _register_graph(self, parents: Sequence[int]) -> None:
        if self.unofficial_quirks:
            self.register_buffer("A", unofficial_adjacency(parents))
            return
        into, out_of = incidence(parents)
        self.register_buffer("into", into, persistent=False)
        self.register_buffer("out_of", out_of, persistent=False)

    def forward(self, nodes: Nodes, edges: Edges) -> Features:
        links = self.links(nodes)
        pattern = "batch (role channel) time place -> role batch channel time place"
        from_nodes = rearrange(self.conv1(nodes), pattern, role=3)
        from_edges = rearrange(self.conv2(edges), pattern, role=3)
        exchange = self._exchange_as_unofficial if self.unofficial_quirks else self._exchange
        new_nodes, new_edges = exchange(from_nodes, from_edges, links)
        return self._add(self.tcn1(new_nodes), self.tcn2(new_edges), nodes, edges)

    def links(self, nodes: Nodes) -> Float[Tensor, "batch 1 node node"] | None:
        """Conditional links between joints; none in this kind of block."""
        return None

    def _exchange(self, x: Tensor, e: Tensor, links: Tensor | None) -> Features:
        """Everyone adds up what is sent to it; all messages are sent before any is read."""
        nodes = e[0] @ self.into + x[1] + e[2] @ self.out_of
        edges = x[0][..., self.parents] + e[1] + x[2][..., 1:]
        if links is not None:
            # A positive link leads from row to column; a negative one is walked against itself.
            nodes = nodes + x[0] @ F.relu(links) + x[2] @ F.relu(-links)
        return nodes, edges

    def _exchange_as_unofficial(self, x: Tensor, e: Tensor, links: Tensor | None) -> Features:
        """The unofficial order: nodes first, then edges from the nodes' new features.

        `A[0][1:]` pairs a bone's row (that of its child) with that child's children: the slip that
        sends incoming bones one joint too far.
        """
        first, own, last = e[0] @ self.A[0][1:], x[1], e[2] @ self.A[2][1:]
        if links is not None:
            first, last = first @ F.relu(links), last @ F.relu(-links)
        edges = first[..., self.parents] + e[1] + last[..., 1:]
        return first + own + last, edges

    def _add(self, nodes: Tensor, edges: Tensor, nodes_in: Tensor, edges_in: Tensor) -> Features:
        if self.has_residual:
            of_edges = self.residual if self.unofficial_quirks else self.edge_residual
            nodes, edges = nodes + self.residual(nodes_in), edges + of_edges(edges_in)
        return F.relu(nodes), F.relu(edges)


class ConditionalBlock(Block):
    """ST-CondDGConv: a block whose extra links are a mixture of learned matrices, one per sample.

    The mixture's weights come from the block's input, so that other poses have other links.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        parents: Sequence[int],
        experts: int = 16,
        dropout: float = 0.3,
        temporal_kernel: int = 5,
        unofficial_quirks: bool = False,
    ) -> None:
        super().__init__(
            channels_in,
            channels_out,
            parents=parents,
            dropout=dropout,
            temporal_kernel=temporal_kernel,
            unofficial_quirks=unofficial_quirks,
        )
        joints = len(parents)
        self.weight = nn.Parameter(torch.empty(experts, joints, joints))
        nn.init.xavier_uniform_(self.weight)
        self._routing_fn = Routing(channels=channels_in, experts=experts, dropout=dropout)

    def links(self, nodes: Nodes) -> Float[Tensor, "batch 1 node node"]:
        """Each sample's mixture of experts."""
        shares = self._routing_fn(nodes)
        return torch.einsum("be,evw->bvw", shares, self.weight)[:, None]


class Stage(nn.ModuleList):
    """Blocks one after the other."""

    def forward(self, nodes: Nodes, edges: Edges) -> Features:
        for block in self:
            nodes, edges = block(nodes, edges)
        return nodes, edges


class UCondDGCN(nn.Module):
    """2D joints of a clip to 3D joints of every frame: a U over time, then a merge of its levels.

    (batch, time, joint, inputs) -> (batch, time, joint, 3), in metres; time is a multiple of 16
    (2 to the number of halvings). As in the paper's figure: down 16 @ T, 32 @ T/2, ... 256 @ T/16;
    up 128 @ T/8, ... 16 @ T; the three middle levels go through conditional blocks to 16 @ T.
    """

    def __init__(
        self,
        *,
        parents: Sequence[int] = H36M17_PARENTS,
        inputs: int = 2,
        planes: Sequence[int] = (16, 32, 64, 128, 256),
        experts: int = 16,
        dropout: float = 0.3,
        temporal_kernel: int = 5,
        unofficial_quirks: bool = False,
    ) -> None:
        super().__init__()
        self.parents = list(parents)
        self.unofficial_quirks = unofficial_quirks
        self.levels = len(planes)
        if unofficial_quirks:
            self.register_buffer("A", unofficial_adjacency(parents))

        block = partial(
            Block,
            parents=parents,
            dropout=dropout,
            temporal_kernel=temporal_kernel,
            unofficial_quirks=unofficial_quirks,
        )
        conditional = partial(
            ConditionalBlock,
            parents=parents,
            experts=experts,
            dropout=dropout,
            temporal_kernel=temporal_kernel,
            unofficial_quirks=unofficial_quirks,
        )
        self.data_bn = nn.BatchNorm1d(inputs * len(parents))
        self.down_stage = nn.ModuleList([block(inputs, planes[0], residual=False)])
        for fine, coarse in pairwise(planes):
            self.down_stage.append(Stage([block(fine, coarse, stride=2), block(coarse, coarse)]))
        # Keys count levels from the finest, as published: up 4 is the first after the bottleneck.
        self.up_stage = nn.ModuleDict()
        self.merge_stage = nn.ModuleDict({"0": conditional(planes[0], planes[0])})
        for level, (fine, coarse) in enumerate(pairwise(planes), start=1):
            self.up_stage[str(level)] = Stage([block(coarse, fine)])
            if level > 1:
                self.merge_stage[str(level)] = Stage([conditional(fine, planes[0])])
        momentum = 1.0 if unofficial_quirks else 0.1
        norm = nn.BatchNorm2d(planes[0], momentum=momentum)
        self.head = nn.Sequential(norm, nn.Conv2d(planes[0], 3, 1))

    def forward(
        self, xy: Float[Tensor, "batch time joint inputs"]
    ) -> Float[Tensor, "batch time joint 3"]:
        self._check(xy)
        finest, *coarser = self._down(*self._streams(xy))
        merged = self._up_and_merge(finest, coarser)
        nodes, _ = self.merge_stage["0"](*merged)
        return rearrange(self.head(nodes), "batch xyz time joint -> batch time joint xyz")

    def _streams(self, xy: Tensor) -> Features:
        """Normalised joints, and the bones between them."""
        joints = xy.shape[2]
        x = self.data_bn(rearrange(xy, "batch time joint dim -> batch (joint dim) time"))
        nodes = rearrange(x, "batch (joint dim) time -> batch dim time joint", joint=joints)
        bones = nodes[..., 1:] - nodes[..., self.parents[1:]]
        return nodes, -bones if self.unofficial_quirks else bones

    def _down(self, nodes: Tensor, edges: Tensor) -> list[Features]:
        """The features of every level, finest first."""
        features = []
        for stage in self.down_stage:
            nodes, edges = stage(nodes, edges)
            features.append((nodes, edges))
        return features

    def _up_and_merge(self, finest: Features, coarser: list[Features]) -> Features:
        """Climb back to the finest level, and add what the conditional blocks make of the rest."""
        *skips, current = [finest, *coarser]
        to_merge = []
        for level in range(self.levels - 1, 0, -1):
            current = self.up_stage[str(level)](*current)
            before = current
            current = _sum(self._upsample(current, 2), skips[level - 1])
            if level > 1:
                tap, factor = (before, 2) if self.unofficial_quirks else (current, 1)
                merged = self.merge_stage[str(level)](*tap)
                to_merge.append(self._upsample(merged, factor * 2 ** (level - 1)))
        for features in to_merge:
            current = _sum(current, features)
        return current

    def _upsample(self, features: Features, factor: int) -> Features:
        """Interpolate linearly along time."""
        nodes, edges = (
            F.interpolate(
                x,
                scale_factor=(float(factor), 1.0),
                mode="bilinear",
                align_corners=self.unofficial_quirks,
            )
            for x in features
        )
        return nodes, edges

    def _check(self, xy: Tensor) -> None:
        frames, joints = xy.shape[1:3]
        multiple = 2 ** (self.levels - 1)
        if frames == 0 or frames % multiple:
            raise ValueError(f"the number of frames must be a multiple of {multiple}, not {frames}")
        if joints != len(self.parents):
            raise ValueError(f"this skeleton has {len(self.parents)} joints, not {joints}")


def _sum(a: Features, b: Features) -> Features:
    return a[0] + b[0], a[1] + b[1]


def _messages(channels: int, dropout: float) -> nn.Sequential:
    """Three messages per place, each with weights of its own."""
    return nn.Sequential(nn.Conv2d(channels, 3 * channels, 1), nn.Dropout(dropout), nn.ReLU())


def _along_time(
    channels_in: int, channels_out: int, kernel: int, stride: int, dropout: float
) -> nn.Sequential:
    """Normalise, then convolve each place along time."""
    conv = nn.Conv2d(
        channels_in, channels_out, (kernel, 1), stride=(stride, 1), padding=(kernel // 2, 0)
    )
    return nn.Sequential(
        nn.BatchNorm2d(channels_in),
        nn.ReLU(),
        conv,
        nn.BatchNorm2d(channels_out),
        nn.Dropout(dropout),
    )


def _shortcut(channels_in: int, channels_out: int, stride: int, wanted: bool) -> nn.Module:
    """What a block adds of its input: the input itself where it fits, else a projection of it."""
    if not wanted or (channels_in == channels_out and stride == 1):
        return nn.Identity()
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 1, stride=(stride, 1)), nn.BatchNorm2d(channels_out)
    )
