"""Smaller ONNX files: weights kept in 16 or 8 bits, arithmetic still in single precision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from monomocap.lift.onnx import write_whole

if TYPE_CHECKING:
    import onnx

Bits = Literal[32, 16, 8]
SMALL = 1024
"""Tensors of fewer numbers stay as they are."""
GROUP = 32
"""So many neighbours share a scale."""
COARSE = 0.015
"""Weights that bytes would round by more than this share of the mean one are kept in halves."""


def slim(path: Path, bits: Bits) -> None:
    """Keep a file's large weights in so many bits, turned back to float32 when it is opened.

    ONNX Runtime does that once, at the start: the network is as fast as before. 16 bits are
    float16, 11 significant bits; weights too large for it (above 65,504) stay as they are. 8 bits
    are whole numbers from -127 to 127 times a scale that 32 neighbours share; where single weights
    are so large that their neighbours would suffer, 16. Vectors (norms, biases) stay as they are.
    """
    import onnx

    if bits == 32:
        return
    model = onnx.load(str(path))
    stored = _halved if bits == 16 else _in_bytes
    large = [weight for weight in model.graph.initializer if _is_large(weight)]
    nodes = [node for weight in large for node in stored(model.graph, weight)]
    nodes = [*nodes, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    write_whole(path, model.SerializeToString())


def _is_large(weight: onnx.TensorProto) -> bool:
    import onnx

    matrix = weight.data_type == onnx.TensorProto.FLOAT and len(weight.dims) > 1
    return matrix and bool(np.prod(weight.dims) >= SMALL)


def _halved(graph: onnx.GraphProto, weight: onnx.TensorProto) -> list[onnx.NodeProto]:
    """Replace the weight by its half under another name; the node that brings the name back."""
    import onnx

    value = onnx.numpy_helper.to_array(weight)
    if np.abs(value).max() > np.finfo(np.float16).max:
        return []
    name, stored = weight.name, f"{weight.name}.half"
    weight.CopyFrom(onnx.numpy_helper.from_array(value.astype(np.float16), stored))
    return [onnx.helper.make_node("Cast", [stored], [name], to=onnx.TensorProto.FLOAT)]


def _in_bytes(graph: onnx.GraphProto, weight: onnx.TensorProto) -> list[onnx.NodeProto]:
    """Replace the weight by bytes and scales; the nodes that bring the name back."""
    import onnx

    name, value = weight.name, onnx.numpy_helper.to_array(weight)
    if value.size % GROUP:
        return _halved(graph, weight)
    rows = value.reshape(-1, GROUP)
    scale = np.abs(rows).max(axis=1, keepdims=True) / 127
    if scale.mean() / np.sqrt(12) > COARSE * np.abs(value).mean():
        return _halved(graph, weight)
    scale = np.where(scale > 0, scale, 1.0).astype(np.float32)
    parts = {
        "bytes": np.rint(rows / scale).astype(np.int8),
        "scale": scale,
        "shape": np.array(value.shape, np.int64),
    }
    weight.CopyFrom(onnx.numpy_helper.from_array(parts.pop("bytes"), f"{name}.bytes"))
    graph.initializer.extend(
        onnx.numpy_helper.from_array(part, f"{name}.{word}") for word, part in parts.items()
    )
    return [
        onnx.helper.make_node(
            "Cast", [f"{name}.bytes"], [f"{name}.whole"], to=onnx.TensorProto.FLOAT
        ),
        onnx.helper.make_node("Mul", [f"{name}.whole", f"{name}.scale"], [f"{name}.rows"]),
        onnx.helper.make_node("Reshape", [f"{name}.rows", f"{name}.shape"], [name]),
    ]
