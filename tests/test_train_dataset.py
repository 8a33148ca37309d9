"""Papers' recipes on their data sets: tiny files of the layouts, learned from and measured."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from monomocap.datasets.human36m import camera, camera_names
from monomocap.datasets.layouts import MPI17
from monomocap.datasets.mpi_inf_3dhp import MPI_INF_3DHP
from monomocap.errors import OptionError, UnknownName
from monomocap.geometry.camera import project, to_camera
from monomocap.lift.published import load_published
from monomocap.render.motions import walk
from monomocap.train.checkpoint import read_log
from monomocap.train.config import TrainConfig, recipe_named
from monomocap.train.dataset import (
    PROTOCOLS,
    DatasetLessons,
    dataset_at,
    of_dataset,
    read_lesson,
    windows,
)
from monomocap.train.loop import train
from monomocap.train.papers import paper_network
from tests.benchmark_files import STUDIO, on_32, on_layout
from tests.terminal import monomocap

Capture = pytest.CaptureFixture[str]
SUBJECTS = ("S1", "S5", "S6", "S7", "S8", "S9", "S11")
FRAMES = 112
SMALL: dict[str, dict[str, int]] = {
    "hdformer": {},
    "u-conddgcn": {},
    "mixste": {"dim": 16, "depth": 1},
    "canonical-pose": {"channels": 32},
}
LONG = {"hdformer": 96, "u-conddgcn": 96, "mixste": 9, "canonical-pose": 9}


def strides(number: int) -> np.ndarray:
    """A walk of its own, world metres."""
    motion = walk(FRAMES / 50, 50.0, turn_rad_s=0.3 * number, heading=0.9 * number)
    return np.asarray(motion.xyz_m[:FRAMES], np.float64)


@pytest.fixture(scope="module")
def h36m(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """VideoPose3D's archive of all seven subjects, and detections that are off to the right."""
    folder = tmp_path_factory.mktemp("h36m")
    takes = {s: {"Walking 1": strides(n)} for n, s in enumerate(SUBJECTS)}
    poses = {s: {t: on_32(x).astype(np.float32) for t, x in of.items()} for s, of in takes.items()}
    seen = {
        s: {
            t: [project(camera(s, n), to_camera(camera(s, n), x)) + [5, 0] for n in camera_names()]
            for t, x in of.items()
        }
        for s, of in takes.items()
    }
    np.savez_compressed(folder / "data_3d_h36m.npz", positions_3d=poses)  # type: ignore[arg-type]
    file = folder / "data_2d_h36m_cpn_ft_h36m_dbb.npz"
    np.savez_compressed(file, positions_2d=seen, metadata={"layout_name": "h36m"})  # type: ignore[arg-type]
    return folder


@pytest.fixture(scope="module")
def mpi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two archives that lifting research shares."""
    folder = tmp_path_factory.mktemp("3dhp")
    views = [to_camera(camera("S9", n), strides(k)) for k, n in enumerate(camera_names())]
    pairs = [
        {"data_3d": 1000 * on_layout(x, MPI17), "data_2d": on_layout(project(STUDIO, x), MPI17)}
        for x in views
    ]
    training = {"S1 Seq1": [{"0": pairs[0], "4": pairs[1]}], "S2 Seq1": [{"0": pairs[2]}]}
    testing = {"TS1": pairs[3] | {"valid": np.ones(FRAMES)}}
    np.savez_compressed(folder / "data_train_3dhp.npz", data=training)  # type: ignore[arg-type]
    np.savez_compressed(folder / "data_test_3dhp.npz", data=testing)  # type: ignore[arg-type]
    return folder


def small(recipe: str, data: Path, seen: str = "gt", steps: int | None = 6) -> TrainConfig:
    config = replace(
        recipe_named(recipe), frames=LONG[recipe], batch=4, size=dict(SMALL[recipe]),
        dropout=0.0, evaluate_every=1000, threads=1, bf16=False, device="cpu",
    )  # fmt: skip
    return of_dataset(config, data, seen, steps)


def test_a_data_set_is_known_by_its_files(h36m: Path, mpi: Path, tmp_path: Path) -> None:
    assert dataset_at(h36m) == dataset_at(h36m / "data_3d_h36m.npz") == "h36m"
    assert dataset_at(mpi) == "3dhp"
    assert dataset_at(tmp_path) is None
    with pytest.raises(UnknownName):
        of_dataset(recipe_named("mixste"), tmp_path, "gt", 1)
    with pytest.raises(OptionError, match="motion capture"):
        of_dataset(recipe_named("open"), h36m, "gt", 1)


def test_only_the_training_split_teaches(h36m: Path) -> None:
    lesson = read_lesson(small("mixste", h36m), h36m)
    assert len(lesson.length) == 5 * len(camera_names())
    assert np.abs(lesson.xyz_m[:, 0]).max() == 0
    first = to_camera(camera("S1", camera_names()[0]), strides(0))
    np.testing.assert_allclose(lesson.xyz_m[:FRAMES], first - first[:, :1], atol=1e-5)


def test_windows_are_those_of_each_paper(h36m: Path) -> None:
    count = {}
    for recipe in SMALL:
        config = small(recipe, h36m)
        found = windows(config, read_lesson(config, h36m))
        assert found.shape[1] == LONG[recipe]
        count[recipe] = len(found) // 20
    full = (FRAMES - 96) // 5 + 1
    assert count == {
        "hdformer": full,
        "u-conddgcn": full,
        "mixste": -(-FRAMES // 9),
        "canonical-pose": FRAMES,
    }


def test_epochs_say_how_long_unless_told(h36m: Path) -> None:
    config = small("mixste", h36m, steps=None)
    assert config.steps == 120 * 20 * -(-FRAMES // 9) // 4
    assert small("mixste", h36m, steps=7).steps == 7


def test_every_window_is_seen_once_per_epoch(h36m: Path) -> None:
    config = replace(small("mixste", h36m), batch=5, steps=52)
    lessons = DatasetLessons.read(config, h36m)
    assert len(lessons.windows) == 260
    sums = [np.abs(row).sum() for _, (x, _) in lessons.batches(0) for row in x]
    assert len({round(float(s), 4) for s in sums}) > 200
    one = dict(lessons.batches(50))[51]
    again = dict(lessons.batches(0))[51]
    np.testing.assert_array_equal(one[0], again[0])


def test_hdformer_learns_from_residuals_of_the_training_split(h36m: Path) -> None:
    """Its original took them from the test split. These detections are off by 5 px everywhere.

    A pixel is left for the two ways to distort (`datasets.human36m.camera`).
    """
    lesson = read_lesson(small("hdformer", h36m, "detections"), h36m)
    assert lesson.residual is not None
    np.testing.assert_allclose(lesson.residual[..., 0], 5 / 1147, atol=1 / 1147)
    plain = read_lesson(small("mixste", h36m, "detections"), h36m)
    assert plain.residual is None
    true = read_lesson(small("mixste", h36m), h36m)
    np.testing.assert_allclose(plain.xy[..., 0] - true.xy[..., 0], 0.01, atol=0.002)


def test_hdformer_has_the_training_splits_statistics(h36m: Path) -> None:
    config = small("hdformer", h36m)
    lessons, network = DatasetLessons.read(config, h36m), paper_network(config)
    lessons.prime(network)
    state = network.state_dict()
    np.testing.assert_allclose(state["mean_2d"], lessons.lesson.xy.mean(axis=0), rtol=1e-5)
    assert (state["std_3d_mm"][0] == 0).all() and (state["std_3d_mm"][1:] > 0).any()


@pytest.mark.parametrize("recipe", sorted(SMALL))
def test_a_recipe_learns_and_what_it_exports_is_a_published_lifter(
    recipe: str, h36m: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROTOCOLS, "u-conddgcn", "chunks:{frames}")  # centre:96 takes a minute
    steps = 24 if LONG[recipe] < 96 else 6
    config = replace(
        small(recipe, h36m, steps=steps), learning_rate=2e-3, evaluate_every=steps // 2
    )
    run, file = tmp_path / "run", tmp_path / "net.pth"
    train(config, h36m, run)
    log = read_log(run)
    assert log[-1]["loss_mm"] < log[0]["loss_mm"]
    assert np.isfinite(log[-1]["test_mpjpe"]) and log[-1]["test_p_mpjpe"] > 0
    assert monomocap(capsys, "export", run, file).code == 0
    assert recipe.replace("-", "")[:6] in load_published(file).name.replace("_", "")
    protocol = {"mixste": "chunks:9", "canonical-pose": "whole"}.get(recipe, "chunks:96")
    lens = "straight" if recipe == "hdformer" else "unknown"
    words = ("--protocol", protocol, "--lens", lens, "--every", "20", "--json", "-q")
    ended = monomocap(capsys, "evaluate", "h36m", h36m, "--lifter", file, *words)
    assert ended.code == 0
    mean = json.loads(ended.out)["mean"]
    assert mean["coverage"] == 1.0
    if recipe != "hdformer":  # measured by the same protocol while training
        assert mean["mpjpe"] == pytest.approx(log[-1]["test_mpjpe"], rel=1e-4)


def test_the_command_trains_on_mpi_inf_3dhp(mpi: Path, tmp_path: Path, capsys: Capture) -> None:
    changes = ("--set", "size.dim=16", "--set", "size.depth=1", "--set", "frames=9")
    words = ("--steps", "3", "--batch", "2", "--device", "cpu", "--threads", "1", "-q")
    run = tmp_path / "run"
    ended = monomocap(capsys, "train", "mixste", "--data", mpi, "-o", run, *changes, *words)
    assert ended.code == 0
    receipt = json.loads((run / "receipt.json").read_text())["config"]
    assert (receipt["dataset"], receipt["seen"]) == ("3dhp", "gt")
    assert monomocap(capsys, "export", run, tmp_path / "net.onnx").code == 0
    measured = ("--protocol", "chunks:9", "--lens", "unknown", "-q")
    ended = monomocap(capsys, "evaluate", "3dhp", mpi, "--lifter", tmp_path / "net.onnx", *measured)
    assert ended.code == 0 and "PCK" in ended.out


def test_the_training_archive_of_mpi_inf_3dhp_is_read(mpi: Path) -> None:
    found = {r.key: r for r in MPI_INF_3DHP.recordings(mpi, "train")}
    assert set(found) == {"S1/Seq1/0", "S1/Seq1/4", "S2/Seq1/0"}
    one = found["S1/Seq1/4"]
    np.testing.assert_allclose(one.camera.focal_px, STUDIO.focal_px, rtol=1e-3)
    expected = to_camera(camera("S9", camera_names()[1]), strides(1))
    np.testing.assert_allclose(one.truth.xyz_m, expected, atol=1e-6)


def test_the_2d_of_motion_capture_is_not_chosen(tmp_path: Path, capsys: Capture) -> None:
    ended = monomocap(capsys, "train", "mixste", "--data", tmp_path, "--input", "gt")
    assert ended.code == 2 and "--input is for data sets" in ended.err


COMPILED = """
from dataclasses import replace
import numpy as np
from monomocap.train.config import TrainConfig
from monomocap.train.loop import Trainer
config = TrainConfig(
    network="mixste", size={"dim": 16, "depth": 1}, frames=9, steps=1, batch=2, threads=1,
    bf16=False, device="cpu",
)
rng = np.random.default_rng(0)
batch = tuple(rng.normal(size=(2, 3, 9, 17)).astype(np.float32) for _ in range(2))
for backend in (None, "aot_eager"):
    print(Trainer.fresh(replace(config, compile=backend)).learn(0, batch))
"""


def test_a_compiled_network_learns_the_same() -> None:
    """The backend that needs no compiler. Apart, since checks of shapes cannot be compiled."""
    done = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    plain, compiled = map(float, done.stdout.split())
    assert compiled == pytest.approx(plain, rel=1e-4)


def test_half_precision_learns_nearly_the_same(h36m: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from monomocap.train import loop

    monkeypatch.setattr(loop, "_cpu_has_bf16", lambda: True)
    config = replace(small("mixste", h36m), steps=1)
    batch = dict(DatasetLessons.read(config, h36m).batches(0))[0]
    trainers = [loop.Trainer.fresh(replace(config, bf16=half)) for half in (False, True)]
    losses = [trainer.learn(0, batch) for trainer in trainers]
    assert losses[1] == pytest.approx(losses[0], rel=0.05) and losses[1] != losses[0]
    weights = next(iter(trainers[1].network.state_dict().values()))
    assert weights.dtype == torch.float32
