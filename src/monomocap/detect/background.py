"""Whether the camera moves: looks at the background, a few a second, compared with one another.

Pictures are shrunk and cut into squares; each square's shift against an earlier look is found by
phase correlation (Kuglin and Hines, 1975). A person moves a few squares, a camera moves them all:
the median over the squares that nobody covers and that have something to see is the camera's.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from monomocap.types import Frame, Track2D

EVERY_S = 0.4
LOOK_BACK_S = 4.0
"""A look is compared with one up to so old: slow turns add up."""
LONG_SIDE, SQUARE = 192, 32
MOVED = 1.0 / LONG_SIDE
"""A median shift by more than this share of the picture's longer side is a move."""
TEXTURE = 4.0
"""Squares with less contrast (standard deviation of grey levels) have nothing to see."""
SHARP = 8.0
"""A correlation's peak must stand out by so many standard deviations."""
LOST_SHARE = 0.6
"""Where so many squares show something else, the camera went far, or it is another picture."""
WARN_SHARE = 0.15
"""From this share of looks on the user is told."""


@dataclass(frozen=True)
class Look:
    """What the squares say of one look against an earlier one."""

    time_s: float
    shift: Float[np.ndarray, "square 2"]
    """Right and down, as shares of the picture's longer side; as `shifts` gives them."""


class Background:
    """Looks at the frames that pass; ask `moved` in the end."""

    def __init__(self) -> None:
        self._looks: list[Look] = []
        self._corners_px = np.zeros((0, 2))
        self._square_px = 0.0
        self._then: Float[np.ndarray, "square n n"] | None = None
        self._then_s = self._last_s = -np.inf

    def passing(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames."""
        for frame in frames:
            if frame.time_s - self._last_s >= EVERY_S:
                self._look(frame)
            yield frame

    def _look(self, frame: Frame) -> None:
        self._last_s = frame.time_s
        squares = self._squares(frame.rgb)
        if self._then is None or len(self._then) != len(squares):
            self._then, self._then_s = squares, frame.time_s
            return
        shift = shifts(self._then, squares) / LONG_SIDE
        self._looks.append(Look(frame.time_s, shift))
        if frame.time_s - self._then_s >= LOOK_BACK_S:
            self._then, self._then_s = squares, frame.time_s

    def _squares(self, rgb: np.ndarray) -> Float[np.ndarray, "square n n"]:
        """Grey squares of the shrunk picture; remembers where they lie."""
        step = max(1, max(rgb.shape[:2]) // LONG_SIDE)
        rows, columns = (n // step // SQUARE for n in rgb.shape[:2])
        side = SQUARE * step
        grey = rgb[: rows * side, : columns * side, 1]
        # Every other pixel of a block: a quarter of the work, and no less to see.
        thin = max(1, step // 2)
        blocks = grey.reshape(rows * SQUARE, step, columns * SQUARE, step)[:, ::thin, :, ::thin]
        small = blocks.mean(axis=(1, 3))
        cut = small.reshape(rows, SQUARE, columns, SQUARE).swapaxes(1, 2)
        corners = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)
        self._corners_px, self._square_px = corners.reshape(-1, 2) * float(side), float(side)
        squares: Float[np.ndarray, "square n n"] = cut.reshape(-1, SQUARE, SQUARE)
        return squares

    def moved(self, tracks: Sequence[Track2D]) -> float | None:
        """Share of looks in which the background had moved; None if it was never seen."""
        free = [~np.isnan(look.shift).any(axis=1) for look in self._looks]
        for track in tracks:
            for look, squares in zip(self._looks, free, strict=True):
                squares &= ~self._covered(track, look.time_s)
        looked = zip(self._looks, free, strict=True)
        told = [far for look, squares in looked if (far := _camera(look, squares)) is not None]
        if not told:
            return None
        return float(np.mean([far > MOVED for far in told]))

    def _covered(self, track: Track2D, time_s: float) -> np.ndarray:
        """Squares that this person is in, with a margin, now or since the look before."""
        first, last = np.searchsorted(track.time_s, [time_s - LOOK_BACK_S, time_s + 1e-9])
        xy = track.xy_px[first:last].reshape(-1, 2)
        xy = xy[np.isfinite(xy).all(axis=1)]
        if not len(xy):
            return np.zeros(len(self._corners_px), dtype=bool)
        low, high = xy.min(axis=0) - self._square_px / 2, xy.max(axis=0) + self._square_px / 2
        ends = self._corners_px + self._square_px
        covered: np.ndarray = (self._corners_px < high).all(axis=1) & (ends > low).all(axis=1)
        return covered


def _camera(look: Look, free: Bool[np.ndarray, " square"]) -> float | None:
    """How far the background moved, judged by the squares that nobody hides."""
    if free.sum() < 3:
        return None
    known = free & np.isfinite(look.shift).all(axis=1)
    if known.sum() < (1 - LOST_SHARE) * free.sum():
        return float("inf")
    return float(np.linalg.norm(np.median(look.shift[known], axis=0)))


_WINDOW = np.outer(np.hanning(SQUARE), np.hanning(SQUARE))


def shifts(
    then: Float[np.ndarray, "square n n"], now: Float[np.ndarray, "square n n"]
) -> Float[np.ndarray, "square 2"]:
    """How far each square's content went right and down, in pixels; NaN where there is nothing to
    see, infinite where what is to be seen is something else."""
    if not len(then):
        return np.zeros((0, 2))
    plain = np.minimum(then.std(axis=(1, 2)), now.std(axis=(1, 2))) < TEXTURE
    a, b = ((x - x.mean(axis=(1, 2), keepdims=True)) * _WINDOW for x in (then, now))
    cross = np.fft.rfft2(b) * np.conj(np.fft.rfft2(a))
    surface = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-9), s=(SQUARE, SQUARE))
    flat = surface.reshape(len(surface), -1)
    best = flat.argmax(axis=1)
    sharp = flat.max(axis=1) > SHARP * flat.std(axis=1)
    down, right = np.unravel_index(best, (SQUARE, SQUARE))
    out = np.stack([right, down], axis=1).astype(np.float64)
    out[out > SQUARE / 2] -= SQUARE
    out[~sharp] = np.inf
    out[plain] = np.nan
    return out
