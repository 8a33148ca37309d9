"""Two ModelScope folders, 2D and 3D, on a real video at lengths around the original's window.

    python benchmarks/published_pipeline.py VIDEO --detector FOLDER --lifter FOLDER [--boxes FILE]
    python benchmarks/published_pipeline.py VIDEO                 (random weights of full width)

The original answers nothing below 96 frames, drops the tail above, and fails at a second window.
Here every length has one row per frame. Exits with 1 where one has not. The video is looped, so
that it has as many frames; somebody should be in every one of them. Random weights see joints that
jump about: those are put aside as outliers, and such frames keep their row without some joints, or
without all where the trunk jumps.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np

from monomocap.options import Options
from monomocap.pipeline import estimate
from monomocap.workflows.memory import loop_video

LENGTHS = (1, 50, 96, 97, 300)


def random_folders(folder: Path, width: int) -> tuple[Path, Path]:
    """A detector's and a lifter's folder with random weights; the lifter's camera is arbitrary."""
    import json

    import torch

    from monomocap.detect.networks.hrnet import HRNetV2
    from monomocap.lift.networks.hdformer import HDFormer

    torch.manual_seed(0)
    detector, lifter = folder / "2d", folder / "3d"
    for path in (detector, lifter):
        path.mkdir()
    hrnet = HRNetV2(width=width)
    torch.nn.init.ones_(list(hrnet.parameters())[-1])  # every joint is seen somewhere
    torch.save(hrnet.state_dict(), detector / "pytorch_model.bin")
    torch.save({"state_dict": HDFormer().state_dict()}, lifter / "pytorch_model.bin")
    camera = {"center": [512, 512], "focal_length": [1145, 1144], "res_w": 1000}
    said = {"model": {"MODEL": {}, "INPUT": camera | {"n_frames": 96, "window_size": 96}}}
    (lifter / "configuration.json").write_text(json.dumps(said))
    for name, dim in (("mean_std_2d.npy", 2), ("mean_std_3d.npy", 3)):
        np.save(lifter / name, np.stack([np.zeros((17, dim)), np.ones((17, dim))]))
    return detector, lifter


def measured(video: Path, frames: int, options: dict[str, str | None]) -> tuple[str, bool]:
    """A line of the table, and whether every frame has its row."""
    began_s = time.perf_counter()
    take = estimate(video, Options(**options, max_frames=frames))  # type: ignore[arg-type]
    took_s = time.perf_counter() - began_s
    motion = take.motion()
    there = np.zeros((0, 17), bool) if motion is None else np.isfinite(motion.xyz_m).all(axis=-1)
    posed, joints = int(there.any(axis=1).sum()), int(there.sum())
    counts = f"{frames:>7}{len(take.time_s):>9}{len(take.motions):>8}{posed:>8}{joints:>9}"
    line = f"{counts}{took_s:>9.1f} s   {take.provenance.detector} on {take.provenance.device}"
    complete = {len(take.time_s), *(len(m.xyz_m) for m in take.motions)} == {frames}
    return line, complete


def _seconds(asked: argparse.Namespace) -> float:
    """Of a loop that has the frames of the longest length, and some more."""
    with av.open(asked.video) as container:
        fps = container.streams.video[0].average_rate or 1
    return max(asked.lengths) / float(fps) + 1.0


def main() -> int:
    """Print one line per length."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("video", type=Path)
    parser.add_argument("--detector")
    parser.add_argument("--lifter")
    parser.add_argument("--boxes")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--width", type=int, default=48, help="of the random HRNetV2")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        both = asked.detector and asked.lifter
        detector, lifter = (None, None) if both else random_folders(Path(folder), asked.width)
        options = {
            "detector": asked.detector or str(detector),
            "lifter": asked.lifter or str(lifter),
            "boxes": asked.boxes,
            "device": asked.device,
        }
        sys.stdout.write(
            f"{'asked':>7}{'frames':>9}{'people':>8}{'posed':>8}{'joints':>9}{'time':>11}\n"
        )
        fine = True
        video = loop_video(asked.video, Path(folder) / "looped.mkv", _seconds(asked))
        for frames in asked.lengths:
            line, complete = measured(video, frames, options)
            fine &= complete
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    return int(not fine)


if __name__ == "__main__":
    sys.exit(main())
