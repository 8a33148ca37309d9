"""What each stage after the lifter does to accuracy, on the four calibrated real views.

    python -m benchmarks.stages [--lifter hdformer] [--input mediapipe]

Intrinsics are given in all rows. "placed": sized, drawn to the rays, with a root; "height": his
1.70 m given as well; "gravity": and where the camera stands. Root is the error of where the pelvis
is, tilt that of the way up found, slide the standing ankles' per frame (60 frames/s). Errors as in
`benchmarks.real_views`: over the 12 limb joints, in mm.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.real_views import detected_track, load_views, score_view, true_track
from monomocap.datasets.balance import View
from monomocap.detect.outliers import without_leaps
from monomocap.errors import MonomocapError
from monomocap.geometry.settle import Person, Settled, settle
from monomocap.geometry.smooth import smooth
from monomocap.lift.catalogue import LIFTERS, load_lifter
from monomocap.lift.protocol import Lifter
from monomocap.options import Options
from monomocap.skeleton import HALPE26
from monomocap.types import Camera, Motion3D, Track2D

REPOSITORY = Path(__file__).resolve().parent.parent
HEIGHT_M = 1.70
"""By the truth's legs and trunk."""


@dataclass(frozen=True)
class Row:
    """One stage on one view; NaN where a stage says nothing of it."""

    stage: str
    view: str
    p_mpjpe_mm: float
    mpjpe_mm: float
    root_m: float = float("nan")
    tilt_deg: float = float("nan")
    slide_mm: float = float("nan")


class Fixed:
    """Stands for a lifter whose answer is known."""

    device, skeleton = "cpu", None

    def __init__(self, name: str, motion: Motion3D) -> None:
        self.name, self.motion = name, motion
        self.weights: dict[str, str] = {}

    def __call__(self, track: Track2D, camera: Camera) -> Motion3D:
        """The answer."""
        return self.motion


def stages(view: View, placed: Camera, track: Track2D, lifter: Lifter) -> Iterator[Row]:
    """Every stage on one view; `placed` is its camera with where it stands."""
    cleaned = without_leaps(track)
    lifted = lifter(cleaned.track, view.camera)
    smoothed = replace(lifted, xyz_m=smooth(lifted.xyz_m, lifted.time_s, "light"))
    person = Person(cleaned.track, lifted, np.zeros(track.score.shape, bool), cleaned.outlier)
    yield _row("lifted", view, lifted, track)
    yield _row("smoothed", view, smoothed, track)
    for stage, camera, height_m in (
        ("placed", view.camera, None),
        ("height", view.camera, HEIGHT_M),
        ("gravity", placed, HEIGHT_M),
    ):
        found = settle([person], camera, Options(height_m=height_m))
        yield _settled(_row(stage, view, found.motions[0], track), view, placed, found)


def _row(stage: str, view: View, motion: Motion3D, track: Track2D) -> Row:
    score = score_view(view, Fixed(stage, motion), track, "given")  # type: ignore[arg-type]
    return Row(stage, view.name, score.p_mpjpe_mm, score.mpjpe_mm)


def _settled(row: Row, view: View, placed: Camera, found: Settled) -> Row:
    root_m = found.motions[0].root_m
    assert root_m is not None and placed.camera_from_world is not None
    true_m = view.xyz_m[:, HALPE26.index("pelvis")]
    up = np.array(placed.camera_from_world)[:, 2]
    tilt = float("nan")
    if found.ground is not None:
        tilt = float(np.degrees(np.arccos(np.clip(found.ground.up @ up, -1, 1))))
    slide = found.people[0].slide_mm
    return replace(
        row,
        root_m=float(np.nanmean(np.linalg.norm(root_m - true_m, axis=1))),
        tilt_deg=tilt,
        slide_mm=float("nan") if slide is None else slide,
    )


def measure(data: Path, lifter_name: str, source: str) -> list[Row]:
    """All stages on all views."""
    lifter = load_lifter(lifter_name)
    rows = []
    with np.load(data / "video" / "pose2sim_balance" / "truth.npz") as truth:
        for number, view in enumerate(load_views(data), start=1):
            rotation, shift = truth[f"cam{number}_R_camera_from_world"], truth[f"cam{number}_t_m"]
            pose = np.concatenate([rotation, shift.reshape(3, 1)], axis=1)
            a, b, c = ((float(p), float(q), float(r), float(s)) for p, q, r, s in pose)
            placed = replace(view.camera, camera_from_world=(a, b, c))
            track = true_track(view) if source == "truth" else detected_track(view, source)
            rows += list(stages(view, placed, track, lifter))
    return rows


def table(rows: list[Row]) -> str:
    """One line per stage: the mean over the views, and each view's two errors."""
    lines = [f"{'stage':<10}{'PA':>6}{'MPJPE':>7}{'root m':>8}{'tilt':>6}{'slide':>7}   per view"]
    for stage in dict.fromkeys(row.stage for row in rows):
        mine = [row for row in rows if row.stage == stage]
        mean = [
            float(np.mean([getattr(row, field) for row in mine]))
            for field in ("p_mpjpe_mm", "mpjpe_mm", "root_m", "tilt_deg", "slide_mm")
        ]
        each = "  ".join(f"{row.p_mpjpe_mm:.1f}/{row.mpjpe_mm:.1f}" for row in mine)
        pa, error, root, tilt, slide = mean
        lines.append(f"{stage:<10}{pa:6.1f}{error:7.1f}{root:8.3f}{tilt:6.1f}{slide:7.2f}   {each}")
    return "\n".join(lines)


def main() -> int:
    """Print the table; 2 if the data are not there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages")
    parser.add_argument("--lifter", default="hdformer", choices=sorted(LIFTERS))
    parser.add_argument("--input", default="mediapipe", help="a detector, or truth")
    asked = parser.parse_args()
    data = Path(os.environ.get("MONOMOCAP_DATA", REPOSITORY / ".." / "shared")).resolve()
    try:
        rows = measure(data, asked.lifter, asked.input)
    except MonomocapError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(table(rows) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
