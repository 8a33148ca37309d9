"""The 3D stage: a pose over a floor grid, by our own perspective projection, from one place.

The stage's axes are the camera's (x right, y down, z away). A viewer walks around the pelvis:
azimuth 0 stands where the camera is, positive azimuths walk to the viewer's right; elevation lifts
the viewer above the horizon.
"""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float, UInt8

from monomocap.errors import OptionError
from monomocap.options import View
from monomocap.render.eye import Eye
from monomocap.render.figure import BACKGROUND, Pose, draw_people
from monomocap.render.floor import TILE_M, Floor, draw_grid
from monomocap.skeleton import Skeleton

FLOOR_M = 0.95
"""How far below the pelvis an adult's floor lies, when nobody says better."""
DISTANCE_M = 5.0
"""From the viewer to the pelvis: far enough for little perspective."""
HALF_VIEW_M = 1.15
"""What is seen to each side of the middle at that distance."""
TILES = 4
"""Tiles of the grid on each side of the middle."""


class Stage:
    """A picture of poses from one point of view."""

    def __init__(
        self,
        width_px: int,
        height_px: int,
        azimuth_deg: float = 30.0,
        elevation_deg: float = 10.0,
        *,
        floor_m: float = FLOOR_M,
        half_view_m: float = HALF_VIEW_M,
    ) -> None:
        """`floor_m` is the floor's distance below the pelvis."""
        if width_px < 1 or height_px < 1:
            raise OptionError(f"a stage needs a size in pixels, not {width_px} x {height_px}")
        self._floor_m = floor_m
        self._eye = Eye(
            View(azimuth_deg, elevation_deg),
            # The middle of the picture looks at half the floor's depth: the middle of a person.
            np.array([0.0, floor_m / 2 - 0.35, 0.0]),
            DISTANCE_M,
            min(width_px, height_px) / (2 * half_view_m) * DISTANCE_M,
            width_px,
            height_px,
        )
        self._empty = np.empty((height_px, width_px, 3), np.uint8)
        self._empty[:] = BACKGROUND
        reach = TILES * TILE_M
        draw_grid(self._empty, self._eye, Floor(floor_m, (-reach, -reach), (reach, reach)))

    def project(
        self, xyz_m: Float[np.ndarray, "*batch 3"]
    ) -> tuple[Float[np.ndarray, "*batch 2"], Float[np.ndarray, "*batch"]]:
        """Where points land, in pixels, and their distance from the viewer in metres.

        NaN for points that are missing or behind the viewer.
        """
        return self._eye.project(xyz_m)

    def draw(
        self, xyz_m: Float[np.ndarray, "joint 3"], skeleton: Skeleton
    ) -> UInt8[np.ndarray, "height width 3"]:
        """A pose, metres from the pelvis in camera axes; joints that are NaN are left out."""
        return self.draw_people([(xyz_m, skeleton)])

    def draw_people(self, people: Iterable[Pose]) -> UInt8[np.ndarray, "height width 3"]:
        """Several poses on one stage; none gives the empty stage."""
        out = self._empty.copy()
        draw_people(out, self._eye, list(people), self._floor_m)
        return out
