"""From people in single frames to one track per person, in little memory.

Who is who is the tracker's to say (`monomocap.detect.tracker`); here the rows grow, and what was
seen too shortly to be a person is left out at the end.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from jaxtyping import Float

from monomocap.detect.protocol import Detector, DetectsBatches
from monomocap.detect.tracker import Tracker
from monomocap.rows import Kept, People, window, worth_it
from monomocap.skeleton import Skeleton
from monomocap.types import Frame, Person2D, Track2D

BATCH_BYTES = 64 << 20
"""Pictures held at once for a detector that wants several: ten of a full HD video."""
SHORTEST_S, SHORTEST_SHARE = 0.5, 0.2
"""Who was seen for less than this time in all, and in less than this share of the frames, is left
out: half a body that enters, or the same person twice."""

FIRST_ROWS = 16
"""A track begins small: most of what a detector sees once, it sees never again."""


def collect_tracks(
    frames: Iterable[Frame], detector: Detector
) -> tuple[Float[np.ndarray, " time"], Sequence[Track2D]]:
    """The time of every frame (seconds), and everybody's track with one row per frame.

    People are numbered as they come, the larger first. Frames are looked at one by one, or a few at
    once where the detector wants that, and let go. Memory grows with the frames in which somebody
    is seen, and with how many those are.
    """
    clock = array("d")
    tracker = Tracker(detector.skeleton)
    growing: list[_GrowingTrack] = []
    for row, (frame, people) in enumerate(_people(frames, detector)):
        clock.append(frame.time_s)
        for person, number in zip(people, tracker(frame.time_s, people, frame.rgb), strict=True):
            while number >= len(growing):
                growing.append(_GrowingTrack(detector.skeleton))
            growing[number].put(row, person)
    times = np.array(clock, np.float64)
    lasting = [g for g in growing if g.rows >= _fewest_rows(times)]
    return times, People(times, (g.finish(number, times) for number, g in enumerate(lasting)))


def _fewest_rows(time_s: Float[np.ndarray, " time"]) -> float:
    """In how many frames a person must be seen to be one."""
    if len(time_s) < 2:
        return 1.0
    step_s = float(time_s[-1] - time_s[0]) / (len(time_s) - 1)
    return min(SHORTEST_S / step_s, SHORTEST_SHARE * len(time_s))


def _people(frames: Iterable[Frame], detector: Detector) -> Iterator[tuple[Frame, list[Person2D]]]:
    """Every frame and the people in it, in order."""
    if not isinstance(detector, DetectsBatches):
        for frame in frames:
            yield frame, detector(frame)
        return
    for batch in _batches(frames, detector.batch_frames):
        yield from zip(batch, detector.detect_batch(batch), strict=True)


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


class _GrowingTrack:
    """One person's rows so far: of the frames in which they were seen."""

    def __init__(self, skeleton: Skeleton) -> None:
        joints = len(skeleton)
        self._skeleton = skeleton
        self._at = array("q")
        self._xy_px = Rows((joints, 2))
        self._score = Rows((joints,))
        self._world_m: Rows | None = None

    @property
    def rows(self) -> int:
        """In how many frames they were seen."""
        return len(self._at)

    def put(self, row: int, person: Person2D) -> None:
        seen = np.isfinite(person.xy_px).all(axis=-1)
        self._xy_px.put(np.where(seen[:, None], person.xy_px, np.nan))
        self._score.put(np.where(seen, person.score, 0.0))
        if self._world_m is None and person.world_m is not None:
            self._world_m = Rows((len(self._skeleton), 3))
            for _ in self._at:
                self._world_m.put(np.array(np.nan))
        if self._world_m is not None:
            self._world_m.put(np.array(np.nan) if person.world_m is None else person.world_m)
        self._at.append(row)

    def finish(self, person: int, time_s: Float[np.ndarray, " time"]) -> Kept[Track2D]:
        at = np.array(self._at, np.int64)
        track = Track2D(
            person=person,
            time_s=time_s[at],
            xy_px=self._xy_px.finish(),
            score=self._score.finish(),
            skeleton=self._skeleton,
            world_m=None if self._world_m is None else self._world_m.finish(),
        )
        kept = Kept(track, at, window(at, time_s))
        return kept if worth_it(len(at), len(time_s)) else kept.whole(time_s)


class Rows:
    """A float32 array that grows row by row, in place."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._values = np.empty((FIRST_ROWS, *shape), np.float32)
        self._used = 0

    def put(self, values: Float[np.ndarray, "*shape"]) -> None:
        """One more row."""
        if self._used >= len(self._values):
            self._resize(self._used + self._used // 4 + 1)
        self._values[self._used] = values
        self._used += 1

    def finish(self) -> Float[np.ndarray, "row *shape"]:
        """All rows; nothing can be put any more."""
        self._resize(self._used)
        return self._values

    def _resize(self, rows: int) -> None:
        # realloc: a large block is moved by the kernel, not copied, so there are never two of it.
        self._values.resize((rows, *self._values.shape[1:]), refcheck=False)
