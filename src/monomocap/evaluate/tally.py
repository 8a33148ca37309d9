"""Errors summed up recording by recording, so that no data set is held in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

from monomocap.datasets.recording import Benchmark, Recording
from monomocap.evaluate.metrics import auc, joint_errors, mpjve, pck
from monomocap.evaluate.protocols import Piece
from monomocap.evaluate.report import Score
from monomocap.geometry.align import align_scale, align_similarity
from monomocap.skeleton import H36M17

Poses = Float[np.ndarray, "frame joint 3"]


@dataclass
class Mean:
    """A mean that grows."""

    total: float = 0.0
    weight: float = 0.0

    def add(self, value: float, weight: float = 1.0) -> None:
        """One more value; NaN is none."""
        if np.isfinite(value) and weight > 0:
            self.total += value * weight
            self.weight += weight

    @property
    def value(self) -> float:
        return self.total / self.weight if self.weight else float("nan")


@dataclass
class Tally:
    """Everything that a row of a report says."""

    benchmark: Benchmark
    means: dict[str, Mean] = field(default_factory=dict)
    asked: int = 0
    answered: int = 0
    frames: int = 0
    """Counted: some protocols count some frames twice."""

    def add(self, recording: Recording, pieces: Sequence[Piece]) -> None:
        """One recording's answers, in metres from anywhere."""
        truth = centred_mm(self.benchmark, recording.truth.xyz_m)
        counts = _counted(recording, truth)
        seen = np.zeros(len(truth), dtype=bool)
        errors: list[np.ndarray] = []
        for frames, xyz_m in pieces:
            answer = centred_mm(self.benchmark, xyz_m)
            answer[~counts[frames]] = np.nan
            found = np.isfinite(answer + truth[frames]).all(axis=-1)
            seen[frames[found.any(axis=1)]] = True
            errors.append(self._add_piece(answer, truth[frames]))
        self.asked += int(counts.sum())
        self.answered += int(seen.sum())
        if self.benchmark.pck and errors:
            self._add_pck(np.concatenate(errors))

    def _add_piece(self, answer: Poses, truth: Poses) -> np.ndarray:
        here = np.isfinite(answer + truth).all(axis=-1).any(axis=1)
        answer, truth = answer[here], truth[here]
        errors = joint_errors(answer, truth)
        self._add_errors("mpjpe", errors)
        self._add_errors("n_mpjpe", joint_errors(align_scale(answer, truth), truth))
        self._add_errors("p_mpjpe", joint_errors(align_similarity(answer, truth), truth))
        if len(answer) > 1:
            self._mean("mpjve").add(mpjve(answer, truth), len(answer))
        self.frames += len(answer)
        return errors

    def _add_errors(self, name: str, errors: np.ndarray) -> None:
        counted = errors[np.isfinite(errors)]
        if counted.size:
            self._mean(name).add(float(counted.mean()), counted.size)

    def _add_pck(self, errors: np.ndarray) -> None:
        """MPI-INF-3DHP's joints of `errors`, put back where H36M17 has them."""
        full = np.full((len(errors), len(H36M17)), np.nan)
        full[:, _numbers(self.benchmark.joints)] = errors
        self._mean("pck").add(pck([full]))
        self._mean("auc").add(auc([full]))

    def _mean(self, name: str) -> Mean:
        return self.means.setdefault(name, Mean())

    def score(self) -> Score:
        """What was added so far."""
        value = {name: mean.value for name, mean in self.means.items()}
        nan = float("nan")
        return Score(
            mpjpe=value.get("mpjpe", nan),
            n_mpjpe=value.get("n_mpjpe", nan),
            p_mpjpe=value.get("p_mpjpe", nan),
            coverage=self.answered / self.asked if self.asked else nan,
            frames=self.frames,
            mpjve=value.get("mpjve", nan),
            pck=value.get("pck", nan) if self.benchmark.pck else None,
            auc=value.get("auc", nan) if self.benchmark.pck else None,
        )


def centred_mm(benchmark: Benchmark, xyz_m: Float[np.ndarray, "frame 17 3"]) -> Poses:
    """The joints that a data set scores, from its root, in mm."""
    xyz_m = xyz_m.astype(np.float64)
    root = xyz_m[:, _numbers(benchmark.root)].mean(axis=1, keepdims=True)
    return 1000 * (xyz_m[:, _numbers(benchmark.joints)] - root)


def _numbers(joints: Sequence[str]) -> list[int]:
    return [H36M17.index(joint) for joint in joints]


def _counted(recording: Recording, truth: Poses) -> Bool[np.ndarray, " frame"]:
    known: Bool[np.ndarray, " frame"] = np.isfinite(truth).all(axis=-1).any(axis=1)
    return known if recording.scored is None else known & recording.scored
