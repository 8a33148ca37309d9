"""Smoothing removes jitter and nothing else: no lag, no drag, no bridge over gaps."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monomocap.geometry.smooth import SIGMA_S, local_fit, smooth
from monomocap.options import Smooth

PRESETS: list[Smooth] = ["none", "light", "medium", "strong"]
ACTIVE = PRESETS[1:]


@st.composite
def clocks(draw: st.DrawFn, least: int = 1) -> np.ndarray:
    """Increasing times at any spacing, from a millisecond to half a second."""
    steps = draw(st.lists(st.floats(0.001, 0.5), min_size=least, max_size=40))
    return draw(st.floats(-5, 1e4)) + np.cumsum(steps)


def at_rate(fps: float, seconds: float) -> np.ndarray:
    return np.arange(round(seconds * fps)) / fps


def wave(time_s: np.ndarray, hz: float) -> np.ndarray:
    return np.sin(2 * np.pi * hz * time_s)[:, None, None]


@given(clocks(), st.sampled_from(PRESETS), st.floats(-3, 3))
def test_rest_stays_rest(time_s: np.ndarray, preset: Smooth, place: float) -> None:
    still = np.full((len(time_s), 2, 3), place)
    np.testing.assert_allclose(smooth(still, time_s, preset), still, atol=1e-6)


@given(clocks(), st.sampled_from(PRESETS), st.floats(-3, 3))
def test_steady_motion_stays_as_it_is_also_at_the_ends(
    time_s: np.ndarray, preset: Smooth, speed: float
) -> None:
    moving = speed * (time_s - time_s[0])[:, None, None] * np.array([[[1.0, -0.5, 0.0]]])
    np.testing.assert_allclose(smooth(moving, time_s, preset), moving, atol=1e-5)


@given(clocks(), st.sampled_from(PRESETS), st.integers(0, 2**32 - 1))
def test_gaps_stay_gaps_and_do_not_spread(time_s: np.ndarray, preset: Smooth, seed: int) -> None:
    rng = np.random.default_rng(seed)
    xyz = rng.normal(size=(len(time_s), 4, 3))
    xyz[rng.random(xyz.shape[:2]) < 0.4] = np.nan
    np.testing.assert_array_equal(np.isnan(smooth(xyz, time_s, preset)), np.isnan(xyz))


@given(clocks(), st.sampled_from(PRESETS), st.integers(0, 2**32 - 1))
def test_past_and_future_count_alike(time_s: np.ndarray, preset: Smooth, seed: int) -> None:
    time_s = time_s - time_s[0]
    xyz = np.random.default_rng(seed).normal(size=(len(time_s), 2, 3))
    backwards = smooth(xyz[::-1], (time_s[-1] - time_s)[::-1], preset)[::-1]
    np.testing.assert_allclose(smooth(xyz, time_s, preset), backwards, atol=1e-5)


@given(clocks(least=4), st.integers(0, 2**32 - 1))
def test_joints_do_not_see_each_other(time_s: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    xyz = rng.normal(size=(len(time_s), 3, 3))
    xyz[rng.random(xyz.shape[:2]) < 0.3] = np.nan
    together = smooth(xyz, time_s, "medium")
    alone = np.concatenate([smooth(xyz[:, j : j + 1], time_s, "medium") for j in range(3)], axis=1)
    np.testing.assert_allclose(together, alone, atol=1e-9)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("frames", [0, 1, 2, 3])
def test_few_frames_come_back(preset: Smooth, frames: int) -> None:
    xyz = np.random.default_rng(0).normal(size=(frames, 17, 3))
    time_s = 0.1 * np.arange(frames)
    out = smooth(xyz, time_s, preset)
    assert out.shape == xyz.shape
    assert np.isfinite(out).all()
    if frames == 1:
        np.testing.assert_allclose(out, xyz)


def test_none_changes_nothing_and_hands_out_its_own_copy() -> None:
    xyz = np.random.default_rng(0).normal(size=(50, 17, 3))
    out = smooth(xyz, at_rate(30, 50 / 30), "none")
    np.testing.assert_array_equal(out, xyz)
    assert not np.shares_memory(out, xyz)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_motion_is_left_alone_and_its_type_kept(preset: Smooth) -> None:
    xyz = np.random.default_rng(0).normal(size=(50, 17, 3)).astype(np.float32)
    xyz[10, 3] = np.nan
    before = xyz.copy()
    assert smooth(xyz, at_rate(30, 50 / 30), preset).dtype == np.float32
    np.testing.assert_array_equal(xyz, before)


@pytest.mark.parametrize(("preset", "left"), [("light", 0.63), ("medium", 0.45), ("strong", 0.31)])
def test_jitter_falls_as_promised(preset: Smooth, left: float) -> None:
    noise = np.random.default_rng(0).normal(size=(4000, 17, 3))
    out = smooth(noise, at_rate(30, 4000 / 30), preset)
    assert out[50:-50].std() == pytest.approx(left, abs=0.03)


@pytest.mark.parametrize("preset", ACTIVE)
def test_a_finer_clock_removes_more(preset: Smooth) -> None:
    """At 240 frames per second eight times as many frames share a window of seconds."""
    noise = np.random.default_rng(0).normal(size=(8000, 3, 3))
    slow = smooth(noise, at_rate(30, 8000 / 30), preset)[300:-300].std()
    fast = smooth(noise, at_rate(240, 8000 / 240), preset)[300:-300].std()
    assert fast == pytest.approx(slow / np.sqrt(8), rel=0.1)


@pytest.mark.parametrize(("preset", "hz"), [("light", 3.0), ("medium", 1.5), ("strong", 0.75)])
def test_fast_hands_keep_their_reach(preset: Smooth, hz: float) -> None:
    """A moving average of the same noise reduction would lose 8 %."""
    time_s = at_rate(60, 6)
    out = smooth(wave(time_s, hz), time_s, preset)
    assert 0.965 < np.abs(out[60:-60]).max() <= 1.0


@pytest.mark.parametrize("fps", [24, 30, 60, 240])
@pytest.mark.parametrize("preset", ACTIVE)
def test_half_the_power_is_gone_at_the_stated_frequency(preset: Smooth, fps: float) -> None:
    time_s = at_rate(fps, 12)
    hz = 0.235 / SIGMA_S[preset]
    out = smooth(wave(time_s, hz), time_s, preset)[2 * fps : -2 * fps]
    assert (out**2).mean() == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize("preset", ACTIVE)
def test_no_lag(preset: Smooth) -> None:
    time_s = at_rate(60, 6)
    out = smooth(wave(time_s, 1.0), time_s, preset)[60:-60, 0, 0]
    lag_s = np.arctan2(
        (out * np.cos(2 * np.pi * time_s[60:-60])).sum(),
        (out * np.sin(2 * np.pi * time_s[60:-60])).sum(),
    ) / (2 * np.pi)
    assert abs(lag_s) < 1e-4


@settings(max_examples=20)
@given(st.integers(10, 190), st.integers(0, 2**32 - 1))
def test_a_cut_is_felt_only_near_it(cut: int, seed: int) -> None:
    time_s = at_rate(30, 200 / 30)
    xyz = np.random.default_rng(seed).normal(size=(200, 2, 3))
    whole, part = smooth(xyz, time_s, "medium"), smooth(xyz[cut:], time_s[cut:], "medium")
    near = int(4 * SIGMA_S["medium"] * 30) + 1
    np.testing.assert_allclose(part[near:], whole[cut:][near:], atol=1e-9)


def test_outside_all_frames_it_goes_straight_on() -> None:
    time_s = np.array([0.0, 0.02, 0.04, 0.06])
    line = (3 * time_s)[:, None, None]
    out = local_fit(line, time_s, np.array([-0.02, 0.08, 5.0]), 0.02)
    np.testing.assert_allclose(out[:, 0, 0], [-0.06, 0.24, np.nan], atol=1e-9)


def test_a_long_motion_takes_a_moment() -> None:
    """10,000 frames of 17 joints: about 0.3 s alone on a core; the bound leaves room for others."""
    xyz = np.random.default_rng(0).normal(size=(10_000, 17, 3))
    xyz[::7, 3] = np.nan
    time_s = at_rate(30, 10_000 / 30)
    begin = time.process_time()
    smooth(xyz, time_s, "strong")
    assert time.process_time() - begin < 3.0
