"""The model card's 3D pipeline around its network, repeated with its mistakes."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from monomocap.lift import as_published
from monomocap.lift.networks.hdformer import HDFormer
from tests.golden import vectors as golden


@pytest.fixture(scope="module")
def recorded() -> golden.Vectors:
    return golden.vectors("modelscope_3d_pre")


def test_smoothing_is_the_published_one(recorded: golden.Vectors) -> None:
    raw = recorded["kps15"].copy()
    smooth = as_published.smooth_as_published(raw, recorded["boxes_score"][:, :4])
    np.testing.assert_allclose(smooth, recorded["smoothed15"], rtol=1e-9)
    np.testing.assert_array_equal(raw, recorded["kps15"])


def test_lifter_joints_are_the_published_ones(recorded: golden.Vectors) -> None:
    for source, joints, target in (
        ("kps15", 17, "h36m17_from_raw"),
        ("smoothed15", 17, "h36m17_smoothed"),
        ("smoothed15", 15, "h36m15_smoothed"),
    ):
        ours = as_published.lifter_joints_as_published(recorded[source], joints=joints)
        np.testing.assert_allclose(ours, recorded[target], rtol=1e-9)


def test_timestamps_are_the_published_ones(recorded: golden.Vectors) -> None:
    times = recorded["timestamp_seconds"].tolist()
    texts = [as_published.timestamp_as_published(time) for time in times]
    assert texts == recorded["timestamp_text"].tolist()


def test_one_frame_keeps_its_time_axis(recorded: golden.Vectors) -> None:
    one = recorded["kps15"][:1]
    assert as_published.lifter_joints_as_published(one).shape == (1, 17, 2)
    assert as_published.smooth_as_published(one, np.array([[0.0, 0, 9, 9]])).shape == (1, 15, 2)


def test_a_box_without_area_leaves_its_frame_alone() -> None:
    xy = np.random.default_rng(0).normal(size=(3, 15, 2))
    box = np.array([[0.0, 0, 9, 9], [0, 0, 0, 9], [0, 0, 9, 9]])
    smooth = as_published.smooth_as_published(xy, box)
    np.testing.assert_array_equal(smooth[:2], xy[:2])
    assert (smooth[2] != xy[2]).all()


def test_published_lifters_take_15_or_17_joints() -> None:
    with pytest.raises(ValueError, match="not 16"):
        as_published.lifter_joints_as_published(np.zeros((1, 15, 2)), joints=16)


# --- the published detector: windows, mirrored guesses, and the loop that was meant


@pytest.fixture(scope="module")
def detector_record() -> golden.Vectors:
    return golden.vectors("hdformer_modelscope_detector")


@pytest.fixture(scope="module")
def network() -> as_published.Network:
    module = HDFormer()
    golden.load(module, golden.vectors("hdformer"))

    @torch.inference_mode()
    def answer(xy: np.ndarray) -> np.ndarray:
        return module(torch.from_numpy(xy)).numpy()

    return answer


def detector(recorded: golden.Vectors, step_frames: int) -> as_published.Detector:
    settings = json.loads(recorded["config_json"].tobytes())["INPUT"]
    return as_published.Detector(
        focal_px=np.array(settings["focal_length"]),
        center_px=np.array(settings["center"]),
        mean_2d=recorded["mean_2d"].astype(np.float64),
        std_2d=recorded["std_2d"].astype(np.float64),
        mean_3d_mm=recorded["mean_3d"].astype(np.float64),
        std_3d_mm=recorded["std_3d"].astype(np.float64),
        window_frames=settings["n_frames"],
        step_frames=step_frames,
        width_px=float(settings["res_w"]),
    )


def assert_same_pose(ours: np.ndarray, original: np.ndarray) -> None:
    """The original was computed in single precision."""
    np.testing.assert_allclose(ours, original, rtol=1e-4, atol=1e-4 * original.std())


def test_the_detector_is_the_published_one(
    detector_record: golden.Vectors, network: as_published.Network
) -> None:
    settings = json.loads(detector_record["config_json"].tobytes())["INPUT"]
    ours = as_published.detect_as_published(
        detector_record["points_px"], network, detector(detector_record, settings["window_size"])
    )
    assert_same_pose(ours, detector_record["poses_camera"][0])


def test_many_windows_give_what_the_published_loop_meant(
    detector_record: golden.Vectors, network: as_published.Network
) -> None:
    step = int(detector_record["multi_window_size"])
    ours = as_published.detect_as_published(
        detector_record["multi_points_px"], network, detector(detector_record, step)
    )
    assert_same_pose(ours, detector_record["multi_poses_intended"])


def test_published_windows_stitch_to_the_published_poses(detector_record: golden.Vectors) -> None:
    step = int(detector_record["multi_window_size"])
    stitched = as_published.stitch_as_published(detector_record["multi_windows"], step=step)
    width = detector(detector_record, step).width_px
    np.testing.assert_allclose(
        stitched / width, detector_record["multi_poses_intended"], rtol=1e-6, atol=1e-7
    )


def test_a_video_shorter_than_the_window_has_no_pose() -> None:
    frames = as_published.windows_as_published(95, window=96, step=5)
    assert frames.shape == (0, 96)
    assert as_published.stitch_as_published(np.zeros((0, 96, 17, 3)), step=5).shape == (0, 17, 3)
