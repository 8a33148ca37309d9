"""A steady clock for formats that know only a rate."""

import numpy as np
from jaxtyping import Float

from monomocap.geometry.resample import at_times

JITTER_S = 0.001
"""Containers round their times, some to the millisecond: less than this is no variable rate."""


def is_steady(time_s: Float[np.ndarray, " time"]) -> bool:
    """Whether all frames lie within a millisecond of equal steps."""
    if len(time_s) < 3:
        return True
    even = np.linspace(time_s[0], time_s[-1], len(time_s))
    return bool(np.abs(time_s - even).max() <= JITTER_S)


def steady_times(time_s: Float[np.ndarray, " time"], fps: float) -> Float[np.ndarray, " grid"]:
    """Equal steps from the first frame on, about as many as there are frames per second.

    A steady clock keeps its frames: as many times as frames, none further than a millisecond from
    its own. Any other gets `fps` steps a second, up to the last frame.
    """
    if len(time_s) < 2:
        return time_s
    if is_steady(time_s):
        return np.linspace(time_s[0], time_s[-1], len(time_s))
    steps = int(np.floor((time_s[-1] - time_s[0]) * fps + 1e-6))
    return time_s[0] + np.arange(steps + 1) / fps


def steadied(
    values: Float[np.ndarray, "time joint dim"], time_s: Float[np.ndarray, " time"], fps: float
) -> tuple[Float[np.ndarray, "grid joint dim"], Float[np.ndarray, " grid"]]:
    """The values on a steady clock, and that clock; gaps stay gaps.

    On a clock that is steady already they are the frames' own, untouched.
    """
    grid_s = steady_times(time_s, fps)
    if is_steady(time_s):
        return values, grid_s
    return at_times(values, time_s, grid_s), grid_s


def rate_of(grid_s: Float[np.ndarray, " grid"], fps: float) -> float:
    """Steps per second of a steady clock; `fps` where one frame is all there is."""
    return float((len(grid_s) - 1) / (grid_s[-1] - grid_s[0])) if len(grid_s) > 1 else fps
