"""One pass over a container: every picture once, as shown, at its time, and what went wrong."""

import time
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from jaxtyping import UInt8

from monomocap.errors import VideoError
from monomocap.types import Frame, VideoInfo
from monomocap.video import lens
from monomocap.video.clock import Clock
from monomocap.video.deinterlace import progressive
from monomocap.video.look import Look, fitted
from monomocap.video.open import open_container, picture_stream, reason
from monomocap.video.sources import Source

ASSUMED_FPS = 30.0
"""Where a stream gives neither times nor a rate."""
MAX_BELIEVABLE_FPS = 1000.0
LATE_END_S = 0.5
"""A file that ends this much before its stated duration was cut short."""


@dataclass
class Damage:
    """What went wrong on the way; told once, at the end."""

    pieces: int = 0
    first: str = ""

    def add(self, what: str, time_s: float | None) -> None:
        """One more thing, at this time of the container."""
        self.pieces += 1
        where = "" if time_s is None else f" at {time_s:.2f} s"
        self.first = self.first or f"{what}{where}"

    def __str__(self) -> str:
        more = f" (and {self.pieces - 1} more places)" if self.pieces > 1 else ""
        return f"{self.first}{more}" if self.pieces else ""


class Decoding:
    """One pass over a source: container, stream, clock, and what went wrong."""

    def __init__(self, source: Source, *, low_delay: bool = False) -> None:
        """`low_delay`: every picture as soon as it is there, at the price of slower decoding."""
        self.source = source
        self.damage = Damage()
        self.decoded = 0
        self.began_s = self.ended_s = 0.0
        self._not_shown = 0
        self._container = open_container(source)
        try:
            self._stream = picture_stream(self._container, source.shown)
            # Threads that share a picture hold none back; threads that take one each do.
            self._stream.thread_type = "SLICE" if low_delay else "AUTO"
            # AVI has no display times: its stamps count in the order of decoding.
            self._unordered = self._container.format.name == "avi"
            self._stamps: deque[int | None] = deque()
            self._packets = self._decode()
            self._pictures = progressive(self._packets)
            self._first = next(self._pictures, None)
            if self._first is None:
                why = str(self.damage) or "it is empty or cut short"
                raise VideoError(f"{source.shown} holds no picture that can be decoded: {why}")
            self._look = Look.of(self._first, self._stream)
            self._stored = (self._first.width, self._first.height)
            self.info = self._claims()
        except BaseException:
            self._container.close()
            raise

    @property
    def endless(self) -> bool:
        """Whether nobody knows how long it will be: a pipe, or a stream without a length."""
        unknown = self._container.duration is None and not self._stream.frames
        return unknown or self.source.kind == "stdin"

    def close(self) -> None:
        """Let go of the container."""
        self._packets.close()
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
            self.began_s = time_s if self.decoded == 0 else self.began_s
            self.ended_s = time_s
            self.decoded += 1
            yield Frame(self.decoded - 1, time_s, self._shown(picture), time.monotonic())
            picture = next(self._pictures, None)

    def summary(self, *, complete: bool) -> VideoInfo:
        """What was decoded; `complete` if nobody asked to stop early."""
        partial = str(self.damage) or (self._missing() if complete else "")
        return decoded_info(self.info, self.decoded, self.began_s, self.ended_s, partial)

    def _shown(self, picture: av.VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
        """A stream that changes its size on the way keeps the size it began with."""
        if (picture.width, picture.height) == self._stored:
            return self._look.shown(picture)
        rgb = Look.of(picture, self._stream).shown(picture)
        return fitted(rgb, self.info.width_px, self.info.height_px)

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
        """None at the end, and where the source cannot be read any further."""
        try:
            return next(packets, None)
        except (av.FFmpegError, OSError) as error:
            what = "stream" if self.source.at is None else "file"
            self.damage.add(f"the {what} cannot be read further ({reason(error)})", None)
            return None

    def _decode_packet(self, packet: av.Packet) -> list[av.VideoFrame]:
        try:
            return self._stream.decode(packet)
        except (av.FFmpegError, OSError) as error:
            self.damage.add(f"damaged data ({reason(error)})", _seconds(packet))
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
            path=self.source.shown,
            width_px=look.shown_width_px,
            height_px=look.shown_height_px,
            fps=_mean_fps(stream),
            frames=stream.frames or None,
            duration_s=_duration_s(self._container, stream),
            rotation_deg=look.rotation_deg,
            codec=stream.codec_context.name,
            focal_35mm_mm=lens.from_tags({**stream.metadata, **self._container.metadata}),
        )


def decoded_info(
    claimed: VideoInfo, frames: int, began_s: float, ended_s: float, partial: str
) -> VideoInfo:
    """What a video turned out to be."""
    fps, duration_s = claimed.fps, claimed.duration_s
    if frames > 1:
        span_s = ended_s - began_s
        fps = (frames - 1) / span_s
        duration_s = span_s * frames / (frames - 1)
    return replace(claimed, frames=frames, fps=fps, duration_s=duration_s, partial=partial)


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
