"""A camera found from points whose places in space and in the picture are both known."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.linalg import rq
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from monomocap.errors import InputError
from monomocap.geometry.camera import project, rays, to_camera
from monomocap.types import Camera

MOST_POINTS = 300
"""Enough for a tenth of a pixel; a sequence has a hundred times as many."""
FEWEST_POINTS = 12

World = Float[np.ndarray, "*batch 3"]
Pixels = Float[np.ndarray, "*batch 2"]


def fit_lens(xyz_camera_m: World, xy_px: Pixels) -> tuple[tuple[float, float], tuple[float, float]]:
    """Focal lengths and centre, px, of points in camera axes: least squares, no distortion.

    Raises `InputError` with too few points, or where they say nothing about the lens.
    """
    xyz, xy = _known(xyz_camera_m, xy_px)
    found = []
    for axis in (0, 1):
        ray = xyz[:, axis] / xyz[:, 2]
        if np.ptp(ray) < 1e-6:
            raise InputError("the points lie in one direction; they say nothing about the lens")
        focal, center = np.polyfit(ray, xy[:, axis], 1)
        found.append((float(focal), float(center)))
    return (found[0][0], found[1][0]), (found[0][1], found[1][1])


def fit_camera(xyz_world_m: World, xy_px: Pixels, width_px: int, height_px: int) -> Camera:
    """A whole camera, where it stands and its lens with k1, k2, p1, p2, from points in the world.

    A linear solution (Hartley and Zisserman, chapter 7) starts a least-squares one.
    """
    xyz, xy = _known(xyz_world_m, xy_px)
    middle = np.array([width_px, height_px]) / 2
    linear, rotation, shift = _decomposed(_linear(xyz, (xy - middle) / width_px))
    lens = np.array([linear[0, 0], linear[1, 1], linear[0, 2], linear[1, 2]]) * width_px
    lens += np.array([0.0, 0.0, *middle])
    start = np.concatenate([Rotation.from_matrix(rotation).as_rotvec(), shift, lens, np.zeros(4)])

    def camera(x: np.ndarray) -> Camera:
        focal, center = (float(x[6]), float(x[7])), (float(x[8]), float(x[9]))
        bend = tuple(float(n) for n in x[10:14])
        pose = _rows(x[:6])
        return Camera(
            width_px, height_px, focal, center, bend, "calibration", camera_from_world=pose
        )

    scale = np.concatenate([np.ones(6), np.full(4, width_px), np.full(4, 0.1)])
    return camera(_refined(camera, start, scale, xyz, xy))


def fit_pose(camera: Camera, xyz_world_m: World, xy_px: Pixels) -> Camera:
    """The same lens, standing where these points are seen as they are; outliers count little."""
    xyz, xy = _known(xyz_world_m, xy_px)
    linear, rotation, shift = _decomposed(_linear(xyz, rays(camera, xy)))
    shift = shift * np.array([1.0, 1.0, 2 / (linear[0, 0] + linear[1, 1])])
    start = np.concatenate([Rotation.from_matrix(rotation).as_rotvec(), shift])

    def posed(x: np.ndarray) -> Camera:
        return Camera(
            camera.width_px,
            camera.height_px,
            camera.focal_px,
            camera.center_px,
            camera.distortion,
            camera.source,
            camera.focal_error,
            _rows(x),
        )

    return posed(_refined(posed, start, np.ones(6), xyz, xy))


def reprojection_px(camera: Camera, xyz_world_m: World, xy_px: Pixels) -> float:
    """Median distance between where points are seen and where they should be."""
    off = project(camera, to_camera(camera, xyz_world_m)) - xy_px
    apart = np.linalg.norm(off, axis=-1)
    apart = apart[np.isfinite(apart)]
    return float(np.median(apart)) if apart.size else float("nan")


def _known(xyz: World, xy: Pixels) -> tuple[np.ndarray, np.ndarray]:
    """Points that both sides have, spread evenly over all of them."""
    xyz, xy = xyz.reshape(-1, 3).astype(np.float64), xy.reshape(-1, 2).astype(np.float64)
    known = np.flatnonzero(np.isfinite(xyz).all(axis=1) & np.isfinite(xy).all(axis=1))
    if len(known) < FEWEST_POINTS:
        raise InputError(f"a camera needs {FEWEST_POINTS} known points, and there are {len(known)}")
    some = known[np.unique(np.linspace(0, len(known) - 1, MOST_POINTS).astype(int))]
    return xyz[some], xy[some]


def _linear(xyz: np.ndarray, xy: np.ndarray) -> Float[np.ndarray, "3 4"]:
    """The projection matrix: the direct linear transformation, points scaled first."""
    middle, spread = xyz.mean(axis=0), xyz.std()
    x = np.concatenate([(xyz - middle) / spread, np.ones((len(xyz), 1))], axis=1)
    zero = np.zeros_like(x)
    rows = np.concatenate(
        [
            np.concatenate([x, zero, -xy[:, :1] * x], axis=1),
            np.concatenate([zero, x, -xy[:, 1:] * x], axis=1),
        ]
    )
    matrix: np.ndarray = np.linalg.svd(rows.T @ rows)[2][-1].reshape(3, 4)
    if np.median(x @ matrix[2]) < 0:  # all of them lie before the camera
        matrix = -matrix
    scaling = np.diag([1 / spread] * 3 + [1.0])
    scaling[:3, 3] = -middle / spread
    unscaled: np.ndarray = matrix @ scaling
    return unscaled


def _decomposed(matrix: Float[np.ndarray, "3 4"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lens (upper triangular, 1 at its end), rotation and shift of a projection matrix."""
    lens, rotation = rq(matrix[:, :3])
    signs = np.diag(np.where(np.diag(lens) < 0, -1.0, 1.0))
    lens, rotation = lens @ signs, signs @ rotation
    shift = np.linalg.solve(lens, matrix[:, 3])
    if np.linalg.det(rotation) < 0:
        raise InputError("the points fit no camera; do 2D and 3D belong together?")
    return lens / lens[2, 2], rotation, shift


def _rows(x: np.ndarray) -> tuple[tuple[float, float, float, float], ...]:
    """`Camera.camera_from_world` of a rotation vector and a shift."""
    matrix = np.concatenate([Rotation.from_rotvec(x[:3]).as_matrix(), x[3:6, None]], axis=1)
    a, b, c = ((float(p), float(q), float(r), float(s)) for p, q, r, s in matrix)
    return a, b, c


def _refined(
    camera: Callable[[np.ndarray], Camera],
    start: np.ndarray,
    scale: np.ndarray,
    xyz: np.ndarray,
    xy: np.ndarray,
) -> np.ndarray:
    def off(x: np.ndarray) -> np.ndarray:
        x = x.copy()
        if len(x) > 6:
            x[6:8] = np.abs(x[6:8]) + 1e-6
        seen = camera(x)
        apart = project(seen, to_camera(seen, xyz)) - xy
        return np.nan_to_num(apart, nan=1e4).ravel()

    found = least_squares(off, start, x_scale=scale, loss="soft_l1", f_scale=2.0, max_nfev=100)
    answer: np.ndarray = found.x
    return answer
