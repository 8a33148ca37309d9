"""A measured accuracy, and everything that it takes to measure it again."""

import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import monomocap


@dataclass(frozen=True)
class Score:
    """Errors in mm on the twelve limb joints, relative to the middle of the hips."""

    mpjpe: float
    n_mpjpe: float
    p_mpjpe: float
    coverage: float
    """Share of the frames with truth that have an answer; errors are over those."""
    frames: int


@dataclass(frozen=True)
class Report:
    """One lifter on one data set."""

    dataset: str
    input: str
    protocol: str
    lifter: str
    weights: Mapping[str, str]
    rows: Mapping[str, Score]
    """By subject."""
    fingerprint: str
    """SHA-256 of the input, where it was made on the way."""
    version: str = monomocap.__version__
    commit: str = ""

    @property
    def mean(self) -> Score:
        """Mean over the rows, each counting the same."""
        rows = list(self.rows.values())
        means = {
            name: float(np.mean([getattr(row, name) for row in rows]))
            for name in ("mpjpe", "n_mpjpe", "p_mpjpe", "coverage")
        }
        return Score(**means, frames=sum(row.frames for row in rows))

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self) | {"mean": asdict(self.mean)}

    def lines(self) -> list[str]:
        """For people."""
        head = [
            f"{self.dataset}, input {self.input}, lifter {self.lifter}",
            self.protocol,
            f"{'':16} {'MPJPE':>8} {'N-MPJPE':>8} {'PA-MPJPE':>8} {'coverage':>9} {'frames':>8}",
        ]
        rows = [_line(name, row) for name, row in (*self.rows.items(), ("mean", self.mean))]
        tail = [f"weights {name} sha256 {digest}" for name, digest in self.weights.items()]
        tail += [f"input sha256 {self.fingerprint}"] if self.fingerprint else []
        return [*head, *rows, *tail, f"monomocap {self.version} {self.commit}".strip()]


def _line(name: str, row: Score) -> str:
    errors = f"{row.mpjpe:8.1f} {row.n_mpjpe:8.1f} {row.p_mpjpe:8.1f}"
    return f"{name:16} {errors} {row.coverage:8.1%} {row.frames:8d}"


def git_commit() -> str:
    """The commit of the source tree, with '+' when it has changes; '' outside a checkout."""
    package = Path(monomocap.__file__).parent
    try:
        commit = _git(package, "rev-parse", "HEAD")
        changed = _git(package, "status", "--porcelain", "--untracked-files=no", "--", ".")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + ("+" if changed else "")


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
