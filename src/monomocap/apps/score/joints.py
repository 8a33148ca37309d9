"""What a joint does, as numbers that a coach could name: bends and directions, size-free.

Knees and elbows bend. Upper arms point somewhere as seen from the trunk; thighs and the trunk as
seen by somebody who faces where the body faces, upright. Each of the latter differs from a
reference in a direction: ahead or back, out or in, up or down.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.apps.body_frame import body_axes
from monomocap.apps.measures import between
from monomocap.geometry.rotation import unit
from monomocap.skeleton import H36M17

Poses = Float[np.ndarray, "time 17 3"]

BENDS = {
    f"{side} {name}": tuple(f"{side}_{joint}" for joint in chain)
    for side in ("left", "right")
    for name, chain in (
        ("knee", ("hip", "knee", "ankle")),
        ("elbow", ("shoulder", "elbow", "wrist")),
    )
}
"""Joint -> the three points that its bend is read from."""
POINTERS = {
    "left shoulder": ("left_shoulder", "left_elbow"),
    "right shoulder": ("right_shoulder", "right_elbow"),
    "left hip": ("left_hip", "left_knee"),
    "right hip": ("right_hip", "right_knee"),
    "trunk": ("pelvis", "thorax"),
}
"""Joint -> the bone that points somewhere."""
JOINTS = (*POINTERS, *BENDS)

_J = {name: i for i, name in enumerate(H36M17.joints)}


@dataclass(frozen=True)
class JointSeries:
    """What every joint does over time."""

    points: dict[str, Float[np.ndarray, "time 3"]]
    """Of `POINTERS`: unit vectors, ahead, outward (the trunk: left), up."""
    bends_deg: dict[str, Float[np.ndarray, " time"]]
    """Of `BENDS`: 0 is straight."""


def joints_of(xyz_m: Poses) -> JointSeries:
    """From poses in the world frame (Z up)."""
    trunk, level = body_axes(xyz_m), level_axes(xyz_m)
    points = {}
    for joint, (a, b) in POINTERS.items():
        axes = trunk if "shoulder" in joint else level
        way = np.einsum("tij,tj->ti", axes, unit(xyz_m[:, _J[b]] - xyz_m[:, _J[a]]))
        points[joint] = np.nan_to_num(way) * (np.array([1, -1, 1]) if "right" in joint else 1)
    bends = {}
    for joint, (a, b, c) in BENDS.items():
        one, other = xyz_m[:, _J[b]] - xyz_m[:, _J[a]], xyz_m[:, _J[c]] - xyz_m[:, _J[b]]
        bends[joint] = between(one, other)
    return JointSeries(points, bends)


def level_axes(xyz_m: Poses) -> Float[np.ndarray, "time 3 3"]:
    """Rows: where the body faces, its left, and straight up."""
    hips = unit(xyz_m[:, _J["left_hip"]] - xyz_m[:, _J["right_hip"]])
    shoulders = unit(xyz_m[:, _J["left_shoulder"]] - xyz_m[:, _J["right_shoulder"]])
    across = (np.nan_to_num(hips) + np.nan_to_num(shoulders)) * [1, 1, 0]
    left = unit(across + [0, 1e-9, 0])
    up = np.broadcast_to([0.0, 0.0, 1.0], left.shape)
    return np.stack([np.cross(left, up), left, up], axis=1)


def mirrored_poses(xyz_m: Poses) -> Poses:
    """The same motion in a mirror: sides exchanged, y turned round."""
    out: Poses = xyz_m[:, list(H36M17.mirror)] * [1, -1, 1]
    return out


@dataclass(frozen=True)
class Differences:
    """How an attempt differs from its reference, frame by frame of the reference."""

    size_deg: dict[str, Float[np.ndarray, " time"]]
    """Joint -> how far off, never negative."""
    parts_deg: dict[str, Float[np.ndarray, "time part"]]
    """Joint -> signed: ahead, outward, up of where it points too far; or how much too bent."""


def differences(reference: JointSeries, attempt: JointSeries) -> Differences:
    """Of two series that are in step."""
    size: dict[str, np.ndarray] = {}
    parts: dict[str, np.ndarray] = {}
    for joint, wanted in reference.points.items():
        is_ = attempt.points[joint]
        size[joint] = between(wanted, is_)
        chord = np.linalg.norm(is_ - wanted, axis=-1, keepdims=True)
        parts[joint] = np.divide(is_ - wanted, chord, out=np.zeros_like(is_), where=chord > 1e-9)
        parts[joint] = parts[joint] * size[joint][:, None]
    for joint, bend in reference.bends_deg.items():
        parts[joint] = (attempt.bends_deg[joint] - bend)[:, None]
        size[joint] = np.abs(parts[joint][:, 0])
    return Differences(size, parts)
