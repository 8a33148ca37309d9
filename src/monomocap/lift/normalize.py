"""What a network sees: the person looked at straight, one size, no focal length.

Each frame is turned into a virtual camera that looks at the middle of the trunk, so that a person
at the picture's edge looks as one in its middle does; a whole window is divided by the person's
apparent size, so that neither distance nor a wrong guess of the focal length changes much. The
network answers in the virtual cameras' axes and is turned back.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.geometry.camera import look_at, turn_rays
from monomocap.skeleton import H36M17

CENTER = H36M17.index("spine")
FARTHEST = 8.0
"""Inputs are cut off at this many apparent body sizes: a wild detection, not a limb."""


@dataclass(frozen=True)
class View:
    """One or more windows as a network sees them."""

    x: Float[np.ndarray, "*batch 3 time joint"]
    """x, y in apparent body sizes from the middle of the trunk, and the joint's score; a missing
    joint is 0, 0, 0."""
    rotation: Float[np.ndarray, "*batch time 3 3"]
    """virtual <- real camera, per frame."""


def person_view(
    ray: Float[np.ndarray, "*batch time 17 2"], score: Float[np.ndarray, "*batch time 17"]
) -> View:
    """Turn windows of rays (H36M-17, gaps filled in time) into what a network sees.

    Joints that are NaN count as missing, whatever their score. Where the trunk is missing, the
    camera looks at the middle of what is there.
    """
    center = np.where(np.isnan(ray[..., CENTER, :]), _middle(ray), ray[..., CENTER, :])
    rotation = look_at(center)
    turned = turn_rays(rotation, ray)
    seen = np.isfinite(turned).all(axis=-1) & (score > 0)
    turned = np.where(seen[..., None], turned, 0.0)
    size = np.sqrt((turned**2).sum(axis=(-1, -2, -3)) / np.maximum(seen.sum(axis=(-1, -2)), 1))
    turned = (turned / np.maximum(size, 1e-6)[..., None, None, None]).clip(-FARTHEST, FARTHEST)
    planes = np.concatenate([turned, np.where(seen, score, 0.0)[..., None]], axis=-1)
    return View(np.moveaxis(planes, -1, -3).astype(np.float32), rotation)


def _middle(ray: Float[np.ndarray, "*batch 17 2"]) -> Float[np.ndarray, "*batch 2"]:
    """Mean of the joints that are there; 0 where none is."""
    known = np.isfinite(ray).all(axis=-1, keepdims=True)
    return np.where(known, ray, 0.0).sum(axis=-2) / np.maximum(known.sum(axis=-2), 1)


def to_camera(
    view: View, xyz_virtual: Float[np.ndarray, "*batch 3 time joint"]
) -> Float[np.ndarray, "*batch time joint 3"]:
    """A network's answer turned from the virtual cameras' axes to the real camera's."""
    turned: Float[np.ndarray, "*batch time joint 3"] = (
        np.moveaxis(xyz_virtual, -3, -1) @ view.rotation
    )
    return turned


def to_virtual(
    view: View, xyz_camera: Float[np.ndarray, "*batch time joint 3"]
) -> Float[np.ndarray, "*batch 3 time joint"]:
    """The inverse of `to_camera`: what the network should have answered."""
    turned = xyz_camera @ view.rotation.swapaxes(-1, -2)
    channels: Float[np.ndarray, "*batch 3 time joint"] = np.moveaxis(turned, -1, -3)
    return channels
