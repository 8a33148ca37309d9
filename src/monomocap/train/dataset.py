"""Learning from a data set with its own cameras: Human3.6M or MPI-INF-3DHP, as papers do.

The training split teaches; statistics and a detector's residuals come from it alone. Validation is
on the test split, by the paper's protocol, of the network as it will be exported.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import nn

from monomocap.datasets.benchmarks import BENCHMARKS
from monomocap.datasets.recording import Benchmark, Recording
from monomocap.errors import DataError, OptionError, UnknownName
from monomocap.evaluate.benchmark import evaluate_benchmark
from monomocap.evaluate.inputs import input_named, lens_named
from monomocap.evaluate.protocols import protocol_named
from monomocap.lift.mirror import mirrored
from monomocap.lift.published import load_published
from monomocap.lift.windows import runs
from monomocap.skeleton import H36M17, convert
from monomocap.train.batches import Batch
from monomocap.train.config import TrainConfig
from monomocap.train.papers import LENS, UNKNOWN, on_plane, save_published, set_statistics

DATASETS = ("h36m", "3dhp")
_FILES = {
    "h36m": ("data_3d_h36m.npz", "S1/MyPoses"),
    "3dhp": ("data_train_3dhp.npz", "S1/Seq1/annot.mat"),
}
"""What a folder of each holds."""
STEP = {"hdformer": 5, "u-conddgcn": 5, "canonical-pose": 1}
"""Frames between training windows; MixSTE's lie side by side."""
PROTOCOLS = {
    "hdformer": "hdformer",
    "u-conddgcn": "centre:{frames}",
    "mixste": "chunks:{frames}",
    "canonical-pose": "whole",
}
VALIDATED = {"h36m": 20, "3dhp": 1}
"""While training one test recording in so many is measured; `monomocap evaluate` takes all."""
SMALLEST_STD = 1e-6
FLIPPED = 0.5


def dataset_at(path: Path) -> str | None:
    """Which data set lies at this path; None for anything else, motion capture say."""
    folder = path if path.is_dir() else path.parent
    for name, files in _FILES.items():
        named = path.name in files if path.is_file() else any((folder / f).exists() for f in files)
        if named:
            return name
    return None


@dataclass(frozen=True)
class Lesson:
    """All training recordings end to end."""

    xy: Float[np.ndarray, "frames 17 2"]
    """As the network takes it (`papers.on_plane`)."""
    xyz_m: Float[np.ndarray, "frames 17 3"]
    """From the pelvis, camera axes."""
    start: Int[np.ndarray, " recordings"]
    length: Int[np.ndarray, " recordings"]
    residual: Float[np.ndarray, "frames 17 2"] | None = None
    """What a detector was off by, to draw from; None where `xy` is what is learned from."""

    @property
    def statistics(self) -> dict[str, np.ndarray]:
        """Mean and deviation per joint and coordinate; the root stays where it is."""
        mm = 1000 * self.xyz_m
        std = {"std_2d": self.xy.std(axis=0).clip(SMALLEST_STD), "std_3d_mm": mm.std(axis=0)}
        return std | {"mean_2d": self.xy.mean(axis=0), "mean_3d_mm": mm.mean(axis=0)}


def read_lesson(config: TrainConfig, data: Path) -> Lesson:
    """The training split; raises `DataError`, `UnknownName` or `OptionError`.

    HDFormer learns from the true 2D and residuals of a detector, drawn for every joint and frame;
    the others from the detections themselves.
    """
    benchmark, seen = _benchmark(config), config.seen or "gt"
    source = input_named(seen, benchmark, data)
    perturbed = config.network == "hdformer" and seen != "gt"
    lens = lens_named(LENS.get(config.network, UNKNOWN))
    parts: list[tuple[np.ndarray, ...]] = []
    for recording in benchmark.recordings(data, "train"):
        camera = lens(recording.camera)

        def plane(xy_px: np.ndarray, camera: object = camera) -> np.ndarray:
            return on_plane(config.network, camera, xy_px)  # type: ignore[arg-type]

        track = recording.track if perturbed else source.track(recording)
        xy = plane(convert(track.xy_px.astype(np.float64), track.skeleton, H36M17))
        off = np.zeros_like(xy)
        if perturbed:
            found = source.track(recording)
            off = plane(convert(found.xy_px.astype(np.float64), found.skeleton, H36M17)) - xy
        parts.extend(_runs(recording, xy, off))
    if not parts:
        raise DataError(f"{data} has nothing to learn from: no frame has 2D and truth")
    xy, xyz_m, off = (np.concatenate(part).astype(np.float32) for part in zip(*parts, strict=True))
    length = np.array([len(part[0]) for part in parts])
    start = np.concatenate([[0], np.cumsum(length)[:-1]])
    return Lesson(xy, xyz_m, start, length, off if perturbed else None)


def _runs(
    recording: Recording, xy: np.ndarray, off: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Stretches without gaps: 2D, pose from the pelvis, what the detector was off by."""
    xyz_m = recording.truth.xyz_m - recording.truth.xyz_m[:, :1]
    known = np.isfinite(xy).all(axis=(1, 2)) & np.isfinite(xyz_m).all(axis=(1, 2))
    known &= np.isfinite(off).all(axis=(1, 2))
    for begin, end in runs(known):
        yield xy[begin:end], xyz_m[begin:end], off[begin:end]


def windows(config: TrainConfig, lesson: Lesson) -> Int[np.ndarray, "windows frames"]:
    """Frame numbers of every training window.

    HDFormer and U-CondDGCN take full windows alone; MixSTE's last chunk ends with the recording; a
    temporal network has a window around every frame. Edges are held.
    """
    rows = []
    for start, length in zip(lesson.start, lesson.length, strict=True):
        at = _begins(config, int(length))[:, None] + np.arange(config.frames)
        rows.append(start + at.clip(0, length - 1))
    return np.concatenate(rows)


def _begins(config: TrainConfig, length: int) -> Int[np.ndarray, " windows"]:
    frames, step = config.frames, STEP.get(config.network, config.frames)
    if config.network == "canonical-pose":
        return np.arange(0, length, step) - frames // 2
    if config.network == "mixste":
        begins = np.arange(0, length, step)
        return np.minimum(begins, max(0, length - frames))
    return np.arange(0, length - frames + 1, step)


def of_dataset(config: TrainConfig, data: Path, seen: str, steps: int | None) -> TrainConfig:
    """A paper's recipe on the data set at this path; `steps` are its epochs unless given.

    Raises `UnknownName` for a path of no data set, and `OptionError` for a recipe of no paper.
    """
    name = dataset_at(data)
    if name is None:
        raise UnknownName("data set of Human3.6M's or MPI-INF-3DHP's layout", str(data), DATASETS)
    if config.epochs is None:
        raise OptionError(f"the recipe {config.recipe} is for motion capture, not for {name}")
    epochs, config = config.epochs, replace(config, dataset=name, seen=seen)
    if steps is not None:
        return replace(config, steps=steps)
    count = len(windows(config, read_lesson(config, data)))
    return replace(config, steps=max(1, epochs * count // config.batch))


@dataclass(frozen=True)
class DatasetLessons:
    """The training split in random order, the test split to measure on."""

    config: TrainConfig
    data: Path
    lesson: Lesson
    windows: Int[np.ndarray, "windows frames"] = field(repr=False)

    @classmethod
    def read(cls, config: TrainConfig, data: Path) -> "DatasetLessons":
        """Raises `DataError` when no recording is as long as a window."""
        lesson = read_lesson(config, data)
        found = windows(config, lesson)
        if not len(found):
            raise DataError(f"{data} has no recording of {config.frames} frames to learn from")
        return cls(config, data, lesson, found)

    def batches(self, start: int) -> Iterator[tuple[int, Batch]]:
        """Every window once per epoch, in an order that the seed makes."""
        order = lru_cache(maxsize=2)(self._order)
        for step in range(start, self.config.steps):
            rng = np.random.default_rng([self.config.seed, 1, step])
            at = step * self.config.batch + np.arange(self.config.batch)
            epochs, places = np.divmod(at, len(self.windows))
            rows = np.array([order(int(e))[p] for e, p in zip(epochs, places, strict=True)])
            yield step, self._batch(self.windows[rows], rng)

    def _order(self, epoch: int) -> Int[np.ndarray, " windows"]:
        rng = np.random.default_rng([self.config.seed, 2, epoch])
        return rng.permutation(len(self.windows))

    def _batch(self, frames: Int[np.ndarray, "batch time"], rng: np.random.Generator) -> Batch:
        xy, xyz_m = self.lesson.xy[frames], self.lesson.xyz_m[frames]
        if self.lesson.residual is not None:
            drawn = rng.integers(len(self.lesson.residual), size=xy.shape[:3])
            xy = xy + self.lesson.residual[drawn, np.arange(xy.shape[2])]
        turn = rng.random(len(xy)) < FLIPPED
        return _some_mirrored(xy, turn), _some_mirrored(xyz_m, turn)

    def prime(self, network: nn.Module) -> None:
        """Hand it the training split's statistics."""
        set_statistics(network, self.lesson.statistics)

    def measure(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Errors on the test split, by the paper's protocol."""
        config, benchmark = self.config, _benchmark(self.config)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{config.network}.pth"
            save_published(network.state_dict(), config.network, file)
            lifter = load_published(file, "cuda" if device.type == "cuda" else "cpu")
        report = evaluate_benchmark(
            benchmark,
            self.data,
            lifter,
            input_named(config.seen or "gt", benchmark, self.data),
            protocol_named(PROTOCOLS[config.network].format(frames=config.frames)),
            split="test",
            lens=LENS.get(config.network, UNKNOWN),
            every=VALIDATED[benchmark.name],
            peer=False,
        )
        mean = report.mean
        return {
            "test_mpjpe": mean.mpjpe,
            "test_n_mpjpe": mean.n_mpjpe,
            "test_p_mpjpe": mean.p_mpjpe,
        }


def _benchmark(config: TrainConfig) -> Benchmark:
    if config.dataset not in DATASETS:
        raise UnknownName("data set to learn from", str(config.dataset), DATASETS)
    return BENCHMARKS[config.dataset]


def _some_mirrored(
    poses: Float[np.ndarray, "batch time 17 dim"], which: Bool[np.ndarray, " batch"]
) -> Float[np.ndarray, "batch dim time 17"]:
    channels = np.moveaxis(poses, -1, 1)
    turned = np.where(which[:, None, None, None], mirrored(channels, H36M17), channels)
    return np.ascontiguousarray(turned, dtype=np.float32)
