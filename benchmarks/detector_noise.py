"""What a detector makes of people whose joints are known, against the noise that training uses.

    python -m benchmarks.detector_noise collect free17.npz pairs.npz --films 150 --seed 0
    python -m benchmarks.detector_noise compare pairs.npz
    python -m benchmarks.detector_noise fit pairs.npz src/monomocap/datasets/detector_noise.json

`collect` films the mannequin doing what people of the training set did (`monomocap.evaluate.films`)
and lets the pipeline look at it; the held-out people are left out. The pairs hold the 2D that a
lifter gets and the true 2D, pixels, per film. `compare` prints both noises side by side; `fit`
writes the measured one as data. Stopped and started again, `collect` goes on.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.noise_statistics import Pairs, calibrated, measure, table
from monomocap.datasets.folder import read_mocap
from monomocap.datasets.matched import FILE, detect_matched, shipped_noise
from monomocap.datasets.mocap import HELD_OUT_SUBJECTS
from monomocap.datasets.synthetic import Noise, apparent_size, detect
from monomocap.errors import DataError, MonomocapError
from monomocap.evaluate.films import FPS, Film, films
from monomocap.evaluate.heldout import NOISE as HELD_OUT_NOISE
from monomocap.lift.onnx import write_whole
from monomocap.options import Options
from monomocap.pipeline import estimate
from monomocap.skeleton import H36M17, LIMB_JOINTS, convert, convert_score
from monomocap.train.config import recipe_named

SAVE_EVERY = 5
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.97)
LIMBS = [H36M17.index(joint) for joint in LIMB_JOINTS]
COMMAND = "python -m benchmarks.detector_noise fit PAIRS"


def collect(data: Path, output: Path, count: int, seed: int) -> Iterator[str]:
    """Film after film into the file; says how far it is."""
    clips = [clip for clip in read_mocap(data) if clip.subject not in HELD_OUT_SUBJECTS]
    rows = _begun(output)
    for number, film in enumerate(films(clips, count, seed=seed)):
        if number < len(rows):
            continue
        rows.append(seen(film))
        if len(rows) % SAVE_EVERY == 0 or len(rows) == count:
            _save(output, rows)
            yield f"{len(rows)} of {count} films"


Row = tuple[np.ndarray, np.ndarray, np.ndarray, str]


def seen(film: Film) -> Row:
    """2D as a lifter gets it (NaN where nobody was seen), its score, the true 2D, and the kind."""
    true_px = film.truth_px
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "film.mp4"
        film.write(video)
        take = estimate(video, Options(lifter="flat", smooth="none", fill_s=0))
    xy_px, score = np.full_like(true_px, np.nan), np.zeros(true_px.shape[:2])
    if take.tracks:
        track = max(take.tracks, key=lambda found: found.coverage)
        frames = min(len(true_px), len(track.time_s))
        xy = track.xy_px[:frames].astype(np.float64)
        xy_px[:frames] = convert(xy, track.skeleton, H36M17)
        score[:frames] = convert_score(track.score[:frames], track.skeleton, H36M17)
    return xy_px, score, true_px, film.kind


def _begun(output: Path) -> list[Row]:
    if not output.exists():
        return []
    with np.load(output) as held:
        parts = [held[name] for name in ("seen_px", "score", "true_px", "kind")]
    return [(a, b, c, str(d)) for a, b, c, d in zip(*parts, strict=True)]


def _save(output: Path, rows: list[Row]) -> None:
    seen_px, score, true_px, kind = (np.stack(part) for part in zip(*rows, strict=True))
    np.savez_compressed(output, seen_px=seen_px, score=score, true_px=true_px, kind=kind, fps=FPS)


def done(asked: argparse.Namespace) -> Iterator[str]:
    """What was asked for, line by line."""
    if asked.verb == "collect":
        yield from collect(asked.data, asked.output, asked.films, asked.seed)
    elif asked.verb == "compare":
        pairs = read_pairs(asked.pairs)
        trained = {"training": Noise(), "held-out": HELD_OUT_NOISE}
        synthetic = {name: measure(imitated(pairs, noise), {}) for name, noise in trained.items()}
        matched = {"matched": measure(matched_again(pairs), {})} if FILE.exists() else {}
        yield table({"measured": measure(pairs, {}), **matched, **synthetic})
        yield from errors(pairs, trained)
    else:
        pairs = read_pairs(asked.pairs)
        source = {"detector": "mediapipe", "films": len(pairs.seen), "command": COMMAND}
        noise = calibrated(measure(pairs, source), pairs)
        write_whole(asked.output, noise.as_json().encode())
        yield f"wrote {asked.output}"


def read_pairs(files: list[Path]) -> Pairs:
    """What `collect` wrote, of several draws together."""
    rows = [row for file in files for row in _begun(file)]
    if not rows:
        raise DataError(f"no pairs in {', '.join(map(str, files))}; see the verb collect")
    seen_px, score, true_px, _ = (np.stack(part) for part in zip(*rows, strict=True))
    return Pairs(seen_px, true_px, score, FPS)


def imitated(pairs: Pairs, noise: Noise) -> Pairs:
    """What training would make of the same truth; its clips have 15 frames a second."""
    seen_px, score = detect(pairs.true, noise, np.random.default_rng(0))
    return Pairs(seen_px, pairs.true, score, recipe_named("open").fps)


def matched_again(pairs: Pairs) -> Pairs:
    """What the noise that ships makes of the same truth."""
    rng = np.random.default_rng(0)
    seen_px, score = detect_matched(pairs.true, pairs.fps, shipped_noise(), rng)
    return Pairs(seen_px, pairs.true, score, pairs.fps)


def errors(pairs: Pairs, trained: dict[str, Noise]) -> Iterator[str]:
    """Quantiles of the limb joints' error, shares of the apparent size."""
    every = {"measured": pairs} | {name: imitated(pairs, n) for name, n in trained.items()}
    if FILE.exists():
        every["matched"] = matched_again(pairs)
    yield f"{'error, quantile':24}" + "".join(f"{q:>8}" for q in QUANTILES)
    for name, some in every.items():
        size = apparent_size(some.true)[:, None, None]
        off = (np.linalg.norm(some.seen - some.true, axis=-1) / size)[:, :, LIMBS]
        found = np.nanquantile(off, QUANTILES)
        yield f"{name:24}" + "".join(f"{value:8.3f}" for value in found)


def main() -> int:
    """Collect, compare or fit; 2 if the data are not there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detector_noise")
    verbs = parser.add_subparsers(dest="verb", required=True)
    collecting = verbs.add_parser("collect")
    collecting.add_argument("data", type=Path)
    collecting.add_argument("output", type=Path)
    collecting.add_argument("--films", type=int, default=150)
    collecting.add_argument("--seed", type=int, default=0)
    comparing = verbs.add_parser("compare")
    comparing.add_argument("pairs", type=Path, nargs="+")
    fitting = verbs.add_parser("fit")
    fitting.add_argument("pairs", type=Path, nargs="+")
    fitting.add_argument("output", type=Path)
    asked = parser.parse_args()
    try:
        for line in done(asked):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    except MonomocapError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
