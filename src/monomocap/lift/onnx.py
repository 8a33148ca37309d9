"""Networks as ONNX files: written once where torch is, run anywhere without it."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32

from monomocap.errors import DeviceError, MissingDependency, OutputError, WeightsError
from monomocap.options import Device

if TYPE_CHECKING:
    import onnx
    import torch

OPSET = 17
"""The first with LayerNormalization; ONNX Runtime 1.12 and later read it."""

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


# --- running


class OnnxNetwork:
    """A network from an ONNX file: numpy in, numpy out, the file's own metadata beside it."""

    def __init__(self, path: Path, device: Device = "auto") -> None:
        """Raises `WeightsError` for a file that is no network, `DeviceError` without the GPU."""
        ort = runtime()
        providers = providers_for(device, ort.get_available_providers())
        options = ort.SessionOptions()
        options.log_severity_level = FATAL
        with told(path):
            self._session = ort.InferenceSession(path.read_bytes(), options, providers=providers)
        self.provider: str = self._session.get_providers()[0]
        """The ONNX Runtime provider in use, which may be another than was asked for."""
        if device == "cuda" and self.provider != PROVIDERS["cuda"]:
            raise DeviceError(NO_CUDA)
        self.path = path
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        self._inputs: list[str] = [given.name for given in self._session.get_inputs()]

    @property
    def device(self) -> str:
        """Where it really runs: 'cpu' or 'cuda'."""
        return next(name for name, provider in PROVIDERS.items() if provider == self.provider)

    def __call__(self, *inputs: Float32[np.ndarray, "*_"]) -> Float32[np.ndarray, "*output"]:
        """One forward pass; raises `WeightsError` for an input of another shape than it takes."""
        with told(self.path):
            y: np.ndarray = self._session.run(None, dict(zip(self._inputs, inputs, strict=True)))[0]
        return y


NO_CUDA = (
    "ONNX Runtime cannot use a CUDA device here; choose device 'cpu' or 'auto', "
    "or install onnxruntime-gpu and its CUDA libraries"
)

FATAL = 4
"""The log level of ONNX Runtime: lesser errors reach us as exceptions."""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Errors of the file system and of ONNX Runtime, as ours."""
    from onnxruntime.capi import onnxruntime_pybind11_state as foreign

    names = ["Fail", "EPFail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoModel"]
    names += ["NoSuchFile", "NotImplemented", "RuntimeException"]
    try:
        yield
    except OSError as error:
        raise WeightsError(f"cannot read the network {path}: {error.strerror}") from error
    except tuple(getattr(foreign, name) for name in names) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise WeightsError(f"ONNX Runtime cannot run {path}: {reason}") from error


def providers_for(device: Device, available: Sequence[str]) -> list[str]:
    """What ONNX Runtime may use, best first; `auto` takes CUDA where there is one."""
    if device == "cpu":
        return [PROVIDERS["cpu"]]
    if PROVIDERS["cuda"] in available:
        return [PROVIDERS["cuda"], PROVIDERS["cpu"]]
    if device == "cuda":
        raise DeviceError(NO_CUDA)
    return [PROVIDERS["cpu"]]


def runtime() -> Any:
    """ONNX Runtime, loaded when first needed."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependency("networks need ONNX Runtime: pip install onnxruntime") from error
    return onnxruntime


# --- writing


def export_network(
    network: torch.nn.Module,
    path: Path,
    *,
    inputs: Mapping[str, torch.Tensor],
    dynamic: Mapping[str, Mapping[int, str]],
    metadata: Mapping[str, str],
    output: str = "y",
) -> None:
    """Write `network`, as it evaluates, to `path`.

    `inputs` are examples by name; `dynamic` names the axes, of inputs and output, that may have
    any length: `{"x": {0: "batch", 2: "frames"}, "y": {0: "batch", 2: "frames"}}`. What depends
    on parameters alone is computed here, once, and not each time that the file runs.
    """
    if not path.parent.is_dir():
        raise OutputError(f"cannot write {path}: there is no folder {path.parent}")
    model = folded(traced(network, inputs, dynamic, output))
    model = folded(with_plain_reshapes(model, inputs, dynamic))
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    write_whole(path, model.SerializeToString())


def traced(
    network: torch.nn.Module,
    inputs: Mapping[str, torch.Tensor],
    dynamic: Mapping[str, Mapping[int, str]],
    output: str,
) -> onnx.ModelProto:
    """The network's graph as torch records it in one forward pass."""
    try:
        import onnx
        import torch
    except ImportError as error:
        raise MissingDependency(
            f"writing ONNX needs {error.name}: pip install 'monomocap[train]'"
        ) from error
    with (
        tempfile.TemporaryDirectory() as folder,
        evaluating(network),
        quiet_exporter(),
        torch.no_grad(),
    ):
        file = Path(folder) / "traced.onnx"
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            str(file),
            dynamo=False,
            opset_version=OPSET,
            do_constant_folding=False,  # `folded` does more of it
            input_names=list(inputs),
            output_names=[output],
            dynamic_axes={name: dict(axes) for name, axes in dynamic.items()},
        )
        return onnx.load(str(file))


@contextmanager
def quiet_exporter() -> Iterator[None]:
    """Without the warnings that torch's tracing exporter gives on every network.

    Its successor takes minutes for a network of this size; sizes that Python sees as constants
    are those that a network fixes on purpose.
    """
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
        warnings.filterwarnings("ignore", "You are using the legacy", DeprecationWarning)
        warnings.filterwarnings("ignore", "Constant folding - Only steps=1", UserWarning)
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"torch\.onnx")
        yield


@contextmanager
def evaluating(network: torch.nn.Module) -> Iterator[None]:
    """Evaluation mode, and afterwards the mode that was."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)


def folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with every constant computed: ONNX Runtime's own basic passes, kept.

    They use standard operators only, so that the file runs elsewhere, too.
    """
    import onnx

    ort = runtime()
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder) / "folded.onnx")
        ort.InferenceSession(model.SerializeToString(), options, providers=[PROVIDERS["cpu"]])
        result = onnx.load(options.optimized_model_filepath)
    used = {node.domain for node in result.graph.node}
    kept = [opset for opset in result.opset_import if opset.domain in used]
    del result.opset_import[:]
    result.opset_import.extend(kept)
    onnx.checker.check_model(result)
    return result


def with_plain_reshapes(
    model: onnx.ModelProto,
    inputs: Mapping[str, torch.Tensor],
    dynamic: Mapping[str, Mapping[int, str]],
) -> onnx.ModelProto:
    """The same network without the arithmetic on sizes that torch writes around each reshape.

    ONNX can say "this size", "as it was" (0) and "whatever is left" (-1), which is nearly always
    enough. Which of them holds is seen in two runs whose dynamic axes have unlike lengths.
    """
    import onnx

    if all(node.op_type != "Reshape" for node in model.graph.node):
        return model
    result = onnx.ModelProto()
    result.CopyFrom(model)
    runs = [reshapes_in_a_run(model, example) for example in unlike_sizes(inputs, dynamic)]
    for node in result.graph.node:
        if node.op_type == "Reshape":
            sizes = plain_sizes([run[node.output[0]] for run in runs])
            if sizes is not None:
                name = f"{node.output[0]}.sizes"
                constant = onnx.numpy_helper.from_array(np.array(sizes, np.int64), name)
                result.graph.initializer.append(constant)
                node.input[1] = name
    remove_unused(result.graph)
    return result


def remove_unused(graph: onnx.GraphProto) -> None:
    """Drop the nodes that no output depends on."""
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))


Shape = tuple[int, ...]


def plain_sizes(runs: Sequence[tuple[Shape, Shape]]) -> list[int] | None:
    """What a reshape seen in these runs, (shape before, shape after), asks for; None if more."""
    befores, afters = zip(*runs, strict=True)
    sizes = []
    for axis, seen in enumerate(zip(*afters, strict=True)):
        if len(set(seen)) == 1:
            sizes.append(seen[0])
        else:
            kept = all(axis < len(b) and b[axis] == a for b, a in zip(befores, seen, strict=True))
            sizes.append(0 if kept else -1)
    return sizes if sizes.count(-1) <= 1 and all(all(after) for after in afters) else None


def reshapes_in_a_run(
    model: onnx.ModelProto, example: Mapping[str, np.ndarray]
) -> dict[str, tuple[Shape, Shape]]:
    """Shapes before and after each reshape, by the name of what it gives."""
    from onnx import ModelProto, ValueInfoProto, helper

    pairs = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "Reshape"}
    names = sorted({*pairs, *pairs.values()})
    watched = ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    for name in names:
        watched.graph.node.append(helper.make_node("Shape", [name], [f"{name}.shape"]))
        watched.graph.output.append(ValueInfoProto(name=f"{name}.shape"))
    session = runtime().InferenceSession(watched.SerializeToString(), providers=[PROVIDERS["cpu"]])
    seen = session.run(None, dict(example))
    shapes = {name: tuple(shape.tolist()) for name, shape in zip(names, seen, strict=True)}
    return {after: (shapes[before], shapes[after]) for after, before in pairs.items()}


def unlike_sizes(
    inputs: Mapping[str, torch.Tensor], dynamic: Mapping[str, Mapping[int, str]]
) -> list[dict[str, np.ndarray]]:
    """The examples, and zeros with each dynamic axis longer by a factor of its own."""
    axes = sorted({axis for named in dynamic.values() for axis in named.values()})
    factors = {axis: 2 + number for number, axis in enumerate(axes)}
    examples = {name: tensor.numpy(force=True) for name, tensor in inputs.items()}
    longer = {}
    for name, array in examples.items():
        named = dynamic.get(name, {})
        shape = [n * factors.get(named.get(axis, ""), 1) for axis, n in enumerate(array.shape)]
        longer[name] = np.zeros(shape, array.dtype)
    return [examples, longer]


def write_whole(path: Path, content: bytes) -> None:
    """All of it or nothing: a half-written network is never found under its name."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
