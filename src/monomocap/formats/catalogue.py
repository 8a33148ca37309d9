"""All file formats by the ending of a file's name."""

from collections.abc import Iterable
from pathlib import Path

from monomocap.errors import FormatError, OptionError
from monomocap.formats.angle_table import AnglesCsv, AnglesParquet
from monomocap.formats.bvh import Bvh
from monomocap.formats.c3d import C3d
from monomocap.formats.coco import Coco
from monomocap.formats.format import Format
from monomocap.formats.glb import Glb
from monomocap.formats.html import Html
from monomocap.formats.json import Json
from monomocap.formats.mot import Mot
from monomocap.formats.npz import Npz
from monomocap.formats.rrd import Rrd
from monomocap.formats.style import Style
from monomocap.formats.table import Csv, Parquet
from monomocap.formats.trc import Trc
from monomocap.formats.usd import Usd

FORMATS: dict[str, Format] = {
    ".json": Json(),
    ".npz": Npz(),
    ".csv": Csv(),
    ".parquet": Parquet(),
    ".angles.csv": AnglesCsv(),
    ".angles.parquet": AnglesParquet(),
    ".trc": Trc(),
    ".mot": Mot(),
    ".c3d": C3d(),
    ".coco.json": Coco(),
    ".bvh": Bvh(),
    ".glb": Glb(),
    ".usd": Usd(),
    ".usda": Usd(),
    ".usdc": Usd(),
    ".html": Html(),
    ".rrd": Rrd(),
}
"""File ending -> the format that has it; of two endings that fit a name the longer one counts."""


def format_of(path: Path) -> Format:
    """The format that a path's ending names; raises `FormatError` with the list of endings."""
    return FORMATS[ending_of(path)]


def ending_of(path: Path) -> str:
    """The known ending of a path (".angles.csv" before ".csv"); `FormatError` if there is none."""
    fitting = [ending for ending in FORMATS if path.name.lower().endswith(ending)]
    if not fitting:
        raise FormatError(
            f"{path}: no format has the ending {path.suffix!r}; use one of: {_listed(FORMATS)}"
        )
    return max(fitting, key=len)


def endings_named(names: Iterable[str]) -> tuple[str, ...]:
    """The endings that "npz", ".json" name, each once; raises `FormatError` with the list of all.

    Raises `MissingDependency` where one of the formats takes a library that is not installed.
    """
    words = [word.strip().lower() for word in names if word.strip()]
    endings = tuple(dict.fromkeys("." + word.lstrip(".") for word in words))
    for ending in endings:
        if ending not in FORMATS:
            known = _listed(known.lstrip(".") for known in FORMATS)
            raise FormatError(f"no format is called {ending.lstrip('.')!r}; use: {known}")
        FORMATS[ending].check()
    return endings


def styled_endings(names: Iterable[str], style: Style) -> dict[str, Style]:
    """The endings that `endings_named` gives, each with the style of its files.

    Formats without bones have no style. Raises `OptionError` where one is asked for and all are
    such.
    """
    endings = endings_named(names)
    if style != Style() and not any(FORMATS[ending].styles for ending in endings):
        known = _listed(ending.lstrip(".") for ending, each in FORMATS.items() if each.styles)
        raise OptionError(
            f"names of bones, program and rest pose are for {known}; ask for one of these formats"
        )
    return {ending: style if FORMATS[ending].styles else Style() for ending in endings}


def _listed(endings: Iterable[str]) -> str:
    return ", ".join(sorted(endings))
