"""Two processes train what one does with the same batch."""

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from monomocap.errors import OptionError
from monomocap.train.checkpoint import load_checkpoint, read_log
from monomocap.train.config import TrainConfig
from monomocap.train.networks import build_network
from monomocap.train.team import ALONE, Team, join

SCRIPT = """
import sys
from pathlib import Path
from dataclasses import replace
from monomocap.render.motions import walk
from monomocap.datasets.mocap import MocapClip
from monomocap.train import loop, validate
from monomocap.train.config import TrainConfig
subjects = ("a", "b", "accad_Female1")
clips = [MocapClip(s, "made", s, "CC0", walk(2.0, 30.0, seed=k)) for k, s in enumerate(subjects)]
loop.read_mocap = lambda path: clips
validate.FRAMES = 8 * 9
config = TrainConfig(
    network="mixste", size={"dim": 16, "depth": 1}, frames=9, steps=3, batch=4, warm_up=1,
    evaluate_every=2, threads=1, bf16=False, device="cpu", recombined_share=0.0,
)
loop.train(config, Path(sys.argv[1]), Path(sys.argv[2]))
"""


def started(rank: int, size: int, port: int, folder: Path, run: Path) -> "subprocess.Popen[str]":
    team = {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size),
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    words = [sys.executable, "-c", SCRIPT, str(folder / "data"), str(run)]
    return subprocess.Popen(words, env=os.environ | team, stderr=subprocess.PIPE, text=True)


def answer(state: dict[str, Any], x: torch.Tensor) -> torch.Tensor:
    """Of the trained network. (Weights that do nothing, such as keys' biases, may differ.)"""
    network = build_network("mixste", frames=9, size={"dim": 16, "depth": 1})
    network.load_state_dict(state["network"])
    with torch.inference_mode():
        out: torch.Tensor = network.eval()(x)
    return out


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_two_processes_learn_what_one_learns(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"stands for a mocap file")
    port = free_port()
    teams = [(0, 1, tmp_path / "one"), (0, 2, tmp_path / "two"), (1, 2, tmp_path / "two")]
    processes = [started(rank, size, port, tmp_path, run) for rank, size, run in teams]
    for process in processes:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    one, two = (load_checkpoint(tmp_path / name) for name in ("one", "two"))
    assert one is not None and two is not None and one["step"] == two["step"] == 3
    x = torch.randn(2, 3, 9, 17, generator=torch.Generator().manual_seed(0))
    answers = [answer(state, x) for state in (one, two)]
    torch.testing.assert_close(answers[1], answers[0], rtol=1e-2, atol=1e-4)
    rows = [read_log(tmp_path / name) for name in ("one", "two")]
    assert [row["step"] for row in rows[1]] == [2, 3]  # only the first process wrote
    for a, b in zip(*rows, strict=True):
        assert b["loss_mm"] == pytest.approx(a["loss_mm"], rel=1e-4)


def test_shares_are_the_whole_batch_and_nobody_shares_alone() -> None:
    rows = torch.arange(6)
    shares = [Team(rank, 3).own(rows) for rank in range(3)]
    assert sorted(torch.cat(shares).tolist()) == rows.tolist()
    assert {len(share) for share in shares} == {2}
    assert ALONE.own(rows).equal(rows)


def test_a_batch_that_cannot_be_shared_alike_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "5")
    with pytest.raises(OptionError, match="24 cannot be shared by 5"):
        join(replace(TrainConfig(), batch=24))
    monkeypatch.delenv("WORLD_SIZE")
    assert join(TrainConfig()) is ALONE


def test_batch_norms_see_the_whole_batch_on_gpus_alone() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    assert Team(0, 2).prepared(network, torch.device("cpu")) is network
    whole = Team(0, 2).prepared(network, torch.device("cuda"))
    assert any(isinstance(part, torch.nn.SyncBatchNorm) for part in whole.modules())
    assert whole.state_dict().keys() == network.state_dict().keys()
