"""Skeletons: trees that mirror into themselves, and conversions that invent nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monomocap.errors import InputError, UnknownName
from monomocap.skeleton import (
    BLAZEPOSE33,
    COCO17,
    H36M17,
    HALPE26,
    LIMB_JOINTS,
    MODELSCOPE15,
    SKELETONS,
    Skeleton,
    conversion,
    convert,
    convert_score,
)

EVERY = list(SKELETONS.values())
OTHERS = [s for s in EVERY if s != H36M17]
seeds = st.integers(0, 2**32 - 1)
by_name = pytest.mark.parametrize("skeleton", EVERY, ids=lambda s: s.name)
to_h36m = pytest.mark.parametrize("source", OTHERS, ids=lambda s: s.name)


def pose(skeleton: Skeleton, seed: int = 0, frames: int = 3, dim: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(frames, len(skeleton), dim))


@by_name
def test_names_and_sizes(skeleton: Skeleton) -> None:
    assert SKELETONS[skeleton.name] is skeleton
    digits = "".join(c for c in skeleton.name.removeprefix("h36m") if c.isdigit())
    assert len(skeleton) == int(digits) == len(skeleton.joints)


@by_name
def test_every_joint_hangs_on_a_root(skeleton: Skeleton) -> None:
    for joint in range(len(skeleton)):
        steps = 0
        while joint >= 0:
            joint, steps = skeleton.parents[joint], steps + 1
            assert steps <= len(skeleton), "a loop"


@by_name
def test_a_mirror_in_a_mirror_is_the_person(skeleton: Skeleton) -> None:
    mirror = np.array(skeleton.mirror)
    np.testing.assert_array_equal(mirror[mirror], np.arange(len(skeleton)))


@by_name
def test_a_mirror_swaps_sides_and_keeps_the_middle(skeleton: Skeleton) -> None:
    swapped = {"left": "right", "right": "left", "middle": "middle"}
    for joint, twin in enumerate(skeleton.mirror):
        assert skeleton.side(twin) == swapped[skeleton.side(joint)]
        assert (twin == joint) == (skeleton.side(joint) == "middle")


@by_name
def test_limbs_hang_alike_on_both_sides(skeleton: Skeleton) -> None:
    """A limb's bone mirrors into a bone: nowhere does a left leg hang on the right hip."""
    bones = {frozenset(bone) for bone in skeleton.bones}
    for parent, child in skeleton.bones:
        assert frozenset((skeleton.mirror[parent], skeleton.mirror[child])) in bones


@by_name
def test_bones_are_the_parents(skeleton: Skeleton) -> None:
    assert [child for _, child in skeleton.bones] == [
        j for j, parent in enumerate(skeleton.parents) if parent >= 0
    ]
    assert all(skeleton.parents[child] == parent for parent, child in skeleton.bones)


@by_name
def test_limb_joints_are_everywhere(skeleton: Skeleton) -> None:
    assert len(LIMB_JOINTS) == 12
    assert set(LIMB_JOINTS) <= set(skeleton.joints)


def test_the_orders_that_others_publish() -> None:
    assert [H36M17.index(j) for j in ("pelvis", "right_hip", "left_hip", "spine", "head")] == [
        0,
        1,
        4,
        7,
        10,
    ]
    assert H36M17.joints[11:] == (
        *(f"left_{j}" for j in ("shoulder", "elbow", "wrist")),
        *(f"right_{j}" for j in ("shoulder", "elbow", "wrist")),
    )
    assert COCO17.joints[:3] == ("nose", "left_eye", "right_eye")
    assert COCO17.joints[5:7] == ("left_shoulder", "right_shoulder")
    assert COCO17.joints[15:] == ("left_ankle", "right_ankle")
    assert BLAZEPOSE33.index("left_shoulder") == 11
    assert BLAZEPOSE33.index("right_hip") == 24
    assert BLAZEPOSE33.index("right_foot_index") == 32
    assert HALPE26.joints[17:20] == ("head", "neck", "pelvis")
    assert HALPE26.joints[24:] == ("left_heel", "right_heel")
    assert MODELSCOPE15.joints[0] == "head" and MODELSCOPE15.joints[14] == "pelvis"


def test_an_unknown_joint_meets_the_list() -> None:
    with pytest.raises(UnknownName, match="left_elbow"):
        H36M17.index("left_elbo")


@pytest.mark.parametrize(
    ("joints", "parents"), [(("a", "b"), (-1,)), (("a", "a"), (-1, 0)), (("a",), (-1, 0))]
)
def test_a_crooked_skeleton_is_refused(joints: tuple[str, ...], parents: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="skeleton crooked"):
        Skeleton("crooked", joints, parents)


@pytest.mark.parametrize("target", EVERY, ids=lambda s: s.name)
@pytest.mark.parametrize("source", EVERY, ids=lambda s: s.name)
def test_every_made_joint_is_a_mean(source: Skeleton, target: Skeleton) -> None:
    """Rows sum to 1 or are 0, so that a conversion commutes with moving the person."""
    weights = conversion(source, target)
    assert (weights >= 0).all()
    sums = weights.sum(axis=1)
    assert np.isclose(sums, 1).sum() + (sums == 0).sum() == len(target)


@by_name
def test_to_itself_nothing_changes(skeleton: Skeleton) -> None:
    xyz = pose(skeleton)
    np.testing.assert_array_equal(convert(xyz, skeleton, skeleton), xyz)


@to_h36m
def test_h36m_can_be_made_whole_from_every_skeleton(source: Skeleton) -> None:
    assert np.isfinite(convert(pose(source), source, H36M17)).all()


@to_h36m
def test_limbs_pass_through_unchanged(source: Skeleton) -> None:
    xyz = pose(source)
    out = convert(xyz, source, H36M17)
    for joint in LIMB_JOINTS:
        np.testing.assert_array_equal(out[:, H36M17.index(joint)], xyz[:, source.index(joint)])


@to_h36m
def test_a_mirrored_person_converts_to_a_mirrored_person(source: Skeleton) -> None:
    xyz = pose(source)
    first = convert(xyz[:, list(source.mirror)], source, H36M17)
    last = convert(xyz, source, H36M17)[:, list(H36M17.mirror)]
    np.testing.assert_allclose(first, last, atol=1e-12)


@to_h36m
def test_made_joints_lie_where_they_are_said_to(source: Skeleton) -> None:
    xyz = pose(source)
    at = {j: convert(xyz, source, H36M17)[:, i] for i, j in enumerate(H36M17.joints)}
    if "pelvis" not in source.joints:
        np.testing.assert_allclose(at["pelvis"], (at["left_hip"] + at["right_hip"]) / 2)
    if "thorax" not in source.joints:
        middle = (at["left_shoulder"] + at["right_shoulder"]) / 2
        np.testing.assert_allclose(at["thorax"], middle)
    np.testing.assert_allclose(at["spine"], (at["pelvis"] + at["thorax"]) / 2)
    np.testing.assert_allclose(at["neck"], (at["thorax"] + at["head"]) / 2)


@given(st.sampled_from(OTHERS), seeds, st.floats(0, 0.6))
def test_what_is_missing_stays_missing_and_nothing_else(
    source: Skeleton, seed: int, missing: float
) -> None:
    xyz = pose(source, seed)
    gone = np.random.default_rng(seed + 1).random(xyz.shape[:2]) < missing
    xyz[gone] = np.nan
    out = convert(xyz, source, H36M17)
    needs = conversion(source, H36M17) > 0
    expected = (gone[:, None, :] & needs).any(axis=-1)
    np.testing.assert_array_equal(np.isnan(out).all(axis=-1), expected)
    np.testing.assert_array_equal(np.isnan(out).any(axis=-1), expected)


def test_half_a_coordinate_is_a_missing_joint() -> None:
    xy = pose(COCO17, dim=2)
    xy[0, COCO17.index("left_hip"), 1] = np.nan
    out = convert(xy, COCO17, H36M17)
    for joint in ("left_hip", "pelvis", "spine"):
        assert np.isnan(out[0, H36M17.index(joint)]).all()
    assert np.isfinite(out[1:]).all()


def test_a_joint_that_cannot_be_made_is_nan() -> None:
    out = convert(pose(H36M17), H36M17, BLAZEPOSE33)
    assert np.isnan(out[:, BLAZEPOSE33.index("left_heel")]).all()
    assert np.isfinite(out[:, BLAZEPOSE33.index("left_knee")]).all()


@to_h36m
def test_a_made_joint_is_as_sure_as_its_least_sure_part(source: Skeleton) -> None:
    score = np.linspace(0.2, 0.9, len(source))[None]
    out = convert_score(score, source, H36M17)[0]
    needs = conversion(source, H36M17) > 0
    np.testing.assert_allclose(out, [score[0][need].min() for need in needs])


def test_what_cannot_be_made_has_no_score() -> None:
    out = convert_score(np.ones((2, 17)), H36M17, COCO17)
    assert (out[:, COCO17.index("left_ear")] == 0).all()
    assert (out[:, COCO17.index("left_knee")] == 1).all()


def test_conversions_leave_their_input_alone_and_keep_its_type() -> None:
    xyz = pose(COCO17).astype(np.float32)
    xyz[0, 0] = np.nan
    kept = xyz.copy()
    assert convert(xyz, COCO17, H36M17).dtype == np.float32
    np.testing.assert_array_equal(xyz, kept)
    with pytest.raises(ValueError, match="read-only"):
        conversion(COCO17, H36M17)[0, 0] = 1
