"""Reading and writing GLB files with pygltflib, and where their nodes are."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from monomocap.errors import FormatError, MissingDependency
from monomocap.formats.files import whole_or_nothing

ENDINGS = (".glb", ".vrm")
_FLOAT = 5126
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, EOFError, IndexError, struct.error)
"""What pygltflib lets out of damaged files."""


def library() -> Any:
    """pygltflib, loaded when first needed."""
    try:
        import pygltflib
    except ImportError as error:
        raise MissingDependency(
            "writing avatars needs pygltflib, which is not installed; "
            'run: pip install "monomocap[drive]"'
        ) from error
    return pygltflib


def read_glb(path: Path) -> Any:
    """A GLB or VRM file; raises `FormatError` for anything else."""
    library()
    if path.suffix.lower() not in ENDINGS:
        raise FormatError(f"{path}: an avatar is a .glb or .vrm file; export it as one")
    try:
        with path.open("rb") as file:
            magic, version = struct.unpack("<4sI", file.read(8))
        if (magic, version) != (b"glTF", 2):
            raise ValueError("it does not begin as glTF 2.0 does")
        model = library().GLTF2().load_binary(str(path))
    except OSError as error:
        raise FormatError(f"cannot read {path}: {(error.strerror or 'damaged').lower()}") from error
    except _DAMAGE as error:
        raise FormatError(f"{path} is damaged or no binary glTF ({error})") from error
    if model is None or not model.nodes:
        raise FormatError(f"{path} holds no nodes; export the avatar with its armature")
    return model


def write_glb(model: Any, path: Path) -> None:
    """Write it whole, or not at all."""
    with whole_or_nothing(path) as temporary:
        model.save_binary(str(temporary))


class Nodes:
    """The tree of a model's nodes, and where each is at rest."""

    def __init__(self, model: Any) -> None:
        self.nodes = model.nodes
        self.names = [str(node.name or "") for node in self.nodes]
        self.parent = [-1] * len(self.nodes)
        for number, node in enumerate(self.nodes):
            for child in node.children or []:
                self.parent[child] = number
        self.local = np.stack([_matrix(node) for node in self.nodes])
        self.order = self._parents_first()
        self.world = np.empty_like(self.local)
        for number in self.order:
            parent = self.parent[number]
            above = self.world[parent] if parent >= 0 else np.eye(4)
            self.world[number] = above @ self.local[number]

    @property
    def places(self) -> Float[np.ndarray, "node 3"]:
        """Where nodes are at rest, in the scene."""
        return self.world[:, :3, 3]

    def turns(self) -> Float[np.ndarray, "node 3 3"]:
        """How nodes are turned at rest, in the scene, without their scale."""
        return np.stack([_unscaled(matrix) for matrix in self.world])

    def local_turns(self) -> Float[np.ndarray, "node 3 3"]:
        """The same against their parents."""
        return np.stack([_unscaled(matrix) for matrix in self.local])

    def _parents_first(self) -> list[int]:
        out = [n for n in range(len(self.nodes)) if self.parent[n] < 0]
        for number in out:
            out += self.nodes[number].children or []
        return out


def _matrix(node: Any) -> Float[np.ndarray, "4 4"]:
    if node.matrix:
        return np.array(node.matrix, float).reshape(4, 4).T
    out = np.eye(4)
    out[:3, :3] = Rotation.from_quat(node.rotation or [0, 0, 0, 1]).as_matrix()
    out[:3, :3] *= np.array(node.scale or [1, 1, 1], float)
    out[:3, 3] = node.translation or [0, 0, 0]
    return out


def _unscaled(matrix: Float[np.ndarray, "4 4"]) -> Float[np.ndarray, "3 3"]:
    """The nearest rotation: models in centimetres carry scales."""
    u, _, v = np.linalg.svd(matrix[:3, :3])
    return np.asarray(u @ np.diag([1, 1, np.linalg.det(u @ v)]) @ v)


class Blob:
    """The model's binary part, and what is added to it."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.data = bytearray(model.binary_blob() or b"")

    def add(self, values: np.ndarray, kind: str, *, bounds: bool = False) -> int:
        """An accessor of float32 values; its number."""
        lib = library()
        self.data += b"\0" * (-len(self.data) % 4)
        raw = np.ascontiguousarray(values, "<f4")
        view = lib.BufferView(buffer=0, byteOffset=len(self.data), byteLength=raw.nbytes)
        self.data += raw.tobytes()
        self._model.bufferViews.append(view)
        rows = raw.reshape(len(raw), -1)
        accessor = lib.Accessor(
            bufferView=len(self._model.bufferViews) - 1,
            byteOffset=0,
            componentType=_FLOAT,
            count=len(raw),
            type=kind,
            min=rows.min(axis=0).tolist() if bounds else None,
            max=rows.max(axis=0).tolist() if bounds else None,
        )
        self._model.accessors.append(accessor)
        return len(self._model.accessors) - 1

    def close(self) -> None:
        """Hand the bytes back to the model."""
        self.data += b"\0" * (-len(self.data) % 4)
        if not self._model.buffers:
            self._model.buffers.append(library().Buffer())
        self._model.buffers[0].byteLength = len(self.data)
        self._model.set_binary_blob(bytes(self.data))
