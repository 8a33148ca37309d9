"""`monomocap recognize train FOLDER` and `monomocap recognize run VIDEO`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from monomocap.cli import words
from monomocap.cli.progress import shown
from monomocap.cli.report import shout
from monomocap.options import Options

recognize = typer.Typer(
    name="recognize",
    help="Name actions: teach your own with a few clips of each, then find them in videos.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_DEFAULT = Options()

Clips = Annotated[
    Path, typer.Argument(help="One folder of clips per action within it.", metavar="FOLDER")
]
Actions = Annotated[
    Path, typer.Option("--output", "-o", help="The file of taught actions.", metavar="FILE")
]
Video = Annotated[Path, typer.Argument(help="The video, or a saved take.", metavar="VIDEO")]
Taught = Annotated[
    Path | None,
    typer.Option(
        "--actions",
        help="The file that `train` wrote; without it only falls, lying still and hands up.",
        metavar="FILE",
    ),
]
Seed = Annotated[int, typer.Option("--seed", help="Of the random convolutions.", metavar="N")]
Network = Annotated[
    bool, typer.Option("--network", help="Teach a graph network (torch), for 20 clips and more.")
]
NoVideo = Annotated[bool, typer.Option("--no-video", help="Do not render recognition.mp4.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@recognize.command()
def train(
    folder: Clips,
    output: Actions = Path("actions.npz"),
    network: Network = False,
    seed: Seed = 0,
    detector: words.DetectorName = _DEFAULT.detector,
    lifter: words.LifterName = _DEFAULT.lifter,
    device: words.DeviceName = _DEFAULT.device,
    as_json: AsJson = False,
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Learn actions from 5 to 20 clips of each: FOLDER/<action>/<videos or saved takes>."""
    from monomocap.apps.recognize import save_recognizer
    from monomocap.apps.recognize import train as teach
    from monomocap.formats.files import check_folder

    check_folder(output.parent)
    with shown(quiet) as progress:
        options = Options(detector, lifter, device)
        taught = teach(folder, options, network=network, seed=seed, progress=progress)
    save_recognizer(taught, output)
    clips = dict(zip(taught.labels, taught.clips, strict=True))
    if as_json:
        typer.echo(json.dumps({"file": str(output), "clips": clips}, indent=2))
    elif not quiet:
        listed = ", ".join(f"{label} ({count})" for label, count in clips.items())
        typer.echo(f"wrote {output}: {listed}")


@recognize.command()
def run(
    video: Video,
    actions: Taught = None,
    output: words.Folder = None,
    detector: words.DetectorName = _DEFAULT.detector,
    person: words.Person = _DEFAULT.person,
    lifter: words.LifterName = _DEFAULT.lifter,
    device: words.DeviceName = _DEFAULT.device,
    max_frames: words.MaxFrames = _DEFAULT.max_frames,
    no_video: NoVideo = False,
    as_json: AsJson = False,
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Say who does what in a video, from when to when, and "unknown" for what was never taught.

    The results are recognition.json, recognition.mp4 and take.npz.
    """
    from monomocap.apps.recognize import load_recognizer
    from monomocap.workflows.recognize import recognize_video
    from monomocap.workflows.run import default_folder

    options = Options(detector, lifter, device, max_frames, person=person)
    taught = load_recognizer(actions) if actions else None
    with shown(quiet) as progress:
        done = recognize_video(
            video,
            output or default_folder(video),
            taught,
            options,
            render=not no_video,
            progress=progress,
        )
    shout(done.take.warnings)
    if as_json:
        typer.echo(json.dumps(done.recognition.as_dict(), indent=2))
    elif not quiet:
        wrote = "wrote " + ", ".join(map(str, done.files))
        typer.echo("\n".join([*done.recognition.lines(), wrote]))
