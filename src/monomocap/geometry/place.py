"""Poses laid where they are seen: sized by a stature, on their rays, over feet that stand.

A lifter answers from the pelvis, at the size it was taught, and knows the picture only through what
it learned. Here its answer meets what else is known: how tall the person is, that bones keep their
lengths, through which lens each joint was seen where, and that a standing foot stands. Each joint
is drawn part of the way towards its own ray; its depth stays the lifter's.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from monomocap.geometry.contacts import standing
from monomocap.geometry.root import LEAST_OFF, root_path
from monomocap.geometry.smooth import smooth
from monomocap.geometry.stature import Bones, apparent_stature, median_bones, stiffened
from monomocap.options import Smooth
from monomocap.skeleton import Skeleton

TRUST_2D = 0.5
"""How far a joint that was surely seen is drawn to its ray: a lifter's joints and a detector's are
each off by 3 to 4 cm sideways, and not in the same way."""
ROUNDS = 2
PIECE_FRAMES, MARGIN_S = 3000, 6.0
"""A long motion is placed piece by piece; beyond the margin nothing is felt of what lies there."""


@dataclass(frozen=True)
class Seen:
    """What is known of one person beside the pose."""

    ray: Float[np.ndarray, "time joint 2"]
    """Where each joint was seen (x/z, y/z); NaN where it was not."""
    score: Float[np.ndarray, "time joint"]
    time_s: Float[np.ndarray, " time"]
    skeleton: Skeleton

    def part(self, frames: slice) -> "Seen":
        """Some of the frames, to compute with."""
        ray, score = (a[frames].astype(np.float64) for a in (self.ray, self.score))
        return Seen(ray, score, self.time_s[frames], self.skeleton)


@dataclass(frozen=True)
class Placed:
    """Poses and where they are."""

    xyz_m: Float[np.ndarray, "time joint 3"]
    """From the pelvis, camera axes."""
    root_m: Float[np.ndarray, "time 3"]
    """The pelvis, from the camera; NaN where there is no pose."""
    planted: Bool[np.ndarray, "time joint"]
    """Which ankles stand on the floor."""
    off: Float[np.ndarray, "time joint"]
    """How far each joint lies from its ray in the end, in rays."""


def place(
    xyz_m: Float[np.ndarray, "time joint 3"], seen: Seen, height_m: float, preset: Smooth
) -> Placed:
    """Poses (from the pelvis, camera axes) of somebody so tall, laid where they were seen."""
    tall = apparent_stature(xyz_m, seen.skeleton)
    scale = height_m / tall if np.isfinite(tall) and tall > 0 else 1.0
    bones = median_bones(xyz_m, seen.skeleton).scaled(scale)
    frames = len(xyz_m)
    out = Placed(
        np.full(xyz_m.shape, np.nan, np.float32),
        np.full((frames, 3), np.nan, np.float32),
        np.zeros(xyz_m.shape[:2], dtype=bool),
        np.full(xyz_m.shape[:2], np.nan, np.float32),
    )
    for piece, around in _pieces(seen.time_s):
        part = _place(xyz_m[around].astype(np.float64) * scale, seen.part(around), bones, preset)
        here = slice(piece.start - around.start, piece.stop - around.start)
        for whole, some in zip(_arrays(out), _arrays(part), strict=True):
            whole[piece] = some[here]
    return out


def as_told(
    xyz_m: Float[np.ndarray, "time joint 3"],
    root_m: Float[np.ndarray, "time 3"],
    seen: Seen,
    preset: Smooth,
) -> Placed:
    """Poses of a lifter that says itself where the pelvis is: smoothed, and nothing moved."""
    pose = smooth(xyz_m.astype(np.float64), seen.time_s, preset)
    root = smooth(root_m.astype(np.float64)[:, None], seen.time_s, preset)[:, 0]
    there = pose + root[:, None]
    planted = standing(there, seen.ray, seen.time_s, seen.skeleton)
    depth = np.where(there[..., 2:] > 0, there[..., 2:], np.nan)
    off = np.linalg.norm(there[..., :2] / depth - seen.ray, axis=-1)
    return Placed(pose, root, planted, off)


def _arrays(placed: Placed) -> tuple[np.ndarray, ...]:
    return placed.xyz_m, placed.root_m, placed.planted, placed.off


def _pieces(time_s: Float[np.ndarray, " time"]) -> Iterator[tuple[slice, slice]]:
    """Slices of the frames, and each with its margin on both sides."""
    for begin in range(0, len(time_s), PIECE_FRAMES):
        end = min(begin + PIECE_FRAMES, len(time_s))
        first = np.searchsorted(time_s, time_s[begin] - MARGIN_S)
        last = np.searchsorted(time_s, time_s[end - 1] + MARGIN_S, side="right")
        yield slice(begin, end), slice(int(first), int(last))


def _place(
    xyz_m: Float[np.ndarray, "time joint 3"], seen: Seen, bones: Bones, preset: Smooth
) -> Placed:
    pose = stiffened(xyz_m, bones)
    path = root_path(pose, seen.ray, seen.score, seen.time_s)
    for left in reversed(range(ROUNDS)):
        drawn = _drawn(pose + path.root_m[:, None], seen, path.off, path.fits)
        if not left:  # once, or the preset would mean more than it says
            drawn = smooth(drawn, seen.time_s, preset)
        nearer = stiffened(drawn - drawn[:, :1], bones)
        pose = np.where(np.isfinite(path.root_m)[:, None, :1], nearer, pose)
        path = root_path(pose, seen.ray, seen.score, seen.time_s)
    planted = standing(pose + path.root_m[:, None], seen.ray, seen.time_s, seen.skeleton)
    path = root_path(pose, seen.ray, seen.score, seen.time_s, planted)
    planted = standing(pose + path.root_m[:, None], seen.ray, seen.time_s, seen.skeleton)
    return Placed(pose, path.root_m, planted, path.off)


def _drawn(
    placed_m: Float[np.ndarray, "time joint 3"],
    seen: Seen,
    off: Float[np.ndarray, "time joint"],
    fits: float,
) -> Float[np.ndarray, "time joint 3"]:
    """Each joint part of the way to its ray, at its own depth; less if unsure or far off it."""
    share = TRUST_2D * seen.score / (1 + (off / (3 * max(fits, LEAST_OFF))) ** 2)
    share = np.where(np.isfinite(seen.ray).all(axis=-1) & np.isfinite(off), share, 0.0)[..., None]
    on_ray = np.nan_to_num(seen.ray) * placed_m[..., 2:]
    out = placed_m.copy()
    out[..., :2] += share * (on_ray - placed_m[..., :2])
    return out
