"""3D confidence: surer joints are better joints."""

from pathlib import Path

import numpy as np

from benchmarks.confidence import Samples, bins, gather
from monomocap.geometry.confidence import WEIGHTS, Evidence, confidence, features
from monomocap.render.motions import walk
from monomocap.skeleton import H36M17


def evidence(**words: np.ndarray) -> Evidence:
    motion = walk(2.0, 30.0)
    xyz_m = motion.xyz_m - motion.xyz_m[:, :1]
    sure = np.ones(xyz_m.shape[:2])
    arrays = {"xyz_m": xyz_m, "lifted_m": xyz_m, "score": sure, "off_m": 0.01 * sure} | words
    return Evidence(**arrays, time_s=motion.time_s, skeleton=H36M17)


def test_error_falls_over_ten_bins_on_people_that_nothing_was_fitted_on(data: Path) -> None:
    """The noise of so few clips may turn two neighbouring bins, by a little."""
    samples = gather(data, fitted=False, every=40)
    rows = bins(samples)
    assert len(samples.error_m) > 5_000
    assert (np.diff(rows[:, 2]) < 4.0).all() and (np.diff(rows[:, 0]) > 0).all()
    assert rows[0, 2] > 2 * rows[-1, 2]
    assert np.abs(rows[:, 0] - rows[:, 1]).mean() < 0.15  # and it means what it says


def test_every_kind_of_doubt_lowers_it() -> None:
    plain = confidence(evidence())
    shape = plain.shape
    shaky = evidence().lifted_m + np.random.default_rng(0).normal(0, 0.04, (*shape, 3))
    doubts = {
        "seen badly": evidence(score=np.full(shape, 0.4)),
        "not where it was seen": evidence(off_m=np.full(shape, 0.15)),
        "trembling": evidence(lifted_m=shaky),
    }
    for doubt, known in doubts.items():
        assert confidence(known).mean() < plain.mean() - 0.01, doubt
    wrists, hips = [13, 16], [1, 4]
    assert (plain[:, wrists].mean(axis=1) < plain[:, hips].mean(axis=1)).all()


def test_what_is_missing_is_not_sure_and_nothing_breaks() -> None:
    missing = evidence()
    missing.xyz_m[5, 3] = np.nan
    missing.off_m[9] = np.nan
    sure = confidence(missing)
    assert sure[5, 3] == 0 and np.isfinite(sure).all()
    assert np.isfinite(features(missing)).all()
    assert features(missing).shape[-1] == len(WEIGHTS)
    assert confidence(missing.part(slice(0, 0))).shape == (0, 17)


def test_bins_are_tenths_in_order() -> None:
    rng = np.random.default_rng(0)
    columns = np.concatenate([np.ones((500, 1)), rng.normal(0, 1, (500, len(WEIGHTS) - 1))], axis=1)
    rows = bins(Samples(columns, rng.uniform(0, 0.2, 500)))
    assert rows.shape == (10, 3)
    assert (np.diff(rows[:, 0]) >= 0).all()
