"""Published networks as ONNX: the same answers as torch's, without torch, whatever the lifter."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from monomocap.detect.networks.hrnet import HRNetV2
from monomocap.errors import OptionError, WeightsError
from monomocap.lift.catalogue import load_lifter
from monomocap.lift.exported import FORMAT, LAYOUTS, export_published, view_of
from monomocap.lift.networks.canonical_pose import CanonicalPose, RootTrajectory
from monomocap.lift.networks.mixste import MixSTE
from monomocap.lift.networks.ucond_dgcn import UCondDGCN
from monomocap.lift.onnx import OnnxNetwork, export_network
from monomocap.options import View
from monomocap.skeleton import H36M17
from monomocap.types import Camera
from tests.published import (
    canonical_folder,
    hdformer_folder,
    shaken,
    some_hdformer,
    walker,
)
from tests.terminal import monomocap

ASSUMED = replace(Camera.from_fov(1000, 1002), source="assumed")


def small_pose(**changes: Any) -> nn.Module:
    return shaken(CanonicalPose(**{"widths": [3, 3], "channels": 8, **changes}))


def small_mixste() -> nn.Module:
    return shaken(MixSTE(frames=9, dim=16, depth=2))


def small_ucond() -> nn.Module:
    return shaken(UCondDGCN(planes=(4, 8, 8), unofficial_quirks=True))


# --- every network, through any runtime

Case = tuple[
    nn.Module, list[tuple[int, ...]], dict[str, dict[int, str]], list[list[tuple[int, ...]]]
]
"""Network, shapes of an example, free axes, and shapes that must work too."""


def cases() -> dict[str, Case]:
    both = {"x": {0: "batch", 1: "frames"}, "y": {0: "batch", 1: "frames"}}
    answered = {"x": {0: "batch", 1: "frames"}, "y": {0: "batch", 1: "answered"}}
    trajectory = shaken(RootTrajectory(frames=9, channels=8, blocks=2))
    two = {name: {0: "batch"} for name in ("x", "pose", "y")}
    of = {0: "batch"}
    return {
        "hdformer": (
            some_hdformer(),
            [(1, 2, 96, 17)],
            {"x": {0: "batch", 2: "frames"}, "y": {0: "batch", 2: "frames"}},
            [[(2, 2, 32, 17)], [(3, 2, 96, 17)]],
        ),
        "mixste": (small_mixste(), [(1, 9, 17, 2)], {"x": of, "y": of}, [[(4, 9, 17, 2)]]),
        "ucond unofficial": (small_ucond(), [(1, 16, 17, 2)], both, [[(3, 32, 17, 2)]]),
        "ucond paper": (
            shaken(UCondDGCN(planes=(4, 8, 8))),
            [(1, 16, 17, 2)],
            both,
            [[(3, 8, 17, 2)]],
        ),
        "canonical": (small_pose(), [(1, 9, 17, 2)], answered, [[(2, 9, 17, 2)], [(3, 40, 17, 2)]]),
        "causal": (small_pose(causal=True), [(1, 9, 17, 2)], answered, [[(3, 40, 17, 2)]]),
        "dense": (small_pose(dense=True), [(1, 9, 17, 2)], answered, [[(3, 40, 17, 2)]]),
        "trajectory": (
            trajectory,
            [(1, 9, 17, 2), (1, 17, 3)],
            two,
            [[(5, 9, 17, 2), (5, 17, 3)]],
        ),
        "no reshape": (nn.Conv1d(2, 3, 3), [(1, 2, 9)], {"x": of, "y": of}, [[(4, 2, 9)]]),
    }


CASES = cases()


@pytest.mark.parametrize("name", CASES)
def test_onnx_runtime_answers_as_torch_does(name: str, tmp_path: Path) -> None:
    network, example, free, others = CASES[name]
    names = [axis for axis in free if axis != "y"]
    inputs = {n: torch.zeros(shape) for n, shape in zip(names, example, strict=True)}
    export_network(network, tmp_path / "n.onnx", inputs=inputs, dynamic=free, metadata={"a": "b"})
    run = OnnxNetwork(tmp_path / "n.onnx", "cpu")
    assert run.metadata == {"a": "b"}
    rng = np.random.default_rng(0)
    for shapes in [example, *others]:
        arrays = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
        with torch.inference_mode():
            wanted = network(*map(torch.from_numpy, arrays)).numpy()
        spread = float(np.abs(wanted).max())
        assert spread > 0
        np.testing.assert_allclose(run(*arrays), wanted, atol=2e-5 * max(1.0, spread))


# --- published files


def source(kind: str, where: Path) -> Path:
    """A published folder or file of this kind, small where it can be."""
    if kind == "hdformer":
        return hdformer_folder(where / "hdformer")
    if kind == "canonical":
        trajectory = shaken(RootTrajectory(frames=9, channels=8, blocks=2))
        return canonical_folder(where / "canonical", small_pose(), trajectory)  # type: ignore[arg-type]
    contents = {
        "mixste": {"model_pos": small_mixste().state_dict()},
        "ucond": small_ucond().state_dict(),
        "videopose3d": {
            "model_pos": small_pose().state_dict(),
            "model_traj": small_pose(joints_out=1).state_dict(),
        },
    }
    torch.save(contents[kind], where / f"{kind}.bin")
    return where / f"{kind}.bin"


KINDS = {
    "hdformer": "hdformer",
    "canonical": "canonical_pose",
    "mixste": "mixste",
    "ucond": "ucond_dgcn",
    "videopose3d": "canonical_pose",
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The source of every kind, and its file under the same name with .onnx."""
    where = tmp_path_factory.mktemp("exported")
    found = {kind: source(kind, where) for kind in KINDS}
    for kind, path in list(found.items()):
        found[f"{kind}.onnx"], *_ = export_published(path, where / f"{kind}.onnx")
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_an_exported_lifter_gives_the_same_motion(kind: str, exported: dict[str, Path]) -> None:
    track, names = walker(40, fps=30), (kind, f"{kind}.onnx")
    one, other = (load_lifter(str(exported[name]), "cpu") for name in names)
    assert other.name == f"{KINDS[kind]}:{kind}.onnx" and other.device == "cpu"
    with_root = kind in ("canonical", "videopose3d")
    assert set(other.weights) == {names[1]} | ({f"{kind}.trajectory.onnx"} if with_root else set())
    assert getattr(other, "settings", None) == getattr(one, "settings", None)
    wanted, motion = one(track, ASSUMED), other(track, ASSUMED)
    np.testing.assert_allclose(motion.xyz_m, wanted.xyz_m, atol=1e-4)
    np.testing.assert_array_equal(motion.confidence, wanted.confidence)
    assert (motion.root_m is not None) == (wanted.root_m is not None) == with_root
    if wanted.root_m is not None and motion.root_m is not None:
        np.testing.assert_allclose(motion.root_m, wanted.root_m, atol=1e-4)


def test_as_published_applies_to_the_file_as_to_its_folder(exported: dict[str, Path]) -> None:
    track = walker(120)
    wanted, motion = (
        load_lifter(str(exported[name]), "cpu", as_published=True)(track, ASSUMED)
        for name in ("hdformer", "hdformer.onnx")
    )
    assert not wanted.seen.all() and wanted.seen.any()
    np.testing.assert_allclose(motion.xyz_m, wanted.xyz_m, atol=1e-4)


def test_limits_that_a_file_does_not_state_are_refused(exported: dict[str, Path]) -> None:
    with pytest.raises(OptionError, match="as_published needs a model folder"):
        load_lifter(str(exported["mixste.onnx"]), "cpu", as_published=True)


def test_the_folders_view_travels(exported: dict[str, Path]) -> None:
    assert view_of(str(exported["hdformer.onnx"])) == view_of(str(exported["hdformer"]))
    assert view_of(str(exported["hdformer.onnx"])) == View(0.0, 0.0)
    assert view_of("flat") is None and view_of("none.onnx") is None


def test_the_file_says_what_it_is(exported: dict[str, Path]) -> None:
    said = OnnxNetwork(exported["hdformer.onnx"], "cpu").metadata
    assert said["format"] == FORMAT and said["name"] == "hdformer"
    assert (said["window"], said["fps"], said["skeleton"]) == ("96", "50", H36M17.name)
    assert (said["input"], said["output"]) == LAYOUTS["hdformer"]
    assert np.array(json.loads(said["statistics"])["std_3d_mm"]).shape == (17, 3)
    sources = json.loads(said["sources"])
    assert sorted(sources) == ["mean_std_2d.npy", "mean_std_3d.npy", "pytorch_model.bin"]


def test_it_runs_where_torch_is_not(exported: dict[str, Path]) -> None:
    code = f"""
import sys
sys.modules["torch"] = None
from dataclasses import replace
import numpy as np
from monomocap.lift.catalogue import load_lifter
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Track2D
track = Track2D(0, np.arange(9) / 50, 500 + np.random.rand(9, 17, 2) * 99, np.ones((9, 17)), H36M17)
camera = replace(Camera.from_fov(1000, 1002), source="assumed")
for name in {[str(exported[n]) for n in ("hdformer.onnx", "canonical.onnx")]}:
    motion = load_lifter(name, "cpu")(track, camera)
    assert motion.seen.all()
assert motion.root_m is not None and np.isfinite(motion.root_m).all()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# --- what is wrong is told


def test_a_trajectory_that_is_lost_or_another_is_told(
    exported: dict[str, Path], tmp_path: Path
) -> None:
    alone = Path(shutil.copy(exported["canonical.onnx"], tmp_path))
    with pytest.raises(WeightsError, match=r"canonical\.trajectory\.onnx"):
        load_lifter(str(alone), "cpu")
    shutil.copy(alone, tmp_path / "canonical.trajectory.onnx")
    with pytest.raises(WeightsError, match=r"canonical\.trajectory\.onnx is not the file"):
        load_lifter(str(alone), "cpu")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("traits", "{}", "what stands around its network"),
        ("traits", None, "what stands around its network"),
        ("statistics", '{"mean_2d": 1}', "its statistics"),
        ("statistics", "x", "its statistics"),
        ("statistics", None, "its statistics"),
    ],
)
def test_a_file_whose_story_is_broken_is_told(
    exported: dict[str, Path], tmp_path: Path, key: str, value: str | None, said: str
) -> None:
    model = onnx.load(str(exported["hdformer.onnx"]))
    story = {entry.key: entry.value for entry in model.metadata_props} | {key: value or ""}
    if value is None:
        del story[key]
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, story)
    onnx.save(model, str(tmp_path / "broken.onnx"))
    with pytest.raises(WeightsError, match=said) as caught:
        load_lifter(str(tmp_path / "broken.onnx"), "cpu")
    assert "\n" not in str(caught.value)


# --- the command


def test_the_command_takes_lifters_and_detectors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = source("canonical", tmp_path)
    ended = monomocap(capsys, "export", folder, tmp_path / "c.onnx")
    assert ended.code == 0 and "c.trajectory.onnx" in ended.out
    assert load_lifter(str(tmp_path / "c.onnx"), "cpu").name == "canonical_pose:c.onnx"

    torch.save(shaken(HRNetV2(width=8)).state_dict(), tmp_path / "hrnet.pth")
    ended = monomocap(capsys, "export", tmp_path / "hrnet.pth", tmp_path / "d.pt")
    assert ended.code == 2 and "must end in .onnx" in ended.err
    ended = monomocap(capsys, "export", tmp_path / "hrnet.pth", tmp_path / "d.onnx")
    assert ended.code == 0
    said = {p.key: p.value for p in onnx.load(str(tmp_path / "d.onnx")).metadata_props}
    assert said["name"] == "hrnetv2-w8" and said["crop"] == "letterbox"


def test_what_is_no_weights_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.bin").write_bytes(b"nothing")
    for path, said in (
        (tmp_path, "not the folder of a training run"),
        (tmp_path / "x.bin", "not a torch checkpoint"),
        (tmp_path / "none.bin", "no such file"),
    ):
        ended = monomocap(capsys, "export", path, tmp_path / "y.onnx")
        assert ended.code == 2 and said in ended.err and ended.err.count("\n") == 1
        assert not (tmp_path / "y.onnx").exists()
