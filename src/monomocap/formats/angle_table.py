"""Wide tables of joint angles, a row per person and frame: CSV, and Parquet (extra `formats`).

Columns: person, frame, time (seconds), then an angle each, in degrees, by the names and signs of
docs/angles.md. An angle that cannot be told is an empty cell, or a null.
"""

import csv
import json
from pathlib import Path

import numpy as np

from monomocap.formats.files import whole_or_nothing
from monomocap.formats.format import Format
from monomocap.formats.header import describe
from monomocap.geometry.angles import ANGLES, JointAngles, joint_angles
from monomocap.types import Take

COLUMNS = ("person", "frame", "time", *ANGLES)
DEGREE_DECIMALS = 3


def angles_of(take: Take) -> list[JointAngles]:
    """Everybody's joint angles; ankles from the detector's own feet where it has any."""
    pairs = zip(take.motions, take.tracks, strict=True)
    return [joint_angles(motion, take.camera, track) for motion, track in pairs]


class AnglesCsv(Format):
    """Joint angles as text."""

    about = "joint angles as CSV"

    def write(self, take: Take, path: Path) -> None:
        """Write a row per person and frame; degrees are rounded to 1e-3."""
        with whole_or_nothing(path) as temporary, temporary.open("w", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(COLUMNS)
            for person in angles_of(take):
                rows.writerows(_text_rows(person))


class AnglesParquet(Format):
    """Joint angles for pandas, polars and their like."""

    about = "joint angles as Parquet"
    needs = ("pyarrow", "formats")

    def write(self, take: Take, path: Path) -> None:
        """Write a row per person and frame."""
        import pyarrow as pa
        from pyarrow import parquet

        people = angles_of(take)
        numbers = {
            "person": [np.full(len(one.time_s), one.person, np.int32) for one in people],
            "frame": [np.arange(len(one.time_s), dtype=np.int32) for one in people],
            "time": [one.time_s for one in people],
        }
        numbers |= {name: [one[name] for one in people] for name in ANGLES}
        empty = {"person": np.empty(0, np.int32), "frame": np.empty(0, np.int32)}
        columns = {
            name: pa.array(np.concatenate([empty.get(name, np.empty(0)), *parts]), from_pandas=True)
            for name, parts in numbers.items()
        }
        said = {
            "monomocap.units": json.dumps({"time": "seconds"} | dict.fromkeys(ANGLES, "degrees")),
            "monomocap.header": json.dumps(describe(take, path), allow_nan=False),
        }
        with whole_or_nothing(path) as temporary:
            table = pa.table(columns).replace_schema_metadata(said)
            parquet.write_table(table, temporary, compression="zstd")


def _text_rows(person: JointAngles) -> list[list[object]]:
    degrees = person.deg.round(DEGREE_DECIMALS) + 0.0
    return [
        [person.person, frame, repr(float(time)), *("" if v != v else f"{v:.3f}" for v in row)]
        for frame, (time, row) in enumerate(zip(person.time_s, degrees.tolist(), strict=True))
    ]
