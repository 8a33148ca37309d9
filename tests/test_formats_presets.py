"""Names and axes of other programs."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from monomocap.errors import UnknownName
from monomocap.formats.presets import AXES, NAMES, axes_of, names_of
from monomocap.geometry.rig import RIG

AHEAD, LEFT, UP = np.array([0.0, -1, 0]), np.array([1.0, 0, 0]), np.array([0.0, 0, 1])


@pytest.mark.parametrize("preset", NAMES)
def test_every_preset_names_every_joint_once(preset: str) -> None:
    names = names_of(preset)
    assert tuple(names) == RIG.joints
    assert len(set(names.values())) == len(RIG)


def test_the_bones_that_unity_and_vrm_require() -> None:
    limbs = ("UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot")
    required = ["hips", "spine", "head"]
    required += [f"{side}{limb}" for side in ("left", "right") for limb in limbs]
    assert set(required) <= set(NAMES["vrm"].values())
    assert {name[0].upper() + name[1:] for name in required} <= set(NAMES["unity"].values())


def test_names_of_a_few_joints() -> None:
    assert NAMES["mixamo"]["left_elbow"] == "mixamorig:LeftForeArm"
    assert NAMES["rigify"]["right_hip"] == "thigh.R"
    assert NAMES["h36m"]["neck"] == "thorax"
    assert NAMES["opensim"]["right_knee"] == "RKnee"


@pytest.mark.parametrize(
    ("program", "left_handed"),
    [("blender", 0), ("gltf", 0), ("maya", 0), ("opensim", 0), ("unity", 1), ("unreal", 1)],
)
def test_handedness(program: str, left_handed: int) -> None:
    axes = AXES[program]
    assert axes.right_handed != bool(left_handed)
    assert np.linalg.det(axes.from_world) == pytest.approx(-1 if left_handed else 1)


def test_a_person_in_unity_looks_along_z_with_the_right_hand_at_x() -> None:
    unity = axes_of("unity")
    np.testing.assert_allclose(unity.points(AHEAD), [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(unity.points(-LEFT), [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(unity.points(UP), [0, 1, 0], atol=1e-12)


def test_a_person_in_unreal_looks_along_x_in_centimetres() -> None:
    unreal = axes_of("unreal")
    np.testing.assert_allclose(unreal.points(AHEAD), [100, 0, 0], atol=1e-12)
    np.testing.assert_allclose(unreal.points(-LEFT), [0, 100, 0], atol=1e-12)


@pytest.mark.parametrize("program", AXES)
def test_turning_and_changing_axes_commute(program: str) -> None:
    axes, rng = AXES[program], np.random.default_rng(2)
    turn, point = Rotation.random(random_state=3), rng.normal(size=3)
    there = Rotation.from_quat(axes.rotations(turn.as_quat()))
    np.testing.assert_allclose(there.apply(axes.points(point)), axes.points(turn.apply(point)))


def test_unknown_words_are_told_with_the_list() -> None:
    with pytest.raises(UnknownName, match="mixamo"):
        names_of("mixmo")
    with pytest.raises(UnknownName, match="blender"):
        axes_of("blendr")
