"""Feet of a rigged body. H36M has none: they follow the shank, or the toes that a detector sees,
and stand flat on the floor."""

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from monomocap.geometry.limits import CONE_DEG, within_cone
from monomocap.geometry.rig import SIDES
from monomocap.geometry.rig_build import AHEAD, LEFT, UP, Build
from monomocap.geometry.rig_limbs import smoothstep
from monomocap.geometry.rotation import about, between, unit
from monomocap.geometry.twist import not_faster
from monomocap.geometry.world import LOWEST_PERCENT

BALL_AHEAD, BALL_BELOW, TOES = 0.068, 0.029, 0.046
"""From the ankle to the ball of the foot and on to the tip of the toes, shares of stature: of a
foot of 0.152 with its ankle 0.039 high (Winter, 2009, figure 4.1) the heel is a quarter, the toes
three tenths, and the ball's joint lies 0.010 over the floor."""
BALL_HEIGHT = 0.010
ANKLE_HEIGHT = BALL_HEIGHT + BALL_BELOW
"""Of an ankle over the floor when its foot stands flat."""
PLANTED, LIFTED = 0.075, 0.125
"""Ankles lower than the one (shares of stature) have their ball on the floor; higher than the
other, their foot hangs in the air."""
HANGING_RAD = np.radians(15.0)
"""A foot in the air points its toes down a little, against square to the shank."""


def turn_feet(build: Build) -> None:
    """Ankles, balls and toes."""
    floor_m = _floor(build)
    for side in SIDES:
        shank = build.stands(f"{side}_ankle")
        hanging = shank @ about(LEFT, np.array(HANGING_RAD))
        toes, worth = build.cue(f"{side}_toes")
        if worth.any():
            hanging = _between(hanging, _pointing(shank, toes), worth)
        standing, sure = _standing(build, hanging, build.at(f"{side}_ankle")[:, 2] - floor_m)
        foot = _limited(shank, _between(hanging, standing, sure))
        own = np.swapaxes(shank, -1, -2) @ foot
        build.turn(f"{side}_ankle", shank @ not_faster(own @ AHEAD, own, build.time_s))
        h = build.height_m
        build.place(f"{side}_ball", h * (BALL_AHEAD * AHEAD - BALL_BELOW * UP))
        _flat_toes(build, side, floor_m)
        build.place(f"{side}_toe_end", h * TOES * AHEAD)


def _floor(build: Build) -> float:
    """What this person stands on: under their own lowest feet, be it a roof or a lower lawn."""
    ankles_m = np.stack([build.at(f"{side}_ankle")[:, 2] for side in SIDES])
    lowest_m = float(np.percentile(ankles_m, LOWEST_PERCENT))
    return lowest_m - ANKLE_HEIGHT * build.height_m


def _pointing(
    shank: Float[np.ndarray, "time 3 3"], toes: Float[np.ndarray, "time 3"]
) -> Float[np.ndarray, "time 3 3"]:
    """The foot whose sole points where the toes are, as upright under its shank as can be."""
    known = np.linalg.norm(toes, axis=-1, keepdims=True) > 0.5
    square = shank @ AHEAD
    front = within_cone(np.where(known, toes, square), square, CONE_DEG["ankle"])
    left = unit(np.cross(shank @ UP, front))
    return np.stack([left, -front, np.cross(front, left)], axis=-1)


def _standing(
    build: Build, hanging: Float[np.ndarray, "time 3 3"], ankle_m: Float[np.ndarray, " time"]
) -> tuple[Float[np.ndarray, "time 3 3"], Float[np.ndarray, " time"]]:
    """The foot whose ball is on the floor, toes where they point in the air; and how sure."""
    front = hanging @ AHEAD
    level = front * [1.0, 1.0, 0.0]
    sure = smoothstep(np.linalg.norm(level, axis=-1), 0.35, 0.7)
    level = np.where(sure[:, None] > 0, level, AHEAD)
    left = unit(np.cross(level, UP)) * -1.0
    flat = np.stack([left, -unit(level), np.broadcast_to(UP, left.shape)], axis=-1)
    reach = np.hypot(BALL_AHEAD, BALL_BELOW) * build.height_m
    down = np.arcsin(np.clip((ankle_m - BALL_HEIGHT * build.height_m) / reach, -1, 1))
    pitch = np.clip(down - np.arctan2(BALL_BELOW, BALL_AHEAD), np.radians(-20), np.radians(55))
    height = ankle_m / build.height_m
    near = 1 - smoothstep(height, PLANTED, LIFTED)
    return about(left, pitch) @ flat, near * sure


def _between(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """A share of the way from one turn to another."""
    way = Rotation.from_matrix(np.swapaxes(a, -1, -2) @ b).as_rotvec()
    return a @ Rotation.from_rotvec(way * share[:, None]).as_matrix()


def _limited(shank: np.ndarray, foot: np.ndarray) -> np.ndarray:
    """The foot no further from square to its shank than an ankle goes; it does not turn sideways
    by itself."""
    square, wanted = shank @ AHEAD, foot @ AHEAD
    allowed = within_cone(wanted, square, CONE_DEG["ankle"])
    return between(wanted, allowed) @ foot


def _flat_toes(build: Build, side: str, floor_m: float) -> None:
    """Where the heel is lifted and the ball stands, the toes stay flat."""
    foot = build.stands(f"{side}_ball")
    height = (build.at(f"{side}_ball")[:, 2] - floor_m) / build.height_m
    low = 1 - smoothstep(height, 0.02, 0.05)
    front, left = foot @ AHEAD, foot @ LEFT
    dip = np.arctan2(-front[:, 2], np.linalg.norm(front[:, :2], axis=-1))
    bend = np.clip(dip, 0.0, np.radians(60)) * low * (np.abs(left[:, 2]) < 0.7)
    build.turn(f"{side}_ball", about(left, -bend) @ foot)
