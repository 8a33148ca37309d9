"""Recognising as it goes: poses in, one by one; what is being done, and signals, out.

The last `MEMORY_S` are looked at again every `EVERY_S`, as a recording of that length would be.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.apps.recognize.api import actions_in
from monomocap.apps.recognize.features import RATE_HZ, series_of
from monomocap.apps.recognize.recognizer import Recognizer
from monomocap.apps.recognize.result import Action
from monomocap.apps.recognize.signals import Signal, signals
from monomocap.geometry.world import in_world
from monomocap.skeleton import H36M17, Skeleton
from monomocap.types import Camera, Motion3D

MEMORY_S = 10.0
"""Twice the longest stretch that is looked at, and three times what lying still takes."""
EVERY_S = 0.5
JUST_S = 0.5
"""What ended no longer ago than this is going on."""


@dataclass(frozen=True)
class DoingNow:
    """What one person does at a moment."""

    time_s: float
    action: Action | None
    """From when it was found to begin, within the last `MEMORY_S`; None where nobody is seen, or
    nothing was taught."""
    signals: tuple[Signal, ...]
    """Those that go on."""


class LiveRecognizer:
    """Recognises one person's actions while poses arrive."""

    def __init__(
        self,
        recognizer: Recognizer | None,
        camera: Camera,
        skeleton: Skeleton = H36M17,
        *,
        person: int = 0,
    ) -> None:
        """Without a recognizer only the signals of safety; `camera` says which way is up."""
        self._recognizer, self._camera = recognizer, camera
        self._person, self._skeleton = person, skeleton
        self._poses: deque[tuple[float, np.ndarray]] = deque()
        self._looked_s = -np.inf
        self._now = DoingNow(0.0, None, ())

    def push(self, time_s: float, xyz_m: Float[np.ndarray, "joint 3"]) -> DoingNow:
        """Take a pose, in order of time: metres from the pelvis, camera axes, NaN for missing."""
        self._poses.append((time_s, xyz_m))
        while time_s - self._poses[0][0] > MEMORY_S:
            self._poses.popleft()
        if time_s - self._looked_s >= EVERY_S:
            self._looked_s, self._now = time_s, self._look(time_s)
        return self._now

    def _look(self, now_s: float) -> DoingNow:
        series = series_of(in_world(self._remembered(), self._camera))
        going_on_s = now_s - JUST_S - 1 / RATE_HZ
        found = (
            [] if self._recognizer is None else actions_in(self._recognizer, series, self._person)
        )
        on = tuple(s for s in signals(series, self._person) if s.end_s >= going_on_s)
        last = found[-1] if found and found[-1].end_s >= going_on_s else None
        return DoingNow(now_s, last, on)

    def _remembered(self) -> Motion3D:
        time_s = np.array([t for t, _ in self._poses])
        xyz_m = np.stack([xyz for _, xyz in self._poses]).astype(np.float64)
        sure = np.isfinite(xyz_m).all(axis=-1).astype(np.float64)
        return Motion3D(self._person, time_s, xyz_m, sure, self._skeleton, "root")
