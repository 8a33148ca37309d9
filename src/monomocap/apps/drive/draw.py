"""The video beside the avatar's bones, as they are sent."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from jaxtyping import Float

from monomocap.apps.drive.puppet import AvatarPose, joints_m
from monomocap.geometry.rig import RIG
from monomocap.options import Progress, no_progress
from monomocap.render.side_by_side import shown_size
from monomocap.render.stage import Stage
from monomocap.types import Take
from monomocap.video.ahead import ahead
from monomocap.video.read import VideoReader
from monomocap.video.resize import resize
from monomocap.video.write import VideoWriter


def render_drive(
    take: Take,
    poses: Sequence[AvatarPose],
    video: Path,
    output: Path,
    progress: Progress = no_progress,
) -> None:
    """Every frame of the video; a frame without a pose has an empty stage.

    Raises `VideoError` where the video cannot be read any more, `OutputError` where nothing can be
    written.
    """
    width_px, height_px = shown_size(take.info.width_px, take.info.height_px)
    floor_m = float(np.median([pose.root_m[2] for pose in poses])) if poses else 0.95
    stage = Stage(height_px, height_px, 20.0, 10.0, floor_m=floor_m)
    at = {pose.time_s: pose for pose in poses}
    frames = len(take.time_s)
    with (
        VideoReader(video, max_frames=max(frames, 1)) as reader,
        closing(ahead(reader)) as pictures,
        VideoWriter(output, fps=take.info.fps) as writer,
    ):
        for frame in pictures:
            pose = at.get(float(take.time_s[frame.index]))
            people = [] if pose is None else [(on_stage(pose, floor_m), RIG)]
            picture = resize(frame.rgb, width_px, height_px)
            writer.write(np.hstack([picture, stage.draw_people(people)]), frame.time_s)
            progress("render", frame.index + 1, frames)


def on_stage(pose: AvatarPose, floor_m: float) -> Float[np.ndarray, "27 3"]:
    """An avatar's joints in the stage's axes (x right, y down, z away), over its floor."""
    own = joints_m(pose) - np.array([pose.root_m[0], pose.root_m[1], floor_m])
    return np.stack([own[:, 0], -own[:, 2], own[:, 1]], axis=1)
