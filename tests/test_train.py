"""Training: batches that a seed repeats, a loop that resumes exactly, honest losses."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch

from monomocap.datasets.mocap import MocapClip, world_motion
from monomocap.datasets.synthetic import Noise
from monomocap.errors import DataError, UnknownName, WeightsError
from monomocap.evaluate import metrics
from monomocap.formats.captured import limb_length
from monomocap.lift.catalogue import load_lifter
from monomocap.lift.consistent import Consistent
from monomocap.lift.networks.drafted import Draft
from monomocap.lift.onnx import OnnxNetwork
from monomocap.lift.torch_network import TorchNetwork
from monomocap.skeleton import H36M17
from monomocap.train import loop, validate
from monomocap.train.batches import BODY_LIMB_LENGTH_M, batches, make_batch, make_store
from monomocap.train.checkpoint import load_checkpoint, read_log
from monomocap.train.config import Schedule, TrainConfig, recipe_named
from monomocap.train.export import export_run
from monomocap.train.losses import JOINT_WEIGHTS, total_loss
from monomocap.train.networks import NETWORKS, build_network
from monomocap.train.optimizers import AdaMod, learning_rate
from monomocap.weights import sha256
from monomocap.workflows.export import export
from tests.onnx_files import bright_box_finder

CLEAN = Noise(clean_share=1.0, bursts_per_clip=0.0, swap_share=0.0, missing_share=0.0)
TINY = TrainConfig(
    steps=4,
    batch=2,
    frames=16,
    warm_up=1,
    evaluate_every=2,
    threads=1,
    bf16=False,
    device="cpu",
)


def person(seed: int, frames: int = 60) -> np.ndarray:
    """Somebody standing and waving, two metres of walk: world axes, Z up."""
    rng = np.random.default_rng(seed)
    heights = [
        0.9,
        0.9,
        0.5,
        0.1,
        0.9,
        0.5,
        0.1,
        1.15,
        1.4,
        1.5,
        1.65,
        1.4,
        1.1,
        0.9,
        1.4,
        1.1,
        0.9,
    ]
    sides = [0, -1, -1, -1, 1, 1, 1, 0, 0, 0, 0, 1.5, 2, 2, -1.5, -2, -2]
    rest = np.stack([0.12 * np.array(sides), rng.normal(0, 0.1, 17), np.array(heights)], axis=-1)
    rest[0] = (rest[1] + rest[4]) / 2
    wave = 0.1 * np.sin(np.arange(frames)[:, None, None] / 5 + rng.uniform(0, 6, (17, 3)))
    way = np.linspace(0, 2, frames)[:, None, None] * np.array([1.0, 0.0, 0.0])
    return np.asarray(rest + wave + way, dtype=np.float32)


def clips() -> list[MocapClip]:
    subjects = ("a", "b", "accad_Female1", "mhad_s11")
    return [
        MocapClip(f"clip{k}", "made", subject, "CC0", world_motion(person(k), 30.0))
        for k, subject in enumerate(subjects)
    ]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mocap.npz"
    path.write_bytes(b"stands for a mocap file")
    monkeypatch.setattr(loop, "read_mocap", lambda path: clips())
    monkeypatch.setattr(validate, "FRAMES", 8 * 16)
    return path


def test_a_batch_is_what_a_network_takes_and_a_step_repeats_it() -> None:
    store = make_store(clips(), TINY)
    x, true = make_batch(store, TINY, np.random.default_rng([0, 1]))
    assert x.shape == true.shape == (2, 3, 16, 17)
    assert np.isfinite(x).all() and np.isfinite(true).all()
    assert np.abs(true[..., 0]).max() < 1e-6
    again = dict(batches(store, TINY, start=1))[1]
    assert np.array_equal(again[0], dict(batches(store, TINY))[1][0])
    assert not np.array_equal(again[0], dict(batches(store, TINY))[2][0])


def test_every_body_is_taught_at_one_size() -> None:
    store = make_store(clips(), TINY)
    _, true = make_batch(store, TINY, np.random.default_rng(0))
    sizes = limb_length(true.transpose(0, 2, 3, 1)).mean(axis=1)
    assert sizes == pytest.approx(BODY_LIMB_LENGTH_M, rel=1e-4)


def test_without_noise_the_input_is_the_projection_of_the_truth() -> None:
    """Weak perspective: what is seen grows with what is there, joint for joint."""
    store = make_store(clips(), TINY)
    x, true = make_batch(store, replace(TINY, noise=CLEAN), np.random.default_rng(0))
    seen = x[:, :2] - x[:, :2, :, :1]
    assert np.corrcoef(seen.ravel(), true[:, :2].ravel())[0, 1] > 0.97


def test_held_out_people_are_never_learned_from() -> None:
    assert len(make_store(clips(), TINY).length) == 2
    with pytest.raises(DataError, match="no clip is left"):
        make_store(clips()[2:], TINY)


def test_a_run_leaves_its_receipt_log_picture_and_checkpoint(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    loop.train(TINY, data, run)
    receipt = json.loads((run / "receipt.json").read_text())
    assert receipt["config"]["steps"] == 4
    assert receipt["versions"]["torch"] == torch.__version__
    assert len(receipt["data"]["sha256"]) == 64
    assert [row["step"] for row in read_log(run)] == [2, 4]
    assert read_log(run)[-1]["true_p_mpjpe"] > 0
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_that_stopped_goes_on_with_the_same_numbers(data: Path, tmp_path: Path) -> None:
    whole = loop.train(TINY, data, tmp_path / "whole").state_dict()

    class Stop(Exception): ...

    def stop_at(stage: str, done: int, total: int | None) -> None:
        if done == 3:
            raise Stop

    with pytest.raises(Stop):
        loop.train(TINY, data, tmp_path / "parts", progress=stop_at)
    assert (load_checkpoint(tmp_path / "parts") or {})["step"] == 2
    parts = loop.train(TINY, data, tmp_path / "parts").state_dict()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    receipt = json.loads((tmp_path / "parts" / "receipt.json").read_text())
    assert [row["step"] for row in receipt["resumed"]] == [2]


def test_a_run_does_not_go_on_with_another_recipe_or_other_data(data: Path, tmp_path: Path) -> None:
    loop.train(TINY, data, tmp_path / "run")
    with pytest.raises(DataError, match="batch"):
        loop.train(replace(TINY, batch=3), data, tmp_path / "run")
    data.write_bytes(b"something else")
    with pytest.raises(DataError, match="other data"):
        loop.train(TINY, data, tmp_path / "run")


SMALL: dict[str, dict[str, Any]] = {
    "hdformer": {"frames": 16},
    "u-conddgcn": {"frames": 16},
    "mixste": {"frames": 9, "size": {"dim": 32, "depth": 2}, "learning_rate": 3e-3},
    "canonical-pose": {"frames": 9, "size": {"channels": 64}},
}


@pytest.mark.parametrize("recipe", SMALL)
def test_every_network_learns_a_small_batch_by_its_papers_recipe(recipe: str) -> None:
    """The same windows again and again: the loss halves, by that paper's loss and optimiser."""
    changes = SMALL[recipe] | {"batch": 4, "noise": CLEAN, "dropout": 0.0, "steps": 40}
    config = replace(recipe_named(recipe), threads=1, bf16=False, device="cpu", **changes)
    trainer = loop.Trainer.fresh(config)
    batch = make_batch(make_store(clips(), config), config, np.random.default_rng(0))
    losses = [trainer.learn(step, batch) for step in range(40)]
    assert min(losses[-5:]) < losses[0] / 2


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_answers_every_frame_from_the_root(name: str) -> None:
    frames, answered = (9, 1) if name == "draft" else (16, 16)
    network = build_network(name, frames=frames, size=SMALL.get(name, {}).get("size")).eval()
    answer = network(torch.randn(2, 3, frames, 17))
    assert answer.shape == (2, 3, answered, 17)
    assert answer[..., 0].abs().max() == 0


def test_losses_are_distances() -> None:
    true = torch.randn(2, 3, 30, 17)
    moved = true + torch.tensor([3.0, 4.0, 0.0])[None, :, None, None]
    for weights in ("equal", "limbs"):
        assert total_loss(moved, true, {"mpjpe": 1.0}, weights).item() == pytest.approx(5, rel=1e-3)
    assert total_loss(moved, true, {"velocity": 1.0}, "limbs").item() < 1e-3
    assert JOINT_WEIGHTS["limbs"][H36M17.index("pelvis")] == 0
    parts = {"mpjpe": 1.0, "velocity": 0.5}
    both = total_loss(moved * 1.1, true, parts, "limbs").item()
    alone = [total_loss(moved * 1.1, true, {name: 1.0}, "limbs").item() for name in parts]
    assert both == pytest.approx(alone[0] + 0.5 * alone[1], rel=1e-4)


def test_losses_equal_the_metrics_that_are_proven_on_recorded_figures() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(2, 30, 17, 3))
    predicted = true + rng.normal(0, 0.1, true.shape)
    a, b = (torch.from_numpy(part).permute(0, 3, 1, 2) for part in (predicted, true))
    weights = np.array(JOINT_WEIGHTS["mixste"])
    whole, truth = (part.reshape(-1, 17, 3) for part in (predicted, true))
    pairs = list(zip(predicted, true, strict=True))
    expected = {
        "mpjpe": metrics.weighted_mpjpe(whole, truth, weights),
        "consistency": np.mean([metrics.step_size(clip, weights) for clip in predicted]),
        "velocity_unweighted": np.mean([metrics.mpjve(*pair) for pair in pairs]),
        "trajectory": metrics.trajectory_error(list(predicted), list(true)),
        "trajectory_l1": metrics.trajectory_error(list(predicted), list(true), order=1),
    }
    for name, value in expected.items():
        assert total_loss(a, b, {name: 1.0}, "mixste").item() == pytest.approx(value, rel=1e-4)


def test_adamod_bounds_the_first_steps_that_adam_takes_whole() -> None:
    """After one step the bound is a thousandth of Adam's; in time both walk alike."""
    moved: dict[type[torch.optim.Optimizer], torch.Tensor] = {}
    kinds: tuple[Any, ...] = (AdaMod, torch.optim.Adam)
    for kind in kinds:
        weight = torch.nn.Parameter(torch.ones(3))
        optimizer = kind([weight], lr=0.01)
        weight.grad = torch.tensor([1.0, -2.0, 0.5])
        optimizer.step()
        moved[kind] = (weight.detach() - 1).abs()
    assert torch.allclose(moved[AdaMod], moved[torch.optim.Adam] * 1e-3, rtol=1e-3)
    weight = torch.nn.Parameter(torch.tensor([2.0]))
    optimizer = AdaMod([weight], lr=0.05)
    for _ in range(600):
        optimizer.zero_grad()
        weight.square().sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert weight.abs().item() < 0.2


def test_schedules_fall_as_they_say() -> None:
    config = replace(TINY, steps=100, warm_up=0, learning_rate=1.0)
    for schedule in (Schedule("cosine", last=0.01), Schedule("decay", last=0.01)):
        rates = [learning_rate(replace(config, schedule=schedule), step) for step in range(101)]
        assert rates[0] == pytest.approx(1) and rates[-1] == pytest.approx(0.01)
        assert all(a >= b for a, b in pairwise(rates))
    steps = replace(config, schedule=Schedule("milestones", milestones=(0.5, 0.9)))
    assert [learning_rate(steps, s) for s in (49, 50, 90)] == pytest.approx([1, 0.1, 0.01])
    ramp = replace(config, warm_up=10)
    assert [learning_rate(ramp, s) for s in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1])


def test_names_that_do_not_exist_meet_the_list_of_choices() -> None:
    pose = torch.zeros(1, 3, 4, 17)
    with pytest.raises(UnknownName, match="velocity"):
        total_loss(pose, pose, {"veloctiy": 1.0}, "equal")
    with pytest.raises(UnknownName, match="mixste"):
        total_loss(pose, pose, {"mpjpe": 1.0}, "mixtse")
    with pytest.raises(UnknownName, match="adamod"):
        loop.Trainer.fresh(replace(TINY, optimizer="adamo"))
    with pytest.raises(UnknownName, match="hdformer"):
        build_network("hdforme", frames=16)


def test_an_unknown_recipe_meets_the_list_of_choices() -> None:
    with pytest.raises(UnknownName, match="open"):
        recipe_named("opne")


def test_an_exported_run_is_a_lifter_that_tells_its_story(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    network = loop.train(TINY, data, run)
    export_run(run, tmp_path / "mine.onnx")
    lifter = load_lifter(str(tmp_path / "mine.onnx"), "cpu")
    assert isinstance(lifter, Consistent)
    assert (lifter.window, lifter.fps) == (TINY.frames, TINY.fps)
    assert lifter.weights["mine.onnx"] == sha256(tmp_path / "mine.onnx")
    x, _ = make_batch(make_store(clips(), TINY), TINY, np.random.default_rng(0))
    assert np.allclose(lifter.network.network(x), TorchNetwork(network)(x), atol=1e-4)
    told = OnnxNetwork(tmp_path / "mine.onnx", "cpu").metadata
    assert json.loads(told["receipt"])["config"]["seed"] == TINY.seed
    assert told["steps"] == "4" and told["licence"] == "Apache-2.0"


def test_a_draft_alone_is_a_lifter_at_twice_its_rate(data: Path, tmp_path: Path) -> None:
    config = replace(TINY, recipe="draft", network="draft", frames=9, fps=7.5, losses={"mpjpe": 1})
    network = loop.train(replace(config, size={"channels": 32}), data, tmp_path / "run")
    export_run(tmp_path / "run", tmp_path / "draft.onnx")
    lifter = load_lifter(str(tmp_path / "draft.onnx"), "cpu")
    assert isinstance(lifter, Consistent) and isinstance(network, Draft)
    assert (lifter.window, lifter.fps) == (32, 15.0)
    x = torch.rand(2, 3, 32, 17)
    answer = network.eval().every_frame(x, 2).detach().numpy()
    assert np.allclose(lifter.network.network(x.numpy()), answer, atol=1e-4)


@pytest.mark.parametrize(("bits", "share", "most"), [(16, 0.6, 5e-3), (8, 0.4, 5e-2)])
def test_weights_in_fewer_bits_make_a_smaller_file(
    data: Path, tmp_path: Path, bits: Literal[16, 8], share: float, most: float
) -> None:
    run = tmp_path / "run"
    loop.train(TINY, data, run)
    whole, slim = tmp_path / "whole.onnx", tmp_path / "slim.onnx"
    assert export(run, whole) == (whole,) and export(run, slim, bits=bits) == (slim,)
    assert slim.stat().st_size < share * whole.stat().st_size
    x, _ = make_batch(make_store(clips(), TINY), TINY, np.random.default_rng(0))
    a, b = OnnxNetwork(whole, "cpu"), OnnxNetwork(slim, "cpu")
    apart = np.abs(a(x) - b(x)).max()
    assert 0 < apart < most and a.metadata == b.metadata


def test_a_run_begins_with_the_weights_of_another(data: Path, tmp_path: Path) -> None:
    loop.train(TINY, data, tmp_path / "first")
    export_run(tmp_path / "first", tmp_path / "first.pt")
    begun = loop.Trainer.fresh(TINY, tmp_path / "first.pt").network.state_dict()
    trained = loop.average_of(load_checkpoint(tmp_path / "first") or {})
    assert all(torch.allclose(begun[k], trained[k], rtol=1e-3, atol=1e-6) for k in trained)
    loop.train(TINY, data, tmp_path / "second", init=tmp_path / "first.pt")
    receipt = json.loads((tmp_path / "second" / "receipt.json").read_text())
    assert receipt["config"]["init"] == sha256(tmp_path / "first.pt")
    with pytest.raises(WeightsError, match="first.pt"):
        loop.Trainer.fresh(replace(TINY, network="u-conddgcn"), tmp_path / "first.pt")


def test_what_is_no_run_or_no_lifter_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not the folder of a training run"):
        export_run(tmp_path, tmp_path / "x.onnx")
    with pytest.raises(WeightsError, match="monomocap export"):
        load_lifter(str(bright_box_finder(tmp_path / "other.onnx")), "cpu")
