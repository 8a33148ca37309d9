"""The free collection, and bodies that mean the same whatever marker set they came from."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monomocap.datasets.mocap import (
    HEAD_LENGTH,
    HELD_OUT_SUBJECTS,
    common_body,
    read_free17,
    world_motion,
    z_up,
)
from monomocap.errors import DataError
from monomocap.formats.captured import limb_length
from monomocap.skeleton import H36M17, LIMB_JOINTS
from tests.mocap_checks import free_clips, joint, write_free17

LIMBS = [H36M17.index(name) for name in LIMB_JOINTS]


def poses(seed: int, *batch: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(*batch, 17, 3))


def test_a_collection_is_read_in_metres_with_z_up(tmp_path: Path) -> None:
    (clip,) = read_free17(write_free17(tmp_path / "a.npz"))
    numbers = np.arange(3 * 17 * 3).reshape(3, 17, 3) * 1e-4
    x, y, z = np.moveaxis(numbers, -1, 0)
    expected = np.stack([x, -(z + np.array([[0], [0.1], [0.2]])), y + 1], axis=-1)
    np.testing.assert_allclose(clip.motion.xyz_m, expected, atol=1e-6)
    np.testing.assert_allclose(clip.motion.time_s, [0, 1 / 30, 2 / 30])
    assert (clip.name, clip.source, clip.subject, clip.licence) == (
        "walk",
        "mine",
        "mine_1",
        "CC0-1.0",
    )
    assert clip.motion.frame == "world"
    assert clip.motion.coverage == 1


@pytest.mark.parametrize("content", [b"", b"text", b"PK\3\4 cut short"])
def test_something_else_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"other\.npz is not a free17 collection"):
        read_free17(path)


def test_other_arrays_are_told(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, xyz=np.zeros(3))
    with pytest.raises(DataError, match="is not a free17 collection"):
        read_free17(path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataError, match="is not a free17 collection"):
        read_free17(path)
    with pytest.raises(DataError, match="is not a free17 collection"):
        read_free17(tmp_path / "nowhere.npz")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_collection_cut_short_is_told(tmp_path: Path, share: float) -> None:
    path = write_free17(tmp_path / "cut.npz")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DataError, match="is not a free17 collection"):
        read_free17(path)


def test_the_free_collection_is_all_there(data: Path) -> None:
    clips = free_clips(data)
    assert len(clips) == 1116
    assert len({clip.subject for clip in clips}) == 51
    assert set(HELD_OUT_SUBJECTS) <= {clip.subject for clip in clips}
    minutes = sum(clip.motion.time_s[-1] for clip in clips) / 60
    assert minutes == pytest.approx(137, abs=2)
    assert all(np.isfinite(clip.motion.xyz_m).all() for clip in clips)
    rates = np.array([(len(c.motion.time_s) - 1) / c.motion.time_s[-1] for c in clips])
    assert (np.abs(rates[:, None] - [30, 60]).min(axis=1) < 0.1).all()
    assert all(clip.licence for clip in clips)


STANDING = ("a02", "a04", "a05", "a06", "a07", "a08")
"""Berkeley's jumping jacks, punching, waving, clapping and throwing."""


def test_who_stands_has_the_head_above_the_feet(data: Path) -> None:
    standing = [c for c in free_clips(data) if c.source == "mhad" and c.name[8:11] in STANDING]
    assert len(standing) > 200
    for clip in standing:
        xyz = clip.motion.xyz_m
        feet = np.maximum(joint(xyz, "left_ankle"), joint(xyz, "right_ankle"))[:, 2]
        assert (joint(xyz, "head")[:, 2] - feet > 0.8).all(), clip.name


def test_z_up_is_a_rotation_that_lifts_y() -> None:
    xyz = poses(0, 4)
    turned = z_up(xyz)
    np.testing.assert_array_equal(turned[..., 2], xyz[..., 1])
    matrix = z_up(np.eye(3)).T
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3))
    assert np.linalg.det(matrix) == pytest.approx(1)


def test_a_motion_starts_at_0_and_keeps_its_gaps() -> None:
    xyz = poses(0, 3)
    xyz[1, 5] = np.nan
    motion = world_motion(xyz, 50.0)
    np.testing.assert_allclose(motion.time_s, [0, 0.02, 0.04])
    assert motion.confidence.sum() == 3 * 17 - 1
    assert motion.confidence[1, 5] == 0


@given(st.integers(0, 10_000))
def test_the_common_body_keeps_the_limbs_and_makes_the_trunk_of_them(seed: int) -> None:
    xyz = poses(seed, 2, 3)
    before = xyz.copy()
    body = common_body(xyz)
    np.testing.assert_array_equal(xyz, before)
    np.testing.assert_array_equal(body[..., LIMBS, :], xyz[..., LIMBS, :])
    j = {name: body[..., H36M17.index(name), :] for name in H36M17.joints}
    np.testing.assert_allclose(j["pelvis"], (j["left_hip"] + j["right_hip"]) / 2)
    np.testing.assert_allclose(j["thorax"], (j["left_shoulder"] + j["right_shoulder"]) / 2)
    np.testing.assert_allclose(j["spine"], (j["pelvis"] + j["thorax"]) / 2, atol=1e-12)
    np.testing.assert_allclose(j["neck"], (j["thorax"] + j["head"]) / 2, atol=1e-12)
    up = j["head"] - j["thorax"]
    length = np.linalg.norm(up, axis=-1)
    np.testing.assert_allclose(length, HEAD_LENGTH * limb_length(xyz))
    wanted = xyz[..., H36M17.index("head"), :] - j["thorax"]
    assert ((up * wanted).sum(-1) > 0).all()
    np.testing.assert_allclose(np.cross(up, wanted), 0, atol=1e-9)


@given(st.integers(0, 10_000))
def test_a_common_body_stays_what_it_is(seed: int) -> None:
    body = common_body(poses(seed, 4))
    np.testing.assert_allclose(common_body(body), body, atol=1e-12)


@given(st.integers(0, 10_000), st.floats(0.1, 10))
def test_the_common_body_does_not_care_where_and_how_large(seed: int, scale: float) -> None:
    xyz = poses(seed, 4)
    moved = xyz * scale + np.array([1.0, -2.0, 3.0])
    expected = common_body(xyz) * scale + np.array([1.0, -2.0, 3.0])
    np.testing.assert_allclose(common_body(moved), expected, atol=1e-9)


def test_common_bodies_of_all_sources_have_heads_of_one_size(data: Path) -> None:
    """The sources disagree by a factor of 3 (medians 0.08 to 0.26 m); the common body does not."""
    for source in ("cmu", "mhad", "accad", "o3de"):
        clip = next(c for c in free_clips(data) if c.source == source)
        body = common_body(clip.motion.xyz_m)
        head = np.linalg.norm(joint(body, "head") - joint(body, "thorax"), axis=-1)
        assert 0.15 < np.median(head) < 0.30, source


def test_limb_length_is_that_of_one_leg_and_one_arm() -> None:
    xyz = np.zeros((17, 3))
    for side in ("left", "right"):
        for k, name in enumerate(("hip", "knee", "ankle")):
            xyz[H36M17.index(f"{side}_{name}"), 2] = -0.4 * k
        for k, name in enumerate(("shoulder", "elbow", "wrist")):
            xyz[H36M17.index(f"{side}_{name}"), 1] = 0.25 * k
    assert limb_length(xyz[None]) == pytest.approx(1.3)
