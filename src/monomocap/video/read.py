"""Videos in: pictures with their true times, one by one, however the camera stored them.

    with VideoReader("walk.mp4") as video:
        for frame in video:
            frame.rgb, frame.time_s
        video.info.partial        # why it ended early, if it did

Pictures come as a player shows them: turned and mirrored as the file asks, with square pixels,
without combs, all of one size. Frames in are frames out; what a damaged file still holds is given,
and then `info.partial` says what is missing.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from monomocap.types import Frame, VideoInfo
from monomocap.video.decode import Decoding
from monomocap.video.pictures import Pictures
from monomocap.video.sources import Source, source_of
from monomocap.video.spool import local


class VideoReader:
    """A video, opened and checked; iterating decodes it from the first frame, each time anew.

    Standard input and files on the web are first put into a temporary file, which lives as long
    as the reader is open.
    """

    def __init__(
        self,
        video: str | Path | Source,
        max_frames: int | None = None,
        *,
        image_fps: float | int | None = None,
        as_it_comes: bool = False,
    ) -> None:
        """`max_frames` stops after so many; `image_fps` is the rate of a folder of pictures.

        `as_it_comes` gives every picture as soon as it can be decoded and copies nothing: for
        live work; then only the first iteration begins with the first frame. Raises `VideoError`
        if there is nothing to see.
        """
        self._max_frames = max_frames
        self._image_fps = image_fps
        self._held = ExitStack()
        self._source = source_of(video)
        self._low_delay = as_it_comes or self._source.live
        with ExitStack() as undo:
            undo.callback(self._held.close)
            if not self._low_delay:
                self._source = self._held.enter_context(local(self._source))
            self._pass: Decoding | Pictures | None = self._open()
            self._info = self._pass.info
            self._live = self._source.live or (self._source.at is None and self._pass.endless)
            undo.pop_all()

    @property
    def info(self) -> VideoInfo:
        """What the container says; after the last frame, what was really decoded."""
        return self._info

    @property
    def live(self) -> bool:
        """Whether pictures come at their own pace and nobody knows until when."""
        return self._live

    def __iter__(self) -> Iterator[Frame]:
        decoding, self._pass = self._pass or self._open(), None
        try:
            for frame in decoding.frames():
                yield frame
                if frame.index + 1 == self._max_frames:
                    self._info = decoding.summary(complete=False)
                    return
            self._info = self._with_cut(decoding.summary(complete=True))
        except GeneratorExit:  # whoever looked has seen enough
            self._info = decoding.summary(complete=False)
            raise
        finally:
            decoding.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._pass:
            self._pass.close()
            self._pass = None
        self._held.close()

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> Decoding | Pictures:
        if self._source.kind == "pictures":
            return Pictures(self._source, self._image_fps)
        return Decoding(self._source, low_delay=self._low_delay)

    def _with_cut(self, info: VideoInfo) -> VideoInfo:
        """A broken download is the reason, whatever its decoder noticed."""
        return replace(info, partial=self._source.cut) if self._source.cut else info
