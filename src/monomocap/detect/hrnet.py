"""HRNet and HRNetV2 as 2D estimators, from whatever file their weights came in.

A checkpoint says by its own names and shapes which network it is, how wide, and for which joints:

    final_layer.3.weight    HRNetV2 (the model card's 2D stage): letterboxed crops of 128x128
    final_layer.weight      HRNet (the COCO networks): crops of 192x256 with their surroundings
    simcc_x, simcc_y        an ONNX file of RTMPose: the same crops, of the size that it says

It is a torch file (a ModelScope folder's `pytorch_model.bin`, or any `.pth`), read without running
any of its code, or an ONNX file, which needs no torch.
"""

import json
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32

from monomocap.detect.boxes import load_boxes
from monomocap.detect.session import Session
from monomocap.detect.simcc import SimCC, is_simcc
from monomocap.detect.topdown import Crop, HeatmapNetwork, Locates, TopDown
from monomocap.errors import MissingDependency, WeightsError
from monomocap.options import Device
from monomocap.skeleton import COCO17, HALPE26, MODELSCOPE15, Skeleton
from monomocap.weights import check_fits, first_dict, read_checkpoint, sha256

if TYPE_CHECKING:
    from torch import Tensor, nn

SKELETON_OF_JOINTS = {15: MODELSCOPE15, 17: COCO17, 26: HALPE26}
CONFIGURATION = "configuration.json"
CHECKPOINT = "pytorch_model.bin"
TASK = "body-2d-keypoints"


@dataclass(frozen=True)
class Sight:
    """What a network wants to see of a person, and what it answers with."""

    name: str
    skeleton: Skeleton
    input_px: tuple[int, int]
    """Width and height of its input."""
    crop: Crop


def load_hrnet(path: Path, device: Device = "auto", *, boxes: str | None = None) -> TopDown:
    """HRNet or HRNetV2 from a ModelScope folder, a torch checkpoint or an ONNX file, or RTMPose.

    `boxes` chooses the box detector (`monomocap.detect.boxes.load_boxes`). Raises `WeightsError`,
    `MissingDependency` (a torch file without torch) or `DeviceError`.
    """
    file = weights_file(path)
    network: HeatmapNetwork | Locates
    network, sight = _open_onnx(file, device) if file.suffix == ".onnx" else _open(file, device)
    # A GPU that only one of the two can use is no reason to fail: `device` says who ran where.
    finder = load_boxes(boxes, "cpu" if device == "cpu" else "auto", beside=file.parent)
    return TopDown(
        sight.name,
        network,
        finder,
        skeleton=sight.skeleton,
        input_px=sight.input_px,
        crop=sight.crop,
        weights={_called(file): sha256(file)},
    )


def weights_file(path: Path) -> Path:
    """The file that holds the weights: the path itself, or what a ModelScope folder calls so."""
    if path.is_file():
        return path
    if not path.is_dir():
        raise WeightsError(f"no such file or folder: {path}; give a detector's weights")
    _check_task(path / CONFIGURATION)
    if (path / CHECKPOINT).is_file():
        return path / CHECKPOINT
    others = [f for f in sorted(path.glob("*.onnx")) if not f.name.startswith(("rtmdet", "yolox"))]
    if len(others) != 1:
        raise WeightsError(f"{path} holds neither {CHECKPOINT} nor one ONNX file; give the file")
    return others[0]


def _called(file: Path) -> str:
    """A file's name, with its folder's where all folders (lifters' too) call it the same."""
    return f"{file.absolute().parent.name}/{file.name}" if file.name == CHECKPOINT else file.name


def _check_task(configuration: Path) -> None:
    """A ModelScope folder says what its model is for; a folder without a word on it may pass."""
    if not configuration.is_file():
        return
    try:
        said = json.loads(configuration.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"cannot read {configuration}: {error}; get the file again") from error
    task = said.get("task", TASK) if isinstance(said, dict) else TASK
    if task != TASK:
        raise WeightsError(
            f"{configuration.parent} is a model for {task!r}, not for {TASK!r}; "
            "give the folder of a 2D detector"
        )


# --- torch


def _open(file: Path, device: Device) -> tuple[HeatmapNetwork, Sight]:
    try:
        from monomocap.detect.torch_heatmaps import TorchHeatmaps
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"{file.name} needs torch, which is not installed; run: pip install monomocap[train], "
            "or give the network as an ONNX file"
        ) from error
    module, sight = read_network(file)
    return TorchHeatmaps(module, device), sight


def read_network(file: Path) -> tuple["nn.Module", Sight]:
    """The network that this checkpoint is, with its weights, every name and shape checked."""
    state = _state(file)
    module, sight = _empty_network(state, file)
    check_fits(state, module.state_dict(), file, f"{sight.name} for {len(sight.skeleton)} joints")
    module.load_state_dict(state, strict=True, assign=True)
    return module.float().eval(), sight


def _state(file: Path) -> dict[str, "Tensor"]:
    """The checkpoint's parameters by their published names."""
    from torch import Tensor

    contents: dict[str, Any] = read_checkpoint(file)
    nested = first_dict(contents, ("state_dict", "model"))
    tensors = nested[1] if nested else contents
    state = {name: value for name, value in tensors.items() if isinstance(value, Tensor)}
    if all(name.startswith("module.") for name in state):  # saved by torch's DataParallel
        state = {name.removeprefix("module."): value for name, value in state.items()}
    return state


def _empty_network(state: dict[str, "Tensor"], file: Path) -> tuple["nn.Module", Sight]:
    """The network that the checkpoint's shapes ask for, still without numbers."""
    import torch

    from monomocap.detect.networks.hrnet import HRNet, HRNetV2

    width = _first_size(state, "stage2.0.branches.0.0.conv1.weight", 48)
    with torch.device("meta"):
        if "final_layer.weight" in state:
            joints = _first_size(state, "final_layer.weight", 17)
            plain = Sight(f"hrnet-w{width}", _skeleton(joints, file), _plain_px(file), "window")
            return HRNet(width=width, joints=joints), plain
        joints = _first_size(state, "final_layer.3.weight", 15)
        second = Sight(f"hrnetv2-w{width}", _skeleton(joints, file), (128, 128), "letterbox")
        return HRNetV2(width=width, joints=joints), second


def _first_size(state: dict[str, "Tensor"], name: str, otherwise: int) -> int:
    """How many channels come out of this layer."""
    return int(state[name].shape[0]) if name in state and state[name].ndim else otherwise


def _skeleton(joints: int, file: Path) -> Skeleton:
    if joints not in SKELETON_OF_JOINTS:
        known = " or ".join(f"{n} ({s.name})" for n, s in SKELETON_OF_JOINTS.items())
        raise WeightsError(f"{file} answers with {joints} joints; a detector here has {known}")
    return SKELETON_OF_JOINTS[joints]


def _plain_px(file: Path) -> tuple[int, int]:
    """Width and height: the published files say them in their names, height first."""
    said = re.search(r"(\d{2,4})x(\d{2,4})", file.stem)
    return (int(said[2]), int(said[1])) if said else (192, 256)


# --- ONNX

IMAGE, HEATMAPS = "image", "heatmaps"


class OnnxHeatmaps:
    """Heatmaps by ONNX Runtime."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.device = session.device
        (self._image,) = session.inputs
        self._heatmaps = next(iter(session.outputs))

    def __call__(
        self, images: Float32[np.ndarray, "person 3 y x"]
    ) -> Float32[np.ndarray, "person joint y_cells x_cells"]:
        """One forward pass, or one per person where the file fixes its batch at one."""
        if self._session.inputs[self._image][0] == 1:
            return np.concatenate([self._run(images[i : i + 1]) for i in range(len(images))])
        return self._run(images)

    def _run(self, images: np.ndarray) -> np.ndarray:
        return self._session([self._heatmaps], **{self._image: images})[0]

    def close(self) -> None:
        """Let go of the network."""
        self._session.close()


def _open_onnx(file: Path, device: Device) -> tuple[HeatmapNetwork | Locates, Sight]:
    session = Session(file, device)
    if is_simcc(session):
        network = SimCC(session)
        skeleton = _skeleton(network.joints, file)
        return network, Sight(file.stem, skeleton, network.input_px, "window")
    joints, input_px = _onnx_shapes(session)
    skeleton = _skeleton(joints, file)
    default: Crop = "letterbox" if skeleton == MODELSCOPE15 else "window"
    said = session.metadata.get("crop", default)
    crop: Crop = "letterbox" if said == "letterbox" else "window"
    name = session.metadata.get("name", file.stem)
    return OnnxHeatmaps(session), Sight(name, skeleton, input_px, crop)


def _onnx_shapes(session: Session) -> tuple[int, tuple[int, int]]:
    """How many joints come out, and the width and height that go in."""
    inputs, outputs = list(session.inputs.values()), list(session.outputs.values())
    fine = len(inputs) == 1 and len(inputs[0]) == 4 and outputs and len(outputs[0]) == 4
    joints, height, width = (outputs[0][1], *inputs[0][2:]) if fine else ("", "", "")
    if not (isinstance(joints, int) and isinstance(height, int) and isinstance(width, int)):
        raise WeightsError(
            f"{session.path} is no heatmap network: it needs one input (batch, 3, height, width) "
            "and the output (batch, joints, height / 4, width / 4), all fixed but the batch"
        )
    return joints, (width, height)


def export_onnx(source: Path, target: Path) -> None:
    """A torch checkpoint as an ONNX file that runs without torch; any batch, the same input size.

    Its metadata say what it is: name, skeleton, crop, and how its input is made.
    """
    import onnx
    import torch

    module, sight = read_network(weights_file(source))
    width, height = sight.input_px
    # The older exporter, by tracing: the newer one takes minutes over HRNet's 300 convolutions.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", "Converting a tensor")  # the check of the input's size
        torch.onnx.export(
            module,
            (torch.zeros(1, 3, height, width),),
            str(target),
            input_names=[IMAGE],
            output_names=[HEATMAPS],
            dynamic_axes={IMAGE: {0: "batch"}, HEATMAPS: {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
    network = onnx.load(str(target))
    said = {
        "name": sight.name,
        "skeleton": sight.skeleton.name,
        "joints": " ".join(sight.skeleton.joints),
        "crop": sight.crop,
        "input": "RGB / 255, ImageNet mean and standard deviation",
        "output": "one heatmap per joint, a cell for 4x4 pixels",
    }
    onnx.helper.set_model_props(network, said)
    onnx.save(network, str(target))
