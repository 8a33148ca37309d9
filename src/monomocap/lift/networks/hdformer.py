"""HDFormer: from a clip of 2D poses to 3D poses, by attention over joints, bones and chains.

Chen et al., "HDFormer: High-order Directed Transformer for 3D Human Pose Estimation",
IJCAI 2023 (arXiv 2302.01825). Parameters and buffers carry the names of the published weights,
so that those load with `strict=True`; where the published network differs from the paper, the
published network is followed and the difference is noted.

Inside, tensors are (batch, joint, time, dim): what a joint gathers from the others is then one
matrix product per clip, and everything else acts on contiguous rows of `dim` numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

H36M17_PARENTS = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15)
"""Parent of each Human3.6M joint; -1 marks the root, which is joint 0."""

MISSING_IN_PUBLISHED = {(0, 7, 8, 11), (0, 7, 8, 14)}
"""Chains of the skeleton that the published network, for no stated reason, leaves out."""

DIMS = (16, 32, 64, 128, 256)
"""Width at full frame rate and after each halving of it."""

HEADS = 8
KERNEL_FRAMES = 9
TIME_STEP = 2 ** (len(DIMS) - 1)
"""A clip's length must be a multiple of this: it is halved four times and doubled back."""


# --- the skeleton as matrices


def adjacency(parents: Sequence[int], published: bool) -> Float[Tensor, "3 joint joint"]:
    """Fixed part of what each joint (column) takes from each joint (row): itself, parent, children.

    Columns are means, so that a joint with three children takes a third of each. The published
    weights were trained with the root's parent, -1, read as "last joint", so the pelvis is tied
    to the right wrist. Keep it for them, or it is another network.
    """
    joints = len(parents)
    inward = torch.zeros(joints, joints)
    for child, parent in enumerate(parents):
        if parent >= 0 or published:
            inward[parent, child] = 1
    outward = inward.T / inward.T.sum(dim=0).clamp(min=1)
    return torch.stack([torch.eye(joints), inward, outward])


def chains(parents: Sequence[int], bones: int, published: bool) -> list[tuple[int, ...]]:
    """All runs of `bones` bones from a joint outwards, in the order of their joints' numbers."""
    found = []
    for end in range(len(parents)):
        run = [end]
        while len(run) <= bones and run[0] >= 0:
            run.insert(0, parents[run[0]])
        if run[0] >= 0:
            found.append(tuple(run))
    return sorted(chain for chain in found if not (published and chain in MISSING_IN_PUBLISHED))


def bone_differences(
    chain_list: Sequence[tuple[int, ...]], joints: int
) -> Float[Tensor, "chain bone joint"]:
    """Matrices that turn joints into the bones (end minus start) along each chain."""
    unit = torch.eye(joints)
    return torch.stack([unit[list(c[1:])] - unit[list(c[:-1])] for c in chain_list])


# --- dropout that costs little


def dropped(x: Float[Tensor, "*axes"], p: float) -> Float[Tensor, "*axes"]:
    """Dropout, its coins thrown four at a time.

    On a CPU torch's own throws them one by one, which took a tenth of a training step.
    """
    if p == 0:
        return x
    bits = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device)
    coins = bits.random_(-(2**63), None).view(torch.int16)[: x.numel()].view(x.shape)
    kept = coins >= round(p * 2**16) - 2**15
    return x * kept.to(x.dtype).div_(1 - p)


# --- batch norm of the last axis; folded into the layer before it once it no longer learns


def channels_first(x: Float[Tensor, "b joint time dim"]) -> Float[Tensor, "b dim joint time"]:
    """As torch's convolutions and batch norms want it; a view."""
    return rearrange(x, "batch joint time dim -> batch dim joint time")


def channels_last(x: Float[Tensor, "b dim joint time"]) -> Float[Tensor, "b joint time dim"]:
    """And back."""
    return rearrange(x, "batch dim joint time -> batch joint time dim")


def scale_and_shift(norm: nn.BatchNorm2d) -> tuple[Float[Tensor, " dim"], Float[Tensor, " dim"]]:
    """What a batch norm does at evaluation: x * scale + shift."""
    assert norm.running_mean is not None and norm.running_var is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def normed(
    x: Float[Tensor, "batch joint time dim"], norm: nn.BatchNorm2d
) -> Float[Tensor, "batch joint time dim"]:
    """Batch norm of the last axis."""
    if norm.training:
        return channels_last(norm(channels_first(x)))
    scale, shift = scale_and_shift(norm)
    return x * scale + shift


class Projection(nn.Sequential):
    """A shortcut that changes width, or frame rate: 1x1 convolution and batch norm."""

    def __init__(self, in_dim: int, out_dim: int, *, stride: int = 1) -> None:
        super().__init__(nn.Conv2d(in_dim, out_dim, 1, (stride, 1)), nn.BatchNorm2d(out_dim))
        self.stride = stride

    def forward(
        self, x: Float[Tensor, "batch joint time dim"]
    ) -> Float[Tensor, "batch joint time_out out"]:
        conv, norm = self
        assert isinstance(norm, nn.BatchNorm2d)
        weight, bias = conv.get_parameter("weight").flatten(1), conv.get_parameter("bias")
        x = x[:, :, :: self.stride]
        if self.training:
            return normed(F.linear(x, weight, bias), norm)
        scale, shift = scale_and_shift(norm)
        return F.linear(x, weight * scale[:, None], bias * scale + shift)


# --- blocks


def stacked(layers: nn.ModuleList, name: str) -> Float[Tensor, layer * shape]:
    """One parameter of several like layers, as one tensor."""
    return torch.stack([layer.get_parameter(name) for layer in layers])


class FirstOrderAttention(nn.Module):
    """Each joint gathers from all joints, by three maps for the whole clip (paper, eq. 1).

    Map i is softmax(a_i b_i / size) + adjacency_i + PA_i; the paper writes the sum inside the
    softmax, the published network adds it after.
    """

    adjacency: Tensor

    def __init__(self, in_dim: int, out_dim: int, *, adjacency: Tensor) -> None:
        super().__init__()
        maps, embed_dim = len(adjacency), out_dim // 4
        self.register_buffer("adjacency", adjacency.clone(), persistent=False)
        self.PA = nn.Parameter(torch.full_like(adjacency, 1e-6))
        self.conv_a = nn.ModuleList(nn.Conv2d(in_dim, embed_dim, 1) for _ in range(maps))
        self.conv_b = nn.ModuleList(nn.Conv2d(in_dim, embed_dim, 1) for _ in range(maps))
        self.linears = nn.ModuleList(nn.Linear(in_dim, in_dim) for _ in range(maps))
        self.conv_d = nn.ModuleList(nn.Conv2d(in_dim, out_dim, 1) for _ in range(maps))
        self.bn = nn.BatchNorm2d(out_dim)
        self.down = Projection(in_dim, out_dim) if in_dim != out_dim else None
        self.initialise()

    def initialise(self) -> None:
        """As published: the block starts as its shortcut (batch norm weight near 0)."""
        branches = len(self.conv_d)
        for conv in [*self.conv_a, *self.conv_b, *([self.down[0]] if self.down else [])]:
            nn.init.kaiming_normal_(conv.get_parameter("weight"), mode="fan_out")
            nn.init.zeros_(conv.get_parameter("bias"))
        for conv in self.conv_d:
            weight = conv.get_parameter("weight")
            nn.init.normal_(weight, 0, math.sqrt(2 / (weight.numel() * branches)))
            nn.init.zeros_(conv.get_parameter("bias"))
        nn.init.constant_(self.bn.weight, 1e-6)

    def forward(
        self, x: Float[Tensor, "batch joint time dim"]
    ) -> Float[Tensor, "batch joint time out"]:
        shortcut = x if self.down is None else self.down(x)
        return F.relu(self.gathered(x, self.maps(x)) + shortcut)

    def maps(
        self, x: Float[Tensor, "batch joint time dim"]
    ) -> Float[Tensor, "batch map joint joint"]:
        """What each joint (row) takes from each joint (column)."""
        weight = torch.cat([stacked(self.conv_b, "weight"), stacked(self.conv_a, "weight")])
        bias = torch.cat([stacked(self.conv_b, "bias"), stacked(self.conv_a, "bias")])
        b, a = rearrange(
            F.linear(x, weight.flatten(2).flatten(0, 1), bias.flatten()),
            "batch joint time (two map dim) -> two batch map joint (time dim)",
            two=2,
            map=len(self.PA),
        ).unbind()
        attention = F.softmax(b @ a.transpose(2, 3) / a.shape[3], dim=-1)
        return attention + (self.adjacency + self.PA).transpose(1, 2)

    def gathered(
        self,
        x: Float[Tensor, "batch joint time dim"],
        maps: Float[Tensor, "batch map joint joint"],
    ) -> Float[Tensor, "batch joint time out"]:
        """Batch norm of the sum over maps: conv_d(linear(x) gathered by map)."""
        weight, bias = self.values()
        if not self.training:
            scale, shift = scale_and_shift(self.bn)
            weight, bias = weight * scale[:, None], bias * scale + shift
        values = rearrange(
            F.linear(x, weight.flatten(0, 1)),
            "batch joint time (map out) -> batch (map joint) (time out)",
            map=len(weight),
        )
        total = rearrange(maps, "batch map to joint -> batch to (map joint)") @ values
        pattern = "batch joint (time out) -> batch joint time out"
        y = rearrange(total, pattern, out=bias.shape[1]) + bias[:, None]
        return normed(y, self.bn) if self.training else y

    def values(self) -> tuple[Float[Tensor, "map out dim"], Float[Tensor, "joint out"]]:
        """conv_d after linear as one matrix per map, and the bias that all of them leave.

        Gathering acts on joints and these on dims, so they commute; a bias passes through a map
        as the sum of what a joint takes: 1 of the softmax, the rest of adjacency and PA.
        """
        outer, inner = stacked(self.conv_d, "weight").flatten(2), stacked(self.linears, "weight")
        inner_bias = (outer @ stacked(self.linears, "bias")[:, :, None])[:, :, 0]
        taken = 1 + (self.adjacency + self.PA).sum(dim=1)
        bias = taken.T @ inner_bias + stacked(self.conv_d, "bias").sum(dim=0)
        return outer @ inner, bias


class CrossAttention(nn.Module):
    """Joints (queries) look at hyperbones (keys and values) of the same frame."""

    def __init__(self, dim: int, *, heads: int = HEADS, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.to_q = nn.Linear(dim, dim)
        self.to_k = nn.Linear(dim, dim)
        self.to_v = nn.Linear(dim, dim)
        self.proj = nn.Linear(dim, dim)

    def forward(
        self,
        joints: Float[Tensor, "batch joint time dim"],
        tokens: Float[Tensor, "batch token time dim"],
    ) -> Float[Tensor, "batch joint time dim"]:
        q = self.by_head(self.to_q(joints) / math.sqrt(joints.shape[3] // self.heads))
        k, v = self.by_head(self.to_k(tokens)), self.by_head(self.to_v(tokens))
        attention = F.softmax(q @ k.transpose(3, 4), dim=-1)
        if self.training:
            attention = dropped(attention, self.dropout)
        seen = rearrange(
            attention @ v,
            "batch time head joint d -> batch joint time (head d)",
        )
        y: Tensor = self.proj(seen)
        return dropped(y, self.dropout) if self.training else y

    def by_head(
        self, x: Float[Tensor, "batch row time dim"]
    ) -> Float[Tensor, "batch time head row d"]:
        """One small matrix for each head of each frame."""
        pattern = "batch row time (head d) -> batch time head row d"
        return rearrange(x, pattern, head=self.heads)


class MLP(nn.Module):
    """Two layers with GELU between."""

    def __init__(self, dim: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        self.fc1 = nn.Linear(dim, 2 * dim)
        self.fc2 = nn.Linear(2 * dim, dim)

    def forward(self, x: Float[Tensor, "*rows dim"]) -> Float[Tensor, "*rows dim"]:
        p = self.dropout if self.training else 0.0
        return dropped(self.fc2(dropped(F.gelu(self.fc1(x)), p)), p)


class HDFormerBlock(nn.Module):
    """Attention over joints, then a convolution along time."""

    def __init__(
        self,
        in_dim: int,
        out_dim: int,
        *,
        adjacency: Tensor,
        stride: int = 1,
        residual: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.stride, self.residual, self.dropout = stride, residual, dropout
        self.foa_block = FirstOrderAttention(in_dim, out_dim, adjacency=adjacency)
        kernel, padding = (KERNEL_FRAMES, 1), (KERNEL_FRAMES // 2, 0)
        self.tcn_v = nn.Sequential(
            nn.BatchNorm2d(out_dim),
            nn.ReLU(),
            nn.Conv2d(out_dim, out_dim, kernel, (stride, 1), padding),
            nn.BatchNorm2d(out_dim),
            nn.Dropout(dropout),
        )
        projected = residual and (in_dim != out_dim or stride != 1)
        self.residual_v = Projection(in_dim, out_dim, stride=stride) if projected else None

    def forward(
        self, x: Float[Tensor, "batch joint time dim"]
    ) -> Float[Tensor, "batch joint time_out out"]:
        y = self.along_time(self.high_order(self.foa_block(x)))
        if self.residual:
            y = y + (x if self.residual_v is None else self.residual_v(x))
        return F.relu(y)

    def high_order(
        self, h: Float[Tensor, "batch joint time dim"]
    ) -> Float[Tensor, "batch joint time dim"]:
        """Nothing here; blocks that look at hyperbones do."""
        return h

    def along_time(
        self, h: Float[Tensor, "batch joint time dim"]
    ) -> Float[Tensor, "batch joint time_out dim"]:
        """Batch norm, ReLU, convolution over nine frames, batch norm, dropout."""
        before, _, conv, after, _ = self.tcn_v
        assert isinstance(before, nn.BatchNorm2d) and isinstance(after, nn.BatchNorm2d)
        weight: Tensor = conv.get_parameter("weight").transpose(2, 3)
        bias: Tensor = conv.get_parameter("bias")
        if not self.training:
            scale, shift = scale_and_shift(after)
            weight, bias = weight * scale[:, None, None, None], bias * scale + shift
        active = channels_first(F.relu(normed(h, before)))
        y = F.conv2d(active, weight, bias, (1, self.stride), (0, KERNEL_FRAMES // 2))
        y = channels_last(y)
        return dropped(normed(y, after), self.dropout) if self.training else y


class HighOrderBlock(HDFormerBlock):
    """A block whose joints also look at hyperbones: chains of one to four bones.

    A chain's token is a learned weighted sum of the bones along it, the same for all dims.
    """

    bones: Tensor

    def __init__(
        self,
        in_dim: int,
        out_dim: int,
        *,
        adjacency: Tensor,
        hyperbones: Sequence[Tensor],
        dropout: float = 0.0,
    ) -> None:
        super().__init__(in_dim, out_dim, adjacency=adjacency, dropout=dropout)
        self.register_buffer("bones", hyperbones[0][:, 0].clone(), persistent=False)
        for hop, matrices in enumerate(hyperbones[1:], start=2):
            self.register_buffer(f"chains_{hop}", matrices.clone(), persistent=False)
        self.linears = nn.ModuleList(
            nn.ModuleList(nn.Linear(matrices.shape[1], 1) for _ in matrices)
            for matrices in hyperbones[1:]
        )
        self.cross_attn = CrossAttention(out_dim, dropout=dropout)
        self.norm_v = nn.LayerNorm(out_dim)
        self.norm_mlp = nn.LayerNorm(out_dim)
        self.mlp = MLP(out_dim, dropout=dropout)

    def high_order(
        self, h: Float[Tensor, "batch joint time dim"]
    ) -> Float[Tensor, "batch joint time dim"]:
        h = self.norm_v(self.cross_attn(h, self.tokens(h))) + h
        return h + self.mlp(self.norm_mlp(h))

    def tokens(
        self, h: Float[Tensor, "batch joint time dim"]
    ) -> Float[Tensor, "batch token time dim"]:
        """All hyperbones, as one affine map of the joint axis."""
        matrix, bias = self.token_map()
        rows = matrix @ h.flatten(2) + bias[:, None]
        return rearrange(rows, "batch token (time dim) -> batch token time dim", dim=h.shape[3])

    def token_map(self) -> tuple[Float[Tensor, "token joint"], Float[Tensor, " token"]]:
        """Joints -> tokens: bones as they are, then the longer chains."""
        matrices, biases = [self.bones], [torch.zeros_like(self.bones[:, 0])]
        for hop, linears in enumerate(self.linears, start=2):
            assert isinstance(linears, nn.ModuleList)
            weight, differences = stacked(linears, "weight"), self.get_buffer(f"chains_{hop}")
            matrices.append((weight @ differences)[:, 0])
            biases.append(stacked(linears, "bias")[:, 0])
        return torch.cat(matrices), torch.cat(biases)


def slower(
    x: Float[Tensor, "batch joint time dim"], factor: int
) -> Float[Tensor, "batch joint time_out dim"]:
    """`factor` times the frames, by straight lines between frame centres."""
    dense = F.interpolate(
        channels_first(x), scale_factor=(1, factor), mode="bilinear", align_corners=False
    )
    return channels_last(dense)


class Backbone(nn.Module):
    """A U over time: nine blocks down, four up, and four that merge its levels."""

    def __init__(
        self,
        *,
        in_channels: int,
        parents: Sequence[int],
        dropout: float,
        max_hop: int,
        published_graph: bool,
    ) -> None:
        super().__init__()
        joints = len(parents)
        graph = adjacency(parents, published_graph)
        hyperbones = [
            bone_differences(chains(parents, hop, published_graph), joints)
            for hop in range(1, max_hop + 1)
        ]
        drop = dict(zip(DIMS, (0.0, 0.0, 0.0, dropout, dropout), strict=True))
        self.data_bn = nn.BatchNorm1d(in_channels * joints)
        self.downsample = nn.ModuleList(
            [HDFormerBlock(in_channels, DIMS[0], adjacency=graph, residual=False)]
        )
        for fine, coarse in zip(DIMS, DIMS[1:], strict=False):
            for in_dim, stride in ((fine, 2), (coarse, 1)):
                self.downsample.append(
                    HDFormerBlock(
                        in_dim, coarse, adjacency=graph, stride=stride, dropout=drop[coarse]
                    )
                )
        coarse_first = DIMS[::-1]
        up_dropouts = (dropout, dropout, 0.0, 0.0)
        self.upsample = nn.ModuleList(
            HDFormerBlock(coarse, fine, adjacency=graph, dropout=p)
            for coarse, fine, p in zip(coarse_first, coarse_first[1:], up_dropouts, strict=False)
        )
        self.merge = nn.ModuleList(
            HighOrderBlock(dim, DIMS[0], adjacency=graph, hyperbones=hyperbones, dropout=p)
            for dim, p in zip(coarse_first, up_dropouts, strict=False)
        )

    def forward(
        self, x: Float[Tensor, "batch channels time joint"]
    ) -> Float[Tensor, "batch joint time dim"]:
        levels = self.up(self.down(self.normed_input(x)))
        total = levels.pop()
        for halvings, (block, level) in enumerate(zip(self.merge, levels, strict=True)):
            total = total + slower(block(level), TIME_STEP >> halvings)
        return total

    def normed_input(
        self, x: Float[Tensor, "batch channels time joint"]
    ) -> Float[Tensor, "batch joint time channels"]:
        """Batch norm of each coordinate of each joint."""
        joint = x.shape[3]
        normal = self.data_bn(
            rearrange(x, "batch channel time joint -> batch (channel joint) time")
        )
        return rearrange(
            normal, "batch (channel joint) time -> batch joint time channel", joint=joint
        ).contiguous()

    def down(
        self, x: Float[Tensor, "batch joint time channels"]
    ) -> list[Float[Tensor, "batch joint _ _"]]:
        """Features at 1, 1/2, 1/4, 1/8 and 1/16 of the frame rate."""
        levels = []
        for number, block in enumerate(self.downsample):
            x = block(x)
            if number % 2 == 0:
                levels.append(x)
        return levels

    def up(
        self, levels: list[Float[Tensor, "batch joint _ _"]]
    ) -> list[Float[Tensor, "batch joint _ _"]]:
        """The way back, adding what the way down had at that rate; coarsest first."""
        x, *finer = levels[::-1]
        risen = [x]
        for block, skip in zip(self.upsample, finer, strict=True):
            x = slower(block(x), 2) + skip
            risen.append(x)
        return risen


class HDFormer(nn.Module):
    """HDFormer (Chen et al., 2023): standardised 2D in, standardised 3D relative to joint 0 out.

    `parents` is the skeleton, joint 0 its root. `in_channels` is 2 in the published network.
    `published_graph` keeps two oddities of the published graph, which its weights need: a link
    between root and last joint, and two chains left out. The published weights answer in units
    of their training set: their pose in mm is `answer * std_3d + mean_3d`.
    """

    def __init__(
        self,
        *,
        in_channels: int = 2,
        parents: Sequence[int] = H36M17_PARENTS,
        dropout: float = 0.3,
        max_hop: int = 4,
        published_graph: bool = True,
    ) -> None:
        super().__init__()
        if not 1 <= max_hop <= 4:
            raise ValueError(f"max_hop is 1 to 4 bones, not {max_hop}")
        self.in_channels, self.joints = in_channels, len(parents)
        self.backbone = Backbone(
            in_channels=in_channels,
            parents=parents,
            dropout=dropout,
            max_hop=max_hop,
            published_graph=published_graph,
        )
        self.joint_regressor = nn.Conv2d(DIMS[0], 3 * (self.joints - 1), (3, self.joints))

    def forward(
        self, x: Float[Tensor, "batch channels time joint"]
    ) -> Float[Tensor, "batch 3 time joint"]:
        self.check(x)
        weight = self.joint_regressor.weight.transpose(2, 3)
        h = channels_first(self.backbone(x))
        y = F.conv2d(h, weight, self.joint_regressor.bias, padding=(0, 1))
        moving = rearrange(y, "batch (xyz joint) 1 time -> batch xyz time joint", xyz=3)
        return F.pad(moving, (1, 0))

    def check(self, x: Tensor) -> None:
        """Say what is wrong with the shape, before a layer deep inside does."""
        channels, time, joints = x.shape[1:]
        if (channels, joints) != (self.in_channels, self.joints):
            raise ValueError(
                f"HDFormer takes (batch, {self.in_channels}, time, {self.joints}), "
                f"not {tuple(x.shape)}"
            )
        if time == 0 or time % TIME_STEP:
            raise ValueError(f"HDFormer takes a multiple of {TIME_STEP} frames, not {time}")
