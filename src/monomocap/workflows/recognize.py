"""Recognition with its files: a video in, `recognition.json` and `recognition.mp4` out."""

import json
from dataclasses import dataclass
from pathlib import Path

from monomocap.apps.recognize import Recognition, Recognizer, recognize
from monomocap.apps.recognize.api import TAKES
from monomocap.apps.recognize.draw import render_recognition
from monomocap.formats import load, save
from monomocap.formats.files import check_folder, make_folder, whole_or_nothing
from monomocap.options import Options, Progress, no_progress
from monomocap.pipeline import estimate
from monomocap.types import Take

JSON, VIDEO, NPZ = "recognition.json", "recognition.mp4", "take.npz"


@dataclass(frozen=True)
class Recognized:
    """What was recognised, and the files that say so."""

    take: Take
    recognition: Recognition
    files: tuple[Path, ...]


def recognize_video(
    video: str | Path,
    folder: str | Path,
    recognizer: Recognizer | None = None,
    options: Options = Options(),
    *,
    render: bool = True,
    progress: Progress = no_progress,
) -> Recognized:
    """Recognise in a video, or in a saved take of one, and write what was found.

    A take is not estimated again; its video is drawn on where it still lies at its place. Without
    a recognizer only the signals of safety are looked for.
    """
    video, folder = Path(video), Path(folder)
    check_folder(folder)
    saved = video.suffix.lower() in TAKES
    take = load(video) if saved else estimate(video, options, progress=progress)
    found = recognize(take, recognizer)
    make_folder(folder)
    files = [folder / JSON]
    with whole_or_nothing(files[0]) as temporary:
        temporary.write_text(json.dumps(found.as_dict(), indent=2) + "\n")
    if not saved:
        files.append(save(take, folder / NPZ))
    pictures = Path(take.info.path) if saved else video
    if render and pictures.is_file() and len(take.time_s):
        files.append(folder / VIDEO)
        render_recognition(
            take, found, pictures, files[-1], image_fps=options.image_fps, progress=progress
        )
    return Recognized(take, found, tuple(files))
