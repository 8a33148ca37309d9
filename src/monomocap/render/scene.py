"""Where the mannequin is filmed: a furnished room, a lamp, and the shadows it throws."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy.ndimage import gaussian_filter, map_coordinates, uniform_filter

from monomocap.geometry.camera import rays
from monomocap.render.person import Ground, Point, Rgb
from monomocap.render.solids import FAR_M, Canvas3D, Solid
from monomocap.types import Camera

World = Float[np.ndarray, "height width 3"]
TEXEL_M = 0.03
"""Grain of the shadow on the floor."""
SHADOW_DARK = 0.45
PANEL_M = 1.1


@dataclass(frozen=True)
class Furniture:
    """A box that stands on the floor."""

    low_m: tuple[float, float, float]
    high_m: tuple[float, float, float]
    rgb: Rgb


@dataclass(frozen=True)
class Scene:
    """Light and room, in the world's axes; the room's middle lies before the camera."""

    light: Point
    """Unit direction towards the lamp; Z up."""
    wall: Rgb
    floor: Rgb
    tile_m: tuple[float, float]
    """Tiles, planks, or (very large) plain floor."""
    half_m: tuple[float, float]
    turn: float
    furniture: tuple[Furniture, ...]
    """Along the walls, in the room's own axes."""

    @classmethod
    def random(cls, rng: np.random.Generator) -> "Scene":
        """Drawn by chance: the lamp stands high, the walls are quiet."""
        turn, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.85, 1.25)
        light = np.array([math.cos(turn), math.sin(turn), math.tan(height)])
        grey = rng.uniform(0.5, 0.8)
        half_m = (float(rng.uniform(4.6, 6.5)), float(rng.uniform(4.6, 6.5)))
        tiles = ((0.6, 0.6), (0.14, 1.4), (1e3, 1e3))
        return cls(
            light / np.linalg.norm(light),
            _rgb(grey + rng.uniform(-0.08, 0.08, 3)),
            _rgb(0.7 * grey + rng.uniform(-0.08, 0.08, 3)),
            tiles[rng.integers(len(tiles))],
            half_m,
            float(rng.uniform(-0.5, 0.5)),
            tuple(_furniture(rng, half_m) for _ in range(rng.integers(3, 9))),
        )


def _furniture(rng: np.random.Generator, half_m: tuple[float, float]) -> Furniture:
    """A chest, a shelf or a picture along one of the walls."""
    hangs = rng.random() < 0.4
    wide, deep = rng.uniform(0.4, 1.6), 0.04 if hangs else rng.uniform(0.3, 0.6)
    bottom = rng.uniform(1.2, 1.6) if hangs else 0.0
    top = bottom + (rng.uniform(0.4, 0.9) if hangs else rng.uniform(0.4, 1.9))
    wall = rng.integers(4)
    sign, axis = (1, -1)[wall % 2], wall // 2
    low, high = np.zeros(3), np.zeros(3)
    along = rng.uniform(-half_m[1 - axis] + wide, half_m[1 - axis] - wide)
    low[1 - axis], high[1 - axis] = along - wide / 2, along + wide / 2
    ends = sorted((sign * half_m[axis], sign * (half_m[axis] - deep)))
    low[axis], high[axis] = ends
    low[2], high[2] = bottom, top
    colour = _rgb(rng.uniform(0.2, 0.8, 3) * 0.7 + 0.3 * rng.uniform(0.2, 0.8))
    return Furniture(_rgb(low), _rgb(high), colour)


@dataclass(frozen=True)
class Set:
    """A scene as one camera sees it: everything that stays the same from frame to frame."""

    empty: World
    """The room without people, 0 to 1."""
    ground_m: Float[np.ndarray, "2 height width"]
    """World x and y of the floor at every pixel; NaN where no floor is seen."""
    light: Point
    up: Point
    """These two in camera axes."""
    ground: Ground
    world_from_camera: Float[np.ndarray, "3 3"]
    eye_m: Point


def build(scene: Scene, camera: Camera, away_m: float) -> Set:
    """The room for a camera; `away_m` is how far people are from it (far: a larger room)."""
    matrix = np.array(camera.camera_from_world)
    rotation, shift_m = matrix[:, :3], matrix[:, 3]
    eye_m = -rotation.T @ shift_m
    way = _picture_rays(camera) @ rotation
    up = rotation @ np.array([0.0, 0.0, 1.0])
    empty, ground_m = _room(scene, way, eye_m, rotation, max(1.0, away_m / 4))
    return Set(
        empty.astype(np.float32),
        ground_m,
        rotation @ scene.light,
        up,
        Ground(up, shift_m),
        rotation.T,
        eye_m,
    )


def _room(
    scene: Scene,
    way: World,
    eye_m: Point,
    rotation: Float[np.ndarray, "3 3"],
    scale: float,
) -> tuple[World, Float[np.ndarray, "2 height width"]]:
    """Colour of every pixel of the empty room, and the floor's x, y where the floor is seen."""
    ahead = rotation[2, :2] if np.hypot(*rotation[2, :2]) > 0.2 else -rotation[1, :2]
    ahead = ahead / (np.hypot(*ahead) + 1e-9)
    middle = eye_m[:2] + 3.5 * scale * ahead
    angle = math.atan2(ahead[1], ahead[0]) + scene.turn
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    eye = np.array([*((eye_m[:2] - middle) @ turn) / scale, eye_m[2] / scale])
    ray = np.concatenate([way[..., :2] @ turn, way[..., 2:]], axis=-1)
    ray = np.where(np.abs(ray) < 1e-9, 1e-9, ray)
    colour, depth, floor = _shell(scene, ray, eye)
    for piece in scene.furniture:
        _add_box(colour, depth, ray, eye, piece, scene.light)
    seen = floor & (depth < np.inf)
    step = np.where(seen, depth * scale, np.nan)
    return colour, np.stack([eye_m[i] + step * way[..., i] for i in (0, 1)])


def _shell(
    scene: Scene, ray: World, eye: Point
) -> tuple[World, Float[np.ndarray, "height width"], Bool[np.ndarray, "height width"]]:
    """Floor, walls and the open sky above them; depth along the ray."""
    half = np.array(scene.half_m)
    to_wall = ((np.sign(ray[..., :2]) * half - eye[:2]) / ray[..., :2]).clip(0)
    wall_axis = (to_wall[..., 1] < to_wall[..., 0]).astype(np.intp)
    wall = np.minimum(to_wall[..., 0], to_wall[..., 1])
    to_floor = np.where(ray[..., 2] < 0, -eye[2] / ray[..., 2], np.inf)
    floor = (to_floor < wall) & (to_floor >= 0)
    depth = np.where(floor, to_floor, wall)
    point = eye + depth[..., None] * ray
    side = np.sign(np.take_along_axis(ray[..., :2], wall_axis[..., None], -1)[..., 0])
    bright = 0.92 + 0.06 * np.where(wall_axis == 0, side, -0.4 * side)
    bright = bright * (0.90 + 0.05 * np.clip(point[..., 2], 0, 3))
    panel = np.floor(np.take_along_axis(point[..., :2], 1 - wall_axis[..., None], -1) / PANEL_M)
    bright = bright * (1 - 0.02 * (panel[..., 0] % 2))
    bright = np.where(point[..., 2] < 0.10, 0.62 * bright, bright)  # skirting board
    walls = np.array(scene.wall) * bright[..., None]
    cell = np.floor(point[..., :2] / scene.tile_m)
    # A number from 0 to 1 that looks random, the same for the same tile.
    tint = 1 - 0.12 * (np.sin(12.9898 * cell[..., 0] + 78.233 * cell[..., 1]) * 4375.85 % 1)
    fade = 1 - 0.02 * np.clip(depth, 0, 10)
    floors = np.array(scene.floor) * (tint * fade)[..., None]
    return np.where(floor[..., None], floors, walls), depth, floor


def _add_box(
    colour: World,
    depth: Float[np.ndarray, "height width"],
    ray: World,
    eye: Point,
    piece: Furniture,
    light: Point,
) -> None:
    """Draw a box where it is nearer than what is there."""
    start = np.full(depth.shape, -np.inf)
    leave = np.full(depth.shape, np.inf)
    face = np.zeros(depth.shape, np.intp)
    for axis in range(3):
        low = (piece.low_m[axis] - eye[axis]) / ray[..., axis]
        high = (piece.high_m[axis] - eye[axis]) / ray[..., axis]
        enter = np.minimum(low, high)
        face[enter > start] = axis
        start = np.maximum(start, enter)
        leave = np.minimum(leave, np.maximum(low, high))
    hit = (start < leave) & (start > 0.3) & (start < depth - 1e-6)
    shade = (0.75 + 0.15 * np.abs(light))[face[hit]]
    colour[hit] = np.array(piece.rgb) * shade[:, None]
    depth[hit] = np.inf


def shaded(
    canvas: Canvas3D, stage: Set, solids: list[Solid]
) -> UInt8[np.ndarray, "height width 3"]:
    """The picture: the people in lamp and sky light, their shadow on the floor, edges softened."""
    out = stage.empty.copy()
    _add_shadow(out, stage, solids)
    hit = canvas.depth_m < FAR_M
    if hit.any():
        rows, columns = np.flatnonzero(hit.any(axis=1)), np.flatnonzero(hit.any(axis=0))
        box = np.s_[max(0, rows[0] - 2) : rows[-1] + 3, max(0, columns[0] - 2) : columns[-1] + 3]
        _light_people(out[box], canvas, box, stage)
        _soften_edges(out[box], canvas.depth_m[box])
    return (np.clip(out, 0, 1) * 255 + 0.5).astype(np.uint8)


def _light_people(out: World, canvas: Canvas3D, box: tuple[slice, slice], stage: Set) -> None:
    hit = canvas.depth_m[box] < FAR_M
    normal = canvas.normal[(slice(None), *box)][:, hit]
    lamp = stage.light.astype(np.float32) @ normal
    sky = stage.up.astype(np.float32) @ normal
    bright = 0.42 + 0.14 * sky + 0.54 * np.clip(lamp, 0, 1) - 0.06 * (1 + normal[2])
    half = stage.light + np.array([0.0, 0.0, -1.0])
    shine = (half / np.linalg.norm(half)).astype(np.float32) @ normal
    shine = canvas.gloss[box][hit] * np.clip(shine, 0, 1) ** 24
    out[hit] = (canvas.rgb[(slice(None), *box)][:, hit] * bright + 0.4 * shine).T


def _soften_edges(out: World, depth_m: Float[np.ndarray, "height width"]) -> None:
    """Where depth jumps, each pixel takes in its neighbours: no staircases."""
    jump = np.zeros(depth_m.shape, bool)
    for axis in (0, 1):
        step = np.abs(np.diff(depth_m, axis=axis)) > 0.03
        first, second = (np.s_[:-1], np.s_[1:]) if axis == 0 else (np.s_[:, :-1], np.s_[:, 1:])
        jump[first] |= step
        jump[second] |= step
    out[jump] = uniform_filter(out, (3, 3, 0), mode="nearest")[jump]


def _add_shadow(out: World, stage: Set, solids: list[Solid]) -> None:
    """The lamp's shadow of every solid, drawn on a map of the floor, blurred, and looked up."""
    balls = [ball for solid in solids for ball in _on_floor(stage, solid)]
    if not balls:
        return
    spots = np.array(balls)
    low, high = spots[:, :2].min(axis=0) - 0.4, spots[:, :2].max(axis=0) + 0.4
    size = np.minimum(np.ceil((high - low) / TEXEL_M).astype(int) + 1, 400)
    dark = np.zeros(size[::-1], np.float32)
    for spot in (spots - [*low, 0.0]) / TEXEL_M:
        _stamp(dark, *spot.tolist())
    dark = gaussian_filter(np.minimum(dark, 1), 1.6)
    (x, y), high = stage.ground_m, low + size * TEXEL_M
    here = (x > low[0]) & (x < high[0]) & (y > low[1]) & (y < high[1])
    place = np.stack([y[here] - low[1], x[here] - low[0]]) / TEXEL_M
    out[here] *= 1 - SHADOW_DARK * map_coordinates(dark, place, order=1)[:, None]


def _on_floor(stage: Set, solid: Solid) -> list[tuple[float, float, float]]:
    """x, y, radius of the balls of a solid's shadow; a long solid throws several."""
    if solid.radius_a_m < 0.02 and solid.radius_b_m < 0.02:
        return []
    length_m = float(np.linalg.norm(solid.b_m - solid.a_m))
    count = 1 + math.ceil(length_m / 0.06)
    light = stage.world_from_camera @ stage.light
    share = np.linspace(0, 1, count)[:, None]
    world = (solid.a_m + share * (solid.b_m - solid.a_m)) @ stage.world_from_camera.T + stage.eye_m
    spot = world[:, :2] - world[:, 2:] / light[2] * light[:2]
    radius = solid.radius_a_m + share[:, 0] * (solid.radius_b_m - solid.radius_a_m)
    above = (world[:, 2] > -radius) & (np.abs(spot) < 1e3).all(axis=1)
    return [
        (float(x), float(y), float(r)) for (x, y), r in zip(spot[above], radius[above], strict=True)
    ]


def _stamp(dark: Float[np.ndarray, "y x"], x: float, y: float, radius: float) -> None:
    reach = math.ceil(radius) + 1
    left, top = max(0, int(x) - reach), max(0, int(y) - reach)
    right, bottom = int(x) + reach + 2, int(y) + reach + 2
    part = dark[top:bottom, left:right]
    rows = np.arange(top, top + part.shape[0], dtype=np.float32)[:, None] - np.float32(y)
    columns = np.arange(left, left + part.shape[1], dtype=np.float32) - np.float32(x)
    cover = np.clip(np.float32(radius + 0.5) - np.sqrt(rows * rows + columns * columns), 0, 1)
    np.maximum(part, cover, out=part)


def _picture_rays(camera: Camera) -> World:
    x, y = np.meshgrid(np.arange(camera.width_px), np.arange(camera.height_px))
    flat = rays(camera, np.stack([x, y], axis=-1).astype(np.float64))
    return np.concatenate([flat, np.ones_like(flat[..., :1])], axis=-1)


def _rgb(colour: Float[np.ndarray, "3"]) -> Rgb:
    return float(colour[0]), float(colour[1]), float(colour[2])
