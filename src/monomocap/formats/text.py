"""Reading text files of numbers so that an error names the file and the line."""

import itertools
from pathlib import Path
from typing import NoReturn

import numpy as np
from jaxtyping import Float

from monomocap.errors import DataError


def read_lines(path: Path) -> list[str]:
    """All lines of a text file; raises `DataError` when it is missing, empty or not text."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    if not raw.strip():
        raise DataError(f"{path} is empty")
    if b"\0" in raw:
        raise DataError(f"{path} is not a text file")
    return raw.decode("utf-8-sig", errors="replace").splitlines()


def fail(path: Path, line: int, problem: str, cause: Exception | None = None) -> NoReturn:
    """Raise a `DataError` that says where; lines count from 1."""
    raise DataError(f"{path}, line {line}: {problem}") from cause


def read_rows(
    path: Path, rows: list[tuple[int, str]], width: int
) -> Float[np.ndarray, "row {width}"]:
    """Lines of numbers as a table; raises `DataError` for the first line that does not fit."""
    split = [line.split() for _, line in rows]
    try:
        if all(len(words) == width for words in split):
            flat = list(map(float, itertools.chain.from_iterable(split)))
            table = np.array(flat).reshape(-1, width)
            if np.isfinite(table).all():
                return table
    except ValueError:
        pass
    for (number, _), words in zip(rows, split, strict=True):
        check_numbers(path, number, words, width)
    raise AssertionError("the table was refused, yet every line fits")


def check_numbers(path: Path, number: int, words: list[str], width: int) -> None:
    """Raise `DataError` unless these are so many finite numbers."""
    if len(words) != width:
        fail(path, number, f"{len(words)} numbers where {width} belong")
    for word in words:
        try:
            finite = bool(np.isfinite(float(word)))
        except ValueError:
            finite = False
        if not finite:
            fail(path, number, f"{word!r} is not a number")
