"""Tables: what other programs call the joints, and which axes and units they think in.

Sources: Mixamo's exported characters; Unity's `HumanBodyBones`; the VRM 1.0 specification
(humanoid); Rigify's "Basic Human" meta-rig (Blender); Human3.6M's 17 joints; OpenSim's and
Pose2Sim's marker names.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.errors import UnknownName
from monomocap.formats.marker_names import marker_of
from monomocap.geometry.rig import RIG


@dataclass(frozen=True)
class Axes:
    """A program's axes and unit."""

    name: str
    ahead: str
    """The axis that a person at rest faces."""
    up: str
    left: str
    """The axis towards that person's left."""
    per_metre: float

    @property
    def from_world(self) -> Float[np.ndarray, "3 3"]:
        """Rows: the program's x, y, z in the world's axes (Z up; rest faces -y, left is +x)."""
        out = np.zeros((3, 3))
        for axis, world in ((self.ahead, [0, -1, 0]), (self.up, [0, 0, 1]), (self.left, [1, 0, 0])):
            out["xyz".index(axis[-1])] = np.array(world, float) * (-1 if axis[0] == "-" else 1)
        return out

    @property
    def right_handed(self) -> bool:
        """Whether x, y, z are thumb, forefinger and middle finger of the right hand."""
        return bool(np.linalg.det(self.from_world) > 0)

    def points(self, world_m: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
        """World metres -> the program's numbers."""
        return self.per_metre * world_m @ self.from_world.T

    def rotations(self, world_xyzw: Float[np.ndarray, "*batch 4"]) -> np.ndarray:
        """Quaternions x, y, z, w, of the same turn in the program's axes."""
        turned = np.linalg.det(self.from_world) * world_xyzw[..., :3] @ self.from_world.T
        return np.concatenate([turned, world_xyzw[..., 3:]], axis=-1)

    def world_points(self, points: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
        """The inverse of `points`: the program's numbers -> world metres."""
        return points @ self.from_world / self.per_metre

    def world_rotations(self, xyzw: Float[np.ndarray, "*batch 4"]) -> np.ndarray:
        """The inverse of `rotations`."""
        turned = np.linalg.det(self.from_world) * xyzw[..., :3] @ self.from_world
        return np.concatenate([turned, xyzw[..., 3:]], axis=-1)


AXES: dict[str, Axes] = {
    axes.name: axes
    for axes in (
        Axes("world", ahead="-y", up="z", left="x", per_metre=1.0),
        Axes("blender", ahead="-y", up="z", left="x", per_metre=1.0),
        Axes("gltf", ahead="z", up="y", left="x", per_metre=1.0),
        Axes("maya", ahead="z", up="y", left="x", per_metre=100.0),
        Axes("unity", ahead="z", up="y", left="-x", per_metre=1.0),
        Axes("unreal", ahead="x", up="z", left="-y", per_metre=100.0),
        Axes("opensim", ahead="x", up="y", left="-z", per_metre=1.0),
    )
}
"""Program -> its axes. Unity's and Unreal's are left-handed."""

_SPINE = ("pelvis", "spine", "chest", "upper_chest", "neck", "head", "head_end")
_LIMBS = (
    *("collar", "shoulder", "elbow", "wrist", "hand_end"),
    *("hip", "knee", "ankle", "ball", "toe_end"),
)


def _names(spine: str, limbs: str, left: str, right: str) -> dict[str, str]:
    """Rig joint -> name; `*` in a limb's name is the side."""
    out = dict(zip(_SPINE, spine.split(), strict=True))
    for side, word in (("left", left), ("right", right)):
        for joint, name in zip(_LIMBS, limbs.split(), strict=True):
            out[f"{side}_{joint}"] = name.replace("*", word)
    return {joint: out[joint] for joint in RIG.joints}


_MIXAMO = _names(
    "Hips Spine Spine1 Spine2 Neck Head HeadTop_End",
    "*Shoulder *Arm *ForeArm *Hand *Hand_End *UpLeg *Leg *Foot *ToeBase *Toe_End",
    "Left",
    "Right",
)
_UNITY = _names(
    "Hips Spine Chest UpperChest Neck Head HeadEnd",
    "*Shoulder *UpperArm *LowerArm *Hand *HandEnd *UpperLeg *LowerLeg *Foot *Toes *ToesEnd",
    "Left",
    "Right",
)
_RIGIFY = _names(
    "spine spine.001 spine.002 spine.003 spine.004 spine.006 spine.006_end",
    "shoulder.* upper_arm.* forearm.* hand.* hand_end.* thigh.* shin.* foot.* toe.* toe_end.*",
    "L",
    "R",
)
_H36M = _names(
    "pelvis lower_spine spine upper_spine thorax neck head_end",
    "*_collar *_shoulder *_elbow *_wrist *_hand_end *_hip *_knee *_ankle *_ball *_toe_end",
    "left",
    "right",
)

NAMES: dict[str, dict[str, str]] = {
    "rig": {joint: joint for joint in RIG.joints},
    "h36m": _H36M,
    "mixamo": {joint: f"mixamorig:{name}" for joint, name in _MIXAMO.items()},
    "mixamo-plain": _MIXAMO,
    "unity": _UNITY,
    "vrm": {joint: name[0].lower() + name[1:] for joint, name in _UNITY.items()},
    "rigify": _RIGIFY,
    "opensim": {joint: marker_of(name) for joint, name in _H36M.items()},
}
"""Preset -> rig joint -> name. "h36m" and "opensim" name joints by H36M's joint in the same place:
the rig's chest stands where H36M has its spine, its neck at the thorax, its head at the neck."""


def names_of(preset: str) -> dict[str, str]:
    """A preset's names; raises `UnknownName`."""
    if preset not in NAMES:
        raise UnknownName("skeleton preset", preset, NAMES)
    return NAMES[preset]


def axes_of(program: str) -> Axes:
    """A program's axes; raises `UnknownName`."""
    if program not in AXES:
        raise UnknownName("program", program, AXES)
    return AXES[program]
