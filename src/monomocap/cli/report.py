"""What a finished take says about itself on the terminal."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from monomocap.types import Camera, Take


def shout(warnings: Iterable[str]) -> None:
    """What the user must know before trusting a result."""
    for warning in warnings:
        typer.secho(f"WARNING: {warning}", fg="yellow", bold=True, err=True)


def summary(take: "Take") -> list[str]:
    """Who was seen, through which camera."""
    frames = len(take.time_s)
    lines = [f"{take.info.path}: {frames} frames at {take.info.fps:.4g} frames/s"]
    for motion in take.motions:
        share = f"{motion.coverage:.0%} of the frames"
        lines.append(f"person {motion.person}: a 3D pose in {share} (lifter {motion.lifter})")
    if not take.motions:
        lines.append("nobody was seen")
    return [*lines, *_stated(take.provenance.settings), _lens(take.camera)]


def wrote(folder: Path, take: "Take", endings: Iterable[str] = ()) -> str:
    """Which files there are now; `endings` are those of the formats that were asked for."""
    from monomocap.workflows.run import VIDEO, results

    files = list(results(folder, take, endings)) + ([folder / VIDEO] if take.output_video else [])
    return "wrote " + ", ".join(str(file) for file in files)


def _stated(settings: Mapping[str, str]) -> list[str]:
    """What the lifter's model folder says of itself."""
    told = ", ".join(f"{name} {value}" for name, value in settings.items())
    return [f"the lifter's folder states: {told}"] if told else []


def _lens(camera: "Camera") -> str:
    known = (
        f"{camera.source}, {camera.fov_deg:.0f} degrees, focal length {camera.focal_px[0]:.0f} px"
    )
    if not camera.focal_error:
        return f"camera: {known}"
    better = "--fov, --focal or --calibration if you know better"
    return f"camera: {known} +- {camera.focal_error:.0%}; {better}"
