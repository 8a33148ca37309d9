"""Arms and legs of a rigged body: where they point, how they bend, how they turn about themselves.

Each limb's upper bone has a neutral turn for every direction: that of a middle direction, carried
along the shortest way. Only opposite that middle is it undefined, where no limb goes (an arm behind
the back and up, a leg the same). The bend of elbow or knee then says how far the bone is turned
from neutral, and `twist` makes that steady.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.geometry.limits import (
    CONE_DEG,
    ELBOW,
    KNEE,
    TWIST_DEG,
    Hinge,
    hinged,
    swung,
    within_cone,
)
from monomocap.geometry.rig import SIDES
from monomocap.geometry.rig_build import AHEAD, LEFT, UP, Build
from monomocap.geometry.rotation import about, between, unit
from monomocap.geometry.twist import CUE_SMOOTH_S, angle_about, drift, not_faster, steady_twist

Vector = Float[np.ndarray, "3"]
STRAIGHT_RAD, BENT_RAD = np.radians(8.0), np.radians(35.0)
"""A limb that bends less than the one says nothing about its turn; more than the other, all."""
HAND_SHARE = 0.108
"""A hand's length as a share of stature (Winter, 2009, figure 4.1)."""


@dataclass(frozen=True)
class Limb:
    """Two bones and a hinge, in the rest pose's axes."""

    joints: tuple[str, str, str]
    shares: tuple[float, float]
    """The bones' lengths as shares of stature, for what was never seen (Winter, 2009)."""
    rest: Vector
    """Where the stretched limb points at rest."""
    axis: Vector
    """The hinge: it bends the limb counter-clockwise about this."""
    middle: Vector
    """The middle of the upper bone's range."""
    hang: Float[np.ndarray, "3 3"]
    """How the upper bone is turned when the limb hangs down."""
    hinge: Hinge


def arm(side: str) -> Limb:
    """A T-pose with palms down: the elbow bends ahead."""
    sign = 1.0 if side == "left" else -1.0
    quarter = np.array(sign * np.pi / 2)
    return Limb(
        joints=(f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist"),
        shares=(0.186, 0.146),
        rest=sign * LEFT,
        axis=-sign * UP,
        middle=unit(0.5 * sign * LEFT + 0.55 * AHEAD - 0.67 * UP),
        hang=about(-AHEAD, quarter),
        hinge=ELBOW,
    )


def leg(side: str) -> Limb:
    """The knee bends back."""
    sign = 1.0 if side == "left" else -1.0
    return Limb(
        joints=(f"{side}_hip", f"{side}_knee", f"{side}_ankle"),
        shares=(0.245, 0.246),
        rest=-UP,
        axis=LEFT,
        middle=unit(0.15 * sign * LEFT + 0.6 * AHEAD - 0.8 * UP),
        hang=np.eye(3),
        hinge=KNEE,
    )


def turn_limbs(build: Build) -> None:
    """Both arms with their hands, both legs down to the ankles."""
    for side in SIDES:
        _turn(build, arm(side), CONE_DEG["shoulder"], TWIST_DEG["shoulder"])
        sign = 1.0 if side == "left" else -1.0
        build.place(f"{side}_hand_end", HAND_SHARE * build.height_m * sign * LEFT)
        _turn(build, leg(side), CONE_DEG["hip"], TWIST_DEG["hip"])


def turn_hands(build: Build) -> None:
    """Where knuckles are known: forearms share the hand's turn, the wrist bends towards them."""
    for side in SIDES:
        _turn_hand(build, side, arm(side).rest)


def _turn_hand(build: Build, side: str, rest: Vector) -> None:
    knuckles, worth = build.cue(f"{side}_palm")
    hand, known = build.cue(f"{side}_hand")
    if not worth.any():
        return
    forearm = build.stands(f"{side}_elbow")
    bone = forearm @ rest
    across = np.linalg.norm(np.cross(knuckles, bone), axis=-1)
    seen = angle_about(bone, forearm @ AHEAD, knuckles)
    still = np.zeros(len(build.time_s))
    most = np.radians(TWIST_DEG["hand"])
    twist = steady_twist(seen, worth * across**2, still, build.time_s, most, CUE_SMOOTH_S)
    build.turn(f"{side}_elbow", about(bone, twist / 2) @ forearm)
    turned = about(bone, twist) @ forearm
    ahead = unit(known[:, None] * hand + (1.05 - known[:, None]) * bone)
    own = np.swapaxes(forearm, -1, -2) @ swung(turned, rest, ahead, CONE_DEG["hand"])
    build.turn(f"{side}_wrist", forearm @ not_faster(own @ rest, own, build.time_s))
    build.place(f"{side}_hand_end", HAND_SHARE * build.height_m * rest)


def _turn(build: Build, limb: Limb, cone_deg: float, twist_deg: float) -> None:
    first, second, third = limb.joints
    parent = build.stands(first)
    direction = within_cone(
        _into(parent, build.towards(first, second, limb.rest)), limb.middle, cone_deg
    )
    neutral = between(limb.middle, direction) @ between(-UP, limb.middle) @ limb.hang
    upper = build.length(first, second, limb.shares[0])
    knee_m = build.at(first) + upper * _out(parent, direction)
    lower = _into(parent, unit(build.wanted(third) - knee_m))
    seen, worth = _told_by_bend(direction, lower, neutral @ limb.axis, twist_deg)
    twist = steady_twist(
        seen, worth, drift(direction, neutral), build.time_s, np.radians(twist_deg)
    )
    build.turn(first, parent @ about(direction, twist) @ neutral)
    build.place(second, upper * limb.rest)
    to_third = _into(build.stands(second), build.towards(second, third, limb.rest))
    bend = hinged(to_third, limb.rest, limb.axis, limb.hinge)
    build.turn(second, build.stands(second) @ not_faster(bend @ limb.rest, bend, build.time_s))
    build.place(third, build.length(second, third, limb.shares[1]) * limb.rest)


def _told_by_bend(
    upper: Float[np.ndarray, "time 3"],
    lower: Float[np.ndarray, "time 3"],
    axis: Float[np.ndarray, "time 3"],
    twist_deg: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Which turn from neutral puts the hinge square to the limb's plane, and how sure that is."""
    across = np.cross(upper, lower)
    seen = angle_about(upper, axis, across)
    sine = np.linalg.norm(across, axis=-1)
    worth = smoothstep(sine, np.sin(STRAIGHT_RAD), np.sin(BENT_RAD))
    beyond = np.abs(seen) - np.radians(twist_deg)
    worth = worth * (1 - 0.98 * smoothstep(beyond, 0.0, np.radians(40.0)))  # a bend the wrong way
    known = np.isfinite(seen)
    return np.where(known, seen, 0.0), np.where(known, worth, 0.0)


def smoothstep(value: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below, 1 above, and smooth between (Hermite's cubic)."""
    share = np.clip((value - low) / (high - low), 0.0, 1.0)
    return share * share * (3 - 2 * share)


def _into(frame: np.ndarray, world: np.ndarray) -> np.ndarray:
    return np.einsum("tji,tj->ti", frame, world)


def _out(frame: np.ndarray, own: np.ndarray) -> np.ndarray:
    return np.einsum("tij,tj->ti", frame, own)
