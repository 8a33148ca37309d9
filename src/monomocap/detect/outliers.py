"""Single joints that leap away and back within a few frames: mistakes, not motion.

A joint's place is compared with the straight way from where it was before to where it is after. A
wrist can leave that way by what its greatest acceleration allows in so short a time, and no more.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from monomocap.types import Track2D

LONGEST = 3
"""Leaps of so many frames are found; what lasts longer may be true."""
ACCELERATION = 300.0
"""In apparent sizes (a third of the height, 0.55 m) per second squared: 165 m/s2, as of a wrist in
a punch or a throw."""
SLACK = 0.20
"""And that much for a detector's ordinary unsteadiness, in apparent sizes."""
LONGEST_WAY_S = 0.35
"""Before and after must not lie further apart in time."""
PIECE_FRAMES = 2000
"""A long track is looked at piece by piece, so that it takes no memory."""


@dataclass(frozen=True)
class Cleaned:
    """A track without leaps, and where they were."""

    track: Track2D
    outlier: Bool[np.ndarray, "time joint"]


def without_leaps(track: Track2D) -> Cleaned:
    """The joints that leap are missing in the result: NaN, score 0."""
    outlier = leaps(track.xy_px, track.time_s)
    if not outlier.any():
        return Cleaned(track, outlier)
    xy_px = np.where(outlier[..., None], np.nan, track.xy_px).astype(track.xy_px.dtype)
    score = np.where(outlier, 0.0, track.score).astype(track.score.dtype)
    return Cleaned(replace(track, xy_px=xy_px, score=score), outlier)


def leaps(
    xy_px: Float[np.ndarray, "time joint 2"], time_s: Float[np.ndarray, " time"]
) -> Bool[np.ndarray, "time joint"]:
    """Which joints leap away and come back, in runs of up to `LONGEST` frames."""
    out = np.zeros(xy_px.shape[:2], dtype=bool)
    for begin in range(0, len(out), PIECE_FRAMES):
        first = max(begin - LONGEST - 1, 0)
        around = slice(first, begin + PIECE_FRAMES + LONGEST + 1)
        found = _leaps(xy_px[around], time_s[around])
        out[begin : begin + PIECE_FRAMES] = found[begin - first :][:PIECE_FRAMES]
    return out


def _leaps(
    xy_px: Float[np.ndarray, "time joint 2"], time_s: Float[np.ndarray, " time"]
) -> Bool[np.ndarray, "time joint"]:
    out = np.zeros(xy_px.shape[:2], dtype=bool)
    size_px = _size(xy_px)
    for run in range(1, LONGEST + 1):
        span = run + 1
        if len(xy_px) <= span:
            break
        before, after = xy_px[:-span], xy_px[span:]
        way_s = (time_s[span:] - time_s[:-span])[:, None]
        inside = np.stack([_off(xy_px, time_s, span, k) for k in range(1, span)])
        size = size_px[:-span, None]
        allowed = size * (SLACK + ACCELERATION * way_s**2 / 8)
        back = np.linalg.norm(after - before, axis=-1) < np.nanmin(
            np.where(np.isnan(inside), np.inf, inside), axis=0
        )
        wrong = (np.where(np.isnan(inside), 0.0, inside) > allowed).all(axis=0)
        wrong &= back & (way_s < LONGEST_WAY_S)
        for k in range(1, span):
            out[k : len(out) - span + k] |= wrong
    return out


def _off(
    xy_px: Float[np.ndarray, "time joint 2"],
    time_s: Float[np.ndarray, " time"],
    span: int,
    k: int,
) -> Float[np.ndarray, "starts joint"]:
    """How far frame k after each start lies from the straight way over `span` frames."""
    frames = len(xy_px) - span
    share = (time_s[k : k + frames] - time_s[:frames]) / (time_s[span:] - time_s[:frames])
    way = xy_px[:frames] + share[:, None, None] * (xy_px[span:] - xy_px[:frames])
    off: Float[np.ndarray, "starts joint"] = np.linalg.norm(xy_px[k : k + frames] - way, axis=-1)
    return off


def _size(xy_px: Float[np.ndarray, "time joint 2"]) -> Float[np.ndarray, " time"]:
    """Each frame's root mean square distance of the joints from their median; NaN of nobody."""
    seen = np.isfinite(xy_px).all(axis=-1)
    size = np.full(len(xy_px), np.nan)
    some = seen.any(axis=1)
    apart = xy_px[some] - np.nanmedian(xy_px[some], axis=1, keepdims=True)
    size[some] = np.sqrt(np.nanmedian((apart**2).sum(axis=-1), axis=1)) * 1.1
    return size
