"""Small ONNX networks whose answers are known, made on the spot."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Shape = list[int | str]


def save(
    path: Path,
    nodes: list[Any],
    inputs: dict[str, Shape],
    outputs: dict[str, tuple[int, Shape]],
    constants: dict[str, np.ndarray],
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write a network of these nodes; inputs are float32, outputs say their type."""
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, kind, s) for n, (kind, s) in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, metadata or {})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def bright_box_finder(
    path: Path,
    *,
    shape: Shape | None = None,
    score: float = 0.9,
    label: int = 0,
    first_only: bool = False,
) -> Path:
    """A 'person detector' that boxes everything white in a picture, in RTMDet's words.

    `first_only` makes one of those files that take a batch and look at its first picture alone.
    """
    looked_at = "first" if first_only else "input"
    nodes = [
        helper.make_node("Slice", ["input", "zero", "one", "zero"], ["first"]),
        helper.make_node("ReduceMin", [looked_at], ["grey"], axes=[1], keepdims=0),
        helper.make_node("Greater", ["grey", "white"], ["bright"]),
        helper.make_node("Cast", ["bright"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["mask"], ["columns"], axes=[1], keepdims=0),
        helper.make_node("ReduceMax", ["mask"], ["rows"], axes=[2], keepdims=0),
        *_edges("columns", "x1", "x2"),
        *_edges("rows", "y1", "y2"),
        helper.make_node("ReduceMax", ["columns"], ["any"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["any", "score"], ["sure"]),
        helper.make_node("Concat", ["x1", "y1", "x2", "y2", "sure"], ["row"], axis=1),
        helper.make_node("Unsqueeze", ["row", "one"], ["some"]),
        helper.make_node("ReduceMax", ["input"], ["each"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Squeeze", ["each", "last"], ["each3"]),
        helper.make_node("Mul", ["each3", "nothing"], ["zeros"]),
        helper.make_node("Add", ["some", "zeros"], ["dets"]),
        helper.make_node("Squeeze", ["zeros", "two"], ["zeros2"]),
        helper.make_node("Cast", ["zeros2"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Add", ["whole", "label"], ["labels"]),
    ]
    constants = {
        "zero": np.array([0]),
        "one": np.array([1]),
        "two": np.array([2]),
        "last": np.array([3]),
        "white": np.array(1.5, np.float32),
        "score": np.array(score, np.float32),
        "nothing": np.array(0, np.float32),
        "label": np.array(label),
    }
    outputs: dict[str, tuple[int, Shape]] = {
        "dets": (TensorProto.FLOAT, ["b", "n", 5]),
        "labels": (TensorProto.INT64, ["b", "n"]),
    }
    return save(path, nodes, {"input": shape or ["b", 3, "h", "w"]}, outputs, constants)


def _edges(line: str, first: str, last: str) -> list[Any]:
    """Where the ones of a line begin, and where they end."""
    return [
        helper.make_node("ArgMax", [line], [f"{first}_at"], axis=1),
        helper.make_node("ArgMax", [line], [f"{last}_at"], axis=1, select_last_index=1),
        helper.make_node("Add", [f"{last}_at", "one"], [f"{last}_end"]),
        helper.make_node("Cast", [f"{first}_at"], [first], to=TensorProto.FLOAT),
        helper.make_node("Cast", [f"{last}_end"], [last], to=TensorProto.FLOAT),
    ]


def brightness_heatmaps(
    path: Path, *, joints: int = 17, batch: int | str = "b", size_px: tuple[int, int] = (192, 256)
) -> Path:
    """A 'joint detector' whose heatmaps are all the input's brightness, cell by cell."""
    width, height = size_px
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["grey"], axes=[1], keepdims=1),
        helper.make_node("AveragePool", ["grey"], ["cells"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Concat", ["cells"] * joints, ["heatmaps"], axis=1),
    ]
    outputs: dict[str, tuple[int, Shape]] = {
        "heatmaps": (TensorProto.FLOAT, [batch, joints, height // 4, width // 4])
    }
    return save(path, nodes, {"image": [batch, 3, height, width]}, outputs, {})
