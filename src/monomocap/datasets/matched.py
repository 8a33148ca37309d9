"""Noise measured on a detector: what it gets wrong of people whose joints are known.

The numbers lie in `detector_noise.json`, which says which detector, films and command they are of
(`benchmarks/detector_noise.py` fits them). All lengths are shares of the person's apparent size
(`datasets.synthetic.apparent_size`), all times seconds.
"""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from monomocap.datasets.synthetic import apparent_size
from monomocap.errors import DataError
from monomocap.geometry.trunk import trunk_from_limbs
from monomocap.skeleton import H36M17, LIMB_JOINTS

FILE = Path(__file__).with_name("detector_noise.json")
JOINTS = (*LIMB_JOINTS, "head")
"""What is measured; the trunk is made of these."""
_NUMBERS = [H36M17.index(joint) for joint in JOINTS]


@dataclass(frozen=True)
class JointNoise:
    """One joint's mistakes; left and right have the same."""

    trunk: float
    """Where the detector means another place: this share of pelvis to thorax away,"""
    across: float
    """and this share of the way from the other side's joint (of the head: from the right
    shoulder to the left),"""
    bone: float
    """and this share of the bone from its parent."""
    bias: float
    """Standard deviation of what stays the same through a film, x and y alike."""
    drift: float
    """Of what changes slowly."""
    jitter: float
    """Of what is new in every frame."""


@dataclass(frozen=True)
class MatchedNoise:
    """All that is drawn from; see the fields of `JointNoise` for single joints."""

    joints: dict[str, JointNoise]
    """By name without its side."""
    drift_s: float
    """Drift forgets itself with this time constant."""
    strength_sd: float
    """Films differ: the logarithm of their noise has this standard deviation."""
    bursts_per_s: float
    """How often a joint is lost for a while: hidden, or taken for another."""
    burst_s: float
    """How long, in the mean."""
    burst: float
    """How far, standard deviation of x and y."""
    swapped: float
    """Share of the time in which left and right are exchanged after all repairs."""
    swap_s: float
    """How long an exchange lasts, in the mean."""
    missing: float
    """Share of the frames without anybody."""
    missing_s: float
    """How long, in the mean."""
    error_edges: tuple[float, ...]
    """Errors that part the rows of `score`."""
    score: tuple[tuple[float, ...], ...]
    """Per bin of error, quantiles of the joint's score, evenly spaced from 0 to 1."""
    source: dict[str, Any]
    """What was measured: detector, films, seed, command."""

    def as_json(self) -> str:
        """What `read_noise` reads."""
        return json.dumps(asdict(self), indent=1) + "\n"


@cache
def shipped_noise() -> MatchedNoise:
    """MediaPipe's, as it ships."""
    return read_noise(FILE)


def read_noise(path: Path) -> MatchedNoise:
    """Raises `DataError` for what is no such file."""
    try:
        held = json.loads(path.read_text())
        held["joints"] = {name: JointNoise(**row) for name, row in held["joints"].items()}
        held["error_edges"] = tuple(held["error_edges"])
        held["score"] = tuple(tuple(row) for row in held["score"])
        return MatchedNoise(**held)
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise DataError(f"{path} holds no measured noise of a detector ({error!r})") from error


def detect_matched(
    ray: Float[np.ndarray, "batch time 17 2"],
    fps: float,
    noise: MatchedNoise,
    rng: np.random.Generator,
) -> tuple[Float[np.ndarray, "batch time 17 2"], Float[np.ndarray, "batch time 17"]]:
    """What the measured detector might have seen of true clips, and its scores.

    Frames without anybody are NaN with score 0. Trunk and neck are made of the noisy limbs.
    """
    batch, time = ray.shape[:2]
    size = apparent_size(ray)[:, None, None]
    strength = np.exp(rng.normal(0, noise.strength_sd, batch))[:, None, None, None]
    error = strength * _gradual(batch, time, fps, noise, rng) + _bursts(
        batch, time, fps, noise, rng
    )
    moved = ray + size[..., None] * error + misplaced(ray, noise)
    swapped = _spans(noise.swapped, noise.swap_s, (batch, 1), time, fps, rng)[..., 0, None, None]
    seen = np.where(swapped, moved[:, :, list(H36M17.mirror)], moved)
    score = _score(np.linalg.norm(seen - ray, axis=-1) / size, noise, rng)
    seen = trunk_from_limbs(seen)
    missing = _spans(noise.missing, noise.missing_s, (batch, 1), time, fps, rng)
    return np.where(missing[..., None], np.nan, seen), np.where(missing, 0.0, score)


def misplaced(
    ray: Float[np.ndarray, "batch time 17 2"], noise: MatchedNoise
) -> Float[np.ndarray, "batch time 17 2"]:
    """Where the detector means another place than the truth."""
    axes, out = body_axes(ray), np.zeros_like(ray)
    for joint, row in by_joint(noise).items():
        shares = np.array([row.trunk, row.across, row.bone])
        out[:, :, joint] = np.einsum("btad,a->btd", axes[:, :, joint], shares)
    return out


def body_axes(ray: Float[np.ndarray, "batch time 17 2"]) -> Float[np.ndarray, "batch time 17 3 2"]:
    """Per joint: pelvis to thorax, away from the other side's joint, and from its parent."""
    j = H36M17.index
    trunk = ray[:, :, j("thorax")] - ray[:, :, j("pelvis")]
    across = ray - ray[:, :, list(H36M17.mirror)]
    across[:, :, j("head")] = ray[:, :, j("left_shoulder")] - ray[:, :, j("right_shoulder")]
    bone = ray - ray[:, :, [max(parent, 0) for parent in H36M17.parents]]
    return np.stack([np.broadcast_to(trunk[:, :, None], ray.shape), across, bone], axis=3)


def by_joint(noise: MatchedNoise) -> dict[int, JointNoise]:
    """The rows by number of joint."""
    return {H36M17.index(joint): noise.joints[side_free(joint)] for joint in JOINTS}


def side_free(joint: str) -> str:
    """left_hip -> hip."""
    return joint.removeprefix("left_").removeprefix("right_")


def _gradual(
    batch: int, time: int, fps: float, noise: MatchedNoise, rng: np.random.Generator
) -> Float[np.ndarray, "batch time 17 2"]:
    """Bias, drift and jitter, of films of ordinary strength."""
    spread = np.zeros((3, len(H36M17), 1))
    for joint, row in by_joint(noise).items():
        spread[:, joint, 0] = row.bias, row.drift, row.jitter
    shape = (batch, time, len(H36M17), 2)
    slow = rng.normal(size=shape)
    kept = np.exp(-1 / (fps * noise.drift_s))
    for t in range(1, time):
        slow[:, t] = kept * slow[:, t - 1] + np.sqrt(1 - kept**2) * slow[:, t]
    bias, new = rng.normal(size=(batch, 1, len(H36M17), 2)), rng.normal(size=shape)
    total: Float[np.ndarray, "batch time 17 2"] = (
        spread[0] * bias + spread[1] * slow + spread[2] * new
    )
    return total


def _bursts(
    batch: int, time: int, fps: float, noise: MatchedNoise, rng: np.random.Generator
) -> Float[np.ndarray, "batch time 17 2"]:
    out = np.zeros((batch, time, len(H36M17), 2))
    share = noise.bursts_per_s * noise.burst_s
    lost = _spans(share, noise.burst_s, (batch, len(_NUMBERS)), time, fps, rng)
    push = noise.burst * rng.normal(size=(batch, 1, len(_NUMBERS), 2))
    out[:, :, _NUMBERS] = lost[..., None] * push
    return out


def _spans(
    share: float,
    mean_s: float,
    rows: tuple[int, int],
    time: int,
    fps: float,
    rng: np.random.Generator,
) -> Bool[np.ndarray, "batch time row"]:
    """Frames that are on, of stretches of this mean length that fill this share of the time."""
    share = min(share, 0.95)
    ends = min(1.0, 1 / max(mean_s * fps, 1.0))
    begins = ends * share / (1 - share)
    draws = rng.random((rows[0], time, rows[1]))
    on = draws < share
    for t in range(1, time):
        on[:, t] = draws[:, t] < np.where(on[:, t - 1], 1 - ends, begins)
    return on


def _score(
    off: Float[np.ndarray, "batch time 17"], noise: MatchedNoise, rng: np.random.Generator
) -> Float[np.ndarray, "batch time 17"]:
    """As sure as the detector is with such errors; a joint keeps its luck through a clip."""
    table = np.array(noise.score)
    row = np.searchsorted(np.array(noise.error_edges), off)
    luck = rng.random((len(off), 1, off.shape[2])) * (table.shape[1] - 1)
    at = np.broadcast_to(luck, off.shape)
    low = np.minimum(at.astype(int), table.shape[1] - 2)
    value: Float[np.ndarray, "batch time 17"] = table[row, low] + (at - low) * (
        table[row, low + 1] - table[row, low]
    )
    return value.clip(0.01, 1.0)
