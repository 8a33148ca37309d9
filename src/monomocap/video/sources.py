"""What may be handed in as a video: files, folders, patterns, lists, addresses, cameras, pipes.

    source_of("rtsp://camera/1")              one word, one video
    find_sources(["clips/", "more/*.mp4"])    words that may mean many

Only names are looked at here; opening is the work of `monomocap.video.open`.
"""

import glob
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from monomocap.errors import VideoError

Kind = Literal["file", "pictures", "url", "stream", "webcam", "stdin"]

VIDEO_ENDINGS = frozenset(
    (".3g2", ".3gp", ".264", ".265", ".apng", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv")
    + (".gif", ".h264", ".h265", ".hevc", ".ivf", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg")
    + (".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".qt", ".ts", ".vob")
    + (".webm", ".wmv", ".y4m")
)
"""What counts as a video in a folder; a file that is named may end as it likes."""
PICTURE_ENDINGS = frozenset(
    (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
)
"""What counts as a picture of a folder of pictures."""
OPENPOSE_2D = "*_keypoints.json"
"""Files of a folder that is no video, but what OpenPose saw in one, frame by frame."""
LIST_ENDING = ".txt"
"""A file of sources, one per line."""
URLS = ("http", "https")
STREAMS = ("rtmp", "rtmps", "rtp", "rtsp", "rtsps", "tcp", "udp")
"""Protocols of streams that are never whole."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_WEBCAM = re.compile(r"webcam(?::(\d+))?")


@dataclass(frozen=True)
class Source:
    """One video, as somebody named it."""

    kind: Kind
    word: str
    """The name as it was given."""
    at: Path | None = None
    """Where its bytes lie on this machine, if they do."""
    cut: str = ""
    """Why those bytes are not all of them; empty when they are."""

    @property
    def live(self) -> bool:
        """Whether it goes on until somebody stops it."""
        return self.kind in ("stream", "webcam")

    @property
    def shown(self) -> str:
        """The name for messages and results: without passwords and keys."""
        if self.kind not in ("url", "stream"):
            return "standard input" if self.kind == "stdin" else self.word
        without_login = re.sub(r"://[^/@]*@", "://", self.word)
        return re.split(r"[?#]", without_login)[0]

    @property
    def stem(self) -> str:
        """What its results may be called."""
        if self.kind in ("file", "pictures"):
            path = Path(self.word).absolute()
            return path.name if self.kind == "pictures" else path.stem
        if self.kind == "stdin":
            return "stdin"
        name = Path(unquote(urlsplit(self.shown).path)).stem if self.kind == "url" else ""
        return name or re.sub(r"[^A-Za-z0-9]+", "-", self.shown).strip("-")

    @property
    def device(self) -> int:
        """Number of the camera, for webcams."""
        found = _WEBCAM.fullmatch(self.word)
        return int(found[1] or 0) if found else 0


def source_of(word: "str | Path | Source") -> Source:
    """The video that a word means. A `Path` is always a file or a folder of pictures.

    Raises `VideoError` for a protocol that is not supported.
    """
    if isinstance(word, Source):
        return word
    if isinstance(word, Path):
        return _on_disk(word)
    if word == "-":
        return Source("stdin", word)
    if _WEBCAM.fullmatch(word):
        return Source("webcam", word)
    if scheme := _SCHEME.match(word):
        return _at_address(word, scheme[1].lower())
    return _on_disk(Path(word))


def find_sources(words: Iterable[str]) -> list[Source]:
    """The videos that these words mean, in order, each once.

    A folder means the videos in it, or the one video that its pictures are; a pattern
    (`*`, `?`, `[...]`, `**`) what it matches; a `.txt` file what its lines mean. Raises
    `VideoError` where a word means nothing.
    """
    found = [source for word in words for source in _meant_by(word)]
    return list(dict.fromkeys(found))


def is_many(word: str) -> bool:
    """Whether a word may mean several videos."""
    path = Path(word)
    if source_of(word).kind == "pictures":
        return bool(_inside(path, VIDEO_ENDINGS))
    return _is_list(word) or _is_pattern(word)


def demand_pictures(folder: Path) -> list[Path]:
    """A folder's pictures, numbers in their names in the order of counting.

    Raises `VideoError` where there are none.
    """
    if pictures := _inside(folder, PICTURE_ENDINGS):
        return pictures
    if videos := _inside(folder, VIDEO_ENDINGS):
        raise VideoError(f"{folder} holds no pictures, but videos; name one, such as {videos[0]}")
    raise VideoError(f"{folder} holds no video and no picture; name another folder")


def _on_disk(path: Path) -> Source:
    return Source("pictures" if path.is_dir() else "file", str(path), path)


def _at_address(word: str, scheme: str) -> Source:
    if scheme == "file":
        return _on_disk(Path(unquote(urlsplit(word).path)))
    if scheme in URLS:
        return Source("url", word)
    if scheme in STREAMS:
        return Source("stream", word)
    known = ", ".join(f"{name}://" for name in sorted((*URLS, *STREAMS, "file")))
    raise VideoError(f"{scheme}:// is not supported; use one of: {known}")


def _meant_by(word: str) -> list[Source]:
    if _is_list(word):
        return _listed(Path(word))
    if _is_pattern(word):
        return _matching(word)
    source = source_of(word)
    if source.kind != "pictures":
        return [source]
    return _within(Path(word), source)


def _within(folder: Path, whole: Source) -> list[Source]:
    videos = _inside(folder, VIDEO_ENDINGS)
    if not videos and next(folder.glob(OPENPOSE_2D), None) is None:
        demand_pictures(folder)
    return [source_of(video) for video in videos] or [whole]


def _matching(pattern: str) -> list[Source]:
    """Videos, pictures, and folders of them; other files only where nothing else matches."""
    matches = sorted(map(Path, glob.glob(pattern, recursive=True)), key=_by_number)  # noqa: PTH207
    known = [m for m in matches if m.is_dir() and _holds_any(m)]
    known += [m for m in matches if m.is_file() and _ends(m, VIDEO_ENDINGS | PICTURE_ENDINGS)]
    chosen = sorted(known, key=_by_number) or [m for m in matches if m.is_file()]
    if not chosen:
        raise VideoError(f"no video matches {pattern}; check the pattern")
    return [source for match in chosen for source in _meant_by(str(match))]


def _listed(path: Path) -> list[Source]:
    """A list's lines; `#` begins a comment, and names are relative to the list."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise VideoError(f"cannot read the list of videos {path}: {error}") from error
    lines = (line.strip() for line in text.splitlines())
    words = [_beside(path, line) for line in lines if line and not line.startswith("#")]
    if not words:
        raise VideoError(f"the list {path} names no video; write one per line")
    if nested := next((word for word in words if _is_list(word)), None):
        raise VideoError(f"the list {path} names another list, {nested}; name videos")
    return [source for word in words for source in _meant_by(word)]


def _beside(list_file: Path, line: str) -> str:
    elsewhere = _SCHEME.match(line) or _WEBCAM.fullmatch(line) or line == "-"
    return line if elsewhere else str(list_file.parent / line)


def _is_list(word: str) -> bool:
    return Path(word).suffix.lower() == LIST_ENDING and not _SCHEME.match(word)


def _is_pattern(word: str) -> bool:
    """A file that really has such a name is that file."""
    return glob.has_magic(word) and not _SCHEME.match(word) and not Path(word).exists()


def _ends(path: Path, endings: frozenset[str]) -> bool:
    return path.suffix.lower() in endings


def _holds_any(folder: Path) -> bool:
    return bool(_inside(folder, VIDEO_ENDINGS | PICTURE_ENDINGS))


def _inside(folder: Path, endings: frozenset[str]) -> list[Path]:
    try:
        files = [f for f in folder.iterdir() if _ends(f, endings) and not f.name.startswith(".")]
    except OSError as error:
        raise VideoError(f"cannot look into the folder {folder} ({error.strerror})") from error
    return sorted((f for f in files if f.is_file()), key=_by_number)


def _by_number(path: Path) -> list[tuple[int, str]]:
    """Sort key: frame2 before frame10."""
    parts = re.split(r"(\d+)", str(path))
    return [(int(part), part) if part.isdecimal() else (-1, part) for part in parts]
