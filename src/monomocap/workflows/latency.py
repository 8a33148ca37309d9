"""How long a piece of work takes, measured beside its rivals so that a busy machine is fair."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

Work = Callable[[], object]
Shapes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one piece of work."""

    median_ms: float
    best_ms: float
    """The quickest run: what a quiet machine would take."""
    cpu_ms: float
    """Of all threads together, in the run that took least: neighbours hardly change it, threads
    that spin while they wait raise it."""
    runs: int


def in_turns(works: Sequence[Work], *, seconds: float, least_runs: int = 3) -> list[Latency]:
    """Measure each work, one after the other in every round, after a round that does not count.

    Rounds go on for `seconds`, and until there are `least_runs` of them; work so heavy that one
    round takes longer than `seconds` is measured once.
    """
    began_s = time.perf_counter()
    for work in works:
        work()
    once = time.perf_counter() - began_s > seconds
    rounds: list[list[tuple[float, float]]] = []
    began_s = time.perf_counter()
    while time.perf_counter() - began_s < seconds or len(rounds) < (1 if once else least_runs):
        rounds.append([_milliseconds(work) for work in works])
        if once:
            break
    return [_summary(runs) for runs in zip(*rounds, strict=True)]


def _milliseconds(work: Work) -> tuple[float, float]:
    """By the clock, and of the CPU."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - wall_s), 1000 * (time.process_time() - cpu_s)


def _summary(runs: Sequence[tuple[float, float]]) -> Latency:
    wall_ms, cpu_ms = zip(*runs, strict=True)
    return Latency(statistics.median(wall_ms), min(wall_ms), min(cpu_ms), len(runs))


# --- what is measured

WorkOfBatch = Callable[[int], Callable[[], object]]
"""Batch -> one forward pass."""


def torch_work(network: "nn.Module", shapes: Shapes, threads: int) -> WorkOfBatch:
    """Forward passes by eager torch; how many threads it uses is a matter of the whole process."""
    import torch

    network.eval()

    def of_batch(batch: int) -> Callable[[], object]:
        inputs = _inputs(batch, shapes)

        @torch.inference_mode()
        def work() -> object:
            return network(*inputs)

        return work

    return of_batch


def onnx_work(network: "nn.Module", shapes: Shapes, threads: int) -> WorkOfBatch:
    """Forward passes by ONNX Runtime, of the same network written to a file."""
    from monomocap.lift.onnx import PROVIDERS, export_network, runtime

    names = [f"x{number}" for number in range(len(shapes))]
    dynamic = {name: {0: "batch"} for name in (*names, "y")}
    ort = runtime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        inputs = dict(zip(names, _inputs(1, shapes), strict=True))
        export_network(network, file, inputs=inputs, dynamic=dynamic, metadata={})
        session: Any = ort.InferenceSession(str(file), options, providers=[PROVIDERS["cpu"]])

    def of_batch(batch: int) -> Callable[[], object]:
        arrays = [x.numpy() for x in _inputs(batch, shapes)]
        feed = dict(zip(names, arrays, strict=True))
        return lambda: session.run(None, feed)

    return of_batch


def _inputs(batch: int, shapes: Shapes) -> list["Tensor"]:
    import torch

    generator = torch.Generator().manual_seed(0)
    return [torch.randn(batch, *shape, generator=generator) for shape in shapes]


@contextmanager
def mediapipe_work() -> Iterator[Callable[[], object]]:
    """MediaPipe's 2D and 3D of the next frame of the embedded sample."""
    from monomocap.detect.catalogue import load_detector
    from monomocap.render.mannequin import Mannequin
    from monomocap.render.sample import SEED, sample_camera, sample_motion

    frames = Mannequin(SEED).render_frames(sample_motion(), sample_camera())
    walking = cycle(list(islice(frames, 12)))
    with load_detector("mediapipe") as detector:
        yield lambda: detector(next(walking))


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """So many threads in torch, and afterwards as many as before."""
    if find_spec("torch") is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
