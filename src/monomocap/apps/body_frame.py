"""A motion as limb directions in the body's own frame: the same from any view, size and place.

The frame stands on the trunk: up along it, left across hips and shoulders. One more channel
is how far apart the hands are, in arms. Three remember the world: how upright the trunk is, and how
high the pelvis is over the lower foot and over the floor, in legs (the latter is constant where
nobody knows where the pelvis is). A direction that turns by a small angle changes by that angle in
radians; everything else is weighed against that.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter1d

from monomocap.errors import InputError
from monomocap.geometry.resample import to_rate
from monomocap.geometry.rotation import unit
from monomocap.skeleton import H36M17, convert
from monomocap.types import Motion3D

RATE_HZ = 30.0
FILL_S = 0.6
"""Gaps up to this long are bridged; a person who is away for longer moves unseen."""
ROOT_WEIGHT = 4.0
"""Of the pelvis's height in the world, which the picture shows directly: it is surer than limbs."""
HANDS_WEIGHT = 1.5
"""Of the hands' distance: claps show in little else."""

LIMBS: tuple[tuple[str, str, str], ...] = tuple(
    (f"{side} {name}", f"{side}_{a}", f"{side}_{b}")
    for side in ("left", "right")
    for name, a, b in (
        ("upper arm", "shoulder", "elbow"),
        ("forearm", "elbow", "wrist"),
        ("thigh", "hip", "knee"),
        ("shank", "knee", "ankle"),
    )
)
"""Name, where it begins, where it ends; the left side's four first."""
CHANNELS: tuple[str, ...] = (
    *(f"{name} {axis}" for name, _, _ in LIMBS for axis in ("ahead", "left", "up")),
    "trunk upright",
    "hands apart",
    "pelvis over feet",
    "pelvis in the world",
)

_J = {name: i for i, name in enumerate(H36M17.joints)}
_SIDE = 3 * len(LIMBS) // 2
_SWAPPED = np.r_[_SIDE : 2 * _SIDE, 0:_SIDE, 2 * _SIDE : 2 * _SIDE + 4]
_SIGN = np.r_[np.tile([1.0, -1.0, 1.0], len(LIMBS)), np.ones(4)]


@dataclass(frozen=True)
class Series:
    """One person's motion at `RATE_HZ`."""

    time_s: Float[np.ndarray, " time"]
    xyz_m: Float[np.ndarray, "time 17 3"]
    """World frame (Z up), gaps filled; NaN for a joint that was never seen."""
    values: Float[np.ndarray, "time channel"]
    """`CHANNELS`, finite everywhere."""
    seen: Bool[np.ndarray, " time"]
    """False inside gaps, where everything only stands in; a joint that was never seen is none."""

    def __len__(self) -> int:
        return len(self.time_s)

    def in_sight(self, begin: int, end: int) -> bool:
        """Whether the person is seen in most frames from one to another, both counted."""
        return float(self.seen[begin : end + 1].mean()) > 0.5


def series_of(motion: Motion3D) -> Series:
    """The channels of a motion in the world frame (`monomocap.geometry.world.in_world`).

    A motion in which nobody was ever seen gives a series without frames.
    """
    if motion.frame != "world":
        raise InputError(
            "limb directions want a motion in the world frame: in_world(motion, camera)"
        )
    xyz_m = convert(motion.xyz_m, motion.skeleton, H36M17).astype(np.float64)
    known = np.isfinite(xyz_m).all(axis=2).any(axis=0)
    if not np.isfinite(xyz_m[:, known]).all(axis=(1, 2)).any() or not known.any():
        return Series(
            np.empty(0), np.empty((0, 17, 3)), np.empty((0, len(CHANNELS))), np.empty(0, bool)
        )
    time_s, steady = to_rate(xyz_m, motion.time_s, RATE_HZ, FILL_S)
    seen = np.isfinite(steady[:, known]).all(axis=(1, 2))
    filled = filled_in(steady)
    filled[:, ~known] = np.nan
    return Series(time_s, filled, channels(filled), seen)


def filled_in(xyz: Float[np.ndarray, "time joint 3"]) -> Float[np.ndarray, "time joint 3"]:
    """Straight lines across gaps, the nearest value at the ends; what was never seen is 0."""
    out = xyz.reshape(len(xyz), -1).copy()
    frames = np.arange(len(out))
    for column in out.T:
        known = np.isfinite(column)
        column[:] = np.interp(frames, frames[known], column[known]) if known.any() else 0.0
    return out.reshape(xyz.shape)


def channels(xyz_m: Float[np.ndarray, "time 17 3"]) -> Float[np.ndarray, "time channel"]:
    """All channels of poses in the world frame (Z up)."""
    axes = body_axes(xyz_m)
    limbs = np.stack([xyz_m[:, _J[b]] - xyz_m[:, _J[a]] for _, a, b in LIMBS], axis=1)
    local = np.einsum("tij,tlj->tli", axes, unit(limbs)).reshape(len(xyz_m), -1)
    upright = axes[:, 2, 2:3]
    rest = [upright, _hands_apart(xyz_m), _pelvis_height(xyz_m)]
    return np.nan_to_num(np.concatenate([local, *rest], axis=1))


def body_axes(xyz_m: Float[np.ndarray, "time 17 3"]) -> Float[np.ndarray, "time 3 3"]:
    """Rows: ahead, left and up of the trunk; NaN where it has no length."""
    up = unit(xyz_m[:, _J["thorax"]] - xyz_m[:, _J["pelvis"]])
    hips = unit(xyz_m[:, _J["left_hip"]] - xyz_m[:, _J["right_hip"]])
    shoulders = unit(xyz_m[:, _J["left_shoulder"]] - xyz_m[:, _J["right_shoulder"]])
    across = np.nan_to_num(hips) + np.nan_to_num(shoulders)
    left = unit(across - (across * up).sum(axis=-1, keepdims=True) * up)
    return np.stack([np.cross(left, up), left, up], axis=1)


def mirrored(values: Float[np.ndarray, "*batch channel"]) -> Float[np.ndarray, "*batch channel"]:
    """The channels of the same pose seen in a mirror."""
    out: Float[np.ndarray, "*batch channel"] = values[..., _SWAPPED] * _SIGN
    return out


def smoothed(
    values: Float[np.ndarray, "time channel"], sigma_s: float
) -> Float[np.ndarray, "time channel"]:
    """A Gaussian mean over time, at `RATE_HZ`."""
    out: Float[np.ndarray, "time channel"] = gaussian_filter1d(
        values, sigma_s * RATE_HZ, axis=0, mode="nearest"
    )
    return out


def _hands_apart(xyz_m: Float[np.ndarray, "time 17 3"]) -> Float[np.ndarray, "time 1"]:
    """The wrists' distance, in arms."""
    arm = [("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist")]
    lengths = [np.linalg.norm(xyz_m[:, _J[a]] - xyz_m[:, _J[b]], axis=-1) for a, b in arm]
    arm_m = max(float(np.median(lengths[0]) + np.median(lengths[1])), 1e-3)
    apart_m = np.linalg.norm(xyz_m[:, _J["left_wrist"]] - xyz_m[:, _J["right_wrist"]], axis=-1)
    return HANDS_WEIGHT * apart_m[:, None] / arm_m


def _pelvis_height(xyz_m: Float[np.ndarray, "time 17 3"]) -> Float[np.ndarray, "time 2"]:
    """Over the lower ankle and over the world's floor, in legs."""
    ankles = xyz_m[:, [_J["left_ankle"], _J["right_ankle"]], 2].min(axis=1)
    legs = [
        np.linalg.norm(xyz_m[:, _J[a]] - xyz_m[:, _J[b]], axis=-1)
        for a, b in (("left_hip", "left_knee"), ("left_knee", "left_ankle"))
    ]
    leg_m = max(float(np.median(legs[0]) + np.median(legs[1])), 1e-3)
    pelvis = xyz_m[:, _J["pelvis"], 2]
    return np.stack([pelvis - ankles, ROOT_WEIGHT * pelvis], axis=1) / leg_m
