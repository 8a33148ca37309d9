"""3DPW (von Marcard et al., 2018): `sequenceFiles/test/*.pkl`, people outdoors, a moving camera.

The truth is SMPL's joints, which are not Human3.6M's: the twelve limb joints are scored, from the
middle of the hips. (Papers score 14 joints of the SMPL surface, which needs SMPL's model files.)
The pickles are read without running them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float

from monomocap.datasets.layouts import SMPL24, by_name
from monomocap.datasets.pickles import read_pickle
from monomocap.datasets.recording import HIPS, Benchmark, Recording, table, track_of, true_motion
from monomocap.errors import DataError, InputError
from monomocap.geometry.camera import project
from monomocap.skeleton import LIMB_JOINTS
from monomocap.types import Camera

FPS = 30.0
SPLITS = ("test", "validation", "train")


def read(path: Path, split: str) -> Iterator[Recording]:
    """Every person of every sequence of a split."""
    folders = (path / "sequenceFiles" / split, path / split)
    files = [file for folder in folders for file in sorted(folder.glob("*.pkl"))]
    if not files:
        raise DataError(f"{path} has no sequenceFiles/{split}/*.pkl; give 3DPW's folder")
    return (recording for file in files for recording in _people(file))


def _people(file: Path) -> Iterator[Recording]:
    held = table(read_pickle(file), str(file))
    try:
        poses = [np.asarray(person, np.float64) for person in _list(held, "jointPositions", file)]
        camera_from_world = np.asarray(held["cam_poses"], np.float64)
        lens = np.asarray(held["cam_intrinsics"], np.float64)
        valid = [np.asarray(flags).astype(bool) for flags in _list(held, "campose_valid", file)]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{file} is not a sequence of 3DPW: {error}") from error
    _check(file, poses, camera_from_world, lens, valid)
    for number, (flat, aligned) in enumerate(zip(poses, valid, strict=True)):
        yield _person(file.stem, number, flat, camera_from_world, lens, aligned, file)


def _list(held: dict[str, object], name: str, file: Path) -> list[object]:
    value = held[name]
    if not isinstance(value, list | tuple | np.ndarray):
        raise DataError(f"{file}: {name} is not a list, one entry per person")
    return list(value)


def _check(
    file: Path,
    poses: list[np.ndarray],
    moves: np.ndarray,
    lens: np.ndarray,
    valid: list[np.ndarray],
) -> None:
    fine = lens.shape == (3, 3) and moves.ndim == 3 and moves.shape[1:] == (4, 4)
    fine = fine and len(poses) == len(valid)
    frames = len(moves)
    fine = fine and all(p.shape == (frames, len(SMPL24) * 3) for p in poses)
    if not fine or any(flags.shape != (frames,) for flags in valid):
        raise DataError(
            f"{file}: jointPositions, cam_poses and campose_valid have no frames in common; get "
            f"the file again"
        )


def _person(
    sequence: str,
    number: int,
    flat: Float[np.ndarray, "time 72"],
    moves: Float[np.ndarray, "time 4 4"],
    lens: Float[np.ndarray, "3 3"],
    aligned: np.ndarray,
    file: Path,
) -> Recording:
    world_m = flat.reshape(-1, len(SMPL24), 3)
    smpl_m = np.einsum("tij,tvj->tvi", moves[:, :3, :3], world_m) + moves[:, None, :3, 3]
    xyz_m = by_name(smpl_m, SMPL24)
    center = (float(lens[0, 2]), float(lens[1, 2]))
    try:
        camera = Camera(
            round(2 * center[0]),
            round(2 * center[1]),
            (float(lens[0, 0]), float(lens[1, 1])),
            center,
            source="calibration",
        )
    except (InputError, ValueError) as error:
        raise DataError(f"{file}: {error}") from error
    return Recording(
        subject=sequence,
        take=sequence,
        action=sequence,
        camera_name=f"person{number}",
        camera_number=number,
        camera=camera,
        truth=true_motion(xyz_m, FPS),
        track=track_of(project(camera, smpl_m), SMPL24, FPS),
        scored=aligned,
    )


THREEDPW = Benchmark(
    name="3dpw",
    about="3DPW, limb joints of SMPL",
    splits=SPLITS,
    read=read,
    joints=LIMB_JOINTS,
    root=HIPS,
    rows="subject",
)
