"""take.json against its published schema."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import monomocap
from monomocap.formats.schema import FILE, published, schema
from tests.takes import make_take


def document(folder: Path, frames: int = 5, people: int = 2) -> dict[str, Any]:
    path = monomocap.save(make_take(frames=frames, people=people), folder / "take.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_the_published_schema_is_the_one_that_readers_check() -> None:
    made = json.loads(json.dumps(schema()))
    assert published() == made, f"python -m monomocap.formats.schema > src/monomocap/formats/{FILE}"
    jsonschema.Draft202012Validator.check_schema(made)


@pytest.mark.parametrize(("frames", "people"), [(0, 0), (1, 1), (5, 2)])
def test_every_take_fits_the_schema(tmp_path: Path, frames: int, people: int) -> None:
    jsonschema.validate(document(tmp_path, frames, people), published())


def test_a_take_without_what_is_optional_fits(tmp_path: Path) -> None:
    take = make_take(frames=3, world=False)
    bare = replace(take, motions=tuple(replace(m, root_m=None) for m in take.motions))
    path = monomocap.save(bare, tmp_path / "take.json")
    jsonschema.validate(json.loads(path.read_text()), published())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", "something else"),
        ("schema_version", 2),
        ("time_s", "now"),
        ("people", [{}]),
        ("keypoints", [[["x"]]]),
        ("camera", {}),
        ("frame", "sideways"),
    ],
)
def test_what_is_no_take_does_not_fit(tmp_path: Path, field: str, value: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document(tmp_path) | {field: value}, published())
    less = document(tmp_path)
    del less[field]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(less, published())
