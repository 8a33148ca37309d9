"""The video with what everybody does written on it, and a time line of it all below."""

from contextlib import closing
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from monomocap.apps.recognize.recognizer import UNKNOWN
from monomocap.apps.recognize.result import Recognition
from monomocap.options import Progress, no_progress
from monomocap.render.overlay import draw_skeleton
from monomocap.render.side_by_side import shown_size
from monomocap.render.strokes import Colour
from monomocap.render.text import write_label
from monomocap.types import Take
from monomocap.video.ahead import ahead
from monomocap.video.read import VideoReader
from monomocap.video.resize import resize
from monomocap.video.sources import Source
from monomocap.video.write import VideoWriter

Picture = UInt8[np.ndarray, "height width 3"]

COLOURS: tuple[Colour, ...] = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 158, 115),
    (240, 228, 66),
    (204, 121, 167),
    (213, 94, 0),
    (0, 114, 178),
    (170, 220, 120),
)
"""Okabe and Ito's palette, told apart by everybody, and one more; used in turn."""
NONE: Colour = (176, 180, 188)
"""Of what was never taught."""
ALARM: Colour = (214, 40, 40)
ROW_PX = 22
"""Height of one person's row in the time line."""


def render_recognition(
    take: Take,
    recognition: Recognition,
    video: str | Path | Source,
    output: Path,
    *,
    image_fps: float | None = None,
    progress: Progress = no_progress,
) -> None:
    """Write the video of a recognition, every frame at its true time.

    Raises `VideoError` where the video cannot be read any more, `OutputError` where nothing can be
    written.
    """
    width_px, height_px = shown_size(take.info.width_px, take.info.height_px)
    line = time_line(take, recognition, width_px)
    frames = len(take.time_s)
    with (
        VideoReader(video, max_frames=max(frames, 1), image_fps=image_fps) as reader,
        closing(ahead(reader)) as pictures,
        VideoWriter(output, fps=take.info.fps) as writer,
    ):
        for frame in pictures:
            picture = resize(frame.rgb, width_px, height_px)
            picture = draw_frame(take, recognition, frame.index, picture)
            writer.write(np.vstack([picture, _with_cursor(line, take, frame.time_s)]), frame.time_s)
            progress("render", frame.index + 1, frames)


def draw_frame(take: Take, recognition: Recognition, index: int, rgb: Picture) -> Picture:
    """A copy of one picture with skeletons and, over each head, what this person does."""
    scale = np.array([rgb.shape[1] / take.info.width_px, rgb.shape[0] / take.info.height_px])
    time_s = float(take.time_s[index])
    rgb = rgb.copy()
    for track in take.tracks:
        xy_px = (track.xy_px[index] + 0.5) * scale - 0.5
        rgb = draw_skeleton(rgb, xy_px, track.score[index], track.skeleton)
        if np.isfinite(xy_px).any():
            _write(rgb, recognition, track.person, time_s, xy_px)
    return rgb


def time_line(take: Take, recognition: Recognition, width_px: int) -> Picture:
    """One row per person: a block per action in its colour, a red line per signal."""
    people = [motion.person for motion in take.motions]
    line = np.full((max(2, ROW_PX * max(1, len(people))), width_px, 3), 24, np.uint8)
    for action in recognition.actions:
        left, right = _columns(take, width_px, action.start_s, action.end_s)
        top = ROW_PX * people.index(action.person)
        line[top + 2 : top + ROW_PX - 2, left:right] = colour_of(action.label, recognition)
        if right - left > 40:
            part = line[top : top + ROW_PX, left:right]
            write_label(part, action.label, (4, 4), 11, (0, 0, 0), None)
    for signal in recognition.signals:
        left, right = _columns(take, width_px, signal.start_s, signal.end_s)
        top = ROW_PX * people.index(signal.person)
        line[top + ROW_PX - 5 : top + ROW_PX - 1, left:right] = ALARM
    return line


def colour_of(label: str, recognition: Recognition) -> Colour:
    """Every taught label has one; unknown ones are grey."""
    if label == UNKNOWN:
        return NONE
    return COLOURS[recognition.labels.index(label) % len(COLOURS)]


def _write(
    rgb: Picture,
    recognition: Recognition,
    person: int,
    time_s: float,
    xy_px: Float[np.ndarray, "joint 2"],
) -> None:
    action, alarms = recognition.at(person, time_s)
    size = max(12, rgb.shape[0] // 28)
    left, top = float(np.nanmin(xy_px[:, 0])), float(np.nanmin(xy_px[:, 1])) - 2.2 * size
    for signal in alarms:
        write_label(
            rgb, signal.name.upper(), (left, top - 1.8 * size), size, (255, 255, 255), ALARM
        )
    if action is not None:
        colour = colour_of(action.label, recognition)
        write_label(rgb, f"{action.label} {action.probability:.0%}", (left, top), size, colour)


def _columns(take: Take, width_px: int, start_s: float, end_s: float) -> tuple[int, int]:
    first_s, last_s = float(take.time_s[0]), float(take.time_s[-1])
    per_s = width_px / max(last_s - first_s, 1e-6)
    left = int(np.clip(round((start_s - first_s) * per_s), 0, width_px - 1))
    return left, int(np.clip(round((end_s - first_s) * per_s), left + 1, width_px))


def _with_cursor(line: Picture, take: Take, time_s: float) -> Picture:
    out = line.copy()
    left, _ = _columns(take, line.shape[1], time_s, time_s)
    out[:, max(0, left - 1) : left + 1] = 255
    return out
