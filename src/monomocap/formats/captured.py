"""From named joints of a captured skeleton to H36M-17 in metres: what all its files share."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from monomocap.errors import DataError
from monomocap.formats.body_names import Body
from monomocap.skeleton import H36M17, NECK_SHARE

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


def limb_length(xyz: Float[np.ndarray, "*batch 17 3"]) -> Float[np.ndarray, "*batch"]:
    """Thigh + shank + upper arm + forearm, mean of both sides: a body's size in one number."""
    chains = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
    pairs = [(f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for a, b in chains]
    a = xyz[..., [H36M17.index(p) for p, _ in pairs], :]
    b = xyz[..., [H36M17.index(c) for _, c in pairs], :]
    return np.linalg.norm(a - b, axis=-1).sum(axis=-1) / 2


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
