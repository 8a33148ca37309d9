"""A camera or a stream: poses while it runs, and the whole result when it is stopped.

`poses.jsonl` grows line by line: the first says what the numbers are, then one per picture, and the
last how it ended. After the end, or Ctrl-C, the same files as of any video are made, from all that
was seen, with both directions of time; and the pictures are kept, if they are wanted.
"""

import json
import signal
import statistics
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO, Any, Protocol, runtime_checkable

import monomocap
from monomocap.errors import OutputError
from monomocap.formats.catalogue import styled_endings
from monomocap.formats.files import check_folder, make_folder
from monomocap.formats.header import AXES, HANDEDNESS, UP
from monomocap.formats.json import CONFIDENCE_DECIMALS, METRE_DECIMALS, plain
from monomocap.formats.style import Style
from monomocap.lift.protocol import Lifter
from monomocap.live import DELAY_S, EVERY_S, LivePoses, Moment, live_poses
from monomocap.options import Options, Progress, View, no_progress
from monomocap.pipeline import estimate
from monomocap.skeleton import Skeleton
from monomocap.types import Camera, Frame, Person2D, Take
from monomocap.video.sources import Source
from monomocap.video.write import VideoWriter
from monomocap.workflows.run import finish

LINES, RECORDING = "poses.jsonl", "source.mp4"
FORMAT = "monomocap.live"
SCHEMA_VERSION = 1
ASSUMED_FPS = 30.0
_REMEMBERED = 100_000
"""Delays from which median and maximum are told: an hour at 30 pictures a second."""


@runtime_checkable
class Sink(Protocol):
    """Where lines go: a file, standard output."""

    def write(self, text: str, /) -> int:
        """Take this text."""

    def flush(self) -> None:
        """Hand it on at once."""


class Lines:
    """Moments as JSON, one per line, each written out at once."""

    def __init__(self, file: Sink) -> None:
        self._file = file
        self._delays_s: deque[float] = deque(maxlen=_REMEMBERED)
        self._last = -1
        self.moments = 0

    def begin(self, source: Source, camera: Camera, lifter: Lifter, *, delay_s: float) -> None:
        """What the numbers are."""
        self._put(
            {
                "format": FORMAT,
                "schema_version": SCHEMA_VERSION,
                "source": source.shown,
                "monomocap": monomocap.__version__,
                "lifter": lifter.name,
                "joint_names": list(lifter.skeleton.joints),
                "parents": list(lifter.skeleton.parents),
                "units": {"keypoints": "metres", "time_s": "seconds", "delay_s": "seconds"},
                "frame": "root",
                "axes": AXES["root"],
                "up": UP["root"],
                "handedness": HANDEDNESS,
                "camera": {
                    "width_px": camera.width_px,
                    "height_px": camera.height_px,
                    "focal_px": list(camera.focal_px),
                    "source": camera.source,
                },
                "looks_ahead_s": delay_s,
                "answers_every_s": EVERY_S,
            }
        )

    def add(self, moments: Iterable[Moment]) -> None:
        """One line per picture."""
        for moment in moments:
            self.moments += 1
            self._last = moment.index
            self._delays_s.append(moment.delay_s)
            self._put(_as_line(moment))

    @property
    def passed_over(self) -> int:
        """Pictures for which there was no time."""
        return self._last + 1 - self.moments

    @property
    def median_delay_s(self) -> float:
        """From decoding a picture to its poses."""
        return statistics.median(self._delays_s) if self._delays_s else 0.0

    def end(self, how: str) -> None:
        """How it ended, and how long poses took."""
        delays = sorted(self._delays_s) or [0.0]
        self._put(
            {
                "ended": how,
                "frames": self.moments,
                "passed_over": self.passed_over,
                "delay_s": {
                    "median": round(self.median_delay_s, 3),
                    "p99": round(delays[int(0.99 * (len(delays) - 1))], 3),
                    "max": round(delays[-1], 3),
                },
            }
        )

    def _put(self, document: dict[str, Any]) -> None:
        self._file.write(json.dumps(document, allow_nan=False, separators=(",", ":")) + "\n")
        self._file.flush()


class Watching:
    """Looks on while `estimate` works: gives moments, keeps pictures, and may end it."""

    def __init__(
        self, source: Source, lines: Lines, recorder: "Recorder", options: Options, delay_s: float
    ) -> None:
        self._source, self._lines, self._recorder = source, lines, recorder
        self._options, self._delay_s = options, delay_s
        self._poses: LivePoses | None = None
        self._stop = threading.Event()

    def begin(self, camera: Camera, lifter: Lifter, skeleton: Skeleton) -> None:
        """Everything is open; pictures will come."""
        self._lines.begin(self._source, camera, lifter, delay_s=self._delay_s)
        self._poses = LivePoses(
            camera, lifter, skeleton, delay_s=self._delay_s, smooth=self._options.smooth
        )

    def see(self, frame: Frame, people: list[Person2D]) -> None:
        """One more picture, and who is in it."""
        assert self._poses is not None
        self._lines.add(self._poses(frame, people))
        self._recorder.add(frame)

    def enough(self) -> bool:
        """Whether somebody wants it to end."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Let it end after this picture."""
        self._stop.set()

    def rest(self) -> None:
        """The last pictures' moments, and how it ended."""
        if self._poses is not None:
            self._lines.add(self._poses.rest())
        self._lines.end(_how(self.enough()))


class Recorder:
    """Keeps the pictures that were looked at, as a video that begins at 0; or nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._writer: VideoWriter | None = None
        self._began_s = 0.0

    def add(self, frame: Frame) -> None:
        """One more picture."""
        if self._path is None:
            return
        if self._writer is None:
            self._writer = VideoWriter(self._path, fps=ASSUMED_FPS)
            self._began_s = frame.time_s
        self._writer.write(frame.rgb, frame.time_s - self._began_s)

    @property
    def path(self) -> Path | None:
        """Where the video is, if there is one."""
        return None if self._writer is None else self._path

    def close(self) -> None:
        """Finish the video."""
        if self._writer is not None:
            self._writer.close()


@contextmanager
def stopped_by_ctrl_c(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) calls `stop`; the second is a Ctrl-C as ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def asked(number: int, frame: FrameType | None) -> None:
        stop()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_live(
    source: Source,
    folder: Path,
    options: Options = Options(),
    *,
    formats: Iterable[str] = (),
    style: Style = Style(),
    view: View | None = View(),
    delay_s: float = DELAY_S,
    progress: Progress = no_progress,
) -> Take:
    """Poses into `poses.jsonl` while it runs; the other files when it ends or is stopped.

    Without a `view` no picture is kept. Raises as `monomocap.workflows.run.run` does.
    """
    endings = styled_endings(formats, style)
    check_folder(folder)
    make_folder(folder)
    with ExitStack() as held:
        lines = Lines(held.enter_context(_lines_file(folder / LINES)))
        recorder = Recorder(None if view is None else folder / RECORDING)
        held.callback(recorder.close)
        watching = Watching(source, lines, recorder, options, delay_s)
        held.callback(watching.rest)
        with stopped_by_ctrl_c(watching.stop):
            take = estimate(source, options, progress=progress, watch=watching)
    if lines.passed_over:
        take = replace(take, warnings=(*take.warnings, _kept_up(lines)))
    return finish(take, recorder.path, folder, options, endings, view, progress)


def print_live(
    source: Source,
    file: Sink,
    options: Options = Options(),
    *,
    delay_s: float = DELAY_S,
) -> Lines:
    """The same lines into `file`, and nothing kept; works on files, too, without passing over any.

    A reader that closes its end (`| head`) stops it.
    """
    lines = Lines(file)
    stop = threading.Event()
    with stopped_by_ctrl_c(stop.set):
        opened = partial(lines.begin, source, delay_s=delay_s)
        moments = live_poses(source, options, delay_s=delay_s, stopped=stop.is_set, opened=opened)
        for moment in moments:
            lines.add([moment])
    lines.end(_how(stop.is_set()))
    return lines


def _lines_file(path: Path) -> IO[str]:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror})") from error


def _how(stopped: bool) -> str:
    return "stopped" if stopped else "the source ended"


def _kept_up(lines: Lines) -> str:
    total = lines.moments + lines.passed_over
    return f"{lines.passed_over} of {total} pictures were passed over, to keep up with the source"


def _as_line(moment: Moment) -> dict[str, Any]:
    return {
        "index": moment.index,
        "time_s": moment.time_s,
        "delay_s": round(moment.delay_s, 4),
        "people": [
            {
                "id": pose.person,
                "keypoints": plain(pose.xyz_m, METRE_DECIMALS),
                "confidence": plain(pose.confidence, CONFIDENCE_DECIMALS),
            }
            for pose in moment.people
        ],
    }
