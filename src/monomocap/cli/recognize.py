"""`monomocap recognize train FOLDER` and `monomocap recognize run VIDEO`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monomocap.cli import words
from monomocap.cli.progress import shown
from monomocap.cli.report import shout
from monomocap.errors import OptionError
from monomocap.options import Options

recognize = typer.Typer(
    name="recognize",
    help="Name actions: teach your own with a few clips of each, then find them in videos.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

if TYPE_CHECKING:
    from monomocap.apps.recognize import Recognizer

_DEFAULT = Options()

Clips = Annotated[
    Path, typer.Argument(help="One folder of clips per action within it.", metavar="FOLDER")
]
Actions = Annotated[
    Path, typer.Option("--output", "-o", help="The file of taught actions.", metavar="FILE")
]
Video = Annotated[
    str, typer.Argument(help="The video, or a saved take; with --live a camera.", metavar="VIDEO")
]
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
    bool, typer.Option("--network", help="Teach a graph network instead (torch); for many clips.")
]
Live = Annotated[bool, typer.Option("--live", help="Say it while a camera or stream runs.")]
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
    live: Live = False,
    output: words.Folder = None,
    detector: words.DetectorName = _DEFAULT.detector,
    person: words.Person = _DEFAULT.person,
    lifter: words.LifterName = _DEFAULT.lifter,
    device: words.DeviceName = _DEFAULT.device,
    max_frames: words.MaxFrames = _DEFAULT.max_frames,
    image_fps: words.ImageFps = _DEFAULT.image_fps,
    size: words.Size = _DEFAULT.size,
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

    options = Options(
        detector, lifter, device, max_frames, person=person, image_fps=image_fps, size=size
    )
    taught = load_recognizer(actions) if actions else None
    if live:
        if output is not None or no_video:
            raise OptionError("--live writes no files: leave --output and --no-video out")
        _live(video, taught, options, as_json)
        return
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
        said = done.recognition.lines() if done.take.motions else ["nobody was seen"]
        typer.echo("\n".join([*said, wrote]))


def _live(video: str, taught: "Recognizer | None", options: Options, as_json: bool) -> None:
    """A line whenever somebody does something else."""
    from monomocap.workflows.recognize import recognize_live

    last: dict[int, tuple[str | None, ...]] = {}
    for moment in recognize_live(video, taught, options):
        for person, now in moment.items():
            label = now.action.label if now.action else None
            signals = [one.name for one in now.signals]
            if last.get(person, (None,)) == (label, *signals):
                continue
            last[person] = (label, *signals)
            p = now.action.probability if now.action else None
            if as_json:
                said = {"time_s": round(now.time_s, 3), "person": person, "label": label,
                        "probability": p, "signals": signals}  # fmt: skip
                typer.echo(json.dumps(said))
                continue
            named = "" if label is None else f"{label} ({p:.0%})"
            alarms = [f"SIGNAL: {name}" for name in signals]
            typer.echo(f"{now.time_s:7.1f} s  person {person}: " + ", ".join([named, *alarms]))
