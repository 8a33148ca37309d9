"""Pixels as a published network knows them: those of the camera that it was trained with."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.geometry.camera import rays
from monomocap.types import Camera


@dataclass(frozen=True)
class OwnCamera:
    """The camera that a network's normalisation belongs to."""

    focal_px: tuple[float, float]
    center_px: tuple[float, float]
    width_px: float = 1000.0
    height_px: float = 1000.0
    first_pixel: float = 0.0
    """Where the middle of the first pixel lies: 0 or 0.5."""

    def pixels(
        self, camera: Camera, xy_px: Float[np.ndarray, "*batch 2"]
    ) -> Float[np.ndarray, "*batch 2"]:
        """Our camera's pixels as this camera would have taken them.

        * Our camera is known: its rays, distortion taken out, projected through this one. A
          normalisation by this camera's numbers then gives our rays back.
        * It is assumed, and the picture is as wide as this camera's: it is taken for this camera,
          and pixels stay as they are.
        * It is assumed, and the picture has another size: it cannot be this camera, but may have
          its lens. The picture's middle falls on the principal point, its longer side on the
          longer side.
        """
        center = np.array(self.center_px) + self.first_pixel
        if camera.source != "assumed":
            return rays(camera, xy_px) * self.focal_px + center
        if camera.width_px == self.width_px:
            return xy_px.astype(np.float64)
        scale = max(self.width_px, self.height_px) / max(camera.width_px, camera.height_px)
        own: Float[np.ndarray, "*batch 2"] = (xy_px - np.array(camera.center_px)) * scale + center
        return own


HUMAN36M = OwnCamera(
    focal_px=(1147.3, 1146.2), center_px=(514.0, 506.7), width_px=1000.0, height_px=1001.0
)
"""The mean of Human3.6M's four cameras, for checkpoints that come without numbers of their own."""


def rays_of(
    camera: OwnCamera, xy_px: Float[np.ndarray, "*batch 2"]
) -> Float[np.ndarray, "*batch 2"]:
    """(px - center) / focal."""
    center = np.array(camera.center_px) + camera.first_pixel
    ray: Float[np.ndarray, "*batch 2"] = (xy_px - center) / camera.focal_px
    return ray


def screen_of(
    camera: OwnCamera, xy_px: Float[np.ndarray, "*batch 2"]
) -> Float[np.ndarray, "*batch 2"]:
    """x from -1 to 1 across the width, y in the same unit from the middle (Pavllo et al., 2019)."""
    screen: Float[np.ndarray, "*batch 2"] = xy_px / camera.width_px * 2 - [
        1.0,
        camera.height_px / camera.width_px,
    ]
    return screen
