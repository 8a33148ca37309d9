"""What the smoothing presets remove, and what they cost fast wrists and ankles.

    python -m benchmarks.smoothing

Captured motion at 30 frames per second (held-out people). "noise left": the standard deviation that
is left of independent noise of 10 mm per axis; "fast error": how far wrists and ankles that move
faster than 2 m/s are put from their true place when nothing is wrong with them, the mean, and the
worst in a hundred. "mean filter": an average over as many frames as leave the same noise, for
comparison. Files look both ways in time; "live" is the One-Euro filter, which lags.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np

from monomocap.datasets.mocap import HELD_OUT_SUBJECTS, read_free17
from monomocap.errors import MonomocapError
from monomocap.geometry.one_euro import OneEuro
from monomocap.geometry.smooth import smooth
from monomocap.options import Smooth
from monomocap.skeleton import H36M17

REPOSITORY = Path(__file__).resolve().parent.parent
ENDS = [H36M17.index(f"{side}_{j}") for side in ("left", "right") for j in ("wrist", "ankle")]
FAST_M_S = 2.0
NOISE_M = 0.010
Filter = Callable[[np.ndarray, np.ndarray], np.ndarray]


def clips(data: Path, every: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(poses from the pelvis, times) at 30 frames per second."""
    found = []
    held_out = read_free17(data / "mocap" / "free17.npz")
    for clip in [c for c in held_out if c.subject in HELD_OUT_SUBJECTS][::every]:
        step = 2 if np.diff(clip.motion.time_s[:2])[0] < 0.02 else 1
        xyz_m = clip.motion.xyz_m[::step][:600].astype(np.float64)
        found.append((xyz_m - xyz_m[:, :1], clip.motion.time_s[::step][:600]))
    return found


def zero_phase(preset: Smooth) -> Filter:
    """As files are smoothed."""
    return lambda xyz_m, time_s: smooth(xyz_m, time_s, preset)


def live(preset: Smooth) -> Filter:
    """As live poses are."""

    def run(xyz_m: np.ndarray, time_s: np.ndarray) -> np.ndarray:
        one_euro = OneEuro(preset)
        return np.stack([one_euro(x, float(t)) for x, t in zip(xyz_m, time_s, strict=True)])

    return run


def mean_of(frames: int) -> Filter:
    """A moving average."""

    def run(xyz_m: np.ndarray, time_s: np.ndarray) -> np.ndarray:
        half = frames // 2
        padded = np.pad(xyz_m, ((half, half), (0, 0), (0, 0)), mode="edge")
        return np.mean([padded[k : k + len(xyz_m)] for k in range(frames)], axis=0)

    return run


def score(filtered: Filter, some: list[tuple[np.ndarray, np.ndarray]]) -> tuple[float, ...]:
    """Noise left, mean and worst error of what is fast, all in mm."""
    rng = np.random.default_rng(0)
    left, errors = [], []
    for xyz_m, time_s in some:
        clean = filtered(xyz_m, time_s)
        noisy = filtered(xyz_m + rng.normal(0, NOISE_M, xyz_m.shape), time_s)
        left.append(float(np.std(noisy[:, 1:] - clean[:, 1:])))
        speed = np.linalg.norm(np.gradient(xyz_m[:, ENDS], time_s, axis=0), axis=-1)
        errors.append(np.linalg.norm(clean - xyz_m, axis=-1)[:, ENDS][speed > FAST_M_S])
    fast = np.concatenate(errors)
    return (
        1000 * float(np.mean(left)),
        1000 * float(fast.mean()),
        1000 * float(np.percentile(fast, 99)),
    )


def main() -> int:
    """Print the table; 2 if the data are not there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.smoothing")
    parser.add_argument("--every", type=int, default=4, help="one clip in that many")
    asked = parser.parse_args()
    data = Path(os.environ.get("MONOMOCAP_DATA", REPOSITORY / ".." / "shared")).resolve()
    try:
        some = clips(data, asked.every)
    except MonomocapError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    rows: list[tuple[str, Filter]] = [(p, zero_phase(p)) for p in get_args(Smooth)]
    rows += [(f"live {p}", live(p)) for p in get_args(Smooth)]
    rows += [(f"mean of {n}", mean_of(n)) for n in (3, 5, 11)]
    sys.stdout.write(f"{'preset':<14}{'noise left':>11}{'fast error':>12}{'worst 1 %':>11}   mm\n")
    for name, filtered in rows:
        left, mean, worst = score(filtered, some)
        sys.stdout.write(f"{name:<14}{left:11.1f}{mean:12.1f}{worst:11.1f}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
