"""Counting a defined exercise: from its angle over time to repetitions, judged by its rules."""

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter1d

from monomocap.apps.body_frame import RATE_HZ, Series
from monomocap.apps.count.exercises import Exercise, Rule
from monomocap.apps.count.result import UNSEEN, Repetition, Set
from monomocap.apps.measures import measure

SMOOTH_S = 0.1
SHORTEST_S = 0.25
"""Of a repetition; quicker ones are mistakes of the 3D."""
SHORTEST_HOLD_S = 1.0
LONGEST_BREAK_S = 0.5
"""A hold goes on after a break as short as this."""


def count_defined(series: Series, exercise: Exercise) -> Set | None:
    """The repetitions (or the hold) of an exercise; None where there is not one."""
    if not len(series):
        return None
    if exercise.kind == "hold":
        return _hold(series, exercise)
    values = _smooth(exercise.values(series.xyz_m))
    found = [
        _judged(series, values, exercise, *frames)
        for frames in attempts(values, exercise)
        if _is_it(series, exercise.only, *frames)
    ]
    kept = tuple(one for one in found if one.seconds >= SHORTEST_S)
    return Set(exercise.name, _named(exercise), kept) if kept else None


def attempts(
    values: Float[np.ndarray, " time"], exercise: Exercise
) -> Iterator[tuple[int, int, int]]:
    """Start, turn and end (frames) of every way from rest past `least` and back.

    Back is half-way from `least` to rest: a body that never quite straightens still repeats, and
    `rest` is what the next one begins from.
    """
    sign = -1.0 if exercise.falls else 1.0
    level = sign * values
    least, rest = sign * exercise.least, sign * exercise.rest
    back = (least + rest) / 2
    start: int | None = None
    for now, value in enumerate(level.tolist()):
        if start is None:
            if value >= least:
                start = _last_below(level, rest, back, now)
        elif value < back:
            turn = start + int(level[start : now + 1].argmax())
            end = _first_below(level, rest, now)
            yield start, turn, end
            start = None


def _last_below(level: np.ndarray, rest: float, back: float, now: int) -> int:
    """Where the way out began: the last frame at rest, or the lowest since the last repetition."""
    before = np.flatnonzero(level[:now] <= rest)
    if len(before):
        return int(before[-1])
    low = np.flatnonzero(level[:now] < back)
    return int(low[-1]) if len(low) else 0


def _first_below(level: np.ndarray, rest: float, now: int) -> int:
    """Where rest is reached, or the way back ends."""
    after = level[now:]
    risen = np.flatnonzero(np.diff(after) > 0)
    until = int(risen[0]) if len(risen) else len(after) - 1
    there = np.flatnonzero(after[: until + 1] <= rest)
    return now + (int(there[0]) if len(there) else until)


def _is_it(series: Series, only: Iterable[Rule], start: int, turn: int, end: int) -> bool:
    return all(not r.broken(_value(series, r, start, turn, end)) for r in only)


def _judged(
    series: Series,
    values: Float[np.ndarray, " time"],
    exercise: Exercise,
    start: int,
    turn: int,
    end: int,
) -> Repetition:
    reached = float(values[turn])
    limit = Rule(
        "turn",
        exercise.signal,
        **({"at_most": exercise.turn} if exercise.falls else {"at_least": exercise.turn}),
        says=f"{exercise.signal} stopped short at the turn",
    )
    reasons = [limit.broken(reached)]
    reasons += [r.broken(_value(series, r, start, turn, end)) for r in exercise.rules]
    if not series.in_sight(start, end):
        reasons.append(UNSEEN)
    reason = "; ".join(r for r in reasons if r)
    at = series.time_s
    return Repetition(
        float(at[start]), float(at[turn]), float(at[end]), not reason, reason,
        float(values[start]), reached,
    )  # fmt: skip


def _value(series: Series, rule: Rule, start: int, turn: int, end: int) -> float:
    """What a rule looks at: the mean around the turn, at the better of both rests, or all along."""
    values = _smooth(measure(rule.measure, series.xyz_m[start : end + 1]).mean(axis=1))
    if rule.at == "turn":
        reach = max(1, round(0.1 * RATE_HZ))
        middle = turn - start
        return float(values[max(0, middle - reach) : middle + reach + 1].mean())
    if rule.at == "rest":
        ends = (float(values[0]), float(values[-1]))
        return max(ends) if np.isfinite(rule.at_least) else min(ends)
    return float(np.median(values))


def _hold(series: Series, exercise: Exercise) -> Set | None:
    in_pose = _all_true(series, exercise.only)
    well = in_pose & _all_true(series, exercise.rules)
    at = series.time_s
    parts = []
    for begin, end in _runs(_bridged(in_pose)):
        if (end - begin) / RATE_HZ < SHORTEST_HOLD_S:
            continue
        share = float(well[begin:end].mean())
        reason = "" if share >= 0.5 else _why(series, exercise.rules, begin, end)
        parts.append(
            Repetition(float(at[begin]), float(at[begin]), float(at[end - 1]), not reason, reason)
        )
    held_s = float(well[series.seen].sum()) / RATE_HZ if parts else 0.0
    return Set(exercise.name, "", tuple(parts), held_s) if parts else None


def _all_true(series: Series, rules: Iterable[Rule]) -> Bool[np.ndarray, " time"]:
    out = np.ones(len(series), bool)
    for rule in rules:
        values = _smooth(measure(rule.measure, series.xyz_m).mean(axis=1))
        out &= (values >= rule.at_least) & (values <= rule.at_most)
    return out


def _why(series: Series, rules: Iterable[Rule], begin: int, end: int) -> str:
    said = [
        rule.broken(float(np.median(measure(rule.measure, series.xyz_m[begin:end]))))
        for rule in rules
    ]
    return "; ".join(s for s in said if s) or "held well for less than half of the time"


def _bridged(mask: Bool[np.ndarray, " time"]) -> Bool[np.ndarray, " time"]:
    """Without breaks of up to `LONGEST_BREAK_S`."""
    out = mask.copy()
    for begin, end in _runs(~mask):
        if begin > 0 and end < len(mask) and (end - begin) / RATE_HZ <= LONGEST_BREAK_S:
            out[begin:end] = True
    return out


def _runs(mask: Bool[np.ndarray, " time"]) -> Iterator[tuple[int, int]]:
    """Begin and end (not included) of every stretch that is true."""
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False].astype(int)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _smooth(values: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    out: Float[np.ndarray, " time"] = gaussian_filter1d(values, SMOOTH_S * RATE_HZ, mode="nearest")
    return out


def _named(exercise: Exercise) -> str:
    if exercise.signal in ("trunk", "legs"):
        return exercise.signal
    return {"mean": f"{exercise.signal}s", "lower": f"lower {exercise.signal}",
            "higher": f"higher {exercise.signal}"}[exercise.of]  # fmt: skip
