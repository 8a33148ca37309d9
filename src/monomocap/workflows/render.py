"""A saved take as a film, a GIF or pictures."""

from pathlib import Path

from monomocap.errors import VideoError
from monomocap.formats import load
from monomocap.options import Progress, no_progress
from monomocap.render.film import render_shot
from monomocap.render.shot import Shot
from monomocap.video.sinks import kind_of
from monomocap.workflows.view import file_of

USUAL = "render.mp4"


def render(
    take: str | Path,
    output: Path | None = None,
    shot: Shot = Shot(),
    *,
    video: Path | None = None,
    progress: Progress = no_progress,
) -> Path:
    """Render a saved take (a file, or a folder of results); returns the path that was written.

    Without an `output`, `render.mp4` beside it. `video` is where the take's video lies now, if not
    where it was. Raises what `monomocap.render.film.render_shot` raises, `FormatError` for a file
    that is no take, and `VideoError` for a video that is not there.
    """
    source = file_of(Path(take))
    output = source.parent / USUAL if output is None else output
    kind_of(output, shot.transparent)
    found = load(source)
    if shot.with_video and not (found.info.film if video is None else video.is_file()):
        raise VideoError(
            f"the take's video is not at {video or found.info.path}; say where it is (--video FILE)"
        )
    return render_shot(found, output, shot, video=video, progress=progress)
