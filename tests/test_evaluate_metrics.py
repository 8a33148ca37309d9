"""Metrics: what they forgive, what they do not, and what they leave out."""

from __future__ import annotations

from collections.abc import Callable

import jaxtyping
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from monomocap.errors import InputError
from monomocap.evaluate import metrics as m
from monomocap.skeleton import COCO17, H36M17

seeds = st.integers(0, 2**32 - 1)
PAIRED = [
    m.mpjpe,
    m.p_mpjpe,
    m.n_mpjpe,
    m.mpjve,
    m.acceleration_error,
    m.bone_length_error,
    m.bone_direction_error_deg,
]
Metric = Callable[[np.ndarray, np.ndarray], float]


def motion(seed: int, frames: int = 20) -> np.ndarray:
    """A wobbling person of about human size, mm, root-relative."""
    rng = np.random.default_rng(seed)
    pose = rng.normal(scale=400, size=(1, 17, 3))
    xyz = pose + np.cumsum(rng.normal(scale=10, size=(frames, 17, 3)), axis=0)
    return xyz - xyz[:, :1]


@pytest.mark.parametrize("metric", PAIRED)
def test_the_truth_has_no_error(metric: Metric) -> None:
    true = motion(0)
    assert metric(true, true) == pytest.approx(0, abs=1e-6)


def test_mpjpe_is_the_mean_distance() -> None:
    true = motion(0)
    assert m.mpjpe(true + [3, 0, 4], true) == pytest.approx(5)


@given(seeds, st.floats(0.2, 5))
def test_p_mpjpe_forgives_place_turn_and_size(seed: int, scale: float) -> None:
    true = motion(seed)
    turn = Rotation.random(random_state=seed).as_matrix()
    assert m.p_mpjpe(scale * true @ turn.T + [100, 0, -7], true) == pytest.approx(0, abs=1e-6)


@given(seeds)
def test_p_mpjpe_does_not_forgive_a_mirror(seed: int) -> None:
    true = motion(seed)
    assert m.p_mpjpe(true * [-1, 1, 1], true) > 50


def test_p_mpjpe_does_not_forgive_left_for_right() -> None:
    true = motion(0)
    assert m.p_mpjpe(true[:, list(H36M17.mirror)], true) > 50


@given(seeds, st.floats(0.2, 5))
def test_n_mpjpe_forgives_size_only(seed: int, scale: float) -> None:
    true = motion(seed)
    assert m.n_mpjpe(scale * true, true) == pytest.approx(0, abs=1e-6)
    assert m.n_mpjpe(true + [200, 0, 0], true) > 1
    turn = Rotation.from_rotvec([0, 0.5, 0]).as_matrix()
    assert m.n_mpjpe(true @ turn.T, true) > 1


@given(seeds)
def test_a_better_alignment_never_scores_much_worse(seed: int) -> None:
    """Alignment makes squares small, not distances: the order of the means holds for any noise."""
    true = motion(seed)
    found = true + np.random.default_rng(seed + 1).normal(scale=60, size=true.shape)
    assert m.p_mpjpe(found, true) <= m.n_mpjpe(found, true) <= m.mpjpe(found, true) * 1.01


@given(seeds, st.sampled_from(PAIRED), st.sampled_from([0.001, 1000.0]))
def test_errors_carry_the_unit_of_the_poses(seed: int, metric: Metric, unit: float) -> None:
    true, found = motion(seed), motion(seed + 1)
    expected = metric(found, true) * (1 if metric is m.bone_direction_error_deg else unit)
    assert metric(unit * found, unit * true) == pytest.approx(expected, rel=1e-6)


def test_a_steady_offset_moves_no_velocity() -> None:
    true = motion(0)
    assert m.mpjve(true + 100, true) == pytest.approx(0, abs=1e-9)
    drift = np.arange(20)[:, None, None] * np.array([3.0, 0.0, 4.0])
    assert m.mpjve(true + drift, true) == pytest.approx(5)
    assert m.acceleration_error(true + drift, true) == pytest.approx(0, abs=1e-9)


def test_acceleration_and_jitter_count_in_seconds() -> None:
    """One motion at 30 and at 60 frames per second has one acceleration and one jitter."""
    for fps, tolerance in ((30, 0.04), (60, 0.02)):
        time_s = np.arange(4 * fps) / fps
        wave = (
            np.sin(2 * np.pi * time_s)[:, None, None] * np.array([1.0, 0, 0]) * np.ones((1, 17, 1))
        )
        still = np.zeros_like(wave)
        peak = 2 * np.pi
        mean_sine = 2 / np.pi
        acceleration = m.acceleration_error(wave, still, fps)
        assert acceleration == pytest.approx(peak**2 * mean_sine, rel=tolerance)
        assert m.jitter(wave, fps) == pytest.approx(peak**3 * mean_sine, rel=tolerance)


@pytest.mark.parametrize("metric", PAIRED)
def test_frames_without_truth_or_answer_are_left_out(metric: Metric) -> None:
    true, found = motion(0), motion(1)
    expected = metric(found[:12], true[:12])
    true[12:15] = np.nan
    found[15:] = np.nan
    assert metric(found, true) == pytest.approx(expected)


@pytest.mark.parametrize("metric", PAIRED)
def test_nothing_to_compare_is_nan_without_noise(metric: Metric) -> None:
    nothing = np.full((5, 17, 3), np.nan)
    assert np.isnan(metric(nothing, motion(0, 5)))
    assert np.isnan(metric(motion(0, 0), motion(0, 0)))


@pytest.mark.parametrize("metric", PAIRED)
def test_shapes_must_be_the_same(metric: Metric, monkeypatch: pytest.MonkeyPatch) -> None:
    """One pose against twenty would broadcast to a number that means nothing.

    For a user, too, for whom nobody checks shapes as the tests do.
    """
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(InputError, match="one shape"):
        metric(motion(0, 1), motion(0))


def test_coverage_tells_how_much_was_left_out() -> None:
    true, found = motion(0), motion(1)
    assert m.coverage(found, true) == 1
    found[:5] = np.nan
    assert m.coverage(found, true) == pytest.approx(15 / 20)
    true[:10] = np.nan
    assert m.coverage(found, true) == 1, "frames without truth are not asked for"
    found[15:, 3:] = np.nan
    assert m.coverage(found, true) == 1, "a frame with some joints is answered"
    assert m.joint_coverage(found, true) == pytest.approx((10 * 17 - 5 * 14) / (10 * 17))
    found[:] = np.nan
    assert m.coverage(found, true) == m.joint_coverage(found, true) == 0
    assert np.isnan(m.coverage(found, found)) and np.isnan(m.joint_coverage(found, found))


def test_pck_counts_strictly_below() -> None:
    at = np.full((4, 17), 150.0)
    assert m.pck([at]) == 0
    assert m.pck([np.nextafter(at, 0)]) == 1
    assert m.pck([at], threshold_mm=151) == 1


def test_pck_weighs_groups_and_sequences_alike() -> None:
    good, bad = np.zeros((100, 17)), np.full((1, 17), 1000.0)
    assert m.pck([good, bad]) == pytest.approx(0.5)
    one_wrist = np.zeros((10, 17))
    one_wrist[:, H36M17.index("left_wrist")] = 1000
    assert m.pck([one_wrist]) == pytest.approx(1 - 1 / 16)
    trunk = np.zeros((10, 17))
    trunk[:, [H36M17.index(j) for j in ("pelvis", "spine", "neck")]] = 1000
    assert m.pck([trunk]) == 1, "root, spine and nose are not scored"


def test_auc_is_the_mean_over_thresholds() -> None:
    assert m.auc([np.zeros((5, 17))]) == pytest.approx(30 / 31), "0 is not below 0"
    assert m.auc([np.full((5, 17), 75.0)]) == pytest.approx(15 / 31)
    assert m.auc([np.full((5, 17), 150.0)]) == 0


def test_pck_leaves_out_what_is_missing() -> None:
    errors = np.zeros((10, 17))
    errors[:5] = np.nan
    errors[:, H36M17.index("head")] = np.nan
    assert m.pck([errors]) == 1
    assert np.isnan(m.pck([np.full((10, 17), np.nan)]))


def test_bones_of_a_stretched_person() -> None:
    true = motion(0)
    mean_length = m.bone_lengths(true).mean()
    assert m.bone_length_error(1.1 * true, true) == pytest.approx(0.1 * mean_length)
    assert m.bone_direction_error_deg(1.1 * true, true) == pytest.approx(0, abs=1e-4)
    turn = Rotation.from_rotvec([0, 0, np.pi / 2]).as_matrix()
    assert m.bone_length_error(true @ turn.T, true) == pytest.approx(0, abs=1e-6)
    flat = true * [1, 1, 0]
    assert m.bone_direction_error_deg(flat @ turn.T, flat) == pytest.approx(90)


def test_bones_that_keep_their_length_do_not_deviate() -> None:
    pose = motion(0, 1)
    turns = Rotation.random(30, random_state=0).as_matrix()
    assert m.bone_length_deviation(pose @ turns) == pytest.approx(0, abs=1e-6)
    breathing = pose * (1 + 0.1 * np.array([-1, 1] * 15))[:, None, None]
    expected = 0.1 * m.bone_lengths(pose).mean()
    assert m.bone_length_deviation(breathing) == pytest.approx(expected)


def test_a_mirror_symmetric_person_is_symmetric() -> None:
    pose = motion(0, 5)
    symmetric = (pose + pose[:, list(H36M17.mirror)] * [-1, 1, 1]) / 2
    assert m.bone_symmetry_error(symmetric) == pytest.approx(0, abs=1e-6)
    assert m.bone_symmetry_error(pose) > 1
    longer = symmetric.copy()
    elbow, wrist = H36M17.index("left_elbow"), H36M17.index("left_wrist")
    longer[:, wrist] += 0.5 * (longer[:, wrist] - longer[:, elbow])
    forearm = np.linalg.norm(symmetric[:, wrist] - symmetric[:, elbow], axis=-1).mean()
    assert m.bone_symmetry_error(longer) == pytest.approx(0.5 * forearm / 6)


def test_other_skeletons_have_bones_too() -> None:
    assert m.bone_lengths(motion(0), COCO17).shape == (20, 14)


def test_trajectories_of_equal_motions_agree() -> None:
    true = motion(0, 40)
    assert m.trajectory_error([true], [true]) == 0
    assert m.trajectory_error([1.1 * true], [true], normalize=True) < 1e-6
    assert m.trajectory_error([1.1 * true], [true]) > 1
    with pytest.raises(InputError, match="order"):
        m.trajectory_error([true], [true], order=3)


def test_arrays_are_left_alone() -> None:
    true, found = motion(0), motion(1)
    true[3], found[5, 2] = np.nan, np.nan
    kept = true.copy(), found.copy()
    for metric in PAIRED:
        metric(found, true)
    np.testing.assert_array_equal(true, kept[0])
    np.testing.assert_array_equal(found, kept[1])
