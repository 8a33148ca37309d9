"""What all formats share about files: whole or not at all, and foreign errors become ours."""

import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from monomocap.errors import FormatError, InputError, OutputError


def check_folder(folder: Path) -> None:
    """Raises `OutputError` if the folder cannot be written, or cannot be made; makes nothing."""
    try:
        ancestry = (folder.absolute(), *folder.absolute().parents)
        nearest = next(place for place in ancestry if place.exists())
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise _cannot_write(folder, error) from error


def make_folder(folder: Path) -> None:
    """Make the folder and those above it, where they are not there yet."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[Path]:
    """A temporary path in the same folder that takes the name `path` when the block ends well."""
    temporary = path.with_name(f".{os.getpid()}.part.{path.name}")  # libraries look at endings
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Whatever a damaged or foreign file makes a reader raise becomes one `FormatError`."""
    try:
        yield
    except OSError as error:
        raise FormatError(f"cannot read {path}: {_reason(error)}") from error
    except FormatError:
        raise
    except _DAMAGE as error:
        raise FormatError(
            f"{path} is damaged or was not written by monomocap ({_reason(error)}); make it again"
        ) from error


_DAMAGE = (
    InputError,  # arrays that do not fit together
    KeyError,
    IndexError,  # numbers of parts that are not there
    TypeError,
    ValueError,  # json, unicode, numpy's headers, pydantic
    OverflowError,
    EOFError,
    RecursionError,
    NotImplementedError,  # a zip with an unknown compression
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)


def _reason(error: BaseException) -> str:
    """The first thing an error says, on one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"cannot write to {path}: {_reason(error)}; choose another place or free this one"
    )
