"""What repeats in a motion, without knowing what it is.

A repetition leaves a pose and comes back to it. Seen along the right direction in pose space that
is a hill of a signal: valley, peak, valley. Which direction is right nobody says, so many are
tried: the main directions of variation in windows of several lengths (of the pose, and of the pose
made alike on both sides, in which left and right in turn are the same thing). Each gives hills, and
hills are the same movement when the whole body passes through the same poses at the same heights,
or through their mirror images. The direction whose alike hills explain most movement wins.

Like the self-similarity of a video (Dwibedi et al., 2020; training-free: arXiv 2107.13760) it needs
no list of exercises; unlike a period, hills stand pauses and changes of tempo.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from monomocap.apps.body_frame import RATE_HZ, mirrored, smoothed
from monomocap.apps.count.cycles import LEVELS, Extremes, above, cycles, passed

Values = Float[np.ndarray, "time channel"]
Poses = Float[np.ndarray, "cycle point channel"]


CONSTANT = 0.15
"""Weight of a constant difference between two cycles' poses."""
NEW_COSINE, NEW_RANGE = 0.92, 1.4
"""A direction is tried again only where it, or the range of movement along it, is another one."""
SAME_FRAMES = 4
"""Hills whose peaks all lie as near are found only once; `sets` finds the best direction anyway."""
MUCH_BETTER = 0.75
"""A mirror image must fit this much better than the movement itself."""
ODD = 0.35
"""The first and the last cycle may differ by as much before they are looked at twice."""
SPREAD = float(np.std(np.r_[LEVELS, 1.0, LEVELS]))
"""Root mean square of a cycle's poses about their mean, when it goes to and fro by 1."""
WELL = 0.25
"""Cycles that differ by less than this fit equally well."""
FLOOR_DEPTH = 0.1
"""How far below the usual valley a cycle may begin, as a share of its height."""


@dataclass(frozen=True)
class Tuning:
    """Numbers that were tuned on `benchmarks/counting.py --seed 1`, and on no other seed; what may
    be chance also on 200 clips of its `talking`, drawn with seed 101."""

    windows_s: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0)
    smooth_s: tuple[float, ...] = (0.04, 0.15)
    axes: int = 3
    swings: tuple[float, ...] = (0.5, 0.25)
    """A full repetition's rise and fall at least, as shares of the signal's range in its window:
    the second where something larger lies beside it."""
    alike: float = 0.7
    """Two cycles are the same movement when their poses differ by less than this share of the
    movement itself."""
    pair_alike: float = 0.95
    """The same for two single cycles, each with its own noise."""
    mirror_alike: float = 1.0
    """The same for the mirror image of a movement done on the other side."""
    edge_alike: float = 0.6
    """The same, for the first or last cycle, of which only one half must fit."""
    least_size: float = 0.67
    """A full repetition, as a share of the usual one; below it is partial."""
    least_partial: float = 0.22
    least_excursion: float = 0.1
    """Root mean square of how far the pose goes from its mean, in `CHANNELS`."""
    fewest: int = 3
    much_less: float = 0.25
    """Groups that explain less than this share of the best one's movement are not looked into."""
    most_different: float = 0.5
    """The usual difference of a set's cycles; trembling has more."""
    most_different_few: float = 0.42
    """The same of only `fewest` cycles."""
    small_excursion: float = 0.35
    """Of a movement that is about as small as trembling."""
    most_different_small: float = 0.32
    """The usual difference of such a movement's cycles, where they come in no rhythm."""
    rhythm: float = 0.15
    """How much durations differ in a rhythm, at most: their deviation as a share of their mean."""
    most_unlike: float = 0.65
    """The usual difference of a cycle from the others of its set, when hardly anything else is done
    in between."""
    most_unlike_broken: float = 0.5
    """The same where there is other movement in between: who moves about for long does much twice
    or three times by chance, roughly."""
    unbroken: float = 0.85
    """Share of a set's movement that is in its cycles, when hardly anything else is."""
    pause_cycles: float = 5.0
    pause_s: float = 2.0
    """A rest longer than this many usual repetitions and these seconds ends a set."""
    dimensions: int = 5
    """In which poses are compared."""


@dataclass(frozen=True)
class Found:
    """Cycles of one movement."""

    extremes: Extremes
    frames: Int[np.ndarray, "cycle point"]
    poses: Poses
    excursion: Float[np.ndarray, " cycle"]
    differs: Float[np.ndarray, " cycle"]
    """From the usual cycle, as a share of the movement."""
    from_others: Float[np.ndarray, " cycle"]
    """The same, from the usual one of the others of its side: two cycles that have little to do
    with one another are each only half their distance from their own middle."""
    axis: Float[np.ndarray, " channel"]
    both_sides: bool
    """Whether the signal was taken from the pose made alike on both sides."""
    sigma_s: float
    height: float
    """Of the usual cycle, along the axis."""

    @property
    def score(self) -> float:
        """How much movement the cycles explain. Those at the edges, of which half fits, do not
        count here: there would be one too many of them if the rests were taken for turns."""
        return _explained(self.excursion, self.differs, self.height)

    @property
    def complete(self) -> Bool[np.ndarray, " cycle"]:
        """Which cycles fit as wholes; the others are at the edges."""
        fits: Bool[np.ndarray, " cycle"] = self.differs < 1
        return fits

    @property
    def span(self) -> tuple[int, int]:
        """First and last frame."""
        return int(self.extremes[0, 0]), int(self.extremes[-1, 2])


TUNED = Tuning()


def sides_alike(values: Values) -> Values:
    """What both sides do in common."""
    return (values + mirrored(values)) / 2


def candidates(values: Values, tuning: Tuning) -> Iterator[Found]:
    """Groups of alike cycles along many directions, in no order, without the hopeless ones.

    Which end of a direction is rest nobody knows yet: see `turned_round`.
    """
    least = 0.0
    for sigma_s in tuning.smooth_s:
        whole = smoothed(values, sigma_s)
        for both_sides in (False, True):
            seen = sides_alike(whole) if both_sides else whole
            tried: set[tuple[int, ...]] = set()
            for axis, range_ in directions(seen, tuning):
                signal = seen @ axis
                for swing in tuning.swings:
                    hills = cycles(signal, swing * range_)
                    turns = tuple((hills[:, 1] // SAME_FRAMES).tolist())
                    if turns in tried:
                        continue
                    tried.add(turns)
                    found = along(whole, signal, hills, axis, both_sides, sigma_s, tuning, least)
                    if found is not None:
                        least = max(least, tuning.much_less * found.score)
                        yield found


def turned_round(values: Values, group: Found, tuning: Tuning) -> Found | None:
    """The same movement from turn to turn, as if the turn were rest."""
    whole = smoothed(values, group.sigma_s)
    signal = -((sides_alike(whole) if group.both_sides else whole) @ group.axis)
    hills = cycles(signal, tuning.swings[0] * group.height)
    return along(whole, signal, hills, -group.axis, group.both_sides, group.sigma_s, tuning)


def directions(
    seen: Values, tuning: Tuning
) -> Iterator[tuple[Float[np.ndarray, " channel"], float]]:
    """Main directions of variation in windows, with the signal's range there; of either sign."""
    known: list[tuple[np.ndarray, float]] = []
    for window in _windows(len(seen), tuning.windows_s):
        part = seen[window]
        variation = np.cov(part.T)
        sizes, vectors = np.linalg.eigh(variation)
        for axis, size in zip(vectors.T[::-1][: tuning.axes], sizes[::-1], strict=False):
            if size < tuning.least_excursion**2 / 4:
                break
            signal = part @ axis
            range_ = float(np.subtract(*np.percentile(signal, [95, 5])))
            if _is_new(axis, range_, known):
                known.append((axis, range_))
                yield axis, range_


def _windows(length: int, windows_s: tuple[float, ...]) -> Iterator[slice]:
    for seconds in windows_s:
        frames = round(seconds * RATE_HZ)
        if frames >= length:
            yield slice(0, length)
            return
        count = 1 + -(-3 * (length - frames) // (2 * frames))  # a third of each is the next one's
        for begin in np.linspace(0, length - frames, count).round().astype(int):
            yield slice(begin, begin + frames)


def _is_new(axis: np.ndarray, range_: float, known: list[tuple[np.ndarray, float]]) -> bool:
    return not any(
        abs(axis @ other) > NEW_COSINE and 1 / NEW_RANGE < range_ / size < NEW_RANGE
        for other, size in known
    )


def along(
    whole: Values,
    signal: Float[np.ndarray, " time"],
    extremes: Extremes,
    axis: Float[np.ndarray, " channel"],
    both_sides: bool,
    sigma_s: float,
    tuning: Tuning,
    least: float = 0.0,
) -> Found | None:
    """The largest group of alike cycles of a signal; None when no two are alike, or when they
    explain less movement than `least`."""
    if len(extremes) < 2:
        return None
    first = _alike(whole, signal, extremes, tuning, least)
    if first is None or first.score < least:
        return None
    begin, peak, end = signal[extremes[first.members]].T
    floor, ceiling = float(_median(np.r_[begin, end])), float(_median(peak))
    extremes = above(signal, extremes, floor - FLOOR_DEPTH * (ceiling - floor))
    group = _alike(whole, signal, extremes, tuning)
    if group is None:
        return None
    edges = _edges(group, tuning)
    keep = np.flatnonzero(group.members | edges)
    differs = np.where(edges | _odd_ends(group), 1.0, group.differs)
    return Found(
        extremes[keep], group.frames[keep], group.poses[keep], group.excursion[keep],
        differs[keep], group.from_others[keep], axis, both_sides, sigma_s, group.height,
    )  # fmt: skip


@dataclass(frozen=True)
class _Group:
    """All cycles of a signal, and which of them are the same movement."""

    frames: Int[np.ndarray, "cycle point"]
    poses: Poses
    excursion: Float[np.ndarray, " cycle"]
    usual: Float[np.ndarray, "point channel"]
    usual_size: float
    height: float
    """Of the usual cycle, along the axis."""
    differs: Float[np.ndarray, " cycle"]
    from_others: Float[np.ndarray, " cycle"]
    members: Bool[np.ndarray, " cycle"]

    @property
    def score(self) -> float:
        return _explained(self.excursion[self.members], self.differs[self.members], self.height)


def _explained(excursion: np.ndarray, differs: np.ndarray, height: float) -> float:
    """Movement in cycles, less where they differ and where the axis is not the way they go."""
    fits = np.clip(1 - np.maximum(differs, WELL), 0, 1)
    along_axis = min(1.0, SPREAD * height / max(float(_median(excursion)), 1e-9))
    return float((excursion * fits).sum()) * (0.5 + 0.5 * along_axis)


def _alike(
    whole: Values,
    signal: Float[np.ndarray, " time"],
    extremes: Extremes,
    tuning: Tuning,
    least: float = 0.0,
) -> _Group | None:
    """The largest group of cycles that are the same movement, on one side or on both in turn.

    None where there is none, or where even all cycles would explain less than `least`.
    """
    hills = passed(signal, extremes)
    poses = _plainer(whole[hills.frames], tuning.dimensions)
    excursion = excursions(poses)
    if float(excursion.sum()) * (1 - WELL) < least:
        return None
    steady = _steadied(poses)
    far = _apart(steady, steady) / np.sqrt(excursion[:, None] * excursion[None])
    near = far < tuning.pair_alike
    medoid = int((near * excursion[None]).sum(axis=1).argmax())
    members = near[medoid]
    for _ in range(2):
        if members.sum() < 2:
            return None
        usual = _median(poses[members])
        size = float(excursions(usual[None])[0])
        height = float(_median(hills.height[members]))
        full = (hills.height > tuning.least_size * height) & (hills.height < 1.7 * height)
        full &= excursion < 1.8 * size
        differs = _apart(steady, _steadied(usual[None]))[:, 0] / size
        members = (differs < tuning.alike) & full
    if members.sum() < 2:
        return None
    other = _other_side(steady, usual, size, differs, full & ~members, tuning)
    turned = other < tuning.alike
    alone = np.where(turned, _left_out(other, turned), _left_out(differs, members))
    differs, members = np.minimum(differs, other), members | turned
    return _Group(hills.frames, poses, excursion, usual, size, height, differs, alone, members)


def _left_out(
    differs: Float[np.ndarray, " cycle"], members: Bool[np.ndarray, " cycle"]
) -> Float[np.ndarray, " cycle"]:
    """How much each would differ from the mean of the others; one alone is not in its own mean."""
    count = int(members.sum())
    left: Float[np.ndarray, " cycle"] = differs * (count / (count - 1) if count > 1 else 1.0)
    return left


def _other_side(
    steady: Poses,
    usual: Float[np.ndarray, "point channel"],
    size: float,
    straight: Float[np.ndarray, " cycle"],
    free: Bool[np.ndarray, " cycle"],
    tuning: Tuning,
) -> Float[np.ndarray, " cycle"]:
    """How much cycles differ from the movement done on the other side; infinity if it is not done.

    Errors of 3D are not mirrored with the body: the mirror image must fit roughly, but clearly
    better than the movement itself (`straight`), and those that it fits must fit one another.
    """
    differs = np.full(len(steady), np.inf)
    away = _apart(steady, mirrored(_steadied(usual[None])))[:, 0] / size
    like = free & (away < tuning.mirror_alike) & (away < MUCH_BETTER * straight)
    if like.sum() == 1:
        differs[like] = away[like]
    elif like.any():
        theirs = _median(steady[like])
        own = _apart(steady, theirs[None])[:, 0] / float(excursions(theirs[None])[0])
        differs[like] = own[like]
    return differs


def _plainer(poses: Poses, dimensions: int) -> Poses:
    """Only what moves most, of both sides alike: the rest is mostly noise."""
    away = _from_mean(poses).reshape(-1, poses.shape[-1])
    pooled = np.concatenate([away, mirrored(away)])
    _, vectors = np.linalg.eigh(pooled.T @ pooled)
    kept = vectors[:, -dimensions:]
    plain: Poses = poses @ kept @ kept.T
    return plain


def excursions(poses: Poses) -> Float[np.ndarray, " cycle"]:
    """How far the poses of each cycle go from their mean, root mean square."""
    away = _from_mean(poses)
    return np.sqrt((away * away).sum(axis=(1, 2)) / poses.shape[1]) + 1e-9


def _from_mean(poses: Poses) -> Poses:
    away: Poses = poses - poses.sum(axis=1, keepdims=True) / poses.shape[1]
    return away


def _median(values: Float[np.ndarray, "n *rest"]) -> Float[np.ndarray, "*rest"]:
    """Over the first axis, as NumPy's, which takes ten times as long for so few values."""
    ordered, half = np.sort(values, axis=0), len(values) // 2
    middle = ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return np.asarray(middle)


def apart(
    one: Poses, other: Float[np.ndarray, "others point channel"]
) -> Float[np.ndarray, "cycle others"]:
    """Root mean square distance of the poses of two cycles, or of one and the other's mirror.

    A constant difference counts little: it is as much error of the 3D as another movement.
    """
    one, other = _steadied(one), _steadied(other)
    return np.minimum(_apart(one, other), _apart(one, mirrored(other)))


def _steadied(poses: Poses) -> Poses:
    steady: Poses = poses - (1 - CONSTANT) / poses.shape[1] * poses.sum(axis=1, keepdims=True)
    return steady


def _apart(one: Poses, other: np.ndarray) -> np.ndarray:
    points = one.shape[1]
    a, b = one.reshape(len(one), -1), other.reshape(len(other), -1)
    square = (a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(square, 0) / points)


def template(
    poses: Poses, like: Float[np.ndarray, "point channel"], members: np.ndarray
) -> Float[np.ndarray, "point channel"]:
    """The mean of the members, each turned to the side of `like`."""
    chosen = poses[members]
    straight = _apart(chosen, like[None])[:, 0]
    turned = _apart(mirrored(chosen), like[None])[:, 0]
    sided = np.where((turned < straight)[:, None, None], mirrored(chosen), chosen)
    return _median(sided)


def _odd_ends(group: _Group) -> Bool[np.ndarray, " cycle"]:
    """Whether the first or the last member fits clearly worse than the others: then it may be half
    a cycle and half the way from or to something else."""
    odd = np.zeros(len(group.poses), bool)
    inside = np.flatnonzero(group.members)
    usual = float(np.median(group.differs[inside]))
    for end in (inside[0], inside[-1]):
        odd[end] = group.differs[end] > max(ODD, 1.6 * usual)
    return odd


def _edges(group: _Group, tuning: Tuning) -> Bool[np.ndarray, " cycle"]:
    """Neighbours of the first and last member that begin or end in another pose: the first clap
    begins with the arms hanging. The peak and the half that faces the others must fit."""
    edge = np.zeros(len(group.poses), bool)
    inside = np.flatnonzero(group.members)
    half = len(LEVELS)
    for at, points in ((inside[0] - 1, slice(half, None)), (inside[-1] + 1, slice(0, half + 1))):
        if 0 <= at < len(edge):
            far = apart(group.poses[at : at + 1, points], group.usual[None, points])[0, 0]
            edge[at] = far < tuning.edge_alike * group.usual_size
            edge[at] &= group.excursion[at] > 0.6 * group.usual_size
    return edge
