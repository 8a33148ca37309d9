"""Human3.6M (Ionescu et al., 2014) in the two layouts that lifting research shares.

VideoPose3D's: `data_3d_h36m.npz` (32 joints, world, metres) with `data_2d_h36m_*.npz` beside it.
3d-pose-baseline's: `S9/MyPoses/3D_positions/Directions 1.h5` (32 joints, world, mm) with
`S9/StackedHourglass/Directions_1.54138969.h5`. Both at 50 Hz, without the one corrupted take.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from monomocap.datasets.detections import read_detections
from monomocap.datasets.hdf5 import read_hdf5
from monomocap.datasets.layouts import HUMAN36M_17_OF_32, MPII16
from monomocap.datasets.pickles import read_npz_object
from monomocap.datasets.recording import (
    Benchmark,
    Recording,
    Track,
    fitting,
    poses_array,
    table,
    track_of,
    true_motion,
)
from monomocap.errors import DataError
from monomocap.geometry.camera import project_h36m, to_camera
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Track2D

FPS = 50.0
SPLITS = {"test": ("S9", "S11"), "train": ("S1", "S5", "S6", "S7", "S8")}
CORRUPTED = ("S11", "Directions")
"""The take that every evaluation since VideoPose3D leaves out."""
ARCHIVE = "data_3d_h36m.npz"
OWN_DETECTIONS = "data_2d_h36m_cpn_ft_h36m_dbb.npz"
HOURGLASS = ("StackedHourglassFineTuned240", "StackedHourglassFineTuned", "StackedHourglass")
JOINTS = 32


@cache
def _calibration() -> dict[str, Any]:
    text = Path(__file__).with_name("human36m_cameras.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def camera_names() -> tuple[str, ...]:
    """In the order of every file of this data set."""
    return tuple(str(lens["id"]) for lens in _calibration()["lenses"])


@cache
def camera(subject: str, name: str) -> Camera:
    """A camera as it stood for a subject.

    Human3.6M's own tangential terms are nearly OpenCV's, VideoPose3D's have their roles swapped:
    the "ground truth 2D" of publications (`project`) lies up to a pixel from where this camera,
    and the pictures, have the joints; neighbouring joints move together.
    """
    lens = _lens(name)
    k1, k2, k3 = lens["radial_k1k2k3"]
    p1, p2 = lens["tangential_p1p2"]
    pose = _calibration()["poses"][subject][name]
    rotation = _nearest_rotation(np.array(pose["R_camera_from_world"]))
    shift = -rotation @ np.array(pose["position_m"])
    rows = np.concatenate([rotation, shift[:, None]], axis=1).tolist()
    return Camera(
        int(lens["width"][0]),
        int(lens["height"][0]),
        (lens["focal_px"][0], lens["focal_px"][1]),
        (lens["center_px"][0], lens["center_px"][1]),
        (k1, k2, p1, p2, k3),
        "calibration",
        camera_from_world=(tuple(rows[0]), tuple(rows[1]), tuple(rows[2])),
    )


def _lens(name: str) -> dict[str, list[float]]:
    found = next(row for row in _calibration()["lenses"] if row["id"] == name)
    return {
        key: np.atleast_1d(np.array(value)).tolist() for key, value in found.items() if key != "id"
    }


def _nearest_rotation(matrix: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "3 3"]:
    """The table has nine digits; a rotation has as many as there are."""
    u, _, vt = np.linalg.svd(matrix)
    rotation: Float[np.ndarray, "3 3"] = u @ vt
    return rotation


def project(
    name: str, xyz_camera_m: Float[np.ndarray, "*batch 3"]
) -> Float[np.ndarray, "*batch 2"]:
    """The "ground truth 2D" of publications: VideoPose3D's projection, distortion included."""
    lens = {key: np.array(value) for key, value in _lens(name).items()}
    return project_h36m(
        xyz_camera_m,
        lens["focal_px"],
        lens["center_px"],
        lens["radial_k1k2k3"],
        lens["tangential_p1p2"],
    )


def read(path: Path, split: str) -> Iterator[Recording]:
    """Every camera's view of every take of a split, from either layout."""
    archive = path / ARCHIVE if path.is_dir() else path
    if archive.is_file():
        return _read_archive(archive, split)
    if any((path / subject / "MyPoses").is_dir() for subject in SPLITS[split]):
        return _read_h5(path, split)
    raise DataError(
        f"{path} holds neither {ARCHIVE} nor {SPLITS[split][0]}/MyPoses/3D_positions/*.h5; give "
        f"the folder that does"
    )


def _read_archive(archive: Path, split: str) -> Iterator[Recording]:
    subjects = table(read_npz_object(archive, "positions_3d"), f"{archive}: positions_3d")
    wanted = {name: subjects.get(name) for name in SPLITS[split]}
    del subjects  # the other split's bytes can go
    for subject, takes in wanted.items():
        if takes is None:
            raise DataError(f"{archive} has no subject {subject}, which the {split} split needs")
        for take, world in table(takes, f"{archive}: {subject}").items():
            world_m = poses_array(world, _joints(world), 3, f"{archive}: {subject}/{take}")
            yield from _views(subject, take, _on_17(world_m), archive.parent)


def _joints(world: object) -> int:
    """The archive holds 32 joints; a copy with the 17 picked out is read as well."""
    is_17 = isinstance(world, np.ndarray) and world.ndim == 3 and world.shape[1] == len(H36M17)
    return len(H36M17) if is_17 else JOINTS


def _on_17(poses: Float[np.ndarray, "time joint 3"]) -> Float[np.ndarray, "time 17 3"]:
    return poses if poses.shape[1] == len(H36M17) else poses[:, list(HUMAN36M_17_OF_32)]


def _read_h5(root: Path, split: str) -> Iterator[Recording]:
    for subject in SPLITS[split]:
        files = sorted((root / subject / "MyPoses" / "3D_positions").glob("*.h5"))
        if not files:
            raise DataError(f"{root / subject} has no MyPoses/3D_positions/*.h5")
        for file in files:
            world_mm = read_hdf5(file, "3D_positions")
            yield from _views(subject, file.stem, _on_17(_unflattened(world_mm, file)) / 1000, root)


def _unflattened(flat: np.ndarray, file: Path) -> Float[np.ndarray, "time 32 3"]:
    """(96, time) or (time, 96): joints by coordinates, coordinates fastest."""
    if flat.ndim != 2 or JOINTS * 3 not in flat.shape:
        raise DataError(f"{file} has shape {flat.shape}, not (96, frames); is it another layout?")
    rows = flat.T if flat.shape[0] == JOINTS * 3 else flat
    return rows.reshape(-1, JOINTS, 3).astype(np.float64)


def _views(
    subject: str, take: str, world_m: Float[np.ndarray, "time 17 3"], root: Path
) -> Iterator[Recording]:
    if (subject, take) == CORRUPTED or not len(world_m):
        return
    for number, name in enumerate(camera_names()):
        seen_by = camera(subject, name)
        xyz_m = to_camera(seen_by, world_m)
        video = root / subject / "Videos" / f"{take}.{name}.mp4"
        yield Recording(
            subject=subject,
            take=take,
            action=take.split(" ")[0],
            camera_name=name,
            camera_number=number,
            camera=seen_by,
            truth=true_motion(xyz_m, FPS),
            track=track_of(project(name, xyz_m), H36M17, FPS),
            video=video if video.is_file() else None,
        )


def detections(path: Path, file: Path | None) -> Track:
    """A file of VideoPose3D's kind, or what lies beside the truth: CPN's, or the hourglass's."""
    beside = (path if path.is_dir() else path.parent) / OWN_DETECTIONS
    if file is not None or beside.is_file():
        return read_detections(file or beside)

    def hourglass(recording: Recording) -> Track2D:
        return _hourglass(path, recording)

    return hourglass


def _hourglass(root: Path, recording: Recording) -> Track2D:
    name = f"{recording.take.replace(' ', '_')}.{recording.camera_name}.h5"
    candidates = [root / recording.subject / folder / name for folder in HOURGLASS]
    file = next((path for path in candidates if path.is_file()), None)
    if file is None:
        raise DataError(
            f"{root} has neither {OWN_DETECTIONS} nor {recording.subject}/{HOURGLASS[-1]}/{name}; "
            f"name a file of detections: --input detections:FILE"
        )
    xy_px = poses_array(read_hdf5(file, "poses"), len(MPII16), 2, str(file))
    return fitting(track_of(xy_px, MPII16, FPS), recording, str(file))


HUMAN36M = Benchmark(
    name="h36m",
    about="Human3.6M: S9 and S11, 15 actions, four cameras",
    splits=tuple(SPLITS),
    read=read,
    protocol="hdformer",
    detections=detections,
)
