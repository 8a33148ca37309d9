"""Boxes of people: from files that answer what is known, and from RTMDet on real videos."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monomocap.detect import boxes as module
from monomocap.detect.boxes import (
    RTMDET_STRIDE_PX,
    MediaPipeBoxes,
    RTMDet,
    canvas_size,
    fit_corner,
    load_boxes,
)
from monomocap.errors import DeviceError, WeightsError
from monomocap.video.read import VideoReader
from tests.onnx_files import bright_box_finder, brightness_heatmaps


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that boxes whatever is white."""
    return bright_box_finder(tmp_path_factory.mktemp("boxes") / "rtmdet_bright.onnx")


def picture(width: int, height: int, box: tuple[int, int, int, int] | None = None) -> np.ndarray:
    """Black, with one white box."""
    rgb = np.zeros((height, width, 3), np.uint8)
    if box is not None:
        left, top, right, bottom = box
        rgb[top:bottom, left:right] = 255
    return rgb


def test_boxes_come_back_exactly_where_they_are(finder: Path) -> None:
    (found,) = RTMDet(finder)([picture(832, 416, (100, 50, 300, 400))])
    np.testing.assert_allclose(found, [[100, 50, 300, 400, 0.9]], rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(60, 700), st.integers(60, 700), st.data())
def test_boxes_of_any_picture_are_right_to_a_pixel_of_the_input(
    width: int, height: int, data: st.DataObject
) -> None:
    detector = _DETECTOR[0]
    left = data.draw(st.integers(0, width - 40))
    top = data.draw(st.integers(0, height - 40))
    box = (left, top, data.draw(st.integers(left + 40, width)), top + 40)
    (found,) = detector([picture(width, height, box)])
    one_pixel = max(width, height) / module.RTMDET_SIDE_PX
    assert found.shape == (1, 5)
    assert np.abs(found[0, :4] - box).max() <= one_pixel + 1
    assert (found[0, :2] >= 0).all()
    assert (found[0, 2:4] <= (width, height)).all()


_DETECTOR: list[RTMDet] = []


@pytest.fixture(scope="module", autouse=True)
def _one_detector(finder: Path) -> None:
    """Hypothesis cannot take a fixture per example; one detector serves all of them."""
    _DETECTOR.append(RTMDet(finder))


def test_an_empty_picture_has_nobody(finder: Path) -> None:
    (found,) = RTMDet(finder)([picture(320, 240)])
    assert found.shape == (0, 5)


def test_no_pictures_no_answers(finder: Path) -> None:
    assert RTMDet(finder)([]) == []


def test_only_people_count_and_only_sure_ones(tmp_path: Path) -> None:
    white = [picture(320, 240, (10, 10, 100, 200))]
    car = bright_box_finder(tmp_path / "car.onnx", label=2)
    unsure = bright_box_finder(tmp_path / "unsure.onnx", score=0.25)
    assert len(RTMDet(car)(white)[0]) == 0
    assert len(RTMDet(unsure)(white)[0]) == 0
    assert len(RTMDet(unsure, min_score=0.2)(white)[0]) == 1


def test_pictures_of_several_sizes_keep_their_order(finder: Path) -> None:
    detector = RTMDet(finder)
    assert detector.batches
    pictures = [picture(416, 416, (8, 16, 80 + 8 * i, 200)) for i in range(3)]
    pictures.insert(1, picture(832, 416, (2, 4, 600, 400)))
    rights = [found[0, 2] for found in detector(pictures)]
    np.testing.assert_allclose(rights, [80, 600, 88, 96], atol=1e-3)


@pytest.mark.parametrize("trap", ["fixed", "first only"])
def test_a_file_that_cannot_batch_is_found_out(tmp_path: Path, trap: str) -> None:
    path = tmp_path / "one.onnx"
    if trap == "fixed":
        bright_box_finder(path, shape=[1, 3, "h", "w"])
    else:
        bright_box_finder(path, first_only=True)
    detector = RTMDet(path)
    assert not detector.batches
    pictures = [picture(416, 416, (8, 16, 80 + 8 * i, 200)) for i in range(3)]
    np.testing.assert_allclose([f[0, 2] for f in detector(pictures)], [80, 88, 96], atol=1e-3)


def test_a_file_with_its_own_size_gets_it(tmp_path: Path) -> None:
    path = bright_box_finder(tmp_path / "fixed.onnx", shape=["b", 3, 64, 128])
    (found,) = RTMDet(path)([picture(256, 256, (64, 32, 128, 96))])
    np.testing.assert_allclose(found[0, :4], [64, 32, 128, 96], atol=1e-3)


def test_it_says_what_it_ran_with_and_where(finder: Path) -> None:
    detector = RTMDet(finder)
    assert detector.device == "cpu"
    assert detector.weights == {finder.name: hashlib.sha256(finder.read_bytes()).hexdigest()}


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(32, 1280))
def test_the_canvas_holds_the_picture_in_whole_strides(width: int, height: int, side: int) -> None:
    across, down = canvas_size(width, height, side)
    assert across % RTMDET_STRIDE_PX == down % RTMDET_STRIDE_PX == 0
    assert side <= max(across, down) < side + RTMDET_STRIDE_PX
    assert min(across, down) >= RTMDET_STRIDE_PX


def test_beside_the_picture_the_canvas_is_grey() -> None:
    canvas, placed = fit_corner(np.full((100, 50, 3), 255, np.uint8), (64, 64))
    assert placed.fitted_px == (32, 64)
    assert (canvas[:, :32] == 255).all()
    assert (canvas[:, 32:] == module.RTMDET_GREY).all()


# --- choosing


def test_the_choice_is_option_then_environment_then_folder(
    finder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(module.BOXES_VARIABLE, raising=False)
    assert load_boxes(beside=tmp_path).name == "mediapipe"
    beside = bright_box_finder(tmp_path / "rtmdet_here.onnx")
    assert list(load_boxes(beside=tmp_path).weights) == [beside.name]
    monkeypatch.setenv(module.BOXES_VARIABLE, str(finder))
    assert list(load_boxes(beside=tmp_path).weights) == [finder.name]
    assert load_boxes("mediapipe", beside=tmp_path).name == "mediapipe"


@pytest.mark.parametrize(
    ("content", "says"), [(None, "no such file"), (b"", "cannot run"), (b"what?", "cannot run")]
)
def test_a_bad_file_gets_one_line(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "bad.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=says) as error:
        load_boxes(str(path))
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_another_network_is_no_rtmdet(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no RTMDet file"):
        load_boxes(str(brightness_heatmaps(tmp_path / "pose.onnx")))


def test_a_gpu_that_is_not_there_is_an_error(finder: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("ONNX Runtime has CUDA here")
    with pytest.raises(DeviceError, match="--device cpu"):
        RTMDet(finder, "cuda")


# --- real videos


def frames(path: Path, *indices: int) -> list[np.ndarray]:
    """These frames of a video."""
    with VideoReader(path, max_frames=max(indices) + 1) as reader:
        return [frame.rgb for frame in reader if frame.index in indices]


def overlap(a: np.ndarray, b: tuple[float, ...]) -> float:
    """Shared area over joint area."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:4], b[2:])
    shared = float(np.prod(np.clip(high - low, 0, None)))
    both = np.prod(a[2:4] - a[:2]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / float(both - shared)


RTMDET = "weights/rtmdet_nano_end2end.onnx"


def test_rtmdet_finds_the_walking_woman(data: Path) -> None:
    """Outlined by hand."""
    detector = RTMDet(data / RTMDET)
    assert not detector.batches  # the file says that its batch is free, and it is not
    rgb = frames(data / "video/outdoor_walk.mp4", 115, 138)
    for found, walker in zip(
        detector(rgb), [(740, 510, 1002, 936), (508, 510, 772, 934)], strict=True
    ):
        assert max(overlap(box, walker) for box in found) > 0.8


def test_rtmdet_finds_the_two_people_in_front(data: Path) -> None:
    detector = RTMDet(data / RTMDET)
    (rgb,) = frames(data / "video/two_people_cam02.mp4", 0)
    (found,) = detector([rgb])
    height, width, _ = rgb.shape
    for person in ((38, 632, 364, 1480), (404, 392, 748, 1130)):
        assert max(overlap(box, person) for box in found) > 0.8
    assert (found[:, :4] >= 0).all()
    assert (found[:, 2:4] <= (width, height)).all()
    assert (found[:, :2] < found[:, 2:4]).all()
    assert (np.diff(found[:, 4]) <= 0).all()


def test_mediapipe_boxes_the_walking_woman(data: Path) -> None:
    """With its margin a landmark box is about the person."""
    detector = MediaPipeBoxes()
    (first, second) = detector(frames(data / "video/outdoor_walk.mp4", 136, 138))
    detector.close()
    assert max(overlap(box, (508, 510, 772, 934)) for box in second) > 0.6
    assert first.shape[1] == second.shape[1] == 5
