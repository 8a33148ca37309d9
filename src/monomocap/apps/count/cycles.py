"""From a signal over time to its cycles: valley, peak, valley; and what the body did in each."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

LEVELS = np.array([0.15, 0.4, 0.65, 0.9])
"""Shares of a cycle's height at which poses are compared, on the way up and on the way down.

Pauses and tempo have no part in it: a squat that rests at the bottom passes the same levels.
"""
Extremes = Int[np.ndarray, "cycle 3"]
"""Frames of valley, peak and valley."""


def swings(signal: Float[np.ndarray, " time"], least: float) -> list[int]:
    """Turning points in turn, every swing between two of them at least `least` high.

    The first is a valley or a peak, as it comes; the last swing may still be going on.
    """
    turns: list[int] = []
    low = high = 0
    rising: bool | None = None
    values = signal.tolist()
    for i in _where_it_may_turn(signal):
        value = values[i]
        if rising is None:
            low = i if value < values[low] else low
            high = i if value > values[high] else high
            if value - values[low] >= least:
                turns.append(low)
                rising, high = True, i
            elif values[high] - value >= least:
                turns.append(high)
                rising, low = False, i
        elif rising:
            if value > values[high]:
                high = i
            elif values[high] - value >= least:
                turns.append(high)
                rising, low = False, i
        else:
            if value < values[low]:
                low = i
            elif value - values[low] >= least:
                turns.append(low)
                rising, high = True, i
    if rising is not None:
        turns.append(high if rising else low)
    return turns


def _where_it_may_turn(signal: Float[np.ndarray, " time"]) -> list[int]:
    """All frames but those at which it only goes on rising or falling."""
    way = np.diff(signal)
    onward = np.r_[False, way[:-1] * way[1:] > 0, False] if len(way) else np.zeros(1, bool)
    frames: list[int] = np.flatnonzero(~onward[: len(signal)]).tolist()
    return frames


def cycles(signal: Float[np.ndarray, " time"], least: float) -> Extremes:
    """Valley, peak and valley of every rise and fall of at least `least`."""
    turns = swings(signal, least)
    if len(turns) > 1 and signal[turns[0]] > signal[turns[1]]:
        turns = turns[1:]
    rows = [turns[i : i + 3] for i in range(0, len(turns) - 2, 2)]
    return np.array(rows, int).reshape(-1, 3)


@dataclass(frozen=True)
class Passed:
    """When a cycle passed each level: up, the peak, down."""

    frames: Int[np.ndarray, "cycle point"]
    """2 x levels + 1 points of each cycle."""
    height: Float[np.ndarray, " cycle"]
    """The mean of its rise and its fall."""


def above(signal: Float[np.ndarray, " time"], extremes: Extremes, floor: float) -> Extremes:
    """Cycles cut off where they go below a floor: what lies deeper is on the way from or to some
    other movement."""
    begin, peak, end = extremes.T
    rising, up = _stretches(begin, peak)
    falling, down = _stretches(peak, end)
    first = np.where(signal[rising] <= floor, rising, -1)
    last = np.where(signal[falling] <= floor, falling, len(signal))
    cut = extremes.copy()
    cut[:, 0] = np.maximum(begin, np.maximum.reduceat(first, up))
    cut[:, 2] = np.minimum(end, np.minimum.reduceat(last, down))
    return np.where((signal[peak] > floor)[:, None], cut, extremes)


def passed(signal: Float[np.ndarray, " time"], extremes: Extremes) -> Passed:
    """Where cycles pass the levels: the last time on the way up, the first on the way down."""
    if not len(extremes):
        return Passed(np.empty((0, 2 * len(LEVELS) + 1), int), np.empty(0))
    begin, peak, end = extremes.T
    low, top, last = signal[extremes].T
    rising, up = _stretches(begin, peak)
    falling, down = _stretches(peak, end)
    wanted = (low + LEVELS[:, None] * (top - low)).repeat(peak - begin + 1, axis=1)
    under = np.where(signal[rising] < wanted, rising, -1)
    wanted = (last + LEVELS[::-1, None] * (top - last)).repeat(end - peak + 1, axis=1)
    over = np.where(signal[falling] < wanted, falling, len(signal))
    rows = [
        np.maximum(np.maximum.reduceat(under, up, axis=1), begin),
        peak[None],
        np.minimum(np.minimum.reduceat(over, down, axis=1), end),
    ]
    return Passed(np.concatenate(rows).T, top - (low + last) / 2)


def _stretches(
    first: Int[np.ndarray, " cycle"], last: Int[np.ndarray, " cycle"]
) -> tuple[Int[np.ndarray, " frame"], Int[np.ndarray, " cycle"]]:
    """All frames from the first to the last of each, one after the other, and where each begins."""
    lengths = last - first + 1
    starts = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) + (first - starts).repeat(lengths), starts
