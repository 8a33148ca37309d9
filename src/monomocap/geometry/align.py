"""Laying one pose on another: moved; scaled; or moved, turned and scaled, never mirrored.

All functions take poses (frame, joint, dim), fit every frame by itself, ignore joints that are NaN
in either pose, and return the source as aligned. Where nothing can be fitted the answer is NaN.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from monomocap.errors import InputError

Poses = Float[np.ndarray, "frame joint dim"]
MIN_JOINTS = 3
"""Fewer points than this leave a rotation undetermined."""


@dataclass(frozen=True)
class Similarity:
    """x -> scale * rotation @ x + translation, one per frame."""

    scale: Float[np.ndarray, " frame"]
    rotation: Float[np.ndarray, "frame dim dim"]
    translation: Float[np.ndarray, "frame dim"]

    def __call__(self, poses: Poses) -> Poses:
        turned = np.einsum("fij,fvj->fvi", self.rotation, poses)
        moved: Poses = self.scale[:, None, None] * turned + self.translation[:, None]
        return moved


def shared(source: Poses, target: Poses) -> Bool[np.ndarray, "frame joint"]:
    """Which joints both poses have; raises where the two are not poses of one shape."""
    if source.shape != target.shape:
        raise InputError(f"poses {source.shape} and {target.shape} must have one shape")
    both: Bool[np.ndarray, "frame joint"] = np.isfinite(source + target).all(axis=-1)
    return both


def fit_similarity(source: Poses, target: Poses) -> Similarity:
    """The move, turn and scale that brings source nearest to target (least squares).

    Source: Umeyama, 1991; the turn is a rotation also where a mirror would fit better. NaN for
    frames with fewer than `MIN_JOINTS` shared joints.
    """
    weight = shared(source, target).astype(np.float64)[..., None]
    count = weight.sum(axis=1, keepdims=True)
    count[count < MIN_JOINTS] = np.nan
    x, y = np.nan_to_num(source) * weight, np.nan_to_num(target) * weight
    x_mean, y_mean = x.sum(axis=1, keepdims=True) / count, y.sum(axis=1, keepdims=True) / count
    x, y = (x - x_mean) * weight, (y - y_mean) * weight
    fits = np.isfinite(count[:, 0, 0])

    u, s, vt = np.linalg.svd(np.einsum("fvi,fvj->fij", y[fits], x[fits]))
    sign = np.ones_like(s)
    sign[:, -1] = np.sign(np.linalg.det(u @ vt))
    rotation, scale = _nan(source, 2), _nan(source, 0)
    rotation[fits] = (u * sign[:, None]) @ vt
    size = (x[fits] ** 2).sum(axis=(1, 2))
    scale[fits] = (s * sign).sum(axis=-1) / np.where(size > 0, size, np.nan)
    moved = scale[:, None] * np.einsum("fij,fj->fi", rotation, x_mean[:, 0])
    return Similarity(scale, rotation, y_mean[:, 0] - moved)


def align_similarity(source: Poses, target: Poses) -> Poses:
    """Source moved, turned and scaled on to target: Procrustes, without a mirror."""
    return fit_similarity(source, target)(source)


def align_scale(source: Poses, target: Poses) -> Poses:
    """Source times the factor that brings it nearest to target; the origin stays (N-MPJPE's).

    Source: Rhodin et al., 2018.
    """
    weight = shared(source, target)[..., None]
    x, y = np.where(weight, source, 0.0), np.where(weight, target, 0.0)
    size = (x * x).sum(axis=(1, 2), keepdims=True)
    factor = (x * y).sum(axis=(1, 2), keepdims=True) / np.where(size > 0, size, np.nan)
    scaled: Poses = factor * source
    return scaled


def align_translation(source: Poses, target: Poses) -> Poses:
    """Source moved so that the shared joints' mean is the target's."""
    weight = shared(source, target)[..., None]
    count = weight.sum(axis=1, keepdims=True).astype(np.float64)
    count[count == 0] = np.nan
    apart = np.where(weight, target - source, 0.0).sum(axis=1, keepdims=True) / count
    moved: Poses = source + apart
    return moved


def _nan(poses: Poses, axes: int) -> np.ndarray:
    """NaN per frame: numbers (0 axes), or square matrices (2 axes)."""
    return np.full((len(poses), *[poses.shape[-1]] * axes), np.nan)
