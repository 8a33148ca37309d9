"""Many videos, one after the other: what goes wrong with one does not stop the others."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, count
from pathlib import Path
from typing import Literal, get_args

from monomocap.errors import (
    DeviceError,
    MissingDependency,
    MonomocapError,
    OptionError,
    UnknownName,
    WeightsError,
)
from monomocap.formats.files import check_folder, make_folder, whole_or_nothing
from monomocap.types import Take
from monomocap.video.sources import Source

Status = Literal["done", "partial", "failed"]
SUMMARY = "batch.json"
DEFAULT_FOLDER = Path("monomocap-batch")
_OF_THE_REQUEST = (UnknownName, WeightsError, DeviceError, MissingDependency)
"""What would be wrong with every video alike stops the batch."""


@dataclass(frozen=True)
class Outcome:
    """How one video of a batch ended."""

    source: str
    folder: str
    status: Status
    reason: str = ""
    """Why it is partial or failed."""
    frames: int = 0
    people: int = 0
    warnings: tuple[str, ...] = ()


Job = Callable[[Source, Path], Take]
"""Runs one video into a folder, and returns its take as it was saved there."""


def run_batch(
    sources: Sequence[Source],
    job: Job,
    folder: Path = DEFAULT_FOLDER,
    *,
    tell: Callable[[Outcome], None] = lambda outcome: None,
) -> tuple[Outcome, ...]:
    """Run every source into a folder of its own below `folder`.

    After every video `batch.json` there says how it went so far, and `tell` is called. Raises
    only what concerns every video alike: `OutputError` for a folder that cannot be written,
    `UnknownName`, `WeightsError`, `DeviceError`, `MissingDependency`.
    """
    check_folder(folder)
    make_folder(folder)
    outcomes: list[Outcome] = []
    for source, place in zip(sources, _places(folder, sources), strict=True):
        outcomes.append(_one(source, place, job))
        _write(folder / SUMMARY, outcomes, len(sources))
        tell(outcomes[-1])
    return tuple(outcomes)


def _one(source: Source, folder: Path, job: Job) -> Outcome:
    try:
        if source.live:
            raise OptionError(f"{source.shown} has no end; run it by itself")
        take = job(source, folder)
    except _OF_THE_REQUEST:
        raise
    except MonomocapError as error:
        return Outcome(source.shown, str(folder), "failed", str(error))
    except Exception as error:  # noqa: BLE001  # a bug that one video meets must not cost the others
        what = f"{type(error).__name__}: {error}; run it by itself with --debug"
        return Outcome(source.shown, str(folder), "failed", what)
    return _done(source, folder, take)


def _done(source: Source, folder: Path, take: Take) -> Outcome:
    return Outcome(
        source.shown,
        str(folder),
        "partial" if take.info.partial else "done",
        take.info.partial,
        len(take.time_s),
        len(take.motions),
        take.warnings,
    )


def _places(folder: Path, sources: Iterable[Source]) -> list[Path]:
    """A folder for each, named after the video; a second one of the same name gets a number."""
    names: list[str] = []
    for source in sources:
        numbered = (f"{source.stem}-{number}" for number in count(2))
        names.append(next(name for name in chain([source.stem], numbered) if name not in names))
    return [folder / name for name in names]


def _write(path: Path, outcomes: list[Outcome], total: int) -> None:
    document = {
        "format": "monomocap.batch",
        "schema_version": 1,
        "sources": total,
        **{status: sum(o.status == status for o in outcomes) for status in get_args(Status)},
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }
    with whole_or_nothing(path) as temporary:
        temporary.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
