"""Small motion capture files with known joints, for the tests of the readers.

Positions are worked out here with plain 3 × 3 matrices, joint after joint and frame after frame:
slow, and by another way than the readers'.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from monomocap.skeleton import H36M17


def turn(axis: str, angle_deg: float) -> np.ndarray:
    """The matrix that turns by an angle about x, y or z."""
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    rows = {
        "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
        "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }
    return np.array(rows[axis], dtype=float)


@dataclass(frozen=True)
class Joint:
    """A joint of a BVH file that a test writes."""

    name: str
    parent: int
    offset: tuple[float, float, float]
    channels: tuple[str, ...] = ("Zrotation", "Xrotation", "Yrotation")
    end: tuple[float, float, float] | None = None


def bvh_text(joints: Sequence[Joint], values: np.ndarray, frame_time_s: float = 1 / 30) -> str:
    """A BVH file; `joints` in depth-first order, `values` (frame, channel) in that order."""
    lines = ["HIERARCHY", *_tree(joints, 0, 0), "MOTION", f"Frames: {len(values)}"]
    lines.append(f"Frame Time: {frame_time_s:.8f}")
    lines += [" ".join(repr(float(v)) for v in row) for row in values]
    return "\n".join(lines) + "\n"


def _tree(joints: Sequence[Joint], index: int, depth: int) -> list[str]:
    joint, pad = joints[index], "  " * depth
    lines = [f"{pad}{'JOINT' if index else 'ROOT'} {joint.name}", f"{pad}{{"]
    lines.append(f"{pad}  OFFSET {' '.join(map(repr, map(float, joint.offset)))}")
    if joint.channels:
        lines.append(f"{pad}  CHANNELS {len(joint.channels)} {' '.join(joint.channels)}")
    for child in (i for i, j in enumerate(joints) if j.parent == index):
        lines += _tree(joints, child, depth + 1)
    if joint.end is not None:
        end = " ".join(map(repr, map(float, joint.end)))
        lines += [f"{pad}  End Site", f"{pad}  {{", f"{pad}    OFFSET {end}", f"{pad}  }}"]
    return [*lines, f"{pad}}}"]


def bvh_joints(joints: Sequence[Joint], values: np.ndarray) -> dict[str, np.ndarray]:
    """Where every joint of such a file is, (frame, 3), ends too."""
    found: dict[str, list[np.ndarray]] = {}
    for row in values:
        numbers = iter(row)
        placed: list[tuple[np.ndarray, np.ndarray]] = []
        for joint in joints:
            offset, own = np.array(joint.offset, dtype=float), np.eye(3)
            for channel in joint.channels:
                axis, number = channel[0].lower(), next(numbers)
                if channel.endswith("position"):
                    offset["xyz".index(axis)] = number
                else:
                    own = own @ turn(axis, number)
            at, matrix = placed[joint.parent] if joint.parent >= 0 else (np.zeros(3), np.eye(3))
            placed.append((at + matrix @ offset, matrix @ own))
            found.setdefault(joint.name, []).append(placed[-1][0])
            if joint.end is not None:
                tip = placed[-1][0] + placed[-1][1] @ np.array(joint.end)
                found.setdefault(f"{joint.name}_end", []).append(tip)
    return {name: np.array(path) for name, path in found.items()}


ADULT_CM: dict[str, tuple[str, tuple[float, float, float]]] = {
    "root": ("", (0, 0, 0)),
    "left_socket": ("root", (1, -1, 0)),
    "left_hip": ("left_socket", (8, -6, 0)),
    "left_knee": ("left_hip", (0, -42, 0)),
    "left_ankle": ("left_knee", (0, -40, 0)),
    "right_socket": ("root", (-1, -1, 0)),
    "right_hip": ("right_socket", (-8, -6, 0)),
    "right_knee": ("right_hip", (0, -42, 0)),
    "right_ankle": ("right_knee", (0, -40, 0)),
    "back": ("root", (0, 0, 0)),
    "belly": ("back", (0, 12, 0)),
    "chest": ("belly", (0, 15, 1)),
    "neck": ("chest", (0, 24, -1)),
    "head": ("neck", (0, 10, 2)),
    "left_collar": ("chest", (3, 20, 0)),
    "left_shoulder": ("left_collar", (14, 2, 0)),
    "left_elbow": ("left_shoulder", (28, 0, 0)),
    "left_wrist": ("left_elbow", (24, 0, 0)),
    "right_collar": ("chest", (-3, 20, 0)),
    "right_shoulder": ("right_collar", (-14, 2, 0)),
    "right_elbow": ("right_shoulder", (-28, 0, 0)),
    "right_wrist": ("right_elbow", (-24, 0, 0)),
}
"""An adult in a T-pose, Y up, facing +Z: part -> (parent, offset); limb length 1.34 m."""

_ENDS = {"head": (0, 18, 0), "left_wrist": (8, 0, 0), "right_wrist": (-8, 0, 0)}
_TOES = {"left_ankle": (0, -5, 12), "right_ankle": (0, -5, 12)}


def person(names: Mapping[str, str], scale: float = 1.0, z_up: bool = False) -> list[Joint]:
    """The adult with a dialect's names (part -> name); parts without a name are left out.

    What hangs on a part that is left out hangs on the part above it instead, at the same place.
    """
    at = {"": np.zeros(3)}
    above = {"": ""}
    joints: list[Joint] = []
    order: list[str] = []
    for part, (parent, offset) in ADULT_CM.items():
        at[part] = at[parent] + np.array(offset, dtype=float)
        above[part] = parent if parent in order or not parent else above[parent]
        if part in names:
            order.append(part)
            base = at[above[part]]
            root = part == "root"
            places = ("Xposition", "Yposition", "Zposition") if root else ()
            turns = ("Zrotation", "Xrotation", "Yrotation")
            end = (_ENDS | _TOES).get(part)
            joints.append(
                Joint(
                    names[part],
                    -1 if root else order.index(above[part]),
                    _placed(at[part] - base, scale, z_up),
                    (*places, *turns),
                    None if end is None else _placed(np.array(end, dtype=float), scale, z_up),
                )
            )
    return joints


def _placed(offset: np.ndarray, scale: float, z_up: bool) -> tuple[float, float, float]:
    x, y, z = offset * scale
    return (x, -z, y) if z_up else (x, y, z)


def h36m17_of_person(
    joints: Sequence[Joint], names: Mapping[str, str], values: np.ndarray
) -> np.ndarray:
    """The 17 joints of such a person, (frame, 17, 3), in the file's unit and axes."""
    found = bvh_joints(joints, values)
    part = {p: found[name] for p, name in names.items()}
    part["pelvis"] = (part["left_hip"] + part["right_hip"]) / 2
    part["thorax"] = part["neck"]
    part["spine"] = (part["pelvis"] + part["thorax"]) / 2
    part["neck"] = part["head"]
    part["head"] = found[f"{names['head']}_end"]
    return np.stack([part[joint] for joint in H36M17.joints], axis=1)


def random_values(joints: Sequence[Joint], frames: int, seed: int, height: float) -> np.ndarray:
    """Every joint turned at random, a little more each frame; the root at a height above 0."""
    rng = np.random.default_rng(seed)
    channels = [c for joint in joints for c in joint.channels]
    first, last = rng.uniform(-60, 60, (2, len(channels)))
    values = first + np.linspace(0, 0.2, frames)[:, None] * (last - first)
    for column, channel in enumerate(channels):
        if channel.endswith("position"):
            values[:, column] = height if channel[0] == "Y" else values[:, column] * height / 100
    return values


@dataclass(frozen=True)
class Bone:
    """A bone of an ASF file that a test writes."""

    name: str
    parent: str
    direction: tuple[float, float, float]
    length: float
    axis_deg: tuple[float, float, float] = (0, 0, 0)
    dof: tuple[str, ...] = ("rx", "ry", "rz")


def asf_text(
    bones: Sequence[Bone],
    *,
    length_unit: float = 0.45,
    radians: bool = False,
    root_order: Sequence[str] = ("TX", "TY", "TZ", "RX", "RY", "RZ"),
) -> str:
    """An ASF file."""
    angle = np.pi / 180 if radians else 1.0
    lines = ["# made by a test", ":version 1.10", ":name somebody", ":units", "  mass 1.0"]
    lines += [f"  length {length_unit!r}", f"  angle {'rad' if radians else 'deg'}"]
    lines += [":documentation", "  begin what stands here is not read"]
    lines += [":root", f"   order {' '.join(root_order)}", "   axis XYZ"]
    lines += ["   position 0 0 0  ", "   orientation 0 0 0 ", ":bonedata"]
    for number, bone in enumerate(bones, 1):
        x, y, z = bone.direction
        a, b, c = (v * angle for v in bone.axis_deg)
        lines += ["  begin", f"     id {number}", f"     name {bone.name}"]
        lines += [f"     direction {x!r} {y!r} {z!r}", f"     length {bone.length!r}"]
        lines += [f"     axis {a!r} {b!r} {c!r}   XYZ"]
        if bone.dof:
            lines += [f"    dof {' '.join(bone.dof)}", "    limits (-160.0 20.0)"]
            lines += ["           (-70.0 70.0)"] * (len(bone.dof) - 1)
        lines += ["  end"]
    lines += [":hierarchy", "  begin"]
    for parent in ["root", *(bone.name for bone in bones)]:
        children = [bone.name for bone in bones if bone.parent == parent]
        if children:
            lines.append(f"    {parent} {' '.join(children)}")
    return "\n".join([*lines, "  end"]) + "\n"


def amc_text(frames: Sequence[Mapping[str, Sequence[float]]], radians: bool = False) -> str:
    """An AMC file; each frame says bone -> numbers, in the order of the mapping."""
    lines = ["#!OML:ASF made by a test", ":FULLY-SPECIFIED"]
    lines += [":RADIANS" if radians else ":DEGREES"]
    for number, frame in enumerate(frames, 1):
        lines.append(str(number))
        lines += [f"{bone} {' '.join(map(repr, map(float, v)))}" for bone, v in frame.items()]
    return "\n".join(lines) + "\n"


def asf_joints(
    bones: Sequence[Bone], frames: Sequence[Mapping[str, Sequence[float]]]
) -> dict[str, np.ndarray]:
    """Where every bone ends, (frame, 3); the root's numbers are TX TY TZ RX RY RZ in degrees."""
    found: dict[str, list[np.ndarray]] = {}
    for frame in frames:
        root = list(frame["root"])
        placed = {"root": (np.array(root[:3], dtype=float), _rz_ry_rx(root[3:]))}
        for bone in bones:
            angles = dict(zip(bone.dof, frame.get(bone.name, ()), strict=True))
            motion = _rz_ry_rx([angles.get(f"r{axis}", 0.0) for axis in "xyz"])
            axis = _rz_ry_rx(bone.axis_deg)
            at, matrix = placed[bone.parent]
            matrix = matrix @ axis @ motion @ axis.T
            unit = np.array(bone.direction) / np.linalg.norm(bone.direction)
            placed[bone.name] = (at + matrix @ unit * bone.length, matrix)
        for name, (at, _) in placed.items():
            found.setdefault(name, []).append(at)
    return {name: np.array(path) for name, path in found.items()}


def _rz_ry_rx(angles_deg: Sequence[float]) -> np.ndarray:
    x, y, z = angles_deg
    return turn("z", z) @ turn("y", y) @ turn("x", x)


_SIDE_BONES = (
    ("hipjoint", "root", (0.6, -0.75, 0.2), 2.5, (0, 0, 0), ()),
    ("femur", "hipjoint", (0.34, -0.94, 0.0), 7.4, (0, 0, 20), ("rx", "ry", "rz")),
    ("tibia", "femur", (0.34, -0.94, 0.0), 7.2, (0, 0, 20), ("rx",)),
    ("foot", "tibia", (0.1, -0.25, 0.96), 2.2, (-90, 0, 20), ("rx", "rz")),
    ("clavicle", "thorax", (0.9, 0.4, 0.1), 3.6, (0, 0, 0), ("ry", "rz")),
    ("humerus", "clavicle", (1.0, 0.0, 0.0), 5.0, (180, 30, 90), ("rx", "ry", "rz")),
    ("radius", "humerus", (1.0, 0.0, 0.0), 3.2, (180, 30, 90), ("rx",)),
    ("wrist", "radius", (1.0, 0.0, 0.0), 1.6, (180, 30, 90), ("ry",)),
)

_MIDDLE_BONES = (
    Bone("lowerback", "root", (0.0, 1.0, -0.05), 2.0),
    Bone("upperback", "lowerback", (0.0, 1.0, 0.0), 2.0),
    Bone("thorax", "upperback", (0.0, 1.0, 0.03), 2.0),
    Bone("lowerneck", "thorax", (0.0, 1.0, 0.2), 1.6),
    Bone("upperneck", "lowerneck", (0.0, 1.0, 0.0), 1.6),
    Bone("head", "upperneck", (0.0, 1.0, 0.0), 1.7),
)


def _side(side: str) -> list[Bone]:
    sign = 1 if side == "l" else -1
    return [
        Bone(
            side + name,
            side + parent if parent not in ("root", "thorax") else parent,
            (sign * x, y, z),
            length,
            (ax, sign * ay, sign * az),
            dof,
        )
        for name, parent, (x, y, z), length, (ax, ay, az), dof in _SIDE_BONES
    ]


CMU_BONES: tuple[Bone, ...] = (*_MIDDLE_BONES, *_side("l"), *_side("r"))
"""A person with the CMU database's bones (parents first), in units of 1/0.45 inch."""


def random_frames(bones: Sequence[Bone], frames: int, seed: int) -> list[dict[str, list[float]]]:
    """Every bone turned at random; the root about 17 units (0.96 m) high."""
    rng = np.random.default_rng(seed)
    moving = [bone for bone in bones if bone.dof]
    return [
        {"root": [*rng.normal(0, 3, 1), 17.0, *rng.normal(0, 3, 1), *rng.uniform(-180, 180, 3)]}
        | {bone.name: rng.uniform(-70, 70, len(bone.dof)).tolist() for bone in moving}
        for _ in range(frames)
    ]


def _t_pose_m() -> np.ndarray:
    """The adult above as H36M-17, metres, Z up, standing on the floor: (17, 3)."""
    names = {part: part for part in ADULT_CM}
    joints = person(names)
    standing = np.zeros((1, sum(len(joint.channels) for joint in joints)))
    x, y, z = np.moveaxis(h36m17_of_person(joints, names, standing)[0] / 100, -1, 0)
    return np.stack([x, -z, y + 0.97], axis=-1)


T_POSE_M = _t_pose_m()
