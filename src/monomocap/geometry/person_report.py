"""One person of a take in numbers: what the report says of them."""

import numpy as np
from jaxtyping import Bool, Float, UInt8

from monomocap.geometry.ground import Walker, level_m
from monomocap.geometry.jitter import jitter_m
from monomocap.geometry.place import Placed
from monomocap.geometry.stature import Stature
from monomocap.types import MARKS, Camera, Motion3D, PersonReport

Slides = tuple[float | None, float | None]
"""Mean slide of standing feet, mm per frame: before they are held, and then."""


def report_of(
    lifted: Motion3D,
    outlier: Bool[np.ndarray, "time joint"],
    placed: Placed,
    slides: Slides,
    made: Motion3D,
    camera: Camera,
    stature: Stature,
    up: Float[np.ndarray, "3"] | None,
) -> PersonReport:
    """`lifted` as the lifter answered and `made` what became of it; `slides` before and after."""
    known = np.isfinite(placed.root_m).all(axis=1)
    distance_m = np.linalg.norm(placed.root_m[known], axis=1)
    slide_before_mm, slide_mm = slides
    stands = placed.planted.any(axis=1)[known]
    jitter, before = (
        jitter_m(made.xyz_m, made.skeleton),
        jitter_m(lifted.xyz_m, made.skeleton),
    )
    return PersonReport(
        person=made.person,
        coverage=made.coverage,
        confidence=mean_of(made.confidence[made.seen]),
        height_m=stature.height_m if known.any() else None,
        height_error=stature.error if known.any() else None,
        distance_m=float(np.median(distance_m)) if known.any() else None,
        distance_error=float(np.hypot(stature.error, camera.focal_error)) if known.any() else None,
        path_m=_path_m(placed.root_m, up),
        level_m=_level_m(placed, made, camera),
        standing=mean_of(stands.astype(np.float64)),
        slide_mm=slide_mm,
        slide_before_mm=slide_before_mm,
        jitter_mm=None if jitter is None else 1000 * jitter,
        jitter_before_mm=None if before is None else 1000 * before,
        interpolated=_frames(made.marks, "interpolated"),
        exchanged=_frames(made.marks, "exchanged"),
        outliers=int(outlier.sum()),
    )


def _level_m(placed: Placed, made: Motion3D, camera: Camera) -> float | None:
    """How high over the world's floor somebody stands."""
    if camera.camera_from_world is None:
        return None
    pose = np.array(camera.camera_from_world)
    xyz_m = placed.xyz_m + placed.root_m[:, None]
    walker = Walker(xyz_m, placed.planted, made.skeleton)
    return level_m(walker, pose[:, 2], float(-pose[:, 2] @ pose[:, 3]))


def _path_m(root_m: Float[np.ndarray, "time 3"], up: Float[np.ndarray, "3"] | None) -> float | None:
    """The way's length over the floor; gaps count as straight."""
    known = root_m[np.isfinite(root_m).all(axis=1)]
    if up is None or len(known) == 0:
        return None
    step = np.diff(known, axis=0)
    return float(np.linalg.norm(step - (step @ up)[:, None] * up, axis=1).sum())


def _frames(marks: UInt8[np.ndarray, "time joint"] | None, word: str) -> int:
    return 0 if marks is None else int((marks & MARKS[word]).any(axis=1).sum())


def mean_of(values: Float[np.ndarray, " n"]) -> float | None:
    """The mean; None of nothing."""
    return float(values.mean()) if values.size else None
