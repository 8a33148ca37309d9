"""Files over HTTP: continued where an earlier try stopped, whole or not at all.

What came so far lies in NAME.part, and NAME.part.json says of which address and of which edition
(ETag or date). It is continued only when the server confirms the edition (RFC 9110's If-Range);
otherwise it begins anew, so that two editions are never mixed.
"""

import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from monomocap.errors import OutputError, WeightsError
from monomocap.options import Progress, no_progress

TIMEOUT_S = 30.0
"""A server that says nothing for so long has gone."""
TRIES = 3
"""How often a connection that breaks off is taken up again, each time where it broke."""
_BLOCK = 1 << 20
_AGENT = {"User-Agent": "monomocap", "Accept-Encoding": "identity"}
_BROKEN = (
    urllib.error.URLError,
    http.client.HTTPException,
    ConnectionError,
    TimeoutError,
    ValueError,
)


@dataclass(frozen=True)
class _Answer:
    """What a server says before the bytes."""

    start: int
    """The first byte that it sends."""
    total: int | None
    """How long the whole file is, if it says so."""
    edition: str
    """ETag or date; empty when it gives neither."""


def is_url(text: str) -> bool:
    """Whether this is an address that `download` takes."""
    return re.match(r"https?://", text, re.IGNORECASE) is not None


def download(url: str, target: Path, progress: Progress = no_progress) -> Path:
    """The bytes at this address in the file `target`; progress("download", bytes, bytes or None).

    Raises `WeightsError` when they do not come (what came is kept and continued next time), and
    `OutputError` when they cannot be written.
    """
    part = target.with_name(f"{target.name}.part")
    with _told(url, target):
        for left in reversed(range(TRIES)):
            try:
                _continue(url, part, progress)
                break
            except urllib.error.HTTPError:
                raise
            except _BROKEN:
                if left == 0:
                    raise
        part.replace(target)
        _note(part).unlink(missing_ok=True)
    return target


def _continue(url: str, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    edition = _edition(part, url) if have else ""
    request = urllib.request.Request(url, headers=dict(_AGENT))
    if edition:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", edition)
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not edition:
            raise
        error.close()
        part.unlink()  # nothing begins there: the part is longer than the file, or all of it
        return _continue(url, part, progress)
    with response:
        answer = _answer(response, have)
        _note(part).write_text(json.dumps({"url": url, "edition": answer.edition}))
        _write(response, part, answer, progress)
    return None


def _answer(response: http.client.HTTPResponse, asked: int) -> _Answer:
    edition = _strong(response.headers.get("ETag")) or response.headers.get("Last-Modified") or ""
    length = response.headers.get("Content-Length")
    sent = int(length) if length and length.isdigit() else None
    if response.status != 206:
        return _Answer(0, sent, edition)
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if not found or int(found[1]) != asked:
        raise ValueError("the server sent another part of the file than was asked for")
    return _Answer(asked, None if sent is None else asked + sent, edition)


def _strong(etag: str | None) -> str:
    """A weak ETag (W/...) may stand for different bytes."""
    return "" if etag is None or etag.startswith("W/") else etag


def _write(
    response: http.client.HTTPResponse, part: Path, answer: _Answer, progress: Progress
) -> None:
    done = answer.start
    with part.open("r+b" if answer.start else "wb") as file:
        file.seek(answer.start)
        file.truncate()
        while block := response.read1(_BLOCK):
            file.write(block)
            done += len(block)
            progress("download", done, answer.total)
    if answer.total is None and not response.chunked:
        raise ConnectionError(
            "the server does not say how long the file is, so it may be cut short"
        )
    if answer.total is not None and done != answer.total:
        raise ConnectionError(f"it broke off after {done} of {answer.total} bytes")


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _edition(part: Path, url: str) -> str:
    """Of what lies there, if it came from this address; empty for unknown."""
    with suppress(OSError, ValueError):
        note = json.loads(_note(part).read_text())
        if isinstance(note, dict) and note.get("url") == url:
            return str(note.get("edition", ""))
    return ""


@contextmanager
def _told(url: str, target: Path) -> Iterator[None]:
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise WeightsError(
            f"{url} answers {error.code} {error.reason}; is it still there?"
        ) from error
    except _BROKEN as error:
        reason = getattr(error, "reason", None) or error
        raise WeightsError(
            f"cannot get {url}: {reason}; what came so far is kept, run it again to continue"
        ) from error
    except OSError as error:
        raise OutputError(
            f"cannot write {target}: {(error.strerror or str(error)).lower()}; "
            "choose another folder with --folder or free this one"
        ) from error
