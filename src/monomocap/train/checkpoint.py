"""A run's folder: its receipt, its log, and a checkpoint from which it goes on exactly."""

import hashlib
import json
import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from monomocap.errors import DataError, OutputError, WeightsError
from monomocap.evaluate.report import git_commit
from monomocap.lift.networks.drafted import Draft
from monomocap.train.config import TrainConfig
from monomocap.train.widen import widened
from monomocap.weights import check_fits, read_checkpoint, sha256


def write_receipt(run: Path, config: TrainConfig, data: Path) -> None:
    """Write what it takes to do this run again: config, data's hash, commit, versions."""
    receipt = {
        "config": asdict(config),
        "data": data_identity(data),
        "commit": git_commit(),
        "versions": {name: version(name) for name in ("monomocap", "torch", "numpy")},
        "python": platform.python_version(),
    }
    try:
        run.mkdir(parents=True, exist_ok=True)
        (run / "receipt.json").write_text(json.dumps(receipt, indent=2) + "\n")
    except OSError as error:
        raise OutputError(f"cannot write the run's folder {run}: {error}") from error


def resume_receipt(run: Path, config: TrainConfig, data: Path, step: int) -> None:
    """Note the commit that goes on from here; refuse another recipe or other data."""
    receipt = read_receipt(run)
    now = json.loads(json.dumps(asdict(config)))
    changed = [k for k in now if receipt["config"].get(k) != now[k] and k not in _MAY_CHANGE]
    if changed:
        raise DataError(f"{run} began with another recipe; these differ: {', '.join(changed)}")
    if receipt["data"] != data_identity(data):
        raise DataError(f"{run} began with other data than {data}")
    receipt.setdefault("resumed", []).append({"step": step, "commit": git_commit()})
    (run / "receipt.json").write_text(json.dumps(receipt, indent=2) + "\n")


def read_receipt(run: Path) -> dict[str, Any]:
    """A run's receipt; raises `DataError` for a folder that is no run."""
    try:
        receipt: dict[str, Any] = json.loads((run / "receipt.json").read_text())
    except (OSError, ValueError) as error:
        raise DataError(f"{run} is not the folder of a training run ({error})") from error
    return receipt


_MAY_CHANGE = {"device", "threads", "evaluate_every"}


def data_identity(data: Path) -> dict[str, str]:
    """A data file's name and SHA-256; of a folder, that of its files' names and contents."""
    if data.is_file():
        return {"file": data.name, "sha256": sha256(data)}
    digest = hashlib.sha256()
    for file in sorted(path for path in data.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(data)} {sha256(file)}\n".encode())
    return {"file": data.name, "sha256": digest.hexdigest()}


def save_checkpoint(run: Path, state: dict[str, Any]) -> None:
    """Replace the run's checkpoint in one step, so that a crash leaves the old one."""
    part = run / "checkpoint.pt.part"
    torch.save(state, part)
    part.replace(run / "checkpoint.pt")


def load_checkpoint(run: Path) -> dict[str, Any] | None:
    """The run's checkpoint, or None when it has not begun; tensors only, no pickled code."""
    path = run / "checkpoint.pt"
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001  torch raises many kinds
        raise WeightsError(f"{path} is damaged; delete it to start again ({error})") from error
    return state


def save_weights(path: Path, weights: dict[str, Tensor]) -> None:
    """A network's weights alone, in half precision where they fit: what another run begins with."""
    try:
        torch.save({name: _halved(weight) for name, weight in weights.items()}, path)
    except (OSError, RuntimeError) as error:
        raise OutputError(f"cannot write {path}: {error}") from error


def _halved(weight: Tensor) -> Tensor:
    """Variances of batch norms may exceed what half precision holds; they stay as they are."""
    half = weight.half() if weight.is_floating_point() else weight
    return half if bool(half.isfinite().all()) else weight


def load_weights(network: nn.Module, path: Path) -> None:
    """Put the weights of a file into a network; raises `WeightsError` if they do not fit.

    A network that refines a draft also begins with the weights of the draft alone, and a draft
    with those of the whole, or of a narrower one (`train.widen`).
    """
    state = read_checkpoint(path)
    draft = getattr(network, "draft", None)
    if isinstance(draft, nn.Module) and draft.state_dict().keys() == state.keys():
        network = draft
    if isinstance(network, Draft):
        state = widened(_draft_of(state), network)
    check_fits(state, network.state_dict(), path, "the recipe's network")
    network.load_state_dict(state)


def _draft_of(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The draft's own weights, where there are others beside them."""
    prefix = "draft."
    own = {name: weight for name, weight in state.items() if name.startswith(prefix)}
    return {name.removeprefix(prefix): weight for name, weight in own.items()} or state


def log(run: Path, row: dict[str, float | int]) -> None:
    """Add a line to the run's log (`log.jsonl`)."""
    with (run / "log.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")


def read_log(run: Path) -> list[dict[str, float | int]]:
    """All lines of the run's log; of steps that were repeated after a crash, the last."""
    path = run / "log.jsonl"
    if not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return list({row["step"]: row for row in rows}.values())
