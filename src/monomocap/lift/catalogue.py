"""The lifters, by name. Heavy imports happen inside the functions."""

from collections.abc import Callable

from monomocap.errors import UnknownName
from monomocap.lift.protocol import Lifter
from monomocap.options import Device


def flat(device: Device) -> Lifter:
    """Every depth is 0: no weights; for tests, and for timing everything else."""
    from monomocap.lift.flat import Flat

    return Flat()


def mediapipe(device: Device) -> Lifter:
    """MediaPipe's own 3D, carried along by its detector: the peer in every table."""
    from monomocap.lift.mediapipe import MediaPipeWorld

    return MediaPipeWorld()


LIFTERS: dict[str, Callable[[Device], Lifter]] = {"flat": flat, "mediapipe": mediapipe}


def load_lifter(name: str, device: Device = "auto") -> Lifter:
    """The lifter of this name; raises `UnknownName` with the list of choices."""
    if name not in LIFTERS:
        raise UnknownName("lifter", name, LIFTERS)
    return LIFTERS[name](device)
