"""HumanEva-I (Sigal et al., 2010) as VideoPose3D prepares it.

`data_3d_humaneva15.npz` (15 joints, world, metres, 60 Hz), `data_2d_humaneva15_gt.npz` beside it.
Cameras are found from the pairs of both, as the archive has none.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from monomocap.datasets.detections import read_detections
from monomocap.datasets.layouts import HUMANEVA15, by_name
from monomocap.datasets.pickles import read_npz_object
from monomocap.datasets.recording import (
    Benchmark,
    Recording,
    Track,
    poses_array,
    table,
    track_of,
    true_motion,
)
from monomocap.errors import DataError, InputError
from monomocap.geometry.camera import to_camera
from monomocap.geometry.resection import fit_camera, reprojection_px
from monomocap.types import Camera

ARCHIVE, TRUE_2D = "data_3d_humaneva15.npz", "data_2d_humaneva15_gt.npz"
FPS = 60.0
SIZE_PX = (640, 480)
CAMERAS = ("C1", "C2", "C3")
REPORTED = ("Walking", "Jog", "Box")
"""The actions that papers report."""
WORST_FIT_PX = 3.0


def read(path: Path, split: str) -> Iterator[Recording]:
    """`test` (the validation takes of walking, jogging, boxing), `test-all` actions, or `train`."""
    folder = path if path.is_dir() else path.parent
    for name in (ARCHIVE, TRUE_2D):
        if not (folder / name).is_file():
            raise DataError(f"{folder} has no {name}; both of {ARCHIVE} and {TRUE_2D} are needed")
    return _read(folder, split)


def _read(folder: Path, split: str) -> Iterator[Recording]:
    world = table(read_npz_object(folder / ARCHIVE, "positions_3d"), str(folder / ARCHIVE))
    seen = table(read_npz_object(folder / TRUE_2D, "positions_2d"), str(folder / TRUE_2D))
    wanted = "Train/" if split == "train" else "Validate/"
    for subject in sorted(name for name in world if name.startswith(wanted)):
        cameras: dict[str, Camera] = {}
        takes = table(world[subject], f"{folder / ARCHIVE}: {subject}")
        views = table(seen.get(subject, {}), f"{folder / TRUE_2D}: {subject}")
        for take, poses in sorted(takes.items()):
            if split == "test" and take.split(" ")[0] not in REPORTED:
                continue
            where = f"{folder / ARCHIVE}: {subject}/{take}"
            world_m = poses_array(poses, len(HUMANEVA15), 3, where)
            yield from _views(subject, take, world_m, views.get(take), folder, cameras)


def _views(
    subject: str,
    take: str,
    world_m: np.ndarray,
    views: object,
    folder: Path,
    cameras: dict[str, Camera],
) -> Iterator[Recording]:
    """A take from every camera; `cameras` are those found so far, which stand still."""
    where = f"{folder / TRUE_2D}: {subject}/{take}"
    if not isinstance(views, list | np.ndarray) or len(views) < len(CAMERAS):
        raise DataError(f"{where} has no 2D of {len(CAMERAS)} cameras")
    for number, name in enumerate(CAMERAS):
        xy_px = poses_array(views[number], len(HUMANEVA15), 2, f"{where} {name}")
        if len(xy_px) != len(world_m):
            raise DataError(f"{where} {name}: {len(xy_px)} frames of 2D, {len(world_m)} of 3D")
        camera = cameras.get(name)
        if camera is None or not reprojection_px(camera, world_m, xy_px) <= WORST_FIT_PX:
            camera = cameras[name] = _camera(world_m, xy_px, f"{where} {name}")
        xyz_m = by_name(to_camera(camera, world_m), HUMANEVA15)
        yield Recording(
            subject=subject,
            take=take,
            action=take.split(" ")[0],
            camera_name=name,
            camera_number=number,
            camera=camera,
            truth=true_motion(xyz_m, FPS),
            track=track_of(xy_px, HUMANEVA15, FPS),
        )


def _camera(world_m: np.ndarray, xy_px: np.ndarray, where: str) -> Camera:
    try:
        camera = fit_camera(world_m, xy_px, *SIZE_PX)
    except (InputError, np.linalg.LinAlgError) as error:
        raise DataError(f"{where}: no camera fits: {error}") from error
    apart = reprojection_px(camera, world_m, xy_px)
    if not apart <= WORST_FIT_PX:
        raise DataError(f"{where}: 2D and 3D lie {apart:.0f} px apart in any camera")
    return camera


def detections(path: Path, file: Path | None) -> Track:
    """A file of VideoPose3D's kind; there is no usual one."""
    if file is None:
        raise DataError("humaneva has no usual 2D detections; name a file: detections:FILE")
    return read_detections(file)


HUMANEVA = Benchmark(
    name="humaneva",
    about="HumanEva-I, three cameras",
    splits=("test", "test-all", "train"),
    read=read,
    protocol="whole",
    detections=detections,
)
