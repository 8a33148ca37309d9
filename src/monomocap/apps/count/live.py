"""Counting as it goes: poses in, one by one, the number so far out.

The last `MEMORY_S` are looked at again every `EVERY_S`; what lies further back is settled. Of an
exercise that is named each repetition is counted when it ends; of an unknown movement the first
three appear together, for two of a kind can be chance.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.apps.body_frame import series_of
from monomocap.apps.count.count import count_motion, free_count
from monomocap.apps.count.exercises import Exercise, load_exercise
from monomocap.apps.count.result import PersonCount, Repetition
from monomocap.apps.count.search import Tuning
from monomocap.geometry.world import LEVEL
from monomocap.skeleton import H36M17, Skeleton
from monomocap.types import Motion3D

MEMORY_S = 40.0
HOLD_MEMORY_S = 900.0
"""Of an exercise that is held: a hold is one whole."""
SETTLED_S = 15.0
"""What ended this long ago does not change any more."""
EVERY_S = 0.5
QUICK = Tuning(windows_s=(3.0, 8.0, 20.0), smooth_s=(0.1,), axes=2)
"""Fewer directions are tried than afterwards: a quarter of the time."""


@dataclass(frozen=True)
class CountNow:
    """What has been counted up to a moment."""

    time_s: float
    count: int
    not_counted: int
    """Repetitions that were partial or broke a rule."""
    last: Repetition | None
    """The latest repetition, counted or not."""
    hold_s: float = 0.0


class LiveCounter:
    """Counts one person's repetitions while poses arrive."""

    def __init__(self, exercise: str | None = None, skeleton: Skeleton = H36M17) -> None:
        """Raises `UnknownName` or `DataError` for an exercise that cannot be had."""
        self._exercise: Exercise | None = None if exercise is None else load_exercise(exercise)
        self._skeleton = skeleton
        self._poses: deque[tuple[float, np.ndarray]] = deque()
        self._settled: list[Repetition] = []
        self._now = CountNow(0.0, 0, 0, None)
        self._looked_s = -np.inf
        holds = self._exercise is not None and self._exercise.kind == "hold"
        self._memory_s = HOLD_MEMORY_S if holds else MEMORY_S

    def push(self, time_s: float, xyz_m: Float[np.ndarray, "joint 3"]) -> CountNow:
        """Take a pose, in order of time: metres from the pelvis, camera axes, NaN for missing."""
        self._poses.append((time_s, xyz_m))
        while time_s - self._poses[0][0] > self._memory_s:
            self._poses.popleft()
        if time_s - self._looked_s >= EVERY_S:
            self._looked_s = time_s
            self._now = self._look(time_s)
        return self._now

    def finish(self) -> CountNow:
        """The last word, when no more poses come."""
        if self._poses:
            self._now = self._look(self._poses[-1][0])
        return self._now

    def _look(self, now_s: float) -> CountNow:
        found = self._counted()
        recent = [] if found.main is None else list(found.sets[found.main].repetitions)
        last_s = self._settled[-1].turn_s if self._settled else -np.inf
        recent = [r for r in recent if r.start_s > last_s]
        for one in recent:
            if one.end_s < now_s - SETTLED_S:
                self._settled.append(one)
        everything = [*self._settled, *(r for r in recent if r.end_s >= now_s - SETTLED_S)]
        counts = sum(r.counts for r in everything)
        last = everything[-1] if everything else self._now.last
        held_s = max(self._now.hold_s, found.hold_s)
        # A number that was said is not taken back.
        return CountNow(
            now_s,
            max(counts, self._now.count),
            max(len(everything) - counts, self._now.not_counted),
            last,
            held_s,
        )

    def _counted(self) -> PersonCount:
        time_s = np.array([t for t, _ in self._poses])
        xyz = np.stack([xyz for _, xyz in self._poses]) @ LEVEL.T
        sure = np.isfinite(xyz).all(axis=-1).astype(float)
        motion = Motion3D(0, time_s, xyz, sure, self._skeleton, "world")
        if self._exercise is not None:
            return count_motion(motion, self._exercise)
        return free_count(series_of(motion), tuning=QUICK)
