"""From many groups of alike cycles to the sets that a person did, partial ones found too."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from monomocap.apps.body_frame import RATE_HZ, smoothed
from monomocap.apps.count.cycles import LEVELS, Extremes, cycles, passed
from monomocap.apps.count.search import (
    TUNED,
    Found,
    Tuning,
    Values,
    along,
    apart,
    candidates,
    excursions,
    sides_alike,
    template,
    turned_round,
)

MOST_GROUPS, RIVALS = 12, 4
"""Groups that are looked at closely: in all, and of one stretch of time."""
MOVED_SIGMA_S = 0.15
"""Smoothing before movement is added up."""
MOST_SETS = 5
"""Movements told apart in one video; the rest is other movement."""


@dataclass(frozen=True)
class Set:
    """Repetitions of one movement: the whole ones, and those that did not go all the way."""

    found: Found
    partial: Extremes
    share: Float[np.ndarray, " partial"]
    """How far the partial ones went, as a share of the usual way."""


def find_sets(values: Values, tuning: Tuning = TUNED) -> list[Set]:
    """The movements that were repeated, the one that explains most movement first."""
    if len(values) < 4:
        return []
    groups = [g for c in candidates(values, tuning) for g in _bouts(c, tuning)]
    groups = _both_ways(values, groups, tuning)
    groups = [_refined(values, g, tuning) for g in _best([g for g in groups if _counts(g, tuning)])]
    moved = _moved(values)
    sets: list[Set] = []
    taken: list[tuple[int, int]] = []
    for group in sorted(groups, key=lambda g: -g.score):
        free = _without(group, taken)
        if free is None or not _counts(free, tuning) or len(sets) >= MOST_SETS:
            continue
        if _by_chance(free, moved, tuning):
            continue
        sets.append(_with_partial(values, free, tuning))
        taken.append(free.span)
    return sets


def _both_ways(values: Values, groups: Sequence[Found], tuning: Tuning) -> list[Found]:
    """The best groups, and the same from turn to turn."""
    best = _best(groups, 2 * MOST_GROUPS)
    turned = [turned_round(values, group, tuning) for group in best]
    return best + [part for one in turned if one is not None for part in _bouts(one, tuning)]


def _best(groups: Sequence[Found], most: int = MOST_GROUPS) -> list[Found]:
    """The best groups of every stretch of time."""
    chosen: list[Found] = []
    for group in sorted(groups, key=lambda g: -g.score):
        begin, end = group.span
        rivals = sum(min(end, e) > max(begin, b) for b, e in (c.span for c in chosen))
        if rivals < RIVALS:
            chosen.append(group)
        if len(chosen) == most:
            break
    return chosen


def _counts(group: Found, tuning: Tuning) -> bool:
    """Whether a group is repetition, and not chance or trembling."""
    return (
        len(group.extremes) >= tuning.fewest
        and float(np.median(group.excursion)) >= tuning.least_excursion
        and group.complete.sum() >= tuning.fewest - 1
        and float(np.median(group.differs[group.complete])) <= _most_different(group, tuning)
    )


def _most_different(group: Found, tuning: Tuning) -> float:
    """Small movements must be more alike, or come in a rhythm: trembling is small, and by chance a
    little alike."""
    small = float(np.median(group.excursion)) < tuning.small_excursion
    few = len(group.extremes) <= tuning.fewest
    if not small or _in_rhythm(group, tuning):
        return tuning.most_different_few if few else tuning.most_different
    return tuning.most_different_small


def _in_rhythm(group: Found, tuning: Tuning) -> bool:
    """Whether cycles follow one another without a rest, and last about as long as each other."""
    lasts = np.diff(group.extremes[:, 1])
    return len(lasts) >= tuning.fewest and float(np.std(lasts)) < tuning.rhythm * float(
        np.mean(lasts)
    )


def _moved(values: Values) -> Float[np.ndarray, " time"]:
    """How far the pose has gone up to each frame, trembling left out."""
    steps = np.diff(smoothed(values, MOVED_SIGMA_S), axis=0)
    return np.r_[0.0, np.cumsum(np.linalg.norm(steps, axis=1))]


def _by_chance(group: Found, moved: Float[np.ndarray, " time"], tuning: Tuning) -> bool:
    """Whether a group's cycles are no more alike than some are of anybody who moves about.

    Each is held against the others, and not against a mean of which it is a part.
    """
    unlike = float(np.median(group.from_others[group.complete]))
    begin, end = group.span
    inside = (moved[group.extremes[:, 2]] - moved[group.extremes[:, 0]]).sum()
    unbroken = inside >= tuning.unbroken * (moved[end] - moved[begin])
    return unlike > (tuning.most_unlike if unbroken else tuning.most_unlike_broken)


def _bouts(group: Found, tuning: Tuning) -> list[Found]:
    """A group in parts, where somebody rested for long."""
    begin, end = group.extremes[:, 0], group.extremes[:, 2]
    longest = tuning.pause_cycles * np.median(end - begin) + tuning.pause_s * RATE_HZ
    cuts = np.flatnonzero(begin[1:] - end[:-1] > longest) + 1
    return [_part(group, rows) for rows in np.split(np.arange(len(begin)), cuts)]


def _part(group: Found, rows: np.ndarray) -> Found:
    return replace(
        group,
        extremes=group.extremes[rows],
        frames=group.frames[rows],
        poses=group.poses[rows],
        excursion=group.excursion[rows],
        differs=group.differs[rows],
        from_others=group.from_others[rows],
    )


def _refined(values: Values, group: Found, tuning: Tuning) -> Found:
    """The same movement along its own direction: from its usual valley to its usual peak."""
    whole = smoothed(values, group.sigma_s)
    for _ in range(2):
        usual = template(group.poses, group.poses[0], np.ones(len(group.poses), bool))
        if group.both_sides:
            usual = sides_alike(usual)
        middle = len(usual) // 2
        axis = usual[middle] - (usual[0] + usual[-1]) / 2
        axis = axis / max(float(np.linalg.norm(axis)), 1e-9)
        seen = sides_alike(whole) if group.both_sides else whole
        signal = seen @ axis
        range_ = float(np.median(passed(signal, group.extremes).height))
        if range_ <= 0:
            return group
        hills = cycles(signal, tuning.swings[0] * range_)
        better = along(whole, signal, hills, axis, group.both_sides, group.sigma_s, tuning)
        parts = [] if better is None else _bouts(better, tuning)
        best = max(parts, key=lambda g: g.score, default=group)
        if best.score <= group.score or not _counts(best, tuning):
            return group
        group = best
    return group


def _without(group: Found, taken: Sequence[tuple[int, int]]) -> Found | None:
    """What a group has outside stretches that are spoken for."""
    begin, end = group.extremes[:, 0], group.extremes[:, 2]
    free = np.ones(len(begin), bool)
    for first, last in taken:
        free &= (end <= first) | (begin >= last)
    if not free.any():
        return None
    return _part(group, np.flatnonzero(free))


def _with_partial(values: Values, group: Found, tuning: Tuning) -> Set:
    """Smaller hills between and beside the whole repetitions that begin as those do."""
    whole = smoothed(values, group.sigma_s)
    seen = sides_alike(whole) if group.both_sides else whole
    signal = seen @ group.axis
    height = float(np.median(passed(signal, group.extremes).height))
    small = cycles(signal, tuning.least_partial * height)
    free = [row for row in small.tolist() if not _overlaps(row, group)]
    near = [row for row in free if _beside(row, group)]
    extremes = np.array(near, int).reshape(-1, 3)
    hills = passed(signal, extremes)
    share = hills.height / max(height, 1e-9)
    fits = _follows(whole[hills.frames], share, group, tuning) & (share < 1.0)
    return Set(group, extremes[fits], share[fits])


def _overlaps(row: list[int], group: Found) -> bool:
    """Whether a hill's peak lies within a whole repetition, without the rest around it: a smaller
    hill may lie before the lowest point between two whole ones, or after it."""
    inside = (group.frames[:, 0] < row[1]) & (row[1] < group.frames[:, -1])
    return bool(inside.any())


def _beside(row: list[int], group: Found) -> bool:
    usual = float(np.median(group.extremes[:, 2] - group.extremes[:, 0]))
    begin, end = group.span
    return begin - 0.5 * usual <= row[0] and row[2] <= end + 0.5 * usual


def _follows(
    poses: Float[np.ndarray, "cycle point channel"],
    share: Float[np.ndarray, " cycle"],
    group: Found,
    tuning: Tuning,
) -> np.ndarray:
    """Whether partial hills pass through the poses that whole ones have at the same heights."""
    usual = template(group.poses, group.poses[0], np.ones(len(group.poses), bool))
    size = float(excursions(usual[None])[0])
    fits = np.zeros(len(poses), bool)
    for i, (pose, part) in enumerate(zip(poses, share, strict=True)):
        wanted = _up_to(usual, float(part))
        fits[i] = apart(pose[None], wanted[None])[0, 0] < tuning.alike * size
    return fits


def _up_to(
    usual: Float[np.ndarray, "point channel"], share: float
) -> Float[np.ndarray, "point channel"]:
    """The usual cycle turned back at a share of its height."""
    heights = np.r_[LEVELS, 1.0]
    half = len(LEVELS)
    wanted = np.clip(heights * share, 0, 1)
    up = np.stack([np.interp(wanted, heights, c) for c in usual[: half + 1].T], axis=1)
    down = np.stack([np.interp(wanted, heights, c) for c in usual[half:][::-1].T], axis=1)
    return np.concatenate([up, down[:-1][::-1]])
