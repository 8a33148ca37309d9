"""Exercises as files say them: an angle that goes to and fro, and rules for what counts.

A file (TOML) names a `signal` (`monomocap.apps.measures`), the value at `rest`, the one that a
repetition must at `least` pass to be meant as one, and the one at which a whole one turns. `only`
entries say which movement it is, `rule` entries what counts; each looks at the values at the turn,
at rest or all the time. An exercise of `kind = "hold"` has no signal: what is held as long as all
`only` and `rule` entries are true.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float

from monomocap.apps.measures import MEASURES, measure
from monomocap.errors import DataError, UnknownName

When = Literal["turn", "rest", "all"]
_KEYS = {"title", "kind", "signal", "of", "rest", "least", "turn", "only", "rule"}
_RULE_KEYS = {"at", "measure", "at_least", "at_most", "says"}


@dataclass(frozen=True)
class Rule:
    """What an angle must be."""

    at: When
    measure: str
    at_least: float = -np.inf
    at_most: float = np.inf
    says: str = ""

    def broken(self, value: float) -> str:
        """Why a value does not do; empty when it does."""
        if self.at_least <= value <= self.at_most:
            return ""
        below = value < self.at_least
        wanted = f">= {self.at_least:g}" if below else f"<= {self.at_most:g}"
        return f"{self.says or self.measure}: {value:.0f} degrees, wanted {wanted}"


@dataclass(frozen=True)
class Exercise:
    """One exercise's definition."""

    name: str
    title: str
    kind: Literal["repeat", "hold"]
    signal: str
    of: Literal["mean", "lower", "higher"]
    rest: float
    least: float
    turn: float
    only: tuple[Rule, ...]
    rules: tuple[Rule, ...]

    @property
    def falls(self) -> bool:
        """Whether the signal's value falls towards the turn."""
        return self.turn < self.rest

    def values(self, xyz_m: Float[np.ndarray, "time 17 3"]) -> Float[np.ndarray, " time"]:
        """The signal, degrees."""
        both = measure(self.signal, xyz_m)
        return {"mean": both.mean(axis=1), "lower": both.min(axis=1), "higher": both.max(axis=1)}[
            self.of
        ]


def names() -> tuple[str, ...]:
    """The exercises that come along."""
    folder = resources.files("monomocap.apps") / "exercises"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def load_exercise(name: str) -> Exercise:
    """One that comes along, or the path of a TOML file; raises `UnknownName` or `DataError`."""
    if name in names():
        file = resources.files("monomocap.apps") / "exercises" / f"{name}.toml"
        return parse(name, file.read_text("utf-8"))
    path = Path(name)
    if path.suffix != ".toml":
        raise UnknownName("exercise", name, [*names(), "FILE.toml"])
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the exercise {path}: {error}") from error
    return parse(path.stem, text)


def parse(name: str, text: str) -> Exercise:
    """A definition's text; raises `DataError` that says what is wrong with it."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"exercise {name}: not TOML: {error}") from error
    _only_known(name, said, _KEYS)
    kind = said.get("kind", "repeat")
    if kind not in ("repeat", "hold"):
        raise DataError(f"exercise {name}: kind is 'repeat' or 'hold', not {kind!r}")
    only = tuple(_rule(name, row) for row in said.get("only", ()))
    rules = tuple(_rule(name, row) for row in said.get("rule", ()))
    title = str(said.get("title", name))
    if kind == "hold":
        if not only:
            raise DataError(f"exercise {name}: a hold needs at least one [[only]]")
        return Exercise(name, title, "hold", "", "mean", 0, 0, 0, only, rules)
    rest, least, turn = (_number(name, said, key) for key in ("rest", "least", "turn"))
    if not (rest < least < turn or rest > least > turn):
        raise DataError(f"exercise {name}: least must lie between rest and turn")
    of = said.get("of", "mean")
    if of not in ("mean", "lower", "higher"):
        raise DataError(f"exercise {name}: of is 'mean', 'lower' or 'higher', not {of!r}")
    signal = _measure(name, said.get("signal"))
    return Exercise(name, title, "repeat", signal, of, rest, least, turn, only, rules)


def _rule(name: str, row: Mapping[str, object]) -> Rule:
    _only_known(name, row, _RULE_KEYS)
    at = row.get("at", "turn")
    if at not in ("turn", "rest", "all"):
        raise DataError(f"exercise {name}: at is 'turn', 'rest' or 'all', not {at!r}")
    limits = {k: _number(name, row, k) for k in ("at_least", "at_most") if k in row}
    if not limits:
        raise DataError(f"exercise {name}: a rule needs at_least or at_most")
    found = _measure(name, row.get("measure"))
    return Rule(at, found, says=str(row.get("says", "")), **limits)


def _measure(name: str, value: object) -> str:
    if value not in MEASURES:
        raise DataError(f"exercise {name}: {value!r} is none of {', '.join(MEASURES)}")
    return str(value)


def _number(name: str, said: Mapping[str, object], key: str) -> float:
    value = said.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"exercise {name}: {key} must be a number of degrees, not {value!r}")
    return float(value)


def _only_known(name: str, said: Mapping[str, object], known: set[str]) -> None:
    strange = sorted(set(said) - known)
    if strange:
        raise DataError(
            f"exercise {name}: unknown {strange[0]!r}; known: {', '.join(sorted(known))}"
        )
