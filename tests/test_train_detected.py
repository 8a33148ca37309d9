"""What a network is shown in training: mistakes of a measured detector beside those of any."""

from dataclasses import replace

import numpy as np

from monomocap.datasets.synthetic import Noise
from monomocap.train.batches import detected
from monomocap.train.config import RECIPES

CLEAN = replace(RECIPES["draft"], noise=Noise(clean_share=1.0, swap_share=0.0, missing_share=0.0))


def rays(clips: int = 400) -> np.ndarray:
    """People of one size in front of the camera, 9 moments each."""
    one = np.random.default_rng(0).normal(0, 0.1, (1, 1, 17, 2))
    return np.broadcast_to(one, (clips, 9, 17, 2)).copy()


def moved(share: float) -> np.ndarray:
    """Per clip, how far the median ankle is from the truth."""
    ray = rays()
    config = replace(CLEAN, matched_share=share)
    seen, score = detected(ray, config, np.random.default_rng(1))
    assert seen.shape == ray.shape and score.shape == ray.shape[:-1]
    return np.nanmedian(np.linalg.norm(seen - ray, axis=-1)[..., [3, 6]], axis=(1, 2))


def test_the_share_says_how_many_clips_are_as_measured() -> None:
    assert moved(0.0).max() < 1e-9
    assert np.nanmin(moved(1.0)) > 1e-4
    assert 0.3 < (np.nan_to_num(moved(0.4), nan=1.0) > 1e-6).mean() < 0.5
