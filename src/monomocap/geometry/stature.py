"""How large a body is: one number, its stature, from the bones that hardly depend on its build.

A picture alone does not tell a small person nearby from a tall one far away: the stature is what
turns a motion's units into metres.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.errors import InputError
from monomocap.skeleton import Skeleton

LEG_AND_TRUNK_SHARE = 0.779
"""Hip to ankle and hip to shoulder together, as a share of stature (Winter, Biomechanics and Motor
Control of Human Movement, 2009, figure 4.1: 0.491 and 0.288)."""

ADULT_HEIGHT_M = 1.69
"""The mean of grown women (1.62 m) and men (1.76 m) of high-income countries (NCD Risk Factor
Collaboration, 2016)."""
ADULT_HEIGHT_ERROR = 0.06
"""One standard deviation of both together, as a share: 7 cm within each, and each 7 cm from
their mean. A child's height must be given."""

Poses = Float[np.ndarray, "time joint 3"]


@dataclass(frozen=True)
class Stature:
    """How tall a person is taken to be, and how far that may be off."""

    height_m: float
    error: float
    """One standard deviation, as a share; distances and lengths inherit it."""
    given: bool


def stature_of(height_m: float | None) -> Stature:
    """The height that somebody stated, or else the mean adult's with its error bar."""
    if height_m is None:
        return Stature(ADULT_HEIGHT_M, ADULT_HEIGHT_ERROR, given=False)
    if not 0.4 <= height_m <= 2.8:
        raise InputError(f"height_m must lie between 0.4 and 2.8 metres, not {height_m}")
    return Stature(height_m, 0.01, given=True)


def apparent_stature(xyz: Poses, skeleton: Skeleton) -> float:
    """The stature that the legs and trunk of these poses speak of, in their unit; NaN of nobody.

    Medians over time, so that a few bad frames do not count.
    """
    names = skeleton.joints
    middle = {part: _middle(xyz, skeleton, part) for part in ("hip", "shoulder")}
    legs = [
        _length(xyz[:, names.index(f"{side}_{a}")], xyz[:, names.index(f"{side}_{b}")])
        for side in ("left", "right")
        for a, b in (("hip", "knee"), ("knee", "ankle"))
    ]
    trunk = _length(middle["hip"], middle["shoulder"])
    return (sum(legs) / 2 + trunk) / LEG_AND_TRUNK_SHARE


@dataclass(frozen=True)
class Bones:
    """How long each bone of one body is, by its child joint."""

    lengths: dict[int, float]
    skeleton: Skeleton

    def scaled(self, factor: float) -> "Bones":
        """The bones of a body that much larger."""
        return Bones({joint: factor * n for joint, n in self.lengths.items()}, self.skeleton)


def median_bones(xyz: Poses, skeleton: Skeleton) -> Bones:
    """Each bone's median length over time, left as right; NaN where it was never seen."""
    one_side = {child: _length(xyz[:, p], xyz[:, child]) for p, child in skeleton.bones}
    both = {
        child: float(np.mean([length, one_side.get(skeleton.mirror[child], length)]))
        for child, length in one_side.items()
    }
    return Bones(both, skeleton)


def stiffened(xyz: Poses, bones: Bones) -> Poses:
    """The same poses with bones of these lengths: directions stay, and the root stays."""
    out = xyz.astype(np.float64)
    for parent, child in _from_root(bones.skeleton):
        bone = xyz[:, child] - xyz[:, parent]
        size = np.linalg.norm(bone, axis=-1, keepdims=True)
        direction = bone / np.where(size > 0, size, np.nan)
        out[:, child] = out[:, parent] + bones.lengths[child] * np.where(size > 0, direction, bone)
    return out


def constant_bones(xyz: Poses, skeleton: Skeleton) -> Poses:
    """The same poses with bones that keep their median length; missing joints stay missing."""
    return stiffened(xyz, median_bones(xyz, skeleton))


def _from_root(skeleton: Skeleton) -> list[tuple[int, int]]:
    """(parent, child) with every parent before its children."""
    done = {joint for joint, parent in enumerate(skeleton.parents) if parent < 0}
    ordered: list[tuple[int, int]] = []
    left = list(skeleton.bones)
    while left:
        ready = [bone for bone in left if bone[0] in done]
        ordered += ready
        done |= {child for _, child in ready}
        left = [bone for bone in left if bone[1] not in done]
    return ordered


def _middle(xyz: Poses, skeleton: Skeleton, part: str) -> Float[np.ndarray, "time 3"]:
    left, right = (xyz[:, skeleton.index(f"{side}_{part}")] for side in ("left", "right"))
    return (left + right) / 2


def _length(a: Float[np.ndarray, "time 3"], b: Float[np.ndarray, "time 3"]) -> float:
    length = np.linalg.norm(a - b, axis=-1)
    length = length[np.isfinite(length)]
    return float(np.median(length)) if length.size else float("nan")
