"""Left and right that a detector exchanged, found over time and put back.

Detectors that look at one frame at a time mistake a person seen from behind for one seen from the
front, for a few frames or for half a second. Then all left joints jump to where the right ones
were, and what is seen follows from the frame before far better with the sides exchanged.

First those of the whole body are put back, then those of legs or arms alone (`limb_swaps`): from
one frame to the next two legs that cross and two that were exchanged look alike, over three frames
they do not.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from monomocap.detect.limb_swaps import Pair, exchanged
from monomocap.skeleton import Skeleton
from monomocap.types import Track2D

LEGS = ("hip", "knee", "ankle", "heel", "foot", "toe")
ARMS = ("shoulder", "elbow", "wrist", "pinky", "index", "thumb")
JUDGES = {LEGS: ("hip", "knee", "ankle"), ARMS: ("shoulder", "elbow", "wrist")}
"""Joints by whose jumps a group is judged: those that every detector has."""

WORTH_IT = 0.12
"""How much shorter the jumps of legs and arms together must become, in apparent sizes of the
person, to believe in an exchange (at 30 frames per second or more)."""
ARMS_AGREE = 0.85
"""And to what share of its length the arms' own jump must fall: legs alone prove nothing."""
LEGS_ASIDE = 0.02
"""The legs' own jump must not become longer by more than this, in apparent sizes: else it was the
arms alone. Legs that lie on each other have no say."""
MEMORY_S = 0.25
"""After a longer gap a new stretch begins, which knows nothing of the one before."""


@dataclass(frozen=True)
class Repaired:
    """A track with its sides put back, and where that was needed."""

    track: Track2D
    swapped: Bool[np.ndarray, "time joint"]
    """Joints that had been given to the other side."""


def put_back(track: Track2D) -> Repaired:
    """Exchange left and right again where the detector did; its own 3D (`world_m`) is left alone.

    In each stretch without a gap the sides that most frames agree on are the right ones.
    """
    swapped = np.zeros(track.score.shape, dtype=bool)
    mirror = np.array(track.skeleton.mirror)
    size_px = _apparent_size(track.xy_px)
    limbs = _sided(track.skeleton, LEGS + ARMS)
    judges = [_sided(track.skeleton, JUDGES[group]) for group in (LEGS, ARMS)]
    for stretch in _stretches(track, np.concatenate(judges)):
        legs, arms = (
            _jumps(track.xy_px[stretch], joints, mirror) / max(size_px, 1e-6) for joints in judges
        )
        wrong = _exchanged(legs, arms, track.time_s[stretch])
        swapped[np.ix_(stretch[wrong], limbs)] = True
    swapped ^= _limbs(_exchanging(track, swapped), size_px)
    return Repaired(_exchanging(track, swapped), swapped)


def _exchanging(track: Track2D, swapped: Bool[np.ndarray, "time joint"]) -> Track2D:
    """The track with these joints given to the other side."""
    if not swapped.any():
        return track
    mirror = np.array(track.skeleton.mirror)
    xy_px = np.where(swapped[..., None], track.xy_px[:, mirror], track.xy_px)
    score = np.where(swapped, track.score[:, mirror], track.score)
    return replace(track, xy_px=xy_px, score=score)


def _limbs(track: Track2D, size_px: float) -> Bool[np.ndarray, "time joint"]:
    """Joints of legs or arms that were given to the other side for a while."""
    swapped = np.zeros(track.score.shape, dtype=bool)
    mirror = np.array(track.skeleton.mirror)
    for group, words in JUDGES.items():
        judges = _sided(track.skeleton, words)
        one = np.array([j for j in judges if track.skeleton.side(int(j)) == "left"], dtype=int)
        for stretch in _stretches(track, judges):
            xy_px = track.xy_px[stretch]
            wrong = exchanged(xy_px, track.time_s[stretch], Pair(one, mirror[one]), size_px)
            wrong &= _twisted(xy_px, wrong, track.skeleton)
            swapped[np.ix_(stretch[wrong], _sided(track.skeleton, group))] = True
    return swapped


def _twisted(
    xy_px: Float[np.ndarray, "time joint 2"], wrong: Bool[np.ndarray, " time"], skeleton: Skeleton
) -> Bool[np.ndarray, " time"]:
    """Frames of those runs in which hips and shoulders point opposite ways, so far as one can see.

    Legs that come together and part again look like legs that cross; but a trunk is not twisted by
    half a turn.
    """
    if any(f"left_{part}" not in skeleton.joints for part in ("hip", "shoulder")):
        return wrong
    hips, shoulders = (
        xy_px[:, skeleton.index(f"left_{part}")] - xy_px[:, skeleton.index(f"right_{part}")]
        for part in ("hip", "shoulder")
    )
    alike = (hips * shoulders).sum(axis=-1)
    out = np.zeros_like(wrong)
    edges = np.diff(np.concatenate([[0], wrong.astype(np.int8), [0]]))
    for begin, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        out[begin:end] = np.nansum(alike[begin:end]) < 0
    return out


def _sided(skeleton: Skeleton, words: tuple[str, ...]) -> np.ndarray:
    """Left and right joints whose names hold one of these words."""
    return np.array(
        [
            number
            for number, joint in enumerate(skeleton.joints)
            if skeleton.side(number) != "middle" and any(word in joint for word in words)
        ],
        dtype=int,
    )


def _apparent_size(xy_px: Float[np.ndarray, "time joint 2"]) -> float:
    """Median over frames of the joints' root mean square distance from their middle."""
    known = np.isfinite(xy_px).all(axis=-1, keepdims=True)
    count = known.sum(axis=1).clip(1)
    middle = np.where(known, xy_px, 0.0).sum(axis=1) / count
    apart = np.where(known, xy_px - middle[:, None], 0.0)
    size = np.sqrt((apart**2).sum(axis=(1, 2)) / count[:, 0])
    size = size[known.any(axis=(1, 2))]
    return float(np.median(size)) if len(size) else 0.0


def _stretches(track: Track2D, joints: np.ndarray) -> list[np.ndarray]:
    """Numbers of the frames that have all these joints, cut at gaps."""
    if len(joints) == 0:
        return []
    seen = np.flatnonzero(track.seen[:, joints].all(axis=1))
    cuts = np.flatnonzero(np.diff(track.time_s[seen]) > MEMORY_S) + 1
    return [stretch for stretch in np.split(seen, cuts) if len(stretch) > 1]


def _jumps(
    xy_px: Float[np.ndarray, "time joint 2"], joints: np.ndarray, mirror: np.ndarray
) -> Float[np.ndarray, "2 steps"]:
    """Mean distance from each frame to the next: as seen, and with the next one's sides turned."""
    before = xy_px[:-1, joints]
    after = (xy_px[1:, joints], xy_px[1:, mirror[joints]])
    return np.stack([np.linalg.norm(a - before, axis=-1).mean(axis=-1) for a in after])


def _exchanged(
    legs: Float[np.ndarray, "2 steps"],
    arms: Float[np.ndarray, "2 steps"],
    time_s: Float[np.ndarray, " time"],
) -> Bool[np.ndarray, " time"]:
    """Which frames of a stretch have their sides exchanged, as against most of it."""
    plain, turned = legs + arms
    slower = np.maximum(1.0, 30 * np.diff(time_s))
    turns = (turned + WORTH_IT * slower < plain) & (arms[1] < ARMS_AGREE * arms[0])
    turns &= legs[1] < legs[0] + LEGS_ASIDE
    state = np.concatenate([[0], np.cumsum(turns) % 2]) == 1
    return ~state if state.mean() > 0.5 else state
