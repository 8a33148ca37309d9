"""Our own weights: ONNX files that say themselves what they are."""

from pathlib import Path

from monomocap.errors import UnknownName, WeightsError
from monomocap.lift.lifter import NetworkLifter
from monomocap.lift.onnx import OnnxNetwork
from monomocap.options import Device
from monomocap.skeleton import H36M17
from monomocap.weights import checked, sha256

FORMAT = "monomocap lifter 1"
"""What the metadata key `format` says in files made by `monomocap export`."""

BUNDLED = Path(__file__).parent / "bundled"
SHIPPED: dict[str, tuple[str, str]] = {
    "hdformer": (
        "hdformer.onnx",
        "f2334cc0874e7157546e82e1ca316630976c33178bfd5024bc9e5d99923f3856",
    )
}
"""Lifter -> (file in `bundled/`, its SHA-256); the card beside each file tells its story."""


def shipped(name: str, device: Device) -> NetworkLifter:
    """A lifter whose weights come with the package."""
    if name not in SHIPPED:
        raise UnknownName("shipped lifter", name, SHIPPED)
    file, digest = SHIPPED[name]
    return open_lifter(checked(BUNDLED / file, digest), device, name=name)


def open_lifter(path: Path, device: Device, *, name: str | None = None) -> NetworkLifter:
    """The lifter in a file that `monomocap export` wrote; raises `WeightsError` for another."""
    return lifter_of(OnnxNetwork(path, device), path, name=name)


def lifter_of(network: OnnxNetwork, path: Path, *, name: str | None = None) -> NetworkLifter:
    """The lifter around a network that was read from this path."""
    said = network.metadata
    if said.get("format") != FORMAT:
        raise WeightsError(f"{path} was not made by `monomocap export`: it does not say '{FORMAT}'")
    if said["skeleton"] != H36M17.name:
        raise WeightsError(f"{path} is for the skeleton {said['skeleton']}, not {H36M17.name}")
    return NetworkLifter(
        name or said["name"],
        network,
        window=int(said["window"]),
        fps=float(said["fps"]),
        weights={path.name: sha256(path)},
    )
