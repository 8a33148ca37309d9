"""Joints of one person at a time: boxes, crops, network, and back to the picture.

People of several frames go through the network together, in batches of bounded size.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, UInt8

from monomocap.detect.boxes import BoxDetector
from monomocap.detect.heatmap import (
    Letterbox,
    Window,
    decode,
    letterbox,
    standardise,
    window,
    with_margin,
)
from monomocap.skeleton import Skeleton
from monomocap.types import Frame, Person2D

T = TypeVar("T")
Crop = Literal["letterbox", "window"]
"""How a person is cut out: all of a box and black around it, or more than the box, unbent."""
Crops = tuple[UInt8[np.ndarray, "_ _ 3"], Letterbox | Window]
"""What the network sees of a person, and where that lies in the picture."""

PEOPLE_AT_ONCE = 16
"""People per run of the network: enough to be quick, and a few hundred MB at most."""
FRAMES_AT_ONCE = 8
"""Frames whose people are gathered for one run."""


@runtime_checkable
class HeatmapNetwork(Protocol):
    """Arithmetic: people in, heatmaps out; torch or ONNX Runtime."""

    @property
    def device(self) -> str:
        """What really computes."""

    def __call__(
        self, images: Float32[np.ndarray, "person 3 y x"]
    ) -> Float32[np.ndarray, "person joint y_cells x_cells"]:
        """Standardised RGB to one heatmap per joint, a quarter of the input's size."""

    def close(self) -> None:
        """Let go of the network."""


@runtime_checkable
class Locates(Protocol):
    """A network that says itself where its joints are, without heatmaps."""

    @property
    def device(self) -> str:
        """What really computes."""

    def locate(
        self, images: Float32[np.ndarray, "person 3 y x"]
    ) -> tuple[Float[np.ndarray, "person joint 2"], Float[np.ndarray, "person joint"]]:
        """Standardised RGB to each joint's place in the input, in pixels, and its score."""

    def close(self) -> None:
        """Let go of the network."""


class TopDown:
    """A box detector and a network for joints as one 2D estimator."""

    batch_frames = FRAMES_AT_ONCE

    def __init__(
        self,
        name: str,
        network: HeatmapNetwork | Locates,
        boxes: BoxDetector,
        *,
        skeleton: Skeleton,
        input_px: tuple[int, int],
        crop: Crop,
        weights: dict[str, str],
    ) -> None:
        """`input_px` is the network's width and height; `weights` are the network's own files."""
        self.name = f"{name}+{boxes.name}"
        self.skeleton = skeleton
        self.device = "+".join(dict.fromkeys((network.device, boxes.device)))
        self.weights = weights | boxes.weights
        self._network = network
        self._boxes = boxes
        self._cut: Callable[..., Crops] = _cut_out(*input_px, crop)

    def __call__(self, frame: Frame) -> list[Person2D]:
        """The people in this frame."""
        return self.detect_batch([frame])[0]

    def detect_batch(self, frames: Sequence[Frame]) -> list[list[Person2D]]:
        """The people in each of these frames, which follow each other."""
        boxes = self._boxes([frame.rgb for frame in frames])
        crops = (
            self._cut(frame.rgb, box[:4].astype(np.float64))
            for frame, found in zip(frames, boxes, strict=True)
            for box in found
        )
        poses = self._poses(crops)
        return [[_person(*next(poses), box) for box in found] for found in boxes]

    def _poses(
        self, crops: Iterable[Crops]
    ) -> Iterator[tuple[Float[np.ndarray, "joint 2"], Float[np.ndarray, " joint"]]]:
        """Joints in the picture and their scores, person by person, in the order of the crops."""
        for some in _batches(crops, PEOPLE_AT_ONCE):
            xy_input, score = self._locate(standardise(np.stack([image for image, _ in some])))
            for person, (_, placed) in enumerate(some):
                yield placed.to_picture(xy_input[person]), score[person]

    def _locate(
        self, images: Float32[np.ndarray, "person 3 y x"]
    ) -> tuple[Float[np.ndarray, "person joint 2"], Float[np.ndarray, "person joint"]]:
        if isinstance(self._network, Locates):
            return self._network.locate(images)
        return decode(self._network(images))

    def close(self) -> None:
        """Let go of both networks."""
        self._network.close()
        self._boxes.close()

    def __enter__(self) -> "TopDown":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _cut_out(width_px: int, height_px: int, crop: Crop) -> Callable[..., Crops]:
    """The function (picture, box) -> (the network's picture of that person, where it lies)."""

    def boxed(rgb: UInt8[np.ndarray, "y x 3"], box_px: Float[np.ndarray, "4"]) -> Crops:
        grown = with_margin(box_px, width_px=rgb.shape[1], height_px=rgb.shape[0])
        return letterbox(rgb, grown, width_px=width_px, height_px=height_px)

    def surrounded(rgb: UInt8[np.ndarray, "y x 3"], box_px: Float[np.ndarray, "4"]) -> Crops:
        return window(rgb, box_px, width_px=width_px, height_px=height_px)

    return boxed if crop == "letterbox" else surrounded


def _batches(items: Iterable[T], most: int) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, most)):
        yield some


def _person(
    xy_px: Float[np.ndarray, "joint 2"],
    score: Float[np.ndarray, " joint"],
    box: Float[np.ndarray, "5"],
) -> Person2D:
    """Heatmaps may rise a little above 1; a score may not."""
    return Person2D(
        xy_px=xy_px.astype(np.float32),
        score=np.clip(score, 0, 1).astype(np.float32),
        box_px=box[:4],
    )
