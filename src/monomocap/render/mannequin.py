"""Films of synthetic people whose pose is known exactly, from any motion and any camera.

The people are dressed over the 17 joints of their motions and stand in a room; look, light and room
are random, but the same for the same seed. A pose that is missing leaves the room empty.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from monomocap.errors import InputError
from monomocap.geometry.camera import project
from monomocap.render.person import Look, dressed, size_of
from monomocap.render.scene import Scene, build, shaded
from monomocap.render.solids import Canvas3D, draw
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Frame, Motion3D


class Mannequin:
    """A person of one look in one scene; the seed chooses both."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.look = Look.random(rng)
        self.scene = Scene.random(rng)

    def render_frames(self, motion: Motion3D, camera: Camera) -> Iterator[Frame]:
        """The motion (world frame) as the camera (with `camera_from_world`) films it."""
        return film([(self.look, motion)], self.scene, camera)


def film(people: Sequence[tuple[Look, Motion3D]], scene: Scene, camera: Camera) -> Iterator[Frame]:
    """Several people in one room, nearer ones before farther ones; all on the same clock."""
    if not people:
        raise InputError("a film needs at least one person; give a motion, if only of NaN")
    time_s = people[0][1].time_s
    if any(not np.array_equal(motion.time_s, time_s) for _, motion in people):
        raise InputError("the people of one film must have the same times; resample their motions")
    poses_m = [_in_camera(motion, camera) for _, motion in people]
    looks = [(look, size_of(xyz_m)) for (look, _), xyz_m in zip(people, poses_m, strict=True)]
    depths_m = np.concatenate([xyz_m[:, 0, 2] for xyz_m in poses_m])
    seen_m = depths_m[np.isfinite(depths_m) & (depths_m > 0)]
    stage = build(scene, camera, float(np.median(seen_m)) if len(seen_m) else 0.0)
    canvas = Canvas3D.of(camera)
    for index, now_s in enumerate(time_s):
        canvas.clear()
        solids = [
            solid
            for xyz_m, (look, size) in zip(poses_m, looks, strict=True)
            for solid in dressed(xyz_m[index], look, stage.ground, size)
        ]
        for solid in solids:
            draw(canvas, solid)
        yield Frame(index, float(now_s), shaded(canvas, stage, solids))


def truth(
    motion: Motion3D, camera: Camera
) -> tuple[Float[np.ndarray, "time 17 2"], Float[np.ndarray, "time 17 3"]]:
    """Where every joint is in the picture (pixels), and in the camera's axes (metres)."""
    xyz_m = _in_camera(motion, camera)
    return project(camera, xyz_m), xyz_m


def _in_camera(motion: Motion3D, camera: Camera) -> Float[np.ndarray, "time 17 3"]:
    if camera.camera_from_world is None:
        raise InputError("this camera does not say where it stands; give it camera_from_world")
    if motion.frame != "world" or motion.skeleton != H36M17:
        raise InputError("the mannequin wants an h36m17 motion in the world frame")
    matrix = np.array(camera.camera_from_world)
    return motion.xyz_m @ matrix[:, :3].T + matrix[:, 3]
