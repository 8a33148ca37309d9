"""Is a joint's 3D confidence worth its name? Error and share of right joints in ten bins.

    python -m benchmarks.confidence                     # people that nothing was fitted on
    python -m benchmarks.confidence --mannequin         # the same people's motions, filmed
    python -m benchmarks.confidence --fit               # the model's weights, anew
    python -m benchmarks.confidence --plot docs/images/confidence.svg

Held-out people of the free motion capture, from random cameras 2 to 8 m away, with a detector's
mistakes (`monomocap.evaluate.heldout`), lifted and settled as the pipeline does, their height
given. The films (`monomocap.evaluate.films`) go through `estimate` from the video file on, height
and field of view given. Bins hold a tenth of the joints each. Read from `$MONOMOCAP_DATA/mocap`.
"""

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from monomocap.datasets.mocap import HELD_OUT_SUBJECTS, read_free17
from monomocap.errors import DataError, MonomocapError
from monomocap.evaluate.films import Film, films
from monomocap.evaluate.heldout import Case, heldout_cases
from monomocap.formats.plots import Line, lines
from monomocap.geometry.camera import rays
from monomocap.geometry.confidence import RIGHT_M, WEIGHTS, Evidence, features
from monomocap.geometry.place import Seen, place
from monomocap.geometry.stature import apparent_stature
from monomocap.lift.catalogue import load_lifter
from monomocap.lift.protocol import Lifter
from monomocap.options import Options
from monomocap.pipeline import estimate
from monomocap.skeleton import H36M17

REPOSITORY = Path(__file__).resolve().parent.parent
FITTED_ON = ("mhad_s11", "cmu_07", "accad_Female1")
MOST_FRAMES = 400
BINS = 10


@dataclass(frozen=True)
class Samples:
    """Joints with what is known of them, and their error."""

    features: np.ndarray
    """(n, feature)"""
    error_m: np.ndarray

    @property
    def confidence(self) -> np.ndarray:
        """By the model's weights."""
        chance: np.ndarray = 1 / (1 + np.exp(-self.features @ np.array(list(WEIGHTS.values()))))
        return chance


@dataclass(frozen=True)
class Judged:
    """Joints with the confidence that was given to them, and their error."""

    confidence: np.ndarray
    error_m: np.ndarray


def sample(case: Case, lifter: Lifter) -> Samples:
    """All joints but the pelvis of one clip seen by one camera."""
    motion = lifter(case.track, case.camera)
    truth_m = case.truth_m - case.truth_m[:, :1]
    score = np.asarray(case.track.score, np.float64)
    seen = Seen(rays(case.camera, case.track.xy_px), score, case.track.time_s, H36M17)
    placed = place(motion.xyz_m, seen, apparent_stature(truth_m, H36M17), "light")
    lifted = motion.xyz_m.astype(np.float64)
    off_m = placed.off * placed.root_m[:, 2:]
    known = Evidence(placed.xyz_m, lifted, score, off_m, case.track.time_s, H36M17)
    error_m = np.linalg.norm(placed.xyz_m - truth_m, axis=-1)[:, 1:]
    kept = np.isfinite(error_m)
    return Samples(features(known)[:, 1:][kept], error_m[kept])


def gather(data: Path, fitted: bool, every: int) -> Samples:
    """The joints of those that the model was fitted on, or of the others."""
    lifter = load_lifter("hdformer")
    samples = [
        sample(case, lifter)
        for case in heldout_cases(read_free17(_mocap(data)), seen="noisy", every=every)
        if (case.subject in FITTED_ON) == fitted and len(case.track.time_s) <= MOST_FRAMES
    ]
    return Samples(
        np.concatenate([s.features for s in samples]), np.concatenate([s.error_m for s in samples])
    )


def _mocap(data: Path) -> Path:
    path = data / "mocap" / "free17.npz"
    if not path.is_file():
        raise DataError(f"no {path}; set MONOMOCAP_DATA to the folder that has it")
    return path


def gather_films(data: Path, count: int, seed: int) -> Judged:
    """The joints of so many films of those that the model was not fitted on."""
    people = [
        clip
        for clip in read_free17(_mocap(data))
        if clip.subject in HELD_OUT_SUBJECTS and clip.subject not in FITTED_ON
    ]
    judged = [_judge(film) for film in films(people, count, seed=seed)]
    return Judged(
        np.concatenate([one.confidence for one in judged]),
        np.concatenate([one.error_m for one in judged]),
    )


def _judge(film: Film) -> Judged:
    """All joints but the pelvis of the person found in one film; none if nobody was."""
    truth_m = film.truth_m - film.truth_m[:, :1]
    options = Options(
        lifter="hdformer",
        fov_deg=film.camera.fov_deg,
        height_m=apparent_stature(truth_m, H36M17),
    )
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "film.mp4"
        film.write(video)
        motion = estimate(video, options).motion()
    if motion is None:
        return Judged(np.zeros(0), np.zeros(0))
    frames = min(len(truth_m), len(motion.xyz_m))
    off_m = motion.xyz_m[:frames].astype(np.float64) - truth_m[:frames]
    error_m = np.linalg.norm(off_m, axis=-1)[:, 1:]
    kept = np.isfinite(error_m)
    return Judged(motion.confidence[:frames, 1:][kept].astype(np.float64), error_m[kept])


def fit(samples: Samples) -> dict[str, float]:
    """Logistic regression, with a little shrinking."""
    x, right = samples.features, samples.error_m < RIGHT_M
    sign = np.where(right, 1.0, -1.0)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = sign * (x @ w)
        slope = -(sign / (1 + np.exp(z)))[:, None] * x
        return float(np.logaddexp(0, -z).mean() + 1e-4 * w @ w), slope.mean(axis=0) + 2e-4 * w

    found = minimize(loss, np.zeros(x.shape[1]), jac=True)
    return dict(zip(WEIGHTS, (round(float(w), 3) for w in found.x), strict=True))


def bins(samples: Samples | Judged) -> np.ndarray:
    """(bin, 3): mean confidence, share right, mean error in mm; the least sure tenth first."""
    order = np.argsort(samples.confidence)
    rows = [
        (
            samples.confidence[part].mean(),
            (samples.error_m[part] < RIGHT_M).mean(),
            1000 * samples.error_m[part].mean(),
        )
        for part in np.array_split(order, BINS)
    ]
    return np.array(rows)


def table(rows: np.ndarray) -> str:
    """One line per bin."""
    lines = [f"{'confidence':>10}{'right':>8}{'error mm':>10}"]
    return "\n".join([*lines, *(f"{c:10.2f}{r:8.2f}{e:10.1f}" for c, r, e in rows)])


def main() -> int:
    """Print, fit or draw; 2 if the data are not there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.confidence")
    parser.add_argument("--fit", action="store_true", help="print the weights, fitted anew")
    parser.add_argument("--every", type=int, default=6, help="one clip in that many")
    parser.add_argument("--plot", type=Path, help="write the ten bins as SVG")
    parser.add_argument("--mannequin", action="store_true", help="films instead of projections")
    parser.add_argument("--films", type=int, default=48)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    data = Path(os.environ.get("MONOMOCAP_DATA", REPOSITORY / ".." / "shared")).resolve()
    try:
        if asked.fit:
            fitted_on = gather(data, True, asked.every)
            sys.stdout.write(f"{fit(fitted_on)}\n{len(fitted_on.error_m)} joints\n")
            return 0
        samples: Samples | Judged = (
            gather_films(data, asked.films, asked.seed)
            if asked.mannequin
            else gather(data, False, asked.every)
        )
    except MonomocapError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    rows = bins(samples)
    sys.stdout.write(f"{table(rows)}\n{len(samples.error_m)} joints\n")
    if asked.plot is not None:
        _draw(rows, asked.plot)
    return 0


def _draw(rows: np.ndarray, path: Path) -> None:
    curves = [Line("mean error", rows[:, 0], rows[:, 2])]
    style = (
        "<style>text{font:12px sans-serif}.l{text-anchor:end}.m{text-anchor:middle}"
        ".g{stroke:#ddd}</style>"
    )
    drawing = lines("error by confidence", "mm", curves, across="confidence")
    named = drawing.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    path.write_text(named.replace("><text", f">{style}<text", 1))


if __name__ == "__main__":
    raise SystemExit(main())
