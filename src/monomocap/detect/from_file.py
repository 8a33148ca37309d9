"""Finished 2D as a detector: it answers what a file says, frame by frame.

monomocap run walk.mp4 --detector results.json     the file's 2D, the video's pictures and clock
monomocap run results.json --size 1920x1080        no video at all: `BlankVideo` stands for it
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np
from jaxtyping import Float

from monomocap.errors import OptionError
from monomocap.formats.keypoints import Keypoints2D, parse_size, read_keypoints
from monomocap.formats.keypoints_json import Sighting
from monomocap.types import Frame, Person2D, Track2D, VideoInfo
from monomocap.weights import sha256

FORMAT = "2D"
"""What `VideoInfo.codec` says where there is no video."""
ASSUMED_FPS = 30.0
"""Where neither the file nor the options say how many frames a second there are."""
SAME_SHAPE = 0.01
"""A file's picture and the video's are the same, larger or smaller, if their sides' ratios are
equal to this share."""


class FromFile:
    """A detector that has seen it all before."""

    device = "cpu"

    def __init__(self, path: Path, seen: Keypoints2D | None = None) -> None:
        """`seen` is what the path holds, if it was read before. Raises `FormatError`."""
        self._seen = seen or read_keypoints(path)
        self._size: tuple[int, int] | None = None
        self.name = f"2D of {self._seen.kind}"
        self.skeleton = self._seen.skeleton
        self.weights = {path.name: sha256(path)} if path.is_file() else {}
        """The file's own SHA-256: it is what another run needs for the same result."""

    @property
    def knows_people(self) -> bool:
        """Whether the file says who is who; then nobody else needs to find out."""
        return self._seen.named

    def __call__(self, frame: Frame) -> list[Person2D]:
        """Whom the file has in this frame."""
        self._fit(frame.rgb.shape[1], frame.rgb.shape[0])
        frames = self._seen.frames
        return [_person(one) for one in (frames[frame.index] if frame.index < len(frames) else ())]

    def collect(
        self, frames: Iterable[Frame]
    ) -> tuple[Float[np.ndarray, " time"], tuple[Track2D, ...]]:
        """The time of every frame, and one track for each person whom the file names."""
        times = []
        for frame in frames:
            self._fit(frame.rgb.shape[1], frame.rgb.shape[0])
            times.append(frame.time_s)
        clock = np.array(times, np.float64)
        return clock, self._seen.tracks(clock)

    def _fit(self, width_px: int, height_px: int) -> None:
        if self._size != (width_px, height_px):
            self._seen = fitted(self._seen, width_px, height_px)
            self._size = (width_px, height_px)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> "FromFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def fitted(seen: Keypoints2D, width_px: int, height_px: int) -> Keypoints2D:
    """The 2D in pixels of a picture of this size; raises `OptionError` if it was of another."""
    seen = seen.in_pixels(width_px, height_px)
    if seen.size_px in (None, (width_px, height_px)) or seen.size_px is None:
        return seen
    across, down = width_px / seen.size_px[0], height_px / seen.size_px[1]
    if abs(across / down - 1) > SAME_SHAPE:
        raise OptionError(
            f"the 2D in {seen.path} is of pictures of {seen.size_px[0]} x {seen.size_px[1]} "
            f"pixels, and the video has {width_px} x {height_px}; do they belong together?"
        )
    scale = np.array([across, down])
    frames = tuple(
        tuple(replace(one, xy=(one.xy + 0.5) * scale - 0.5) for one in frame)
        for frame in seen.frames
    )
    return replace(seen, frames=frames, size_px=(width_px, height_px))


def _person(one: Sighting) -> Person2D:
    xy_px = one.xy.astype(np.float32)
    seen = xy_px[np.isfinite(xy_px).all(axis=-1)]
    low_high = (seen.min(axis=0), seen.max(axis=0)) if len(seen) else (np.zeros(2), np.zeros(2))
    return Person2D(xy_px, one.score.astype(np.float32), np.concatenate(low_high).astype("f4"))


class BlankVideo:
    """Stands for the video that nobody has: black pictures at the times of finished 2D."""

    live = False

    def __init__(
        self,
        path: Path,
        *,
        size: str | None = None,
        fps: float | None = None,
        max_frames: int | None = None,
    ) -> None:
        """`size` (WIDTHxHEIGHT) and `fps` say what the file does not.

        Raises `FormatError` for another file, and `OptionError` where the size is not known.
        """
        seen = read_keypoints(path)
        if size is None and seen.size_px is None:
            raise OptionError(
                f"{path} does not say how large the picture was; say it as --size 1920x1080, or "
                "give the video and this file as its --detector"
            )
        self._seen = seen
        self.has_clock = fps is not None or seen.time_s is not None or seen.fps is not None
        """Whether anybody said when the frames were."""
        self._size = parse_size(size) if size else seen.size_px or (1, 1)
        self._time_s = _clock(seen, fps)[:max_frames]
        self.info = self._described(path)

    @property
    def detector(self) -> FromFile:
        """What answers for these pictures."""
        return FromFile(self._seen.path, self._seen)

    def _described(self, path: Path) -> VideoInfo:
        times = self._time_s
        span_s = float(times[-1] - times[0]) if len(times) > 1 else 0.0
        fps = (len(times) - 1) / span_s if span_s else ASSUMED_FPS
        return VideoInfo(
            str(path), *self._size, fps, len(times), len(times) / fps if fps else None, codec=FORMAT
        )

    def __iter__(self) -> Iterator[Frame]:
        width, height = self._size
        black = np.broadcast_to(np.zeros((1, 1, 1), np.uint8), (height, width, 3))
        for index, time_s in enumerate(self._time_s):
            yield Frame(index, float(time_s), black)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> "BlankVideo":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def _clock(seen: Keypoints2D, fps: float | None) -> Float[np.ndarray, " time"]:
    """The file's times, unless a rate is given; raises `OptionError` if they do not increase."""
    if fps is None and seen.time_s is not None:
        if not (np.diff(seen.time_s) > 0).all():
            raise OptionError(f"the times in {seen.path} do not increase; say --image-fps instead")
        return seen.time_s
    return np.arange(len(seen.frames)) / (fps or seen.fps or ASSUMED_FPS)
