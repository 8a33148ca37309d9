"""HRNetV2 equals the published network, and what stands around it the model card's pipeline."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from monomocap.detect.networks.hrnet import HRNet, HRNetV2
from tests.golden import vectors as golden
from tests.golden.tiny_training import assert_learns, parameters, shapes

SINGLE_PRECISION_ERROR = 3e-4
"""Of the answers' spread, after some two hundred convolutions. The original's own is 1e-4."""
STORED_PRECISION = 1e-6
"""The recorded heatmaps were computed in double precision and stored in single."""


@pytest.mark.parametrize("name", ["", "2"], ids=["square", "oblong"])
@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [(torch.float64, STORED_PRECISION), (torch.float32, SINGLE_PRECISION_ERROR)],
    ids=str,
)
def test_heatmaps_are_the_published_ones(name: str, dtype: torch.dtype, tolerance: float) -> None:
    recorded = golden.vectors("hrnetv2_w8_15kp")
    config = json.loads(recorded["config_json"].tobytes())
    width = config["EXTRA"]["STAGE2"]["NUM_CHANNELS"][0]
    network = HRNetV2(width=width, joints=config["NUM_JOINTS"])
    golden.load(network, recorded, dtype)
    with torch.inference_mode():
        heatmaps = network(golden.tensor(recorded[f"x{name}"], dtype)).numpy()
    original = recorded[f"y{name}"]
    np.testing.assert_allclose(heatmaps, original, rtol=0, atol=tolerance * original.std())


@pytest.mark.parametrize(
    ("width", "name", "count"),
    [
        (48, "hrnetv2_w48_15kp_as_coded", 65_856_495),
        (32, "hrnetv2_w32_15kp_as_named", 29_544_591),
    ],
)
def test_keys_shapes_and_sizes_are_the_published_ones(width: int, name: str, count: int) -> None:
    with torch.device("meta"):
        network = HRNetV2(width=width)
    assert shapes(network) == golden.published_shapes(name)
    assert parameters(network) == count


def test_plain_hrnet_shares_all_but_its_end() -> None:
    """The original's last exchange answers at one scale, and its head is one convolution."""
    published = golden.published_shapes("hrnetv2_w32_15kp_as_named")
    dropped = tuple(f"stage4.2.fuse_layers.{scale}." for scale in (1, 2, 3))
    expected = {
        key: shape
        for key, shape in published.items()
        if not key.startswith((*dropped, "final_layer."))
    }
    expected |= {"final_layer.weight": (17, 32, 1, 1), "final_layer.bias": (17,)}
    with torch.device("meta"):
        network = HRNet()
    assert shapes(network) == expected
    assert parameters(network) == pytest.approx(28.5e6, rel=2e-3)  # the paper's table 1


def test_a_tiny_batch_is_learnt() -> None:
    torch.manual_seed(0)
    for network in (HRNetV2(width=2, joints=3), HRNet(width=2, joints=3)):
        batch = (torch.randn(2, 3, 64, 32),)
        assert_learns(network, batch, torch.rand(2, 3, 16, 8), steps=12, rate=0.02)


@pytest.mark.parametrize("sides", [(0, 32), (32, 48)])
def test_sides_that_cannot_be_halved_are_refused(sides: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        HRNetV2(width=2)(torch.zeros(1, 3, *sides))
