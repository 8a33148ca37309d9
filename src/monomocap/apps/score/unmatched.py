"""What one of two movements in step does while the other waits for it: left out, or added."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from monomocap.apps.body_frame import RATE_HZ
from monomocap.apps.score.faults import LEAST_DEG
from monomocap.geometry.contacts import intervals

LEAST_S = 1.0
"""Shorter waits are tempo."""
WAITS_S = 0.1
"""Who goes on by no more than this in `LEAST_S` waits."""
MOVES_DEG = 2 * LEAST_DEG
"""How much a joint's difference must change meanwhile: who rests longer does nothing more."""


def unmatched(
    goes_on: Int[np.ndarray, " step"],
    waits: Int[np.ndarray, " step"],
    size_deg: Mapping[str, Float[np.ndarray, " step"]],
    time_s: Float[np.ndarray, " time"],
) -> tuple[tuple[float, float], ...]:
    """Stretches of one motion through which the other waits, on that one's clock.

    `goes_on` and `waits` are the frames that belong together; `size_deg` how far off each joint is.
    """
    frames = np.arange(goes_on[0], goes_on[-1] + 1)
    other = np.interp(frames, goes_on, waits)
    window = round(LEAST_S * RATE_HZ)
    begins = np.flatnonzero(other[window:] - other[:-window] <= WAITS_S * RATE_HZ)
    waiting = np.zeros(len(frames), bool)
    for begin in begins:
        waiting[begin : begin + window + 1] = True
    found = []
    for first, end in intervals(waiting):
        inside = (goes_on >= frames[first]) & (goes_on <= frames[end - 1])
        if any(np.ptp(size[inside]) >= MOVES_DEG for size in size_deg.values() if inside.any()):
            found.append((float(time_s[frames[first]]), float(time_s[frames[end - 1]])))
    return tuple(found)


def in_words(
    left_out_s: tuple[tuple[float, float], ...], added_s: tuple[tuple[float, float], ...]
) -> list[str]:
    """A line each."""
    lines = [
        f"what the reference does from {a:.1f} to {b:.1f} s is left out" for a, b in left_out_s
    ]
    return lines + [
        f"from {a:.1f} to {b:.1f} s there is something that the reference has not"
        for a, b in added_s
    ]
