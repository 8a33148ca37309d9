"""Joints from SimCC networks (RTMPose; Jiang et al., 2023): two one-dimensional answers per joint.

A SimCC network does not draw heatmaps: for every joint it says how likely each column is, and each
row, in steps finer than a pixel of its input (Li et al., 2022). An ONNX file of one has an input
(batch, 3, height, width), RGB with ImageNet's mean and standard deviation, and the outputs
`simcc_x` (batch, joints, columns) and `simcc_y` (batch, joints, rows).
"""

import numpy as np
from jaxtyping import Float, Float32

from monomocap.detect.session import Session
from monomocap.errors import WeightsError

X, Y = "simcc_x", "simcc_y"


class SimCC:
    """A SimCC network in ONNX Runtime."""

    def __init__(self, session: Session) -> None:
        """Raises `WeightsError` if the file's shapes are not those of a SimCC network."""
        self._session = session
        self.device = session.device
        self._image, self.joints, self.input_px, self._steps = _shapes(session)

    def locate(
        self, images: Float32[np.ndarray, "person 3 y x"]
    ) -> tuple[Float[np.ndarray, "person joint 2"], Float[np.ndarray, "person joint"]]:
        """Each joint's place in the network's input, in pixels, and its score."""
        alone = self._session.inputs[self._image][0] == 1
        size = 1 if alone else max(len(images), 1)
        answers = [
            self._session([X, Y], **{self._image: images[i : i + size]})
            for i in range(0, len(images), size)
        ]
        x, y = (np.concatenate([a[axis] for a in answers]) for axis in (0, 1))
        return decode(x, y, self._steps)

    def close(self) -> None:
        """Let go of the network."""
        self._session.close()


def is_simcc(session: Session) -> bool:
    """Whether a file answers as a SimCC network does."""
    return {X, Y} <= session.outputs.keys()


def decode(
    x: Float[np.ndarray, "*batch joint columns"],
    y: Float[np.ndarray, "*batch joint rows"],
    steps: tuple[float, float],
) -> tuple[Float[np.ndarray, "*batch joint 2"], Float[np.ndarray, "*batch joint"]]:
    """The likeliest column and row of each joint, in pixels, and the lesser of their two scores.

    `steps` are columns per pixel and rows per pixel. A joint whose answer rises nowhere above 0,
    or holds a NaN, knows no place: NaN with score 0.
    """
    best = np.stack([x.argmax(axis=-1), y.argmax(axis=-1)], axis=-1)
    score = np.minimum(x.max(axis=-1), y.max(axis=-1))
    known = score > 0
    xy = np.where(known[..., None], best / np.array(steps), np.nan)
    return xy, np.where(known, score, 0).astype(score.dtype)


def _shapes(session: Session) -> tuple[str, int, tuple[int, int], tuple[float, float]]:
    """Input name, joints, input width and height, and steps per pixel along x and y.

    The outputs' sizes are tried, not read: published files leave the number of joints open.
    """
    inputs = session.inputs
    name, shape = next(iter(inputs.items()), ("", []))
    fixed = [size for size in shape[1:] if isinstance(size, int) and size > 0]
    if len(inputs) != 1 or len(shape) != 4 or len(fixed) != 3 or fixed[0] != 3:
        raise _unlike(session)
    _, height, width = fixed
    blank = np.zeros((1, 3, height, width), np.float32)
    x, y = session([X, Y], **{name: blank})
    if x.ndim != 3 or y.ndim != 3 or x.shape[:2] != y.shape[:2] or len(x) != 1:
        raise _unlike(session)
    return name, x.shape[1], (width, height), (x.shape[2] / width, y.shape[2] / height)


def _unlike(session: Session) -> WeightsError:
    return WeightsError(
        f"{session.path} is no SimCC network: it needs one input (batch, 3, height, width), fixed "
        f"but for the batch, and the outputs {X} and {Y}, (batch, joints, steps)"
    )
