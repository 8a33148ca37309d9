"""`monomocap models`."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from monomocap.cli import words
from monomocap.cli.progress import shown
from monomocap.errors import OptionError

if TYPE_CHECKING:
    from monomocap.workflows.models import Row, Table

Measure = Annotated[
    bool,
    typer.Option("--measure/--no-measure", help="Measure latencies on this machine (a minute)."),
]
All = Annotated[
    bool, typer.Option("--all", help="Measure the largest too: minutes, and gigabytes.")
]
Threads = Annotated[
    int | None,
    typer.Option("--threads", help="CPU threads of torch and ONNX Runtime.", metavar="N"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsMarkdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown.")]

EMPTY = "-"
HEAD = (
    "model",
    "gives",
    "year",
    "published MPJPE, mm",
    "parameters",
    "GFLOP/clip",
    "GFLOP/frame",
    "frames",
    "ms, 1",
    "ms, 8",
    "weights here",
    "licence",
)


def models(
    measure: Measure = False,
    all_sizes: All = False,
    threads: Threads = None,
    as_json: AsJson = False,
    as_markdown: AsMarkdown = False,
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """The systems of the model card: published error, size, operations, and speed here."""
    if as_json and as_markdown:
        raise OptionError("--json and --markdown exclude each other; choose one")
    if (all_sizes or threads is not None) and not measure:
        raise OptionError("--all and --threads are about measuring; add --measure")
    from monomocap.workflows.models import models as models_workflow

    with shown(quiet) as progress:
        table = models_workflow(
            measure=measure, giants=all_sizes, threads=threads, progress=progress
        )
    if as_json:
        typer.echo(json.dumps(asdict(table), indent=2))
    else:
        typer.echo("\n".join(markdown(table) if as_markdown else plain(table)))


def plain(table: "Table") -> list[str]:
    """Columns for a terminal, and what they leave unsaid."""
    rows = [HEAD, *(cells(row) for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
    return [*lines, "", *remarks(table)]


def markdown(table: "Table") -> list[str]:
    """The same for a page."""
    rows = [HEAD, ("---",) * len(HEAD), *(cells(row) for row in table.rows)]
    return [*(f"| {' | '.join(row)} |" for row in rows), "", *bullets(remarks(table))]


def bullets(lines: Iterable[str]) -> list[str]:
    return [f"* {line.removeprefix('* ')}" for line in lines]


def cells(row: "Row") -> Sequence[str]:
    """One row, as text; a star marks what has no original to be checked against."""
    errors = ", ".join(f"{mm:g} ({input_})" for input_, mm in row.mpjpe_mm.items())
    median_ms = [row.latency[b].median_ms if b in row.latency else None for b in (1, 8)]
    same = row.frames_in == row.frames_out
    return (
        row.name + ("" if row.checked else " *"),
        row.gives,
        _or_empty(row.year, "d"),
        errors or EMPTY,
        _or_empty(row.parameters, ",d"),
        _or_empty(row.gflop_per_clip, ".3g"),
        _or_empty(row.gflop_per_frame, ".3g"),
        f"{row.frames_in}" if same else f"{row.frames_in} for {row.frames_out}",
        *(_or_empty(ms, ",.0f" if ms and ms >= 100 else ".3g") for ms in median_ms),
        row.weights,
        row.licence,
    )


def _or_empty(number: float | None, form: str) -> str:
    return EMPTY if number is None else format(number, form)


def remarks(table: "Table") -> list[str]:
    """Where it was measured, what the star means, and why cells are empty."""
    lines = [f"* {row.name}: {row.proof}" for row in table.rows if not row.checked]
    if table.threads is None:
        lines.append("ms: not measured; add --measure")
    else:
        threads = f"{table.threads} thread{'s' * (table.threads != 1)}"
        lines.append(f"ms: median, batch 1 and 8, fp32, {table.device}, {threads}: {table.machine}")
    notes: dict[str, list[str]] = {}
    for row in table.rows:
        for note in row.notes:
            notes.setdefault(note, []).append(row.name)
    everything = len(table.rows)
    told = (f"{'; '.join(n)}: {note}" if len(n) < everything else note for note, n in notes.items())
    return [*lines, *told]
