"""From poses at a pelvis to people on a floor: everybody of a take, in one camera.

lifted poses -> sized, on their rays, with a root (`place`) -> one floor under all (`ground`)
-> standing feet held (`footlock`) -> short gaps filled -> numbers for the report.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, UInt8

from monomocap.geometry.camera import rays
from monomocap.geometry.confidence import Evidence, confidence
from monomocap.geometry.contacts import slide_m
from monomocap.geometry.footlock import lock_feet
from monomocap.geometry.ground import (
    FIXED,
    Ground,
    Walker,
    camera_pose,
    find_ground,
    upright_axis,
)
from monomocap.geometry.person_report import Slides, mean_of, report_of
from monomocap.geometry.place import Placed, Seen, as_told, place
from monomocap.geometry.resample import at_times
from monomocap.geometry.rotation import about
from monomocap.geometry.stature import Stature, stature_of
from monomocap.options import Options
from monomocap.rows import People, each
from monomocap.skeleton import convert, convert_score
from monomocap.types import MARKS, Camera, Motion3D, PersonReport, Track2D

UPRIGHT_TRUST = 0.5
"""How much of a lean towards or from the camera is the lifter's own mistake, where the true way up
is known. Captured people who stand would have it 0.85 (`python -m benchmarks.floor --people
training`); who balances or carries something leans more than they do."""


@dataclass(frozen=True)
class Person:
    """One person on the way through."""

    track: Track2D
    motion: Motion3D
    """As the lifter answered."""
    exchanged: Bool[np.ndarray, "time joint"]
    """Joints of the track that had been given to the other side."""
    outlier: Bool[np.ndarray, "time joint"]
    """Joints of the track that were left out as leaps."""


@dataclass(frozen=True)
class Settled:
    """Everybody on one floor."""

    motions: Sequence[Motion3D]
    camera: Camera
    """With `camera_from_world`, if the floor was found."""
    ground: Ground | None
    """None where the camera came with its place, or nobody's legs were seen."""
    people: tuple[PersonReport, ...]


def settle(people: Sequence[Person], camera: Camera, options: Options) -> Settled:
    """Place everybody, find the floor, hold the feet, fill short gaps, and count.

    One after the other, so that only one person at a time takes much memory.
    """
    if not people:
        return Settled((), camera, None, ())
    if not isinstance(people, People):
        people = People.of(people, people[0].motion.time_s)
    stature = stature_of(options.height_m)
    known_up = _known_up(camera)
    placed = each(lambda person: _placed(person, camera, stature, options, known_up), people)
    sizes: Sequence[float] = (1.0,) * len(people)
    ground = None
    if known_up is None:
        pairs = zip(people.around(), placed.around(), strict=True)
        ground = find_ground(_walker(person, one, stature) for person, one in pairs)
        if ground is not None:
            camera = replace(camera, camera_from_world=camera_pose(ground))
            sizes = ground.sizes
    up = known_up if ground is None else ground.up
    reports: list[PersonReport] = []
    tall: Iterator[float] = iter(sizes)

    def finish(person: Person, one: Placed) -> Motion3D:
        by = next(tall)
        grown = replace(stature, height_m=by * stature.height_m)
        motion, told = _finished(person, _resized(one, by), camera, grown, options, up)
        reports.append(told)
        return motion

    motions = each(finish, people, placed, let_go=placed)
    return Settled(motions.handed_out(), camera, ground, tuple(reports))


def _known_up(camera: Camera) -> Float[np.ndarray, "3"] | None:
    """The world's z in camera axes, if the camera says where it stands."""
    if camera.camera_from_world is None:
        return None
    return np.array(camera.camera_from_world)[:, 2]


def _placed(
    person: Person,
    camera: Camera,
    stature: Stature,
    options: Options,
    up: Float[np.ndarray, "3"] | None,
) -> Placed:
    motion, seen = person.motion, _seen(person, camera)
    if motion.root_m is not None:
        return as_told(motion.xyz_m, motion.root_m, seen, options.smooth)
    placed = place(motion.xyz_m, seen, stature.height_m, options.smooth)
    turn = None if up is None else _righting(_walker(person, placed), up)
    if turn is None:
        return placed
    return place(motion.xyz_m @ turn.T, seen, stature.height_m, options.smooth)


def _seen(person: Person, camera: Camera) -> Seen:
    track, skeleton = person.track, person.motion.skeleton
    xy_px = convert(track.xy_px, track.skeleton, skeleton)
    score = convert_score(track.score, track.skeleton, skeleton)
    ray = rays(camera, xy_px).astype(np.float32)
    return Seen(ray, score, track.time_s, skeleton)


def _walker(person: Person, placed: Placed, stature: Stature | None = None) -> Walker:
    xyz_m = placed.xyz_m + placed.root_m[:, None]
    told = stature is None or stature.given or person.motion.root_m is not None
    error = 0.0 if stature is None or told else stature.error
    return Walker(xyz_m, placed.planted, person.motion.skeleton, error)


def _resized(placed: Placed, by: float) -> Placed:
    """Somebody taller, and that much further away: the picture stays as it is."""
    if abs(by - 1) <= 2 * FIXED:
        return placed
    return replace(placed, xyz_m=by * placed.xyz_m, root_m=by * placed.root_m)


def _righting(walker: Walker, up: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"] | None:
    """Part of the turn about the picture's horizontal that makes upright moments upright."""
    axis = upright_axis(walker)
    if axis is None:
        return None
    lean = np.arctan2(axis[2], -axis[1]) - np.arctan2(up[2], -up[1])
    return about(np.array([1.0, 0.0, 0.0]), np.asarray(UPRIGHT_TRUST * lean))


def _finished(
    person: Person,
    placed: Placed,
    camera: Camera,
    stature: Stature,
    options: Options,
    up: Float[np.ndarray, "3"] | None,
) -> tuple[Motion3D, PersonReport]:
    motion = person.motion
    xyz_m, slides = _held(person, placed, up)
    outside = _outside(person, camera)
    sure = _confidence(person, placed, xyz_m[:, :-1])
    sure[outside] *= OUTSIDE_CONFIDENCE
    filled, gap = _filled(xyz_m, motion.time_s, options.fill_s)
    made = replace(
        motion,
        xyz_m=filled[:, :-1].astype(motion.xyz_m.dtype),
        root_m=filled[:, -1].astype(motion.xyz_m.dtype),
        confidence=_between(sure, gap[:, :-1], motion),
        marks=_marks(person, placed, gap[:, :-1], outside),
    )
    return made, report_of(motion, person.outlier, placed, slides, made, camera, stature, up)


def _held(
    person: Person, placed: Placed, up: Float[np.ndarray, "3"] | None
) -> tuple[Float[np.ndarray, "time joint 3"], Slides]:
    """The pose over standing feet, the root as one more joint; little else at a time in memory."""
    motion, planted = person.motion, placed.planted
    held = _walker(person, placed).xyz_m
    slides: Slides = (None, None)
    if up is not None:
        before = _mm(slide_m(held, planted, up))
        held = lock_feet(held, planted, motion.time_s, motion.skeleton, up)
        slides = (before, _mm(slide_m(held, planted, up)))
    frames, joints, _ = held.shape
    out = np.empty((frames, joints + 1, 3), held.dtype)
    np.subtract(held, placed.root_m[:, None], out=out[:, :-1])
    out[:, -1] = placed.root_m
    # Frames without a root keep the pose that they have.
    rootless = ~np.isfinite(placed.root_m).all(axis=1)
    out[rootless, :-1] = placed.xyz_m[rootless]
    return out, slides


def _filled(
    xyz_m: Float[np.ndarray, "time joint 3"], time_s: Float[np.ndarray, " time"], fill_s: float
) -> tuple[Float[np.ndarray, "time joint 3"], Bool[np.ndarray, "time joint"]]:
    """Short gaps drawn through, and where that was."""
    missing = ~np.isfinite(xyz_m).all(axis=-1)
    if fill_s == 0 or not missing.any() or missing.all():
        return xyz_m, np.zeros_like(missing)
    drawn = at_times(xyz_m, time_s, time_s, fill_s)
    gap = missing & np.isfinite(drawn).all(axis=-1)
    return np.where(gap[..., None], drawn, xyz_m), gap


INTERPOLATED_CONFIDENCE = 0.5
"""An interpolated joint is half as sure as the less sure of the moments it is drawn between."""


def _confidence(
    person: Person,
    placed: Placed,
    xyz_m: Float[np.ndarray, "time joint 3"],
) -> Float[np.ndarray, "time joint"]:
    """The probability that each joint is right."""
    motion, track = person.motion, person.track
    score = convert_score(track.score, track.skeleton, motion.skeleton)
    off_m = placed.off * placed.root_m[:, 2:]
    known = Evidence(xyz_m, motion.xyz_m, score, off_m, motion.time_s, motion.skeleton)
    return confidence(known).astype(motion.confidence.dtype)


OUTSIDE_SHARE = 0.03
"""A joint further beyond the picture's border than this, in its longer sides, was not seen there: a
detector that answers all the same has guessed. Nearer by, it may be off by so much."""
OUTSIDE_CONFIDENCE = 0.25
"""And it is so much as sure as the same joint seen."""


def _outside(person: Person, camera: Camera) -> Bool[np.ndarray, "time joint"]:
    """Which joints the detector put outside of the picture."""
    xy_px = convert(person.track.xy_px, person.track.skeleton, person.motion.skeleton)
    size_px = np.array([camera.width_px, camera.height_px])
    beyond_px = np.maximum(-xy_px, xy_px - (size_px - 1)).max(axis=-1)
    outside: Bool[np.ndarray, "time joint"] = beyond_px > OUTSIDE_SHARE * size_px.max()
    return outside


def _between(
    sure: Float[np.ndarray, "time joint"], gap: Bool[np.ndarray, "time joint"], motion: Motion3D
) -> Float[np.ndarray, "time joint"]:
    """The same, and of interpolated joints a share of the lesser of their neighbours'."""
    sure = sure.copy()
    for joint in np.flatnonzero(gap.any(axis=0)):
        there = np.flatnonzero(~gap[:, joint] & motion.seen[:, joint])
        holes = np.flatnonzero(gap[:, joint])
        at = np.searchsorted(there, holes)
        around = np.minimum(sure[there[at - 1], joint], sure[there[at % len(there)], joint])
        sure[holes, joint] = INTERPOLATED_CONFIDENCE * around
    return sure


def _marks(
    person: Person,
    placed: Placed,
    gap: Bool[np.ndarray, "time joint"],
    outside: Bool[np.ndarray, "time joint"],
) -> UInt8[np.ndarray, "time joint"] | None:
    """What was done to each joint, or None if nothing was to any."""
    track, skeleton = person.track, person.motion.skeleton
    done = {"interpolated": gap, "standing": placed.planted, "outside": outside}
    for word, flags in (("exchanged", person.exchanged), ("outlier", person.outlier)):
        if flags.any():
            # A made joint is touched when any joint that it is made of is.
            touched = convert_score(1.0 - flags, track.skeleton, skeleton) < 1
            able = convert_score(np.ones_like(flags, float), track.skeleton, skeleton) > 0
            done[word] = touched & able
    marks = sum((MARKS[word] * flags.astype(np.uint8) for word, flags in done.items()), np.uint8(0))
    marks = np.asarray(marks, np.uint8)
    return marks if marks.any() else None


def _mm(lengths_m: Float[np.ndarray, " steps"]) -> float | None:
    mean = mean_of(lengths_m)
    return None if mean is None else 1000 * mean
