"""Measure a lifter, or finished answers, on a data set with truth."""

from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

from monomocap.datasets.recording import Benchmark, Recording
from monomocap.errors import DataError
from monomocap.evaluate.answers import Answers
from monomocap.evaluate.inputs import LENSES, Input, detected_by, lens_named
from monomocap.evaluate.protocols import Piece, Protocol
from monomocap.evaluate.report import Report, Score, git_commit, mean_of
from monomocap.evaluate.tally import Tally
from monomocap.lift.mediapipe import MediaPipeWorld
from monomocap.lift.protocol import Lifter
from monomocap.options import Progress, no_progress
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Track2D

PEER = "mediapipe's own"
STEPS_PX = 1e-3
"""Pixels are rounded to this before they are hashed, so that the last bits change nothing."""


def evaluate_benchmark(
    benchmark: Benchmark,
    data: Path,
    answerer: Lifter | Answers,
    source: Input,
    protocol: Protocol,
    *,
    split: str | None = None,
    lens: str = "given",
    every: int = 1,
    peer: bool = True,
    progress: Progress = no_progress,
) -> Report:
    """One pass over the recordings: nothing is kept of them but sums.

    Where recordings have videos MediaPipe's own 3D is measured on the same frames (`peer`).
    `every` keeps one recording in that many.
    """
    split = split or benchmark.splits[0]
    seen_as = lens_named(lens)
    rows, peers, overall = _Rows(benchmark), _Rows(benchmark), Tally(benchmark)
    digest = sha256()
    watcher = detected_by("mediapipe") if peer and source.name != "mediapipe" else source
    done = 0
    for number, recording in enumerate(benchmark.recordings(data, split)):
        if number % every:
            continue
        progress("evaluate", done, None)
        done += 1
        if isinstance(answerer, Answers):
            pieces = answerer(recording)
        else:
            track, camera = source.track(recording), seen_as(recording.camera)
            digest.update(_digest(track))
            pieces = protocol.answer(answerer, track, camera)
        rows.add(recording, pieces)
        overall.add(recording, pieces)
        if peer and recording.video is not None:
            peers.add(recording, _peer(watcher.track(recording), recording.camera))
    if not done:
        raise DataError(f"{data} has no recording of the {split} split of {benchmark.name}")
    progress("evaluate", done, done)
    finished = isinstance(answerer, Answers)
    return Report(
        dataset=benchmark.about + (f" (one recording in {every})" if every > 1 else ""),
        input="none (finished answers)" if finished else source.name,
        protocol=f"{_scored(benchmark)}; protocol {protocol.name}: {protocol.about}",
        lifter=answerer.name,
        weights=answerer.weights,
        rows=rows.scores(),
        fingerprint="" if finished else digest.hexdigest(),
        commit=git_commit(),
        split=split,
        lens="" if finished else LENSES[lens],
        detector=source.weights,
        every_frame=overall.score(),
        peers={PEER: mean_of(list(peers.scores().values()))} if peers.tallies else {},
    )


def _scored(benchmark: Benchmark) -> str:
    joints = "17 joints" if benchmark.joints == H36M17.joints else f"{len(benchmark.joints)} joints"
    root = "the pelvis" if benchmark.root == ("pelvis",) else "the middle of the hips"
    return (
        f"{joints} relative to {root}, mm; mean per {benchmark.rows}, then over {benchmark.rows}s"
    )


def _peer(track: Track2D, camera: Camera) -> list[Piece]:
    """MediaPipe's world landmarks, for frames in which it saw anybody."""
    if track.world_m is None:
        return []
    return [(np.arange(len(track.time_s)), MediaPipeWorld()(track, camera).xyz_m)]


def _digest(track: Track2D) -> bytes:
    steps = np.nan_to_num(track.xy_px.astype(np.float64) / STEPS_PX, nan=-1e9)
    return sha256(np.rint(steps).astype(np.int64).tobytes()).digest()


class _Rows:
    """One tally per action or subject."""

    def __init__(self, benchmark: Benchmark) -> None:
        self.benchmark = benchmark
        self.tallies: dict[str, Tally] = defaultdict(lambda: Tally(benchmark))

    def add(self, recording: Recording, pieces: Sequence[Piece]) -> None:
        name = recording.action if self.benchmark.rows == "action" else recording.subject
        self.tallies[name].add(recording, pieces)

    def scores(self) -> dict[str, Score]:
        return {name: tally.score() for name, tally in sorted(self.tallies.items())}
