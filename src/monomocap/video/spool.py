"""What cannot be read twice, put into a temporary file: standard input, and videos on the web.

On disk, not in memory; the file is gone when the block ends. Live streams and playlists are left
as they are.
"""

import http.client
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from monomocap.errors import VideoError
from monomocap.video.open import OPEN_TIMEOUT_S
from monomocap.video.sources import Source

TRIES = 5
"""Connections that may break before a download counts as broken off."""
CHUNK_BYTES = 1 << 18
_PLAYLISTS = ("mpegurl", "dash+xml", "multipart/")


@contextmanager
def local(source: Source) -> Iterator[Source]:
    """The same source with its bytes on this machine, or itself where that cannot be.

    Raises `VideoError`. A download that breaks off for good gives what came, and says so in `cut`.
    """
    if source.at is not None or source.kind not in ("stdin", "url"):
        yield source
        return
    suffix = Path(urlsplit(source.word).path).suffix if source.kind == "url" else ""
    with tempfile.NamedTemporaryFile(prefix="monomocap-", suffix=suffix[:10]) as file:
        filled = _from_stdin if source.kind == "stdin" else _from_web
        yield filled(source, file)


def _from_stdin(source: Source, file: IO[bytes]) -> Source:
    if sys.stdin.buffer.isatty():
        raise VideoError("standard input is a terminal; pipe a video into it, or name a file")
    shutil.copyfileobj(sys.stdin.buffer, file, CHUNK_BYTES)
    file.flush()
    if not file.tell():
        raise VideoError("standard input is empty; pipe a video into it, or name a file")
    return replace(source, at=Path(file.name))


def _from_web(source: Source, file: IO[bytes]) -> Source:
    """Fetch what has a stated length; go on where a connection broke."""
    length: int | None = None
    edition, why = "", ""
    for _ in range(TRIES):
        try:
            with _ask(source, file.tell(), edition) as answer:
                if length is None:
                    length = _length(answer)
                    edition = answer.headers.get("ETag", answer.headers.get("Last-Modified", ""))
                if length is None:
                    return source
                if answer.status != http.client.PARTIAL_CONTENT:
                    file.seek(0)
                    file.truncate()
                shutil.copyfileobj(answer, file, CHUNK_BYTES)
        except (OSError, http.client.HTTPException) as error:
            why = _why(error)
            if isinstance(error, urllib.error.HTTPError) and error.code < 500:
                break
        if length is not None and file.tell() >= length:
            break
    file.flush()
    if not file.tell():
        raise VideoError(f"cannot fetch {source.shown} ({why or 'it is empty'}); check the address")
    cut = "" if file.tell() == length else f"the download broke off ({why or 'too short'})"
    return replace(source, at=Path(file.name), cut=cut)


def _ask(source: Source, start: int, edition: str) -> http.client.HTTPResponse:
    headers = {"User-Agent": "monomocap"}
    if start and edition:
        headers |= {"Range": f"bytes={start}-", "If-Range": edition}
    request = urllib.request.Request(source.word, headers=headers)
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=OPEN_TIMEOUT_S)
    return answer


def _length(answer: http.client.HTTPResponse) -> int | None:
    """Bytes of a whole file; None for a stream or a playlist, which FFmpeg reads itself."""
    kind = answer.headers.get("Content-Type", "").lower()
    ending = Path(urlsplit(answer.url).path).suffix.lower()
    if any(word in kind for word in _PLAYLISTS) or ending in (".m3u8", ".mpd"):
        return None
    stated = answer.headers.get("Content-Length", "")
    return int(stated) if stated.isdecimal() else None


def _why(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server says {error.code} {error.reason}"
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or str(reason) or type(error).__name__
