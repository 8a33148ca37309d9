"""A page that shows the avatar's bones while they are sent, for this machine only.

Every page that is open gets the newest pose as a server-sent event; a page that is slow misses
poses, and nobody waits for it.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources

from monomocap.apps.drive.puppet import AvatarPose, joints_m
from monomocap.errors import OutputError
from monomocap.geometry.rig import RIG

WAIT_S = 1.0


class Preview:
    """Serves the page until its block ends; give it every pose."""

    def __init__(self, port: int = 0) -> None:
        """Port 0 takes any that is free. Raises `OutputError` for one that is taken."""
        self._changed = threading.Condition()
        self._newest = ""
        self._number = 0
        self._open = True
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        except (OSError, OverflowError) as error:
            raise OutputError(f"port {port} cannot be used for the preview: {error}") from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> "Preview":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._open = False
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def __call__(self, pose: AvatarPose, time_s: float) -> None:
        """Show this pose from now on."""
        told = {"time_s": round(time_s, 3), "joints_m": joints_m(pose).round(4).tolist()}
        with self._changed:
            self._newest, self._number = json.dumps(told), self._number + 1
            self._changed.notify_all()

    def after(self, number: int) -> tuple[int, str]:
        """The newest pose and its number, once there is one after `number`; or what there was."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > number or not self._open, WAIT_S)
            return self._number, self._newest

    @property
    def is_open(self) -> bool:
        """Whether pages are still served."""
        return self._open

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        preview = self

        class Handler(_Pages):
            shown = preview

        return Handler


class _Pages(BaseHTTPRequestHandler):
    shown: Preview

    def do_GET(self) -> None:
        """The page, or the stream of poses."""
        if self.path == "/":
            self._send("text/html; charset=utf-8", page())
        elif self.path == "/poses":
            self._stream()
        else:
            self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: standard error is for the command."""

    def _send(self, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        number = 0
        try:
            while self.shown.is_open:
                newest, told = self.shown.after(number)
                line = f"data: {told}\n\n" if newest > number else ": still here\n\n"
                number = newest
                self.wfile.write(line.encode())
                self.wfile.flush()
        except OSError:
            return  # the page was closed


def page() -> str:
    """The page, with the bones that it draws."""
    source = resources.files("monomocap.apps.drive").joinpath("preview.html").read_text("utf-8")
    sides = [RIG.side(joint) for joint in range(len(RIG))]
    return source.replace("BONES", json.dumps(RIG.bones)).replace("SIDES", json.dumps(sides))
