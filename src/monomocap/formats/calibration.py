"""Calibrated cameras from files: OpenCV's YAML, XML and JSON, ROS, Kalibr, Pose2Sim's TOML, ours.

    camera = read_calibration("Calib.toml#cam_01", width_px=1088, height_px=1920)

All of them say a camera matrix and the lens's numbers under one name or another. A file of several
cameras is asked by `FILE#NAME`, or by the video's own name.
"""

import json
import re
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from monomocap.errors import FormatError, InputError, OptionError
from monomocap.formats import plain_yaml
from monomocap.types import Camera

ENDINGS = (".toml", ".json", ".yml", ".yaml", ".xml")
SAME_SHAPE = 0.005
"""Pictures whose sides have the same ratio, to this share, are the same, larger or smaller."""
PADDING_PX = 15
"""Codecs pad sides to multiples of 16, and some readers cut that off again: 1080 or 1088."""

_MATRIX = ("cameramatrix", "matrix", "k", "intrinsicmatrix", "intrinsics", "mtx")
_LENS = (
    *("distortioncoefficients", "distortions", "distortion", "distcoeffs", "distortioncoeffs"),
    *("distcoef", "dist", "d"),
)
_SIZE = ("imagesize", "size", "resolution", "imgsize")
_FISHEYE = ("fisheye", "equidistant", "equi", "kannalabrandt4")
Rows = tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True)
class Calibrated:
    """One camera as its file states it."""

    name: str
    matrix: Float[np.ndarray, "3 3"]
    distortion: tuple[float, ...] = ()
    size_px: tuple[int, int] | None = None
    """Width and height of the pictures it was calibrated with, if the file says."""
    fisheye: bool = False
    camera_from_world: Rows | None = None


def read_calibration(what: str, *, width_px: int, height_px: int, video: str = "") -> Camera:
    """The camera that `FILE` or `FILE#NAME` describes, for pictures of this size.

    `video` is the video's name: in a file of several cameras it chooses the one that is called as
    it is ("cam01.mp4" is "cam_01"). Raises `FormatError` for a file that holds no calibration,
    `OptionError` for a camera or a size that does not fit.
    """
    path, name = _asked(what)
    cameras = read_cameras(path)
    return fitted(_chosen(cameras, name, video, path), width_px, height_px, path)


def check_calibration(what: str) -> None:
    """Raises what `read_calibration` would raise for the file and the name, before any work."""
    path, name = _asked(what)
    cameras = read_cameras(path)
    if name:
        _chosen(cameras, name, "", path)


def read_cameras(path: Path) -> list[Calibrated]:
    """Every camera of a file; raises `FormatError`."""
    if path.suffix.lower() not in ENDINGS:
        listed = ", ".join(ENDINGS)
        raise FormatError(f"{path}: a calibration's name ends in one of {listed}")
    try:
        document = _READERS[path.suffix.lower()](path)
        found = _cameras(document, path.stem)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FormatError(f"cannot read the calibration {path}: {reason}") from error
    except (ValueError, TypeError, KeyError, RecursionError, ET.ParseError, InputError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FormatError(f"{path} is no calibration that can be read: {reason}") from error
    if not found:
        raise FormatError(
            f"{path} holds no camera: it needs a camera matrix (camera_matrix, matrix or K), or "
            "focal_px and center_px"
        )
    return found


def fitted(one: Calibrated, width_px: int, height_px: int, path: Path) -> Camera:
    """The camera for pictures of this size: the same ones, scaled, or cut to a codec's padding."""
    scale = _scale(one, width_px, height_px, path)
    k = one.matrix
    center = ((k[0, 2] + 0.5) * scale - 0.5, (k[1, 2] + 0.5) * scale - 0.5)
    return Camera(
        width_px,
        height_px,
        (float(k[0, 0] * scale), float(k[1, 1] * scale)),
        (float(center[0]), float(center[1])),
        one.distortion,
        "calibration",
        camera_from_world=one.camera_from_world,
        fisheye=one.fisheye,
    )


def _scale(one: Calibrated, width_px: int, height_px: int, path: Path) -> float:
    if one.size_px is None:
        return 1.0
    width, height = one.size_px
    if max(abs(width_px - width), abs(height_px - height)) <= PADDING_PX:
        return 1.0
    across, down = width_px / width, height_px / height
    if abs(across / down - 1) <= SAME_SHAPE:
        return across
    turned = "; was it turned?" if abs(width_px / height * width / height_px - 1) < 0.1 else ""
    raise OptionError(
        f"{path} calibrates {one.name} for {width} x {height} pixels, and the video has "
        f"{width_px} x {height_px}{turned}; calibrate the camera as it films"
    )


# --- which camera


def _asked(what: str) -> tuple[Path, str]:
    """The file and the camera's name in it: what follows the last `#`, unless that is a file."""
    if Path(what).exists() or "#" not in what:
        return Path(what), ""
    file, _, name = what.rpartition("#")
    return Path(file), name


def _chosen(cameras: list[Calibrated], name: str, video: str, path: Path) -> Calibrated:
    listed = ", ".join(one.name for one in cameras)
    wanted = name or Path(video).stem
    found = [one for one in cameras if _bare(one.name) == _bare(wanted)]
    if found:
        return found[0]
    if name:
        raise OptionError(f"{path} has no camera {name!r}; it has: {listed}")
    if len(cameras) == 1:
        return cameras[0]
    raise OptionError(f"{path} has several cameras; say which: {path}#NAME, one of: {listed}")


def _bare(name: str) -> str:
    """Letters and numbers alone: cam_01, Cam1 and cam01 are one name."""
    return re.sub(r"\d+", lambda n: str(int(n[0])), re.sub(r"[^a-z0-9]", "", name.lower()))


# --- what a file says


def _cameras(document: object, name: str, depth: int = 0) -> list[Calibrated]:
    """The camera that a mapping is, or else those of the mappings in it."""
    if not isinstance(document, Mapping) or depth > 3:
        return []
    said = {re.sub(r"[^a-z0-9]", "", str(key).lower()): value for key, value in document.items()}
    matrix = _matrix(said)
    if matrix is not None:
        return [_camera(said, matrix, name)]
    return [one for key, value in document.items() for one in _cameras(value, str(key), depth + 1)]


def _camera(said: Mapping[str, Any], matrix: np.ndarray, name: str) -> Calibrated:
    numbers = tuple(float(n) for n in _array(_first(said, _LENS, [])).ravel())
    fisheye = _is_fisheye(said)
    lens = _trimmed(numbers, fisheye)
    rows = said.get("camerafromworld")
    called = said.get("name") or said.get("cameraname")
    one = Calibrated(
        called if isinstance(called, str) else name,
        matrix,
        lens,
        _size(said),
        fisheye,
        _rows(_array(rows)) if rows is not None else _pose(said),
    )
    fitted(one, *(one.size_px or (2, 2)), Path(name))  # the camera checks its own numbers
    return one


def _matrix(said: Mapping[str, Any]) -> np.ndarray | None:
    if "focalpx" in said and "centerpx" in said:
        (fx, fy), (cx, cy) = _array(said["focalpx"]), _array(said["centerpx"])
        return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])
    value = _first(said, _MATRIX, None)
    if value is None or isinstance(value, str | int | float | bool):
        return None
    numbers = _array(value).ravel()
    if len(numbers) == 4:  # Kalibr's fx, fy, cx, cy
        fx, fy, cx, cy = numbers
        return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])
    if len(numbers) != 9:
        raise ValueError(f"a camera matrix has 9 numbers, not {len(numbers)}")
    return numbers.reshape(3, 3)


def _trimmed(numbers: tuple[float, ...], fisheye: bool) -> tuple[float, ...]:
    """OpenCV's vectors of 4, 5, 8, 12 or 14; a tilted sensor (the last two) is not modelled."""
    if fisheye and len(numbers) > 4 or any(numbers[12:]):
        raise ValueError("its lens model has more numbers than are known here")
    lengths = (0, 4) if fisheye else (0, 4, 5, 8, 12)
    whole = next(n for n in lengths if n >= min(len(numbers), 12))
    padded = (*numbers[:12], *[0.0] * whole)[:whole]
    return padded if any(padded) or fisheye else ()


def _is_fisheye(said: Mapping[str, Any]) -> bool:
    if isinstance(said.get("fisheye"), bool | int):
        return bool(said["fisheye"])
    model = str(_first(said, ("distortionmodel", "cameramodel", "model"), "")).lower()
    return re.sub(r"[^a-z0-9]", "", model) in _FISHEYE


def _size(said: Mapping[str, Any]) -> tuple[int, int] | None:
    width = _first(said, ("imagewidth", "widthpx", "width"), None)
    height = _first(said, ("imageheight", "heightpx", "height"), None)
    both = _first(said, _SIZE, None)
    if both is not None and not isinstance(both, str):
        width, height = _array(both).ravel()
    return None if width is None or height is None else (round(float(width)), round(float(height)))


def _pose(said: Mapping[str, Any]) -> Rows | None:
    """World to camera: Pose2Sim's rotation vector (or matrix) and translation in metres."""
    if not {"rotation", "translation"} <= said.keys():
        return None
    turn, shift = _array(said["rotation"]), _array(said["translation"]).reshape(3, 1)
    rotation = Rotation.from_rotvec(turn.ravel()).as_matrix() if turn.size == 3 else turn
    return _rows(np.concatenate([rotation.reshape(3, 3), shift], axis=1))


def _rows(matrix: np.ndarray) -> Rows:
    a, b, c = ((float(p), float(q), float(r), float(s)) for p, q, r, s in matrix.reshape(3, 4))
    return a, b, c


def _first(said: Mapping[str, Any], names: Iterable[str], otherwise: Any) -> Any:
    return next((said[name] for name in names if name in said), otherwise)


def _array(value: Any) -> np.ndarray:
    """Numbers in lists, or OpenCV's matrix with rows, cols and data."""
    if isinstance(value, Mapping):
        rows, columns = int(value["rows"]), int(value["cols"])
        return np.array(value["data"], np.float64).reshape(rows, columns)
    return np.array(value, np.float64)


# --- files


def _toml(path: Path) -> Any:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _yaml(path: Path) -> Any:
    return plain_yaml.parse(path.read_text(encoding="utf-8"))


def _xml(path: Path) -> Any:
    """OpenCV's storage: elements are names, numbers stand between blanks."""
    return {node.tag: _element(node) for node in ET.fromstring(path.read_text(encoding="utf-8"))}


def _element(node: ET.Element) -> Any:
    if len(node):
        return {child.tag: _element(child) for child in node}
    words = (node.text or "").split()
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return (node.text or "").strip()
    return numbers[0] if len(numbers) == 1 else numbers


_READERS = {".toml": _toml, ".json": _json, ".yml": _yaml, ".yaml": _yaml, ".xml": _xml}
