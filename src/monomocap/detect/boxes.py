"""Where the people in a picture are: boxes for estimators that look at one person at a time.

Three ways: RTMDet (Lyu et al., 2022) and YOLOX (`monomocap.detect.yolox`) from ONNX files, which
see everybody, and MediaPipe, which is always there. A box is x1, y1, x2, y2 along the outer edges
of pixels (0 is the picture's edge, its width the other one), and a score from 0 to 1.
"""

import logging
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8

from monomocap.detect.heatmap import Letterbox, resize, with_margin
from monomocap.detect.session import Session
from monomocap.errors import WeightsError
from monomocap.options import Device
from monomocap.types import Frame
from monomocap.weights import sha256
from monomocap.weights.catalogue import PUBLISHED
from monomocap.weights.store import need

log = logging.getLogger(__name__)

Picture = UInt8[np.ndarray, "_ _ 3"]
"""Rows, columns, RGB; several of one call may differ in size."""
Boxes = Float32[np.ndarray, "_ 5"]

BOXES_VARIABLE = "MONOMOCAP_BOXES"
"""Environment variable: `mediapipe`, a published network, or an RTMDet or YOLOX ONNX file."""


@runtime_checkable
class BoxDetector(Protocol):
    """Finds people in pictures; one serves one video, its pictures in order."""

    @property
    def name(self) -> str:
        """'rtmdet', 'yolox' or 'mediapipe'."""

    @property
    def device(self) -> str:
        """What really computes, e.g. 'cpu': not what was asked for."""

    @property
    def weights(self) -> dict[str, str]:
        """File name -> SHA-256 of the weights in use."""

    def __call__(self, pictures: Sequence[Picture]) -> list[Boxes]:
        """Everybody in each picture, surest first; no rows where there is nobody."""

    def close(self) -> None:
        """Let go of networks and threads; closing twice is fine."""


def load_boxes(
    choice: str | None = None, device: Device = "auto", *, beside: Path | None = None
) -> BoxDetector:
    """The box detector that was chosen: 'mediapipe', a published network by its name (`monomocap
    weights list`), or the path of an ONNX file: YOLOX if its name begins so, or else RTMDet.

    Without a choice: what `MONOMOCAP_BOXES` says, or the one `rtmdet*.onnx` in the folder `beside`
    (where a checkpoint lies), or else MediaPipe, which sees those who are near.
    """
    choice = choice or os.environ.get(BOXES_VARIABLE) or _found(beside) or "mediapipe"
    if choice == "mediapipe":
        log.info("person boxes: MediaPipe's")
        return MediaPipeBoxes()
    path = need(choice) if choice in PUBLISHED else Path(choice)
    boxes = _opened(path, device)
    log.info("person boxes: %s from %s on %s", boxes.name, path, boxes.device)
    return boxes


def _opened(path: Path, device: Device) -> BoxDetector:
    if path.name.lower().startswith("yolox"):
        from monomocap.detect.yolox import YOLOX

        return YOLOX(path, device)
    return RTMDet(path, device)


def _found(folder: Path | None) -> str | None:
    files = sorted(folder.glob("rtmdet*.onnx")) if folder is not None else []
    return str(files[0]) if len(files) == 1 else None


RTMDET_MEAN_BGR = np.array([103.53, 116.28, 123.675], np.float32)
RTMDET_STD_BGR = np.array([57.375, 57.12, 58.395], np.float32)
RTMDET_GREY = 114
"""What RTMDet is trained to see where a picture ends."""
RTMDET_SIDE_PX = 416
"""The longer side of the picture for RTMDet. With the short side cut to fit it costs as much as the
square of 320 that RTMDet-nano is published with, and misses fewer people who overlap."""
RTMDET_STRIDE_PX = 32
"""Sides of the network's input are multiples of its coarsest grid."""
RTMDET_MIN_SCORE = 0.3
"""How sure RTMDet must be. RTMDet-nano gives 0.7 to 0.9 to people in full view, 0.3 to 0.6 to
those who are half hidden, and up to 0.28 to chairs and posts."""
PERSON = 0
"""RTMDet's label of people."""
Answer = tuple[np.ndarray, np.ndarray]
"""Of one picture: (box, 5) corners and scores, (box,) labels."""


class RTMDet:
    """Everybody in the picture, by an RTMDet file with its non-maximum suppression inside."""

    name = "rtmdet"

    def __init__(
        self,
        path: Path,
        device: Device = "auto",
        *,
        side_px: int = RTMDET_SIDE_PX,
        min_score: float = RTMDET_MIN_SCORE,
    ) -> None:
        """`side_px` is the longer side of what the network sees; a file may fix its own size."""
        if not path.is_file():
            raise WeightsError(f"no such file: {path}; give an RTMDet ONNX file, or 'mediapipe'")
        self._session = Session(path, device)
        self._input, self._fixed_px = _checked(self._session)
        self.device = self._session.device
        self.weights = {path.name: sha256(path)}
        self._side_px = side_px
        self._min_score = min_score
        self.batches = _takes_batches(self)
        """Whether the file looks at several pictures at once; some say so and cannot."""

    def __call__(self, pictures: Sequence[Picture]) -> list[Boxes]:
        """Everybody in each picture, surest first."""
        fitted = [self._fitted(picture) for picture in pictures]
        canvases = [canvas for canvas, _ in fitted]
        answers = self._together(canvases) if self._can_share(canvases) else self._alone(canvases)
        return [
            self._people(*answer, placed)
            for answer, (_, placed) in zip(answers, fitted, strict=True)
        ]

    def _fitted(self, picture: Picture) -> tuple[Picture, Letterbox]:
        height, width, _ = picture.shape
        canvas_px = self._fixed_px or canvas_size(width, height, self._side_px)
        return fit_corner(picture, canvas_px)

    def _can_share(self, canvases: list[Picture]) -> bool:
        return self.batches and len({canvas.shape for canvas in canvases}) == 1

    def _alone(self, canvases: list[Picture]) -> list[Answer]:
        return [answer for canvas in canvases for answer in self._together([canvas])]

    def _together(self, canvases: list[Picture]) -> list[Answer]:
        """Boxes and labels of each canvas, all in one run."""
        images = standardise_bgr(np.stack(canvases))
        boxes, labels = self._session(["dets", "labels"], **{self._input: images})
        # ONNX Runtime's whole numbers are C's long long: int64 by size, not by name.
        return list(zip(boxes, labels.astype(np.int64), strict=True))

    def _people(
        self, boxes: Float[np.ndarray, "box 5"], labels: Int[np.ndarray, " box"], placed: Letterbox
    ) -> Boxes:
        """The boxes of people, in the picture; what lies outside it is cut off."""
        people = boxes[(labels == PERSON) & (boxes[:, 4] >= self._min_score)].astype(np.float32)
        people = people[np.argsort(-people[:, 4], kind="stable")]
        corners = people[:, :4].reshape(-1, 2, 2) * np.divide(placed.piece_px, placed.fitted_px)
        people[:, :4] = np.clip(corners, 0, placed.piece_px).reshape(-1, 4)
        size_px = people[:, 2:4] - people[:, :2]
        return people[(size_px >= 1).all(axis=1)]

    def close(self) -> None:
        """Let go of the network."""
        self._session.close()


def _checked(session: Session) -> tuple[str, tuple[int, int] | None]:
    """The input's name, and its width and height where the file fixes them."""
    inputs = session.inputs
    name, shape = next(iter(inputs.items()), ("", []))
    if len(inputs) != 1 or len(shape) != 4 or not {"dets", "labels"} <= session.outputs.keys():
        raise WeightsError(
            f"{session.path} is no RTMDet file: it needs one input (batch, 3, height, width) and "
            "the outputs dets and labels; export it with its non-maximum suppression inside (and "
            "let the name of a YOLOX file begin with yolox)"
        )
    height, width = shape[2:]
    return name, (width, height) if isinstance(width, int) and isinstance(height, int) else None


def _takes_batches(detector: RTMDet) -> bool:
    """Whether two pictures together get the answers that each gets alone: tried, not believed."""
    width, height = detector._fixed_px or (128, 128)
    noise = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), np.uint8)
    noise[1, :, width // 2 :] = RTMDET_GREY  # so that nobody answers alike to both
    alone = detector._alone(list(noise))
    try:
        together = detector._together(list(noise))
    except WeightsError:
        return False
    return all(
        np.allclose(a[:1], b[:1], rtol=1e-3, atol=0.5)
        for (a, _), (b, _) in zip(together, alone, strict=True)
    )


def canvas_size(width_px: int, height_px: int, side_px: int) -> tuple[int, int]:
    """The smallest input (width, height) in whole strides that holds the picture, its longer side
    made `side_px`."""
    scale = side_px / max(width_px, height_px)
    across, down = (
        max(math.ceil(round(scale * px) / RTMDET_STRIDE_PX), 1) for px in (width_px, height_px)
    )
    return across * RTMDET_STRIDE_PX, down * RTMDET_STRIDE_PX


def fit_corner(picture: Picture, canvas_px: tuple[int, int]) -> tuple[Picture, Letterbox]:
    """The picture in the upper left corner of a canvas, as large as fits, grey beside it."""
    height, width, _ = picture.shape
    scale = min(canvas_px[0] / width, canvas_px[1] / height)
    fitted = (max(round(scale * width), 1), max(round(scale * height), 1))
    canvas = np.full((canvas_px[1], canvas_px[0], 3), RTMDET_GREY, np.uint8)
    canvas[: fitted[1], : fitted[0]] = resize(picture, width_px=fitted[0], height_px=fitted[1])
    return canvas, Letterbox((0, 0), (width, height), fitted, (0, 0))


def standardise_bgr(
    rgb: UInt8[np.ndarray, "batch y x 3"],
) -> Float32[np.ndarray, "batch 3 y x"]:
    """Pictures as RTMDet wants them."""
    standard = (rgb[..., ::-1] - RTMDET_MEAN_BGR) / RTMDET_STD_BGR
    return np.ascontiguousarray(np.moveaxis(standard, -1, 1))


LANDMARK_MARGIN = 0.1
"""Landmarks end at joints, eyes and toes; people go on for about a tenth beyond."""


NOMINAL_FPS = 30.0
"""Boxes are asked for without times; MediaPipe only needs to know how often to search."""


class MediaPipeBoxes:
    """The people whom MediaPipe follows, boxed around their landmarks."""

    name = "mediapipe"

    def __init__(self) -> None:
        from monomocap.detect.mediapipe import MediaPipePose

        self._pose = MediaPipePose()
        self._frames = 0
        self.device = self._pose.device

    @property
    def weights(self) -> dict[str, str]:
        """File name -> SHA-256 of MediaPipe's models."""
        return self._pose.weights

    def __call__(self, pictures: Sequence[Picture]) -> list[Boxes]:
        """A box for each of them in each picture."""
        return [self._boxes(picture) for picture in pictures]

    def _boxes(self, picture: Picture) -> Boxes:
        people = self._pose(Frame(self._frames, self._frames / NOMINAL_FPS, picture))
        self._frames += 1
        height, width, _ = picture.shape
        boxes = [
            np.append(
                with_margin(
                    p.box_px.astype(np.float64) + 0.5,  # from pixels' middles to edges
                    width_px=width,
                    height_px=height,
                    margin=LANDMARK_MARGIN,
                ),
                p.score.mean(),
            )
            for p in people
        ]
        found = np.array(boxes, np.float32).reshape(-1, 5)
        return found[(found[:, 2:4] - found[:, :2] >= 1).all(axis=1)]

    def close(self) -> None:
        """Let go of MediaPipe."""
        self._pose.close()
