"""From positions to rotations: the body of constant bone lengths that moves most like a motion.

Inverse kinematics from the pelvis outwards. Every bone points from where its joint really is, on
the body of constant lengths, to where the motion wants the next one, so that errors do not add up.
Joints have limits (`limits`), limbs turn about themselves steadily (`twist`); H36M's 17 joints say
nothing of hands and feet, which follow forearms, shanks and the floor unless a detector's own
landmarks tell (`rig_cues`).
"""

import numpy as np
from jaxtyping import Bool, Float

from monomocap.errors import InputError
from monomocap.geometry.rig import RIG, Rest, RestPose, Rigged, as_h36m, to_quaternions
from monomocap.geometry.rig_build import Build
from monomocap.geometry.rig_cues import Cues
from monomocap.geometry.rig_feet import turn_feet
from monomocap.geometry.rig_limbs import turn_hands, turn_limbs
from monomocap.geometry.rig_trunk import turn_head, turn_trunk
from monomocap.geometry.rotation import about
from monomocap.geometry.stature import apparent_stature
from monomocap.skeleton import H36M17, convert
from monomocap.types import Motion3D

NEEDED = ("pelvis", "left_hip", "right_hip", "spine")
"""Without these nobody knows which way a body stands; anything else may be missing."""
USUAL_HEIGHT_M = 1.7


def fit(motion: Motion3D, rest: RestPose = "T", cues: Cues | None = None) -> Rigged:
    """Rotations for a motion in the world (`geometry.world.in_world`).

    Frames in which pelvis, hips or spine are missing are NaN. Another joint that is missing moves
    in a straight line between the frames that have it; one that is never seen is as at rest.
    `cues` (`rig_cues.cues_of`, of the same frames) say how feet, hands and head are turned; without
    them they follow shanks, floor, forearms and neck.
    Raises `InputError` for a motion that is not in the world, or of which no frame is usable.
    """
    if motion.frame != "world":
        raise InputError("rotations want a motion in the world: in_world(motion, camera)")
    wanted_m = convert(motion.xyz_m.astype(np.float64), motion.skeleton, H36M17)
    seen = _usable(wanted_m)
    if not seen.any():
        raise InputError(f"person {motion.person} has no frame with pelvis, hips and spine to turn")
    target_m = _filled(wanted_m[seen], motion.time_s[seen])
    told = None if cues is None else Cues(cues.directions[seen])
    build = Build.of(target_m, motion.time_s[seen], _height(target_m), told)
    head_share = _turn_all(build)
    own = Rest(build.offset_m, "T", head_share, build.height_m)
    error_m = np.linalg.norm(as_h36m(build.placed_m, own) - wanted_m[seen], axis=-1)
    return _rigged(motion, seen, build, posed(own, rest), 1000 * error_m)


def has_pose(motion: Motion3D) -> bool:
    """Whether `fit` finds a frame to begin with."""
    return bool(_usable(convert(motion.xyz_m, motion.skeleton, H36M17)).any())


def _usable(wanted_m: Float[np.ndarray, "time 17 3"]) -> Bool[np.ndarray, " time"]:
    needed = [H36M17.index(joint) for joint in NEEDED]
    there: Bool[np.ndarray, " time"] = np.isfinite(wanted_m[:, needed]).all(axis=(1, 2))
    return there


def _height(target_m: Float[np.ndarray, "time 17 3"]) -> float:
    height_m = apparent_stature(target_m, H36M17)
    return height_m if np.isfinite(height_m) else USUAL_HEIGHT_M


def _turn_all(build: Build) -> float:
    head_share = turn_trunk(build)
    turn_head(build)
    turn_limbs(build)
    turn_hands(build)
    turn_feet(build)
    return head_share


def _filled(wanted_m: Float[np.ndarray, "time 17 3"], time_s: np.ndarray) -> np.ndarray:
    """Straight lines from the pelvis's point of view; NaN for what was never seen."""
    own = wanted_m - wanted_m[:, :1]
    for joint in range(own.shape[1]):
        known = np.isfinite(own[:, joint]).all(axis=-1)
        if known.any() and not known.all():
            for axis in range(3):
                column = own[:, joint, axis]
                column[:] = np.interp(time_s, time_s[known], column[known])
    return own + wanted_m[:, :1]


def posed(rest: Rest, pose: RestPose) -> Rest:
    """The same bones in another rest pose; arms sink by 45 degrees from T to A."""
    turned = _from_t(rest.pose).swapaxes(-1, -2)
    offsets = _arms(rest.offsets_m, turned)
    return Rest(_arms(offsets, _from_t(pose)), pose, rest.head_share, rest.height_m)


def _from_t(pose: RestPose) -> Float[np.ndarray, "27 3 3"]:
    """How each joint of a rest pose stands against the T-pose."""
    out = np.broadcast_to(np.eye(3), (len(RIG), 3, 3)).copy()
    for side, sign in (("left", 1.0), ("right", -1.0)) if pose == "A" else ():
        sunk = about(np.array([0.0, 1.0, 0.0]), np.array(sign * np.pi / 4))
        for joint in ("shoulder", "elbow", "wrist", "hand_end"):
            out[RIG.index(f"{side}_{joint}")] = sunk
    return out


def _arms(offsets_m: np.ndarray, stands: Float[np.ndarray, "27 3 3"]) -> np.ndarray:
    out = offsets_m.copy()
    for parent, child in RIG.bones:
        out[child] = stands[parent] @ offsets_m[child]
    return out


def _rigged(
    motion: Motion3D,
    seen: Bool[np.ndarray, " time"],
    build: Build,
    rest: Rest,
    error_mm: Float[np.ndarray, "seen 17"],
) -> Rigged:
    turned = build.turned @ _from_t(rest.pose).swapaxes(-1, -2)
    local = turned.copy()
    for parent, child in RIG.bones:
        local[:, child] = turned[:, parent].swapaxes(-1, -2) @ turned[:, child]
    return Rigged(
        person=motion.person,
        time_s=motion.time_s,
        root_m=_spread(build.placed_m[:, 0], seen),
        local_xyzw=_spread(to_quaternions(local), seen),
        rest=rest,
        error_mm=_spread(error_mm, seen),
    )


def _spread(values: np.ndarray, seen: Bool[np.ndarray, " time"]) -> np.ndarray:
    """One row per frame of the motion; NaN where there is nothing."""
    out = np.full((len(seen), *values.shape[1:]), np.nan)
    out[seen] = values
    return out
