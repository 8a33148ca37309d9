"""How a limb turns about its own length, chosen so that it is steady over time.

A bone's direction leaves open how it turns about itself. The bend of the limb tells, where it is
bent; a straight limb tells nothing, and one that bends a little says something else every frame.
So every frame's bend counts as much as it is worth, a neutral turn counts a little, and turning
costs: the sum of the three is least, over the whole motion at once. The turn is a unit number of
the complex plane, so that there is no 360 degrees to jump over.
"""

import numpy as np
from jaxtyping import Float
from scipy.linalg import solveh_banded

from monomocap.geometry.rotation import Matrices, Vectors, about, between

SMOOTH_S = 0.04
"""A bend that is fully worth it is smoothed over about so long."""
CUE_SMOOTH_S = 0.12
"""The same for what a detector's landmarks of head and hands say, which tremble more."""
NEUTRAL_S = 0.6
"""Without a bend the turn goes back to neutral over about so long."""
FASTEST_DEG_S = 1800.0
"""No bone turns about itself faster: 30 degrees in 1/60 s. (Skaters spin at 2000 at the most; only
a pitcher's upper arm is faster, for some hundredths of a second, and loses them here.)"""

Angles = Float[np.ndarray, " time"]


def angle_about(axis: Vectors, source: Vectors, target: Vectors) -> np.ndarray:
    """The turn about `axis` (unit) that brings one direction over the other, (-pi, pi].

    What lies along the axis does not count; 0 where nothing else is left.
    """
    sine = (np.cross(source, target) * axis).sum(axis=-1)
    along = (source * axis).sum(axis=-1) * (target * axis).sum(axis=-1)
    cosine = (source * target).sum(axis=-1) - along
    return np.arctan2(sine, cosine)


def steady_twist(
    seen_rad: Angles,
    worth: Angles,
    drift_rad: Angles,
    time_s: Angles,
    limit_rad: float | np.floating,
    smooth_s: float = SMOOTH_S,
) -> Angles:
    """The turn in every frame, within the limit on both sides of 0, never faster than anybody.

    `seen_rad` is what each frame's bend says and `worth` (0 to 1) how much it counts. `drift_rad`
    is how far the reference itself turns about the limb from the frame before to this one.
    """
    if len(time_s) == 0:
        return np.empty(0)
    step_s = np.diff(time_s)
    drawn = _drawn(np.exp(1j * seen_rad), worth, np.exp(1j * drift_rad[1:]), step_s, smooth_s)
    within = np.clip(np.angle(drawn), -limit_rad, limit_rad)
    return _not_faster(within, drift_rad, step_s)


def _drawn(
    seen: np.ndarray, worth: np.ndarray, drift: np.ndarray, step_s: np.ndarray, smooth_s: float
) -> np.ndarray:
    """Least of worth |z - seen|^2 + weak |z - 1|^2 + stiff |z - z before / drift|^2 per second."""
    weak = (smooth_s / NEUTRAL_S) ** 2
    own_s = np.empty(len(seen))
    own_s[:-1], own_s[-1] = step_s, 0.0
    own_s[1:] += step_s
    own_s = np.clip(own_s / 2, 1e-3, None)
    stiff = smooth_s**2 / step_s
    band = np.zeros((2, len(seen)), complex)  # lower form: the diagonal, then what is below it
    band[0] = own_s * (worth + weak)
    band[0, :-1] += stiff
    band[0, 1:] += stiff
    band[1, :-1] = -stiff / drift
    right = own_s * (worth * seen + weak)
    if len(seen) == 1:
        return right / band[0]
    solved: np.ndarray = solveh_banded(band, right, lower=True)
    return solved


def _not_faster(angle_rad: Angles, drift_rad: Angles, step_s: np.ndarray) -> Angles:
    """The same turns at no more than the fastest; after a jump it catches up."""
    most = np.minimum(np.radians(FASTEST_DEG_S) * step_s, np.radians(45.0))
    out = angle_rad.copy()
    steps = np.angle(np.exp(1j * (np.diff(angle_rad) + drift_rad[1:])))
    if (np.abs(steps) <= most).all():
        return out
    for frame in range(1, len(out)):
        step = angle_rad[frame] - out[frame - 1] + drift_rad[frame]
        step = (step + np.pi) % (2 * np.pi) - np.pi
        allowed = np.clip(step, -most[frame - 1], most[frame - 1])
        out[frame] = out[frame - 1] - drift_rad[frame] + allowed
    return out


def not_faster(direction: Vectors, frame: Matrices, time_s: Angles) -> Matrices:
    """The same frames where they turn about their direction no faster than the fastest.

    After a jump (a motion that begins with its calibration pose, say) they catch up.
    """
    turned = drift(direction, frame)
    held = _not_faster(np.zeros(len(time_s)), turned, np.diff(time_s))
    return about(direction, held) @ frame if held.any() else frame


def drift(direction: Vectors, frame: Matrices) -> Angles:
    """How far frames that follow a direction turn about it, from each to the next, radians.

    The least turn from one direction to the next does not turn about them at all; this is what a
    frame does more than that. 0 for the first.
    """
    carried = between(direction[:-1], direction[1:]) @ frame[:-1]
    across = _across(direction[1:], frame[1:])
    turned = angle_about(
        direction[1:],
        np.take_along_axis(carried, across, axis=-1)[..., 0],
        np.take_along_axis(frame[1:], across, axis=-1)[..., 0],
    )
    return np.concatenate([np.zeros(min(1, len(direction))), turned])


def _across(direction: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """The number of the frame's axis that lies most across the direction, to take columns with."""
    along = np.abs(np.einsum("ti,tij->tj", direction, frame))
    return np.repeat(along.argmin(axis=-1)[:, None, None], 3, axis=1)
