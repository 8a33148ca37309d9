"""`monomocap bench VIDEO`."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from monomocap.cli import words
from monomocap.cli.progress import shown
from monomocap.cli.report import shout
from monomocap.options import Options

if TYPE_CHECKING:
    from monomocap.workflows.bench import BenchResult
    from monomocap.workflows.memory import MemoryResult

_DEFAULT = Options()


def bench(
    video: words.Video,
    detector: words.DetectorName = _DEFAULT.detector,
    boxes: words.Boxes = _DEFAULT.boxes,
    lifter: words.LifterName = _DEFAULT.lifter,
    device: words.DeviceName = _DEFAULT.device,
    max_frames: words.MaxFrames = _DEFAULT.max_frames,
    smooth: words.SmoothName = _DEFAULT.smooth,
    memory: Annotated[
        bool,
        typer.Option(
            "--memory", help="Measure memory instead: the video looped to 1 minute and to more."
        ),
    ] = False,
    minutes: Annotated[
        float, typer.Option("--minutes", help="How long the longer loop of --memory is.")
    ] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Measure speed and memory on this machine."""
    options = Options(detector, lifter, device, max_frames, smooth, boxes=boxes)
    if memory:
        from monomocap.workflows.memory import measure_growth

        with shown(quiet) as progress:
            growth = measure_growth(video, options, long_s=60 * minutes, progress=progress)
        typer.echo(json.dumps(asdict(growth)) if as_json else memory_line(growth))
        return
    from monomocap.workflows.bench import bench as bench_workflow

    with shown(quiet) as progress:
        result = bench_workflow(video, options, progress=progress)
    shout(result.warnings)
    typer.echo(json.dumps(asdict(result)) if as_json else "\n".join(table(result)))


def table(r: "BenchResult") -> list[str]:
    """The measurement, a line per stage."""
    size = f"{r.width_px} x {r.height_px}"
    lines = [
        f"{r.video}: {r.frames} frames of {size}, {r.people} people, {r.machine}",
        f"{'decode':<34}{r.decode_fps:>9.1f} frames/s",
        f"{f'2D, {r.detector} on {r.detector_device}':<34}{r.detect_fps:>9.1f} frames/s",
    ]
    if r.lift_fps is not None:
        name = f"3D, {r.lifter} on {r.lifter_device}"
        lines.append(f"{name:<34}{r.lift_fps:>9.1f} frames/s")
    lines.append(f"{'end to end, without rendering':<34}{r.total_fps:>9.1f} frames/s")
    if r.bare_fps is not None and r.ratio is not None:
        name = "bare loop of the same 2D call"
        lines.append(f"{name:<34}{r.bare_fps:>9.1f} frames/s; end to end takes {r.ratio:.2f} times")
    lines.append(f"{'peak memory':<34}{r.peak_memory_mb:>9.0f} MB")
    return lines


def memory_line(r: "MemoryResult") -> str:
    """How memory grows with length."""
    return (
        f"{r.video}: at most {r.short_peak_mb:.0f} MB for {r.short_frames} frames and "
        f"{r.long_peak_mb:.0f} MB for {r.long_frames}, {r.people} people: "
        f"{r.bytes_per_person_frame:.0f} bytes per person and frame"
    )
