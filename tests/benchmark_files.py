"""Tiny files of the benchmarks' exact layouts, made from a walk whose truth is known."""

import pickle
from pathlib import Path

import numpy as np

from monomocap.datasets.human36m import camera, camera_names
from monomocap.datasets.layouts import (
    HUMAN36M_17_OF_32,
    HUMANEVA15,
    MPI17,
    MPI28_TO_H36M17,
    MPII16,
    SMPL24,
)
from monomocap.geometry.camera import project, to_camera
from monomocap.render.motions import walk
from monomocap.skeleton import H36M17, Skeleton
from monomocap.types import Camera

CAMERA = camera("S9", camera_names()[0])
STUDIO = Camera(2048, 2048, (1500.0, 1502.0), (1020.0, 1030.0))


def walking(frames: int = 24) -> np.ndarray:
    """(frames, 17, 3) metres, world."""
    return np.asarray(walk(seconds=frames / 50, fps=50).xyz_m[:frames], np.float64)


def before_camera(frames: int = 24) -> np.ndarray:
    """The same in camera axes."""
    return to_camera(CAMERA, walking(frames))


def on_layout(poses: np.ndarray, layout: Skeleton) -> np.ndarray:
    """The joints of H36M17 where a layout has them, others at the pelvis."""
    out = np.repeat(poses[:, :1], len(layout), axis=1)
    for number, joint in enumerate(layout.joints):
        if joint in H36M17.joints:
            out[:, number] = poses[:, H36M17.index(joint)]
    return out


def on_32(poses: np.ndarray) -> np.ndarray:
    """Human3.6M's 32 joints."""
    full = np.zeros((len(poses), 32, poses.shape[-1]))
    full[:, list(HUMAN36M_17_OF_32)] = poses
    return full


def human36m_npz(folder: Path) -> Path:
    """VideoPose3D's archive, one take per test subject, and CPN's 2D, a frame longer."""
    takes = {s: {"Walking 1": on_32(walking()).astype(np.float32)} for s in ("S9", "S11")}
    np.savez_compressed(folder / "data_3d_h36m.npz", positions_3d=takes)  # type: ignore[arg-type]
    longer = np.concatenate([walking(), walking()[-1:]])
    seen = {
        s: {
            "Walking 1": [
                project(camera(s, n), to_camera(camera(s, n), longer)).astype(np.float32) + 3
                for n in camera_names()
            ]
        }
        for s in takes
    }
    names = {"layout_name": "h36m", "num_joints": 17, "keypoints_symmetry": [[4, 5], [1, 2]]}
    file = folder / "data_2d_h36m_cpn_ft_h36m_dbb.npz"
    np.savez_compressed(file, positions_2d=seen, metadata=names)  # type: ignore[arg-type]
    return folder


def human36m_h5(folder: Path) -> Path:
    """3d-pose-baseline's folders."""
    import h5py

    for subject in ("S9", "S11"):
        poses = folder / subject / "MyPoses" / "3D_positions"
        hourglass = folder / subject / "StackedHourglass"
        poses.mkdir(parents=True)
        hourglass.mkdir()
        with h5py.File(poses / "Walking 1.h5", "w") as file:
            file["3D_positions"] = 1000 * on_32(walking()).reshape(-1, 96).T
        for name in camera_names():
            xy_px = project(camera(subject, name), to_camera(camera(subject, name), walking()))
            with h5py.File(hourglass / f"Walking_1.{name}.h5", "w") as file:
                file["poses"] = on_layout(xy_px, MPII16).astype(np.float32)
    return folder


def mpi_test_npz(folder: Path) -> Path:
    """The archive of the test set."""
    xyz = before_camera()
    valid = np.arange(len(xyz)) % 2 == 0
    data = {
        name: {
            "data_3d": 1000 * on_layout(xyz, MPI17),
            "data_2d": on_layout(project(STUDIO, xyz), MPI17),
            "valid": valid.astype(np.float64),
        }
        for name in ("TS1", "TS5")
    }
    np.savez_compressed(folder / "data_test_3dhp.npz", data=data)  # type: ignore[arg-type]
    return folder


def mpi_test_mat(folder: Path) -> Path:
    """The official test annotations: MATLAB v7.3, which is HDF5."""
    import h5py

    xyz = before_camera()
    (folder / "TS1").mkdir()
    with h5py.File(folder / "TS1" / "annot_data.mat", "w", userblock_size=512) as file:
        file["annot3"] = 1000 * on_layout(xyz, MPI17)[:, None]
        file["univ_annot3"] = 1100 * on_layout(xyz, MPI17)[:, None]
        file["annot2"] = on_layout(project(STUDIO, xyz), MPI17)[:, None]
        file["valid_frame"] = np.ones((len(xyz), 1))
    return folder


def mpi_train_mat(folder: Path) -> Path:
    """The official training annotations: an old MATLAB file with one cell per camera."""
    from scipy.io import savemat

    xyz = before_camera()
    xyz28 = np.repeat(xyz[:, :1], 28, axis=1)
    xyz28[:, list(MPI28_TO_H36M17)] = xyz
    annot2, annot3 = np.empty((14, 1), object), np.empty((14, 1), object)
    for number in range(14):
        annot3[number, 0] = 1000 * xyz28.reshape(len(xyz), -1)
        annot2[number, 0] = project(STUDIO, xyz28).reshape(len(xyz), -1)
    (folder / "S1" / "Seq1").mkdir(parents=True)
    savemat(folder / "S1" / "Seq1" / "annot.mat", {"annot2": annot2, "annot3": annot3})
    return folder


def humaneva_npz(folder: Path) -> Path:
    """VideoPose3D's two archives."""
    world = on_layout(walking(), HUMANEVA15)
    small = Camera(640, 480, (700.0, 702.0), (320.0, 240.0), (-0.1, 0.05, 0.0, 0.0))
    views = [
        project(small, to_camera(camera("S9", name), world)).astype(np.float32)
        for name in camera_names()[:3]
    ]
    takes = {"Walking 1 chunk0": world.astype(np.float32), "Gestures 1 chunk0": world}
    poses = {"Train/S1": takes, "Validate/S1": takes}
    seen = {subject: {take: views for take in takes} for subject in poses}
    np.savez_compressed(folder / "data_3d_humaneva15.npz", positions_3d=poses)  # type: ignore[arg-type]
    np.savez_compressed(folder / "data_2d_humaneva15_gt.npz", positions_2d=seen)  # type: ignore[arg-type]
    return folder


def threedpw_pkl(folder: Path) -> Path:
    """A sequence of two people, the camera moving; the second is never aligned."""
    frames = 24
    moves = np.repeat(np.eye(4)[None], frames, axis=0)
    moves[:, :3] = np.array(CAMERA.camera_from_world)
    moves[:, 0, 3] += np.linspace(0, 0.2, frames)
    flat = on_layout(walking(frames), SMPL24).reshape(frames, -1)
    held = {
        "sequence": "downtown_walk",
        "jointPositions": [flat, flat],
        "cam_poses": moves,
        "cam_intrinsics": np.array([[1960.0, 0, 540], [0, 1960.0, 960], [0, 0, 1]]),
        "campose_valid": [np.ones(frames, bool), np.zeros(frames, bool)],
    }
    target = folder / "sequenceFiles" / "test"
    target.mkdir(parents=True)
    (target / "downtown_walk.pkl").write_bytes(pickle.dumps(held, protocol=2))
    return folder
