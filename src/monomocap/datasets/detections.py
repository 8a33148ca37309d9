"""Files of 2D that somebody else detected.

VideoPose3D's `data_2d_*.npz` (`positions_2d[subject][take][camera]`, with `metadata` that names the
joints), or a plain .npz with one array "subject/take/camera" per recording, (frames, joints, 2), or
3 with the confidence; its joints are Human3.6M's 17 or COCO's, as the entry `layout` says.
EvoSkeleton's `twoDPose_HRN_train.npy` and `twoDPose_HRN_test.npy` (HRNet on Human3.6M): a dict of
(subject number, action, "Directions_1.54138969.h5-sh") -> (frames, 64), 32 joints in pixels.
"""

import zipfile
from pathlib import Path

import numpy as np

from monomocap.datasets.layouts import HUMAN36M_17_OF_32, LAYOUTS, MPII16
from monomocap.datasets.pickles import DAMAGE, read_npy_object, read_npz_object, reason
from monomocap.datasets.recording import Recording, Track, fitting, poses_array, table, track_of
from monomocap.errors import DataError
from monomocap.skeleton import Skeleton
from monomocap.types import Track2D

HRNET = ("twoDPose_HRN_train.npy", "twoDPose_HRN_test.npy")
_ANY_FPS = 1.0
"""Of no consequence: a track takes the clock of its truth."""


def read_detections(path: Path) -> Track:
    """Tracks by recording; raises `DataError` at once if the file is missing or something else."""
    if not path.is_file():
        raise DataError(f"there is no file of 2D detections {path}")
    if path.suffix == ".npy":
        return _hrnet(path)
    names = _entries(path)
    if "positions_2d" in names:
        return _videopose3d(path, has_metadata="metadata" in names)
    return _plain(path, names)


def _entries(path: Path) -> set[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist()}
    except DAMAGE as error:
        raise DataError(f"{path} is no .npz file of detections: {reason(error)}") from error


def _videopose3d(path: Path, *, has_metadata: bool) -> Track:
    subjects = table(read_npz_object(path, "positions_2d"), f"{path}: positions_2d")
    layout = _layout(read_npz_object(path, "metadata") if has_metadata else {}, path)

    def track(recording: Recording) -> Track2D:
        where = f"{path}: {recording.subject}/{recording.take}"
        takes = table(subjects.get(recording.subject, {}), f"{path}: {recording.subject}")
        cameras = takes.get(recording.take)
        number = recording.camera_number
        if not isinstance(cameras, list | np.ndarray) or len(cameras) <= number:
            raise DataError(f"{where} has no 2D of camera {recording.camera_name}")
        where += f" camera {recording.camera_name}"
        joints = len(layout) if layout else _joints_of(cameras[number])
        xy_px = poses_array(cameras[number], joints, 2, where)
        return fitting(
            track_of(xy_px, layout or _by_count(joints, path), _ANY_FPS), recording, where
        )

    return track


def _hrnet(path: Path) -> Track:
    """The file, and the other split's where it lies beside it."""
    held: dict[str, object] = {}
    for file in dict.fromkeys((path, *(path.with_name(name) for name in HRNET))):
        if file.is_file():
            held |= {_hrnet_key(key, file): poses for key, poses in _by_key(file)}

    def track(recording: Recording) -> Track2D:
        where = f"{path}: {recording.key}"
        flat = held.get(recording.key)
        if not isinstance(flat, np.ndarray) or flat.ndim != 2 or flat.shape[1] != 64:
            raise DataError(f"{where} is not there as (frames, 64), 32 joints of HRNet's 2D")
        xy_px = flat.reshape(-1, 32, 2)[:, list(HUMAN36M_17_OF_32)].astype(np.float64)
        return fitting(track_of(xy_px, LAYOUTS["h36m"], _ANY_FPS), recording, where)

    return track


def _by_key(file: Path) -> list[tuple[object, object]]:
    held = read_npy_object(file)
    if not isinstance(held, dict):
        raise DataError(f"{file} holds no table of 2D by recording; is it another layout?")
    return list(held.items())


def _hrnet_key(key: object, file: Path) -> str:
    """(9, "Directions", "Directions_1.54138969.h5-sh") -> S9/Directions 1/54138969."""
    if isinstance(key, tuple) and len(key) == 3:
        take, _, camera = str(key[2]).replace("_", " ").partition(".")
        return f"S{key[0]}/{take}/{camera.partition('.')[0]}"
    raise DataError(f"{file} has the key {key!r}, not (subject, action, file)")


def _joints_of(value: object) -> int:
    return value.shape[1] if isinstance(value, np.ndarray) and value.ndim == 3 else 17


def _by_count(joints: int, path: Path) -> Skeleton:
    """A file that does not name its joints: Human3.6M's 17, or the hourglass's 16."""
    if joints not in (16, 17):
        raise DataError(f"{path} has {joints} joints and does not say which; name its layout")
    return MPII16 if joints == 16 else LAYOUTS["h36m"]


def _layout(metadata: object, path: Path) -> Skeleton | None:
    name = metadata.get("layout_name") if isinstance(metadata, dict) else metadata
    if name is None:
        return None
    if not isinstance(name, str) or name not in LAYOUTS:
        known = ", ".join(sorted(LAYOUTS))
        raise DataError(f"{path} has joints {name!r}, which nobody here knows (known: {known})")
    return LAYOUTS[name]


def _plain(path: Path, names: set[str]) -> Track:
    layout = LAYOUTS["h36m17"]
    if "layout" in names:
        layout = _layout(str(read_array(path, "layout")), path) or layout

    def track(recording: Recording) -> Track2D:
        where = f"{path}: {recording.key}"
        if recording.key not in names:
            raise DataError(f"{path} has no 2D of {recording.key}")
        xy_px = poses_array(read_array(path, recording.key), len(layout), 2, where)
        return fitting(track_of(xy_px, layout, _ANY_FPS), recording, where)

    return track


def read_array(path: Path, name: str) -> np.ndarray:
    """One plain array of an .npz file; raises `DataError`."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return np.asarray(archive[name])
    except DAMAGE as error:
        raise DataError(f"cannot read {name} of {path}: {reason(error)}") from error
