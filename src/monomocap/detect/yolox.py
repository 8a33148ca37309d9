"""YOLOX (Ge et al., 2021) as box detector, in the two forms that its ONNX files have.

* With its non-maximum suppression inside, as OpenMMLab exports it: outputs `dets` (batch, box, 5)
  and `labels`.
* As Megvii releases it: one output (batch, cell, 5 + classes) of raw cells on grids of 8, 16 and 32
  pixels, centre and size still relative to the cell.

Either way the input is BGR from 0 to 255; the picture lies in its upper left, grey 114 beside it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32

from monomocap.detect.boxes import Boxes, Picture, canvas_size, fit_corner
from monomocap.detect.heatmap import Letterbox
from monomocap.detect.session import Session
from monomocap.errors import WeightsError
from monomocap.options import Device
from monomocap.weights import sha256

SIDE_PX = 640
"""The longer side of the picture where a file leaves it open; the published ones fix 640 or 416."""
MIN_SCORE = 0.3
"""As for RTMDet."""
SAME_PERSON = 0.45
"""Boxes that share more of their joint area are one person's (YOLOX's own value)."""
STRIDES_PX = (8, 16, 32)
PERSON = 0


class YOLOX:
    """Everybody in the picture, by a YOLOX file."""

    name = "yolox"

    def __init__(self, path: Path, device: Device = "auto") -> None:
        """Raises `WeightsError` if the file is missing or no YOLOX network."""
        if not path.is_file():
            raise WeightsError(f"no such file: {path}; give a YOLOX ONNX file, or 'mediapipe'")
        self._session = Session(path, device)
        self._input, self._fixed_px, self._raw = _checked(self._session)
        self.device = self._session.device
        self.weights = {path.name: sha256(path)}

    def __call__(self, pictures: Sequence[Picture]) -> list[Boxes]:
        """Everybody in each picture, surest first."""
        return [self._boxes(picture) for picture in pictures]

    def _boxes(self, picture: Picture) -> Boxes:
        height, width, _ = picture.shape
        canvas, placed = fit_corner(picture, self._fixed_px or canvas_size(width, height, SIDE_PX))
        image = np.ascontiguousarray(canvas[..., ::-1].transpose(2, 0, 1)[None], np.float32)
        found = self._decoded(image) if self._raw else self._finished(image)
        return _in_picture(found, placed)

    def _finished(self, image: Float32[np.ndarray, "1 3 y x"]) -> Float[np.ndarray, "box 5"]:
        boxes, labels = self._session(["dets", "labels"], **{self._input: image})
        sure = (labels[0] == PERSON) & (boxes[0][:, 4] >= MIN_SCORE)
        return boxes[0][sure]

    def _decoded(self, image: Float32[np.ndarray, "1 3 y x"]) -> Float[np.ndarray, "box 5"]:
        ((cells,),) = self._session([self._raw], **{self._input: image})
        boxes = from_cells(cells, width_px=image.shape[3], height_px=image.shape[2])
        return boxes[distinct(boxes)]

    def close(self) -> None:
        """Let go of the network."""
        self._session.close()


def from_cells(
    cells: Float[np.ndarray, "cell values"], *, width_px: int, height_px: int
) -> Float[np.ndarray, "box 5"]:
    """Corners and scores of the people in a raw answer: x, y, size, something, then classes."""
    corner, stride = _grid(width_px, height_px)
    if len(cells) != len(corner):
        raise WeightsError(f"a YOLOX network answered {len(cells)} cells, not {len(corner)}")
    classes = cells[:, 5:]
    score = cells[:, 4] * classes[:, PERSON]
    sure = (classes.argmax(axis=1) == PERSON) & (score >= MIN_SCORE)
    middle = ((cells[:, :2] + corner) * stride)[sure]
    half = (np.exp(cells[sure, 2:4]) * stride[sure]) / 2
    return np.concatenate([middle - half, middle + half, score[sure, None]], axis=1)


def _grid(
    width_px: int, height_px: int
) -> tuple[Float[np.ndarray, "cell 2"], Float[np.ndarray, "cell 1"]]:
    """Each cell's column and row, and its size in pixels; fine grid first, row by row."""
    corners, strides = [], []
    for stride in STRIDES_PX:
        row, column = np.indices((height_px // stride, width_px // stride)).reshape(2, -1)
        corners.append(np.stack([column, row], axis=1).astype(np.float64))
        strides.append(np.full((len(row), 1), float(stride)))
    return np.concatenate(corners), np.concatenate(strides)


def distinct(boxes: Float[np.ndarray, "box 5"], most: float = SAME_PERSON) -> list[int]:
    """Which boxes to keep: the surest of those that overlap (non-maximum suppression)."""
    left = list(np.argsort(-boxes[:, 4], kind="stable"))
    kept: list[int] = []
    while left:
        best = int(left.pop(0))
        kept.append(best)
        shared = _shared(boxes[best], boxes[left])
        left = [at for at, share in zip(left, shared, strict=True) if share <= most]
    return kept


def _shared(box: Float[np.ndarray, "5"], others: Float[np.ndarray, "box 5"]) -> np.ndarray:
    """Intersection over union with each of the others."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:4], others[:, 2:4])
    inner = np.clip(high - low, 0, None).prod(axis=1)
    area = (box[2:4] - box[:2]).prod() + (others[:, 2:4] - others[:, :2]).prod(axis=1)
    return inner / np.maximum(area - inner, 1e-9)


def _in_picture(found: Float[np.ndarray, "box 5"], placed: Letterbox) -> Boxes:
    """Boxes of the network's input in the picture; what lies outside it is cut off."""
    people = found[np.argsort(-found[:, 4], kind="stable")].astype(np.float32)
    corners = people[:, :4].reshape(-1, 2, 2) * np.divide(placed.piece_px, placed.fitted_px)
    people[:, :4] = np.clip(corners, 0, placed.piece_px).reshape(-1, 4)
    return people[(people[:, 2:4] - people[:, :2] >= 1).all(axis=1)]


def _checked(session: Session) -> tuple[str, tuple[int, int] | None, str]:
    """Input name; width and height where fixed; the raw output's name, empty for finished boxes."""
    inputs, outputs = session.inputs, session.outputs
    name, shape = next(iter(inputs.items()), ("", []))
    raw = "" if {"dets", "labels"} <= outputs.keys() else next(iter(outputs), "")
    last = outputs[raw][-1] if raw and len(outputs[raw]) == 3 else 0
    if len(inputs) != 1 or len(shape) != 4 or (raw and not (isinstance(last, int) and last > 5)):
        raise WeightsError(
            f"{session.path} is no YOLOX file: it needs one input (batch, 3, height, width) and "
            "the outputs dets and labels, or one of (batch, cells, 5 + classes)"
        )
    height, width = shape[2:]
    fixed = (width, height) if isinstance(width, int) and isinstance(height, int) else None
    return name, fixed, raw
