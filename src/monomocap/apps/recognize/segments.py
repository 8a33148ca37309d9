"""Where in a long series each action begins and ends."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from monomocap.apps.recognize.features import RATE_HZ, Series
from monomocap.apps.recognize.recognizer import Recognizer, Windows

HOP_S = 0.1
SWITCH = 1.5
"""What a change of action costs, in natural logs of odds of one second's evidence."""
SHORTEST_S = 0.4
LEAST_SEEN = 0.6
"""Windows in which the person was seen for less than this share say nothing."""


@dataclass(frozen=True)
class Segment:
    """Frames of a series with one label, and what they were taken for."""

    begin: int
    end: int
    label: int
    """Place in the recognizer's labels; their number is "unknown"."""
    probabilities: Float[np.ndarray, " label_and_unknown"]


def segments(recognizer: Recognizer, series: Series) -> list[Segment]:
    """The series cut where the action changes; stretches without a person are left out.

    Windows of the taught clips' lengths vote for the frames that they cover, the path of labels
    through time that explains the votes best is taken (Viterbi, 1967), and every segment found is
    then looked at once more as a whole.
    """
    votes = frame_votes(recognizer, series)
    found = []
    for begin, end in _runs(_path(votes), series.seen):
        if end - begin >= SHORTEST_S * RATE_HZ:
            found.append(_judged(recognizer, series, votes, begin, end))
    return found


def frame_votes(
    recognizer: Recognizer, series: Series
) -> Float[np.ndarray, "time label_and_unknown"]:
    """Mean probabilities of all windows over each frame; a frame without any is even."""
    columns = len(recognizer.labels) + 1
    total, weight = np.zeros((len(series), columns)), np.zeros((len(series), 1))
    for window_s in recognizer.window_s:
        windows = sliding(series, window_s)
        said = recognizer.probabilities(series, windows)
        for (begin, end), row in zip(windows, said, strict=True):
            bell = np.hanning(end - begin + 2)[1:-1, None]
            total[begin:end] += bell * row
            weight[begin:end] += bell
    return np.where(weight > 0, total / np.maximum(weight, 1e-9), 1 / columns)


def sliding(series: Series, window_s: float) -> Windows:
    """Windows of one length every `HOP_S` in which the person was mostly seen.

    A series shorter than the window is one window.
    """
    length = min(len(series), round(window_s * RATE_HZ))
    begin = np.arange(0, len(series) - length + 1, round(HOP_S * RATE_HZ))
    seen = np.concatenate([[0], np.cumsum(series.seen)])
    keep = seen[begin + length] - seen[begin] >= LEAST_SEEN * max(length, 1)
    return np.stack([begin, begin + length], axis=1)[keep]


def _path(votes: Float[np.ndarray, "time label"]) -> Int[np.ndarray, " time"]:
    """The most likely label of every frame when changing costs `SWITCH`."""
    gain = np.log(np.clip(votes, 1e-3, 1)) / RATE_HZ
    best, came = gain[:1].copy(), np.zeros(votes.shape, int)
    for frame in range(1, len(votes)):
        (so_far,) = best
        other = int(so_far.argmax())
        stay = so_far >= so_far[other] - SWITCH
        came[frame] = np.where(stay, np.arange(votes.shape[1]), other)
        best = np.where(stay, so_far, so_far[other] - SWITCH)[None] + gain[frame]
    path = np.zeros(len(votes), int)
    if len(votes):
        path[-1] = int(best[0].argmax())
    for frame in range(len(votes) - 1, 0, -1):
        path[frame - 1] = came[frame, path[frame]]
    return path


def _runs(path: Int[np.ndarray, " time"], seen: np.ndarray) -> Iterator[tuple[int, int]]:
    """Stretches of one label, without the frames in which nobody was seen."""
    state = np.where(seen, path, -1)
    edges = np.flatnonzero(np.diff(state)) + 1
    bounds = [0, *edges.tolist(), len(state)]
    for begin, end in zip(bounds[:-1], bounds[1:], strict=True):
        if end > begin and state[begin] >= 0:
            yield begin, end


def _judged(
    recognizer: Recognizer,
    series: Series,
    votes: Float[np.ndarray, "time label"],
    begin: int,
    end: int,
) -> Segment:
    """Mean of what its windows said and what the whole of it looks like."""
    (whole,) = recognizer.probabilities(series, np.array([[begin, end]]))
    said = (votes[begin:end].mean(axis=0) + whole) / 2
    return Segment(begin, end, int(said.argmax()), said)
