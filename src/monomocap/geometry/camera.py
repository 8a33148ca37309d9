"""Between metres, rays and pixels; and the virtual camera that looks straight at a person.

A ray is (x/z, y/z) of a direction in camera axes: a pixel with the lens taken out.
"""

import numpy as np
from jaxtyping import Float

from monomocap.types import Camera


def project(camera: Camera, xyz_m: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 2"]:
    """Where points in camera axes (metres) land, in pixels; NaN behind the camera."""
    z = np.where(xyz_m[..., 2:] > 1e-6, xyz_m[..., 2:], np.nan)
    rays = distort(camera, xyz_m[..., :2] / z)
    pixels: Float[np.ndarray, "*batch 2"] = rays * camera.focal_px + camera.center_px
    return pixels


def rays(camera: Camera, xy_px: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
    """Pixels to rays: the lens, its distortion included, taken out."""
    distorted = (xy_px.astype(np.float64) - camera.center_px) / camera.focal_px
    return undistort(camera, distorted)


def distort(camera: Camera, ray: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
    """OpenCV's radial and tangential lens model, on rays."""
    if not camera.distortion:
        return ray
    k1, k2, p1, p2, k3 = (*camera.distortion, 0.0)[:5]
    x, y = ray[..., 0], ray[..., 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
    bent_y = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
    return np.stack([bent_x, bent_y], axis=-1)


def undistort(camera: Camera, ray: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
    """The inverse of `distort`, by fixed-point iteration (20 rounds: exact for ordinary lenses)."""
    straight = ray
    if camera.distortion:
        for _ in range(20):
            straight = straight + (ray - distort(camera, straight))
    return straight


def look_at(ray: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 3 3"]:
    """Rotation virtual <- camera of a virtual camera whose axis is the ray.

    It turns by the smallest angle (no roll about the optical axis); a point that the real camera
    sees along `ray` lies on the virtual camera's axis. Source: perspective crops as in PCLs
    (Yu et al., 2021) and the virtual cameras of Martinez-style normalisation.
    """
    x, y = ray[..., 0], ray[..., 1]
    norm = np.sqrt(1 + x * x + y * y)
    ax, ay, az = x / norm, y / norm, 1 / norm
    k = 1 / (1 + az)
    rows = [
        [1 - k * ax * ax, -k * ax * ay, -ax],
        [-k * ax * ay, 1 - k * ay * ay, -ay],
        [ax, ay, az],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def turn_rays(
    rotation: Float[np.ndarray, "*batch 3 3"], ray: Float[np.ndarray, "*batch joint 2"]
) -> Float[np.ndarray, "*batch joint 2"]:
    """Rays as a rotated camera sees them; NaN where they fall behind it."""
    direction = np.concatenate([ray, np.ones_like(ray[..., :1])], axis=-1)
    turned = np.einsum("...ij,...vj->...vi", rotation, direction)
    z = np.where(turned[..., 2:] > 1e-6, turned[..., 2:], np.nan)
    out: Float[np.ndarray, "*batch joint 2"] = turned[..., :2] / z
    return out
