"""A synthetic person whose pose is known exactly: smooth solids with face, shirt, trousers, shoes.

The person is dressed over the 17 joints of a motion; whatever moves the joints moves the person.
Random, but the same for the same seed: skin, hair, clothes, girth, light and background.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from monomocap.errors import InputError
from monomocap.geometry.camera import project, rays
from monomocap.render.solids import FAR_M, Canvas3D, Solid, draw
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Frame, Motion3D

Rgb = tuple[float, float, float]
Point = Float[np.ndarray, "3"]

SKINS: tuple[Rgb, ...] = (
    (0.95, 0.78, 0.66),
    (0.88, 0.67, 0.52),
    (0.76, 0.54, 0.40),
    (0.55, 0.37, 0.27),
    (0.38, 0.25, 0.19),
)
HAIRS: tuple[Rgb, ...] = (
    (0.08, 0.06, 0.05),
    (0.22, 0.14, 0.09),
    (0.45, 0.30, 0.17),
    (0.62, 0.50, 0.32),
    (0.45, 0.44, 0.43),
)


@dataclass(frozen=True)
class Look:
    """What a person wears, and how broad they are."""

    skin: Rgb
    hair: Rgb
    shirt: Rgb
    trousers: Rgb
    shoes: Rgb
    girth: float
    """1 is ordinary."""

    @classmethod
    def random(cls, rng: np.random.Generator) -> "Look":
        """A look drawn by chance; shirt and trousers differ in brightness."""
        light = rng.random() < 0.5
        return cls(
            skin=SKINS[rng.integers(len(SKINS))],
            hair=HAIRS[rng.integers(len(HAIRS))],
            shirt=_cloth(rng, 0.75 if light else 0.35),
            trousers=_cloth(rng, 0.25 if light else 0.6),
            shoes=_cloth(rng, 0.2 if rng.random() < 0.6 else 0.85),
            girth=float(rng.uniform(0.92, 1.12)),
        )


@dataclass(frozen=True)
class Scene:
    """Light and background, in the world's axes."""

    light: Point
    """Unit direction towards the lamp; Z up."""
    wall: Rgb
    floor: Rgb
    tile_m: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> "Scene":
        """Drawn by chance: the lamp stands high, the wall is quiet."""
        turn, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 1.2)
        light = np.array([math.cos(turn), math.sin(turn), math.tan(height)])
        grey = rng.uniform(0.5, 0.8)
        wall = _rgb(grey + rng.uniform(-0.06, 0.06, 3))
        floor = _rgb(0.65 * grey + rng.uniform(-0.04, 0.04, 3))
        return cls(light / np.linalg.norm(light), wall, floor, float(rng.uniform(0.5, 0.9)))


class Mannequin:
    """A person of one look in one scene; the seed chooses both."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.look = Look.random(rng)
        self.scene = Scene.random(rng)

    def render_frames(self, motion: Motion3D, camera: Camera) -> Iterator[Frame]:
        """The motion (world frame) as the camera (with `camera_from_world`) films it."""
        rotation, shift_m = _extrinsics(camera)
        xyz_m = _in_camera(motion, camera)
        canvas = Canvas3D.of(camera)
        background = _background(self.scene, camera)
        light = rotation @ self.scene.light
        up = rotation @ np.array([0.0, 0.0, 1.0])
        origin = shift_m
        for index, (time_s, pose_m) in enumerate(zip(motion.time_s, xyz_m, strict=True)):
            canvas.clear()
            for solid in dressed(dict(zip(H36M17.joints, pose_m, strict=True)), self.look):
                draw(canvas, solid)
            floor = _shadowed(background, canvas, pose_m, up, origin)
            yield Frame(index, float(time_s), _shaded(canvas, floor, light, up))


def truth(
    motion: Motion3D, camera: Camera
) -> tuple[Float[np.ndarray, "time 17 2"], Float[np.ndarray, "time 17 3"]]:
    """Where every joint is in the picture (pixels), and in the camera's axes (metres)."""
    xyz_m = _in_camera(motion, camera)
    return project(camera, xyz_m), xyz_m


def dressed(at: dict[str, Point], look: Look) -> Iterator[Solid]:
    """A pose's solids; joints by name, metres, in the axes of whoever draws them."""
    up = _unit(at["thorax"] - at["pelvis"])
    leftward = _unit(at["left_shoulder"] - at["right_shoulder"])
    chest_ahead = _unit(np.cross(leftward, up))
    hips_left = _unit(at["left_hip"] - at["right_hip"])
    ahead = _unit(np.cross(hips_left, up))
    size = float(np.linalg.norm(at["thorax"] - at["pelvis"])) / 0.5
    yield from _trunk(at, look, up, leftward, chest_ahead, ahead, size)
    yield from _head(at, look, leftward, size)
    for side in ("left", "right"):
        yield from _arm(at, look, side, size)
        yield from _leg(at, look, side, ahead, size)


def _trunk(
    at: dict[str, Point],
    look: Look,
    up: Point,
    leftward: Point,
    chest_ahead: Point,
    ahead: Point,
    size: float,
) -> Iterator[Solid]:
    g = look.girth * size
    flat, flat_hips = (chest_ahead, 0.66), (ahead, 0.72)
    chest = at["thorax"] - 0.11 * size * up
    waist = at["pelvis"] + 0.12 * size * up
    yield Solid(at["pelvis"], waist, 0.155 * g, 0.135 * g, look.trousers, 0, flat_hips)
    yield Solid(waist, chest, 0.142 * g, 0.172 * g, look.shirt, 0, flat, 0.02)
    for joint in ("left_shoulder", "right_shoulder"):
        inner = at["thorax"] + 0.02 * size * up
        outer = at[joint] - 0.015 * size * up
        yield Solid(inner, outer, 0.075 * g, 0.068 * g, look.shirt, 0, None, 0.03)
        yield Solid(chest, outer, 0.11 * g, 0.065 * g, look.shirt, 0, flat, 0.03)


def _head(at: dict[str, Point], look: Look, leftward: Point, size: float) -> Iterator[Solid]:
    up = _unit(at["head"] - at["thorax"])
    ahead = _unit(np.cross(leftward, up))
    leftward = np.cross(up, ahead)
    ears = at["head"]
    face = ears + size * (0.020 * ahead + 0.004 * up)
    skull = ears + size * (-0.004 * ahead + 0.028 * up)
    base = at["thorax"] + 0.02 * size * up
    yield Solid(base, ears - 0.02 * size * up, 0.058 * size, 0.052 * size, look.skin)
    narrow = (leftward, 0.80)
    jaw = face + size * (0.012 * ahead - 0.075 * up)
    yield Solid(skull, jaw, 0.098 * size, 0.060 * size, look.skin, 0.1, narrow, 0.02)
    crown = skull + size * (-0.022 * ahead + 0.020 * up)
    nape = skull + size * (-0.040 * ahead - 0.045 * up)
    yield Solid(crown, nape, 0.100 * size, 0.075 * size, look.hair, 0.2, (leftward, 0.84))
    lips: Rgb = (0.85 * look.skin[0], 0.55 * look.skin[1], 0.55 * look.skin[2])
    front = face + 0.090 * size * ahead
    tip = front + size * (0.008 * ahead - 0.026 * up)
    yield Solid(front + 0.010 * size * up, tip, 0.011 * size, 0.017 * size, look.skin, 0.1)
    mouth = face + size * (0.066 * ahead - 0.070 * up)
    side = 0.022 * size * leftward
    yield Solid(mouth - side, mouth + side, 0.010 * size, 0.010 * size, lips)
    for out in (1, -1):
        eye = face + size * (0.067 * ahead + out * 0.031 * leftward + 0.012 * up)
        yield Solid(eye, eye, 0.0175 * size, 0.0175 * size, (0.95, 0.95, 0.94), 0.3)
        pupil = eye + 0.0105 * size * ahead
        yield Solid(pupil, pupil, 0.0095 * size, 0.0095 * size, (0.10, 0.07, 0.05), 0.4)
        brow = eye + size * (0.010 * ahead + 0.024 * up)
        half = 0.016 * size * leftward
        yield Solid(brow - half, brow + half, 0.0055 * size, 0.0055 * size, look.hair)
        ear = ears + size * (out * 0.078 * leftward + 0.004 * up)
        yield Solid(
            ear + 0.016 * size * up, ear - 0.018 * size * up, 0.020 * size, 0.014 * size, look.skin
        )


def _arm(at: dict[str, Point], look: Look, side: str, size: float) -> Iterator[Solid]:
    shoulder, elbow, wrist = (at[f"{side}_{j}"] for j in ("shoulder", "elbow", "wrist"))
    g = look.girth * size
    way = _unit(wrist - elbow)
    sleeve = shoulder + 0.62 * (elbow - shoulder)
    yield Solid(shoulder, elbow, 0.050 * g, 0.040 * g, look.skin)
    yield Solid(shoulder, sleeve, 0.064 * g, 0.058 * g, look.shirt, 0, None, 0.02)
    yield Solid(elbow, wrist, 0.041 * g, 0.029 * g, look.skin, 0.05, None, 0.01)
    palm, tips = wrist + 0.05 * size * way, wrist + 0.135 * size * way
    yield Solid(wrist, palm, 0.030 * g, 0.037 * g, look.skin, 0.05, None, 0.01)
    yield Solid(palm, tips, 0.035 * g, 0.017 * g, look.skin, 0.05, None, 0.01)


def _leg(at: dict[str, Point], look: Look, side: str, ahead: Point, size: float) -> Iterator[Solid]:
    hip, knee, ankle = (at[f"{side}_{j}"] for j in ("hip", "knee", "ankle"))
    g = look.girth * size
    shin = _unit(ankle - knee)
    toes = _unit(ahead - (ahead @ shin) * shin)
    yield Solid(hip, knee, 0.093 * g, 0.064 * g, look.trousers, 0, None, 0.02)
    yield Solid(knee, ankle, 0.064 * g, 0.046 * g, look.trousers, 0, None, 0.02)
    heel = ankle + size * (0.040 * shin - 0.045 * toes)
    ball = ankle + size * (0.050 * shin + 0.115 * toes)
    tip = ankle + size * (0.052 * shin + 0.175 * toes)
    yield Solid(ankle, heel, 0.044 * g, 0.036 * g, look.shoes, 0.2)
    yield Solid(heel, ball, 0.036 * g, 0.040 * g, look.shoes, 0.2, None, 0.01)
    yield Solid(ball, tip, 0.040 * g, 0.026 * g, look.shoes, 0.2, None, 0.01)


def _shaded(
    canvas: Canvas3D,
    background: Float[np.ndarray, "height width 3"],
    light: Point,
    up: Point,
) -> UInt8[np.ndarray, "height width 3"]:
    """Lamp, sky and a little gloss; where nothing is, the background."""
    out = background.copy()
    hit = canvas.depth_m < FAR_M
    normal = canvas.normal[:, hit]
    lamp = np.tensordot(light.astype(np.float32), normal, 1)
    sky = np.tensordot(up.astype(np.float32), normal, 1)
    bright = 0.40 + 0.14 * sky + 0.56 * np.clip(lamp, 0, 1)
    half = light + np.array([0.0, 0.0, -1.0])
    shine = np.tensordot((half / np.linalg.norm(half)).astype(np.float32), normal, 1)
    shine = canvas.gloss[hit] * np.clip(shine, 0, 1) ** 24
    out[hit] = (canvas.rgb[:, hit] * bright + 0.5 * shine).T
    return (np.clip(out, 0, 1) * 255 + 0.5).astype(np.uint8)


def _background(scene: Scene, camera: Camera) -> Float[np.ndarray, "height width 3"]:
    """A tiled floor that fades into a wall."""
    rotation, shift_m = _extrinsics(camera)
    ray = _picture_rays(camera)
    way = ray @ rotation  # world axes
    eye = -rotation.T @ shift_m
    step = np.where(way[..., 2] < -1e-3, -eye[2] / np.minimum(way[..., 2], -1e-3), np.inf)
    near = np.clip((14 - step) / 8, 0, 1)[..., None]
    step = np.where(np.isfinite(step), step, 0)
    ground = eye[:2] + step[..., None] * way[..., :2]
    cells = np.floor(ground / scene.tile_m).sum(axis=-1) % 2
    floor = np.array(scene.floor) * (1 - 0.10 * cells[..., None])
    height = np.clip(0.5 + 0.5 * way[..., 2:], 0, 1)
    wall = np.array(scene.wall) * (0.85 + 0.2 * height)
    mixed: Float[np.ndarray, "height width 3"] = near * floor + (1 - near) * wall
    return mixed.astype(np.float32)


def _shadowed(
    background: Float[np.ndarray, "height width 3"],
    canvas: Canvas3D,
    pose_m: Float[np.ndarray, "17 3"],
    up: Point,
    origin: Point,
) -> Float[np.ndarray, "height width 3"]:
    """A soft dark patch on the floor under each foot: it ties the person to the ground."""
    out = background.copy()
    ray = np.stack([canvas.ray_x, canvas.ray_y, np.ones_like(canvas.ray_x)], axis=-1)
    falling = ray @ up.astype(np.float32)
    step = float(origin @ up) / np.where(falling < -1e-3, falling, np.inf)
    for joint in ("left_ankle", "right_ankle"):
        foot = pose_m[H36M17.index(joint)]
        spot = foot - ((foot - origin) @ up) * up
        away = step[..., None] * ray - spot.astype(np.float32)
        dark = 0.45 * np.exp(-(away * away).sum(axis=-1) / (2 * 0.11**2))
        out *= 1 - np.where(falling < -1e-3, dark, 0)[..., None]
    return out


def _picture_rays(camera: Camera) -> Float[np.ndarray, "height width 3"]:
    x, y = np.meshgrid(np.arange(camera.width_px), np.arange(camera.height_px))
    flat = rays(camera, np.stack([x, y], axis=-1).astype(np.float64))
    return np.concatenate([flat, np.ones_like(flat[..., :1])], axis=-1)


def _extrinsics(camera: Camera) -> tuple[Float[np.ndarray, "3 3"], Point]:
    if camera.camera_from_world is None:
        raise InputError("this camera does not say where it stands; give it camera_from_world")
    matrix = np.array(camera.camera_from_world)
    return matrix[:, :3], matrix[:, 3]


def _in_camera(motion: Motion3D, camera: Camera) -> Float[np.ndarray, "time 17 3"]:
    if motion.frame != "world" or motion.skeleton != H36M17:
        raise InputError("the mannequin wants an h36m17 motion in the world frame")
    rotation, shift_m = _extrinsics(camera)
    return motion.xyz_m @ rotation.T + shift_m


def _cloth(rng: np.random.Generator, brightness: float) -> Rgb:
    colour = rng.uniform(0.4, 1.0, 3)
    return _rgb(np.clip(colour * brightness / colour.mean(), 0.05, 0.95))


def _rgb(colour: Float[np.ndarray, "3"]) -> Rgb:
    return float(colour[0]), float(colour[1]), float(colour[2])


def _unit(vector: Point) -> Point:
    unit: Point = vector / (np.linalg.norm(vector) + 1e-12)
    return unit
