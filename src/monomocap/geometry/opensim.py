"""A motion as coordinates of OpenSim's full-body models (Rajagopal et al., 2016).

Ground is OpenSim's: metres, x and z level, y up. Angles are degrees about a segment's own z
(flexion), then x, then y, as the models' joints turn. What seventeen joints cannot tell is filled:
a rotation of a straight limb, or an angle whose joint was lost for a while, lies on the straight
line between its neighbours in time; a coordinate that is never known is left out.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from monomocap.geometry.angles import (
    SIDES,
    Body,
    bend_deg,
    flexion_adduction_rotation,
    joint_angles,
    within,
)
from monomocap.geometry.world import in_world
from monomocap.types import Camera, Motion3D, Track2D

Angle = Float[np.ndarray, " time"]
_GROUND_FROM_WORLD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


@dataclass(frozen=True)
class Coordinates:
    """Named coordinates over time: degrees, and metres for the pelvis's place."""

    time_s: Float[np.ndarray, " time"]
    values: dict[str, Angle]


def opensim_coordinates(
    motion: Motion3D, camera: Camera, track: Track2D | None = None
) -> Coordinates:
    """Of the frames in which the pelvis is known; no other frame has a place or a direction."""
    world = in_world(motion, camera)
    body = Body.of(world)
    seen = np.isfinite(body.pelvis).all(axis=(1, 2)) & np.isfinite(body.xyz_m[:, 0]).all(axis=1)
    body = Body(body.xyz_m[seen], body.pelvis[seen], body.thorax[seen])
    values = _pelvis(body)
    values |= _lumbar(body)
    for side in SIDES:
        values |= _leg(body, side) | _arm(body, side)
    ankles = joint_angles(world, camera, track)
    for side in SIDES:
        values[f"ankle_angle_{side[0]}"] = ankles[f"{side}_ankle_dorsiflexion"][seen]
    time_s = world.time_s[seen]
    known = {name: angle for name, angle in values.items() if np.isfinite(angle).any()}
    return Coordinates(time_s, {name: _filled(angle, time_s) for name, angle in known.items()})


def _pelvis(body: Body) -> dict[str, Angle]:
    pelvis_m = body.xyz_m[:, 0] @ _GROUND_FROM_WORLD.T
    turns = _zxy(_GROUND_FROM_WORLD @ body.pelvis)
    names = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")
    places = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
    return dict(zip((*names, *places), (*turns.T, *pelvis_m.T), strict=True))


def _lumbar(body: Body) -> dict[str, Angle]:
    turns = _zxy(np.einsum("tji,tjk->tik", body.pelvis, body.thorax))
    return dict(
        zip(("lumbar_extension", "lumbar_bending", "lumbar_rotation"), turns.T, strict=True)
    )


def _leg(body: Body, side: str) -> dict[str, Angle]:
    thigh = within(body.pelvis, body.bone(f"{side}_hip", f"{side}_knee"), side)
    shank = within(body.pelvis, body.bone(f"{side}_knee", f"{side}_ankle"), side)
    turns = continuous(np.stack(flexion_adduction_rotation(thigh, shank, -1.0), axis=-1))
    names = ("hip_flexion", "hip_adduction", "hip_rotation")
    found = {f"{name}_{side[0]}": turn for name, turn in zip(names, turns.T, strict=True)}
    return found | {f"knee_angle_{side[0]}": bend_deg(thigh, shank)}


def _arm(body: Body, side: str) -> dict[str, Angle]:
    upper = within(body.thorax, body.bone(f"{side}_shoulder", f"{side}_elbow"), side)
    fore = within(body.thorax, body.bone(f"{side}_elbow", f"{side}_wrist"), side)
    turns = continuous(np.stack(flexion_adduction_rotation(upper, fore, 1.0), axis=-1))
    names = ("arm_flex", "arm_add", "arm_rot")
    found = {f"{name}_{side[0]}": turn for name, turn in zip(names, turns.T, strict=True)}
    return found | {f"elbow_flex_{side[0]}": bend_deg(upper, fore)}


def _zxy(frames: Float[np.ndarray, "time 3 3"]) -> Float[np.ndarray, "time 3"]:
    """Turns about z, x and y, in this order, without jumps; NaN where the frame is."""
    turns = np.full((len(frames), 3), np.nan)
    known = np.isfinite(frames).all(axis=(1, 2))
    if known.any():
        turns[known] = Rotation.from_matrix(frames[known]).as_euler("ZXY", degrees=True)
    return continuous(turns)


def continuous(zxy_deg: Float[np.ndarray, "time 3"]) -> Float[np.ndarray, "time 3"]:
    """The same turns without jumps over time.

    (z, x, y) and (z + 180, 180 - x, y + 180) are the same turn, and so are whole circles: of these
    the one is taken that is nearest to the frame before. A y that is NaN does not count.
    """
    out = zxy_deg.copy()
    before: np.ndarray | None = None
    for frame, turn in enumerate(zxy_deg):
        if not np.isfinite(turn[:2]).all():
            continue
        if before is not None:
            other = np.array([turn[0] + 180, 180 - turn[1], turn[2] + 180])
            near = [_nearest(choice, before) for choice in (turn, other)]
            out[frame] = min(near, key=lambda choice: float(np.nansum((choice - before) ** 2)))
        before = np.where(np.isfinite(out[frame]), out[frame], 0.0 if before is None else before)
    return out


def _nearest(turn: Float[np.ndarray, "3"], before: Float[np.ndarray, "3"]) -> np.ndarray:
    """With whole circles added, so that every angle is within 180 degrees of the one before."""
    near: np.ndarray = turn - 360 * np.round((turn - before) / 360)
    return near


def _filled(angle: Angle, time_s: Float[np.ndarray, " time"]) -> Angle:
    """Straight lines over what is missing; the nearest value outside what is known."""
    known = np.isfinite(angle)
    filled: Angle = np.interp(time_s, time_s[known], angle[known])
    return filled
