"""The training loop."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from monomocap.datasets.folder import read_mocap
from monomocap.options import Progress, no_progress
from monomocap.train.batches import Batch, Store, answered, batches, make_store
from monomocap.train.checkpoint import (
    load_checkpoint,
    load_weights,
    log,
    resume_receipt,
    save_checkpoint,
    write_receipt,
)
from monomocap.train.config import TrainConfig
from monomocap.train.curves import draw_curves
from monomocap.train.dataset import DatasetLessons
from monomocap.train.losses import total_loss
from monomocap.train.networks import build_network
from monomocap.train.optimizers import learning_rate, make_optimizer
from monomocap.train.papers import paper_network
from monomocap.train.team import ALONE, Team, join, leave
from monomocap.train.validate import Validation, make_validation
from monomocap.weights import sha256


def train(
    config: TrainConfig,
    data: Path,
    run: Path,
    *,
    init: Path | None = None,
    progress: Progress = no_progress,
) -> nn.Module:
    """Train, or go on where the run's folder stopped; returns the averaged network.

    `init` names weights to begin with (a .pt file of `monomocap export`). Started by `torchrun`,
    every process learns from its share of each batch, and the first one measures and saves.
    The folder gets `receipt.json`, `log.jsonl`, `checkpoint.pt` and `curves.png`. Stopped at any
    step and started again, it goes on with the same numbers.
    """
    lessons = lessons_of(config, data)
    config = config if init is None else replace(config, init=sha256(init))
    team = join(config)
    try:
        trainer = Trainer.fresh(config, init, team=team, prime=lessons.prime)
        _begin(trainer, run, data)
        _learn(trainer, lessons, run, progress if team.leads else no_progress)
        team.wait()
    finally:
        leave()
    return trainer.average.module


def lessons_of(config: TrainConfig, data: Path) -> "Lessons":
    """Motion capture seen by synthetic cameras, or a data set with its own."""
    if config.dataset is not None:
        return DatasetLessons.read(config, data)
    return MocapLessons.read(config, data)


@runtime_checkable
class Lessons(Protocol):
    """What is learned from, and how well it was learned."""

    def batches(self, start: int) -> Iterator[tuple[int, Batch]]:
        """(step, batch) from a step on."""

    def measure(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Errors on people that are not learned from, mm."""

    def prime(self, network: nn.Module) -> None:
        """Tell a fresh network what it must know of the data."""


@dataclass(frozen=True)
class MocapLessons:
    """Motion capture; the network needs to know nothing of it."""

    store: Store
    validation: Validation
    config: TrainConfig

    @classmethod
    def read(cls, config: TrainConfig, data: Path) -> "MocapLessons":
        """Raises `DataError`."""
        clips = read_mocap(data)
        return cls(make_store(clips, config), make_validation(clips, config), config)

    def batches(self, start: int) -> Iterator[tuple[int, Batch]]:
        return batches(self.store, self.config, start=start)

    def measure(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        return self.validation.measure(network, device)

    def prime(self, network: nn.Module) -> None:
        return None


def _begin(trainer: "Trainer", run: Path, data: Path) -> None:
    """A receipt for a new run; a run that stopped goes on."""
    resumed = load_checkpoint(run)
    trainer.team.wait()  # nobody writes before everybody has looked
    if resumed is not None:
        trainer.load(resumed)
    if trainer.team.leads and resumed is None:
        write_receipt(run, trainer.config, data)
    elif trainer.team.leads:
        resume_receipt(run, trainer.config, data, trainer.step)


def _learn(trainer: "Trainer", lessons: Lessons, run: Path, progress: Progress) -> None:
    config = trainer.config
    began = time.monotonic()
    losses: list[float] = []
    for step, batch in ahead(lessons.batches(trainer.step)):
        losses.append(trainer.learn(step, batch))
        progress("train", step + 1, config.steps)
        if trainer.step % config.evaluate_every == 0 or trainer.step == config.steps:
            clips_s = len(losses) * config.batch / (time.monotonic() - began)
            if trainer.team.leads:
                report(run, trainer, lessons, float(np.mean(losses)), clips_s)
            began, losses = time.monotonic(), []


def report(run: Path, trainer: "Trainer", lessons: Lessons, loss: float, clips_s: float) -> None:
    """Measure on held-out people, and leave everything on disk."""
    scores = lessons.measure(trainer.average.module, trainer.device)
    log(run, {"step": trainer.step, "loss_mm": 1000 * loss, "clips_s": clips_s, **scores})
    save_checkpoint(run, trainer.state())
    draw_curves(run)


def ahead(source: Iterator[tuple[int, Batch]]) -> Iterator[tuple[int, Batch]]:
    """The same items, each made in a thread while the one before is being learned from."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, source, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, source, None)
            yield item


@dataclass
class Trainer:
    """A network on its way: its weights, their moving average, the optimiser, and the step."""

    config: TrainConfig
    device: torch.device
    network: nn.Module
    average: AveragedModel
    optimizer: torch.optim.Optimizer
    step: int = 0
    team: Team = ALONE

    def __post_init__(self) -> None:
        backend = self.config.compile
        self.forward = torch.compile(self.network, backend=backend) if backend else self.network
        """The network, compiled where the recipe wants it; it shares the network's weights."""

    @classmethod
    def fresh(
        cls,
        config: TrainConfig,
        init: Path | None = None,
        *,
        team: Team = ALONE,
        prime: Callable[[nn.Module], None] = lambda network: None,
    ) -> "Trainer":
        """A new network from the recipe's seed or from a file, on the best device there is."""
        wanted = config.device if config.device != "auto" else _best_device()
        device = team.device(wanted)
        torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        network = network_of(config)
        prime(network)
        if init is not None:
            load_weights(network, init)
        network = team.prepared(network.to(device), device)
        average = AveragedModel(network, multi_avg_fn=_moving(config.average), use_buffers=True)
        optimizer = make_optimizer(config, network)
        return cls(config, device, network, average, optimizer, team=team)

    def learn(self, step: int, batch: Batch) -> float:
        """One step of gradient descent; returns the loss in metres."""
        torch.manual_seed((self.config.seed << 32) + step * self.team.size + self.team.rank)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.config, step)
        parts = (self.team.own(torch.from_numpy(part)) for part in batch)
        x, true = (part.to(self.device) for part in parts)
        self.network.train()
        with self.autocast():
            predicted = self.forward(x).float()
        config = self.config
        true = answered(true, predicted.shape[2])
        loss = total_loss(predicted, true, config.losses, config.joint_weights)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.team.average(self.network)
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip_gradient)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        self.step = step + 1
        return self.team.mean(loss.detach())

    def autocast(self) -> AbstractContextManager[object]:
        """Half precision where the recipe wants it and the device has it."""
        if not self.config.bf16 or (self.device.type == "cpu" and not _cpu_has_bf16()):
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def state(self) -> dict[str, object]:
        """Everything that `load` needs."""
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load(self, state: dict[str, object]) -> None:
        """Go on from a saved state."""
        self.step = int(state["step"])  # type: ignore[call-overload]
        self.network.load_state_dict(state["network"])  # type: ignore[arg-type]
        self.average.load_state_dict(state["average"])  # type: ignore[arg-type]
        self.optimizer.load_state_dict(state["optimizer"])  # type: ignore[arg-type]


def network_of(config: TrainConfig) -> nn.Module:
    """The recipe's network, fresh."""
    if config.dataset is not None:
        return paper_network(config)
    return build_network(
        config.network, frames=config.frames, dropout=config.dropout, size=config.size
    )


def average_of(state: dict[str, Any]) -> dict[str, Tensor]:
    """The averaged network's own weights in a run's checkpoint."""
    prefix = "module."
    averaged = state["average"].items()
    return {name.removeprefix(prefix): w for name, w in averaged if name.startswith(prefix)}


def _moving(
    decay: float,
) -> Callable[[tuple[Tensor, ...] | list[Tensor], tuple[Tensor, ...] | list[Tensor], Any], None]:
    """An exponential moving average that forgets its first, untrained steps quickly."""

    @torch.no_grad()
    def update(
        averaged: tuple[Tensor, ...] | list[Tensor],
        current: tuple[Tensor, ...] | list[Tensor],
        steps: Any,
    ) -> None:
        share = 1 - min(decay, (1 + int(steps)) / (10 + int(steps)))
        for mean, now in zip(averaged, current, strict=True):
            if mean.is_floating_point():
                mean.lerp_(now, share)
            else:
                mean.copy_(now)

    return update


def _best_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def _cpu_has_bf16() -> bool:
    return torch.cpu._is_avx512_bf16_supported()
