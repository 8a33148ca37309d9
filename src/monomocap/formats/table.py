"""Long tables of positions, a row per person, frame and joint: CSV, and Parquet (extra `formats`).

Columns: person, frame, time (seconds), joint, x, y, z (metres; world: right-handed, Z up, floor at
0), confidence (0 to 1). A missing position is an empty cell in CSV and a null in Parquet; its row
is there all the same.
"""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from monomocap.errors import FormatError
from monomocap.formats.files import reading, whole_or_nothing
from monomocap.formats.format import Format
from monomocap.formats.header import describe
from monomocap.formats.positions import bare_motion, bare_take, world_motions
from monomocap.types import Motion3D, Take

COLUMNS = ("person", "frame", "time", "joint", "x", "y", "z", "confidence")
UNITS = {
    "person": "number, from 0",
    "frame": "number, from 0",
    "time": "seconds, from the container's clock",
    "joint": "name",
    "x": "metres, level",
    "y": "metres, level, 90 degrees left of x",
    "z": "metres, up; the floor is at 0",
    "confidence": "0 to 1; 0 where missing",
}
METRE_DECIMALS = 6
CONFIDENCE_DECIMALS = 4

Columns = dict[str, np.ndarray]


class Csv(Format):
    """A long table as text."""

    about = "CSV"

    def write(self, take: Take, path: Path) -> None:
        """Write a row per person, frame and joint; metres are rounded to 1e-6."""
        with whole_or_nothing(path) as temporary, temporary.open("w", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(COLUMNS)
            for motion in world_motions(take):
                rows.writerows(_text_rows(motion))

    def read(self, path: Path) -> Take:
        """Read a table; the columns may stand in any order, and others beside them."""
        with reading(path), path.open(newline="", encoding="utf-8") as file:
            table = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
            if missing:
                raise FormatError(f"{path} has no column {missing[0]!r}; it needs all of {COLUMNS}")
            rows = list(table)
            columns = {name: _column(rows, name) for name in COLUMNS}
            return _take(columns, path)


class Parquet(Format):
    """A long table for pandas, polars, DuckDB, Spark and their like."""

    about = "Parquet"
    needs = ("pyarrow", "formats")

    def write(self, take: Take, path: Path) -> None:
        """Write a row per person, frame and joint; positions stay exactly what they are."""
        import pyarrow as pa
        from pyarrow import parquet

        columns = _columns(take)
        arrays = {name: _arrow(pa, name, values) for name, values in columns.items()}
        table = pa.table(arrays).replace_schema_metadata(
            {
                "monomocap.units": json.dumps(UNITS),
                "monomocap.header": json.dumps(describe(take, path), allow_nan=False),
            }
        )
        with whole_or_nothing(path) as temporary:
            parquet.write_table(table, temporary, compression="zstd")

    def read(self, path: Path) -> Take:
        """Read a table; other columns may stand beside those that are wanted."""
        import pyarrow as pa
        from pyarrow import parquet

        with reading(path), path.open("rb") as file:
            try:
                table = parquet.read_table(file, columns=list(COLUMNS))
            except pa.ArrowException as error:
                raise FormatError(f"{path} is no Parquet table: {_first_line(error)}") from error
            columns = {name: _from_arrow(table, name) for name in COLUMNS}
            return _take(columns, path)


def _text_rows(motion: Motion3D) -> list[list[object]]:
    numbers = np.concatenate(
        [motion.xyz_m.round(METRE_DECIMALS), motion.confidence[..., None].round(4)], axis=-1
    ).astype(np.float64)
    times = [repr(float(time)) for time in motion.time_s]
    return [
        [motion.person, frame, times[frame], joint, *(_text(v) for v in numbers[frame, j].tolist())]
        for frame in range(len(times))
        for j, joint in enumerate(motion.skeleton.joints)
    ]


def _text(value: float) -> str:
    """The shortest decimals; nothing where the number is missing."""
    return f"{value + 0.0:.{METRE_DECIMALS}f}".rstrip("0").rstrip(".") if value == value else ""


def _columns(take: Take) -> Columns:
    """The whole table, column by column."""
    parts = [_motion_columns(motion) for motion in world_motions(take)]
    empty = {name: np.empty(0, _KIND[name]) for name in COLUMNS}
    parts = [empty, *parts]
    return {name: np.concatenate([part[name] for part in parts]) for name in COLUMNS}


_KIND: dict[str, Any] = {
    "person": np.int32,
    "frame": np.int32,
    "time": np.float64,
    "joint": object,
    "x": np.float64,
    "y": np.float64,
    "z": np.float64,
    "confidence": np.float32,
}


def _motion_columns(motion: Motion3D) -> Columns:
    frames, joints = motion.xyz_m.shape[:2]
    flat = motion.xyz_m.reshape(-1, 3).astype(np.float64)
    return {
        "person": np.full(frames * joints, motion.person, np.int32),
        "frame": np.repeat(np.arange(frames, dtype=np.int32), joints),
        "time": np.repeat(motion.time_s, joints),
        "joint": np.tile(np.array(motion.skeleton.joints, object), frames),
        "x": flat[:, 0],
        "y": flat[:, 1],
        "z": flat[:, 2],
        "confidence": motion.confidence.reshape(-1).astype(np.float32),
    }


def _arrow(pa: Any, name: str, values: np.ndarray) -> Any:
    if name == "joint":
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values, from_pandas=True)  # NaN becomes null


def _from_arrow(table: Any, name: str) -> np.ndarray:
    column = table.column(name)
    if name == "joint":
        return np.array(column.to_pylist(), object)
    return np.array(column.to_numpy(zero_copy_only=False), np.float64)


def _column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    cells = [row[name] for row in rows]
    if name == "joint":
        return np.array(cells, object)
    return np.array([float(cell) if cell else np.nan for cell in cells], np.float64)


def _take(columns: Columns, path: Path) -> Take:
    """The take that a table describes: every person on the clock of all frames."""
    frame, first = np.unique(columns["frame"], return_index=True)
    time_s = columns["time"][first]
    people = np.unique(columns["person"])
    motions = [_motion(columns, int(person), frame, time_s) for person in people]
    return bare_take(str(path), time_s, motions)


def _motion(
    columns: Columns, person: int, frames: np.ndarray, time_s: Float[np.ndarray, " time"]
) -> Motion3D:
    mine = columns["person"] == person
    joints = tuple(dict.fromkeys(str(joint) for joint in columns["joint"][mine]))
    number = {joint: n for n, joint in enumerate(joints)}
    row = np.searchsorted(frames, columns["frame"][mine])
    joint = np.array([number[str(name)] for name in columns["joint"][mine]], int)
    xyz_m = np.full((len(frames), len(joints), 3), np.nan)
    confidence = np.zeros((len(frames), len(joints)))
    xyz_m[row, joint] = np.stack([columns[axis][mine] for axis in "xyz"], axis=-1)
    confidence[row, joint] = np.nan_to_num(columns["confidence"][mine])
    return bare_motion(person, time_s, xyz_m, joints, confidence)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
