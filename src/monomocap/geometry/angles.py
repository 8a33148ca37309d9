"""Joint angles in degrees, by the conventions of the International Society of Biomechanics.

Segments have ISB's axes: x forward, y up along the bone, z to the person's right (Wu et al., 2002
and 2005). Hips follow the joint coordinate system of Grood and Suntay (1983): flexion about the
pelvis's z, adduction about a floating axis, rotation about the thigh's y. Shoulders follow ISB's
plane of elevation, elevation, rotation (Wu et al., 2005). A left limb is looked at in a mirror, so
that signs mean the same on both sides.

Seventeen joints do not say everything. The pelvis's z is the line through the hips, but its forward
tilt cannot be seen: its y is taken from pelvis to spine. A thigh's or an upper arm's rotation shows
only in the plane of a bent knee or elbow: below `MIN_BEND_DEG` it is NaN. `docs/angles.md` lists
names and signs.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.errors import InputError
from monomocap.geometry.rotation import unit
from monomocap.geometry.world import in_world
from monomocap.skeleton import H36M17, Skeleton, convert
from monomocap.types import Camera, Motion3D, Track2D

Angle = Float[np.ndarray, " time"]
Vectors = Float[np.ndarray, "time 3"]
Frames = Float[np.ndarray, "time 3 3"]
"""Columns x, y, z of a segment, in the world."""

MIN_BEND_DEG = 15.0
"""A joint's error of 2 cm turns the plane of a limb of 0.3 m by 15 degrees at this bend, and by
more below."""
MIN_ELEVATION_DEG = 10.0
"""Within this of hanging or of straight up, an arm has no plane of elevation to speak of."""

SIDES = ("left", "right")
_MIDDLE = (
    "pelvis_obliquity",
    "pelvis_rotation",
    "trunk_flexion",
    "trunk_bending",
    "trunk_rotation",
    "neck_flexion",
    "neck_bending",
)
_LIMBS = (
    "hip_flexion",
    "hip_adduction",
    "hip_rotation",
    "knee_flexion",
    "ankle_dorsiflexion",
    "shoulder_plane",
    "shoulder_elevation",
    "shoulder_rotation",
    "elbow_flexion",
)
ANGLES = (*_MIDDLE, *(f"{side}_{angle}" for angle in _LIMBS for side in SIDES))
"""All names, in the order of the files."""
TOES = ("foot_index", "big_toe")


@dataclass(frozen=True)
class JointAngles:
    """One person's joint angles, a row per frame."""

    person: int
    time_s: Float[np.ndarray, " time"]
    deg: Float[np.ndarray, "time angle"]
    """Degrees, in the order of `ANGLES`; NaN where an angle cannot be told."""

    def __getitem__(self, name: str) -> Angle:
        """One angle over time: angles["left_knee_flexion"]."""
        if name not in ANGLES:
            raise InputError(f"no angle is called {name!r}; choose one of: {', '.join(ANGLES)}")
        return self.deg[:, ANGLES.index(name)]


def joint_angles(motion: Motion3D, camera: Camera, track: Track2D | None = None) -> JointAngles:
    """A motion's joint angles; angles to the vertical are those of `in_world`.

    Ankles need feet: the motion's own, or those of the track's `world_m`; without either they are
    NaN.
    """
    motion = in_world(motion, camera)
    body = Body.of(motion)
    known = _middle(body)
    for side in SIDES:
        known |= _leg(body, side) | _arm(body, side)
        known[f"{side}_ankle_dorsiflexion"] = _ankle(motion, track, side)
    return JointAngles(
        motion.person, motion.time_s, np.stack([known[name] for name in ANGLES], axis=-1)
    )


@dataclass(frozen=True)
class Body:
    """The seventeen joints in the world, and the two segments that limbs hang on."""

    xyz_m: Float[np.ndarray, "time 17 3"]
    pelvis: Frames
    thorax: Frames

    @classmethod
    def of(cls, motion: Motion3D) -> "Body":
        """Of a motion in the world."""
        if motion.frame != "world":
            raise InputError("angles to the vertical want a motion in the world; see in_world")
        xyz_m = convert(motion.xyz_m, motion.skeleton, H36M17).astype(np.float64)
        at = {joint: xyz_m[:, n] for n, joint in enumerate(H36M17.joints)}
        pelvis = along_right(at["spine"] - at["pelvis"], at["right_hip"] - at["left_hip"])
        across = at["right_shoulder"] - at["left_shoulder"]
        return cls(xyz_m, pelvis, along_up(at["thorax"] - at["pelvis"], across))

    def bone(self, start: str, end: str) -> Vectors:
        """From one joint to another, in the world."""
        return self.xyz_m[:, H36M17.index(end)] - self.xyz_m[:, H36M17.index(start)]


def along_up(up: Vectors, right: Vectors) -> Frames:
    """Axes of a segment whose y is `up`; z is the part of `right` square to it, x is forward."""
    y = unit(up)
    z = unit(_square(right, y))
    return np.stack([np.cross(y, z), y, z], axis=-1)


def along_right(up: Vectors, right: Vectors) -> Frames:
    """Axes of a segment whose z is `right`; y is the part of `up` square to it, x is forward."""
    z = unit(right)
    y = unit(_square(up, z))
    return np.stack([np.cross(y, z), y, z], axis=-1)


def within(frames: Frames, vector: Vectors, side: str = "right") -> Vectors:
    """A vector along a segment's axes; a left limb's is mirrored, z towards the person's left."""
    local = np.einsum("tji,tj->ti", frames, vector)
    return local * [1.0, 1.0, -1.0 if side == "left" else 1.0]


def bend_deg(first: Vectors, second: Vectors) -> Angle:
    """The angle between two bones, 0 (straight) to 180."""
    cross = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.degrees(np.arctan2(cross, (first * second).sum(axis=-1)))


def flexion_adduction_rotation(
    upper: Vectors, lower: Vectors, lower_bends: float
) -> tuple[Angle, Angle, Angle]:
    """A limb's turns about z (forward), x (inward) and y (inward), in its parent's axes.

    `upper` and `lower` are the limb's bones outward; the lower one bends forward (1, an elbow) or
    backward (-1, a knee). Rotation is NaN where the limb is all but straight.
    """
    y = -unit(upper)
    flexion, adduction = np.arctan2(-y[:, 0], y[:, 1]), np.arcsin(np.clip(y[:, 2], -1, 1))
    ahead = lower_bends * _square(lower, y)
    ahead = _turned(ahead, "z", -flexion)
    ahead = _turned(ahead, "x", -adduction)
    rotation = _where_bent(np.arctan2(-ahead[:, 2], ahead[:, 0]), upper, lower)
    return np.degrees(flexion), np.degrees(adduction), np.degrees(rotation)


def plane_elevation_rotation(upper: Vectors, lower: Vectors) -> tuple[Angle, Angle, Angle]:
    """An arm's ISB angles in the thorax's axes: Wu et al., 2005, y-x-y."""
    down = unit(upper)
    plane = np.arctan2(down[:, 0], down[:, 2])
    elevation = np.arctan2(np.hypot(down[:, 0], down[:, 2]), -down[:, 1])
    ahead = _turned(_square(lower, -down), "y", -plane)
    ahead = _turned(ahead, "x", elevation)
    rotation = _where_bent(np.arctan2(-ahead[:, 2], ahead[:, 0]), upper, lower)
    no_plane = np.sin(elevation) < np.sin(np.radians(MIN_ELEVATION_DEG))
    plane, rotation = (np.where(no_plane, np.nan, angle) for angle in (plane, rotation))
    return np.degrees(plane), np.degrees(elevation), np.degrees(rotation)


def _middle(body: Body) -> dict[str, Angle]:
    across = unit(body.bone("left_hip", "right_hip"))
    ahead = np.stack([-across[:, 1], across[:, 0]], axis=-1)  # level, 90 degrees left of rightward
    x_up, y_up, z_up = (body.thorax[:, 2, axis] for axis in range(3))
    turned = np.einsum("tji,tjk->tik", body.pelvis, body.thorax)
    head = within(body.thorax, unit(body.bone("thorax", "head")))
    radians = {
        "pelvis_obliquity": np.arcsin(np.clip(-across[:, 2], -1, 1)),
        "pelvis_rotation": np.arctan2(ahead[:, 1], ahead[:, 0]),
        "trunk_flexion": np.arctan2(-x_up, y_up),
        "trunk_bending": np.arcsin(np.clip(-z_up, -1, 1)),
        "trunk_rotation": np.arctan2(-turned[:, 2, 0], turned[:, 2, 2]),
        "neck_flexion": np.arctan2(head[:, 0], head[:, 1]),
        "neck_bending": np.arcsin(np.clip(head[:, 2], -1, 1)),
    }
    return {name: np.degrees(angle) for name, angle in radians.items()}


def _leg(body: Body, side: str) -> dict[str, Angle]:
    thigh = within(body.pelvis, body.bone(f"{side}_hip", f"{side}_knee"), side)
    shank = within(body.pelvis, body.bone(f"{side}_knee", f"{side}_ankle"), side)
    flexion, adduction, rotation = flexion_adduction_rotation(thigh, shank, -1.0)
    return {
        f"{side}_hip_flexion": flexion,
        f"{side}_hip_adduction": adduction,
        f"{side}_hip_rotation": rotation,
        f"{side}_knee_flexion": bend_deg(thigh, shank),
    }


def _arm(body: Body, side: str) -> dict[str, Angle]:
    upper = within(body.thorax, body.bone(f"{side}_shoulder", f"{side}_elbow"), side)
    fore = within(body.thorax, body.bone(f"{side}_elbow", f"{side}_wrist"), side)
    plane, elevation, rotation = plane_elevation_rotation(upper, fore)
    return {
        f"{side}_shoulder_plane": plane,
        f"{side}_shoulder_elevation": elevation,
        f"{side}_shoulder_rotation": rotation,
        f"{side}_elbow_flexion": bend_deg(upper, fore),
    }


def _ankle(motion: Motion3D, track: Track2D | None, side: str) -> Angle:
    """How far the foot is raised from square to the shank; from whoever has feet."""
    if _foot(motion.skeleton, side):
        return _dorsiflexion(motion.xyz_m, motion.skeleton, side)
    if track is not None and track.world_m is not None and _foot(track.skeleton, side):
        return _dorsiflexion(track.world_m, track.skeleton, side)
    return np.full(len(motion.time_s), np.nan)


def _foot(skeleton: Skeleton, side: str) -> tuple[str, ...]:
    """Knee, ankle, heel and toe of a skeleton that has them all, else nothing."""
    for toe in TOES:
        joints = tuple(f"{side}_{joint}" for joint in ("knee", "ankle", "heel", toe))
        if set(joints) <= set(skeleton.joints):
            return joints
    return ()


def _dorsiflexion(xyz_m: Float[np.ndarray, "time joint 3"], skeleton: Skeleton, side: str) -> Angle:
    knee, ankle, heel, toe = (xyz_m[:, skeleton.index(j)] for j in _foot(skeleton, side))
    return 90.0 - bend_deg((knee - ankle).astype(np.float64), (toe - heel).astype(np.float64))


def _square(vector: Vectors, axis: Vectors) -> Vectors:
    """The part of a vector that is square to a unit axis."""
    return vector - (vector * axis).sum(axis=-1, keepdims=True) * axis


def _where_bent(angle: Angle, upper: Vectors, lower: Vectors) -> Angle:
    """NaN where a limb is so straight that the plane of its bend says nothing."""
    sine = np.sin(np.radians(bend_deg(upper, lower)))
    return np.where(sine < np.sin(np.radians(MIN_BEND_DEG)), np.nan, angle)


def _turned(vector: Vectors, axis: str, angle_rad: Angle) -> Vectors:
    """Vectors turned about x, y or z, each by its own angle."""
    a, b = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    out = vector.copy()
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    out[:, a] = cosine * vector[:, a] - sine * vector[:, b]
    out[:, b] = sine * vector[:, a] + cosine * vector[:, b]
    return out
