"""`monomocap score REFERENCE VIDEO`."""

import json
from typing import Annotated, Literal

import typer

from monomocap.cli import words
from monomocap.cli.progress import shown
from monomocap.cli.report import shout
from monomocap.errors import OptionError
from monomocap.options import Options

_DEFAULT = Options()

Reference = Annotated[
    str, typer.Argument(help="How it should be: a video or a saved take.", metavar="REFERENCE")
]
Video = Annotated[
    str, typer.Argument(help="The attempt, or with --live a camera.", metavar="VIDEO")
]
MirrorName = Annotated[
    Literal["auto", "yes", "no"],
    typer.Option("--mirror", help="Compare the attempt as its mirror image."),
]
TimingName = Annotated[
    Literal["follow", "own"],
    typer.Option("--timing", help="Whether tempo and delay count, or everybody's own."),
]
Live = Annotated[bool, typer.Option("--live", help="Give feedback while a camera runs.")]
NoVideo = Annotated[bool, typer.Option("--no-video", help="Do not render score.mp4.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def score(
    reference: Reference,
    video: Video,
    mirror: MirrorName = "auto",
    timing: TimingName = "follow",
    live: Live = False,
    output: words.Folder = None,
    detector: words.DetectorName = _DEFAULT.detector,
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
    """Score a movement against a reference, and say what to correct, and when.

    The results are score.json and score.mp4, both videos side by side in step.
    """
    options = Options(detector, lifter, device, max_frames, image_fps=image_fps, size=size)
    if live:
        _live(reference, video, mirror, options, as_json, quiet)
        return
    from monomocap.workflows.run import default_folder
    from monomocap.workflows.score import as_dict, lines, score_videos

    with shown(quiet) as progress:
        done = score_videos(
            reference,
            video,
            output or default_folder(video),
            options,
            mirror=mirror,
            timing=timing,
            render=not no_video,
            progress=progress,
        )
    shout((*done.reference.warnings, *done.attempt.warnings))
    if as_json:
        typer.echo(json.dumps(as_dict(done.score, done.reference, done.attempt), indent=2))
    elif not quiet:
        wrote = "wrote " + ", ".join(map(str, done.files))
        typer.echo("\n".join([*lines(done.score), wrote]))


def _live(
    reference: str, video: str, mirror: str, options: Options, as_json: bool, quiet: bool
) -> None:
    """A line whenever there is something else to say, at most every second; JSON for each pose."""
    if mirror == "auto":
        raise OptionError("live nobody can wait for both; say --mirror yes or --mirror no")
    from monomocap.workflows.score import score_live

    said, said_s = "", float("-inf")
    with shown(quiet) as progress:
        for now in score_live(reference, video, options, mirror=mirror == "yes", progress=progress):
            if as_json:
                off = {joint: round(deg, 1) for joint, deg in now.off_deg.items()}
                typer.echo(json.dumps({"time_s": round(now.time_s, 3), "done": round(now.done, 3),
                                       "says": now.says, "off_deg": off}))  # fmt: skip
            elif now.says != said and now.time_s - said_s >= 1:
                said, said_s = now.says, now.time_s
                typer.echo(f"{now.time_s:7.1f} s  {now.done:4.0%}  {now.says or 'good'}")
