"""Published folders and checkpoints with weights of chance, written as the originals write them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from monomocap.lift.networks.canonical_pose import CanonicalPose, RootTrajectory
from monomocap.lift.networks.hdformer import HDFormer
from monomocap.skeleton import H36M17
from monomocap.types import Track2D

INPUT = {
    "center": [512.5, 515.5],
    "focal_length": [1145.0, 1143.75],
    "window_size": 5,
    "n_frames": 96,
    "res_w": 1000,
    "res_h": 1002,
    "max_frame": 100,
}
RENDER = {"azim": -90, "elev": -90}


@cache
def some_hdformer() -> nn.Module:
    """An HDFormer of the published size; the same one every time."""
    torch.manual_seed(0)
    return shaken(HDFormer())


def shaken(network: nn.Module, seed: int = 0) -> nn.Module:
    """Weights and statistics by chance, so that every part of the network matters."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            noise = 0.05 * torch.randn(tensor.shape, generator=generator)
            tensor.add_(noise.abs() if name.endswith("running_var") else noise)
    return network.eval()


def configure(folder: Path, **changes: Any) -> Path:
    """Write a folder's configuration; a change of None leaves that number out."""
    upper = changes.pop("upper", False)
    model = {"MODEL": changes.pop("MODEL", {}), "INPUT": {}}
    inputs = {k: v for k, v in (INPUT | changes).items() if v is not None}
    model["INPUT"] = {k.upper() if upper else k: v for k, v in inputs.items()}
    document = {"framework": "pytorch", "model": {"type": "x", **model}, "render": RENDER}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "configuration.json").write_text(json.dumps(document))
    return folder


def statistics(folder: Path, seed: int = 0) -> None:
    """Plausible mean and deviation: 2D in rays, 3D in millimetres, the root at 0."""
    rng = np.random.default_rng(seed)
    mean_2d, std_2d = 0.02 * rng.normal(size=(17, 2)), rng.uniform(0.05, 0.1, (17, 2))
    mean_3d, std_3d = 100 * rng.normal(size=(17, 3)), rng.uniform(50, 200, (17, 3))
    mean_3d[0] = std_3d[0] = 0
    np.save(folder / "mean_std_2d.npy", np.stack([mean_2d, std_2d]).astype(np.float32))
    np.save(folder / "mean_std_3d.npy", np.stack([mean_3d, std_3d]).astype(np.float32))


def hdformer_folder(folder: Path, network: nn.Module | None = None, **changes: Any) -> Path:
    """A model folder of HDFormer."""
    configure(folder, **changes)
    statistics(folder)
    network = network or some_hdformer()
    torch.save({"state_dict": network.state_dict()}, folder / "pytorch_model.bin")
    return folder


def canonical_folder(
    folder: Path, pose: CanonicalPose, trajectory: RootTrajectory | None, **changes: Any
) -> Path:
    """A model folder of CanonicalPose3D: upper-case keys, two networks in one file."""
    configure(folder, upper=True, n_frames=None, window_size=None, **changes)
    contents = {"model_pos": pose.state_dict()}
    if trajectory is not None:
        contents["model_traj"] = trajectory.state_dict()
    torch.save(contents, folder / "pytorch_model.bin")
    return folder


_STANDING = 400 * np.array(
    [(0, 0), (-0.13, 0), (-0.13, 0.45), (-0.13, 0.88), (0.13, 0), (0.13, 0.45), (0.13, 0.88)]
    + [(0, -0.25), (0, -0.5), (0, -0.6), (0, -0.72), (0.17, -0.48), (0.25, -0.2), (0.27, 0.05)]
    + [(-0.17, -0.48), (-0.25, -0.2), (-0.27, 0.05)]
)


def walker(frames: int, fps: float = 50.0, seed: int = 0) -> Track2D:
    """Somebody who swings slowly in the middle of a picture of 1000 x 1002 pixels."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(frames) / fps
    swing = 20 * np.sin(2 * np.pi * (time_s[:, None, None] + rng.uniform(size=(1, 17, 2))))
    score = np.full((frames, 17), 0.9)
    return Track2D(0, time_s, 500 + _STANDING + swing, score, H36M17)
