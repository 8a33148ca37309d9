"""How long after its picture an avatar's packet arrives, on this machine.

    python benchmarks/drive_delay.py ../shared/video/pose2sim_balance/cam02.mp4
    python benchmarks/drive_delay.py VIDEO --lifter hdformer

The video is followed as a camera would be, picture by picture: detect, lift, turn into rotations,
smooth, send over UDP to a receiver of this machine. Prints the mean and the 95th percentile of the
time from a picture's decoding to its packet's arrival, how many packets came per second, the
processor time of all threads per picture, loading included, which other work on the machine changes
little, and the machine's load. Aim: under 100 ms on two cores that nobody else uses.
"""

import argparse
import os
import socket
import time
from threading import Thread

import numpy as np

from monomocap.apps.drive import AvatarPose, VmcSender, drive_live
from monomocap.options import Options


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("video")
    words.add_argument("--lifter", default="mediapipe")
    words.add_argument("--frames", type=int, default=150)
    asked = words.parse_args()
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
            options = Options(lifter=asked.lifter, max_frames=asked.frames)
            done = drive_live(asked.video, timed, options)
            worked_s = time.process_time() - worked_s
        time.sleep(0.5)
    if not sent_s:
        raise SystemExit("nothing was sent: nobody was seen for the 1.5 s that calibration takes")
    on_the_way_s = float(np.mean(np.array(arrived_s) - sent_s[: len(arrived_s)]))
    rate = (len(sent_s) - 1) / (sent_s[-1] - sent_s[0])
    print(  # noqa: T201
        f"{asked.lifter}: {len(arrived_s)} of {done.frames} packets came, {rate:.1f} per second; "
        f"picture to packet {1000 * done.mean_delay_s:.0f} ms, 95 of 100 within "
        f"{1000 * done.worst_delay_s:.0f} ms; of it on the way {1000 * on_the_way_s:.2f} ms; "
        f"processor {1000 * worked_s / asked.frames:.0f} ms per picture; "
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
