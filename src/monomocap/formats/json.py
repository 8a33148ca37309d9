"""take.json: readable without this package, and what the model card's users expect at its top.

Numbers are rounded: metres to 1e-6, pixels to 1e-3, confidences to 1e-4. Times are exact.
Missing is null.
"""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from monomocap.formats.files import reading, whole_or_nothing
from monomocap.formats.format import Format
from monomocap.formats.header import (
    check,
    check_people,
    check_shape,
    describe,
    describe_person,
    gather,
    person_arrays,
    rebuild,
)
from monomocap.formats.model_card import model_card_output
from monomocap.types import Motion3D, Take, Track2D

METRE_DECIMALS = 6
PIXEL_DECIMALS = 3
CONFIDENCE_DECIMALS = 4

_FIELDS = {
    "xyz_m": ("keypoints", METRE_DECIMALS),
    "confidence": ("confidence", CONFIDENCE_DECIMALS),
    "xy_px": ("keypoints_2d", PIXEL_DECIMALS),
    "score": ("score_2d", CONFIDENCE_DECIMALS),
    "world_m": ("world_m", METRE_DECIMALS),
    "root_m": ("root_m", METRE_DECIMALS),
    "marks": ("marks", 0),
}
"""Array -> its name in the file, and how many decimals it keeps."""


class Json(Format):
    """Readable text, one top-level field per line."""

    about = "JSON"

    def write(self, take: Take, path: Path) -> None:
        """Write a take; numbers are rounded."""
        document = to_document(take, path)
        lines = (f"{json.dumps(key)}: {_dumps(value)}" for key, value in document.items())
        with whole_or_nothing(path) as temporary:
            temporary.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

    def read(self, path: Path) -> Take:
        """Read a take; raises `FormatError`."""
        with reading(path):
            document = json.loads(path.read_text(encoding="utf-8"))
            header = check(document, path)
            people = check_people(document["people"])
            time_s = check_shape(_array(document["time_s"]), (header.frames,), "time_s")
            pairs = zip(people, document["people"], strict=True)
            arrays = [gather(header, person, partial(_fetch, fields)) for person, fields in pairs]
            return rebuild(header, people, time_s, arrays, path)


def to_document(take: Take, path: Path) -> dict[str, Any]:
    """Everything take.json says, as plain data, for a file at `path`."""
    header = describe(take, path)
    card = model_card_output(take)
    return {
        "format": header.pop("format"),
        "schema_version": header.pop("schema_version"),
        "keypoints": plain(card["keypoints"], METRE_DECIMALS),
        "timestamps": card["timestamps"],
        "output_video": header.pop("output_video"),
        **header,
        "time_s": take.time_s.tolist(),
        "people": [
            _person_to(track, motion)
            for track, motion in zip(take.tracks, take.motions, strict=True)
        ],
    }


def _person_to(track: Track2D, motion: Motion3D) -> dict[str, Any]:
    numbers = person_arrays(track, motion)
    fields = {
        name: plain(getattr(numbers, array), decimals)
        for array, (name, decimals) in _FIELDS.items()
        if getattr(numbers, array) is not None
    }
    return {
        **describe_person(track, motion),
        "joint_names": list(motion.skeleton.joints),
        "joint_names_2d": list(track.skeleton.joints),
        **fields,
    }


def _fetch(fields: dict[str, Any], name: str) -> np.ndarray:
    array = _array(fields[_FIELDS[name][0]])
    return array.astype(np.uint8) if name == "marks" else array


def plain(array: Shaped[np.ndarray, "..."], decimals: int) -> Any:
    """Nested lists with None where a number is missing."""
    if array.dtype.kind == "u":
        return array.tolist()
    rounded = array.astype(np.float64).round(decimals) + 0.0  # + 0.0 turns -0.0 into 0.0
    plain = rounded.astype(object)
    plain[~np.isfinite(rounded)] = None
    return plain.tolist()


def _array(nested: object) -> Float[np.ndarray, "..."]:
    """The inverse of `plain`: None becomes NaN."""
    return np.array(nested, dtype=np.float64)


def _dumps(value: object) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
