"""Where in a long series each action begins and ends.

Every stretch of 0.8 to 5 s is looked at as if it were a clip, and the series is cut into those that
explain it best, when a change of action costs something (dynamic programming over segments, as in
semi-Markov models). A stretch that holds the end of one action and the beginning of another is
nothing that was taught; among all ways to cut there is one that avoids it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from monomocap.apps.recognize.features import RATE_HZ, Series
from monomocap.apps.recognize.recognizer import Recognizer

HOP = round(0.2 * RATE_HZ)
"""Frames between places where a cut may be."""
LENGTHS = (4, 5, 6, 7, 8, 10, 12, 15, 20, 25)
"""Of stretches, in hops: they add up to any number from 4."""
SWITCH = 1.0
"""What a change of action costs, in natural logs of odds of one second's evidence."""
UNKNOWN_COST = 1.5
"""What a second of "unknown" costs: beside the right cut there are many that show nothing taught.
Like `SWITCH` found on recordings of people of the training pool of `benchmarks/recognition.py`."""
SHORTEST_S = 0.4
LEAST_SEEN = 0.6
"""Stretches in which the person was seen for less than this share say nothing."""
_BLOCK = 300
"""Hops that are looked at together: memory does not grow with the video."""
_MARGIN = round(1.0 * RATE_HZ)
"""More frames than any kernel reaches."""

Table = Float32[np.ndarray, "length hop label_and_unknown"]


@dataclass(frozen=True)
class Segment:
    """Frames of a series with one label, and what they were taken for."""

    begin: int
    end: int
    label: int
    """Place in the recognizer's labels; their number is "unknown"."""
    probabilities: Float[np.ndarray, " label_and_unknown"]


def segments(recognizer: Recognizer, series: Series) -> list[Segment]:
    """The series cut where the action changes; stretches without a person are left out."""
    if not len(series):
        return []
    hops = max(1, len(series) // HOP)
    lengths = np.array([k for k in LENGTHS if k <= hops] or [hops])
    table = _judged(recognizer, series, lengths, hops)
    cuts, label, said = _cheapest(table, lengths)
    bounds = np.append(cuts[:-1] * HOP, len(series))
    frames = np.repeat(np.arange(len(label)), np.diff(bounds))
    found = []
    for begin, end in _runs(label[frames], series.seen):
        if end - begin >= SHORTEST_S * RATE_HZ:
            p = said[frames[begin:end]].mean(axis=0)
            found.append(Segment(begin, end, int(label[frames[begin]]), p))
    return found


def _judged(
    recognizer: Recognizer, series: Series, lengths: Int[np.ndarray, " length"], hops: int
) -> Table:
    """What the stretch of each length that ends at each hop shows; NaN where there is none."""
    table = np.full((len(lengths), hops + 1, len(recognizer.labels) + 1), np.nan, np.float32)
    for first in range(1, hops + 1, _BLOCK):
        ends = np.arange(first, min(first + _BLOCK, hops + 1))
        which, row = np.nonzero(ends[None] >= lengths[:, None])
        begin = (ends[row] - lengths[which]) * HOP
        end = np.minimum(ends[row] * HOP, len(series))
        from_ = max(0, int(begin.min(initial=len(series))) - _MARGIN)
        part = series.part(from_, int(ends[-1]) * HOP + _MARGIN)
        windows = np.stack([begin, end], axis=1) - from_
        table[which, ends[row]] = _probabilities(recognizer, part, windows)
    return table


def _probabilities(
    recognizer: Recognizer, series: Series, windows: Int[np.ndarray, "window 2"]
) -> Float[np.ndarray, "window label_and_unknown"]:
    """The recognizer's probabilities; all the same where nobody was seen."""
    said = recognizer.probabilities(series, windows)
    seen = np.concatenate([[0], np.cumsum(series.seen)])
    shares = (seen[windows[:, 1]] - seen[windows[:, 0]]) / (windows[:, 1] - windows[:, 0])
    said[shares < LEAST_SEEN] = 1 / said.shape[1]
    return said


def _cheapest(
    table: Table, lengths: Int[np.ndarray, " length"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cuts in hops (one more than stretches), and each stretch's label and probabilities."""
    _, places, labels = table.shape
    gain = np.log(np.clip(table, 1e-3, 1))
    gain[:, :, -1] -= UNKNOWN_COST
    gain *= (lengths * HOP / RATE_HZ)[:, None, None]
    best = np.full((places, labels), -np.inf)
    best[0] = 0
    took, came = np.zeros((2, places, labels), int)
    for hop in range(int(lengths[0]), places):
        fits = lengths <= hop
        before = best[hop - lengths[fits]]
        other = before.argmax(axis=1)
        most = before.max(axis=1, keepdims=True)
        value = np.maximum(before, most - SWITCH) + gain[fits, hop]
        took[hop] = value.argmax(axis=0)
        best[hop] = value.max(axis=0)
        stays = (before >= most - SWITCH)[took[hop], np.arange(labels)]
        came[hop] = np.where(stays, np.arange(labels), other[took[hop]])
    return _backwards(table, lengths, took, came, int(best[-1].argmax()))


def _backwards(
    table: Table,
    lengths: Int[np.ndarray, " length"],
    took: Int[np.ndarray, "hop label"],
    came: Int[np.ndarray, "hop label"],
    label: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best way, from its end to its beginning."""
    cuts, names, said = [len(took) - 1], [], []
    while cuts[-1] > 0:
        hop, which = cuts[-1], took[cuts[-1], label]
        names.append(label)
        said.append(table[which, hop])
        cuts.append(hop - int(lengths[which]))
        label = int(came[hop, label])
    return np.array(cuts[::-1]), np.array(names[::-1]), np.array(said[::-1])


def _runs(label: Int[np.ndarray, " time"], seen: np.ndarray) -> Iterator[tuple[int, int]]:
    """Stretches of one label, without the frames in which nobody was seen."""
    state = np.where(seen, label, -1)
    edges = np.flatnonzero(np.diff(state)) + 1
    bounds = [0, *edges.tolist(), len(state)]
    for begin, end in zip(bounds[:-1], bounds[1:], strict=True):
        if end > begin and state[begin] >= 0:
            yield begin, end
