"""The lifter without weights: every depth is 0. For tests, and for timing everything else."""

import numpy as np
from jaxtyping import Float

from monomocap.geometry.camera import rays
from monomocap.lift.pieces import empty_motion, pieces
from monomocap.skeleton import H36M17, convert, convert_score
from monomocap.types import Camera, Motion3D, Track2D

TORSO_M = 0.50
"""From the middle of the hips to the middle of the shoulders in an adult 1.7 m tall (0.29 of the
height; Winter, Biomechanics and Motor Control of Human Movement, segment lengths)."""

_PELVIS, _THORAX = H36M17.index("pelvis"), H36M17.index("thorax")


class Flat:
    """The picture itself, scaled to metres: one distance for the whole track, no depth."""

    name = "flat"
    skeleton = H36M17
    device = "cpu"

    def __init__(self) -> None:
        self.weights: dict[str, str] = {}

    def __call__(self, track: Track2D, camera: Camera) -> Motion3D:
        """Metres from the pelvis in a plane parallel to the picture."""
        xyz_m, confidence = empty_motion(track)
        for piece in pieces(len(track.time_s)):
            ray = rays(camera, track.xy_px[piece])
            xyz_m[piece] = _on_plane(convert(ray, track.skeleton, H36M17))
            confidence[piece] = convert_score(track.score[piece], track.skeleton, H36M17)
        xyz_m *= _distance_m(xyz_m)
        confidence[~np.isfinite(xyz_m).all(axis=-1)] = 0.0
        return Motion3D(track.person, track.time_s, xyz_m, confidence, H36M17, "root", self.name)


def _on_plane(ray: Float[np.ndarray, "time 17 2"]) -> Float[np.ndarray, "time 17 3"]:
    """Positions from the pelvis on the plane one metre away."""
    xy = ray - ray[:, [_PELVIS]]
    return np.concatenate([xy, 0 * xy[..., :1]], axis=-1)


def _distance_m(xyz: Float[np.ndarray, "time 17 3"]) -> np.float32:
    """How far away the person must be for their torso to have an adult's size."""
    torso = np.linalg.norm(xyz[:, _THORAX], axis=-1)
    torso = torso[np.isfinite(torso)]
    return np.float32(TORSO_M / max(float(np.median(torso)), 1e-6) if len(torso) else 1.0)
