"""Teaching a small graph network instead of random convolutions: for many clips of each action.

The network (`lift.networks.stgcn`) turns a window into an embedding; the same head as elsewhere
names it, calibrated on clips that the network never saw. What is kept is its ONNX file: recognising
takes ONNX Runtime alone, teaching takes torch.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Float32, Int

from monomocap.apps.recognize.features import CHANNELS, RATE_HZ, Series
from monomocap.apps.recognize.recognizer import (
    Recognizer,
    Windows,
    assembled,
    checked_labels,
    windows_of,
)
from monomocap.errors import MissingDependency
from monomocap.lift.onnx import export_network, runtime

if TYPE_CHECKING:
    import torch

NODES = 10
"""Limbs: upper arm, forearm, thigh and shank of either side, trunk, head (`features.CHANNELS`)."""
GRAPH = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (8, 0), (8, 2), (8, 4), (8, 6)]
FRAMES = 48
"""A window of any length is brought to so many frames."""
STEPS = 400
BATCH = 64
HELD_OUT = 0.2
"""Share of clips that calibrate, where an action has five or more."""
_HEIGHT = CHANNELS.index("height of the pelvis")


@dataclass(frozen=True)
class NetworkEmbedding:
    """A network as ONNX bytes."""

    onnx: bytes

    @cached_property
    def _session(self) -> Any:
        return runtime().InferenceSession(self.onnx, providers=["CPUExecutionProvider"])

    def windows(self, series: Series, windows: Windows) -> Float[np.ndarray, "window feature"]:
        """One embedding per window."""
        x = planes(series, windows)
        (y,) = self._session.run(None, {"x": x})
        return np.asarray(y, np.float64)

    def arrays(self) -> dict[str, np.ndarray]:
        """The ONNX file's bytes."""
        return {"network": np.frombuffer(self.onnx, np.uint8)}


def learn_network(examples: Mapping[str, Sequence[Series]], *, seed: int = 0) -> Recognizer:
    """As `recognizer.learn`, with a network in place of random convolutions; needs torch.

    Raises `MissingDependency` without torch, `InputError` for what cannot be taught.
    """
    labels = checked_labels(examples)
    taught = [(k, one) for k, label in enumerate(labels) for one in examples[label]]
    held_out = _held_out([k for k, _ in taught], seed)
    seen = [pair for clip, pair in enumerate(taught) if clip not in held_out]
    embedding = NetworkEmbedding(_trained(seen, len(labels), seed))
    return assembled(labels, taught, embedding, held_out)


def planes(series: Series, windows: Windows) -> Float32[np.ndarray, "window 7 48 10"]:
    """Direction (3), its change per second (3) and the pelvis's height of every limb."""
    directions = series.values[:, : 3 * NODES]
    speed = np.gradient(directions, axis=0) * RATE_HZ / 4 if len(series) > 1 else 0 * directions
    height = series.values[:, [_HEIGHT]].repeat(NODES, axis=1)
    out = np.empty((len(windows), 7, FRAMES, NODES), np.float32)
    for k, (begin, end) in enumerate(windows):
        at = np.rint(np.linspace(begin, max(begin, end - 1), FRAMES)).astype(int)
        for part, values in ((slice(0, 3), directions), (slice(3, 6), speed)):
            out[k, part] = values[at].reshape(FRAMES, NODES, 3).transpose(2, 0, 1)
        out[k, 6] = height[at]
    return out


def _held_out(label: Sequence[int], seed: int) -> frozenset[int]:
    rng = np.random.default_rng(seed)
    out: set[int] = set()
    for one in set(label):
        own = [clip for clip, k in enumerate(label) if k == one]
        count = round(HELD_OUT * len(own)) if len(own) >= 5 else 0
        out |= set(rng.permutation(own)[:count].tolist())
    return frozenset(out)


def _trained(taught: Sequence[tuple[int, Series]], labels: int, seed: int) -> bytes:
    try:
        import torch
    except ImportError as error:
        raise MissingDependency(
            'teaching a network needs torch: pip install "monomocap[train]"'
        ) from error
    from monomocap.lift.networks.stgcn import STGCN

    x, y = _windows(taught)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = STGCN(graph=GRAPH, nodes=NODES, channels=7, labels=labels)
        _fit(network, x, y, np.random.default_rng(seed))
    return _exported(network)


def _windows(
    taught: Sequence[tuple[int, Series]],
) -> tuple[Float32[np.ndarray, "window 7 48 10"], Int[np.ndarray, " window"]]:
    parts = [(k, planes(one, windows_of(one))) for k, one in taught]
    y = np.concatenate([np.full(len(x), k) for k, x in parts])
    return np.concatenate([x for _, x in parts]), y


def _fit(network: Any, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> None:
    """Every label as often as every other; each window a little different every time."""
    import torch

    per_label = np.bincount(y)[y]
    share = 1 / per_label / (1 / per_label).sum()
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, STEPS)
    network.train()
    for _ in range(STEPS):
        chosen = rng.choice(len(x), min(BATCH, max(8, len(x))), p=share)
        batch = torch.from_numpy(_varied(x[chosen], rng))
        scores = network.classify(batch)
        target = torch.from_numpy(y[chosen].astype(np.int64))
        loss = torch.nn.functional.cross_entropy(scores, target, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    network.eval()


def _varied(x: np.ndarray, rng: np.random.Generator) -> Float32[np.ndarray, "window 7 48 10"]:
    """Another part of the window (80 % or more), directions off by a few degrees, jitter."""
    out = np.empty_like(x)
    for k, one in enumerate(x):
        length = int(rng.uniform(0.8, 1.0) * FRAMES)
        begin = rng.integers(0, FRAMES - length + 1)
        at = np.rint(np.linspace(begin, begin + length - 1, FRAMES)).astype(int)
        out[k] = one[:, at]
    out[:, :3] += rng.normal(0, 0.06, (len(x), 3, 1, NODES)).astype(np.float32)
    out[:, :6] += rng.normal(0, 0.02, out[:, :6].shape).astype(np.float32)
    return out


def _exported(network: "torch.nn.Module") -> bytes:
    import torch

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "actions.onnx"
        export_network(
            network,
            path,
            inputs={"x": torch.zeros(2, 7, FRAMES, NODES)},
            dynamic={"x": {0: "batch"}, "y": {0: "batch"}},
            metadata={"monomocap": "actions", "rate_hz": str(RATE_HZ)},
        )
        return path.read_bytes()
