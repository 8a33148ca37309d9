"""A user's own motion capture as named points: OpenSim's TRC, and C3D (ezc3d, extra `data`).

Points must be joint centres named after their joint ("RHip", "right_knee", "L.Elbow", "Ankle_R"):
skin markers are not joints, and no joint is made of them here.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from monomocap.datasets.pickles import DAMAGE, reason
from monomocap.errors import DataError, MissingDependency
from monomocap.skeleton import LIMB_JOINTS

ENDINGS = (".trc", ".c3d")
_UNITS_M = {"m": 1.0, "meters": 1.0, "metres": 1.0, "cm": 0.01, "mm": 0.001}
_PARTS = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")


@dataclass(frozen=True)
class Markers:
    """Named points over time, in a world whose axes nobody needs to know."""

    names: tuple[str, ...]
    time_s: Float[np.ndarray, " time"]
    xyz_m: Float[np.ndarray, "time marker 3"]
    """NaN where a point was lost."""


def read_markers(path: Path) -> Markers:
    """By the file's ending; raises `DataError` or `MissingDependency`."""
    kind = path.suffix.lower()
    if kind not in ENDINGS:
        raise DataError(f"{path} is no motion capture that is read here ({', '.join(ENDINGS)})")
    try:
        return _read_trc(path) if kind == ".trc" else _read_c3d(path)
    except DAMAGE as error:
        raise DataError(f"cannot read {path}: {reason(error)}; export it again") from error


def limb_points(markers: Markers, where: str) -> Float[np.ndarray, "time 12 3"]:
    """The limb joints, in the order of `LIMB_JOINTS`; raises `DataError` if one is missing."""
    found = {joint_of(name): number for number, name in enumerate(markers.names)}
    missing = [joint for joint in LIMB_JOINTS if joint not in found]
    if missing:
        raise DataError(
            f"{where} has no point for {missing[0]} ({len(missing)} of 12 joints are missing); "
            f"name joint centres as in RHip, LKnee"
        )
    return markers.xyz_m[:, [found[joint] for joint in LIMB_JOINTS]]


def joint_of(name: str) -> str | None:
    """RHip, subject:right_hip, HIP_R, RHipJC -> right_hip; None for anything else."""
    word = re.sub(r"[^a-z]", "", name.split(":")[-1].lower())
    word = re.sub(r"(jointcent(er|re)|cent(er|re)|joint|jc)$", "", word)
    match = re.fullmatch(rf"(right|left|r|l)({'|'.join(_PARTS)})", word)
    if match:
        return f"{_side(match[1])}_{match[2]}"
    match = re.fullmatch(rf"({'|'.join(_PARTS)})(right|left|r|l)", word)
    return f"{_side(match[2])}_{match[1]}" if match else None


def _side(word: str) -> str:
    return "right" if word.startswith("r") else "left"


def _read_trc(path: Path) -> Markers:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if len(lines) < 6 or not lines[0].startswith("PathFileType"):
        raise DataError(f"{path} is not a TRC file (PathFileType is its first word)")
    header = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
    scale = _unit_m(header.get("Units", ""), path)
    names = tuple(name.strip() for name in lines[3].split("\t")[2:] if name.strip())
    rows = [_numbers(line, 2 + 3 * len(names)) for line in lines[5:] if line.strip()]
    values = np.array(rows).reshape(len(rows), -1)
    if not len(rows):
        raise DataError(f"{path} has no frames")
    return _markers(names, values[:, 1], scale * values[:, 2:].reshape(len(rows), -1, 3), path)


def _numbers(line: str, count: int) -> list[float]:
    """Cells of a row; empty ones, which mean that a point was lost, are NaN."""
    cells = line.split("\t")[:count]
    cells += [""] * (count - len(cells))
    return [float(cell) if cell.strip() else float("nan") for cell in cells]


def _read_c3d(path: Path) -> Markers:
    try:
        import ezc3d
    except ImportError as error:
        raise MissingDependency(
            f"{path} needs ezc3d, which is not installed; run: pip install monomocap[data]"
        ) from error
    if not path.is_file():
        raise DataError(f"there is no file {path}")
    try:
        file = ezc3d.c3d(str(path))
    except RuntimeError as error:
        raise DataError(f"cannot read {path}: {reason(error)}; export it again") from error
    point = file["parameters"]["POINT"]
    names = tuple(str(name) for name in point["LABELS"]["value"])
    rate = float(point["RATE"]["value"][0])
    scale = _unit_m(str(point["UNITS"]["value"][0]), path)
    xyz = np.moveaxis(np.array(file["data"]["points"][:3], np.float64), 0, -1).transpose(1, 0, 2)
    lost = np.asarray(file["data"]["meta_points"]["residuals"])[0].T < 0
    xyz = np.where(lost[..., None], np.nan, xyz[:, : len(names)])
    if not rate > 0 or not len(xyz):
        raise DataError(f"{path} has {len(xyz)} frames at {rate} per second")
    return _markers(names, np.arange(len(xyz)) / rate, scale * xyz, path)


def _markers(names: tuple[str, ...], time_s: np.ndarray, xyz_m: np.ndarray, path: Path) -> Markers:
    if not np.isfinite(time_s).all() or not (np.diff(time_s) > 0).all():
        raise DataError(f"{path}: times must be numbers that increase from row to row")
    return Markers(names, time_s, xyz_m)


def _unit_m(name: str, path: Path) -> float:
    unit = _UNITS_M.get(name.strip().lower())
    if unit is None:
        raise DataError(f"{path} is in the unit {name!r}, not one of {', '.join(_UNITS_M)}")
    return unit
