"""Where rendered pictures go: a video, a GIF, a folder of PNG files or one PNG, by the name."""

from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from monomocap.errors import OutputError
from monomocap.video.codings import ENDINGS, coding_of
from monomocap.video.gif import GifWriter
from monomocap.video.stills import FolderWriter, StillWriter
from monomocap.video.write import VideoWriter

Kind = Literal["video", "gif", "folder", "still"]


@runtime_checkable
class Sink(Protocol):
    """Takes pictures of one size one by one; closed by the end of its block."""

    def write(self, picture: UInt8[np.ndarray, "height width channel"], time_s: float, /) -> None:
        """Add a picture, shown from `time_s` on."""

    def __enter__(self) -> "Sink": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def kind_of(path: Path, transparent: bool = False) -> Kind:
    """What a name asks for; a name without an ending is a folder.

    Raises `OutputError` with the list of endings, for transparent ones where that is wanted.
    """
    ending = path.suffix.lower()
    if ending in ENDINGS:
        coding_of(path, transparent)
        return "video"
    kinds: dict[str, Kind] = {"": "folder", ".gif": "gif", ".png": "still"}
    if ending not in kinds:
        raise OutputError(
            f"cannot write {path}: use one of {', '.join(ENDINGS)}, .gif, .png (one picture), "
            "or a name without an ending for a folder of PNG files"
        )
    return kinds[ending]


def open_sink(path: Path, fps: float, transparent: bool = False) -> Sink:
    """A writer for the path; raises `OutputError` at once if nothing can be written there."""
    kind = kind_of(path, transparent)
    if kind == "video":
        return VideoWriter(path, fps=fps, transparent=transparent)
    if kind == "gif":
        return GifWriter(path, fps=fps, transparent=transparent)
    return FolderWriter(path) if kind == "folder" else StillWriter(path)
