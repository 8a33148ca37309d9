"""A camera on this machine: a small RTSP server that sends a video over TCP, in real time or not.

RFC 2326 with interleaved RTP (RFC 3550); the payload is an MPEG transport stream (RFC 2250).
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\n"
PACKET_BYTES = 7 * 188


@dataclass
class Camera:
    """Where it is, and what it does after its video."""

    url: str
    played: threading.Event


@contextmanager
def camera(
    transport_stream: Path, *, seconds: float = 0.0, falls_silent: bool = False
) -> Iterator[Camera]:
    """Serves `transport_stream`, spread over `seconds`; then hangs up, or says nothing any more."""
    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()
    here = Camera(f"rtsp://me:secret@127.0.0.1:{listening.getsockname()[1]}/1", threading.Event())

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                _talk(connection)
                _send(connection, transport_stream.read_bytes(), seconds, stop)
                here.played.set()
                if falls_silent:
                    stop.wait(30)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        stop.set()
        listening.close()
        thread.join(timeout=5)


def _talk(connection: socket.socket) -> None:
    """Answer until the client wants to see something."""
    asked = connection.makefile("rb")
    method = ""
    while method != "PLAY":
        request = asked.readline().decode().split()
        method, headers = request[0], {}
        while line := asked.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        answer = f"RTSP/1.0 200 OK\r\nCSeq: {headers['cseq']}\r\nSession: 1\r\n"
        if method == "OPTIONS":
            answer += "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        if method == "SETUP":
            answer += f"Transport: {headers['transport']}\r\n"
        body = SDP if method == "DESCRIBE" else ""
        if body:
            answer += f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        connection.sendall((answer + "\r\n" + body).encode())


def _send(connection: socket.socket, data: bytes, seconds: float, stop: threading.Event) -> None:
    began, count = time.monotonic(), -(-len(data) // PACKET_BYTES)
    for number in range(count):
        due = began + seconds * number / count
        if stop.wait(max(0.0, due - time.monotonic())):
            return
        payload = data[number * PACKET_BYTES : (number + 1) * PACKET_BYTES]
        ticks = int(90_000 * seconds * number / count)
        rtp = bytes([0x80, 33]) + (number % 65536).to_bytes(2, "big")
        rtp += ticks.to_bytes(4, "big") + b"\0\0\0\1" + payload
        connection.sendall(b"$\0" + len(rtp).to_bytes(2, "big") + rtp)
