"""A track with a detector's own mistakes mended: exchanged sides put back, then leaps left out."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from monomocap.detect.outliers import without_leaps
from monomocap.detect.swaps import put_back
from monomocap.types import Track2D


@dataclass(frozen=True)
class Mended:
    """A mended track, and what was done to it; the steps between are not kept: they are large."""

    track: Track2D
    exchanged: Bool[np.ndarray, "time joint"]
    """Joints that had been given to the other side."""
    outlier: Bool[np.ndarray, "time joint"]
    """Joints that were left out as leaps."""


def mended(track: Track2D) -> Mended:
    """Everything that can be mended in one person's 2D."""
    repaired = put_back(track)
    cleaned = without_leaps(repaired.track)
    return Mended(cleaned.track, repaired.swapped, cleaned.outlier)
