"""Other numbers in a recipe, by name: `noise.jitter=0.01`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from monomocap.errors import OptionError
from monomocap.train.config import TrainConfig

_OPEN = ("losses", "size", "source_weight")
"""Tables that may get new names."""


def changed(config: TrainConfig, changes: Sequence[str]) -> TrainConfig:
    """The recipe with `NAME=VALUE` in place of its own; a name within a part has a dot.

    Values are JSON, or words as they stand. Raises `OptionError` for a name that the recipe does
    not have and for a value of another kind.
    """
    said = asdict(config)
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise OptionError(f"--set wants NAME=VALUE, not {change}")
        _put(said, name, _value(value))
    try:
        return TypeAdapter(TrainConfig).validate_python(said)
    except ValidationError as error:
        wrong = error.errors()[0]
        name = ".".join(map(str, wrong["loc"]))
        raise OptionError(f"--set {name}: {wrong['msg']}, not {wrong['input']}") from error


def _put(said: dict[str, Any], name: str, value: object) -> None:
    *parts, last = name.split(".")
    place = said
    for part in parts:
        if not isinstance(place.get(part), dict):
            raise OptionError(f"the recipe has no {name}; choose from: {', '.join(said)}")
        place = place[part]
    if last not in place and not (parts and parts[-1] in _OPEN):
        inside = f" in {'.'.join(parts)}" if parts else ""
        raise OptionError(f"the recipe has no {last}{inside}; choose from: {', '.join(place)}")
    place[last] = value


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
