"""One motion is one motion, however often a camera looked at it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monomocap.errors import InputError
from monomocap.geometry.resample import MAX_GAP_S, at_times, grid_times, to_rate

RATE_HZ = 30.0
STEP_S = 1 / RATE_HZ


@st.composite
def clocks(draw: st.DrawFn, least: int = 1, longest_s: float = 0.2) -> np.ndarray:
    """Increasing times at any spacing that is no gap."""
    steps = draw(st.lists(st.floats(0.002, longest_s), min_size=least, max_size=40))
    return draw(st.floats(-5, 1e4)) + np.cumsum(steps)


def swing(time_s: np.ndarray, hz: float = 1.5) -> np.ndarray:
    """A wrist that swings 0.3 m to each side, (time, 1 joint, 3), metres."""
    phase = 2 * np.pi * hz * time_s[:, None, None] + np.array([0.0, 1.0, 2.0])
    return 0.3 * np.sin(phase)


def clock(fps: float, seconds: float = 10, phase: float = 0.37) -> np.ndarray:
    return (np.arange(int(seconds * fps)) + phase) / fps


def variable(seconds: float = 10) -> np.ndarray:
    """Between 20 and 120 frames per second, changing from frame to frame."""
    steps = np.random.default_rng(1).uniform(1 / 120, 1 / 20, int(seconds * 120))
    time_s = np.cumsum(steps)
    return time_s[time_s < seconds]


CLOCKS = {
    "24": clock(24),
    "25": clock(25),
    "30": clock(30),
    "50": clock(50),
    "60": clock(60),
    "240": clock(240),
    "variable": variable(),
}


@given(clocks(), st.sampled_from([10, 30, 59.94]))
def test_the_grid_lies_at_multiples_of_its_step_and_holds_every_frame(
    time_s: np.ndarray, rate_hz: float
) -> None:
    grid_s = grid_times(time_s, rate_hz)
    counts = grid_s * rate_hz
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-6)
    slack_s = 1e-5 / rate_hz + 1e-9
    assert grid_s[0] - slack_s <= time_s[0] and time_s[-1] <= grid_s[-1] + slack_s
    assert time_s[0] - grid_s[0] < 1 / rate_hz and grid_s[-1] - time_s[-1] < 1 / rate_hz


@given(clocks(), st.floats(-3, 3))
def test_rest_stays_rest(time_s: np.ndarray, place: float) -> None:
    still = np.full((len(time_s), 2, 3), place)
    grid_s, out = to_rate(still, time_s, RATE_HZ)
    np.testing.assert_allclose(out, place, atol=1e-6)
    np.testing.assert_allclose(at_times(out, grid_s, time_s, reach_s=1e-6), still, atol=1e-6)


@given(clocks(least=2), st.floats(-3, 3))
def test_steady_motion_stays_steady_also_at_the_ends(time_s: np.ndarray, speed: float) -> None:
    def place(t: np.ndarray) -> np.ndarray:
        return speed * (t - time_s[0])[:, None, None] * np.array([1.0, -2.0])

    grid_s, out = to_rate(place(time_s), time_s, RATE_HZ)
    np.testing.assert_allclose(out, place(grid_s), atol=2e-5)
    back = at_times(out, grid_s, time_s, reach_s=1e-6)
    np.testing.assert_allclose(back, place(time_s), atol=2e-5)


@given(st.integers(1, 60), st.integers(0, 2**32 - 1), st.integers(0, 10**5))
def test_frames_on_the_grid_are_kept(frames: int, seed: int, begin: int) -> None:
    time_s = (begin + np.arange(frames)) / RATE_HZ
    values = np.random.default_rng(seed).normal(size=(frames, 3, 3))
    grid_s, out = to_rate(values, time_s, RATE_HZ)
    np.testing.assert_allclose(grid_s, time_s, atol=1e-9)
    np.testing.assert_allclose(out, values, atol=1e-4)


@pytest.mark.parametrize("name", CLOCKS)
def test_every_rate_meets_the_same_motion(name: str) -> None:
    """Within 1.5 mm of 600 mm, at 1.5 swings a second, anywhere but in the ends' last step."""
    time_s = CLOCKS[name]
    grid_s, out = to_rate(swing(time_s), time_s, RATE_HZ)
    assert np.abs(out - swing(grid_s))[2:-2].max() < 0.0015
    back = at_times(out, grid_s, time_s)
    inside = (time_s > time_s[0] + 2 * STEP_S) & (time_s < time_s[-1] - 2 * STEP_S)
    assert np.abs(back - swing(time_s))[inside].max() < 0.0015
    assert np.abs(back - swing(time_s)).max() < 0.005


def test_ten_frames_per_second_are_joined_smoothly() -> None:
    """A walker's ankle at 1 Hz: straight lines would be 15 mm off."""
    time_s = clock(10)
    grid_s, out = to_rate(swing(time_s, hz=1.0), time_s, RATE_HZ)
    assert np.abs(out - swing(grid_s, hz=1.0))[4:-4].max() < 0.002


@pytest.mark.parametrize(("fps", "left"), [(60, 0.71), (240, 0.36)])
def test_many_frames_per_step_share_their_noise(fps: int, left: float) -> None:
    """As in a mean over one step: 1 / sqrt(2) of two frames, 1 / sqrt(8) of eight."""
    noise = np.random.default_rng(0).normal(size=(fps * 40, 12, 3))
    _, out = to_rate(noise, clock(fps, 40), RATE_HZ)
    assert out[3:-3].std() == pytest.approx(left, rel=0.05)


@settings(max_examples=15)
@given(st.sampled_from(sorted(CLOCKS)), st.integers(5, 60), st.integers(0, 2**32 - 1))
def test_a_track_cut_anywhere_meets_the_same_grid(name: str, cut: int, seed: int) -> None:
    time_s = CLOCKS[name][:400]
    values = np.random.default_rng(seed).normal(size=(len(time_s), 2, 3))
    whole_s, whole = to_rate(values, time_s, RATE_HZ)
    part_s, part = to_rate(values[cut:], time_s[cut:], RATE_HZ)
    offset = len(whole_s) - len(part_s)
    np.testing.assert_array_equal(part_s, whole_s[offset:])
    np.testing.assert_allclose(part[6:], whole[offset:][6:], atol=1e-9)


@given(clocks(), st.integers(0, 2**32 - 1))
def test_time_can_run_backwards(time_s: np.ndarray, seed: int) -> None:
    time_s = time_s - time_s[0]
    values = np.random.default_rng(seed).normal(size=(len(time_s), 2, 3))
    wanted_s = np.linspace(time_s[0], time_s[-1], 23)
    end_s = time_s[-1]
    ahead = at_times(values, time_s, wanted_s)
    back = at_times(values[::-1], (end_s - time_s)[::-1], (end_s - wanted_s)[::-1])[::-1]
    known = np.isfinite(ahead) & np.isfinite(back)
    assert known[1:-1].all()
    np.testing.assert_allclose(ahead[known], back[known], atol=1e-6)


@pytest.mark.parametrize("fps", [10, 24, 30, 60, 240])
def test_nothing_is_drawn_across_a_gap(fps: float) -> None:
    time_s = clock(fps, 6)
    values = swing(time_s)
    values[(time_s > 2) & (time_s < 4)] = np.nan
    grid_s, out = to_rate(values, time_s, RATE_HZ)
    last_s, next_s = time_s[time_s <= 2][-1], time_s[time_s >= 4][0]
    gap = (grid_s > last_s + STEP_S) & (grid_s < next_s - STEP_S)
    shown = (grid_s <= last_s) | (grid_s >= next_s)
    assert np.isnan(out[gap]).all()
    assert np.isfinite(out[shown]).all()
    back = at_times(out, grid_s, time_s)
    seen = np.isfinite(values).all(axis=(1, 2))
    assert np.isfinite(back[seen]).all(), "every frame that was seen finds its way back"
    far = (time_s > last_s + 2 * STEP_S) & (time_s < next_s - 2 * STEP_S)
    assert np.isnan(back[far]).all()


def test_a_blink_is_bridged_and_a_gap_is_not() -> None:
    time_s = clock(30, 4)
    values = swing(time_s)
    values[40:44] = np.nan  # 0.17 s between the frames around it
    values[80:90] = np.nan  # 0.37 s
    grid_s, out = to_rate(values, time_s, RATE_HZ)
    blink = (grid_s > time_s[39]) & (grid_s < time_s[44])
    gap = (grid_s > time_s[81]) & (grid_s < time_s[88])
    assert np.abs(out[blink] - swing(grid_s[blink])).max() < 0.03
    assert np.isnan(out[gap]).all()


def test_each_joint_has_its_own_gaps() -> None:
    time_s = clock(30, 4)
    values = np.concatenate([swing(time_s), swing(time_s)], axis=1)
    values[30:60, 1] = np.nan
    _, out = to_rate(values, time_s, RATE_HZ)
    assert np.isfinite(out[:, 0]).all()
    assert np.isnan(out[32:59, 1]).all()
    _, alone = to_rate(values[:, :1], time_s, RATE_HZ)
    np.testing.assert_array_equal(out[:, :1], alone)


@given(clocks(longest_s=1.0), st.integers(0, 2**32 - 1), st.floats(0, 0.9))
def test_every_frame_that_was_seen_finds_its_way_back(
    time_s: np.ndarray, seed: int, missing: float
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(len(time_s), 3, 2))
    values[rng.random(values.shape[:2]) < missing] = np.nan
    grid_s, out = to_rate(values, time_s, RATE_HZ)
    back = at_times(out, grid_s, time_s, reach_s=1e-6)
    assert np.isfinite(back[np.isfinite(values)]).all()


@pytest.mark.parametrize("offset_s", [0.0, 0.011, 12345.678])
def test_one_frame_is_enough(offset_s: float) -> None:
    values = np.random.default_rng(0).normal(size=(1, 17, 2))
    time_s = np.array([offset_s])
    grid_s, out = to_rate(values, time_s, RATE_HZ)
    assert 1 <= len(grid_s) <= 2
    np.testing.assert_allclose(out, np.repeat(values, len(grid_s), axis=0))
    np.testing.assert_allclose(at_times(out, grid_s, time_s, reach_s=1e-6), values, atol=1e-9)


def test_a_lonely_frame_between_gaps_survives() -> None:
    time_s = clock(30, 3)
    values = swing(time_s)
    values[10:40] = values[41:70] = np.nan
    grid_s, out = to_rate(values, time_s, RATE_HZ)
    np.testing.assert_allclose(at_times(out, grid_s, time_s)[40], values[40])


def test_nobody_is_nobody() -> None:
    time_s = clock(30, 1)
    grid_s, out = to_rate(np.full((30, 17, 3), np.nan), time_s, RATE_HZ)
    assert len(grid_s) == len(out) == 31
    assert np.isnan(out).all()
    grid_s, out = to_rate(np.empty((0, 17, 3)), np.empty(0), RATE_HZ)
    assert out.shape == (0, 17, 3)


def test_reach_ends_where_it_says() -> None:
    time_s = np.array([1.0, 1.1])
    line = np.array([[[0.0]], [[1.0]]])
    wanted_s = np.array([0.85, 0.95, 1.05, 1.15, 1.25])
    out = at_times(line, time_s, wanted_s, reach_s=0.1)[:, 0, 0]
    np.testing.assert_allclose(out, [np.nan, -0.5, 0.5, 1.5, np.nan], atol=1e-9)


def test_the_longest_gap_can_be_chosen() -> None:
    time_s = np.array([0.0, 1.0])
    line = np.array([[[0.0]], [[1.0]]])
    assert MAX_GAP_S < 1.0
    assert np.isnan(at_times(line, time_s, np.array([0.5])))
    assert at_times(line, time_s, np.array([0.5]), max_gap_s=1.0) == 0.5


@pytest.mark.parametrize("rate_hz", [0, -1, float("nan"), float("inf")])
def test_a_rate_must_be_one(rate_hz: float) -> None:
    with pytest.raises(InputError, match="rate"):
        grid_times(np.array([0.0]), rate_hz)
