"""Which way is up, and where the floor is, from people who stand and walk on it.

Three things speak of the vertical, each with its own uncertainty, and the way up is the most
probable one under all of them: feet stand on one level floor; standing people are upright; cameras
are held about level. The floor is put under the feet. Several people whose heights nobody stated
stand on it together, each a little taller or smaller than was taken for granted; somebody far from
it stands on something else, and is left there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import OptimizeResult, least_squares

from monomocap.geometry.contacts import intervals
from monomocap.geometry.rotation import unit
from monomocap.geometry.world import ANKLE_SHARE
from monomocap.skeleton import Skeleton

PITCH_SD_RAD = np.radians(20.0)
"""How far cameras look up or down, one standard deviation."""
ROLL_SD_RAD = np.radians(4.0)
"""How far they are tilted sideways."""
UPRIGHT_SD_RAD = np.radians([4.0, 4.0, 2.0])
"""How far the middle of a person's upright moments is off the vertical in a lifter's eyes, by a
turn about each of the camera's axes: the one about the line of sight shows in the picture; towards
or from the camera it is guessed. On people of the training 3.8 and 2.4 were measured, and with 2
the floor was found better than with 2.5 (`python -m benchmarks.floor --people training --every
12`)."""
LEVEL_SD_M = 0.04
"""How far ankles of standing feet are off one level, beyond what their depth's error makes."""
SAME_FLOOR_M = 0.3
"""Stands further from the floor that was found are on something else, and have no more say."""
LOWEST_STANDS = 80.0
"""Where the search for the floor begins, in percent of the stands from above."""
DEPTH_SD = 0.03
"""Error of one stand's depth against the others', as a share."""
SPOT_SD = 0.015
"""And of the stands of somebody who stays on one spot, as a share: so much tells nothing."""
FIXED = 1e-3
"""A size that is not to be changed may change by so much, as a share."""
MOST_RESIZED = 2.0
"""Sizes are changed by at most so many standard deviations."""
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
    """How many stands of feet were found on it."""
    sizes: tuple[float, ...] = ()
    """By how much each person is taller than they were taken for: 1 for not at all."""


@dataclass(frozen=True)
class Walker:
    """What one person tells of the ground."""

    xyz_m: Float[np.ndarray, "time joint 3"]
    """Metres from the camera, camera axes."""
    planted: Bool[np.ndarray, "time joint"]
    skeleton: Skeleton
    size_error: float = 0.0
    """One standard deviation of size and distance together, as a share; 0: they are known."""


@dataclass(frozen=True)
class _Told:
    """What one walker tells of the ground, in few numbers."""

    axis: Float[np.ndarray, "3"] | None
    stands: Float[np.ndarray, "stands 3"]
    """Where each stand of each foot was, metres from the camera."""
    sole_m: float
    """From the ankle of a standing foot down to the floor."""
    ankles_m: Float[np.ndarray, "time 2 3"]
    """Of who never stands; else empty."""
    size_error: float


def find_ground(walkers: Iterable[Walker]) -> Ground | None:
    """The most probable floor under these people; None where nobody's legs were seen.

    Walkers are looked at one by one, and let go.
    """
    people = [_told(walker) for walker in walkers]
    axes = [p.axis for p in people if p.axis is not None]
    level = _level(people, axes)
    if len(level.stands) == 0:
        return _under_lowest(people)
    # Somebody may stand on a roof: begin with those who stand lowest.
    lowest = float(np.percentile(level.stands[:, 1] + level.soles, LOWEST_STANDS))
    found = level.solved(np.array([0.0, 0.0, lowest, *np.zeros(len(people))]))
    unsure = np.array([person.size_error for person in people])[level.person]
    doubt = MOST_RESIZED * unsure * abs(found.x[2])
    near = np.abs(level.heights(found.x)) < np.maximum(SAME_FLOOR_M, doubt)
    if near.any():
        level = level.only(near).resizable(people)
        found = level.solved(found.x)
    precision = found.jac.T @ found.jac + 1e-9 * np.eye(len(found.x))
    tilt = np.degrees(np.sqrt(np.linalg.inv(precision)[[0, 1], [0, 1]].sum()))
    sizes = tuple(float(size) for size in np.exp(found.x[3:]))
    return Ground(_up(found.x), float(found.x[2]), float(tilt), int(near.sum()), sizes)


def level_m(person: Walker, up: Float[np.ndarray, "3"], camera_height_m: float) -> float | None:
    """How high over the floor this person's feet stand, the median; None where none does."""
    stands = _stands(person)
    if len(stands) == 0:
        return None
    return float(np.median(stands @ up + camera_height_m - ANKLE_SHARE * _leg_m(person)))


def _told(walker: Walker) -> _Told:
    stands = _steadied(_stands(walker))
    ankles = [walker.skeleton.index(f"{side}_ankle") for side in ("left", "right")]
    return _Told(
        axis=upright_axis(walker),
        stands=stands,
        sole_m=ANKLE_SHARE * _leg_m(walker),
        ankles_m=walker.xyz_m[: 0 if len(stands) else None][:, ankles],
        size_error=walker.size_error,
    )


def _level(people: Sequence[_Told], axes: Sequence[Float[np.ndarray, "3"]]) -> "_Level":
    stands = [person.stands for person in people]
    return _Level(
        np.concatenate([np.zeros((0, 3)), *stands]),
        np.concatenate([np.zeros(0), *(np.full(len(p.stands), p.sole_m) for p in people)]),
        np.repeat(np.arange(len(people)), [len(some) for some in stands]),
        np.full(len(people), FIXED),
        axes,
    )


@dataclass(frozen=True)
class _Level:
    """What speaks of the floor: x is pitch, roll, the camera's height over it, and the logarithms
    of people's sizes."""

    stands: Float[np.ndarray, "stands 3"]
    soles: Float[np.ndarray, " stands"]
    person: Int[np.ndarray, " stands"]
    size_errors: Float[np.ndarray, " people"]
    axes: Sequence[Float[np.ndarray, "3"]]

    def only(self, kept: Bool[np.ndarray, " stands"]) -> "_Level":
        """With some of the stands."""
        return replace(
            self, stands=self.stands[kept], soles=self.soles[kept], person=self.person[kept]
        )

    def resizable(self, people: Sequence[_Told]) -> "_Level":
        """With sizes that may change, if several people stand here: one's would say nothing."""
        if len(np.unique(self.person)) < 2:
            return self
        errors = np.maximum([person.size_error for person in people], FIXED)
        return replace(self, size_errors=errors)

    def solved(self, start: np.ndarray) -> OptimizeResult:
        """The most probable x."""
        most = np.concatenate([np.full(3, np.inf), MOST_RESIZED * self.size_errors])
        return least_squares(self.wrong, start, bounds=(-most, most), x_scale="jac")

    def heights(self, x: np.ndarray) -> Float[np.ndarray, " stands"]:
        """Of the stands over the floor, metres."""
        size = np.exp(x[3:])[self.person]
        over: Float[np.ndarray, " stands"] = size * (self.stands @ _up(x) - self.soles) + x[2]
        return over

    def wrong(self, x: np.ndarray) -> np.ndarray:
        """How far each piece of evidence is off, in standard deviations."""
        up = _up(x)
        spread = np.hypot(LEVEL_SD_M, DEPTH_SD * self.stands[:, 2] * abs(up[2]))
        lean = [np.cross(axis, up) / UPRIGHT_SD_RAD for axis in self.axes]
        prior = np.array([x[0] / PITCH_SD_RAD, x[1] / ROLL_SD_RAD])
        sizes = x[3:] / self.size_errors
        return np.concatenate([_robust(self.heights(x) / spread), *lean, prior, sizes])


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


def _steadied(stands: Float[np.ndarray, "stands 3"]) -> Float[np.ndarray, "stands 3"]:
    """One person's stands, their depths drawn together by as much of their spread as the depths'
    error explains (empirical Bayes): who jumps on one spot must not make a slope of it."""
    if len(stands) < 2:
        return stands
    depth_m = stands[:, 2]
    middle_m = depth_m.mean()
    share = max(0.0, 1 - (SPOT_SD * middle_m) ** 2 / max(depth_m.var(ddof=1), 1e-12))
    steadied: Float[np.ndarray, "stands 3"] = (
        stands * ((middle_m + share * (depth_m - middle_m)) / depth_m)[:, None]
    )
    return steadied


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


def _under_lowest(people: Sequence[_Told]) -> Ground | None:
    """Nobody stands still, so nobody is known to be upright: a level camera, and the floor under
    the lowest feet."""
    up = np.array([0.0, -1.0, 0.0])
    lowest = []
    for person in people:
        height = person.ankles_m @ up
        height = height[np.isfinite(height)]
        if height.size:
            lowest.append(float(np.percentile(height, 2.0)) - person.sole_m)
    if not lowest:
        return None
    sizes = (1.0,) * len(people)
    return Ground(up, -min(lowest), float(np.degrees(PITCH_SD_RAD)), 0, sizes)
