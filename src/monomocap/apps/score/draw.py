"""Reference and attempt side by side, in step, the joints that are off marked on the attempt."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from monomocap.apps.score.result import Score
from monomocap.options import Progress, no_progress
from monomocap.render.overlay import draw_skeleton, stroke_radius_px
from monomocap.render.side_by_side import shown_size
from monomocap.render.strokes import Colour, dot, mixed
from monomocap.render.text import write_label
from monomocap.types import Frame, Take
from monomocap.video.ahead import ahead
from monomocap.video.read import VideoReader
from monomocap.video.resize import resize
from monomocap.video.sources import Source
from monomocap.video.write import VideoWriter

Picture = UInt8[np.ndarray, "height width 3"]

HEIGHT_PX = 480
LEAST_DEG, FULL_DEG = 10.0, 35.0
"""Marks begin at the first, and are reddest from the second on."""
FINE: Colour = (240, 228, 66)
WRONG: Colour = (214, 40, 40)
GOOD: Colour = (0, 158, 115)

_DRAWN_AT = {"trunk": ("left_shoulder", "right_shoulder")}


def render_score(
    score: Score,
    reference: Take,
    reference_video: str | Path | Source,
    attempt: Take,
    attempt_video: str | Path | Source,
    output: Path,
    *,
    progress: Progress = no_progress,
) -> None:
    """Write the video: every frame of the attempt at its time, beside the moment of the reference
    that belongs to it.

    Raises `VideoError` where a video cannot be read any more, `OutputError` where nothing can be
    written.
    """
    frames = len(attempt.time_s)
    with (
        VideoReader(attempt_video, max_frames=max(frames, 1)) as reader,
        VideoReader(reference_video) as other,
        closing(ahead(reader)) as pictures,
        closing(ahead(other)) as others,
        VideoWriter(output, fps=attempt.info.fps) as writer,
    ):
        wanted = (_reference_time(score, float(t)) for t in attempt.time_s)
        for frame, shown in zip(pictures, _at(others, wanted), strict=False):
            left = draw_reference(reference, shown)
            right = draw_attempt(attempt, frame, score)
            writer.write(np.hstack([left, right]), frame.time_s)
            progress("render", frame.index + 1, frames)


def draw_reference(take: Take, frame: Frame) -> Picture:
    """The reference's picture with its skeleton."""
    picture = _with_skeleton(take, frame)
    size_px = picture.shape[0] // 24
    write_label(picture, f"reference  {frame.time_s:.1f} s", (size_px, size_px), size_px)
    return picture


def draw_attempt(take: Take, frame: Frame, score: Score) -> Picture:
    """The attempt's picture: skeleton, marks where it is off, what is wrong now."""
    picture = _with_skeleton(take, frame)
    off = off_at(score, frame.time_s)
    _mark(picture, take, frame.index, off)
    size_px = picture.shape[0] // 24
    colour = mixed(WRONG, GOOD, score.score / 100)
    write_label(picture, f"{score.score:.0f}", (size_px, size_px), 2 * size_px, ground=colour)
    now = [f for f in score.faults if f.start_s <= frame.time_s <= f.end_s]
    for row, fault in enumerate(now[:2]):
        at = (size_px, picture.shape[0] - (2 - row) * 2.0 * size_px - 4)
        words = f"{fault.joint} {fault.degrees:.0f} degrees {fault.direction}"
        write_label(picture, words, at, size_px, ground=WRONG)
    return picture


def off_at(score: Score, time_s: float) -> dict[str, float]:
    """Joint -> difference at a moment of the attempt; empty outside what was compared."""
    if not score.attempt_s[0] <= time_s <= score.attempt_s[-1]:
        return {}
    step = int(np.searchsorted(score.attempt_s, time_s))
    step = min(step, len(score.attempt_s) - 1)
    return {joint: float(values[step]) for joint, values in score.off_deg.items()}


def _reference_time(score: Score, time_s: float) -> float:
    """The moment that belongs to one of the attempt; at rest several do: their middle."""
    first = int(np.searchsorted(score.attempt_s, time_s, side="left"))
    last = int(np.searchsorted(score.attempt_s, time_s, side="right"))
    at = min((first + last) // 2, len(score.reference_s) - 1)
    return float(score.reference_s[at])


def _at(frames: Iterator[Frame], wanted_s: Iterator[float]) -> Iterator[Frame]:
    """The frame shown at each of these times, which never go back."""
    now = next(frames)
    after = next(frames, None)
    for time_s in wanted_s:
        while after is not None and after.time_s <= time_s:
            now, after = after, next(frames, None)
        yield now


def _with_skeleton(take: Take, frame: Frame) -> Picture:
    width_px, height_px = _size(take)
    picture = resize(frame.rgb, width_px, height_px)
    motion = take.motion()
    for track in take.tracks:
        if frame.index < len(take.time_s) and motion is not None and track.person == motion.person:
            xy_px = (track.xy_px[frame.index] + 0.5) * _scale(take) - 0.5
            picture = draw_skeleton(picture, xy_px, track.score[frame.index], track.skeleton)
    return picture.copy()


def _size(take: Take) -> tuple[int, int]:
    """Both halves are as high."""
    width_px, height_px = shown_size(take.info.width_px, take.info.height_px)
    return max(2, 2 * round(width_px * HEIGHT_PX / height_px / 2)), HEIGHT_PX


def _scale(take: Take) -> np.ndarray:
    return np.array(_size(take)) / [take.info.width_px, take.info.height_px]


def _mark(picture: Picture, take: Take, index: int, off: dict[str, float]) -> None:
    motion = take.motion()
    track = next((t for t in take.tracks if motion and t.person == motion.person), None)
    if track is None or index >= len(track.xy_px):
        return
    radius_px = 3.2 * stroke_radius_px(*picture.shape[:2])
    for joint, degrees in off.items():
        if degrees < LEAST_DEG:
            continue
        share = float(np.clip((degrees - LEAST_DEG) / (FULL_DEG - LEAST_DEG), 0, 1))
        for name in _DRAWN_AT.get(joint, (joint.replace(" ", "_"),)):
            if name in track.skeleton.joints:
                xy_px = (track.xy_px[index, track.skeleton.index(name)] + 0.5) * _scale(take) - 0.5
                dot(picture, xy_px.astype(float), radius_px, mixed(FINE, WRONG, share), 0.75)
