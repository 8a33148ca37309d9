"""GLB, binary glTF 2.0: everybody in one file, each a skinned body; Y up, metres, true times.

Source: Khronos, glTF 2.0 specification (2021). glTF fixes axes (right-handed, Y up, ahead is +Z),
unit and quaternions (x, y, z, w), so that a program preset changes nothing but the names. Where
nobody was seen the last pose is held; the gaps stand in the extras of the person's node, and
animation time 0 is the video's first frame.
"""

from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from monomocap.formats.body_mesh import COLOURS, Mesh, body
from monomocap.formats.files import reading, whole_or_nothing
from monomocap.formats.format import Format
from monomocap.formats.glb_buffer import ARRAY_BUFFER, ELEMENT_BUFFER, Buffer, glb
from monomocap.formats.glb_read import GENERATOR, read_people
from monomocap.formats.presets import axes_of, names_of
from monomocap.formats.rigged import from_start, gaps, held, rigged_people, take_of
from monomocap.formats.style import Style
from monomocap.geometry.rig import RIG, Rest, Rigged
from monomocap.types import Take

Y_UP = axes_of("gltf")


@dataclass(frozen=True)
class Glb(Format):
    """Skinned, animated people."""

    style: Style = Style()
    about = "GLB (glTF 2.0)"

    def styled(self, style: Style) -> "Glb":
        """The same format in another style."""
        return Glb(style)

    def read(self, path: Path) -> Take:
        """Where the joints are, of files that `write` wrote; frames in a gap are gaps again.

        Raises `FormatError` for a GLB of any other program.
        """
        with reading(path):
            return take_of(str(path), read_people(path))

    def write(self, take: Take, path: Path) -> None:
        """Write everybody; nobody gives an empty scene."""
        people = rigged_people(take, self.style.rest_pose)
        buffer = Buffer()
        document = _document(take, people, self.style, buffer)
        with whole_or_nothing(path) as temporary:
            temporary.write_bytes(glb(document, bytes(buffer.data)))


def _document(take: Take, people: list[Rigged], style: Style, buffer: Buffer) -> dict[str, Any]:
    parts = _Parts()
    for rigged in people:
        _add_person(parts, buffer, rigged, style)
    document = _head(take) | {key: value for key, value in vars(parts).items() if value}
    if parts.nodes:
        document["scenes"] = [{"nodes": parts.roots}]
        document["materials"] = [_material(colour) for colour in COLOURS]
        document |= {"accessors": buffer.accessors, "bufferViews": buffer.views}
        document["buffers"] = [{"byteLength": len(buffer.data)}]
    document.pop("roots", None)
    return document


class _Parts:
    """The lists of a document that grow with each person."""

    def __init__(self) -> None:
        self.roots: list[int] = []
        self.nodes: list[dict[str, Any]] = []
        self.skins: list[dict[str, Any]] = []
        self.meshes: list[dict[str, Any]] = []
        self.animations: list[dict[str, Any]] = []


def _head(take: Take) -> dict[str, Any]:
    start_s = float(take.time_s[0]) if len(take.time_s) else 0.0
    return {
        "asset": {"version": "2.0", "generator": f"{GENERATOR}{version('monomocap')}"},
        "scene": 0,
        "scenes": [{}],
        "extras": {"video": take.info.path, "first_frame_s": start_s},
    }


def _material(colour: str) -> dict[str, Any]:
    return {
        "name": colour,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*COLOURS[colour], 1.0],
            "metallicFactor": 0.0,
            "roughnessFactor": 0.8,
        },
    }


def _add_person(parts: _Parts, buffer: Buffer, rigged: Rigged, style: Style) -> None:
    stand = len(parts.nodes)  # a node above the bones, so that programs keep people apart
    first = stand + 1
    parts.nodes += [_stand(rigged, first), *_joints(rigged, style, first)]
    skin = {
        "name": f"person {rigged.person}",
        "skeleton": first,
        "joints": list(range(first, first + len(RIG))),
        "inverseBindMatrices": buffer.add(_inverse_bind(rigged.rest)),
    }
    parts.skins.append(skin)
    parts.meshes.append(_mesh(rigged, buffer))
    number = len(parts.nodes)
    name = f"person {rigged.person} body"
    mesh, skins = len(parts.meshes) - 1, len(parts.skins) - 1
    parts.nodes.append({"name": name, "mesh": mesh, "skin": skins})
    parts.roots += [stand, number]
    if not parts.animations:
        parts.animations.append({"name": "motion", "channels": [], "samplers": []})
    _add_motion(parts.animations[0], buffer, rigged, first)


def _stand(rigged: Rigged, first: int) -> dict[str, Any]:
    """Where a person's bones hang, with what is known of the person."""
    told = {
        "person": rigged.person,
        "gaps_s": [asdict(gap) for gap in gaps(rigged)],
        "fit_error_mm": round(rigged.mean_error_mm, 3),
        "head_share": round(rigged.rest.head_share, 7),
    }
    return {"name": f"person {rigged.person}", "children": [first], "extras": told}


def _joints(rigged: Rigged, style: Style, first: int) -> list[dict[str, Any]]:
    """One node per joint, at rest; the pelvis as high as it is when the rest pose stands."""
    offsets = rigged.rest.offsets_m.copy()
    offsets[0] = [0.0, 0.0, rigged.rest.standing_m]
    nodes: list[dict[str, Any]] = []
    for number, joint in enumerate(RIG.joints):
        node: dict[str, Any] = {"name": names_of(style.names)[joint]}
        node["translation"] = Y_UP.points(offsets[number]).round(7).tolist()
        children = [first + child for parent, child in RIG.bones if parent == number]
        nodes.append(node | ({"children": children} if children else {}))
    return nodes


def _standing(rest: Rest) -> np.ndarray:
    """Where joints are at rest, in the file's axes."""
    return Y_UP.points(rest.positions_m + [0.0, 0.0, rest.standing_m])


def _inverse_bind(rest: Rest) -> np.ndarray:
    """Column-major 4x4 matrices that bring a joint at rest to the origin."""
    out = np.tile(np.eye(4, dtype="<f4"), (len(RIG), 1, 1))
    out[:, 3, :3] = -_standing(rest)
    return out


def _mesh(rigged: Rigged, buffer: Buffer) -> dict[str, Any]:
    parts = body(rigged.rest)
    lift = np.array([0.0, 0.0, rigged.rest.standing_m])
    return {
        "name": f"person {rigged.person} body",
        "primitives": [
            _primitive(parts[colour], lift, material, buffer)
            for material, colour in enumerate(COLOURS)
        ],
    }


def _primitive(mesh: Mesh, lift: np.ndarray, material: int, buffer: Buffer) -> dict[str, Any]:
    joints = np.zeros((len(mesh.joint), 4), "u1")
    joints[:, 0] = mesh.joint
    weights = np.zeros((len(mesh.joint), 4), "<f4")
    weights[:, 0] = 1.0
    points = Y_UP.points(mesh.points_m + lift).astype("<f4")
    return {
        "attributes": {
            "POSITION": buffer.add(points, ARRAY_BUFFER, bounds=True),
            "NORMAL": buffer.add(Y_UP.points(mesh.normals).astype("<f4"), ARRAY_BUFFER),
            "JOINTS_0": buffer.add(joints, ARRAY_BUFFER),
            "WEIGHTS_0": buffer.add(weights, ARRAY_BUFFER),
        },
        "indices": buffer.add(mesh.triangles.ravel().astype("<u2"), ELEMENT_BUFFER),
        "material": material,
    }


def _add_motion(animation: dict[str, Any], buffer: Buffer, rigged: Rigged, first: int) -> None:
    still = held(rigged)
    times = buffer.add(from_start(rigged).astype("<f4"), bounds=True)
    root = Y_UP.points(still.root_m).astype("<f4")
    _add_channel(animation, times, buffer.add(root), first, "translation")
    turns = Y_UP.rotations(still.local_xyzw).astype("<f4")
    for joint in range(len(RIG)):
        if np.abs(turns[:, joint, :3]).max() > 0:  # what never turns stays at rest
            values = buffer.add(np.ascontiguousarray(turns[:, joint]))
            _add_channel(animation, times, values, first + joint, "rotation")


def _add_channel(animation: dict[str, Any], times: int, values: int, node: int, path: str) -> None:
    target = {"node": node, "path": path}
    animation["channels"].append({"sampler": len(animation["samplers"]), "target": target})
    animation["samplers"].append({"input": times, "output": values, "interpolation": "LINEAR"})
