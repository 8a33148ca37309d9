"""People as rotations, ready for files: on the clock that a format has, without gaps.

A file of rotations has a pose for every key. In a gap it holds the last pose before it (before the
first pose, the first one); USD hides the person meanwhile, and glTF names the gaps. What is read
back of such files becomes positions again (`take_of`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from monomocap.formats.positions import bare_motion, bare_take, world_motions
from monomocap.formats.steady import rate_of, steadied
from monomocap.geometry.rig import (
    HEAD_TOP_SHARE,
    RIG,
    Rest,
    RestPose,
    Rigged,
    as_h36m,
    positions,
)
from monomocap.geometry.rig_cues import Cues, cues_of
from monomocap.geometry.rig_fit import fit, has_pose
from monomocap.geometry.rotation import unit
from monomocap.skeleton import H36M17
from monomocap.types import Motion3D, Take

ROUNDING_S = 5e-4
"""Files keep times as 32-bit numbers: of two hours right to 0.25 ms."""


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


def read_rigged(
    person: int,
    time_s: Float[np.ndarray, " time"],
    root_m: Float[np.ndarray, "time 3"],
    local_xyzw: Float[np.ndarray, "time 27 4"],
    rest: Rest,
    away: Bool[np.ndarray, " time"],
) -> Rigged:
    """A person as a file has them, in the world; `away` says in which frames nobody was seen."""
    unknown = np.full((len(time_s), len(H36M17)), np.nan)
    root_m = np.where(away[:, None], np.nan, root_m)
    local_xyzw = np.where(away[:, None, None], np.nan, local_xyzw)
    return Rigged(person, time_s, root_m, local_xyzw, rest, unknown)


def take_of(path: str, people: Sequence[Rigged]) -> Take:
    """Positions of Human3.6M's joints on the bodies that a file turns."""
    time_s = people[0].time_s if people else np.empty(0)
    motions = [
        bare_motion(rigged.person, time_s, as_h36m(positions(rigged), rigged.rest), H36M17.joints)
        for rigged in people
    ]
    return bare_take(path, time_s, motions)


def in_gaps(time_s: Float[np.ndarray, " time"], away: Sequence[Gap]) -> Bool[np.ndarray, " time"]:
    """The frames that lie in any of the gaps, whose ends may be rounded."""
    out = np.zeros(len(time_s), bool)
    for gap in away:
        out |= (time_s > gap.start_s - ROUNDING_S) & (time_s < gap.end_s + ROUNDING_S)
    return out


def with_usual_head(rest: Rest) -> Rest:
    """The body with its ears where they usually are, for files that do not say."""
    end = RIG.index("head_end")
    height_m = rest.standing_m + rest.positions_m[end, 2]
    head_m = float(np.linalg.norm(rest.offsets_m[end]))
    return replace(rest, head_share=1 - HEAD_TOP_SHARE * height_m / head_m)
