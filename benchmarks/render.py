"""How quick the drawing is: frames per second of stage, mannequin and overlay on this machine.

    python benchmarks/render.py

Prints frames per second by the clock and by processor time (the latter holds on a busy machine;
all drawing runs on one core). Aims: stage 100 at 720p, mannequin 10 at 480x640.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from monomocap.render.mannequin import Mannequin, truth
from monomocap.render.overlay import draw_skeleton
from monomocap.render.sample import SEED, sample_camera, sample_motion
from monomocap.render.stage import Stage
from monomocap.skeleton import H36M17

FRAMES = 60


def main() -> None:
    """Time each of the three."""
    for name, frames in (
        ("3D stage, 1280x720", stage_frames),
        ("mannequin, 480x640, set-up included", mannequin_frames),
        ("overlay, 1920x1080", overlay_frames),
    ):
        clock_s, processor_s = timed(frames)
        print_line(name, FRAMES / clock_s, FRAMES / processor_s)


def stage_frames() -> Iterator[object]:
    """The sample's motion on the stage."""
    _, xyz_m = truth(sample_motion(), sample_camera())
    stage = Stage(1280, 720)
    for pose_m in (xyz_m - xyz_m[:, :1])[:FRAMES]:
        yield stage.draw(pose_m, H36M17)


def mannequin_frames() -> Iterator[object]:
    """The sample's first frames."""
    motion = sample_motion()
    part = replace(
        motion,
        time_s=motion.time_s[:FRAMES],
        xyz_m=motion.xyz_m[:FRAMES],
        confidence=motion.confidence[:FRAMES],
    )
    return Mannequin(SEED).render_frames(part, sample_camera())


def overlay_frames() -> Iterator[object]:
    """A skeleton that fills a large picture."""
    motion = sample_motion()
    xy_px, _ = truth(motion, sample_camera())
    picture, sure = np.zeros((1080, 1920, 3), np.uint8), np.ones(len(motion.skeleton))
    for pose_px in xy_px[:FRAMES] * 1080 / 640:
        yield draw_skeleton(picture, pose_px, sure, motion.skeleton)


def timed(frames: Callable[[], Iterator[object]]) -> tuple[float, float]:
    """Seconds by the clock and by the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    for _ in frames():
        pass
    return time.perf_counter() - clock, time.process_time() - processor


def print_line(name: str, by_clock: float, by_processor: float) -> None:
    """One row of the table."""
    sys.stdout.write(f"{name:<38}{by_clock:8.1f} frames/s {by_processor:8.1f} per core-second\n")


if __name__ == "__main__":
    main()
