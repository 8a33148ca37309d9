"""How published evaluations cut a sequence into windows, and how they put the answers together.

A score is comparable only under the same protocol: averaging twenty overlapping windows per frame
or counting some frames twice changes it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from monomocap.errors import OptionError, UnknownName
from monomocap.lift.protocol import Lifter
from monomocap.types import Camera, Track2D

HDFORMER_WINDOW, HDFORMER_STEP = 96, 5
CHUNK_FRAMES = 243
"""MixSTE's longest; its others are 81 and 27."""
CENTRE_FRAMES = 96
"""U-CondDGCN's unofficial evaluation."""
PUBLISHED_HZ = 50.0
"""The clock of windows: published networks take frames as they come and know no other rate."""
MOST_FRAMES = 4096


def full_windows(length: int, *, window: int, step: int) -> list[int]:
    """Where windows start that lie wholly inside a sequence, `step` frames apart.

    Frames after the last window belong to none, and a short sequence has no window at all:
    HDFormer's research evaluation leaves those frames out of its score.
    """
    if min(window, step) < 1:
        raise ValueError(f"window and step are at least 1 frame, not {window} and {step}")
    return list(range(0, length - window + 1, step))


def overlap_average(
    windows: Float[np.ndarray, "window time joint dim"], *, step: int
) -> Float[np.ndarray, "frame joint dim"]:
    """Each frame's mean over all windows that saw it (HDFormer's research evaluation).

    Window i starts at frame i * step. The answer ends with the last window; no windows, no frames.
    """
    count, time, joints, dims = windows.shape
    frames = (count - 1) * step + time if count else 0
    if count > 1 and not 1 <= step <= time:
        raise ValueError(f"windows of {time} frames, {step} apart, leave frames without an answer")
    total = np.zeros((frames, joints, dims))
    seen = np.zeros((frames, 1, 1))
    for i, answer in enumerate(windows):
        total[i * step : i * step + time] += answer
        seen[i * step : i * step + time] += 1
    return (total / np.maximum(seen, 1)).astype(windows.dtype)


def end_aligned_chunks(length: int, *, window: int) -> Int[np.ndarray, "chunk window"]:
    """Frame numbers of chunks side by side, the last one moved back to end with the sequence.

    MixSTE's evaluation: the frames that the last two chunks share count twice in its score, and a
    sequence shorter than a window is continued with its last frame (there the truth is, too).
    """
    if window < 1:
        raise ValueError(f"a window is at least 1 frame, not {window}")
    if length == 0:
        return np.zeros((0, window), dtype=np.int64)
    starts = list(range(0, length - window + 1, window))
    if length < window or length % window:
        starts.append(max(length - window, 0))
    return np.minimum(np.array(starts)[:, None] + np.arange(window), length - 1)


Piece = tuple[Int[np.ndarray, " _"], Float[np.ndarray, "_ 17 3"]]
"""Frame numbers of a sequence, and the answers for them (on H36M17)."""
Answer = Callable[[Lifter, Track2D, Camera], list[Piece]]


@dataclass(frozen=True)
class Protocol:
    """How a lifter is asked for a sequence, and which answers count."""

    name: str
    about: str
    """One line for the report."""
    answer: Answer


def protocol_named(text: str) -> Protocol:
    """`whole`, `hdformer`, `chunks` or `centre`; the last two take frames: `chunks:81`."""
    name, _, frames = text.partition(":")
    if name not in PROTOCOLS:
        raise UnknownName("protocol", text, [*PROTOCOLS, "chunks:81", "centre:27"])
    sized = PROTOCOLS[name]
    if not frames:
        return sized(None)
    if name not in ("chunks", "centre") or not frames.isdecimal():
        raise OptionError(f"protocol {text!r}: only chunks and centre take a number of frames")
    if not 1 <= int(frames) <= MOST_FRAMES:
        raise OptionError(f"protocol {text!r}: a window has 1 to {MOST_FRAMES} frames")
    return sized(int(frames))


def _whole(_: int | None) -> Protocol:
    return Protocol(
        "whole",
        "the whole sequence at once, at its own frame rate, every frame once (ours)",
        lambda lifter, track, camera: [
            (np.arange(len(track.time_s)), _poses(lifter, track, camera))
        ],
    )


def _hdformer(_: int | None) -> Protocol:
    window, step = HDFORMER_WINDOW, HDFORMER_STEP

    def answer(lifter: Lifter, track: Track2D, camera: Camera) -> list[Piece]:
        starts = full_windows(len(track.time_s), window=window, step=step)
        if not starts:
            return []
        asked = [_ask(lifter, track, camera, start + np.arange(window)) for start in starts]
        merged = overlap_average(np.stack(asked), step=step)
        return [(np.arange(len(merged)), merged)]

    about = (
        f"HDFormer's: windows of {window} frames, {step} apart, only full ones; each frame's mean "
        f"over all windows that saw it; frames after the last window do not count"
    )
    return Protocol("hdformer", about, answer)


def _chunks(frames: int | None) -> Protocol:
    window = frames or CHUNK_FRAMES

    def answer(lifter: Lifter, track: Track2D, camera: Camera) -> list[Piece]:
        chunks = end_aligned_chunks(len(track.time_s), window=window)
        return [(chunk, _ask(lifter, track, camera, chunk)) for chunk in chunks]

    about = (
        f"MixSTE's: chunks of {window} frames side by side, the last one ends with the sequence; "
        f"frames that two chunks share count twice"
    )
    return Protocol(f"chunks:{window}", about, answer)


def _centre(frames: int | None) -> Protocol:
    window = frames or CENTRE_FRAMES

    def answer(lifter: Lifter, track: Track2D, camera: Camera) -> list[Piece]:
        every = np.arange(len(track.time_s))
        around = (every[:, None] + np.arange(window) - window // 2).clip(0, len(every) - 1)
        asked = [_ask(lifter, track, camera, at)[window // 2] for at in around]
        return [(every, np.stack(asked))] if asked else []

    about = f"centre frame of a window of {window} around every frame, edges repeated"
    return Protocol(f"centre:{window}", about, answer)


PROTOCOLS: dict[str, Callable[[int | None], Protocol]] = {
    "whole": _whole,
    "hdformer": _hdformer,
    "chunks": _chunks,
    "centre": _centre,
}


def _ask(
    lifter: Lifter, track: Track2D, camera: Camera, frames: Int[np.ndarray, " frame"]
) -> Float[np.ndarray, "frame joint 3"]:
    """A lifter's answer for these frames alone, one after the other at `PUBLISHED_HZ`."""
    part = Track2D(
        person=track.person,
        time_s=np.arange(len(frames)) / PUBLISHED_HZ,
        xy_px=track.xy_px[frames],
        score=track.score[frames],
        skeleton=track.skeleton,
        world_m=None if track.world_m is None else track.world_m[frames],
    )
    return _poses(lifter, part, camera)


def _poses(lifter: Lifter, track: Track2D, camera: Camera) -> Float[np.ndarray, "frame joint 3"]:
    return lifter(track, camera).xyz_m.astype(np.float64)
