"""Cameras: metres to pixels and back, and the virtual camera that looks at a person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monomocap.errors import InputError
from monomocap.geometry.camera import (
    distort,
    from_screen,
    look_at,
    pose_from_quaternion,
    project,
    rays,
    to_camera,
    to_screen,
    to_world,
    turn_rays,
    undistort,
)
from monomocap.geometry.rotation import angle
from monomocap.types import DEFAULT_FOCAL_ERROR, DEFAULT_FOV_DEG, Camera

PLAIN = Camera(1280, 720, (900.0, 950.0), (630.0, 355.0))
LENSES = {
    "none": (),
    "phone": (0.05, -0.08, 0.0005, -0.0003),
    "barrel": (-0.28, 0.09, 0.001, 0.002, -0.01),
    "human3.6m": (-0.207, 0.248, -0.0014, -0.00098, -0.0031),
}
seeds = st.integers(0, 2**32 - 1)
unit_rays = st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5)).map(np.array)


def with_lens(name: str) -> Camera:
    return replace(PLAIN, distortion=LENSES[name])


def people(seed: int) -> np.ndarray:
    """Points in front of the camera and inside its picture, (20, 3) metres."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(-1, 1, (20, 2)) * [0.6, 0.35]
    z = rng.uniform(0.5, 10, (20, 1))
    return np.concatenate([xy * z, z], axis=1)


def test_the_axis_lands_in_the_center_and_axes_point_right_and_down() -> None:
    points = np.array([[0, 0, 3.0], [1, 0, 3.0], [0, 1, 3.0]])
    center, right, down = np.asarray(project(PLAIN, points))
    np.testing.assert_allclose(center, PLAIN.center_px)
    np.testing.assert_allclose(right - center, [300, 0], atol=1e-9)
    np.testing.assert_allclose(down - center, [0, 950 / 3], atol=1e-9)


@pytest.mark.parametrize("lens", LENSES)
@given(seed=seeds)
def test_pixels_to_rays_undoes_projection(lens: str, seed: int) -> None:
    camera, points = with_lens(lens), people(seed)
    np.testing.assert_allclose(
        rays(camera, project(camera, points)), points[:, :2] / points[:, 2:], atol=1e-6
    )


@pytest.mark.parametrize("lens", LENSES)
@given(seed=seeds)
def test_undistorting_undoes_distortion(lens: str, seed: int) -> None:
    camera = with_lens(lens)
    straight = np.random.default_rng(seed).uniform(-0.6, 0.6, (20, 2)) * [1, 0.6]
    np.testing.assert_allclose(undistort(camera, distort(camera, straight)), straight, atol=1e-6)


def test_four_numbers_of_distortion_mean_k3_is_0() -> None:
    ray = np.random.default_rng(0).uniform(-0.5, 0.5, (10, 2))
    four = replace(PLAIN, distortion=(-0.2, 0.1, 0.001, 0.002))
    five = replace(PLAIN, distortion=(-0.2, 0.1, 0.001, 0.002, 0.0))
    np.testing.assert_array_equal(distort(four, ray), distort(five, ray))
    bent = distort(replace(PLAIN, distortion=(-0.2, 0.0, 0.0, 0.0)), ray)
    assert (np.linalg.norm(bent, axis=1) < np.linalg.norm(ray, axis=1)).all(), "a barrel"


def test_opencv_tangential_terms() -> None:
    """x' = x + 2 p1 xy + p2 (r2 + 2 x2), y' = y + p1 (r2 + 2 y2) + 2 p2 xy (OpenCV's manual)."""
    ray = np.array([0.3, 0.2])
    x, y, r2 = 0.3, 0.2, 0.13
    one = distort(replace(PLAIN, distortion=(0.0, 0.0, 0.01, 0.0)), ray)
    np.testing.assert_allclose(one - ray, [0.01 * 2 * x * y, 0.01 * (r2 + 2 * y * y)])
    two = distort(replace(PLAIN, distortion=(0.0, 0.0, 0.0, 0.01)), ray)
    np.testing.assert_allclose(two - ray, [0.01 * (r2 + 2 * x * x), 0.01 * 2 * x * y])


def test_nothing_behind_the_camera_is_seen_and_missing_stays_missing() -> None:
    points = np.array([[0, 0, -3.0], [1, 1, 0.0], [np.nan] * 3, [0, 0, 1.0]])
    seen = np.isfinite(project(PLAIN, points)).all(axis=-1)
    np.testing.assert_array_equal(seen, [False, False, False, True])
    assert np.isnan(rays(with_lens("barrel"), np.array([[np.nan, np.nan]]))).all()


@given(unit_rays)
def test_look_at_turns_the_ray_to_the_axis_by_the_smallest_angle(ray: np.ndarray) -> None:
    rotation = look_at(ray)
    direction = np.array([*ray, 1.0])
    length = np.linalg.norm(direction)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)
    np.testing.assert_allclose(rotation @ direction, length * np.eye(3)[2], atol=1e-9)
    assert angle(rotation) == pytest.approx(np.arctan(np.hypot(*ray)), abs=1e-6)


def test_look_at_the_axis_turns_nothing() -> None:
    np.testing.assert_allclose(look_at(np.zeros(2)), np.eye(3), atol=1e-15)


@given(seeds, unit_rays)
def test_turned_rays_are_the_rays_of_turned_points(seed: int, ray: np.ndarray) -> None:
    points, rotation = people(seed), look_at(ray)
    turned = points @ rotation.T
    expected = turned[:, :2] / np.where(turned[:, 2:] > 0, turned[:, 2:], np.nan)
    found = turn_rays(rotation, points[:, :2] / points[:, 2:])
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_batches_turn_each_frame_by_its_own_rotation() -> None:
    rng = np.random.default_rng(0)
    aims, seen = rng.uniform(-1, 1, (5, 2)), rng.uniform(-0.3, 0.3, (5, 17, 2))
    together = turn_rays(look_at(aims), seen)
    alone = np.stack([turn_rays(look_at(a), s) for a, s in zip(aims, seen, strict=True)])
    np.testing.assert_allclose(together, alone)


@given(st.integers(16, 4000), st.integers(16, 4000), st.floats(5, 150))
def test_field_of_view_is_across_the_longer_side(width: int, height: int, fov_deg: float) -> None:
    camera = Camera.from_fov(width, height, fov_deg)
    assert camera.fov_deg == pytest.approx(fov_deg)
    assert camera.focal_px[0] == camera.focal_px[1]
    half = np.tan(np.radians(fov_deg / 2))
    assert max(width, height) / 2 / camera.focal_px[0] == pytest.approx(half)
    middle = np.array([width - 1, height - 1]) / 2
    np.testing.assert_allclose(camera.center_px, middle)
    assert (camera.source, camera.focal_error) == ("given", 0.0)


def test_an_assumed_lens_says_so() -> None:
    camera = Camera.from_fov(640, 480)
    assert camera.fov_deg == pytest.approx(DEFAULT_FOV_DEG)
    assert (camera.source, camera.focal_error) == ("assumed", DEFAULT_FOCAL_ERROR)


@pytest.mark.parametrize("fov_deg", [0.0, -10.0, 180.0, 400.0])
def test_a_field_of_view_has_limits(fov_deg: float) -> None:
    with pytest.raises(InputError, match="between 0 and 180"):
        Camera.from_fov(640, 480, fov_deg)


@given(seeds)
def test_world_and_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    quaternion = rng.normal(size=4)
    place = rng.uniform(-5, 5, 3)
    pose = pose_from_quaternion(quaternion / np.linalg.norm(quaternion), place)
    camera, points = replace(PLAIN, camera_from_world=pose), rng.normal(size=(4, 17, 3))
    np.testing.assert_allclose(to_world(camera, to_camera(camera, points)), points, atol=1e-9)
    np.testing.assert_allclose(to_camera(camera, place), 0, atol=1e-9)


def test_a_camera_that_stands_nowhere_says_so() -> None:
    for go in (to_camera, to_world):
        with pytest.raises(InputError, match="camera_from_world"):
            go(PLAIN, np.zeros(3))


def test_screen_units() -> None:
    corners = np.array([[0.0, 0.0], [1000.0, 500.0], [500.0, 250.0]])
    screen = to_screen(corners, 1000, 500)
    np.testing.assert_allclose(screen, np.array([[-1.0, -0.5], [1.0, 0.5], [0.0, 0.0]]))
    np.testing.assert_allclose(from_screen(screen, 1000, 500), corners)


WIDE = {
    "action camera": (-0.28, 0.09, 0.0005, -0.0003, -0.012),
    "rational": (0.4, -0.3, 0.0006, -0.0002, -0.02, 0.75, -0.25, -0.08),
    "thin prism": (-0.1, 0.02, 0.001, 0.002, 0.0, 0.02, 0.01, 0.0, 0.002, -0.001, 0.001, 0.0005),
}


@pytest.mark.parametrize("lens", WIDE)
@given(seed=seeds)
def test_wide_lenses_are_undone_up_to_their_corners(lens: str, seed: int) -> None:
    """Rays up to 50 degrees off the axis: the corners of a lens of 90 degrees."""
    camera = replace(PLAIN, distortion=WIDE[lens])
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi, 20)
    radius = np.random.default_rng(seed + 1).uniform(0, np.tan(np.radians(50)), 20)
    straight = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    np.testing.assert_allclose(undistort(camera, distort(camera, straight)), straight, atol=1e-7)


@given(seeds)
def test_a_fisheye_is_undone_up_to_85_degrees(seed: int) -> None:
    camera = replace(PLAIN, distortion=(0.04, -0.012, 0.006, -0.0015), fisheye=True)
    rng = np.random.default_rng(seed)
    turn, off = rng.uniform(0, 2 * np.pi, 20), rng.uniform(0, np.radians(85), 20)
    straight = np.tan(off)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    bent = distort(camera, straight)
    np.testing.assert_allclose(undistort(camera, bent), straight, rtol=1e-6, atol=1e-9)
    assert np.linalg.norm(bent, axis=1).max() < 1.6, (
        "the picture has an edge where tangents have none"
    )


def test_without_numbers_a_fisheye_is_equidistant() -> None:
    camera = replace(PLAIN, fisheye=True)
    at_45_degrees = distort(camera, np.array([[1.0, 0.0], [0.0, 0.0]]))
    np.testing.assert_allclose(at_45_degrees, np.array([[np.pi / 4, 0.0], [0.0, 0.0]]))


@pytest.mark.parametrize("lens", ["barrel", "fisheye"])
def test_what_a_lens_cannot_have_seen_is_missing(lens: str) -> None:
    """A strong barrel folds back: no ray lands beyond its largest radius."""
    numbers = (-0.4, 0.0, 0.0, 0.0)
    camera = replace(PLAIN, distortion=numbers, fisheye=lens == "fisheye")
    radius = np.linspace(0, 0.85 if lens == "fisheye" else 0.912, 40)
    largest = np.linalg.norm(distort(camera, np.stack([radius, 0 * radius], axis=-1)), axis=1).max()
    inside, outside = undistort(camera, np.array([[0.9 * largest, 0], [1.2 * largest, 0]]))
    assert np.isfinite(inside).all()
    assert np.isnan(outside).all()


def test_opencv_bends_as_we_do() -> None:
    """OpenCV comes with MediaPipe; it is asked here and nowhere else."""
    cv2 = pytest.importorskip("cv2")
    points = people(3)
    for numbers in (*LENSES.values(), *WIDE.values()):
        camera = replace(PLAIN, distortion=numbers)
        matrix = np.array(
            [
                [camera.focal_px[0], 0, camera.center_px[0]],
                [0, camera.focal_px[1], camera.center_px[1]],
            ]
            + [[0, 0, 1.0]]
        )
        seen, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), matrix, np.array(numbers))
        np.testing.assert_allclose(project(camera, points), seen[:, 0], atol=1e-6)
    numbers = (0.04, -0.012, 0.006, -0.0015)
    seen, _ = cv2.fisheye.projectPoints(
        points[:, None], np.zeros(3), np.zeros(3), matrix, np.array(numbers)
    )
    fisheye = replace(PLAIN, distortion=numbers, fisheye=True)
    np.testing.assert_allclose(project(fisheye, points), seen[:, 0], atol=1e-6)
