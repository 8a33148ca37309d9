"""A quick look at held-out people while training; the full figures come from `evaluate`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from monomocap.datasets.mocap import MocapClip
from monomocap.datasets.synthetic import Noise, Viewpoints
from monomocap.evaluate.metrics import mpjpe, n_mpjpe, p_mpjpe
from monomocap.skeleton import H36M17, LIMB_JOINTS
from monomocap.train.batches import Batch, answered, make_batch, make_store
from monomocap.train.config import TrainConfig

FRAMES = 192 * 32
"""Seen of held-out people, in windows as long as the recipe's."""
_LIMBS = [H36M17.index(joint) for joint in LIMB_JOINTS]


@dataclass(frozen=True)
class Validation:
    """Fixed windows of held-out people: with true 2D, and with mistakes as any detector's and as
    a measured one's."""

    batches: dict[str, Batch]

    def measure(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Errors in mm on the twelve limb joints, bodies at the common size."""
        scores: dict[str, float] = {}
        network.eval()
        for name, (x, true) in self.batches.items():
            predicted = _run(network, x, device)
            a, b = _frames(predicted), _frames(answered(true, predicted.shape[2]))
            for metric in (mpjpe, n_mpjpe, p_mpjpe):
                scores[f"{name}_{metric.__name__}"] = 1000 * float(metric(a, b))
        return scores


def make_validation(clips: Sequence[MocapClip], config: TrainConfig) -> Validation:
    """The same windows for every run: bodies as captured, the benchmark's viewpoints."""
    others = tuple({c.subject for c in clips} - set(config.held_out))
    seen_by = replace(
        config,
        held_out=others,
        batch=max(8, FRAMES // config.frames),
        views=Viewpoints(),
        bones_sd=0.0,
        recombined_share=0.0,
        rarity_power=0.0,
        speed=(1.0, 1.0),
        source_weight={},
        matched_share=0.0,
    )
    store = make_store(clips, seen_by)
    rng = np.random.default_rng(2026)
    nothing = Noise(clean_share=1.0, bursts_per_clip=0.0, swap_share=0.0, missing_share=0.0)
    true = make_batch(store, replace(seen_by, noise=nothing), rng)
    noisy = make_batch(store, replace(seen_by, noise=Noise(clean_share=0.0)), rng)
    matched = make_batch(store, replace(seen_by, matched_share=1.0), rng)
    return Validation({"true": true, "noisy": noisy, "matched": matched})


@torch.inference_mode()
def _run(network: nn.Module, x: np.ndarray, device: torch.device) -> np.ndarray:
    parts = [network(torch.from_numpy(part).to(device)) for part in np.array_split(x, 8)]
    return torch.cat(parts).float().cpu().numpy()


def _frames(pose: np.ndarray) -> np.ndarray:
    """(batch, 3, time, joint) to (frames, limb joints, 3)."""
    return pose.transpose(0, 2, 3, 1).reshape(-1, len(H36M17), 3)[:, _LIMBS]
