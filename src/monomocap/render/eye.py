"""Where a picture of the stage is taken from, and where things land in it.

The stage's axes are x right, y down, z away, as somebody sees them who stands at azimuth 0:
positive azimuths walk to that viewer's right, elevation lifts the viewer above the horizon.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.options import View

NEAREST_M = 0.1
"""What is nearer to the eye than this is not in the picture."""


@dataclass(frozen=True)
class Eye:
    """A viewer who looks at a point from a distance, and the picture's size."""

    view: View
    target_m: Float[np.ndarray, "3"]
    """In the middle of the picture; stage axes."""
    distance_m: float
    focal_px: float
    width_px: int
    height_px: int

    @property
    def view_from_stage(self) -> Float[np.ndarray, "3 3"]:
        """The turn from the stage's axes to the viewer's (x right, y down, z away)."""
        return turn(self.view)

    @property
    def center_px(self) -> Float[np.ndarray, "2"]:
        """The middle of the picture."""
        return np.array([(self.width_px - 1) / 2, (self.height_px - 1) / 2])

    def seen(self, xyz_m: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
        """Points in metres from the eye, the viewer's axes."""
        turned = (xyz_m.astype(np.float64) - self.target_m) @ self.view_from_stage.T
        return turned + np.array([0.0, 0.0, self.distance_m])

    def project(
        self, xyz_m: Float[np.ndarray, "*batch 3"]
    ) -> tuple[Float[np.ndarray, "*batch 2"], Float[np.ndarray, "*batch"]]:
        """Where points land, in pixels, and their distance from the viewer in metres.

        NaN for points that are missing or behind the viewer.
        """
        seen = self.seen(xyz_m)
        depth = np.where(seen[..., 2] > NEAREST_M, seen[..., 2], np.nan)
        return seen[..., :2] * (self.focal_px / depth[..., None]) + self.center_px, depth


def turn(view: View) -> Float[np.ndarray, "3 3"]:
    """view <- stage: about the vertical, then about the picture's horizontal."""
    a, e = math.radians(view.azimuth_deg), math.radians(view.elevation_deg)
    about_y = np.array(
        [[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]], np.float64
    )
    about_x = np.array(
        [[1, 0, 0], [0, math.cos(e), -math.sin(e)], [0, math.sin(e), math.cos(e)]], np.float64
    )
    turned: Float[np.ndarray, "3 3"] = about_x @ about_y
    return turned
