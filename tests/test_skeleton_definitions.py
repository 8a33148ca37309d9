"""The same body, whoever detects it: every skeleton's joints become the same H36M-17."""

from __future__ import annotations

import numpy as np
import pytest

from monomocap.skeleton import (
    BLAZEPOSE33,
    COCO17,
    COCO23,
    H36M17,
    HALPE26,
    OPENPOSE18,
    OPENPOSE25,
    Skeleton,
    convert,
)

ADULT = {
    "nose": (0, 0.10, 1.66),
    "left_ear": (0.07, 0, 1.666),
    "right_ear": (-0.07, 0, 1.666),
    "head": (0, 0, 1.796),
    "neck": (0, 0, 1.45),
    "left_shoulder": (0.18, 0, 1.45),
    "right_shoulder": (-0.18, 0, 1.45),
    "left_elbow": (0.25, 0, 1.15),
    "right_elbow": (-0.25, 0.1, 1.15),
    "left_wrist": (0.27, 0.1, 0.9),
    "right_wrist": (-0.27, 0.3, 1.0),
    "pelvis": (0, 0, 0.95),
    "left_hip": (0.10, 0, 0.95),
    "right_hip": (-0.10, 0, 0.95),
    "left_knee": (0.10, 0.02, 0.5),
    "right_knee": (-0.10, 0.2, 0.55),
    "left_ankle": (0.10, 0, 0.08),
    "right_ankle": (-0.10, 0, 0.15),
}
"""Metres: an adult whose ears are 0.13 m below the top of the head. Other joints do not matter."""


def seen_as(skeleton: Skeleton) -> np.ndarray:
    return np.array([ADULT.get(joint, (0.0, 0.0, 0.0)) for joint in skeleton.joints], np.float64)


DETECTED = (COCO17, COCO23, BLAZEPOSE33, HALPE26, OPENPOSE25, OPENPOSE18)


@pytest.mark.parametrize("skeleton", DETECTED, ids=lambda s: s.name)
def test_every_detectors_joints_mean_the_same(skeleton: Skeleton) -> None:
    reference = convert(seen_as(COCO17), COCO17, H36M17)
    made = convert(seen_as(skeleton), skeleton, H36M17)
    assert np.isfinite(made).all()
    apart = np.linalg.norm(made - reference, axis=-1)
    assert apart.max() < 0.005, H36M17.joints[int(apart.argmax())]


def test_the_head_is_between_the_ears_and_not_the_top_of_it() -> None:
    """Halpe's own "head" would put it 13 cm too high."""
    head = convert(seen_as(HALPE26), HALPE26, H36M17)[H36M17.index("head")]
    ears = (np.array(ADULT["left_ear"]) + ADULT["right_ear"]) / 2
    np.testing.assert_allclose(head, ears, atol=0.005)
