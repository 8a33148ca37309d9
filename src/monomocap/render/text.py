"""Words on a picture, in the typeface that Pillow carries."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float32, UInt8

from monomocap.render.strokes import Colour

PAD = 0.3
"""Around a label's words, as a share of their size."""


def write_label(
    rgb: UInt8[np.ndarray, "height width 3"],
    words: str,
    at_px: tuple[float, float],
    size_px: int,
    colour: Colour = (255, 255, 255),
    ground: Colour | None = (24, 27, 33),
) -> tuple[int, int]:
    """Draw words into the picture, their upper left corner at `at_px`; returns their size.

    On a plate of the colour `ground`, or on the picture itself where that is None. What does not
    fit is moved inside where it can be, and cut off where it cannot.
    """
    cover = _cover(words, max(6, size_px))
    pad = round(PAD * size_px) if ground is not None else 0
    height, width = cover.shape[0] + 2 * pad, cover.shape[1] + 2 * pad
    left = int(np.clip(round(at_px[0]), 0, max(0, rgb.shape[1] - width)))
    top = int(np.clip(round(at_px[1]), 0, max(0, rgb.shape[0] - height)))
    plate = rgb[top : top + height, left : left + width]
    if ground is not None:
        plate[:] = (0.25 * plate + 0.75 * np.array(ground)).astype(np.uint8)
    inner = plate[pad : pad + cover.shape[0], pad : pad + cover.shape[1]]
    share = cover[: inner.shape[0], : inner.shape[1], None]
    inner[:] = (inner + share * (np.array(colour, np.float32) - inner) + 0.5).astype(np.uint8)
    return width, height


@lru_cache(maxsize=256)
def _cover(words: str, size_px: int) -> Float32[np.ndarray, "height width"]:
    """How much of each pixel the words cover, 0 to 1."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(size_px)
    left, _, right, _ = font.getbbox(words or " ")
    image = Image.new("L", (max(1, int(right - left) + 1), round(1.25 * size_px)), 0)
    ImageDraw.Draw(image).text((-left, 0), words, fill=255, font=font)
    cover = np.asarray(image, np.float32) / 255
    cover.flags.writeable = False
    return cover
