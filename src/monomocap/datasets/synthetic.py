"""Mocap seen by cameras that never were: bodies, viewpoints, and what a detector would get wrong.

Everything takes a numpy Generator, so that a seed makes the same data again, and works on batches
of clips (batch, time, joint, 3) of H36M-17 joints.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from monomocap.geometry.trunk import trunk_from_limbs
from monomocap.skeleton import H36M17, LIMB_JOINTS


@dataclass(frozen=True)
class Viewpoints:
    """How cameras are drawn: headings are uniform, angles normal, distances log-uniform."""

    pitch_sd_rad: float = 0.25
    roll_sd_rad: float = 0.25
    nearest_m: float = 2.0
    farthest_m: float = 8.0
    any_tilt_share: float = 0.0
    """Share of clips seen from anywhere on the sphere, with any roll."""


def cameras_from_world(
    root_world_m: Float[np.ndarray, "batch time 3"], views: Viewpoints, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "batch 3 3"], Float[np.ndarray, "batch 3"]]:
    """A static camera per clip that looks at the middle of where the person went.

    Returns rotations and translations: x_camera = rotation @ x_world + translation (metres,
    OpenCV axes). A person who roams is given that much more distance, so that nobody walks
    through the lens.
    """
    batch = len(root_world_m)
    anywhere = rng.random(batch) < views.any_tilt_share
    heading = rng.uniform(-np.pi, np.pi, batch)
    pitch = rng.normal(0, views.pitch_sd_rad, batch)
    roll = rng.normal(0, views.roll_sd_rad, batch)
    pitch = np.where(anywhere, np.arcsin(rng.uniform(-1, 1, batch)), pitch.clip(-1.4, 1.4))
    roll = np.where(anywhere, rng.uniform(-np.pi, np.pi, batch), roll)
    rotation = camera_rotation(heading, pitch, roll)
    distance = np.exp(rng.uniform(np.log(views.nearest_m), np.log(views.farthest_m), batch))
    middle = (root_world_m.min(axis=1) + root_world_m.max(axis=1)) / 2
    roaming = np.linalg.norm(root_world_m - middle[:, None], axis=-1).max(axis=1)
    axis = np.array([0.0, 0.0, 1.0])
    translation = (distance + roaming)[:, None] * axis - np.einsum("bij,bj->bi", rotation, middle)
    return rotation, translation


def camera_rotation(
    heading_rad: Float[np.ndarray, " batch"],
    pitch_rad: Float[np.ndarray, " batch"],
    roll_rad: Float[np.ndarray, " batch"],
) -> Float[np.ndarray, "batch 3 3"]:
    """camera <- world (Z up): looking along a heading, pitched down, rolled clockwise."""
    ch, sh = np.cos(heading_rad), np.sin(heading_rad)
    cp, sp = np.cos(pitch_rad), np.sin(pitch_rad)
    away = np.stack([ch * cp, sh * cp, -sp], axis=-1)
    right = np.stack([sh, -ch, 0 * ch], axis=-1)
    down = np.cross(away, right)
    cr, sr = np.cos(roll_rad)[:, None], np.sin(roll_rad)[:, None]
    return np.stack([cr * right + sr * down, cr * down - sr * right, away], axis=1)


def to_camera(
    xyz_world_m: Float[np.ndarray, "batch time joint 3"],
    rotation: Float[np.ndarray, "batch 3 3"],
    translation: Float[np.ndarray, "batch 3"],
) -> Float[np.ndarray, "batch time joint 3"]:
    """World metres to camera metres."""
    turned = xyz_world_m @ rotation[:, None].swapaxes(-1, -2)
    moved: Float[np.ndarray, "batch time joint 3"] = turned + translation[:, None, None]
    return moved


_SPREAD = {"hip": 0.12, "shoulder": 0.12}
"""Widths of hips and shoulders differ more between marker sets than limbs do between people."""


def vary_bones(
    xyz: Float[np.ndarray, "batch time 17 3"], sd: float, rng: np.random.Generator
) -> Float[np.ndarray, "batch time 17 3"]:
    """The same poses on other bodies: every bone of a clip longer or shorter, left as right."""
    batch = len(xyz)
    out = xyz.copy()
    factor: dict[str, np.ndarray] = {}
    for child in _from_the_root():
        name = H36M17.joints[child].removeprefix("left_").removeprefix("right_")
        if name not in factor:
            factor[name] = np.exp(rng.normal(0, _SPREAD.get(name, sd), batch))[:, None, None]
        parent = H36M17.parents[child]
        bone = xyz[:, :, child] - xyz[:, :, parent]
        out[:, :, child] = out[:, :, parent] + bone * factor[name]
    return out


def _from_the_root() -> list[int]:
    return [child for child, parent in enumerate(H36M17.parents) if parent >= 0]


@dataclass(frozen=True)
class Noise:
    """A detector's mistakes, as shares of the person's apparent size (about a third of height).

    Sizes are standard deviations over clips of a mix: each clip draws its own strength.
    """

    bias: float = 0.035
    """Constant over a clip: where a detector thinks that a hip is."""
    drift: float = 0.03
    """Changing slowly, over about a third of a second."""
    jitter: float = 0.008
    """Anew in every frame."""
    burst: float = 0.15
    """A limb that is hidden or confused, for a while."""
    bursts_per_clip: float = 0.8
    swap_share: float = 0.12
    """Share of clips in which left and right change places for a while."""
    missing_share: float = 0.1
    """Share of clips in which a joint or a limb is not found for a while."""
    clean_share: float = 0.3
    """Share of clips left as they are."""


def detect(
    ray: Float[np.ndarray, "batch time 17 2"], noise: Noise, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "batch time 17 2"], Float[np.ndarray, "batch time 17"]]:
    """What a detector might have seen of true rays, and how sure it would have been.

    A missing joint comes back NaN with score 0. Trunk and head are made again from the noisy limbs
    as `skeleton.conversion` makes them.
    """
    batch, time, joints, _ = ray.shape
    strength = np.exp(rng.normal(0, 0.6, batch)) * (rng.random(batch) > noise.clean_share)
    size = apparent_size(ray) * strength
    error = noise.bias * rng.normal(size=(batch, 1, joints, 2))
    error = error + noise.drift * _slow_noise(batch, time, joints, rng)
    error = error + noise.jitter * rng.normal(size=ray.shape)
    wild, hidden = _bursts(batch, time, joints, noise, rng)
    error = error + wild
    seen = ray + error * size[:, None, None, None]
    seen = _swap_sides(seen, noise, rng)
    score = _score(hidden, strength, rng)
    missing = _spans(noise.missing_share, batch, time, rng)[:, :, None] & _some_limb(batch, rng)
    trunk = trunk_from_limbs(seen)
    score = np.where(missing, 0.0, score)
    return np.where(missing[..., None], np.nan, trunk), score


def apparent_size(ray: Float[np.ndarray, "batch time joint 2"]) -> Float[np.ndarray, " batch"]:
    """Root mean square distance of the joints from their middle, over a clip."""
    centered = ray - ray.mean(axis=2, keepdims=True)
    return np.sqrt((centered**2).sum(axis=-1).mean(axis=(1, 2)))


def _slow_noise(batch: int, time: int, joints: int, rng: np.random.Generator) -> np.ndarray:
    """Unit noise that changes over about five frames: knots every five, joined smoothly."""
    every = 5
    knots = rng.normal(size=(batch, time // every + 3, joints, 2))
    at = np.arange(time) / every
    low = at.astype(int)
    share = (at - low)[:, None, None]
    share = share * share * (3 - 2 * share)
    return knots[:, low] * (1 - share) + knots[:, low + 1] * share


def _bursts(
    batch: int, time: int, joints: int, noise: Noise, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "batch time joint 2"], Bool[np.ndarray, "batch time joint"]]:
    """Large errors of single limb joints for a while; also says where."""
    wild = np.zeros((batch, time, joints, 2))
    hidden = np.zeros((batch, time, joints), dtype=bool)
    for _ in range(3):
        span = _spans(noise.bursts_per_clip / 3, batch, time, rng)
        chosen = np.zeros((batch, joints), dtype=bool)
        chosen[np.arange(batch), rng.choice(_LIMBS, batch)] = True
        where = span[:, :, None] & chosen[:, None, :]
        push = noise.burst * rng.normal(size=(batch, 1, joints, 2))
        wild = wild + where[..., None] * push
        hidden = hidden | where
    return wild, hidden


_LIMBS = np.array([H36M17.index(joint) for joint in LIMB_JOINTS])
_HEAD = np.array([H36M17.index(joint) for joint in ("neck", "head")])


def _spans(share: float, batch: int, time: int, rng: np.random.Generator) -> np.ndarray:
    """(batch, time) mask: with this probability a clip has one stretch of 3 frames up to all."""
    length = np.exp(rng.uniform(np.log(3), np.log(max(time, 4)), batch))
    start = rng.uniform(-length / 2, time - length / 2, batch)
    at = np.arange(time)[None]
    inside = (at >= start[:, None]) & (at < (start + length)[:, None])
    return inside & (rng.random(batch) < share)[:, None]


def _swap_sides(
    seen: Float[np.ndarray, "batch time 17 2"], noise: Noise, rng: np.random.Generator
) -> Float[np.ndarray, "batch time 17 2"]:
    """Left and right exchanged for a stretch: legs, arms, or the whole body."""
    batch, time = seen.shape[:2]
    span = _spans(noise.swap_share, batch, time, rng)
    what = rng.integers(0, 3, batch)
    legs = np.isin(np.arange(17), [1, 2, 3, 4, 5, 6])
    arms = np.isin(np.arange(17), [11, 12, 13, 14, 15, 16])
    joints = np.stack([legs, arms, legs | arms])[what]
    where = (span[:, :, None] & joints[:, None, :])[..., None]
    return np.where(where, seen[:, :, list(H36M17.mirror)], seen)


def _some_limb(batch: int, rng: np.random.Generator) -> Bool[np.ndarray, "batch 1 17"]:
    """One limb joint, one whole limb, or both legs, below the hips: what pictures cut off."""
    groups = [[int(j)] for j in _LIMBS if j not in (1, 4, 11, 14)]
    groups += [[2, 3], [5, 6], [12, 13], [15, 16], [2, 3, 5, 6], [3, 6], [9, 10]]
    table = np.zeros((len(groups), 17), dtype=bool)
    for row, joints in enumerate(groups):
        table[row, joints] = True
    return table[rng.integers(0, len(groups), batch)][:, None, :]


def _score(
    hidden: Bool[np.ndarray, "batch time joint"],
    strength: Float[np.ndarray, " batch"],
    rng: np.random.Generator,
) -> Float[np.ndarray, "batch time joint"]:
    """High where sure, often low where hidden; one clip in four knows nothing and says 1."""
    batch, _, joints = hidden.shape
    sure = 1 - np.abs(rng.normal(0, 0.04, (batch, 1, joints))) * (1 + strength[:, None, None])
    unsure = rng.uniform(0.1, 1.0, (batch, 1, joints))
    score = np.where(hidden, np.minimum(sure, unsure), sure).clip(0.05, 1.0)
    silent = rng.random(batch) < 0.25
    return np.where(silent[:, None, None], 1.0, score)
