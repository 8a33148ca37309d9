"""Interlaced pictures made whole: one picture out for one in, progressive ones untouched."""

from collections import deque
from collections.abc import Iterator

import av
import av.filter
from av.error import EOFError as EndOfFilter

FILTER = ("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
"""FFmpeg's: one picture per frame, made of one of its two halves and its neighbours'; pictures not
marked as interlaced pass as they are. It waits for one picture more."""


def progressive(pictures: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """The same pictures, as many, with the same stamps, without combs.

    Nothing is done, and nothing waits, until the first interlaced picture comes.
    """
    weaving: _Weaving | None = None
    for picture in pictures:
        if weaving is not None and not weaving.takes(picture):
            yield from weaving.rest()
            weaving = None
        if weaving is None and picture.interlaced_frame:
            weaving = _Weaving(picture)
        if weaving is None:
            yield picture
        else:
            yield from weaving(picture)
    if weaving is not None:
        yield from weaving.rest()


class _Weaving:
    """The filter, for pictures of one size and format."""

    def __init__(self, like: av.VideoFrame) -> None:
        self._like = (like.width, like.height, like.format.name)
        self._stamps: deque[int | None] = deque()
        self._number = 0
        self._graph = av.filter.Graph()
        begin = self._graph.add_buffer(
            width=like.width,
            height=like.height,
            format=like.format,
            time_base=like.time_base,
        )
        end = self._graph.add("buffersink")
        self._graph.link_nodes(begin, self._graph.add(*FILTER), end).configure()

    def takes(self, picture: av.VideoFrame) -> bool:
        """Whether the filter was made for such pictures."""
        return (picture.width, picture.height, picture.format.name) == self._like

    def __call__(self, picture: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """The pictures that are ready after this one."""
        self._stamps.append(picture.pts)
        picture.pts = self._number  # the filter wants stamps that increase; ours come back later
        self._number += 1
        self._graph.vpush(picture)
        return self._ready()

    def rest(self) -> Iterator[av.VideoFrame]:
        """What the filter still holds."""
        self._graph.vpush(None)
        return self._ready()

    def _ready(self) -> Iterator[av.VideoFrame]:
        while self._stamps:
            try:
                picture = self._graph.vpull()
            except (BlockingIOError, EndOfFilter):
                return
            picture.pts = self._stamps.popleft()
            yield picture
