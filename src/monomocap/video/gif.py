"""GIFs out: 256 colours of each picture's own, times on the format's clock of 1/100 s."""

import os
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream
from jaxtyping import UInt8

from monomocap.errors import OutputError

TICK = Fraction(1, 100)
OPAQUE = 128
"""A GIF's pixel is there or not: there from this alpha on."""
_SEE_THROUGH = 255
"""The colour that is none."""


class GifWriter:
    """Writes pictures of one size to a GIF that plays for ever.

    Times are rounded to 1/100 s, without adding up; browsers show no picture for less than 2/100.
    """

    def __init__(self, path: Path, *, fps: float, transparent: bool = False) -> None:
        """`fps` says how long the last picture stays; `transparent` takes RGBA.

        Raises `OutputError` at once if nothing can be written there.
        """
        self._path, self._transparent = path, transparent
        self._part = path.with_name(f".{os.getpid()}.part.{path.name}")
        self._stream: VideoStream | None = None
        self._last = -1
        self._first_s = 0.0
        options = {"loop": "0", "final_delay": str(max(2, round(1 / (fps * TICK))))}
        try:
            self._container = av.open(str(self._part), "w", format="gif", options=options)
        except (av.FFmpegError, OSError) as error:
            raise OutputError(f"cannot write {path} ({error.strerror})") from error

    def write(self, picture: UInt8[np.ndarray, "height width channel"], time_s: float) -> None:
        """Add a picture, shown from `time_s` on; the first one is at 0."""
        if self._stream is None:
            self._stream = self._begin(picture)
            self._first_s = time_s
        frame = _frame(picture, self._transparent)
        frame.pts = max(round((time_s - self._first_s) / TICK), self._last + 1)
        frame.time_base, self._last = TICK, frame.pts
        self._mux(frame)

    def __enter__(self) -> "GifWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None and self._stream is not None:
                self._mux(None)
            self._close()
            if error is None and self._stream is not None:
                self._part.replace(self._path)
        finally:
            self._part.unlink(missing_ok=True)

    def _begin(self, picture: np.ndarray) -> VideoStream:
        stream = self._container.add_stream("gif", rate=100)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "pal8"
        stream.codec_context.time_base = TICK
        return stream

    def _mux(self, frame: av.VideoFrame | None) -> None:
        assert self._stream is not None
        try:
            self._container.mux(self._stream.encode(frame))
        except (av.FFmpegError, OSError) as error:
            raise OutputError(f"cannot write {self._path} ({error.strerror})") from error

    def _close(self) -> None:
        with suppress(av.FFmpegError, OSError):
            self._container.close()


def _frame(picture: np.ndarray, transparent: bool) -> av.VideoFrame:
    """The picture in colours of its own; the last one is for what is not there."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(picture[..., :3]))
    few = image.quantize(_SEE_THROUGH, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    index = np.array(few)
    colours = np.array(few.getpalette(), np.uint8).reshape(-1, 3)
    argb = np.full((256, 4), 255, np.uint8)
    argb[: len(colours), 1:] = colours[:256]
    if transparent:
        argb[_SEE_THROUGH] = 0
        index[picture[..., 3] < OPAQUE] = _SEE_THROUGH
    pair: Any = (index, argb)  # PyAV's own annotation leaves this kind out
    return av.VideoFrame.from_ndarray(pair, format="pal8")
