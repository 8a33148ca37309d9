"""Optimisers by name, and how their learning rate goes over a run."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from monomocap.errors import UnknownName
from monomocap.train.config import Schedule, TrainConfig


class AdaMod(torch.optim.Optimizer):
    """Adam whose steps are bounded by their own moving average (Ding et al., 2019, algorithm 2).

    HDFormer's optimiser. Weight decay acts on the weights, not on the gradient.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        betas: tuple[float, float, float] = (0.9, 0.999, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)

    def _move(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros(())
            for name in ("mean", "square", "bound"):
                state[name] = torch.zeros_like(parameter)
        state["step"] += 1
        steps = float(state["step"])
        beta1, beta2, beta3 = group["betas"]
        state["mean"].lerp_(gradient, 1 - beta1)
        state["square"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        rate = group["lr"] * math.sqrt(1 - beta2**steps) / (1 - beta1**steps)
        wanted = rate / (state["square"].sqrt() + group["eps"])
        state["bound"].lerp_(wanted, 1 - beta3)
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.addcmul_(torch.minimum(wanted, state["bound"]), state["mean"], value=-1)


def _adamw(config: TrainConfig, parameters: list[Tensor]) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        parameters, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
    )


def _adam(config: TrainConfig, parameters: list[Tensor]) -> torch.optim.Optimizer:
    return torch.optim.Adam(
        parameters, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
    )


def _adam_amsgrad(config: TrainConfig, parameters: list[Tensor]) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=config.learning_rate, amsgrad=True, fused=True)


def _adamod(config: TrainConfig, parameters: list[Tensor]) -> torch.optim.Optimizer:
    return AdaMod(parameters, lr=config.learning_rate, weight_decay=config.weight_decay)


OPTIMIZERS: dict[str, Callable[[TrainConfig, list[Tensor]], torch.optim.Optimizer]] = {
    "adam": _adam,
    "adam-amsgrad": _adam_amsgrad,
    "adamod": _adamod,
    "adamw": _adamw,
}


def make_optimizer(config: TrainConfig, network: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimiser over all of a network's weights; raises `UnknownName`."""
    if config.optimizer not in OPTIMIZERS:
        raise UnknownName("optimiser", config.optimizer, OPTIMIZERS)
    return OPTIMIZERS[config.optimizer](config, list(network.parameters()))


def learning_rate(config: TrainConfig, step: int) -> float:
    """The rate at a step: up the warm-up's ramp, then as the schedule says."""
    if step < config.warm_up:
        return config.learning_rate * (step + 1) / config.warm_up
    done = (step - config.warm_up) / max(1, config.steps - config.warm_up)
    return config.learning_rate * _factor(config.schedule, done)


def _factor(schedule: Schedule, done: float) -> float:
    if schedule.kind == "cosine":
        return schedule.last + (1 - schedule.last) * (1 + math.cos(math.pi * done)) / 2
    if schedule.kind == "decay":
        return schedule.last**done
    return 0.1 ** sum(done >= milestone for milestone in schedule.milestones)
