"""The trunk made of the limbs: in the middle, and left alone where it cannot be made."""

import numpy as np

from monomocap.geometry.trunk import trunk_from_limbs
from monomocap.skeleton import H36M17

J = H36M17.index


def test_the_trunk_lies_between_hips_shoulders_and_head() -> None:
    points = np.random.default_rng(0).normal(size=(5, 17, 2))
    made = trunk_from_limbs(points)
    hips = (points[:, J("left_hip")] + points[:, J("right_hip")]) / 2
    shoulders = (points[:, J("left_shoulder")] + points[:, J("right_shoulder")]) / 2
    assert np.allclose(made[:, J("pelvis")], hips)
    assert np.allclose(made[:, J("thorax")], shoulders)
    assert np.allclose(made[:, J("spine")], (hips + shoulders) / 2)
    assert np.allclose(made[:, J("neck")], (shoulders + points[:, J("head")]) / 2)
    limbs = [J("left_knee"), J("right_wrist"), J("head")]
    assert np.array_equal(made[:, limbs], points[:, limbs])


def test_without_a_hip_the_pelvis_stays_as_it_was() -> None:
    points = np.random.default_rng(0).normal(size=(17, 2))
    points[J("left_hip")] = np.nan
    made = trunk_from_limbs(points)
    kept = [J("pelvis"), J("spine")]
    assert np.array_equal(made[kept], points[kept])
    assert not np.array_equal(made[J("thorax")], points[J("thorax")])
