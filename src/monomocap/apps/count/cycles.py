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
    for i, value in enumerate(values):
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
    out = extremes.copy()
    for row, (begin, peak, end) in zip(out, extremes.tolist(), strict=True):
        if signal[peak] > floor:
            row[0] = begin + _last_under(signal[begin : peak + 1], floor)
            row[2] = end - _last_under(signal[peak : end + 1][::-1], floor)
    return out


def _last_under(rise: Float[np.ndarray, " time"], floor: float) -> int:
    under = np.flatnonzero(rise <= floor)
    return int(under[-1]) if len(under) else 0


def passed(signal: Float[np.ndarray, " time"], extremes: Extremes) -> Passed:
    """Where cycles pass the levels: the last time on the way up, the first on the way down."""
    frames = np.empty((len(extremes), 2 * len(LEVELS) + 1), int)
    for row, (begin, peak, end) in zip(frames, extremes.tolist(), strict=True):
        row[: len(LEVELS)] = _up(signal[begin : peak + 1]) + begin
        row[len(LEVELS)] = peak
        row[len(LEVELS) + 1 :] = peak + _down(signal[peak : end + 1])
    begin, peak, end = signal[extremes].T if len(extremes) else np.empty((3, 0))
    return Passed(frames, peak - (begin + end) / 2)


def _up(rise: Float[np.ndarray, " time"]) -> Int[np.ndarray, " level"]:
    wanted = rise[0] + LEVELS * (rise[-1] - rise[0])
    below = rise[None] < wanted[:, None]
    return len(rise) - 1 - below[:, ::-1].argmax(axis=1)


def _down(fall: Float[np.ndarray, " time"]) -> Int[np.ndarray, " level"]:
    wanted = fall[-1] + LEVELS[::-1] * (fall[0] - fall[-1])
    return (fall[None] < wanted[:, None]).argmax(axis=1)
