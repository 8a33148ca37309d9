"""What somebody wears, as a few numbers: colours of trunk and thighs.

Enough to tell two people apart who cross, or to know again one who was hidden for a while. No face
is looked at, and nothing of it is kept in a result.
"""

import numpy as np
from jaxtyping import Float, UInt8

from monomocap.skeleton import Skeleton
from monomocap.types import Person2D

Looks = Float[np.ndarray, " bin"]
"""Shares of brightness and two colour differences in bins, of trunk and thighs; each part's sum
is 1, or 0 where it was not seen."""
BINS = 8
PART = 3 * BINS
GRID = 6
ENOUGH = 12
"""Pixels from which a part's colours are believed."""


def looks_of(rgb: UInt8[np.ndarray, "height width 3"], person: Person2D, body: Skeleton) -> Looks:
    """The colours of this person's trunk and thighs."""
    return np.concatenate(
        [_colours(rgb, points_px) for points_px in (_trunk(person, body), _thighs(person, body))]
    )


def unlike(one: Looks, other: Looks) -> float:
    """How differently two people are dressed, 0 to 1 (Hellinger); 0.5 if nothing can be said."""
    seen = [
        np.sqrt(one[part] * other[part]).sum() / 3
        for part in (slice(0, PART), slice(PART, None))
        if one[part].any() and other[part].any()
    ]
    return float(np.sqrt(max(1 - np.mean(seen), 0.0))) if seen else 0.5


def _trunk(person: Person2D, body: Skeleton) -> Float[np.ndarray, "point 2"]:
    """A grid between shoulders and hips, away from the edges."""
    corners = _joints(person, body, "left_shoulder", "right_shoulder", "left_hip", "right_hip")
    if corners is None:
        return np.zeros((0, 2))
    across, down = np.meshgrid(np.linspace(0.2, 0.8, GRID), np.linspace(0.1, 0.9, GRID))
    a, d = across.reshape(-1, 1), down.reshape(-1, 1)
    top, bottom = (1 - a) * corners[0] + a * corners[1], (1 - a) * corners[2] + a * corners[3]
    return (1 - d) * top + d * bottom


def _thighs(person: Person2D, body: Skeleton) -> Float[np.ndarray, "point 2"]:
    """Points from hips to knees."""
    ends = _joints(person, body, "left_hip", "right_hip", "left_knee", "right_knee")
    if ends is None:
        return np.zeros((0, 2))
    along = np.linspace(0.1, 0.9, 2 * GRID)[:, None]
    return np.concatenate([(1 - along) * ends[i] + along * ends[i + 2] for i in (0, 1)])


def _joints(person: Person2D, body: Skeleton, *names: str) -> Float[np.ndarray, "joint 2"] | None:
    if any(name not in body.joints for name in names):
        return None
    xy_px = person.xy_px[[body.index(name) for name in names]].astype(np.float64)
    return xy_px if np.isfinite(xy_px).all() else None


def _colours(
    rgb: UInt8[np.ndarray, "height width 3"], points_px: Float[np.ndarray, "point 2"]
) -> Looks:
    """Soft histograms of brightness, red against green, and blue against yellow."""
    height, width, _ = rgb.shape
    x, y = points_px.round().astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    if inside.sum() < ENOUGH:
        return np.zeros(PART)
    r, g, b = (rgb[y[inside], x[inside]].astype(np.float64) / 255).T
    # Differences of colour are small for clothes: they fill the bins from -0.4 to 0.4.
    channels = ((r + g + b) / 3, (r - g) / 0.8 + 0.5, (b - (r + g) / 2) / 0.8 + 0.5)
    return np.concatenate([_soft_histogram(values) for values in channels])


def _soft_histogram(values: Float[np.ndarray, " point"]) -> Float[np.ndarray, " bin"]:
    """Each value from 0 to 1 is shared between the two nearest bins."""
    at = np.clip(values, 0, 1) * (BINS - 1)
    low = np.minimum(at.astype(int), BINS - 2)
    share = at - low
    out = np.bincount(low, 1 - share, BINS) + np.bincount(low + 1, share, BINS)
    return out / out.sum()
