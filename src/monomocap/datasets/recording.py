"""What every benchmark is read into: one person, one take, one camera, and the truth."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from monomocap.datasets.layouts import completed
from monomocap.errors import DataError, UnknownName
from monomocap.skeleton import H36M17, LIMB_JOINTS, SKELETONS, Skeleton
from monomocap.types import Camera, Motion3D, Track2D

HIPS = ("left_hip", "right_hip")


@dataclass(frozen=True)
class Recording:
    """One person in one take, seen by one camera."""

    subject: str
    take: str
    """As the data set names it: 'Directions 1'."""
    action: str
    """What results are grouped by: 'Directions'."""
    camera_name: str
    camera_number: int
    """Where this camera stands in the data set's own order, from 0."""
    camera: Camera
    truth: Motion3D
    """H36M17, frame 'camera': metres from the camera; NaN where the data set has no such joint."""
    track: Track2D
    """The data set's true 2D, on its own joints."""
    scored: Bool[np.ndarray, " time"] | None = None
    """Frames that count; None for all."""
    video: Path | None = None
    """Its frames are those of the truth, from the first one on."""

    @property
    def key(self) -> str:
        """subject/take/camera."""
        return f"{self.subject}/{self.take}/{self.camera_name}"


Track = Callable[[Recording], Track2D]
"""Where 2D comes from."""


@dataclass(frozen=True)
class Benchmark:
    """A data set with truth: how it is read, and what its papers score."""

    name: str
    about: str
    splits: tuple[str, ...]
    """The first is the one that results are reported on."""
    read: Callable[[Path, str], Iterator[Recording]]
    """(path, split) -> recordings, one after the other; raises `DataError`."""
    joints: tuple[str, ...] = H36M17.joints
    root: tuple[str, ...] = ("pelvis",)
    """The middle of these joints is the origin of poses."""
    rows: Literal["action", "subject"] = "action"
    pck: bool = False
    """Whether its papers report PCK and AUC."""
    protocol: str = "whole"
    detections: Callable[[Path, Path | None], Track] | None = None
    """(path, file of 2D detections or None for the data set's own) -> 2D of a recording."""

    def recordings(self, path: Path, split: str) -> Iterator[Recording]:
        """One after the other, only one in memory; raises `DataError` or `UnknownName` at once."""
        if split not in self.splits:
            raise UnknownName(f"split of {self.name}", split, self.splits)
        if not path.exists():
            raise DataError(f"there is no file or folder {path}; give the place of {self.name}")
        return self.read(path, split)


LIMBS_FROM_HIPS = {"joints": LIMB_JOINTS, "root": HIPS}
"""For truths whose trunk and head are not Human3.6M's."""


def times(frames: int, fps: float) -> Float[np.ndarray, " time"]:
    """A constant rate from 0 s on."""
    return np.arange(frames) / fps


def true_motion(xyz_m: Float[np.ndarray, "time 17 3"], fps: float) -> Motion3D:
    """A truth on H36M17, metres from the camera."""
    seen = np.isfinite(xyz_m).all(axis=-1).astype(np.float32)
    return Motion3D(0, times(len(xyz_m), fps), xyz_m, seen, H36M17, "camera")


def track_of(xy_px: Float[np.ndarray, "time joint dim"], layout: Skeleton, fps: float) -> Track2D:
    """A track at a constant rate; a third column of `xy_px` is the confidence, otherwise 1.

    Layouts that only files have are brought to H36M17.
    """
    if layout.name not in SKELETONS:
        xy_px, layout = completed(xy_px, layout), H36M17
    seen = np.isfinite(xy_px[..., :2]).all(axis=-1)
    score = xy_px[..., 2].clip(0, 1) if xy_px.shape[-1] > 2 else np.ones(xy_px.shape[:2])
    xy = np.where(seen[..., None], xy_px[..., :2], np.nan)
    return Track2D(0, times(len(xy), fps), xy, np.where(seen, score, 0.0), layout)


def poses_array(value: object, joints: int, dims: int, where: str) -> Float[np.ndarray, "..."]:
    """A (time, joint, dim) array of float64 with this many joints; raises `DataError`.

    `where` says which file and entry, for the message.
    """
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise DataError(f"{where} is not an array of numbers; get the file again")
    if value.ndim != 3 or value.shape[1] != joints or value.shape[2] < dims:
        raise DataError(
            f"{where} has shape {value.shape}, not (frames, {joints}, {dims}); is it another "
            f"layout?"
        )
    return value.astype(np.float64)


def table(value: object, where: str) -> dict[str, object]:
    """A dict by name; raises `DataError`."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise DataError(f"{where} is not a table by name; is it another layout?")
    return value


def fitting(track: Track2D, recording: Recording, where: str) -> Track2D:
    """2D that was made apart from the truth, on the truth's clock.

    More frames than the truth are cut off, as videos run a little longer; fewer raise `DataError`.
    """
    frames = len(recording.truth.time_s)
    if len(track.time_s) < frames:
        raise DataError(
            f"{where} has {len(track.time_s)} frames of 2D and the truth {frames}; they do not "
            f"belong together"
        )
    world_m = None if track.world_m is None else track.world_m[:frames]
    clock = recording.truth.time_s
    xy_px, score = track.xy_px[:frames], track.score[:frames]
    return Track2D(track.person, clock, xy_px, score, track.skeleton, world_m)
