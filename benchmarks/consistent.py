"""What it brings to make a network's answer agree with its 2D and keep the bones' lengths.

    python -m benchmarks.consistent free17.npz [--every 12] [--lifter hdformer]

Held-out people as in `monomocap evaluate heldout`, N-MPJPE / PA-MPJPE in mm: the network alone, and
after `geometry.consistent`; `s` is how long that took for a thousand frames.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from monomocap.datasets.mocap import read_free17
from monomocap.errors import MonomocapError, OptionError
from monomocap.evaluate.heldout import Seen
from monomocap.evaluate.report import Report
from monomocap.evaluate.run import evaluate_heldout
from monomocap.lift.catalogue import load_lifter
from monomocap.lift.consistent import Consistent


@dataclass(frozen=True)
class Row:
    """One kind of 2D."""

    seen: Seen
    alone: Report
    agreed: Report
    seconds: float
    """That the agreement took for a thousand frames: what both runs differ by."""


def measure(mocap: Path, lifter: str, every: int) -> list[Row]:
    """A row per kind of 2D; raises `OptionError` for a lifter that goes without agreement."""
    both = load_lifter(lifter)
    if not isinstance(both, Consistent):
        raise OptionError(f"the lifter {lifter} is not brought into agreement with its 2D")
    clips = read_free17(mocap)
    rows = []
    for seen in get_args(Seen):
        begun = time.perf_counter()
        alone = evaluate_heldout(both.network, clips, seen=seen, every=every)
        between = time.perf_counter()
        agreed = evaluate_heldout(both, clips, seen=seen, every=every)
        longer = (time.perf_counter() - between) - (between - begun)
        frames = sum(row.frames for row in agreed.rows.values())
        rows.append(Row(seen, alone, agreed, 1000 * longer / frames))
    return rows


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("mocap", type=Path)
    parser.add_argument("--lifter", default="hdformer")
    parser.add_argument("--every", type=int, default=12, help="one clip in so many")
    chosen = parser.parse_args()
    try:
        rows = measure(chosen.mocap, chosen.lifter, chosen.every)
    except MonomocapError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(f"{'2D':8} {'alone':>15} {'agreed':>15} {'s':>6}")  # noqa: T201
    for row in rows:
        a, b = row.alone.mean, row.agreed.mean
        print(  # noqa: T201
            f"{row.seen:8} {a.n_mpjpe:7.1f}/{a.p_mpjpe:7.1f} {b.n_mpjpe:7.1f}/{b.p_mpjpe:7.1f}"
            f" {row.seconds:6.2f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
