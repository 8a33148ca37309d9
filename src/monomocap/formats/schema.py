"""The JSON Schema of take.json, made from the dataclasses that check it, so that it cannot lag.

It lies beside this file, `take-1.schema.json`: 1 is the schema_version. A field that is added keeps
the version, and older files stay valid; what would break a reader counts it up.

    python -m monomocap.formats.schema > src/monomocap/formats/take-1.schema.json
"""

import json
import sys
from importlib import resources
from typing import Any

from pydantic import TypeAdapter

from monomocap.formats.header import SCHEMA_VERSION, Header, PersonHeader

FILE = f"take-{SCHEMA_VERSION}.schema.json"
_TEXTS = {"type": "array", "items": {"type": "string"}}
_MARKS = {"type": "array", "items": {"type": "array", "items": {"type": "integer", "minimum": 0}}}


def schema() -> dict[str, Any]:
    """The schema as plain data (JSON Schema 2020-12)."""
    header = TypeAdapter(Header).json_schema()
    person = TypeAdapter(PersonHeader).json_schema()
    person["properties"] |= _person_arrays()
    person["required"] += ["joint_names", "joint_names_2d", "keypoints", "confidence"]
    person["required"] += ["keypoints_2d", "score_2d"]
    header["$defs"] = header["$defs"] | person.pop("$defs", {}) | {"Person": person}
    header["properties"] |= _take_arrays()
    header["required"] += ["keypoints", "timestamps", "time_s", "people"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:monomocap:take:{SCHEMA_VERSION}",
        **header,
        "title": "take.json of monomocap",
        "description": "The 3D motion of the people in a video. Missing numbers are null.",
    }


def published() -> dict[str, Any]:
    """The schema as it lies in the package."""
    text = (resources.files("monomocap.formats") / FILE).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def text() -> str:
    """The schema as a file."""
    return json.dumps(schema(), indent=1, sort_keys=True) + "\n"


def _take_arrays() -> dict[str, Any]:
    return {
        "keypoints": _array("frame", "joint", "x, y, z in metres, of `person`"),
        "timestamps": _TEXTS | {"description": "HH:MM:SS.mmm, one per frame"},
        "time_s": {
            "description": "seconds from the container's clock, one per frame, increasing",
            "type": "array",
            "items": {"type": "number"},
        },
        "people": {"type": "array", "items": {"$ref": "#/$defs/Person"}},
    }


def _person_arrays() -> dict[str, Any]:
    return {
        "joint_names": _TEXTS,
        "joint_names_2d": _TEXTS,
        "keypoints": _array("frame", "joint", "x, y, z in metres"),
        "confidence": _array("frame", "joint: 0 to 1"),
        "keypoints_2d": _array("frame", "2D joint", "x, y in pixels"),
        "score_2d": _array("frame", "2D joint: 0 to 1"),
        "world_m": _array("frame", "2D joint", "x, y, z in metres, the detector's own"),
        "root_m": _array("frame", "x, y, z of the pelvis in metres from the camera"),
        "marks": _MARKS | {"description": "what was done to each joint of each frame, as bits"},
    }


def _array(*axes: str) -> dict[str, Any]:
    """Nested lists of numbers, or of null where one is missing."""
    inner: dict[str, Any] = {"type": ["number", "null"]}
    for axis in reversed(axes):
        inner = {"type": "array", "description": axis, "items": inner}
    return inner


if __name__ == "__main__":
    sys.stdout.write(text())
