"""RTMPose as detector: SimCC's answers, its crops, its presets, on networks of its shapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monomocap.detect.boxes import BOXES_VARIABLE
from monomocap.detect.catalogue import DETECTORS, load_detector
from monomocap.detect.heatmap import window
from monomocap.detect.simcc import decode
from monomocap.errors import DeviceError, WeightsError
from monomocap.options import Options
from monomocap.pipeline import estimate
from monomocap.skeleton import COCO17, HALPE26
from monomocap.types import Frame
from monomocap.video.read import VideoReader
from monomocap.weights.catalogue import GROUPS
from monomocap.weights.store import FOLDER_VARIABLE
from tests.onnx_files import bright_box_finder, colour_simcc
from tests.videos import make_video

RGB = ((255, 0, 0), (0, 255, 0), (0, 0, 255))
DOTS = ((60, 50), (90, 100), (75, 130))
"""Where the red, green and blue dots are: middles of 7 x 7 pixels."""
BOX = (40, 20, 112, 148)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of weights with stand-ins for all networks of the presets."""
    folder = tmp_path / "weights"
    folder.mkdir()
    for size in ("s", "m"):
        colour_simcc(folder / f"rtmpose-{size}.onnx")
    colour_simcc(folder / "rtmpose-x.onnx", size_px=(288, 384))
    for size in ("nano", "m"):
        bright_box_finder(folder / f"rtmdet-{size}.onnx")
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    monkeypatch.delenv(BOXES_VARIABLE, raising=False)
    return folder


def picture(index: int = 0, width: int = 224, height: int = 160) -> np.ndarray:
    """Three coloured dots; white corners say how large the person is."""
    rgb = np.zeros((height, width, 3), np.uint8)
    left, top, right, bottom = BOX
    rgb[top : top + 2, left : left + 2] = rgb[bottom - 2 : bottom, right - 2 : right] = 255
    for (x, y), colour in zip(DOTS, RGB, strict=True):
        rgb[y - 3 : y + 4, x - 3 + index : x + 4 + index] = colour
    return rgb


@pytest.mark.parametrize("preset", GROUPS)
def test_every_preset_finds_each_joint_at_its_own_colour(weights: Path, preset: str) -> None:
    with load_detector(preset) as detector:
        (person,) = detector(Frame(0, 0.0, picture()))
        assert detector.skeleton == HALPE26
        assert detector.name == f"{GROUPS[preset][1]}+rtmdet"
        assert set(detector.weights) == {f"{name}.onnx" for name in GROUPS[preset]}
    dots = np.array([DOTS[joint % 3] for joint in range(26)])
    assert np.abs(person.xy_px - dots).max() <= 4, "within its dot: RGB, not BGR"
    assert ((person.score > 0) & (person.score <= 1)).all()
    np.testing.assert_allclose(person.box_px, BOX, atol=1)


def test_a_joint_comes_back_exactly_from_its_step(weights: Path) -> None:
    """From the crop that the network saw, by arithmetic of its own."""
    with load_detector("rtmpose") as detector:
        (person,) = detector(Frame(0, 0.0, picture()))
    seen, placed = window(picture(), person.box_px.astype(np.float64), width_px=192, height_px=256)
    red = seen[..., 0].astype(np.float64)
    place = np.array([red.mean(axis=0).argmax(), red.mean(axis=1).argmax()], np.float64)
    np.testing.assert_allclose(person.xy_px[0], placed.to_picture(place), atol=1e-3)


@given(st.integers(1, 40), st.integers(1, 60), st.integers(0, 10**6))
def test_the_likeliest_step_wins_and_the_lesser_score_counts(
    columns: int, rows: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 3, columns)), rng.normal(size=(2, 3, rows))
    xy, score = decode(x, y, (2.0, 4.0))
    for person, joint in np.ndindex(2, 3):
        best = (x[person, joint].argmax(), y[person, joint].argmax())
        least = min(x[person, joint].max(), y[person, joint].max())
        if least <= 0:
            assert np.isnan(xy[person, joint]).all()
            assert score[person, joint] == 0
        else:
            np.testing.assert_allclose(xy[person, joint], np.divide(best, (2, 4)))
            assert score[person, joint] == pytest.approx(least)


def test_nan_is_no_place() -> None:
    x = np.full((1, 1, 8), np.nan)
    xy, score = decode(x, np.ones((1, 1, 8)), (2.0, 2.0))
    assert np.isnan(xy).all()
    assert (score == 0).all()


@pytest.mark.parametrize(("joints", "skeleton"), [(17, COCO17), (26, HALPE26)])
@pytest.mark.parametrize("batch", [1, "batch"])
def test_a_file_given_by_its_path_says_its_joints_and_size(
    tmp_path: Path, joints: int, skeleton: object, batch: int | str
) -> None:
    path = colour_simcc(tmp_path / "mine.onnx", joints=joints, batch=batch, size_px=(96, 128))
    finder = bright_box_finder(tmp_path / "boxes.onnx")
    with load_detector(str(path), boxes=str(finder)) as detector:
        assert detector.skeleton == skeleton
        people = detector.detect_batch(  # type: ignore[attr-defined]
            [Frame(i, i / 30, picture(5 * i)) for i in range(3)]
        )
    assert [len(found) for found in people] == [1, 1, 1]
    red_x = [found[0].xy_px[0, 0] for found in people]
    np.testing.assert_allclose(np.diff(red_x), 5, atol=1.5)


def test_boxes_may_come_from_elsewhere(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = bright_box_finder(tmp_path / "yolox_mine.onnx", white=200)
    (weights / "rtmdet-m.onnx").unlink()
    with load_detector("rtmpose", boxes=str(other)) as detector:
        assert detector.name == "rtmpose-m+yolox"
        assert len(detector(Frame(0, 0.0, picture()))) == 1
    with load_detector("rtmpose", boxes="rtmdet-nano") as detector:
        assert "rtmdet-nano.onnx" in detector.weights
    monkeypatch.setenv(BOXES_VARIABLE, str(other))
    with load_detector("rtmpose") as detector:
        assert detector.name == "rtmpose-m+yolox"


def test_missing_weights_are_named_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.delenv(BOXES_VARIABLE, raising=False)
    for name in (n for n in DETECTORS if n.startswith("rtmpose")):
        with pytest.raises(WeightsError, match=f"monomocap weights pull {name}$"):
            load_detector(name)
    with pytest.raises(WeightsError, match="monomocap weights pull yolox-s"):
        colour_simcc(tmp_path / "rtmpose-m.onnx")
        load_detector("rtmpose", boxes="yolox-s")


def test_other_joints_and_shapes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="133 joints"):
        load_detector(str(colour_simcc(tmp_path / "whole.onnx", joints=133)), boxes="mediapipe")
    free = colour_simcc(tmp_path / "free.onnx")
    import onnx

    model = onnx.load(str(free))
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    onnx.save(model, str(free))
    with pytest.raises(WeightsError, match="no SimCC network"):
        load_detector(str(free), boxes="mediapipe")


def test_a_gpu_that_is_not_there_is_an_error(weights: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("ONNX Runtime has CUDA here")
    with pytest.raises(DeviceError, match="--device cpu"):
        load_detector("rtmpose", "cuda")


def test_a_video_runs_through_a_preset(weights: Path, tmp_path: Path) -> None:
    """Dots that move 2 pixels a frame; the 26 joints arrive in the take, lifted."""
    video = make_video(
        tmp_path / "dots.mp4",
        frames=6,
        size=(224, 160),
        picture=lambda i, w, h: picture(2 * i, w, h),
        codec_options={"crf": "5"},
    )
    take = estimate(video, Options("rtmpose-lightweight", "flat", smooth="none"))
    (track,), (motion,) = take.tracks, take.motions
    assert track.skeleton == HALPE26
    assert motion.seen.all()
    np.testing.assert_allclose(np.diff(track.xy_px[:, 0, 0]).mean(), 2, atol=0.5)
    assert set(take.provenance.weights) == {"rtmpose-s.onnx", "rtmdet-nano.onnx"}


def test_everybody_in_a_real_video_gets_joints(data: Path, weights: Path) -> None:
    """Real boxes, put there by hand under their publisher's name; the stand-in's joints in them."""
    (weights / "rtmdet-nano.onnx").unlink()
    by_hand = "rtmdet_nano_8xb32-100e_coco-obj365-person-05d8511e.onnx"
    (weights / by_hand).write_bytes((data / "weights/rtmdet_nano_end2end.onnx").read_bytes())
    video = data / "video/two_people_cam02.mp4"
    with VideoReader(video, max_frames=3) as reader, load_detector("rtmpose-lightweight") as found:
        for frame in reader:
            people = found(frame)
            assert len(people) >= 2
            for person in people:
                size = person.box_px[2:] - person.box_px[:2]
                middle = (person.box_px[2:] + person.box_px[:2]) / 2
                assert (np.abs(person.xy_px - middle) <= 1.7 * size.max() / 2 + 1).all()
        assert set(found.weights) == {"rtmpose-s.onnx", by_hand}
