"""A detector that sees what somebody is known to do, so that applications run on real files."""

from dataclasses import replace

import numpy as np

from monomocap.geometry.rotation import about
from monomocap.render.exercises import perform, schedule
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Frame, Motion3D, Person2D, Take, Track2D, VideoInfo
from tests.fakes import FakeDetector

SIZE_PX = 96


def doing(
    exercise: str, times: int, seconds: float = 1.6, *, fps: float = 30.0, partial: int = 0
) -> Motion3D:
    """An exercise by rule; the world's x is ahead of the body, z is up."""
    plan = schedule(times, seconds, np.random.default_rng(0), partial=partial)
    return perform(exercise, plan, fps, rest_s=0.6)


def turned(motion: Motion3D, degrees: float) -> Motion3D:
    """About the vertical."""
    turn = about(np.array([0.0, 0.0, 1.0]), np.array(np.radians(degrees)))
    return replace(motion, xyz_m=motion.xyz_m @ turn.T)


def in_picture(motion: Motion3D) -> np.ndarray:
    """Seen from ahead and from far away, pixels."""
    y, z = motion.xyz_m[..., 1], motion.xyz_m[..., 2]
    scale = SIZE_PX / 2.6
    return np.stack([SIZE_PX / 2 + scale * y, 0.95 * SIZE_PX - scale * z], axis=-1)


def take_of(*motions: Motion3D) -> Take:
    """As the pipeline would give it, without mistakes."""
    time_s = motions[0].time_s
    people = [replace(m, person=number) for number, m in enumerate(motions)]
    tracks = [
        Track2D(m.person, time_s, in_picture(m), np.ones(m.xyz_m.shape[:2]), H36M17) for m in people
    ]
    info = VideoInfo("clip.mp4", SIZE_PX, SIZE_PX, 30.0, len(time_s))
    camera = Camera.from_fov(SIZE_PX, SIZE_PX)
    return Take(info, camera, time_s, tuple(tracks), tuple(people))


class Scripted(FakeDetector):
    """Sees a motion's poses one after the other."""

    skeleton = H36M17

    def __init__(self, motion: Motion3D) -> None:
        super().__init__()
        self._xy_px = in_picture(motion).astype(np.float32)

    def __call__(self, frame: Frame) -> list[Person2D]:
        if frame.index >= len(self._xy_px):
            return []
        xy_px = self._xy_px[frame.index]
        box_px = np.concatenate([xy_px.min(axis=0), xy_px.max(axis=0)])
        return [Person2D(xy_px, np.full(17, 0.9, np.float32), box_px)]
