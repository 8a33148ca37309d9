"""`monomocap count VIDEO`."""

import json
from typing import Annotated

import typer

from monomocap.cli import words
from monomocap.cli.progress import shown
from monomocap.cli.report import shout
from monomocap.options import Options

_DEFAULT = Options()

Video = Annotated[
    str, typer.Argument(help="The video, or a saved take; with --live a camera.", metavar="VIDEO")
]
Exercise = Annotated[
    str | None,
    typer.Option(
        "--exercise",
        help="Count this one, by name or TOML file; without it whatever repeats.",
        metavar="NAME|FILE",
    ),
]
Live = Annotated[bool, typer.Option("--live", help="Count while a camera or stream runs.")]
NoVideo = Annotated[bool, typer.Option("--no-video", help="Do not render counts.mp4.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def count(
    video: Video,
    exercise: Exercise = None,
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
    """Count repetitions: when each was, how far it went, and why some do not count.

    The results are counts.json, counts.mp4 and take.npz.
    """
    options = Options(
        detector, lifter, device, max_frames, person=person, image_fps=image_fps, size=size
    )
    if live:
        _live(video, exercise, options, as_json)
        return
    from monomocap.workflows.count import as_dict, count_video, lines
    from monomocap.workflows.run import default_folder

    with shown(quiet) as progress:
        done = count_video(
            video,
            output or default_folder(video),
            exercise,
            options,
            render=not no_video,
            progress=progress,
        )
    shout(done.take.warnings)
    if as_json:
        typer.echo(json.dumps(as_dict(done.take, done.counts), indent=2))
    elif not quiet:
        wrote = "wrote " + ", ".join(map(str, done.files))
        typer.echo("\n".join([*lines(done.counts), wrote]))


def _live(video: str, exercise: str | None, options: Options, as_json: bool) -> None:
    """A line whenever somebody's number changes, until Ctrl-C."""
    from monomocap.workflows.count import count_live, now_as_dict, now_in_words

    last: dict[int, tuple[int, int, int]] = {}
    for moment in count_live(video, exercise, options):
        for person, now in moment.items():
            told = (now.count, now.not_counted, int(now.hold_s))
            if told == last.get(person, (0, 0, 0)):
                continue
            last[person] = told
            if as_json:
                typer.echo(json.dumps(now_as_dict(person, now)))
            else:
                typer.echo(now_in_words(person, now))
