"""A ModelScope model folder: weights, statistics, and a configuration that states a camera.

Read from `configuration.json`: `model.INPUT` (center, focal_length, n_frames, window_size,
max_frame, res_w, res_h), `model.MODEL` (causal, use_2d_offsets, use_canonical_coords) and `render`
(azim, elev). Keys are accepted in upper and lower case: HDFormer's are lower, CanonicalPose3D's
upper. Widths and sizes in `model.MODEL` are not needed: they are read from the weights.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from monomocap.errors import WeightsError
from monomocap.lift.own_camera import OwnCamera
from monomocap.options import View

CONFIGURATION = "configuration.json"
WEIGHTS = "pytorch_model.bin"
MEAN_STD_2D, MEAN_STD_3D = "mean_std_2d.npy", "mean_std_3d.npy"

Numbers = dict[str, Any]


@dataclass(frozen=True)
class Statistics:
    """Mean and spread of the training set, per joint and coordinate."""

    mean_2d: Float[np.ndarray, "17 2"]
    std_2d: Float[np.ndarray, "17 2"]
    mean_3d_mm: Float[np.ndarray, "17 3"]
    std_3d_mm: Float[np.ndarray, "17 3"]


@dataclass(frozen=True)
class Configuration:
    """What a folder states."""

    camera: OwnCamera
    n_frames: int = 96
    """Frames in one window of the network."""
    window_size: int | None = None
    """Frames kept of each window but the last; applied only as published."""
    max_frame: int | None = None
    """Frames read of a video; applied only as published."""
    causal: bool = False
    use_2d_offsets: bool = False
    """Joints enter as offsets from the root, which enters as 0."""
    use_canonical_coords: bool = True
    """The trajectory's network sees rays, not the screen."""
    view: View | None = None
    """Where the folder wants its 3D picture seen from."""
    stated: tuple[tuple[str, str], ...] = ()
    """Every number of `model.INPUT` and `render`, as it stands there."""


def read_configuration(folder: Path) -> Configuration:
    """The configuration of a folder; raises `WeightsError` naming the field that is wrong."""
    path = folder / CONFIGURATION
    document = _lower(_json(path))
    model = _part(document, "model", path)
    inputs, network = _part(model, "input", path), _part(model, "model", path, needed=False)
    render = document.get("render") or model.get("render") or {}
    width = _number(inputs, "res_w", path, 1000.0)
    camera = OwnCamera(
        focal_px=_pair(inputs, "focal_length", path),
        center_px=_pair(inputs, "center", path, above=-math.inf),
        width_px=width,
        height_px=_number(inputs, "res_h", path, width),
    )
    return Configuration(
        camera=camera,
        n_frames=_count(inputs, "n_frames", path) or 96,
        window_size=_count(inputs, "window_size", path),
        max_frame=_count(inputs, "max_frame", path),
        causal=bool(network.get("causal", False)),
        use_2d_offsets=bool(network.get("use_2d_offsets", False)),
        use_canonical_coords=bool(network.get("use_canonical_coords", True)),
        view=_view(render, path),
        stated=tuple((k, json.dumps(v)) for k, v in [*inputs.items(), *dict(render).items()]),
    )


def stated_view(lifter: str) -> View | None:
    """The view that a lifter's folder states; None for a lifter by name or by file."""
    folder = Path(lifter)
    return read_configuration(folder).view if (folder / CONFIGURATION).is_file() else None


def read_statistics(folder: Path) -> Statistics:
    """`mean_std_2d.npy` (2, 17, 2) and `mean_std_3d.npy` (2, 17, 3, mm): mean, then deviation."""
    mean_2d, std_2d = _mean_std(folder / MEAN_STD_2D, (2, 17, 2))
    mean_3d, std_3d = _mean_std(folder / MEAN_STD_3D, (2, 17, 3))
    if (std_2d <= 0).any():
        raise WeightsError(f"{folder / MEAN_STD_2D} has a deviation that is not above 0")
    return Statistics(mean_2d, std_2d, mean_3d, std_3d)


def _mean_std(path: Path, shape: tuple[int, ...]) -> Float[np.ndarray, "2 17 dim"]:
    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise WeightsError(
            f"{path} is missing; HDFormer needs the statistics of its training set beside it"
        ) from error
    except (OSError, ValueError, EOFError) as error:
        raise WeightsError(f"cannot read {path} ({error}); it must be a numpy array") from error
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype.kind not in "fiu":
        found = getattr(array, "shape", "an archive")
        raise WeightsError(f"{path} must hold numbers of shape {shape}, not {found}")
    if not np.isfinite(array).all():
        raise WeightsError(f"{path} has values that are not finite; get the file again")
    return array.astype(np.float64)


def _view(render: Numbers, path: Path) -> View | None:
    """The same eye for our stage.

    The published picture is matplotlib's, with camera axes plotted as they are: its eye lies at
    (cos e cos a, cos e sin a, sin e) of x right, y down, z away. Ours turns about the vertical and
    is always upright, so what is kept is where the eye is, not which way was up.
    """
    if not render:
        return None
    azim = math.radians(_number(render, "azim", path, -90.0, above=-math.inf))
    elev = math.radians(_number(render, "elev", path, -90.0, above=-math.inf))
    right, down, away = (
        math.cos(elev) * math.cos(azim),
        math.cos(elev) * math.sin(azim),
        math.sin(elev),
    )
    level = math.hypot(right, away)
    azimuth = math.degrees(math.atan2(right, -away)) if level > 1e-9 else 0.0
    return View(round(azimuth, 6), round(math.degrees(math.atan2(-down, level)), 6))


# --- reading with a reason


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WeightsError(f"cannot read {path}: {reason}; a model folder has one") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is not JSON ({error}); get the folder again") from error


def _lower(value: Any) -> Any:
    """The same document with its keys in lower case."""
    if isinstance(value, dict):
        return {str(key).lower(): _lower(inner) for key, inner in value.items()}
    return value


def _part(document: Any, name: str, path: Path, needed: bool = True) -> Numbers:
    part = document.get(name) if isinstance(document, dict) else None
    if isinstance(part, dict):
        return part
    if needed or part is not None:
        raise WeightsError(f"{path} has no {name}; is this the folder of a 3D keypoint model?")
    return {}


def _number(
    part: Numbers, name: str, path: Path, default: float | None = None, above: float = 0.0
) -> float:
    value = part.get(name, default)
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None or not plain or not above < value < math.inf:
        raise WeightsError(f"{path}: {name} must be a number, not {json.dumps(value)}")
    return float(value)


def _pair(part: Numbers, name: str, path: Path, above: float = 0.0) -> tuple[float, float]:
    values = part.get(name)
    if not isinstance(values, list) or len(values) != 2:
        raise WeightsError(f"{path}: {name} must be two numbers, not {json.dumps(values)}")
    x, y = (_number({name: value}, name, path, above=above) for value in values)
    return x, y


def _count(part: Numbers, name: str, path: Path) -> int | None:
    if part.get(name) is None:
        return None
    number = _number(part, name, path)
    if number != int(number) or number < 1:
        raise WeightsError(f"{path}: {name} must be a whole number of frames, not {number}")
    return int(number)
