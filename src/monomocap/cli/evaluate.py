"""`monomocap evaluate DATASET PATH`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monomocap.cli import words
from monomocap.cli.progress import shown
from monomocap.errors import OptionError, UnknownName
from monomocap.options import Device, Options, Progress

if TYPE_CHECKING:
    from monomocap.evaluate.report import Report
else:  # the command line starts without numpy
    Report = Any

HELD_OUT = "heldout"
MANNEQUIN = "mannequin"
ANSWERS = "answers:"

Dataset = Annotated[
    str,
    typer.Argument(
        help="heldout, mannequin, h36m, 3dhp, humaneva, 3dpw, balance or own.", metavar="DATASET"
    ),
]
Data = Annotated[Path, typer.Argument(help="Where it lies.", metavar="PATH")]
Lifter = Annotated[
    str,
    typer.Option(
        "--lifter",
        help="What turns 2D into 3D; or answers:FILE, finished 3D.",
        metavar="NAME|PATH|answers:FILE",
    ),
]
Input = Annotated[
    str | None,
    typer.Option(
        "--input",
        help="2D: gt, noisy, matched, detections, or a detector on the videos.",
        metavar="gt|noisy|matched|detections[:FILE]|NAME|PATH",
        show_default="gt; mannequin: mediapipe",
    ),
]
ProtocolName = Annotated[
    str | None,
    typer.Option(
        "--protocol",
        help="How sequences are cut: whole, hdformer, chunks[:FRAMES] or centre[:FRAMES].",
        metavar="NAME",
        show_default="the data set's",
    ),
]
Split = Annotated[
    str | None,
    typer.Option("--split", help="Which people.", metavar="NAME", show_default="the data set's"),
]
Lens = Annotated[
    str | None,
    typer.Option(
        "--lens",
        help="What the lifter knows of the camera: given, straight or unknown.",
        metavar="NAME",
        show_default="given; mannequin: unknown",
    ),
]
Every = Annotated[
    int, typer.Option("--every", help="Keep one clip in N, for a quick look.", metavar="N")
]
Clips = Annotated[
    int | None,
    typer.Option("--clips", help="mannequin: how many films.", metavar="N", show_default="48"),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", help="mannequin: another draw of films.", metavar="N", show_default="0"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def evaluate(
    dataset: Dataset,
    data: Data,
    lifter: Lifter = Options().lifter,
    input: Input = None,
    protocol: ProtocolName = None,
    split: Split = None,
    lens: Lens = None,
    every: Every = 1,
    clips: Clips = None,
    seed: Seed = None,
    device: words.DeviceName = "auto",
    as_json: AsJson = False,
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Measure a lifter on data whose truth is known."""
    if every < 1:
        raise OptionError(f"--every must be at least 1, not {every}")
    if dataset != MANNEQUIN:
        _only_for(MANNEQUIN, {"clips": clips, "seed": seed})
    with shown(quiet) as progress:
        if dataset == HELD_OUT:
            _leave_out(HELD_OUT, lifter, {"protocol": protocol, "split": split, "lens": lens})
            report = _heldout(data, lifter, input or "gt", every, device, progress)
        elif dataset == MANNEQUIN:
            _leave_out(MANNEQUIN, lifter, {"protocol": protocol, "split": split})
            options = Options(detector=input or Options.detector, lifter=lifter, device=device)
            report = _mannequin(data, options, clips, seed, every, lens, progress)
        else:
            report = _benchmark(
                dataset, data, lifter, input or "gt", protocol, split, lens, every, device, progress
            )
    typer.echo(json.dumps(report.as_dict(), indent=2) if as_json else "\n".join(report.lines()))


def _only_for(dataset: str, given: dict[str, int | None]) -> None:
    for name, value in given.items():
        if value is not None:
            raise OptionError(f"--{name} is for {dataset} alone; leave it out")


def _leave_out(dataset: str, lifter: str, given: dict[str, str | None]) -> None:
    for name, value in given.items():
        if value is not None:
            raise OptionError(f"{dataset} has one {name}; leave --{name} out")
    if lifter.startswith(ANSWERS):
        raise OptionError(f"{dataset} makes its cameras on the way; it has no finished answers")


def _mannequin(
    data: Path,
    options: Options,
    clips: int | None,
    seed: int | None,
    every: int,
    lens: str | None,
    progress: Progress,
) -> Report:
    from monomocap.datasets.folder import read_mocap
    from monomocap.evaluate.mannequin import FILMS, SEED, evaluate_mannequin

    if every > 1:
        raise OptionError("mannequin draws its films; give --clips instead of --every")
    if clips is not None and clips < 1:
        raise OptionError(f"--clips must be at least 1, not {clips}")
    return evaluate_mannequin(
        read_mocap(data),
        options,
        count=clips or FILMS,
        seed=SEED if seed is None else seed,
        lens=lens or "unknown",
        progress=progress,
    )


def _heldout(
    data: Path, lifter: str, input: str, every: int, device: Device, progress: Progress
) -> Report:
    from monomocap.datasets.folder import read_mocap
    from monomocap.evaluate.heldout import seen_named
    from monomocap.evaluate.run import evaluate_heldout
    from monomocap.lift.catalogue import load_lifter

    seen = seen_named(input)
    measured, clips = load_lifter(lifter, device), read_mocap(data)
    return evaluate_heldout(measured, clips, seen=seen, every=every, progress=progress)


def _benchmark(
    dataset: str,
    data: Path,
    lifter: str,
    input: str,
    protocol: str | None,
    split: str | None,
    lens: str | None,
    every: int,
    device: Device,
    progress: Progress,
) -> Report:
    from monomocap.datasets.benchmarks import BENCHMARKS
    from monomocap.evaluate.answers import Answers
    from monomocap.evaluate.benchmark import evaluate_benchmark
    from monomocap.evaluate.inputs import input_named
    from monomocap.evaluate.own import OWN
    from monomocap.evaluate.protocols import protocol_named
    from monomocap.lift.catalogue import load_lifter

    known = BENCHMARKS | {OWN.name: OWN}
    if dataset not in known:
        raise UnknownName("data set", dataset, (HELD_OUT, MANNEQUIN, *known))
    benchmark = known[dataset]
    finished = lifter.startswith(ANSWERS)
    if finished and (protocol or lens or input != "gt"):
        raise OptionError("finished answers take no --input, --protocol or --lens; leave them out")
    return evaluate_benchmark(
        benchmark,
        data,
        Answers(Path(lifter.removeprefix(ANSWERS))) if finished else load_lifter(lifter, device),
        input_named(input, benchmark, data, device),
        protocol_named("whole" if finished else protocol or benchmark.protocol),
        split=split,
        lens=lens or "given",
        every=every,
        progress=progress,
    )
