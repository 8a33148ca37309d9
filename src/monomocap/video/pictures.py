"""A folder of pictures as a video: one frame each, in the order of their names."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from jaxtyping import UInt8

from monomocap.errors import VideoError
from monomocap.types import Frame, VideoInfo
from monomocap.video import lens
from monomocap.video.decode import ASSUMED_FPS, decoded_info
from monomocap.video.look import Look, fitted
from monomocap.video.open import open_container, picture_stream, reason
from monomocap.video.sources import Source, demand_pictures, source_of
from monomocap.video.unpack import Damage

FORMAT = "pictures"
"""What `VideoInfo.codec` says."""
Picture = UInt8[np.ndarray, "height width 3"]


class Pictures:
    """One pass over a folder. Pictures have no clock: they come `fps` a second.

    Where the names are numbered and most numbers follow each other at one step, a number that is
    missing is time that passes. A picture that cannot be read is left out, and that is damage.
    """

    endless = False

    def __init__(self, source: Source, fps: float | int | None) -> None:
        """Raises `VideoError` if there is no picture that can be read."""
        self._files = demand_pictures(Path(source.word))
        self._fps = float(fps or ASSUMED_FPS)
        self.damage = Damage()
        self.decoded = 0
        self._began_s = self._ended_s = 0.0
        self._places = places([file.stem for file in self._files])
        self._readable = self._read()
        self._first = next(self._readable, None)
        if self._first is None:
            raise VideoError(f"{source.shown} holds no picture that can be read: {self.damage}")
        _, rgb, self._look = self._first
        self.info = VideoInfo(
            path=source.shown,
            width_px=rgb.shape[1],
            height_px=rgb.shape[0],
            fps=self._fps,
            frames=len(self._files),
            duration_s=(self._places[-1] + 1) / self._fps,
            rotation_deg=self._look.rotation_deg,
            codec=FORMAT,
            focal_35mm_mm=lens.from_jpeg(self._files[0]),
        )

    def frames(self) -> Iterator[Frame]:
        """Every picture that can be read, upright, in the size of the first one."""
        picture, self._first = self._first, None
        while picture is not None:
            place, rgb, _ = picture
            self._ended_s = place / self._fps
            self._began_s = self._began_s if self.decoded else self._ended_s
            self.decoded += 1
            shown = fitted(rgb, self.info.width_px, self.info.height_px)
            yield Frame(self.decoded - 1, self._ended_s, shown)
            picture = next(self._readable, None)

    def summary(self, *, complete: bool) -> VideoInfo:
        """What was read."""
        return decoded_info(self.info, self.decoded, self._began_s, self._ended_s, str(self.damage))

    def close(self) -> None:
        """Nothing stays open between pictures."""

    def _read(self) -> Iterator[tuple[int, Picture, Look]]:
        for place, file in zip(self._places, self._files, strict=True):
            try:
                yield (place, *_read_picture(file))
            except VideoError as error:
                self.damage.add(str(error), place / self._fps)


def places(names: list[str]) -> list[int]:
    """Which step of time each picture belongs to: their numbers, or else simply their order."""
    found = [re.search(r"(\d+)$", name) for name in names]
    numbers = [int(f[1]) for f in found if f]
    steps = np.diff(numbers).tolist() if len(numbers) == len(names) else []
    usual, often = Counter(steps).most_common(1)[0] if steps else (0, 0)
    if usual <= 0 or min(steps) <= 0 or 2 * often < len(steps):
        return list(range(len(names)))
    ticks = [round((number - numbers[0]) / usual) for number in numbers]
    return ticks if len(set(ticks)) == len(ticks) else list(range(len(names)))


def _read_picture(file: Path) -> tuple[Picture, Look]:
    with open_container(source_of(file)) as container:
        stream = picture_stream(container, str(file))
        try:
            picture = next(container.decode(stream), None)
        except (av.FFmpegError, OSError) as error:
            raise VideoError(f"cannot read the picture {file.name} ({reason(error)})") from error
        if picture is None:
            raise VideoError(f"the picture {file.name} is empty")
        look = Look.of(picture, stream)
        return look.shown(picture), look
