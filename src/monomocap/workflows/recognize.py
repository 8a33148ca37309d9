"""Recognition with its files (`recognition.json`, `recognition.mp4`), and recognition live."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from monomocap.apps.recognize import DoingNow, LiveRecognizer, Recognition, Recognizer, recognize
from monomocap.apps.recognize.draw import render_recognition
from monomocap.formats import save
from monomocap.formats.files import check_folder, make_folder, whole_or_nothing
from monomocap.lift.protocol import Lifter
from monomocap.live import live_poses
from monomocap.options import Options, Progress, no_progress
from monomocap.pipeline import saved_of, take_of
from monomocap.skeleton import Skeleton
from monomocap.types import Camera, Take
from monomocap.video.sources import Source
from monomocap.workflows.live import stopped_by_ctrl_c

JSON, VIDEO, NPZ = "recognition.json", "recognition.mp4", "take.npz"


@dataclass(frozen=True)
class Recognized:
    """What was recognised, and the files that say so."""

    take: Take
    recognition: Recognition
    files: tuple[Path, ...]


def recognize_video(
    video: str | Path | Source,
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
    folder = Path(folder)
    check_folder(folder)
    take = take_of(video, options, progress=progress)
    found = recognize(take, recognizer)
    make_folder(folder)
    files = [folder / JSON]
    with whole_or_nothing(files[0]) as temporary:
        temporary.write_text(json.dumps(found.as_dict(), indent=2) + "\n")
    if saved_of(video) is None:
        files.append(save(take, folder / NPZ))
    film = take.info.film
    if render and film is not None and len(take.time_s):
        files.append(folder / VIDEO)
        render_recognition(
            take, found, film, files[-1], image_fps=options.image_fps, progress=progress
        )
    return Recognized(take, found, tuple(files))


def recognize_live(
    source: str | Path | Source,
    recognizer: Recognizer | None = None,
    options: Options = Options(),
) -> Iterator[dict[int, DoingNow]]:
    """Person -> what they do, after every picture of a camera or stream that has people in it.

    The first Ctrl-C ends it.
    """
    known: list[tuple[Camera, Skeleton]] = []
    people: dict[int, LiveRecognizer] = {}

    def opened(camera: Camera, lifter: Lifter) -> None:
        known.append((camera, lifter.skeleton))

    stop = Event()
    with stopped_by_ctrl_c(stop.set):
        for moment in live_poses(source, options, stopped=stop.is_set, opened=opened):
            now = {}
            for pose in moment.people:
                if pose.person not in people:
                    people[pose.person] = LiveRecognizer(recognizer, *known[0], person=pose.person)
                now[pose.person] = people[pose.person].push(moment.time_s, pose.xyz_m)
            if now:
                yield now
