"""Cameras that never were, other bodies, and what a detector would get wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monomocap.datasets.synthetic import (
    Noise,
    Viewpoints,
    apparent_size,
    camera_rotation,
    cameras_from_world,
    detect,
    to_camera,
    vary_bones,
)
from monomocap.geometry.trunk import trunk_from_limbs
from monomocap.skeleton import H36M17, LIMB_JOINTS
from tests.mocap_files import T_POSE_M

LIMBS = [H36M17.index(name) for name in LIMB_JOINTS]
angle = st.floats(-3.1, 3.1)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def rotation(heading: float, pitch: float, roll: float) -> np.ndarray:
    angles = (np.array([a]) for a in (heading, pitch, roll))
    matrix: np.ndarray = camera_rotation(*angles)[0]
    return matrix


def people(batch: int, time: int, seed: int = 0) -> np.ndarray:
    """The adult in a T-pose, limbs shaken, walking somewhere: (batch, time, 17, 3), Z up."""
    drawn = rng(seed)
    path = np.cumsum(drawn.normal(0, 0.05, (batch, time, 1, 3)) * [1, 1, 0], axis=1)
    start = drawn.uniform(-3, 3, (batch, 1, 1, 3)) * [1, 1, 0]
    shaken: np.ndarray = T_POSE_M + drawn.normal(0, 0.02, (batch, time, 17, 3))
    return shaken + path + start


@given(angle, angle, angle)
def test_a_camera_is_a_rotation(heading: float, pitch: float, roll: float) -> None:
    matrix = rotation(heading, pitch, roll)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1)


@given(angle)
def test_a_level_camera_sees_up_as_up_and_looks_along_its_heading(heading: float) -> None:
    matrix = rotation(heading, 0.0, 0.0)
    np.testing.assert_allclose(matrix @ [0, 0, 1], [0, -1, 0], atol=1e-12)
    away = [np.cos(heading), np.sin(heading), 0]
    np.testing.assert_allclose(matrix @ away, [0, 0, 1], atol=1e-12)


@given(angle, st.floats(0.05, 1.5))
def test_a_camera_pitched_up_in_numbers_looks_down(heading: float, pitch: float) -> None:
    axis = rotation(heading, pitch, 0.0).T @ [0, 0, 1]
    assert axis[2] == pytest.approx(-np.sin(pitch))


@given(angle, st.floats(0.05, 1.5))
def test_a_camera_rolled_clockwise_sees_the_world_turn_the_other_way(
    heading: float, roll: float
) -> None:
    """Clockwise as its owner sees it: the top of the camera goes right, so up tilts left."""
    up = rotation(heading, 0.0, roll) @ [0, 0, 1]
    np.testing.assert_allclose(up, [-np.sin(roll), -np.cos(roll), 0], atol=1e-12)


@pytest.mark.parametrize("anywhere", [0.0, 1.0])
def test_everybody_is_in_front_and_the_middle_of_their_way_is_on_the_axis(anywhere: float) -> None:
    world = people(300, 20)
    root = world[:, :, 0]
    views = Viewpoints(any_tilt_share=anywhere)
    rotations, translations = cameras_from_world(root, views, rng())
    camera = to_camera(world, rotations, translations)
    reach = np.linalg.norm(world - world[:, :, :1], axis=-1).max()
    assert camera[..., 2].min() > views.nearest_m - reach > 0.5
    middle = (root.min(axis=1) + root.max(axis=1)) / 2
    seen = to_camera(middle[:, None, None], rotations, translations)[:, 0, 0]
    np.testing.assert_allclose(seen[:, :2], 0, atol=1e-9)
    roaming = np.linalg.norm(root - middle[:, None], axis=-1).max(axis=1)
    distance = seen[:, 2] - roaming
    assert views.nearest_m <= distance.min() < 2.2
    assert 7.3 < distance.max() <= views.farthest_m


def test_cameras_tilt_as_they_are_asked_to() -> None:
    root = np.zeros((4000, 1, 3))
    level = Viewpoints(pitch_sd_rad=0.0, roll_sd_rad=0.0)
    up = cameras_from_world(root, level, rng())[0] @ [0.0, 0.0, 1.0]
    np.testing.assert_allclose(up, np.tile([0.0, -1.0, 0.0], (4000, 1)), atol=1e-12)
    tilted = cameras_from_world(root, Viewpoints(), rng())[0]
    pitch = -np.arcsin(tilted[:, 2, 2])
    assert pitch.std() == pytest.approx(0.25, abs=0.02)
    away = tilted[:, 2]
    heading = np.arctan2(away[:, 1], away[:, 0])
    counts = np.histogram(heading, bins=8, range=(-np.pi, np.pi))[0]
    assert counts.min() > 400


def test_to_camera_keeps_distances() -> None:
    world = people(5, 4)
    rotations, translations = cameras_from_world(world[:, :, 0], Viewpoints(), rng())
    camera = to_camera(world, rotations, translations)
    before = np.linalg.norm(world[:, :, :1] - world, axis=-1)
    after = np.linalg.norm(camera[:, :, :1] - camera, axis=-1)
    np.testing.assert_allclose(after, before, atol=1e-12)


def bone_lengths(xyz: np.ndarray) -> dict[str, np.ndarray]:
    return {
        H36M17.joints[child]: np.linalg.norm(xyz[:, :, child] - xyz[:, :, parent], axis=-1)
        for parent, child in H36M17.bones
    }


def test_other_bodies_have_left_like_right_and_bones_that_point_the_same_way() -> None:
    world = people(50, 3)
    before = world.copy()
    varied = vary_bones(world, 0.1, rng())
    np.testing.assert_array_equal(world, before)
    np.testing.assert_array_equal(varied[:, :, 0], world[:, :, 0])
    old, new = bone_lengths(world), bone_lengths(varied)
    for name in old:
        ratio = new[name] / old[name]
        np.testing.assert_allclose(ratio, ratio[:, :1].repeat(3, axis=1), rtol=1e-9)
        if name.startswith("left_"):
            other = name.replace("left_", "right_")
            np.testing.assert_allclose(ratio, new[other] / old[other], rtol=1e-9)
    for parent, child in H36M17.bones:
        a, b = (xyz[:, :, child] - xyz[:, :, parent] for xyz in (world, varied))
        cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
        np.testing.assert_allclose(cosine, 1, atol=1e-9)


def test_bones_vary_as_much_as_they_are_asked_to() -> None:
    world = people(3000, 1)
    old, new = bone_lengths(world), bone_lengths(vary_bones(world, 0.07, rng()))
    for name in ("left_knee", "right_elbow", "spine", "head"):
        assert np.log(new[name] / old[name]).std() == pytest.approx(0.07, abs=0.005)
    for name in ("left_hip", "right_shoulder"):
        assert np.log(new[name] / old[name]).std() == pytest.approx(0.12, abs=0.01)


def rays(batch: int, time: int, seed: int = 0) -> np.ndarray:
    """What cameras see of people, trunks made as detectors' are."""
    world = people(batch, time, seed)
    camera = to_camera(world, *cameras_from_world(world[:, :, 0], Viewpoints(), rng(seed)))
    seen: np.ndarray = trunk_from_limbs(camera[..., :2] / camera[..., 2:])
    return seen


CLEAN = Noise(clean_share=1.0, swap_share=0.0, missing_share=0.0)


def test_a_detector_answers_in_the_same_shape_and_leaves_its_input_alone() -> None:
    true = rays(40, 30)
    before = true.copy()
    seen, score = detect(true, Noise(), rng())
    np.testing.assert_array_equal(true, before)
    assert seen.shape == true.shape
    assert score.shape == true.shape[:-1]
    assert score.min() >= 0
    assert score.max() <= 1


def test_missing_is_nan_with_score_0_and_nothing_else_is() -> None:
    seen, score = detect(rays(300, 30), Noise(missing_share=0.5), rng())
    missing = np.isnan(seen).any(axis=-1)
    np.testing.assert_array_equal(missing, np.isnan(seen).all(axis=-1))
    np.testing.assert_array_equal(missing, score == 0)
    assert 0.3 < missing.any(axis=(1, 2)).mean() < 0.55
    assert np.isfinite(detect(rays(50, 30), Noise(missing_share=0.0), rng())[0]).all()


def test_a_clean_detector_sees_the_truth() -> None:
    true = rays(20, 15)
    seen, _ = detect(true, CLEAN, rng())
    np.testing.assert_allclose(seen, true, atol=1e-12)


def test_the_same_seed_sees_the_same_and_another_does_not() -> None:
    true = rays(10, 15)
    first, score = detect(true, Noise(), rng(7))
    again, score_again = detect(true, Noise(), rng(7))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(score, score_again)
    assert not np.array_equal(first, detect(true, Noise(), rng(8))[0], equal_nan=True)


def test_mistakes_are_shares_of_the_persons_size_in_the_picture() -> None:
    """Twice as near, and mistakes are twice as large: the same in the person's own measure."""
    true = rays(60, 20)
    noise = Noise(missing_share=0.0)
    small = detect(true, noise, rng(1))[0] - true
    large = detect(2 * true, noise, rng(1))[0] - 2 * true
    np.testing.assert_allclose(large, 2 * small, atol=1e-9)
    np.testing.assert_allclose(apparent_size(2 * true), 2 * apparent_size(true))


def typical_error(noise: Noise) -> float:
    """Median mistake of a limb joint, as a share of the person's size."""
    true = rays(400, 20)
    error = np.linalg.norm(detect(true, noise, rng(2))[0] - true, axis=-1)[:, :, LIMBS]
    return float(np.median(error / apparent_size(true)[:, None, None]))


def test_more_noise_is_more_error() -> None:
    quiet = Noise(bursts_per_clip=0.0, swap_share=0.0, missing_share=0.0, clean_share=0.0)
    loud = Noise(
        bias=0.105,
        drift=0.09,
        jitter=0.024,
        bursts_per_clip=0.0,
        swap_share=0.0,
        missing_share=0.0,
        clean_share=0.0,
    )
    assert typical_error(loud) == pytest.approx(3 * typical_error(quiet), rel=1e-6)
    assert 0.02 < typical_error(quiet) < 0.12


def test_swaps_exchange_left_and_right_of_true_joints() -> None:
    true = rays(200, 20)
    swapped = Noise(clean_share=1.0, swap_share=1.0, missing_share=0.0)
    seen, _ = detect(true, swapped, rng(3))
    mirror = true[:, :, list(H36M17.mirror)]
    same = np.isclose(seen, true).all(axis=-1)[:, :, LIMBS]
    exchanged = np.isclose(seen, mirror).all(axis=-1)[:, :, LIMBS]
    assert (same | exchanged).all()
    assert (~same).any(axis=(1, 2)).mean() > 0.8


def test_a_hidden_joint_is_less_sure_than_a_seen_one() -> None:
    """On average: a burst of mistakes comes with a lower score, more often than not."""
    true = rays(400, 20)
    noise = Noise(missing_share=0.0, swap_share=0.0, clean_share=0.0)
    seen, score = detect(true, noise, rng(4))
    error = np.linalg.norm(seen - true, axis=-1)[:, :, LIMBS]
    error /= apparent_size(true)[:, None, None]
    score = score[:, :, LIMBS]
    assert score[error > 0.4].mean() < score[error < 0.05].mean() - 0.15


def test_a_trunk_is_made_of_limbs_and_head() -> None:
    xyz = rng().normal(size=(3, 17, 2))
    made = trunk_from_limbs(xyz)
    kept = [*LIMBS, H36M17.index("head")]
    np.testing.assert_array_equal(made[:, kept], xyz[:, kept])
    j = {name: made[:, H36M17.index(name)] for name in H36M17.joints}
    np.testing.assert_allclose(j["pelvis"], (j["left_hip"] + j["right_hip"]) / 2)
    np.testing.assert_allclose(j["thorax"], (j["left_shoulder"] + j["right_shoulder"]) / 2)
    np.testing.assert_allclose(j["spine"], (j["pelvis"] + j["thorax"]) / 2)
    np.testing.assert_allclose(j["neck"], (j["thorax"] + j["head"]) / 2)
    np.testing.assert_array_equal(trunk_from_limbs(made), made)
