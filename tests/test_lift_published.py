"""Published folders and checkpoints lift any track, and equal their originals where asked to."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from monomocap.cli.main import main
from monomocap.detect.catalogue import DETECTORS
from monomocap.errors import MissingDependency, OptionError, UnknownName, WeightsError
from monomocap.formats import load, save
from monomocap.lift import published
from monomocap.lift.catalogue import load_lifter
from monomocap.lift.checkpoints import network_for
from monomocap.lift.networks.canonical_pose import CanonicalPose, RootTrajectory
from monomocap.lift.networks.hdformer import HDFormer
from monomocap.lift.networks.mixste import MixSTE
from monomocap.lift.networks.ucond_dgcn import UCondDGCN
from monomocap.lift.published_folder import read_configuration, stated_view
from monomocap.options import Options, View
from monomocap.pipeline import estimate
from monomocap.skeleton import H36M17, MODELSCOPE15
from monomocap.types import Camera, Motion3D, Track2D
from monomocap.workflows.run import view_for
from tests.fakes import FakeDetector
from tests.golden import vectors as golden
from tests.published import (
    canonical_folder,
    configure,
    hdformer_folder,
    shaken,
    some_hdformer,
    statistics,
    walker,
)
from tests.videos import make_video

ASSUMED = replace(Camera.from_fov(1000, 1002), source="assumed")
LENGTHS = [1, 50, 96, 97, 300]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hdformer_folder(tmp_path_factory.mktemp("models") / "hdformer")


def small_pose(**changes: Any) -> CanonicalPose:
    network = CanonicalPose(**{"widths": [3, 3, 3], "channels": 8, **changes})
    shaken(network)
    return network


def small_trajectory(**changes: Any) -> RootTrajectory:
    network = RootTrajectory(**{"frames": 27, "channels": 8, "blocks": 2, **changes})
    shaken(network)
    return network


def research_files(where: Path) -> dict[str, Path]:
    """Every kind of checkpoint, wrapped as its research code wraps it, of a small width."""
    statistics(where)
    state = np.random.RandomState(3)  # noqa: NPY002 - what research code saves
    contents: dict[str, dict[str, Any]] = {
        "hdformer.pth.tar": {"epoch": 3, "state_dict": some_hdformer().state_dict()},
        "mixste.bin": {
            "random_state": state,
            "lr": np.float64(0.1),
            "model_pos": in_parallel(MixSTE(frames=27, dim=32, depth=2)),
        },
        "ucond.pt": shaken(UCondDGCN(planes=(4, 8, 8, 8, 8), unofficial_quirks=True)).state_dict(),
        "videopose3d.bin": {
            "model_pos": small_pose().state_dict(),
            "model_traj": small_pose(joints_out=1).state_dict(),
            "random_state": state,
        },
    }
    for name, content in contents.items():
        torch.save(content, where / name)
    return {name: where / name for name in contents}


def in_parallel(network: nn.Module) -> dict[str, torch.Tensor]:
    return {f"module.{name}": tensor for name, tensor in shaken(network).state_dict().items()}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return research_files(tmp_path_factory.mktemp("files"))


def assert_whole(motion: Motion3D, track: Track2D) -> None:
    assert motion.xyz_m.shape == (len(track.time_s), 17, 3)
    assert motion.seen.all() and motion.frame == "root"
    assert np.abs(motion.xyz_m[:, 0]).max() == 0
    np.testing.assert_array_equal(motion.confidence, track.score.astype(np.float32))


# --- published names and shapes


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("hdformer", "hdformer"),
        ("mixste_t27", "mixste"),
        ("mixste_t81", "mixste"),
        ("mixste_t243", "mixste"),
        ("ucond_dgcn_unofficial", "ucond_dgcn"),
        ("canonical_pose_model_pos_rf243_c1024", "canonical_pose"),
        ("canonical_pose_model_traj_rf243", "root_trajectory"),
    ],
)
def test_every_published_name_and_shape_finds_its_place(name: str, kind: str) -> None:
    published_shapes = golden.published_shapes(name)
    state = {key: torch.empty(shape, device="meta") for key, shape in published_shapes.items()}
    found, network = network_for(state, Path("w.pth.tar"))
    assert found == kind
    assert {key: tuple(t.shape) for key, t in network.state_dict().items()} == published_shapes


# --- any length, any frame rate, gaps


@pytest.mark.parametrize("frames", LENGTHS)
def test_a_folder_gives_every_frame_a_pose(folder: Path, frames: int) -> None:
    track = walker(frames)
    assert_whole(load_lifter(str(folder), "cpu")(track, ASSUMED), track)


@pytest.mark.parametrize("name", ["hdformer.pth.tar", "mixste.bin", "ucond.pt", "videopose3d.bin"])
@pytest.mark.parametrize("frames", [1, 50, 97])
def test_a_research_file_gives_every_frame_a_pose(
    files: dict[str, Path], name: str, frames: int
) -> None:
    track = walker(frames, fps=30)
    lifter = load_lifter(str(files[name]), "cpu")
    assert_whole(lifter(track, ASSUMED), track)
    assert list(lifter.weights) == [name] and len(lifter.weights[name]) == 64
    assert lifter.name.endswith(f":{name}")


@pytest.mark.parametrize("kind", ["hdformer", "canonical"])
def test_gaps_stay_gaps(folder: Path, tmp_path: Path, kind: str) -> None:
    if kind == "canonical":
        folder = canonical_folder(tmp_path, small_pose(), small_trajectory())
    track = walker(120)
    xy_px = track.xy_px.copy()
    xy_px[40:70] = np.nan
    xy_px[100] = np.nan
    xy_px[80:90, 16] = np.nan
    gone = np.isnan(xy_px).any(axis=-1)
    track = replace(track, xy_px=xy_px, score=np.where(gone, 0, track.score))
    motion = load_lifter(str(folder), "cpu")(track, ASSUMED)
    np.testing.assert_array_equal(motion.seen, ~gone)
    assert (motion.confidence[gone] == 0).all()
    if motion.root_m is not None:
        np.testing.assert_array_equal(np.isfinite(motion.root_m).all(axis=1), ~gone[:, 0])


def test_nobody_and_nothing_are_answers(folder: Path) -> None:
    lifter = load_lifter(str(folder), "cpu")
    nobody = replace(walker(5), xy_px=np.full((5, 17, 2), np.nan), score=np.zeros((5, 17)))
    assert not lifter(nobody, ASSUMED).seen.any()
    assert lifter(walker(0), ASSUMED).xyz_m.shape == (0, 17, 3)


def test_the_frame_rate_does_not_matter(folder: Path) -> None:
    lifter = load_lifter(str(folder), "cpu")
    at_50, at_100 = (lifter(walker(n, fps), ASSUMED).xyz_m for n, fps in ((101, 50), (201, 100)))
    assert np.abs(at_50 - at_100[::2]).max() < 0.05 * np.abs(at_50 - at_50.mean(0)).max()


def test_a_cut_leaves_no_seam(folder: Path) -> None:
    """Frames far enough from a cut see the same windows."""
    lifter = load_lifter(str(folder), "cpu")
    track = walker(480)
    part = replace(
        track, time_s=track.time_s[:300], xy_px=track.xy_px[:300], score=track.score[:300]
    )
    whole, cut = (lifter(t, ASSUMED).xyz_m for t in (track, part))
    np.testing.assert_allclose(cut[:190], whole[:190], atol=1e-5)


@pytest.mark.parametrize("kind", ["hdformer", "canonical"])
def test_a_long_track_is_lifted_in_pieces_with_the_same_result(
    folder: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "canonical":
        folder = canonical_folder(tmp_path, small_pose(), small_trajectory())
    lifter, track = load_lifter(str(folder), "cpu"), walker(450, fps=30)
    whole = lifter(track, ASSUMED)
    monkeypatch.setattr(published, "PIECE_FRAMES", 300)
    parts = lifter(track, ASSUMED)
    np.testing.assert_allclose(parts.xyz_m, whole.xyz_m, atol=1e-4)
    if kind == "canonical":
        assert parts.root_m is not None and whole.root_m is not None
        np.testing.assert_allclose(parts.root_m, whole.root_m, atol=1e-4)


def test_the_mirrored_track_gives_the_mirrored_motion(folder: Path) -> None:
    camera = Camera.from_focal(1001, 1001, 1000.0)
    track, mirror = walker(60), list(H36M17.mirror)
    turned = (2 * camera.center_px[0], 0) + track.xy_px[:, mirror] * (-1, 1)
    lifter = load_lifter(str(folder), "cpu")
    motion, other = (lifter(t, camera).xyz_m for t in (track, replace(track, xy_px=turned)))
    np.testing.assert_allclose(other, motion[:, mirror] * (-1, 1, 1), atol=1e-4)


# --- cameras


def test_a_known_lens_is_really_used(folder: Path, tmp_path: Path) -> None:
    """Twice the picture and twice the focal length change nothing, nor does the folder's camera."""
    track = walker(20)
    small, large = Camera.from_focal(1000, 1002, 900.0), Camera.from_focal(2000, 2004, 1800.0)
    center_small, center_large = np.array(small.center_px), np.array(large.center_px)
    doubled = replace(track, xy_px=(track.xy_px - center_small) * 2 + center_large)
    one = load_lifter(str(folder), "cpu")(track, small).xyz_m
    np.testing.assert_allclose(
        load_lifter(str(folder), "cpu")(doubled, large).xyz_m, one, atol=1e-4
    )
    other = hdformer_folder(tmp_path / "other", center=[300, 700], focal_length=[500, 2000])
    np.testing.assert_allclose(load_lifter(str(other), "cpu")(track, small).xyz_m, one, atol=1e-4)
    longer = Camera.from_focal(1000, 1002, 1200.0)
    assert np.abs(load_lifter(str(folder), "cpu")(track, longer).xyz_m - one).max() > 1e-3


def test_without_a_known_lens_the_folders_camera_is_used(folder: Path, tmp_path: Path) -> None:
    track = walker(20)
    one = load_lifter(str(folder), "cpu")(track, ASSUMED).xyz_m
    own = Camera(1000, 1002, (1145.0, 1143.75), (513.0, 516.0))  # + 0.5: pixels of the original
    np.testing.assert_allclose(load_lifter(str(folder), "cpu")(track, own).xyz_m, one, atol=1e-4)
    other = hdformer_folder(tmp_path / "other", focal_length=[500, 2000])
    assert np.abs(load_lifter(str(other), "cpu")(track, ASSUMED).xyz_m - one).max() > 1e-3


def test_a_picture_of_another_size_gets_the_folders_lens(folder: Path) -> None:
    """640 x 360: its middle and its longer side are those of the folder's camera."""
    track, camera = walker(20), replace(Camera.from_fov(640, 360), source="assumed")
    scale = 640 / 1002
    small = replace(track, xy_px=(track.xy_px - [513, 516]) * scale + camera.center_px)
    lifter = load_lifter(str(folder), "cpu")
    np.testing.assert_allclose(lifter(small, camera).xyz_m, lifter(track, ASSUMED).xyz_m, atol=1e-4)


# --- as published


@pytest.fixture(scope="module")
def recorded() -> golden.Vectors:
    return golden.vectors("hdformer_modelscope_detector")


@pytest.fixture(scope="module")
def golden_folder(tmp_path_factory: pytest.TempPathFactory, recorded: golden.Vectors) -> Path:
    folder = tmp_path_factory.mktemp("golden")
    config = json.loads(recorded["config_json"].tobytes())
    document = {"model": config, "render": {"azim": -90, "elev": -90}}
    (folder / "configuration.json").write_text(json.dumps(document))
    for name, dims in (("2d", "2d"), ("3d", "3d")):
        pair = np.stack([recorded[f"mean_{dims}"], recorded[f"std_{dims}"]])
        np.save(folder / f"mean_std_{name}.npy", pair)
    state = golden.state_dict(golden.vectors("hdformer"), torch.float32)
    torch.save({"state_dict": state}, folder / "pytorch_model.bin")
    return folder


def of_points(xy_px: np.ndarray) -> Track2D:
    return Track2D(0, np.arange(len(xy_px)) / 50, xy_px, np.ones(xy_px.shape[:2]), H36M17)


def test_the_original_detector_is_repeated(golden_folder: Path, recorded: golden.Vectors) -> None:
    lifter = load_lifter(str(golden_folder), "cpu", as_published=True)
    motion = lifter(of_points(recorded["points_px"]), ASSUMED)
    original = recorded["poses_camera"][0]
    answered = len(original)
    np.testing.assert_allclose(
        motion.xyz_m[:answered], original, rtol=1e-4, atol=1e-4 * original.std()
    )
    assert not motion.seen[answered:].any()


def test_what_the_original_meant_for_many_windows_is_repeated(
    golden_folder: Path, recorded: golden.Vectors, tmp_path: Path
) -> None:
    """Its loop crashes at the second window; ours does not."""
    for file in golden_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path = tmp_path / "configuration.json"
    document = json.loads(path.read_text())
    document["model"]["INPUT"] |= {"window_size": int(recorded["multi_window_size"])}
    del document["model"]["INPUT"]["max_frame"]
    path.write_text(json.dumps(document))
    lifter = load_lifter(str(tmp_path), "cpu", as_published=True)
    motion = lifter(of_points(recorded["multi_points_px"]), ASSUMED)
    original = recorded["multi_poses_intended"]
    np.testing.assert_allclose(
        motion.xyz_m[: len(original)], original, rtol=1e-4, atol=1e-4 * original.std()
    )


def test_within_one_window_our_way_is_the_published_way_in_metres(
    golden_folder: Path, recorded: golden.Vectors
) -> None:
    """At 50 frames/s, without a camera of our own: nothing but the limits differs."""
    track = of_points(recorded["points_px"][:96])
    ours = load_lifter(str(golden_folder), "cpu")(track, ASSUMED).xyz_m
    original = recorded["poses_camera"][0]
    np.testing.assert_allclose(ours, original, rtol=1e-3, atol=1e-3 * original.std())


def test_max_frame_window_size_and_res_w_apply_only_as_published(tmp_path: Path) -> None:
    track = walker(112)
    plain = hdformer_folder(tmp_path / "a")
    limited = hdformer_folder(tmp_path / "b", max_frame=105, window_size=3)
    one, other = (load_lifter(str(f), "cpu")(track, ASSUMED).xyz_m for f in (plain, limited))
    np.testing.assert_array_equal(one, other)
    literal = load_lifter(str(limited), "cpu", as_published=True)(track, ASSUMED)
    assert literal.seen.all(axis=1).tolist() == [True] * 105 + [False] * 7
    wide = hdformer_folder(tmp_path / "c", res_w=2000)
    halved = load_lifter(str(wide), "cpu", as_published=True)(track, ASSUMED).xyz_m
    whole = load_lifter(str(plain), "cpu", as_published=True)(track, ASSUMED).xyz_m
    np.testing.assert_allclose(halved, whole / 2, rtol=1e-5, atol=1e-7)


def test_as_published_needs_a_folder(files: dict[str, Path]) -> None:
    with pytest.raises(OptionError, match="needs a model folder"):
        load_lifter(str(files["mixste.bin"]), "cpu", as_published=True)
    with pytest.raises(OptionError, match="flat is not a published model folder"):
        load_lifter("flat", "cpu", as_published=True)
    with pytest.raises(OptionError, match="leave focal_px, fov_deg, calibration out"):
        Options(as_published=True, fov_deg=60.0)


# --- CanonicalPose3D


def test_the_root_trajectory_reaches_the_user(tmp_path: Path) -> None:
    pose, trajectory = small_pose(), small_trajectory()
    folder = canonical_folder(tmp_path, pose, trajectory, MODEL={"USE_2D_OFFSETS": False})
    track = walker(40)
    motion = load_lifter(str(folder), "cpu")(track, ASSUMED)
    assert_whole(motion, track)
    assert motion.root_m is not None and motion.root_m.shape == (40, 3)
    assert np.isfinite(motion.root_m).all() and np.ptp(motion.root_m, axis=0).min() > 0


def test_pose_and_root_are_those_of_the_networks(tmp_path: Path) -> None:
    """Screen to the pose network, rays to the trajectory's, edges repeated; by hand."""
    pose, trajectory = small_pose(), small_trajectory()
    folder = canonical_folder(tmp_path, pose, trajectory, MODEL={"USE_2D_OFFSETS": False})
    track = walker(30)
    motion = load_lifter(str(folder), "cpu")(track, ASSUMED)
    screen = track.xy_px / 1000 * 2 - [1, 1.002]
    turned = screen[:, list(H36M17.mirror)] * (-1, 1)
    padded = [np.pad(x, ((13, 13), (0, 0), (0, 0)), mode="edge") for x in (screen, turned)]
    with torch.no_grad():
        guess, other = (pose(torch.tensor(p[None]).float())[0].numpy() for p in padded)
        xyz = (guess + other[:, list(H36M17.mirror)] * (-1, 1, 1)) / 2
        ray = (track.xy_px - [512.5, 515.5]) / [1145, 1143.75]
        windows = np.stack([ray[np.arange(t - 13, t + 14).clip(0, 29)] for t in range(30)])
        root = trajectory(torch.tensor(windows).float(), torch.tensor(xyz).float()).numpy()
    np.testing.assert_allclose(motion.xyz_m, xyz - xyz[:, :1], atol=2e-5)
    assert motion.root_m is not None
    np.testing.assert_allclose(motion.root_m, root, atol=2e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {"causal": True, "MODEL": {"CAUSAL": True}},
        {"joints_in": 15},
        {"dense": True},
        {"MODEL": {"USE_2D_OFFSETS": True, "USE_CANONICAL_COORDS": False}},
    ],
    ids=["causal", "15 joints", "dense", "offsets"],
)
def test_variants_of_canonical_pose(tmp_path: Path, changes: dict[str, Any]) -> None:
    model = changes.pop("MODEL", {}) if "MODEL" in changes else {}
    pose = small_pose(**changes)
    trajectory = small_trajectory(joints=changes.get("joints_in", 17))
    folder = canonical_folder(tmp_path, pose, trajectory, MODEL=model)
    track = walker(20)
    motion = load_lifter(str(folder), "cpu")(track, ASSUMED)
    assert_whole(motion, track)
    assert motion.root_m is not None


def test_a_causal_folder_never_looks_ahead(tmp_path: Path) -> None:
    pose = small_pose(causal=True)
    folder = canonical_folder(tmp_path, pose, None, MODEL={"CAUSAL": True})
    lifter, track = load_lifter(str(folder), "cpu"), walker(60)
    xy_px = track.xy_px.copy()
    xy_px[30:] += 100
    one, other = (lifter(t, ASSUMED).xyz_m for t in (track, replace(track, xy_px=xy_px)))
    np.testing.assert_allclose(one[:29], other[:29], atol=1e-6)
    assert np.abs(one[31:] - other[31:]).max() > 1e-3


def test_canonical_as_published_stops_at_max_frame(tmp_path: Path) -> None:
    folder = canonical_folder(tmp_path, small_pose(), small_trajectory(), max_frame=10)
    motion = load_lifter(str(folder), "cpu", as_published=True)(walker(20), ASSUMED)
    assert motion.root_m is not None
    assert motion.seen.all(axis=1).tolist() == [True] * 10 + [False] * 10
    assert np.isfinite(motion.root_m).all(axis=1).tolist() == [True] * 10 + [False] * 10


# --- what a folder states


def test_what_a_folder_states_is_reported(folder: Path) -> None:
    settings = load_lifter(str(folder), "cpu").settings  # type: ignore[attr-defined]
    assert settings["center"] == "[512.5, 515.5]"
    assert settings["max_frame"] == "100 (not applied)"
    assert settings["window_size"] == "5 (not applied)"
    assert settings["res_w"] == "1000 (not divided by)"
    assert (settings["azim"], settings["elev"]) == ("-90", "-90")
    literal = load_lifter(str(folder), "cpu", as_published=True)
    assert literal.settings["max_frame"] == "100"  # type: ignore[attr-defined]
    assert sorted(literal.weights) == ["mean_std_2d.npy", "mean_std_3d.npy", "pytorch_model.bin"]


@pytest.mark.parametrize(
    ("azim", "elev", "view"),
    [
        (-90, -90, View(0.0, 0.0)),  # from the camera
        (0, 0, View(90.0, 0.0)),  # from the picture's right
        (180, 0, View(-90.0, 0.0)),
        (-90, 0, View(0.0, 90.0)),  # from above
        (0, -45, View(45.0, 0.0)),
    ],
)
def test_a_folders_view_is_the_same_eye(
    tmp_path: Path, azim: float, elev: float, view: View
) -> None:
    path = configure(tmp_path) / "configuration.json"
    document = json.loads(path.read_text()) | {"render": {"azim": azim, "elev": elev}}
    path.write_text(json.dumps(document))
    assert read_configuration(tmp_path).view == view
    assert stated_view(str(tmp_path)) == view
    assert stated_view("flat") is None


# --- what is wrong is told in one line


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"center": None}, "center must be two numbers, not null"),
        ({"focal_length": [1145]}, "focal_length must be two numbers"),
        ({"focal_length": [1145, 0]}, "focal_length must be a number, not 0"),
        ({"center": ["a", 0]}, "center must be a number"),
        ({"n_frames": 95}, "n_frames must be a multiple of 16, not 95"),
        ({"n_frames": -96}, "n_frames must be a number"),
        ({"window_size": 2.5}, "window_size must be a whole number"),
        ({"res_w": True}, "res_w must be a number"),
    ],
)
def test_a_wrong_number_of_the_configuration_is_named(
    folder: Path, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    configure(tmp_path, **change)
    with pytest.raises(WeightsError, match=said) as caught:
        load_lifter(str(tmp_path), "cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("configuration.json", None, "no such file"),
        ("configuration.json", b"{", "is not JSON"),
        ("configuration.json", b"[]", "has no model"),
        ("configuration.json", b'{"model": {}}', "has no input"),
        ("pytorch_model.bin", None, "no such file"),
        ("pytorch_model.bin", b"", "is empty"),
        ("pytorch_model.bin", b"\x89PNG\r\n\x1a\n", "is not a torch checkpoint"),
        ("mean_std_2d.npy", None, "is missing"),
        ("mean_std_3d.npy", b"x", "must be a numpy array"),
    ],
)
def test_a_missing_or_foreign_file_of_a_folder_is_named(
    folder: Path, tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=said) as caught:
        load_lifter(str(tmp_path), "cpu")
    assert name in str(caught.value) and "\n" not in str(caught.value)


def test_statistics_of_another_shape_or_without_spread_are_refused(
    folder: Path, tmp_path: Path
) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    for array, said in (
        (np.ones((2, 16, 2)), r"shape \(2, 17, 2\), not \(2, 16, 2\)"),
        (np.zeros((2, 17, 2)), "not above 0"),
        (np.full((2, 17, 2), np.nan), "not finite"),
        (np.array([None]), "cannot read"),
    ):
        np.save(tmp_path / "mean_std_2d.npy", array, allow_pickle=True)
        with pytest.raises(WeightsError, match=said):
            load_lifter(str(tmp_path), "cpu")


def test_a_missing_unexpected_or_misshapen_name_is_told(tmp_path: Path) -> None:
    statistics(tmp_path)
    state = some_hdformer().state_dict()
    key = "backbone.upsample.1.foa_block.PA"
    path = tmp_path / "w.pth.tar"
    for changed, said in (
        ({k: v for k, v in state.items() if k != key}, f"{key} is missing"),
        (state | {"extra.weight": torch.ones(1)}, "extra.weight does not belong to it"),
        (state | {key: torch.ones(3, 17, 16)}, rf"{key} has shape \(3, 17, 16\)"),
    ):
        torch.save({"state_dict": changed}, path)
        with pytest.raises(WeightsError, match=said):
            load_lifter(str(path), "cpu")


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (HDFormer(in_channels=3), "takes 3 numbers per joint"),
        (HDFormer(parents=(-1, *range(14))), "HDFormer of 15 joints"),
        (MixSTE(frames=9, joints=16, dim=16, depth=1), "takes 16 joints"),
        (MixSTE(frames=9, dim=12, depth=1, heads=2), "width 12"),
        (CanonicalPose(widths=[3], channels=4, joints_in=16), "takes 16 joints"),
        (CanonicalPose(widths=[3], channels=4, joints_out=16), "answers with 16 joints"),
        (UCondDGCN(planes=(4, 4, 4, 4, 4)), "down_stage.0.A is missing|A is missing"),
        (RootTrajectory(frames=9, channels=4, blocks=1), "trajectory's network and no pose"),
        (nn.Linear(2, 2), "holds no network that is known here"),
    ],
)
def test_another_network_is_told(tmp_path: Path, network: nn.Module, said: str) -> None:
    statistics(tmp_path)
    torch.save({"state_dict": network.state_dict()}, tmp_path / "w.bin")
    with pytest.raises(WeightsError, match=said) as caught:
        load_lifter(str(tmp_path / "w.bin"), "cpu")
    assert "\n" not in str(caught.value)


def test_an_hdformer_file_needs_its_statistics_beside_it(tmp_path: Path) -> None:
    torch.save({"state_dict": some_hdformer().state_dict()}, tmp_path / "w.pth.tar")
    with pytest.raises(WeightsError, match=r"mean_std_2d\.npy is missing"):
        load_lifter(str(tmp_path / "w.pth.tar"), "cpu")


def test_paths_that_do_not_exist_and_unknown_names_differ(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        load_lifter(str(tmp_path / "none.pth.tar"), "cpu")
    with pytest.raises(UnknownName, match="no lifter is called 'hdfomer'; choose one of"):
        load_lifter("hdfomer", "cpu")


def test_without_torch_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependency, match=r"pip install monomocap\[train\]"):
        load_lifter(str(folder), "cpu")


def test_a_detectors_own_joints_are_converted(folder: Path) -> None:
    track = walker(4)
    fifteen = [H36M17.index(joint) for joint in MODELSCOPE15.joints]
    other = Track2D(0, track.time_s, track.xy_px[:, fifteen], track.score[:, fifteen], MODELSCOPE15)
    assert load_lifter(str(folder), "cpu")(other, ASSUMED).seen.all()


# --- through the pipeline


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector())
    return make_video(tmp_path / "clip.mp4", frames=6, size=(96, 64))


def test_a_take_says_which_folder_made_it(folder: Path, video: Path, tmp_path: Path) -> None:
    take = estimate(video, Options("fake", str(folder), "cpu", smooth="none"))
    (motion,) = take.motions
    assert motion.seen.all()
    assert take.provenance.lifter == f"hdformer:{folder.name}"
    assert take.provenance.settings["focal_length"] == "[1145.0, 1143.75]"
    assert "pytorch_model.bin" in take.provenance.weights
    for ending in (".json", ".npz"):
        assert load(save(take, tmp_path / f"take{ending}")).provenance == take.provenance


def test_the_root_is_smoothed_and_saved(video: Path, tmp_path: Path) -> None:
    folder = canonical_folder(tmp_path / "model", small_pose(), small_trajectory())
    options = Options("fake", str(folder), "cpu", smooth="strong")
    (smooth,) = estimate(video, options).motions
    take = estimate(video, replace(options, smooth="none"))
    (rough,) = take.motions
    assert rough.root_m is not None and smooth.root_m is not None
    assert np.isfinite(smooth.root_m).all()
    assert np.ptp(smooth.root_m, axis=0).max() <= np.ptp(rough.root_m, axis=0).max() + 1e-6
    back = load(save(take, tmp_path / "take.npz")).motions[0].root_m
    assert back is not None
    np.testing.assert_array_equal(back, rough.root_m)


def test_the_stage_is_seen_from_where_the_folder_says(folder: Path) -> None:
    assert view_for(str(folder)) == View(0.0, 0.0)
    assert view_for(str(folder), 10.0) == View(10.0, 0.0)
    assert view_for("flat", None, 5.0) == View(View.azimuth_deg, 5.0)


def test_the_command_line_runs_a_folder_as_published(
    folder: Path, video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six frames are fewer than a window: as published, nobody has a pose; ours gives one each."""
    seen = {}
    for name, words in {"ours": [], "literal": ["--as-published"]}.items():
        out = tmp_path / name
        with pytest.raises(SystemExit) as ended:
            main(
                ["run", str(video), "-o", str(out), "--detector", "fake", "--no-video"]
                + ["--lifter", str(folder), *words]
            )
        assert ended.value.code == 0
        assert "folder states: center [512.5, 515.5]" in capsys.readouterr().out
        seen[name] = load(out / "take.npz").motions[0].seen
    assert seen["ours"].all() and not seen["literal"].any()
    with pytest.raises(SystemExit) as ended:
        main(["run", str(video), "--detector", "fake", "--as-published", "--fov", "60"])
    assert ended.value.code == 2
    assert "leave focal_px, fov_deg, calibration out" in capsys.readouterr().err
