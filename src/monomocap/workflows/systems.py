"""The systems that the model card names, as they are published, and what ships beside them.

Published errors are MPJPE on Human3.6M, protocol 1, in mm, by where the 2D came from (GT: the
truth; CPN and HRNet: that detector). Their sources:

* HDFormer: Chen et al., IJCAI 2023, table 1, and its comparison on true 2D.
* U-CondDGCN, MixSTE with 81 frames, and MixSTE on HRNet's 2D: the same tables.
* MixSTE with 243 frames: Zhang et al., CVPR 2022. We know of no figure for 27 frames.
* CanonicalPose3D: its model card, which does not say what its 2D was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import nn

Gives = Literal["3D", "root", "2D", "2D and 3D"]
Runtime = Literal["torch", "ONNX Runtime", "MediaPipe"]
Shape = tuple[int, ...]
Build = Callable[[], "nn.Module"]

SMALLER = "equals recorded answers of the published code at smaller sizes, and its names and shapes"
UNCHECKED = "cannot be checked against an original: "


@dataclass(frozen=True)
class Entry:
    """One system, as it is published."""

    name: str
    gives: Gives
    year: int | None
    mpjpe_mm: Mapping[str, float]
    """Where the 2D came from -> error."""
    frames_in: int
    """Frames (or images) that one clip has."""
    frames_out: int
    """Frames that one pass answers."""
    proof: str
    """What the network here was checked against; begins with `UNCHECKED` if nothing."""
    runtime: Runtime = "torch"
    shipped_as: str | None = None
    """The lifter that ships with these weights (`lift.own.SHIPPED`)."""
    published: bool = True
    """Whether there is a form in which somebody may have published weights."""
    build: Build | None = None
    """The network as published, with weights of chance; None where torch has none."""
    shapes: tuple[Shape, ...] = ()
    """Of the inputs of one clip, without the batch."""

    @property
    def checked(self) -> bool:
        """Whether there is an original that the network here was held against."""
        return not self.proof.startswith(UNCHECKED)


def _hdformer() -> "nn.Module":
    from monomocap.lift.networks.hdformer import HDFormer

    return HDFormer()


def _drafted_hdformer() -> "nn.Module":
    from monomocap.train.config import RECIPES
    from monomocap.train.networks import build_network

    recipe = RECIPES["open"]
    return build_network(recipe.network, frames=recipe.frames, size=recipe.size)


def _ucond_dgcn(*, unofficial: bool) -> Build:
    def build() -> "nn.Module":
        from monomocap.lift.networks.ucond_dgcn import UCondDGCN

        return UCondDGCN(unofficial_quirks=unofficial)

    return build


def _mixste(frames: int) -> Build:
    def build() -> "nn.Module":
        from monomocap.lift.networks.mixste import MixSTE

        return MixSTE(frames=frames)

    return build


def _canonical_pose() -> "nn.Module":
    from monomocap.lift.networks.canonical_pose import CanonicalPose

    return CanonicalPose()


def _root_trajectory() -> "nn.Module":
    from monomocap.lift.networks.canonical_pose import RootTrajectory

    return RootTrajectory()


def _hrnet_v2(width: int) -> Build:
    def build() -> "nn.Module":
        from monomocap.detect.networks.hrnet import HRNetV2

        return HRNetV2(width=width)

    return build


def _hrnet() -> "nn.Module":
    from monomocap.detect.networks.hrnet import HRNet

    return HRNet(width=32)


SEEN = 243
"""Frames that an answer of CanonicalPose3D depends on, at VideoPose3D's sizes; its own are not
published."""
ANSWERED = 96
"""Frames that one pass of its pose network is asked for, as many as HDFormer's."""

_OURS = Entry(
    name="HDFormer over a draft",
    gives="3D",
    year=None,
    mpjpe_mm={},
    frames_in=32,
    frames_out=32,
    proof="is ours; there is no other to compare it with",
    published=False,
    build=_drafted_hdformer,
    shapes=((3, 32, 17),),
    shipped_as="hdformer",
)
_HDFORMER = Entry(
    name="HDFormer",
    gives="3D",
    year=2023,
    mpjpe_mm={"CPN": 42.6, "HRNet": 40.3, "GT": 21.6},
    frames_in=96,
    frames_out=96,
    proof="equals recorded answers of the published network",
    build=_hdformer,
    shapes=((2, 96, 17),),
)
_UNOFFICIAL = Entry(
    name="U-CondDGCN (unofficial)",
    gives="3D",
    year=2021,
    mpjpe_mm={},
    frames_in=96,
    frames_out=96,
    proof="equals recorded answers of the unofficial code, which has no weights and no figure",
    build=_ucond_dgcn(unofficial=True),
    shapes=((96, 17, 2),),
)
_MIXSTE = Entry(
    name="MixSTE T=243",
    gives="3D",
    year=2022,
    mpjpe_mm={"CPN": 40.9, "HRNet": 39.8, "GT": 21.6},
    frames_in=243,
    frames_out=243,
    proof=SMALLER,
    build=_mixste(243),
    shapes=((243, 17, 2),),
)
_HRNET_V2 = Entry(
    name="HRNetV2-W48",
    gives="2D",
    year=2020,
    mpjpe_mm={},
    frames_in=1,
    frames_out=1,
    proof=SMALLER,
    build=_hrnet_v2(48),
    shapes=((3, 128, 128),),
)

ENTRIES = (
    _OURS,
    replace(_OURS, name="HDFormer over a draft (ONNX Runtime)", runtime="ONNX Runtime"),
    _HDFORMER,
    replace(
        _HDFORMER,
        name="HDFormer (ONNX Runtime)",
        proof="equals our torch network, which equals recorded answers of the published one",
        runtime="ONNX Runtime",
    ),
    _UNOFFICIAL,
    replace(
        _UNOFFICIAL,
        name="U-CondDGCN (paper)",
        mpjpe_mm={"CPN": 43.4, "HRNet": 41.1, "GT": 22.7},
        proof=UNCHECKED + "its authors published neither code nor weights",
        published=False,
        build=_ucond_dgcn(unofficial=False),
    ),
    replace(
        _MIXSTE,
        name="MixSTE T=27",
        mpjpe_mm={},
        frames_in=27,
        frames_out=27,
        build=_mixste(27),
        shapes=((27, 17, 2),),
    ),
    replace(
        _MIXSTE,
        name="MixSTE T=81",
        mpjpe_mm={"CPN": 42.4, "GT": 25.9},
        frames_in=81,
        frames_out=81,
        build=_mixste(81),
        shapes=((81, 17, 2),),
    ),
    _MIXSTE,
    Entry(
        name="CanonicalPose3D, pose",
        gives="3D",
        year=None,
        mpjpe_mm={"input not stated": 40.4},
        frames_in=SEEN - 1 + ANSWERED,
        frames_out=ANSWERED,
        proof=SMALLER,
        build=_canonical_pose,
        shapes=((SEEN - 1 + ANSWERED, 17, 2),),
    ),
    Entry(
        name="CanonicalPose3D, trajectory",
        gives="root",
        year=None,
        mpjpe_mm={},
        frames_in=SEEN,
        frames_out=1,
        proof=SMALLER,
        build=_root_trajectory,
        shapes=((SEEN, 17, 2), (17, 3)),
    ),
    _HRNET_V2,
    replace(
        _HRNET_V2,
        name="HRNetV2-W32",
        build=_hrnet_v2(32),
    ),
    replace(
        _HRNET_V2,
        name="HRNet-W32 COCO",
        year=2019,
        proof=UNCHECKED + "no recorded answers of its single-resolution head were at hand",
        build=_hrnet,
        shapes=((3, 256, 192),),
    ),
    Entry(
        name="MediaPipe Pose, full",
        gives="2D and 3D",
        year=2020,
        mpjpe_mm={},
        frames_in=1,
        frames_out=1,
        proof="is the original",
        runtime="MediaPipe",
    ),
)
