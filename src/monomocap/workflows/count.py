"""Counting with its files: a video in, `counts.json` and `counts.mp4` out; and counting live."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event

from monomocap.apps.count.count import count
from monomocap.apps.count.draw import render_counts
from monomocap.apps.count.exercises import load_exercise
from monomocap.apps.count.live import CountNow, LiveCounter
from monomocap.apps.count.result import Counts, PersonCount, Repetition
from monomocap.formats import save
from monomocap.formats.files import check_folder, make_folder, whole_or_nothing
from monomocap.live import live_poses
from monomocap.options import Options, Progress, no_progress
from monomocap.pipeline import saved_of, take_of
from monomocap.skeleton import H36M17
from monomocap.types import Take
from monomocap.video.sources import Source
from monomocap.workflows.live import stopped_by_ctrl_c

JSON, VIDEO, NPZ = "counts.json", "counts.mp4", "take.npz"
FORMAT, SCHEMA_VERSION = "monomocap.counts", 1


@dataclass(frozen=True)
class Counted:
    """What was counted, and the files that say so."""

    take: Take
    counts: Counts
    files: tuple[Path, ...]


def count_video(
    video: str | Path | Source,
    folder: str | Path,
    exercise: str | None = None,
    options: Options = Options(),
    *,
    render: bool = True,
    progress: Progress = no_progress,
) -> Counted:
    """Count in a video, or in a saved take of one, and write what was found.

    A take is not estimated again; its video is drawn on where it still lies at its place.
    """
    folder = Path(folder)
    check_folder(folder)
    if exercise is not None:
        load_exercise(exercise)  # a wrong name stops here
    take = take_of(video, options, progress=progress)
    counts = count(take, exercise)
    make_folder(folder)
    files = [folder / JSON]
    with whole_or_nothing(files[0]) as temporary:
        temporary.write_text(json.dumps(as_dict(take, counts), indent=2) + "\n")
    if saved_of(video) is None:
        files.append(save(take, folder / NPZ))
    film = take.info.film
    if render and film is not None and len(take.time_s):
        files.append(folder / VIDEO)
        render_counts(take, counts, film, files[-1], image_fps=options.image_fps, progress=progress)
    return Counted(take, counts, tuple(files))


def as_dict(take: Take, counts: Counts) -> dict[str, object]:
    """For JSON: seconds on the video's clock, degrees; null where there is no angle."""
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "video": take.info.path,
        "exercise": counts.exercise,
        "people": [_person(person) for person in counts.people],
    }


def _person(person: PersonCount) -> dict[str, object]:
    sets = [
        {
            "movement": one.movement,
            "angle": one.angle,
            "count": one.count,
            "hold_s": round(one.hold_s, 3),
            "repetitions": [_repetition(r) for r in one.repetitions],
        }
        for one in person.sets
    ]
    return {"person": person.person, "count": person.count, "main_set": person.main, "sets": sets}


def _repetition(one: Repetition) -> dict[str, object]:
    told = asdict(one) | {"seconds": one.seconds, "range_deg": one.range_deg}
    return {
        name: None if value != value else round(value, 3) if isinstance(value, float) else value
        for name, value in told.items()
    }


def lines(counts: Counts) -> list[str]:
    """For people."""
    out = [line for person in counts.people for line in _told(person)]
    return out or ["nobody was seen"]


def _told(person: PersonCount) -> list[str]:
    if not person.sets:
        return [f"person {person.person}: nothing was repeated"]
    out = []
    for one in person.sets:
        head = f"person {person.person}: {one.movement}"
        if one.hold_s:
            head += f", held for {one.hold_s:.1f} s"
        else:
            head += f", {one.count} from {one.start_s:.1f} to {one.end_s:.1f} s"
        out.append(head + (f" ({one.angle})" if one.angle else ""))
        for number, r in enumerate(one.repetitions, 1):
            reach = "" if r.range_deg != r.range_deg else f", {r.range_deg:.0f} degrees"
            why = "" if r.counts else f"; does not count: {r.reason}"
            out.append(
                f"  {number}. {r.start_s:.1f}-{r.end_s:.1f} s, {r.seconds:.1f} s{reach}{why}"
            )
    return out


def count_live(
    source: str | Path | Source, exercise: str | None = None, options: Options = Options()
) -> Iterator[dict[int, CountNow]]:
    """Person -> count, after every picture of a camera or stream that has people in it.

    The first Ctrl-C ends it.
    """
    counters: dict[int, LiveCounter] = {}
    if exercise is not None:
        load_exercise(exercise)
    stop = Event()
    with stopped_by_ctrl_c(stop.set):
        for moment in live_poses(source, options, stopped=stop.is_set):
            now = {}
            for pose in moment.people:
                if pose.person not in counters:
                    counters[pose.person] = LiveCounter(exercise, H36M17)
                now[pose.person] = counters[pose.person].push(moment.time_s, pose.xyz_m)
            if now:
                yield now


def now_as_dict(person: int, now: CountNow) -> dict[str, object]:
    """For a line of JSON."""
    return {
        "time_s": round(now.time_s, 3),
        "person": person,
        "count": now.count,
        "not_counted": now.not_counted,
        "hold_s": round(now.hold_s, 3),
    }


def now_in_words(person: int, now: CountNow) -> str:
    """For people."""
    why = now.last.reason if now.last is not None else ""
    held = f", held for {now.hold_s:.0f} s" if now.hold_s else ""
    note = f" ({why})" if why else ""
    return f"{now.time_s:7.1f} s  person {person}: {now.count}{held}{note}"
