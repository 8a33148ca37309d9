"""Pose2Sim's demo: one man on a beam in four synchronised, calibrated videos (BSD-3).

`truth.npz` holds his joints, triangulated from the views without markers (right to 3-4 cm), and the
cameras; `cam01.mp4` ... lie beside it. It finds gross errors; it does not choose between models.
"""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from monomocap.datasets.recording import HIPS, Benchmark, Recording, true_motion
from monomocap.errors import DataError
from monomocap.geometry.camera import project
from monomocap.skeleton import H36M17, HALPE26, LIMB_JOINTS, convert
from monomocap.types import Camera, Track2D
from monomocap.video.read import VideoReader

CAMERAS = (1, 2, 3, 4)
TRUTH = "truth.npz"
FPS = 60.0


@dataclass(frozen=True)
class View:
    """One camera's video and the man's true joints as it sees them."""

    name: str
    video: Path
    camera: Camera
    xyz_m: Float[np.ndarray, "time 26 3"]
    """Camera axes, metres from the camera, on HALPE26; NaN for eyes and ears."""

    @property
    def xy_px(self) -> Float[np.ndarray, "time 26 2"]:
        return project(self.camera, self.xyz_m)


def load_views(folder: Path, cameras: Sequence[int] = CAMERAS) -> list[View]:
    """These cameras of the folder; raises `DataError`."""
    path = folder / TRUTH
    try:
        with np.load(path, allow_pickle=False) as truth:
            xyz_world_m = _on_halpe(list(truth["joint_names"]), truth["xyz_world_m"])
            return [_view(folder / f"cam{i:02}.mp4", i, truth, xyz_world_m) for i in cameras]
    except FileNotFoundError as error:
        raise DataError(f"there is no {path}; give the folder of Pose2Sim's demo") from error
    except (OSError, EOFError, LookupError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not the truth of the four views: {error}") from error


def _view(
    video: Path, i: int, truth: "np.lib.npyio.NpzFile", xyz_world_m: Float[np.ndarray, "time 26 3"]
) -> View:
    k = truth[f"cam{i}_K"]
    with VideoReader(video) as reader:
        width_px, height_px = reader.info.width_px, reader.info.height_px
    camera = Camera(
        width_px,
        height_px,
        (float(k[0, 0]), float(k[1, 1])),
        (float(k[0, 2]), float(k[1, 2])),
        tuple(truth[f"cam{i}_dist_k1k2p1p2"].tolist()),
        "calibration",
    )
    xyz_m = xyz_world_m @ truth[f"cam{i}_R_camera_from_world"].T + truth[f"cam{i}_t_m"]
    return View(video.stem, video, camera, xyz_m)


def _on_halpe(
    names: Sequence[str], xyz_m: Float[np.ndarray, "time joint 3"]
) -> Float[np.ndarray, "time 26 3"]:
    """Pose2Sim's 21 joints (RHip, LBigToe, Neck ...) on HALPE26, whose names they abbreviate."""
    out = np.full((len(xyz_m), len(HALPE26), 3), np.nan)
    for source, name in enumerate(names):
        out[:, HALPE26.index(spelled_out(name))] = xyz_m[:, source]
    hips = [HALPE26.index("left_hip"), HALPE26.index("right_hip")]
    out[:, HALPE26.index("pelvis")] = out[:, hips].mean(axis=1)
    return out


def spelled_out(name: str) -> str:
    """RBigToe -> right_big_toe, Neck -> neck."""
    side = {"R": "right", "L": "left"}.get(name[0], "") if name[1:2].isupper() else ""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in name[len(side) > 0 :]).split()
    return "_".join([side, *words] if side else words)


def read(path: Path, split: str) -> Iterator[Recording]:
    """The four views."""
    for number, view in enumerate(load_views(path)):
        xy_px = view.xy_px
        motion = true_motion(convert(view.xyz_m, HALPE26, H36M17), FPS)
        score = np.isfinite(xy_px).all(axis=-1).astype(np.float64)
        yield Recording(
            subject=view.name,
            take="balance",
            action="balance",
            camera_name=view.name,
            camera_number=number,
            camera=view.camera,
            truth=motion,
            track=Track2D(0, motion.time_s, xy_px, score, HALPE26),
            video=view.video,
        )


BALANCE = Benchmark(
    name="balance",
    about="Pose2Sim's balancing man, four views",
    splits=("all",),
    read=read,
    joints=LIMB_JOINTS,
    root=HIPS,
    rows="subject",
)
