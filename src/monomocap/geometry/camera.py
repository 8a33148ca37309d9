"""Between metres, rays and pixels; and the virtual camera that looks straight at a person.

A ray is (x/z, y/z) of a direction in camera axes: a pixel with the lens taken out.
"""

import numpy as np
from jaxtyping import Float

from monomocap.errors import InputError
from monomocap.geometry.rotation import from_quaternion_wxyz
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
    """OpenCV's lens models on rays: radial (rational), tangential and thin prism, or fisheye."""
    if camera.fisheye:
        return _fisheye(camera, ray)
    if not camera.distortion:
        return ray
    numbers = (*camera.distortion, *[0.0] * 12)[:12]
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = numbers
    x, y = ray[..., 0], ray[..., 1]
    r2 = x * x + y * y
    radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
    bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x) + r2 * (s1 + r2 * s2)
    bent_y = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y + r2 * (s3 + r2 * s4)
    return np.stack([bent_x, bent_y], axis=-1)


def _fisheye(camera: Camera, ray: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
    """Kannala and Brandt's model (2006): the radius is a polynomial of the angle off the axis."""
    radius = np.linalg.norm(ray, axis=-1, keepdims=True)
    angle = np.arctan(radius)
    scale = _polynomial(camera, angle) / np.maximum(radius, 1e-12)
    bent: Float[np.ndarray, "*batch 2"] = ray * np.where(radius > 1e-12, scale, 1.0)
    return bent


def _polynomial(camera: Camera, angle: np.ndarray) -> np.ndarray:
    k1, k2, k3, k4 = camera.distortion or (0.0,) * 4
    a2 = angle * angle
    return angle * (1 + a2 * (k1 + a2 * (k2 + a2 * (k3 + a2 * k4))))


def undistort(camera: Camera, ray: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
    """The inverse of `distort`; NaN where the lens model has none (far outside what it was fitted
    to, or at 90 degrees and more off a fisheye's axis)."""
    if camera.fisheye:
        return _unfisheye(camera, ray)
    if not camera.distortion:
        return ray
    straight, slope = ray.astype(np.float64), np.empty(0)
    with np.errstate(all="ignore"):  # what runs away ends as NaN, below
        for _ in range(NEWTON_STEPS):
            slope = _slope(camera, straight)
            off = ray - distort(camera, straight)
            straight = straight + _solved(slope, off)
        off = np.abs(distort(camera, straight) - ray).max(axis=-1, keepdims=True)
        upright = _determinant(slope)[..., None] > 0
        same_side = (straight * ray).sum(axis=-1, keepdims=True) >= 0
        found = (off < 1e-9) & upright & same_side
    return np.where(found, straight, np.nan)


NEWTON_STEPS = 12
"""An action camera's wide lens needs 6 at its corners, an ordinary one 3."""


def _slope(camera: Camera, ray: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2 2"]:
    """How `distort` changes with x and y of the ray, by central differences."""
    step = 1e-6
    sides = [
        (distort(camera, ray + step * axis) - distort(camera, ray - step * axis)) / (2 * step)
        for axis in np.eye(2)
    ]
    return np.stack(sides, axis=-1)


def _determinant(matrix: Float[np.ndarray, "*batch 2 2"]) -> Float[np.ndarray, "*batch"]:
    return matrix[..., 0, 0] * matrix[..., 1, 1] - matrix[..., 0, 1] * matrix[..., 1, 0]


def _solved(
    matrix: Float[np.ndarray, "*batch 2 2"], right: Float[np.ndarray, "*batch 2"]
) -> Float[np.ndarray, "*batch 2"]:
    """Cramer's rule: a singular matrix gives infinity, not an exception."""
    a, b, c, d = (matrix[..., i, j] for i in (0, 1) for j in (0, 1))
    x, y = right[..., 0], right[..., 1]
    return np.stack([d * x - b * y, a * y - c * x], axis=-1) / _determinant(matrix)[..., None]


def _unfisheye(camera: Camera, ray: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
    """The angle whose polynomial is the radius, by Newton's method; NaN from 90 degrees on."""
    radius = np.linalg.norm(ray.astype(np.float64), axis=-1, keepdims=True)
    angle = radius.copy()
    with np.errstate(all="ignore"):
        for _ in range(NEWTON_STEPS):
            slope = (_polynomial(camera, angle + 1e-6) - _polynomial(camera, angle - 1e-6)) / 2e-6
            angle = angle - (_polynomial(camera, angle) - radius) / slope
        off = np.abs(_polynomial(camera, angle) - radius)
        found = (off < 1e-9) & (angle >= 0) & (angle < np.pi / 2 - 1e-6) & (slope > 0)
        scale = np.where(radius > 1e-12, np.tan(angle) / radius, 1.0)
    straight: Float[np.ndarray, "*batch 2"] = np.where(found, ray * scale, np.nan)
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
    turned = direction @ rotation.swapaxes(-1, -2)
    z = np.where(turned[..., 2:] > 1e-6, turned[..., 2:], np.nan)
    out: Float[np.ndarray, "*batch joint 2"] = turned[..., :2] / z
    return out


def pose_from_quaternion(
    camera_to_world_wxyz: Float[np.ndarray, "4"], place: Float[np.ndarray, "3"]
) -> tuple[tuple[float, float, float, float], ...]:
    """`Camera.camera_from_world` of a camera that stands at `place` (metres, world).

    The quaternion, real part first, turns camera axes into world axes, as in VideoPose3D's tables.
    """
    rotation = from_quaternion_wxyz(camera_to_world_wxyz).T
    rows = np.concatenate([rotation, -rotation @ place[:, None].astype(np.float64)], axis=1)
    a, b, c = ((float(w), float(x), float(y), float(z)) for w, x, y, z in rows)
    return a, b, c


def to_camera(camera: Camera, xyz_world: Float[np.ndarray, "*batch 3"]) -> np.ndarray:
    """World metres to camera metres; the camera must know where it stands."""
    rotation, shift = _rigid(camera)
    return xyz_world @ rotation.T + shift


def to_world(camera: Camera, xyz_camera: Float[np.ndarray, "*batch 3"]) -> np.ndarray:
    """Camera metres to world metres; the camera must know where it stands."""
    rotation, shift = _rigid(camera)
    return (xyz_camera - shift) @ rotation


def _rigid(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    if camera.camera_from_world is None:
        raise InputError("nobody said where this camera stands; give camera_from_world")
    matrix = np.array(camera.camera_from_world)
    return matrix[:, :3], matrix[:, 3]


def to_screen(
    xy_px: Float[np.ndarray, "*batch 2"], width_px: int, height_px: int
) -> Float[np.ndarray, "*batch 2"]:
    """Pixels to VideoPose3D's units: -1 to 1 across the width, the same scale downwards."""
    return xy_px * (2 / width_px) - np.array([1.0, height_px / width_px])


def from_screen(
    screen: Float[np.ndarray, "*batch 2"], width_px: int, height_px: int
) -> Float[np.ndarray, "*batch 2"]:
    """The inverse of `to_screen`."""
    return (screen + np.array([1.0, height_px / width_px])) * (width_px / 2)


def project_h36m(
    xyz_camera: Float[np.ndarray, "*batch 3"],
    focal: Float[np.ndarray, "2"],
    center: Float[np.ndarray, "2"],
    radial: Float[np.ndarray, "3"] | None = None,
    tangential: Float[np.ndarray, "2"] | None = None,
) -> Float[np.ndarray, "*batch 2"]:
    """Human3.6M's projection as VideoPose3D computes it, in the unit of `focal` and `center`.

    Radial k1, k2, k3 and tangential p1, p2; no distortion without them. It is not OpenCV's model
    (`project`): the tangential terms lack a factor 2 and swap roles, and x/z, y/z are held within
    -1 and 1.
    """
    ray = np.clip(xyz_camera[..., :2] / xyz_camera[..., 2:], -1, 1)
    bend = np.zeros(3) if radial is None else radial
    tilt = np.zeros(2) if tangential is None else tangential
    r2 = (ray * ray).sum(axis=-1, keepdims=True)
    factor = 1 + r2 * (bend[0] + r2 * (bend[1] + r2 * bend[2])) + (ray * tilt).sum(-1)[..., None]
    pixels: Float[np.ndarray, "*batch 2"] = focal * (ray * factor + tilt * r2) + center
    return pixels
