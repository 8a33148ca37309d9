"""Whether people stay themselves: several in the picture, crossing, hidden, coming one by one.

    python -m benchmarks.people                                       # the base install
    python -m benchmarks.people --boxes rtmdet_nano_end2end.onnx      # RTMDet's boxes
    python -m benchmarks.people --only crossing pillar --json

Real videos are read from `$MONOMOCAP_DATA/video`. Where the man of Pose2Sim's demo is comes from
its truth; the second person of `two_people_*` and the stretches of `one_by_one` were marked by
hand. The mannequins' films are made on the spot and their truth is exact. `kept` is the share of
the frames in which somebody is there and has the number that they have most often; `switches`
counts changes of number; `others` are tracks that belong to none of those who are looked for.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float

from benchmarks import people_scenes
from benchmarks.people_scenes import Film
from monomocap.datasets import balance
from monomocap.detect.catalogue import load_detector
from monomocap.detect.people import collect_tracks
from monomocap.errors import MonomocapError
from monomocap.skeleton import H36M17, HALPE26, LIMB_JOINTS, Skeleton, convert
from monomocap.types import Frame, Track2D
from monomocap.video.read import VideoReader

VIDEO = Path(os.environ.get("MONOMOCAP_DATA", "../shared")) / "video"
TRUNK = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
WITHIN = 0.25
"""How far from somebody a track's trunk can be and be theirs, in heights of the person."""
MOSTLY_HIDDEN = 0.3
"""Whom something hides more than this need not be seen."""
STANDS = {"two_people_cam02": (190.0, 985.0), "two_people_cam04": (760.0, 610.0)}
"""Where the second person's trunk is, pixels; she hardly moves."""
SHE_PX = 700.0
"""And how tall she is, about."""
VISITS = ((61, 197), (228, 449), (503, 696), (746, 866), (922, 1196), (1236, 1359))
"""Frames of one_by_one.mp4 in which somebody is to be seen, first and last."""
DOORWAY_FRAMES = 10
"""Frames at either end of a visit in which only a head or a leg is in the picture."""


@dataclass(frozen=True)
class Person:
    """Where somebody really is."""

    name: str
    middle_px: Float[np.ndarray, "time 2"]
    """Of the trunk; NaN in frames that do not count."""
    height_px: Float[np.ndarray, " time"]


@dataclass(frozen=True)
class Row:
    """One person of one scene."""

    scene: str
    person: str
    frames: int
    kept: float
    switches: int
    others: int
    xy_median_px: float | None = None


def trunk_px(
    xy_px: Float[np.ndarray, "time joint 2"], skeleton: Skeleton
) -> Float[np.ndarray, "time 2"]:
    """Mean of shoulders and hips."""
    return xy_px[:, [skeleton.index(name) for name in TRUNK]].astype(np.float64).mean(axis=1)


def judged(scene: str, tracks: Sequence[Track2D], people: Sequence[Person]) -> list[Row]:
    """How well each of these people was kept."""
    whose = np.array([_whose(track, people) for track in tracks]).reshape(len(tracks), -1)
    others = sum(bool((row < 0).all()) for row in whose)
    return [
        Row(scene, person.name, *_kept(whose == number, person), others)
        for number, person in enumerate(people)
    ]


def _whose(track: Track2D, people: Sequence[Person]) -> Float[np.ndarray, " time"]:
    """For each frame of a track the number of the person it is on, or -1."""
    middle_px = trunk_px(track.xy_px, track.skeleton)
    away = np.array(
        [np.linalg.norm(middle_px - p.middle_px, axis=-1) / p.height_px for p in people]
    )
    away = np.where(np.isfinite(away), away, np.inf)
    return np.where(away.min(axis=0) < WITHIN, away.argmin(axis=0), -1)


def _kept(theirs: np.ndarray, person: Person) -> tuple[int, float, int]:
    """Frames in which they are there, share with their usual track, and changes of track.

    `theirs` is (track, time): whether a track is on them.
    """
    there = np.isfinite(person.middle_px).all(axis=1)
    theirs = theirs & there
    if not theirs.any():
        return int(there.sum()), 0.0, 0
    usual = int(theirs.sum(axis=1).argmax())
    # Their usual track counts where two lie on them: the second one is among the others.
    numbers = np.where(theirs[usual], usual, theirs.argmax(axis=0))[theirs.any(axis=0)]
    share = float(theirs[usual].sum() / there.sum())
    return int(there.sum()), share, int((np.diff(numbers) != 0).sum())


def balancing(detect: "Detect", cameras: Iterable[int] = balance.CAMERAS) -> Iterator[Row]:
    """The man on the beam: is he person 0 throughout, and is the 2D his."""
    for view in balance.load_views(VIDEO / "pose2sim_balance", list(cameras)):
        tracks = detect(VideoReader(view.video))
        (row,) = judged(f"balance {view.name}", tracks, [_man(view.xy_px)])
        longest = max(tracks, key=lambda track: track.coverage)
        yield Row(**asdict(row) | {"xy_median_px": median_error_px(longest, view.xy_px)})


def median_error_px(track: Track2D, xy_px: Float[np.ndarray, "time 26 2"]) -> float:
    """Of the twelve limb joints, over frames."""
    limbs = [H36M17.index(name) for name in LIMB_JOINTS]
    made = convert(track.xy_px, track.skeleton, H36M17)[:, limbs]
    true = convert(xy_px, HALPE26, H36M17)[:, limbs]
    return float(np.nanmedian(np.linalg.norm(made - true, axis=-1)))


def _man(xy_px: Float[np.ndarray, "time 26 2"]) -> Person:
    height_px = np.nanmax(xy_px[..., 1], axis=1) - np.nanmin(xy_px[..., 1], axis=1)
    return Person("the man", trunk_px(xy_px, HALPE26), height_px)


def two_people(detect: "Detect", cameras: Iterable[int] = (2, 4)) -> Iterator[Row]:
    """The same man, and somebody composited in beside him."""
    for view in balance.load_views(VIDEO / "pose2sim_balance", list(cameras)):
        name = view.name.replace("cam", "two_people_cam")
        man = _man(view.xy_px)
        times = len(man.height_px)
        she = Person("the woman", np.tile(STANDS[name], (times, 1)), np.full(times, SHE_PX))
        yield from judged(name, detect(VideoReader(VIDEO / f"{name}.mp4")), [man, she])


def one_by_one(detect: "Detect") -> Iterator[Row]:
    """Six people who come and go: one number each, and nobody between them."""
    tracks = detect(VideoReader(VIDEO / "one_by_one.mp4"))
    seen = np.array([track.seen.any(axis=1) for track in tracks])
    usual = []
    for number, (first, last) in enumerate(VISITS):
        there = seen[:, first + DOORWAY_FRAMES : last + 1 - DOORWAY_FRAMES]
        usual.append(int(there.sum(axis=1).argmax()))
        numbers = there.argmax(axis=0)[there.any(axis=0)]
        yield Row(
            "one_by_one",
            f"visitor {number + 1} is person {tracks[usual[-1]].person}",
            there.shape[1],
            float(there[usual[-1]].mean()),
            int((np.diff(numbers) != 0).sum()),
            len(tracks) - len(VISITS),
        )
    empty = np.ones(seen.shape[1], bool)
    for first, last in VISITS:
        empty[first : last + 1] = False
    free = 1 - float(seen.any(axis=0)[empty].mean())
    yield Row("one_by_one", "nobody", int(empty.sum()), free, 0, len(VISITS) - len(set(usual)))


def acted(name: str, film: Film, detect: "Detect") -> Iterator[Row]:
    """Mannequins."""
    people = []
    for number, (xy_px, hidden) in enumerate(zip(film.xy_px, film.hidden, strict=True)):
        inside = ((xy_px > 0) & (xy_px < [people_scenes.WIDTH_PX, people_scenes.HEIGHT_PX])).all(
            axis=(1, 2)
        )
        middle_px = trunk_px(xy_px, H36M17)
        middle_px[(hidden > MOSTLY_HIDDEN) | ~inside] = np.nan
        people.append(Person(f"mannequin {number}", middle_px, np.ptp(xy_px[..., 1], axis=1)))
    return iter(judged(name, detect(film.frames()), people))


Detect = Callable[[Iterable[Frame]], tuple[Track2D, ...]]
SEEDS = (0, 1, 2, 3)
FILMS: dict[str, Callable[[int], Film]] = {
    "crossing": people_scenes.crossing,
    "crossing-alike": partial(people_scenes.crossing, alike=True),
    "overtaking": people_scenes.beside,
    "pillar": people_scenes.behind_pillar,
}


def filmed(detect: Detect, name: str) -> Iterator[Row]:
    """A film of each seed."""
    for seed in SEEDS:
        yield from acted(f"{name} {seed}", FILMS[name](seed), detect)


SCENES: dict[str, Callable[[Detect], Iterator[Row]]] = {
    "balance": balancing,
    "two_people": two_people,
    "one_by_one": one_by_one,
    **{name: partial(filmed, name=name) for name in FILMS},
}


def detect_with(boxes: str | None, detector: str = "mediapipe") -> Detect:
    """Runs a fresh detector over frames."""

    def detect(frames: Iterable[Frame]) -> tuple[Track2D, ...]:
        with load_detector(detector, boxes=boxes) as loaded:
            return tuple(collect_tracks(frames, loaded)[1])

    return detect


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; exit code 2 when something is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--only", nargs="*", choices=SCENES, default=list(SCENES))
    parser.add_argument("--detector", default="mediapipe")
    parser.add_argument("--boxes", help="an RTMDet ONNX file")
    parser.add_argument("--json", action="store_true")
    said = parser.parse_args(arguments)
    detect = detect_with(said.boxes, said.detector)
    try:
        for scene in said.only:
            for row in SCENES[scene](detect):
                _print(json.dumps(asdict(row)) if said.json else _line(row))
    except MonomocapError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


class _Plain(argparse.RawDescriptionHelpFormatter):
    """The docstring as it stands."""


def _line(row: Row) -> str:
    error = "" if row.xy_median_px is None else f"  2D {row.xy_median_px:5.1f} px"
    return (
        f"{row.scene:22} {row.person:26} kept {row.kept:6.1%} of {row.frames:4}"
        f"  switches {row.switches}  others {row.others}{error}"
    )


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
