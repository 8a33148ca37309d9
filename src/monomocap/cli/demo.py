"""`monomocap demo`."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monomocap.cli import words
from monomocap.cli.progress import shown
from monomocap.cli.report import shout, summary, wrote
from monomocap.options import Options

if TYPE_CHECKING:
    from monomocap.workflows.demo import Score

_DEFAULT = Options()


def demo(
    output: words.Folder = Path("monomocap-demo"),
    lifter: words.LifterName = _DEFAULT.lifter,
    smooth: words.SmoothName = _DEFAULT.smooth,
    azimuth: words.Azimuth = None,
    elevation: words.Elevation = None,
    no_video: words.NoVideo = False,
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Run it all on a sample of known motion.

    Prints how far each lifter is from the truth, and leaves the sample and the three results.
    """
    options = Options(lifter=lifter, smooth=smooth)
    from monomocap.workflows.demo import demo as demo_workflow
    from monomocap.workflows.run import view_for

    view = None if no_video else view_for(lifter, azimuth, elevation)
    folder = output or Path("monomocap-demo")
    with shown(quiet) as progress:
        result = demo_workflow(folder, options, view=view, progress=progress)
    shout(result.take.warnings)
    if not quiet:
        typer.echo("\n".join([*summary(result.take), wrote(folder, result.take)]))
    typer.echo("\n".join(table(result.scores)))


def table(scores: "tuple[Score, ...]") -> list[str]:
    """Errors against the sample's exact truth, a row per lifter."""
    lines = [
        "",
        "error against the sample's known truth, mm",
        f"{'lifter':<12}{'frames':>8}{'12 limb joints':>22}{'17 joints':>22}",
        f"{'':<20}{'MPJPE':>11}{'PA-MPJPE':>11}{'MPJPE':>11}{'PA-MPJPE':>11}",
    ]
    for s in scores:
        numbers = (s.mpjpe_limbs_mm, s.pa_mpjpe_limbs_mm, s.mpjpe_all_mm, s.pa_mpjpe_all_mm)
        cells = "".join(f"{number:>11.1f}" for number in numbers)
        lines.append(f"{s.lifter:<12}{s.coverage:>8.0%}{cells}")
    return lines
