"""Networks as their papers train them on a data set, and the files that published lifters read.

2D of two numbers per joint in (rays of HDFormer, the screen of the others), metres out. What comes
out of `save_published` has the names of a published checkpoint, so that `--lifter` takes it and
`monomocap export` turns it into ONNX.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from monomocap.errors import OptionError, OutputError
from monomocap.lift.networks.canonical_pose import CanonicalPose
from monomocap.lift.networks.hdformer import HDFormer
from monomocap.lift.networks.mixste import MixSTE
from monomocap.lift.networks.ucond_dgcn import UCondDGCN
from monomocap.lift.own_camera import HUMAN36M, rays_of, screen_of
from monomocap.lift.published_folder import MEAN_STD_2D, MEAN_STD_3D
from monomocap.train.config import TrainConfig
from monomocap.types import Camera

LENS = {"hdformer": "straight"}
"""What a network is told of the camera (`evaluate.inputs.lens_named`); the others: unknown."""
UNKNOWN = "unknown"
_BUFFERS = ("mean_2d", "std_2d", "mean_3d_mm", "std_3d_mm")
_FILTER = 3
"""Width of a temporal network's filters."""


class Standardised(nn.Module):
    """HDFormer between its data's statistics: rays in, metres out."""

    def __init__(self, network: HDFormer) -> None:
        super().__init__()
        self.network = network
        for name in _BUFFERS:
            self.register_buffer(name, torch.zeros(17, 2 if name.endswith("2d") else 3))

    def forward(self, x: Float[Tensor, "batch 2 time 17"]) -> Float[Tensor, "batch 3 time 17"]:
        """Statistics are (joint, coordinate)."""
        mean_2d, std_2d, mean_3d, std_3d = (_planes(getattr(self, name)) for name in _BUFFERS)
        out: Tensor = self.network((x - mean_2d) / std_2d)
        return (out * std_3d + mean_3d) / 1000


class JointsFirst(nn.Module):
    """A network of (batch, time, joint, channel), its answer from the first joint on."""

    def __init__(self, network: UCondDGCN | MixSTE | CanonicalPose) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, x: Float[Tensor, "batch 2 time joint"]
    ) -> Float[Tensor, "batch 3 answered joint"]:
        """A temporal network answers the middle of its window alone."""
        xyz: Tensor = self.network(x.movedim(1, -1)).movedim(-1, 1)
        return xyz - xyz[..., :1]


def paper_network(config: TrainConfig) -> nn.Module:
    """The recipe's network, fresh; raises `OptionError` for a recipe of no paper."""
    size: dict[str, Any] = dict(config.size)
    if config.network == "hdformer":
        return Standardised(HDFormer(in_channels=2, dropout=config.dropout, **size))
    if config.network == "u-conddgcn":
        return JointsFirst(UCondDGCN(dropout=config.dropout, unofficial_quirks=True, **size))
    if config.network == "mixste":
        return JointsFirst(MixSTE(frames=config.frames, drop_path=config.dropout, **size))
    if config.network == "canonical-pose":
        widths = [_FILTER] * round(np.log(config.frames) / np.log(_FILTER))
        if _FILTER ** len(widths) != config.frames:
            raise OptionError(
                f"canonical-pose sees 3, 9, 27, 81 or 243 frames, not {config.frames}"
            )
        return JointsFirst(CanonicalPose(widths=widths, dropout=config.dropout, **size))
    raise OptionError(f"{config.recipe} learns from motion capture alone; choose a paper's recipe")


def on_plane(
    network: str, camera: Camera, xy_px: Float[np.ndarray, "time 17 2"]
) -> Float[np.ndarray, "time 17 2"]:
    """Pixels as the lifter around the published network hands them on (`lift.published_models`)."""
    if network == "hdformer":
        own = replace(HUMAN36M, first_pixel=0.5)
        return rays_of(own, own.pixels(camera, xy_px))
    return screen_of(HUMAN36M, HUMAN36M.pixels(camera, xy_px))


def set_statistics(network: nn.Module, statistics: dict[str, np.ndarray]) -> None:
    """Of the training split; networks that need none are left alone."""
    if isinstance(network, Standardised):
        for name in _BUFFERS:
            getattr(network, name).copy_(torch.from_numpy(statistics[name]))


def save_published(state: dict[str, Tensor], network: str, path: Path) -> None:
    """A checkpoint with published names; HDFormer's statistics beside it."""
    prefix = "network."
    inner = {k.removeprefix(prefix): v.cpu() for k, v in state.items() if k.startswith(prefix)}
    entry = "state_dict" if network in ("hdformer", "u-conddgcn") else "model_pos"
    if network == "mixste":
        inner = {f"module.{name}": tensor for name, tensor in inner.items()}
    try:
        torch.save({entry: inner}, path)
        if network == "hdformer":
            _save_statistics(state, path.parent)
    except (OSError, RuntimeError) as error:
        raise OutputError(f"cannot write {path}: {error}") from error


def _save_statistics(state: dict[str, Tensor], folder: Path) -> None:
    for file, kind in ((MEAN_STD_2D, "2d"), (MEAN_STD_3D, "3d_mm")):
        both = [state[f"{part}_{kind}"].cpu().numpy() for part in ("mean", "std")]
        np.save(folder / file, np.stack(both).astype(np.float64))


def _planes(statistic: Float[Tensor, "joint dim"]) -> Float[Tensor, "dim 1 joint"]:
    return statistic.T[:, None]
