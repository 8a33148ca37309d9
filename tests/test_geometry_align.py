"""Alignment takes away exactly what it says: place, size, turn, and never handedness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from monomocap.geometry.align import (
    align_scale,
    align_similarity,
    align_translation,
    fit_similarity,
)

seeds = st.integers(0, 2**32 - 1)


def poses(seed: int, frames: int = 4, joints: int = 17) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(frames, joints, 3))


def moved(xyz: np.ndarray, seed: int) -> np.ndarray:
    """Every frame moved, turned and scaled in its own way."""
    rng = np.random.default_rng(seed + 1)
    turns = Rotation.random(len(xyz), random_state=seed).as_matrix()
    scale = rng.uniform(0.1, 10, (len(xyz), 1, 1))
    return scale * xyz @ turns.transpose(0, 2, 1) + rng.normal(size=(len(xyz), 1, 3))


@given(seeds, st.integers(4, 33))
def test_a_similar_pose_comes_back(seed: int, joints: int) -> None:
    xyz = poses(seed, joints=joints)
    np.testing.assert_allclose(align_similarity(moved(xyz, seed), xyz), xyz, atol=1e-8)


@given(seeds)
def test_the_fit_is_a_rotation_and_says_what_it_did(seed: int) -> None:
    xyz = poses(seed)
    fit = fit_similarity(xyz, moved(xyz, seed))
    np.testing.assert_allclose(
        fit.rotation @ fit.rotation.swapaxes(1, 2), [np.eye(3)] * 4, atol=1e-9
    )
    np.testing.assert_allclose(np.linalg.det(fit.rotation), 1)
    assert (fit.scale > 0).all()
    np.testing.assert_allclose(fit(xyz), moved(xyz, seed), atol=1e-8)


@given(seeds)
def test_a_mirror_image_is_not_turned_back(seed: int) -> None:
    xyz = poses(seed)
    mirrored = xyz * [-1, 1, 1]
    assert np.abs(align_similarity(mirrored, xyz) - xyz).max() > 0.05
    np.testing.assert_allclose(np.linalg.det(fit_similarity(mirrored, xyz).rotation), 1)


@given(seeds)
def test_no_other_turn_or_size_fits_better(seed: int) -> None:
    """A least squares fit: any small change of it makes the sum of squares larger."""
    source, target = poses(seed, frames=1), poses(seed + 7, frames=1)
    best = align_similarity(source, target)
    turn = Rotation.from_rotvec(np.random.default_rng(seed).normal(0, 0.05, 3)).as_matrix()
    middle = target.mean(axis=1, keepdims=True)
    for changed in (
        (best - middle) @ turn.T + middle,
        (best - middle) * 1.02 + middle,
        best + 0.01,
    ):
        assert ((best - target) ** 2).sum() <= ((changed - target) ** 2).sum() + 1e-9


@given(seeds)
def test_missing_joints_do_not_count_and_stay_missing(seed: int) -> None:
    xyz = poses(seed, joints=17)
    source, target = moved(xyz, seed), xyz.copy()
    source[:, 3], target[:, 8] = np.nan, np.nan
    target[1, 5:7] = np.nan
    out = align_similarity(source, target)
    assert np.isnan(out[:, 3]).all()
    others = [j for j in range(17) if j != 3]
    np.testing.assert_allclose(out[:, others], xyz[:, others], atol=1e-7)


@pytest.mark.parametrize("align", [align_similarity, align_scale, align_translation])
def test_frames_do_not_see_each_other(align: object) -> None:
    assert callable(align)
    source, target = poses(0), poses(1)
    source[2, 4] = np.nan
    together = align(source, target)
    alone = np.concatenate([align(source[f : f + 1], target[f : f + 1]) for f in range(4)])
    np.testing.assert_allclose(together, alone)


def test_too_few_joints_give_no_answer() -> None:
    source, target = poses(0), poses(1)
    source[0, 2:] = np.nan
    target[1] = np.nan
    out = align_similarity(source, target)
    assert np.isnan(out[:2]).all()
    assert np.isfinite(out[2:]).all()
    assert align_similarity(source[:0], target[:0]).shape == (0, 17, 3)


def test_a_pose_in_one_point_has_no_size() -> None:
    assert np.isnan(align_similarity(np.ones((1, 17, 3)), poses(0)[:1])).all()
    assert np.isnan(align_scale(np.zeros((1, 17, 3)), poses(0)[:1])).all()


def test_flat_poses_align_too() -> None:
    """A lifter without depth gives a plane; the turn out of it must not become a mirror."""
    xyz = poses(3)
    xyz[..., 2] = 0
    np.testing.assert_allclose(align_similarity(moved(xyz, 3), xyz), xyz, atol=1e-8)


def test_two_dimensions_work_as_well() -> None:
    xy = poses(0)[..., :2]
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    np.testing.assert_allclose(align_similarity(3 * xy @ turn.T + 5, xy), xy, atol=1e-9)


@given(seeds, st.floats(0.1, 10))
def test_scaling_finds_the_factor_and_keeps_the_origin(seed: int, factor: float) -> None:
    xyz = poses(seed)
    np.testing.assert_allclose(align_scale(factor * xyz, xyz), xyz, atol=1e-9)
    shifted = align_scale(xyz + 1, xyz)
    assert np.abs(shifted - xyz).max() > 0.01


@given(seeds)
def test_moving_finds_the_shift_and_keeps_the_size(seed: int) -> None:
    xyz = poses(seed)
    xyz[0, 3] = np.nan
    np.testing.assert_allclose(align_translation(xyz + [1, -2, 30], xyz), xyz, atol=1e-9)


def test_poses_are_left_alone() -> None:
    source, target = poses(0), poses(1)
    source[0, 0] = np.nan
    kept = source.copy(), target.copy()
    for align in (align_similarity, align_scale, align_translation):
        align(source, target)
    np.testing.assert_array_equal(source, kept[0])
    np.testing.assert_array_equal(target, kept[1])
