"""Where people are said to be, against exact truth: the way to them, the floor, feet that stand.

    python -m benchmarks.floor
    python -m benchmarks.floor --only towards squat --json
    python -m benchmarks.floor --people training    # how upright people look to the lifter

Motions of the mannequin seen by three cameras 8 m away (0.8 to 2.5 m up, looking up or down by up
to 17 degrees, rolled by up to 3), each with three heights and headings; 2 pixels of noise, the
default lifter, then sized, placed and settled as the pipeline does. `root`: mean over frames of the
pelvis's error as a share of its distance, with the height given and without. `tilt` is the error of
the way up, `said` the standard deviation that the take states of it, and `within` the share of
cases in which the tilt is no more than twice that. `slide` is that of ankles which really stand.

`--people training|held-out`: captured ones (read from `$MONOMOCAP_DATA/mocap`), seen as in
`monomocap.evaluate.heldout` with the mistakes that were measured on MediaPipe: how far the middle
of their upright moments is off the vertical, root mean square, by a turn about the line of sight
("across") and by one about the picture's horizontal ("along"), as the lifter answers and in truth.
Those whom it has fallen over, by more than 20 degrees, are left out and counted. `trust` is the
share of the lean along the line of sight by which the lifter's answer is best turned back, where
the vertical is known (least squares). And the tilt of the floor that is found under them all.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from monomocap.datasets.mocap import HELD_OUT_SUBJECTS, read_free17
from monomocap.datasets.synthetic import camera_rotation
from monomocap.errors import MonomocapError
from monomocap.evaluate.heldout import Case, cases
from monomocap.geometry.camera import project, rays, to_camera
from monomocap.geometry.ground import Walker, find_ground, upright_axis
from monomocap.geometry.place import Seen, place
from monomocap.geometry.settle import Person, Settled, settle
from monomocap.geometry.stature import apparent_stature
from monomocap.geometry.world import in_world
from monomocap.lift.catalogue import load_lifter
from monomocap.lift.protocol import Lifter
from monomocap.options import Options
from monomocap.render.motions import arm_raise, jumping_jack, lunge, squat, walk
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Motion3D, Track2D

AWAY_M = 8.0
NOISE_PX = 2.0
SECONDS, FPS = 5.0, 30.0
HEIGHTS_M = (1.60, 1.72, 1.84)
TURNS_RAD = (0.0, 0.5, -1.2)
"""Of whoever faces the camera at 0, one for each height."""
STANDS_M_S = 0.15
FALLEN_DEG = 20.0
FEET = [H36M17.index("left_ankle"), H36M17.index("right_ankle")]
Act = Callable[..., Motion3D]
ACTS: dict[str, Act] = {
    "towards": partial(walk, turn_rad_s=0.0),
    "curve": walk,
    "squat": squat,
    "jacks": jumping_jack,
    "lunge": lunge,
    "arms": arm_raise,
}


def camera(height_m: float, pitch_rad: float, roll_rad: float) -> Camera:
    """A phone held upright that looks over the world's origin."""
    turn = camera_rotation(np.zeros(1), np.array([pitch_rad]), np.array([roll_rad]))[0]
    shift = -turn @ np.array([-AWAY_M, 0.0, height_m])
    rows = np.concatenate([turn, shift[:, None]], axis=1).tolist()
    pose = (tuple(rows[0]), tuple(rows[1]), tuple(rows[2]))
    return replace(Camera.from_fov(1080, 1920, 60.0), camera_from_world=pose)


CAMERAS = {
    "chest": camera(1.4, 0.10, 0.0),
    "high": camera(2.5, 0.30, 0.05),
    "low": camera(0.8, -0.05, -0.05),
}


@dataclass(frozen=True)
class Row:
    """One motion before one camera."""

    act: str
    camera: str
    height_m: float
    root: float
    root_unsaid: float
    way_m: float
    true_way_m: float
    tilt_deg: float
    said_deg: float
    slide_mm: float


def measure(act: str, where: str, number: int, lifter: Lifter) -> Row:
    """One person, settled with and without their height."""
    lens, height_m = CAMERAS[where], HEIGHTS_M[number]
    heading = np.pi + TURNS_RAD[number] * (act != "towards")
    motion = ACTS[act](SECONDS, FPS, height_m=height_m, heading=heading, seed=number)
    somebody = _seen(motion, lens, lifter, number)
    given, unsaid = (_settled(somebody, lens, h) for h in (height_m, None))
    assert given.ground is not None and lens.camera_from_world is not None
    up = np.array(lens.camera_from_world)[:, 2]
    return Row(
        act=act,
        camera=where,
        height_m=height_m,
        root=_root_error(given, motion, lens),
        root_unsaid=_root_error(unsaid, motion, lens),
        way_m=given.people[0].path_m or 0.0,
        true_way_m=float(np.linalg.norm(np.diff(motion.xyz_m[:, 0, :2], axis=0), axis=1).sum()),
        tilt_deg=float(np.degrees(np.arccos(min(1.0, given.ground.up @ up)))),
        said_deg=given.ground.tilt_error_deg,
        slide_mm=_slide_mm(given, motion),
    )


def _seen(motion: Motion3D, lens: Camera, lifter: Lifter, seed: int) -> Person:
    xyz_m = to_camera(lens, motion.xyz_m)
    noise_px = np.random.default_rng(seed).normal(0, NOISE_PX, (*xyz_m.shape[:2], 2))
    sure = np.ones(xyz_m.shape[:2])
    track = Track2D(0, motion.time_s, project(lens, xyz_m) + noise_px, sure, H36M17)
    untouched = np.zeros(sure.shape, bool)
    pose = lifter(track, replace(lens, camera_from_world=None))
    return Person(track, pose, untouched, untouched)


def _settled(somebody: Person, lens: Camera, height_m: float | None) -> Settled:
    return settle([somebody], replace(lens, camera_from_world=None), Options(height_m=height_m))


def _root_error(found: Settled, motion: Motion3D, lens: Camera) -> float:
    truth_m = to_camera(lens, motion.xyz_m[:, 0])
    root_m = found.motions[0].root_m
    assert root_m is not None
    off = np.linalg.norm(root_m - truth_m, axis=1) / np.linalg.norm(truth_m, axis=1)
    return float(off.mean())


def _slide_mm(found: Settled, motion: Motion3D) -> float:
    """Per frame, over the floor, of ankles that really stand; NaN where none does."""
    made = in_world(found.motions[0], found.camera).xyz_m[:, FEET]
    speed = np.linalg.norm(np.gradient(motion.xyz_m[:, FEET], motion.time_s, axis=0), axis=-1)
    stands = (speed[1:] < STANDS_M_S) & (speed[:-1] < STANDS_M_S)
    moved = np.linalg.norm(np.diff(made, axis=0)[..., :2], axis=-1)[stands]
    return 1000 * float(moved.mean()) if moved.size else float("nan")


def rows(acts: Sequence[str]) -> Iterator[Row]:
    """All cases of these motions."""
    lifter = load_lifter("hdformer")
    for act in acts:
        for where in CAMERAS:
            for number in range(len(HEIGHTS_M)):
                yield measure(act, where, number, lifter)


@dataclass(frozen=True)
class Upright:
    """Somebody captured before one camera, in degrees; NaN where nobody knows."""

    across_deg: float
    along_deg: float
    true_across_deg: float
    true_along_deg: float
    tilt_deg: float
    said_deg: float


def upright(case: Case, lifter: Lifter) -> Upright:
    """How upright one person looks to the lifter, and the floor that is found under them."""
    pose = lifter(case.track, case.camera)
    score = np.asarray(case.track.score, np.float64)
    seen = Seen(rays(case.camera, case.track.xy_px), score, case.track.time_s, H36M17)
    truth_m = case.truth_m - case.truth_m[:, :1]
    placed = place(pose.xyz_m, seen, apparent_stature(truth_m, H36M17), "light")
    walker = Walker(placed.xyz_m + placed.root_m[:, None], placed.planted, H36M17)
    found = find_ground([walker])
    lean = *_lean_deg(walker, case), *_lean_deg(replace(walker, xyz_m=case.truth_m), case)
    if found is None:
        return Upright(*lean, np.nan, np.nan)
    tilt_deg = float(np.degrees(np.arccos(min(1.0, found.up @ case.up))))
    return Upright(*lean, tilt_deg, found.tilt_error_deg)


def _lean_deg(walker: Walker, case: Case) -> tuple[float, float]:
    """Across and along the line of sight."""
    axis = upright_axis(walker)
    if axis is None:
        return np.nan, np.nan
    turn = np.degrees(np.cross(axis, case.up))
    return float(turn[2]), float(turn[0])


def people(data: Path, held_out: bool, every: int) -> str:
    """All of them in a few lines; raises `DataError`."""
    lifter = load_lifter("hdformer")
    clips = read_free17(data / "mocap" / "free17.npz")
    kept = [clip for clip in clips if (clip.subject in HELD_OUT_SUBJECTS) == held_out]
    found = [upright(case, lifter) for case in cases(kept, seen="matched", every=every)]
    lean = np.array([astuple(one)[:4] for one in found])
    lean = lean[np.isfinite(lean).all(axis=1)]
    stands = (np.abs(lean[:, :2]) <= FALLEN_DEG).all(axis=1)
    across, along, true_across, true_along = np.sqrt((lean[stands] ** 2).mean(axis=0))
    seen, true = lean[stands, 1], lean[stands, 3]
    tilt = np.array([(one.tilt_deg, one.said_deg) for one in found])
    tilt = tilt[np.isfinite(tilt).all(axis=1)]
    return (
        f"{len(lean)} people  fallen over {(~stands).mean():.0%}"
        f"  across {across:.1f} (truly {true_across:.1f})  along {along:.1f} ({true_along:.1f})"
        f"  trust {1 - (seen @ true) / (seen @ seen):.2f}\n"
        f"floor: tilt median {np.median(tilt[:, 0]):.1f}, mean {tilt[:, 0].mean():.1f} deg"
        f"  said {tilt[:, 1].mean():.1f}  within {(tilt[:, 0] <= 2 * tilt[:, 1]).mean():.0%}"
    )


def line(cases: Sequence[Row]) -> str:
    """The least and the most of each number over the cases of one motion."""

    def span(values: Sequence[float], digits: int) -> str:
        return f"{np.nanmin(values):.{digits}f}-{np.nanmax(values):.{digits}f}"

    within = np.mean([row.tilt_deg <= 2 * row.said_deg for row in cases])
    return (
        f"{cases[0].act:8} root {span([100 * r.root for r in cases], 1):>9} %"
        f"  unsaid {span([100 * r.root_unsaid for r in cases], 1):>9} %"
        f"  way {span([r.way_m for r in cases], 2)} m of {span([r.true_way_m for r in cases], 2)}"
        f"  tilt {span([r.tilt_deg for r in cases], 1):>9} deg"
        f"  said {span([r.said_deg for r in cases], 1)}  within {within:4.0%}"
        f"  slide {span([r.slide_mm for r in cases], 1)} mm"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; exit code 2 when something is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--only", nargs="*", choices=ACTS, default=list(ACTS))
    parser.add_argument("--json", action="store_true", help="every case as a line of JSON")
    parser.add_argument("--people", choices=("training", "held-out"), help="captured ones instead")
    parser.add_argument("--every", type=int, default=6, help="one clip of theirs in so many")
    said = parser.parse_args(arguments)
    if said.people:
        data = Path(os.environ.get("MONOMOCAP_DATA", "../shared"))
        try:
            print(people(data, said.people == "held-out", said.every))  # noqa: T201
        except MonomocapError as error:
            print(error, file=sys.stderr)  # noqa: T201
            return 2
        return 0
    for act in said.only:
        cases = list(rows([act]))
        told = "\n".join(json.dumps(asdict(row)) for row in cases) if said.json else line(cases)
        print(told, flush=True)  # noqa: T201
    return 0


class _Plain(argparse.RawDescriptionHelpFormatter):
    """The docstring as it stands."""


if __name__ == "__main__":
    sys.exit(main())
