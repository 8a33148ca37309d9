"""Networks from ONNX files: opened with clear errors, and honest about where they run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from monomocap.errors import DeviceError, WeightsError
from monomocap.options import Device

_QUIET = 4  # fatal errors only: all others reach us as exceptions
_DEVICES = {"CUDAExecutionProvider": "cuda", "CPUExecutionProvider": "cpu"}
_FOREIGN = (
    *("Fail", "EPFail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf"),
    *("NoModel", "NoSuchFile", "NotImplemented", "RuntimeException"),
)


class Session:
    """One ONNX file that is ready to run."""

    def __init__(self, path: Path, device: Device = "auto") -> None:
        """Raises `WeightsError` for a file that is no network, `DeviceError` for a GPU that is
        asked for and cannot be used."""
        import onnxruntime  # 0.1 s

        self.path = path
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _QUIET
        providers = _providers(device, onnxruntime.get_available_providers())
        with _told(path):
            self._session: Any = onnxruntime.InferenceSession(str(path), options, providers)
        self.device = _DEVICES.get(self._session.get_providers()[0], "cpu")
        """Where ONNX Runtime really computes: its first provider in use, not those asked for."""
        if device == "cuda" and self.device != "cuda":
            raise DeviceError(f"ONNX Runtime cannot use the GPU for {path.name}; {_ADVICE}")
        self.metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map

    @property
    def inputs(self) -> dict[str, list[int | str]]:
        """Input name -> its shape, where a word stands for any size."""
        return {i.name: i.shape for i in self._session.get_inputs()}

    @property
    def outputs(self) -> dict[str, list[int | str]]:
        """Output name -> its shape, where a word stands for any size."""
        return {o.name: o.shape for o in self._session.get_outputs()}

    def __call__(self, outputs: list[str], **inputs: np.ndarray) -> list[np.ndarray]:
        """The named outputs; raises `WeightsError` when the network cannot take its input."""
        with _told(self.path):
            answers: list[np.ndarray] = self._session.run(outputs, inputs)
        return answers

    def close(self) -> None:
        """Let go of the network."""
        self._session = None


_ADVICE = "use --device cpu or auto, or install onnxruntime-gpu and its CUDA libraries"


def _providers(device: Device, available: list[str]) -> list[str]:
    if device == "cuda" and "CUDAExecutionProvider" not in available:
        raise DeviceError(f"this ONNX Runtime has no CUDA; {_ADVICE}")
    cuda = device != "cpu" and "CUDAExecutionProvider" in available
    return ["CUDAExecutionProvider"] * cuda + ["CPUExecutionProvider"]


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """ONNX Runtime's exceptions, which have no common root, as ours."""
    from onnxruntime.capi import onnxruntime_pybind11_state as foreign

    try:
        yield
    except tuple(getattr(foreign, name) for name in _FOREIGN) as error:
        first_line = str(error).strip().splitlines()[0][:200]
        raise WeightsError(f"ONNX Runtime cannot run {path}: {first_line}") from error
