"""Scoring with its files: two videos in, `score.json` and `score.mp4` out; and scoring live."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Event

from monomocap.apps.score.draw import render_score
from monomocap.apps.score.live import LiveScore, Now
from monomocap.apps.score.result import Score
from monomocap.apps.score.score import Mirror, Timing, score
from monomocap.apps.score.unmatched import in_words
from monomocap.formats.files import check_folder, make_folder, whole_or_nothing
from monomocap.live import live_poses
from monomocap.options import Options, Progress, no_progress
from monomocap.pipeline import take_of
from monomocap.skeleton import H36M17
from monomocap.types import Take
from monomocap.video.sources import Source
from monomocap.workflows.live import stopped_by_ctrl_c

JSON, VIDEO = "score.json", "score.mp4"
_TOLD_S = ("delay_s", "left_out_s", "added_s")
"""Of the seconds, those that are told as they are."""
FORMAT, SCHEMA_VERSION = "monomocap.score", 1


@dataclass(frozen=True)
class Scored:
    """What was scored, and the files that say so."""

    reference: Take
    attempt: Take
    score: Score
    files: tuple[Path, ...]


def score_videos(
    reference: str | Path | Source,
    video: str | Path | Source,
    folder: str | Path,
    options: Options = Options(),
    *,
    mirror: Mirror = "auto",
    timing: Timing = "follow",
    render: bool = True,
    progress: Progress = no_progress,
) -> Scored:
    """Score a video, or a saved take of one, against a reference, and write what was found.

    Takes are not estimated again; their videos are drawn on where they still lie at their places.
    """
    folder = Path(folder)
    check_folder(folder)
    takes = [take_of(one, options, progress=progress) for one in (reference, video)]
    found = score(*takes, mirror=mirror, timing=timing)
    make_folder(folder)
    files = [folder / JSON]
    with whole_or_nothing(files[0]) as temporary:
        temporary.write_text(json.dumps(as_dict(found, *takes), indent=2) + "\n")
    films = [take.info.film for take in takes]
    if render and films[0] is not None and films[1] is not None:
        files.append(folder / VIDEO)
        render_score(found, takes[0], films[0], takes[1], films[1], files[-1], progress=progress)
    return Scored(takes[0], takes[1], found, tuple(files))


def as_dict(found: Score, reference: Take, attempt: Take) -> dict[str, object]:
    """For JSON; the moments that belong together as pairs of seconds."""
    told = {k: v for k, v in vars(found).items() if not k.endswith("_s") or k in _TOLD_S}
    told.pop("off_deg")
    head = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "reference": reference.info.path,
        "attempt": attempt.info.path,
    }
    pairs = zip(found.reference_s.tolist(), found.attempt_s.tolist(), strict=True)
    rest = {
        "faults": [asdict(fault) for fault in found.faults],
        "phases_s": [list(phase) for phase in found.phases_s],
        "in_step_s": [[round(a, 3), round(b, 3)] for a, b in pairs],
    }
    return head | _rounded(told) | _rounded(rest)


def _rounded(value: object) -> dict[str, object]:
    done = _plain(value)
    assert isinstance(done, dict)
    return done


def _plain(value: object) -> object:
    """Three decimals; null for what is not a number."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return None if value != value else round(value, 3)
    return value


def lines(found: Score) -> list[str]:
    """For people."""
    lost = {
        name: found.form * found.weights[name] * (1 - getattr(found, name) / 100)
        for name in ("tempo", "delay")
    }
    less = "".join(f" - {points:.1f} for {name}" for name, points in lost.items())
    out = [f"score {found.score:.0f} of 100: {found.form:.1f} for form{less}"]
    when = f"{abs(found.delay_s):.1f} s {'later' if found.delay_s >= 0 else 'earlier'}"
    mirror = ", compared in a mirror" if found.mirrored else ""
    out.append(f"{found.speed:.2f} times as fast as the reference, begins {when}{mirror}")
    said = [fault.says for fault in found.faults]
    said += in_words(found.left_out_s, found.added_s)
    out += [f"* {each}" for each in said or ["nothing is off by 10 degrees"]]
    heads = [f"{a:.1f}-{b:.1f} s" for a, b in found.phases_s]
    out.append(f"{'degrees off':<16}{'mean':>6}" + "".join(f"{head:>12}" for head in heads))
    for joint, mean in sorted(found.joint_deg.items(), key=lambda item: -item[1]):
        cells = "".join(f"{deg:>12.0f}" for deg in found.phase_deg[joint])
        out.append(f"{joint:<16}{mean:>6.0f}{cells}")
    return out


def score_live(
    reference: str | Path,
    source: str | Path | Source,
    options: Options = Options(),
    *,
    mirror: bool = False,
    progress: Progress = no_progress,
) -> Iterator[Now]:
    """How the person who was seen first is doing, after every picture of a camera or stream.

    Once the reference is known, the first Ctrl-C ends it.
    """
    wanted = take_of(reference, options, progress=progress)
    live = LiveScore(wanted, mirror=mirror, skeleton=H36M17)
    whose: int | None = None
    stop = Event()
    with stopped_by_ctrl_c(stop.set):
        # Were the reference finished 2D, its size would not be the camera's.
        camera = replace(options, size=None)
        for moment in live_poses(source, camera, stopped=stop.is_set):
            poses = {pose.person: pose for pose in moment.people}
            whose = min(poses) if whose is None and poses else whose
            if whose in poses:
                yield live.push(moment.time_s, poses[whose].xyz_m)
