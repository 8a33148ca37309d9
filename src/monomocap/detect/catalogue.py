"""The 2D estimators, by name. Heavy imports happen inside the functions."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from monomocap.detect.mediapipe_models import BUNDLE, LandmarkModel
from monomocap.detect.protocol import Detector
from monomocap.errors import OptionError, UnknownName
from monomocap.formats.keypoints import is_keypoints
from monomocap.options import Device


def mediapipe(device: Device, model: str = "mediapipe", boxes: str | None = None) -> Detector:
    """MediaPipe's pose: the embedded full model, lite or heavy, or a `.task` file by its path.

    It computes on the CPU, always, and finds people by itself, or in the boxes of an RTMDet ONNX
    file, which sees more of them.
    """
    from monomocap.detect.mediapipe import MediaPipePose

    named = model in DETECTORS
    chosen = LandmarkModel.named(model) if named else LandmarkModel.bundled(Path(model))
    if boxes in (None, "mediapipe"):
        return MediaPipePose(model=chosen)
    from monomocap.detect.boxes import load_boxes

    return MediaPipePose(load_boxes(boxes, device), model=chosen)


def rtmpose(device: Device, preset: str = "rtmpose", boxes: str | None = None) -> Detector:
    """RTMPose and RTMDet (`monomocap weights pull rtmpose`): everybody, 26 joints each."""
    from monomocap.detect.rtmpose import load_rtmpose

    return load_rtmpose(preset, device, boxes=boxes)


DETECTORS: dict[str, Callable[[Device], Detector]] = {
    "mediapipe": mediapipe,
    "mediapipe-heavy": partial(mediapipe, model="mediapipe-heavy"),
    "mediapipe-lite": partial(mediapipe, model="mediapipe-lite"),
    "rtmpose": rtmpose,
    "rtmpose-lightweight": partial(rtmpose, preset="rtmpose-lightweight"),
    "rtmpose-performance": partial(rtmpose, preset="rtmpose-performance"),
}


def load_detector(name: str, device: Device = "auto", *, boxes: str | None = None) -> Detector:
    """The 2D estimator of this name, or the one whose weights lie at this path.

    A path is a ModelScope folder, a torch checkpoint or an ONNX file of HRNet or HRNetV2, an ONNX
    file of RTMPose, MediaPipe's `.task` file, or finished 2D of the same video
    (`monomocap.formats.keypoints`); `boxes` chooses who finds people for all but the last
    (`monomocap.detect.boxes.load_boxes`). Raises `UnknownName` with the list of choices,
    `WeightsError`, `FormatError`, `DeviceError` or `MissingDependency`.
    """
    if name not in DETECTORS and is_keypoints(Path(name)):
        return _from_file(Path(name), boxes)
    if name not in DETECTORS and Path(name).suffix == BUNDLE:
        return mediapipe(device, name, boxes)
    if name not in DETECTORS and _is_path(name):
        from monomocap.detect.hrnet import load_hrnet

        return load_hrnet(Path(name), device, boxes=boxes)
    if name not in DETECTORS:
        raise UnknownName("detector", name, [*DETECTORS, "the path of its weights"])
    if boxes is not None:
        return (rtmpose if name.startswith("rtmpose") else mediapipe)(device, name, boxes)
    return DETECTORS[name](device)


def _from_file(path: Path, boxes: str | None) -> Detector:
    """Finished 2D of the same video."""
    from monomocap.detect.from_file import FromFile

    if boxes is not None:
        raise OptionError(f"{path} is finished 2D and needs no boxes; leave boxes out")
    return FromFile(path)


def _is_path(name: str) -> bool:
    """Whether this means a file or folder: because it is there, or looks like nothing else."""
    return Path(name).exists() or Path(name).name != name or Path(name).suffix != ""
