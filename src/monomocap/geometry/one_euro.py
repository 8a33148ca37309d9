"""Removing jitter while it happens: the One-Euro filter (Casiez, Roussel and Vogel, CHI 2012).

A low-pass filter that looks only back, and whose cut-off rises with speed: somebody who stands
still does not tremble, a fast wrist does not lag.
"""

import math

import numpy as np
from jaxtyping import Float

from monomocap.options import Smooth

MIN_CUTOFF_HZ: dict[Smooth, float] = {"none": math.inf, "light": 3.0, "medium": 1.5, "strong": 0.7}
"""Cut-off at rest."""
HZ_PER_M_PER_S = 4.0
"""How much the cut-off rises with speed: a wrist at 2 m/s is filtered at 8 Hz more."""
SPEED_CUTOFF_HZ = 1.0
"""Of the speed's own filter (the authors' value)."""
FORGET_S = 0.5
"""After a longer gap a joint begins anew."""


class OneEuro:
    """Filters one person's joints, frame by frame, in metres."""

    def __init__(self, preset: Smooth) -> None:
        self._cutoff_hz = MIN_CUTOFF_HZ[preset]
        self._xyz_m = np.empty((0, 3))
        self._speed = np.empty(0)
        self._seen_s = np.empty(0)

    def __call__(
        self, xyz_m: Float[np.ndarray, "joint 3"], time_s: float
    ) -> Float[np.ndarray, "joint 3"]:
        """The filtered positions at this time; NaN stays NaN. Times increase."""
        if math.isinf(self._cutoff_hz):
            return xyz_m
        if len(self._seen_s) == 0:
            self._begin(len(xyz_m))
        passed_s = np.maximum(time_s - self._seen_s, 1e-6)
        known = passed_s <= FORGET_S
        moved_m = np.where(known[:, None], xyz_m - self._xyz_m, 0.0)
        # The speed of the vector, not of each axis: the answer must not depend on the axes.
        speed = np.linalg.norm(moved_m, axis=-1) / passed_s
        speed = self._speed + _share(SPEED_CUTOFF_HZ, passed_s) * (speed - self._speed)
        share = _share(self._cutoff_hz + HZ_PER_M_PER_S * speed, passed_s)
        out = np.where(known[:, None], self._xyz_m + share[:, None] * moved_m, xyz_m)
        self._remember(out, np.where(known, speed, 0.0), time_s)
        return out.astype(xyz_m.dtype)

    def _begin(self, joints: int) -> None:
        self._xyz_m = np.zeros((joints, 3))
        self._speed = np.zeros(joints)
        self._seen_s = np.full(joints, -np.inf)

    def _remember(self, xyz_m: np.ndarray, speed: np.ndarray, time_s: float) -> None:
        there = np.isfinite(xyz_m).all(axis=-1)
        self._xyz_m[there] = xyz_m[there]
        self._speed[there] = speed[there]
        self._seen_s[there] = time_s


def _share(
    cutoff_hz: Float[np.ndarray, " joint"] | float, passed_s: Float[np.ndarray, " joint"]
) -> Float[np.ndarray, " joint"]:
    """How much a new value counts against the old one: the paper's alpha."""
    share: Float[np.ndarray, " joint"] = 1 / (1 + 1 / (2 * np.pi * cutoff_hz * passed_s))
    return share
