"""Lifting a long track piece by piece, so that what comes between takes little memory."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from monomocap.skeleton import H36M17
from monomocap.types import Track2D

PIECE_FRAMES = 256
"""What lies between takes up to 7 kB a frame (converting scores); 256 frames are 2 MB."""


def pieces(frames: int, size: int = PIECE_FRAMES) -> Iterator[slice]:
    """Slices that cover 0 to `frames`, in order."""
    return (slice(start, min(start + size, frames)) for start in range(0, frames, size))


def empty_motion(
    track: Track2D,
) -> tuple[Float[np.ndarray, "time 17 3"], Float[np.ndarray, "time 17"]]:
    """Positions, all NaN, and confidences, all 0, of a track's frames: to be filled in."""
    shape = (len(track.time_s), len(H36M17))
    return np.full((*shape, 3), np.nan, np.float32), np.zeros(shape, np.float32)
