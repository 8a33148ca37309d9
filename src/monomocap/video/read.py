"""Videos in: pictures with their true times, one by one, however the camera stored them.

    with VideoReader("walk.mp4") as video:
        for frame in video:
            frame.rgb, frame.time_s
        video.info.partial        # why it ended early, if it did

Pictures come as a player shows them: turned and mirrored as the file asks, with square pixels, all
of one size. Frames in are frames out; what a damaged file still holds is given, and then
`info.partial` says what is missing.
"""

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import av
import av.filter
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.video.stream import VideoStream
from jaxtyping import UInt8

from monomocap.errors import VideoError
from monomocap.types import Frame, VideoInfo

ASSUMED_FPS = 30.0
"""Where a stream gives neither times nor a rate."""
MAX_BELIEVABLE_FPS = 1000.0
LATE_END_S = 0.5
"""A file that ends this much before its stated duration was cut short."""
_LENIENT: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
)
"""Titles that are not UTF-8 stop no video; PyAV 19 needs no telling."""
_TEXT_FORMATS = {"tty"}
"""FFmpeg 'plays' text files as terminal art; a text file is not a video to anybody else."""


class VideoReader:
    """A video, opened and checked; iterating decodes it from the first frame, each time anew."""

    def __init__(self, path: str | Path, max_frames: int | None = None) -> None:
        """`max_frames` stops after so many. Raises `VideoError` if there is nothing to see."""
        self._path = Path(path)
        self._max_frames = max_frames
        self._decoding: _Decoding | None = _Decoding(self._path)
        self._info = self._decoding.info

    @property
    def info(self) -> VideoInfo:
        """What the container says; after the last frame, what was really decoded."""
        return self._info

    def __iter__(self) -> Iterator[Frame]:
        decoding, self._decoding = self._decoding or _Decoding(self._path), None
        try:
            for frame in decoding.frames():
                yield frame
                if frame.index + 1 == self._max_frames:
                    self._info = decoding.summary(complete=False)
                    return
            self._info = decoding.summary(complete=True)
        finally:
            decoding.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._decoding:
            self._decoding.close()
            self._decoding = None

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass
class _Damage:
    """What went wrong on the way; told once, at the end."""

    pieces: int = 0
    first: str = ""

    def add(self, what: str, time_s: float | None) -> None:
        self.pieces += 1
        where = "" if time_s is None else f" at {time_s:.2f} s"
        self.first = self.first or f"{what}{where}"

    def __str__(self) -> str:
        more = f" (and {self.pieces - 1} more places)" if self.pieces > 1 else ""
        return f"{self.first}{more}" if self.pieces else ""


class Clock:
    """Times that strictly increase, from stamps that may be missing, repeated or start over."""

    def __init__(self, start_s: float, step_s: float) -> None:
        self._step_s = step_s
        self._shift_s = 0.0
        self._next_s = start_s
        """Where a frame without a stamp belongs."""
        self._last_s: float | None = None

    def __call__(self, stamp_s: float | None) -> float:
        """The time of the next frame, in seconds."""
        time_s = self._next_s if stamp_s is None else stamp_s + self._shift_s
        if self._last_s is not None and time_s <= self._last_s:
            if self._last_s - time_s > max(1.0, 5 * self._step_s):  # the stamps started over
                self._shift_s += self._next_s - time_s
                time_s = self._next_s
            else:
                time_s = self._last_s + self._step_s / 10
        self._last_s = time_s
        self._next_s = time_s + self._step_s
        return time_s


class _Decoding:
    """One pass over a file: container, stream, clock, and what went wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage = _Damage()
        self.decoded = 0
        self.began_s = self.ended_s = 0.0
        self._not_shown = 0
        self._container = _open(path)
        try:
            self._stream = _picture_stream(self._container, path)
            self._stream.thread_type = "AUTO"
            # AVI has no display times: its stamps count in the order of decoding.
            self._unordered = self._container.format.name == "avi"
            self._stamps: deque[int | None] = deque()
            self._pictures = self._decode()
            self._first = next(self._pictures, None)
            if self._first is None:
                why = str(self.damage) or "it is empty or cut short"
                raise VideoError(f"{path} holds no picture that can be decoded: {why}")
            self._look = _Look.of(self._first, self._stream)
            self.info = self._claims()
        except BaseException:
            self._container.close()
            raise

    def close(self) -> None:
        self._pictures.close()
        self._container.close()

    def frames(self) -> Iterator[Frame]:
        """Every picture, as shown, at its time."""
        base = self._stream.time_base
        start = self._stream.start_time
        start_s = float(start * base) if start is not None and base is not None else 0.0
        clock = Clock(start_s, 1 / self.info.fps)
        picture = self._first
        self._first = None
        while picture is not None:
            stamp = self._stamps.popleft() if self._stamps else None
            stamp = stamp if self._unordered else picture.pts
            time_s = clock(None if stamp is None or base is None else float(stamp * base))
            rgb = self._look.shown(picture)
            self.began_s = time_s if self.decoded == 0 else self.began_s
            self.ended_s = time_s
            self.decoded += 1
            yield Frame(self.decoded - 1, time_s, rgb)
            picture = next(self._pictures, None)

    def summary(self, *, complete: bool) -> VideoInfo:
        """What was decoded; `complete` if nobody asked to stop early."""
        fps, duration_s = self.info.fps, self.info.duration_s
        if self.decoded > 1:
            span_s = self.ended_s - self.began_s
            fps = (self.decoded - 1) / span_s
            duration_s = span_s * self.decoded / (self.decoded - 1)
        partial = str(self.damage) or (self._missing() if complete else "")
        return replace(
            self.info, frames=self.decoded, fps=fps, duration_s=duration_s, partial=partial
        )

    def _missing(self) -> str:
        """Whether the container promised more than came; empty if not."""
        claimed = self._stream.frames - self._not_shown
        if claimed > self.decoded:
            return f"the file claims {claimed} frames and holds {self.decoded}; is it cut short?"
        claimed_s = _claimed_end_s(self._container, self._stream)
        if claimed_s:
            end_s = self.ended_s + 1 / self.info.fps
            if claimed_s - end_s > LATE_END_S:
                return (
                    f"the file claims {claimed_s:.2f} s and ends at {end_s:.2f}; is it cut short?"
                )
        return ""

    def _decode(self) -> Generator[av.VideoFrame, None, None]:
        packets = self._container.demux(self._stream)
        while (packet := self._next_packet(packets)) is not None:
            if packet.is_corrupt and self._container.format.name != "mpegts":
                # The last piece of a file that was broken off: half a picture.
                self.damage.add("the file is cut short", _seconds(packet))
                continue
            self._not_shown += packet.is_discard or (packet.size == 0 and packet.dts is not None)
            if self._unordered and packet.size:
                self._stamps.append(packet.dts)
            for picture in self._decode_packet(packet):
                if picture.is_corrupt:
                    self.damage.add("damaged picture", _seconds(packet))
                yield picture
        yield from self._drain()

    def _next_packet(self, packets: Iterator[av.Packet]) -> av.Packet | None:
        """None at the end, and where the file cannot be read any further."""
        try:
            return next(packets, None)
        except (av.FFmpegError, OSError) as error:
            self.damage.add(f"the file cannot be read further ({_reason(error)})", None)
            return None

    def _decode_packet(self, packet: av.Packet) -> list[av.VideoFrame]:
        try:
            return self._stream.decode(packet)
        except (av.FFmpegError, OSError) as error:
            self.damage.add(f"damaged data ({_reason(error)})", _seconds(packet))
            return []

    def _drain(self) -> Iterator[av.VideoFrame]:
        """What the decoder still holds; an error in the midst of it does not end it."""
        while True:
            try:
                held = self._stream.decode(None)
            except (av.FFmpegError, OSError):
                return
            if not held:
                return
            yield from held

    def _claims(self) -> VideoInfo:
        stream, look = self._stream, self._look
        return VideoInfo(
            path=str(self.path),
            width_px=look.shown_width_px,
            height_px=look.shown_height_px,
            fps=_mean_fps(stream),
            frames=stream.frames or None,
            duration_s=_duration_s(self._container, stream),
            rotation_deg=look.rotation_deg,
            codec=stream.codec_context.name,
        )


@dataclass(frozen=True)
class _Look:
    """How stored pictures become shown ones: scaled, then transposed, then flipped."""

    width_px: int
    height_px: int
    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def of(cls, picture: av.VideoFrame, stream: VideoStream) -> "_Look":
        width_px = max(1, round(picture.width * _pixel_aspect(stream)))
        return cls(width_px, picture.height, *_orientation(picture, stream))

    @property
    def shown_width_px(self) -> int:
        return self.height_px if self.transpose else self.width_px

    @property
    def shown_height_px(self) -> int:
        return self.width_px if self.transpose else self.height_px

    @property
    def rotation_deg(self) -> int:
        """Clockwise turn from stored to shown (of a mirrored picture, before mirroring)."""
        if self.transpose:
            return 90 if self.flip_x else 270
        return 180 if self.flip_y else 0

    def shown(self, picture: av.VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
        rgb = picture.reformat(format="rgb24", width=self.width_px, height=self.height_px)
        if self._turning is not None:
            rgb.pts = None
            self._turning.vpush(rgb)
            rgb = self._turning.vpull()
        return np.ascontiguousarray(rgb.to_ndarray())

    @cached_property
    def _turning(self) -> av.filter.Graph | None:
        """FFmpeg's own turning: a phone's upright video would cost numpy 12 ms a picture."""
        steps: list[tuple[str, str | None]] = []
        steps += [("transpose", "cclock_flip")] if self.transpose else []
        steps += [("hflip", None)] if self.flip_x else []
        steps += [("vflip", None)] if self.flip_y else []
        if not steps:
            return None
        graph = av.filter.Graph()
        form = av.VideoFormat("rgb24", self.width_px, self.height_px)
        begin = graph.add_buffer(
            width=self.width_px, height=self.height_px, format=form, time_base=Fraction(1)
        )
        nodes = [graph.add(name, arguments) for name, arguments in steps]
        graph.link_nodes(begin, *nodes, graph.add("buffersink")).configure()
        return graph


def _orientation(picture: av.VideoFrame, stream: VideoStream) -> tuple[bool, bool, bool]:
    """Transpose, flip x, flip y: the nearest of the eight ways to lay a picture down.

    The display matrix (FFmpeg's libavutil/display.h) sends stored (x, y) to shown
    (a x + c y, b x + d y). Older files carry a tag `rotate` instead, in degrees clockwise.
    """
    matrix = picture.side_data.get("DISPLAYMATRIX")
    if matrix is not None:
        a, b, _, c, d = np.frombuffer(bytes(cast(SideData, matrix)), np.int32)[:5].tolist()
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return False, a < 0, d < 0
        return True, c < 0, b < 0
    turns = _rotate_tag_deg(stream) // 90
    return [(False,) * 3, (True, True, False), (False, True, True), (True, False, True)][turns]


def _rotate_tag_deg(stream: VideoStream) -> int:
    tags = {name.lower(): text for name, text in stream.metadata.items()}
    try:
        return round(float(tags.get("rotate", "0")) / 90) * 90 % 360
    except (ValueError, OverflowError):
        return 0


def _pixel_aspect(stream: VideoStream) -> float:
    """Width of a stored pixel over its height; 1 where the file says nothing sensible."""
    ratio = stream.sample_aspect_ratio
    return float(ratio) if ratio and 0.25 <= ratio <= 4 else 1.0


def _open(path: Path) -> InputContainer:
    if not path.exists():
        raise VideoError(f"there is no file {path}; check the name")
    if not path.is_file():
        raise VideoError(f"{path} is not a file; name one video")
    try:
        # The prefix keeps a name like "a:b.mp4" from being read as a protocol.
        container = av.open(f"file:{path}", **_LENIENT)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise VideoError(
            f"{path} is not a video, or is cut short before its index ({_reason(error)}); "
            "try to play it, or copy it again"
        ) from error
    if container.format.name in _TEXT_FORMATS:
        container.close()
        raise VideoError(f"{path} is a text file, not a video")
    return container


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first moving picture; a cover in a music file is none."""
    covers = av.stream.Disposition.attached_pic
    streams = [s for s in container.streams.video if not s.disposition & covers]
    if not streams:
        held = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
        raise VideoError(f"{path} has no video stream (it holds: {held}); name a video")
    if streams[0].codec_context is None:
        raise VideoError(f"{path} uses a codec that this FFmpeg cannot decode; convert it to H.264")
    return streams[0]


def _mean_fps(stream: VideoStream) -> float:
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and 0 < rate <= MAX_BELIEVABLE_FPS:
            return float(rate)
    return ASSUMED_FPS


def _duration_s(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _claimed_end_s(container: InputContainer, stream: VideoStream) -> float | None:
    """Where the pictures should end, for containers that state times but count no frames."""
    if stream.frames or not container.format.name.startswith("matroska"):
        return None
    tag = stream.metadata.get("DURATION", "")
    try:
        hours, minutes, seconds = (float(part) for part in tag.split(":"))
    except ValueError:
        alone = len(container.streams) == 1
        return container.duration / av.time_base if alone and container.duration else None
    return 3600 * hours + 60 * minutes + seconds


def _seconds(packet: av.Packet) -> float | None:
    stamp = packet.pts if packet.pts is not None else packet.dts
    return None if stamp is None else float(stamp * packet.time_base)
