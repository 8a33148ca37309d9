"""A body as animation programs have it: bones of constant length, turned at joints.

`rig_fit.fit` makes a `Rigged` of a motion's positions; `positions` goes back. The rest pose, in
which every rotation is the identity, stands upright in the world's axes (right-handed, Z up,
metres), faces -y and has its left hand towards +x, so that glTF's and BVH's Y up (x, z, -y) makes
it face +z. Quaternions are x, y, z, w.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation

from monomocap.errors import InputError
from monomocap.skeleton import H36M17, Skeleton

RestPose = Literal["T", "A"]
SIDES = ("left", "right")

_PARENT_OF = {
    "pelvis": "",
    "spine": "pelvis",
    "chest": "spine",
    "upper_chest": "chest",
    "neck": "upper_chest",
    "head": "neck",
    "head_end": "head",
} | {
    f"{side}_{joint}": parent.replace("*", side)
    for side in SIDES
    for joint, parent in (
        ("collar", "upper_chest"),
        ("shoulder", "*_collar"),
        ("elbow", "*_shoulder"),
        ("wrist", "*_elbow"),
        ("hand_end", "*_wrist"),
        ("hip", "pelvis"),
        ("knee", "*_hip"),
        ("ankle", "*_knee"),
        ("ball", "*_ankle"),
        ("toe_end", "*_ball"),
    )
}

RIG = Skeleton(
    "rig",
    tuple(_PARENT_OF),
    tuple(list(_PARENT_OF).index(p) if p else -1 for p in _PARENT_OF.values()),
)
"""27 joints, parents first: 22 that turn, and the 5 ends of head, hands and feet, which do not.

A joint turns the bone from itself to its child: `left_shoulder` the upper arm, `left_ball` the
toes. The neck begins at H36M's thorax, the head at H36M's neck; H36M's spine is the chest.
"""

ENDS = tuple(joint for joint in RIG.joints if joint.endswith("_end"))
HEAD_TOP_SHARE = 0.070
"""From the middle of the ears, which is H36M's head here, to the top, as a share of stature
(1 - 0.930; Winter, 2009, figure 4.1)."""

_SAME_PLACE = {
    "pelvis": "pelvis",
    "spine": "chest",
    "thorax": "neck",
    "neck": "head",
} | {
    f"{side}_{joint}": f"{side}_{joint}"
    for side in SIDES
    for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
}


@dataclass(frozen=True)
class Rest:
    """The body at rest: where each joint is from its parent."""

    offsets_m: Float[np.ndarray, "27 3"]
    """From the parent, world axes; zeros for the pelvis."""
    pose: RestPose = "T"
    """Arms straight out, palms down, or 45 degrees below that."""
    head_share: float = 0.5
    """Where H36M's head lies between the rig's head joint and its end."""
    height_m: float = 1.7
    """The stature that the bones speak of."""

    def __post_init__(self) -> None:
        if self.offsets_m.shape != (len(RIG), 3) or not np.isfinite(self.offsets_m).all():
            raise InputError(f"a rest pose needs {len(RIG)} finite offsets")

    @property
    def positions_m(self) -> Float[np.ndarray, "27 3"]:
        """Where the joints are from the pelvis."""
        out = np.zeros((len(RIG), 3))
        for parent, child in RIG.bones:
            out[child] = out[parent] + self.offsets_m[child]
        return out

    @property
    def standing_m(self) -> float:
        """How high the pelvis is when the lowest joint touches the floor."""
        return float(-self.positions_m[:, 2].min())


@dataclass(frozen=True)
class Rigged:
    """One person's motion as rotations; NaN in frames where the person was not seen."""

    person: int
    time_s: Float[np.ndarray, " time"]
    root_m: Float[np.ndarray, "time 3"]
    """The pelvis, in the world."""
    local_xyzw: Float[np.ndarray, "time 27 4"]
    """Each joint's turn against its parent's; the pelvis's against the world. Ends: identity."""
    rest: Rest
    error_mm: Float[np.ndarray, "time 17"]
    """How far the rigged body's H36M joints are from the motion's; NaN where either is missing."""

    def __post_init__(self) -> None:
        frames = len(self.time_s)
        if self.root_m.shape != (frames, 3) or self.local_xyzw.shape != (frames, len(RIG), 4):
            raise InputError("a rigged motion needs one root and 27 rotations per frame")

    @property
    def seen(self) -> Bool[np.ndarray, " time"]:
        """In which frames there is a pose."""
        known: Bool[np.ndarray, " time"] = np.isfinite(self.root_m).all(axis=-1)
        return known

    @property
    def mean_error_mm(self) -> float:
        """Over all joints and frames; NaN when nobody was seen."""
        known = self.error_mm[np.isfinite(self.error_mm)]
        return float(known.mean()) if known.size else float("nan")

    @cached_property
    def global_xyzw(self) -> Float[np.ndarray, "time 27 4"]:
        """Each joint's turn against its rest pose, in the world."""
        return to_quaternions(self.global_matrices)

    @cached_property
    def global_matrices(self) -> Float[np.ndarray, "time 27 3 3"]:
        """The same as matrices."""
        local = to_matrices(self.local_xyzw)
        out = local.copy()
        for parent, child in RIG.bones:
            out[:, child] = out[:, parent] @ local[:, child]
        return out


def positions(rigged: Rigged) -> Float[np.ndarray, "time 27 3"]:
    """Where the rig's joints are in the world, by forward kinematics, metres."""
    turned = rigged.global_matrices
    out = np.empty((len(rigged.time_s), len(RIG), 3))
    out[:, 0] = rigged.root_m
    for parent, child in RIG.bones:
        out[:, child] = out[:, parent] + turned[:, parent] @ rigged.rest.offsets_m[child]
    return out


def as_h36m(joints_m: Float[np.ndarray, "time 27 3"], rest: Rest) -> Float[np.ndarray, "time 17 3"]:
    """The 17 joints of a rigged body."""
    out = np.empty((len(joints_m), len(H36M17), 3))
    for joint, same in _SAME_PLACE.items():
        out[:, H36M17.index(joint)] = joints_m[:, RIG.index(same)]
    head, end = (joints_m[:, RIG.index(joint)] for joint in ("head", "head_end"))
    out[:, H36M17.index("head")] = head + rest.head_share * (end - head)
    return out


def to_matrices(xyzw: Float[np.ndarray, "*batch 4"]) -> Float[np.ndarray, "*batch 3 3"]:
    """Rotation matrices; NaN stays NaN."""
    out = np.full((*xyzw.shape[:-1], 3, 3), np.nan)
    known = np.isfinite(xyzw).all(axis=-1)
    if known.any():
        out[known] = Rotation.from_quat(xyzw[known]).as_matrix()
    return out


def to_quaternions(matrices: Float[np.ndarray, "time *joint 3 3"]) -> np.ndarray:
    """x, y, z, w, of the sign that is nearest to the frame before; NaN stays NaN."""
    out = np.full((*matrices.shape[:-2], 4), np.nan)
    known = np.isfinite(matrices).all(axis=(-1, -2))
    if known.any():
        out[known] = Rotation.from_matrix(matrices[known]).as_quat()
    return same_sign(out)


def same_sign(xyzw: Float[np.ndarray, "time *joint 4"]) -> np.ndarray:
    """The same rotations, each of the sign that is nearest to the one before it (over gaps too)."""
    if len(xyzw) < 2:
        return xyzw
    filled = _last_known(xyzw)
    flips = (filled[1:] * filled[:-1]).sum(axis=-1) < 0
    odd = np.concatenate([np.zeros_like(flips[:1]), np.cumsum(flips, axis=0) % 2 == 1])
    return np.where(odd[..., None], -xyzw, xyzw)


def _last_known(values: np.ndarray) -> np.ndarray:
    """Each missing row as the last known one; zeros before the first."""
    known = np.isfinite(values).all(axis=-1)
    frame = np.arange(len(values)).reshape(-1, *(1,) * (known.ndim - 1))
    last = np.maximum.accumulate(np.where(known, frame, -1), axis=0)
    held = np.take_along_axis(values, np.maximum(last, 0)[..., None], axis=0)
    return np.where((last >= 0)[..., None], held, 0.0)
