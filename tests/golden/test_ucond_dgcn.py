"""U-CondDGCN: with its quirks it is the unofficial network; without them, the paper's graph."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from monomocap.lift.networks.ucond_dgcn import H36M17_PARENTS, Block, UCondDGCN, incidence
from tests.golden import vectors as golden
from tests.golden.tiny_training import assert_learns, parameters, shapes

UNOFFICIAL_PARAMETERS = 3_222_723
PAPER_PARAMETERS = 3.4e6
"""As HDFormer's table of rivals has it."""


@pytest.fixture(scope="module")
def recorded() -> golden.Vectors:
    return golden.vectors("ucond_dgcn_unofficial")


@pytest.fixture(scope="module", params=[torch.float64, torch.float32], ids=str)
def network(request: pytest.FixtureRequest, recorded: golden.Vectors) -> UCondDGCN:
    network = UCondDGCN(unofficial_quirks=True)
    golden.load(network, recorded, request.param)
    return network


def recorded_clip(recorded: golden.Vectors, network: nn.Module) -> Tensor:
    """The recorded input, (sample, xy, time, joint, person), as the network takes it."""
    x = golden.tensor(recorded["x"], next(network.parameters()).dtype)
    return x[..., 0].permute(0, 2, 3, 1)


def test_answers_are_the_unofficial_ones(network: UCondDGCN, recorded: golden.Vectors) -> None:
    with torch.inference_mode():
        xyz = network(recorded_clip(recorded, network))
    golden.assert_same(xyz, recorded["y"][..., 0].transpose(0, 2, 3, 1))


def test_every_block_is_the_unofficial_one(network: UCondDGCN, recorded: golden.Vectors) -> None:
    names = {key.split("/")[1] for key in recorded if key.startswith("feat/")}
    assert names
    seen: dict[str, tuple[Tensor, Tensor]] = {}
    hooks = [
        network.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, features, name=name: seen.update({name: features})
        )
        for name in names
    ]
    with torch.inference_mode():
        network(recorded_clip(recorded, network))
    for hook in hooks:
        hook.remove()
    for name in names:
        for stream, features in zip(("node", "edge"), seen[name], strict=True):
            # Recorded: the first sample, every fourth frame, in single precision.
            golden.assert_same(features[:1, :, ::4].float(), recorded[f"feat/{name}/{stream}"])


def test_the_graph_is_the_unofficial_one(network: UCondDGCN, recorded: golden.Vectors) -> None:
    np.testing.assert_allclose(network.get_buffer("A").numpy(), recorded["A"], rtol=1e-6)


def test_keys_shapes_and_size_are_the_unofficial_ones() -> None:
    with torch.device("meta"):
        network = UCondDGCN(unofficial_quirks=True)
    assert shapes(network) == golden.published_shapes("ucond_dgcn_unofficial")
    assert parameters(network) == UNOFFICIAL_PARAMETERS


def test_the_default_is_of_the_papers_size() -> None:
    with torch.device("meta"):
        assert parameters(UCondDGCN()) == pytest.approx(PAPER_PARAMETERS, rel=0.03)


def test_each_bone_leads_into_one_joint_and_out_of_one() -> None:
    into, out_of = incidence(H36M17_PARENTS)
    joint_at = torch.arange(17.0)
    assert (into @ joint_at).tolist() == list(range(1, 17))
    assert out_of.argmax(dim=1).tolist() == list(H36M17_PARENTS[1:])
    # A joint takes the mean of the bones that leave it; those at the ends have none.
    ends = set(range(17)) - set(H36M17_PARENTS)
    assert out_of.sum(dim=0).tolist() == pytest.approx([float(j not in ends) for j in range(17)])


def reached(block: Block, *, node: int | None = None, edge: int | None = None) -> list[set[int]]:
    """Which nodes and which edges change when one node's or one edge's feature does."""
    nodes, edges = torch.randn(1, 4, 3, 17), torch.randn(1, 4, 3, 16)
    other_nodes, other_edges = nodes.clone(), edges.clone()
    if node is not None:
        other_nodes[..., node] += 10
    if edge is not None:
        other_edges[..., edge] += 10
    with torch.inference_mode():
        before, after = block(nodes, edges), block(other_nodes, other_edges)
    changed = [a != b for a, b in zip(before, after, strict=True)]
    return [set(torch.nonzero(c)[:, -1].tolist()) for c in changed]


def test_messages_go_to_the_neighbours_alone() -> None:
    torch.manual_seed(0)
    block = Block(4, 4, parents=H36M17_PARENTS).eval()
    knee_bone = 1  # from joint 1, the right hip, to joint 2, the right knee
    assert reached(block, edge=knee_bone) == [{1, 2}, {knee_bone}]
    assert reached(block, node=1) == [{1}, {0, knee_bone}]


def test_the_unofficial_bone_speaks_past_its_joint() -> None:
    torch.manual_seed(0)
    block = Block(4, 4, parents=H36M17_PARENTS, unofficial_quirks=True).eval()
    nodes, _ = reached(block, edge=1)
    assert nodes == {1, 3}  # the knee's child, not the knee


@pytest.mark.parametrize("quirks", [False, True])
def test_a_tiny_batch_is_learnt(quirks: bool) -> None:
    torch.manual_seed(0)
    network = UCondDGCN(planes=(4, 8, 8), experts=2, dropout=0.0, unofficial_quirks=quirks)
    # The last block's bones lead nowhere.
    unused = ["merge_stage.0.tcn2", "merge_stage.0.edge_residual"]
    batch = (torch.randn(4, 8, 17, 2),)
    assert_learns(network, batch, torch.randn(4, 8, 17, 3), steps=60, unused=unused)


def test_other_skeletons_have_other_graphs() -> None:
    network = UCondDGCN(parents=(-1, 0, 1, 1), planes=(4, 8), experts=2).eval()
    assert network(torch.zeros(1, 2, 4, 2)).shape == (1, 2, 4, 3)


@pytest.mark.parametrize("frames", [0, 1, 95])
def test_lengths_that_cannot_be_halved_are_refused(frames: int) -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        UCondDGCN()(torch.zeros(1, frames, 17, 2))


def test_other_joints_than_the_skeletons_are_refused() -> None:
    with pytest.raises(ValueError, match="17 joints, not 16"):
        UCondDGCN()(torch.zeros(1, 16, 16, 2))


@pytest.mark.parametrize("parents", [(), (0, -1), (-1, -1)])
def test_a_skeleton_has_one_root_and_it_comes_first(parents: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="joint 0"):
        UCondDGCN(parents=parents)
