"""Which way is up, and where the floor is, from people who stand and walk on it.

Three things speak of the vertical, each with its own uncertainty, and the way up is the most
probable one under all of them: feet stand on one level floor; standing people are upright; cameras
are held about level. The floor is put under the feet.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import least_squares

from monomocap.geometry.contacts import intervals
from monomocap.geometry.rotation import unit
from monomocap.geometry.world import ANKLE_SHARE
from monomocap.skeleton import Skeleton

PITCH_SD_RAD = np.radians(20.0)
"""How far cameras look up or down, one standard deviation."""
ROLL_SD_RAD = np.radians(4.0)
"""How far they are tilted sideways."""
UPRIGHT_SD_RAD = np.radians(4.0)
"""How far the middle of a person's upright moments is off the vertical in a lifter's eyes."""
LEVEL_SD_M = 0.04
"""How far ankles of standing feet are off one level, beyond what their depth's error makes."""
SAME_FLOOR_M = 0.3
"""Stands further from the floor that was found are on something else, and have no more say."""
LOWEST_STANDS = 80.0
"""Where the search for the floor begins, in percent of the stands from above."""
DEPTH_SD = 0.03
"""Error of one stand's depth against the others', as a share."""
STRETCHED = 0.92
"""From ankles to shoulders a standing or walking person spans this share of leg and trunk."""


@dataclass(frozen=True)
class Ground:
    """The floor in the camera's axes."""

    up: Float[np.ndarray, "3"]
    """Unit vector."""
    camera_height_m: float
    """From the floor to the camera."""
    tilt_error_deg: float
    """One standard deviation of the way up."""
    stands: int
    """How many stands of feet were found."""


@dataclass(frozen=True)
class Walker:
    """What one person tells of the ground."""

    xyz_m: Float[np.ndarray, "time joint 3"]
    """Metres from the camera, camera axes."""
    planted: Bool[np.ndarray, "time joint"]
    skeleton: Skeleton


def find_ground(people: Sequence[Walker]) -> Ground | None:
    """The most probable floor under these people; None where nobody's legs were seen."""
    stands = np.concatenate([np.zeros((0, 3)), *(_stands(p) for p in people)])
    soles = np.concatenate([np.zeros(0), *(_ankle_heights(p) for p in people)])
    axes = [axis for p in people if (axis := upright_axis(p)) is not None]
    if len(stands) == 0:
        return _under_lowest(people, axes)
    # Somebody may stand on a roof: begin with those who stand lowest.
    start = np.array([0.0, 0.0, float(np.percentile(stands[:, 1] + soles, LOWEST_STANDS))])

    level = _Level(stands, soles, axes)
    found = least_squares(level.wrong, start)
    near = np.abs(level.heights(found.x)) < SAME_FLOOR_M
    if near.any():
        level = _Level(stands[near], soles[near], axes)
        found = least_squares(level.wrong, found.x)
    precision = found.jac.T @ found.jac + 1e-9 * np.eye(3)
    tilt = np.degrees(np.sqrt(np.linalg.inv(precision)[[0, 1], [0, 1]].sum()))
    return Ground(_up(found.x), float(found.x[2]), float(tilt), int(near.sum()))


@dataclass(frozen=True)
class _Level:
    """What speaks of the floor: x is pitch, roll and the camera's height over it."""

    stands: Float[np.ndarray, "stands 3"]
    soles: Float[np.ndarray, " stands"]
    axes: Sequence[Float[np.ndarray, "3"]]

    def heights(self, x: np.ndarray) -> Float[np.ndarray, " stands"]:
        """Of the stands over the floor, metres."""
        over: Float[np.ndarray, " stands"] = self.stands @ _up(x) + x[2] - self.soles
        return over

    def wrong(self, x: np.ndarray) -> np.ndarray:
        """How far each piece of evidence is off, in standard deviations."""
        up = _up(x)
        spread = np.hypot(LEVEL_SD_M, DEPTH_SD * self.stands[:, 2] * abs(up[2]))
        lean = [np.cross(axis, up) / UPRIGHT_SD_RAD for axis in self.axes]
        prior = np.array([x[0] / PITCH_SD_RAD, x[1] / ROLL_SD_RAD])
        return np.concatenate([_robust(self.heights(x) / spread), *lean, prior])


def camera_pose(ground: Ground) -> tuple[tuple[float, float, float, float], ...]:
    """`Camera.camera_from_world`: the origin on the floor under the camera, Y away from it."""
    up = ground.up
    ahead = unit(np.array([0.0, 0.0, 1.0]) - up[2] * up)
    right = np.cross(ahead, up)
    rotation = np.stack([right, ahead, up], axis=1)  # camera <- world, by columns
    shift = rotation @ np.array([0.0, 0.0, -ground.camera_height_m])
    rows = np.concatenate([rotation, shift[:, None]], axis=1)
    a, b, c = ((float(p), float(q), float(r), float(s)) for p, q, r, s in rows)
    return a, b, c


def _up(x: np.ndarray) -> Float[np.ndarray, "3"]:
    """Of pitch (camera looks down: positive) and roll, radians."""
    return unit(np.array([np.tan(x[1]), -1.0, -np.tan(x[0])]))


def _robust(wrong: np.ndarray) -> np.ndarray:
    """Cauchy's loss as a residual: what is far off, a foot on a step, counts little."""
    return np.sign(wrong) * np.sqrt(4 * np.log1p((wrong / 2) ** 2))


def _stands(person: Walker) -> Float[np.ndarray, "stands 3"]:
    """Where each stand of each foot was: the median over its frames."""
    found = [
        np.nanmedian(person.xyz_m[begin:end, joint], axis=0)
        for joint in range(person.planted.shape[1])
        for begin, end in intervals(person.planted[:, joint])
    ]
    return np.array(found).reshape(-1, 3)


def _ankle_heights(person: Walker) -> Float[np.ndarray, " stands"]:
    """How high over the floor the ankle of each stand is."""
    height_m = ANKLE_SHARE * _leg_m(person)
    count = sum(len(intervals(flags)) for flags in person.planted.T)
    return np.full(count, height_m)


def _leg_m(person: Walker) -> float:
    j = person.skeleton.index
    parts = [
        np.linalg.norm(person.xyz_m[:, j(f"{s}_{a}")] - person.xyz_m[:, j(f"{s}_{b}")], axis=-1)
        for s in ("left", "right")
        for a, b in (("hip", "knee"), ("knee", "ankle"))
    ]
    known = [float(np.median(part[np.isfinite(part)])) for part in parts if np.isfinite(part).any()]
    return sum(known) / max(len(known), 1) * 2


def upright_axis(person: Walker) -> Float[np.ndarray, "3"] | None:
    """The body's axis, ankles to shoulders, in the middle of its upright moments."""
    j = person.skeleton.index
    xyz = person.xyz_m

    def middle(part: str) -> np.ndarray:
        both: np.ndarray = (xyz[:, j(f"left_{part}")] + xyz[:, j(f"right_{part}")]) / 2
        return both

    body = middle("shoulder") - middle("ankle")
    trunk = np.linalg.norm(middle("shoulder") - middle("hip"), axis=-1)
    trunk = trunk[np.isfinite(trunk)]
    if not trunk.size:
        return None
    whole_m = _leg_m(person) + float(np.median(trunk))
    upright = np.linalg.norm(body, axis=-1) > STRETCHED * whole_m
    axis = unit(body[upright & person.planted.any(axis=1)])
    axis = axis[np.isfinite(axis).all(axis=1)]
    return unit(np.median(axis, axis=0)) if len(axis) >= 3 else None


def _under_lowest(
    people: Sequence[Walker], axes: Sequence[Float[np.ndarray, "3"]]
) -> Ground | None:
    """Nobody stands still: a level camera, and the floor under the lowest feet."""
    up = np.array([0.0, -1.0, 0.0])
    if axes:
        up = unit(up / PITCH_SD_RAD**2 + np.sum(axes, axis=0) / UPRIGHT_SD_RAD**2)
    lowest = []
    for person in people:
        ankles = [person.skeleton.index(f"{side}_ankle") for side in ("left", "right")]
        height = person.xyz_m[:, ankles] @ up
        height = height[np.isfinite(height)]
        if height.size:
            lowest.append(float(np.percentile(height, 2.0)) - ANKLE_SHARE * _leg_m(person))
    if not lowest:
        return None
    return Ground(up, -min(lowest), float(np.degrees(PITCH_SD_RAD)), 0)
