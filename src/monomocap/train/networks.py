"""The networks that can be trained, by name, all behind one door.

(batch, channel, time, joint) in, (batch, 3, time, joint) out, in metres from the first joint.
"""

from collections.abc import Callable, Mapping

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from monomocap.errors import UnknownName
from monomocap.lift.networks.canonical_pose import CanonicalPose
from monomocap.lift.networks.drafted import Draft, DraftedHDFormer
from monomocap.lift.networks.hdformer import HDFormer
from monomocap.lift.networks.mixste import MixSTE
from monomocap.lift.networks.ucond_dgcn import UCondDGCN

INPUTS = 3
"""x, y and the joint's score (`lift.normalize.person_view`)."""
Numbers = Mapping[str, int | float]


def hdformer(frames: int, dropout: float, size: Numbers) -> nn.Module:
    """HDFormer, on the body's true graph."""
    return HDFormer(in_channels=INPUTS, dropout=dropout, published_graph=False, **size)  # type: ignore[arg-type]


def u_conddgcn(frames: int, dropout: float, size: Numbers) -> nn.Module:
    """U-CondDGCN as its paper has it."""
    return JointsLast(UCondDGCN(inputs=INPUTS, dropout=dropout, **size))  # type: ignore[arg-type]


def mixste(frames: int, dropout: float, size: Numbers) -> nn.Module:
    """MixSTE; its dropout leaves out whole branches."""
    return JointsLast(MixSTE(frames=frames, inputs=INPUTS, drop_path=dropout, **size))  # type: ignore[arg-type]


def canonical_pose(frames: int, dropout: float, size: Numbers) -> nn.Module:
    """CanonicalPose3D's dilated convolutions, the clip's ends held."""
    return JointsLast(CanonicalPose(inputs=INPUTS, dropout=dropout, **size))  # type: ignore[arg-type]


def draft(frames: int, dropout: float, size: Numbers) -> nn.Module:
    """The first half of drafted HDFormer: nine moments in, the middle one's pose out."""
    return Draft(inputs=INPUTS, dropout=dropout, **size)  # type: ignore[arg-type]


def drafted_hdformer(frames: int, dropout: float, size: Numbers) -> nn.Module:
    """HDFormer that refines a draft: what ships."""
    return DraftedHDFormer(dropout=dropout, **size)  # type: ignore[arg-type]


NETWORKS: dict[str, Callable[[int, float, Numbers], nn.Module]] = {
    "canonical-pose": canonical_pose,
    "draft": draft,
    "drafted-hdformer": drafted_hdformer,
    "hdformer": hdformer,
    "mixste": mixste,
    "u-conddgcn": u_conddgcn,
}


def build_network(
    name: str, *, frames: int, dropout: float = 0.0, size: Numbers | None = None
) -> nn.Module:
    """A fresh network; `size` holds the numbers of its constructor that differ from published."""
    if name not in NETWORKS:
        raise UnknownName("network", name, NETWORKS)
    return NETWORKS[name](frames, dropout, size or {})


class JointsLast(nn.Module):
    """A network of (batch, time, joint, channel), as one of (batch, channel, time, joint)."""

    def __init__(self, network: UCondDGCN | MixSTE | CanonicalPose) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, x: Float[Tensor, "batch channels time joint"]
    ) -> Float[Tensor, "batch 3 time joint"]:
        """One pose per frame, the first joint at 0."""
        if isinstance(self.network, CanonicalPose):
            before, after = self.network.edge_padding
            x = F.pad(x, (0, 0, before, after), mode="replicate")
        xyz: Tensor = self.network(x.movedim(1, -1)).movedim(-1, 1)
        return xyz - xyz[..., :1]
