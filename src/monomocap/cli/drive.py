"""`monomocap drive VIDEO`."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from monomocap.cli import words
from monomocap.cli.progress import shown
from monomocap.options import Options

_DEFAULT = Options()
_VMC = "127.0.0.1:39539"

Source = Annotated[
    str,
    typer.Argument(help="webcam[:N], an address, a video, or a saved take.", metavar="VIDEO"),
]
To = Annotated[
    str,
    typer.Option("--to", help='Who receives VMC; "" sends nothing.', metavar="HOST:PORT"),
]
Port = Annotated[
    int | None,
    typer.Option("--preview", help="Show it on a page of this machine at PORT.", metavar="PORT"),
]
Avatar = Annotated[
    Path | None,
    typer.Option("--avatar", help="A humanoid .glb or .vrm to animate.", metavar="FILE"),
]
Calibration = Annotated[
    Literal["auto", "tpose"],
    typer.Option("--calibrate", help="How the body is learnt.", metavar="auto|tpose"),
]
Person = Annotated[
    int | None,
    typer.Option("--person", help="Whose motion; default: seen most.", metavar="ID"),
]
Mirror = Annotated[bool, typer.Option("--mirror", help="Move as in a mirror.")]
InPlace = Annotated[bool, typer.Option("--in-place", help="Stay on the spot.")]
Loop = Annotated[bool, typer.Option("--loop", help="Again and again, until Ctrl-C.")]
Folder = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Folder for drive.mp4 and the avatar.", metavar="DIR"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def drive(
    video: Source,
    to: To = _VMC,
    preview: Port = None,
    avatar: Avatar = None,
    output: Folder = None,
    calibrate: Calibration = "auto",
    person: Person = None,
    mirror: Mirror = False,
    in_place: InPlace = False,
    loop: Loop = False,
    detector: words.DetectorName = _DEFAULT.detector,
    lifter: words.LifterName = _DEFAULT.lifter,
    device: words.DeviceName = _DEFAULT.device,
    max_frames: words.MaxFrames = _DEFAULT.max_frames,
    image_fps: words.ImageFps = _DEFAULT.image_fps,
    size: words.Size = _DEFAULT.size,
    smooth: words.SmoothName = _DEFAULT.smooth,
    as_json: AsJson = False,
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Drive an avatar: VMC over UDP at frame rate, live or from a file; or write it into a GLB."""
    from monomocap.workflows.drive import Wanted
    from monomocap.workflows.drive import drive as run_drive

    wanted = Wanted(to or None, preview, avatar, output, calibrate, mirror, in_place, loop)
    options = Options(detector, lifter, device, max_frames, smooth, image_fps=image_fps, size=size)

    def told(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    with shown(quiet) as progress:
        done = run_drive(video, wanted, options, person=person, told=told, progress=progress)
    if as_json:
        typer.echo(json.dumps(done.as_dict(), indent=2))
    elif not quiet:
        if done.drive is not None:
            usual_ms, worst_ms = 1000 * done.drive.median_delay_s, 1000 * done.drive.worst_delay_s
            said = f"usually {usual_ms:.0f} ms, for 95 of 100 at most {worst_ms:.0f} ms"
            what = "from picture to packet" if done.live else "late"
            typer.echo(
                f"sent {done.drive.frames} poses in {done.drive.seconds:.1f} s; {what}: {said}"
            )
        if done.files:
            typer.echo("wrote " + ", ".join(map(str, done.files)))
