"""Pictures in another size, by FFmpeg's scaler."""

import av
import numpy as np
from av.video.reformatter import Interpolation
from jaxtyping import UInt8


def resize(
    rgb: UInt8[np.ndarray, "height width 3"], width_px: int, height_px: int
) -> UInt8[np.ndarray, "out_height out_width 3"]:
    """The same picture, `width_px` by `height_px`; itself when it has that size already."""
    if rgb.shape[:2] == (height_px, width_px):
        return rgb
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    kind = Interpolation.AREA if width_px < rgb.shape[1] else Interpolation.BICUBIC
    return frame.reformat(width_px, height_px, interpolation=kind).to_ndarray()
