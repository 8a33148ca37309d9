"""A measured accuracy, and everything that it takes to measure it again."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

import monomocap


@dataclass(frozen=True)
class Score:
    """Errors in mm, relative to a root, on the joints that the report's protocol names."""

    mpjpe: float
    n_mpjpe: float
    p_mpjpe: float
    coverage: float
    """Share of the frames with truth that have an answer; errors are over those."""
    frames: int
    mpjve: float | None = None
    """mm per frame."""
    pck: float | None = None
    """Share of joints within 150 mm, MPI-INF-3DHP's groups."""
    auc: float | None = None
    p_mpjpe_17: float | None = None
    """PA-MPJPE of all 17 joints, where the others are of fewer."""
    p_mpjpe_peer: float | None = None
    """PA-MPJPE of MediaPipe's own 3D on the same frames."""


def mean_of(rows: Sequence[Score]) -> Score:
    """Mean over rows, each counting the same; what only some rows have is left out.

    A row without any answer has no error (NaN): it counts in the coverage alone.
    """
    means: dict[str, float | None] = {}
    for name in _MEANS:
        values = [getattr(row, name) for row in rows]
        known = [value for value in values if value is not None]
        means[name] = _mean(known) if len(known) == len(values) and known else None
    frames = sum(row.frames for row in rows)
    return Score(frames=frames, **means)  # type: ignore[arg-type]


_MEANS = (
    "mpjpe",
    "n_mpjpe",
    "p_mpjpe",
    "p_mpjpe_17",
    "p_mpjpe_peer",
    "coverage",
    "mpjve",
    "pck",
    "auc",
)


def _mean(values: Sequence[float]) -> float:
    there = [value for value in values if np.isfinite(value)]
    return float(np.mean(there)) if there else float("nan")


@dataclass(frozen=True)
class Report:
    """One lifter on one data set."""

    dataset: str
    input: str
    protocol: str
    lifter: str
    weights: Mapping[str, str]
    rows: Mapping[str, Score]
    """By subject or action."""
    fingerprint: str
    """SHA-256 of the input, where it was made on the way."""
    version: str = monomocap.__version__
    commit: str = ""
    split: str = ""
    lens: str = ""
    """What the lifter was told of the camera."""
    detector: Mapping[str, str] = field(default_factory=dict)
    """Weights of the detector whose 2D went in."""
    every_frame: Score | None = None
    """All frames alike, whatever their row."""
    peers: Mapping[str, Score] = field(default_factory=dict)
    """Others on the same frames, as the mean over the same rows."""

    @property
    def mean(self) -> Score:
        """Mean over the rows, each counting the same."""
        return mean_of(list(self.rows.values()))

    def as_dict(self) -> dict[str, object]:
        """For JSON; what could not be measured is None."""
        found = _without_nan(asdict(self) | {"mean": asdict(self.mean)})
        assert isinstance(found, dict)
        return found

    def lines(self) -> list[str]:
        """For people."""
        lens = f", lens {self.lens}" if self.lens else ""
        split = f" ({self.split})" if self.split else ""
        shown = [column for column in _COLUMNS if getattr(self.mean, column[0]) is not None]
        titles = " ".join(f"{title:>{width}}" for _, title, width, _ in shown)
        wide = max(16, *(len(name) for name in self.rows)) if self.rows else 16
        head = [
            f"{self.dataset}{split}, input {self.input}{lens}, lifter {self.lifter}",
            self.protocol,
            f"{'':{wide}} {titles}",
        ]
        rows = [*self.rows.items(), ("mean", self.mean)]
        rows += [("every frame", self.every_frame)] if self.every_frame else []
        rows += list(self.peers.items())
        files = [*self.weights.items(), *self.detector.items()]
        tail = [f"weights {name} sha256 {digest}" for name, digest in files]
        tail += [f"input sha256 {self.fingerprint}"] if self.fingerprint else []
        lines = [_line(name, row, shown, wide) for name, row in rows]
        ratios = [
            f"PA-MPJPE is {self.mean.p_mpjpe / peer.p_mpjpe:.2f} of {name}"
            for name, peer in self.peers.items()
        ]
        return [*head, *lines, *ratios, *tail, f"monomocap {self.version} {self.commit}".strip()]


_Column = tuple[str, str, int, str]
_COLUMNS: tuple[_Column, ...] = (
    ("mpjpe", "MPJPE", 8, ".1f"),
    ("n_mpjpe", "N-MPJPE", 8, ".1f"),
    ("p_mpjpe", "PA-MPJPE", 8, ".1f"),
    ("p_mpjpe_17", "PA-17", 8, ".1f"),
    ("p_mpjpe_peer", "PA peer", 8, ".1f"),
    ("mpjve", "MPJVE", 8, ".2f"),
    ("pck", "PCK", 8, ".1%"),
    ("auc", "AUC", 8, ".1%"),
    ("coverage", "coverage", 9, ".1%"),
    ("frames", "frames", 8, "d"),
)


def _line(name: str, row: Score, shown: Sequence[_Column], wide: int) -> str:
    cells = [_cell(getattr(row, field), width, form) for field, _, width, form in shown]
    return f"{name:{wide}} {' '.join(cells)}"


def _cell(value: float | int | None, width: int, form: str) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:{width}{form}}"


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and not np.isfinite(value) else value


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
