"""Positions as the formats of other programs want them, and takes made of positions alone.

Files of positions are in the world: metres, right-handed, Z up, floor at 0 (`in_world`). Formats
whose programs have Y up turn them by a quarter about X.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from monomocap.geometry.world import in_world
from monomocap.skeleton import SKELETONS, Skeleton
from monomocap.types import Camera, Motion3D, Take, Track2D, VideoInfo

Points = Float[np.ndarray, "*batch 3"]
MM = 1000.0
UNKNOWN_FPS = 1.0
"""Of a file with one frame."""
APART_M = 1.3
"""Between people of whom it is not known where they stand."""


def world_motions(take: Take) -> list[Motion3D]:
    """Everybody's motion in the world."""
    return [in_world(motion, take.camera) for motion in take.motions]


def stood(take: Take) -> list[Motion3D]:
    """Everybody in the world; people of whom nobody knows where they stand, side by side."""
    lost = [motion.person for motion in take.motions if is_lost(motion)]
    motions = world_motions(take)
    if len(lost) < 2:
        return motions
    aside_m = {person: (n - (len(lost) - 1) / 2) * APART_M for n, person in enumerate(lost)}
    return [_moved(motion, aside_m.get(motion.person, 0.0)) for motion in motions]


def is_lost(motion: Motion3D) -> bool:
    """Whether nobody knows where this person stands."""
    return motion.frame == "root" and motion.root_m is None


def _moved(motion: Motion3D, aside_m: float) -> Motion3D:
    return replace(motion, xyz_m=motion.xyz_m + np.array([aside_m, 0.0, 0.0]))


def y_up(xyz: Points) -> Points:
    """From axes with Z up to axes with Y up: x stays, y = z, z = -y. Right-handed as before."""
    return np.stack([xyz[..., 0], xyz[..., 2], -xyz[..., 1]], axis=-1)


def z_up(xyz: Points) -> Points:
    """The inverse of `y_up`."""
    return np.stack([xyz[..., 0], -xyz[..., 2], xyz[..., 1]], axis=-1)


def skeleton_of(joints: tuple[str, ...], name: str) -> Skeleton:
    """The known skeleton with these joints in any order, or one without bones."""
    for known in SKELETONS.values():
        if set(known.joints) == set(joints):
            return known
    return Skeleton(name, joints, (-1,) * len(joints))


def bare_motion(
    person: int,
    time_s: Float[np.ndarray, " time"],
    xyz_m: Float[np.ndarray, "time joint 3"],
    joints: tuple[str, ...],
    confidence: Float[np.ndarray, "time joint"] | None = None,
) -> Motion3D:
    """A motion of positions in the world; what is seen has confidence 1 where nobody says."""
    skeleton = skeleton_of(joints, "markers")
    order = [joints.index(joint) for joint in skeleton.joints]
    xyz_m = xyz_m[:, order]
    seen = np.isfinite(xyz_m).all(axis=-1)
    sure = seen.astype(np.float64) if confidence is None else confidence[:, order]
    return Motion3D(person, time_s, xyz_m, sure, skeleton, "world")


def bare_take(path: str, time_s: Float[np.ndarray, " time"], motions: list[Motion3D]) -> Take:
    """A take that knows positions only, and says so: no 2D, no picture, no camera."""
    span_s = float(time_s[-1] - time_s[0]) if len(time_s) > 1 else 0.0
    fps = (len(time_s) - 1) / span_s if span_s > 0 else UNKNOWN_FPS
    return Take(
        info=VideoInfo(path, 1, 1, fps, len(time_s), codec="3D"),
        camera=Camera.from_fov(1, 1),
        time_s=time_s,
        tracks=tuple(_unseen(motion) for motion in motions),
        motions=tuple(motions),
        warnings=(f"{path} holds 3D positions only: its 2D, picture and camera are not known",),
    )


def _unseen(motion: Motion3D) -> Track2D:
    shape = motion.xyz_m.shape[:2]
    nowhere = np.full((*shape, 2), np.nan)
    return Track2D(motion.person, motion.time_s, nowhere, np.zeros(shape), motion.skeleton)
