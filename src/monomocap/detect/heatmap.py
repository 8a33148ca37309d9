"""From a person's box to a heatmap network's input, and from its heatmaps back to the picture.

Pixel (0, 0) is the middle of the first pixel. The functions named `*_as_published` repeat what the
model card's own pipeline does, roundings included; nothing but comparisons should call them.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, UInt8

CELL_PX = 4
"""A heatmap has one cell for 4x4 pixels of the network's input."""
MARGIN = 0.05
"""How much a box grows on each side, as a share of its width or height."""
WINDOW_SIZE = 1.25
"""How much larger than the box HRNet's COCO networks look (Xiao et al., 2018)."""
IMAGENET_MEAN_RGB = np.array([0.485, 0.456, 0.406], dtype=np.float32)
IMAGENET_STD_RGB = np.array([0.229, 0.224, 0.225], dtype=np.float32)


@dataclass(frozen=True)
class Letterbox:
    """Where a piece of a picture lies in a network's input: scaled, centred, black around it.

    All in whole pixels, x before y.
    """

    corner_px: tuple[int, int]
    """The piece's upper left pixel in the picture."""
    piece_px: tuple[int, int]
    """The piece's size in the picture."""
    fitted_px: tuple[int, int]
    """Its size in the network's input."""
    offset_px: tuple[int, int]
    """Its upper left pixel in the network's input."""

    def to_picture(self, xy_input: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
        """Points of the network's input, in the picture."""
        scale = np.divide(self.piece_px, self.fitted_px)
        return (xy_input - self.offset_px + 0.5) * scale - 0.5 + self.corner_px

    def to_input(self, xy_px: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
        """Points of the picture, in the network's input."""
        scale = np.divide(self.fitted_px, self.piece_px)
        return (xy_px - self.corner_px + 0.5) * scale - 0.5 + self.offset_px


def with_margin(
    box_px: Float[np.ndarray, "*batch 4"], *, width_px: int, height_px: int, margin: float = MARGIN
) -> Float[np.ndarray, "*batch 4"]:
    """Boxes (left, top, right, bottom) grown on each side, then cut at the picture's edges."""
    size = box_px[..., 2:] - box_px[..., :2]
    grown = np.concatenate([box_px[..., :2] - margin * size, box_px[..., 2:] + margin * size], -1)
    return np.clip(grown, 0, [width_px, height_px, width_px, height_px])


def letterbox(
    rgb: UInt8[np.ndarray, "y x 3"],
    box_px: Float[np.ndarray, "4"],
    *,
    width_px: int,
    height_px: int,
) -> tuple[UInt8[np.ndarray, "out_y out_x 3"], Letterbox]:
    """The boxed piece of a picture, as large as it fits into the input's size without bending."""
    left, top, right, bottom = (int(edge) for edge in np.clip(box_px, 0, None))
    piece = rgb[top:bottom, left:right]
    if piece.size == 0:
        raise ValueError(f"the box {box_px.tolist()} holds no pixel of {rgb.shape[1::-1]}")
    size = (piece.shape[1], piece.shape[0])
    scale = _fitting_scale(size, width_px, height_px)
    fitted = (max(int(scale * size[0]), 1), max(int(scale * size[1]), 1))
    offset = (width_px // 2 - fitted[0] // 2, height_px // 2 - fitted[1] // 2)
    canvas = np.zeros((height_px, width_px, 3), dtype=np.uint8)
    inside = (slice(offset[1], offset[1] + fitted[1]), slice(offset[0], offset[0] + fitted[0]))
    canvas[inside] = resize(piece, width_px=fitted[0], height_px=fitted[1])
    return canvas, Letterbox((left, top), size, fitted, offset)


@dataclass(frozen=True)
class Window:
    """A part of a picture at the network's input size, with what surrounds the box."""

    corner_px: tuple[float, float]
    """Its upper left corner in the picture, from the picture's own edges; x before y."""
    scale: float
    """Pixels of the picture for one of the network's input."""

    def to_picture(self, xy_input: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
        """Points of the network's input, in the picture."""
        return (xy_input + 0.5) * self.scale - 0.5 + self.corner_px

    def to_input(self, xy_px: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
        """Points of the picture, in the network's input."""
        return (xy_px - self.corner_px + 0.5) / self.scale - 0.5


def window(
    rgb: UInt8[np.ndarray, "y x 3"],
    box_px: Float[np.ndarray, "4"],
    *,
    width_px: int,
    height_px: int,
    size: float = WINDOW_SIZE,
) -> tuple[UInt8[np.ndarray, "out_y out_x 3"], Window]:
    """`size` times the box, grown to the input's shape; black beyond the picture."""
    sides = box_px[2:] - box_px[:2]
    if not (sides > 0).all():
        raise ValueError(f"the box {box_px.tolist()} holds no pixel")
    scale = size * float(np.max(sides / (width_px, height_px)))
    corner = (box_px[:2] + box_px[2:]) / 2 - np.array([width_px, height_px]) * scale / 2
    x = (np.arange(width_px) + 0.5) * scale - 0.5 + corner[0]
    y = (np.arange(height_px) + 0.5) * scale - 0.5 + corner[1]
    seen = _sampled(rgb, x, y)
    return seen, Window((float(corner[0]), float(corner[1])), scale)


def resize(
    rgb: UInt8[np.ndarray, "y x 3"], *, width_px: int, height_px: int
) -> UInt8[np.ndarray, "out_y out_x 3"]:
    """Another size, by bilinear interpolation between pixel middles."""
    height, width, _ = rgb.shape
    x = np.clip((np.arange(width_px) + 0.5) * (width / width_px) - 0.5, 0, width - 1)
    y = np.clip((np.arange(height_px) + 0.5) * (height / height_px) - 0.5, 0, height - 1)
    return _sampled(rgb, x, y)


def _sampled(
    rgb: UInt8[np.ndarray, "y x 3"],
    x: Float[np.ndarray, " out_x"],
    y: Float[np.ndarray, " out_y"],
) -> UInt8[np.ndarray, "out_y out_x 3"]:
    """The picture where these columns and rows cross, linearly between pixels; black outside."""
    out = np.zeros((len(y), 3 * len(x)), np.float32)  # colours in a row: ten times as quick
    for row, share_y in _neighbours(y, len(rgb)):
        for column, share_x in _neighbours(x, rgb.shape[1]):
            pixels = rgb.take(row, axis=0).take(column, axis=1).reshape(out.shape)
            out += pixels * np.outer(share_y, np.repeat(share_x, 3))
    return np.rint(out).astype(np.uint8).reshape(len(y), len(x), 3)


def _neighbours(
    place: Float[np.ndarray, " out"], size: int
) -> list[tuple[Int[np.ndarray, " out"], Float32[np.ndarray, " out"]]]:
    """The pixels before and after each place, and their shares; none for a pixel that is not."""
    before = np.floor(place).astype(np.int64)
    share = (place - before).astype(np.float32)
    return [
        (np.clip(at, 0, size - 1), np.where((at >= 0) & (at < size), weight, np.float32(0)))
        for at, weight in ((before, 1 - share), (before + 1, share))
    ]


def standardise(
    rgb: UInt8[np.ndarray, "*batch y x 3"],
) -> Float32[np.ndarray, "*batch 3 y x"]:
    """Pictures as networks trained on ImageNet want them."""
    standard = (rgb / np.float32(255) - IMAGENET_MEAN_RGB) / IMAGENET_STD_RGB
    return np.ascontiguousarray(np.moveaxis(standard, -1, -3))


def decode(
    heatmaps: Float[np.ndarray, "*batch joint y x"],
) -> tuple[Float[np.ndarray, "*batch joint 2"], Float[np.ndarray, "*batch joint"]]:
    """Each joint's place in the network's input, in pixels, and its score.

    The place is that of the highest cell, moved a quarter of a cell towards its higher neighbour
    (Newell et al., 2016), each axis for itself where it has two neighbours. A heatmap that rises
    nowhere above 0, or holds a NaN, knows no place: NaN with score 0.
    """
    cell, score = _highest(heatmaps)
    slope = _slope(heatmaps, cell)
    xy = (cell + 0.25 * np.sign(slope)) * CELL_PX
    known = score > 0
    return np.where(known[..., None], xy, np.nan), np.where(known, score, 0).astype(score.dtype)


def _highest(
    heatmaps: Float[np.ndarray, "*batch y x"],
) -> tuple[Int[np.ndarray, "*batch 2"], Float[np.ndarray, "*batch"]]:
    """The first highest cell (x, y) of each heatmap, and its value."""
    flat = _flat(heatmaps)
    best = flat.argmax(axis=-1)
    y, x = np.divmod(best, heatmaps.shape[-1])
    return np.stack([x, y], axis=-1), np.take_along_axis(flat, best[..., None], -1)[..., 0]


def _flat(heatmaps: Float[np.ndarray, "*batch y x"]) -> Float[np.ndarray, "*batch cell"]:
    """Each heatmap's cells in one row, also of no heatmap at all."""
    *batch, y, x = heatmaps.shape
    return heatmaps.reshape(*batch, y * x)


def _slope(
    heatmaps: Float[np.ndarray, "*batch y x"], cell: Int[np.ndarray, "*batch 2"]
) -> Float[np.ndarray, "*batch 2"]:
    """Right minus left and lower minus upper neighbour of a cell; 0 along an axis at whose end
    the cell lies."""
    padded = np.pad(heatmaps, [(0, 0)] * (heatmaps.ndim - 2) + [(1, 1), (1, 1)], mode="edge")
    x, y = cell[..., 0] + 1, cell[..., 1] + 1
    across = _at(padded, x + 1, y) - _at(padded, x - 1, y)
    down = _at(padded, x, y + 1) - _at(padded, x, y - 1)
    return np.where(_inner(heatmaps, cell), np.stack([across, down], axis=-1), 0)


def _inner(
    heatmaps: Float[np.ndarray, "*batch y x"], cell: Int[np.ndarray, "*batch 2"]
) -> Bool[np.ndarray, "*batch 2"]:
    """Whether a cell has a neighbour on both sides, along x and along y."""
    last = np.array(heatmaps.shape[:-3:-1]) - 1
    return (cell > 0) & (cell < last)


def _at(
    heatmaps: Float[np.ndarray, "*batch y x"],
    x: Int[np.ndarray, "*batch"],
    y: Int[np.ndarray, "*batch"],
) -> Float[np.ndarray, "*batch"]:
    """One cell of each heatmap."""
    flat = _flat(heatmaps)
    return np.take_along_axis(flat, (y * heatmaps.shape[-1] + x)[..., None], -1)[..., 0]


def decode_as_published(
    heatmaps: Float[np.ndarray, "*batch joint y x"],
) -> tuple[Int[np.ndarray, "*batch joint 2"], Float[np.ndarray, "*batch joint"]]:
    """The model card's decoding: no quarter step where either axis is at its end, the input's
    pixels cut to whole numbers, and a place for every joint whatever its score."""
    cell, score = _highest(heatmaps)
    step = 0.25 * np.sign(_slope(heatmaps, cell))
    step = np.where(_inner(heatmaps, cell).all(axis=-1, keepdims=True), step, 0)
    return ((cell + step) * CELL_PX).astype(np.int64), score


def to_picture_as_published(
    xy_input: Int[np.ndarray, "*batch 2"],
    box_px: Float[np.ndarray, "4"],
    placed: Letterbox,
    *,
    width_px: int,
    height_px: int,
) -> Float[np.ndarray, "*batch 2"]:
    """The model card's way back: from the box's own corner though the piece began at a whole
    pixel, and by the wanted scale though the piece's size was cut to whole pixels."""
    scale = _fitting_scale(placed.piece_px, width_px, height_px)
    return (xy_input - placed.offset_px) / scale + box_px[:2]


def _fitting_scale(size_px: tuple[int, int], width_px: int, height_px: int) -> float:
    """The largest scale at which a piece of this size fits in."""
    return min(width_px / size_px[0], height_px / size_px[1])
