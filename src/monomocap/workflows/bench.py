"""How fast this machine is at each stage, against a bare loop around the same MediaPipe call."""

import math
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import av

from monomocap.detect.catalogue import load_detector
from monomocap.lift.catalogue import load_lifter
from monomocap.options import Options, Progress, no_progress
from monomocap.pipeline import estimate, lift
from monomocap.types import Take
from monomocap.video.read import VideoReader
from monomocap.workflows.memory import peak_memory_mb

T = TypeVar("T")
ROUNDS = 3
"""The median of three does not follow one slow round of a busy machine."""


@dataclass(frozen=True)
class BenchResult:
    """Frames per second, memory, and the ratio that says what monomocap costs on top."""

    video: str
    frames: int
    width_px: int
    height_px: int
    people: int
    detector: str
    detector_device: str
    """What really computed."""
    lifter: str
    lifter_device: str
    decode_fps: float
    """Frames per second of reading alone, conversion to RGB included."""
    detect_fps: float
    """Of the 2D estimator alone."""
    lift_fps: float | None
    """Of the lifter alone, smoothing included; None when there was nobody to lift."""
    total_fps: float
    """End to end: decode, 2D and lift, loading the models included; median over rounds."""
    bare_fps: float | None
    """Of the bare loop: plain decoding and MediaPipe's own call; None for other detectors."""
    ratio: float | None
    """Time end to end over time of the bare loop in the same round; median over rounds."""
    peak_memory_mb: float
    """The most memory that this process has held so far."""
    rounds: int
    machine: str
    warnings: tuple[str, ...] = ()


def bench(
    video: str | Path,
    options: Options = Options(),
    *,
    rounds: int = ROUNDS,
    progress: Progress = no_progress,
) -> BenchResult:
    """Measure every stage on this video (its first `options.max_frames`).

    progress("bench", passes so far, passes) is called between passes over the video. How memory
    grows is another measurement: `monomocap.workflows.memory.measure_growth`.
    """
    video = Path(video)
    with_bare = options.detector == "mediapipe"
    tell = _counter(progress, 3 + rounds * (2 if with_bare else 1))
    decode_s, _ = _timed(lambda: sum(1 for _ in VideoReader(video, options.max_frames)))
    tell()
    take = estimate(video, options)  # warms everything up, and counts
    tell()
    stages = _time_stages(video, options, take)
    tell()
    totals_s, bares_s = _in_turns(video, options, rounds, with_bare, tell)
    frames = len(take.time_s)
    return BenchResult(
        video=str(video),
        frames=frames,
        width_px=take.info.width_px,
        height_px=take.info.height_px,
        people=len(take.tracks),
        detector=options.detector,
        detector_device=stages.detector_device,
        lifter=options.lifter,
        lifter_device=stages.lifter_device,
        decode_fps=frames / decode_s,
        detect_fps=frames / stages.detect_s,
        lift_fps=frames / stages.lift_s if take.tracks else None,
        total_fps=frames / statistics.median(totals_s),
        bare_fps=frames / statistics.median(bares_s) if with_bare else None,
        ratio=_median_ratio(totals_s, bares_s) if with_bare else None,
        peak_memory_mb=peak_memory_mb(),
        rounds=rounds,
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        warnings=take.warnings,
    )


def _in_turns(
    video: Path, options: Options, rounds: int, with_bare: bool, tell: Callable[[], None]
) -> tuple[list[float], list[float]]:
    """Seconds of each end-to-end and each bare pass; who goes first changes every round."""
    totals_s: list[float] = []
    bares_s: list[float] = []
    passes = [(totals_s, lambda: len(estimate(video, options).time_s))]
    if with_bare:
        passes.append((bares_s, lambda: bare_loop(video, options.max_frames)))
    for number in range(rounds):
        for seconds, work in passes if number % 2 == 0 else passes[::-1]:
            seconds.append(_timed(work)[0])
            tell()
    return totals_s, bares_s


def _median_ratio(totals_s: list[float], bares_s: list[float]) -> float:
    return statistics.median(t / b for t, b in zip(totals_s, bares_s, strict=True))


def bare_loop(video: Path, max_frames: int | None = None) -> int:
    """What anybody would write to get MediaPipe's landmarks; returns how many frames it saw.

    The same solution, model and thresholds as the detector `mediapipe`, and nothing around it.
    """
    from monomocap.detect.mediapipe import POSE_SETTINGS
    from monomocap.detect.mediapipe_import import pose_class
    from monomocap.detect.quiet import chatter_muted

    frames = 0
    with chatter_muted(), av.open(str(video)) as container, pose_class()(**POSE_SETTINGS) as pose:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for picture in container.decode(stream):
            pose.process(picture.to_ndarray(format="rgb24"))
            frames += 1
            if frames == max_frames:
                break
    return frames


@dataclass(frozen=True)
class _Stages:
    detect_s: float
    lift_s: float
    detector_device: str
    lifter_device: str


def _time_stages(video: Path, options: Options, take: Take) -> _Stages:
    """Seconds inside the detector's calls, and inside the lifter's on the take's tracks."""
    with (
        VideoReader(video, options.max_frames) as reader,
        load_detector(options.detector, options.device, boxes=options.boxes) as detector,
    ):
        detect_s = math.fsum(_timed(partial(detector, frame))[0] for frame in reader)
    lifter = load_lifter(options.lifter, options.device)
    work = [partial(lift, track, lifter, take.camera, options) for track in take.tracks]
    lift_s = math.fsum(_timed(one)[0] for one in work)
    return _Stages(detect_s, lift_s, detector.device, lifter.device)


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began_s = time.perf_counter()
    done = work()
    return time.perf_counter() - began_s, done


def _counter(progress: Progress, total: int) -> Callable[[], None]:
    done = -1

    def tell() -> None:
        nonlocal done
        done += 1
        progress("bench", done, total)

    tell()
    return tell
