"""Where people who were lost just now should be, had they gone on as they went."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from monomocap.detect.mediapipe_graphs import Region

MISSING_S = 1.0
"""How long somebody who was lost is looked for where they should be."""
STEADY_S = 0.2
"""Over how long a pace is averaged."""
SAME_PLACE, SAME_SIZE = 0.1, 1.5
"""How far apart, in sides, and how different in size two regions of one person are at most."""
Pace = tuple[float, float]
"""Pixels per second to the right and down."""


def paced(pace: Pace, before: Region, now: Region, passed_s: float) -> Pace:
    """The pace of a region that went from one place to another in this time."""
    if passed_s <= 0:
        return pace
    share = min(passed_s / STEADY_S, 1.0)
    steps = (now.x_px - before.x_px, now.y_px - before.y_px)
    right, down = (
        (1 - share) * old + share * step / passed_s for old, step in zip(pace, steps, strict=True)
    )
    return right, down


def gone_on(region: Region, pace: Pace, passed_s: float) -> Region:
    """The region that far on."""
    if passed_s == math.inf:  # there was no frame before
        return region
    right, down = (passed_s * step for step in pace)
    return replace(region, x_px=region.x_px + right, y_px=region.y_px + down)


def surprise(expected: Region, seen: Region) -> float:
    """How far a region is from where it was expected, and how different in size: 0 for not at all.

    In sides of the region, and logarithms of its size.
    """
    away_px = math.hypot(seen.x_px - expected.x_px, seen.y_px - expected.y_px)
    return away_px / expected.side_px + abs(math.log(seen.side_px / expected.side_px)) / 2


def covers(followed: Region, found: Region) -> bool:
    """Whether these two regions are of one person."""
    away_px = math.hypot(followed.x_px - found.x_px, followed.y_px - found.y_px)
    smaller, larger = sorted((followed.side_px, found.side_px))
    return away_px < SAME_PLACE * smaller and larger < SAME_SIZE * smaller


@dataclass(frozen=True)
class _Lost:
    region: Region
    pace: Pace
    time_s: float

    def gone_on(self, time_s: float) -> Region:
        return gone_on(self.region, self.pace, time_s - self.time_s)


class Missing:
    """Those who were lost, until they are found or given up."""

    def __init__(self) -> None:
        self._lost: list[_Lost] = []

    def lose(self, region: Region, pace: Pace, time_s: float) -> None:
        """Somebody was expected in this region, and is not there."""
        self._lost.append(_Lost(region, pace, time_s))

    def expected(self, time_s: float) -> list[Region]:
        """Where they should be now; who was lost too long ago is given up."""
        self._lost = [lost for lost in self._lost if time_s - lost.time_s < MISSING_S]
        return [lost.gone_on(time_s) for lost in self._lost]

    def found(self, regions: Iterable[Region], time_s: float) -> None:
        """Whoever is in one of these regions is not missing."""
        seen = list(regions)
        self._lost = [
            lost
            for lost in self._lost
            if not any(covers(region, lost.gone_on(time_s)) for region in seen)
        ]

    def __bool__(self) -> bool:
        return bool(self._lost)
