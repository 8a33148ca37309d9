"""What recognition answers."""

from dataclasses import asdict, dataclass
from typing import Any

from monomocap.apps.recognize.signals import Signal


@dataclass(frozen=True)
class Action:
    """One person doing one thing for a while."""

    person: int
    label: str
    """A taught action, or "unknown"."""
    start_s: float
    """On the video's own clock."""
    end_s: float
    probability: float
    """That the label is right, 0 to 1."""
    probabilities: dict[str, float]
    """Of every taught action and of "unknown"; they sum to 1."""


@dataclass(frozen=True)
class Recognition:
    """What everybody in a take did, and when."""

    actions: tuple[Action, ...]
    """By person, then by time; stretches in which a person was not seen are in none."""
    signals: tuple[Signal, ...]
    """Falls, lying still, hands up: by person, then by time."""
    labels: tuple[str, ...]
    """The actions that were taught; empty when only signals were asked for."""

    def at(self, person: int, time_s: float) -> tuple[Action | None, tuple[Signal, ...]]:
        """What a person does at a time."""
        doing = (a for a in self.actions if a.person == person and a.start_s <= time_s <= a.end_s)
        on = (s for s in self.signals if s.person == person and s.start_s <= time_s <= s.end_s)
        return next(doing, None), tuple(on)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For people."""
        said = [
            f"{_when(a.person, a.start_s, a.end_s)}  {a.label} ({a.probability:.0%})"
            for a in self.actions
        ]
        said += [f"{_when(s.person, s.start_s, s.end_s)}  SIGNAL: {s.name}" for s in self.signals]
        nothing = (
            "nothing was recognized" if self.labels else "no fall, no lying still, no hands up"
        )
        return said or [nothing]


def _when(person: int, start_s: float, end_s: float) -> str:
    return f"person {person}  {start_s:7.2f} - {end_s:7.2f} s"
