"""People who come and go, in memory for the frames in which they are there.

A noun over time is a frozen dataclass of arrays whose first axis is time (`Track2D`, `Motion3D`),
or of other such nouns. Of somebody who is there for less than half of a video only the rows that
hold something are kept; whoever asks for them gets a row for every frame, made on the spot.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Generic, TypeVar, cast, overload

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

T = TypeVar("T")
U = TypeVar("U")

WHOLE_SHARE = 0.5
"""Who is there for more than this share of the frames is kept whole: nothing is copied."""
MARGIN_S = 60.0
"""Work on a person sees so much before and after them. No filter and no window reaches as far; and
in a video of less than this it is the whole video, so that no result depends on what is kept."""
WHOLE_BYTES = 32 << 20
"""What takes no more than this with a row for every frame and person is handed out as a tuple."""
ZERO_WHERE_MISSING = frozenset({"score", "confidence", "marks", "planted", "exchanged", "outlier"})
"""Arrays in which a missing row is 0; in all others it is NaN."""
CLOCK = "time_s"


class People(Sequence[T]):
    """One noun per person, each with a row for every frame of a video whenever one asks for it."""

    def __init__(self, time_s: Float[np.ndarray, " time"], kept: Iterable["Kept[T]"]) -> None:
        self.time_s = time_s
        """Of every frame of the video, seconds."""
        self._kept = list(kept)

    @classmethod
    def of(cls, nouns: Sequence[T], time_s: Float[np.ndarray, " time"]) -> "People[T]":
        """Nouns that have a row for every frame."""
        if isinstance(nouns, People):
            return nouns
        return cls(time_s, (Kept.of(noun, time_s) for noun in nouns))

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, which: int) -> T: ...
    @overload
    def __getitem__(self, which: slice) -> "People[T]": ...
    def __getitem__(self, which: int | slice) -> "T | People[T]":
        if isinstance(which, slice):
            return People(self.time_s, self._kept[which])
        return self._kept[which].over(self.time_s, 0, len(self.time_s))

    def brief(self) -> tuple[T, ...]:
        """Everybody as they are kept: perhaps without the rows in which they are not there."""
        return tuple(one.some for one in self._kept)

    def around(self) -> Iterator[T]:
        """Everybody, with rows from `MARGIN_S` before they come to as long after they went."""
        return (one.around(self.time_s) for one in self._kept)

    def between(self, begin: int, end: int) -> tuple[T, ...]:
        """Everybody in the frames [begin, end)."""
        end = min(end, len(self.time_s))
        return tuple(one.over(self.time_s, begin, end) for one in self._kept)

    def only(self, fits: Callable[[T], bool]) -> "People[T]":
        """Those who fit, judged by what is kept of them."""
        return People(self.time_s, (one for one in self._kept if fits(one.some)))

    def part(self, of: Callable[[T], U]) -> "People[U]":
        """A part of everybody's noun; no array is copied."""
        return People(self.time_s, (Kept(of(k.some), k.rows, k.window) for k in self._kept))

    def seen_whole(self) -> "People[T]":
        """The same, but work on each of them sees the whole video."""
        window = (0, len(self.time_s))
        return People(self.time_s, (Kept(k.some, k.rows, window) for k in self._kept))

    def leaving(self) -> Iterator["Kept[T]"]:
        """Everybody in turn, held here no longer: the last use of these people, who are none
        after it."""
        while self._kept:
            yield self._kept.pop(0)

    def handed_out(self) -> Sequence[T]:
        """A tuple, if everybody with a row for every frame takes little memory."""
        brief = self.brief()
        if sum(_row_bytes(noun) for noun in brief) * len(self.time_s) > WHOLE_BYTES:
            return self
        return tuple(self)


def briefly(nouns: Sequence[T]) -> Sequence[T]:
    """Everybody, of `People` without rows in which they are not there; none is made for it."""
    return nouns.brief() if isinstance(nouns, People) else nouns


def between(nouns: Sequence[T], begin: int, end: int) -> Sequence[T]:
    """Everybody with the rows of frames [begin, end) alone: for who goes through a video in order,
    some hundred frames at a time."""
    if isinstance(nouns, People):
        return nouns.between(begin, end)
    return tuple(_mapped(noun, lambda _, a: a[begin:end]) for noun in nouns)


def each(
    work: Callable[..., U],
    first: People[Any],
    *more: People[Any],
    let_go: People[Any] | None = None,
) -> People[U]:
    """What work makes of each person; `more` are of the same people, and come with them.

    `let_go` is one of those given whose people are held no longer than the work on them takes: it
    is empty afterwards.
    """
    time_s = first.time_s
    given = (p.leaving() if p is let_go else iter(p._kept) for p in (first, *more))

    def made() -> Iterator[Kept[U]]:
        for same in zip(*given, strict=True):
            answer = work(*(one.around(time_s) for one in same))
            yield same[0].holding(answer)

    return People(time_s, made())


class Kept(Generic[T]):
    """One person: a noun, the frames whose rows it has, and the frames that work on them sees."""

    def __init__(
        self, some: T, rows: Int[np.ndarray, " kept"] | None, window: tuple[int, int]
    ) -> None:
        self.some = some
        self.rows = rows
        """Which frames, in order; None if all."""
        self.window = window
        """[begin, end), in frames."""

    @classmethod
    def of(cls, noun: T, time_s: Float[np.ndarray, " time"]) -> "Kept[T]":
        """A noun that has a row for every frame."""
        rows = np.flatnonzero(_there(noun, len(time_s)))
        if not worth_it(len(rows), len(time_s)):
            return cls(noun, None, (0, len(time_s)))
        return cls(_mapped(noun, lambda _, a: a[rows]), rows, window(rows, time_s))

    def holding(self, answer: U) -> "Kept[U]":
        """What work made of this person, with a row for each frame of the window."""
        if self.rows is None:
            return Kept(answer, None, self.window)
        begin, end = self.window
        inside = np.flatnonzero(_there(answer, end - begin))
        return Kept(_mapped(answer, lambda _, a: a[inside]), begin + inside, self.window)

    def whole(self, time_s: Float[np.ndarray, " time"]) -> "Kept[T]":
        """The same with all rows."""
        frames = len(time_s)
        if self.rows is None or len(self.rows) == frames:
            return Kept(self.some, None, (0, frames))
        return Kept(self.over(time_s, 0, frames), None, (0, frames))

    def around(self, time_s: Float[np.ndarray, " time"]) -> T:
        """With a row for each frame of the window."""
        return self.over(time_s, *self.window)

    def over(self, time_s: Float[np.ndarray, " time"], begin: int, end: int) -> T:
        """With a row for each of the frames [begin, end)."""
        if self.rows is None:
            if (begin, end) == (0, len(time_s)):
                return self.some
            return _mapped(self.some, lambda _, a: a[begin:end])
        first, last = np.searchsorted(self.rows, [begin, end])
        at = self.rows[first:last] - begin

        def wide(name: str, array: Shaped[np.ndarray, "kept *shape"]) -> np.ndarray:
            if name == CLOCK:
                return time_s[begin:end]
            out = np.full((end - begin, *array.shape[1:]), _empty(name), array.dtype)
            out[at] = array[first:last]
            return out

        return _mapped(self.some, wide)


def worth_it(rows: int, frames: int) -> bool:
    """Whether so many rows of so many frames are better kept alone."""
    return 0 < rows <= WHOLE_SHARE * frames


def window(rows: Int[np.ndarray, " kept"], time_s: Float[np.ndarray, " time"]) -> tuple[int, int]:
    """The frames [begin, end) from `MARGIN_S` before the first of these rows to after the last."""
    first_s, last_s = time_s[rows[[0, -1]]]
    begin = np.searchsorted(time_s, first_s - MARGIN_S)
    end = np.searchsorted(time_s, last_s + MARGIN_S, side="right")
    return int(begin), int(end)


def _empty(name: str) -> float:
    return 0 if name in ZERO_WHERE_MISSING else np.nan


def _there(noun: object, frames: int) -> Bool[np.ndarray, " time"]:
    """Which rows hold anything."""
    there = np.zeros(frames, dtype=bool)

    def look(name: str, array: Shaped[np.ndarray, "time *shape"]) -> np.ndarray:
        if name != CLOCK:
            holds = array != 0 if name in ZERO_WHERE_MISSING else ~np.isnan(array)
            np.logical_or(there, holds.any(axis=tuple(range(1, array.ndim))), out=there)
        return array

    _mapped(noun, look)
    return there


def _row_bytes(noun: object) -> int:
    """How much memory one frame of a noun takes."""
    sizes: list[int] = []

    def look(name: str, array: Shaped[np.ndarray, "time *shape"]) -> np.ndarray:
        if name != CLOCK:
            sizes.append(array.itemsize * int(np.prod(array.shape[1:])))
        return array

    _mapped(noun, look)
    return sum(sizes)


def _mapped(noun: T, change: Callable[[str, np.ndarray], np.ndarray]) -> T:
    """The noun with every array changed, those of nouns inside it too."""
    changes = {}
    for field in fields(cast(Any, noun)):
        value = getattr(noun, field.name)
        new = value
        if isinstance(value, np.ndarray):
            new = change(field.name, value)
        elif is_dataclass(value):
            new = _mapped(value, change)
        if new is not value:
            changes[field.name] = new
    return cast(T, replace(cast(Any, noun), **changes)) if changes else noun
