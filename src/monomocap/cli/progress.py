"""How far the work is: bars on a terminal, plain lines elsewhere; always on stderr."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from monomocap.options import Progress, no_progress

STAGES = {
    "sample": "making the sample",
    "detect": "finding people",
    "lift": "lifting to 3D",
    "render": "rendering",
    "bench": "measuring",
    "memory": "measuring memory",
    "evaluate": "evaluating",
    "train": "training",
    "teach": "looking at clips",
    "download": "downloading",
}
PLAIN_EVERY_S = 5.0


@contextmanager
def shown(quiet: bool) -> Iterator[Progress]:
    """A progress callback for this terminal, file or pipe."""
    if quiet:
        yield no_progress
    elif sys.stderr.isatty():
        with _bars() as progress:
            yield progress
    else:
        yield plain_lines(lambda line: typer.echo(line, err=True))


def plain_lines(
    write: Callable[[str], object], now: Callable[[], float] = time.monotonic
) -> Progress:
    """One line when a stage begins, every few seconds, and when it is done."""
    last: dict[str, float] = {}

    def progress(stage: str, done: int, total: int | None) -> None:
        finished = total is not None and done >= total
        if finished or now() - last.get(stage, -PLAIN_EVERY_S) >= PLAIN_EVERY_S:
            last[stage] = now()
            write(f"{STAGES.get(stage, stage)}: {done}{'' if total is None else f' of {total}'}")

    return progress


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:<18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        rows = {}

        def progress(stage: str, done: int, total: int | None) -> None:
            if stage not in rows:
                rows[stage] = bars.add_task(STAGES.get(stage, stage), total=total)
            bars.update(rows[stage], completed=done, total=total)

        yield progress
