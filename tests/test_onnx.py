"""Networks as ONNX files answer as torch does, say what they are, and refuse clearly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from monomocap.errors import DeviceError, OutputError, WeightsError
from monomocap.lift.networks.hdformer import HDFormer
from monomocap.lift.networks.mixste import MixSTE
from monomocap.lift.onnx import OnnxNetwork, export_network, plain_sizes, providers_for

BATCH_AND_FRAMES = {0: "batch", 2: "frames"}
METADATA = {"skeleton": "h36m17", "fps": "30"}


@pytest.fixture(scope="module")
def network() -> HDFormer:
    """A network none of whose parts is idle: new ones begin as their shortcuts."""
    torch.manual_seed(0)
    network = HDFormer(in_channels=3, published_graph=False).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
        for name, buffer in network.named_buffers():
            if name.endswith("running_var"):
                buffer.uniform_(0.5, 2)
            elif name.endswith("running_mean"):
                buffer.normal_()
    return network


@pytest.fixture(scope="module")
def file(network: HDFormer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "hdformer.onnx"
    network.train()
    export_network(
        network,
        path,
        inputs={"x": torch.randn(1, 3, 32, 17)},
        dynamic={"x": BATCH_AND_FRAMES, "y": BATCH_AND_FRAMES},
        metadata=METADATA,
    )
    assert network.training, "writing left the network in another mode"
    network.eval()
    return path


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("frames", [16, 96, 112])
def test_answers_are_those_of_torch(network: HDFormer, file: Path, batch: int, frames: int) -> None:
    x = torch.randn(batch, 3, frames, 17, generator=torch.Generator().manual_seed(frames))
    with torch.inference_mode():
        expected = network(x).numpy()
    ours = OnnxNetwork(file, "cpu")(x.numpy())
    assert ours.shape == expected.shape
    assert np.abs(ours - expected).max() <= 1e-4 * expected.std()


def test_the_file_says_what_it_is(file: Path) -> None:
    network = OnnxNetwork(file)
    assert network.metadata == METADATA
    assert (network.provider, network.device) in {
        ("CPUExecutionProvider", "cpu"),
        ("CUDAExecutionProvider", "cuda"),
    }


def test_the_file_is_small_and_standard(file: Path) -> None:
    assert file.stat().st_size <= 16e6
    model = onnx.load(str(file))
    assert {opset.domain: opset.version for opset in model.opset_import} == {"": 17}
    assert not list(file.parent.glob("*.part"))


def test_nothing_of_the_network_waits_for_the_first_run(file: Path) -> None:
    """Each node needs the input: what depends on weights alone was computed while writing."""
    graph = onnx.load(str(file)).graph
    moving = {graph.input[0].name}
    for node in graph.node:
        assert moving.intersection(node.input), f"{node.name} depends on weights alone"
        moving.update(node.output)


def test_a_network_of_another_shape_and_of_fixed_length(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = MixSTE(frames=9, dim=32, depth=2).eval()
    x = torch.randn(4, 9, 17, 2)
    path = tmp_path / "mixste.onnx"
    export_network(
        network, path, inputs={"xy": x[:1]}, dynamic={"xy": {0: "n"}, "y": {0: "n"}}, metadata={}
    )
    with torch.inference_mode():
        np.testing.assert_allclose(OnnxNetwork(path, "cpu")(x.numpy()), network(x), atol=1e-5)


def test_other_input_is_refused(file: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot run .*hdformer\.onnx"):
        OnnxNetwork(file, "cpu")(np.zeros((1, 2, 16, 17), np.float32))


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot read the network .*none\.onnx: No such file"):
        OnnxNetwork(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("not a network")
    with pytest.raises(WeightsError, match=r"cannot run .*text\.onnx"):
        OnnxNetwork(tmp_path / "text.onnx")


def test_a_cut_network_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.onnx").write_bytes(file.read_bytes()[:100_000])
    with pytest.raises(WeightsError, match=r"cannot run .*cut\.onnx"):
        OnnxNetwork(tmp_path / "cut.onnx")


def test_a_place_that_cannot_be_written_stops_at_once(tmp_path: Path) -> None:
    path = tmp_path / "no such folder" / "network.onnx"
    with pytest.raises(OutputError, match="there is no folder"):
        export_network(torch.nn.Identity(), path, inputs={}, dynamic={}, metadata={})


def test_the_device_is_the_one_asked_for_or_an_error() -> None:
    cpu, both = ["CPUExecutionProvider"], ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert providers_for("cpu", both) == cpu
    assert providers_for("auto", cpu) == cpu
    assert providers_for("auto", both) == providers_for("cuda", both) == both
    with pytest.raises(DeviceError, match="CUDA"):
        providers_for("cuda", cpu)


def test_reshapes_are_said_plainly_or_left_alone() -> None:
    assert plain_sizes([((2, 17, 32, 6), (2, 17, 192)), ((6, 17, 64, 6), (6, 17, 384))]) == [
        0,
        17,
        -1,
    ]
    assert plain_sizes([((8, 17), (2, 4, 17)), ((24, 17), (6, 4, 17))]) == [-1, 4, 17]
    assert plain_sizes([((64, 17), (2, 32, 17)), ((384, 17), (6, 64, 17))]) is None


def test_reading_needs_no_torch_and_importing_no_runtime() -> None:
    code = (
        "import sys, monomocap.lift.onnx\n"
        "loaded = {'torch', 'onnx', 'onnxruntime'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
