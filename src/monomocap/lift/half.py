"""ONNX files at half the size: weights kept in half precision, arithmetic still in single."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monomocap.lift.onnx import write_whole

if TYPE_CHECKING:
    import onnx

SMALL = 1024
"""Tensors of fewer numbers stay as they are."""


def halve(path: Path) -> None:
    """Keep a file's large weights as float16, turned back to float32 when it is opened.

    ONNX Runtime does that once, at the start: the network is as fast as before, and its weights
    are rounded to 11 bits. Weights too large for half precision (above 65,504) stay as they are.
    """
    import onnx

    model = onnx.load(str(path))
    casts = [_halved(model.graph, weight) for weight in model.graph.initializer if _fits(weight)]
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    write_whole(path, model.SerializeToString())


def _fits(weight: onnx.TensorProto) -> bool:
    import onnx

    if weight.data_type != onnx.TensorProto.FLOAT or np.prod(weight.dims) < SMALL:
        return False
    return bool(np.abs(onnx.numpy_helper.to_array(weight)).max() <= np.finfo(np.float16).max)


def _halved(graph: onnx.GraphProto, weight: onnx.TensorProto) -> onnx.NodeProto:
    """Replace the weight by its half under another name; the node that brings the name back."""
    import onnx

    name, stored = weight.name, f"{weight.name}.half"
    half = onnx.numpy_helper.to_array(weight).astype(np.float16)
    weight.CopyFrom(onnx.numpy_helper.from_array(half, stored))
    return onnx.helper.make_node("Cast", [stored], [name], to=onnx.TensorProto.FLOAT)
