"""The 3D stage: a pose over a floor grid, by our own perspective projection.

The stage's axes are the camera's (x right, y down, z away). A viewer walks around the pelvis:
azimuth 0 stands where the camera is, positive azimuths walk to the viewer's right; elevation lifts
the viewer above the horizon.
"""

import math
from collections.abc import Iterable

import numpy as np
from jaxtyping import Float, UInt8
from scipy.ndimage import gaussian_filter

from monomocap.errors import OptionError
from monomocap.render.overlay import bone_side
from monomocap.render.strokes import COLOURS, Colour, dot, mixed, stroke
from monomocap.skeleton import Skeleton

BACKGROUND: Colour = (24, 27, 33)
GRID: Colour = (66, 73, 86)
SHADOW: Colour = (10, 11, 14)

FLOOR_M = 0.95
"""How far below the pelvis an adult's floor lies, when nobody says better."""
DISTANCE_M = 5.0
"""From the viewer to the pelvis: far enough for little perspective."""
HALF_VIEW_M = 1.15
"""What is seen to each side of the middle at that distance."""
TILE_M = 0.5
TILES = 4
"""Tiles of the grid on each side of the middle."""
BONE_M = 0.022
"""Half the width of a drawn bone."""


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
        self._view_from_stage = _turn(azimuth_deg, elevation_deg)
        self._floor_m = floor_m
        self._focal_px = min(width_px, height_px) / (2 * half_view_m) * DISTANCE_M
        self._center_px = np.array([(width_px - 1) / 2, (height_px - 1) / 2])
        self._empty = np.empty((height_px, width_px, 3), np.uint8)
        self._empty[:] = BACKGROUND
        self._draw_floor()

    def project(
        self, xyz_m: Float[np.ndarray, "*batch 3"]
    ) -> tuple[Float[np.ndarray, "*batch 2"], Float[np.ndarray, "*batch"]]:
        """Where points land, in pixels, and their distance from the viewer in metres.

        NaN for points that are missing or behind the viewer.
        """
        # The middle of the picture looks at half the floor's depth: the middle of a person.
        middle = np.array([0.0, self._floor_m / 2 - 0.35, 0.0])
        seen = (xyz_m.astype(np.float64) - middle) @ self._view_from_stage.T
        depth = seen[..., 2] + DISTANCE_M
        depth = np.where(depth > 0.1, depth, np.nan)
        return seen[..., :2] * (self._focal_px / depth[..., None]) + self._center_px, depth

    def draw(
        self, xyz_m: Float[np.ndarray, "joint 3"], skeleton: Skeleton
    ) -> UInt8[np.ndarray, "height width 3"]:
        """A pose, metres from the pelvis in camera axes; joints that are NaN are left out."""
        return self.draw_people([(xyz_m, skeleton)])

    def draw_people(
        self, people: Iterable[tuple[Float[np.ndarray, "joint 3"], Skeleton]]
    ) -> UInt8[np.ndarray, "height width 3"]:
        """Several poses on one stage; none gives the empty stage."""
        out = self._empty.copy()
        people = [(xyz_m.astype(np.float64), skeleton) for xyz_m, skeleton in people]
        for xyz_m, skeleton in people:
            self._draw_shadow(out, xyz_m, skeleton)
        for xyz_m, skeleton in people:
            self._draw_pose(out, xyz_m, skeleton)
        return out

    def _draw_pose(
        self, out: np.ndarray, xyz_m: Float[np.ndarray, "joint 3"], skeleton: Skeleton
    ) -> None:
        """Far bones first, so that near ones cover them."""
        xy_px, depth_m = self.project(xyz_m)
        bones = [(p, c) for p, c in skeleton.bones if np.isfinite(depth_m[[p, c]]).all()]
        for parent, child in sorted(bones, key=lambda bone: -float(depth_m[list(bone)].mean())):
            away_m = float(depth_m[[parent, child]].mean())
            radius_px = max(1.0, BONE_M * self._focal_px / away_m)
            colour = _faded(COLOURS[bone_side(skeleton, parent, child)], away_m)
            stroke(out, xy_px[parent], xy_px[child], radius_px + 1.5, BACKGROUND, 0.8)
            stroke(out, xy_px[parent], xy_px[child], radius_px, colour)
            dot(out, xy_px[child], 1.3 * radius_px, mixed(colour, (255, 255, 255), 0.35))

    def _draw_shadow(
        self, out: np.ndarray, xyz_m: Float[np.ndarray, "joint 3"], skeleton: Skeleton
    ) -> None:
        """Straight below, on the floor: shows where in depth a limb is."""
        ground = xyz_m.copy()
        ground[:, 1] = np.where(np.isfinite(xyz_m[:, 1]), self._floor_m, np.nan)
        xy_px, _ = self.project(ground)
        bones = [(p, c) for p, c in skeleton.bones if np.isfinite(xy_px[[p, c]]).all()]
        if not bones:
            return
        radius_px = 1.6 * BONE_M * self._focal_px / DISTANCE_M
        ends = xy_px[np.array(bones).ravel()]
        low = np.clip(ends.min(axis=0) - 3 * radius_px - 2, 0, out.shape[1::-1]).astype(int)
        high = np.clip(ends.max(axis=0) + 3 * radius_px + 3, 0, out.shape[1::-1]).astype(int)
        part = out[low[1] : high[1], low[0] : high[0]]
        if part.size:
            dark = np.zeros_like(part)
            for parent, child in bones:
                stroke(dark, xy_px[parent] - low, xy_px[child] - low, radius_px, (255, 255, 255))
            _darken(part, dark[..., 0], radius_px)

    def _draw_floor(self) -> None:
        reach = TILES * TILE_M
        for step in range(-TILES, TILES + 1):
            at = step * TILE_M
            for ends in ([(at, -reach), (at, reach)], [(-reach, at), (reach, at)]):
                points = np.array([(x, self._floor_m, z) for x, z in ends])
                xy_px, _ = self.project(points)
                stroke(self._empty, xy_px[0], xy_px[1], 0.6, GRID)


def _darken(
    part: UInt8[np.ndarray, "height width 3"],
    dark: UInt8[np.ndarray, "height width"],
    radius_px: float,
) -> None:
    """Lay a blurred shadow over a part of the picture."""
    share = 0.6 / 255 * gaussian_filter(dark.astype(np.float32), 0.5 * radius_px)[..., None]
    part[:] = (part + share * (np.array(SHADOW, np.float32) - part) + 0.5).astype(np.uint8)


def _turn(azimuth_deg: float, elevation_deg: float) -> Float[np.ndarray, "3 3"]:
    """view <- stage: about the vertical, then about the picture's horizontal."""
    a, e = math.radians(azimuth_deg), math.radians(elevation_deg)
    about_y = np.array(
        [[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]], np.float64
    )
    about_x = np.array(
        [[1, 0, 0], [0, math.cos(e), -math.sin(e)], [0, math.sin(e), math.cos(e)]], np.float64
    )
    turn: Float[np.ndarray, "3 3"] = about_x @ about_y
    return turn


def _faded(colour: Colour, away_m: float) -> Colour:
    """Further away is darker: a hint of depth."""
    return mixed(colour, BACKGROUND, float(np.clip(0.3 + 0.45 * (away_m - DISTANCE_M), 0.0, 0.6)))
