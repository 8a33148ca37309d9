"""Where a person is: the pelvis's way in metres in the camera's axes, from pose, 2D and lens.

A pose of known size seen through a known lens lies at one place: every joint says so, each in its
two coordinates. The places of all frames are solved for together, with the joints' disagreement
against a pelvis that keeps its velocity unless it is pushed (a Wiener process of velocity, as in a
Kalman smoother; Särkkä, 2013). What is seen sideways is exact and hardly smoothed; the depth, which
is read from the person's apparent size, is ten times less so, and is smoothed that much more.
The system is linear, and banded in time: an hour takes seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import solveh_banded

from monomocap.geometry.contacts import intervals

PUSH = 1.9
"""Velocity's random walk, m/s per square root of a second: accelerations of 3 m/s2 (standard
deviation) that last 0.2 s, as of a pelvis in walking and jumping."""
ALIKE = 5.0
"""How much less the joints of neighbouring frames say than if each erred by itself: a lifter's
mistakes are shared by the limbs of a pose and last for some tenths of a second."""
REST_M_S = 0.05
"""How fast feet seem to slide while both stand for long, one standard deviation."""
REST_S = 0.4
"""Both feet of somebody who walks stand for 0.15 s at a time; for so long only of one who stays."""
STEP_SHARE = 15.0
"""How fast a foot seems to slide that somebody walks over, as a share of the body's speed: lifters
make steps in depth a third too short or too long, and stay so for the twenty frames of a stand.
Apparent size knows better where the body goes; this keeps it from trembling."""
FEWEST_JOINTS = 4
LONGEST_BRIDGE_S = 1.0
"""Over a longer gap the ways before and after have nothing to do with each other."""
LEAST_OFF = 2e-3
"""Joints never agree better than this, in rays: two pixels of a full HD phone video."""
_ROUNDS = 5
_NEAREST_M = 0.2


@dataclass(frozen=True)
class RootPath:
    """Where the pelvis is, in the unit of the poses, and how sure that is."""

    root_m: Float[np.ndarray, "time 3"]
    """Camera axes; NaN where there is no pose, or too little was seen of it."""
    off: Float[np.ndarray, "time joint"]
    """How far each joint lies from where it was seen, in rays (1 is 45 degrees)."""
    fits: float
    """The joints' usual distance from where they were seen, in rays."""


def root_path(
    xyz: Float[np.ndarray, "time joint 3"],
    ray: Float[np.ndarray, "time joint 2"],
    weight: Float[np.ndarray, "time joint"],
    time_s: Float[np.ndarray, " time"],
    planted: Bool[np.ndarray, "time joint"] | None = None,
) -> RootPath:
    """Place poses (from the pelvis, camera axes) where their joints are seen along these rays.

    `weight` is how much each joint counts, 0 to 1. Joints that are missing on either side, and
    those that disagree with the rest of their frame, count little or not at all. Joints that are
    `planted` in two frames in a row stand still between them: the body moves over its foot.
    """
    seen = np.isfinite(xyz).all(axis=-1) & np.isfinite(ray).all(axis=-1) & (weight > 0)
    usable = seen.sum(axis=1) >= FEWEST_JOINTS
    root = np.full((len(xyz), 3), np.nan)
    for part in _stretches(usable, time_s):
        counted = np.where(seen[part], weight[part], 0.0)
        steps = _standing(xyz[part], time_s[part], None if planted is None else planted[part])
        root[part] = _solve(xyz[part], ray[part], counted, time_s[part], steps)
    off = _off(xyz, ray, root)
    known = off[seen & np.isfinite(off)]
    return RootPath(root, off, float(np.median(known)) if known.size else float("nan"))


def _stretches(usable: Bool[np.ndarray, " time"], time_s: np.ndarray) -> Iterator[np.ndarray]:
    """Numbers of usable frames, cut at long gaps."""
    frames = np.flatnonzero(usable)
    cuts = np.flatnonzero(np.diff(time_s[frames]) > LONGEST_BRIDGE_S) + 1
    return (part for part in np.split(frames, cuts) if len(part))


def _solve(
    xyz: Float[np.ndarray, "time joint 3"],
    ray: Float[np.ndarray, "time joint 2"],
    weight: Float[np.ndarray, "time joint"],
    time_s: Float[np.ndarray, " time"],
    steps: "_Steps",
) -> Float[np.ndarray, "time 3"]:
    """Rounds of weighted least squares: divided by the depth, and with less for outliers."""
    xyz, ray = np.nan_to_num(xyz), np.nan_to_num(ray)
    root = _alone(xyz, ray, weight)
    sure = weight
    for _ in range(_ROUNDS):
        depth = np.maximum(xyz[..., 2] + root[:, None, 2], _NEAREST_M)
        off = _off(xyz, ray, root)
        usual = max(float(np.median(off[weight > 0])), LEAST_OFF)
        sure = weight / (1 + (off / (2.0 * usual)) ** 2)  # Cauchy's weight
        scale = sure / (depth * usual * ALIKE) ** 2
        matrix, right = normal_equations(xyz, ray, scale)
        root = _smoothed(matrix, right, time_s, steps)
    return root


def _alone(
    xyz: Float[np.ndarray, "time joint 3"],
    ray: Float[np.ndarray, "time joint 2"],
    weight: Float[np.ndarray, "time joint"],
) -> Float[np.ndarray, "time 3"]:
    """Each frame by itself, from its apparent size about the middle of its joints."""
    total = weight.sum(axis=1, keepdims=True)
    share = (weight / total)[..., None]
    flat, seen = xyz[..., :2] - (share * xyz[..., :2]).sum(axis=1, keepdims=True), ray
    middle = (share * seen).sum(axis=1)
    apart = seen - middle[:, None]
    size = np.sqrt((share * flat**2).sum(axis=(1, 2)) / (share * apart**2).sum(axis=(1, 2)))
    depth = np.maximum(size, 2 * _NEAREST_M)
    place = np.concatenate([middle * depth[:, None], depth[:, None]], axis=1)
    rooted: Float[np.ndarray, "time 3"] = place - (share * xyz).sum(axis=1)
    return rooted


def _off(xyz: np.ndarray, ray: np.ndarray, root: np.ndarray) -> Float[np.ndarray, "time joint"]:
    placed = xyz + root[:, None]
    depth = np.maximum(placed[..., 2:], _NEAREST_M)
    off: Float[np.ndarray, "time joint"] = np.linalg.norm(placed[..., :2] / depth - ray, axis=-1)
    return off


def normal_equations(
    xyz: Float[np.ndarray, "time joint 3"],
    ray: Float[np.ndarray, "time joint 2"],
    weight: Float[np.ndarray, "time joint"],
) -> tuple[Float[np.ndarray, "time 3 3"], Float[np.ndarray, "time 3"]]:
    """Per frame the normal equations of x + tx = u (z + tz) and y + ty = v (z + tz)."""
    frames, joints = weight.shape
    rows = np.zeros((frames, joints, 2, 3))
    rows[..., 0, 0] = rows[..., 1, 1] = 1.0
    rows[..., 2] = -ray
    target = ray * xyz[..., 2:] - xyz[..., :2]
    weighted = rows * weight[..., None, None]
    matrix = np.einsum("tjri,tjrk->tik", weighted, rows)
    right = np.einsum("tjri,tjr->ti", weighted, target)
    return matrix, right


def _smoothed(
    matrix: Float[np.ndarray, "time 3 3"],
    right: Float[np.ndarray, "time 3"],
    time_s: Float[np.ndarray, " time"],
    steps: "_Steps",
) -> Float[np.ndarray, "time 3"]:
    """The way that these equations, the pelvis's inertia and standing feet agree on."""
    frames = len(matrix)
    band = np.zeros((9, 3 * frames))  # lower form: band[i - j, j] = A[i, j]
    for i in range(3):
        for j in range(i + 1):
            band[i - j, j::3] += matrix[:, i, j]
    _add_inertia(band, time_s)
    right = right + _add_steps(band, steps)
    band[0] += 1e-9 * band[0].max()
    found: np.ndarray = solveh_banded(band, right.ravel(), lower=True, check_finite=False)
    return found.reshape(frames, 3)


@dataclass(frozen=True)
class _Steps:
    """What planted feet say of the pelvis's way from each frame to the next."""

    move: Float[np.ndarray, "steps 3"]
    """The pelvis moves so while the planted joints stand still, on average over them."""
    weight: Float[np.ndarray, " steps"]
    """1 / variance; 0 where nothing is planted."""


def _standing(
    xyz: np.ndarray, time_s: np.ndarray, planted: Bool[np.ndarray, "time joint"] | None
) -> _Steps:
    """A joint that stands still while the pose moves it back moves the pelvis forward."""
    moved = -np.diff(xyz, axis=0)
    still = np.isfinite(moved).all(axis=-1)
    still &= False if planted is None else planted[1:] & planted[:-1]
    count = still.sum(axis=1)
    total = np.where(still[..., None], moved, 0.0).sum(axis=1)
    move = total / np.maximum(count, 1)[:, None]
    loose = REST_M_S * np.diff(time_s) + STEP_SHARE * np.linalg.norm(move, axis=-1)
    apart = np.where(_at_rest(count, time_s), REST_M_S * np.diff(time_s), loose)
    return _Steps(move, count / apart**2)


def _at_rest(count: np.ndarray, time_s: Float[np.ndarray, " time"]) -> Bool[np.ndarray, " steps"]:
    """Steps in which two joints stand, in runs of at least `REST_S`."""
    rest = np.zeros(len(count), dtype=bool)
    for begin, end in intervals(count >= 2):
        rest[begin:end] = time_s[end] - time_s[begin] >= REST_S
    return rest


def _add_steps(band: np.ndarray, steps: _Steps) -> Float[np.ndarray, "time 3"]:
    """Adds weight * (root[t + 1] - root[t] - move)^2; returns what comes to the right side."""
    frames = band.shape[1] // 3
    right = np.zeros((frames, 3))
    for axis in range(3):
        here = 3 * np.arange(frames - 1) + axis
        band[0, here] += steps.weight
        band[0, here + 3] += steps.weight
        band[3, here] -= steps.weight
    push = steps.weight[:, None] * steps.move
    right[1:] += push
    right[:-1] -= push
    return right


def _add_inertia(band: np.ndarray, time_s: Float[np.ndarray, " time"]) -> None:
    """Adds, for every three frames in a row, (change of velocity)^2 / (PUSH^2 * time between)."""
    if len(time_s) < 3:
        return
    before, after = np.diff(time_s)[:-1], np.diff(time_s)[1:]
    weight = 2 / (PUSH**2 * (before + after))
    terms = np.stack([1 / before, -1 / before - 1 / after, 1 / after])
    for a in range(3):
        for b in range(a + 1):
            product = weight * terms[a] * terms[b]
            for axis in range(3):
                columns = 3 * (np.arange(len(product)) + b) + axis
                band[3 * (a - b), columns] += product
