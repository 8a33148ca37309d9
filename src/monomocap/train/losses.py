"""What training makes small. Poses are (batch, 3, time, joint); losses are in their unit."""

import torch
from jaxtyping import Float
from torch import Tensor

from monomocap.skeleton import H36M17, LIMB_JOINTS

TRUNK_WEIGHT = 0.4
"""Trunk and head mean different things in different mocap; they count less than limbs."""


def joint_weights(device: torch.device) -> Float[Tensor, " joint"]:
    """1 for the twelve limb joints, less for the trunk, 0 for the root; mean 1."""
    named = [1.0 if joint in LIMB_JOINTS else TRUNK_WEIGHT for joint in H36M17.joints]
    weights = torch.tensor([0.0, *named[1:]], device=device)
    return weights * len(weights) / weights.sum()


def weighted_mpjpe(
    predicted: Float[Tensor, "batch 3 time joint"],
    true: Float[Tensor, "batch 3 time joint"],
    weights: Float[Tensor, " joint"],
) -> Float[Tensor, ""]:
    """Mean Euclidean distance, joints weighted (MixSTE's weighted MPJPE)."""
    return (_distance(predicted - true) * weights).mean()


def velocity_error(
    predicted: Float[Tensor, "batch 3 time joint"],
    true: Float[Tensor, "batch 3 time joint"],
    weights: Float[Tensor, " joint"],
) -> Float[Tensor, ""]:
    """Mean Euclidean distance of frame-to-frame motion (Pavllo et al., 2019: MPJVE)."""
    return (_distance(predicted.diff(dim=2) - true.diff(dim=2)) * weights).mean()


def _distance(difference: Float[Tensor, "batch 3 time joint"]) -> Float[Tensor, "batch time joint"]:
    return (difference.square().sum(dim=1) + 1e-8).sqrt()
