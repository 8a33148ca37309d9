"""HDFormer equals the published network: same keys, same size, same answers."""

from __future__ import annotations

import pytest
import torch
from einops import rearrange

from monomocap.lift.networks.hdformer import (
    H36M17_PARENTS,
    HDFormer,
    HighOrderBlock,
    adjacency,
    chains,
    dropped,
)
from tests.golden import vectors as golden
from tests.golden.tiny_training import assert_learns, parameters, shapes

PUBLISHED_PARAMETERS = {1: 3_717_705, 2: 3_717_861, 3: 3_717_989, 4: 3_718_089}
"""Parameter count by the longest chain of bones, `max_hop`."""


@pytest.fixture(scope="module")
def recorded() -> golden.Vectors:
    return golden.vectors("hdformer")


@pytest.fixture(scope="module")
def recorded_blocks() -> golden.Vectors:
    return golden.vectors("hdformer_blocks")


@pytest.fixture(scope="module", params=[torch.float64, torch.float32], ids=str)
def network(request: pytest.FixtureRequest, recorded: golden.Vectors) -> HDFormer:
    network = HDFormer()
    golden.load(network, recorded, request.param)
    return network


def dtype_of(network: HDFormer) -> torch.dtype:
    return network.joint_regressor.weight.dtype


def joints_first(x: torch.Tensor) -> torch.Tensor:
    """From the published order of axes to ours inside."""
    return rearrange(x, "batch dim time joint -> batch joint time dim")


def published_order(x: torch.Tensor) -> torch.Tensor:
    return rearrange(x, "batch joint time dim -> batch dim time joint")


def in_mm(network: HDFormer, x: torch.Tensor, recorded: golden.Vectors) -> torch.Tensor:
    mean, std = (
        golden.tensor(recorded[name], x.dtype).T[None, :, None] for name in ("mean_3d", "std_3d")
    )
    with torch.inference_mode():
        return network(x) * std + mean


@pytest.mark.parametrize("kind", ["", "_flip", "48", "112"])
def test_answers_are_the_published_ones(
    network: HDFormer, recorded: golden.Vectors, kind: str
) -> None:
    x = golden.tensor(recorded[f"x{kind}"], dtype_of(network))
    before = x.clone()
    golden.assert_same(in_mm(network, x, recorded), recorded[f"y{kind}"])
    assert torch.equal(x, before), "the input was changed"


def test_every_stage_is_the_published_one(recorded: golden.Vectors) -> None:
    network = HDFormer()
    golden.load(network, recorded)
    seen: dict[str, torch.Tensor] = {}
    stages = [key.removeprefix("feat/") for key in recorded if key.startswith("feat/")]
    backbone = network.backbone
    for name in stages:
        stage = backbone if name == "backbone" else backbone.get_submodule(name)
        stage.register_forward_hook(
            lambda _module, _inputs, y, name=name: seen.__setitem__(name, y)
        )
    with torch.inference_mode():
        network(golden.tensor(recorded["x"])[:1])
    assert stages
    for name in stages:
        ours = seen[name] if name == "data_bn" else published_order(seen[name])
        golden.assert_same(ours.float(), recorded[f"feat/{name}"])


BLOCKS = {
    "foa_in2_out16": "downsample.0.foa_block",
    "foa_in32_out32": "downsample.2.foa_block",
    "block_down1_stride2_16to32": "downsample.1",
    "block_down2_32to32": "downsample.2",
    "block_merge3_32to16_crossattn": "merge.3",
}


@pytest.mark.parametrize("name", BLOCKS)
def test_every_kind_of_block_is_the_published_one(
    network: HDFormer, recorded_blocks: golden.Vectors, name: str
) -> None:
    block = network.backbone.get_submodule(BLOCKS[name])
    x = golden.tensor(recorded_blocks[f"{name}/x"], dtype_of(network))
    with torch.inference_mode():
        golden.assert_same(published_order(block(joints_first(x))), recorded_blocks[f"{name}/y"])


def test_cross_attention_is_the_published_one(
    network: HDFormer, recorded_blocks: golden.Vectors
) -> None:
    block = network.backbone.merge[3]
    assert isinstance(block, HighOrderBlock)
    joints, tokens = (
        golden.tensor(recorded_blocks[f"cross_attn_merge3/{name}"], dtype_of(network))
        for name in ("q", "kv")
    )
    with torch.inference_mode():
        seen = block.cross_attn(joints[:, :, None], tokens[:, :, None])
    golden.assert_same(seen[:, :, 0], recorded_blocks["cross_attn_merge3/y"])


def test_the_graph_is_the_published_one(recorded_blocks: golden.Vectors) -> None:
    ours = adjacency(H36M17_PARENTS, published=True).numpy()
    assert (ours == recorded_blocks["A_matrix"]).all()


def test_our_own_graph_ties_no_wrist_to_the_pelvis() -> None:
    published, ours = (adjacency(H36M17_PARENTS, published=p) for p in (True, False))
    odd = torch.nonzero(published != ours).tolist()
    assert odd == [[1, 16, 0], [2, 0, 16]]


@pytest.mark.parametrize(
    ("bones", "published", "count"),
    [(1, 1, 16), (2, 1, 13), (3, 1, 8)] + [(4, 1, 5), (2, 0, 13), (3, 0, 10), (4, 0, 5)],
)
def test_chains_follow_the_tree(bones: int, published: int, count: int) -> None:
    found = chains(H36M17_PARENTS, bones, published=bool(published))
    assert len(found) == count
    for chain in found:
        assert [H36M17_PARENTS[joint] for joint in chain[1:]] == list(chain[:-1])


def test_keys_and_shapes_are_the_published_ones() -> None:
    assert shapes(HDFormer()) == golden.published_shapes("hdformer")


@pytest.mark.parametrize("max_hop", PUBLISHED_PARAMETERS)
def test_size_is_the_published_one(max_hop: int) -> None:
    with torch.device("meta"):
        network = HDFormer(max_hop=max_hop)
    assert parameters(network) == PUBLISHED_PARAMETERS[max_hop]


@pytest.mark.parametrize("frames", [0, 1, 15, 24, 97])
def test_other_lengths_are_refused(network: HDFormer, frames: int) -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        network(torch.zeros(1, 2, frames, 17, dtype=dtype_of(network)))


@pytest.mark.parametrize("shape", [(1, 3, 16, 17), (1, 2, 16, 16)])
def test_other_shapes_are_refused(network: HDFormer, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"takes \(batch, 2, time, 17\)"):
        network(torch.zeros(shape, dtype=dtype_of(network)))


@pytest.mark.parametrize("max_hop", [0, 5])
def test_chains_of_other_lengths_are_refused(max_hop: int) -> None:
    with pytest.raises(ValueError, match="max_hop is 1 to 4"):
        HDFormer(max_hop=max_hop)


def test_the_root_stays_where_it_is(network: HDFormer, recorded: golden.Vectors) -> None:
    with torch.inference_mode():
        y = network(golden.tensor(recorded["x48"], dtype_of(network)))
    assert (y[..., 0] == 0).all()


def test_it_learns_with_confidences_and_our_own_graph() -> None:
    torch.manual_seed(0)
    network = HDFormer(in_channels=3, published_graph=False)
    x, target = torch.randn(2, 3, 3, 16, 17)
    target[..., 0] = 0
    assert_learns(network, (x,), target, steps=15)


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    y = dropped(torch.ones(100_001), 0.3)
    assert sorted(set(y.tolist())) == pytest.approx([0, 1 / 0.7])
    assert y.mean().item() == pytest.approx(1, abs=0.02)
