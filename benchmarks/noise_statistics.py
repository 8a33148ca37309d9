"""Numbers of a detector's mistakes, from pairs of seen and true 2D; see `detector_noise.py`.

The error of a joint is parted into what its place in the body explains, what stays the same through
a film, what changes slowly, what is new in every frame, bursts, and exchanged sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import nnls

from monomocap.datasets.matched import (
    JOINTS,
    JointNoise,
    MatchedNoise,
    body_axes,
    detect_matched,
    side_free,
)
from monomocap.datasets.synthetic import apparent_size
from monomocap.skeleton import H36M17

BURST = 0.15
"""Farther than this from a joint's median error in a film is a burst."""
ERROR_EDGES = (0.03, 0.06, 0.1, 0.2, 0.4)
QUANTILES = 11
FEWEST = 20
"""Joints that a row of the scores' table must rest on."""
LAGS = 12
CALIBRATIONS = 5
TIMES_S = np.geomspace(0.05, 2.0, 40)
_NUMBERS = [H36M17.index(joint) for joint in JOINTS]
_NAMES = list(dict.fromkeys(side_free(joint) for joint in JOINTS))
_COLLINEAR = ("hip", "shoulder")
"""Their bone is half of the way from the other side's joint."""
GROUPS = ([1, 2, 3, 4, 5, 6], [11, 12, 13, 14, 15, 16])
APART, HALF = 0.15, 0.5

Films = Float[np.ndarray, "film time 17 2"]


@dataclass(frozen=True)
class Pairs:
    """What a detector saw and what was there, pixels; NaN where nobody was seen."""

    seen: Films
    true: Films
    score: Float[np.ndarray, "film time 17"]
    fps: float


def measure(pairs: Pairs, source: dict[str, Any]) -> MatchedNoise:
    """The noise that these pairs show."""
    size = apparent_size(pairs.true)[:, None, None, None]
    swapped = exchanged(pairs.seen / size, pairs.true / size)
    error = np.where(swapped[..., None], np.nan, pairs.seen - pairs.true) / size
    shares, error = _without_places(error, pairs.true / size)
    calm = error - np.nanmedian(error, axis=1, keepdims=True)
    wild = np.linalg.norm(calm, axis=-1) > BURST
    burst = calm[:, :, _NUMBERS][wild[:, :, _NUMBERS]]
    still = np.where(wild[..., None], np.nan, error)
    strength = np.sqrt(np.nanmean(still[:, :, _NUMBERS] ** 2, axis=(1, 2, 3)))
    logs = np.log(strength[np.isfinite(strength)])
    still = still / (strength / np.exp(logs.mean()))[:, None, None, None]
    drift_s, spreads = _spreads(still, pairs.fps)
    lost = np.moveaxis(wild[:, :, _NUMBERS], 2, 1).reshape(-1, wild.shape[1])
    nobody = np.isnan(pairs.seen).all(axis=(2, 3))
    edges, table = _scores(pairs, size[..., 0])
    return MatchedNoise(
        joints={
            name: JointNoise(*(round(float(v), 4) for v in (*shares[name], *spreads[name])))
            for name in _NAMES
        },
        drift_s=round(drift_s, 3),
        strength_sd=round(float(logs.std()), 3),
        bursts_per_s=round(_starts(lost) / (lost.size / pairs.fps), 4),
        burst_s=round(_mean_s(lost, pairs.fps), 3),
        burst=round(float(np.sqrt((burst**2).mean())) if burst.size else 0.0, 3),
        swapped=round(float(swapped.any(axis=2).mean()), 4),
        swap_s=round(_mean_s(swapped.any(axis=2), pairs.fps), 3),
        missing=round(float(nobody.mean()), 4),
        missing_s=round(_mean_s(nobody, pairs.fps), 3),
        error_edges=edges,
        score=table,
        source=source,
    )


def exchanged(seen: Films, true: Films) -> Bool[np.ndarray, "film time 17"]:
    """Joints of legs or arms that fit the other side's truth much better than their own."""
    out = np.zeros(seen.shape[:3], dtype=bool)
    mirror = list(H36M17.mirror)
    for group in GROUPS:
        away = np.linalg.norm((true - true[:, :, mirror])[:, :, group], axis=-1).mean(axis=-1)
        own = np.linalg.norm((seen - true)[:, :, group], axis=-1).mean(axis=-1)
        other = np.linalg.norm((seen[:, :, mirror] - true)[:, :, group], axis=-1).mean(axis=-1)
        out[:, :, group] = ((other < HALF * own) & (away > APART))[..., None]
    return out


def _without_places(error: Films, true: Films) -> tuple[dict[str, Float[np.ndarray, "3"]], Films]:
    """How far off along the body's own directions each joint is, and the error without that."""
    axes = body_axes(true)
    shares, left = {}, error.copy()
    for name in _NAMES:
        numbers = [j for j in _NUMBERS if side_free(H36M17.joints[j]) == name]
        used = 2 if name in _COLLINEAR else 3
        a = np.moveaxis(axes[:, :, numbers], 3, 4)[..., :used].reshape(-1, used)
        b = error[:, :, numbers].reshape(-1)
        kept = np.isfinite(b)
        for _ in range(3):
            found = np.linalg.lstsq(a[kept], b[kept], rcond=None)[0]
            kept = np.isfinite(b) & (np.abs(b - a @ found) < BURST)
        shares[name] = np.array([*found, *[0.0] * (3 - used)])
        explained = np.einsum("ntjad,a->ntjd", axes[:, :, numbers], shares[name])
        left[:, :, numbers] = error[:, :, numbers] - explained
    return shares, left


def _spreads(still: Films, fps: float) -> tuple[float, dict[str, tuple[float, float, float]]]:
    """Drift's time constant, and bias, drift and jitter of every joint."""
    lags = np.arange(1, min(LAGS, still.shape[1] - 1) + 1)
    grown = {name: np.array([_growth(still[:, :, n], k) for k in lags]) for name, n in _sided()}
    together = np.mean(list(grown.values()), axis=0)
    fits = [_drift_and_jitter(together, lags, fps, tau)[1] for tau in TIMES_S]
    drift_s = float(TIMES_S[int(np.argmin(fits))])
    spreads = {}
    for name, numbers in _sided():
        drift2, jitter2 = _drift_and_jitter(grown[name], lags, fps, drift_s)[0]
        mean = _film_means(still[:, :, numbers])
        constant2 = (mean**2).mean() - drift2 * _left_in_mean(still.shape[1], fps, drift_s)
        spreads[name] = (
            float(np.sqrt(max(constant2, 0.0))),
            float(np.sqrt(drift2)),
            float(np.sqrt(jitter2)),
        )
    return drift_s, spreads


def _film_means(part: Float[np.ndarray, "film time joint 2"]) -> Float[np.ndarray, " mean"]:
    """Of every film's joints that were seen."""
    known = np.isfinite(part)
    count = known.sum(axis=1)
    total = np.where(known, part, 0.0).sum(axis=1)
    means: Float[np.ndarray, " mean"] = total[count > 0] / count[count > 0]
    return means


def calibrated(noise: MatchedNoise, pairs: Pairs) -> MatchedNoise:
    """The same with gradual errors scaled until the median error of the joints is the measured one.

    Real errors have more small and more large ones than a normal distribution of their spread.
    """
    wanted = _median_error(pairs)
    for _ in range(CALIBRATIONS):
        rng = np.random.default_rng(0)
        seen, score = detect_matched(pairs.true, pairs.fps, noise, rng)
        factor = wanted / _median_error(Pairs(seen, pairs.true, score, pairs.fps))
        noise = replace(noise, joints={n: _scaled(row, factor) for n, row in noise.joints.items()})
    return noise


def _median_error(pairs: Pairs) -> float:
    size = apparent_size(pairs.true)[:, None, None]
    off = np.linalg.norm(pairs.seen - pairs.true, axis=-1) / size
    return float(np.nanmedian(off[:, :, _NUMBERS]))


def _scaled(row: JointNoise, factor: float) -> JointNoise:
    bias, drift, jitter = (round(factor * v, 4) for v in (row.bias, row.drift, row.jitter))
    return replace(row, bias=bias, drift=drift, jitter=jitter)


def _sided() -> list[tuple[str, list[int]]]:
    return [(name, [j for j in _NUMBERS if side_free(H36M17.joints[j]) == name]) for name in _NAMES]


def _growth(part: np.ndarray, lag: int) -> float:
    """Half of the mean square change in so many frames."""
    return float(np.nanmean((part[:, lag:] - part[:, :-lag]) ** 2) / 2)


def _drift_and_jitter(
    grown: np.ndarray, lags: np.ndarray, fps: float, tau_s: float
) -> tuple[np.ndarray, float]:
    """Variances whose sum grows like this, and how badly they fit."""
    columns = np.stack([1 - np.exp(-lags / (fps * tau_s)), np.ones(len(lags))], axis=1)
    found, misfit = nnls(columns, grown)
    return found, float(misfit)


def _left_in_mean(frames: int, fps: float, tau_s: float) -> float:
    """Share of drift's variance that the mean of a film still has."""
    apart = np.abs(np.arange(frames)[:, None] - np.arange(frames))
    return float(np.exp(-apart / (fps * tau_s)).mean())


def _starts(on: Bool[np.ndarray, "row time"]) -> int:
    return int((on[:, 1:] & ~on[:, :-1]).sum() + on[:, 0].sum())


def _mean_s(on: Bool[np.ndarray, "row time"], fps: float) -> float:
    return float(on.sum()) / fps / max(_starts(on), 1)


def _scores(
    pairs: Pairs, size: Float[np.ndarray, "film 1 1"]
) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """Quantiles of the score by error; bins that hold next to nothing join the one before."""
    off = (np.linalg.norm(pairs.seen - pairs.true, axis=-1) / size)[:, :, _NUMBERS]
    score = pairs.score[:, :, _NUMBERS]
    known = np.isfinite(off)
    edges: list[float] = []
    rows: list[tuple[float, ...]] = []
    bins: Sequence[float] = (0.0, *ERROR_EDGES, np.inf)
    for low, high in zip(bins[:-1], bins[1:], strict=True):
        here = score[known & (off >= low) & (off < high)]
        if len(here) < FEWEST and rows:
            continue
        quantiles = np.quantile(here, np.linspace(0, 1, QUANTILES)) if len(here) else np.ones(11)
        rows.append(tuple(round(float(value), 3) for value in quantiles))
        edges.append(low)
    return tuple(edges[1:]), tuple(rows)


def table(measured: dict[str, MatchedNoise]) -> str:
    """Noises side by side: one line per joint and number."""
    lines = [f"{'':24}" + "".join(f"{name:>12}" for name in measured)]
    for number in ("trunk", "across", "bone", "bias", "drift", "jitter"):
        for joint in _NAMES:
            values = [getattr(noise.joints[joint], number) for noise in measured.values()]
            lines.append(f"{number + ' ' + joint:24}" + "".join(f"{v:12.4f}" for v in values))
    plain = ("drift_s", "strength_sd", "bursts_per_s", "burst_s", "burst", "swapped", "swap_s")
    for number in (*plain, "missing", "missing_s"):
        values = [getattr(noise, number) for noise in measured.values()]
        lines.append(f"{number:24}" + "".join(f"{v:12.4f}" for v in values))
    for name, noise in measured.items():
        lines.append(f"score by error, {name}: median, lowest tenth")
        edges = (0.0, *noise.error_edges)
        for low, row in zip(edges, noise.score, strict=True):
            lines.append(f"  from {low:4.2f} {row[len(row) // 2]:6.2f} {row[1]:6.2f}")
    return "\n".join(lines)
