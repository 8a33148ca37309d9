"""A person of smooth solids, dressed over 17 joints: face, hair, shirt, trousers, hands, shoes.

Whatever moves the joints moves the person. The solids' middles lie on the joints, so that what is
seen has no bias against the truth.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.render.solids import Solid
from monomocap.skeleton import H36M17

Rgb = tuple[float, float, float]
Point = Float[np.ndarray, "3"]
PointOnHead = Callable[[float, float, float], Point]
"""Forward, left and up from the middle of the ears, metres of an adult -> a point."""

SKINS: tuple[Rgb, ...] = (
    (0.95, 0.78, 0.66),
    (0.88, 0.67, 0.52),
    (0.76, 0.54, 0.40),
    (0.55, 0.37, 0.27),
    (0.40, 0.27, 0.21),
)
HAIRS: tuple[Rgb, ...] = (
    (0.10, 0.08, 0.07),
    (0.22, 0.14, 0.09),
    (0.45, 0.30, 0.17),
    (0.62, 0.50, 0.32),
    (0.45, 0.44, 0.43),
)
ADULT_TRUNK_M = 0.50
"""From pelvis to thorax, of the person that the sizes below belong to (1.75 m tall)."""


@dataclass(frozen=True)
class Look:
    """What a person wears, and how broad they are."""

    skin: Rgb
    hair: Rgb
    shirt: Rgb
    trousers: Rgb
    shoes: Rgb
    girth: float
    """Of the trunk; 1 is ordinary."""
    limbs: float
    """Girth of arms and legs."""
    long_sleeves: bool
    long_hair: bool

    @classmethod
    def random(cls, rng: np.random.Generator) -> "Look":
        """A look drawn by chance; shirt and trousers differ in brightness."""
        light = rng.random() < 0.5
        return cls(
            skin=SKINS[rng.integers(len(SKINS))],
            hair=HAIRS[rng.integers(len(HAIRS))],
            shirt=_cloth(rng, 0.72 if light else 0.35),
            trousers=_cloth(rng, 0.25 if light else 0.6),
            shoes=_cloth(rng, 0.2 if rng.random() < 0.6 else 0.85),
            girth=float(rng.uniform(0.90, 1.15)),
            limbs=float(rng.uniform(0.92, 1.10)),
            long_sleeves=bool(rng.random() < 0.35),
            long_hair=bool(rng.random() < 0.35),
        )


@dataclass(frozen=True)
class Ground:
    """The floor, in the axes in which the person is drawn."""

    up: Point
    origin_m: Point
    """Any point of the floor."""

    def height_m(self, point_m: Point) -> float:
        return float((point_m - self.origin_m) @ self.up)


def size_of(xyz_m: Float[np.ndarray, "time 17 3"]) -> float:
    """How big a person is, from the trunk's length over the clip; NaN when never seen."""
    pelvis, thorax = xyz_m[:, H36M17.index("pelvis")], xyz_m[:, H36M17.index("thorax")]
    trunk_m = np.linalg.norm(thorax - pelvis, axis=-1)
    trunk_m = trunk_m[np.isfinite(trunk_m)]
    return float(np.median(trunk_m)) / ADULT_TRUNK_M if len(trunk_m) else math.nan


def dressed(
    pose_m: Float[np.ndarray, "17 3"], look: Look, ground: Ground, size: float
) -> Iterator[Solid]:
    """A pose's solids, metres; what hangs on a missing joint is left out."""
    at = dict(zip(H36M17.joints, pose_m.astype(np.float64), strict=True))
    for solid in _all_solids(at, look, ground, size):
        ends = np.concatenate([solid.a_m, solid.b_m])
        if np.isfinite(ends).all() and math.isfinite(solid.radius_a_m + solid.radius_b_m):
            yield solid


def _all_solids(at: dict[str, Point], look: Look, ground: Ground, size: float) -> Iterator[Solid]:
    up = _unit(at["thorax"] - at["pelvis"])
    leftward = _unit(at["left_shoulder"] - at["right_shoulder"])
    chest_ahead = _unit(np.cross(leftward, up))
    hips_ahead = _unit(np.cross(_unit(at["left_hip"] - at["right_hip"]), up))
    yield from _trunk(at, look, up, chest_ahead, hips_ahead, size)
    yield from _head(at, look, leftward, size)
    for side in ("left", "right"):
        yield from _arm(at, look, side, chest_ahead, size)
        yield from _leg(at, look, side, hips_ahead, ground, size)


def _trunk(
    at: dict[str, Point], look: Look, up: Point, chest_ahead: Point, hips_ahead: Point, size: float
) -> Iterator[Solid]:
    g = look.girth * size
    flat, flat_hips = (chest_ahead, 0.66), (hips_ahead, 0.74)
    chest = at["thorax"] - 0.13 * size * up
    waist = at["pelvis"] + 0.11 * size * up
    belt = at["pelvis"] + 0.06 * size * up
    yield Solid(
        at["pelvis"] - 0.01 * size * up, belt, 0.150 * g, 0.140 * g, look.trousers, 0, flat_hips
    )
    yield Solid(waist, chest, 0.140 * g, 0.160 * g, look.shirt, 0, flat, 0.02)
    for joint in ("left_shoulder", "right_shoulder"):
        collar = at["thorax"] + 0.022 * size * up
        outer = at[joint] - 0.012 * size * up
        yield Solid(collar, outer, 0.064 * g, 0.058 * g, look.shirt, 0, flat, 0.04)
        yield Solid(chest, outer, 0.120 * g, 0.055 * g, look.shirt, 0, flat, 0.04)
    neck = at["thorax"] + 0.030 * size * up
    yield Solid(neck, neck, 0.072 * size, 0.072 * size, look.shirt, 0, None, 0.03)


def _head(at: dict[str, Point], look: Look, leftward: Point, size: float) -> Iterator[Solid]:
    up = _unit(at["head"] - at["thorax"])
    ahead = _unit(np.cross(leftward, up))
    leftward = np.cross(up, ahead)
    axes = np.stack([ahead, leftward, up])

    def point(forward: float, left: float, above: float) -> Point:
        """Metres of an adult, from the middle of the ears."""
        spot: Point = at["head"] + size * (np.array([forward, left, above]) @ axes)
        return spot

    def blob(a: Point, b: Point, ra: float, rb: float, rgb: Rgb, gloss: float = 0.1) -> Solid:
        return Solid(a, b, ra * size, rb * size, rgb, gloss, narrow, 0.008)

    narrow = (leftward, 0.80)
    throat = at["thorax"] + 0.02 * size * up
    yield Solid(throat, point(-0.005, 0, -0.02), 0.058 * size, 0.054 * size, look.skin, 0.1)
    yield blob(point(0.006, 0, 0.030), point(0.040, 0, -0.062), 0.094, 0.056, look.skin)
    yield blob(point(-0.016, 0, 0.044), point(-0.034, 0, -0.02), 0.100, 0.080, look.hair, 0.3)
    yield blob(point(0.028, 0, 0.096), point(-0.01, 0, 0.085), 0.050, 0.058, look.hair, 0.3)
    if look.long_hair:
        yield blob(point(-0.045, 0, 0.0), point(-0.062, 0, -0.13), 0.088, 0.055, look.hair, 0.3)
    yield from _face(look, point, size)


def _face(look: Look, point: PointOnHead, size: float) -> Iterator[Solid]:
    skin = look.skin
    lips: Rgb = (0.80 * skin[0], 0.52 * skin[1], 0.52 * skin[2])
    dark: Rgb = (0.86 * skin[0], 0.82 * skin[1], 0.80 * skin[2])

    def ball(at: Point, radius: float, rgb: Rgb, gloss: float = 0.1) -> Solid:
        return Solid(at, at, radius * size, radius * size, rgb, gloss)

    def bar(a: Point, b: Point, radius: float, rgb: Rgb, soft_m: float = 0.0) -> Solid:
        return Solid(a, b, radius * size, radius * size, rgb, 0.1, None, soft_m)

    yield Solid(
        point(0.093, 0, 0.018), point(0.104, 0, -0.016), 0.008 * size, 0.015 * size, skin, 0.15,
        None, 0.008,
    )  # fmt: skip
    yield bar(point(0.0915, -0.019, -0.050), point(0.0915, 0.019, -0.050), 0.0080, lips)
    for out in (1, -1):
        yield ball(point(0.082, 0.032 * out, 0.016), 0.0125, (0.95, 0.95, 0.94), 0.3)
        yield ball(point(0.0885, 0.031 * out, 0.016), 0.0080, (0.12, 0.08, 0.06), 0.5)
        inner, outer = point(0.091, 0.016 * out, 0.037), point(0.080, 0.046 * out, 0.038)
        yield bar(inner, outer, 0.0055, look.hair)
        top, lobe = point(-0.004, 0.075 * out, 0.014), point(0.0, 0.073 * out, -0.016)
        yield bar(top, lobe, 0.015, dark)


def _arm(
    at: dict[str, Point], look: Look, side: str, chest_ahead: Point, size: float
) -> Iterator[Solid]:
    shoulder, elbow, wrist = (at[f"{side}_{j}"] for j in ("shoulder", "elbow", "wrist"))
    g = look.limbs * size
    way = _unit(wrist - elbow)
    fore = look.shirt if look.long_sleeves else look.skin
    sleeve = elbow if look.long_sleeves else shoulder + 0.60 * (elbow - shoulder)
    yield Solid(shoulder, elbow, 0.048 * g, 0.040 * g, fore)
    yield Solid(shoulder, sleeve, 0.058 * g, 0.054 * g, look.shirt, 0, None, 0.05)
    yield Solid(elbow, wrist, 0.042 * g, 0.029 * g, fore, 0.05, None, 0.01)
    thumb = _unit(chest_ahead - (chest_ahead @ way) * way)
    across = (np.cross(way, thumb), 0.55)
    palm, tips = wrist + 0.055 * size * way, wrist + 0.145 * size * way
    root, tip = wrist + 0.025 * size * way, wrist + size * (0.075 * way + 0.045 * thumb)
    yield Solid(wrist, palm, 0.030 * g, 0.042 * g, look.skin, 0.05, across, 0.01)
    yield Solid(palm, tips, 0.042 * g, 0.022 * g, look.skin, 0.05, across, 0.01)
    yield Solid(root, tip, 0.016 * g, 0.012 * g, look.skin, 0.05, None, 0.01)


def _leg(
    at: dict[str, Point], look: Look, side: str, ahead: Point, ground: Ground, size: float
) -> Iterator[Solid]:
    hip, knee, ankle = (at[f"{side}_{j}"] for j in ("hip", "knee", "ankle"))
    g = look.limbs * size
    yield Solid(hip, knee, 0.090 * g, 0.062 * g, look.trousers, 0, None, 0.02)
    yield Solid(knee, ankle, 0.062 * g, 0.047 * g, look.trousers, 0, None, 0.02)
    toes, down = _foot_axes(hip, knee, ankle, ahead, ground, size)
    heel = ankle + size * (0.036 * down - 0.042 * toes)
    ball = ankle + size * (0.042 * down + 0.110 * toes)
    tip = ankle + size * (0.046 * down + 0.165 * toes)
    yield Solid(ankle, heel, 0.044 * g, 0.035 * g, look.shoes, 0.2)
    yield Solid(ankle, ball, 0.042 * g, 0.036 * g, look.shoes, 0.2, None, 0.01)
    yield Solid(heel, ball, 0.035 * g, 0.040 * g, look.shoes, 0.2, None, 0.01)
    yield Solid(ball, tip, 0.038 * g, 0.026 * g, look.shoes, 0.2, None, 0.01)


def _foot_axes(
    hip: Point, knee: Point, ankle: Point, ahead: Point, ground: Ground, size: float
) -> tuple[Point, Point]:
    """Where toes and sole point: square to the shank, turned like the knee, not into the floor."""
    shank = _unit(ankle - knee)
    hinge = np.cross(_unit(knee - hip), shank) + 0.3 * np.cross(-shank, ahead)
    toes = _unit(np.cross(hinge, -shank))
    tip = ankle + size * (0.046 * shank + 0.165 * toes)
    below_m = 0.03 * size - ground.height_m(tip)
    if below_m > 0 and ground.height_m(ankle) > 0.03 * size:
        toes = _unit(toes + below_m / (0.165 * size) * ground.up)
    down = _unit(shank - (shank @ toes) * toes)
    return toes, down


def _cloth(rng: np.random.Generator, brightness: float) -> Rgb:
    colour = rng.uniform(0.4, 1.0, 3)
    r, g, b = np.clip(colour * brightness / colour.mean(), 0.05, 0.95)
    return float(r), float(g), float(b)


def _unit(vector: Point) -> Point:
    unit: Point = vector / (np.linalg.norm(vector) + 1e-12)
    return unit
