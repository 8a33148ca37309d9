"""Any number of frames through a network of fixed windows, without a seam.

Windows start at multiples of a stride on a clock that does not know where the track begins, so a
track cut in two meets the same windows, but for those that hang over the cut. One more window
at each end of a run starts or stops with it. Overlapping answers are averaged with weights that
fall to nothing at a window's ends.
"""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Bool, Float, Int


def runs(seen: Bool[np.ndarray, " time"]) -> list[tuple[int, int]]:
    """Stretches [start, stop) in which every frame is seen."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], seen.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def window_starts(first: int, last: int, window: int, stride: int) -> Int[np.ndarray, " windows"]:
    """Starts of the windows that cover frames first..last (numbered on an absolute clock).

    All multiples of `stride` whose window lies inside, and one window flush with each end. A run
    shorter than a window gets one, which begins with it.
    """
    if last - first + 1 <= window:
        return np.array([first])
    inside = np.arange(-(-first // stride) * stride, last - window + 2, stride)
    return np.unique(np.concatenate([[first], inside, [last - window + 1]]))


def window_weight(window: int) -> Float[np.ndarray, " window"]:
    """How much each frame of a window counts: a raised cosine, never quite 0."""
    phase = (np.arange(window) + 0.5) / window
    return 0.5 - 0.5 * np.cos(2 * np.pi * phase) + 1e-3


def blend(
    frames: int,
    starts: Int[np.ndarray, " windows"],
    window: int,
    answer: Callable[[Int[np.ndarray, "some window"]], Float[np.ndarray, "some window joint 3"]],
    *,
    joints: int,
    batch: int = 16,
) -> Float[np.ndarray, "frames joint 3"]:
    """Ask for every window, a few at a time, and average what overlaps.

    `starts` count from the run's first frame. `answer` takes frame numbers, the last one repeated
    where a window is longer than the run, and returns poses for them.
    """
    total = np.zeros((frames, joints, 3))
    weight = np.zeros(frames)
    for some in _few(starts, batch):
        at = some[:, None] + np.arange(window)
        poses = answer(at.clip(0, frames - 1))
        share = np.where(at < frames, window_weight(window), 0.0)
        np.add.at(total, at.clip(0, frames - 1), poses * share[..., None, None])
        np.add.at(weight, at.clip(0, frames - 1), share)
    return total / weight[:, None, None]


def _few(starts: Int[np.ndarray, " windows"], batch: int) -> Iterator[Int[np.ndarray, " some"]]:
    for k in range(0, len(starts), batch):
        yield starts[k : k + batch]
