"""One pass over a container: every picture once, as shown, at its time, and what went wrong."""

import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from itertools import islice

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
from monomocap.video.sources import Source
from monomocap.video.unpack import NeedsCare, Unpacking

ASSUMED_FPS = 30.0
"""Where a stream gives neither times nor a rate."""
MAX_BELIEVABLE_FPS = 1000.0
LATE_END_S = 0.5
"""A file that ends this much before its stated duration was cut short."""


class Decoding:
    """One pass over a source: container, stream, clock, and what went wrong."""

    def __init__(self, source: Source, *, low_delay: bool = False) -> None:
        """`low_delay`: every picture as soon as it is there, at the price of slower decoding."""
        self.source = source
        self.decoded = 0
        self.began_s = self.ended_s = 0.0
        # Decoders that take several pictures at once hold them back, and may lose some where a
        # file is damaged; then it is read again, which a stream cannot be.
        self._unpacking = Unpacking(source, careful=low_delay or source.at is None)
        self._stored_pictures = self._unpacked()
        self._pictures = progressive(self._stored_pictures)
        try:
            self._first = next(self._pictures, None)
            if self._first is None:
                why = str(self._unpacking.damage) or "it is empty or cut short"
                raise VideoError(f"{source.shown} holds no picture that can be decoded: {why}")
            self._look = Look.of(self._first, self._stream)
            self._stored = (self._first.width, self._first.height)
            self.info = self._claims()
        except BaseException:
            self._unpacking.close()
            raise

    @property
    def _stream(self) -> VideoStream:
        return self._unpacking.stream

    @property
    def _container(self) -> InputContainer:
        return self._unpacking.container

    @property
    def endless(self) -> bool:
        """Whether nobody knows how long it will be: a pipe, or a stream without a length."""
        unknown = self._container.duration is None and not self._stream.frames
        return unknown or self.source.kind == "stdin"

    def close(self) -> None:
        """Let go of the container."""
        self._stored_pictures.close()
        self._unpacking.close()

    def frames(self) -> Iterator[Frame]:
        """Every picture, as shown, at its time."""
        base = self._stream.time_base
        start = self._stream.start_time
        start_s = float(start * base) if start is not None and base is not None else 0.0
        clock = Clock(start_s, 1 / self.info.fps)
        picture = self._first
        self._first = None
        while picture is not None:
            stamp = picture.pts
            time_s = clock(None if stamp is None or base is None else float(stamp * base))
            self.began_s = time_s if self.decoded == 0 else self.began_s
            self.ended_s = time_s
            self.decoded += 1
            yield Frame(self.decoded - 1, time_s, self._shown(picture), time.monotonic())
            picture = next(self._pictures, None)

    def summary(self, *, complete: bool) -> VideoInfo:
        """What was decoded; `complete` if nobody asked to stop early."""
        partial = str(self._unpacking.damage) or (self._missing() if complete else "")
        return decoded_info(self.info, self.decoded, self.began_s, self.ended_s, partial)

    def _shown(self, picture: av.VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
        """A stream that changes its size on the way keeps the size it began with."""
        if (picture.width, picture.height) == self._stored:
            return self._look.shown(picture)
        rgb = Look.of(picture, self._stream).shown(picture)
        return fitted(rgb, self.info.width_px, self.info.height_px)

    def _missing(self) -> str:
        """Whether the container promised more than came; empty if not."""
        claimed = self._stream.frames - self._unpacking.not_shown
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

    def _unpacked(self) -> Generator[av.VideoFrame, None, None]:
        """Every picture as it is stored; at the first damage all is read again, carefully."""
        given = 0
        try:
            for picture in self._unpacking.pictures():
                given += 1
                yield picture
        except NeedsCare:
            self._unpacking.close()
            self._unpacking = Unpacking(self.source, careful=True)
            yield from islice(self._unpacking.pictures(), given, None)

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
