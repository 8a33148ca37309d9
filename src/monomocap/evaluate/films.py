"""Short films of the mannequin doing what people of the motion capture did; the truth is known.

A seed draws stretches of clips, bodies, clothes, rooms, lenses and cameras. One film in four is of
floor work, one in four of turning, as far as the people given did any.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from monomocap.datasets.mocap import MocapClip, common_body, world_motion
from monomocap.datasets.synthetic import camera_rotation, vary_bones
from monomocap.errors import DataError
from monomocap.formats.captured import limb_length
from monomocap.geometry.camera import project, to_camera
from monomocap.geometry.resample import at_times
from monomocap.geometry.trunk import trunk_from_limbs
from monomocap.render.mannequin import Mannequin, truth
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Motion3D
from monomocap.video.write import VideoWriter

Kind = Literal["floor", "turning", "other"]
CYCLE: tuple[Kind, ...] = ("floor", "other", "turning", "other")
SECONDS, FPS = 2.0, 20.0
STEP_S = 0.5
"""Stretches of a clip begin this far apart."""
SIZES_PX = ((360, 480), (480, 360))
UPRIGHT, LOW = 0.5, 0.35
"""Floor work: the trunk's upward part, or the pelvis over the lowest joint by limb length, less."""
TURN_RAD = 1.6
"""How far the hips turn in a film of turning."""
GROUND_M = 0.07
"""The lowest joint of a film lies this high over the floor: an ankle's height, or half a thigh's
thickness."""


@dataclass(frozen=True)
class Film:
    """What is filmed, and from where."""

    name: str
    subject: str
    kind: Kind
    motion: Motion3D
    """World frame, H36M-17 with the trunk made of the limbs."""
    camera: Camera
    look: int
    """The seed of person and room."""

    @property
    def truth_px(self) -> Float[np.ndarray, "time 17 2"]:
        """Where every joint is in the picture."""
        return truth(self.motion, self.camera)[0]

    @property
    def truth_m(self) -> Float[np.ndarray, "time 17 3"]:
        """Metres in the camera's axes."""
        return truth(self.motion, self.camera)[1]

    def write(self, path: Path) -> None:
        """As a video; raises `OutputError`."""
        with VideoWriter(path, fps=FPS) as writer:
            for frame in Mannequin(self.look).render_frames(self.motion, self.camera):
                writer.write(frame.rgb, frame.time_s)


def films(clips: Sequence[MocapClip], count: int, *, seed: int) -> Iterator[Film]:
    """So many films of these people; each depends on the seed and its number alone.

    Raises `DataError` when no clip is long enough.
    """
    found = _stretches(clips)
    if not any(found.values()):
        raise DataError(f"no clip is as long as a film of {SECONDS:g} s")
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        kind = CYCLE[number % len(CYCLE)]
        there = found[kind] or next(stretches for stretches in found.values() if stretches)
        people = sorted({clip.subject for clip, _ in there})
        chosen = people[rng.integers(len(people))]
        of_one = [stretch for stretch in there if stretch[0].subject == chosen]
        clip, begin_s = of_one[rng.integers(len(of_one))]
        yield _film(clip, begin_s, kind, rng)


Stretch = tuple[MocapClip, float]


def _stretches(clips: Sequence[MocapClip]) -> dict[Kind, list[Stretch]]:
    """Where a film could begin, by what would be seen."""
    found: dict[Kind, list[Stretch]] = {kind: [] for kind in get_args(Kind)}
    for clip in clips:
        time_s = clip.motion.time_s
        last_s = float(time_s[-1]) - SECONDS if len(time_s) else -1.0
        begins_s = np.arange(0, last_s + 1e-9, STEP_S)
        if len(begins_s):
            low, heading = _posture(clip.motion.xyz_m)
        for begin_s in begins_s:
            here = (time_s >= begin_s) & (time_s <= begin_s + SECONDS)
            found[_kind(low[here], heading[here])].append((clip, float(begin_s)))
    return found


def _posture(xyz_m: Float[np.ndarray, "time 17 3"]) -> tuple[np.ndarray, np.ndarray]:
    """Per frame: whether the person is down, and where the hips face, unwrapped radians."""
    j = H36M17.index
    body = common_body(xyz_m)
    trunk = body[:, j("thorax")] - body[:, j("pelvis")]
    upward = trunk[:, 2] / np.linalg.norm(trunk, axis=-1).clip(1e-6)
    above = (body[:, 0, 2] - body[..., 2].min(axis=1)) / limb_length(body).mean()
    across = body[:, j("left_hip")] - body[:, j("right_hip")]
    heading = np.unwrap(np.arctan2(across[:, 1], across[:, 0]))
    return (upward < UPRIGHT) | (above < LOW), heading


def _kind(low: np.ndarray, heading: np.ndarray) -> Kind:
    if low.mean() > 0.5:
        return "floor"
    return "turning" if np.ptp(heading) > TURN_RAD and not low.any() else "other"


def _film(clip: MocapClip, begin_s: float, kind: Kind, rng: np.random.Generator) -> Film:
    time_s = begin_s + np.arange(round(SECONDS * FPS)) / FPS
    captured = at_times(
        common_body(clip.motion.xyz_m).astype(np.float64), clip.motion.time_s, time_s
    )
    world = trunk_from_limbs(vary_bones(captured[None], 0.05, rng))[0]
    world = world * np.exp(rng.normal(0, 0.06))
    world[..., 2] += GROUND_M - world[..., 2].min()
    return Film(
        name=f"{clip.name} {begin_s:.1f} s",
        subject=clip.subject,
        kind=kind,
        motion=world_motion(world, FPS),
        camera=_camera(world, rng),
        look=int(rng.integers(2**31)),
    )


def _camera(world_m: Float[np.ndarray, "time 17 3"], rng: np.random.Generator) -> Camera:
    """Held at knee to head height anywhere around, as near as the whole person fits."""
    lens = Camera.from_fov(*SIZES_PX[rng.integers(2)], float(rng.uniform(45, 75)))
    middle = (world_m.min(axis=(0, 1)) + world_m.max(axis=(0, 1))) / 2
    heading, height_m = rng.uniform(-np.pi, np.pi), rng.uniform(0.5, 2.2)
    roll, margin = rng.normal(0, 0.04), rng.uniform(0.06, 0.2)
    for distance_m in 1.8 * 1.06 ** np.arange(40):
        pitch = np.arctan2(height_m - middle[2], distance_m)
        camera = _placed(lens, middle, distance_m, np.array([[heading], [pitch], [roll]]))
        if _fits(camera, world_m, margin):
            break
    return camera


def _placed(
    lens: Camera, middle: np.ndarray, distance_m: float, angles_rad: Float[np.ndarray, "3 1"]
) -> Camera:
    rotation = camera_rotation(*angles_rad)[0]
    shift = np.array([0, 0, distance_m]) - rotation @ middle
    rows = np.concatenate([rotation, shift[:, None]], axis=1).tolist()
    matrix = (tuple(rows[0]), tuple(rows[1]), tuple(rows[2]))
    return replace(lens, camera_from_world=matrix)


def _fits(camera: Camera, world_m: Float[np.ndarray, "time 17 3"], margin: float) -> bool:
    """Every joint stays this share of the picture away from its edge, and a metre away."""
    if to_camera(camera, world_m)[..., 2].min() < 1:
        return False
    size = np.array([camera.width_px, camera.height_px])
    share = project(camera, to_camera(camera, world_m)) / size
    return bool((share > margin).all() and (share < 1 - margin).all())
