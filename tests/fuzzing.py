"""Damaged videos, hundreds of them, read in a process of their own: a crash or a hang is seen.

python -m tests.fuzzing FOLDER SEED COUNT     # prints one line of JSON per damaged video
"""

from __future__ import annotations

import faulthandler
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import av
import numpy as np

from monomocap.errors import VideoError
from monomocap.video.read import VideoReader
from tests.videos import make_video

FRAMES = 12
BASES: dict[str, dict[str, object]] = {
    "a.mp4": {"container_options": {"movflags": "faststart"}},
    "b.mp4": {"codec_options": {"bf": "3", "b-adapt": "0"}},
    "c.mkv": {},
    "d.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "e.ts": {"codec_options": {"bf": "0"}},
    "f.gif": {"codec": "gif", "pix_fmt": "rgb8", "fps": 25},
    "g.mov": {"codec": "mpeg4", "rotation_deg": 90},
    "h.h264": {},
}
MOST_FRAMES = 20 * FRAMES
"""A damaged file may repeat itself, but not for ever."""
Damage = Callable[[bytes, np.random.Generator], bytes]


def truncated(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: int(rng.integers(0, len(data)))]


def flipped(data: bytes, rng: np.random.Generator) -> bytes:
    """A few bits are wrong, anywhere."""
    out = bytearray(data)
    for at in rng.integers(0, len(data), int(rng.integers(1, 20))):
        out[at] ^= 1 << int(rng.integers(8))
    return bytes(out)


def spliced(data: bytes, rng: np.random.Generator) -> bytes:
    """A piece is missing, comes twice, or is noise."""
    a, b = sorted(int(i) for i in rng.integers(0, len(data), 2))
    b = min(b, a + len(data) // 4)
    piece: bytes = [b"", 2 * data[a:b], rng.bytes(b - a)][int(rng.integers(3))]
    return data[:a] + piece + data[b:]


DAMAGES: tuple[Damage, ...] = (truncated, flipped, spliced)


def bare_count(path: Path) -> int:
    """How many pictures FFmpeg gives to a loop that goes on after every error."""
    count = 0
    with (
        suppress(av.FFmpegError, OSError, ValueError, IndexError),
        av.open(f"file:{path}") as container,
    ):
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            if packet.is_corrupt and container.format.name != "mpegts":
                continue  # half a picture
            with suppress(av.FFmpegError, OSError):
                count += len(stream.decode(packet))
            if count >= MOST_FRAMES:
                break
    return count


def look_at(path: Path) -> dict[str, object]:
    """What the reader makes of a file."""
    began = time.monotonic()
    try:
        with VideoReader(path, max_frames=MOST_FRAMES) as video:
            frames = [(frame.time_s, frame.rgb.shape) for frame in video]
            info = video.info
    except VideoError as error:
        return {"error": str(error), "s": time.monotonic() - began}
    times_s = np.array([time_s for time_s, _ in frames])
    return {
        "frames": len(frames),
        "increasing": bool((np.diff(times_s) > 0).all() and np.isfinite(times_s).all()),
        "sizes": len({shape for _, shape in frames}),
        "partial": info.partial,
        "s": time.monotonic() - began,
    }


def cases(folder: Path, seed: int, count: int) -> Iterator[dict[str, object]]:
    """Damage after damage to one small video after another."""
    wholes = {
        name: make_video(folder / name, frames=FRAMES, size=(48, 32), **look).read_bytes()  # type: ignore[arg-type]
        for name, look in BASES.items()
    }
    rng = np.random.default_rng(seed)
    for number in range(count):
        name = list(wholes)[number % len(wholes)]
        damage = DAMAGES[number // len(wholes) % len(DAMAGES)]
        path = folder / f"damaged {number} {name}"
        path.write_bytes(damage(wholes[name], rng))
        seen = look_at(path) | {"bare": bare_count(path)}
        path.unlink()
        yield {"number": number, "name": name, "damage": damage.__name__} | seen


def main(folder: str, seed: str, count: str) -> None:
    faulthandler.enable()
    av.logging.set_level(av.logging.PANIC)
    for case in cases(Path(folder), int(seed), int(count)):
        sys.stdout.write(json.dumps(case) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
