"""From poses to an avatar that stands, does not jump, and turns its joints as a body can.

A `Puppet` takes poses one by one, as they come from a camera or out of a file, and answers each
with rotations for the rig. Rotations are fitted to the last moments together (`rig_fit.fit` keeps
bones constant and joints within their limits), straightened by the calibration, and filtered with a
One-Euro filter on angles; the feet then say where the pelvis is.
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from monomocap.apps.drive.calibration import Calibration, Calibrator
from monomocap.apps.drive.stand import Stand
from monomocap.apps.drive.turns import SteadyTurns
from monomocap.geometry.rig import RIG, Rest, Rigged, to_matrices, to_quaternions
from monomocap.geometry.rig_fit import fit, has_pose
from monomocap.options import Smooth
from monomocap.skeleton import H36M17
from monomocap.types import Motion3D

CalibrationName = Literal["auto", "tpose"]
Travel = Literal["feet", "given", "none"]
"""Who says where the pelvis is: the feet that stand, the motion itself, or nobody (on the spot)."""
WINDOW_S = 0.5
"""Rotations are fitted to this much of the past together."""
LONG_GAP_S = 1.0
"""After a longer time without a pose everything but the calibration begins anew."""


@dataclass(frozen=True)
class AvatarPose:
    """One moment of an avatar, in the rig's world: metres, right-handed, Z up, rest faces -y."""

    time_s: float
    root_m: Float[np.ndarray, "3"]
    """The pelvis, over a floor at z = 0."""
    local_xyzw: Float[np.ndarray, "27 4"]
    """Each joint's turn against its parent's, as in `Rigged`."""
    rest: Rest
    """The body that moves; it stays the same once the puppet is calibrated."""


class Puppet:
    """Answers every pose of one person with an avatar's."""

    def __init__(
        self,
        *,
        calibration: CalibrationName | Calibration = "auto",
        mirror: bool = False,
        travel: Travel = "feet",
        smooth: Smooth = "light",
    ) -> None:
        self._calibrator = Calibrator(calibration)
        self._mirror, self._travel = mirror, travel
        self._past: deque[tuple[float, np.ndarray]] = deque()
        self._turns = SteadyTurns(smooth)
        self._stand = Stand(in_place=travel == "none")

    @property
    def calibration(self) -> Calibration | None:
        """None until the body was seen well enough (or its T-pose was)."""
        return self._calibrator.found

    def __call__(self, time_s: float, xyz_m: Float[np.ndarray, "17 3"]) -> AvatarPose | None:
        """The avatar's pose; None while there is no calibration, or no pose to follow.

        `xyz_m` are H36M's joints in the world's axes (Z up); times increase.
        """
        if self._past and time_s - self._past[-1][0] > LONG_GAP_S:
            self._forget()
        self._past.append((time_s, self._as_asked(xyz_m)))
        while self._past[0][0] < time_s - WINDOW_S:
            self._past.popleft()
        rigged = self._fitted()
        return None if rigged is None else self.follow(rigged, len(rigged.time_s) - 1)

    def follow(self, rigged: Rigged, row: int) -> AvatarPose | None:
        """The same for a row of rotations that were fitted before; rows come in order."""
        if not rigged.seen[row]:
            return None
        calibration = self._calibrator(rigged, row)
        if calibration is None:
            return None
        time_s = float(rigged.time_s[row])
        world = calibration.corrected(rigged.global_matrices[row])
        local = self._turns(_local(world), time_s)
        if self._travel == "given":
            root_m = calibration.upright @ rigged.root_m[row]
        else:
            root_m = self._stand(local, calibration.rest)
        return AvatarPose(time_s, root_m, local, calibration.rest)

    def _fitted(self) -> Rigged | None:
        xyz_m = np.stack([pose for _, pose in self._past])
        time_s = np.array([at for at, _ in self._past])
        sure = np.isfinite(xyz_m).all(axis=-1).astype(np.float64)
        motion = Motion3D(0, time_s, xyz_m, sure, H36M17, "world")
        return fit(motion) if has_pose(motion) else None

    def _as_asked(self, xyz_m: Float[np.ndarray, "17 3"]) -> Float[np.ndarray, "17 3"]:
        own = xyz_m if self._travel == "given" else xyz_m - xyz_m[:1]
        return mirrored(own) if self._mirror else own

    def _forget(self) -> None:
        self._past.clear()
        self._turns.forget()


def mirrored(xyz_m: Float[np.ndarray, "*batch 17 3"]) -> Float[np.ndarray, "*batch 17 3"]:
    """What a mirror shows of a body in the world."""
    return xyz_m[..., list(H36M17.mirror), :] * np.array([-1.0, 1.0, 1.0])


def _local(world: Float[np.ndarray, "27 3 3"]) -> Float[np.ndarray, "27 4"]:
    local = world.copy()
    for parent, child in RIG.bones:
        local[child] = world[parent].T @ world[child]
    return to_quaternions(local[None])[0]


def global_matrices(local_xyzw: Float[np.ndarray, "27 4"]) -> Float[np.ndarray, "27 3 3"]:
    """Each joint's turn against its rest pose, in the world."""
    out = to_matrices(local_xyzw)
    for parent, child in RIG.bones:
        out[child] = out[parent] @ out[child]
    return out


def joints_m(pose: AvatarPose) -> Float[np.ndarray, "27 3"]:
    """Where an avatar's joints are, metres."""
    turned = global_matrices(pose.local_xyzw)
    out = np.empty((len(RIG), 3))
    out[0] = pose.root_m
    for parent, child in RIG.bones:
        out[child] = out[parent] + turned[parent] @ pose.rest.offsets_m[child]
    return out
