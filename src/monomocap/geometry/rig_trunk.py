"""Pelvis, spine, neck, head and collar bones of a rigged body."""

import numpy as np
from jaxtyping import Float

from monomocap.geometry.limits import CONE_DEG, TWIST_DEG, swung
from monomocap.geometry.rig import HEAD_TOP_SHARE, SIDES
from monomocap.geometry.rig_build import LEFT, NECK, UP, Build
from monomocap.geometry.rotation import about, unit
from monomocap.geometry.twist import CUE_SMOOTH_S, angle_about, drift, not_faster, steady_twist

SPINE_BEGINS = 0.3
"""Where the spine joint lies between pelvis and chest: the fifth lumbar vertebra."""
COLLAR_BEGINS = 0.15
"""Where a collar joint lies from the neck's foot to the shoulder, unless the motion says."""
_COLLAR_WANDERS_M = 0.08
_TRUNK = {"pelvis": 0.144, "chest": 0.144, "neck": 0.056, "head": 0.056}
"""Shares of stature for what was never seen (Winter, 2009, figure 4.1: trunk 0.288, ear 0.112)."""


def turn_trunk(build: Build) -> float:
    """Pelvis to head, and the collars; returns where H36M's head lies on the head's bone."""
    _pelvis(build)
    _spine(build)
    for side in SIDES:
        _collar(build, side)
    return _neck_and_head(build)


def _pelvis(build: Build) -> None:
    """Left is the line of the hips; up is towards the chest, square to it."""
    hips = build.wanted("left_hip") - build.wanted("right_hip")
    frame = upright(hips, build.wanted("spine") - build.wanted("pelvis"))
    build.turn("pelvis", not_faster(frame @ UP, frame, build.time_s))
    for side in SIDES:
        build.place(f"{side}_hip", _usual(build, "pelvis", f"{side}_hip"))


def upright(
    left: Float[np.ndarray, "time 3"], up: Float[np.ndarray, "time 3"]
) -> Float[np.ndarray, "time 3 3"]:
    """Axes with exactly this left, and as far as can be this up; columns x, y, z of the rest."""
    x = unit(left)
    z = unit(up - (up * x).sum(axis=-1, keepdims=True) * x)
    return np.stack([x, np.cross(z, x), z], axis=-1)


def _usual(build: Build, joint: str, wanted: str) -> Float[np.ndarray, "3"]:
    """Where a joint of H36M usually is, seen from one of the rig in its own axes."""
    seen = build.wanted(wanted) - build.at(joint)
    own = np.einsum("tji,tj->ti", build.stands(joint), seen)
    return np.asarray(np.median(own, axis=0))


def _spine(build: Build) -> None:
    """Three joints; the twist between hips and shoulders is shared out among them."""
    lower = build.length("pelvis", "spine", _TRUNK["pelvis"])
    upper = build.length("spine", "thorax", _TRUNK["chest"])
    build.place("spine", SPINE_BEGINS * lower * UP)
    to_chest = build.towards("spine", "spine", UP)
    loin = swung(build.stands("spine"), UP, to_chest, CONE_DEG["spine"])
    build.turn("spine", loin)
    build.place("chest", (1 - SPINE_BEGINS) * lower * UP)
    ribs = swung(loin, UP, build.towards("chest", "thorax", UP), CONE_DEG["chest"])
    twist = _shoulders_twist(build, ribs)
    build.turn("spine", about(loin @ UP, twist / 3) @ loin)
    build.turn("chest", about(ribs @ UP, 2 * twist / 3) @ ribs)
    build.place("upper_chest", upper / 2 * UP)
    build.turn("upper_chest", about(ribs @ UP, twist) @ ribs)
    build.place("neck", upper / 2 * UP)


def _shoulders_twist(build: Build, ribs: Float[np.ndarray, "time 3 3"]) -> np.ndarray:
    """How far the line of the shoulders is turned against the ribs, about the ribs' own up."""
    line = build.wanted("left_shoulder") - build.wanted("right_shoulder")
    line = np.where(np.isfinite(line).all(axis=-1, keepdims=True), line, ribs @ LEFT)
    twist = angle_about(ribs @ UP, ribs @ LEFT, line)
    most = np.radians(TWIST_DEG["trunk"])
    return np.clip(twist, -most, most)


def _collar(build: Build, side: str) -> None:
    """From a point near the neck's foot, about which the shoulder keeps its distance."""
    sign = 1.0 if side == "left" else -1.0
    seen = build.wanted(f"{side}_shoulder") - build.at("neck")
    own = np.einsum("tji,tj->ti", build.stands("upper_chest"), seen)
    if not np.isfinite(own).any():
        own = sign * 0.1075 * build.height_m * LEFT[None]
    begins = _pivot(own)
    top = build.offset("neck")
    build.place(f"{side}_collar", top + begins)
    usual = np.median(own - begins, axis=0)
    length = float(np.median(np.linalg.norm(own - begins, axis=-1)))
    shoulder = length * unit(usual)
    wanted = build.towards(f"{side}_collar", f"{side}_shoulder", shoulder)
    frame = swung(build.stands("upper_chest"), unit(shoulder), wanted, CONE_DEG["collar"])
    build.turn(f"{side}_collar", frame)
    build.place(f"{side}_shoulder", shoulder)


def _pivot(own: Float[np.ndarray, "time 3"]) -> Float[np.ndarray, "3"]:
    """The middle of the sphere on which the shoulder moves, kept near to where a collar begins."""
    nominal = COLLAR_BEGINS * np.median(own, axis=0)
    points = own - nominal
    design = np.concatenate([2 * points, np.ones((len(points), 1))], axis=1)
    weak = np.diag([1e-3, 1e-3, 1e-3, 0.0]) * len(points)  # holds what the motion leaves open
    right = design.T @ (points**2).sum(axis=-1)
    shift = np.linalg.solve(design.T @ design + weak, right)[:3]
    far = float(np.linalg.norm(shift))
    most = min(_COLLAR_WANDERS_M, 0.5 * float(np.median(np.linalg.norm(points, axis=-1))))
    return nominal + shift * min(1.0, most / max(far, 1e-9))


def _swing(build: Build, joint: str, target: Float[np.ndarray, "time 3"], cone_deg: float) -> None:
    """Turn neck or head least from how its parent stands, and never jump about itself."""
    parent = build.stands(joint)
    own = np.swapaxes(parent, -1, -2) @ swung(parent, NECK, target, cone_deg)
    build.turn(joint, parent @ not_faster(own @ NECK, own, build.time_s))


def turn_head(build: Build) -> None:
    """Where the ears are known, turn the head about its own bone, and the neck half as far."""
    ears, worth = build.cue("ears")
    if not worth.any():
        return
    head, chest = build.stands("head"), build.stands("upper_chest")
    bone = head @ NECK
    across = np.linalg.norm(np.cross(ears, bone), axis=-1)
    seen = angle_about(bone, head @ LEFT, ears)
    own = np.swapaxes(chest, -1, -2) @ head
    drifts = drift(own @ NECK, own)
    most = np.radians(TWIST_DEG["head"])
    twist = steady_twist(seen, worth * across**2, drifts, build.time_s, most, CUE_SMOOTH_S)
    neck = build.stands("neck")
    build.turn("neck", about(neck @ NECK, twist / 2) @ neck)
    build.turn("head", about(bone, twist) @ head)


def _neck_and_head(build: Build) -> float:
    """A neck and a head that lean a little ahead at rest; the head does not turn on its neck."""
    neck = build.length("thorax", "neck", _TRUNK["neck"])
    head = build.length("neck", "head", _TRUNK["head"])
    to_head = build.towards("neck", "neck", NECK)
    _swing(build, "neck", to_head, CONE_DEG["neck"])
    build.place("head", neck * NECK)
    to_ears = build.towards("head", "head", NECK)
    _swing(build, "head", to_ears, CONE_DEG["head"])
    top = HEAD_TOP_SHARE * build.height_m
    build.place("head_end", (head + top) * NECK)
    return head / (head + top)
