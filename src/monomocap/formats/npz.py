"""take.npz: numpy arrays, every number exactly as it was, no pickle.

with np.load("take.npz") as file:
    file["keypoints"]               (frames, 17, 3) metres: the person seen in most frames
    file["time_s"]                  (frames,) seconds
    file["joint_names"]             17 names
    file["person0_xyz_m"], file["person0_confidence"]
    file["person0_xy_px"], file["person0_score"], file["person0_joint_names_2d"]
    file["person0_root_m"]          (frames, 3) metres from the camera, where the lifter knows it
    file["person0_marks"]           (frames, 17) what was done to a joint, where anything was
    json.loads(str(file["header"])) units, axes, camera, versions, warnings, ...
"""

import json
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from monomocap.errors import FormatError
from monomocap.formats.files import reading, whole_or_nothing
from monomocap.formats.format import Format
from monomocap.formats.header import (
    check,
    check_people,
    check_shape,
    describe,
    describe_person,
    gather,
    person_arrays,
    rebuild,
)
from monomocap.formats.model_card import model_card_output
from monomocap.types import Motion3D, Take, Track2D


class Npz(Format):
    """A compressed numpy archive."""

    about = "NPZ"

    def write(self, take: Take, path: Path) -> None:
        """Write a take; every number stays exactly what it is."""
        arrays = to_arrays(take, path)
        with whole_or_nothing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)

    def read(self, path: Path) -> Take:
        """Read a take; raises `FormatError`."""
        with reading(path), path.open("rb") as stream, _archive(stream, path) as file:
            if "header" not in file.files:
                raise FormatError(f"{path} is not a take; `monomocap run` and `save` write those")
            document = json.loads(str(file["header"]))
            header = check(document, path)
            people = check_people(document["people"])
            time_s = check_shape(file["time_s"], (header.frames,), "time_s")
            arrays = [gather(header, person, partial(_fetch, file, person.id)) for person in people]
            return rebuild(header, people, time_s, arrays, path)


def to_arrays(take: Take, path: Path) -> dict[str, np.ndarray]:
    """Everything take.npz holds, by name, for a file at `path`."""
    pairs = list(zip(take.tracks, take.motions, strict=True))
    header = describe(take, path) | {"people": [describe_person(*pair) for pair in pairs]}
    arrays = {
        "header": np.array(json.dumps(header, allow_nan=False)),
        "keypoints": model_card_output(take)["keypoints"],
        "time_s": take.time_s,
        "joint_names": np.array(header["joint_names"]),
        "parents": np.array(header["parents"]),
    }
    for track, motion in pairs:
        arrays |= _person_to(track, motion)
    return arrays


def _person_to(track: Track2D, motion: Motion3D) -> dict[str, np.ndarray]:
    numbers = vars(person_arrays(track, motion))
    names = {"joint_names": motion.skeleton.joints, "joint_names_2d": track.skeleton.joints}
    arrays = {name: array for name, array in numbers.items() if array is not None}
    arrays |= {name: np.array(joints) for name, joints in names.items()}
    return {f"person{motion.person}_{name}": array for name, array in arrays.items()}


def _fetch(file: Any, person: int, name: str) -> np.ndarray:
    array: np.ndarray = file[f"person{person}_{name}"]
    return array


def _archive(stream: BinaryIO, path: Path) -> Any:
    file = np.load(stream, allow_pickle=False)
    if not isinstance(file, np.lib.npyio.NpzFile):
        raise FormatError(f"{path} is not a numpy archive; `monomocap run` and `save` write those")
    return file
