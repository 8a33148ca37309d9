"""How much later one recording of a motion runs than another, from how fast joints move."""

import numpy as np
from jaxtyping import Float

from monomocap.errors import InputError

RATE_HZ = 100.0
LEAST_OVERLAP = 0.5
"""Of the shorter recording: shorter overlaps agree by chance."""
LEAST_OVERLAP_S = 0.5
LEAST_LIKENESS = 0.3


def speed(
    places: Float[np.ndarray, "time joint dim"], time_s: Float[np.ndarray, " time"]
) -> tuple[Float[np.ndarray, " step"], Float[np.ndarray, " step"]]:
    """Times between frames, and how fast the joints move there, mean over joints.

    Joints are taken from their middle, so that a body that is carried along stands still.
    """
    inner = places - places.mean(axis=1, keepdims=True)
    fast = np.linalg.norm(np.diff(inner, axis=0), axis=-1).mean(axis=1) / np.diff(time_s)
    return (time_s[1:] + time_s[:-1]) / 2, fast


def lag_s(
    time_a: Float[np.ndarray, " a"],
    speed_a: Float[np.ndarray, " a"],
    time_b: Float[np.ndarray, " b"],
    speed_b: Float[np.ndarray, " b"],
) -> float:
    """What to add to a's times to find the same moment in b: the best correlation of speeds.

    Raises `InputError` where no shift makes them alike.
    """
    a, b = _gridded(time_a, speed_a), _gridded(time_b, speed_b)
    least = max(round(LEAST_OVERLAP_S * RATE_HZ), round(LEAST_OVERLAP * min(len(a), len(b))))
    shifts = np.arange(least - len(a), len(b) - least + 1)
    likeness = np.array([_likeness(a, b, int(shift)) for shift in shifts])
    if not len(shifts) or not np.nanmax(likeness, initial=-1) >= LEAST_LIKENESS:
        raise InputError("the motions are not alike at any shift in time; are they of one take?")
    best = int(np.nanargmax(likeness))
    return (shifts[best] + _peak(likeness, best)) / RATE_HZ + float(time_b[0] - time_a[0])


def _gridded(time_s: np.ndarray, values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    if known.sum() < 2:
        raise InputError("nothing moves, or nothing is known of it")
    grid = np.arange(time_s[0], time_s[-1], 1 / RATE_HZ)
    return np.interp(grid, time_s[known], values[known])


def _likeness(a: np.ndarray, b: np.ndarray, shift: int) -> float:
    """Pearson's correlation where a, moved later by `shift` steps, overlaps b."""
    first, last = max(0, shift), min(len(b), len(a) + shift)
    x, y = a[first - shift : last - shift], b[first:last]
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / size if size > 0 else float("nan")


def _peak(values: np.ndarray, best: int) -> float:
    """How far from the best step the top of the parabola through its neighbours lies."""
    if not 0 < best < len(values) - 1:
        return 0.0
    left, top, right = values[best - 1 : best + 2]
    bend = left - 2 * top + right
    return float((left - right) / (2 * bend)) if bend < 0 else 0.0
