"""Takes made of random numbers, with gaps, for tests of whatever comes after the pipeline."""

from dataclasses import replace

import numpy as np

from monomocap.skeleton import BLAZEPOSE33, H36M17
from monomocap.types import (
    Camera,
    Motion3D,
    PersonReport,
    Provenance,
    Report,
    Take,
    Track2D,
    VideoInfo,
)


def make_take(
    frames: int = 12,
    people: int = 2,
    *,
    world: bool = True,
    dtype: type[np.floating] = np.float64,
    seed: int = 0,
) -> Take:
    """Person p is missing in every frame whose number leaves p when divided by 3."""
    rng = np.random.default_rng(seed)
    time_s = np.cumsum(rng.uniform(0.01, 0.05, frames))
    pairs = [_person(rng, person, time_s, world, dtype) for person in range(people)]
    return Take(
        info=VideoInfo("clip.mp4", 640, 481, 29.97, frames, 0.4, 90, "h264", "cut short"),
        camera=Camera.from_fov(640, 481),
        time_s=time_s,
        tracks=tuple(track for track, _ in pairs),
        motions=tuple(motion for _, motion in pairs),
        provenance=Provenance("d", "l", "cpu", "light", {"numpy": "1"}, {"w.onnx": "ab" * 32}),
        warnings=("one", "two"),
        report=Report(
            tuple(PersonReport(p, 0.5, 0.25, slide_mm=1.5, exchanged=3) for p in range(people)),
            camera_moved=0.125,
            seconds={"detect": 2.5},
        ),
    )


def _person(
    rng: np.random.Generator,
    person: int,
    time_s: np.ndarray,
    world: bool,
    dtype: type[np.floating],
) -> tuple[Track2D, Motion3D]:
    frames = len(time_s)
    gone = np.arange(frames) % 3 == person % 3

    def numbers(*shape: int, missing: float = np.nan) -> np.ndarray:
        array = rng.uniform(0, 1, (frames, *shape))
        array[gone] = missing
        return array.astype(dtype)

    track = Track2D(
        person,
        time_s,
        640 * numbers(33, 2),
        numbers(33, missing=0),
        BLAZEPOSE33,
        numbers(33, 3) if world else None,
    )
    xyz_m, confidence = numbers(17, 3), numbers(17, missing=0)
    root_m = numbers(3) if person % 2 == 0 else None
    marks = rng.integers(0, 16, (frames, 17)).astype(np.uint8) if person % 2 == 1 else None
    motion = Motion3D(person, time_s, xyz_m, confidence, H36M17, "root", "l", root_m, marks)
    return track, motion


def timeless(take: Take) -> Take:
    """The take without how long it took and where its film lies."""
    report = take.report and replace(take.report, seconds={})
    return replace(take, report=report, output_video=None)


def same_take(a: Take, b: Take, *, tolerance: float = 0.0) -> bool:
    """Equal in everything; numbers of tracks and motions within the tolerance."""
    plain = ("info", "camera", "provenance", "warnings", "output_video", "report")
    return (
        all(getattr(a, name) == getattr(b, name) for name in plain)
        and np.array_equal(a.time_s, b.time_s)
        and len(a.tracks) == len(b.tracks)
        and all(
            _same_track(*pair, tolerance=tolerance) for pair in zip(a.tracks, b.tracks, strict=True)
        )
        and all(
            _same_motion(*pair, tolerance=tolerance)
            for pair in zip(a.motions, b.motions, strict=True)
        )
    )


def _close(a: np.ndarray | None, b: np.ndarray | None, tolerance: float) -> bool:
    if a is None or b is None:
        return a is b
    exact = tolerance > 0 or a.dtype == b.dtype
    return exact and np.allclose(a, b, rtol=0, atol=tolerance, equal_nan=True)


def _same_track(a: Track2D, b: Track2D, *, tolerance: float) -> bool:
    return (
        (a.person, a.skeleton) == (b.person, b.skeleton)
        and _close(a.xy_px, b.xy_px, 1000 * tolerance)
        and _close(a.score, b.score, 100 * tolerance)
        and _close(a.world_m, b.world_m, tolerance)
    )


def _same_motion(a: Motion3D, b: Motion3D, *, tolerance: float) -> bool:
    return (
        (a.person, a.skeleton, a.frame, a.lifter) == (b.person, b.skeleton, b.frame, b.lifter)
        and _close(a.xyz_m, b.xyz_m, tolerance)
        and _close(a.confidence, b.confidence, 100 * tolerance)
        and _close(a.root_m, b.root_m, tolerance)
        and _close(a.marks, b.marks, 0.0)
    )
