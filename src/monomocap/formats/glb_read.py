"""GLB files of our own, read back: the bodies that `formats.glb` wrote, and how they turn.

Only what those files use of glTF 2.0 is read: one binary buffer, arrays of 32-bit floats without
strides, one node per joint in the rig's order, and what is known of a person in the extras of the
node above them. Whatever is missing raises as `formats.files.reading` expects.
"""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from monomocap.errors import FormatError
from monomocap.formats.glb_buffer import FLOAT
from monomocap.formats.presets import axes_of
from monomocap.formats.rigged import Gap, in_gaps, read_rigged, with_usual_head
from monomocap.geometry.rig import RIG, Rest, Rigged

GENERATOR = "monomocap "
"""How the name of the program that wrote a file begins."""
_MAGIC = struct.pack("<4sI", b"glTF", 2)
_WIDTH = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
_Y_UP = axes_of("gltf")


def read_people(path: Path) -> list[Rigged]:
    """Everybody in a file, in the world, at the video's own times; NaN in gaps.

    Raises `FormatError` for a GLB of another program, and what `reading` knows for a damaged one.
    """
    data = path.read_bytes()
    if not data.startswith(_MAGIC):
        raise FormatError(f"{path} is no binary glTF 2.0")
    chunks = dict(_chunks(data))
    document = json.loads(chunks[b"JSON"])
    _check_maker(document, path)
    if "nodes" not in document:
        return []
    start_s = float(document["extras"]["first_frame_s"])
    numbers = _Numbers(document, chunks[b"BIN\0"])
    return [_person(document, numbers, skin["joints"], start_s) for skin in document["skins"]]


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at < len(data):
        length, kind = struct.unpack_from("<I4s", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length


def _check_maker(document: Any, path: Path) -> None:
    asset = document["asset"]
    maker = str(asset["generator"]) if "generator" in asset else "another program"
    if not maker.startswith(GENERATOR):
        raise FormatError(
            f"{path} was written by {maker}; only monomocap's GLB are read: export it as BVH"
        )


def _person(document: Any, numbers: "_Numbers", joints: list[int], start_s: float) -> Rigged:
    if len(joints) != len(RIG):
        raise ValueError(f"a body of ours has {len(RIG)} joints, not {len(joints)}")
    nodes = document["nodes"]
    told = next(node["extras"] for node in nodes if joints[0] in _children(node))
    rest = _rest([nodes[joint]["translation"] for joint in joints], told)
    keys = _keys(document["animations"][0], set(joints))
    time_s = start_s + numbers.of(keys[joints[0], "translation"]["input"])[:, 0]
    turns = np.tile([0.0, 0.0, 0.0, 1.0], (len(time_s), len(RIG), 1))
    for number, joint in enumerate(joints):
        if (joint, "rotation") in keys:  # others never turn
            turns[:, number] = numbers.of(keys[joint, "rotation"]["output"])
    root_m = _Y_UP.world_points(numbers.of(keys[joints[0], "translation"]["output"]))
    away = in_gaps(time_s, [Gap(**gap) for gap in told["gaps_s"]])
    return read_rigged(
        int(told["person"]), time_s, root_m, _Y_UP.world_rotations(turns), rest, away
    )


def _children(node: Any) -> list[int]:
    return list(node["children"]) if "children" in node else []


def _rest(translations: list[list[float]], told: Any) -> Rest:
    offsets_m = _Y_UP.world_points(np.array(translations, float))
    offsets_m[0] = 0.0
    if "head_share" in told:
        return Rest(offsets_m, head_share=float(told["head_share"]))
    return with_usual_head(Rest(offsets_m))  # of before the files said it


def _keys(animation: Any, joints: set[int]) -> dict[tuple[int, str], Any]:
    """(node, "translation" or "rotation") -> its sampler."""
    return {
        (channel["target"]["node"], channel["target"]["path"]): animation["samplers"][
            channel["sampler"]
        ]
        for channel in animation["channels"]
        if channel["target"]["node"] in joints
    }


class _Numbers:
    """The arrays in the binary half."""

    def __init__(self, document: Any, data: bytes) -> None:
        self._accessors, self._views = document["accessors"], document["bufferViews"]
        self._data = data

    def of(self, accessor: int) -> Float[np.ndarray, "rows width"]:
        """One array; a scalar's rows have one number."""
        told = self._accessors[accessor]
        if told["componentType"] != FLOAT:
            raise ValueError("times, places and turns are 32-bit floats")
        width, count = _WIDTH[told["type"]], int(told["count"])
        at = int(self._views[told["bufferView"]]["byteOffset"])
        flat = np.frombuffer(self._data, "<f4", count * width, at)
        return flat.reshape(count, width).astype(np.float64)
