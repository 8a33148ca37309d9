"""The systems that the model card names, in one table: what is published, and what they cost.

Published errors are MPJPE on Human3.6M, protocol 1, in mm, by where the 2D came from (GT: the
truth; CPN and HRNet: that detector). Their sources:

* HDFormer: Chen et al., IJCAI 2023, table 1, and its comparison on true 2D.
* U-CondDGCN, MixSTE with 81 frames, and MixSTE on HRNet's 2D: the same tables.
* MixSTE with 243 frames: Zhang et al., CVPR 2022. We know of no figure for 27 frames.
* CanonicalPose3D: its model card, which does not say what its 2D was.

Parameters and operations are not copied but counted on the networks as they are built here; an
operation is a multiplication or an addition, those of attention's products included.
"""

import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from monomocap.errors import OptionError
from monomocap.lift.own import SHIPPED
from monomocap.options import Progress, no_progress
from monomocap.workflows.latency import Latency, in_turns

if TYPE_CHECKING:
    from torch import Tensor, nn

Gives = Literal["3D", "root", "2D", "2D and 3D"]
Runtime = Literal["torch", "ONNX Runtime", "MediaPipe"]
Shape = tuple[int, ...]
Build = Callable[[], "nn.Module"]

BATCHES = (1, 8)
SECONDS = 2.0
"""How long each latency is measured."""
GIANT_PARAMETERS = 100_000_000
GIANT_GFLOP = 300.0
"""What needs more than this for one batch takes many seconds, or a gigabyte, and is measured only
when asked for."""

SMALLER = "equals recorded answers of the published code at smaller sizes, and its names and shapes"
UNCHECKED = "cannot be checked against an original: "


@dataclass(frozen=True)
class Entry:
    """One system, as it is published."""

    name: str
    gives: Gives
    year: int | None
    mpjpe_mm: Mapping[str, float]
    """Where the 2D came from -> error."""
    frames_in: int
    """Frames (or images) that one clip has."""
    frames_out: int
    """Frames that one pass answers."""
    proof: str
    """What the network here was checked against; begins with `UNCHECKED` if nothing."""
    runtime: Runtime = "torch"
    published: bool = True
    """Whether there is a form in which somebody may have published weights."""
    build: Build | None = None
    """The network as published, with weights of chance; None where torch has none."""
    shapes: tuple[Shape, ...] = ()
    """Of the inputs of one clip, without the batch."""

    @property
    def checked(self) -> bool:
        """Whether there is an original that the network here was held against."""
        return not self.proof.startswith(UNCHECKED)


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


# --- the networks, as published


def _hdformer() -> "nn.Module":
    from monomocap.lift.networks.hdformer import HDFormer

    return HDFormer()


def _ucond_dgcn(*, unofficial: bool) -> Build:
    def build() -> "nn.Module":
        from monomocap.lift.networks.ucond_dgcn import UCondDGCN

        return UCondDGCN(unofficial_quirks=unofficial)

    return build


def _mixste(frames: int) -> Build:
    def build() -> "nn.Module":
        from monomocap.lift.networks.mixste import MixSTE

        return MixSTE(frames=frames)

    return build


def _canonical_pose() -> "nn.Module":
    from monomocap.lift.networks.canonical_pose import CanonicalPose

    return CanonicalPose()


def _root_trajectory() -> "nn.Module":
    from monomocap.lift.networks.canonical_pose import RootTrajectory

    return RootTrajectory()


def _hrnet_v2(width: int) -> Build:
    def build() -> "nn.Module":
        from monomocap.detect.networks.hrnet import HRNetV2

        return HRNetV2(width=width)

    return build


def _hrnet() -> "nn.Module":
    from monomocap.detect.networks.hrnet import HRNet

    return HRNet(width=32)


SEEN = 243
"""Frames that an answer of CanonicalPose3D depends on, at VideoPose3D's sizes; its own are not
published."""
ANSWERED = 96
"""Frames that one pass of its pose network is asked for, as many as HDFormer's."""

_HDFORMER = Entry(
    name="HDFormer",
    gives="3D",
    year=2023,
    mpjpe_mm={"CPN": 42.6, "HRNet": 40.3, "GT": 21.6},
    frames_in=96,
    frames_out=96,
    proof="equals recorded answers of the published network",
    build=_hdformer,
    shapes=((2, 96, 17),),
)
_UNOFFICIAL = Entry(
    name="U-CondDGCN (unofficial)",
    gives="3D",
    year=2021,
    mpjpe_mm={},
    frames_in=96,
    frames_out=96,
    proof="equals recorded answers of the unofficial code, which has no weights and no figure",
    build=_ucond_dgcn(unofficial=True),
    shapes=((96, 17, 2),),
)
_MIXSTE = Entry(
    name="MixSTE T=243",
    gives="3D",
    year=2022,
    mpjpe_mm={"CPN": 40.9, "HRNet": 39.8, "GT": 21.6},
    frames_in=243,
    frames_out=243,
    proof=SMALLER,
    build=_mixste(243),
    shapes=((243, 17, 2),),
)
_HRNET_V2 = Entry(
    name="HRNetV2-W48",
    gives="2D",
    year=2020,
    mpjpe_mm={},
    frames_in=1,
    frames_out=1,
    proof=SMALLER,
    build=_hrnet_v2(48),
    shapes=((3, 128, 128),),
)

ENTRIES = (
    _HDFORMER,
    replace(
        _HDFORMER,
        name="HDFormer (ONNX Runtime)",
        proof="equals our torch network, which equals recorded answers of the published one",
        runtime="ONNX Runtime",
    ),
    _UNOFFICIAL,
    replace(
        _UNOFFICIAL,
        name="U-CondDGCN (paper)",
        mpjpe_mm={"CPN": 43.4, "HRNet": 41.1, "GT": 22.7},
        proof=UNCHECKED + "its authors published neither code nor weights",
        published=False,
        build=_ucond_dgcn(unofficial=False),
    ),
    replace(
        _MIXSTE,
        name="MixSTE T=27",
        mpjpe_mm={},
        frames_in=27,
        frames_out=27,
        build=_mixste(27),
        shapes=((27, 17, 2),),
    ),
    replace(
        _MIXSTE,
        name="MixSTE T=81",
        mpjpe_mm={"CPN": 42.4, "GT": 25.9},
        frames_in=81,
        frames_out=81,
        build=_mixste(81),
        shapes=((81, 17, 2),),
    ),
    _MIXSTE,
    Entry(
        name="CanonicalPose3D, pose",
        gives="3D",
        year=None,
        mpjpe_mm={"input not stated": 40.4},
        frames_in=SEEN - 1 + ANSWERED,
        frames_out=ANSWERED,
        proof=SMALLER,
        build=_canonical_pose,
        shapes=((SEEN - 1 + ANSWERED, 17, 2),),
    ),
    Entry(
        name="CanonicalPose3D, trajectory",
        gives="root",
        year=None,
        mpjpe_mm={},
        frames_in=SEEN,
        frames_out=1,
        proof=SMALLER,
        build=_root_trajectory,
        shapes=((SEEN, 17, 2), (17, 3)),
    ),
    _HRNET_V2,
    replace(
        _HRNET_V2,
        name="HRNetV2-W32",
        build=_hrnet_v2(32),
    ),
    replace(
        _HRNET_V2,
        name="HRNet-W32 COCO",
        year=2019,
        proof=UNCHECKED + "no recorded answers of its single-resolution head were at hand",
        build=_hrnet,
        shapes=((3, 256, 192),),
    ),
    Entry(
        name="MediaPipe Pose, full",
        gives="2D and 3D",
        year=2020,
        mpjpe_mm={},
        frames_in=1,
        frames_out=1,
        proof="is the original",
        runtime="MediaPipe",
    ),
)


# --- the table


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
    with _torch_threads(threads) if measure else nullcontext():
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
    if weights == SHIPPED_HERE:
        notes = (*notes, "published errors are not those of the weights that ship")
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
    if entry.name.lower().split(" (")[0] in SHIPPED:
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


WorkOfBatch = Callable[[int], Callable[[], object]]
"""Batch -> one forward pass."""


def torch_work(network: "nn.Module", shapes: tuple[Shape, ...], threads: int) -> WorkOfBatch:
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


def onnx_work(network: "nn.Module", shapes: tuple[Shape, ...], threads: int) -> WorkOfBatch:
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


def _inputs(batch: int, shapes: tuple[Shape, ...]) -> list["Tensor"]:
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
def _torch_threads(threads: int) -> Iterator[None]:
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
