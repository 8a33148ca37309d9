"""Lifters from the ONNX files of `monomocap export`, and published networks written as such files.

A file says itself what it is. One of our own training is read by `monomocap.lift.own`. One of a
published network carries what stands around it (`published_models.Traits`, HDFormer's statistics),
so that it runs without torch and answers as the original file does. A root trajectory network, if
there is one, lies beside it in a file of its own.
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from pydantic import TypeAdapter, ValidationError

from monomocap.errors import OptionError, WeightsError
from monomocap.lift.consistent import Consistent
from monomocap.lift.onnx import OnnxNetwork, export_network
from monomocap.lift.own import lifter_of
from monomocap.lift.protocol import Lifter
from monomocap.lift.published import (
    Opened,
    PublishedLifter,
    check_limits,
    open_published,
    settings,
)
from monomocap.lift.published_folder import Statistics, stated_view
from monomocap.lift.published_models import RATE_HZ, Network, Traits, model_of
from monomocap.options import Device, View
from monomocap.skeleton import H36M17
from monomocap.weights import checked, sha256

FORMAT = "monomocap published lifter 1"
"""What the metadata key `format` says in files made of published networks."""

_TRAITS = TypeAdapter(Traits)
_NAMES = tuple(field.name for field in fields(Statistics))


# --- reading


def open_exported(path: Path, device: Device = "auto", *, as_published: bool = False) -> Lifter:
    """The lifter in a file of `monomocap export`.

    Raises `WeightsError` for another file, or where the trajectory's file is missing or not the
    one that was written beside it; `OptionError` for limits that the file does not state.
    """
    network = OnnxNetwork(path, device)
    if network.metadata.get("format") == FORMAT:
        return _published(path, network, device, as_published)
    if as_published:
        raise OptionError(f"{path} holds no published model; drop as_published")
    return Consistent(lifter_of(network, path))


def view_of(lifter: str) -> View | None:
    """The view that a lifter's folder states, or stated before it was exported; or None."""
    path = Path(lifter)
    if path.suffix != ".onnx" or not path.is_file():
        return stated_view(lifter)
    said = OnnxNetwork(path, "cpu").metadata
    return _traits(path, said).configuration.view if said.get("format") == FORMAT else None


def _published(path: Path, network: OnnxNetwork, device: Device, as_published: bool) -> Lifter:
    traits = _traits(path, network.metadata)
    check_limits(as_published, bool(traits.configuration.stated), path)
    beside = json.loads(network.metadata.get("trajectory", "{}"))
    others = [checked(path.with_name(name), digest) for name, digest in beside.items()]
    trajectory = next((_numbers(OnnxNetwork(other, device)) for other in others), None)
    statistics = _statistics(path, network.metadata) if traits.kind == "hdformer" else None
    return PublishedLifter(
        f"{traits.kind}:{path.name}",
        model_of(traits, statistics, _numbers(network), trajectory),
        device=network.device,
        weights={file.name: sha256(file) for file in (path, *others)},
        settings=settings(traits, as_published),
        as_published=as_published,
    )


def _numbers(network: OnnxNetwork) -> Network:
    """In single precision, as the files take their input."""

    def answer(*arrays: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        return network(*(a.astype(np.float32) for a in arrays))

    return answer


def _traits(path: Path, said: dict[str, str]) -> Traits:
    try:
        return _TRAITS.validate_json(said.get("traits", ""))
    except ValidationError as error:
        raise _broken(path, "what stands around its network") from error


def _statistics(path: Path, said: dict[str, str]) -> Statistics:
    try:
        numbers = json.loads(said["statistics"])
        return Statistics(**{name: np.array(numbers[name], np.float64) for name in _NAMES})
    except (ValueError, LookupError, TypeError) as error:
        raise _broken(path, "its statistics") from error


def _broken(path: Path, what: str) -> WeightsError:
    return WeightsError(f"{path} does not say {what} rightly; export it again")


# --- writing

LAYOUTS: dict[str, tuple[str, str]] = {
    "hdformer": (
        "batch, (x, y), frame, joint: (ray - mean_2d) / std_2d, frames in multiples of 16",
        "batch, (x, y, z), frame, joint: times std_3d_mm plus mean_3d_mm is mm, camera axes",
    ),
    "mixste": (
        "batch, frame, joint, (x, y): x from -1 to 1 across the picture's width, y in that unit",
        "batch, frame, joint, (x, y, z): metres, camera axes",
    ),
    "ucond_dgcn": (
        "batch, frame, joint, (x, y): x from -1 to 1 across the picture's width, y in that unit; "
        "frames in multiples of 16",
        "batch, frame, joint, (x, y, z): metres, camera axes",
    ),
    "canonical_pose": (
        "batch, frame, joint, (x, y): x from -1 to 1 across the picture's width, y in that unit; "
        "any number of frames from `window` on",
        "batch, frame - window + 1, joint, (x, y, z): metres, camera axes",
    ),
}
"""Of input and output, by kind of network, for whoever reads the file without monomocap."""

_FREE: dict[str, dict[str, dict[int, str]]] = {
    "hdformer": {"x": {0: "batch", 2: "frames"}, "y": {0: "batch", 2: "frames"}},
    "mixste": {"x": {0: "batch"}, "y": {0: "batch"}},
    "ucond_dgcn": {"x": {0: "batch", 1: "frames"}, "y": {0: "batch", 1: "frames"}},
    "canonical_pose": {"x": {0: "batch", 1: "frames"}, "y": {0: "batch", 1: "answered"}},
}
"""Axes that may have any length."""


def export_published(path: Path, output: Path) -> tuple[Path, ...]:
    """Write a published folder or checkpoint as ONNX, which `--lifter` takes; the files written.

    Raises as `monomocap.lift.published.load_published` does, and `OutputError`.
    """
    opened = open_published(path)
    beside = _export_trajectory(opened, output)
    export_network(
        opened.networks.network,
        output,
        inputs={"x": _example(opened.traits)},
        dynamic=_FREE[opened.traits.kind],
        metadata=_story(opened, beside),
    )
    return output, *beside


def _example(traits: Traits) -> Any:
    import torch

    shape = (1, traits.window, traits.joints_in, 2)
    return torch.zeros(shape if traits.kind != "hdformer" else (1, 2, traits.window, 17))


def _story(opened: Opened, beside: tuple[Path, ...]) -> dict[str, str]:
    """All that a lifter and its reader must know."""
    traits = opened.traits
    layout_in, layout_out = LAYOUTS[traits.kind]
    story = {
        "format": FORMAT,
        "name": traits.kind,
        "window": str(traits.window),
        "fps": f"{RATE_HZ:g}",
        "skeleton": H36M17.name,
        "joints": " ".join(H36M17.joints),
        "input": layout_in,
        "output": layout_out,
        "licence": "that of the weights it was made of",
        "sources": json.dumps({file.name: sha256(file) for file in opened.files}),
        "traits": _TRAITS.dump_json(traits).decode(),
    }
    if opened.statistics is not None:
        numbers = {name: getattr(opened.statistics, name).tolist() for name in _NAMES}
        story["statistics"] = json.dumps(numbers)
    if beside:
        story["trajectory"] = json.dumps({file.name: sha256(file) for file in beside})
    return story


def _export_trajectory(opened: Opened, output: Path) -> tuple[Path, ...]:
    """The second network's file, if there is a second network."""
    network, traits = opened.networks.trajectory, opened.traits
    if network is None:
        return ()
    import torch

    output = output.with_name(f"{output.stem}.trajectory{output.suffix}")
    inputs, dynamic = {"x": _example(traits)}, _FREE["canonical_pose"]
    if traits.trajectory_frames is not None:
        inputs["pose"] = torch.zeros(1, traits.joints_in, 3)
        dynamic = {name: {0: "batch"} for name in ("x", "pose", "y")}
    about = {"format": f"{FORMAT}: trajectory", "output": "the pelvis from the camera, metres"}
    export_network(network, output, inputs=inputs, dynamic=dynamic, metadata=about)
    return (output,)
