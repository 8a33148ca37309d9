"""Readers of benchmarks: tiny files of the exact layout give back the motion they were made of."""

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from monomocap.datasets.benchmarks import BENCHMARKS
from monomocap.datasets.human36m import camera_names
from monomocap.datasets.layouts import HUMANEVA15
from monomocap.datasets.pickles import read_npz_object, read_pickle
from monomocap.datasets.recording import Recording
from monomocap.errors import DataError, MissingDependency, UnknownName
from monomocap.geometry.camera import project, to_world
from monomocap.skeleton import H36M17, LIMB_JOINTS, convert
from tests import benchmark_files as files

LIMBS = [H36M17.index(joint) for joint in LIMB_JOINTS]
MADE: list[tuple[str, str, Callable[[Path], Path], int]] = [
    ("h36m", "test", files.human36m_npz, 8),
    ("h36m", "test", files.human36m_h5, 8),
    ("3dhp", "test", files.mpi_test_npz, 2),
    ("3dhp", "test", files.mpi_test_mat, 1),
    ("3dhp", "train", files.mpi_train_mat, 8),
    ("humaneva", "test", files.humaneva_npz, 3),
    ("humaneva", "test-all", files.humaneva_npz, 6),
    ("3dpw", "test", files.threedpw_pkl, 2),
]


def read(name: str, path: Path, split: str) -> list[Recording]:
    return list(BENCHMARKS[name].recordings(path, split))


def bone_lengths(xyz_m: np.ndarray) -> np.ndarray:
    """Of shanks and forearms: the same in every camera."""
    pairs = [(2, 3), (5, 6), (12, 13), (15, 16)]
    return np.stack([np.linalg.norm(xyz_m[:, a] - xyz_m[:, b], axis=-1) for a, b in pairs])


@pytest.mark.parametrize(("name", "split", "make", "count"), MADE)
def test_a_tiny_file_of_the_layout_gives_back_its_motion(
    tmp_path: Path, name: str, split: str, make: Callable[[Path], Path], count: int
) -> None:
    recordings = read(name, make(tmp_path), split)
    assert len(recordings) == count
    assert len({recording.key for recording in recordings}) == count
    for recording in recordings:
        true = bone_lengths(files.walking())
        np.testing.assert_allclose(bone_lengths(recording.truth.xyz_m), true, atol=2e-3)
        assert (recording.truth.xyz_m[:, LIMBS, 2] > 1).all(), "before the camera"
        seen = convert(recording.track.xy_px, recording.track.skeleton, H36M17)
        off = project(recording.camera, recording.truth.xyz_m) - seen
        assert np.abs(off[:, LIMBS]).max() < 1.0, "2D, 3D and camera belong together"


def test_human36m_stands_in_its_own_world(tmp_path: Path) -> None:
    for recording in read("h36m", files.human36m_npz(tmp_path), "test"):
        world = to_world(recording.camera, recording.truth.xyz_m)
        np.testing.assert_allclose(world, files.walking(), atol=1e-5)
        assert recording.action == "Walking" and recording.take == "Walking 1"
        assert np.diff(recording.truth.time_s) == pytest.approx(1 / 50)


def test_both_layouts_of_human36m_are_one_data_set(tmp_path: Path) -> None:
    one, other = tmp_path / "npz", tmp_path / "h5"
    one.mkdir()
    pairs = zip(
        sorted(read("h36m", files.human36m_npz(one), "test"), key=lambda r: r.key),
        sorted(read("h36m", files.human36m_h5(other), "test"), key=lambda r: r.key),
        strict=True,
    )
    for a, b in pairs:
        assert a.key == b.key and a.camera == b.camera
        np.testing.assert_allclose(a.truth.xyz_m, b.truth.xyz_m, atol=1e-5)


def test_human36ms_own_detections_are_found(tmp_path: Path) -> None:
    one, other = tmp_path / "npz", tmp_path / "h5"
    one.mkdir()
    cpn = BENCHMARKS["h36m"].detections
    assert cpn
    for recording in read("h36m", files.human36m_npz(one), "test"):
        track = cpn(one, None)(recording)
        assert len(track.time_s) == 24, "one frame more is cut off"
        np.testing.assert_allclose(track.xy_px - 3, recording.track.xy_px, atol=1)
    for recording in read("h36m", files.human36m_h5(other), "test"):
        track = cpn(other, None)(recording)
        np.testing.assert_allclose(track.xy_px[:, LIMBS], recording.track.xy_px[:, LIMBS], atol=1)
        neck, made = H36M17.index("neck"), [H36M17.index(j) for j in ("thorax", "head")]
        np.testing.assert_allclose(track.xy_px[:, neck], track.xy_px[:, made].mean(1), rtol=1e-6)


def test_a_plain_file_of_detections_names_its_recordings(tmp_path: Path) -> None:
    recordings = read("h36m", files.human36m_npz(tmp_path), "test")
    coco = np.random.default_rng(0).uniform(0, 1000, (24, 17, 3)) * [1, 1, 1e-3]
    np.savez(tmp_path / "mine.npz", layout="coco17", **{recordings[0].key: coco})
    source = BENCHMARKS["h36m"].detections
    assert source
    track = source(tmp_path, tmp_path / "mine.npz")(recordings[0])
    assert track.skeleton.name == "coco17"
    np.testing.assert_allclose(track.score, coco[..., 2])
    with pytest.raises(DataError, match=recordings[1].key):
        source(tmp_path, tmp_path / "mine.npz")(recordings[1])


def test_3dhp_counts_valid_frames_and_knows_the_universal_person(tmp_path: Path) -> None:
    archive, official = tmp_path / "a", tmp_path / "b"
    archive.mkdir()
    official.mkdir()
    studio, outdoors = read("3dhp", files.mpi_test_npz(archive), "test")
    assert studio.scored is not None and studio.scored.sum() == 12
    assert (studio.camera.width_px, outdoors.camera.width_px) == (2048, 1920)
    assert studio.camera.focal_px == pytest.approx(files.STUDIO.focal_px, rel=1e-6)
    assert studio.camera.center_px == pytest.approx(files.STUDIO.center_px, rel=1e-6)
    (true,) = read("3dhp", files.mpi_test_mat(official), "test")
    (universal,) = read("3dhp", official, "test-universal")
    np.testing.assert_allclose(universal.truth.xyz_m, 1.1 * true.truth.xyz_m)
    assert np.isfinite(true.truth.xyz_m).all()
    with pytest.raises(DataError, match="no universal"):
        read("3dhp", archive, "test-universal")


def test_humanevas_cameras_are_found_and_its_missing_joints_stay_missing(tmp_path: Path) -> None:
    recording = read("humaneva", files.humaneva_npz(tmp_path), "test")[0]
    assert recording.camera.focal_px == pytest.approx((700, 702), rel=0.02)
    known = np.isfinite(recording.truth.xyz_m).all(axis=(0, 2))
    assert [j for j, there in zip(H36M17.joints, known, strict=True) if not there] == [
        "spine",
        "neck",
    ]
    assert recording.track.seen.all(), "2D is completed as a detector's is"
    assert len(HUMANEVA15) == 15


def test_3dpw_counts_only_frames_with_an_aligned_camera(tmp_path: Path) -> None:
    first, second = read("3dpw", files.threedpw_pkl(tmp_path), "test")
    assert first.scored is not None and first.scored.all()
    assert second.scored is not None and not second.scored.any()
    assert (first.camera.width_px, first.camera.height_px) == (1080, 1920)


def test_the_four_views_are_a_benchmark(data: Path) -> None:
    recordings = read("balance", data / "video" / "pose2sim_balance", "all")
    assert [recording.camera_name for recording in recordings] == [
        "cam01",
        "cam02",
        "cam03",
        "cam04",
    ]
    for recording in recordings:
        assert recording.video is not None and recording.video.is_file()
        assert np.isfinite(recording.truth.xyz_m[:, LIMBS]).all()


class Hostile:
    """A pickle that would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.path),))


def test_nothing_in_a_data_file_is_run(tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    held = {"S9": Hostile(trap)}
    np.savez(tmp_path / "data_3d_h36m.npz", positions_3d=held)  # type: ignore[arg-type]
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "a.pkl").write_bytes(pickle.dumps(held))
    for name in ("h36m", "3dpw"):
        with pytest.raises(DataError, match="nothing was run") as raised:
            read(name, tmp_path, "test")
        assert "mkdir" in str(raised.value) and not trap.exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_arrays_come_back_whole(tmp_path: Path, protocol: int) -> None:
    held = {
        "S9": [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.eye(3, 2)), np.float64(2.5)],
        "object": np.array([{"a": np.arange(3, dtype=">i2")}, None], dtype=object),
        7: ("text", True, None),
    }
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(held, protocol=protocol))
    back = read_pickle(tmp_path / "a.pkl")
    assert isinstance(back, dict) and back[7] == held[7]
    for number in range(3):
        np.testing.assert_array_equal(back["S9"][number], held["S9"][number])  # type: ignore[index]
    np.testing.assert_array_equal(back["object"][0]["a"], [0, 1, 2])


@pytest.mark.parametrize(("name", "split", "make", "count"), MADE)
def test_files_cut_short_are_refused_in_one_line(
    tmp_path: Path, name: str, split: str, make: Callable[[Path], Path], count: int
) -> None:
    make(tmp_path)
    for file in [path for path in tmp_path.rglob("*") if path.is_file()]:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(DataError) as raised:
        read(name, tmp_path, split)
    assert len(str(raised.value).splitlines()) == 1 and str(tmp_path) in str(raised.value)


@pytest.mark.parametrize("name", sorted(BENCHMARKS))
def test_empty_folders_missing_folders_and_wrong_splits_are_named(
    tmp_path: Path, name: str
) -> None:
    split = BENCHMARKS[name].splits[0]
    with pytest.raises(DataError, match=str(tmp_path)):
        read(name, tmp_path, split)
    with pytest.raises(DataError, match="no file or folder"):
        read(name, tmp_path / "nowhere", split)
    with pytest.raises(UnknownName, match=split):
        read(name, tmp_path, "everybody")


@pytest.mark.parametrize(
    ("poses", "said"),
    [
        (np.zeros((5, 16, 3)), "another layout"),
        (np.zeros((5, 32, 2)), "another layout"),
        ("text", "not an array"),
        (None, "not an array"),
    ],
)
def test_arrays_of_another_shape_are_refused(tmp_path: Path, poses: object, said: str) -> None:
    held = {"S9": {"Walking": poses}, "S11": {}}
    np.savez(tmp_path / "data_3d_h36m.npz", positions_3d=held)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=said):
        read("h36m", tmp_path, "test")


def test_a_missing_subject_is_named(tmp_path: Path) -> None:
    held = {"S1": {"Walking": files.on_32(files.walking())}}
    np.savez(tmp_path / "data_3d_h36m.npz", positions_3d=held)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no subject S9"):
        read("h36m", tmp_path, "test")
    with pytest.raises(DataError, match="positions_2d"):
        read_npz_object(tmp_path / "data_3d_h36m.npz", "positions_2d")


def test_2d_that_is_shorter_than_the_truth_is_refused(tmp_path: Path) -> None:
    recordings = read("h36m", files.human36m_npz(tmp_path), "test")
    views = [np.zeros((20, 17, 2), np.float32) for _ in camera_names()]
    held = {"S9": {"Walking 1": views}, "S11": {"Walking 1": views[:1]}}
    np.savez(tmp_path / "short.npz", positions_2d=held)  # type: ignore[arg-type]
    source = BENCHMARKS["h36m"].detections
    assert source
    track = source(tmp_path, tmp_path / "short.npz")
    with pytest.raises(DataError, match="20 frames of 2D and the truth 24"):
        track(recordings[0])
    with pytest.raises(DataError, match=f"no 2D of camera {camera_names()[3]}"):
        track(recordings[7])


def test_h5_files_say_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.human36m_h5(tmp_path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingDependency, match=r"pip install monomocap\[data\]"):
        read("h36m", tmp_path, "test")
