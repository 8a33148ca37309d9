"""From named joints of a captured skeleton to H36M-17 in metres: what all file formats share."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.datasets.body_names import Body
from monomocap.datasets.mocap import limb_length
from monomocap.errors import DataError, OptionError
from monomocap.skeleton import H36M17, NECK_SHARE

MAX_FPS = 60.0
"""Faster recordings are thinned to at most this: bodies hold nothing that needs more."""

METRES_PER_UNIT = {
    "metres": 1.0,
    "CMU units of 1/0.45 inch": 0.0254 / 0.45,
    "inches": 0.0254,
    "centimetres": 0.01,
    "millimetres": 0.001,
}
"""The units that motion capture files come in; most do not say which."""

USUAL_LIMB_LENGTH_M = 1.34
"""Thigh + shank + upper arm + forearm of the captured adults, on average."""
_SHORTEST_M, _LONGEST_M = 0.75, 1.95
"""Limb lengths of a child of about 0.95 m and of a person of about 2.4 m."""

XYZ = Float[np.ndarray, "time 3"]


def h36m17(xyz: Mapping[int, XYZ], body: Body) -> Float[np.ndarray, "time 17 3"]:
    """The 17 joints, in the axes and the unit of what comes in.

    Pelvis = middle of the hips, thorax = where the neck begins (middle of the shoulders without a
    neck), spine = middle of those two, neck = where the head begins, head = where it ends. Where
    the head's end is not told, the head is where it begins, and the neck halfway from the thorax.
    """
    joint = {name: xyz[index] for name, index in body.limbs.items()}
    joint["pelvis"] = (joint["left_hip"] + joint["right_hip"]) / 2
    shoulders = (joint["left_shoulder"] + joint["right_shoulder"]) / 2
    joint["thorax"] = shoulders if body.thorax is None else xyz[body.thorax]
    joint["spine"] = (joint["pelvis"] + joint["thorax"]) / 2
    joint["head"] = xyz[body.skull if body.top is None else body.top]
    between = (1 - NECK_SHARE) * joint["thorax"] + NECK_SHARE * joint["head"]
    joint["neck"] = between if body.top is None else xyz[body.skull]
    return np.stack([joint[name] for name in H36M17.joints], axis=1)


def demand_above_0(**said: float | None) -> None:
    """Raise `OptionError` for a number that was said and makes no sense."""
    for name, number in said.items():
        if number is not None and not 0 < number < np.inf:
            raise OptionError(f"{name} must be a number above 0, not {number}")


def measure_unit(xyz: Float[np.ndarray, "time 17 3"], expected: float | None = None) -> float:
    """Metres per unit, from the length of arms and legs.

    `expected` is what the file claims, and is believed if the body then has a human size;
    otherwise the unit is taken that brings the body closest to an adult. Raises `DataError` when
    no unit makes this a person.
    """
    length = float(np.median(limb_length(xyz)))
    if expected is not None and _SHORTEST_M < length * expected < _LONGEST_M:
        return expected
    if not length > 0:
        raise DataError("arms and legs have no length")
    off = {unit: abs(np.log(length * unit / USUAL_LIMB_LENGTH_M)) for unit in _UNITS}
    best = min(off, key=off.__getitem__)
    if not _SHORTEST_M < length * best < _LONGEST_M:
        raise DataError(
            f"an arm and a leg are {length:.4g} units long together, which is no person's in "
            f"{', '.join(METRES_PER_UNIT)}; say metres_per_unit"
        )
    return best


_UNITS = tuple(METRES_PER_UNIT.values())


def with_ancestors(parents: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """The joints that are wanted and all that they hang on, parents first (as they are stored)."""
    needed: set[int] = set()
    for joint in wanted:
        while joint >= 0 and joint not in needed:
            needed.add(joint)
            joint = parents[joint]
    return sorted(needed)


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
