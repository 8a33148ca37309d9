"""How near rigged bodies come to motion capture, and how fast their limbs turn about themselves.

    python -m benchmarks.rotations ../shared/mocap/free17.npz [EVERY]

Fits every clip (or every n-th), prints error per source and each joint's fastest turn about its own
bone, and ends with status 1 if the mean of a source is above 5 mm or a turn above 45 degrees in
1/60 s.
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from monomocap.datasets.mocap import read_free17
from monomocap.geometry.rig_fit import fit
from tests.rigs import twist_deg_per_60th

WORST_MM, WORST_DEG = 5.0, 45.0


def main(path: Path, every: int) -> int:
    errors: dict[str, list[float]] = defaultdict(list)
    turns: dict[str, tuple[float, str]] = {}
    for clip in read_free17(path)[::every]:
        rigged = fit(clip.motion)
        errors[clip.source].append(rigged.mean_error_mm)
        for joint, turn in twist_deg_per_60th(rigged).items():
            turns[joint] = max(turns.get(joint, (0.0, "")), (turn, clip.name))
    for source, of in sorted(errors.items()):
        worst = f"worst clip {max(of):5.2f} mm"
        print(f"{source:10s} {len(of):5d} clips   mean {np.mean(of):5.2f} mm   {worst}")  # noqa: T201
    for joint, (turn, name) in turns.items():
        print(f"{joint:16s} {turn:5.1f} degrees in 1/60 s   {name}")  # noqa: T201
    near = all(np.mean(of) <= WORST_MM for of in errors.values())
    return 0 if near and max(turn for turn, _ in turns.values()) <= WORST_DEG else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
