"""Looking for people in a whole picture and in squares of it, all at once or one place at a time.

MediaPipe's finder shrinks what it gets to 224 pixels, and blends people who stand close together
into one. In squares of a long picture people are nearly twice as large, and further apart.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from monomocap.detect.mediapipe_graphs import PersonFinder, Picture, Region

SQUARISH = 1.1
"""Pictures whose sides differ by less than this factor are looked at whole only."""
MOST_SQUARES = 6
Place = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels."""


def places(width_px: int, height_px: int) -> list[Place]:
    """The whole picture, and squares along its longer side that overlap by half or more."""
    short, long = sorted((width_px, height_px))
    whole = (0, 0, width_px, height_px)
    if long < SQUARISH * short:
        return [whole]
    count = min(math.ceil(2 * (long - short) / short) + 1, MOST_SQUARES)
    starts = np.linspace(0, long - short, count).round().astype(int).tolist()
    if width_px > height_px:
        return [whole, *((at, 0, at + short, height_px) for at in starts)]
    return [whole, *((0, at, width_px, at + short) for at in starts)]


class Search:
    """Finds people everywhere in a picture, or in one place after another from call to call."""

    def __init__(self, finder: PersonFinder) -> None:
        self._finder = finder
        self._turn = 0

    def everywhere(self, rgb: Picture) -> list[Region]:
        """Whoever is in the picture, surest first; the same person may come several times."""
        return self._in(rgb, places(rgb.shape[1], rgb.shape[0]))

    def somewhere(self, rgb: Picture) -> list[Region]:
        """Whoever is in the place whose turn it is."""
        all_places = places(rgb.shape[1], rgb.shape[0])
        self._turn = (self._turn + 1) % len(all_places)
        return self._in(rgb, [all_places[self._turn]])

    def _in(self, rgb: Picture, chosen: Sequence[Place]) -> list[Region]:
        found = []
        for left, top, right, bottom in chosen:
            for region in self._finder(rgb[top:bottom, left:right]):
                found.append(replace(region, x_px=region.x_px + left, y_px=region.y_px + top))
        return sorted(found, key=lambda region: -region.score)
