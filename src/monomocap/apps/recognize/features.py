"""A motion as numbers that do not depend on who moves, how tall, where, and facing which way.

Limb directions and distances are taken in a body frame that stands upright and faces where hips
and shoulders face; gravity is kept, for lying differs from standing. Lengths are shares of the
body's own limbs. What remains is sampled at a steady rate.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy.ndimage import gaussian_filter1d

from monomocap.errors import InputError
from monomocap.geometry.resample import to_rate
from monomocap.geometry.rotation import unit
from monomocap.skeleton import H36M17, convert
from monomocap.types import Motion3D

RATE_HZ = 20.0
"""Twice as fast as anything a limb repeats by itself: jumping jacks and claps go at 1 to 3 Hz."""
FILL_S = 0.5
"""Gaps up to this long are bridged by a straight line; longer ones stay unseen."""
HEADING_SIGMA_S = 0.15
"""How quickly the body frame follows a turn."""

_BONES = (
    *(
        (f"{s}_{a}", f"{s}_{b}")
        for s in ("left", "right")
        for a, b in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
    ),
    ("pelvis", "thorax"),
    ("thorax", "head"),
)
_ANGLES = tuple(
    (f"{s}_{a}", f"{s}_{b}", f"{s}_{c}")
    for s in ("left", "right")
    for a, b, c in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
)
_REACHES = (
    ("left_wrist", "right_wrist"),
    ("left_wrist", "head"),
    ("right_wrist", "head"),
    ("left_wrist", "pelvis"),
    ("right_wrist", "pelvis"),
    ("left_ankle", "right_ankle"),
)

CHANNELS: tuple[str, ...] = (
    *(f"{a}>{b}.{axis}" for a, b in _BONES for axis in ("ahead", "left", "up")),
    *(f"angle {b}" for _, b, _ in _ANGLES),
    *(f"{a}-{b}" for a, b in _REACHES),
    "height of the pelvis",
    "speed of the arms",
    "speed of the legs",
    "rise of the trunk",
    "turning",
)
"""What each channel of a series is."""

_J = {name: i for i, name in enumerate(H36M17.joints)}


@dataclass(frozen=True)
class Series:
    """One person's motion as channels over time, at `RATE_HZ`."""

    time_s: Float[np.ndarray, " time"]
    values: Float32[np.ndarray, "time channel"]
    """Without units, each about -1 to 1; finite everywhere."""
    seen: Bool[np.ndarray, " time"]
    """False inside long gaps, where the values only stand in."""

    def __len__(self) -> int:
        return len(self.time_s)

    def part(self, begin: int, end: int) -> "Series":
        """Frames begin to end (not included)."""
        cut = slice(begin, end)
        return Series(self.time_s[cut], self.values[cut], self.seen[cut])


def series_of(motion: Motion3D) -> Series:
    """Channels of a motion in the world frame (Z up); an unseen one gives a series without frames.

    Raises `InputError` for a motion in another frame (`monomocap.geometry.world.in_world`).
    """
    if motion.frame != "world":
        raise InputError("recognition wants motions in the world frame: in_world(motion, camera)")
    xyz_m = convert(motion.xyz_m, motion.skeleton, H36M17).astype(np.float64)
    if not np.isfinite(xyz_m).all(axis=-1).any():
        return Series(np.empty(0), np.empty((0, len(CHANNELS)), np.float32), np.empty(0, bool))
    time_s, steady = to_rate(xyz_m, motion.time_s, RATE_HZ, FILL_S)
    seen = np.isfinite(steady).all(axis=-1)
    values = channels(_stood_in(steady))
    return Series(time_s, values.astype(np.float32), seen.mean(axis=1) > 0.5)


def channels(xyz_m: Float[np.ndarray, "time 17 3"]) -> Float[np.ndarray, "time channel"]:
    """All channels of a whole pose sequence at `RATE_HZ`, Z up; every joint is known."""
    yaw = _heading(xyz_m)
    body = _turned(xyz_m, -yaw)
    limb_m = _limb_length(xyz_m)
    leg_m, arm_m = limb_m
    directions = np.concatenate([unit(body[:, _J[b]] - body[:, _J[a]]) for a, b in _BONES], axis=1)
    bent = np.stack([_angle(body, *names) for names in _ANGLES], axis=1) / np.pi
    near = np.stack([_distance(body, a, b) for a, b in _REACHES], axis=1) / (2 * arm_m)
    height = (body[:, _J["pelvis"], 2] - _lowest(body)) / leg_m
    moved = np.gradient(directions, axis=0) * RATE_HZ if len(body) > 1 else 0 * directions
    arms, legs = (
        np.abs(moved[:, _columns(("shoulder", "elbow"))]),
        np.abs(moved[:, _columns(("hip", "knee"))]),
    )
    rise = _rate(body[:, _J["thorax"], 2] - _lowest(body)) / leg_m
    turning = _rate(np.unwrap(yaw)) / np.pi
    rest = np.stack([height, arms.mean(axis=1) / 4, legs.mean(axis=1) / 4, rise, turning], axis=1)
    found = np.concatenate([directions, bent, near, rest], axis=1)
    return np.nan_to_num(np.clip(found, -3, 3))


def _columns(starts: tuple[str, ...]) -> list[int]:
    """Columns of the directions of bones that begin at these joints."""
    return [
        3 * i + k for i, (a, _) in enumerate(_BONES) if a.split("_")[-1] in starts for k in range(3)
    ]


def _heading(xyz_m: Float[np.ndarray, "time 17 3"]) -> Float[np.ndarray, " time"]:
    """Where hips and shoulders face, radians about Z; a body on its side keeps its neighbours'."""
    across = sum(
        xyz_m[:, _J[f"left_{j}"]] - xyz_m[:, _J[f"right_{j}"]] for j in ("hip", "shoulder")
    )
    flat = gaussian_filter1d(across[:, :2], HEADING_SIGMA_S * RATE_HZ, axis=0, mode="nearest")
    return np.arctan2(-flat[:, 0], flat[:, 1])


def _turned(xyz: np.ndarray, yaw: Float[np.ndarray, " time"]) -> np.ndarray:
    c, s = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    x, y, z = np.moveaxis(xyz, -1, 0)
    return np.stack([c * x - s * y, s * x + c * y, z], axis=-1)


def _limb_length(xyz_m: np.ndarray) -> tuple[float, float]:
    """Median lengths of a leg and of an arm."""

    def chain(*joints: str) -> float:
        return float(
            sum(
                np.median([_distance(xyz_m, f"{s}_{a}", f"{s}_{b}") for s in ("left", "right")])
                for a, b in pairwise(joints)
            )
        )

    return max(chain("hip", "knee", "ankle"), 1e-3), max(chain("shoulder", "elbow", "wrist"), 1e-3)


def _distance(xyz: np.ndarray, a: str, b: str) -> Float[np.ndarray, " time"]:
    return np.linalg.norm(xyz[:, _J[a]] - xyz[:, _J[b]], axis=-1)


def _angle(xyz: np.ndarray, a: str, b: str, c: str) -> Float[np.ndarray, " time"]:
    """Between the two bones at b, 0 to pi; pi is straight."""
    one, other = unit(xyz[:, _J[a]] - xyz[:, _J[b]]), unit(xyz[:, _J[c]] - xyz[:, _J[b]])
    return np.arccos(np.clip((one * other).sum(axis=-1), -1, 1))


def _lowest(xyz: np.ndarray) -> Float[np.ndarray, " time"]:
    return xyz[:, :, 2].min(axis=1)


def _rate(values: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    """Change per second."""
    return np.gradient(values) * RATE_HZ if len(values) > 1 else np.zeros_like(values)


def _stood_in(xyz: Float[np.ndarray, "time joint 3"]) -> Float[np.ndarray, "time joint 3"]:
    """Every joint everywhere: across gaps and ends the nearest known values, straight between."""
    out = xyz.reshape(len(xyz), -1).copy()
    frames = np.arange(len(out))
    for column in out.T:
        known = np.isfinite(column)
        if known.any():
            column[:] = np.interp(frames, frames[known], column[known])
    return out.reshape(xyz.shape)
