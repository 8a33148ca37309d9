"""Finished 2D: what other programs detected, as people per frame.

    seen = read_keypoints(Path("alphapose-results.json"))

COCO and Halpe (AlphaPose, annotations and results), a folder of OpenPose's files, MMPose's
predictions, MediaPipe's landmarks, our own takes, and plain .npz files. Which of these a file is,
it says by its own words (`monomocap.formats.keypoints_json`).
"""

import json
import mmap
import re
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from monomocap.errors import FormatError, MonomocapError, OptionError
from monomocap.formats.header import FORMAT
from monomocap.formats.keypoints_json import Document, Sighting, parse
from monomocap.skeleton import (
    BLAZEPOSE33,
    COCO17,
    COCO23,
    HALPE26,
    MODELSCOPE15,
    OPENPOSE18,
    OPENPOSE25,
    SKELETONS,
    Skeleton,
)
from monomocap.types import Track2D
from monomocap.video.sources import OPENPOSE_2D, PICTURE_ENDINGS, VIDEO_ENDINGS

ENDINGS = (".json", ".npz")
BY_COUNT: dict[int, Skeleton] = {
    15: MODELSCOPE15,
    17: COCO17,
    18: OPENPOSE18,
    23: COCO23,
    25: OPENPOSE25,
    26: HALPE26,
    33: BLAZEPOSE33,
    133: COCO23,
    136: HALPE26,
}
"""How many joints a file has -> whose they are; of 133 and 136 the body alone is taken."""
SHARES_BELOW = 2.0
"""Coordinates that all lie below this are shares of the picture, not pixels."""


@dataclass(frozen=True)
class Keypoints2D:
    """What a file of 2D holds; pixels, NaN where a joint is missing."""

    path: Path
    kind: str
    """'coco', 'openpose', 'mmpose', 'mediapipe', 'take' or 'npz'."""
    skeleton: Skeleton
    frames: tuple[tuple[Sighting, ...], ...]
    """Who was seen in each frame, from the first frame of the video."""
    size_px: tuple[int, int] | None = None
    """Width and height of the picture, if the file says."""
    time_s: Float[np.ndarray, " time"] | None = None
    """When each frame was shown, if the file says."""
    fps: float | None = None
    shares: bool = False
    """Whether coordinates are still shares of the picture's width and height."""

    @property
    def named(self) -> bool:
        """Whether the file says who is who from frame to frame."""
        everybody = [person for frame in self.frames for person in frame]
        return bool(everybody) and all(person.person is not None for person in everybody)

    def in_pixels(self, width_px: int, height_px: int) -> "Keypoints2D":
        """The same for a picture of this size; what was in pixels stays.

        A share of 0.5 is the picture's middle, which lies between its middle pixels.
        """
        if not self.shares:
            return self
        size = np.array([width_px, height_px])
        frames = tuple(
            tuple(replace(one, xy=one.xy * size - 0.5) for one in frame) for frame in self.frames
        )
        return replace(self, frames=frames, shares=False, size_px=(width_px, height_px))

    def tracks(self, time_s: Float[np.ndarray, " time"]) -> tuple[Track2D, ...]:
        """One track per person, by the file's own numbers, one row for each of these times."""
        people = sorted({p.person for f in self.frames for p in f if p.person is not None})
        return tuple(self._track(number, who, time_s) for number, who in enumerate(people))

    def _track(self, number: int, who: int, time_s: Float[np.ndarray, " time"]) -> Track2D:
        shape = (len(time_s), len(self.skeleton))
        xy_px, score = np.full((*shape, 2), np.nan, np.float32), np.zeros(shape, np.float32)
        for row, frame in enumerate(self.frames[: len(time_s)]):
            for one in frame:
                if one.person == who:
                    xy_px[row], score[row] = one.xy, one.score
        return Track2D(number, time_s, xy_px, score, self.skeleton)


def is_keypoints(path: Path) -> bool:
    """Whether a path looks like finished 2D: by its ending, or as a folder of OpenPose's files."""
    if path.is_dir():
        return next(path.glob(OPENPOSE_2D), None) is not None and not _has_pictures(path)
    return path.suffix.lower() in ENDINGS


def holds_take(path: Path) -> bool:
    """Whether a JSON or NPZ file is a saved take rather than 2D alone, without reading it all.

    What cannot be looked into counts as a take, whose reader says what is wrong.
    """
    try:
        if path.suffix.lower() == ".npz":
            with zipfile.ZipFile(path) as archive:
                return "header.npy" in archive.namelist()
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            return text.find(FORMAT.encode()) >= 0
    except (OSError, ValueError, zipfile.BadZipFile):
        return True


def _has_pictures(folder: Path) -> bool:
    return any(f.suffix.lower() in PICTURE_ENDINGS | VIDEO_ENDINGS for f in folder.iterdir())


def read_keypoints(path: Path) -> Keypoints2D:
    """Finished 2D from a file or folder; raises `FormatError`."""
    try:
        found = _read(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FormatError(f"cannot read the 2D in {path}: {reason}") from error
    except _DAMAGE as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FormatError(
            f"{path} holds no 2D that is known here (COCO, Halpe, OpenPose, MMPose, MediaPipe, "
            f"ours): {said}"
        ) from error
    largest = max((_largest(one.xy) for frame in found.frames for one in frame), default=np.inf)
    return replace(found, shares=largest < SHARES_BELOW)


_DAMAGE = (
    *(KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, EOFError),
    *(RecursionError, NotImplementedError, zipfile.BadZipFile),
)


def _largest(xy: Float[np.ndarray, "joint 2"]) -> float:
    return float(np.nanmax(np.abs(xy))) if np.isfinite(xy).any() else 0.0


def _read(path: Path) -> Keypoints2D:
    if path.is_dir():
        return _openpose_folder(path)
    if path.suffix.lower() == ".npz":
        return _npz(path)
    document = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(document, dict) and str(document.get("format", "")).startswith("monomocap"):
        return _take(path)
    return _from_document(path, parse(document))


def _from_document(path: Path, said: Document) -> Keypoints2D:
    joints = {len(one.score) for frame in said.frames for one in frame}
    if len(joints) > 1:
        raise ValueError(f"people with {' and '.join(map(str, sorted(joints)))} joints")
    skeleton = _skeleton(joints.pop()) if joints else COCO17
    frames = tuple(
        tuple(replace(p, xy=p.xy[: len(skeleton)], score=p.score[: len(skeleton)]) for p in frame)
        for frame in said.frames
    )
    return Keypoints2D(path, said.kind, skeleton, frames, said.size_px, said.time_s)


def _skeleton(joints: int) -> Skeleton:
    if joints not in BY_COUNT:
        raise ValueError(f"{joints} joints; known are {', '.join(map(str, BY_COUNT))}")
    return BY_COUNT[joints]


def _openpose_folder(folder: Path) -> Keypoints2D:
    """One file per frame, NAME_000000000012_keypoints.json; a number that is missing is a gap."""
    files = sorted(folder.glob(OPENPOSE_2D), key=lambda f: (_number(f.name), f.name))
    numbers = [_number(file.name) for file in files]
    if len(set(numbers)) != len(numbers):
        raise ValueError("two files have one number; is there more than one video?")
    frames: list[tuple[Sighting, ...]] = [() for _ in range(numbers[-1] - numbers[0] + 1)]
    for number, file in zip(numbers, files, strict=True):
        (frames[number - numbers[0]],) = parse(json.loads(file.read_text("utf-8"))).frames
    return _from_document(folder, Document("openpose", tuple(frames)))


def _number(name: str) -> int:
    found = re.search(r"(\d+)_keypoints\.json$", name)
    if found is None:
        raise ValueError(f"{name} has no frame's number")
    return int(found[1])


# --- ours


def _take(path: Path) -> Keypoints2D:
    """The 2D of a take that `monomocap run` wrote."""
    from monomocap.formats import load

    try:
        take = load(path)
    except MonomocapError as error:
        raise FormatError(str(error)) from error
    rows = zip(*(_rows(track) for track in take.tracks), strict=True)
    frames = tuple(tuple(one for one in row if one) for row in rows) or ((),) * len(take.time_s)
    skeleton = take.tracks[0].skeleton if take.tracks else COCO17
    size_px = (take.info.width_px, take.info.height_px)
    return Keypoints2D(path, "take", skeleton, frames, size_px, take.time_s, take.info.fps)


def _rows(track: Track2D) -> list[Sighting | None]:
    return [
        Sighting(xy.astype(np.float64), score.astype(np.float64), track.person) if any_ else None
        for xy, score, any_ in zip(track.xy_px, track.score, track.seen.any(axis=1), strict=True)
    ]


def _npz(path: Path) -> Keypoints2D:
    """A take, or arrays of your own.

    xy_px (time, joint, 2), or (person, time, joint, 2); score of the same shape without the 2;
    and, if known, skeleton, time_s or fps, width_px and height_px.
    """
    with np.load(path, allow_pickle=False) as file:
        if "header" in file.files:
            return _take(path)
        arrays = {name: file[name] for name in file.files}
    xy = np.asarray(arrays["xy_px"], np.float64)
    xy = xy[None] if xy.ndim == 3 else xy
    if xy.ndim != 4 or xy.shape[-1] != 2:
        raise ValueError(f"xy_px has shape {xy.shape}, not (time, joint, 2)")
    score = np.asarray(arrays.get("score", np.ones(xy.shape[:-1])), np.float64)
    score = score.reshape(xy.shape[:-1])
    skeleton = _named(arrays, xy.shape[2])
    frames = tuple(_at(xy[:, row], score[:, row]) for row in range(xy.shape[1]))
    return Keypoints2D(
        path, "npz", skeleton, frames, _size(arrays), _clock(arrays, xy.shape[1]), _fps(arrays)
    )


def _at(
    xy: Float[np.ndarray, "person joint 2"], score: Float[np.ndarray, "person joint"]
) -> tuple[Sighting, ...]:
    """Who is there in one frame."""
    seen = np.isfinite(xy).all(axis=-1)
    return tuple(
        Sighting(np.where(s[:, None], p, np.nan), np.where(s, c, 0.0), who)
        for who, (p, c, s) in enumerate(zip(xy, score, seen, strict=True))
        if s.any()
    )


def _named(arrays: dict[str, np.ndarray], joints: int) -> Skeleton:
    if "skeleton" not in arrays:
        return _skeleton(joints)
    name = str(arrays["skeleton"])
    if name not in SKELETONS or len(SKELETONS[name]) != joints:
        raise ValueError(f"skeleton {name!r} of {joints} joints; known: {', '.join(SKELETONS)}")
    return SKELETONS[name]


def _size(arrays: dict[str, np.ndarray]) -> tuple[int, int] | None:
    if not {"width_px", "height_px"} <= arrays.keys():
        return None
    return int(arrays["width_px"]), int(arrays["height_px"])


def _clock(arrays: dict[str, np.ndarray], frames: int) -> np.ndarray | None:
    if "time_s" not in arrays:
        return None
    time_s = np.asarray(arrays["time_s"], np.float64)
    if time_s.shape != (frames,):
        raise ValueError(f"time_s has shape {time_s.shape}, not ({frames},)")
    return time_s


def _fps(arrays: dict[str, np.ndarray]) -> float | None:
    return float(arrays["fps"]) if "fps" in arrays else None


def parse_size(said: str) -> tuple[int, int]:
    """1920x1080 as (1920, 1080); raises `OptionError`."""
    found = re.fullmatch(r"\s*(\d+)\s*[x×]\s*(\d+)\s*", said)  # noqa: RUF001
    if not found or not int(found[1]) or not int(found[2]):
        raise OptionError(f"a picture's size is WIDTHxHEIGHT, as 1920x1080, not {said!r}")
    return int(found[1]), int(found[2])
