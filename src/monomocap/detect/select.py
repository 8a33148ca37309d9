"""Whom to keep of the people in a video: `--person all|largest|longest|center|ID|x,y@t`."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from monomocap.rows import briefly
from monomocap.types import Track2D, VideoInfo

NEAR = 0.25
"""How far from a person's joints a point can lie and mean them, in diagonals of their box."""
POINT_S = 0.5
"""How far from the time of a point the frame can be that it is looked up in."""


def chosen(
    tracks: Sequence[Track2D], person: str, info: VideoInfo
) -> tuple[Sequence[Track2D], str]:
    """The tracks that are meant, with the numbers they have, and a warning if there are none."""
    if person == "all" or not tracks:
        return tracks, ""
    if person in _BEST:
        scores = [_BEST[person](track, info) for track in briefly(tracks)]
        return (tracks[max(range(len(scores)), key=scores.__getitem__)],), ""
    kept = _at_point(tracks, person) if "@" in person else _numbered(tracks, int(person))
    there = ", ".join(f"{track.person} ({track.coverage:.0%} of the frames)" for track in tracks)
    return kept, "" if kept else f"there is no person {person}; choose one of: {there}"


def boxes_px(track: Track2D) -> Float[np.ndarray, "time 4"]:
    """Around the joints of each frame: x1, y1, x2, y2; NaN where they were not seen."""
    out = np.full((len(track.time_s), 4), np.nan)
    seen = track.seen.any(axis=1)
    xy_px = track.xy_px[seen].astype(np.float64)
    if seen.any():
        out[seen] = np.concatenate([np.nanmin(xy_px, axis=1), np.nanmax(xy_px, axis=1)], axis=1)
    return out


def _size(track: Track2D, info: VideoInfo) -> float:
    """Median diagonal of the boxes, pixels."""
    box = boxes_px(track)
    return float(np.nanmedian(np.hypot(*(box[:, 2:] - box[:, :2]).T)))


def _frames(track: Track2D, info: VideoInfo) -> float:
    """In how many frames they were seen."""
    return float(track.seen.any(axis=1).sum())


def _centred(track: Track2D, info: VideoInfo) -> float:
    """How near to the picture's middle they are (median), as a number that grows."""
    box = boxes_px(track)
    middle = (box[:, :2] + box[:, 2:]) / 2 - np.array([info.width_px, info.height_px]) / 2
    return -float(np.nanmedian(np.hypot(*middle.T)))


_BEST: dict[str, Callable[[Track2D, VideoInfo], float]] = {
    "largest": _size,
    "longest": _frames,
    "center": _centred,
}


def _numbered(tracks: Sequence[Track2D], number: int) -> tuple[Track2D, ...]:
    return tuple(track for track in tracks if track.person == number)


def _at_point(tracks: Sequence[Track2D], word: str) -> tuple[Track2D, ...]:
    """Whoever has a joint nearest to x,y at the time, if that is near."""
    place, _, time = word.partition("@")
    x, y = (float(part) for part in place.split(","))
    row = int(np.abs(tracks[0].time_s - float(time)).argmin())
    if abs(tracks[0].time_s[row] - float(time)) > POINT_S:
        return ()
    away = [_away(track, row, np.array([x, y])) for track in tracks]
    best = int(np.argmin(away))
    return (tracks[best],) if away[best] <= NEAR else ()


def _away(track: Track2D, row: int, point_px: Float[np.ndarray, "2"]) -> float:
    """From a point to the nearest joint of a frame, in diagonals; infinite for who is not there."""
    xy_px = track.xy_px[row][track.seen[row]].astype(np.float64)
    if len(xy_px) == 0:
        return np.inf
    size_px = max(float(np.hypot(*np.ptp(xy_px, axis=0))), 1.0)
    return float(np.linalg.norm(xy_px - point_px, axis=-1).min()) / size_px
