"""`monomocap run VIDEO...`."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monomocap.cli import words
from monomocap.cli.many import run_many
from monomocap.cli.progress import shown
from monomocap.cli.report import shout, summary, wrote
from monomocap.options import Options

if TYPE_CHECKING:
    from monomocap.types import Take
    from monomocap.video.sources import Source

_DEFAULT = Options()


def run(
    videos: words.Sources,
    output: words.Folder = None,
    detector: words.DetectorName = _DEFAULT.detector,
    boxes: words.Boxes = _DEFAULT.boxes,
    person: words.Person = _DEFAULT.person,
    lifter: words.LifterName = _DEFAULT.lifter,
    device: words.DeviceName = _DEFAULT.device,
    max_frames: words.MaxFrames = _DEFAULT.max_frames,
    as_published: words.AsPublished = _DEFAULT.as_published,
    smooth: words.SmoothName = _DEFAULT.smooth,
    focal: words.Focal = _DEFAULT.focal_px,
    fov: words.Fov = _DEFAULT.fov_deg,
    calibration: words.Calibration = _DEFAULT.calibration,
    height: words.Height = _DEFAULT.height_m,
    fill: words.Fill = _DEFAULT.fill_s,
    image_fps: words.ImageFps = _DEFAULT.image_fps,
    size: words.Size = _DEFAULT.size,
    azimuth: words.Azimuth = None,
    elevation: words.Elevation = None,
    formats: words.Formats = "",
    names: words.Names = words.OWN_NAMES,
    program: words.Program = words.ANY_PROGRAM,
    rest: words.Rest = words.T_POSE,
    no_video: words.NoVideo = False,
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Write the 3D motion of the people in a video, or in each of several.

    The results are take.json, take.npz, take.mp4, the video with the skeleton beside a 3D stage,
    viewer.html, a page that shows it all in a browser, and report.html: how sure it is, in plots.
    """
    options = Options(
        detector,
        lifter,
        device,
        max_frames,
        smooth,
        focal,
        fov,
        boxes=boxes,
        person=person,
        as_published=as_published,
        calibration=calibration,
        image_fps=image_fps,
        size=size,
        height_m=height,
        fill_s=fill,
    )
    from monomocap.formats.catalogue import styled_endings
    from monomocap.formats.style import Style
    from monomocap.video.sources import find_sources, is_many
    from monomocap.workflows.run import default_folder, view_for
    from monomocap.workflows.run import run as run_workflow

    style = Style(names, program, rest)
    endings = styled_endings(formats.split(","), style)
    view = None if no_video else view_for(lifter, azimuth, elevation)

    def job(source: "Source", folder: Path) -> "Take":
        with shown(quiet) as progress:
            return run_workflow(
                source,
                folder,
                options,
                formats=endings,
                style=style,
                view=view,
                progress=progress,
            )

    sources = find_sources(videos)
    if len(videos) > 1 or is_many(videos[0]):
        run_many(sources, job, output, quiet)
        return
    folder = output or default_folder(sources[0])
    take = job(sources[0], folder)
    shout(take.warnings)
    if not quiet:
        typer.echo("\n".join([*summary(take), wrote(folder, take, endings)]))
