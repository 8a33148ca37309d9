"""A torch network behind the numpy door that lifters knock on."""

import numpy as np
import torch
from jaxtyping import Float32
from torch import nn


class TorchNetwork:
    """Numpy in, numpy out; the network's own device in between."""

    def __init__(self, module: nn.Module, device: str = "cpu") -> None:
        self.module = module.eval().to(device)
        self.device = device

    @torch.inference_mode()
    def __call__(
        self, x: Float32[np.ndarray, "batch channel time joint"]
    ) -> Float32[np.ndarray, "batch 3 time joint"]:
        """One forward pass."""
        y: np.ndarray = self.module(torch.from_numpy(x).to(self.device)).float().cpu().numpy()
        return y
