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
    white: float = 1.5,
) -> Path:
    """A 'person detector' that boxes everything white in a picture, in RTMDet's words.

    `white` is what all channels of the input exceed there: 1.5 once standardised.
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
        "white": np.array(white, np.float32),
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


def colour_simcc(
    path: Path,
    *,
    joints: int = 26,
    batch: int | str = "batch",
    size_px: tuple[int, int] = (192, 256),
) -> Path:
    """A network of RTMPose's shapes whose joints stand where a colour is: red, green, blue in turn.

    Each answer is the mean of that channel over a column or a row, in steps of half a pixel. As in
    the published files, the outputs do not say how many joints there are.
    """
    width, height = size_px
    nodes = [
        helper.make_node("Gather", ["input", "channel"], ["standard"], axis=1),
        helper.make_node("Add", ["standard", "black"], ["above"]),
        helper.make_node("Mul", ["above", "share"], ["own"]),
        helper.make_node("ReduceMean", ["own"], ["columns"], axes=[2], keepdims=0),
        helper.make_node("ReduceMean", ["own"], ["rows"], axes=[3], keepdims=0),
    ]
    for axis, line in (("x", "columns"), ("y", "rows")):
        nodes += [
            helper.make_node("Unsqueeze", [line, "last"], [f"{line}1"]),
            helper.make_node("Concat", [f"{line}1", f"{line}1"], [f"{line}2"], axis=3),
            helper.make_node("Reshape", [f"{line}2", f"shape_{axis}"], [f"simcc_{axis}"]),
        ]
    constants = {
        "channel": np.arange(joints) % 3,
        "black": np.array(2.2, np.float32),
        "share": np.array(0.2, np.float32),
        "last": np.array([3]),
        "shape_x": np.array([0, joints, 2 * width]),
        "shape_y": np.array([0, joints, 2 * height]),
    }
    outputs: dict[str, tuple[int, Shape]] = {
        "simcc_x": (TensorProto.FLOAT, [batch, "MatMulsimcc_x_dim_1", 2 * width]),
        "simcc_y": (TensorProto.FLOAT, [batch, "MatMulsimcc_x_dim_1", 2 * height]),
    }
    return save(path, nodes, {"input": [batch, 3, height, width]}, outputs, constants)


def bright_cells(path: Path, *, side_px: int = 64, classes: int = 80) -> Path:
    """A network of YOLOX's released shapes: a person wherever a cell of 16 pixels holds white."""
    cells = [(side_px // stride) ** 2 for stride in (8, 16, 32)]
    nodes = [
        helper.make_node("ReduceMin", ["images"], ["grey"], axes=[1], keepdims=1),
        helper.make_node("Greater", ["grey", "white"], ["bright"]),
        helper.make_node("Cast", ["bright"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("MaxPool", ["mask"], ["cells"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("Reshape", ["cells", "column"], ["middle"]),
        helper.make_node("Concat", ["fine", "middle", "coarse"], ["object"], axis=1),
        helper.make_node("Concat", ["place", "object", "kinds"], ["output"], axis=2),
    ]
    kinds = np.zeros((1, sum(cells), classes), np.float32)
    kinds[..., 0] = 0.9
    place = np.zeros((1, sum(cells), 4), np.float32)
    place[..., :2] = 0.5
    constants = {
        "white": np.array(200, np.float32),
        "column": np.array([1, cells[1], 1]),
        "fine": np.zeros((1, cells[0], 1), np.float32),
        "coarse": np.zeros((1, cells[2], 1), np.float32),
        "place": place,
        "kinds": kinds,
    }
    outputs: dict[str, tuple[int, Shape]] = {
        "output": (TensorProto.FLOAT, [1, sum(cells), 5 + classes])
    }
    return save(path, nodes, {"images": [1, 3, side_px, side_px]}, outputs, constants)
