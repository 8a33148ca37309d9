"""`monomocap render TAKE`."""

from pathlib import Path
from typing import Annotated

import typer

from monomocap.cli import words
from monomocap.cli.progress import shown
from monomocap.errors import OptionError

Saved = Annotated[
    Path, typer.Argument(metavar="TAKE", help="A saved take, or the folder of its results.")
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help=".mp4, .mov, .webm, .gif, .png with --at, or a folder for PNG files.",
        metavar="FILE|DIR",
        show_default="render.mp4 beside TAKE",
    ),
]
Views = Annotated[
    str,
    typer.Option(
        "--views",
        help="front, right, back, left, above or AZIMUTH/ELEVATION; several in a grid.",
        metavar="A,B,...",
        show_default="30/10",
    ),
]
Azimuth = Annotated[
    float | None, typer.Option("--azimuth", help="Turn the one view around.", metavar="DEG")
]
Elevation = Annotated[
    float | None, typer.Option("--elevation", help="Raise the one view.", metavar="DEG")
]
Turntable = Annotated[
    float | None,
    typer.Option("--turntable", help="Walk around once in so many seconds.", metavar="SECONDS"),
]
Follow = Annotated[bool, typer.Option("--follow", help="Keep the person in the middle.")]
WithVideo = Annotated[
    bool, typer.Option("--with-video", help="The source video with its 2D skeleton on the left.")
]
Moved = Annotated[
    Path | None,
    typer.Option("--video", help="The take's video, if it was moved.", metavar="FILE"),
]
Transparent = Annotated[
    bool, typer.Option("--transparent", help="No background: .mov, .webm, .gif or PNG.")
]
Size = Annotated[
    str | None,
    typer.Option(
        "--size",
        help="Of the whole picture, in pixels.",
        metavar="WIDTHxHEIGHT",
        show_default="1280x720, or what fits the video; half for .gif",
    ),
]
Fps = Annotated[
    float | None,
    typer.Option(
        "--fps",
        help="Steady pictures per second.",
        metavar="FPS",
        show_default="the video's own times",
    ),
]
Start = Annotated[
    float | None, typer.Option("--start", help="From this second of the video.", metavar="SECONDS")
]
End = Annotated[
    float | None, typer.Option("--end", help="To this second of the video.", metavar="SECONDS")
]
At = Annotated[
    float | None,
    typer.Option("--at", help="One moment, standing still.", metavar="SECONDS"),
]
Person = Annotated[str, typer.Option("--person", help="Whom to show.", metavar="all|ID,ID,...")]


def render(
    take: Saved,
    output: Output = None,
    views: Views = "",
    azimuth: Azimuth = None,
    elevation: Elevation = None,
    turntable: Turntable = None,
    follow: Follow = False,
    with_video: WithVideo = False,
    video: Moved = None,
    transparent: Transparent = False,
    size: Size = None,
    fps: Fps = None,
    start: Start = None,
    end: End = None,
    at: At = None,
    person: Person = "all",
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Render a saved take from anywhere: a film, a GIF, or pictures.

    People stand on the floor of the world, where they stood.
    """
    from monomocap.options import View
    from monomocap.render.shot import Shot, size_named, views_named
    from monomocap.workflows.render import render as render_workflow

    chosen = views_named(views)
    if chosen and (azimuth is not None or elevation is not None):
        raise OptionError("give --views, or --azimuth and --elevation, not both")
    if not chosen:
        usual = View()
        chosen = (
            View(
                usual.azimuth_deg if azimuth is None else azimuth,
                usual.elevation_deg if elevation is None else elevation,
            ),
        )
    shot = Shot(
        chosen,
        turntable,
        follow,
        with_video or video is not None,
        transparent,
        size_named(size),
        fps,
        start,
        end,
        at,
        _people(person),
    )
    with shown(quiet) as progress:
        written = render_workflow(take, output, shot, video=video, progress=progress)
    if not quiet:
        typer.echo(f"wrote {written}")


def _people(words: str) -> tuple[int, ...] | None:
    """The numbers of "0,2"; None for "all"."""
    if words == "all":
        return None
    numbers = [word.strip() for word in words.split(",")]
    if not all(number.isdecimal() for number in numbers):
        raise OptionError(f"person cannot be {words!r}; choose all, or numbers as 0,2")
    return tuple(int(number) for number in numbers)
