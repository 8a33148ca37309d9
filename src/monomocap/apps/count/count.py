"""Counting what a person, or everybody in a take, repeated."""

import numpy as np
from jaxtyping import Float

from monomocap.apps.body_frame import Series, series_of
from monomocap.apps.count import result, sets
from monomocap.apps.count.defined import count_defined
from monomocap.apps.count.exercises import Exercise, load_exercise
from monomocap.apps.count.result import UNSEEN, Counts, PersonCount, Repetition
from monomocap.apps.count.search import TUNED, Tuning
from monomocap.apps.measures import SIDES, measure
from monomocap.geometry.world import in_world
from monomocap.types import Motion3D, Take

_ANGLES = ("knee", "elbow", "hip", "shoulder")


def count(take: Take, exercise: str | None = None) -> Counts:
    """Repetitions of everybody in a take: of whatever repeats, or of an exercise by name or file.

    Raises `UnknownName` or `DataError` for an exercise that is not there or cannot be read.
    """
    wanted = None if exercise is None else load_exercise(exercise)
    people = tuple(count_motion(in_world(m, take.camera), wanted) for m in take.motions)
    return Counts(None if wanted is None else wanted.name, people)


def count_motion(motion: Motion3D, exercise: Exercise | None = None) -> PersonCount:
    """One person's repetitions; the motion is in the world frame (`geometry.world.in_world`)."""
    series = series_of(motion)
    if exercise is not None:
        one = count_defined(series, exercise)
        return PersonCount(motion.person, () if one is None else (one,), None if one is None else 0)
    return free_count(series, motion.person)


def free_count(series: Series, person: int = 0, tuning: Tuning = TUNED) -> PersonCount:
    """Repetitions of whatever repeats."""
    found = sets.find_sets(series.values, tuning)
    order = sorted(range(len(found)), key=lambda i: found[i].found.span)
    named = tuple(
        described(series, found[which], f"movement {number + 1}")
        for number, which in enumerate(order)
    )
    return PersonCount(person, named, order.index(0) if order else None)


def described(series: Series, found: sets.Set, name: str) -> result.Set:
    """A set in words and degrees."""
    angle, values = _most_moving(series, found)
    whole = [
        _repetition(series, values, start, turn, end, reason="")
        for start, turn, end in _trimmed(found.found.extremes, found.found.frames)
    ]
    partial = [
        _repetition(series, values, start, turn, end, reason=f"{share:.0%} of the usual way")
        for (start, turn, end), share in zip(
            found.partial.tolist(), found.share.tolist(), strict=True
        )
    ]
    return result.Set(name, angle, tuple(sorted(whole + partial, key=lambda r: r.start_s)))


def _trimmed(extremes: np.ndarray, frames: np.ndarray) -> list[tuple[int, int, int]]:
    """Start, turn and end without the rests: the way from 15 to 40 % tells where 0 was."""
    rows = []
    for (begin, turn, end), passes in zip(extremes.tolist(), frames.tolist(), strict=True):
        start = max(begin, passes[0] - (passes[1] - passes[0]))
        stop = min(end, passes[-1] + (passes[-1] - passes[-2]))
        rows.append((start, turn, stop))
    return rows


def _repetition(
    series: Series, values: Float[np.ndarray, " time"], start: int, turn: int, end: int, reason: str
) -> Repetition:
    at = series.time_s
    reason = reason if series.in_sight(start, end) else UNSEEN
    return Repetition(
        float(at[start]), float(at[turn]), float(at[end]), not reason, reason,
        float(values[start]), float(values[turn]),
    )  # fmt: skip


def _most_moving(series: Series, found: sets.Set) -> tuple[str, Float[np.ndarray, " time"]]:
    """The angle that differs most between rest and turn; of both sides where both move alike."""
    rows = found.found.extremes
    best, chosen, moved = "", np.zeros(len(series)), -1.0
    for name in _ANGLES:
        both = measure(name, series.xyz_m)
        change = np.abs(both[rows[:, 1]] - both[rows[:, 0]])
        alike = np.median(change.min(axis=1)) > 0.6 * np.median(change.max(axis=1))
        if alike:
            options = [(f"{name}s", both.mean(axis=1), float(np.median(change.mean(axis=1))))]
        else:
            options = [
                (f"{side} {name}", both[:, i], float(np.median(change[:, i])))
                for i, side in enumerate(SIDES)
            ]
        for label, values, size in options:
            if size > moved:
                best, chosen, moved = label, values, size
    return best, chosen
