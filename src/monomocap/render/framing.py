"""Where the eye stands so that people are in the picture, standing, turning or following."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from monomocap.options import View
from monomocap.render.eye import Eye, turn
from monomocap.render.floor import Floor
from monomocap.render.shot import Moments, Shot
from monomocap.skeleton import Skeleton

FOCAL = 2.17
"""Focal length over the picture's shorter side: 26 degrees, little perspective."""
USED = 0.94
"""Of half the picture; the rest is margin."""
AROUND_M = 0.2
"""Crown, soles and hands lie outside the joints."""
NEAREST_M = 2.0
NOBODY_M = 5.0
MIDDLE_M = -0.85
"""The middle of an adult over the floor, y down."""
FLOOR_AROUND_M = 1.5
FOLLOW_S = 0.35
"""How softly a follow camera goes: the standard deviation of its mean over time."""
_RARE = 0.5
"""Percent of moments on either side that may lie outside: mistakes, mostly."""
_MOST_MOMENTS = 300
_TURNS = 24

Points = Float[np.ndarray, "picture joint 3"]


@dataclass(frozen=True)
class Person:
    """Somebody's poses at the pictures' moments, in the stage's axes; the floor is at y = 0."""

    person: int
    xyz_m: Points
    skeleton: Skeleton


@dataclass(frozen=True)
class Framing:
    """Where to look, from how far, and the floor."""

    target_m: Float[np.ndarray, "picture 3"]
    distances_m: tuple[float, ...]
    """Of each view."""
    floor: Floor


def frame(shot: Shot, people: list[Person], when: Moments, sizes: list[tuple[int, int]]) -> Framing:
    """Targets and distances so that everybody, or whoever is followed, is always in the picture.

    `sizes` are the views' widths and heights.
    """
    count = len(when.source_s)
    everything = _points(people, count)
    looked_at = everything
    target_m = np.broadcast_to(_middle(everything), (count, 3))
    if shot.follow and people:
        whom = max(people, key=lambda p: int(np.isfinite(p.xyz_m).all(-1).any(1).sum()))
        looked_at = whom.xyz_m
        target_m = followed(whom.xyz_m, when)
    from_target = _kept(looked_at - target_m[:, None])
    distances = [
        _distance(from_target, view, size, shot.turntable_s is not None)
        for view, size in zip(shot.views, sizes, strict=True)
    ]
    return Framing(target_m, tuple(distances), _floor(everything))


def eye_at(
    shot: Shot, framing: Framing, when: Moments, number: int, picture: int, size: tuple[int, int]
) -> Eye:
    """The eye of a view at a picture."""
    view = shot.views[number]
    if shot.turntable_s is not None:
        gone_s = float(when.shown_s[picture] - when.shown_s[0])
        azimuth_deg = (view.azimuth_deg + 360 * gone_s / shot.turntable_s) % 360
        view = replace(view, azimuth_deg=azimuth_deg)
    focal_px = FOCAL * min(size)
    return Eye(view, framing.target_m[picture], framing.distances_m[number], focal_px, *size)


def followed(xyz_m: Points, when: Moments) -> Float[np.ndarray, "picture 3"]:
    """A soft path of a person's middle, level; where they are missing it goes straight on."""
    count = len(xyz_m)
    with np.errstate(invalid="ignore"):
        seen = np.isfinite(xyz_m).all(axis=-1)
        there = seen.any(axis=1)
    if not there.any():
        return np.broadcast_to(np.array([0.0, MIDDLE_M, 0.0]), (count, 3)).copy()
    middle = np.array(
        [pose[at].mean(axis=0) for pose, at in zip(xyz_m[there], seen[there], strict=True)]
    )
    frames = np.arange(count)
    path = np.stack(
        [np.interp(frames, frames[there], middle[:, axis]) for axis in range(3)], axis=1
    )
    path[:, 1] = np.median(middle[:, 1])
    if count > 1:
        path = gaussian_filter1d(path, FOLLOW_S * when.fps, axis=0, mode="nearest")
    return path


def _points(people: list[Person], count: int) -> Points:
    parts = [person.xyz_m for person in people]
    return np.concatenate(parts, axis=1) if parts else np.full((count, 1, 3), np.nan)


def _kept(points: Points) -> Float[np.ndarray, "point 3"]:
    """What is there at a few hundred moments, without the rarest places."""
    some = points[:: max(1, -(-len(points) // _MOST_MOMENTS))].reshape(-1, 3)
    some = some[np.isfinite(some).all(axis=-1)]
    if not len(some):
        return np.zeros((0, 3))
    low, high = np.percentile(some, [_RARE, 100 - _RARE], axis=0)
    return np.clip(some, low, high)


def _middle(points: Points) -> Float[np.ndarray, "3"]:
    kept = _kept(points)
    if not len(kept):
        return np.array([0.0, MIDDLE_M, 0.0])
    return (kept.min(axis=0) + kept.max(axis=0)) / 2


def _distance(
    points: Float[np.ndarray, "point 3"], view: View, size: tuple[int, int], turns: bool
) -> float:
    """The least from which all points (metres from the target) are inside the picture."""
    if not len(points):
        return NOBODY_M
    azimuths = np.arange(_TURNS) * 360 / _TURNS if turns else [view.azimuth_deg]
    tangent = USED * np.array(size) / 2 / (FOCAL * min(size))
    farthest_m = NEAREST_M
    for azimuth_deg in azimuths:
        seen = points @ turn(replace(view, azimuth_deg=float(azimuth_deg))).T
        needed_m = (np.abs(seen[:, :2]) + AROUND_M) / tangent - seen[:, 2:]
        farthest_m = max(farthest_m, float(needed_m.max()))
    return farthest_m


def _floor(points: Points) -> Floor:
    kept = _kept(points)[:, [0, 2]]
    low, high = (kept.min(axis=0), kept.max(axis=0)) if len(kept) else (np.zeros(2), np.zeros(2))
    (x0, z0), (x1, z1) = (low - FLOOR_AROUND_M).tolist(), (high + FLOOR_AROUND_M).tolist()
    return Floor(0.0, (x0, z0), (x1, z1))
