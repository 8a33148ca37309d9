"""Counting through the whole pipeline: films of mannequins in, numbers out.

    python -m benchmarks.counting_videos [--videos 20] [--seed 2] [--keep DIR]

Each film is another exercise, body, dress, room, side and tempo; the mannequin stands about before
and after. Detected by MediaPipe and lifted by the default lifter as `monomocap count VIDEO` does,
without saying what the exercise is. The target: OBO >= 0.95 and MAE <= 0.06.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from benchmarks.counting_clips import SECONDS, talking
from monomocap.apps.count.count import count
from monomocap.geometry.rotation import about
from monomocap.pipeline import estimate
from monomocap.render.exercises import perform, schedule
from monomocap.render.mannequin import Mannequin
from monomocap.types import Camera, Motion3D
from monomocap.video.write import VideoWriter

FPS = 15.0
SIZE_PX, FOV_DEG = (360, 360), 52.0
FACING_DEG = {"front": 0.0, "oblique": 45.0, "side": 90.0}
"""Away from the camera."""
AWAY_M, EYE_M = 3.4, 1.1
EXERCISES = (
    "squat", "jumping_jack", "push_up", "lunge", "lateral_raise", "sit_up", "shoulder_press",
    "deadlift", "high_knees", "biceps_curl", "glute_bridge", "pull_up", "punch", "leg_raise",
)  # fmt: skip
ON_THE_FLOOR = ("push_up", "sit_up", "glute_bridge", "leg_raise", "pull_up")
"""Filmed from the side or obliquely, without standing about."""


@dataclass(frozen=True)
class Answer:
    """A film and what was counted in it."""

    name: str
    truth: int
    count: int
    coverage: float


def camera() -> Camera:
    """Level, at the height of a tripod; world axes: x towards the camera, z up."""
    turn = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]])
    shift = np.array([0.0, EYE_M, AWAY_M])
    rows = np.concatenate([turn, shift[:, None]], axis=1)
    pose = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in rows)
    return replace(Camera.from_fov(*SIZE_PX, FOV_DEG), camera_from_world=pose)


def films(videos: int, seed: int) -> Iterator[tuple[str, int, Motion3D]]:
    """What is done, how often, and the motion."""
    rng = np.random.default_rng(seed)
    for number in range(videos):
        exercise = EXERCISES[number % len(EXERCISES)]
        low = exercise in ON_THE_FLOOR
        sides = ("oblique", "side") if low else tuple(FACING_DEG)
        side = sides[number % len(sides)]
        times, tempo = int(rng.integers(3, 7)), float(rng.uniform(0.6, 1.0))
        height_m = float(rng.uniform(1.55, 1.9))
        seconds = max(SECONDS[exercise] * tempo, 0.7)
        planned = schedule(times, seconds, rng)
        whole = perform(exercise, planned, 30.0, height_m=height_m)
        parts = [whole.xyz_m]
        if not low:
            parts = [talking(rng, height_m, 1.0), *parts, talking(rng, height_m, 1.0)]
        xyz = blended(parts)[::2]
        turn = about(np.array([0.0, 0.0, 1.0]), np.array(np.radians(FACING_DEG[side])))
        xyz = (xyz - xyz[:, :1].mean(axis=0) * [1, 1, 0]) @ turn.T
        sure = np.ones(xyz.shape[:2])
        motion = replace(whole, time_s=np.arange(len(xyz)) / FPS, xyz_m=xyz, confidence=sure)
        yield f"{number:02} {exercise} {side}", times, motion


def blended(parts: list[Float[np.ndarray, "time 17 3"]]) -> Float[np.ndarray, "time 17 3"]:
    """One after the other, half a second of straight ways between them."""
    out = [parts[0]]
    for part in parts[1:]:
        share = np.linspace(0, 1, 15)[:, None, None]
        out += [out[-1][-1] * (1 - share) + part[0] * share, part]
    return np.concatenate(out)


def answer(name: str, times: int, motion: Motion3D, look: int, folder: Path) -> Answer:
    """Film it, and count in the film."""
    path = folder / f"{name.replace(' ', '_')}.mp4"
    with VideoWriter(path, fps=FPS) as writer:
        for frame in Mannequin(look).render_frames(motion, camera()):
            writer.write(frame.rgb, frame.time_s)
    take = estimate(path)
    people = count(take).people
    found = take.motion()
    coverage = 0.0 if found is None else found.coverage
    return Answer(name, times, people[0].count if people else 0, coverage)


def main() -> None:
    """Print every film's numbers and the sums; exits with 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--videos", type=int, default=20)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="leave the films there")
    chosen = parser.parse_args()
    answers = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for look, (name, times, motion) in enumerate(films(chosen.videos, chosen.seed)):
            one = answer(name, times, motion, chosen.seed * 1000 + look, folder)
            answers.append(one)
            line = f"{name:<28}{one.count:>4} of {times}, seen {one.coverage:.0%}"
            print(line, flush=True)  # noqa: T201
    off = np.array([abs(a.count - a.truth) for a in answers])
    mae = float(np.mean(off / [a.truth for a in answers]))
    print(f"{len(off)} films: OBO {np.mean(off <= 1):.3f}, MAE {mae:.3f}")  # noqa: T201
    sys.exit(0 if np.mean(off <= 1) >= 0.95 and mae <= 0.06 else 1)


if __name__ == "__main__":
    main()
