"""Can the lens be read off the person's own motion? `benchmarks/field_of_view.py MOCAP BALANCE`.

People of the free motion capture who move about are seen through lenses of 42 to 80 degrees from
random places, their 2D with 4 px of noise. Each clip is lifted and placed in the room as seen
through seven lenses, and two readings are taken: the lens through which lifted poses and 2D agree
best, and the one through which standing feet slide least. Printed are the errors of both and of the
default lens (root mean square of the focal length's logarithm), then the four real views.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from monomocap.datasets.balance import load_views
from monomocap.datasets.mocap import read_free17
from monomocap.geometry.camera import project, rays
from monomocap.geometry.root import root_path
from monomocap.lift.catalogue import load_lifter
from monomocap.lift.protocol import Lifter
from monomocap.skeleton import H36M17, HALPE26, convert
from monomocap.types import DEFAULT_FOV_DEG, Camera, Track2D

LENSES_DEG = np.array([38.0, 46.0, 54.0, 62.0, 70.0, 80.0, 92.0])
SECONDS, FEWEST_S, TRAVEL_M = 6, 4, 1.2
WIDTH_PX, HEIGHT_PX = 1080, 1920
NOISE_PX = 4.0
STEP_S = 0.1
FEET = [H36M17.index("left_ankle"), H36M17.index("right_ankle")]


@dataclass(frozen=True)
class Seen:
    """One clip's 2D and the lens it was really seen through."""

    name: str
    track: Track2D
    size_px: tuple[int, int]
    fov_deg: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mocap", type=Path, help="free17.npz")
    parser.add_argument("balance", type=Path, help="folder of Pose2Sim's demo")
    parser.add_argument("--clips", type=int, default=39)
    words = parser.parse_args()
    lifter = load_lifter("hdformer", "cpu")
    rows = []
    for number, seen in enumerate(clips(words.mocap)):
        if number == words.clips:
            break
        rows.append((seen.fov_deg, *readings(seen, lifter)))
        say(f"{seen.name}: true %.0f, agreement %.0f, feet %.0f" % rows[-1])
    true, agreement, feet = log_focal(np.array(rows)).T
    default = log_focal(np.array(DEFAULT_FOV_DEG))
    for name, guess in (("default", default), ("agreement", agreement), ("feet", feet)):
        say(f"{name}: {np.sqrt(np.mean((guess - true) ** 2)):.1%} off, over {len(rows)} clips")
    for seen in views(words.balance):
        say(
            f"{seen.name}: true {seen.fov_deg:.1f}, "
            "agreement %.0f, feet %.0f" % readings(seen, lifter)
        )


def readings(seen: Seen, lifter: Lifter) -> tuple[float, float]:
    """The lens of best agreement, and that of standing feet, in degrees."""
    off = np.array([through(seen, float(fov_deg), lifter) for fov_deg in LENSES_DEG])
    return lowest(off[:, 0]), lowest(off[:, 1])


def through(seen: Seen, fov_deg: float, lifter: Lifter) -> tuple[float, float]:
    """How far poses are from their 2D (metres), and how fast feet slide (m/s), through a lens."""
    track, camera = seen.track, Camera.from_fov(*seen.size_px, fov_deg)
    motion = lifter(track, camera)
    ray = convert(rays(camera, track.xy_px.astype(np.float64)), track.skeleton, H36M17)
    weight = np.where(motion.seen, motion.confidence, 0.0).astype(np.float64)
    path = root_path(motion.xyz_m.astype(np.float64), ray, weight, track.time_s)
    off = np.sqrt(np.nanmean(path.off**2)) * np.nanmedian(path.root_m[:, 2])
    feet_m = (path.root_m[:, None] + motion.xyz_m)[:, FEET]
    step = max(1, round(STEP_S / float(np.median(np.diff(track.time_s)))))
    took_s = (track.time_s[step:] - track.time_s[:-step])[:, None]
    speed = np.linalg.norm(feet_m[step:] - feet_m[:-step], axis=-1) / took_s
    return float(off), float(np.nanmedian(np.nanmin(speed, axis=1)))


def lowest(off: np.ndarray) -> float:
    """Where a parabola through the lowest value and its neighbours is lowest."""
    at = int(np.clip(np.argmin(off), 1, len(off) - 2))
    x = -log_focal(LENSES_DEG)[at - 1 : at + 2]
    a, b, _ = np.polyfit(x, off[at - 1 : at + 2], 2)
    best = float(np.clip(-b / 2 / a, x[0], x[2])) if a > 0 else float(x[1])
    return 2 * float(np.degrees(np.arctan(np.exp(best))))


def log_focal(fov_deg: np.ndarray) -> np.ndarray:
    """Logarithm of the focal length, in half pictures."""
    logarithm: np.ndarray = -np.log(np.tan(np.radians(fov_deg / 2)))
    return logarithm


def clips(path: Path) -> Iterator[Seen]:
    """People who move about, in random order, through random lenses."""
    rng = np.random.default_rng(0)
    every = read_free17(path)
    for number in rng.permutation(len(every)):
        motion = every[number].motion
        fps = 1 / float(np.median(np.diff(motion.time_s)))
        xyz_m = motion.xyz_m[: int(SECONDS * fps)]
        travel_m = float(np.ptp(xyz_m[:, 0, :2], axis=0).max())
        if len(motion.xyz_m) / fps < FEWEST_S or travel_m < TRAVEL_M:
            continue
        step = max(1, round(fps / 30))
        seen = filmed(xyz_m[::step], fps / step, travel_m, rng)
        if np.isfinite(seen.track.xy_px).all():
            yield Seen(every[number].name, seen.track, seen.size_px, seen.fov_deg)


def filmed(xyz_m: np.ndarray, fps: float, travel_m: float, rng: np.random.Generator) -> Seen:
    """The motion (world) as a camera of a random lens sees it from a random place."""
    middle = xyz_m[:, 0].mean(axis=0)
    fov_deg, around = rng.uniform(42, 80), rng.uniform(0, 2 * np.pi)
    high_m, away_m = rng.uniform(0.8, 2.2), rng.uniform(3, 6) + travel_m / 2
    place = middle * [1, 1, 0] + [away_m * np.cos(around), away_m * np.sin(around), high_m]
    ahead = middle * [1, 1, 0] + [0, 0, 0.95] - place
    ahead = ahead / np.linalg.norm(ahead)
    right = np.cross(ahead, [0.0, 0.0, 1.0])
    right = right / np.linalg.norm(right)
    rotation = np.stack([right, np.cross(ahead, right), ahead])
    camera = Camera.from_fov(WIDTH_PX, HEIGHT_PX, fov_deg)
    xy_px = project(camera, (xyz_m - place) @ rotation.T)
    xy_px = (xy_px + rng.normal(0, NOISE_PX, xy_px.shape)).astype(np.float32)
    score = np.full(xy_px.shape[:2], 0.9, np.float32)
    track = Track2D(0, np.arange(len(xy_px)) / fps, xy_px, score, H36M17)
    return Seen("", track, (WIDTH_PX, HEIGHT_PX), fov_deg)


def views(folder: Path) -> Iterator[Seen]:
    """The balancing man's true joints in the four real views."""
    for view in load_views(folder):
        score = 0.9 * np.isfinite(view.xy_px).all(axis=-1).astype(np.float32)
        clock = np.arange(len(score)) / 60
        track = Track2D(0, clock, view.xy_px.astype(np.float32), score, HALPE26)
        size_px = (view.camera.width_px, view.camera.height_px)
        yield Seen(view.name, track, size_px, view.camera.fov_deg)


def say(line: str) -> None:
    """One line on the terminal."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
