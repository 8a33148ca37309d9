"""HDFormer through ONNX Runtime against eager torch, in turns in one run.

    python benchmarks/onnx_ratio.py --threads 2

Targets on two free cores: 0.3 of torch's time for one clip of 96 frames, 0.8 for eight. Neighbours
on a busy machine disturb times by the clock; with `--threads 1` those of the CPU stay comparable.
"""

import argparse

import torch

from monomocap.lift.networks.hdformer import HDFormer
from monomocap.workflows.latency import Latency, in_turns, onnx_work, torch_work

CLIP = (3, 96, 17)
TARGETS = {1: 0.3, 8: 0.8}
"""Clips at once -> the largest ratio that is good enough."""


def measure(threads: int, seconds: float) -> dict[int, tuple[Latency, Latency]]:
    """Clips at once -> latency of torch, latency of ONNX Runtime."""
    torch.set_num_threads(threads)
    network = HDFormer(in_channels=3, published_graph=False)
    by_torch = torch_work(network, (CLIP,), threads)
    by_onnx = onnx_work(network, (CLIP,), threads)
    measured = {}
    for batch in TARGETS:
        eager, ort = in_turns([by_torch(batch), by_onnx(batch)], seconds=seconds)
        measured[batch] = (eager, ort)
    return measured


def main() -> None:
    """Print one line for each batch."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5, help="for each batch")
    chosen = parser.parse_args()
    print(f"{'clips':>5} {'torch ms':>9} {'ONNX ms':>8} {'ratio':>6} {'of CPU':>7} {'target':>7}")  # noqa: T201
    for batch, (eager, ort) in measure(chosen.threads, chosen.seconds).items():
        print(  # noqa: T201
            f"{batch:5} {eager.best_ms:9.1f} {ort.best_ms:8.1f} {ort.best_ms / eager.best_ms:6.2f} "
            f"{ort.cpu_ms / eager.cpu_ms:7.2f} {TARGETS[batch]:7.2f}"
        )


if __name__ == "__main__":
    main()
