"""`monomocap evaluate heldout PATH`."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from monomocap.cli import words
from monomocap.cli.progress import shown
from monomocap.errors import OptionError, UnknownName
from monomocap.options import Options

Dataset = Annotated[str, typer.Argument(help="The data set: heldout.", metavar="DATASET")]
Data = Annotated[Path, typer.Argument(help="Where it lies.", metavar="PATH")]
Input = Annotated[
    Literal["gt", "noisy"],
    typer.Option("--input", help="2D input: true, or with a detector's mistakes."),
]
Every = Annotated[
    int, typer.Option("--every", help="Keep one clip in N, for a quick look.", metavar="N")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DATASETS = ("heldout",)


def evaluate(
    dataset: Dataset,
    data: Data,
    lifter: words.LifterName = Options().lifter,
    input: Input = "gt",
    every: Every = 1,
    device: words.DeviceName = "auto",
    as_json: AsJson = False,
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Measure a lifter on data whose truth is known."""
    if dataset not in DATASETS:
        raise UnknownName("data set", dataset, DATASETS)
    if every < 1:
        raise OptionError(f"--every must be at least 1, not {every}")
    from monomocap.datasets.folder import read_mocap
    from monomocap.evaluate.run import evaluate_heldout
    from monomocap.lift.catalogue import load_lifter

    measured = load_lifter(lifter, device)
    clips = read_mocap(data)
    with shown(quiet) as progress:
        report = evaluate_heldout(
            measured, clips, noisy=input == "noisy", every=every, progress=progress
        )
    typer.echo(json.dumps(report.as_dict(), indent=2) if as_json else "\n".join(report.lines()))
