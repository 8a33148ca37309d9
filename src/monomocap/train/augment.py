"""More poses than were captured: rare ones oftener, and limbs of one clip on another's trunk.

The free mocap is mostly walking; what a network gets wrong is what it has hardly seen.
"""

import warnings

import numpy as np
from jaxtyping import Float
from scipy.cluster.vq import kmeans2
from scipy.spatial.transform import Rotation

from monomocap.skeleton import H36M17

_J = H36M17.index
_LIMBS = tuple(
    (root, tuple(_J(f"{side}_{joint}") for joint in (root, *further)))
    for side in ("right", "left")
    for root, further in (("hip", ("knee", "ankle")), ("shoulder", ("elbow", "wrist")))
)
_TURN_SD_RAD = 0.3
_KINDS = 256
"""Kinds of pose that are told apart when rare ones are looked for."""


def recombined(
    world: Float[np.ndarray, "batch time 17 3"], share: float, rng: np.random.Generator
) -> Float[np.ndarray, "batch time 17 3"]:
    """In this share of the clips each limb may come from another clip, and be turned as a whole.

    A limb keeps its place on the trunk (hips or shoulders), its joint angles over time, and the
    bone lengths of the body that it joins; a donor's limb is turned by up to about half a radian.
    """
    batch = len(world)
    axes = {root: trunk_axes(world, root) for root in ("hip", "shoulder")}
    chosen = rng.random(batch) < share
    out = world.copy()
    for root, limb in _LIMBS:
        donor = rng.permutation(batch)
        takes = chosen & (rng.random(batch) < 0.5)
        turn = Rotation.from_rotvec(rng.normal(0, _TURN_SD_RAD, (batch, 3))).as_matrix()
        over = axes[root].swapaxes(-1, -2) @ turn[:, None] @ axes[root][donor]
        for parent, child in zip(limb[:-1], limb[1:], strict=True):
            own = world[:, :, child] - world[:, :, parent]
            other = (over @ own[donor][..., None])[..., 0]
            length = _length(own) / np.maximum(_length(other), 1e-6)
            bone = np.where(takes[:, None, None], other * length, own)
            out[:, :, child] = out[:, :, parent] + bone
    return out


def trunk_axes(
    world: Float[np.ndarray, "*batch 17 3"], root: str
) -> Float[np.ndarray, "*batch 3 3"]:
    """Rows: to the left along hips or shoulders, up the trunk, forward."""
    left = _unit(world[..., _J(f"left_{root}"), :] - world[..., _J(f"right_{root}"), :])
    trunk = world[..., _J("thorax"), :] - world[..., _J("pelvis"), :]
    up = _unit(trunk - (trunk * left).sum(axis=-1, keepdims=True) * left)
    return np.stack([left, up, np.cross(left, up)], axis=-2)


def rarity(
    xyz: Float[np.ndarray, "frames 17 3"],
    seconds: Float[np.ndarray, " frames"],
    *,
    power: float,
    seed: int,
) -> Float[np.ndarray, " frames"]:
    """How much oftener each frame should be drawn: 1 over (how long its kind lasts) ** power.

    Kinds of pose are clusters of the directions of the eight limb bones, seen from the trunk.
    """
    if power == 0:
        return np.ones(len(xyz))
    pose = limb_directions(xyz).astype(np.float32)
    rng = np.random.default_rng(seed)
    sample = pose[rng.choice(len(pose), min(len(pose), 20_000), replace=False)]
    kinds = min(_KINDS, len(sample))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="One of the clusters is empty")
        centers, _ = kmeans2(sample, kinds, iter=10, minit="points", seed=rng)
    kind = np.concatenate([_nearest(part, centers) for part in np.array_split(pose, 64)])
    lasts = np.bincount(kind, weights=seconds, minlength=kinds)
    weight: Float[np.ndarray, " frames"] = (lasts[kind] / lasts.sum()) ** -power
    return weight


def limb_directions(xyz: Float[np.ndarray, "frames 17 3"]) -> Float[np.ndarray, "frames 24"]:
    """Unit vectors of thighs, shanks, upper arms and forearms in the trunk's axes."""
    bones = []
    for root, limb in _LIMBS:
        axes = trunk_axes(xyz, root)
        for parent, child in zip(limb[:-1], limb[1:], strict=True):
            bone = _unit(xyz[:, child] - xyz[:, parent])
            bones.append((axes @ bone[..., None])[..., 0])
    return np.concatenate(bones, axis=-1)


def _nearest(pose: np.ndarray, centers: np.ndarray) -> np.ndarray:
    return np.argmin((centers**2).sum(axis=1) - 2 * pose @ centers.T, axis=1)


def _length(bone: Float[np.ndarray, "batch time 3"]) -> Float[np.ndarray, "batch 1 1"]:
    return np.linalg.norm(bone, axis=-1).mean(axis=1)[:, None, None]


def _unit(vector: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)
