"""Bringing two motions in step: dynamic time warping (Sakoe and Chiba, 1978) over poses.

Written here because it is thirty lines over arrays of directions; anti-diagonals are computed at
once, so that a minute against a minute takes well under a second.
"""

import numpy as np
from jaxtyping import Float, Int

STILL_COST = 0.02
"""Added when one motion waits for the other, so that in-step is preferred where both fit: about a
degree for each limb."""


def in_step(
    one: Float[np.ndarray, "time channel"], other: Float[np.ndarray, "later channel"]
) -> Int[np.ndarray, "step 2"]:
    """Pairs of frames, both never going back, first with first and last with last.

    The sum of the pairs' distances (root of summed squares) and of the waiting is the least.
    """
    cost = distances(one, other)
    total = _accumulated(cost)
    path = [(len(one) - 1, len(other) - 1)]
    while path[-1] != (0, 0):
        i, j = path[-1]
        back = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        path.append(min((p for p in back if min(p) >= 0), key=lambda p: _from(total, p, (i, j))))
    return np.array(path[::-1])


def distances(
    one: Float[np.ndarray, "time channel"], other: Float[np.ndarray, "later channel"]
) -> Float[np.ndarray, "time later"]:
    """Between every frame of one and every frame of the other."""
    square = (one**2).sum(1)[:, None] + (other**2).sum(1)[None] - 2 * one @ other.T
    return np.sqrt(np.maximum(square, 0))


def _accumulated(cost: Float[np.ndarray, "time later"]) -> Float[np.ndarray, "time later"]:
    """The least total up to every pair, along anti-diagonals."""
    rows, columns = cost.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    for diagonal in range(2, rows + columns + 1):
        i = np.arange(max(1, diagonal - columns), min(rows, diagonal - 1) + 1)
        j = diagonal - i
        waited = np.minimum(total[i - 1, j], total[i, j - 1]) + STILL_COST
        total[i, j] = cost[i - 1, j - 1] + np.minimum(total[i - 1, j - 1], waited)
    return total[1:, 1:]


def _from(total: np.ndarray, before: tuple[int, int], here: tuple[int, int]) -> float:
    waits = before[0] == here[0] or before[1] == here[1]
    return float(total[before]) + STILL_COST * waits
