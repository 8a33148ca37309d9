"""Published checkpoints: which network is in the file, of which size, under which names.

How each network's file names its parameters (every key and shape stands beside the golden tests):

* HDFormer: entry `state_dict`; names as in `networks.hdformer`. A file has 1168 of them.
* MixSTE: entry `model_pos`; every name begins with `module.` (it was saved from `DataParallel`).
* U-CondDGCN (the unofficial code): `state_dict` or the names alone; its constants `A` are in it.
* CanonicalPose3D and VideoPose3D: entry `model_pos`, and `model_traj` for the root's trajectory:
  CanonicalPose3D's own network, or VideoPose3D's (a second pose network of one joint).

Widths, depths, joints and window lengths are read from the shapes. Not readable from shapes, and
so fixed: MixSTE's 8 heads, dropout (unused here), and whether a temporal network is causal, which
a ModelScope folder states.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monomocap.errors import WeightsError
from monomocap.weights import Contents, State, check_fits, first_dict, read_checkpoint

if TYPE_CHECKING:
    from torch.nn import Module
else:  # torch is imported where it is used
    Module = Any

MIXSTE_HEADS = 8
"""Of every published MixSTE; attention's weights have the same shape for any number of heads."""

_Build = Callable[[State, Path, bool], Module]
_CONTAINERS = ("state_dict", "model_pos", "model", "net")
_PARALLEL = "module."


@dataclass(frozen=True)
class Published:
    """The networks of one checkpoint, in evaluation."""

    kind: str
    """'hdformer', 'mixste', 'ucond_dgcn' or 'canonical_pose'."""
    network: Module
    trajectory: Module | None = None
    """CanonicalPose3D's or VideoPose3D's second network."""


def load_checkpoint(path: Path, *, causal: bool = False) -> Published:
    """The networks of a published file; raises `WeightsError` if it is none that is known here."""
    contents = read_checkpoint(path)
    state = flat_state(contents)
    kind, network = network_for(state, path, causal=causal)
    _fill(network, state, path, kind)
    return Published(kind, network, _trajectory(contents, path, causal))


def network_for(state: State, path: Path, *, causal: bool = False) -> tuple[str, Module]:
    """Which network these names and shapes belong to, built in that size and not yet filled."""
    for kind, mark, build in _KINDS:
        if mark in state:
            return kind, _built(build, state, path, causal, kind)
    known = ", ".join(sorted({kind for kind, _, _ in _KINDS}))
    first = next(iter(state), "no tensors")
    raise WeightsError(
        f"{path} holds no network that is known here (its first name is {first}); "
        f"give a checkpoint of one of: {known}"
    )


def flat_state(contents: Contents, containers: tuple[str, ...] = _CONTAINERS) -> dict[str, Any]:
    """Names -> tensors, out of whatever the file wraps them in, without `module.`."""
    _, inner = first_dict(contents, containers) or ("", contents)
    return {
        name.removeprefix(_PARALLEL): tensor
        for name, tensor in inner.items()
        if not isinstance(tensor, dict)
    }


def _built(build: _Build, state: State, path: Path, causal: bool, what: str) -> Module:
    try:
        return build(state, path, causal)
    except (ValueError, RuntimeError, ZeroDivisionError) as error:
        raise WeightsError(f"{path} is a {what} of an impossible shape ({error})") from error


def _fill(network: Module, state: State, path: Path, what: str) -> None:
    """Exactly these tensors, in single precision, for evaluation."""
    check_fits(state, network.state_dict(), path, f"a checkpoint of {what}")
    single = {n: t.float() if t.is_floating_point() else t for n, t in state.items()}
    network.load_state_dict(single, strict=True, assign=True)
    network.eval().requires_grad_(False)


def _trajectory(contents: Contents, path: Path, causal: bool) -> Module | None:
    if not isinstance(contents.get("model_traj"), dict):
        return None
    state = flat_state(contents, ("model_traj",))
    kind, network = network_for(state, path, causal=causal)
    _fill(network, state, path, kind)
    return network


# --- one network each: its numbers from the shapes of its tensors


def _hdformer(state: State, path: Path, causal: bool) -> Module:
    from monomocap.lift.networks.hdformer import HDFormer

    joints = _size(state, path, "backbone.downsample.0.foa_block.PA", 2)
    if joints != 17:
        raise WeightsError(
            f"{path} is an HDFormer of {joints} joints; only Human3.6M's 17 can be used here"
        )
    inputs = _size(state, path, "backbone.data_bn.weight", 0) // joints
    hops = 1 + _count(state, "backbone.merge.0.linears.")
    if inputs < 1 or hops > 4:
        raise WeightsError(f"{path} is an HDFormer of a shape that was never published")
    return HDFormer(in_channels=inputs, max_hop=hops)


def _mixste(state: State, path: Path, causal: bool) -> Module:
    from monomocap.lift.networks.mixste import MixSTE

    dim = _size(state, path, "Spatial_pos_embed", 2)
    if dim < 1 or dim % MIXSTE_HEADS:
        raise WeightsError(f"{path} is a MixSTE of width {dim}, which has no {MIXSTE_HEADS} heads")
    with _shapes_only():
        return MixSTE(
            joints=_size(state, path, "Spatial_pos_embed", 1),
            frames=_size(state, path, "Temporal_pos_embed", 1),
            inputs=_size(state, path, "Spatial_patch_to_embedding.weight", 1),
            dim=dim,
            depth=_count(state, "STEblocks."),
            heads=MIXSTE_HEADS,
            mlp_ratio=_size(state, path, "STEblocks.0.mlp.fc1.weight", 0) / dim,
        )


def _ucond_dgcn(state: State, path: Path, causal: bool) -> Module:
    from monomocap.lift.networks.ucond_dgcn import H36M17_PARENTS, UCondDGCN

    coarser = [f"down_stage.{i}.0" for i in range(1, _count(state, "down_stage."))]
    convs = [f"{block}.tcn1.2.weight" for block in ("down_stage.0", *coarser)]
    return UCondDGCN(
        inputs=_size(state, path, "data_bn.weight", 0) // len(H36M17_PARENTS),
        planes=[_size(state, path, conv, 0) for conv in convs],
        experts=_size(state, path, "merge_stage.0.weight", 0),
        temporal_kernel=_size(state, path, convs[0], 2),
        unofficial_quirks=True,
    )


def _canonical_pose(state: State, path: Path, causal: bool) -> Module:
    from monomocap.lift.networks.canonical_pose import CanonicalPose

    widths, dense = _filter_widths(state, path)
    if any(width % 2 == 0 for width in widths):
        raise WeightsError(f"{path} has filters of even width {widths}, which have no middle")
    with _shapes_only():
        return CanonicalPose(
            joints_in=_size(state, path, "expand_conv.weight", 1) // 2,
            joints_out=_size(state, path, "shrink.weight", 0) // 3,
            widths=widths,
            channels=_size(state, path, "expand_conv.weight", 0),
            causal=causal,
            dense=dense,
        )


def _filter_widths(state: State, path: Path) -> tuple[list[int], bool]:
    """The widths along time, and whether the network is the dense variant.

    A dense layer's filter spans (width - 1) * dilation + 1 frames; widths that grow just so, all
    from the first one, are taken for that.
    """
    layers = _count(state, "layers_conv.") // 2
    first = _size(state, path, "expand_conv.weight", 2)
    spans = [_size(state, path, f"layers_conv.{2 * i}.weight", 2) for i in range(layers)]
    grown = [(first - 1) * first ** (i + 1) + 1 for i in range(layers)]
    if first > 1 and spans and spans == grown:
        return [first] * (1 + layers), True
    return [first, *spans], False


def _root_trajectory(state: State, path: Path, causal: bool) -> Module:
    from monomocap.lift.networks.canonical_pose import RootTrajectory

    with _shapes_only():
        return RootTrajectory(
            joints=_size(state, path, "embedding_3d_1.weight", 1) // 3,
            frames=_size(state, path, "reduce.weight", 2),
            channels=_size(state, path, "reduce.weight", 0),
            blocks=_count(state, "layers_conv."),
        )


_KINDS: tuple[tuple[str, str, _Build], ...] = (
    ("hdformer", "joint_regressor.weight", _hdformer),
    ("mixste", "Temporal_pos_embed", _mixste),
    ("ucond_dgcn", "merge_stage.0.weight", _ucond_dgcn),
    ("canonical_pose", "expand_conv.weight", _canonical_pose),
    ("root_trajectory", "reduce.weight", _root_trajectory),
)
"""Kind, a name that only it has, and how it is built."""


def _size(state: State, path: Path, name: str, axis: int) -> int:
    """A tensor's size along an axis; a name that is missing is told."""
    if name not in state:
        raise WeightsError(f"{path}: {name} is missing; give a whole checkpoint of that network")
    shape = state[name].shape
    if axis >= len(shape):
        raise WeightsError(f"{path}: {name} has shape {tuple(shape)}, which is no network's here")
    return int(shape[axis])


def _count(state: State, prefix: str) -> int:
    """How many numbered parts stand under a prefix: `layers_conv.0.weight`, ..."""
    return len({name[len(prefix) :].split(".")[0] for name in state if name.startswith(prefix)})


def _shapes_only() -> Any:
    """Modules made in this block hold no memory: the file's own tensors take their places."""
    import torch

    return torch.device("meta")
