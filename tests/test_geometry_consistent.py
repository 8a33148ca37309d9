"""Poses brought into agreement with their 2D: against motions whose truth is known."""

import numpy as np
import pytest

from monomocap.geometry import consistent as module
from monomocap.geometry.consistent import consistent, root_on_rays, seen_sd, stretches
from monomocap.geometry.trunk import trunk_from_limbs
from monomocap.skeleton import H36M17

FRAMES = 90
TIME_S = np.arange(FRAMES) / 30
SURE = np.ones((FRAMES, 17))
LIMBS = [(1, 2), (2, 3), (4, 5), (5, 6), (11, 12), (12, 13), (14, 15), (15, 16)]
REST = {
    "right_hip": (-0.13, 0.0, 0.0),
    "left_hip": (0.13, 0.0, 0.0),
    "right_shoulder": (-0.18, -0.5, 0.0),
    "left_shoulder": (0.18, -0.5, 0.0),
    "head": (0.0, -0.75, 0.0),
}
LENGTH_M = [0.45, 0.43, 0.45, 0.43, 0.30, 0.26, 0.30, 0.26]


def swinging() -> np.ndarray:
    """Somebody who turns and swings all limbs to and fro, 4 m away; camera axes, metres."""
    xyz = np.zeros((FRAMES, 17, 3))
    for name, at in REST.items():
        xyz[:, H36M17.index(name)] = at
    for number, ((start, end), length) in enumerate(zip(LIMBS, LENGTH_M, strict=True)):
        phase = 0.8 * number + 2.2 * TIME_S
        forth, aside = 0.9 * np.sin(phase), 0.3 * np.cos(0.7 * phase)
        along = np.stack(
            [np.sin(aside), np.cos(aside) * np.cos(forth), np.cos(aside) * np.sin(forth)], axis=-1
        )
        xyz[:, end] = xyz[:, start] + length * along
    turn = 0.6 * TIME_S
    x = np.cos(turn)[:, None] * xyz[..., 0] + np.sin(turn)[:, None] * xyz[..., 2]
    z = -np.sin(turn)[:, None] * xyz[..., 0] + np.cos(turn)[:, None] * xyz[..., 2]
    return trunk_from_limbs(np.stack([x, xyz[..., 1], z + 4], axis=-1))


def rays_of(xyz: np.ndarray) -> np.ndarray:
    return xyz[..., :2] / xyz[..., 2:]


def hedged(xyz: np.ndarray) -> np.ndarray:
    """What a network makes of it that is unsure of depth: limbs too flat now and again."""
    rng = np.random.default_rng(3)
    answer = xyz - xyz[:, :1]
    answer[..., 2] *= 1 - 0.4 * (np.sin(2.1 * TIME_S) > 0.6)[:, None]
    return trunk_from_limbs(answer + rng.normal(0, 0.002, answer.shape))


def error_mm(poses: np.ndarray, true: np.ndarray) -> float:
    return 1000 * float(np.linalg.norm(poses - (true - true[:, :1]), axis=-1).mean())


def lengths_m(poses: np.ndarray) -> np.ndarray:
    return np.stack([np.linalg.norm(poses[:, b] - poses[:, a], axis=-1) for a, b in LIMBS], axis=1)


def test_exact_2d_and_constant_bones_bring_depth_back() -> None:
    true = swinging()
    answer = hedged(true)
    found = consistent(answer, rays_of(true), SURE, TIME_S)
    assert error_mm(found, true) < 0.75 * error_mm(answer, true)
    assert lengths_m(found).std(axis=0).max() < 0.5 * lengths_m(answer).std(axis=0).max()
    assert np.abs(found[:, 0]).max() < 1e-9


def test_the_truth_stays_where_it_is() -> None:
    true = swinging()
    found = consistent(true - true[:, :1], rays_of(true), SURE, TIME_S)
    assert error_mm(found, true) < 3


def test_a_joint_that_was_seen_wrongly_does_not_pull() -> None:
    true = swinging()
    answer = hedged(true)
    ray = rays_of(true)
    wrist = H36M17.index("left_wrist")
    ray[30:36, wrist] += 0.1
    found = consistent(answer, ray, SURE, TIME_S)
    alone = consistent(answer, rays_of(true), SURE, TIME_S)
    pulled_m = np.linalg.norm(found - alone, axis=-1)[30:36, wrist]
    assert pulled_m.max() < 0.2 * 0.1 * 4


def test_joints_that_were_not_seen_keep_the_networks_answer_and_the_bones() -> None:
    true = swinging()
    answer = hedged(true)
    ray, score = rays_of(true), SURE.copy()
    leg = [H36M17.index("left_knee"), H36M17.index("left_ankle")]
    ray[20:50, leg], score[20:50, leg] = np.nan, 0
    found = consistent(answer, ray, score, TIME_S)
    assert np.isfinite(found).all()
    assert error_mm(found[20:50], true[20:50]) < error_mm(answer[20:50], true[20:50])


def test_the_slope_is_that_of_the_energy() -> None:
    true, few = swinging(), slice(0, 8)
    rng = np.random.default_rng(0)
    ray = rays_of(true) + rng.normal(0, 0.01, (FRAMES, 17, 2))
    ray[2, 5] = np.nan
    time_s = np.cumsum(rng.uniform(0.02, 0.06, FRAMES))
    problem = module._Problem(hedged(true)[few], ray[few], 0.8 * SURE[few], time_s[few])
    depth = problem.depth + rng.normal(0, 0.05, problem.depth.shape)
    length = problem.length + rng.normal(0, 0.05, 6)
    flat = np.concatenate([depth.ravel(), length])

    def energy(x: np.ndarray) -> float:
        return problem.energy(x[:-6].reshape(depth.shape), x[-6:])

    slope = np.array(
        [(energy(flat + e) - energy(flat - e)) / 2e-6 for e in 1e-6 * np.eye(len(flat))]
    )
    # With much damping a step goes straight down: each unknown by its slope over its curvature.
    by_depth, by_length = problem.step(depth, length, 1e6)
    step = np.concatenate([by_depth.ravel(), by_length])
    assert (np.sign(step) == -np.sign(slope))[np.abs(slope) > 0.1].all()
    small = 1e-3 * step * 1e6
    assert energy(flat + small) - energy(flat) == pytest.approx(float(slope @ small), rel=0.05)


def test_how_far_the_answer_is_from_the_2d_says_how_good_the_2d_is() -> None:
    seen = np.ones((90, 17), dtype=bool)
    off = np.random.default_rng(0).normal(0, 1, (90, 17, 2))
    sd = [np.median(seen_sd(size_m * off, seen, TIME_S)) for size_m in (0.001, 0.006, 0.012, 0.1)]
    assert sd == sorted(sd) and sd[0] < 1.1 * module.SEEN_M[0] and sd[-1] == module.SEEN_M[1]
    assert (seen_sd(np.zeros((90, 17, 2)), ~seen, TIME_S) == module.SEEN_M[1]).all()


@pytest.mark.parametrize("fps", [30, 60, 120])
def test_2d_that_does_not_tremble_is_trusted_however_far_off_the_answer_is(fps: int) -> None:
    time_s = np.arange(4 * fps) / fps
    seen = np.ones((len(time_s), 17), dtype=bool)
    slow = 0.03 * np.sin(2 * time_s)[:, None, None] * np.ones((1, 17, 2))
    rough = slow + np.random.default_rng(0).normal(0, 0.004, slow.shape)
    smooth_sd, rough_sd = (np.median(seen_sd(off_m, seen, time_s)) for off_m in (slow, rough))
    assert smooth_sd < 1.1 * module.SEEN_M[0] and rough_sd > 0.1


def test_a_joint_much_further_off_than_the_others_is_not_trusted() -> None:
    off_m = np.full((90, 17, 2), 0.001)
    off_m[7, 13] = 0.2
    sd = seen_sd(off_m, np.ones((90, 17), dtype=bool), TIME_S)
    assert sd[7, 13] == module.SEEN_M[1] and np.delete(sd, 7, axis=0).max() < 0.004


def test_the_root_is_where_the_rays_meet() -> None:
    true = swinging()
    np.testing.assert_allclose(
        root_on_rays(true - true[:, :1], rays_of(true), SURE), true[:, 0], atol=1e-6
    )


def test_frames_in_which_next_to_nothing_is_seen_are_placed_by_their_neighbours() -> None:
    true = swinging()
    ray, score = rays_of(true), SURE.copy()
    ray[40:44, 2:], score[40:44, 2:] = np.nan, 0
    found = consistent(hedged(true), ray, score, TIME_S)
    assert np.linalg.norm(found - hedged(true), axis=-1)[40:44].max() < 0.3
    nothing = consistent(hedged(true), np.full_like(ray, np.nan), SURE, TIME_S)
    np.testing.assert_array_equal(nothing, hedged(true))


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_too_few_frames_are_left_as_they_are(frames: int) -> None:
    true = swinging()[:frames]
    poses = true - true[:, :1]
    same = consistent(poses, rays_of(true), SURE[:frames], TIME_S[:frames])
    np.testing.assert_array_equal(same, poses)


@pytest.mark.parametrize("frames", [0, 1, 1800, 2699, 2701, 50_000])
def test_stretches_cover_everything_once_with_their_surroundings(frames: int) -> None:
    found = list(stretches(frames))
    assert [i for inner, _ in found for i in range(frames)[inner]] == list(range(frames))
    for inner, around in found:
        assert around.start <= inner.start and inner.stop <= around.stop <= frames
        assert inner.stop - inner.start <= 1.5 * module.PIECE
