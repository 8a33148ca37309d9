"""HRNet as a detector: any file that holds it, nothing else, and a real video through it."""

import hashlib
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from monomocap.detect.boxes import BOXES_VARIABLE
from monomocap.detect.catalogue import load_detector
from monomocap.detect.heatmap import decode, letterbox, standardise, with_margin
from monomocap.detect.hrnet import export_onnx, read_network
from monomocap.detect.people import collect_tracks
from monomocap.errors import (
    DeviceError,
    MissingDependency,
    UnknownName,
    WeightsError,
)
from monomocap.skeleton import COCO17, MODELSCOPE15
from monomocap.types import Frame
from monomocap.video.read import VideoReader
from tests.hrnet_files import WIDTH, coco_checkpoint, modelscope_folder
from tests.onnx_files import bright_box_finder, brightness_heatmaps


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Narrow networks gain nothing from threads, and lose much on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return modelscope_folder(tmp_path_factory.mktemp("modelscope") / "cv_hrnetv2w32_body-2d")


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A box detector that boxes what is white."""
    return str(bright_box_finder(tmp_path_factory.mktemp("boxes") / "bright.onnx"))


def picture(box: tuple[int, int, int, int] | None = (40, 20, 104, 148)) -> Frame:
    """Grey noise with a white box: somebody, for the box detector of these tests."""
    rgb = np.random.default_rng(0).integers(0, 90, (160, 224, 3), np.uint8)
    if box is not None:
        rgb[box[1] : box[3], box[0] : box[2]] = 255
    return Frame(0, 0.0, rgb)


# --- what it answers


def test_a_modelscope_folder_is_a_detector(folder: Path, finder: str) -> None:
    with load_detector(str(folder), boxes=finder) as detector:
        (person,) = detector(picture())
        assert detector.skeleton == MODELSCOPE15
        assert detector.name == f"hrnetv2-w{WIDTH}+rtmdet"
        assert detector.device == ("cuda+cpu" if torch.cuda.is_available() else "cpu")
        file = f"{folder.name}/pytorch_model.bin"
        assert list(detector.weights) == [file, "bright.onnx"]
        whole = (folder / "pytorch_model.bin").read_bytes()
        assert detector.weights[file] == hashlib.sha256(whole).hexdigest()
    assert person.xy_px.shape == (15, 2)
    np.testing.assert_allclose(person.box_px, (40, 20, 104, 148), atol=1)


def test_its_joints_are_the_network_s_heatmaps_decoded(folder: Path, finder: str) -> None:
    frame = picture()
    with load_detector(str(folder), "cpu", boxes=finder) as detector:
        (person,) = detector(frame)
    network, _ = read_network(folder / "pytorch_model.bin")
    box = with_margin(person.box_px.astype(float), width_px=224, height_px=160)
    piece, placed = letterbox(frame.rgb, box, width_px=128, height_px=128)
    with torch.inference_mode():
        heatmaps = network(torch.from_numpy(standardise(piece[None])))[0].numpy()
    xy, score = decode(heatmaps)
    np.testing.assert_allclose(person.xy_px, placed.to_picture(xy), atol=1e-3)
    np.testing.assert_allclose(person.score, np.clip(score, 0, 1), atol=1e-5)
    assert np.isfinite(person.xy_px).any()


def test_an_empty_picture_has_nobody(folder: Path, finder: str) -> None:
    with load_detector(str(folder), boxes=finder) as detector:
        assert detector(picture(None)) == []


def test_a_coco_checkpoint_says_so_by_its_head(tmp_path: Path, finder: str) -> None:
    path = coco_checkpoint(tmp_path / "pose_hrnet_w4_128x96.pth")
    with load_detector(str(path), boxes=finder) as detector:
        (person,) = detector(picture())
        assert detector.skeleton == COCO17
        assert detector.name == f"hrnet-w{WIDTH}+rtmdet"
    assert person.xy_px.shape == (17, 2)
    _, sight = read_network(path)
    assert (sight.input_px, sight.crop) == ((96, 128), "window")
    assert read_network(path.rename(tmp_path / "plain.pth"))[1].input_px == (192, 256)


def test_weights_are_those_of_the_file(folder: Path) -> None:
    network, _ = read_network(folder / "pytorch_model.bin")
    kept = torch.load(folder / "pytorch_model.bin", weights_only=True)
    state = network.state_dict()
    assert state.keys() == kept.keys()
    assert all(torch.equal(state[name], kept[name]) for name in kept)
    assert not network.training


# --- ONNX


def test_an_onnx_file_needs_no_torch(
    tmp_path: Path, finder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    path = brightness_heatmaps(tmp_path / "bright_pose.onnx")
    with load_detector(str(path), boxes=finder) as detector:
        (person,) = detector(picture())
        assert (detector.name, detector.skeleton) == ("bright_pose+rtmdet", COCO17)
    assert ((person.xy_px >= (40, 20)) & (person.xy_px <= (104, 148))).all()


@pytest.mark.parametrize("batch", [1, "b"])
def test_an_onnx_file_may_fix_its_batch_at_one(
    tmp_path: Path, finder: str, batch: int | str
) -> None:
    path = brightness_heatmaps(tmp_path / "pose.onnx", batch=batch, joints=15, size_px=(128, 128))
    with load_detector(str(path), boxes=finder) as detector:
        frames = [picture((40, 20, 104, 148)), picture((80, 60, 120, 140))]
        people = detector.detect_batch(frames)  # type: ignore[attr-defined]
    assert [len(found) for found in people] == [1, 1]
    assert (people[1][0].xy_px >= (80, 60)).all()


def test_the_exported_network_answers_as_torch_does(folder: Path, tmp_path: Path) -> None:
    import onnxruntime

    target = tmp_path / "hrnet.onnx"
    export_onnx(folder, target)
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    said = session.get_modelmeta().custom_metadata_map
    assert (said["name"], said["skeleton"]) == (f"hrnetv2-w{WIDTH}", "modelscope15")
    assert said["crop"] == "letterbox"
    images = np.random.default_rng(1).normal(size=(3, 3, 128, 128)).astype(np.float32)
    (answer,) = session.run(None, {"image": images})
    network, _ = read_network(folder / "pytorch_model.bin")
    with torch.inference_mode():
        wanted = network(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(answer, wanted, atol=1e-4 * np.abs(wanted).max())


# --- what it refuses


def changed(folder: Path, path: Path, **change: torch.Tensor | None) -> Path:
    """The folder's checkpoint with parameters replaced, or left out (None)."""
    state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    for name, value in change.items():
        key = name.replace("__", ".")
        if value is None:
            del state[key]
        else:
            state[key] = value
    torch.save(state, path)
    return path


def refused(path: Path | str) -> str:
    with pytest.raises(WeightsError) as error:
        load_detector(str(path), boxes="mediapipe")
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_missing_or_unexpected_name_is_named(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "changed.pth"
    assert "conv2.weight is missing" in refused(changed(folder, path, conv2__weight=None))
    assert "extra.bias does not belong" in refused(changed(folder, path, extra__bias=torch.ones(2)))
    wrong = changed(folder, path, conv1__weight=torch.ones(64, 3, 5, 5))
    assert "conv1.weight has shape (64, 3, 5, 5)" in refused(wrong)


def test_other_joints_than_those_we_know_are_refused(tmp_path: Path) -> None:
    assert "16 joints" in refused(modelscope_folder(tmp_path / "mpii", joints=16))


def test_a_lifter_s_folder_is_no_detector(tmp_path: Path) -> None:
    made = modelscope_folder(tmp_path / "lifter", task="body-3d-keypoints")
    assert "body-3d-keypoints" in refused(made)


def test_bad_files_and_folders_get_one_line(tmp_path: Path, folder: Path) -> None:
    assert "no such file or folder" in refused(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "pytorch_model.bin" in refused(tmp_path / "empty")
    (tmp_path / "text.pth").write_text("weights")
    assert "not a torch checkpoint" in refused(tmp_path / "text.pth")
    whole = (folder / "pytorch_model.bin").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[: len(whole) // 2])
    assert "cut short" in refused(tmp_path / "cut.pth")
    broken = modelscope_folder(tmp_path / "broken")
    (broken / "configuration.json").write_text("{")
    assert "configuration.json" in refused(broken)
    assert "no heatmap network" in refused(bright_box_finder(tmp_path / "boxes.onnx"))


def test_no_code_of_a_checkpoint_runs(tmp_path: Path) -> None:
    trap = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (str(trap),)

    path = tmp_path / "trap.pth"
    path.write_bytes(pickle.dumps({"conv1.weight": Trap()}, protocol=2))
    refused(path)
    torch.save({"conv1.weight": torch.ones(1), "x": Trap()}, path)
    refused(path)
    assert not trap.exists()


def test_without_torch_a_torch_file_says_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "monomocap.detect.torch_heatmaps", raising=False)
    with pytest.raises(MissingDependency, match="pip install") as error:
        load_detector(str(folder))
    assert "\n" not in str(error.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_an_error(folder: Path, finder: str) -> None:
    with pytest.raises(DeviceError, match="--device cpu"):
        load_detector(str(folder), "cuda", boxes=finder)


def test_names_and_paths_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(
        UnknownName, match="mediapipe, mediapipe-heavy, mediapipe-lite, rtmpose, .*the path"
    ):
        load_detector("mediapip")
    with pytest.raises(WeightsError, match="no such file"):
        load_detector("mediapipe", boxes=str(tmp_path / "rtmdet.onnx"))


# --- a real video


def test_a_real_video_runs_through_a_model_folder(
    data: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random weights answer nonsense, but for everybody, in every frame, in order."""
    monkeypatch.setenv(BOXES_VARIABLE, str(data / "weights/rtmdet_nano_end2end.onnx"))
    video = data / "video/two_people_cam02.mp4"
    with VideoReader(video, max_frames=5) as reader, load_detector(str(folder)) as detector:
        time_s, tracks = collect_tracks(reader, detector)
    assert len(time_s) == 5
    assert len(tracks) >= 2
    assert sum(track.coverage == 1 for track in tracks) >= 2
    for track in tracks:
        assert track.xy_px.shape == (5, 15, 2)
        assert (track.score[track.seen] > 0).all()
    assert "rtmdet_nano_end2end.onnx" in detector.weights
