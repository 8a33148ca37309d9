"""What joints can do: how far they bend, and what is left of a pose that asks for more."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.geometry.rotation import Matrices, Vectors, about, between, unit

CONE_DEG = {
    "spine": 65.0,
    "chest": 65.0,
    "neck": 75.0,
    "head": 60.0,
    "collar": 45.0,
    "shoulder": 150.0,
    "hip": 125.0,
    "ankle": 60.0,
    "hand": 75.0,
}
"""How far a bone leaves the middle of its range. Wider than textbooks' ranges (American Academy of
Orthopaedic Surgeons, 1965): H36M's joints are not anatomical centres, and dancers exceed them."""

TWIST_DEG = {"trunk": 80.0, "shoulder": 120.0, "hip": 75.0, "head": 85.0, "hand": 95.0}
"""How far a bone turns about itself, to either side of neutral."""


@dataclass(frozen=True)
class Hinge:
    """A joint that bends one way, radians."""

    least: float
    most: float
    aside: float
    """How far it gives to the side."""


KNEE = Hinge(*np.radians([-12.0, 165.0, 35.0]).tolist())
ELBOW = Hinge(*np.radians([-15.0, 165.0, 40.0]).tolist())
"""A knee bends to 140-160 degrees and over-stretches by 10, an elbow to 145-150 and by 10."""


def within_cone(direction: Vectors, middle: Vectors, cone_deg: float) -> Vectors:
    """The nearest direction that is no further from the middle than the cone allows."""
    direction, middle = np.broadcast_arrays(unit(direction), unit(middle))
    cosine = np.clip((direction * middle).sum(axis=-1), -1, 1)
    aside = direction - cosine[..., None] * middle
    length = np.linalg.norm(aside, axis=-1, keepdims=True)
    aside = np.where(length > 1e-9, aside / np.where(length > 0, length, 1), 0.0)
    edge = np.radians(cone_deg)
    bent = np.cos(edge) * middle + np.sin(edge) * aside
    return np.where((np.arccos(cosine) > edge)[..., None], unit(bent), direction)


def hinged(
    direction: Float[np.ndarray, "time 3"],
    straight: Float[np.ndarray, "3"],
    axis: Float[np.ndarray, "3"],
    hinge: Hinge,
) -> Matrices:
    """The turn of a hinge that brings `straight` to a direction, as far as the hinge goes.

    First to the side, then about the hinge's axis: bending alone never turns the bone about itself.
    """
    ahead = np.cross(axis, straight)
    bend = np.arctan2(direction @ ahead, direction @ straight)
    middle = (hinge.least + hinge.most) / 2
    bend = middle + (bend - middle + np.pi) % (2 * np.pi) - np.pi
    bend = np.clip(bend, hinge.least, hinge.most)
    aside = np.clip(np.arcsin(np.clip(direction @ axis, -1, 1)), -hinge.aside, hinge.aside)
    return about(axis[None], bend) @ about(ahead[None], -aside)


def swung(
    frame: Matrices, rest: Float[np.ndarray, "3"], target: Vectors, cone_deg: float
) -> Matrices:
    """A parent's frame, turned least so that its rest direction points at a target in the world.

    No further than the cone about the rest direction.
    """
    middle = frame @ rest
    return between(middle, within_cone(target, middle, cone_deg)) @ frame
