"""Rotations that the rest needs; everything else is `scipy.spatial.transform.Rotation`.

Matrices turn column vectors; angles are radians; batches lead, and broadcast.
"""

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

Vectors = Float[np.ndarray, "*#batch 3"]
Matrices = Float[np.ndarray, "*#batch 3 3"]


def about(axis: Vectors, angle_rad: Float[np.ndarray, "*#batch"]) -> Matrices:
    """Turns about an axis (any length), counter-clockwise seen from its tip."""
    vector = unit(axis) * np.asarray(angle_rad)[..., None]
    matrices = Rotation.from_rotvec(vector.reshape(-1, 3)).as_matrix()
    return matrices.reshape(*vector.shape, 3)


def angle(rotation: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch"]:
    """How far a rotation turns, 0 to pi."""
    found = Rotation.from_matrix(rotation.reshape(-1, 3, 3)).magnitude()
    return np.asarray(found).reshape(rotation.shape[:-2])


def from_quaternion_wxyz(
    quaternion: Float[np.ndarray, "*batch 4"],
) -> Float[np.ndarray, "*batch 3 3"]:
    """Of quaternions with the real part first, as Human3.6M's cameras have them."""
    xyzw = quaternion[..., [1, 2, 3, 0]].reshape(-1, 4).astype(np.float64)
    return Rotation.from_quat(xyzw).as_matrix().reshape(*quaternion.shape[:-1], 3, 3)


def between(source: Vectors, target: Vectors) -> Matrices:
    """The smallest rotation that takes one direction to the other.

    Opposite directions have no single smallest one; any half turn that does it is returned. NaN
    where a direction is NaN or has no length.
    """
    a, b = unit(source), unit(target)
    cosine = (a * b).sum(axis=-1, keepdims=True)
    axis = np.where(cosine > -1 + 1e-12, np.cross(a, b), _perpendicular(a))
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    sine = np.where(cosine > -1 + 1e-12, sine, 0.0)
    turn = np.arctan2(sine, cosine)
    length = np.linalg.norm(axis, axis=-1, keepdims=True)
    vector = axis / np.where(length > 0, length, 1.0) * turn
    known = np.isfinite(vector).all(axis=-1)
    out = np.full((*vector.shape, 3), np.nan)
    if known.any():
        out[known] = Rotation.from_rotvec(vector[known]).as_matrix()
    return out


def heading(direction: Vectors, up: Vectors, ahead: Vectors) -> Float[np.ndarray, "*#batch"]:
    """Which way a direction points on the floor: the turn about `up` from `ahead` to it, (-pi, pi].

    `up` and `ahead` stand at right angles; heights do not count. NaN for a direction straight up.
    """
    up, ahead = unit(up), unit(ahead)
    x = (direction * ahead).sum(axis=-1)
    y = (direction * np.cross(up, ahead)).sum(axis=-1)
    on_floor = np.hypot(x, y) > 1e-12 * np.linalg.norm(direction, axis=-1)
    return np.where(on_floor, np.arctan2(y, x), np.nan)


def unit(vector: Vectors) -> Vectors:
    """The same direction at length 1; NaN where there is no length."""
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    out: Vectors = vector / np.where(length > 0, length, np.nan)
    return out


def _perpendicular(vector: Vectors) -> Vectors:
    """Some direction at right angles, far from degenerate: across the smallest component."""
    smallest = np.eye(3)[np.abs(vector).argmin(axis=-1)]
    return unit(np.cross(vector, smallest))
