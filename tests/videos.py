"""Videos for tests: made on the spot, every frame wearing its number.

A reader that drops, repeats, swaps, turns or mirrors frames is found out by `number_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

Picture = Callable[[int, int, int], np.ndarray]
"""(index, width, height) -> rgb uint8 (height, width, 3)."""

TICK = Fraction(1, 90_000)
BITS = 12


def numbered(index: int, width: int, height: int) -> np.ndarray:
    """Grey, with the index in white bars (lowest bit left) in the upper half; lower left red.

    The picture differs from itself turned or mirrored in any way.
    """
    rgb = np.full((height, width, 3), 96, np.uint8)
    edges = np.linspace(0, width, BITS + 1).round().astype(int)
    for bit in range(BITS):
        rgb[: height // 2, edges[bit] : edges[bit + 1]] = 255 if index >> bit & 1 else 0
    rgb[height * 3 // 4 :, : width // 4] = (220, 30, 30)
    return rgb


def number_of(rgb: np.ndarray) -> int:
    """The index that `numbered` drew."""
    height, width = rgb.shape[:2]
    centers = ((np.arange(BITS) + 0.5) * width / BITS).astype(int)
    bits = rgb[height // 4, centers].mean(axis=-1) > 128
    return int((bits << np.arange(BITS)).sum())


def is_upright(rgb: np.ndarray) -> bool:
    """Whether the red corner of `numbered` is at the lower left, and only there."""
    height, width = rgb.shape[:2]
    y, x = height // 16, width // 16
    corners = rgb[[-1 - y, -1 - y, y, y], [x, -1 - x, x, -1 - x]].astype(int)
    red = corners[:, 0] - corners[:, 1:].max(axis=1) > 80
    return red.tolist() == [True, False, False, False]


def make_video(
    path: Path,
    *,
    frames: int = 10,
    fps: float = 30,
    times_s: Sequence[float] | None = None,
    size: tuple[int, int] = (96, 64),
    rotation_deg: int = 0,
    mirrored: bool = False,
    rotate_tag: bool = False,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    pixel_aspect: Fraction | None = None,
    codec_options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    container_format: str | None = None,
    audio: bool = False,
    picture: Picture = numbered,
) -> Path:
    """A video of `len(times_s)` frames at those times, or of `frames` at a steady rate.

    `size` is (width, height) as stored. `rotation_deg` is how far a player must turn the stored
    picture clockwise (after `mirrored`, a left-right flip); pictures are stored turned the other
    way, so that a correct reader always shows `picture` upright. `rotate_tag` says so as old files
    do, in a tag instead of a matrix.
    """
    times = [i / fps for i in range(frames)] if times_s is None else list(times_s)
    options = container_options or {}
    with av.open(str(path), "w", format=container_format, options=options) as container:
        stream = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        stream.options = dict(codec_options or {})
        if times_s is not None:
            stream.codec_context.time_base = TICK
        if rotate_tag:
            stream.metadata["rotate"] = str(rotation_deg)
        elif rotation_deg or mirrored:
            stream.set_display_rotation(-rotation_deg, hflip=mirrored)
        sound = container.add_stream("aac", rate=44_100, layout="mono") if audio else None
        for index, time_s in enumerate(times):
            stored = _stored(picture, index, size, rotation_deg, mirrored)
            frame = av.VideoFrame.from_ndarray(stored, format="rgb24")
            frame.time_base = stream.codec_context.time_base or 1 / Fraction(fps)
            frame.pts = round(time_s / frame.time_base)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound is not None:
            _silence(container, sound, times[-1])
    return path


def make_audio(path: Path, seconds: float = 0.5) -> Path:
    """A file with sound and no picture."""
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=44_100, layout="mono")
        _silence(container, sound, seconds)
    return path


def cut_short(path: Path, target: Path, share: float) -> Path:
    """The first `share` of a file's bytes: a download or a recording that was broken off."""
    whole = path.read_bytes()
    target.write_bytes(whole[: int(len(whole) * share)])
    return target


def _stored(
    picture: Picture, index: int, size: tuple[int, int], rotation_deg: int, mirrored: bool
) -> np.ndarray:
    shown_size = size if rotation_deg % 180 == 0 else size[::-1]
    rgb = picture(index, *shown_size)
    rgb = np.rot90(rgb[:, ::-1] if mirrored else rgb, rotation_deg // 90)
    return np.ascontiguousarray(rgb)


def _silence(
    container: av.container.OutputContainer, sound: av.AudioStream, seconds: float
) -> None:
    for start in range(0, int(seconds * 44_100), 1024):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 44_100, start
        container.mux(sound.encode(frame))
    container.mux(sound.encode())
