"""Counting repetitions without knowing the exercise: how far off, and how often by more than one.

    python -m benchmarks.counting --seed 2              # what is reported
    python -m benchmarks.counting --seed 1              # what `Tuning` was tuned on

336 clips (`benchmarks.counting_clips`): 23 movements from three sides at three tempos, with pauses,
partial repetitions, other movement before and after, and errors as of monocular 3D; every seventh
holds nothing that repeats. Then MHAD's own recordings of five repeated actions, as captured and
with those errors. One number is taken of each: `PersonCount.count`, the main set's.

OBO: share of clips with a count that is right or off by one. MAE: mean of |count - truth| / truth.
Reads `$MONOMOCAP_DATA/mocap/free17.npz`. The target: OBO >= 0.95 and MAE <= 0.06 in every row, 0
where nothing repeats. Videos: `benchmarks.counting_videos`.
"""

import argparse
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.counting_clips import CLEAN, Clip, NoiseOf3D, clips, on_mocap
from monomocap.apps.body_frame import series_of
from monomocap.apps.count.count import free_count
from monomocap.apps.count.result import PersonCount
from monomocap.geometry.world import in_world
from monomocap.types import Camera

LEAST_OBO, MOST_MAE = 0.95, 0.06


@dataclass(frozen=True)
class Answer:
    """A clip, and what was counted in it."""

    name: str
    group: str
    exercise: str
    view: str
    tempo: str
    truth: int
    count: int
    partial_truth: int
    partial: int
    off_s: float
    """Median of how far starts and ends are off, of repetitions whose time is known."""
    clip_s: float
    spent_s: float

    @property
    def near(self) -> bool:
        return abs(self.count - self.truth) <= 1

    @property
    def share(self) -> float:
        return abs(self.count - self.truth) / self.truth


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    clips: int
    obo: float
    mae: float
    exact: float


def answer(clip: Clip, group: str) -> Answer:
    """What is counted in a clip, and how long that takes."""
    camera = Camera.from_fov(640, 480)
    begin_s = time.process_time()
    counted = free_count(series_of(in_world(clip.motion, camera)))
    spent_s = time.process_time() - begin_s
    main = () if counted.main is None else counted.sets[counted.main].repetitions
    return Answer(
        clip.name, group, clip.exercise, clip.view, clip.tempo, clip.count, counted.count,
        clip.partial, sum(not r.counts for r in main), _off(clip, counted),
        float(clip.motion.time_s[-1]), spent_s,
    )  # fmt: skip


def _off(clip: Clip, counted: PersonCount) -> float:
    """Starts and ends against the order that was given, where there are as many."""
    if counted.main is None or not clip.spans_s:
        return float("nan")
    found = [(r.start_s, r.end_s) for r in counted.sets[counted.main].repetitions if r.counts]
    if len(found) != len(clip.spans_s):
        return float("nan")
    return float(np.median(np.abs(np.array(found) - np.array(clip.spans_s))))


def row(name: str, answers: Sequence[Answer]) -> Row:
    """Of clips in which something is repeated."""
    return Row(
        name,
        len(answers),
        float(np.mean([a.near for a in answers])),
        float(np.mean([a.share for a in answers])),
        float(np.mean([a.count == a.truth for a in answers])),
    )


def grouped(answers: Iterable[Answer], key: Callable[[Answer], str]) -> list[Row]:
    """A row for every value of a key, as they come."""
    groups: dict[str, list[Answer]] = {}
    for one in answers:
        groups.setdefault(key(one), []).append(one)
    return [row(name, group) for name, group in groups.items()]


def measure(seed: int, count: int, every: int, mocap: Path | None) -> Iterator[Answer]:
    """Everything, made and recorded; of the recordings every so many."""
    for clip in clips(seed, count, mocap):
        yield answer(clip, "made")
    if mocap is not None:
        for group, errors in (("MHAD, as captured", CLEAN), ("MHAD, with errors", NoiseOf3D())):
            recorded = on_mocap(mocap, seed, errors)
            yield from (answer(c, group) for c in itertools.islice(recorded, 0, None, every))


def told(answers: Iterable[Answer]) -> Iterator[Answer]:
    """The same, those that are off named on the way: it takes minutes."""
    for one in answers:
        if one.count != one.truth:
            print(f"{one.name}: {one.count}, not {one.truth}", file=sys.stderr)  # noqa: T201
        yield one


def table(rows: Iterable[Row]) -> str:
    lines = [f"{'':<24}{'clips':>6}{'OBO':>8}{'MAE':>8}{'exact':>8}"]
    lines += [f"{r.name:<24}{r.clips:>6}{r.obo:>8.3f}{r.mae:>8.3f}{r.exact:>8.3f}" for r in rows]
    return "\n".join(lines)


def summary(answers: Sequence[Answer]) -> tuple[list[Row], list[Row], int, int]:
    """Rows by group, rows of what was made by exercise, view and tempo, zeros, clips of nothing."""
    repeated = [a for a in answers if a.truth]
    nothing = [a for a in answers if not a.truth]
    made = [a for a in repeated if a.group == "made"]
    parts = [
        *grouped(made, lambda a: a.exercise),
        *grouped(made, lambda a: a.view),
        *grouped(made, lambda a: a.tempo),
        *grouped([a for a in repeated if a.group != "made"], lambda a: f"{a.exercise} ({a.group})"),
    ]
    return (
        grouped(repeated, lambda a: a.group),
        parts,
        sum(a.count == 0 for a in nothing),
        len(nothing),
    )


def report(answers: Sequence[Answer]) -> str:
    rows, parts, zeros, nothing = summary(answers)
    off_s = [a.off_s for a in answers if np.isfinite(a.off_s)]
    partial = [a for a in answers if a.group == "made" and a.partial_truth]
    found = sum(min(a.partial, a.partial_truth) for a in partial)
    minutes = sum(a.clip_s for a in answers) / 60
    lines = [
        table(rows),
        f"nothing repeated: 0 in {zeros} of {nothing} clips",
        f"starts and ends: {np.median(off_s):.2f} s off (median)" if off_s else "",
        f"partial ones named: {found} of {sum(a.partial_truth for a in partial)}",
        f"a minute of motion takes {sum(a.spent_s for a in answers) / minutes:.2f} s to count",
        "",
        table(parts),
    ]
    return "\n".join(lines)


def main() -> None:
    """Print the results; exits with 1 where one misses its target."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--clips", type=int, default=336)
    parser.add_argument("--every", type=int, default=1, help="of MHAD's recordings")
    parser.add_argument("--made-only", action="store_true", help="exercises by rule, no mocap")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    data = Path(os.environ.get("MONOMOCAP_DATA", "../shared")) / "mocap" / "free17.npz"
    if not chosen.made_only and not data.is_file():
        sys.exit(f"no {data}; set MONOMOCAP_DATA to the folder that has it, or say --made-only")
    mocap = None if chosen.made_only else data
    answers = list(told(measure(chosen.seed, chosen.clips, chosen.every, mocap)))
    rows, _, zeros, nothing = summary(answers)
    if chosen.json:
        print(json.dumps([vars(a) for a in answers], indent=2))  # noqa: T201
    else:
        print(report(answers))  # noqa: T201
    fine = all(r.obo >= LEAST_OBO and r.mae <= MOST_MAE for r in rows) and zeros == nothing
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
