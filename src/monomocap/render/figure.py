"""People on the stage: bones, and the shadow that shows where in depth a limb is."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from scipy.ndimage import gaussian_filter, zoom

from monomocap.render.eye import Eye
from monomocap.render.overlay import bone_side
from monomocap.render.strokes import COLOURS, Colour, Picture, Rim, dot, mixed, paint, stroke
from monomocap.skeleton import Skeleton

Pose = tuple[Float[np.ndarray, "joint 3"], Skeleton]
"""Metres in the stage's axes; joints that are NaN are left out."""

BACKGROUND: Colour = (24, 27, 33)
SHADOW: Colour = (10, 11, 14)
SHADOW_DARK = 0.6
BONE_M = 0.022
"""Half the width of a drawn bone."""
_RIM = Rim(1.5, BACKGROUND, 0.8)
_COARSE = 2
"""A shadow is blurred anyway: it is drawn at this fraction of the picture's size."""


def draw_people(picture: Picture, eye: Eye, people: list[Pose], floor_m: float | None) -> None:
    """Everybody's shadow on a floor at that height (y down; None for none), then everybody."""
    if floor_m is not None:
        for xyz_m, skeleton in people:
            _draw_shadow(picture, eye, xyz_m, skeleton, floor_m)
    bones = [bone for xyz_m, skeleton in people for bone in _bones(eye, xyz_m, skeleton)]
    for bone in sorted(bones, key=lambda bone: -bone.away_m):
        _draw_bone(picture, eye, bone)


@dataclass(frozen=True)
class _Bone:
    """A bone in the picture; its child's end carries the dot."""

    parent_px: Float[np.ndarray, "2"]
    child_px: Float[np.ndarray, "2"]
    away_m: float
    colour: Colour


def _bones(eye: Eye, xyz_m: Float[np.ndarray, "joint 3"], skeleton: Skeleton) -> Iterator[_Bone]:
    """The bones that have both ends before the eye."""
    xy_px, depth_m = eye.project(xyz_m)
    for parent, child in skeleton.bones:
        away_m = float(depth_m[parent] + depth_m[child]) / 2
        if math.isfinite(away_m):
            colour = COLOURS[bone_side(skeleton, parent, child)]
            yield _Bone(xy_px[parent], xy_px[child], away_m, colour)


def _draw_bone(picture: Picture, eye: Eye, bone: _Bone) -> None:
    """Far bones come first, so that near ones cover them."""
    radius_px = max(1.0, BONE_M * eye.focal_px / bone.away_m)
    colour = _faded(bone.colour, bone.away_m - eye.distance_m)
    stroke(picture, bone.parent_px, bone.child_px, radius_px, colour, rim=_RIM)
    dot(picture, bone.child_px, 1.3 * radius_px, mixed(colour, (255, 255, 255), 0.35))


def _draw_shadow(
    picture: Picture,
    eye: Eye,
    xyz_m: Float[np.ndarray, "joint 3"],
    skeleton: Skeleton,
    floor_m: float,
) -> None:
    """Straight below, on the floor."""
    ground = xyz_m.copy()
    ground[:, 1] = np.where(np.isfinite(xyz_m[:, 1]), floor_m, np.nan)
    xy_px, depth_m = eye.project(ground)
    bones = [(p, c) for p, c in skeleton.bones if math.isfinite(depth_m[p] + depth_m[c])]
    if not bones:
        return
    radius_px = 1.6 * BONE_M * eye.focal_px / float(np.nanmean(depth_m))
    ends = xy_px[np.array(bones).ravel()]
    size = picture.shape[1::-1]
    low = np.clip(ends.min(axis=0) - 3 * radius_px - 2, 0, size).astype(int)
    high = np.clip(ends.max(axis=0) + 3 * radius_px + 3, 0, size).astype(int)
    part = picture[low[1] : high[1], low[0] : high[0]]
    if part.size:
        coarse = np.zeros((-(-part.shape[0] // _COARSE), -(-part.shape[1] // _COARSE), 1), np.uint8)
        at = (xy_px - low - (_COARSE - 1) / 2) / _COARSE
        for parent, child in bones:
            stroke(coarse, at[parent], at[child], radius_px / _COARSE, (255, 255, 255))
        _darken(part, _blurred(coarse[..., 0], radius_px))


def _blurred(coarse: np.ndarray, radius_px: float) -> Float32[np.ndarray, "height width"]:
    """The shadow's share of each pixel, 0 to 1, at the picture's own size or a pixel more."""
    soft = gaussian_filter(coarse.astype(np.float32), 0.5 * radius_px / _COARSE)
    fine: Float32[np.ndarray, "height width"] = zoom(
        soft / 255, _COARSE, order=1, grid_mode=True, mode="nearest"
    )
    return fine


def _darken(part: Picture, share: Float32[np.ndarray, "rows columns"]) -> None:
    """Lay a shadow over a part of the picture."""
    dark = SHADOW_DARK * share[: part.shape[0], : part.shape[1], None]
    part[:] = (part + dark * (paint(SHADOW, part.shape[2]) - part) + 0.5).astype(np.uint8)


def _faded(colour: Colour, behind_m: float) -> Colour:
    """Further away than what is looked at is darker: a hint of depth."""
    return mixed(colour, BACKGROUND, min(max(0.3 + 0.45 * behind_m, 0.0), 0.6))
