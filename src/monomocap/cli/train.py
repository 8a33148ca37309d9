"""`monomocap train open --data PATH` and `monomocap export SOURCE FILE`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from monomocap.cli import words
from monomocap.cli.progress import shown
from monomocap.errors import MissingDependency, OptionError

Recipe = Annotated[str, typer.Argument(help="The recipe, such as open.", metavar="RECIPE")]
Data = Annotated[
    Path,
    typer.Option(
        "--data", help="Motion capture, Human3.6M or MPI-INF-3DHP: file or folder.", metavar="PATH"
    ),
]
Run = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="The run's folder; goes on if it exists.", metavar="DIR"),
]
Source = Annotated[
    Path,
    typer.Argument(help="A run's folder, a published model's, or a checkpoint.", metavar="SOURCE"),
]
OnnxFile = Annotated[
    Path,
    typer.Argument(
        help="The file to write: .onnx; .pt for --init; .pth as published.", metavar="FILE"
    ),
]
KeptBits = Annotated[
    int,
    typer.Option("--bits", help="Of each weight in the file: 32, 16 or 8.", metavar="N"),
]
Init = Annotated[
    Path | None,
    typer.Option("--init", help="Weights to begin with (.pt of export).", metavar="FILE"),
]
Steps = Annotated[int | None, typer.Option("--steps", help="How long to train.", metavar="N")]
Clips = Annotated[int | None, typer.Option("--batch", help="Clips per step.", metavar="N")]
Seed = Annotated[int | None, typer.Option("--seed", help="Another draw.", metavar="N")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Another number in the recipe: noise.jitter=0.01.", metavar="N=V"),
]
Seen = Annotated[
    str | None,
    typer.Option(
        "--input",
        help="2D of a data set: gt, or detections.",
        metavar="gt|detections[:FILE]",
        show_default="gt",
    ),
]
Compile = Annotated[bool, typer.Option("--compile", help="Compile the network (torch.compile).")]
Threads = Annotated[int | None, typer.Option("--threads", help="CPU threads.", metavar="N")]


def train(
    recipe: Recipe,
    data: Data,
    output: Run = None,
    init: Init = None,
    steps: Steps = None,
    batch: Clips = None,
    seed: Seed = None,
    change: Set = None,
    threads: Threads = None,
    seen: Seen = None,
    compile: Compile = False,
    device: words.DeviceName = "auto",
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Train a lifter; stopped and started again, it goes on.

    The run's folder gets receipt.json, log.jsonl, checkpoint.pt and curves.png.
    """
    _needs_torch("training")
    from monomocap.train.change import changed
    from monomocap.train.config import recipe_named
    from monomocap.train.dataset import dataset_at, of_dataset
    from monomocap.train.loop import train as train_workflow

    wanted = {"steps": steps, "batch": batch, "seed": seed, "threads": threads}
    given: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    recipe_changed = changed(recipe_named(recipe), change or ())
    if compile:
        given["compile"] = "inductor"
    config = replace(recipe_changed, device=device, **given)
    if dataset_at(data) is not None:
        config = of_dataset(config, data, seen or "gt", steps)
    elif seen is not None:
        raise OptionError("--input is for data sets; motion capture is seen by synthetic cameras")
    run = output or Path("runs") / recipe
    with shown(quiet) as progress:
        train_workflow(config, data, run, init=init, progress=progress)
    if not quiet:
        typer.echo(f"wrote {run}; `monomocap export {run} FILE.onnx` makes a lifter of it")


def export(
    source: Source,
    output: OnnxFile,
    bits: KeptBits = 32,
    debug: words.Debug = False,
) -> None:
    """Turn a run or a published model into ONNX, which runs without torch.

    A lifter runs with `--lifter FILE`, a 2D detector with `--detector FILE`. FILE.pt holds a run's
    weights alone: `train --init FILE.pt` begins with them.
    """
    _needs_torch("exporting")
    from monomocap.workflows.export import export as export_workflow

    if bits not in (32, 16, 8):
        raise OptionError(f"--bits must be 32, 16 or 8, not {bits}")
    files = export_workflow(source, output, bits=bits)  # type: ignore[arg-type]
    typer.echo(f"wrote {', '.join(map(str, files))}")


def _needs_torch(what: str) -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise MissingDependency(f"{what} needs torch; run: pip install 'monomocap[train]'")
