"""YOLOX's boxes: both forms of its files, on networks of their shapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monomocap.detect.boxes import load_boxes
from monomocap.detect.yolox import YOLOX, distinct, from_cells
from monomocap.errors import WeightsError
from tests.onnx_files import bright_box_finder, bright_cells, brightness_heatmaps


def picture(*boxes: tuple[int, int, int, int], size: tuple[int, int] = (128, 128)) -> np.ndarray:
    rgb = np.zeros((size[1], size[0], 3), np.uint8)
    for left, top, right, bottom in boxes:
        rgb[top:bottom, left:right] = 255
    return rgb


def test_finished_boxes_come_back_where_they_are(tmp_path: Path) -> None:
    """Openmmlab's form, fixed at 416 x 416: colours unchanged, or white would not exceed 200."""
    path = bright_box_finder(tmp_path / "yolox.onnx", shape=[1, 3, 416, 416], white=200)
    found = YOLOX(path)([picture((208, 104, 416, 624), size=(832, 832)), picture(size=(40, 30))])
    np.testing.assert_allclose(found[0], [[208, 104, 416, 624, 0.9]], rtol=1e-6)
    assert found[1].shape == (0, 5)


def test_only_sure_people_count(tmp_path: Path) -> None:
    car = bright_box_finder(tmp_path / "yolox_car.onnx", label=2, white=200)
    unsure = bright_box_finder(tmp_path / "yolox_unsure.onnx", score=0.29, white=200)
    for path in (car, unsure):
        assert len(YOLOX(path)([picture((10, 10, 60, 90))])[0]) == 0


def test_raw_cells_become_boxes_in_the_picture(tmp_path: Path) -> None:
    """Megvii's form on 64 x 64: cells of 16 are 32 pixels of a picture of 128."""
    detector = YOLOX(bright_cells(tmp_path / "yolox_s.onnx"))
    (found,) = detector([picture((64, 32, 96, 64))])
    np.testing.assert_allclose(found, [[64, 32, 96, 64, 0.9]], rtol=1e-6)
    (two,) = detector([picture((64, 32, 96, 64), (0, 96, 32, 128))])
    assert sorted(two[:, 0]) == [0, 64]


def test_cells_lie_on_three_grids_row_by_row() -> None:
    cells = np.zeros((64 + 16 + 4, 85))
    cells[[9, 64 + 6, 64 + 16 + 3], 4:6] = [(0.9, 1.0), (0.8, 1.0), (0.7, 1.0)]
    cells[9, 2:4] = np.log(2)
    found = from_cells(cells, width_px=64, height_px=64)
    np.testing.assert_allclose(
        found,
        [[0, 0, 16, 16, 0.9], [24, 8, 40, 24, 0.8], [16, 16, 48, 48, 0.7]],
    )
    cells[9, 7] = 2.0  # a car, surer
    assert len(from_cells(cells, width_px=64, height_px=64)) == 2
    with pytest.raises(WeightsError, match="cells"):
        from_cells(cells, width_px=128, height_px=64)


@given(st.integers(0, 30), st.integers(0, 10**6))
def test_kept_boxes_are_distinct_and_every_other_has_a_surer_twin(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 50, (count, 2))
    boxes = np.concatenate(
        [corner, corner + rng.uniform(5, 40, (count, 2)), rng.uniform(0.3, 1, (count, 1))], axis=1
    )
    kept = distinct(boxes)
    for one in range(count):
        twins = [k for k in kept if k != one and overlap(boxes[one], boxes[k]) > 0.45]
        if one in kept:
            assert not twins
        else:
            assert any(boxes[k, 4] >= boxes[one, 4] for k in twins)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:4], b[2:4])
    shared = float(np.prod(np.clip(high - low, 0, None)))
    return shared / float(np.prod(a[2:4] - a[:2]) + np.prod(b[2:4] - b[:2]) - shared)


def test_a_file_is_yolox_by_its_name(tmp_path: Path) -> None:
    assert load_boxes(str(bright_cells(tmp_path / "YOLOX_s.onnx"))).name == "yolox"
    assert load_boxes(str(bright_box_finder(tmp_path / "rtmdet.onnx"))).name == "rtmdet"
    with pytest.raises(WeightsError, match="begin with yolox"):
        load_boxes(str(bright_cells(tmp_path / "other.onnx")))


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        YOLOX(tmp_path / "yolox.onnx")
    with pytest.raises(WeightsError, match="no YOLOX file"):
        YOLOX(brightness_heatmaps(tmp_path / "yolox_pose.onnx"))
