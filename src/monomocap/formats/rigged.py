"""People as rotations, ready for files: on the clock that a format has, without gaps.

A file of rotations has a pose for every key. In a gap it holds the last pose before it (before the
first pose, the first one); USD hides the person meanwhile, and glTF names the gaps.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from monomocap.formats.positions import world_motions
from monomocap.formats.steady import rate_of, steadied
from monomocap.geometry.rig import RestPose, Rigged
from monomocap.geometry.rig_cues import Cues, cues_of
from monomocap.geometry.rig_fit import fit, has_pose
from monomocap.geometry.rotation import unit
from monomocap.types import Motion3D, Take


@dataclass(frozen=True)
class Gap:
    """From the first frame without a person to the last one, seconds."""

    start_s: float
    end_s: float


def rigged_people(take: Take, rest: RestPose) -> list[Rigged]:
    """Everybody who has a pose, at the video's own times."""
    return [
        fit(motion, rest, cues)
        for motion, cues in zip(world_motions(take), _cues(take), strict=True)
        if has_pose(motion)
    ]


def steady_people(take: Take, rest: RestPose) -> list[tuple[Rigged, float]]:
    """Everybody who has a pose, at equal steps, with the steps per second."""
    out = []
    for motion, cues in zip(world_motions(take), _cues(take), strict=True):
        even = _steady(motion, take.info.fps)
        turned, _ = steadied(cues.directions, motion.time_s, take.info.fps)
        if has_pose(even):
            rigged = fit(even, rest, Cues(unit(turned)))
            out.append((rigged, rate_of(even.time_s, take.info.fps)))
    return out


def _cues(take: Take) -> list[Cues]:
    """What the 2D tracks say of everybody's feet, hands and head."""
    pairs = zip(take.tracks, take.motions, strict=True)
    return [cues_of(track, motion, take.camera) for track, motion in pairs]


def _steady(motion: Motion3D, fps: float) -> Motion3D:
    xyz_m, grid_s = steadied(motion.xyz_m, motion.time_s, fps)
    sure = np.isfinite(xyz_m).all(axis=-1).astype(np.float64)
    return replace(motion, time_s=grid_s, xyz_m=xyz_m, confidence=sure, root_m=None)


def held(rigged: Rigged) -> Rigged:
    """The same with the last pose held through every gap, and the first one before it."""
    frames = np.arange(len(rigged.time_s))
    last = np.maximum.accumulate(np.where(rigged.seen, frames, -1))
    source = np.where(last >= 0, last, int(rigged.seen.argmax()))
    return replace(rigged, root_m=rigged.root_m[source], local_xyzw=rigged.local_xyzw[source])


def gaps(rigged: Rigged) -> list[Gap]:
    """When nobody was seen."""
    away = np.concatenate([[False], ~rigged.seen, [False]]).astype(int)
    starts, ends = np.flatnonzero(np.diff(away) == 1), np.flatnonzero(np.diff(away) == -1) - 1
    return [
        Gap(float(rigged.time_s[start]), float(rigged.time_s[end]))
        for start, end in zip(starts, ends, strict=True)
    ]


def from_start(rigged: Rigged) -> Float[np.ndarray, " time"]:
    """Seconds from the first frame."""
    return rigged.time_s - rigged.time_s[:1]
