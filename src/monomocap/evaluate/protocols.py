"""How published evaluations cut a sequence into windows, and how they put the answers together.

A score is comparable only under the same protocol: averaging twenty overlapping windows per frame
or counting some frames twice changes it.
"""

import numpy as np
from jaxtyping import Float, Int


def full_windows(length: int, *, window: int, step: int) -> list[int]:
    """Where windows start that lie wholly inside a sequence, `step` frames apart.

    Frames after the last window belong to none, and a short sequence has no window at all:
    HDFormer's research evaluation leaves those frames out of its score.
    """
    if min(window, step) < 1:
        raise ValueError(f"window and step are at least 1 frame, not {window} and {step}")
    return list(range(0, length - window + 1, step))


def overlap_average(
    windows: Float[np.ndarray, "window time joint dim"], *, step: int
) -> Float[np.ndarray, "frame joint dim"]:
    """Each frame's mean over all windows that saw it (HDFormer's research evaluation).

    Window i starts at frame i * step. The answer ends with the last window; no windows, no frames.
    """
    count, time, joints, dims = windows.shape
    frames = (count - 1) * step + time if count else 0
    if count > 1 and not 1 <= step <= time:
        raise ValueError(f"windows of {time} frames, {step} apart, leave frames without an answer")
    total = np.zeros((frames, joints, dims))
    seen = np.zeros((frames, 1, 1))
    for i, answer in enumerate(windows):
        total[i * step : i * step + time] += answer
        seen[i * step : i * step + time] += 1
    return (total / np.maximum(seen, 1)).astype(windows.dtype)


def end_aligned_chunks(length: int, *, window: int) -> Int[np.ndarray, "chunk window"]:
    """Frame numbers of chunks side by side, the last one moved back to end with the sequence.

    MixSTE's evaluation: the frames that the last two chunks share count twice in its score, and a
    sequence shorter than a window is continued with its last frame (there the truth is, too).
    """
    if window < 1:
        raise ValueError(f"a window is at least 1 frame, not {window}")
    if length == 0:
        return np.zeros((0, window), dtype=np.int64)
    starts = list(range(0, length - window + 1, window))
    if length < window or length % window:
        starts.append(max(length - window, 0))
    return np.minimum(np.array(starts)[:, None] + np.arange(window), length - 1)
