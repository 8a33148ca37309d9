"""`monomocap run` over several videos: what is said while it goes on, and how it ends."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monomocap.cli.report import shout

if TYPE_CHECKING:
    from monomocap.types import Take
    from monomocap.video.sources import Source
    from monomocap.workflows.batch import Outcome

SOME_FAILED, ALL_FAILED = 1, 2
"""Exit codes of a batch; 0 where every video gave something."""


def run_many(
    sources: "Sequence[Source]",
    job: "Callable[[Source, Path], Take]",
    output: Path | None,
    quiet: bool,
) -> None:
    """Run them all; raises `typer.Exit` with the code above where any failed."""
    from monomocap.workflows.batch import DEFAULT_FOLDER, SUMMARY, run_batch

    folder = output or DEFAULT_FOLDER
    outcomes = run_batch(sources, job, folder, tell=lambda outcome: tell(outcome, quiet))
    failed = sum(outcome.status == "failed" for outcome in outcomes)
    if not quiet:
        typer.echo(total(outcomes))
        typer.echo(f"wrote {folder / SUMMARY}")
    if failed:
        raise typer.Exit(ALL_FAILED if failed == len(outcomes) else SOME_FAILED)


def tell(outcome: "Outcome", quiet: bool) -> None:
    """One line per video; warnings and failures also where it should be quiet."""
    if outcome.status == "failed":
        shout([f"{outcome.source} failed: {outcome.reason}"])
        return
    shout(f"{outcome.source}: {warning}" for warning in outcome.warnings)
    if not quiet:
        seen = f"{outcome.frames} frames, {outcome.people} people"
        typer.echo(f"{outcome.status:<8}{outcome.source} -> {outcome.folder}: {seen}")


def total(outcomes: "Sequence[Outcome]") -> str:
    """How many ended how."""
    counted = {
        word: sum(outcome.status == word for outcome in outcomes)
        for word in ("done", "partial", "failed")
    }
    told = ", ".join(f"{number} {word}" for word, number in counted.items() if number)
    return f"{len(outcomes)} videos: {told}"
