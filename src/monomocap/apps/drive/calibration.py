"""What is learnt of a body before it drives an avatar: its bones, which way is up, its T-pose.

auto: the first half a second in which the person stands straight says how long the bones are and
which way is up; a camera that looks down a little no longer makes the avatar lean. When nobody
stands straight within `PATIENCE_S`, the body is taken as it is seen.

tpose: the person stands with the arms straight out until it was held for half a second. What the
rig says then is what the avatar's rest pose looks like; every joint is corrected by it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from monomocap.geometry.rig import RIG, Rest, Rigged
from monomocap.geometry.rotation import about, between, unit

HOLD_S = 0.5
PATIENCE_S = 1.5
MOST_TILT_DEG = 35.0
"""Cameras that look down more steeply are told so (`camera.camera_from_world`), not guessed."""
MOST_CORRECTION_DEG = 50.0
"""A joint that is further from its T-pose is not in it: it is left as it is."""
STRAIGHT = 0.94
"""Cosine to which legs and trunk, or arms, are in one line: 20 degrees."""
LEVEL = 0.4
"""How far arms may point up or down in a T-pose: 24 degrees."""

_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Calibration:
    """What to do with every pose."""

    rest: Rest
    upright: Float[np.ndarray, "3 3"]
    """Turns the world so that the person stands straight in it."""
    from_tpose: Float[np.ndarray, "27 3 3"]
    """Each joint's turn in the T-pose, undone; identity where there was none."""
    source: Literal["standing", "as seen", "tpose"]

    def corrected(self, world: Float[np.ndarray, "27 3 3"]) -> Float[np.ndarray, "27 3 3"]:
        """A pose's global turns as the avatar should have them."""
        return self.upright @ world @ self.from_tpose


def as_seen(rest: Rest) -> Calibration:
    """Nothing is corrected."""
    return Calibration(rest, np.eye(3), _no_turns(), "as seen")


class Calibrator:
    """Watches the first poses until it knows enough."""

    def __init__(self, wanted: Literal["auto", "tpose"] | Calibration) -> None:
        """By what it is to watch for, or with what is known already."""
        self._wants_tpose = wanted == "tpose"
        self._since_s: float | None = None
        self._began_s: float | None = None
        self._held: list[np.ndarray] = []
        self.found = wanted if isinstance(wanted, Calibration) else None

    def __call__(self, rigged: Rigged, row: int) -> Calibration | None:
        """The calibration, once there is one; rows come in order of time."""
        if self.found is not None:
            return self.found
        now_s = float(rigged.time_s[row])
        self._began_s = now_s if self._began_s is None else self._began_s
        joints = _places(rigged, row)
        fits = in_tpose(joints) if self._wants_tpose else stands_straight(joints)
        if fits:
            self._since_s = now_s if self._since_s is None else self._since_s
            self._held.append(rigged.global_matrices[row])
            if now_s - self._since_s >= HOLD_S:
                self.found = self._calibrated(rigged.rest, joints)
        else:
            self._since_s, self._held = None, []
        if self.found is None and not self._wants_tpose and now_s - self._began_s > PATIENCE_S:
            self.found = as_seen(rigged.rest)
        return self.found

    def _calibrated(self, rest: Rest, joints: Float[np.ndarray, "27 3"]) -> Calibration:
        mean = _mean_turns(np.stack(self._held))
        if self._wants_tpose:
            return Calibration(rest, np.eye(3), _undone(mean), "tpose")
        up = unit(joints[RIG.index("neck")] - _middle(joints, "ankle"))
        upright = between(up, _UP)
        tilt_deg = np.degrees(np.arccos(np.clip(up @ _UP, -1, 1)))
        upright = upright if tilt_deg <= MOST_TILT_DEG else np.eye(3)
        return Calibration(rest, upright, _no_turns(), "standing")


def _places(rigged: Rigged, row: int) -> Float[np.ndarray, "27 3"]:
    """Where the joints are in one row, from the pelvis."""
    turned, out = rigged.global_matrices[row], np.zeros((len(RIG), 3))
    for parent, child in RIG.bones:
        out[child] = out[parent] + turned[parent] @ rigged.rest.offsets_m[child]
    return out


def stands_straight(joints_m: Float[np.ndarray, "27 3"]) -> bool:
    """Knees, hips and trunk in one line, and roughly upright."""
    trunk = unit(joints_m[RIG.index("neck")] - joints_m[0])
    legs = [
        unit(joints_m[RIG.index(f"{side}_{a}")] - joints_m[RIG.index(f"{side}_{b}")])
        for side in ("left", "right")
        for a, b in (("hip", "knee"), ("knee", "ankle"))
    ]
    upright = trunk[2] > np.cos(np.radians(MOST_TILT_DEG))
    return bool(upright and all(leg @ trunk > STRAIGHT for leg in legs))


def in_tpose(joints_m: Float[np.ndarray, "27 3"]) -> bool:
    """Arms straight out to both sides and level, trunk upright."""
    across = unit(joints_m[RIG.index("left_shoulder")] - joints_m[RIG.index("right_shoulder")])
    for side, sign in (("left", 1.0), ("right", -1.0)):
        for a, b in (("shoulder", "elbow"), ("elbow", "wrist")):
            bone = unit(joints_m[RIG.index(f"{side}_{b}")] - joints_m[RIG.index(f"{side}_{a}")])
            if sign * (bone @ across) < 0.85 or abs(bone[2]) > LEVEL:
                return False
    trunk = unit(joints_m[RIG.index("neck")] - joints_m[0])
    return bool(trunk[2] > np.cos(np.radians(MOST_TILT_DEG)))


def _middle(joints_m: np.ndarray, joint: str) -> np.ndarray:
    return (joints_m[RIG.index(f"left_{joint}")] + joints_m[RIG.index(f"right_{joint}")]) / 2


def _no_turns() -> Float[np.ndarray, "27 3 3"]:
    return np.tile(np.eye(3), (len(RIG), 1, 1))


def _mean_turns(held: Float[np.ndarray, "time 27 3 3"]) -> Float[np.ndarray, "27 3 3"]:
    joints = held.shape[1]
    return np.stack([Rotation.from_matrix(held[:, j]).mean().as_matrix() for j in range(joints)])


def _undone(mean: Float[np.ndarray, "27 3 3"]) -> Float[np.ndarray, "27 3 3"]:
    """The inverse of what each joint is turned by in the T-pose, the heading left alone."""
    ahead = mean[0] @ np.array([0.0, -1.0, 0.0])
    heading = np.arctan2(ahead[0], -ahead[1])
    facing = about(_UP, np.array(heading))
    own = facing.T @ mean
    far = Rotation.from_matrix(own).magnitude() > np.radians(MOST_CORRECTION_DEG)
    own[far] = np.eye(3)
    return own.swapaxes(-1, -2)
