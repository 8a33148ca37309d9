"""`monomocap live VIDEO`."""

import os
import sys
from typing import Annotated

import typer

from monomocap.cli import words
from monomocap.options import Options

_DEFAULT = Options()
_DELAY_S = 0.2


def live(
    video: words.Source,
    delay: Annotated[
        float,
        typer.Option("--delay", help="How far to look ahead, 0 to 1.", metavar="SECONDS"),
    ] = _DELAY_S,
    detector: words.DetectorName = _DEFAULT.detector,
    boxes: words.Boxes = _DEFAULT.boxes,
    lifter: words.LifterName = _DEFAULT.lifter,
    device: words.DeviceName = _DEFAULT.device,
    max_frames: words.MaxFrames = _DEFAULT.max_frames,
    smooth: words.SmoothName = _DEFAULT.smooth,
    focal: words.Focal = _DEFAULT.focal_px,
    fov: words.Fov = _DEFAULT.fov_deg,
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Print the 3D poses in a camera or stream while it runs, as JSON lines.

    Nothing is kept. Ctrl-C ends it.
    """
    options = Options(
        detector, lifter, device, max_frames, smooth, focal_px=focal, fov_deg=fov, boxes=boxes
    )
    from monomocap.video.sources import source_of
    from monomocap.workflows.live import print_live

    try:
        lines = print_live(source_of(video), sys.stdout, options, delay_s=delay)
    except BrokenPipeError:  # whoever read the lines has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if not quiet:
        told = f"{lines.moments} pictures, {lines.passed_over} passed over"
        typer.echo(f"{told}; poses came {lines.median_delay_s:.2f} s after them", err=True)
