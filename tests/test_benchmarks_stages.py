"""The stages after the lifter, on real views with truth."""

from pathlib import Path

import numpy as np

from benchmarks.stages import Row, measure, table


def mean(rows: list[Row], stage: str, field: str) -> float:
    return float(np.mean([getattr(row, field) for row in rows if row.stage == stage]))


def test_what_comes_after_the_lifter_makes_it_no_worse_and_gravity_helps(data: Path) -> None:
    rows = measure(data, "hdformer", "truth")
    assert mean(rows, "gravity", "p_mpjpe_mm") <= mean(rows, "lifted", "p_mpjpe_mm") + 0.5
    assert mean(rows, "placed", "p_mpjpe_mm") <= mean(rows, "lifted", "p_mpjpe_mm") + 0.5
    assert mean(rows, "gravity", "mpjpe_mm") < mean(rows, "height", "mpjpe_mm")
    assert mean(rows, "gravity", "mpjpe_mm") <= mean(rows, "lifted", "mpjpe_mm") + 0.5
    assert mean(rows, "height", "root_m") < 0.25
    assert mean(rows, "height", "slide_mm") < 1.0
    said = table(rows)
    assert len(said.splitlines()) == 6 and "gravity" in said
