"""Where the pelvis is, as the feet tell it: the one that stands stays where it stands.

Live poses know nothing of the way through the room. The lower foot carries; while it does, the body
moves so that it does not slide, and the lowest joint is on the floor. Of walks 8 to 9 tenths of the
way are found, of runs little: nothing carries while both feet fly. Jumps are seen as crouching.
"""

import numpy as np
from jaxtyping import Float

from monomocap.geometry.rig import RIG, Rest, to_matrices

SWITCH_M = 0.015
"""The other foot carries once it is this much lower: feet side by side do not take turns."""
_FEET = {
    side: [RIG.index(f"{side}_{joint}") for joint in ("ankle", "ball")]
    for side in ("left", "right")
}


class Stand:
    """Follows the feet of one avatar, pose by pose."""

    def __init__(self, *, in_place: bool = False) -> None:
        self._in_place = in_place
        self._carries = "left"
        self._held_m: np.ndarray | None = None
        """Where the carrying foot's ball is held on the floor."""
        self._floor_m = np.zeros(2)

    def __call__(self, local_xyzw: Float[np.ndarray, "27 4"], rest: Rest) -> Float[np.ndarray, "3"]:
        """The pelvis in the world, metres: begins over the origin, floor at z = 0."""
        own = _from_pelvis(local_xyzw, rest)
        height_m = -float(own[:, 2].min())
        self._choose(own)
        ball = own[_FEET[self._carries][1], :2]
        if self._held_m is None:
            self._held_m = self._floor_m + ball
        elif not self._in_place:
            self._floor_m = self._held_m - ball
        return np.array([*self._floor_m, height_m])

    def _choose(self, own_m: Float[np.ndarray, "27 3"]) -> None:
        """By the mean height of ankle and ball: heels that lift, and toes that hang, count half."""
        lowest = {side: float(own_m[feet, 2].mean()) for side, feet in _FEET.items()}
        other = "right" if self._carries == "left" else "left"
        if lowest[other] < lowest[self._carries] - SWITCH_M:
            self._carries = other
            self._held_m = None


def _from_pelvis(local_xyzw: Float[np.ndarray, "27 4"], rest: Rest) -> Float[np.ndarray, "27 3"]:
    turned = to_matrices(local_xyzw)
    out = np.zeros((len(RIG), 3))
    for parent, child in RIG.bones:
        turned[child] = turned[parent] @ turned[child]
        out[child] = out[parent] + turned[parent] @ rest.offsets_m[child]
    return out
