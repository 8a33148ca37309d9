"""What all readers of motion capture share: rates, and whose recording a file is."""

import re
from dataclasses import dataclass

import numpy as np

from monomocap.errors import OptionError

MAX_FPS = 60.0
"""Faster recordings are thinned to at most this: bodies hold nothing that needs more."""


def demand_above_0(**said: float | None) -> None:
    """Raise `OptionError` for a number that was said and makes no sense."""
    for name, number in said.items():
        if number is not None and not 0 < number < np.inf:
            raise OptionError(f"{name} must be a number above 0, not {number}")


def thinning(fps: float) -> int:
    """Keep every n-th frame to have at most `MAX_FPS` (a rate 1 % above it counts as it)."""
    return max(1, int(np.ceil(fps / MAX_FPS - 0.01)))


@dataclass(frozen=True)
class Origin:
    """Whose recording a file is, as far as its name tells."""

    source: str
    subject: str
    licence: str = ""


_CMU = re.compile(r"(\d{2,3})_\d{2,3}")
_CMU_SUBJECTS = 144
_MHAD = re.compile(r"skl_(s\d\d)_a\d\d(?:_r\d\d)?")
_ACCAD = re.compile(r"((?:Female|Male)\d)_[A-Z]\d+\w*")


def origin(stem: str, otherwise: str) -> Origin:
    """Source and subject from a file's name, spelled as in the free collection.

    Public collections are recognised, so that a person held out of training under one name is not
    learned from under another. Anything else is its own subject: the name up to the first `_`.
    """
    if (found := _CMU.fullmatch(stem)) and 1 <= int(found[1]) <= _CMU_SUBJECTS:
        return Origin("cmu", f"cmu_{int(found[1]):02d}", "CMU free for all uses")
    if found := _MHAD.fullmatch(stem):
        return Origin("mhad", f"mhad_{found[1]}", "BSD-2-Clause")
    if found := _ACCAD.fullmatch(stem):
        return Origin("accad", f"accad_{found[1]}", "CC-BY-3.0")
    return Origin(otherwise, f"{otherwise}_{stem.split('_')[0]}")


CMU_AT_60_FPS = ("cmu_60", "cmu_61")
"""CMU's salsa was recorded at 60 frames/s, though the conversions to BVH say 120: at that rate a
foot steps twice a second in the median, against 0.9 times in walking. (CMU's own list has more
recordings at 60; the files do not tell which.)"""


def true_fps(whose: Origin, claimed: float) -> float:
    """The rate a recording was made at, where its file is known to be wrong."""
    return 60.0 if whose.subject in CMU_AT_60_FPS else claimed
