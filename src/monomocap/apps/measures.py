"""Angles of a body that people talk about, in degrees, by name; each of the left and of the right.

knee, elbow       180 when straight
hip               between trunk and thigh, 180 when straight
shoulder          between upper arm and trunk, 0 when the arm hangs
thigh             of the thigh from straight down: 90 when the hips are level with the knees
trunk             from upright: 90 when lying
line              at the hip from shoulder to ankle: 180 when the body is straight
legs              between the two thighs
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from monomocap.errors import UnknownName
from monomocap.geometry.rotation import unit
from monomocap.skeleton import H36M17

Poses = Float[np.ndarray, "time 17 3"]
"""World frame, Z up."""
Both = Float[np.ndarray, "time 2"]
"""Left, right."""
SIDES = ("left", "right")

_J = {name: i for i, name in enumerate(H36M17.joints)}


def measure(name: str, xyz_m: Poses) -> Both:
    """One of `MEASURES` over time; raises `UnknownName`."""
    if name not in MEASURES:
        raise UnknownName("measure", name, MEASURES)
    return np.stack([MEASURES[name](xyz_m, side) for side in SIDES], axis=1)


def between(a: np.ndarray, b: np.ndarray) -> Float[np.ndarray, " time"]:
    """The angle of two vectors, degrees; 0 where one has no length."""
    cosine = np.nan_to_num((unit(a) * unit(b)).sum(axis=-1), nan=1.0)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def _at(xyz_m: Poses, a: str, b: str, c: str) -> Float[np.ndarray, " time"]:
    """At b, between the ways to a and to c."""
    return between(xyz_m[:, _J[a]] - xyz_m[:, _J[b]], xyz_m[:, _J[c]] - xyz_m[:, _J[b]])


def _three(a: str, b: str, c: str) -> Callable[[Poses, str], Float[np.ndarray, " time"]]:
    return lambda xyz_m, side: _at(xyz_m, *(f"{side}_{joint}" for joint in (a, b, c)))


def _thigh(xyz_m: Poses, side: str) -> Float[np.ndarray, " time"]:
    down = np.array([0.0, 0.0, -1.0])
    return between(xyz_m[:, _J[f"{side}_knee"]] - xyz_m[:, _J[f"{side}_hip"]], down)


def _trunk(xyz_m: Poses, side: str) -> Float[np.ndarray, " time"]:
    return between(xyz_m[:, _J["thorax"]] - xyz_m[:, _J["pelvis"]], np.array([0.0, 0.0, 1.0]))


def _legs(xyz_m: Poses, side: str) -> Float[np.ndarray, " time"]:
    left, right = (xyz_m[:, _J[f"{s}_knee"]] - xyz_m[:, _J[f"{s}_hip"]] for s in SIDES)
    return between(left, right)


MEASURES: dict[str, Callable[[Poses, str], Float[np.ndarray, " time"]]] = {
    "knee": _three("hip", "knee", "ankle"),
    "elbow": _three("shoulder", "elbow", "wrist"),
    "hip": _three("shoulder", "hip", "knee"),
    "shoulder": _three("elbow", "shoulder", "hip"),
    "line": _three("shoulder", "hip", "ankle"),
    "thigh": _thigh,
    "trunk": _trunk,
    "legs": _legs,
}
