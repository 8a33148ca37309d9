"""The 2D estimators, by name. Heavy imports happen inside the functions."""

from collections.abc import Callable

from monomocap.detect.protocol import Detector
from monomocap.errors import UnknownName
from monomocap.options import Device


def mediapipe(device: Device) -> Detector:
    """MediaPipe's pose (full model): the embedded one. It computes on the CPU, always."""
    from monomocap.detect.mediapipe import MediaPipePose

    return MediaPipePose()


DETECTORS: dict[str, Callable[[Device], Detector]] = {"mediapipe": mediapipe}


def load_detector(name: str, device: Device = "auto") -> Detector:
    """The 2D estimator of this name; raises `UnknownName` with the list of choices."""
    if name not in DETECTORS:
        raise UnknownName("detector", name, DETECTORS)
    return DETECTORS[name](device)
