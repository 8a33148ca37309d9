"""How stored pictures become shown ones: square pixels, turned, mirrored, all of one size."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import cast

import av
import av.filter
import numpy as np
from av.sidedata.sidedata import SideData
from av.video.stream import VideoStream
from jaxtyping import UInt8

from monomocap.video.resize import resize

SAME_SHAPE = 0.01
"""Pictures whose sides differ less than this in proportion are simply scaled to each other."""


@dataclass(frozen=True)
class Look:
    """How stored pictures become shown ones: scaled, then transposed, then flipped."""

    width_px: int
    height_px: int
    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def of(cls, picture: av.VideoFrame, stream: VideoStream) -> "Look":
        """What this picture and its stream ask for."""
        width_px = max(1, round(picture.width * _pixel_aspect(stream)))
        return cls(width_px, picture.height, *_orientation(picture, stream))

    @property
    def shown_width_px(self) -> int:
        """Of the shown picture."""
        return self.height_px if self.transpose else self.width_px

    @property
    def shown_height_px(self) -> int:
        """Of the shown picture."""
        return self.width_px if self.transpose else self.height_px

    @property
    def rotation_deg(self) -> int:
        """Clockwise turn from stored to shown (of a mirrored picture, before mirroring)."""
        if self.transpose:
            return 90 if self.flip_x else 270
        return 180 if self.flip_y else 0

    def shown(self, picture: av.VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
        """The picture as a player shows it."""
        rgb = picture.reformat(format="rgb24", width=self.width_px, height=self.height_px)
        if self._turning is not None:
            rgb.pts = None
            self._turning.vpush(rgb)
            rgb = self._turning.vpull()
        return np.ascontiguousarray(rgb.to_ndarray())

    @cached_property
    def _turning(self) -> av.filter.Graph | None:
        """FFmpeg's own turning: a phone's upright video would cost numpy 12 ms a picture."""
        steps: list[tuple[str, str | None]] = []
        steps += [("transpose", "cclock_flip")] if self.transpose else []
        steps += [("hflip", None)] if self.flip_x else []
        steps += [("vflip", None)] if self.flip_y else []
        if not steps:
            return None
        graph = av.filter.Graph()
        form = av.VideoFormat("rgb24", self.width_px, self.height_px)
        begin = graph.add_buffer(
            width=self.width_px, height=self.height_px, format=form, time_base=Fraction(1)
        )
        nodes = [graph.add(name, arguments) for name, arguments in steps]
        graph.link_nodes(begin, *nodes, graph.add("buffersink")).configure()
        return graph


def fitted(
    rgb: UInt8[np.ndarray, "height width 3"], width_px: int, height_px: int
) -> UInt8[np.ndarray, "out_height out_width 3"]:
    """The same picture in another size; black beside it rather than people stretched."""
    height, width, _ = rgb.shape
    if abs(width * height_px / (height * width_px) - 1) < SAME_SHAPE:
        return resize(rgb, width_px, height_px)
    scale = min(width_px / width, height_px / height)
    inner = resize(rgb, max(1, round(scale * width)), max(1, round(scale * height)))
    top, left = (height_px - inner.shape[0]) // 2, (width_px - inner.shape[1]) // 2
    out = np.zeros((height_px, width_px, 3), np.uint8)
    out[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return out


_UPRIGHT = (False, False, False)
_TURNED = (_UPRIGHT, (True, True, False), (False, True, True), (True, False, True))
"""Transpose, flip x, flip y, by quarter turns clockwise."""


def _orientation(picture: av.VideoFrame, stream: VideoStream) -> tuple[bool, bool, bool]:
    """Transpose, flip x, flip y: the nearest of the eight ways to lay a picture down.

    The display matrix (FFmpeg's libavutil/display.h) sends stored (x, y) to shown
    (a x + c y, b x + d y). Older files carry a tag `rotate` instead, in degrees clockwise.
    """
    try:
        matrix = picture.side_data.get("DISPLAYMATRIX")
    except ValueError:
        # A photo's EXIF is a kind of side data that PyAV does not know, and then it shows none.
        return _TURNED[round(-picture.rotation / 90) % 4]
    if matrix is not None:
        a, b, _, c, d = np.frombuffer(bytes(cast(SideData, matrix)), np.int32)[:5].tolist()
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return False, a < 0, d < 0
        return True, c < 0, b < 0
    return _TURNED[_rotate_tag_deg(stream) // 90]


def _rotate_tag_deg(stream: VideoStream) -> int:
    tags = {name.lower(): text for name, text in stream.metadata.items()}
    try:
        return round(float(tags.get("rotate", "0")) / 90) * 90 % 360
    except (ValueError, OverflowError):
        return 0


def _pixel_aspect(stream: VideoStream) -> float:
    """Width of a stored pixel over its height; 1 where the file says nothing sensible."""
    ratio = stream.sample_aspect_ratio
    return float(ratio) if ratio and 0.25 <= ratio <= 4 else 1.0
