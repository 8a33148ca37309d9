"""A One-Euro filter on rotations (Casiez, Roussel and Vogel, CHI 2012), and a limit of speed."""

import math

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from monomocap.geometry.one_euro import MIN_CUTOFF_HZ, SPEED_CUTOFF_HZ
from monomocap.options import Smooth

HZ_PER_RAD_PER_S = 1.2
"""How much the cut-off rises with speed: an arm at 5 rad/s is filtered at 6 Hz more."""
MOST_RAD_PER_S = 20.0
"""Nothing turns faster, but a pitcher's arm for a twentieth of a second: what does is a mistake."""


class SteadyTurns:
    """Filters the rotations of all joints of one avatar."""

    def __init__(self, preset: Smooth) -> None:
        self._cutoff_hz = MIN_CUTOFF_HZ[preset]
        self.forget()

    def forget(self) -> None:
        """Begin anew with the next rotations."""
        self._last: np.ndarray | None = None
        self._speed = np.zeros(0)
        self._time_s = 0.0

    def __call__(
        self, xyzw: Float[np.ndarray, "joint 4"], time_s: float
    ) -> Float[np.ndarray, "joint 4"]:
        """Unit quaternions of the sign nearest to those before; times increase."""
        if self._last is None:
            self._last, self._speed, self._time_s = xyzw, np.zeros(len(xyzw)), time_s
            return xyzw
        passed_s = max(time_s - self._time_s, 1e-6)
        before = Rotation.from_quat(self._last)
        step = (before.inv() * Rotation.from_quat(xyzw)).as_rotvec()
        angle = np.linalg.norm(step, axis=-1)
        self._speed += _share(SPEED_CUTOFF_HZ, passed_s) * (angle / passed_s - self._speed)
        share = self._shares(passed_s)
        share = np.minimum(share, MOST_RAD_PER_S * passed_s / np.maximum(angle, 1e-9))
        out = (before * Rotation.from_rotvec(share[:, None] * step)).as_quat()
        out *= np.where((out * self._last).sum(axis=-1) < 0, -1.0, 1.0)[:, None]
        self._last, self._time_s = out, time_s
        return out

    def _shares(self, passed_s: float) -> Float[np.ndarray, " joint"]:
        if math.isinf(self._cutoff_hz):
            return np.ones_like(self._speed)
        cutoff_hz = self._cutoff_hz + HZ_PER_RAD_PER_S * self._speed
        return np.asarray(1 / (1 + 1 / (2 * np.pi * cutoff_hz * passed_s)))


def _share(cutoff_hz: float, passed_s: float) -> float:
    return 1 / (1 + 1 / (2 * math.pi * cutoff_hz * passed_s))
