"""A web server for tests: on this machine only, with ranges, editions and broken connections."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What lies there, and how badly it behaves."""

    files: dict[str, bytes] = field(default_factory=dict)
    etag: str = '"one"'
    """Empty for none."""
    ranges: bool = True
    break_after: int | None = None
    """Close the connection after so many bytes of each answer."""
    says_length: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """(path, Range) of each request so far."""
    url: str = ""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """The site, at `site.url`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            site.asked.append((self.path, wanted))
            content = site.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            start = 0
            if site.ranges and wanted and self.headers.get("If-Range", site.etag) == site.etag:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(content) > 0:
                self.send_error(416)
                return
            self._answer(content, start)

        def _answer(self, content: bytes, start: int) -> None:
            self.send_response(206 if start else 200)
            if start:
                last = len(content) - 1
                self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
            if site.says_length:
                self.send_header("Content-Length", str(len(content) - start))
            if site.etag:
                self.send_header("ETag", site.etag)
            self.end_headers()
            rest = content[start:]
            self.wfile.write(rest if site.break_after is None else rest[: site.break_after])

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a test is quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
