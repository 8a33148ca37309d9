"""From a name to an open container, with one line of explanation where that fails."""

import sys
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from monomocap.errors import VideoError
from monomocap.video.sources import Source

OPEN_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 10.0
"""A stream that says nothing for so long has ended."""
WEBCAMS: dict[str, tuple[str, str]] = {
    "linux": ("v4l2", "/dev/video{}"),
    "darwin": ("avfoundation", "{}"),
}
"""Operating system -> FFmpeg's input format for cameras, and what camera N is called there."""
STREAM_OPTIONS: dict[str, dict[str, str]] = {
    "stream": {"rtsp_flags": "prefer_tcp"},
}
"""FFmpeg's options by kind of source; RTSP by TCP where the server can: no picture gets lost. Its
`reconnect` is left off: what has no stated length would begin again at its end, for ever. So is
`nobuffer`: it throws away what came while the stream was being looked into."""
_LENIENT: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
)
"""Titles that are not UTF-8 stop no video; PyAV 19 needs no telling."""
_TEXT_FORMATS = {"tty"}
"""FFmpeg 'plays' text files as terminal art; a text file is not a video to anybody else."""


def open_container(source: Source) -> InputContainer:
    """The container of a source, not yet looked into; raises `VideoError`."""
    if source.at is not None:
        return _open_file(source.at, source.shown)
    if source.kind == "webcam":
        return _open_webcam(source)
    return _open_stream(source)


def picture_stream(container: InputContainer, shown: str) -> VideoStream:
    """The first moving picture; a cover in a music file is none."""
    covers = av.stream.Disposition.attached_pic
    streams = [s for s in container.streams.video if not s.disposition & covers]
    if not streams:
        held = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
        raise VideoError(f"{shown} has no video stream (it holds: {held}); name a video")
    if streams[0].codec_context is None:
        raise VideoError(
            f"{shown} uses a codec that this FFmpeg cannot decode; convert it to H.264"
        )
    return streams[0]


def reason(error: Exception) -> str:
    """What a foreign error says, without its number and file name."""
    if isinstance(error, av.error.ExitError):
        return f"nothing came for {READ_TIMEOUT_S:g} s"
    return getattr(error, "strerror", None) or str(error)


def _open_file(path: Path, shown: str) -> InputContainer:
    if not path.exists():
        raise VideoError(f"there is no file {shown}; check the name")
    if not path.is_file():
        raise VideoError(f"{shown} is not a file; name one video")
    try:
        # The prefix keeps a name like "a:b.mp4" from being read as a protocol.
        container = av.open(f"file:{path}", **_LENIENT)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise VideoError(
            f"{shown} is not a video, or is cut short before its index ({reason(error)}); "
            "try to play it, or copy it again"
        ) from error
    if container.format.name in _TEXT_FORMATS:
        container.close()
        raise VideoError(f"{shown} is a text file, not a video")
    return container


def _open_stream(source: Source) -> InputContainer:
    """An address, or standard input as it comes."""
    where: Any = sys.stdin.buffer if source.kind == "stdin" else source.word
    try:
        return av.open(
            where,
            options=STREAM_OPTIONS.get(source.kind, {}),
            timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S),
            **_LENIENT,
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise VideoError(
            f"cannot play {source.shown} ({reason(error)}); "
            "check the address, and that it is the video itself and not a page around it"
        ) from error


def _open_webcam(source: Source) -> InputContainer:
    if sys.platform not in WEBCAMS:
        raise VideoError(f"cameras are not supported on {sys.platform}; name a video or a stream")
    form, pattern = WEBCAMS[sys.platform]
    name = pattern.format(source.device)
    try:
        return av.open(name, format=form)
    except (av.FFmpegError, OSError, ValueError) as error:
        there = ", ".join(sorted(map(str, Path("/dev").glob("video*")))) or "none"
        raise VideoError(
            f"cannot open {source.shown}, {name} ({reason(error)}); cameras here: {there}"
        ) from error
