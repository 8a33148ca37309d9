"""HDFormer equals the published network: same keys, same answers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from tests.golden import vectors as golden

from monomocap.lift.networks.hdformer import HDFormer, adjacency, H36M17_PARENTS

PRECISIONS = [torch.float64, torch.float32]


@pytest.fixture(scope="module")
def recorded() -> golden.Vectors:
    return golden.vectors("hdformer")


@pytest.fixture(scope="module")
def blocks() -> golden.Vectors:
    return golden.vectors("hdformer_blocks")


@pytest.fixture(scope="module", params=PRECISIONS, ids=str)
def network(request: pytest.FixtureRequest, recorded: golden.Vectors) -> HDFormer:
    network = HDFormer()
    golden.load(network, recorded, request.param)
    return network


def test_keys_and_shapes_are_the_published_ones() -> None:
    ours = {key: tuple(t.shape) for key, t in HDFormer().state_dict().items()}
    assert ours == golden.published_shapes("hdformer")


@pytest.mark.parametrize("frames", ["", "48", "112"])
def test_answers_are_the_published_ones(
    network: HDFormer, recorded: golden.Vectors, frames: str
) -> None:
    x = golden.tensor(recorded[f"x{frames}"], next(network.parameters()).dtype)
    mean, std = (torch.from_numpy(recorded[k].T[None, :, None]).to(x) for k in ("mean_3d", "std_3d"))
    with torch.inference_mode():
        golden.assert_same(network(x) * std + mean, recorded[f"y{frames}"])
