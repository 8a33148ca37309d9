"""Motion to files and back: the ending of the path chooses the format.

save(take, "take.json")     readable text; the model card's three fields at its top level
save(take, "take.npz")      numpy arrays, every number exactly as it was
take = load("take.npz")
"""

from pathlib import Path
from typing import Protocol, runtime_checkable

from monomocap.errors import FormatError
from monomocap.formats import json, npz
from monomocap.formats.model_card import model_card_output as model_card_output
from monomocap.types import Take


@runtime_checkable
class Format(Protocol):
    """What a module of this room offers."""

    def write(self, take: Take, path: Path) -> None:
        """Write a take to a file."""

    def read(self, path: Path) -> Take:
        """Read a take from a file."""


FORMATS: dict[str, Format] = {".json": json, ".npz": npz}
"""File ending -> the format that has it."""


def save(take: Take, path: str | Path) -> Path:
    """Write a take; the file appears under its name only when it is whole.

    Raises `FormatError` for an ending nobody writes, `OutputError` where nothing can be written.
    """
    path = Path(path)
    format_of(path).write(take, path)
    return path


def load(path: str | Path) -> Take:
    """Read a take that `save` wrote; raises `FormatError` for any other or damaged file."""
    path = Path(path)
    return format_of(path).read(path)


def format_of(path: Path) -> Format:
    """The format that a path's ending names; raises `FormatError` with the list of endings."""
    ending = path.suffix.lower()
    if ending not in FORMATS:
        listed = ", ".join(sorted(FORMATS))
        raise FormatError(f"{path}: no format has the ending {ending!r}; use one of: {listed}")
    return FORMATS[ending]
