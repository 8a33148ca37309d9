"""More poses than were captured: recombined limbs keep their bones, rare kinds come oftener."""

import numpy as np
import pytest

from monomocap.skeleton import H36M17
from monomocap.train.augment import limb_directions, rarity, recombined, trunk_axes
from tests.test_train import person

J = H36M17.index


def batch() -> np.ndarray:
    return np.stack([person(seed, 9) for seed in range(40)])


def bone(world: np.ndarray, parent: str, child: str) -> np.ndarray:
    return np.asarray(np.linalg.norm(world[:, :, J(child)] - world[:, :, J(parent)], axis=-1))


@pytest.mark.parametrize(
    ("parent", "child"), [("left_hip", "left_knee"), ("right_elbow", "right_wrist")]
)
def test_other_limbs_have_the_length_of_the_body_that_they_join(parent: str, child: str) -> None:
    world = batch()
    other = recombined(world, 1.0, np.random.default_rng(0))
    mean = bone(world, parent, child).mean(axis=1)
    assert np.allclose(bone(other, parent, child).mean(axis=1), mean, rtol=1e-4)
    changed = ~np.isclose(other, world, atol=1e-4).all(axis=(1, 2, 3))
    assert changed.mean() > 0.8, "of four limbs one or more is another, but for one clip in 16"


def test_the_trunk_stays_and_no_share_changes_nothing() -> None:
    world = batch()
    trunk = [J(name) for name in ("pelvis", "thorax", "left_hip", "right_shoulder", "head")]
    other = recombined(world, 1.0, np.random.default_rng(0))
    assert np.array_equal(other[:, :, trunk], world[:, :, trunk])
    assert np.allclose(recombined(world, 0.0, np.random.default_rng(0)), world, atol=1e-6)


def test_a_limb_is_the_donors_as_seen_from_the_trunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monomocap.train.augment._TURN_SD_RAD", 0.0)
    world = batch()
    other = recombined(world, 1.0, np.random.default_rng(0))
    own = limb_directions(world.reshape(-1, 17, 3)).reshape(40, 9, 24)
    seen = limb_directions(other.reshape(-1, 17, 3)).reshape(40, 9, 24)
    for limb in range(4):
        part = slice(6 * limb, 6 * limb + 6)
        apart = np.abs(seen[:, None, :, part] - own[None, :, :, part]).max(axis=(2, 3))
        assert (apart.min(axis=1) < 1e-3).all(), "every limb is somebody's"


def test_axes_are_left_up_forward() -> None:
    axes = trunk_axes(person(0, 1), "shoulder")[0]
    assert np.allclose(axes @ axes.T, np.eye(3), atol=1e-5)
    assert axes[1, 2] > 0.7 and np.linalg.det(axes) > 0


def test_rare_kinds_of_pose_are_drawn_oftener() -> None:
    poses = np.concatenate([np.repeat(person(0, 1), 900, axis=0), person(5, 100)])
    seconds = np.full(1000, 1 / 30)
    weight = rarity(poses, seconds, power=0.5, seed=0)
    assert weight[900:].mean() > 2 * weight[:900].mean()
    assert np.array_equal(rarity(poses, seconds, power=0.0, seed=0), np.ones(1000))
