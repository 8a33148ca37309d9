"""Two legs, or two arms, that a detector exchanged for a while: found by how smoothly they move.

Two limbs that cross in the picture keep their pace; two that were exchanged leap from one's place
to the other's and, a while later, back. Of all ways to give the two sides of a pair their names in
each frame, the one is taken in which the pair's joints change their velocity least, every renaming
at a price (a second-order Viterbi search). Where the two limbs lie on each other, names matter
little, and nobody can tell.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

PRICE = 0.07
"""Of one renaming, in apparent sizes of the person, per joint of the pair and at 30 frames per
second or more."""
LEAST = 0.02
"""Where names change, the joints must come so much nearer to where they were before, in apparent
sizes, in the mean of the pair."""
CALM, NEAR = 0.7, 0.3
"""And so near: to this share of the leap that it was, and to this many apparent sizes. Otherwise
the detector did not exchange a pair, but saw something else, or somebody else."""
CAP = 1.0
"""No change of velocity counts for more, in apparent sizes: one wild frame proves nothing."""
LONGEST_S = 1.2
"""Longer exchanges are not believed: perhaps it was the rest that was wrong."""


@dataclass(frozen=True)
class Pair:
    """Joints of one limb, in order, and those of the other side."""

    one: Int[np.ndarray, " joint"]
    other: Int[np.ndarray, " joint"]


def exchanged(
    xy_px: Float[np.ndarray, "time joint 2"],
    time_s: Float[np.ndarray, " time"],
    pair: Pair,
    size_px: float,
) -> Bool[np.ndarray, " time"]:
    """Frames of one stretch without gaps in which this pair was given the wrong names."""
    frames = len(xy_px)
    if frames < 4 or size_px <= 0:
        return np.zeros(frames, dtype=bool)
    both = np.concatenate([pair.one, pair.other])
    turned = np.concatenate([pair.other, pair.one])
    seen = np.stack([xy_px[:, both], xy_px[:, turned]]).astype(np.float64) / size_px
    state = _smoothest(seen, time_s)
    if state.mean() > 0.5:
        state = ~state
    kept, renamed = (
        np.linalg.norm(after - seen[0, :-1], axis=-1).mean(axis=-1)
        for after in (seen[0, 1:], seen[1, 1:])
    )
    clear = (kept - renamed > LEAST) & (renamed < CALM * kept) & (renamed < NEAR)
    return _believed(state, clear, time_s)


def _smoothest(
    seen: Float[np.ndarray, "2 time joint 2"], time_s: Float[np.ndarray, " time"]
) -> Bool[np.ndarray, " time"]:
    """The names of every frame: the cheapest way through (names before, names now)."""
    step_s = np.diff(time_s)
    frames = seen.shape[1]
    cost = np.zeros((2, 2))  # [before, now]
    cost[0, 1] = cost[1, 0] = PRICE
    came = np.zeros((frames, 2, 2), dtype=np.int8)
    for t in range(2, frames):
        ratio = step_s[t - 1] / step_s[t - 2]
        # Where each naming of the two frames before says that the joints are now.
        ahead = seen[:, None, t - 1] * (1 + ratio) - seen[None, :, t - 2] * ratio
        off = np.linalg.norm(seen[:, None, None, t] - ahead[None], axis=-1)  # [now, before, first]
        off = np.minimum(off, CAP).mean(axis=-1)
        slower = max(1.0, 30 * float(step_s[t - 1]))
        total = cost.T[None] + off  # [now, before, first]
        first = total.argmin(axis=2)
        best = np.take_along_axis(total, first[..., None], axis=2)[..., 0]  # [now, before]
        best = best + PRICE * slower * (1 - np.eye(2))
        came[t] = first.T  # [before, now]
        cost = best.T
    return _walked_back(cost, came)


def _walked_back(
    cost: Float[np.ndarray, "2 2"], came: Int[np.ndarray, "time 2 2"]
) -> Bool[np.ndarray, " time"]:
    before, now = np.unravel_index(int(cost.argmin()), (2, 2))
    state = np.zeros(len(came), dtype=bool)
    for t in range(len(came) - 1, 0, -1):
        state[t] = bool(now)
        before, now = came[t, before, now], before
    state[0] = bool(now)
    return state


def _believed(
    state: Bool[np.ndarray, " time"],
    leap: Bool[np.ndarray, " steps"],
    time_s: Float[np.ndarray, " time"],
) -> Bool[np.ndarray, " time"]:
    """Runs that begin and end in a clear leap, and do not last too long.

    After a single leap nobody knows which side of it was right.
    """
    out = state.copy()
    edges = np.diff(np.concatenate([[0], state.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    for begin, end in zip(starts, ends, strict=True):
        both = begin > 0 and end < len(state) and leap[begin - 1] and leap[end - 1]
        if time_s[end - 1] - time_s[begin] > LONGEST_S or not both:
            out[begin:end] = False
    return out
