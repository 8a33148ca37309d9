"""How near two sightings are to each other: pose to pose, and pose to box."""

import numpy as np
from jaxtyping import Float

from monomocap.types import Person2D

SURE = 0.3
"""Joints that a detector is less sure of say little about where a person is."""
TWIN = 0.12
"""Two poses whose joints lie nearer than this share of a person's size are the same person."""
CLOSE = 0.3
"""A box and a pose that share this much of their area (intersection over union) belong together."""


def body_box(person: Person2D) -> Float[np.ndarray, "4"]:
    """x1, y1, x2, y2 around the joints that are sure, or around all when few are."""
    sure = (person.score >= SURE) & np.isfinite(person.xy_px).all(axis=-1)
    if sure.sum() < 4:
        return person.box_px.astype(np.float64)
    xy_px = person.xy_px[sure].astype(np.float64)
    return np.concatenate([xy_px.min(axis=0), xy_px.max(axis=0)])


def size_px(box_px: Float[np.ndarray, "4"]) -> float:
    """A box's diagonal, at least one pixel."""
    return max(float(np.hypot(*(box_px[2:] - box_px[:2]))), 1.0)


def apart(one: Person2D, other: Person2D) -> float:
    """Mean distance of two people's joints, as a share of the smaller one's size."""
    known = np.isfinite(one.xy_px).all(axis=-1) & np.isfinite(other.xy_px).all(axis=-1)
    if not known.any():
        return np.inf
    steps_px = np.linalg.norm(one.xy_px[known] - other.xy_px[known], axis=-1)
    smaller = min(size_px(one.box_px), size_px(other.box_px))
    return float(steps_px.mean()) / smaller


def overlap(person: Person2D, box_px: Float[np.ndarray, "4"]) -> float:
    """Intersection over union of a pose's box and a given one, 0 to 1."""
    return shared_area(body_box(person), box_px)


def shared_area(one_px: Float[np.ndarray, "4"], other_px: Float[np.ndarray, "4"]) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    low, high = np.maximum(one_px[:2], other_px[:2]), np.minimum(one_px[2:], other_px[2:])
    common = float(np.prod(np.maximum(high - low, 0.0)))
    areas = [float(np.prod(np.maximum(b[2:] - b[:2], 0.0))) for b in (one_px, other_px)]
    return common / max(sum(areas) - common, 1e-9)
