"""What a set of taught clips becomes: a small file that names actions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from monomocap.apps.recognize.features import CHANNELS, RATE_HZ, Series
from monomocap.apps.recognize.head import Head, fit_head
from monomocap.apps.recognize.kernels import Kernels, make_kernels, pooled
from monomocap.errors import FormatError, InputError
from monomocap.formats.files import reading, whole_or_nothing

UNKNOWN = "unknown"
"""The label of what was never taught."""
KERNELS, LEVELS = 2000, 6
SHORTEST_S, LONGEST_S = 0.8, 4.0
"""Windows: no shorter than a throw, no longer than three jumping jacks."""
CROP = 0.7
"""Besides whole clips, windows of this share of them are examples: videos are not cut to fit."""
FORMAT = "monomocap actions 2"

Windows = Int[np.ndarray, "window 2"]


@runtime_checkable
class Embedding(Protocol):
    """What turns windows of a series into feature vectors: kernels, or a network."""

    def windows(self, series: Series, windows: Windows) -> Float[np.ndarray, "window feature"]:
        """One vector per window (first frame, and the one after the last)."""

    def arrays(self) -> dict[str, np.ndarray]:
        """What a file must hold to make it again, by name."""


@dataclass(frozen=True)
class KernelEmbedding:
    """Shares of time that random convolutions exceed their thresholds."""

    kernels: Kernels

    def windows(self, series: Series, windows: Windows) -> Float[np.ndarray, "window feature"]:
        return pooled(self.kernels.running(series), windows[:, 0], windows[:, 1]).astype(np.float64)

    def arrays(self) -> dict[str, np.ndarray]:
        return {f"kernels.{f.name}": getattr(self.kernels, f.name) for f in fields(Kernels)}


@dataclass(frozen=True)
class Recognizer:
    """Knows the taught actions, and how long they take."""

    labels: tuple[str, ...]
    embedding: Embedding
    head: Head
    clips: tuple[int, ...]
    """How many clips of each label were taught."""

    def probabilities(
        self, series: Series, windows: Windows
    ) -> Float[np.ndarray, "window label_and_unknown"]:
        """One column per label, the last one for `UNKNOWN`; each row sums to 1."""
        if len(windows) == 0:
            return np.empty((0, len(self.labels) + 1))
        return self.head.probabilities(self.embedding.windows(series, windows))

    def classify(self, series: Series) -> dict[str, float]:
        """What a whole clip shows: probability of every label and of `UNKNOWN`."""
        if not series.seen.any():
            return dict.fromkeys(self.labels, 0.0) | {UNKNOWN: 1.0}
        (row,) = self.probabilities(series, np.array([[0, len(series)]]))
        return dict(zip((*self.labels, UNKNOWN), row.tolist(), strict=True))


def learn(examples: Mapping[str, Sequence[Series]], *, seed: int = 0) -> Recognizer:
    """Learn actions from clips of each, one person's motion per clip.

    Raises `InputError` for fewer than two actions, an action without a usable clip, or one that is
    called "unknown".
    """
    labels = checked_labels(examples)
    taught = [(k, one) for k, label in enumerate(labels) for one in examples[label]]
    kernels = make_kernels([one for _, one in taught], kernels=KERNELS, levels=LEVELS, seed=seed)
    return assembled(labels, taught, KernelEmbedding(kernels))


def assembled(
    labels: Sequence[str],
    taught: Sequence[tuple[int, Series]],
    embedding: Embedding,
    held_out: frozenset[int] = frozenset(),
) -> Recognizer:
    """A head on an embedding; `held_out` names clips (by place) that the embedding never saw."""
    windows = [windows_of(one) for _, one in taught]
    x = np.concatenate(
        [embedding.windows(one, w) for (_, one), w in zip(taught, windows, strict=True)]
    )
    clip = np.repeat(np.arange(len(taught)), [len(w) for w in windows])
    label = np.array([k for k, _ in taught])[clip]
    held = np.isin(clip, list(held_out)) if held_out else None
    counts = np.bincount([k for k, _ in taught], minlength=len(labels))
    head = fit_head(x, label, clip, held)
    return Recognizer(tuple(labels), embedding, head, tuple(map(int, counts)))


def checked_labels(examples: Mapping[str, Sequence[Series]]) -> tuple[str, ...]:
    """The labels in order, or `InputError`."""
    labels = tuple(sorted(examples))
    if len(labels) < 2:
        raise InputError(f"two actions or more are needed, not {len(labels)}: {', '.join(labels)}")
    if UNKNOWN in labels:
        raise InputError(f"an action cannot be called {UNKNOWN!r}: that is what was never taught")
    for label in labels:
        if not any(one.seen.sum() >= SHORTEST_S * RATE_HZ for one in examples[label]):
            raise InputError(f"no clip of {label!r} shows a person for {SHORTEST_S} s or longer")
    return labels


def windows_of(series: Series) -> Windows:
    """The examples that a clip gives: the whole, and overlapping shorter parts of it."""
    frames = len(series)
    length = int(np.clip(CROP * frames, SHORTEST_S * RATE_HZ, LONGEST_S * RATE_HZ))
    if length >= frames:
        return np.array([[0, frames]])
    count = max(2, int(np.ceil(2 * (frames - length) / length)) + 1)
    starts = np.unique(np.linspace(0, frames - length, count).astype(int))
    return np.stack([np.append(0, starts), np.append(frames, starts + length)], axis=1)


def save_recognizer(recognizer: Recognizer, path: str | Path) -> Path:
    """Write it as NPZ: plain arrays, no code. Raises `OutputError` where nothing can be written."""
    path = Path(path)
    about = {
        "format": FORMAT,
        "labels": recognizer.labels,
        "clips": recognizer.clips,
        "channels": CHANNELS,
        "rate_hz": RATE_HZ,
    }
    head = {f"head.{f.name}": np.asarray(getattr(recognizer.head, f.name)) for f in fields(Head)}
    arrays = head | recognizer.embedding.arrays()
    with whole_or_nothing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)
    return path


def load_recognizer(path: str | Path) -> Recognizer:
    """Read what `save_recognizer` wrote; raises `FormatError` for anything else."""
    path = Path(path)
    with reading(path), path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        about = json.loads(str(archive["about"]))
        if about["format"] != FORMAT or tuple(about["channels"]) != CHANNELS:
            raise FormatError(f"{path} was written by another version of monomocap; train again")
        embedding = _embedding(archive)
        arrays = {f.name: archive[f"head.{f.name}"] for f in fields(Head)}
        head = Head(**arrays | {"temperature": float(arrays["temperature"])})
        return Recognizer(
            tuple(about["labels"]),
            embedding,
            head,
            tuple(about["clips"]),
        )


def _embedding(archive: Mapping[str, np.ndarray]) -> Embedding:
    if "network" in archive:
        from monomocap.apps.recognize.graph import NetworkEmbedding  # which knows this module

        return NetworkEmbedding(archive["network"].tobytes())
    return KernelEmbedding(
        Kernels(**{f.name: archive[f"kernels.{f.name}"] for f in fields(Kernels)})
    )
