"""Round, smooth strokes and dots on a picture: all that overlay and stage are drawn with."""

import numpy as np
from jaxtyping import Float, UInt8

Colour = tuple[int, int, int]
Picture = UInt8[np.ndarray, "height width 3"]

LEFT: Colour = (255, 138, 36)
"""Orange: the person's own left."""
RIGHT: Colour = (40, 150, 255)
"""Blue: the person's own right."""
MIDDLE: Colour = (235, 235, 235)

COLOURS = {"left": LEFT, "right": RIGHT, "middle": MIDDLE}


def stroke(
    rgb: Picture,
    a_px: Float[np.ndarray, "2"],
    b_px: Float[np.ndarray, "2"],
    radius_px: float,
    colour: Colour,
    opacity: float = 1.0,
) -> None:
    """Draw a line with round ends into the picture; what lies outside is not drawn."""
    if not (np.isfinite(a_px).all() and np.isfinite(b_px).all()):
        return
    box = _box(rgb, a_px, b_px, radius_px + 1)
    if box is None:
        return
    left, top, right, bottom = box
    x = np.arange(left, right, dtype=np.float32)
    y = np.arange(top, bottom, dtype=np.float32)[:, None]
    ax, ay = (np.float32(v) for v in a_px)
    bx, by = (np.float32(v) for v in b_px - a_px)
    along = ((x - ax) * bx + (y - ay) * by) / max(bx * bx + by * by, np.float32(1e-6))
    along = np.clip(along, 0, 1)
    dx, dy = x - ax - along * bx, y - ay - along * by
    away = np.sqrt(dx * dx + dy * dy)
    cover = np.clip(radius_px + 0.5 - away, 0, 1)[..., None] * np.float32(opacity)
    part = rgb[top:bottom, left:right]
    mixed = part + cover * (np.array(colour, np.float32) - part)
    rgb[top:bottom, left:right] = (mixed + 0.5).astype(np.uint8)


def dot(
    rgb: Picture,
    at_px: Float[np.ndarray, "2"],
    radius_px: float,
    colour: Colour,
    opacity: float = 1.0,
) -> None:
    """Draw a disc into the picture."""
    stroke(rgb, at_px, at_px, radius_px, colour, opacity)


def mixed(one: Colour, other: Colour, share_other: float) -> Colour:
    """A colour between two."""
    r, g, b = (round(x + share_other * (y - x)) for x, y in zip(one, other, strict=True))
    return r, g, b


def _box(
    rgb: Picture, a_px: Float[np.ndarray, "2"], b_px: Float[np.ndarray, "2"], margin: float
) -> tuple[int, int, int, int] | None:
    """left, top, right, bottom of the pixels that may be touched; None when none can."""
    height, width = rgb.shape[:2]
    low, high = np.minimum(a_px, b_px) - margin, np.maximum(a_px, b_px) + margin
    low = np.clip(np.floor(low), 0, [width, height]).astype(int)
    high = np.clip(np.ceil(high) + 1, 0, [width, height]).astype(int)
    if (low >= high).any():
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
