"""C3D, the file of motion capture laboratories: mm, right-handed, Z up (ezc3d, extra `formats`).

C3D knows a rate and no times: a variable frame rate is resampled to the video's mean. Everybody is
in one file, "P1:RHip", when there are several; a missing point has residual -1.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from monomocap.errors import FormatError
from monomocap.formats.files import reading, whole_or_nothing
from monomocap.formats.format import Format
from monomocap.formats.marker_names import joint_of, marker_of
from monomocap.formats.positions import MM, bare_motion, bare_take, world_motions
from monomocap.formats.steady import rate_of, steadied
from monomocap.types import Take

_UNITS_M = {"mm": 0.001, "cm": 0.01, "m": 1.0}
FIRST_TIME = "FIRST_TIME_S"
"""Our parameter in the group MONOMOCAP: when the first frame was, which C3D cannot say."""


class C3d(Format):
    """Named points at a steady rate."""

    about = "C3D"
    needs = ("ezc3d", "formats")

    def write(self, take: Take, path: Path) -> None:
        """Write everybody's joints as points."""
        import ezc3d

        labels, xyz_m, time_s = _points(take)
        file = ezc3d.c3d()
        point = file["parameters"]["POINT"]
        point["RATE"]["value"] = [rate_of(time_s, take.info.fps)]
        point["UNITS"]["value"] = ["mm"]
        point["LABELS"]["value"] = labels
        file.add_parameter("POINT", "X_SCREEN", "+X")
        file.add_parameter("POINT", "Y_SCREEN", "+Z")
        file.add_parameter("MONOMOCAP", FIRST_TIME, [float(time_s[0]) if len(time_s) else 0.0])
        _fill(file, MM * xyz_m)
        with whole_or_nothing(path) as temporary:
            try:
                file.write(str(temporary))
            except RuntimeError as error:
                raise OSError(0, str(error)) from error

    def read(self, path: Path) -> Take:
        """Read points, also those of other programs; Z is taken to be up."""
        import ezc3d

        with reading(path):
            if not path.is_file():
                raise FileNotFoundError(2, "No such file or directory")
            try:
                file = ezc3d.c3d(str(path))
            except (RuntimeError, MemoryError) as error:
                raise FormatError(f"{path} is no C3D file that can be read: {error}") from error
            return _take(file, path)


def _points(
    take: Take,
) -> tuple[list[str], Float[np.ndarray, "time point 3"], Float[np.ndarray, " time"]]:
    """Labels, positions in the world and times of all points of all people."""
    motions = world_motions(take)
    several = len(motions) > 1
    labels = [
        (f"P{motion.person}:" if several else "") + marker_of(joint)
        for motion in motions
        for joint in motion.skeleton.joints
    ]
    parts = [motion.xyz_m.astype(np.float64) for motion in motions]
    nobody = np.empty((len(take.time_s), 0, 3))
    xyz_m, time_s = steadied(np.concatenate([nobody, *parts], axis=1), take.time_s, take.info.fps)
    return labels, xyz_m, time_s


def _fill(file: Any, xyz_mm: Float[np.ndarray, "time point 3"]) -> None:
    points = np.ones((4, *xyz_mm.shape[1::-1]))
    points[:3] = xyz_mm.transpose(2, 1, 0)
    lost = np.isnan(points).any(axis=0)
    points[:3, lost] = 0.0
    file["data"]["points"] = points
    file["data"]["meta_points"]["residuals"] = np.where(lost, -1.0, 0.0)[None]
    file["data"]["meta_points"]["camera_masks"] = np.zeros((7, *lost.shape), bool)


def _take(file: Any, path: Path) -> Take:
    point = file["parameters"]["POINT"]
    labels = [str(label) for label in point["LABELS"]["value"]]
    unit_m = _UNITS_M[str(point["UNITS"]["value"][0]).strip().lower()]
    xyz_m = unit_m * np.array(file["data"]["points"][:3], np.float64).transpose(2, 1, 0)
    lost = np.asarray(file["data"]["meta_points"]["residuals"])[0].T < 0
    xyz_m = np.where(lost[..., None], np.nan, xyz_m)[:, : len(labels)]
    ours = file["parameters"].get("MONOMOCAP", {}).get(FIRST_TIME)
    first_s = float(ours["value"][0]) if ours else 0.0
    time_s = first_s + np.arange(len(xyz_m)) / float(point["RATE"]["value"][0])
    people: dict[str, list[int]] = {}
    for number, label in enumerate(labels):
        people.setdefault(label.rpartition(":")[0], []).append(number)
    motions = [
        bare_motion(
            _number(name, place),
            time_s,
            xyz_m[:, points],
            tuple(joint_of(labels[p].rpartition(":")[2]) for p in points),
        )
        for place, (name, points) in enumerate(people.items())
    ]
    return bare_take(str(path), time_s, motions)


def _number(name: str, place: int) -> int:
    """The person's number: P3 is 3, a laboratory's subject its place in the file."""
    return int(name[1:]) if name[:1] == "P" and name[1:].isdecimal() else place
