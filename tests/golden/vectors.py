"""Recorded inputs, weights and outputs of the published networks, for tests to compare with.

The vectors lie beside this file in `set_a/`; `MONOMOCAP_GOLDEN` may name another folder with
files of the same names and layouts (another draw of weights and inputs). A missing file is a
failure, never a skipped test.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

Vectors = dict[str, np.ndarray]


def folder() -> Path:
    """Where the vectors are."""
    named = os.environ.get("MONOMOCAP_GOLDEN")
    return Path(named) if named else Path(__file__).parent / "set_a"


def vectors(name: str) -> Vectors:
    """All arrays of `<name>.npz`, as they were stored."""
    path = folder() / f"{name}.npz"
    if not path.is_file():
        pytest.fail(f"no golden vectors at {path}; does MONOMOCAP_GOLDEN name the right folder?")
    with np.load(path) as stored:
        return {key: stored[key] for key in stored.files}


def state_dict(
    arrays: Vectors, dtype: torch.dtype = torch.float64, prefix: str = "sd/"
) -> dict[str, torch.Tensor]:
    """The weights stored under `prefix`, in `dtype`; integers (counters) keep theirs."""
    tensors = {
        key.removeprefix(prefix): torch.from_numpy(array)
        for key, array in arrays.items()
        if key.startswith(prefix)
    }
    return {key: t.to(dtype) if t.is_floating_point() else t for key, t in tensors.items()}


def load(
    network: torch.nn.Module,
    arrays: Vectors,
    dtype: torch.dtype = torch.float64,
    prefix: str = "sd/",
) -> None:
    """Bring `network` to evaluation in `dtype` with exactly the stored weights."""
    network.to(dtype).eval().load_state_dict(state_dict(arrays, dtype, prefix), strict=True)


def published_shapes(name: str) -> dict[str, tuple[int, ...]]:
    """Key -> shape of a published state dict, from `state_dicts/<name>.json`."""
    text = (Path(__file__).parent / "state_dicts" / f"{name}.json").read_text()
    return {key: tuple(shape) for key, shape in json.loads(text).items()}


def tensor(array: np.ndarray, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """A tensor of its own, so that a test may look whether a network changed it."""
    return torch.from_numpy(np.array(array)).to(dtype)


def assert_same(ours: torch.Tensor, original: np.ndarray) -> None:
    """Equal to the original's double precision answer, as far as our own precision goes."""
    tolerance = 1e-9 if ours.dtype == torch.float64 else 1e-4
    np.testing.assert_allclose(
        ours.detach().double().numpy(),
        original.astype(np.float64),
        rtol=tolerance,
        atol=tolerance * float(original.std()),
    )
