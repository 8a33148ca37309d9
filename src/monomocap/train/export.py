"""From a run to a file that `--lifter` takes."""

import json
import tempfile
from pathlib import Path

import torch
from torch import Tensor

from monomocap.errors import DataError
from monomocap.lift.exported import export_published
from monomocap.lift.networks.drafted import STEP, Draft, DraftAlone
from monomocap.lift.onnx import export_network
from monomocap.lift.own import FORMAT
from monomocap.skeleton import H36M17
from monomocap.train.checkpoint import (
    load_checkpoint,
    read_log,
    read_receipt,
    save_weights,
)
from monomocap.train.loop import average_of
from monomocap.train.networks import build_network
from monomocap.train.papers import save_published

DRAFTED_FRAMES = 32
"""The lifter's window around a draft alone: as that of the network that refines it."""
FIXED_FRAMES = ("mixste",)
"""Networks that take their own number of frames and no other."""


def export_run(run: Path, output: Path) -> None:
    """Write a run's averaged network as ONNX, with all that the lifter and its reader must know.

    A name that ends in .pt gets the weights alone, for another run to begin with; one in .pth, of a
    paper's recipe on a data set, a checkpoint with published names. Raises
    `DataError` for a folder that is no run, `OutputError` if the file cannot be written.
    """
    receipt = read_receipt(run)
    config = receipt["config"]
    state = load_checkpoint(run)
    if state is None:
        raise DataError(f"{run} has no checkpoint yet")
    if output.suffix == ".pt":
        save_weights(output, average_of(state))
        return
    if config.get("dataset") is not None:
        _export_paper(average_of(state), config["network"], output)
        return
    network = build_network(config["network"], frames=config["frames"], size=config["size"])
    network.load_state_dict(average_of(state))
    frames, fps = config["frames"], config["fps"]
    if isinstance(network, Draft):
        network, frames, fps = DraftAlone(network), DRAFTED_FRAMES, STEP * fps
    metadata = {
        "format": FORMAT,
        "name": config["network"],
        "window": str(frames),
        "fps": str(fps),
        "skeleton": H36M17.name,
        "input": "batch, (x, y, score), frame, joint: monomocap.lift.normalize.person_view",
        "output": "batch, (x, y, z), frame, joint: metres from the pelvis, virtual cameras' axes",
        "licence": "Apache-2.0",
        "steps": str(state["step"]),
        "receipt": json.dumps(receipt),
        "scores": json.dumps(read_log(run)[-1]),
    }
    example = torch.zeros(1, 3, frames, len(H36M17))
    fixed = config["network"] in FIXED_FRAMES
    free = {0: "batch"} if fixed else {0: "batch", 2: "frames"}
    export_network(
        network, output, inputs={"x": example}, dynamic={"x": free, "y": free}, metadata=metadata
    )


def _export_paper(weights: dict[str, Tensor], network: str, output: Path) -> None:
    """What the published checkpoint would be, or its ONNX."""
    if output.suffix == ".pth":
        save_published(weights, network, output)
        return
    with tempfile.TemporaryDirectory() as folder:
        published = Path(folder) / f"{network}.pth"
        save_published(weights, network, published)
        export_published(published, output)
