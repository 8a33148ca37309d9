"""A take in Rerun's viewer."""

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from monomocap.errors import FormatError, OutputError, VideoError
from monomocap.formats import RESULTS, load, save
from monomocap.formats.catalogue import FORMATS, ending_of
from monomocap.formats.files import check_folder
from monomocap.types import Take

ENDING = ".rrd"


def view(take: str | Path, recording: Path | None = None, video: Path | None = None) -> None:
    """Open a saved take in Rerun's viewer, or with `recording` write it there and open nothing.

    `take` is a file or a folder of results; `video` is where the take's video lies now, if not
    where it was. Raises `MissingDependency` without Rerun, `FormatError`, `VideoError`, and
    `OutputError` where there is no screen for a window.
    """
    FORMATS[ENDING].check()
    if recording is not None:
        _check(recording)
    found = _with_video(load(file_of(Path(take))), video)
    if recording is not None:
        save(found, recording)
        return
    with tempfile.TemporaryDirectory() as folder:
        _show(save(found, Path(folder) / f"take{ENDING}"))


def _check(recording: Path) -> None:
    if ending_of(recording) != ENDING:
        raise FormatError(f"{recording} is no name for a recording of Rerun; it ends in {ENDING}")
    check_folder(recording.parent)


def file_of(take: Path) -> Path:
    """The numbers of a folder of results, or the file itself."""
    return take / RESULTS if take.is_dir() else take


def _with_video(take: Take, video: Path | None) -> Take:
    if video is None:
        return take
    if not video.is_file():
        raise VideoError(f"there is no video {video}")
    return replace(take, info=replace(take.info, path=str(video), codec=""))


def _show(recording: Path) -> None:
    """Rerun's own window; returns when it is closed."""
    ended = subprocess.run([sys.executable, "-m", "rerun", str(recording)], check=False)
    if ended.returncode:
        raise OutputError(
            "Rerun's viewer could not open a window; write the recording with --save FILE.rrd and "
            "open it where there is a screen"
        )
