"""A rigged body in the making: joints are placed and turned from the pelvis outwards."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.geometry.rig import RIG
from monomocap.geometry.rig_cues import Cues, steadied
from monomocap.geometry.rotation import unit
from monomocap.skeleton import H36M17

LEFT = np.array([1.0, 0.0, 0.0])
AHEAD = np.array([0.0, -1.0, 0.0])
UP = np.array([0.0, 0.0, 1.0])
"""The rest pose's own axes."""

NECK_LEAN_RAD = np.radians(10.0)
NECK = np.cos(NECK_LEAN_RAD) * UP + np.sin(NECK_LEAN_RAD) * AHEAD
"""From the middle of the shoulders to the middle of the ears of a person who looks straight ahead:
0 to 22 degrees ahead of the trunk's line in six motion capture sources, 9 in the largest."""


@dataclass
class Build:
    """What is known so far; whoever adds a bone gives its offset, then its turn."""

    target_m: Float[np.ndarray, "time 17 3"]
    """Where H36M's joints should be; NaN only for joints that were never seen."""
    time_s: Float[np.ndarray, " time"]
    height_m: float
    turned: Float[np.ndarray, "time 27 3 3"]
    placed_m: Float[np.ndarray, "time 27 3"]
    offset_m: Float[np.ndarray, "27 3"]
    cues: Cues | None = None
    """What is known of feet, hands and head."""

    @classmethod
    def of(
        cls,
        target_m: Float[np.ndarray, "time 17 3"],
        time_s: np.ndarray,
        height_m: float,
        cues: Cues | None = None,
    ) -> "Build":
        """Nothing but the pelvis's place."""
        frames, joints = len(target_m), len(RIG)
        turned = np.broadcast_to(np.eye(3), (frames, joints, 3, 3)).copy()
        placed = np.repeat(target_m[:, :1], joints, axis=1)
        return cls(target_m, time_s, height_m, turned, placed, np.zeros((joints, 3)), cues)

    def place(self, joint: str, offset_m: Float[np.ndarray, "3"]) -> None:
        """Hang a joint on its parent, which is turned already; it turns as its parent does."""
        child = RIG.index(joint)
        parent = RIG.parents[child]
        self.offset_m[child] = offset_m
        self.placed_m[:, child] = self.placed_m[:, parent] + self.turned[:, parent] @ offset_m
        self.turned[:, child] = self.turned[:, parent]

    def turn(self, joint: str, matrices: Float[np.ndarray, "time 3 3"]) -> None:
        """How a joint stands in the world."""
        self.turned[:, RIG.index(joint)] = matrices

    def stands(self, joint: str) -> Float[np.ndarray, "time 3 3"]:
        """How a joint stands in the world."""
        return self.turned[:, RIG.index(joint)].copy()

    def offset(self, joint: str) -> Float[np.ndarray, "3"]:
        """Where a joint of the rig hangs on its parent."""
        return self.offset_m[RIG.index(joint)]

    def at(self, joint: str) -> Float[np.ndarray, "time 3"]:
        """Where a joint of the rig is."""
        return self.placed_m[:, RIG.index(joint)]

    def wanted(self, joint: str) -> Float[np.ndarray, "time 3"]:
        """Where a joint of H36M should be."""
        return self.target_m[:, H36M17.index(joint)]

    def towards(
        self, joint: str, wanted: str, otherwise: Float[np.ndarray, "3"]
    ) -> Float[np.ndarray, "time 3"]:
        """The direction from a joint of the rig to where one of H36M should be, in the world.

        The parent's `otherwise` where nobody knows.
        """
        direction = unit(self.wanted(wanted) - self.at(joint))
        known = np.isfinite(direction).all(axis=-1, keepdims=True)
        return np.where(known, direction, self.stands(joint) @ otherwise)

    def cue(self, name: str) -> tuple[Float[np.ndarray, "time 3"], Float[np.ndarray, " time"]]:
        """A direction in the world that a detector saw, and what it is worth, 0 to 1."""
        if self.cues is None:
            return np.zeros((len(self.time_s), 3)), np.zeros(len(self.time_s))
        return steadied(self.cues.of(name), self.time_s)

    def length(self, a: str, b: str, share: float) -> float:
        """A bone's usual length, of joints of H36M; a share of stature where it was never seen."""
        lengths = np.linalg.norm(self.wanted(a) - self.wanted(b), axis=-1)
        known = lengths[np.isfinite(lengths)]
        return float(np.median(known)) if known.size else share * self.height_m
