"""How long after its picture an avatar's packet arrives, on this machine.

    python benchmarks/drive_delay.py ../shared/video/pose2sim_balance/cam02.mp4
    python benchmarks/drive_delay.py VIDEO --lifter hdformer --seconds 30

The video, repeated until it is so long, is followed as a camera would be, picture by picture:
detect, lift, turn into rotations, smooth, send over UDP to a receiver of this machine. Prints the
median and the 95th percentile of the time from a picture's decoding to its packet's arrival, how
many packets came per second, the processor time of all threads per picture, loading included, which
other work on the machine changes little, and the machine's load. Aim: under 100 ms on two cores
that nobody else uses.
"""

import argparse
import os
import socket
import tempfile
import time
from pathlib import Path
from threading import Thread

import av
import numpy as np

from monomocap.apps.drive import AvatarPose, VmcSender, drive_live
from monomocap.options import Options


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("video")
    words.add_argument("--lifter", default="mediapipe")
    words.add_argument("--seconds", type=float, default=30.0, help="of film, repeated if need be")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "repeated.mkv"
        frames = repeated(asked.video, film, asked.seconds)
        follow(film, asked.lifter, frames)


def repeated(video: str, film: Path, seconds: float) -> int:
    """Write the video's packets again and again, as they are; returns how many pictures."""
    frames, after, written_s = 0, 0, 0.0
    with av.open(str(film), "w") as out:
        stream = None
        while written_s < seconds:
            with av.open(video) as source:
                picture = source.streams.video[0]
                stream = stream or out.add_stream_from_template(picture)
                begin, end = after, after
                for packet in source.demux(picture):
                    if packet.pts is None or packet.dts is None:
                        continue
                    length = packet.duration or 1
                    packet.pts, packet.dts = packet.pts + begin, packet.dts + begin
                    packet.stream = stream
                    end = max(end, packet.pts + length)
                    frames += 1
                    out.mux(packet)
                assert picture.time_base is not None
                after, written_s = end, float(end * picture.time_base)
    return frames


def follow(video: Path, lifter: str, frames: int) -> None:
    """Measure and print."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        arrived_s: list[float] = []
        sent_s: list[float] = []
        Thread(target=listen, args=(receiver, arrived_s), daemon=True).start()
        with VmcSender(f"127.0.0.1:{receiver.getsockname()[1]}") as send:

            def timed(pose: AvatarPose, time_s: float) -> None:
                sent_s.append(time.monotonic())
                send(pose, time_s)

            worked_s = time.process_time()
            done = drive_live(video, timed, Options(lifter=lifter))
            worked_s = time.process_time() - worked_s
        time.sleep(0.5)
    if not sent_s:
        raise SystemExit("nothing was sent: nobody was seen for the 1.5 s that calibration takes")
    on_the_way_s = float(np.mean(np.array(arrived_s) - sent_s[: len(arrived_s)]))
    rate = (len(sent_s) - 1) / (sent_s[-1] - sent_s[0])
    print(  # noqa: T201
        f"{lifter}: {len(arrived_s)} of {done.frames} packets came, {rate:.1f} per second; "
        f"picture to packet {1000 * done.median_delay_s:.0f} ms (median), 95 of 100 within "
        f"{1000 * done.worst_delay_s:.0f} ms; of it on the way {1000 * on_the_way_s:.2f} ms; "
        f"processor {1000 * worked_s / frames:.0f} ms per picture; "
        f"load {os.getloadavg()[0]:.1f}"
    )


def listen(receiver: socket.socket, arrived_s: list[float]) -> None:
    """Note when each packet comes, until none does for a while."""
    try:
        while True:
            receiver.recv(65536)
            arrived_s.append(time.monotonic())
    except OSError:
        return


if __name__ == "__main__":
    main()
