"""From a video's own times to a steady rate, and back.

A steady rate's frames lie at whole multiples of its step on the container's clock. The same track
cut anywhere therefore meets the same grid, and two tracks of one video share it.

Between frames a cubic runs through them, smooth in position and velocity, using two neighbours on
each side. Where a video has many frames per step (60 or 240 per second brought to 30), a parabola
is fitted to the frames around each grid time instead: noise falls as in a mean over one step, and
motion is kept. Nothing is drawn across a gap.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from monomocap.errors import InputError
from monomocap.geometry.smooth import local_fit

MAX_GAP_S = 0.25
"""Frames further apart than this are the two sides of a gap."""
_AVERAGING_SIGMA = 0.48
"""Standard deviation, in steps, at which a local parabola leaves as much noise as a mean over one
step: 0.476 / sigma of the noise's power per frame, 0.476 being the integral of its squared kernel.
"""
_MANY = 3
"""From this many frames less than a step away, they are averaged; fewer are joined by a cubic."""
_ON_GRID = 1e-6
"""A frame this near to a grid time, in steps, lies on it."""


def grid_times(
    time_s: Float[np.ndarray, " time"], rate_hz: float | int
) -> Float[np.ndarray, " grid"]:
    """Whole multiples of 1 / rate, from the last one before the first frame to the first one after
    the last frame."""
    if not 0 < rate_hz < float("inf"):
        raise InputError(f"a rate must be above 0 per second, not {rate_hz}")
    if len(time_s) == 0:
        return np.empty(0)
    first = np.floor(time_s[0] * rate_hz + _ON_GRID)
    last = np.ceil(time_s[-1] * rate_hz - _ON_GRID)
    return np.arange(first, last + 1) / rate_hz


def to_rate(
    values: Float[np.ndarray, "time joint dim"],
    time_s: Float[np.ndarray, " time"],
    rate_hz: float | int,
    max_gap_s: float = MAX_GAP_S,
) -> tuple[Float[np.ndarray, " grid"], Float[np.ndarray, "grid joint dim"]]:
    """The grid's times, and the values there; NaN in gaps, each joint by itself.

    The grid times next to a run of frames, less than a step outside it, are answered as well, on
    the straight line through the run's last frames: `at_times` finds the way back to every frame.
    """
    grid_s = grid_times(time_s, rate_hz)
    near_s = (1 - _ON_GRID) / rate_hz
    out = at_times(values, time_s, grid_s, max_gap_s, reach_s=near_s)
    earlier, later = _frames_near(values, time_s, grid_s, near_s)
    dense = earlier + later >= _MANY
    if dense.any():
        between = np.isfinite(at_times(values, time_s, grid_s, max_gap_s)).all(axis=-1)
        dense &= (np.minimum(earlier, later) > 0) | ~between
        dense &= np.isfinite(out).all(axis=-1)
        out[dense] = local_fit(values, time_s, grid_s, _AVERAGING_SIGMA / rate_hz)[dense]
    return grid_s, out


def _frames_near(
    values: Float[np.ndarray, "time joint dim"],
    time_s: Float[np.ndarray, " time"],
    grid_s: Float[np.ndarray, " grid"],
    near_s: float,
) -> tuple[Int[np.ndarray, "grid joint"], Int[np.ndarray, "grid joint"]]:
    """How many frames have the joint within `near_s` before a time, and within `near_s` after."""
    seen = np.isfinite(values).all(axis=-1)
    so_far = np.concatenate([np.zeros((1, seen.shape[1]), int), np.cumsum(seen, axis=0)])
    begin, middle, end = (
        so_far[np.searchsorted(time_s, grid_s + shift_s)] for shift_s in (-near_s, 0.0, near_s)
    )
    return middle - begin, end - middle


def at_times(
    values: Float[np.ndarray, "time joint dim"],
    time_s: Float[np.ndarray, " time"],
    wanted_s: Float[np.ndarray, " wanted"],
    max_gap_s: float = MAX_GAP_S,
    reach_s: float = 0.0,
) -> Float[np.ndarray, "wanted joint dim"]:
    """The values at other times; NaN inside gaps longer than `max_gap_s`, each joint by itself.

    Up to `reach_s` outside a run of frames it goes on along a straight line; a run of one frame
    stays where it is.
    """
    out = np.full((len(wanted_s), *values.shape[1:]), np.nan, values.dtype)
    seen = np.isfinite(values).all(axis=-1)
    patterns, which = np.unique(seen, axis=1, return_inverse=True)
    for number, pattern in enumerate(patterns.T):
        joints = which.ravel() == number
        if pattern.any():
            known = values[pattern][:, joints].astype(np.float64)
            out[:, joints] = _cubic(known, time_s[pattern], wanted_s, max_gap_s, reach_s)
    return out


def _cubic(
    known: Float[np.ndarray, "time joint dim"],
    time_s: Float[np.ndarray, " time"],
    wanted_s: Float[np.ndarray, " wanted"],
    max_gap_s: float,
    reach_s: float,
) -> Float[np.ndarray, "wanted joint dim"]:
    step_s = np.diff(time_s)
    joined = step_s <= max_gap_s
    slope = _slopes(known, step_s, joined)
    before = np.clip(np.searchsorted(time_s, wanted_s, side="right") - 1, 0, len(time_s) - 1)
    after = np.minimum(before + 1, len(time_s) - 1)
    within = np.append(joined, False)[before] & (wanted_s >= time_s[before])
    out = _outside(known, time_s, wanted_s, joined, reach_s)
    i, j = before[within], after[within]
    span_s = (time_s[j] - time_s[i])[:, None, None]
    share = (wanted_s[within] - time_s[i])[:, None, None] / span_s
    out[within] = _hermite(known[i], known[j], span_s * slope[i], span_s * slope[j], share)
    return out


def _hermite(
    a: np.ndarray, b: np.ndarray, slope_a: np.ndarray, slope_b: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """The cubic from a to b with these slopes per span; `share` goes from 0 to 1."""
    rest = 1 - share
    return (
        rest * rest * (1 + 2 * share) * a
        + share * share * (1 + 2 * rest) * b
        + share * rest * (rest * slope_a - share * slope_b)
    )


def _slopes(
    known: Float[np.ndarray, "time joint dim"],
    step_s: Float[np.ndarray, " gaps"],
    joined: Bool[np.ndarray, " gaps"],
) -> Float[np.ndarray, "time joint dim"]:
    """The slope at each frame of the parabola through it and its neighbours of the same run.

    At a run's end the parabola of its last three frames; of two frames, the line; of one, 0.
    """
    count = len(known)
    slope = np.zeros_like(known)
    if count == 1:
        return slope
    secant = np.diff(known, axis=0) / step_s[:, None, None]
    right, left = np.append(joined, False), np.append(False, joined)
    slope[right] = secant[right[:-1]]
    slope[left] = secant[left[1:]]

    middle = np.flatnonzero(right & left)
    h0, h1 = step_s[middle - 1, None, None], step_s[middle, None, None]
    d0, d1 = secant[middle - 1], secant[middle]
    slope[middle] = (h1 * d0 + h0 * d1) / (h0 + h1)
    opens, closes = ~left[middle - 1], ~right[middle + 1]
    slope[middle[opens] - 1] = 2 * d0[opens] - slope[middle[opens]]
    slope[middle[closes] + 1] = 2 * d1[closes] - slope[middle[closes]]
    return slope


def _outside(
    known: Float[np.ndarray, "time joint dim"],
    time_s: Float[np.ndarray, " time"],
    wanted_s: Float[np.ndarray, " wanted"],
    joined: Bool[np.ndarray, " gaps"],
    reach_s: float,
) -> Float[np.ndarray, "wanted joint dim"]:
    """Straight on from the nearest frame, along the line to its neighbour; NaN out of reach."""
    after = np.clip(np.searchsorted(time_s, wanted_s), 1, max(1, len(time_s) - 1))
    before = after - 1
    after = np.minimum(after, len(time_s) - 1)
    later = np.abs(time_s[after] - wanted_s) < np.abs(wanted_s - time_s[before])
    nearest = np.where(later, after, before)
    away_s = wanted_s - time_s[nearest]
    right, left = np.append(joined, False), np.append(False, joined)
    line = np.zeros_like(known)
    if len(time_s) > 1:
        secant = np.diff(known, axis=0) / np.diff(time_s)[:, None, None]
        line[left] = secant[left[1:]]
        line[right & ~left] = secant[(right & ~left)[:-1]]
    out = known[nearest] + away_s[:, None, None] * line[nearest]
    out[np.abs(away_s) > max(reach_s, 1e-9)] = np.nan
    return out
