"""CanonicalPose3D equals the published networks: same keys, same size, same answers."""

from __future__ import annotations

import pytest
import torch

from monomocap.lift.networks.canonical_pose import CanonicalPose, RootTrajectory
from tests.golden import vectors as golden
from tests.golden.tiny_training import assert_learns, parameters, shapes

POSES = ["rf27", "rf27_causal", "rf9_dense", "rf27_in15"]
TRAJECTORIES = ["traj_rf27_b4", "traj_rf9_b2"]
PRECISIONS = [torch.float64, torch.float32]


@pytest.fixture(scope="module")
def recorded() -> golden.Vectors:
    return golden.vectors("canonical_pose_modules")


def pose_network(recorded: golden.Vectors, name: str, dtype: torch.dtype) -> CanonicalPose:
    joints_in, inputs, joints_out, channels, causal, dense, *widths = recorded[
        f"{name}/cfg"
    ].tolist()
    network = CanonicalPose(
        joints_in=joints_in,
        inputs=inputs,
        joints_out=joints_out,
        channels=channels,
        causal=bool(causal),
        dense=bool(dense),
        widths=widths,
    )
    golden.load(network, recorded, dtype, prefix=f"{name}/sd/")
    return network


def test_no_recorded_network_is_left_out(recorded: golden.Vectors) -> None:
    assert {key.split("/")[0] for key in recorded} == {*POSES, *TRAJECTORIES}


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
@pytest.mark.parametrize("name", POSES)
def test_poses_are_the_published_ones(
    recorded: golden.Vectors, name: str, dtype: torch.dtype
) -> None:
    network = pose_network(recorded, name, dtype)
    with torch.inference_mode():
        xyz = network(golden.tensor(recorded[f"{name}/x"], dtype))
    golden.assert_same(xyz, recorded[f"{name}/y"])


@pytest.mark.parametrize("name", POSES)
def test_the_frames_seen_are_the_published_ones(recorded: golden.Vectors, name: str) -> None:
    network = pose_network(recorded, name, torch.float64)
    assert network.pads == recorded[f"{name}/pads"].tolist()
    assert network.shifts == recorded[f"{name}/causal_shift"].tolist()


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
@pytest.mark.parametrize("name", TRAJECTORIES)
def test_trajectories_are_the_published_ones(
    recorded: golden.Vectors, name: str, dtype: torch.dtype
) -> None:
    numbers, channels, _, frames, blocks = recorded[f"{name}/cfg"].tolist()
    joints = numbers // 2
    network = RootTrajectory(joints=joints, frames=frames, channels=channels, blocks=blocks)
    golden.load(network, recorded, dtype, prefix=f"{name}/sd/")
    xy = golden.tensor(recorded[f"{name}/p2d"].reshape(-1, frames, joints, 2), dtype)
    xyz = golden.tensor(recorded[f"{name}/p3d"].reshape(-1, joints, 3), dtype)
    with torch.inference_mode():
        golden.assert_same(network(xy, xyz), recorded[f"{name}/y"])


def test_keys_shapes_and_sizes_are_the_published_ones() -> None:
    with torch.device("meta"):
        pose, trajectory = CanonicalPose(), RootTrajectory()
    assert shapes(pose) == golden.published_shapes("canonical_pose_model_pos_rf243_c1024")
    assert shapes(trajectory) == golden.published_shapes("canonical_pose_model_traj_rf243")
    assert (pose.receptive_field, parameters(pose)) == (243, 16_952_371)
    assert parameters(trajectory) == 277_732_375


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("widths", [[3], [3, 3], [5, 3], [3, 3, 3]])
def test_padded_at_its_ends_a_clip_has_one_pose_per_frame(widths: list[int], causal: bool) -> None:
    network = CanonicalPose(widths=widths, channels=4, causal=causal).eval()
    before, after = network.edge_padding
    assert network(torch.zeros(1, before + 7 + after, 17, 2)).shape == (1, 7, 17, 3)


@pytest.mark.parametrize(("causal", "changed"), [(False, range(4, 13)), (True, range(8, 17))])
def test_a_causal_network_never_looks_ahead(causal: bool, changed: range) -> None:
    torch.manual_seed(0)
    network = CanonicalPose(widths=[3, 3], channels=8, causal=causal).double().eval()
    before, after = network.edge_padding
    xy = torch.randn(1, before + 20 + after, 17, 2, dtype=torch.float64)
    other = xy.clone()
    frame = 8
    other[:, before + frame] += 1
    with torch.inference_mode():
        different = (network(xy) - network(other)).abs().amax(dim=(0, 2, 3)) > 1e-12
    assert set(torch.nonzero(different)[:, 0].tolist()) == set(changed)


def test_a_tiny_batch_is_learnt() -> None:
    torch.manual_seed(0)
    network = CanonicalPose(widths=[3, 3], channels=32, dropout=0.0)
    assert_learns(network, (torch.randn(4, 9, 17, 2),), torch.randn(4, 1, 17, 3), steps=60)


def test_a_tiny_batch_of_trajectories_is_learnt() -> None:
    torch.manual_seed(0)
    network = RootTrajectory(frames=9, channels=16, blocks=2, dropout=0.0)
    batch = (torch.randn(4, 9, 17, 2), torch.randn(4, 17, 3))
    assert_learns(network, batch, torch.randn(4, 3), unused=["embedding_3d_2"])


def test_clips_too_short_for_one_answer_are_refused() -> None:
    with pytest.raises(ValueError, match="8 frames are fewer than the 9 seen"):
        CanonicalPose(widths=[3, 3], channels=4)(torch.zeros(1, 8, 17, 2))
    with pytest.raises(ValueError, match="clips have 9 frames, not 8"):
        RootTrajectory(frames=9, channels=4)(torch.zeros(1, 8, 17, 2), torch.zeros(1, 17, 3))


def test_even_filters_have_no_middle() -> None:
    with pytest.raises(ValueError, match="odd"):
        CanonicalPose(widths=[3, 4])
