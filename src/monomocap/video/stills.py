"""Pictures out: a folder of numbered PNG files, or one PNG."""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import numpy as np
from jaxtyping import UInt8

from monomocap.errors import OutputError

NAME = "frame_{:06d}.png"
_QUICK = 3
"""PNG's compression level: twice as quick as the usual 6, files a tenth larger."""


class FolderWriter:
    """Writes every picture as a file: frame_000000.png, frame_000001.png, ...

    The folder appears when it is whole; one that has files already is left alone.
    """

    def __init__(self, folder: Path) -> None:
        """Raises `OutputError` at once if the folder is not empty, or cannot be made."""
        self._folder, self._count = folder, 0
        try:
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise OutputError(f"{folder} has files already; empty it or name another folder")
            self._part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
            self._part.chmod(0o755)
        except OSError as error:
            raise OutputError(f"cannot write to {folder} ({error.strerror})") from error

    def write(self, picture: UInt8[np.ndarray, "height width channel"], time_s: float) -> None:
        """Add a picture; a folder keeps no times."""
        save_png(picture, self._part / NAME.format(self._count))
        self._count += 1

    def __enter__(self) -> "FolderWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._part.replace(self._folder)
        except OSError as refused:
            raise OutputError(f"cannot write to {self._folder} ({refused.strerror})") from refused
        finally:
            shutil.rmtree(self._part, ignore_errors=True)


class StillWriter:
    """Writes one picture as a PNG."""

    def __init__(self, path: Path) -> None:
        """Raises `OutputError` at once if nothing can be written there."""
        self._path = path
        try:
            with tempfile.TemporaryFile(dir=path.parent):
                pass
        except OSError as error:
            raise OutputError(f"cannot write {path} ({error.strerror})") from error

    def write(self, picture: UInt8[np.ndarray, "height width channel"], time_s: float) -> None:
        """The picture; a later one takes its place."""
        save_png(picture, self._path)

    def __enter__(self) -> "StillWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def save_png(picture: UInt8[np.ndarray, "height width channel"], path: Path) -> None:
    """RGB or RGBA; the file appears when it is whole."""
    from PIL import Image

    part = path.with_name(f".part.{path.name}")
    try:
        Image.fromarray(np.ascontiguousarray(picture)).save(part, "PNG", compress_level=_QUICK)
        part.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror})") from error
    finally:
        with suppress(OSError):
            part.unlink()
