"""The main job with its files: a video in; numbers, a page that shows them, and a film out.

`take.json`, `take.npz`, `viewer.html`, `report.html` and `take.mp4`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from monomocap.detect.from_file import FORMAT as NO_PICTURES
from monomocap.formats import files_of, save
from monomocap.formats.catalogue import ending_of, styled_endings
from monomocap.formats.files import check_folder, make_folder
from monomocap.formats.report_page import write_report
from monomocap.formats.style import Style
from monomocap.lift.exported import view_of
from monomocap.options import Options, Progress, View, no_progress
from monomocap.pipeline import estimate
from monomocap.render.side_by_side import render_take
from monomocap.types import Take
from monomocap.video.read import VideoReader
from monomocap.video.sources import Source, source_of
from monomocap.video.spool import local
from monomocap.video.write import spare

STEM = "take"
JSON, NPZ, VIDEO, VIEWER = "take.json", "take.npz", "take.mp4", "viewer.html"
REPORT = "report.html"


def run(
    video: str | Path | Source,
    folder: str | Path,
    options: Options = Options(),
    *,
    formats: Iterable[str] = (),
    style: Style = Style(),
    view: View | None = View(),
    progress: Progress = no_progress,
) -> Take:
    """Estimate, save, render (unless `view` is None); returns the take as it was saved.

    `formats` names more files to write, "trc" for take.trc (`monomocap.formats.FORMATS`), `style`
    how bones are called in those that have bones. An unknown one (`FormatError`), a style that no
    format takes (`OptionError`) and a folder that cannot be written (`OutputError`) are told before
    any work. The numbers are saved before rendering begins, so they stay if it fails. What has no
    end (a camera, a stream) gives poses while it runs (`monomocap.workflows.live`).
    """
    folder, endings = Path(folder), styled_endings(formats, style)
    check_folder(folder)
    with local(source_of(video)) as source:  # both passes read the same bytes
        if endless(source):
            from monomocap.workflows.live import run_live  # which finishes as this file does

            return run_live(
                source, folder, options, formats=endings, style=style, view=view, progress=progress
            )
        _spare(source, folder)
        take = estimate(source, options, progress=progress)
        return finish(take, source, folder, options, endings, view, progress)


def endless(source: Source) -> bool:
    """Whether nobody knows when it will end; an address is asked."""
    if source.live or source.kind != "url" or source.at is not None:
        return source.live
    with VideoReader(source) as reader:
        return reader.live


def finish(
    take: Take,
    pictures: Source | Path | None,
    folder: Path,
    options: Options,
    endings: Mapping[str, Style],
    view: View | None,
    progress: Progress,
) -> Take:
    """Save the numbers, then render them over these pictures; the take as it was saved.

    `endings` are those of more formats to write, each with its style.
    """
    make_folder(folder)
    _save(take, folder, endings)
    if view is None or pictures is None or take.info.codec == NO_PICTURES:
        return take
    render_take(
        take,
        pictures,
        folder / VIDEO,
        azimuth_deg=view.azimuth_deg,
        elevation_deg=view.elevation_deg,
        image_fps=options.image_fps,
        progress=progress,
    )
    take = replace(take, output_video=str(folder / VIDEO))
    _save(take, folder, endings)
    return take


def results(folder: Path, take: Take, endings: Iterable[str] = ()) -> dict[Path, Take]:
    """The files of a result but its video, each with its part of the take.

    Where a format holds one person, everybody gets a file; nobody gets none.
    """
    wanted = dict.fromkeys([NPZ, JSON, VIEWER, *(f"{STEM}{ending}" for ending in endings)])
    return {path: part for name in wanted for path, part in files_of(take, folder / name).items()}


def view_for(
    lifter: str, azimuth_deg: float | None = None, elevation_deg: float | None = None
) -> View:
    """Where the stage is seen from: as asked, else as the lifter's model folder states, or `View`.

    Raises `OptionError` for an impossible angle and `WeightsError` for a folder that is damaged.
    """
    stated = view_of(lifter) or View()
    return View(
        stated.azimuth_deg if azimuth_deg is None else azimuth_deg,
        stated.elevation_deg if elevation_deg is None else elevation_deg,
    )


def default_folder(video: str | Path | Source) -> Path:
    """Where results go when nobody says: beside nobody's files, named after the video."""
    return Path(f"{source_of(video).stem}-monomocap")


def _save(take: Take, folder: Path, endings: Mapping[str, Style]) -> None:
    for path, part in results(folder, take, endings).items():
        save(part, path, endings.get(ending_of(path), Style()))
    write_report(take, folder / REPORT)


def _spare(source: Source, folder: Path) -> None:
    """Refuse to write over the video that is being read."""
    if source.at is not None:
        spare(source.at, folder / VIDEO)
