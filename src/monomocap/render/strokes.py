"""Round, smooth strokes and dots on a picture: all that overlay and stage are drawn with.

A picture is RGB, or RGBA with its colours multiplied by alpha already: drawing over a transparent
picture is then the same sum as drawing over an opaque one.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8

Colour = tuple[int, int, int]
Picture = UInt8[np.ndarray, "height width channel"]

LEFT: Colour = (255, 138, 36)
"""Orange: the person's own left."""
RIGHT: Colour = (40, 150, 255)
"""Blue: the person's own right."""
MIDDLE: Colour = (235, 235, 235)

COLOURS = {"left": LEFT, "right": RIGHT, "middle": MIDDLE}


@dataclass(frozen=True)
class Rim:
    """A rim around a stroke, which sets it off from what is behind it."""

    width_px: float
    colour: Colour
    opacity: float


def stroke(
    picture: Picture,
    a_px: Float[np.ndarray, "2"],
    b_px: Float[np.ndarray, "2"],
    radius_px: float,
    colour: Colour,
    opacity: float = 1.0,
    rim: Rim | None = None,
) -> None:
    """Draw a line with round ends into the picture; what lies outside is not drawn."""
    outer_px = radius_px + (rim.width_px if rim else 0.0)
    box = _box(picture, a_px, b_px, outer_px + 1)
    if box is None:
        return
    part = picture[box]
    rows, columns, away_px = _near(part, box, a_px, b_px, outer_px + 0.5)
    pixels = part[rows, columns].astype(np.float32)
    if rim:
        _cover(pixels, outer_px + 0.5 - away_px, rim.colour, rim.opacity)
    _cover(pixels, radius_px + 0.5 - away_px, colour, opacity)
    part[rows, columns] = (pixels + 0.5).astype(np.uint8)


def dot(
    picture: Picture,
    at_px: Float[np.ndarray, "2"],
    radius_px: float,
    colour: Colour,
    opacity: float = 1.0,
) -> None:
    """Draw a disc into the picture."""
    stroke(picture, at_px, at_px, radius_px, colour, opacity)


def mixed(one: Colour, other: Colour, share_other: float) -> Colour:
    """A colour between two."""
    r, g, b = (round(x + share_other * (y - x)) for x, y in zip(one, other, strict=True))
    return r, g, b


def paint(colour: Colour, channels: int) -> Float32[np.ndarray, " channel"]:
    """The colour as a picture of so many channels holds it; a fourth one is full alpha."""
    return np.array((*colour, 255)[:channels], np.float32)


def _cover(
    pixels: Float32[np.ndarray, "pixel channel"],
    cover: Float[np.ndarray, " pixel"],
    colour: Colour,
    opacity: float,
) -> None:
    share = (np.clip(cover, 0, 1) * np.float32(opacity))[:, None]
    pixels += share * (paint(colour, pixels.shape[1]) - pixels)


def _near(
    part: Picture,
    box: tuple[slice, slice],
    a_px: Float[np.ndarray, "2"],
    b_px: Float[np.ndarray, "2"],
    reach_px: float,
) -> tuple[Int[np.ndarray, " pixel"], Int[np.ndarray, " pixel"], Float32[np.ndarray, " pixel"]]:
    """Rows and columns of the part's pixels within reach of a line, and how far away they are."""
    (ax, ay), (bx, by) = a_px.tolist(), (b_px - a_px).tolist()
    x = np.arange(box[1].start - ax, box[1].start - ax + part.shape[1], dtype=np.float32)
    y = np.arange(box[0].start - ay, box[0].start - ay + part.shape[0], dtype=np.float32)[:, None]
    x, y = x[: part.shape[1]], y[: part.shape[0]]
    square = max(bx * bx + by * by, 1e-6)
    along = np.clip(x * np.float32(bx / square) + y * np.float32(by / square), 0, 1)
    dx, dy = x - along * np.float32(bx), y - along * np.float32(by)
    away = dx * dx + dy * dy
    rows, columns = np.divmod(np.flatnonzero(away < reach_px**2), part.shape[1])
    return rows, columns, np.sqrt(away[rows, columns])


def _box(
    picture: Picture, a_px: Float[np.ndarray, "2"], b_px: Float[np.ndarray, "2"], margin: float
) -> tuple[slice, slice] | None:
    """Rows and columns of the pixels that may be touched; None when none can."""
    (ax, ay), (bx, by) = a_px.tolist(), b_px.tolist()
    if not (math.isfinite(ax + ay) and math.isfinite(bx + by)):
        return None
    height, width = picture.shape[:2]
    left, right = _span(min(ax, bx) - margin, max(ax, bx) + margin, width)
    top, bottom = _span(min(ay, by) - margin, max(ay, by) + margin, height)
    return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None


def _span(low: float, high: float, size: int) -> tuple[int, int]:
    return math.floor(min(max(low, 0), size)), math.ceil(min(max(high, -1), size - 1)) + 1
