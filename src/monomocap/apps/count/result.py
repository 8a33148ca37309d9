"""What counting answers with."""

from dataclasses import dataclass

UNSEEN = "the person was out of sight"
"""Why a repetition does not count of which less than half was seen."""


@dataclass(frozen=True)
class Repetition:
    """One repetition, whole or not."""

    start_s: float
    turn_s: float
    """When the movement turned back."""
    end_s: float
    counts: bool
    reason: str = ""
    """Why it does not count."""
    from_deg: float = float("nan")
    """The set's angle (`Set.angle`) at the start."""
    to_deg: float = float("nan")
    """The same angle at the turn."""

    @property
    def seconds(self) -> float:
        return self.end_s - self.start_s

    @property
    def range_deg(self) -> float:
        """Range of motion of the set's angle."""
        return abs(self.to_deg - self.from_deg)


@dataclass(frozen=True)
class Set:
    """Repetitions of one movement by one person, in order of time."""

    movement: str
    """The exercise's name, or "movement 1", "movement 2" ... in order of time."""
    angle: str
    """What `from_deg` and `to_deg` are of: "left knee", or "knees" for the mean of both."""
    repetitions: tuple[Repetition, ...]
    hold_s: float = 0.0
    """Seconds that a pose was held well; only of exercises that are held."""

    @property
    def count(self) -> int:
        """Repetitions that count."""
        return sum(one.counts for one in self.repetitions)

    @property
    def start_s(self) -> float:
        return self.repetitions[0].start_s

    @property
    def end_s(self) -> float:
        return self.repetitions[-1].end_s


@dataclass(frozen=True)
class PersonCount:
    """What one person repeated."""

    person: int
    sets: tuple[Set, ...]
    main: int | None
    """Which set is the answer where one number is asked for: the one with most movement in it."""

    @property
    def count(self) -> int:
        """Repetitions of the main movement; 0 where nothing was repeated."""
        return 0 if self.main is None else self.sets[self.main].count

    @property
    def hold_s(self) -> float:
        return 0.0 if self.main is None else self.sets[self.main].hold_s


@dataclass(frozen=True)
class Counts:
    """What everybody in a take repeated, in the order of its motions."""

    exercise: str | None
    """None: whatever repeats."""
    people: tuple[PersonCount, ...]

    def of(self, person: int) -> PersonCount | None:
        return next((p for p in self.people if p.person == person), None)
