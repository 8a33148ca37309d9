"""Whether a network can learn: every weight gets a finite gradient, and a tiny batch is learnt."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor, nn


def assert_learns(
    network: nn.Module,
    inputs: tuple[Tensor, ...],
    target: Tensor,
    *,
    steps: int = 30,
    rate: float = 3e-3,
    unused: Collection[str] = (),
) -> None:
    """Adam brings the error on one batch below half of what it was.

    `unused` names the parameters, and beginnings of names, that no answer depends on.
    """
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    errors = []
    for _ in range(steps):
        optimizer.zero_grad()
        error = (network(*inputs) - target).square().mean()
        error.backward()
        assert_finite_gradients(network, unused)
        optimizer.step()
        errors.append(error.item())
    assert min(errors[-3:]) < 0.5 * errors[0], errors


def assert_finite_gradients(network: nn.Module, unused: Collection[str]) -> None:
    """Each used parameter has a finite gradient, and each unused one has none."""
    for name, parameter in network.named_parameters():
        if name.startswith(tuple(unused)):
            assert parameter.grad is None or not parameter.grad.any(), f"{name} is used"
        else:
            assert parameter.grad is not None, f"{name} has no gradient"
            assert torch.isfinite(parameter.grad).all(), f"{name} has a gradient that is not finite"


def parameters(network: nn.Module) -> int:
    """How many numbers it learns; shared ones count once."""
    return sum(p.numel() for p in network.parameters())


def shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Key -> shape of its state."""
    return {key: tuple(t.shape) for key, t in network.state_dict().items()}
