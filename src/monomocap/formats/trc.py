"""TRC, OpenSim's file of markers: one person, mm, right-handed, Y up, the take's own times.

Source: OpenSim's documentation of marker (.trc) files. A missing marker is an empty cell.
"""

from pathlib import Path

import numpy as np

from monomocap.errors import FormatError
from monomocap.formats.files import reading, whole_or_nothing
from monomocap.formats.format import Format
from monomocap.formats.marker_names import joint_of, marker_of
from monomocap.formats.positions import MM, bare_motion, bare_take, world_motions, y_up, z_up
from monomocap.types import Motion3D, Take

MM_DECIMALS = 4
_FIELDS = (
    "DataRate",
    "CameraRate",
    "NumFrames",
    "NumMarkers",
    "Units",
    "OrigDataRate",
    "OrigDataStartFrame",
    "OrigNumFrames",
)
_UNITS_M = {"mm": 0.001, "cm": 0.01, "m": 1.0, "meters": 1.0}


class Trc(Format):
    """Markers over time as text."""

    about = "TRC (OpenSim markers)"
    one_person = True

    def write(self, take: Take, path: Path) -> None:
        """Write the person's joints as markers."""
        (motion,) = world_motions(take)
        text = "\n".join([*_head(motion, take.info.fps, path.name), *_rows(motion)])
        with whole_or_nothing(path) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")

    def read(self, path: Path) -> Take:
        """Read markers, also those of other programs; Y is taken to be up."""
        with reading(path):
            lines = path.read_text(encoding="utf-8").splitlines()
            if len(lines) < 5 or not lines[0].startswith("PathFileType"):
                raise FormatError(f"{path} is not a TRC file: PathFileType is its first word")
            return _parse(lines, path)


def _head(motion: Motion3D, fps: float, name: str) -> list[str]:
    frames, joints = motion.xyz_m.shape[:2]
    rate = f"{fps:.6g}"
    values = (rate, rate, frames, joints, "mm", rate, 1, frames)
    markers = [marker_of(joint) for joint in motion.skeleton.joints]
    axes = [f"{axis}{n}" for n in range(1, joints + 1) for axis in "XYZ"]
    return [
        f"PathFileType\t4\t(X/Y/Z)\t{name}",
        "\t".join(_FIELDS),
        "\t".join(str(value) for value in values),
        "Frame#\tTime\t" + "\t\t\t".join(markers) + "\t\t",
        "\t\t" + "\t".join(axes),
        "",
    ]


def _rows(motion: Motion3D) -> list[str]:
    flat = MM * y_up(motion.xyz_m.astype(np.float64)).reshape(len(motion.time_s), -1)
    flat = flat.round(MM_DECIMALS) + 0.0
    return [
        "\t".join(
            [str(n), repr(float(time)), *("" if v != v else f"{v:.{MM_DECIMALS}f}" for v in row)]
        )
        for n, (time, row) in enumerate(zip(motion.time_s, flat.tolist(), strict=True), start=1)
    ]


def _parse(lines: list[str], path: Path) -> Take:
    said = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
    unit_m = _UNITS_M[said["Units"].strip().lower()]
    markers = [name.strip() for name in lines[3].split("\t")[2:] if name.strip()]
    rows = [_numbers(line, 2 + 3 * len(markers)) for line in lines[5:] if line.strip()]
    values = np.array(rows, np.float64).reshape(len(rows), 2 + 3 * len(markers))
    xyz_m = z_up(unit_m * values[:, 2:].reshape(len(rows), len(markers), 3))
    joints = tuple(joint_of(marker) for marker in markers)
    return bare_take(str(path), values[:, 1], [bare_motion(0, values[:, 1], xyz_m, joints)])


def _numbers(line: str, count: int) -> list[float]:
    cells = line.split("\t")[:count]
    cells += [""] * (count - len(cells))
    return [float(cell) if cell.strip() else float("nan") for cell in cells]
