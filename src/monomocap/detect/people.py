"""From people in single frames to one track per person, in little memory.

The association is simple and stable: everybody in a frame continues the track that ended nearest to
them, however long ago; a new track begins when more people are seen at once than there are tracks,
or, once several people are known, too far from all of them. So a detector that sees one person
gives one track, also when they leave and return. A tracker that tells people apart can take its
place.
"""

from array import array
from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float

from monomocap.detect.protocol import Detector, DetectsBatches
from monomocap.skeleton import Skeleton
from monomocap.types import Frame, Person2D, Track2D

BATCH_BYTES = 64 << 20
"""Pictures held at once for a detector that wants several: ten of a full HD video."""
REACH = 1.5
"""How far somebody can be from where they were last seen when others are there too: about one
diagonal of their box. Beyond, they are somebody new."""


def collect_tracks(
    frames: Iterable[Frame], detector: Detector
) -> tuple[Float[np.ndarray, " time"], tuple[Track2D, ...]]:
    """The time of every frame (seconds), and everybody's track with one row per frame.

    Frames are looked at one by one, or a few at once where the detector wants that, and let go.
    """
    clock = array("d")
    growing: list[_GrowingTrack] = []
    for row, (time_s, people) in enumerate(_people(frames, detector)):
        clock.append(time_s)
        for person, track in zip(people, _continue(growing, people), strict=True):
            if track == len(growing):
                growing.append(_GrowingTrack(detector.skeleton))
            growing[track].put(row, person)
    times = np.array(clock, np.float64)
    return times, tuple(g.finish(number, times) for number, g in enumerate(growing))


def _people(frames: Iterable[Frame], detector: Detector) -> Iterator[tuple[float, list[Person2D]]]:
    """The time of every frame and the people in it, in order."""
    if not isinstance(detector, DetectsBatches):
        for frame in frames:
            yield frame.time_s, detector(frame)
        return
    for batch in _batches(frames, detector.batch_frames):
        yield from zip([f.time_s for f in batch], detector.detect_batch(batch), strict=True)


def _batches(frames: Iterable[Frame], most: int) -> Iterator[list[Frame]]:
    """The frames in groups: `most` of them, or fewer where they are large."""
    batch: list[Frame] = []
    for frame in frames:
        batch.append(frame)
        if len(batch) >= min(most, BATCH_BYTES // frame.rgb.nbytes):
            yield batch
            batch = []
    if batch:
        yield batch


def _continue(growing: list["_GrowingTrack"], people: list[Person2D]) -> list[int]:
    """For each person the number of the track they continue; new numbers follow the old ones."""
    if not people:
        return []
    if len(people) == 1 and len(growing) <= 1:
        return [0]
    given = [-1] * len(people)
    for person, track in _nearest(np.array([p.box_px for p in people]), growing):
        given[person] = track
    new = iter(range(len(growing), len(growing) + len(people)))
    return [track if track >= 0 else next(new) for track in given]


def _nearest(
    boxes_px: Float[np.ndarray, "person 4"], growing: list["_GrowingTrack"]
) -> list[tuple[int, int]]:
    """(person, track) pairs with the least distance in all, each measured in box sizes.

    Where several people are known, nobody jumps further than `REACH`.
    """
    if not growing:
        return []
    from scipy.optimize import linear_sum_assignment  # 0.2 s that single tracks need not wait for

    ends_px = np.array([g.box_px for g in growing])
    apart_px = np.linalg.norm(boxes_px[:, None] - ends_px[None], axis=-1)
    size_px = np.linalg.norm(ends_px[:, 2:] - ends_px[:, :2], axis=-1)
    reach = REACH if len(growing) > 1 else np.inf
    apart = np.minimum(apart_px / np.maximum(size_px, 1.0), reach)
    rows, columns = linear_sum_assignment(apart)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(person, track) for person, track in pairs if apart[person, track] < reach]


class _GrowingTrack:
    """One person's rows so far."""

    def __init__(self, skeleton: Skeleton) -> None:
        joints = len(skeleton)
        self._skeleton = skeleton
        self._xy_px = Rows((joints, 2), np.nan)
        self._score = Rows((joints,), 0.0)
        self._world_m: Rows | None = None
        self.box_px: np.ndarray = np.zeros(4)
        """Where they were last seen."""

    def put(self, row: int, person: Person2D) -> None:
        seen = np.isfinite(person.xy_px).all(axis=-1)
        self.box_px = person.box_px
        self._xy_px.put(row, np.where(seen[:, None], person.xy_px, np.nan))
        self._score.put(row, np.where(seen, person.score, 0.0))
        if person.world_m is not None:
            if self._world_m is None:
                self._world_m = Rows((len(self._skeleton), 3), np.nan)
            self._world_m.put(row, person.world_m)

    def finish(self, person: int, time_s: Float[np.ndarray, " time"]) -> Track2D:
        rows = len(time_s)
        return Track2D(
            person=person,
            time_s=time_s,
            xy_px=self._xy_px.finish(rows),
            score=self._score.finish(rows),
            skeleton=self._skeleton,
            world_m=None if self._world_m is None else self._world_m.finish(rows),
        )


class Rows:
    """A float32 array that grows row by row, in place; rows that nobody puts hold `empty`."""

    def __init__(self, shape: tuple[int, ...], empty: float) -> None:
        self._values = np.empty((256, *shape), np.float32)
        self._empty = empty
        self._used = 0

    def put(self, row: int, values: Float[np.ndarray, "*shape"]) -> None:
        """Rows come in order; those that were passed over are empty."""
        if row >= len(self._values):
            self._resize(row + row // 4 + 1)
        self._values[self._used : row] = self._empty
        self._values[row] = values
        self._used = row + 1

    def finish(self, rows: int) -> Float[np.ndarray, "row *shape"]:
        """All rows, `rows` of them; nothing can be put any more."""
        self._resize(rows)
        self._values[self._used :] = self._empty
        return self._values

    def _resize(self, rows: int) -> None:
        # realloc: a large block is moved by the kernel, not copied, so there are never two of it.
        self._values.resize((rows, *self._values.shape[1:]), refcheck=False)
