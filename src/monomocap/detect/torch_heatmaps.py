"""A heatmap network in torch behind a numpy door."""

import numpy as np
import torch
from jaxtyping import Float32
from torch import nn

from monomocap.errors import DeviceError
from monomocap.options import Device


class TorchHeatmaps:
    """Numpy in, numpy out; the network's own device in between."""

    def __init__(self, module: nn.Module, device: Device = "auto") -> None:
        self.device = torch_device(device)
        """'cuda' or 'cpu': where the network's numbers lie, so where it computes."""
        self._module: nn.Module | None = module.eval().to(self.device)

    @torch.inference_mode()
    def __call__(
        self, images: Float32[np.ndarray, "person 3 y x"]
    ) -> Float32[np.ndarray, "person joint y_cells x_cells"]:
        """One forward pass."""
        assert self._module is not None, "the detector is closed"
        heatmaps: np.ndarray = self._module(torch.from_numpy(images).to(self.device)).cpu().numpy()
        return heatmaps

    def close(self) -> None:
        """Let go of the network."""
        self._module = None


def torch_device(device: Device) -> str:
    """'cuda' or 'cpu'; raises `DeviceError` for a GPU that is asked for and is not there."""
    cuda = torch.cuda.is_available()
    if device == "cuda" and not cuda:
        raise DeviceError("torch finds no CUDA GPU here; use --device cpu or auto")
    return "cuda" if cuda and device != "cpu" else "cpu"
