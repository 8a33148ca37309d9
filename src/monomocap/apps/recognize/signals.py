"""Simple signals of health and safety: a fall, lying still, hands up. Rules, nothing learnt.

They read gravity from the world frame. With one camera that is taken for level, a person who lies
along the line of sight and a camera that looks steeply down are told apart only roughly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import median_filter, uniform_filter1d

from monomocap.apps.recognize.features import CHANNELS, RATE_HZ, Series

SignalName = Literal["fall", "lying still", "hands up"]

LYING_TILT = 0.5
"""The trunk's vertical share below which it lies: 60 degrees from upright, or further."""
LYING_HEIGHT = 0.45
"""The pelvis's height over the lowest joint, in leg lengths: below a chair's seat."""
FLAT_TILT = 0.3
"""Reached within a second of a fall; who only crouches deep stays above."""
UPRIGHT_TILT = 0.75
FALL_S = 1.5
"""From upright to lying in this time or less is a fall; lying down with care takes 2 to 4 s."""
FALL_SPEED = 0.7
"""How fast the trunk's height sinks at least once in a fall, in leg lengths per second."""
STILL_SPEED = 0.10
"""Mean change of limb directions per second while lying still: breathing and jitter are less."""
STILL_S = 3.0
HANDS_UP_S = 0.5
BRIDGED_S = 0.4


@dataclass(frozen=True)
class Signal:
    """Something worth a look, from `start_s` to `end_s` of the video's clock."""

    person: int
    name: SignalName
    start_s: float
    end_s: float


def signals(series: Series, person: int) -> list[Signal]:
    """All signals of one person, in order of time."""
    if not len(series):
        return []
    tilt, lying = _tilt(series), _lying(series)
    found = [
        *_during(series, person, "lying still", lying & _still(series), STILL_S),
        *_during(series, person, "hands up", _hands_up(series), HANDS_UP_S),
        *_falls(series, person, tilt, lying),
    ]
    return sorted(found, key=lambda one: (one.start_s, one.name))


def _channel(series: Series, name: str) -> Float[np.ndarray, " time"]:
    return series.values[:, CHANNELS.index(name)].astype(np.float64)


def _tilt(series: Series) -> Float[np.ndarray, " time"]:
    """1 for an upright trunk, 0 for one that lies, -1 upside down."""
    return median_filter(
        _channel(series, "pelvis>thorax.up"), round(0.25 * RATE_HZ), mode="nearest"
    )


def _lying(series: Series) -> Bool[np.ndarray, " time"]:
    low = _channel(series, "height of the pelvis") < LYING_HEIGHT
    return np.asarray((_tilt(series) < LYING_TILT) & low & series.seen)


def _still(series: Series) -> Bool[np.ndarray, " time"]:
    moving = (_channel(series, "speed of the arms") + _channel(series, "speed of the legs")) / 2
    return np.asarray(4 * uniform_filter1d(moving, round(RATE_HZ), mode="nearest") < STILL_SPEED)


def _hands_up(series: Series) -> Bool[np.ndarray, " time"]:
    """Both upper arms above the horizontal, both forearms upright, trunk upright."""
    up = _tilt(series) > UPRIGHT_TILT
    for side in ("left", "right"):
        up &= _channel(series, f"{side}_shoulder>{side}_elbow.up") > -0.2
        up &= _channel(series, f"{side}_elbow>{side}_wrist.up") > 0.6
    return up & series.seen


def _falls(
    series: Series, person: int, tilt: Float[np.ndarray, " time"], lying: Bool[np.ndarray, " time"]
) -> Iterator[Signal]:
    """Each time that lying begins soon after standing, and the way down was quick."""
    sinking = _channel(series, "rise of the trunk")
    for begin, end in _stretches(lying):
        first = max(0, begin - round(FALL_S * RATE_HZ))
        (upright,) = np.nonzero(tilt[first:begin] > UPRIGHT_TILT)
        if end - begin < BRIDGED_S * RATE_HZ or not len(upright):
            continue
        start = first + int(upright[-1])
        landed = min(end, begin + round(RATE_HZ)) - 1
        flat = tilt[begin : landed + 1].min() < FLAT_TILT
        if flat and sinking[start : begin + 1].min() < -FALL_SPEED:
            yield Signal(person, "fall", float(series.time_s[start]), float(series.time_s[landed]))


def _during(
    series: Series, person: int, name: SignalName, on: Bool[np.ndarray, " time"], least_s: float
) -> Iterator[Signal]:
    for begin, end in _stretches(on):
        if end - begin >= least_s * RATE_HZ:
            yield Signal(person, name, float(series.time_s[begin]), float(series.time_s[end - 1]))


def _stretches(on: Bool[np.ndarray, " time"]) -> Iterator[tuple[int, int]]:
    """Begin and end of what is true, with short interruptions bridged."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(int), [0]])))
    joined: list[list[int]] = []
    for begin, end in edges.reshape(-1, 2).tolist():
        if joined and begin - joined[-1][1] <= BRIDGED_S * RATE_HZ:
            joined[-1][1] = end
        else:
            joined.append([begin, end])
    yield from ((begin, end) for begin, end in joined)
