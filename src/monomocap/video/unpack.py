"""From a container to its pictures, each with its stamp, whatever is damaged on the way."""

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import av
from av.video.stream import VideoStream

from monomocap.video.open import open_container, picture_stream, reason
from monomocap.video.sources import Source

MOST_AT_ONCE = 32
"""How many pictures such a decoder can have in hand, and lose. Where more packets than that gave no
picture, it is the codec's way: two packets for the halves of one, say."""
MOST_PIXELS = 1 << 27
"""More in one picture is damage, not a video: 16 times 4K."""


class NeedsCare(Exception):
    """A decoder that works on several pictures at once met damage, and has lost some of them."""


@dataclass
class Damage:
    """What went wrong on the way; told once, at the end."""

    pieces: int = 0
    first: str = ""

    def add(self, what: str, time_s: float | None) -> None:
        """One more thing, at this time of the container."""
        self.pieces += 1
        where = "" if time_s is None else f" at {time_s:.2f} s"
        self.first = self.first or f"{what}{where}"

    def __str__(self) -> str:
        more = f" (and {self.pieces - 1} more places)" if self.pieces > 1 else ""
        return f"{self.first}{more}" if self.pieces else ""


class Unpacking:
    """One reading of a container.

    Decoding several pictures at once is quicker; but where such a decoder meets damage it lets go
    of good pictures, too. Then it raises `NeedsCare`; whoever reads begins again with `careful`.
    """

    def __init__(self, source: Source, *, careful: bool) -> None:
        """Raises `VideoError` where there is no video."""
        self.container = open_container(source)
        self.damage = Damage()
        self.not_shown = 0
        """Pictures that the container counts and that are not meant to be seen."""
        self._fed = 0
        self._source, self._careful = source, careful
        # AVI has no display times: its stamps count in the order of decoding.
        self._unordered = self.container.format.name == "avi"
        self._stamps: deque[int | None] = deque()
        try:
            self.stream: VideoStream = picture_stream(self.container, source.shown)
            self.stream.thread_type = "SLICE" if careful else "AUTO"
            self.stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
        except BaseException:
            self.container.close()
            raise

    def pictures(self) -> Generator[av.VideoFrame, None, None]:
        """Every picture that can be decoded, in the order of showing; its `pts` is its stamp."""
        given = 0
        for picture in self._decoded():
            if self._unordered:
                picture.pts = self._stamps.popleft() if self._stamps else None
            given += 1
            yield picture
        if not self._careful and 0 < self._fed - self.not_shown - given <= MOST_AT_ONCE:
            raise NeedsCare

    def close(self) -> None:
        """Let go of the container."""
        self.container.close()

    def _decoded(self) -> Iterator[av.VideoFrame]:
        packets = self.container.demux(self.stream)
        while (packet := self._next_packet(packets)) is not None:
            if packet.is_corrupt and self.container.format.name != "mpegts":
                # The last piece of a file that was broken off: half a picture.
                self.damage.add("the file is cut short", _seconds(packet))
                continue
            self.not_shown += packet.is_discard or (packet.size == 0 and packet.dts is not None)
            self._fed += packet.size > 0
            if self._unordered and packet.size:
                self._stamps.append(packet.dts)
            for picture in self._decode(packet):
                if picture.is_corrupt:
                    self.damage.add("damaged picture", _seconds(packet))
                yield picture
        yield from self._drain()

    def _next_packet(self, packets: Iterator[av.Packet]) -> av.Packet | None:
        """None at the end, and where the source cannot be read any further."""
        try:
            return next(packets, None)
        except (av.FFmpegError, OSError) as error:
            what = "stream" if self._source.at is None else "file"
            self.damage.add(f"the {what} cannot be read further ({reason(error)})", None)
            return None

    def _decode(self, packet: av.Packet) -> list[av.VideoFrame]:
        try:
            return self.stream.decode(packet)
        except (av.FFmpegError, OSError) as error:
            if not self._careful:
                raise NeedsCare from error
            self.damage.add(f"damaged data ({reason(error)})", _seconds(packet))
            return []

    def _drain(self) -> Iterator[av.VideoFrame]:
        """What the decoder still holds."""
        while True:
            try:
                held = self.stream.decode(None)
            except av.EOFError:
                return
            except (av.FFmpegError, OSError) as error:
                if not self._careful:
                    raise NeedsCare from error
                return
            if not held:
                return
            yield from held


def _seconds(packet: av.Packet) -> float | None:
    stamp = packet.pts if packet.pts is not None else packet.dts
    return None if stamp is None else float(stamp * packet.time_base)
