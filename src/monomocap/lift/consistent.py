"""A lifter whose answer is brought into agreement with its 2D and with bones of constant length."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from monomocap.geometry.camera import rays
from monomocap.geometry.consistent import consistent, stretches
from monomocap.geometry.trunk import trunk_from_limbs
from monomocap.lift.lifter import NetworkLifter
from monomocap.lift.protocol import Lifter
from monomocap.skeleton import H36M17, convert, convert_score
from monomocap.types import Camera, Motion3D, Track2D


class Consistent:
    """A network's lifter, and after it `geometry.consistent` over the whole track."""

    skeleton = H36M17

    def __init__(self, network: NetworkLifter) -> None:
        self.network = network
        self.name = network.name
        self.window = network.window
        self.fps = network.fps
        self.weights = network.weights

    @property
    def device(self) -> str:
        """What the network computes on."""
        return self.network.device

    def __call__(self, track: Track2D, camera: Camera) -> Motion3D:
        """Metres from the pelvis, in the camera's axes, one pose per frame; gaps stay gaps."""
        motion = self.network(track, camera)
        xyz_m = motion.xyz_m.copy()
        known = np.flatnonzero(np.isfinite(motion.xyz_m).all(axis=(1, 2)))
        for inner, around in stretches(len(known)):
            frames = known[around]
            poses = consistent(motion.xyz_m[frames], *_seen(track, camera, frames))
            xyz_m[known[inner]] = poses[inner.start - around.start : inner.stop - around.start]
        return replace(motion, xyz_m=xyz_m)


def _seen(
    track: Track2D, camera: Camera, frames: Int[np.ndarray, " some"]
) -> tuple[
    Float[np.ndarray, "some 17 2"], Float[np.ndarray, "some 17"], Float[np.ndarray, " some"]
]:
    """Rays, scores and times of these frames, the trunk made of the limbs."""
    ray = convert(rays(camera, track.xy_px[frames]), track.skeleton, H36M17)
    score = convert_score(track.score[frames], track.skeleton, H36M17)
    return trunk_from_limbs(ray), np.nan_to_num(score).clip(0, 1), track.time_s[frames]


def at_once(lifter: Lifter) -> Lifter:
    """The lifter for answers that cannot wait: without what needs the track as a whole."""
    return lifter.network if isinstance(lifter, Consistent) else lifter
