"""MPI-INF-3DHP (Mehta et al., 2017): the official annotations, and the common archives.

Official: `TS1/annot_data.mat` ... `TS6` for the test set, `S1/Seq1/annot.mat` ... for training
(MATLAB, old and v7.3). The archives that lifting research shares: `data_test_3dhp.npz` and
`data_train_3dhp.npz`. All in mm and camera axes; a camera's focal length and centre come from the
data's own pairs of 2D and 3D.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from monomocap.datasets.hdf5 import is_hdf5, read_hdf5
from monomocap.datasets.layouts import MPI17, MPI28_TO_H36M17, by_name
from monomocap.datasets.pickles import DAMAGE, read_npz_object, reason
from monomocap.datasets.recording import (
    Benchmark,
    Recording,
    poses_array,
    table,
    track_of,
    true_motion,
)
from monomocap.errors import DataError, InputError
from monomocap.geometry.resection import fit_lens
from monomocap.skeleton import H36M17
from monomocap.types import Camera

ARCHIVE = "data_test_3dhp.npz"
TRAIN_ARCHIVE = "data_train_3dhp.npz"
TEST = tuple(f"TS{n}" for n in range(1, 7))
OUTDOORS = ("TS5", "TS6")
"""Full HD; everything else is square."""
STUDIO_PX, OUTDOORS_PX = (2048, 2048), (1920, 1080)
TRAIN = tuple(
    (f"S{subject}", f"Seq{take}")
    for subject in range(1, 9)
    for take in (1, 2)
    if (subject, take) not in ((4, 1), (8, 2))
)
"""As HDFormer prepares it."""
CAMERAS = (0, 1, 2, 4, 5, 6, 7, 8)
FAST = (("S1", "Seq2"), ("S3", "Seq1"), ("S3", "Seq2"), ("S5", "Seq1"), ("S5", "Seq2"))
"""At 50 frames/s; the others, and the test set, at 25."""

Arrays = dict[str, np.ndarray]


def read(path: Path, split: str) -> Iterator[Recording]:
    """`test`, `test-universal` (everybody scaled to one size, as the official score) or `train`."""
    archive = path / ARCHIVE if path.is_dir() else path
    if split == "train":
        training = path / TRAIN_ARCHIVE if path.is_dir() else path
        return _read_train_archive(training) if training.is_file() else _read_train(path)
    if archive.is_file():
        if split != "test":
            raise DataError(f"{archive} has no universal annotations; give TS1/annot_data.mat")
        return _read_archive(archive)
    return _read_test(path, "univ_annot3" if split == "test-universal" else "annot3")


def _read_archive(archive: Path) -> Iterator[Recording]:
    sequences = table(read_npz_object(archive, "data"), f"{archive}: data")
    for name, held in sorted(sequences.items()):
        where = f"{archive}: {name}"
        parts = table(held, where)
        xy_px = poses_array(parts.get("data_2d"), len(MPI17), 2, f"{where}/data_2d")[..., :2]
        xyz_mm = poses_array(parts.get("data_3d"), len(MPI17), 3, f"{where}/data_3d")
        yield _test_recording(name, xyz_mm, xy_px, parts.get("valid"), where)


def _read_test(path: Path, annotation: str) -> Iterator[Recording]:
    found = [folder for name in TEST for folder in (path / name, path / _OFFICIAL / name)]
    folders = [folder for folder in found if (folder / "annot_data.mat").is_file()]
    if not folders:
        raise DataError(f"{path} holds neither {ARCHIVE} nor TS1/annot_data.mat; give its folder")
    for folder in folders:
        file = folder / "annot_data.mat"
        arrays = _mat_arrays(file, "annot2", annotation, "valid_frame")
        xy_px = _frames_first(arrays["annot2"], 2, file)
        xyz_mm = _frames_first(arrays[annotation], 3, file)
        yield _test_recording(folder.name, xyz_mm, xy_px, arrays["valid_frame"], str(file))


_OFFICIAL = "mpi_inf_3dhp_test_set"


def _test_recording(
    name: str,
    xyz_mm: Float[np.ndarray, "time 17 3"],
    xy_px: Float[np.ndarray, "frame 17 2"],
    valid: object,
    where: str,
) -> Recording:
    size = OUTDOORS_PX if name in OUTDOORS else STUDIO_PX
    xyz_m, xy = by_name(xyz_mm / 1000, MPI17), by_name(xy_px, MPI17)
    return _recording(name, name, "camera", 0, size, xyz_m, xy, _valid(valid, len(xyz_m), where))


def _valid(value: object, frames: int, where: str) -> Bool[np.ndarray, " time"] | None:
    if value is None:
        return None
    flags = np.asarray(value).ravel()
    if flags.dtype.kind not in "biuf" or len(flags) != frames:
        raise DataError(f"{where}: {len(flags)} marks of valid frames, and {frames} frames")
    return flags.astype(bool)


def _read_train_archive(archive: Path) -> Iterator[Recording]:
    """`data["S1 Seq1"][0]["0"]` with `data_2d` and `data_3d`: the test archive's joints, mm."""
    sequences = table(read_npz_object(archive, "data"), f"{archive}: data")
    for name, held in sorted(sequences.items()):
        subject, _, take = name.partition(" ")
        views = held[0] if isinstance(held, list | tuple) and held else held
        fps = 50.0 if (subject, take) in FAST else 25.0
        for number, (camera, parts) in enumerate(table(views, f"{archive}: {name}").items()):
            where = f"{archive}: {name}/{camera}"
            poses = table(parts, where)
            xy_px = poses_array(poses.get("data_2d"), len(MPI17), 2, f"{where}/data_2d")[..., :2]
            xyz_m = poses_array(poses.get("data_3d"), len(MPI17), 3, f"{where}/data_3d") / 1000
            xyz_m, xy_px = by_name(xyz_m, MPI17), by_name(xy_px, MPI17)
            yield _recording(subject, take, camera, number, STUDIO_PX, xyz_m, xy_px, None, fps)


def _read_train(path: Path) -> Iterator[Recording]:
    files = [(s, q, path / s / q / "annot.mat") for s, q in TRAIN]
    there = [(s, q, file) for s, q, file in files if file.is_file()]
    if not there:
        raise DataError(f"{path} has neither {TRAIN_ARCHIVE} nor S1/Seq1/annot.mat to train on")
    for subject, take, file in there:
        arrays = _mat_arrays(file, "annot2", "annot3")
        for number, name in enumerate(CAMERAS):
            xyz_mm = _of_camera(arrays["annot3"], name, 3, file)
            xy_px = _of_camera(arrays["annot2"], name, 2, file)
            fps = 50.0 if (subject, take) in FAST else 25.0
            yield _recording(
                subject, take, str(name), number, STUDIO_PX, xyz_mm / 1000, xy_px, None, fps
            )


def _of_camera(
    cells: np.ndarray, camera: int, dims: int, file: Path
) -> Float[np.ndarray, "time 17 dim"]:
    """28 joints of one of 14 cameras, on Human3.6M's 17."""
    flat = cells.ravel()
    if flat.dtype != object or len(flat) <= camera:
        raise DataError(f"{file} has no camera {camera}; is it another layout?")
    poses = np.asarray(flat[camera])
    if poses.ndim != 2 or poses.shape[1] != 28 * dims:
        raise DataError(f"{file}: camera {camera} has shape {poses.shape}, not (frames, 28x{dims})")
    return poses.reshape(-1, 28, dims)[:, list(MPI28_TO_H36M17)].astype(np.float64)


def _recording(
    subject: str,
    take: str,
    camera_name: str,
    number: int,
    size: tuple[int, int],
    xyz_m: Float[np.ndarray, "time 17 3"],
    xy_px: Float[np.ndarray, "frame 17 2"],
    scored: Bool[np.ndarray, " time"] | None,
    fps: float = 25.0,
) -> Recording:
    where = f"{subject}/{take}/{camera_name}"
    if len(xyz_m) != len(xy_px):
        raise DataError(f"{where}: {len(xy_px)} frames of 2D and {len(xyz_m)} of 3D")
    try:
        focal, center = fit_lens(xyz_m, xy_px)
        camera = Camera(*size, focal, center, source="calibration")
    except InputError as error:
        raise DataError(f"{where}: no camera fits its 2D and 3D: {error}") from error
    return Recording(
        subject=subject,
        take=take,
        action=take,
        camera_name=camera_name,
        camera_number=number,
        camera=camera,
        truth=true_motion(xyz_m, fps),
        track=track_of(xy_px, H36M17, fps),
        scored=scored,
    )


def _frames_first(values: np.ndarray, dims: int, file: Path) -> Float[np.ndarray, "time 17 dim"]:
    """(time, 1, 17, dim) as v7.3 files come, or (dim, 17, 1, time) as MATLAB writes it."""
    whole = values.astype(np.float64) if values.dtype.kind in "fiu" else np.zeros(0)
    if whole.shape[-2:] == (17, dims):
        return whole.reshape(-1, 17, dims)
    if whole.shape[:2] == (dims, 17):
        return whole.reshape(dims, 17, -1).transpose(2, 1, 0)
    raise DataError(f"{file}: shape {values.shape}, not (frames, 1, 17, {dims})")


def _mat_arrays(file: Path, *names: str) -> Arrays:
    """Variables of a MATLAB file, old or v7.3; raises `DataError`."""
    try:
        if is_hdf5(file):
            return {name: read_hdf5(file, name) for name in names}
        from scipy.io import loadmat

        held = loadmat(file, variable_names=names)
    except DAMAGE as error:
        raise DataError(f"cannot read {file}: {reason(error)}; get the file again") from error
    missing = [name for name in names if name not in held]
    if missing:
        raise DataError(f"{file} has no variable {missing[0]!r}; is it another file?")
    return {name: np.asarray(held[name]) for name in names}


MPI_INF_3DHP = Benchmark(
    name="3dhp",
    about="MPI-INF-3DHP",
    splits=("test", "test-universal", "train"),
    read=read,
    rows="subject",
    pck=True,
    protocol="hdformer",
)
