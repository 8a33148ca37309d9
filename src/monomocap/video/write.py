"""Videos out: H.264, yuv420p, index in front, so that everything plays them; others by ending.

A file appears under its name only when it is whole; until then, and after a failure, it does not.
"""

import math
import os
import tempfile
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import cast

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from jaxtyping import UInt8

from monomocap.errors import OutputError
from monomocap.video.codings import coding_of

TICK = Fraction(1, 90_000)
"""Times are kept to this many seconds."""
_BT709 = 1
_LIMITED_RANGE = 1


def spare(source: Path, target: Path) -> None:
    """Raise `OutputError` where the file that is to be written is the one that is read."""
    if target.exists() and source.exists() and target.samefile(source):
        raise OutputError(f"{source} would be overwritten by the result; choose another place")


class VideoWriter:
    """Writes pictures of one size; `fps` is for pictures that come without a time."""

    def __init__(self, path: str | Path, *, fps: float | int, transparent: bool = False) -> None:
        """`transparent` takes RGBA. Raises `OutputError` if nothing can be written there."""
        if not 0 < fps < float("inf"):
            raise OutputError(f"{path}: a video needs frames per second above 0, not {fps}")
        self._path = Path(path)
        self._coding = coding_of(self._path, transparent)
        self._step = max(1, round(1 / (fps * TICK)))
        self._part = _reserve(self._path)
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._size = (0, 0)
        self._last: int | None = None
        self._later = 0
        try:
            kind = self._coding.container
            options = {"movflags": "faststart", "movie_timescale": str(1 / TICK)}
            self._container = av.open(
                str(self._part), "w", format=kind, options={} if kind == "webm" else options
            )
        except (av.FFmpegError, OSError) as error:
            self._abandon()
            raise OutputError(f"cannot write {path} ({error.strerror})") from error

    def write(
        self, rgb: UInt8[np.ndarray, "height width channel"], time_s: float | int | None = None
    ) -> None:
        """Add a picture, shown from `time_s` on, or one step after the picture before it.

        Times increase. They are kept as they are, unless the first is below 0: then it becomes 0.
        """
        ticks = self._ticks(time_s)
        try:
            stream = self._stream or self._begin(rgb)
            if rgb.shape[:2] != self._size:
                raise OutputError(f"{self._path}: pictures must keep their size {self._size}")
            self._mux(stream, _picture(rgb, self._coding.pix_fmt, ticks, self._step))
        except (av.FFmpegError, OSError) as error:
            raise OutputError(f"cannot write {self._path} ({error.strerror})") from error
        self._last = ticks

    def close(self) -> None:
        """Finish the file and give it its name."""
        if self._container is None:
            return
        try:
            if self._stream is None:
                raise OutputError(f"{self._path}: a video needs at least one picture")
            self._mux(self._stream, None)
            container, self._container = self._container, None
            container.close()
            self._part.replace(self._path)
        except (av.FFmpegError, OSError) as error:
            raise OutputError(f"cannot write {self._path} ({error.strerror})") from error
        finally:
            self._abandon()

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self._abandon()

    def _ticks(self, time_s: float | int | None) -> int:
        if time_s is None:
            return 0 if self._last is None else self._last + self._step
        if not math.isfinite(time_s):
            raise OutputError(f"{self._path}: a picture's time must be finite, not {time_s}")
        ticks = round(Fraction(time_s) / TICK) + self._later
        if self._last is None and ticks < 0:
            # Players leave out what comes before 0; the whole video starts later instead.
            ticks, self._later = 0, -ticks
        # Two frames closer than a tick still follow each other.
        return ticks if self._last is None else max(ticks, self._last + 1)

    def _begin(self, rgb: np.ndarray) -> VideoStream:
        assert self._container is not None
        rate = Fraction(1, self._step) / TICK
        stream = cast(VideoStream, self._container.add_stream(self._coding.codec, rate=rate))
        height, width, _ = rgb.shape
        self._size = height, width
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = self._coding.pix_fmt
        stream.options = dict(self._coding.options)
        context = stream.codec_context
        context.time_base = TICK
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED_RANGE
        self._stream = stream
        return stream

    def _mux(self, stream: VideoStream, picture: av.VideoFrame | None) -> None:
        if self._container is None:
            raise OutputError(f"{self._path} is closed; nothing can be added to it")
        self._container.mux(stream.encode(picture))

    def _abandon(self) -> None:
        """Leave nothing half-written behind."""
        if self._container is not None:
            with suppress(av.FFmpegError, OSError):
                self._container.close()
            self._container = None
        self._part.unlink(missing_ok=True)


def _picture(rgb: np.ndarray, pix_fmt: str, ticks: int, step: int) -> av.VideoFrame:
    """yuv420p wants even sides: the last row and column are shown twice where they are odd."""
    height, width = rgb.shape[:2]
    even = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    channels = {3: "rgb24", 4: "rgba"}[rgb.shape[2]]
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format=channels)
    frame = frame.reformat(format=pix_fmt, dst_colorspace=Colorspace.ITU709)
    frame.pts, frame.time_base, frame.duration = ticks, TICK, step
    return frame


def _reserve(path: Path) -> Path:
    """An empty file beside the one to be written; proves that writing is possible."""
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder")
    try:
        number, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".part")
        os.close(number)
        Path(part).chmod(0o666 & ~_umask())
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror})") from error
    return Path(part)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
