"""The lifters, by name. Heavy imports happen inside the functions."""

from collections.abc import Callable
from pathlib import Path

from monomocap.errors import OptionError, UnknownName
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


def hdformer(device: Device) -> Lifter:
    """HDFormer with our own weights, trained on free motion capture: the default."""
    from monomocap.lift.consistent import Consistent
    from monomocap.lift.own import shipped

    return Consistent(shipped("hdformer", device))


LIFTERS: dict[str, Callable[[Device], Lifter]] = {
    "flat": flat,
    "hdformer": hdformer,
    "mediapipe": mediapipe,
}


def load_lifter(name: str, device: Device = "auto", *, as_published: bool = False) -> Lifter:
    """The lifter of this name, or the published one that lies at this path.

    A path is a file of `monomocap export` (.onnx), a ModelScope model folder, or a research
    checkpoint (`monomocap.lift.published`);
    `as_published` runs a folder with its original's limits. Raises `UnknownName` with the list of
    choices, `WeightsError`, `DeviceError`, `OptionError` or `MissingDependency`.
    """
    if name not in LIFTERS and Path(name).suffix == ".onnx":
        from monomocap.lift.exported import open_exported

        return open_exported(Path(name), device, as_published=as_published)
    if name not in LIFTERS and is_path(name):
        from monomocap.lift.published import load_published

        return load_published(Path(name), device, as_published=as_published)
    if name not in LIFTERS:
        raise UnknownName("lifter", name, [*LIFTERS, "the path of a published model"])
    if as_published:
        raise OptionError(f"the lifter {name} is not a published model folder; drop as_published")
    return LIFTERS[name](device)


def is_path(name: str) -> bool:
    """Whether this means a file or folder: because it is there, or looks like nothing else."""
    return Path(name).exists() or Path(name).name != name or Path(name).suffix != ""
