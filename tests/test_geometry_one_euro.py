"""Live smoothing: less trembling at rest, little lag in motion, gaps stay gaps."""

import numpy as np
import pytest

from monomocap.geometry.one_euro import FORGET_S, OneEuro
from monomocap.options import Smooth

FPS = 30.0


def filtered(xyz_m: np.ndarray, preset: Smooth, fps: float = FPS) -> np.ndarray:
    smooth = OneEuro(preset)
    return np.stack([smooth(pose, i / fps) for i, pose in enumerate(xyz_m)])


def still(frames: int = 300) -> np.ndarray:
    """One joint that trembles by 10 mm."""
    return np.random.default_rng(0).normal(0, 0.01, (frames, 1, 3))


def wrist(frames: int = 90) -> np.ndarray:
    """Swings 0.3 m to both sides twice a second: 3.8 m/s at most."""
    x = 0.3 * np.sin(2 * np.pi * 2.0 * np.arange(frames) / FPS)
    return np.stack([x, 0 * x, 0 * x], axis=-1)[:, None]


@pytest.mark.parametrize(("preset", "most"), [("light", 0.75), ("medium", 0.6), ("strong", 0.5)])
def test_somebody_who_stands_still_trembles_less(preset: Smooth, most: float) -> None:
    left = filtered(still(), preset)[30:].std() / still().std()
    assert left < most


def test_none_is_none() -> None:
    np.testing.assert_array_equal(filtered(still(), "none"), still())


@pytest.mark.parametrize(
    ("preset", "most_s"), [("light", 0.02), ("medium", 0.03), ("strong", 0.035)]
)
def test_a_fast_wrist_lags_little_and_keeps_its_reach(preset: Smooth, most_s: float) -> None:
    out = filtered(wrist(), preset)[30:, 0, 0]
    at_s = np.arange(30, 90) / FPS
    lags_s = np.linspace(0, 0.1, 101)
    errors = [np.abs(out - 0.3 * np.sin(2 * np.pi * 2.0 * (at_s - lag))).mean() for lag in lags_s]
    assert lags_s[int(np.argmin(errors))] <= most_s
    assert np.abs(out).max() > 0.25


def test_the_answer_does_not_depend_on_the_axes() -> None:
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    xyz_m = wrist() + still(90)
    turned = filtered(xyz_m @ turn, "medium")
    np.testing.assert_allclose(turned, filtered(xyz_m, "medium") @ turn, atol=1e-12)


def test_missing_stays_missing_and_after_a_long_gap_it_begins_anew() -> None:
    smooth = OneEuro("strong")
    here, gone, there = np.zeros((1, 3)), np.full((1, 3), np.nan), np.ones((1, 3))
    np.testing.assert_array_equal(smooth(here, 0.0), here)
    assert np.isnan(smooth(gone, 0.1)).all()
    np.testing.assert_array_equal(smooth(there, 0.1 + FORGET_S), there)


def test_after_a_short_gap_it_goes_on() -> None:
    smooth = OneEuro("strong")
    smooth(np.zeros((2, 3)), 0.0)
    smooth(np.array([[np.nan] * 3, [0.0] * 3]), 0.1)
    after = smooth(np.full((2, 3), 0.01), 0.2)
    assert (after > 0).all() and (after < 0.01).all()
