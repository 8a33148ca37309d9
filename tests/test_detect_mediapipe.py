"""MediaPipe's pose: who is there, who is not, and what it takes to run it."""

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from monomocap.detect.catalogue import load_detector
from monomocap.detect.mediapipe import (
    MIN_DETECTION,
    MIN_TRACKING,
    POSE_SETTINGS,
    MediaPipePose,
)
from monomocap.detect.mediapipe_graphs import Landmarker, PersonFinder
from monomocap.detect.mediapipe_import import pose_class
from monomocap.detect.people import collect_tracks
from monomocap.errors import MissingDependency, UnknownName, WeightsError
from monomocap.skeleton import BLAZEPOSE33
from monomocap.types import Frame, Person2D
from monomocap.video.read import VideoReader
from monomocap.weights import sha256
from monomocap.weights.catalogue import PUBLISHED
from monomocap.weights.store import FOLDER_VARIABLE


@pytest.fixture(scope="module")
def balance(data: Path) -> list[Frame]:
    """A man on a beam, 1080 x 1920; he is in every frame."""
    with VideoReader(data / "video/pose2sim_balance/cam04.mp4", max_frames=8) as video:
        return list(video)


@pytest.fixture
def detector() -> Iterator[MediaPipePose]:
    with MediaPipePose() as detector:
        yield detector


def test_it_finds_the_man(balance: list[Frame], detector: MediaPipePose) -> None:
    for frame in balance:
        (person,) = detector(frame)
        assert person.xy_px.shape == (33, 2)
        assert person.world_m is not None and person.world_m.shape == (33, 3)
        assert np.isfinite(person.xy_px).all() and np.isfinite(person.world_m).all()
        assert ((person.score >= 0) & (person.score <= 1)).all()
        assert (person.box_px[:2] <= person.xy_px).all() and (
            person.xy_px <= person.box_px[2:]
        ).all()
        height_px = person.box_px[3] - person.box_px[1]
        assert 800 < height_px < 1300
        assert person.xy_px[BLAZEPOSE33.index("nose"), 1] < person.xy_px[:, 1].mean()


def test_its_3d_is_in_the_cameras_axes(
    balance: list[Frame], data: Path, detector: MediaPipePose
) -> None:
    """x right, y down, z away from the camera: as the calibrated truth has it."""
    (person,) = detector(balance[0])
    assert person.world_m is not None
    with np.load(data / "video/pose2sim_balance/truth.npz") as truth:
        names = truth["joint_names"].tolist()
        true_m = truth["xyz_world_m"][0] @ truth["cam4_R_camera_from_world"].T
    pairs = {
        f"{side[0]}{joint}": f"{side}_{joint}".lower()
        for side in ("Left", "Right")
        for joint in ("Hip", "Knee", "Ankle", "Shoulder", "Elbow", "Wrist")
    }
    true_m = true_m[[names.index(name) for name in pairs]]
    made_m = person.world_m[[BLAZEPOSE33.index(name) for name in pairs.values()]]
    for axis in range(3):
        assert np.corrcoef(made_m[:, axis], true_m[:, axis])[0, 1] > 0.8


def test_its_networks_answer_as_mediapipes_own_solution(balance: list[Frame]) -> None:
    """The same person in the same region, and the next picture in the region that follows."""
    finder, landmarker = PersonFinder(MIN_DETECTION), Landmarker(MIN_TRACKING)
    with pose_class()(**POSE_SETTINGS) as pose:
        region = finder(balance[0].rgb)[0]
        for frame in balance[:3]:
            look = landmarker(frame.rgb, region)
            theirs = pose.process(frame.rgb)
            assert look is not None
            height, width, _ = frame.rgb.shape
            points = [(m.x * width, m.y * height) for m in theirs.pose_landmarks.landmark]
            apart = np.linalg.norm(look.person.xy_px - np.array(points), axis=-1)
            # What is handed on grows from picture to picture; the first are alike.
            assert np.median(apart) < (10.0 if frame.index else 0.5)
            region = look.next_region
    finder.close()
    landmarker.close()


def test_another_landmark_network_of_mediapipes(
    balance: list[Frame], data: Path, detector: MediaPipePose
) -> None:
    bundle = data / "weights/pose_landmarker_lite.task"
    (full,) = detector(balance[0])
    with closing(load_detector(str(bundle))) as lite:
        assert lite.name == "mediapipe-pose_landmarker_lite"
        used = "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"
        assert detector.weights["pose_landmark_full.tflite"] == used
        assert lite.weights[bundle.name] == sha256(bundle) and len(lite.weights) == 2
        (person,) = lite(balance[0])
    apart = np.linalg.norm(person.xy_px - full.xy_px, axis=-1)
    assert 1 < np.median(apart) < 40  # another network, and the same man, 1000 px tall


def test_what_is_no_landmark_network_is_refused(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "some.task"
    path.write_bytes(b"no bundle")
    assert "cannot read" in refused(path)
    movenet = (data / "weights/movenet_single_pose_lightning_ptq.tflite").read_bytes()
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("hand_landmarks_detector.tflite", movenet)
    assert "has no pose_landmarks_detector.tflite" in refused(path)
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("pose_landmarks_detector.tflite", movenet)
    assert "cannot run" in refused(path)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 255
    path.write_bytes(damaged)
    assert "is damaged" in refused(path)


def refused(path: Path) -> str:
    with pytest.raises(WeightsError) as error:
        load_detector(str(path))
    assert "\n" not in str(error.value) and str(path) in str(error.value)
    return str(error.value)


def test_lite_and_heavy_come_from_the_folder_of_weights(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(WeightsError, match="monomocap weights pull mediapipe-heavy"):
        load_detector("mediapipe-heavy")
    (tmp_path / "mediapipe-lite.tflite").write_bytes(b"....TFL3 of somebody else")
    with pytest.raises(WeightsError, match="is not the file"):
        load_detector("mediapipe-lite")
    with zipfile.ZipFile(data / "weights/pose_landmarker_lite.task") as bundle:
        network = bundle.read("pose_landmarks_detector.tflite")
    (tmp_path / "mediapipe-lite.tflite").write_bytes(network)
    known = hashlib.sha256(network).hexdigest()
    monkeypatch.setitem(
        PUBLISHED, "mediapipe-lite", replace(PUBLISHED["mediapipe-lite"], sha256=known)
    )
    with closing(load_detector("mediapipe-lite")) as lite:
        assert lite.name == "mediapipe-lite"
        assert lite.weights["mediapipe-lite.tflite"] == known


def test_a_mirrored_picture_gives_the_mirrored_person(balance: list[Frame]) -> None:
    frame = balance[0]
    with MediaPipePose() as first, MediaPipePose() as second:
        (plain,) = first(frame)
        (turned,) = second(Frame(0, 0.0, frame.rgb[:, ::-1]))
    back = turned.xy_px[list(BLAZEPOSE33.mirror)] * [-1, 1] + [frame.rgb.shape[1] - 1, 0]
    limbs = [BLAZEPOSE33.index(f"{s}_{j}") for s in ("left", "right") for j in ("hip", "knee")]
    assert np.abs(back - plain.xy_px)[limbs].max() < 25  # of a person 1000 px tall


def test_fresh_detectors_agree_to_the_last_bit(balance: list[Frame]) -> None:
    def all_of(frames: list[Frame]) -> list[Person2D]:
        with MediaPipePose() as detector:
            return [person for frame in frames for person in detector(frame)]

    for one, other in zip(all_of(balance), all_of(balance), strict=True):
        np.testing.assert_array_equal(one.xy_px, other.xy_px)
        np.testing.assert_array_equal(np.array(one.world_m), np.array(other.world_m))


def test_the_picture_is_read_in_place_and_left_as_it_was(
    balance: list[Frame], detector: MediaPipePose
) -> None:
    before = balance[0].rgb.copy()
    detector(balance[0])
    assert balance[0].rgb.flags.writeable
    np.testing.assert_array_equal(balance[0].rgb, before)


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 300), (300, 1), (2, 3), (17, 31), (101, 99), (2160, 3840)]
)
def test_nobody_in_a_picture_of_any_size(size: tuple[int, int], detector: MediaPipePose) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (*size, 3), dtype=np.uint8)
    for rgb in (np.zeros((*size, 3), np.uint8), noise):
        assert detector(Frame(0, 0.0, rgb)) == []


def test_pixels_are_those_of_the_picture_at_any_size(balance: list[Frame]) -> None:
    rgb = balance[0].rgb
    found = []
    for step in (1, 3):
        with MediaPipePose() as detector:
            found.append(detector(Frame(0, 0.0, rgb[::step, ::step]))[0].xy_px * step)
    assert np.linalg.norm(found[0] - found[1], axis=-1).mean() < 15


def test_who_leaves_is_gone_and_who_returns_is_found(
    balance: list[Frame], detector: MediaPipePose
) -> None:
    empty = np.zeros_like(balance[0].rgb)
    pictures = [balance[0].rgb, empty, empty, balance[1].rgb]
    frames = [Frame(i, i / 60, rgb) for i, rgb in enumerate(pictures)]
    _, (track,) = collect_tracks(frames, detector)
    assert track.seen.all(axis=1).tolist() == [True, False, False, True]
    assert track.skeleton is BLAZEPOSE33


def test_a_cut_to_another_place_costs_no_frame(
    balance: list[Frame], detector: MediaPipePose
) -> None:
    """Losing somebody, it looks for another person in the same frame."""
    rgb = balance[0].rgb
    aside = np.zeros((rgb.shape[0], 2 * rgb.shape[1], 3), np.uint8)
    left, right = aside.copy(), aside.copy()
    left[:, : rgb.shape[1]], right[:, -rgb.shape[1] :] = rgb, rgb
    found = [detector(Frame(i, i / 60, p)) for i, p in enumerate((left, right, left))]
    middles = [person.xy_px[:, 0].mean() / rgb.shape[1] for (person,) in found]
    assert [int(m) for m in middles] == [0, 1, 0]


def test_an_empty_scene_is_empty_and_a_person_in_it_is_seen(
    data: Path, detector: MediaPipePose
) -> None:
    """Ghosts: at MediaPipe's default thresholds this scene's table is a person."""
    with VideoReader(data / "video/one_by_one.mp4") as video:
        wanted = [f for f in islice(video, 240) if f.index >= 180]
    seen = {frame.index: bool(detector(frame)) for frame in wanted}
    assert not any(seen[i] for i in range(200, 228))
    assert all(seen[i] for i in range(180, 190))


def test_it_says_what_computes_and_with_which_weights(detector: MediaPipePose) -> None:
    assert (detector.name, detector.device) == ("mediapipe", "cpu")
    assert sorted(detector.weights) == ["pose_detection.tflite", "pose_landmark_full.tflite"]
    assert all(len(digest) == 64 for digest in detector.weights.values())
    with load_detector("mediapipe", "cuda") as on_request:
        assert on_request.device == "cpu"


def test_closing_twice_is_fine() -> None:
    detector = MediaPipePose()
    detector.close()
    detector.close()


def test_an_unknown_detector_meets_the_list_of_choices() -> None:
    with pytest.raises(UnknownName, match="no detector is called 'media-pipe'.*mediapipe"):
        load_detector("media-pipe")


def test_without_mediapipe_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [m for m in sys.modules if m.split(".")[0] == "mediapipe"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(MissingDependency, match="pip install mediapipe==0.10.21") as error:
        pose_class()
    assert "\n" not in str(error.value)


SLIM = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"cv2", "matplotlib", "jax", "jaxlib"}:
            raise ImportError("libGL.so.1: cannot open shared object file")

sys.meta_path.insert(0, Missing())
"""
RUN = """
import sys
from monomocap.detect.catalogue import load_detector
from monomocap.video.read import VideoReader
with VideoReader(sys.argv[1], max_frames=3) as video, load_detector("mediapipe") as detector:
    print([len(detector(frame)) for frame in video])
"""
AFTERWARDS = """
import mediapipe as mp
from mediapipe import solutions, tasks
print(mp.__version__, mp.solutions.pose.Pose is solutions.pose.Pose)
print(mp.solutions.drawing_utils.draw_landmarks.__name__, tasks.vision.PoseLandmarker.__name__)
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_runs_without_opencv_and_without_a_word(data: Path) -> None:
    """A slim container has no libGL, so OpenCV cannot be imported there."""
    done = python(SLIM + RUN, str(data / "video/pose2sim_balance/cam04.mp4"))
    assert (done.stdout, done.stderr, done.returncode) == ("[1, 1, 1]\n", "", 0)


def test_others_may_import_all_of_mediapipe_afterwards(data: Path) -> None:
    done = python(RUN + AFTERWARDS, str(data / "video/pose2sim_balance/cam04.mp4"))
    assert done.stdout.splitlines()[1:] == ["0.10.21 True", "draw_landmarks PoseLandmarker"], (
        done.stderr
    )


def test_who_imported_mediapipe_before_is_served_too(data: Path) -> None:
    done = python("import mediapipe\n" + RUN, str(data / "video/pose2sim_balance/cam04.mp4"))
    assert (done.stdout, done.returncode) == ("[1, 1, 1]\n", 0), done.stderr
