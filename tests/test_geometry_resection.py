"""Cameras found from points: exactly from exact points, nearly from noisy ones."""

from dataclasses import replace

import numpy as np
import pytest

from monomocap.datasets.human36m import camera as human36m_camera
from monomocap.errors import InputError
from monomocap.geometry.camera import project, to_camera
from monomocap.geometry.resection import fit_camera, fit_lens, fit_pose, reprojection_px

TRUE = human36m_camera("S9", "54138969")


def points(seed: int = 0, count: int = 300) -> np.ndarray:
    """Somewhere in the room before the camera."""
    return np.random.default_rng(seed).uniform([-1, -1, 0], [1, 1, 1.8], (count, 3))


def test_a_lens_is_found_from_points_in_camera_axes() -> None:
    straight = replace(TRUE, distortion=())
    xyz = to_camera(TRUE, points())
    focal, center = fit_lens(xyz, project(straight, xyz))
    assert focal == pytest.approx(TRUE.focal_px) and center == pytest.approx(TRUE.center_px)


def test_a_whole_camera_is_found_from_points_in_the_world() -> None:
    world = points()
    xy = project(TRUE, to_camera(TRUE, world))
    found = fit_camera(world, xy, TRUE.width_px, TRUE.height_px)
    assert reprojection_px(found, world, xy) < 0.01
    assert found.focal_px == pytest.approx(TRUE.focal_px, rel=1e-3)
    stands, true = np.array(found.camera_from_world), np.array(TRUE.camera_from_world)
    np.testing.assert_allclose(stands, true, atol=5e-3)
    fresh = points(1)
    assert np.abs(to_camera(found, fresh) - to_camera(TRUE, fresh)).max() < 5e-3


def test_a_pose_is_found_although_some_points_are_wrong() -> None:
    rng = np.random.default_rng(2)
    world = points()
    xy = project(TRUE, to_camera(TRUE, world)) + rng.normal(0, 2, (300, 2))
    xy[:20] += 200
    found = fit_pose(replace(TRUE, camera_from_world=None), world, xy)
    apart = np.linalg.norm(to_camera(found, world) - to_camera(TRUE, world), axis=-1)
    assert np.median(apart) < 0.03


def test_too_few_points_and_points_in_a_line_are_refused() -> None:
    with pytest.raises(InputError, match="needs 12"):
        fit_camera(points(count=5), points(count=5)[:, :2], 100, 100)
    line = np.ones((50, 3)) * np.linspace(1, 2, 50)[:, None]
    with pytest.raises(InputError, match="one direction"):
        fit_lens(line, line[:, :2])
