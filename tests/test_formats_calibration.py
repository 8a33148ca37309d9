"""Calibrations: every kind of file says the same camera, and pictures of other sizes get theirs."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monomocap.datasets.balance import load_views
from monomocap.errors import FormatError, MonomocapError, OptionError
from monomocap.formats.calibration import check_calibration, read_calibration, read_cameras
from monomocap.formats.plain_yaml import parse
from monomocap.geometry.camera import project, rays, to_camera
from monomocap.types import Camera

K = np.array([[901.5, 0, 630.25], [0, 950.5, 355.75], [0, 0, 1.0]])
LENS = (-0.28, 0.09, 0.001, 0.002, -0.01)


class Size(TypedDict):
    """A picture's size, as keyword arguments."""

    width_px: int
    height_px: int


SIZE = Size(width_px=1280, height_px=720)
EXPECTED = Camera(1280, 720, (901.5, 950.5), (630.25, 355.75), LENS, "calibration")

ROS = """# written by camera_calibration
image_width: 1280
image_height: 720
camera_name: narrow
camera_matrix:
  rows: 3
  cols: 3
  data: [901.5, 0, 630.25,
         0, 950.5, 355.75, 0, 0, 1]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.28, 0.09, 0.001, 0.002, -0.01]
"""
KALIBR = """cam0:
  camera_model: pinhole
  distortion_coeffs: [-0.28, 0.09, 0.001, 0.002]
  distortion_model: radtan
  intrinsics: [901.5, 950.5, 630.25, 355.75]
  resolution: [1280, 720]
  T_cam_imu:
  - [1.0, 0.0, 0.0, 0.0]
  - [0.0, 1.0, 0.0, 0.0]
cam1:
  distortion_coeffs: [0.01, -0.002, 0.0003, 0.0]
  distortion_model: equidistant
  intrinsics: [500.0, 501.0, 640, 360]
  resolution: [1280, 720]
"""
TOML = """[cam_01]
name = "cam_01"
size = [ 1280.0, 720.0]
matrix = [ [ 901.5, 0.0, 630.25], [ 0.0, 950.5, 355.75], [ 0.0, 0.0, 1.0]]
distortions = [ -0.28, 0.09, 0.001, 0.002]
rotation = [ 1.2, -1.1, 1.3]
translation = [ 0.3, 0.9, 2.8]
fisheye = false

[cam_02]
name = "cam_02"
size = [ 1280.0, 720.0]
matrix = [ [ 500.0, 0.0, 640.0], [ 0.0, 500.0, 360.0], [ 0.0, 0.0, 1.0]]
distortions = [ 0.01, -0.002, 0.0003, 0.0001]
rotation = [ 0.0, 0.0, 0.0]
translation = [ 0.0, 0.0, 3.0]
fisheye = true

[metadata]
adjusted = false
error = 0.0
"""


def same(one: Camera, other: Camera) -> None:
    for name, value in asdict(other).items():
        found = asdict(one)[name]
        if isinstance(value, str | bool) or value is None:
            assert found == value, name
        else:
            np.testing.assert_allclose(found, value, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("ending", ["yml", "yaml", "xml", "json"])
def test_what_opencv_writes(tmp_path: Path, ending: str) -> None:
    cv2 = pytest.importorskip("cv2")
    path = tmp_path / f"calibration.{ending}"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("calibration_time", "Sun 22 Nov, 10:00:00")
    storage.write("image_width", 1280)
    storage.write("image_height", 720)
    storage.write("camera_matrix", K)
    storage.write("distortion_coefficients", np.array(LENS)[:, None])
    storage.write("avg_reprojection_error", 0.31)
    storage.write("per_view_reprojection_errors", np.arange(40.0))
    storage.release()
    same(read_calibration(str(path), **SIZE), EXPECTED)


def test_ros_and_kalibr(tmp_path: Path) -> None:
    path = tmp_path / "camera.yaml"
    path.write_text(ROS)
    same(read_calibration(str(path), **SIZE), EXPECTED)
    assert read_cameras(path)[0].name == "narrow"
    path.write_text(KALIBR)
    camera = read_calibration(f"{path}#cam0", **SIZE)
    assert (camera.focal_px, camera.center_px) == (EXPECTED.focal_px, EXPECTED.center_px)
    assert camera.distortion == LENS[:4]
    fisheye = read_calibration(f"{path}#cam1", **SIZE)
    assert fisheye.fisheye
    assert fisheye.distortion == (0.01, -0.002, 0.0003, 0.0)


def test_pose2sim(tmp_path: Path) -> None:
    path = tmp_path / "Calib.toml"
    path.write_text(TOML)
    camera = read_calibration(str(path), **SIZE, video="/videos/Cam1.mp4")
    assert camera.distortion == LENS[:4]
    assert not camera.fisheye
    at = np.asarray(to_camera(camera, np.zeros((1, 3))))
    np.testing.assert_allclose(at, [[0.3, 0.9, 2.8]])
    assert read_calibration(f"{path}#cam_02", **SIZE).fisheye


def test_our_own_json_and_a_takes_camera(tmp_path: Path) -> None:
    path = tmp_path / "camera.json"
    own = asdict(EXPECTED)
    path.write_text(json.dumps(own))
    same(read_calibration(str(path), **SIZE), EXPECTED)
    pose = [[1.0, 0, 0, 0.5], [0, 0, -1.0, 1.5], [0, 1.0, 0, 3.0]]
    path.write_text(json.dumps({"video": {"fps": 30}, "camera": own | {"camera_from_world": pose}}))
    camera = read_calibration(str(path), **SIZE)
    np.testing.assert_allclose(np.array(camera.camera_from_world), pose)


def test_the_four_views_come_out_as_their_truth_says(data: Path) -> None:
    folder = data / "video/pose2sim_balance"
    for view in load_views(folder):
        size = Size(width_px=view.camera.width_px, height_px=view.camera.height_px)
        what = str(folder / "Calib_qualisys.toml")
        camera = read_calibration(what, **size, video=view.video.name)
        np.testing.assert_allclose(project(camera, view.xyz_m), view.xy_px, atol=1e-6)
        assert camera.camera_from_world is not None


def test_pictures_half_as_large_get_half_the_camera(tmp_path: Path) -> None:
    """Rays stay: the same corner of the picture looks in the same direction."""
    path = tmp_path / "camera.json"
    path.write_text(json.dumps(asdict(EXPECTED)))
    half = read_calibration(str(path), width_px=640, height_px=360)
    corners = np.array([[-0.5, -0.5], [1279.5, 719.5], [639.5, 359.5]])
    np.testing.assert_allclose(rays(half, (corners + 0.5) / 2 - 0.5), rays(EXPECTED, corners))


@pytest.mark.parametrize("size", [(1280, 728), (1272, 720)])
def test_a_codecs_padding_changes_nothing(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "camera.json"
    path.write_text(json.dumps(asdict(EXPECTED)))
    camera = read_calibration(str(path), width_px=size[0], height_px=size[1])
    assert (camera.focal_px, camera.center_px) == (EXPECTED.focal_px, EXPECTED.center_px)
    assert (camera.width_px, camera.height_px) == size


@pytest.mark.parametrize("size", [(720, 1280), (1280, 960), (960, 960)])
def test_other_pictures_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "camera.json"
    path.write_text(json.dumps(asdict(EXPECTED)))
    with pytest.raises(OptionError, match="for 1280 x 720 pixels") as error:
        read_calibration(str(path), width_px=size[0], height_px=size[1])
    assert ("turned" in str(error.value)) == (size == (720, 1280))


def test_several_cameras_must_be_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "Calib.toml"
    path.write_text(TOML)
    with pytest.raises(OptionError, match=r"Calib.toml#NAME, one of: cam_01, cam_02"):
        read_calibration(str(path), **SIZE, video="walk.mp4")
    with pytest.raises(OptionError, match="no camera 'cam_03'"):
        check_calibration(f"{path}#cam_03")
    check_calibration(str(path))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", "[x"),
        ("a.json", "{"),
        ("a.json", "[1, 2]"),
        ("a.json", '{"camera_matrix": [1, 2]}'),
        ("a.json", '{"camera_matrix": [[0, 0, 0], [0, 0, 0], [0, 0, 1]]}'),
        ("a.json", '{"K": {"rows": 3}}'),
        ("a.yml", "camera_matrix: [1, 2"),
        ("a.yml", "just words\n"),
        ("a.yml", ""),
        ("a.xml", "<opencv_storage><a>"),
        ("a.xml", "<opencv_storage><a>1 2</a></opencv_storage>"),
        ("a.txt", "K = 3"),
    ],
)
def test_other_files_get_one_line(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(FormatError) as error:
        read_calibration(str(path), **SIZE)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no such file"):
        check_calibration(str(tmp_path / "none.toml"))


@given(st.text(max_size=200))
def test_any_text_is_yaml_or_a_clear_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        parse(text)


@given(st.binary(max_size=300), st.sampled_from([".toml", ".json", ".yml", ".xml"]))
def test_any_bytes_are_a_camera_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, ending: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{ending}"
    path.write_bytes(content)
    with contextlib.suppress(MonomocapError):
        read_calibration(str(path), **SIZE)


@pytest.mark.parametrize(("ending", "whole"), [("yml", ROS), ("yml", KALIBR), ("toml", TOML)])
def test_a_file_cut_anywhere_is_a_camera_or_a_clear_error(
    tmp_path: Path, ending: str, whole: str
) -> None:
    path = tmp_path / f"cut.{ending}"
    for end in range(0, len(whole), 7):
        path.write_text(whole[:end])
        with contextlib.suppress(MonomocapError):
            assert read_cameras(path)
