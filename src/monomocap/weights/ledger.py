"""What is recorded of the files in a folder of weights: `weights.json` beside them."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from monomocap.errors import OutputError, WeightsError
from monomocap.weights.catalogue import PUBLISHED, Published
from monomocap.weights.checkpoint import sha256

LEDGER = "weights.json"
UNKNOWN = "not known; ask whoever made the file"
BY_HAND = "put there by hand"


@dataclass(frozen=True)
class Held:
    """What is recorded of one file."""

    name: str
    file: str
    sha256: str
    source: str
    """The address or path it came from."""
    code: str = UNKNOWN
    data: str = UNKNOWN
    data_licence: str = UNKNOWN


def known_sha256(name: str, place: Path) -> str | None:
    """The SHA-256 that a file of this name must have: the publisher's, or the first download's."""
    row = PUBLISHED.get(name)
    if row is not None and row.sha256 is not None:
        return row.sha256
    known = read_ledger(place).get(name)
    return known.sha256 if known else None


def source_of(name: str, place: Path) -> str:
    """Where the file of this name came from."""
    known = read_ledger(place).get(name)
    return known.source if known else BY_HAND


def recorded(row: Published, path: Path, place: Path, source: str) -> Held:
    """The record of this file, written down; raises `OutputError`."""
    one = Held(row.name, path.name, sha256(path), source, row.code, row.data, row.data_licence)
    _save(read_ledger(place) | {row.name: one}, place)
    return one


def read_ledger(place: Path) -> dict[str, Held]:
    """All records, by name; none where there are none. Raises `WeightsError` for a damaged one."""
    path = place / LEDGER
    if not path.is_file():
        return {}
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): Held(**fields) for name, fields in said.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path} cannot be read ({error}); delete it, or mend it") from error


def _save(ledger: Mapping[str, Held], place: Path) -> None:
    temporary = place / f".{LEDGER}.{os.getpid()}"
    text = json.dumps({name: asdict(one) for name, one in sorted(ledger.items())}, indent=2)
    try:
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(place / LEDGER)
    except OSError as error:
        raise OutputError(f"cannot write {place / LEDGER}: {reason(error)}") from error


def reason(error: OSError) -> str:
    """What the system says, in a few words."""
    return (error.strerror or str(error)).lower()
