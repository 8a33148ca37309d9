"""Smooth solids seen by a camera: rounded cones cast ray by ray into depth, normal and colour.

A rounded cone is what a ball sweeps while it moves along a line and changes size: capsules, limbs
and (with no length) balls; squeezed along one direction it makes ellipsoids and flat trunks. All is
in camera axes: x right, y down, z away, metres. Only the pixels of a solid's own box are touched.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from monomocap.geometry.camera import rays
from monomocap.types import Camera

FAR_M = np.float32(1e6)
NEAR_M = 0.05
"""Nothing nearer to the camera is drawn."""

Vector = Float[np.ndarray, "3"]


@dataclass(frozen=True)
class Solid:
    """A rounded cone from ball `a` to ball `b`, with its colour."""

    a_m: Vector
    b_m: Vector
    radius_a_m: float
    radius_b_m: float
    rgb: tuple[float, float, float]
    """0 to 1."""
    gloss: float = 0.0
    squeeze: tuple[Vector, float] | None = None
    """A unit direction and the share (0 to 1] to which the solid is flattened along it."""
    soft_m: float = 0.0
    """How far the seam to what is already drawn is melted."""


@dataclass(frozen=True)
class Canvas3D:
    """What every pixel sees: depth (z, metres; `FAR_M`: nothing), normal, colour, gloss."""

    ray_x: Float[np.ndarray, "height width"]
    ray_y: Float[np.ndarray, "height width"]
    focal_px: tuple[float, float]
    center_px: tuple[float, float]
    depth_m: Float[np.ndarray, "height width"]
    normal: Float[np.ndarray, "3 height width"]
    rgb: Float[np.ndarray, "3 height width"]
    gloss: Float[np.ndarray, "height width"]
    bends: bool = False
    """The lens distorts: boxes are then found generously."""

    @classmethod
    def of(cls, camera: Camera) -> "Canvas3D":
        """An empty canvas for a camera's picture."""
        height, width = camera.height_px, camera.width_px
        x, y = np.meshgrid(np.arange(width), np.arange(height))
        ray = rays(camera, np.stack([x, y], axis=-1).astype(np.float64)).astype(np.float32)
        empty = np.zeros((height, width), np.float32)
        return cls(
            np.ascontiguousarray(ray[..., 0]),
            np.ascontiguousarray(ray[..., 1]),
            camera.focal_px,
            camera.center_px,
            np.full_like(empty, FAR_M),
            np.zeros((3, height, width), np.float32),
            np.zeros((3, height, width), np.float32),
            empty,
            bool(camera.distortion),
        )

    def clear(self) -> None:
        """Nothing is seen any more."""
        self.depth_m[:] = FAR_M


def draw(canvas: Canvas3D, solid: Solid) -> None:
    """Put a solid on the canvas where it is nearer than what is there."""
    box = box_of(canvas, solid)
    if box is None:
        return
    top, bottom, left, right = box
    ray_x = canvas.ray_x[top:bottom, left:right]
    ray_y = canvas.ray_y[top:bottom, left:right]
    hit, depth, normal = cast(ray_x, ray_y, solid)
    if len(hit) == 0:
        return
    row, column = np.divmod(hit, right - left)
    index = (row + top) * canvas.depth_m.shape[1] + (column + left)
    _merge(canvas, solid, index, depth, normal)


def cast(
    ray_x: Float[np.ndarray, "height width"], ray_y: Float[np.ndarray, "height width"], solid: Solid
) -> tuple[Int[np.ndarray, " hit"], Float[np.ndarray, " hit"], Float[np.ndarray, "3 hit"]]:
    """Which rays (x, y, 1) meet a solid: flat index, depth z in metres, outward unit normal.

    With p = z * ray, the distance from the axis rho and along it h, the cone is
    rho * cos = radius_a - h * sin where sin = (radius_a - radius_b) / length: a quadratic in z.
    A point belongs to the ball whose centre lies at c = (h - radius_a * sin) / cos^2; beyond either
    end the end's own ball is asked instead. Distances are taken from near the solid, for precision.
    """
    matrix = _unsqueezed(solid)
    a, b, radius_a, radius_b = _ends(solid, matrix)
    length = float(np.linalg.norm(b - a))
    axis = (b - a) / length if length > 1e-9 else np.array([0.0, 0.0, 1.0])
    sin = (radius_a - radius_b) / length if length > 1e-9 else 0.0
    cos2 = 1 - sin * sin
    near = float((solid.a_m[2] + solid.b_m[2]) / 2)

    way = _through(matrix, ray_x, ray_y, 1.0)
    start = _through(matrix, ray_x * near, ray_y * near, near)
    start = tuple(s - f(c) for s, c in zip(start, a, strict=True))
    way_along, start_along = _dot(way, axis), _dot(start, axis)
    slack = f(radius_a) - start_along * f(sin)
    way2, mixed, start2 = _dot(way, way), _dot(way, start), _dot(start, start)
    quad = f(cos2) * way2 - way_along * way_along
    half = f(cos2) * (mixed - start_along * way_along) + f(sin) * way_along * slack
    rest = f(cos2) * (start2 - start_along * start_along) - slack * slack
    inside = half * half - quad * rest
    hit = np.flatnonzero(inside > 0)

    shape = ray_x.shape
    way = tuple(_pick(w, hit, shape) for w in way)
    start = tuple(_pick(s, hit, shape) for s in start)
    way2, mixed, start2, quad, half, inside, way_along, start_along = (
        _pick(v, hit, shape)
        for v in (way2, mixed, start2, quad, half, inside, way_along, start_along)
    )
    quad = np.where(np.abs(quad) < 1e-9, f(1e-9), quad)
    step = (-half - np.sqrt(inside)) / quad
    centre = (start_along + step * way_along - f(radius_a * sin)) / f(cos2)
    for end, radius, beyond in (
        (0.0, radius_a, centre <= 0),
        (length, radius_b, centre >= length),
    ):
        half_ball = mixed - f(end) * way_along
        rest_ball = start2 - f(2 * end) * start_along + f(end * end - radius * radius)
        inside_ball = half_ball * half_ball - way2 * rest_ball
        ball = (-half_ball - np.sqrt(np.maximum(inside_ball, 0))) / way2
        step = np.where(beyond, np.where(inside_ball > 0, ball, FAR_M), step)
    centre = np.clip(centre, 0, length)
    seen = (step + f(near) > NEAR_M) & (step < FAR_M / 2)
    out = [(s + step * w - f(u) * centre)[seen] for s, w, u in zip(start, way, axis, strict=True)]
    normal = np.stack(out) if matrix is None else (matrix.T.astype(np.float32) @ np.stack(out))
    normal /= np.sqrt((normal * normal).sum(axis=0)) + f(1e-12)
    return hit[seen], step[seen] + f(near), normal


f = np.float32
_Parts = tuple[np.ndarray, ...]


def _unsqueezed(solid: Solid) -> Float[np.ndarray, "3 3"] | None:
    """The stretch that makes a squeezed solid's cross-section round again."""
    if solid.squeeze is None:
        return None
    direction, share = solid.squeeze
    return np.eye(3) + (1 / share - 1) * np.outer(direction, direction)


def _ends(
    solid: Solid, matrix: Float[np.ndarray, "3 3"] | None
) -> tuple[Vector, Vector, float, float]:
    """The two balls, stretched; a ball that swallows the other stands alone."""
    a, b = np.asarray(solid.a_m, np.float64), np.asarray(solid.b_m, np.float64)
    if matrix is not None:
        a, b = matrix @ a, matrix @ b
    radius_a, radius_b = solid.radius_a_m, solid.radius_b_m
    if np.linalg.norm(b - a) <= 1.001 * abs(radius_a - radius_b):
        if radius_a >= radius_b:
            return a, a, radius_a, radius_a
        return b, b, radius_b, radius_b
    return a, b, radius_a, radius_b


def _through(
    matrix: Float[np.ndarray, "3 3"] | None, x: np.ndarray, y: np.ndarray, z: float
) -> _Parts:
    if matrix is None:
        return x, y, np.full((1, 1), z, np.float32)
    return tuple(f(m[0]) * x + f(m[1]) * y + f(m[2] * z) for m in matrix)


def _dot(one: _Parts, other: _Parts | Vector) -> np.ndarray:
    parts = [a * (f(b) if np.ndim(b) == 0 else b) for a, b in zip(one, other, strict=True)]
    return parts[0] + parts[1] + parts[2]


def _pick(values: np.ndarray, index: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return values.reshape(-1)[index] if values.shape == shape else values.reshape(-1)[:1]


def box_of(canvas: Canvas3D, solid: Solid) -> tuple[int, int, int, int] | None:
    """top, bottom, left, right of the pixels that may see a solid; None when none can."""
    height, width = canvas.depth_m.shape
    spans = []
    for point, radius in ((solid.a_m, solid.radius_a_m), (solid.b_m, solid.radius_b_m)):
        if not np.isfinite(point).all():
            return None
        if point[2] - radius > NEAR_M:
            spans.append([*_span(point[0], point[2], radius), *_span(point[1], point[2], radius)])
        elif solid.a_m[2] + solid.radius_a_m <= NEAR_M >= solid.b_m[2] + solid.radius_b_m:
            return None
        else:
            return 0, height, 0, width
    low_x, high_x, low_y, high_y = _hull(spans)
    if canvas.bends:
        return _bent_box(canvas, low_x, high_x, low_y, high_y)
    left = max(0, math.floor(low_x * canvas.focal_px[0] + canvas.center_px[0]))
    right = min(width, math.ceil(high_x * canvas.focal_px[0] + canvas.center_px[0]) + 1)
    top = max(0, math.floor(low_y * canvas.focal_px[1] + canvas.center_px[1]))
    bottom = min(height, math.ceil(high_y * canvas.focal_px[1] + canvas.center_px[1]) + 1)
    return (top, bottom, left, right) if top < bottom and left < right else None


def _span(x: float, z: float, radius: float) -> tuple[float, float]:
    """Rays (x/z) between the two tangents to a ball that lies wholly before the camera."""
    across = radius * math.sqrt(max(x * x + z * z - radius * radius, 0.0))
    below = z * z - radius * radius
    return (x * z - across) / below, (x * z + across) / below


def _hull(spans: list[list[float]]) -> tuple[float, float, float, float]:
    low_x, high_x, low_y, high_y = zip(*spans, strict=True)
    return min(low_x), max(high_x), min(low_y), max(high_y)


def _bent_box(
    canvas: Canvas3D, low_x: float, high_x: float, low_y: float, high_y: float
) -> tuple[int, int, int, int] | None:
    fits = (canvas.ray_x >= low_x) & (canvas.ray_x <= high_x)
    fits &= (canvas.ray_y >= low_y) & (canvas.ray_y <= high_y)
    rows, columns = np.flatnonzero(fits.any(axis=1)), np.flatnonzero(fits.any(axis=0))
    if len(rows) == 0:
        return None
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _merge(
    canvas: Canvas3D,
    solid: Solid,
    index: Int[np.ndarray, " hit"],
    depth: Float[np.ndarray, " hit"],
    normal: Float[np.ndarray, "3 hit"],
) -> None:
    """Nearer wins; within `soft_m` the two surfaces melt into each other."""
    depth_m, flat_normal = canvas.depth_m.reshape(-1), canvas.normal.reshape(3, -1)
    there = depth_m[index]
    soft = f(max(solid.soft_m, 1e-6))
    share = np.clip(f(0.5) + f(0.5) * (there - depth) / soft, 0, 1)
    touched = share > 0
    index, share, depth, there = index[touched], share[touched], depth[touched], there[touched]
    apart = share < 1
    melt = np.where(apart, there + (depth - there) * share - soft * share * (1 - share), depth)
    old = np.where(apart, 1 - share, f(0)) * flat_normal[:, index]
    depth_m[index] = melt
    flat_normal[:, index] = old + share * normal[:, touched]
    mine = index[share > 0.5]
    canvas.rgb.reshape(3, -1)[:, mine] = np.asarray(solid.rgb, np.float32)[:, None]
    canvas.gloss.reshape(-1)[mine] = solid.gloss
