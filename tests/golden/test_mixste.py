"""MixSTE equals the published network: same keys, same size, same answers."""

from __future__ import annotations

import pytest
import torch

from monomocap.lift.networks.mixste import MixSTE, published_state
from tests.golden import vectors as golden
from tests.golden.tiny_training import assert_learns, parameters, shapes

PUBLISHED_PARAMETERS = {27: 33_673_219, 81: 33_700_867, 243: 33_783_811}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("name", ["mixste_t27_c64_d4", "mixste_t81_c32_d2"])
def test_answers_are_the_published_ones(name: str, dtype: torch.dtype) -> None:
    recorded = golden.vectors(name)
    frames, joints, inputs, dim, depth, heads, ratio = recorded["config"].tolist()
    network = MixSTE(
        frames=frames,
        joints=joints,
        inputs=inputs,
        dim=dim,
        depth=depth,
        heads=heads,
        mlp_ratio=float(ratio),
    )
    golden.load(network, recorded, dtype)
    with torch.inference_mode():
        golden.assert_same(network(golden.tensor(recorded["x"], dtype)), recorded["y"])


@pytest.mark.parametrize("frames", PUBLISHED_PARAMETERS)
def test_keys_shapes_and_size_are_the_published_ones(frames: int) -> None:
    with torch.device("meta"):
        network = MixSTE(frames=frames)
    assert shapes(network) == golden.published_shapes(f"mixste_t{frames}")
    assert parameters(network) == PUBLISHED_PARAMETERS[frames]


def test_a_published_file_loads_though_its_names_begin_with_module() -> None:
    network = MixSTE(frames=3, dim=8, depth=2, heads=2)
    published = {f"module.{key}": value + 1 for key, value in network.state_dict().items()}
    network.load_state_dict(published_state(published), strict=True)
    bias = network.get_parameter("head.1.bias")
    assert torch.equal(bias, published["module.head.1.bias"])


def test_a_tiny_batch_is_learnt() -> None:
    torch.manual_seed(0)
    network = MixSTE(frames=9, dim=16, depth=3, heads=2, drop_path=0.0)
    assert_learns(network, (torch.randn(2, 9, 17, 2),), torch.randn(2, 9, 17, 3), steps=100)


def test_branches_are_left_out_in_training_alone() -> None:
    torch.manual_seed(0)
    network = MixSTE(frames=3, dim=8, depth=2, heads=2, drop_path=0.9)
    xy = torch.randn(4, 3, 17, 2)
    assert not torch.equal(network(xy), network(xy))
    network.eval()
    assert torch.equal(network(xy), network(xy))


@pytest.mark.parametrize("shape", [(1, 8, 17, 2), (1, 9, 16, 2), (1, 0, 17, 2)])
def test_another_length_or_skeleton_is_refused(shape: tuple[int, ...]) -> None:
    network = MixSTE(frames=9, dim=8, depth=1, heads=2)
    with pytest.raises(ValueError, match="takes 9 frames of 17 joints"):
        network(torch.zeros(shape))


def test_heads_must_share_the_width() -> None:
    with pytest.raises(ValueError, match="does not divide"):
        MixSTE(frames=9, dim=10, heads=4)
