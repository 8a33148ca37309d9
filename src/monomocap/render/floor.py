"""The floor's grid: thin lines in perspective, all of them at once, for eyes that move."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from monomocap.render.eye import NEAREST_M, Eye
from monomocap.render.strokes import Colour, Picture, paint

GRID: Colour = (66, 73, 86)
TILE_M = 0.5
MOST_TILES = 60
"""Along a side; a longer floor has larger tiles."""
HALF_LINE_PX = 0.6
_ACROSS = np.arange(-1, 3)
"""Pixels beside a line that it may touch."""

Ends = Float[np.ndarray, "line 2 3"]


@dataclass(frozen=True)
class Floor:
    """A level rectangle of tiles, in the stage's axes (y down)."""

    y_m: float
    low_m: tuple[float, float]
    """Smallest x and z."""
    high_m: tuple[float, float]

    @property
    def tile_m(self) -> float:
        """Half a metre; on a long floor one, two, four ..."""
        longest_m = max(high - low for low, high in zip(self.low_m, self.high_m, strict=True))
        return TILE_M * 2.0 ** max(0, np.ceil(np.log2(longest_m / (MOST_TILES * TILE_M) + 1e-9)))

    def lines(self) -> Ends:
        """Both ends of every line, on multiples of the tile's size."""
        tile_m = self.tile_m
        (x0, x1), (z0, z1) = (
            (np.floor(low / tile_m) * tile_m, np.ceil(high / tile_m) * tile_m)
            for low, high in zip(self.low_m, self.high_m, strict=True)
        )
        x, z = np.arange(x0, x1 + 1e-6, tile_m), np.arange(z0, z1 + 1e-6, tile_m)
        ends = [[(at, self.y_m, z0), (at, self.y_m, z1)] for at in x]
        ends += [[(x0, self.y_m, at), (x1, self.y_m, at)] for at in z]
        return np.array(ends)


def draw_grid(picture: Picture, eye: Eye, floor: Floor) -> None:
    """Draw the floor's lines into the picture."""
    ends_px = _within(_projected(eye.seen(floor.lines()), eye), eye)
    if not len(ends_px):
        return
    rows, columns, cover = _pixels(ends_px)
    inside = (rows >= 0) & (rows < eye.height_px) & (columns >= 0) & (columns < eye.width_px)
    inside &= cover > 0
    at = rows[inside] * eye.width_px + columns[inside]
    share = np.zeros(eye.height_px * eye.width_px, np.float32)
    np.maximum.at(share, at, cover[inside].astype(np.float32))  # where lines cross, one counts
    touched = np.flatnonzero(share)
    flat = picture.reshape(-1, picture.shape[2])
    pixels = flat[touched].astype(np.float32)
    pixels += share[touched, None] * (paint(GRID, picture.shape[2]) - pixels)
    flat[touched] = (pixels + 0.5).astype(np.uint8)


def _projected(seen_m: Ends, eye: Eye) -> Float[np.ndarray, "kept 2 2"]:
    """Both ends in pixels, lines cut off where they pass the eye."""
    depth = seen_m[..., 2]
    seen_m, depth = seen_m[(depth > NEAREST_M).any(axis=1)], depth[(depth > NEAREST_M).any(axis=1)]
    a, b = seen_m[:, 0], seen_m[:, 1]
    steps = (b - a)[:, None] * np.ones((1, 2, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (NEAREST_M - depth) / np.where(np.abs(steps[..., 2]) < 1e-12, np.inf, steps[..., 2])
    share = np.where(depth < NEAREST_M, share, 0.0)
    cut = seen_m + share[..., None] * steps
    return cut[..., :2] * (eye.focal_px / cut[..., 2:]) + eye.center_px


def _within(ends_px: Float[np.ndarray, "line 2 2"], eye: Eye) -> Float[np.ndarray, "kept 2 2"]:
    """The lines' parts inside the picture (Liang and Barsky, 1984); none for those outside."""
    start, step = ends_px[:, 0], ends_px[:, 1] - ends_px[:, 0]
    size = np.array([eye.width_px, eye.height_px])
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (-2 - start) / step, (size + 1 - start) / step
    low, high = np.fmin(one, other), np.fmax(one, other)
    level = step == 0
    outside = (level & ((start < -2) | (start > size + 1))).any(axis=1)
    enter = np.where(level, 0.0, low).max(axis=1).clip(0, 1)
    leave = np.where(level, 1.0, high).min(axis=1).clip(0, 1)
    shares = np.stack([enter, leave], axis=1)[..., None]
    cut: Float[np.ndarray, "line 2 2"] = start[:, None] + shares * step[:, None]
    return cut[(enter < leave) & ~outside]


def _pixels(
    ends_px: Float[np.ndarray, "line 2 2"],
) -> tuple[Int[np.ndarray, " pixel"], Int[np.ndarray, " pixel"], Float[np.ndarray, " pixel"]]:
    """Rows, columns and cover of all pixels beside the lines.

    A line is walked along the axis in which it is longer, a pixel at a time.
    """
    step = ends_px[:, 1] - ends_px[:, 0]
    flat = np.abs(step[:, 0]) >= np.abs(step[:, 1])
    ends = np.where(flat[:, None, None], ends_px, ends_px[..., ::-1])
    backwards = ends[:, 0, 0] > ends[:, 1, 0]
    ends[backwards] = ends[backwards][:, ::-1]
    first = np.floor(ends[:, 0, 0]).astype(int)
    counts = np.ceil(ends[:, 1, 0]).astype(int) - first + 1
    line = np.repeat(np.arange(len(ends)), counts)
    along = first[line] + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    length = np.maximum(ends[:, 1, 0] - ends[:, 0, 0], 1e-9)
    slope = (ends[:, 1, 1] - ends[:, 0, 1]) / length
    middle = ends[line, 0, 1] + (along - ends[line, 0, 0]) * slope[line]
    across = np.floor(middle).astype(int)[:, None] + _ACROSS
    away = np.abs(across - middle[:, None]) / np.sqrt(1 + slope[line] ** 2)[:, None]
    cover = np.clip(HALF_LINE_PX + 0.5 - away, 0, 1)
    along = np.broadcast_to(along[:, None], across.shape)
    is_flat = flat[line][:, None]
    rows, columns = np.where(is_flat, across, along), np.where(is_flat, along, across)
    return rows.ravel(), columns.ravel(), cover.ravel()
