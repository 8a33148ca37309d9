"""Where in a picture the video and the views are."""

import math
from dataclasses import dataclass

from monomocap.errors import OptionError

LEAST_CELL_PX = 16


@dataclass(frozen=True)
class Cell:
    """A rectangle of the picture."""

    left: int
    top: int
    width: int
    height: int

    @property
    def at(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        across = slice(self.left, self.left + self.width)
        return slice(self.top, self.top + self.height), across


@dataclass(frozen=True)
class Layout:
    """The parts of a picture of `width` by `height`."""

    width: int
    height: int
    views: tuple[Cell, ...]
    video: Cell | None = None


def layout(width: int, height: int, views: int, video_shape: float | None) -> Layout:
    """So many views in a grid; left of them the video, whose width / height is `video_shape`."""
    video = None
    left = 0
    if video_shape is not None:
        left = min(round(height * video_shape), round(0.64 * width))
        shown = min(height, round(left / video_shape))
        video = Cell(0, (height - shown) // 2, left, shown)
    columns, rows = _grid(width - left, height, views)
    x = [left + round(i * (width - left) / columns) for i in range(columns + 1)]
    y = [round(i * height / rows) for i in range(rows + 1)]
    cells = [
        Cell(x[i], y[j], x[i + 1] - x[i], y[j + 1] - y[j])
        for j in range(rows)
        for i in range(columns)
    ]
    if min(min(cell.width, cell.height) for cell in cells) < LEAST_CELL_PX:
        raise OptionError(f"{views} views have no room in {width} x {height} pixels")
    return Layout(width, height, tuple(cells[:views]), video)


def _grid(width: int, height: int, cells: int) -> tuple[int, int]:
    """Columns and rows that leave every cell the longest shorter side, with few empty cells."""
    grids = [(columns, math.ceil(cells / columns)) for columns in range(1, cells + 1)]
    return max(grids, key=lambda g: (min(width / g[0], height / g[1]), -g[0] * g[1]))
