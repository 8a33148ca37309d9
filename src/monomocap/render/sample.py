"""The embedded sample: a short video of the mannequin, made on the spot, whose truth is known."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from monomocap.options import Progress, no_progress
from monomocap.render.mannequin import Mannequin, truth
from monomocap.render.motions import walk
from monomocap.types import Camera, Motion3D
from monomocap.video.write import VideoWriter

SECONDS, FPS = 4.0, 30.0
WIDTH_PX, HEIGHT_PX = 480, 640
FOV_DEG = 52.0
TURN_RAD_S = 0.75
DISTANCE_M = 3.9
CAMERA_HEIGHT_M = 1.35
LOOK_AT_M = 0.88
"""Height of the point that the camera looks at."""
SEED = 3


@dataclass(frozen=True)
class SampleTruth:
    """What is really to be seen in the sample, one row per frame."""

    time_s: Float[np.ndarray, " time"]
    xyz_m: Float[np.ndarray, "time 17 3"]
    """Metres from the pelvis, camera axes, H36M joints."""
    xy_px: Float[np.ndarray, "time 17 2"]
    camera: Camera


def write_sample(path: Path, *, progress: Progress = no_progress) -> SampleTruth:
    """Write the sample video; the same bytes of motion, look and camera every time."""
    motion = sample_motion()
    camera = sample_camera()
    frames = len(motion.time_s)
    with VideoWriter(path, fps=FPS) as writer:
        for frame in Mannequin(SEED).render_frames(motion, camera):
            writer.write(frame.rgb, frame.time_s)
            progress("sample", frame.index + 1, frames)
    xy_px, xyz_m = truth(motion, camera)
    return SampleTruth(motion.time_s, xyz_m - xyz_m[:, :1], xy_px, camera)


def sample_motion() -> Motion3D:
    """A walk in a bend, seen from the side, from the front, and from the other side."""
    half_way = TURN_RAD_S * SECONDS / 2
    return walk(SECONDS, FPS, speed_m_s=0.7, turn_rad_s=TURN_RAD_S, heading=math.pi - half_way)


def sample_camera() -> Camera:
    """A camera on the world's -x side at chest height, tilted a little down."""
    tilt = math.atan2(CAMERA_HEIGHT_M - LOOK_AT_M, DISTANCE_M)
    c, s = math.cos(tilt), math.sin(tilt)
    # Rows: the camera's x (world -y), y (down) and z (forward, world +x) in world axes.
    rows = np.array([[0.0, -1.0, 0.0], [-s, 0.0, -c], [c, 0.0, -s]])
    shift_m = -rows @ np.array([-DISTANCE_M, 0.0, CAMERA_HEIGHT_M])
    matrix = np.concatenate([rows, shift_m[:, None]], axis=1)
    placed = tuple((float(a), float(b), float(x), float(y)) for a, b, x, y in matrix)
    return replace(Camera.from_fov(WIDTH_PX, HEIGHT_PX, FOV_DEG), camera_from_world=placed)
