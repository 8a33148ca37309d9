"""The 2D skeleton on the video's picture."""

import numpy as np
from jaxtyping import Float, UInt8

from monomocap.render.strokes import COLOURS, dot, stroke
from monomocap.skeleton import Skeleton

MIN_SCORE = 0.3
"""Joints that the detector is less sure of are not drawn: they are mostly out of sight."""


def draw_skeleton(
    rgb: UInt8[np.ndarray, "height width 3"],
    xy_px: Float[np.ndarray, "joint 2"],
    score: Float[np.ndarray, " joint"],
    skeleton: Skeleton,
    opacity: float = 0.9,
) -> UInt8[np.ndarray, "height width 3"]:
    """A copy of the picture with a person's bones and joints: left orange, right blue."""
    out = rgb.copy()
    radius_px = stroke_radius_px(rgb.shape[0], rgb.shape[1])
    shown = np.isfinite(xy_px).all(axis=-1) & (score >= MIN_SCORE)
    xy = xy_px.astype(np.float64)
    for parent, child in skeleton.bones:
        if shown[parent] and shown[child]:
            colour = COLOURS[bone_side(skeleton, parent, child)]
            stroke(out, xy[parent], xy[child], radius_px, colour, opacity)
    for joint in np.flatnonzero(shown):
        dot(out, xy[joint], 1.35 * radius_px, (20, 20, 20), opacity)
        dot(out, xy[joint], 0.85 * radius_px, COLOURS[skeleton.side(int(joint))], opacity)
    return out


def bone_side(skeleton: Skeleton, parent: int, child: int) -> str:
    """A bone is on the side of its outer end; one that crosses the body is in the middle."""
    sides = {skeleton.side(parent), skeleton.side(child)} - {"middle"}
    return sides.pop() if len(sides) == 1 else "middle"


def stroke_radius_px(height_px: int, width_px: int) -> float:
    """Half the width of a bone, by the size of the picture."""
    return max(1.2, min(height_px, width_px) / 220)
