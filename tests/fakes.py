"""A detector without a network, so that the whole path runs in milliseconds."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np

from monomocap.skeleton import COCO17
from monomocap.types import Frame, Person2D

_STANDING = np.array(
    # nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles as shares of the picture
    [(0.50, 0.12), (0.52, 0.10), (0.48, 0.10), (0.54, 0.11), (0.46, 0.11)]
    + [(0.60, 0.25), (0.40, 0.25), (0.63, 0.40), (0.37, 0.40), (0.64, 0.54), (0.36, 0.54)]
    + [(0.56, 0.55), (0.44, 0.55), (0.56, 0.75), (0.44, 0.75), (0.56, 0.94), (0.44, 0.94)]
)


class FakeDetector:
    """Sees somebody standing upright in every frame for which `sees(index)` holds."""

    name = "fake"
    skeleton = COCO17

    def __init__(self, sees: Callable[[int], bool] = lambda index: True, device: str = "cpu"):
        self.weights = {"fake.onnx": "0" * 64}
        self.device = device
        self.closed = False
        self._sees = sees

    def __call__(self, frame: Frame) -> list[Person2D]:
        if not self._sees(frame.index):
            return []
        height, width, _ = frame.rgb.shape
        xy_px = (_STANDING * (width, height)).astype(np.float32)
        box_px = np.concatenate([xy_px.min(axis=0), xy_px.max(axis=0)])
        return [Person2D(xy_px, np.full(17, 0.9, np.float32), box_px)]

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
