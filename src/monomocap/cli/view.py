"""`monomocap view TAKE`."""

from pathlib import Path
from typing import Annotated

import typer

from monomocap.cli import words

Saved = Annotated[
    Path, typer.Argument(metavar="TAKE", help="A saved take, or the folder of its results.")
]
Recording = Annotated[
    Path | None,
    typer.Option("--save", help="Write the recording, and open nothing.", metavar="FILE.rrd"),
]
Moved = Annotated[
    Path | None,
    typer.Option("--video", help="The take's video, if it was moved.", metavar="FILE"),
]


def view(
    take: Saved,
    save: Recording = None,
    video: Moved = None,
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Open a saved take in Rerun's viewer.

    Video, 2D, 3D, confidence and joint angles stand on one timeline.
    """
    from monomocap.workflows.view import view as view_workflow

    view_workflow(take, save, video)
    if save is not None and not quiet:
        typer.echo(f"wrote {save}")
