"""From differences to words: which joint, which direction, when, and what to do about it."""

import numpy as np
from jaxtyping import Float, Int

from monomocap.apps.score.joints import Differences
from monomocap.apps.score.result import Fault

LEAST_DEG = 10.0
"""Smaller differences stand in the table only: monocular 3D is no surer."""
MOST_FAULTS = 5
WHOLE = 0.7
"""A fault seen in this share of the phases is there all along."""

_TOO_FAR: dict[str, tuple[tuple[str, str], ...]] = {
    "shoulder": (("too far forward", "too far back"), ("too far out", "too far in"),
                 ("too high", "too low")),
    "hip": (("too far forward", "too far back"), ("too far out", "too far in"),
            ("too high", "too low")),
    "trunk": (("leaning too far forward", "leaning too far back"),
              ("leaning too far left", "leaning too far right"), ("too upright", "too low")),
    "knee": (("too bent", "too straight"),),
    "elbow": (("too bent", "too straight"),),
}  # fmt: skip
_PART = {"shoulder": "upper arm", "hip": "thigh"}
"""What is seen when a joint is wrong."""


def faults_of(
    steps: Differences,
    path: Int[np.ndarray, "step 2"],
    attempt_s: Float[np.ndarray, " later"],
    phases: list[tuple[int, int]],
) -> tuple[Fault, ...]:
    """The worst first; each joint once, at the phases where it is wrong in one direction."""
    found = []
    inside = [(path[:, 0] >= a) & (path[:, 0] < b) for a, b in phases]
    inside = [rows for rows in inside if rows.any()]
    for joint, parts in steps.parts_deg.items():
        means = np.stack([parts[rows].mean(axis=0) for rows in inside])
        worst = int(np.linalg.norm(means, axis=1).argmax())
        axis = int(np.abs(means[worst]).argmax())
        sign = float(np.sign(means[worst, axis])) or 1.0
        degrees = float(np.linalg.norm(means[worst]))
        if degrees < LEAST_DEG:
            continue
        wrong = sign * means[:, axis] > 0.5 * abs(means[worst, axis])
        rows = np.any([inside[i] for i in _around(wrong, worst)], axis=0)
        times = attempt_s[path[rows, 1]]
        whole = wrong.mean() >= WHOLE
        # Of what is wrong all along the mean is surer than the worst moment.
        if whole:
            degrees = float(np.linalg.norm(means[wrong].mean(axis=0)))
        direction = direction_of(joint, means[worst])
        start_s, end_s = float(times.min()), float(times.max())
        said = _sentence(joint, direction, degrees, None if whole else (start_s, end_s))
        found.append(Fault(joint, direction, degrees, start_s, end_s, said))
    return tuple(sorted(found, key=lambda f: -f.degrees)[:MOST_FAULTS])


def direction_of(joint: str, parts_deg: Float[np.ndarray, " part"]) -> str:
    """In words, by the largest part of a difference."""
    axis = int(np.abs(parts_deg).argmax())
    return _TOO_FAR[joint.split()[-1]][axis][0 if parts_deg[axis] > 0 else 1]


def in_words(joint: str, parts_deg: Float[np.ndarray, " part"], named: str) -> str:
    """A difference without its time; `named` is what to call the joint."""
    degrees = float(np.linalg.norm(parts_deg))
    return f"{_seen(named)} {degrees:.0f} degrees {direction_of(joint, parts_deg)}"


def _seen(joint: str) -> str:
    kind = joint.split()[-1]
    return f"{joint} ({_PART[kind]})" if kind in _PART else joint


def _around(wrong: np.ndarray, worst: int) -> list[int]:
    """The unbroken run of wrong phases around the worst."""
    first = last = worst
    while first > 0 and wrong[first - 1]:
        first -= 1
    while last + 1 < len(wrong) and wrong[last + 1]:
        last += 1
    return list(range(first, last + 1))


def _sentence(
    joint: str, direction: str, degrees: float, when_s: tuple[float, float] | None
) -> str:
    time = "all the time" if when_s is None else f"from {when_s[0]:.1f} to {when_s[1]:.1f} s"
    return f"{_seen(joint)} {degrees:.0f} degrees {direction}, {time}"
