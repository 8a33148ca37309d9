"""A simple visible body over a rig at rest: smooth tubes, each carried by one joint.

Sizes are shares of stature. Left is orange, right is blue, the middle grey, as on the stage.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from monomocap.geometry.rig import RIG, SIDES, Rest

AROUND, ALONG = 12, 4
"""How many points a tube has around, and along each of its round ends."""

Rgb = tuple[float, float, float]
COLOURS: dict[str, Rgb] = {
    "middle": (0.45, 0.47, 0.50),
    "left": (0.90, 0.22, 0.02),
    "right": (0.03, 0.20, 0.75),
}
"""Linear light, as glTF and USD want it."""

Vector = Float[np.ndarray, "3"]


@dataclass(frozen=True)
class Mesh:
    """Triangles of one colour, at rest: metres from the pelvis, world axes."""

    points_m: Float[np.ndarray, "point 3"]
    normals: Float[np.ndarray, "point 3"]
    joint: Int[np.ndarray, " point"]
    """The joint of the rig that carries each point."""
    triangles: Int[np.ndarray, "triangle 3"]
    """Counter-clockwise from outside."""


@dataclass(frozen=True)
class Tube:
    """A round-ended tube between two points of a joint's bone."""

    joint: str
    start_m: Vector
    end_m: Vector
    radii_m: tuple[float, float]
    flat: float = 1.0
    """How deep it is from front to back, as a share of its width."""


def body(rest: Rest) -> dict[str, Mesh]:
    """Colour -> mesh."""
    parts: dict[str, list[Mesh]] = {colour: [] for colour in COLOURS}
    for tube in _tubes(rest):
        parts[RIG.side(RIG.index(tube.joint))].append(_meshed(tube))
    return {colour: _joined(meshes) for colour, meshes in parts.items()}


def _tubes(rest: Rest) -> Iterator[Tube]:
    at = dict(zip(RIG.joints, rest.positions_m, strict=True))
    h = rest.height_m
    up = np.array([0.0, 0.0, 1.0])
    hips = abs(at["left_hip"][0] - at["right_hip"][0]) / 2
    chest = abs(at["left_shoulder"][0] - at["right_shoulder"][0]) / 2
    low = at["pelvis"] - 0.01 * h * up
    yield Tube("pelvis", low, at["spine"], (hips + 0.035 * h, hips + 0.02 * h), 0.62)
    yield Tube("spine", at["spine"], at["chest"], (0.082 * h, 0.080 * h), 0.68)
    yield Tube("chest", at["chest"], at["upper_chest"], (0.080 * h, 0.7 * chest), 0.68)
    top = at["neck"] - 0.045 * h * up
    yield Tube("upper_chest", at["upper_chest"], top, (0.7 * chest, 0.62 * chest), 0.66)
    yield Tube("neck", at["neck"] - 0.01 * h * up, at["head"], (0.034 * h, 0.032 * h))
    yield from _head(at, h)
    for side in SIDES:
        yield from _arm(at, side, h)
        yield from _leg(at, side, h)


def _head(at: dict[str, Vector], h: float) -> Iterator[Tube]:
    """A skull and a nose, so that one sees where the head looks."""
    ahead = np.array([0.0, -1.0, 0.0])
    bone = at["head_end"] - at["head"]
    crown = at["head_end"] - 0.055 * h * bone / np.linalg.norm(bone)
    chin = at["head"] + 0.15 * bone + 0.012 * h * ahead
    yield Tube("head", chin, crown, (0.040 * h, 0.055 * h))
    middle = (chin + crown) / 2 + 0.035 * h * ahead
    yield Tube("head", middle, middle + 0.020 * h * ahead, (0.012 * h, 0.009 * h))


def _arm(at: dict[str, Vector], side: str, h: float) -> Iterator[Tube]:
    shoulder, elbow, wrist = (at[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist"))
    yield Tube(f"{side}_collar", at[f"{side}_collar"], shoulder, (0.035 * h, 0.036 * h))
    yield Tube(f"{side}_shoulder", shoulder, elbow, (0.034 * h, 0.025 * h))
    yield Tube(f"{side}_elbow", elbow, wrist, (0.025 * h, 0.017 * h))
    tip = wrist + 0.8 * (at[f"{side}_hand_end"] - wrist)
    yield Tube(f"{side}_wrist", wrist, tip, (0.020 * h, 0.016 * h), 0.55)
    thumb = wrist + 0.35 * (tip - wrist)
    ahead = np.array([0.0, -0.028 * h, 0.0])
    out = 0.25 * (tip - wrist)
    yield Tube(f"{side}_wrist", thumb, thumb + ahead + out, (0.009 * h, 0.007 * h))


def _leg(at: dict[str, Vector], side: str, h: float) -> Iterator[Tube]:
    hip, knee, ankle, ball, toe = (
        at[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle", "ball", "toe_end")
    )
    yield Tube(f"{side}_hip", hip, knee, (0.050 * h, 0.034 * h))
    yield Tube(f"{side}_knee", knee, ankle, (0.034 * h, 0.022 * h))
    heel = np.array([ankle[0], ankle[1] + 0.020 * h, ball[2] + 0.010 * h])
    yield Tube(f"{side}_ankle", ankle, heel, (0.022 * h, 0.020 * h))
    yield Tube(f"{side}_ankle", ankle, ball, (0.022 * h, 0.020 * h))
    yield Tube(f"{side}_ankle", heel, ball, (0.020 * h, 0.020 * h))
    tip = toe + np.array([0.0, 0.016 * h, 0.004 * h])
    yield Tube(f"{side}_ball", ball, tip, (0.020 * h, 0.014 * h))


def _meshed(tube: Tube) -> Mesh:
    """Rings from pole to pole; each point's normal is that of the tube's surface."""
    axis, wide, deep = _axes(tube)
    turn = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
    ring = np.cos(turn)[:, None] * wide + np.sin(turn)[:, None] * deep
    points, normals = [], []
    for centre, radius, lift in _rings(tube):
        points.append(centre + radius * np.cos(lift) * ring + radius * np.sin(lift) * axis)
        normals.append(np.cos(lift) * _outward(ring, wide, deep) + np.sin(lift) * axis)
    flat = np.concatenate(points)
    out = np.concatenate(normals)
    out /= np.linalg.norm(out, axis=-1, keepdims=True)
    joint = np.full(len(flat), RIG.index(tube.joint))
    return Mesh(flat, out, joint, _faces(len(points)))


def _axes(tube: Tube) -> tuple[Vector, Vector, Vector]:
    """Along, across (of length 1) and from front to back (of length `flat`)."""
    along = tube.end_m - tube.start_m
    length = float(np.linalg.norm(along))
    axis = along / length if length > 1e-9 else np.array([0.0, 0.0, 1.0])
    limb = tube.joint.endswith("_wrist")
    thin = np.array([0.0, 0.0, 1.0]) if limb else np.array([0.0, 1.0, 0.0])
    if abs(axis @ thin) > 0.9:
        thin = np.array([1.0, 0.0, 0.0])
    wide = np.cross(thin, axis)
    wide /= np.linalg.norm(wide)
    return axis, wide, tube.flat * np.cross(axis, wide)


def _rings(tube: Tube) -> Iterator[tuple[Vector, float, float]]:
    """Centre, radius and height on the ball, from the first end's pole to the last one's."""
    for lift in np.linspace(-np.pi / 2, 0, ALONG):
        yield tube.start_m, tube.radii_m[0], float(lift)
    for lift in np.linspace(0, np.pi / 2, ALONG):
        yield tube.end_m, tube.radii_m[1], float(lift)


def _outward(ring: np.ndarray, wide: Vector, deep: Vector) -> np.ndarray:
    """Normals of an ellipse: what is flattened points that much more to the front."""
    across = (ring @ wide)[:, None] * wide
    return across + (ring - across) / max(float(deep @ deep), 1e-9)


def _faces(rings: int) -> Int[np.ndarray, "triangle 3"]:
    """Two triangles per quad, without those that have no area at the poles."""
    out = []
    for ring in range(rings - 1):
        for step in range(AROUND):
            a, b = ring * AROUND + step, ring * AROUND + (step + 1) % AROUND
            c, d = a + AROUND, b + AROUND
            if ring > 0:
                out.append((a, b, d))
            if ring < rings - 2:
                out.append((a, d, c))
    return np.array(out)


def _joined(meshes: list[Mesh]) -> Mesh:
    starts = np.cumsum([0, *(len(mesh.points_m) for mesh in meshes)])
    return Mesh(
        np.concatenate([mesh.points_m for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.joint for mesh in meshes]),
        np.concatenate([m.triangles + s for m, s in zip(meshes, starts, strict=False)]),
    )
