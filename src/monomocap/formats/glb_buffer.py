"""The binary half of a glTF file: arrays one after another, and what describes them.

Source: Khronos, glTF 2.0 specification (2021), sections 3.6 and 4.
"""

import json
import struct
from typing import Any

import numpy as np

FLOAT, UBYTE, USHORT = 5126, 5121, 5123
ARRAY_BUFFER, ELEMENT_BUFFER = 34962, 34963
_KIND = {
    np.dtype("<f4"): FLOAT,
    np.dtype("u1"): UBYTE,
    np.dtype("<u2"): USHORT,
}
_TYPE = {(): "SCALAR", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}


class Buffer:
    """Arrays that are written once and found again by the number of their accessor."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, array: np.ndarray, target: int | None = None, bounds: bool = False) -> int:
        """Append an array (rows first); the number of its accessor."""
        view: dict[str, Any] = {
            "buffer": 0,
            "byteOffset": len(self.data),
            "byteLength": array.nbytes,
        }
        if target is not None:
            view["target"] = target
        accessor: dict[str, Any] = {
            "bufferView": len(self.views),
            "componentType": _KIND[array.dtype],
            "count": len(array),
            "type": _TYPE[array.shape[1:]],
        }
        if bounds:
            accessor["min"] = np.atleast_1d(array.min(axis=0)).tolist()
            accessor["max"] = np.atleast_1d(array.max(axis=0)).tolist()
        self.views.append(view)
        self.accessors.append(accessor)
        self.data += array.tobytes() + b"\0" * (-array.nbytes % 4)
        return len(self.accessors) - 1


def glb(document: dict[str, Any], data: bytes) -> bytes:
    """One binary file: a header, the JSON, the buffer."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if data:
        chunks += struct.pack("<I4s", len(data), b"BIN\0") + data
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
