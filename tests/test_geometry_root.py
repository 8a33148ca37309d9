"""The pelvis's way from pose, 2D and lens."""

import numpy as np
import pytest

from monomocap.geometry.camera import project as seen_at
from monomocap.geometry.camera import rays, to_camera
from monomocap.geometry.root import root_path
from monomocap.geometry.stature import apparent_stature, constant_bones, stature_of
from monomocap.render.motions import squat, walk
from monomocap.render.sample import sample_camera
from monomocap.skeleton import H36M17
from monomocap.types import Motion3D

CAMERA = sample_camera()


def filmed(motion: Motion3D, noise_px: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Poses in camera axes, and the rays along which their joints are seen."""
    xyz_m = to_camera(CAMERA, motion.xyz_m)
    noise = np.random.default_rng(0).normal(0, 1, (*xyz_m.shape[:2], 2))
    return xyz_m, rays(CAMERA, seen_at(CAMERA, xyz_m) + noise_px * noise)


def test_a_true_pose_lies_where_it_is() -> None:
    motion = walk(4.0, 30.0)
    xyz_m, ray = filmed(motion)
    found = root_path(xyz_m - xyz_m[:, :1], ray, np.ones(ray.shape[:2]), motion.time_s)
    assert np.linalg.norm(found.root_m - xyz_m[:, 0], axis=1).max() < 0.02
    assert found.fits < 1e-3


def test_noise_is_averaged_over_joints_and_time() -> None:
    motion = walk(4.0, 30.0)
    xyz_m, ray = filmed(motion, noise_px=4.0)
    found = root_path(xyz_m - xyz_m[:, :1], ray, np.ones(ray.shape[:2]), motion.time_s)
    off = np.linalg.norm(found.root_m - xyz_m[:, 0], axis=1)
    assert off.mean() < 0.03


def test_a_wild_joint_hardly_counts() -> None:
    motion = walk(3.0, 30.0)
    xyz_m, ray = filmed(motion, noise_px=1.0)
    right = root_path(xyz_m - xyz_m[:, :1], ray, np.ones(ray.shape[:2]), motion.time_s)
    ray[20:50, 16] += 0.8
    wild = root_path(xyz_m - xyz_m[:, :1], ray, np.ones(ray.shape[:2]), motion.time_s)
    assert np.linalg.norm(wild.root_m - right.root_m, axis=1).max() < 0.05


def test_planted_feet_hold_the_body_where_the_depth_is_blurred() -> None:
    """Standing feet say that a squat stays where it is, whatever the apparent size does."""
    motion = squat(4.0, 30.0)
    xyz_m, ray = filmed(motion)
    rng = np.random.default_rng(1)
    breathing = 1 + 0.05 * np.sin(5 * motion.time_s + rng.uniform(0, 6))[:, None, None]
    ankles = np.zeros(ray.shape[:2], bool)
    ankles[:, [3, 6]] = True
    pose = xyz_m - xyz_m[:, :1]
    middle = (ray * np.ones(ray.shape)).mean(axis=1, keepdims=True)
    blurred = middle + (ray - middle) * breathing
    free = root_path(pose, blurred, np.ones(ray.shape[:2]), motion.time_s)
    held = root_path(pose, blurred, np.ones(ray.shape[:2]), motion.time_s, ankles)
    errors = [np.ptp(p.root_m[:, 2] - xyz_m[:, 0, 2]) for p in (free, held)]
    assert errors[1] < 0.5 * errors[0]


def test_gaps_stay_gaps_and_few_frames_are_answered() -> None:
    motion = walk(4.0, 30.0)
    xyz_m, ray = filmed(motion)
    pose = xyz_m - xyz_m[:, :1]
    pose[10:15], ray[40:100] = np.nan, np.nan
    found = root_path(pose, ray, np.ones(ray.shape[:2]), motion.time_s)
    gone = np.flatnonzero(~np.isfinite(found.root_m).all(axis=1))
    assert gone.tolist() == [*range(10, 15), *range(40, 100)]
    for frames in (0, 1, 2, 3):
        few = root_path(pose[:frames], ray[:frames], np.ones((frames, 17)), motion.time_s[:frames])
        assert np.allclose(few.root_m, xyz_m[:frames, 0], atol=0.02)


def test_a_body_is_as_tall_as_its_bones_say() -> None:
    tall = walk(2.0, 30.0, height_m=1.92)
    assert apparent_stature(tall.xyz_m, H36M17) == pytest.approx(1.92, abs=0.01)
    assert np.isnan(apparent_stature(np.full((3, 17, 3), np.nan), H36M17))
    assert stature_of(1.8).error < stature_of(None).error


def test_bones_keep_their_length_and_direction() -> None:
    true_m = walk(2.0, 30.0).xyz_m
    wobbly = true_m + np.random.default_rng(0).normal(0, 0.02, true_m.shape)
    stiff = constant_bones(wobbly, H36M17)
    for parent, child in H36M17.bones:
        length = np.linalg.norm(stiff[:, child] - stiff[:, parent], axis=-1)
        assert np.ptp(length) < 1e-9
        along = wobbly[:, child] - wobbly[:, parent]
        assert np.allclose(np.cross(along, stiff[:, child] - stiff[:, parent]), 0, atol=1e-9)
    gap = wobbly.copy()
    gap[5, 16] = np.nan
    assert np.isnan(constant_bones(gap, H36M17)[5, 16]).all()
