"""A run's folder: its receipt, its log, and a checkpoint from which it goes on exactly."""

import json
import platform
import subprocess
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from monomocap.errors import DataError, OutputError, WeightsError
from monomocap.train.config import TrainConfig


def write_receipt(run: Path, config: TrainConfig, data: Path) -> None:
    """Write what it takes to do this run again: config, data's hash, commit, versions."""
    receipt = {
        "config": asdict(config),
        "data": {"file": data.name, "sha256": file_sha256(data)},
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
    receipt = json.loads((run / "receipt.json").read_text())
    now = json.loads(json.dumps(asdict(config)))
    changed = [k for k in now if receipt["config"].get(k) != now[k] and k not in _MAY_CHANGE]
    if changed:
        raise DataError(f"{run} began with another recipe; these differ: {', '.join(changed)}")
    if receipt["data"]["sha256"] != file_sha256(data):
        raise DataError(f"{run} began with other data than {data}")
    receipt.setdefault("resumed", []).append({"step": step, "commit": git_commit()})
    (run / "receipt.json").write_text(json.dumps(receipt, indent=2) + "\n")


_MAY_CHANGE = {"device", "threads", "evaluate_every"}


def git_commit() -> str:
    """The commit of the source tree, with '+' when it has changes; '' outside a checkout."""
    here = Path(__file__).parent
    try:
        git = ["git", "-C", str(here)]
        commit = subprocess.run(
            [*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no", "--", str(here.parent)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + ("+" if changed else "")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hex; raises `DataError` if it cannot be read."""
    digest = sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error}") from error
    return digest.hexdigest()


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


def log(run: Path, row: dict[str, float]) -> None:
    """Add a line to the run's log (`log.jsonl`)."""
    with (run / "log.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")


def read_log(run: Path) -> list[dict[str, float]]:
    """All lines of the run's log; of steps that were repeated after a crash, the last."""
    path = run / "log.jsonl"
    if not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return list({row["step"]: row for row in rows}.values())
