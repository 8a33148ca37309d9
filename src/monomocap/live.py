"""3D poses while a video runs, a known time after each picture.

    for moment in live_poses("webcam"):
        moment.time_s, moment.people[0].xyz_m

decode -> detect -> who is who -> lift the last seconds -> One-Euro. The lifter looks at a window of
the past and answers for the time `delay_s` ago, so that it has seen a little of what came next; it
is asked every `EVERY_S`. So a pose comes at most `delay_s + EVERY_S` after its picture, plus the
time the machine needs for two pictures and one answer; pictures for which there is no time are
passed over, so that nothing adds up.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from monomocap.detect.catalogue import load_detector
from monomocap.detect.tracker import Tracker
from monomocap.errors import OptionError
from monomocap.geometry.one_euro import OneEuro
from monomocap.lift.catalogue import load_lifter
from monomocap.lift.consistent import at_once
from monomocap.lift.protocol import Lifter
from monomocap.options import Options, Smooth
from monomocap.pipeline import camera_for
from monomocap.skeleton import Skeleton
from monomocap.types import Camera, Frame, Person2D, Track2D
from monomocap.video.ahead import newest
from monomocap.video.read import VideoReader
from monomocap.video.sources import Source

DELAY_S = 0.2
"""How far into what came next a lifter looks, unless somebody says otherwise."""
MOST_DELAY_S = 1.0
EVERY_S = 0.1
"""How often a lifter is asked, unless somebody says otherwise: it answers for all since."""
SPAN_S = 1.0
"""How much of the past is shown to lifters that have no window."""


@dataclass(frozen=True)
class PoseNow:
    """One person at one moment."""

    person: int
    """A number that stays theirs."""
    xyz_m: Float[np.ndarray, "joint 3"]
    """Metres from the pelvis, camera axes (x right, y down, z away); NaN where missing."""
    confidence: Float[np.ndarray, " joint"]
    """0 to 1; 0 where missing."""


@dataclass(frozen=True)
class Moment:
    """Everybody in one picture."""

    index: int
    """The picture's number in the source; numbers that are missing were passed over."""
    time_s: float
    """Seconds on the source's clock."""
    people: tuple[PoseNow, ...]
    delay_s: float
    """From the picture's decoding to this answer."""


@runtime_checkable
class Windowed(Protocol):
    """What a lifter says that looks at windows."""

    window: int
    fps: float


class LivePoses:
    """Turns what is seen into moments; give it every picture and the people in it, in order."""

    def __init__(
        self,
        camera: Camera,
        lifter: Lifter,
        skeleton: Skeleton,
        *,
        delay_s: float = DELAY_S,
        every_s: float = EVERY_S,
        smooth: Smooth = "light",
    ) -> None:
        if not 0 <= delay_s <= MOST_DELAY_S:
            raise OptionError(f"delay_s must lie between 0 and {MOST_DELAY_S:g}, not {delay_s}")
        self._camera, self._lifter, self._skeleton = camera, at_once(lifter), skeleton
        self._delay_s, self._every_s, self._smooth = delay_s, every_s, smooth
        self._span_s = max(window_s(lifter), 2 * (delay_s + EVERY_S))
        self._tracker = Tracker(skeleton)
        self._filters: dict[int, OneEuro] = {}
        self._past: deque[_Sight] = deque()
        self._answered_s = -np.inf
        """Up to when moments have been given."""
        self._asked_s = -np.inf

    def __call__(self, frame: Frame, people: list[Person2D]) -> list[Moment]:
        """The moments that are ready after this picture, mostly none, now and then a few."""
        numbers = self._tracker(frame.time_s, people, frame.rgb)
        seen = dict(zip(numbers, people, strict=True))
        self._past.append(_Sight(frame.index, frame.time_s, frame.decoded_s, seen))
        while self._past[0].time_s < frame.time_s - self._span_s:
            self._past.popleft()
        if frame.time_s - self._asked_s < self._every_s - 1e-6:
            return []
        self._asked_s = frame.time_s
        return self._answers(frame.time_s - self._delay_s)

    def rest(self) -> list[Moment]:
        """The moments of the last pictures, when no more will come."""
        return self._answers(np.inf)

    def _answers(self, until_s: float) -> list[Moment]:
        due = [
            row
            for row, sight in enumerate(self._past)
            if self._answered_s < sight.time_s <= until_s + 1e-6
        ]
        if not due:
            return []
        people = sorted({number for row in due for number in self._past[row].people})
        poses = {number: self._lifted(number, due) for number in people}
        moments = [self._moment(row, poses) for row in due]
        self._answered_s = moments[-1].time_s
        return moments

    def _moment(self, row: int, poses: dict[int, dict[int, PoseNow]]) -> Moment:
        sight = self._past[row]
        there = tuple(poses[number][row] for number in sorted(sight.people))
        now_s = time.monotonic()
        delay_s = now_s - sight.decoded_s if sight.decoded_s else 0.0
        return Moment(sight.index, sight.time_s, there, delay_s)

    def _lifted(self, number: int, rows: list[int]) -> dict[int, PoseNow]:
        """Row -> pose of this person."""
        motion = self._lifter(self._track(number), self._camera)
        smooth = self._filters.setdefault(number, OneEuro(self._smooth))
        poses = {}
        for row in rows:
            xyz_m = smooth(motion.xyz_m[row], float(motion.time_s[row]))
            poses[row] = PoseNow(number, xyz_m, motion.confidence[row])
        return poses

    def _track(self, number: int) -> Track2D:
        """The last seconds of one person."""
        shape = (len(self._past), len(self._skeleton))
        xy_px = np.full((*shape, 2), np.nan, np.float32)
        world_m = np.full((*shape, 3), np.nan, np.float32)
        score = np.zeros(shape, np.float32)
        has_world = False
        for row, sight in enumerate(self._past):
            person = sight.people.get(number)
            if person is None:
                continue
            xy_px[row] = person.xy_px
            score[row] = np.where(np.isfinite(person.xy_px).all(axis=-1), person.score, 0.0)
            if person.world_m is not None:
                world_m[row], has_world = person.world_m, True
        time_s = np.array([sight.time_s for sight in self._past])
        return Track2D(number, time_s, xy_px, score, self._skeleton, world_m if has_world else None)


@dataclass(frozen=True)
class _Sight:
    """Who was seen in one picture."""

    index: int
    time_s: float
    decoded_s: float
    people: dict[int, Person2D]


def window_s(lifter: Lifter) -> float:
    """How much of the past one window of a lifter holds, whole steps inside it."""
    if isinstance(lifter, Windowed):
        return (lifter.window - 2) / lifter.fps
    return SPAN_S


def live_poses(
    video: str | Path | Source,
    options: Options = Options(),
    *,
    delay_s: float = DELAY_S,
    every_s: float = EVERY_S,
    stopped: Callable[[], bool] = lambda: False,
    opened: Callable[[Camera, Lifter], None] = lambda camera, lifter: None,
) -> Iterator[Moment]:
    """Everybody's poses while the video runs, in bounded memory; `stopped` is asked every picture.

    A camera or a stream is kept up with: pictures for which there is no time are passed over. What
    has an end (a file) is answered picture by picture. `opened` is called before the first one.
    Raises what `monomocap.estimate` raises.
    """
    if options.person != "all":
        raise OptionError("live poses are of everybody; leave person out and pick by number")
    if options.size is not None:
        raise OptionError("size is that of finished 2D, which has nothing live; leave it out")
    with ExitStack() as held:
        reader = held.enter_context(
            VideoReader(video, options.max_frames, image_fps=options.image_fps, as_it_comes=True)
        )
        lifter = load_lifter(options.lifter, options.device)
        detector = held.enter_context(
            load_detector(options.detector, options.device, boxes=options.boxes)
        )
        camera = camera_for(reader.info, options)
        poses = LivePoses(
            camera,
            lifter,
            detector.skeleton,
            delay_s=delay_s,
            every_s=every_s,
            smooth=options.smooth,
        )
        opened(camera, lifter)
        frames = held.enter_context(closing(newest(reader, stopped)))
        for frame in frames if reader.live else reader:
            yield from poses(frame, detector(frame))
            if stopped():
                break
        yield from poses.rest()
