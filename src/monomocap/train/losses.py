"""What training makes small, by name. Poses are (batch, 3, time, joint), in metres."""

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from monomocap.errors import UnknownName
from monomocap.skeleton import H36M17, LIMB_JOINTS

Pose = Float[Tensor, "batch 3 time joint"]
Weights = Float[Tensor, " joint"]
Loss = Callable[[Pose, Pose, Weights], Tensor]

TRUNK_WEIGHT = 0.4
"""Trunk and head mean different things in different mocap; they count less than limbs."""
MIXSTE_WEIGHTS = (1, 1, 2.5, 2.5, 1, 2.5, 2.5, 1, 1, 1, 1.5, 1.5, 4, 4, 1.5, 4, 4)
"""MixSTE's training (Zhang et al., 2022): the farther out a joint, the more it counts."""
INTERVALS = (8, 12, 16, 24)
"""Frames between the two ends of HDFormer's and U-CondDGCN's trajectory normals."""


def _ours() -> list[float]:
    named = [1.0 if joint in LIMB_JOINTS else TRUNK_WEIGHT for joint in H36M17.joints]
    total = sum(named[1:]) / len(named)
    return [0.0, *(weight / total for weight in named[1:])]


JOINT_WEIGHTS: dict[str, list[float]] = {
    "equal": [1.0] * len(H36M17),
    "limbs": _ours(),
    "mixste": [float(weight) for weight in MIXSTE_WEIGHTS],
}
"""limbs: 1 for the twelve limb joints, less for the trunk, 0 for the root; mean 1."""


def mpjpe(predicted: Pose, true: Pose, weights: Weights) -> Tensor:
    """Mean Euclidean distance, joints weighted (of equal weights: MPJPE)."""
    return (_length(predicted - true) * weights).mean()


def velocity(predicted: Pose, true: Pose, weights: Weights) -> Tensor:
    """Mean Euclidean distance of frame-to-frame motion (Pavllo et al., 2019: MPJVE)."""
    return (_length(predicted.diff(dim=2) - true.diff(dim=2)) * weights).mean()


def velocity_unweighted(predicted: Pose, true: Pose, weights: Weights) -> Tensor:
    """The same, every joint counting alike, as MixSTE trains."""
    return _length(predicted.diff(dim=2) - true.diff(dim=2)).mean()


def consistency(predicted: Pose, true: Pose, weights: Weights) -> Tensor:
    """Weighted mean of squared steps of the answer alone: MixSTE's temporal consistency."""
    return (predicted.diff(dim=2).square() * weights).mean()


def trajectory(predicted: Pose, true: Pose, weights: Weights) -> Tensor:
    """Mean length of the difference of trajectory normals: HDFormer's trajectory loss."""
    return torch.stack([_length(d).mean() for d in _normals_apart(predicted, true)]).mean()


def trajectory_l1(predicted: Pose, true: Pose, weights: Weights) -> Tensor:
    """Mean difference per coordinate of trajectory normals: U-CondDGCN's motion loss."""
    return torch.stack([d.abs().mean() for d in _normals_apart(predicted, true)]).mean()


LOSSES: dict[str, Loss] = {
    "consistency": consistency,
    "mpjpe": mpjpe,
    "trajectory": trajectory,
    "trajectory_l1": trajectory_l1,
    "velocity": velocity,
    "velocity_unweighted": velocity_unweighted,
}


def total_loss(
    predicted: Pose, true: Pose, parts: Mapping[str, float], joint_weights: str
) -> Tensor:
    """The sum of named losses, each times its share; raises `UnknownName`."""
    if joint_weights not in JOINT_WEIGHTS:
        raise UnknownName("set of joint weights", joint_weights, JOINT_WEIGHTS)
    weights = torch.tensor(JOINT_WEIGHTS[joint_weights], device=predicted.device)
    total = predicted.new_zeros(())
    for name, share in parts.items():
        if name not in LOSSES:
            raise UnknownName("loss", name, LOSSES)
        total = total + share * LOSSES[name](predicted, true, weights)
    return total


def _normals_apart(predicted: Pose, true: Pose) -> list[Tensor]:
    """(batch, 3, pairs, joint) per interval that the clip is long enough for; at least one."""
    usable = [i for i in INTERVALS if i < predicted.shape[2]] or [1]
    return [_normals(predicted, i) - _normals(true, i) for i in usable]


def _normals(pose: Pose, interval: int) -> Tensor:
    return torch.linalg.cross(pose[:, :, :-interval], pose[:, :, interval:], dim=1)


def _length(difference: Float[Tensor, "batch 3 some joint"]) -> Float[Tensor, "batch some joint"]:
    """Euclidean; a hair above 0, so that its gradient is finite there."""
    return (difference.square().sum(dim=1) + 1e-10).sqrt()
