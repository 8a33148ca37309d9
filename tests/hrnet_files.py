"""HRNet checkpoints with random weights, narrow enough for tests."""

import json
from pathlib import Path

import torch

from monomocap.detect.networks.hrnet import HRNet, HRNetV2

WIDTH = 4


def modelscope_folder(folder: Path, *, joints: int = 15, task: str = "body-2d-keypoints") -> Path:
    """A 2D model folder as ModelScope lays it out; its network sees every joint somewhere."""
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    network = HRNetV2(width=WIDTH, joints=joints)
    with torch.no_grad():
        list(network.parameters())[-1].fill_(1)  # the last bias: heatmaps around 1
    torch.save(network.state_dict(), folder / "pytorch_model.bin")
    said = {"framework": "pytorch", "task": task, "model": {"type": "body-2d-keypoints"}}
    (folder / "configuration.json").write_text(json.dumps(said))
    return folder


def coco_checkpoint(path: Path) -> Path:
    """A plain HRNet for COCO's joints, saved from several GPUs beside an optimiser."""
    torch.manual_seed(0)
    state = {f"module.{k}": v for k, v in HRNet(width=WIDTH, joints=17).state_dict().items()}
    torch.save({"state_dict": state, "epoch": 210}, path)
    return path
