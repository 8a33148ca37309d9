"""Random convolutions, each pooled to the share of time that it exceeds its threshold.

The idea of MiniRocket (Dempster, Schmidt and Webb, 2021): many fixed kernels of nine taps, spread
over several dilations, thresholds from the data's own quantiles, and nothing learnt before a linear
classifier. Kernels that sum to 0 see changes only, so level kernels (means over a few frames of
one channel) stand beside them. Shares over any stretch of time come from running sums, which makes
thousands of overlapping windows of a long video as cheap as one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, Float32, Int

from monomocap.apps.recognize.features import CHANNELS, Series

TAPS = 9
DILATIONS = (1, 2, 4)
"""Frames between taps: kernels of 0.4, 0.85 and 1.65 s."""
LEVEL_FRAMES = 5
_BLOCK = 512


@dataclass(frozen=True)
class Kernels:
    """A transform: which channels are mixed, with which taps, against which thresholds."""

    mix: Float32[np.ndarray, "channel kernel"]
    taps: Float32[np.ndarray, "tap kernel"]
    dilation: Int[np.ndarray, " kernel"]
    threshold: Float32[np.ndarray, " kernel"]

    def __len__(self) -> int:
        return len(self.threshold)

    def running(self, series: Series) -> Float32[np.ndarray, "frames_and_one kernel_and_one"]:
        """Running counts of the frames in which each kernel exceeds its threshold, from 0.

        Frames that were not seen count for nothing; the last column counts the frames seen.
        """
        fired = self.respond(series.values) > self.threshold
        fired = np.concatenate([fired, np.ones((len(series), 1), bool)], axis=1)
        fired &= series.seen[:, None]
        counts = np.zeros((len(series) + 1, len(self) + 1), np.float32)
        np.cumsum(fired, axis=0, out=counts[1:])
        return counts

    def respond(
        self, values: Float32[np.ndarray, "time channel"]
    ) -> Float32[np.ndarray, "time kernel"]:
        """Every kernel's answer around every frame; ends are continued by their last value."""
        out = np.empty((len(values), len(self)), np.float32)
        for spread in np.unique(self.dilation):
            (which,) = np.nonzero(self.dilation == spread)
            for block in np.split(which, range(_BLOCK, len(which), _BLOCK)):
                out[:, block] = _convolved(
                    values @ self.mix[:, block], self.taps[:, block], int(spread)
                )
        return out


def pooled(
    counts: Float32[np.ndarray, "frames_and_one kernel_and_one"],
    begin: Int[np.ndarray, " window"],
    end: Int[np.ndarray, " window"],
) -> Float32[np.ndarray, "window kernel"]:
    """Shares of time in windows of frames begin to end (not included); 0 where nothing was seen."""
    within = counts[end] - counts[begin]
    return within[:, :-1] / np.maximum(within[:, -1:], 1)


def make_kernels(examples: Sequence[Series], *, kernels: int, levels: int, seed: int) -> Kernels:
    """`kernels` that see changes, and `levels` thresholds on every channel.

    Thresholds are quantiles of what the kernels answer on the examples.
    """
    rng = np.random.default_rng(seed)
    blank = [_changes(kernels, rng), _levels(levels)]
    mix, taps, dilation = (np.concatenate(part, axis=-1) for part in zip(*blank, strict=True))
    empty = Kernels(mix, taps, dilation, np.zeros(len(dilation), np.float32))
    answers = np.concatenate([empty.respond(one.values)[one.seen] for one in examples])
    quantile = np.concatenate(
        [_golden(kernels), np.tile((np.arange(levels) + 0.5) / levels, len(CHANNELS))]
    )
    order = np.sort(answers, axis=0)
    rank = np.clip((quantile * len(order)).astype(int), 0, len(order) - 1)
    return Kernels(mix, taps, dilation, order[rank, np.arange(len(rank))])


def _changes(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """MiniRocket's kernels: six taps of -1, three of 2, on one to four random channels."""
    mix = np.zeros((len(CHANNELS), count), np.float32)
    threes = list(combinations(range(TAPS), 3))
    taps = np.full((TAPS, count), -1, np.float32)
    for k in range(count):
        chosen = rng.choice(len(CHANNELS), int(2 ** rng.uniform(0, 2.32)), replace=False)
        mix[chosen, k] = rng.choice([-1.0, 1.0], len(chosen))
        taps[list(threes[k % len(threes)]), k] = 2
    return mix, taps, rng.choice(DILATIONS, count)


def _levels(levels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mix = np.repeat(np.eye(len(CHANNELS), dtype=np.float32), levels, axis=1)
    taps = np.zeros((TAPS, mix.shape[1]), np.float32)
    taps[(TAPS - LEVEL_FRAMES) // 2 : (TAPS + LEVEL_FRAMES) // 2] = 1 / LEVEL_FRAMES
    return mix, taps, np.ones(mix.shape[1], int)


def _golden(count: int) -> Float[np.ndarray, " kernel"]:
    """Quantiles that fill 0 to 1 evenly however many are taken."""
    return np.modf((np.arange(count) + 1) * (np.sqrt(5) - 1) / 2)[0]


def _convolved(
    mixed: Float32[np.ndarray, "time kernel"],
    taps: Float32[np.ndarray, "tap kernel"],
    dilation: int,
) -> Float32[np.ndarray, "time kernel"]:
    reach = (TAPS // 2) * dilation
    padded = np.pad(mixed, ((reach, reach), (0, 0)), mode="edge")
    out = np.zeros_like(mixed)
    for tap, weight in enumerate(taps):
        out += weight * padded[tap * dilation : tap * dilation + len(mixed)]
    return out
