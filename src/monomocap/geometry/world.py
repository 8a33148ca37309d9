"""A motion in the world: metres, right-handed, Z up, the floor at z = 0.

Where a take knows too little for that (no root, or no way up), the least is assumed, and the same
everywhere: a level camera, and the lowest feet on the floor.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from monomocap.geometry.camera import to_world
from monomocap.types import Camera, Motion3D

LEVEL = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""world <- camera of a camera held level: X is the picture's right, Y is away, Z is up."""

ANKLE_SHARE = 0.079
"""An ankle's height over the sole as a share of the leg from hip to ankle (Winter, 2009, figure
4.1: 0.039 and 0.491 of the body's height)."""

LOWEST_PERCENT = 2.0
"""The feet are on the floor at this percentile of their height over time: not at the lowest
moment, which is a mistake as often as not."""

_SOLES = ("left_heel", "right_heel", "left_big_toe", "right_big_toe")


def in_world(motion: Motion3D, camera: Camera) -> Motion3D:
    """The same motion with `xyz_m` in the world and `frame` "world"; gaps stay gaps.

    With `root_m` and `camera.camera_from_world` the person stands where they stood. Without the
    way up a level camera is assumed; without the root the pelvis stays over the world's origin. In
    both cases the floor is put under the lowest feet. `root_m` stays as it was, in camera axes.
    """
    if motion.frame == "world":
        return motion
    placed = _from_camera(motion)
    if placed is not None and camera.camera_from_world is not None:
        return replace(motion, xyz_m=to_world(camera, placed), frame="world")
    turn = LEVEL if camera.camera_from_world is None else _up_and_ahead(camera)
    xyz_m = (motion.xyz_m if placed is None else placed) @ turn.T
    floor_m = lowest_sole(xyz_m, motion)
    return replace(motion, xyz_m=xyz_m - np.array([0.0, 0.0, floor_m]), frame="world")


def lowest_sole(xyz_m: Float[np.ndarray, "time joint 3"], motion: Motion3D) -> float:
    """The height (last axis) on which the lowest feet stand, over time; 0 where none was seen."""
    names = motion.skeleton.joints
    soles = [names.index(joint) for joint in _SOLES if joint in names]
    if soles:
        height_m = xyz_m[:, soles, 2]
    else:
        ankles = [names.index(j) for j in ("left_ankle", "right_ankle") if j in names]
        height_m = xyz_m[:, ankles, 2] - ankle_height(xyz_m, motion)
    known = height_m[np.isfinite(height_m)]
    return float(np.percentile(known, LOWEST_PERCENT)) if known.size else 0.0


def ankle_height(xyz_m: Float[np.ndarray, "time joint 3"], motion: Motion3D) -> float:
    """How high this body's ankles lie over the soles, in metres; 0 where no leg was seen."""
    names = motion.skeleton.joints
    lengths = [
        _bone(xyz_m, names.index(f"{side}_hip"), names.index(f"{side}_knee"))
        + _bone(xyz_m, names.index(f"{side}_knee"), names.index(f"{side}_ankle"))
        for side in ("left", "right")
        if f"{side}_ankle" in names
    ]
    known = [length for length in lengths if np.isfinite(length)]
    return ANKLE_SHARE * float(np.mean(known)) if known else 0.0


def _bone(xyz_m: Float[np.ndarray, "time joint 3"], parent: int, child: int) -> float:
    """Its median length over time; NaN where it was never seen."""
    length = np.linalg.norm(xyz_m[:, parent] - xyz_m[:, child], axis=-1)
    length = length[np.isfinite(length)]
    return float(np.median(length)) if length.size else float("nan")


def _from_camera(motion: Motion3D) -> Float[np.ndarray, "time joint 3"] | None:
    """Metres from the camera, or None where nobody knows where the person is."""
    if motion.frame == "camera":
        return motion.xyz_m
    return None if motion.root_m is None else motion.xyz_m + motion.root_m[:, None]


def _up_and_ahead(camera: Camera) -> Float[np.ndarray, "3 3"]:
    """world <- camera of a camera that says where it stands."""
    return np.array(camera.camera_from_world)[:, :3].T
