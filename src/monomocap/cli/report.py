"""What a finished take says about itself on the terminal."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from monomocap.types import Take


def shout(warnings: Iterable[str]) -> None:
    """What the user must know before trusting a result."""
    for warning in warnings:
        typer.secho(f"WARNING: {warning}", fg="yellow", bold=True, err=True)


def summary(take: "Take") -> list[str]:
    """Who was seen, how well, where, and through which camera."""
    from monomocap.formats.story import tell

    return tell(take)


def wrote(folder: Path, take: "Take", endings: Iterable[str] = ()) -> str:
    """Which files there are now; `endings` are those of the formats that were asked for."""
    from monomocap.workflows.run import REPORT, VIDEO, results

    files = [*results(folder, take, endings), folder / REPORT]
    files += [folder / VIDEO] if take.output_video else []
    return "wrote " + ", ".join(str(file) for file in files)
