"""The systems that the model card names, in one table: what is published, and what they cost.

Parameters and operations are not copied but counted on the networks as they are built here; an
operation is a multiplication or an addition, those of attention's products included.
"""

import os
import platform
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from monomocap.errors import OptionError
from monomocap.lift.own import SHIPPED
from monomocap.options import Progress, no_progress
from monomocap.workflows.latency import (
    Latency,
    in_turns,
    mediapipe_work,
    onnx_work,
    torch_threads,
    torch_work,
)
from monomocap.workflows.systems import ENTRIES, Build, Entry, Gives, Runtime, Shape

BATCHES = (1, 8)
SECONDS = 2.0
"""How long each latency is measured."""
GIANT_PARAMETERS = 100_000_000
GIANT_GFLOP = 300.0
"""What needs more than this for one batch takes many seconds, or a gigabyte, and is measured only
when asked for."""


@dataclass(frozen=True)
class Row:
    """A system and what it costs here; None where it was not counted or measured."""

    name: str
    gives: Gives
    year: int | None
    mpjpe_mm: Mapping[str, float]
    frames_in: int
    frames_out: int
    runtime: Runtime
    checked: bool
    proof: str
    weights: str
    """Which weights are on this machine."""
    licence: str
    """Of those weights."""
    parameters: int | None = None
    gflop_per_clip: float | None = None
    gflop_per_frame: float | None = None
    latency: Mapping[int, Latency] = field(default_factory=dict)
    """Batch -> time."""
    notes: tuple[str, ...] = ()
    """Why something is missing."""


@dataclass(frozen=True)
class Table:
    """All systems, and the machine that they were measured on."""

    machine: str
    device: str
    threads: int | None
    """Of torch and ONNX Runtime; None when nothing was measured."""
    rows: tuple[Row, ...]


def models(
    *,
    measure: bool = False,
    giants: bool = False,
    threads: int | None = None,
    seconds: float = SECONDS,
    entries: tuple[Entry, ...] = ENTRIES,
    progress: Progress = no_progress,
) -> Table:
    """The table; latencies only with `measure`, and of the largest only with `giants`.

    `threads` is how many torch and ONNX Runtime use, all cores if None. Raises `OptionError` for
    fewer than one. progress("models", systems so far, systems) is called between systems.
    """
    if threads is not None and threads < 1:
        raise OptionError(f"threads must be at least 1, not {threads}")
    threads = threads or os.cpu_count() or 1
    meter = _Meter(threads, seconds, giants) if measure else None
    rows = []
    with torch_threads(threads) if measure else nullcontext():
        for number, entry in enumerate(entries):
            progress("models", number, len(entries))
            rows.append(_row(entry, meter))
        progress("models", len(entries), len(entries))
    return Table(_machine(), "cpu", threads if measure else None, tuple(rows))


@dataclass(frozen=True)
class _Meter:
    threads: int
    seconds: float
    giants: bool


def _row(entry: Entry, meter: _Meter | None) -> Row:
    weights, licence = _weights(entry)
    parameters, gflop, notes = _counts(entry)
    latency: dict[int, Latency] = {}
    if meter is not None:
        latency, why = _latencies(entry, meter, parameters or 0, gflop or 0.0)
        notes = (*notes, *why)
    return Row(
        entry.name,
        entry.gives,
        entry.year,
        entry.mpjpe_mm,
        entry.frames_in,
        entry.frames_out,
        entry.runtime,
        entry.checked,
        entry.proof,
        weights,
        licence,
        parameters,
        gflop,
        None if gflop is None else gflop / entry.frames_out,
        latency,
        tuple(dict.fromkeys(notes)),
    )


SHIPPED_HERE = "shipped, of our own training"


def _weights(entry: Entry) -> tuple[str, str]:
    """Which weights lie on this machine, and their licence."""
    if entry.runtime == "MediaPipe":
        return "in MediaPipe's wheel", "Apache-2.0"
    if entry.shipped_as in SHIPPED:
        return SHIPPED_HERE, "Apache-2.0"
    if not entry.published:
        return "none anywhere", "none"
    word = "--detector" if entry.gives == "2D" else "--lifter"
    return f"none; {word} PATH takes a file", "its publisher's"


NO_TORCH = "torch is not installed: pip install 'monomocap[train]' to count and measure"


def _counts(entry: Entry) -> tuple[int | None, float | None, tuple[str, ...]]:
    """Parameters, GFLOP per clip, and why not."""
    if entry.build is None:
        return None, None, (f"{entry.runtime}'s networks are not torch's: not counted",)
    if find_spec("torch") is None:
        return None, None, (NO_TORCH,)
    counts = counted(entry.build, entry.shapes)
    return counts.parameters, counts.gflop, ()


@dataclass(frozen=True)
class Counts:
    """Of one network."""

    parameters: int
    gflop: float
    """Of one clip."""
    answer: Shape
    """Of the output for one clip, with the batch."""


@cache
def counted(build: Build, shapes: tuple[Shape, ...]) -> Counts:
    """Counted on a network without numbers, which takes no memory."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        network = build().eval()
        inputs = [torch.zeros(1, *shape) for shape in shapes]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        answer = network(*inputs)
    parameters = sum(p.numel() for p in network.parameters())
    return Counts(parameters, counter.get_total_flops() / 1e9, tuple(answer.shape))


# --- latency


def _latencies(
    entry: Entry, meter: _Meter, parameters: int, gflop: float
) -> tuple[dict[int, Latency], tuple[str, ...]]:
    """Time by batch, and why some is missing."""
    if entry.runtime == "MediaPipe":
        with mediapipe_work() as work:
            (latency,) = in_turns([work], seconds=meter.seconds)
        return {1: latency}, ("one frame at a time, with as many threads as it likes",)
    if entry.build is None or find_spec("torch") is None:
        return {}, ()
    batches = [b for b in BATCHES if meter.giants or not _is_giant(parameters, gflop * b)]
    notes = () if len(batches) == len(BATCHES) else ("the rest is measured with --all",)
    if not batches:
        return {}, notes
    work_of = torch_work if entry.runtime == "torch" else onnx_work
    work_on = work_of(entry.build(), entry.shapes, meter.threads)
    return {b: in_turns([work_on(b)], seconds=meter.seconds)[0] for b in batches}, notes


def _is_giant(parameters: int, gflop: float) -> bool:
    return parameters > GIANT_PARAMETERS or gflop > GIANT_GFLOP


def _machine() -> str:
    """What computes: the processor's own name where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    named = [
        line.partition(":")[2].strip()
        for line in (cpuinfo.read_text().splitlines() if cpuinfo.is_file() else [])
        if line.startswith("model name")
    ]
    name = named[0] if named else platform.processor() or platform.machine()
    return f"{platform.system()}, {name}, {os.cpu_count()} cores"
