"""Accuracy on four calibrated views of one man on a beam (Pose2Sim's demo).

    python -m benchmarks.real_views                                    # MediaPipe's own 3D
    python -m benchmarks.real_views --lifter mediapipe flat --json
    python -m benchmarks.real_views --lifter flat --input truth --lens default

Expected for `--lifter mediapipe` (MediaPipe 0.10.21, full model):

    PA-MPJPE 84.1 / 128.1 / 91.2 / 92.8 mm, mean 99.0;  MPJPE 120.5 / 238.5 / 130.7 / 123.1 mm

This is the only real 3D truth here, triangulated from the four views without markers: right to
3-4 cm. It is one man in one clip: to report on, never to choose a model by. Errors are over the 12
limb joints and the frames that have a pose; coverage stands beside them. MPJPE of cam02 moves by a
few mm with the detector's threshold, as MediaPipe swaps left and right in a third of its frames.
The videos are read from `$MONOMOCAP_DATA/video`.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

import monomocap.detect
from monomocap.datasets import balance
from monomocap.datasets.balance import View
from monomocap.detect.catalogue import DETECTORS, load_detector
from monomocap.detect.people import collect_tracks
from monomocap.detect.swaps import put_back
from monomocap.errors import DataError, MonomocapError
from monomocap.evaluate.metrics import mpjpe, p_mpjpe
from monomocap.lift.catalogue import LIFTERS, load_lifter
from monomocap.lift.protocol import Lifter
from monomocap.skeleton import HALPE26, LIMB_JOINTS, SKELETONS
from monomocap.types import Camera, Track2D
from monomocap.video.read import VideoReader

REPOSITORY = Path(__file__).resolve().parent.parent
VIEWS = (1, 2, 3, 4)
Source = Literal["truth", "mediapipe"]
Lens = Literal["given", "default"]


@dataclass(frozen=True)
class Score:
    """What one lifter made of one view."""

    lifter: str
    view: str
    xy_median_px: float
    """Error of the 2D that went in."""
    coverage: float
    """Share of the frames that got a pose, 0 to 1."""
    p_mpjpe_mm: float
    mpjpe_mm: float
    """After putting the middles of the hips on each other."""


def load_views(data: Path) -> list[View]:
    """The four cameras, or `DataError`."""
    folder = data / "video" / "pose2sim_balance"
    if not (folder / "truth.npz").is_file():
        raise DataError(f"no {folder / 'truth.npz'}; set MONOMOCAP_DATA to the folder that has it")
    return balance.load_views(folder, VIEWS)


def true_track(view: View) -> Track2D:
    """The truth's own 2D, as a perfect detector would give it."""
    xy_px = view.xy_px.astype(np.float32)
    score = np.isfinite(xy_px).all(axis=-1).astype(np.float32)
    with VideoReader(view.video) as reader:
        time_s = np.array([frame.time_s for frame in reader])
    return Track2D(0, time_s, xy_px, score, HALPE26)


def detected_track(view: View, detector: str) -> Track2D:
    """The person seen in most frames; kept in a cache folder, for the next time."""
    kept = cache_folder() / f"{_fingerprint(view.video, detector)}.npz"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        _keep(_detect(view.video, detector), kept)
    with np.load(kept) as arrays:
        world_m = arrays.get("world_m")
        skeleton = SKELETONS[str(arrays["skeleton"])]
        track = Track2D(0, arrays["time_s"], arrays["xy_px"], arrays["score"], skeleton, world_m)
    return put_back(track).track  # as the pipeline does; the detector's own 3D stays as it was


def _detect(video: Path, name: str) -> Track2D:
    with VideoReader(video) as reader, load_detector(name) as detector:
        _, tracks = collect_tracks(reader, detector)
    if not tracks:
        raise DataError(f"{name} sees nobody in {video}")
    return max(tracks, key=lambda track: track.coverage)


def _keep(track: Track2D, path: Path) -> None:
    arrays = {"time_s": track.time_s, "xy_px": track.xy_px, "score": track.score}
    if track.world_m is not None:
        arrays["world_m"] = track.world_m
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
        np.savez(file, skeleton=track.skeleton.name, **arrays)
    Path(file.name).replace(path)


def cache_folder() -> Path:
    """Where detections wait for the next run."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "monomocap" / "real_views"


def _fingerprint(video: Path, detector: str) -> str:
    """Changes with the video, the detector's weights, and every line of the room `detect`."""
    digest = hashlib.sha256(video.read_bytes())
    with load_detector(detector) as loaded:
        digest.update(json.dumps([detector, loaded.weights]).encode())
    for source in sorted(Path(monomocap.detect.__path__[0]).glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:24]


def score_view(view: View, lifter: Lifter, track: Track2D, lens: Lens) -> Score:
    """One lifter on one view."""
    size = (view.camera.width_px, view.camera.height_px)
    camera = view.camera if lens == "given" else Camera.from_fov(*size)
    motion = lifter(track, camera)
    true_m = _limbs(view.xyz_m, HALPE26.joints)
    made_m = _limbs(motion.xyz_m.astype(np.float64), motion.skeleton.joints)
    seen = np.isfinite(made_m).all(axis=(1, 2))
    off_px = _limbs(track.xy_px, track.skeleton.joints) - _limbs(view.xy_px, HALPE26.joints)
    return Score(
        lifter=lifter.name,
        view=view.name,
        xy_median_px=float(np.nanmedian(np.linalg.norm(off_px, axis=-1))),
        coverage=float(seen.mean()),
        p_mpjpe_mm=1000 * float(p_mpjpe(made_m[seen], true_m[seen])),
        mpjpe_mm=1000 * float(mpjpe(_from_hips(made_m[seen]), _from_hips(true_m[seen]))),
    )


def _limbs(
    values: Float[np.ndarray, "time joint dim"], joints: Sequence[str]
) -> Float[np.ndarray, "time 12 dim"]:
    return values[:, [joints.index(j) for j in LIMB_JOINTS]]


def _from_hips(xyz_m: Float[np.ndarray, "time 12 3"]) -> Float[np.ndarray, "time 12 3"]:
    hips = [LIMB_JOINTS.index("left_hip"), LIMB_JOINTS.index("right_hip")]
    return xyz_m - xyz_m[:, hips].mean(axis=1, keepdims=True)


def measure(data: Path, lifters: Iterable[str], source: Source, lens: Lens) -> list[Score]:
    """Every lifter on every view."""
    loaded = [load_lifter(name) for name in lifters]
    views = load_views(data)
    tracks = [true_track(v) if source == "truth" else detected_track(v, source) for v in views]
    return [
        score_view(view, lifter, track, lens)
        for lifter in loaded
        for view, track in zip(views, tracks, strict=True)
    ]


def mean_of(scores: Sequence[Score]) -> Score:
    """The mean over views of one lifter."""
    numbers = {
        field: float(np.mean([getattr(s, field) for s in scores]))
        for field in ("xy_median_px", "coverage", "p_mpjpe_mm", "mpjpe_mm")
    }
    return Score(lifter=scores[0].lifter, view="mean", **numbers)


def table(scores: Sequence[Score]) -> str:
    """One line per lifter and view, and each lifter's mean."""
    lines = [f"{'lifter':<12}{'view':<7}{'2D px':>7}{'cover %':>9}{'PA-MPJPE':>10}{'MPJPE':>8}  mm"]
    for lifter in dict.fromkeys(s.lifter for s in scores):
        mine = [s for s in scores if s.lifter == lifter]
        lines += [
            f"{s.lifter:<12}{s.view:<7}{s.xy_median_px:7.1f}{100 * s.coverage:9.1f}"
            f"{s.p_mpjpe_mm:10.1f}{s.mpjpe_mm:8.1f}"
            for s in (*mine, mean_of(mine))
        ]
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.real_views", description="Accuracy on four calibrated views."
    )
    parser.add_argument("--lifter", nargs="+", default=["mediapipe"], choices=sorted(LIFTERS))
    sources = sorted({*get_args(Source), *DETECTORS})
    parser.add_argument("--input", default="mediapipe", choices=sources, help="the 2D")
    parser.add_argument("--lens", default="given", choices=get_args(Lens))
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def main() -> int:
    """Print the scores; 2 if they cannot be had."""
    arguments = _arguments()
    data = Path(os.environ.get("MONOMOCAP_DATA", REPOSITORY / ".." / "shared")).resolve()
    try:
        scores = measure(data, arguments.lifter, arguments.input, arguments.lens)
    except MonomocapError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    rows = [asdict(score) for score in scores]
    sys.stdout.write((json.dumps(rows, indent=1) if arguments.json else table(scores)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
