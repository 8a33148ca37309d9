"""The video with every person's count on it, and a time line of the repetitions below."""

from contextlib import closing
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from monomocap.apps.count.result import Counts, PersonCount, Repetition
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

COUNTS: Colour = (0, 158, 115)
NOT: Colour = (213, 94, 0)
CURSOR: Colour = (235, 235, 235)
GROUND: Colour = (24, 27, 33)
ROW_PX = 22
REASON_S = 1.5
"""How long it stays to be read why a repetition did not count."""


def render_counts(
    take: Take,
    counts: Counts,
    video: str | Path | Source,
    output: Path,
    *,
    image_fps: float | None = None,
    progress: Progress = no_progress,
) -> None:
    """Write the video of a count, every frame at its true time.

    Raises `VideoError` where the video cannot be read any more, `OutputError` where nothing can be
    written.
    """
    width_px, height_px = shown_size(take.info.width_px, take.info.height_px)
    line = time_line(take, counts, width_px)
    frames = len(take.time_s)
    with (
        VideoReader(video, max_frames=max(frames, 1), image_fps=image_fps) as reader,
        closing(ahead(reader)) as pictures,
        VideoWriter(output, fps=take.info.fps) as writer,
    ):
        for frame in pictures:
            picture = resize(frame.rgb, width_px, height_px)
            picture = draw_frame(take, counts, frame.index, picture)
            writer.write(np.vstack([picture, _with_cursor(line, take, frame.time_s)]), frame.time_s)
            progress("render", frame.index + 1, frames)


def draw_frame(take: Take, counts: Counts, index: int, rgb: Picture) -> Picture:
    """A copy of one picture with skeletons and, over each head, the count so far."""
    scale = np.array([rgb.shape[1] / take.info.width_px, rgb.shape[0] / take.info.height_px])
    time_s = float(take.time_s[index])
    rgb = rgb.copy()
    for track, person in zip(take.tracks, counts.people, strict=True):
        xy_px = (track.xy_px[index] + 0.5) * scale - 0.5
        rgb = draw_skeleton(rgb, xy_px, track.score[index], track.skeleton)
        seen = xy_px[np.isfinite(xy_px).all(axis=-1)]
        if len(seen):
            _write(rgb, person, time_s, seen)
    return rgb


def said(person: PersonCount, time_s: float) -> tuple[str, str]:
    """The number to show at a moment, and for a while why a repetition did not count."""
    if person.main is None:
        return "", ""
    now = person.sets[person.main]
    over = [r for r in now.repetitions if r.end_s <= time_s]
    reason = ""
    if over and not over[-1].counts and time_s - over[-1].end_s < REASON_S:
        reason = over[-1].reason
    if now.hold_s:
        held = [min(r.end_s, time_s) - r.start_s for r in now.repetitions if r.start_s <= time_s]
        return f"{sum(held):.1f} s", reason
    return str(sum(r.counts for r in over)), reason


def time_line(take: Take, counts: Counts, width_px: int) -> Picture:
    """One row per person, one block per repetition: green counts, orange does not."""
    rows = max(1, len(counts.people))
    line = np.full((ROW_PX * rows, width_px, 3), GROUND, np.uint8)
    for row, person in enumerate(counts.people):
        for one in person.sets:
            for repetition in one.repetitions:
                _block(line, take, row, repetition)
    return line


def _block(line: Picture, take: Take, row: int, repetition: Repetition) -> None:
    left = _column(take, line.shape[1], repetition.start_s)
    right = max(left + 1, _column(take, line.shape[1], repetition.end_s) - 1)
    line[ROW_PX * row + 3 : ROW_PX * (row + 1) - 3, left:right] = (
        COUNTS if repetition.counts else NOT
    )


def _column(take: Take, width_px: int, time_s: float) -> int:
    begin, end = float(take.time_s[0]), float(take.time_s[-1])
    return round((width_px - 1) * (time_s - begin) / max(end - begin, 1e-9))


def _with_cursor(line: Picture, take: Take, time_s: float) -> Picture:
    out = line.copy()
    column = _column(take, line.shape[1], time_s)
    out[:, max(0, column - 1) : column + 1] = CURSOR
    return out


def _write(rgb: Picture, person: PersonCount, time_s: float, seen: np.ndarray) -> None:
    number, reason = said(person, time_s)
    size_px = max(14, rgb.shape[0] // 14)
    middle, top = float(np.median(seen[:, 0])), float(seen[:, 1].min())
    if number:
        at = (middle - size_px / 2, top - 2.2 * size_px)
        write_label(rgb, number, at, size_px, ground=COUNTS)
    if reason:
        small = max(11, size_px // 3)
        write_label(rgb, reason, (middle - 8 * small, top - 0.8 * size_px), small, ground=NOT)
