"""Several processes that train one network, each on a share of every batch (`torchrun`)."""

import os
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn

from monomocap.errors import OptionError
from monomocap.train.config import TrainConfig

LONGEST_WAIT = timedelta(hours=3)
"""The others wait while the first process measures on held-out people."""


@dataclass(frozen=True)
class Team:
    """This process among its peers; one alone unless `torchrun` says otherwise."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def leads(self) -> bool:
        """Whether this process measures, logs and saves."""
        return self.rank == 0

    def device(self, wanted: str) -> torch.device:
        """The GPU of this process, where there is one."""
        return torch.device(wanted, self.local_rank) if wanted == "cuda" else torch.device(wanted)

    def own(self, rows: Tensor) -> Tensor:
        """This process's share of a batch; all shares are as large."""
        return rows[self.rank :: self.size]

    def prepared(self, network: nn.Module, device: torch.device) -> nn.Module:
        """Batch norms that see the whole batch. On the CPU torch has none: each sees its share."""
        if self.size > 1 and device.type == "cuda":
            whole: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
            return whole
        return network

    def average(self, network: nn.Module) -> None:
        """The mean of everybody's gradients, in everybody's network."""
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        if self.size == 1 or not gradients:
            return
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.size
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def mean(self, value: Tensor) -> float:
        """A number's mean over everybody."""
        if self.size > 1:
            value = value.clone()
            dist.all_reduce(value)
        return float(value) / self.size

    def wait(self) -> None:
        """Until everybody is here."""
        if self.size > 1:
            dist.barrier()


ALONE = Team()


def join(config: TrainConfig) -> Team:
    """The team that `torchrun` started, or one process alone; raises `OptionError`."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return ALONE
    if config.batch % size:
        raise OptionError(f"a batch of {config.batch} cannot be shared by {size} processes alike")
    team = Team(int(os.environ["RANK"]), size, int(os.environ.get("LOCAL_RANK", "0")))
    on_gpu = config.device != "cpu" and torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(team.local_rank)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if on_gpu else "gloo", timeout=LONGEST_WAIT)
    return team


def leave() -> None:
    """Let the others go; nothing where nobody is."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
