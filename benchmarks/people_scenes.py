"""Films of mannequins in which people could be taken for each other; where they are is known."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from monomocap.render.mannequin import film, truth
from monomocap.render.motions import walk
from monomocap.render.person import Look
from monomocap.render.scene import Scene
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Frame, Motion3D

WIDTH_PX, HEIGHT_PX, FOV_DEG = 640, 360, 60.0
AWAY_M, EYE_M = 5.0, 1.4
PILLAR = (92, 88, 84)
GIRTH = 0.06
"""Half a limb's or a trunk's breadth, as a share of a person's height in the picture, about."""


@dataclass(frozen=True)
class Film:
    """A film and where everybody's joints really are."""

    frames: Callable[[], Iterator[Frame]]
    xy_px: list[Float[np.ndarray, "time 17 2"]]
    """One per person."""
    hidden: list[Float[np.ndarray, " time"]]
    """Share of each person that something stands before, 0 to 1."""
    pillar_px: tuple[float, float] | None = None


def crossing(
    seed: int = 0,
    *,
    fps: float = 15.0,
    seconds: float = 4.0,
    apart_m: float = 1.0,
    alike: bool = False,
) -> Film:
    """Two people walk past each other, one behind the other at `apart_m`; `alike`: same clothes."""
    near = moved(walk(seconds, fps, seed=seed, turn_rad_s=0.0, heading=math.pi / 2), 0.0)
    far = moved(
        walk(seconds, fps, seed=seed + 1, turn_rad_s=0.0, heading=-math.pi / 2, height_m=1.68),
        apart_m,
    )
    looks = looks_of(seed, alike)
    return _film([(looks[0], near), (looks[1], far)], seed)


def beside(seed: int = 0, *, fps: float = 15.0, seconds: float = 4.0) -> Film:
    """Two people walk the same way, one slowly overtaken by the other."""
    near = moved(walk(seconds, fps, seed=seed, turn_rad_s=0.0, heading=1.57, speed_m_s=1.2), 0.0)
    far = moved(walk(seconds, fps, seed=seed + 1, turn_rad_s=0.0, heading=1.57, speed_m_s=0.5), 0.8)
    looks = looks_of(seed, False)
    return _film([(looks[0], near), (looks[1], far)], seed)


def behind_pillar(
    seed: int = 0, *, fps: float = 15.0, seconds: float = 4.5, hidden_s: float = 1.0
) -> Film:
    """Somebody walks behind a pillar that hides all of them for `hidden_s`."""
    motion = moved(walk(seconds, fps, seed=seed, turn_rad_s=0.0, heading=math.pi / 2), 0.0)
    film = _film([(looks_of(seed, False)[0], motion)], seed)
    middle_px = float(film.xy_px[0][len(motion.time_s) // 2, 0, 0])
    size_px = np.ptp(film.xy_px[0][..., 0], axis=1)
    speed_px_s = float(np.abs(np.gradient(film.xy_px[0][:, 0, 0], motion.time_s)).mean())
    half_px = (speed_px_s * hidden_s + float(np.median(size_px)) * 1.25) / 2
    return with_pillar(film, middle_px - half_px, middle_px + half_px)


def with_pillar(film: Film, left_px: float, right_px: float) -> Film:
    """The same film behind a pillar that stands close to the camera."""

    def frames() -> Iterator[Frame]:
        for frame in film.frames():
            rgb = frame.rgb.copy()
            rgb[:, max(round(left_px), 0) : max(round(right_px), 0)] = PILLAR
            yield replace(frame, rgb=rgb)

    hidden = [
        np.mean((xy[..., 0] > left_px) & (xy[..., 0] < right_px), axis=1) for xy in film.xy_px
    ]
    return Film(frames, film.xy_px, hidden, (left_px, right_px))


def looks_of(seed: int, alike: bool) -> list[Look]:
    """Two looks by chance."""
    rng = np.random.default_rng(100 + seed)
    first, second = Look.random(rng), Look.random(rng)
    return [first, first if alike else second]


def moved(motion: Motion3D, x_m: float) -> Motion3D:
    """The motion further from the camera."""
    return replace(motion, xyz_m=motion.xyz_m + np.array([x_m, 0.0, 0.0]))


def _film(people: list[tuple[Look, Motion3D]], seed: int) -> Film:
    """The people in a room; nearer ones come first."""
    camera = _camera()
    scene = Scene.random(np.random.default_rng(200 + seed))
    xy_px = [truth(motion, camera)[0] for _, motion in people]
    hidden = [
        np.max([np.zeros(len(xy)), *(_hidden_by(front, xy) for front in xy_px[:i])], axis=0)
        for i, xy in enumerate(xy_px)
    ]
    return Film(lambda: film(people, scene, camera), xy_px, hidden)


def _hidden_by(
    front_px: Float[np.ndarray, "time 17 2"], behind_px: Float[np.ndarray, "time 17 2"]
) -> Float[np.ndarray, " time"]:
    """Share of somebody's joints that lie behind the limbs and trunk of somebody in front."""
    parents = np.array(H36M17.parents)
    children = np.flatnonzero(parents >= 0)
    start, end = front_px[:, None, parents[children]], front_px[:, None, children]
    bone, joint = end - start, behind_px[:, :, None] - start
    length = np.maximum((bone**2).sum(axis=-1), 1e-9)
    along = np.clip((joint * bone).sum(axis=-1) / length, 0, 1)
    away_px = np.linalg.norm(joint - along[..., None] * bone, axis=-1).min(axis=-1)
    height_px = np.ptp(front_px[..., 1], axis=1)
    return (away_px < GIRTH * height_px[:, None]).mean(axis=1)


def _camera() -> Camera:
    """At the world's -x side, level, looking along +x."""
    rows = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
    shift_m = -rows @ np.array([-AWAY_M, 0.0, EYE_M])
    matrix = np.concatenate([rows, shift_m[:, None]], axis=1)
    placed = tuple((float(a), float(b), float(x), float(y)) for a, b, x, y in matrix)
    return replace(Camera.from_fov(WIDTH_PX, HEIGHT_PX, FOV_DEG), camera_from_world=placed)
