"""Human3.6M's cameras equal VideoPose3D's on recorded points."""

from __future__ import annotations

import numpy as np
import pytest

from monomocap.geometry.camera import (
    from_screen,
    pose_from_quaternion,
    project_h36m,
    to_camera,
    to_screen,
    to_world,
)
from monomocap.types import Camera
from tests.golden import vectors as golden


@pytest.fixture(scope="module")
def recorded() -> golden.Vectors:
    return golden.vectors("cameras")


@pytest.fixture(scope="module")
def standing(recorded: golden.Vectors) -> Camera:
    pose = pose_from_quaternion(recorded["quat_wxyz"], recorded["translation"])
    return Camera(1000, 1002, (1145.0, 1144.0), (512.0, 515.0), camera_from_world=pose)


def test_world_to_camera_and_back(recorded: golden.Vectors, standing: Camera) -> None:
    """Recorded in single precision."""
    camera = to_camera(standing, recorded["world"])
    np.testing.assert_allclose(camera, recorded["camera"], atol=1e-5)
    np.testing.assert_allclose(
        to_world(standing, recorded["camera"]), recorded["world_back"], atol=1e-5
    )


@pytest.mark.parametrize("distorted", [True, False])
def test_projection(recorded: golden.Vectors, distorted: bool) -> None:
    numbers = recorded["intrinsic9"][0]
    lens = (numbers[4:7], numbers[7:9]) if distorted else (None, None)
    ours = project_h36m(recorded["camera"], numbers[0:2], numbers[2:4], *lens)
    theirs = recorded["project_distorted" if distorted else "project_linear"]
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_screen_units_and_back(recorded: golden.Vectors) -> None:
    screen = to_screen(recorded["pixels"], 1000, 1002)
    np.testing.assert_allclose(screen, recorded["screen_w1000_h1002"], rtol=1e-9, atol=1e-12)
    back = from_screen(recorded["screen_w1000_h1002"], 1000, 1002)
    np.testing.assert_allclose(back, recorded["image_back"], rtol=1e-9)
