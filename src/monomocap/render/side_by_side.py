"""The video with the skeleton on it, beside the 3D stage; frame by frame, nothing held."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from monomocap.options import Progress, no_progress
from monomocap.render.overlay import draw_skeleton
from monomocap.render.stage import FLOOR_M, HALF_VIEW_M, Stage
from monomocap.rows import between, briefly
from monomocap.skeleton import Skeleton
from monomocap.types import Motion3D, Take
from monomocap.video.ahead import ahead
from monomocap.video.read import VideoReader
from monomocap.video.resize import resize
from monomocap.video.sources import Source
from monomocap.video.write import VideoWriter

PIECE_FRAMES = 256
"""Frames whose poses are at hand at a time."""
MOST_HEIGHT_PX = 720
LEAST_HEIGHT_PX = 360
"""Small videos are enlarged, so that the stage beside them can be made out."""
MOST_WIDTH_PX = 1280
"""Of the video's half."""
APART_M = 1.3
"""Between people who share the stage: where they stand in the room is not known."""
OTHERS_OPACITY = 0.4
"""Of the skeletons of everybody but the person who is seen most: theirs is the take's answer."""
SOLE_M = 0.08
"""From the ankle's joint to the floor."""


def render_take(
    take: Take,
    video: str | Path | Source,
    output: Path,
    *,
    azimuth_deg: float = 30.0,
    elevation_deg: float = 10.0,
    image_fps: float | None = None,
    progress: Progress = no_progress,
) -> None:
    """Write the picture of a take: every frame of it, at its true time.

    `image_fps` is that of the options that made the take.

    Raises `VideoError` where the video cannot be read any more, `OutputError` where nothing can
    be written.
    """
    width_px, height_px = shown_size(take.info.width_px, take.info.height_px)
    people = len(take.motions)
    stage = Stage(
        height_px,
        height_px,
        azimuth_deg,
        elevation_deg,
        floor_m=floor_below(take.motions),
        half_view_m=HALF_VIEW_M + APART_M / 2 * max(0, people - 1),
    )
    frames = len(take.time_s)
    chosen = take.motion()
    person = None if chosen is None else chosen.person
    with (
        VideoReader(video, max_frames=max(frames, 1), image_fps=image_fps) as reader,
        closing(ahead(reader)) as pictures,
        VideoWriter(output, fps=take.info.fps) as writer,
    ):
        piece, first = take, 0
        for frame in pictures:
            if frame.index % PIECE_FRAMES == 0:
                piece, first = _piece(take, frame.index), frame.index
            row = frame.index - first
            picture = overlaid(piece, row, resize(frame.rgb, width_px, height_px), person)
            poses = [_pose(motion, i, people, row) for i, motion in enumerate(piece.motions)]
            writer.write(np.hstack([picture, stage.draw_people(poses)]), frame.time_s)
            progress("render", frame.index + 1, frames)


def shown_size(width_px: int, height_px: int) -> tuple[int, int]:
    """Width and height of the video's half: even, and neither tiny nor huge."""
    scale = float(np.clip(height_px, LEAST_HEIGHT_PX, MOST_HEIGHT_PX)) / height_px
    scale = min(scale, MOST_WIDTH_PX / width_px)
    return max(2, 2 * round(scale * width_px / 2)), max(2, 2 * round(scale * height_px / 2))


def floor_below(motions: Sequence[Motion3D]) -> float:
    """How far below the pelvis the floor is: where the lower ankle mostly stands."""
    lowest = [_lowest_ankle_m(motion) for motion in briefly(motions)]
    known = np.concatenate(lowest) if lowest else np.zeros(0)
    known = known[np.isfinite(known)]
    return float(np.percentile(known, 90)) + SOLE_M if len(known) else FLOOR_M


def _lowest_ankle_m(motion: Motion3D) -> Float[np.ndarray, " time"]:
    ankles = [motion.skeleton.index(f"{side}_ankle") for side in ("left", "right")]
    y: Float[np.ndarray, " time"] = motion.xyz_m[:, ankles, 1].max(axis=1)
    return y


def _piece(take: Take, first: int) -> Take:
    """The take's next frames: those who come and go get their rows for these alone."""
    end = first + PIECE_FRAMES
    return replace(
        take,
        time_s=take.time_s[first:end],
        tracks=between(take.tracks, first, end),
        motions=between(take.motions, first, end),
    )


def overlaid(
    take: Take,
    index: int,
    rgb: UInt8[np.ndarray, "height width 3"],
    person: int | None = None,
) -> UInt8[np.ndarray, "height width 3"]:
    """A frame's picture, in any size, with everybody's 2D skeleton on it.

    Who is not `person` is drawn paler; without a number, who is not the one seen most.
    """
    scale = np.array([rgb.shape[1] / take.info.width_px, rgb.shape[0] / take.info.height_px])
    if person is None and (chosen := take.motion()) is not None:
        person = chosen.person
    for track in take.tracks:
        is_chosen = person is None or track.person == person
        # Pixel (0, 0) is the middle of the first one, in either size.
        xy_px = (track.xy_px[index] + 0.5) * scale - 0.5
        opacity = 0.9 if is_chosen else OTHERS_OPACITY
        rgb = draw_skeleton(rgb, xy_px, track.score[index], track.skeleton, opacity)
    return rgb


def _pose(
    motion: Motion3D, place: int, people: int, index: int
) -> tuple[Float[np.ndarray, "joint 3"], Skeleton]:
    """One person's pose, beside the others."""
    aside_m = (place - (people - 1) / 2) * APART_M
    return motion.xyz_m[index] + np.array([aside_m, 0.0, 0.0]), motion.skeleton
