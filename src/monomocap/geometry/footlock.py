"""Feet that stand do not slide: each stand is held over one point of the floor.

The ankle of a stand is brought over the stand's middle and the knee follows, bones keeping their
lengths and the knee its side; the hip stays. Before and after a stand the correction fades out.
Heights stay as they are: a heel that rises may rise.
"""

import numpy as np
from jaxtyping import Bool, Float

from monomocap.geometry.contacts import intervals
from monomocap.skeleton import Skeleton

FADE_S = 0.15
"""The correction fades within this time on both sides of a stand."""
FARTHEST_M = 0.35
"""A stand that would have to be corrected by more is no stand."""
_REACH = 0.9999
_WORTH_M = 1e-4

Places = Float[np.ndarray, "time joint 3"]


def lock_feet(
    xyz_m: Places,
    planted: Bool[np.ndarray, "time joint"],
    time_s: Float[np.ndarray, " time"],
    skeleton: Skeleton,
    up: Float[np.ndarray, "3"],
) -> Places:
    """Places (metres, any one frame of reference with this `up`) with the standing feet held."""
    out = xyz_m.copy()
    for side in ("left", "right"):
        hip, knee, ankle = (skeleton.index(f"{side}_{j}") for j in ("hip", "knee", "ankle"))
        shift = _shifts(out[:, ankle].astype(np.float64), planted[:, ankle], time_s, up)
        moved = np.linalg.norm(shift, axis=-1) > _WORTH_M
        leg = out[np.ix_(moved, [hip, knee, ankle])].astype(np.float64)
        out[np.ix_(moved, [knee, ankle])] = _bend(leg, leg[:, 2] + shift[moved])
    return out


def _shifts(
    ankle_m: Float[np.ndarray, "time 3"],
    planted: Bool[np.ndarray, " time"],
    time_s: Float[np.ndarray, " time"],
    up: Float[np.ndarray, "3"],
) -> Float[np.ndarray, "time 3"]:
    """How far the ankle must move along the floor in every frame."""
    total = np.zeros_like(ankle_m)
    for begin, end in intervals(planted & np.isfinite(ankle_m).all(axis=-1)):
        level = ankle_m[begin:end] - (ankle_m[begin:end] @ up)[:, None] * up
        off = np.median(level, axis=0) - level
        if np.linalg.norm(off, axis=-1).max() > FARTHEST_M:
            continue
        total[begin:end] = off
        total[:begin] += (
            _fading(time_s[begin] - time_s[:begin])[:, None] * off[0] * _free(planted[:begin])
        )
        total[end:] += (
            _fading(time_s[end:] - time_s[end - 1])[:, None] * off[-1] * _free(planted[end:])
        )
    return total


def _free(planted: Bool[np.ndarray, " time"]) -> Float[np.ndarray, "time 1"]:
    """1 where the foot swings: another stand is not touched by its neighbours."""
    return (~planted).astype(np.float64)[:, None]


def _fading(away_s: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    """1 at the stand, 0 from `FADE_S` on, smooth at both."""
    x = np.clip(1 - away_s / FADE_S, 0.0, 1.0)
    return x * x * (3 - 2 * x)


def _bend(
    leg: Float[np.ndarray, "time 3 3"], target: Float[np.ndarray, "time 3"]
) -> Float[np.ndarray, "time 2 3"]:
    """Knee and ankle of legs (hip, knee, ankle) that reach for a target: the law of cosines."""
    hip, knee, ankle = leg[:, 0], leg[:, 1], leg[:, 2]
    thigh, shank = (np.linalg.norm(b - a, axis=-1) for a, b in ((hip, knee), (knee, ankle)))
    way = target - hip
    far = np.linalg.norm(way, axis=-1)
    # A leg that was straighter than this may stay so.
    longest = np.maximum((thigh + shank) * _REACH, np.linalg.norm(ankle - hip, axis=-1))
    reach = np.clip(far, np.abs(thigh - shank) / _REACH, longest)
    along = way / np.maximum(far, 1e-9)[:, None]
    share = (thigh**2 + reach**2 - shank**2) / (2 * reach)
    pole = knee - hip
    pole = pole - (pole * along).sum(axis=-1, keepdims=True) * along
    pole /= np.maximum(np.linalg.norm(pole, axis=-1, keepdims=True), 1e-9)
    out = np.sqrt(np.maximum(thigh**2 - share**2, 0.0))
    new_knee = hip + share[:, None] * along + out[:, None] * pole
    return np.stack([new_knee, hip + reach[:, None] * along], axis=1)
