"""Lifters from published files: a ModelScope model folder, or a research checkpoint.

What is used always: a folder's camera, statistics and view. A published network was trained on
rays, or on the screen, of one camera. So where our own camera is known, its pixels become rays and
those become pixels of the network's camera: the folder's focal length and center then cancel out,
and the lens is really ours. Where ours is only assumed, the folder's camera stands in for it
(`OwnCamera.pixels` says how). Tracks are brought to Human3.6M's 50 frames/s and back.

What applies only with `as_published`: `max_frame`, the kept `window_size` frames of a window, the
division by `res_w`, no change of frame rate, pixels taken for the folder's whatever the picture.
The original's crash at a second window is not repeated; frames it has no answer for are gaps.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from monomocap.errors import DeviceError, OptionError, WeightsError
from monomocap.geometry.resample import at_times, to_rate
from monomocap.lift.checkpoints import Published, load_checkpoint
from monomocap.lift.lifter import longest_step
from monomocap.lift.own_camera import HUMAN36M
from monomocap.lift.pieces import empty_motion, pieces
from monomocap.lift.published_folder import (
    CONFIGURATION,
    MEAN_STD_2D,
    MEAN_STD_3D,
    WEIGHTS,
    Configuration,
    Statistics,
    read_configuration,
    read_statistics,
)
from monomocap.lift.published_models import (
    RATE_HZ,
    UCOND_FRAMES,
    Lifted,
    Model,
    Traits,
    model_of,
    on_device,
)
from monomocap.lift.windows import runs
from monomocap.options import Device
from monomocap.skeleton import H36M17, convert, convert_score
from monomocap.types import Camera, Motion3D, Track2D
from monomocap.weights import sha256

PIECE_FRAMES = 2048
_TRUNK = [H36M17.index("pelvis"), H36M17.index("thorax")]


class PublishedLifter:
    """A published network as a lifter: any length, gaps stay gaps, metres from the pelvis."""

    skeleton = H36M17

    def __init__(
        self,
        name: str,
        model: Model,
        *,
        device: str,
        weights: Mapping[str, str],
        settings: Mapping[str, str],
        as_published: bool = False,
    ) -> None:
        self.name, self.device = name, device
        self.weights, self.settings = dict(weights), dict(settings)
        self._model, self._as_published = model, as_published

    def __call__(self, track: Track2D, camera: Camera) -> Motion3D:
        """Metres in camera axes; with a trajectory network also where the pelvis is.

        A long track is lifted piece by piece, with the same result.
        """
        xyz_m, confidence = empty_motion(track)
        root_m = np.full((len(xyz_m), 3), np.nan, np.float32) if self._model.gives_root else None
        for piece, around in self._pieces(track.time_s):
            here = slice(piece.start - around.start, piece.stop - around.start)
            lifted = self._lift(track, camera, around)
            xyz_m[piece] = lifted.xyz_m[here]
            score = convert_score(track.score[piece], track.skeleton, H36M17)
            confidence[piece] = np.where(np.isfinite(xyz_m[piece]).all(axis=-1), score, 0.0)
            if root_m is not None and lifted.root_m is not None:
                root_m[piece] = lifted.root_m[here]
        return Motion3D(
            track.person, track.time_s, xyz_m, confidence, H36M17, "root", self.name, root_m
        )

    def _pieces(self, time_s: Float[np.ndarray, " time"]) -> Iterator[tuple[slice, slice]]:
        """Slices of the track, each with what the network sees beyond it; one as published."""
        everything = slice(0, len(time_s))
        if self._as_published:
            yield everything, everything
            return
        margin_s = self._model.reach_frames / RATE_HZ
        for piece in pieces(len(time_s), PIECE_FRAMES):
            first_s, last_s = time_s[piece][[0, -1]]
            begin = int(np.searchsorted(time_s, first_s - margin_s))
            end = int(np.searchsorted(time_s, last_s + margin_s, side="right"))
            yield piece, slice(begin, end)

    def _lift(self, track: Track2D, camera: Camera, part: slice) -> Lifted:
        """Joints that were not seen are missing in the answer, too."""
        xy_px = convert(track.xy_px[part].astype(np.float64), track.skeleton, H36M17)
        present = np.isfinite(xy_px[:, _TRUNK]).all(axis=(1, 2))
        if self._as_published:
            whole = _completed(xy_px, present)
            lifted = _by_run(whole, present, lambda run, _: self._model.lift_as_published(run))
        else:
            own = self._model.camera.pixels(camera, xy_px)
            lifted = self._at_own_rate(_completed(own, present), track.time_s[part], present)
        xyz_m = lifted.xyz_m - lifted.xyz_m[:, :1]
        xyz_m[~np.isfinite(xy_px).all(axis=-1)] = np.nan
        return Lifted(xyz_m, lifted.root_m)

    def _at_own_rate(
        self,
        own_px: Float[np.ndarray, "time 17 2"],
        time_s: Float[np.ndarray, " time"],
        present: Bool[np.ndarray, " time"],
    ) -> Lifted:
        """Every present frame's answer, by way of the network's own frame rate."""
        grid_s, grid_px = to_rate(own_px, time_s, RATE_HZ, longest_step(time_s))
        there = np.isfinite(grid_px).all(axis=(1, 2))
        first = round(float(grid_s[0]) * RATE_HZ) if len(grid_s) else 0
        lifted = _by_run(grid_px, there, lambda run, a: self._model.lift(run, first + a))
        xyz_m = at_times(lifted.xyz_m, grid_s, time_s, 1.5 / RATE_HZ)
        xyz_m[~present] = np.nan
        if lifted.root_m is None:
            return Lifted(xyz_m)
        root_m = at_times(lifted.root_m[:, None], grid_s, time_s, 1.5 / RATE_HZ)[:, 0]
        root_m[~present] = np.nan
        return Lifted(xyz_m, root_m)


@dataclass(frozen=True)
class Opened:
    """A published folder or checkpoint, read and found fit."""

    networks: Published
    traits: Traits
    statistics: Statistics | None
    files: tuple[Path, ...]
    """All that it was read from; the weights first."""


def load_published(
    path: Path, device: Device = "auto", *, as_published: bool = False
) -> PublishedLifter:
    """The lifter in a model folder or checkpoint; the network is recognised from its names.

    Raises `WeightsError` for what is missing, damaged or unknown, `OptionError` if a file is to be
    run as published (only folders state how), `MissingDependency` without torch.
    """
    check_limits(as_published, path.is_dir(), path)
    opened = open_published(path)
    where, found = _torch_device(device), opened.networks
    trajectory = None if found.trajectory is None else on_device(found.trajectory, where)
    network = on_device(found.network, where)
    return PublishedLifter(
        f"{found.kind}:{path.name}",
        model_of(opened.traits, opened.statistics, network, trajectory),
        device=where,
        weights={file.name: sha256(file) for file in opened.files},
        settings=settings(opened.traits, as_published),
        as_published=as_published,
    )


def check_limits(as_published: bool, stated: bool, path: Path) -> None:
    """Only a folder states what its original's limits are."""
    if as_published and not stated:
        raise OptionError(f"as_published needs a model folder with {CONFIGURATION}, not {path}")


def open_published(path: Path) -> Opened:
    """What lies at this path; raises as `load_published` does."""
    folder, weights = (path, path / WEIGHTS) if path.is_dir() else (path.parent, path)
    configuration = read_configuration(path) if path.is_dir() else Configuration(HUMAN36M)
    found = load_checkpoint(weights, causal=configuration.causal)
    if path.is_dir() and found.kind not in ("hdformer", "canonical_pose"):
        raise WeightsError(
            f"{weights} is a checkpoint of {found.kind}; give that file, not its folder"
        )
    if found.kind not in _TRAITS:
        raise WeightsError(
            f"{weights} holds a root trajectory's network and no pose; give a file of both"
        )
    traits = _TRAITS[found.kind](found, path, configuration)
    if found.kind != "hdformer":
        return Opened(found, traits, None, (weights,))
    beside = (weights, folder / MEAN_STD_2D, folder / MEAN_STD_3D)
    files = beside if path.is_dir() else (weights,)
    return Opened(found, traits, read_statistics(folder), files)


def _hdformer(found: Published, path: Path, configuration: Configuration) -> Traits:
    from monomocap.lift.networks.hdformer import TIME_STEP, HDFormer

    assert isinstance(found.network, HDFormer)
    inputs, frames = found.network.in_channels, configuration.n_frames
    _demand(inputs == 2, path, f"takes {inputs} numbers per joint; published ones take x and y")
    _demand(
        frames % TIME_STEP == 0, path, f"n_frames must be a multiple of {TIME_STEP}, not {frames}"
    )
    return Traits(found.kind, configuration, frames)


def _ucond_dgcn(found: Published, path: Path, configuration: Configuration) -> Traits:
    return Traits(found.kind, configuration, UCOND_FRAMES)


def _mixste(found: Published, path: Path, configuration: Configuration) -> Traits:
    state = found.network.state_dict()
    joints, frames = (state[f"{axis}_pos_embed"].shape[1] for axis in ("Spatial", "Temporal"))
    _demand(joints == 17, path, f"takes {joints} joints; only Human3.6M's 17 can be used here")
    return Traits(found.kind, configuration, frames)


def _temporal(found: Published, path: Path, configuration: Configuration) -> Traits:
    from monomocap.lift.networks.canonical_pose import CanonicalPose, RootTrajectory

    pose, trajectory = found.network, found.trajectory
    assert isinstance(pose, CanonicalPose)
    joints_in, seen = pose.expand_conv.in_channels // 2, pose.receptive_field
    joints_out = pose.shrink.out_channels // 3
    _demand(joints_in in (15, 17), path, f"takes {joints_in} joints, not 15 or 17")
    _demand(joints_out == 17, path, f"answers with {joints_out} joints, not 17")
    frames = None
    if isinstance(trajectory, RootTrajectory):
        frames = trajectory.reduce.kernel_size[0]
        _demand(frames == seen, path, f"pose sees {seen} frames, its trajectory {frames}")
    elif trajectory is not None:
        assert isinstance(trajectory, CanonicalPose)
        same = trajectory.edge_padding == pose.edge_padding and trajectory.shrink.out_channels == 3
        _demand(same, path, "its trajectory network does not belong to its pose network")
    return Traits(found.kind, configuration, seen, joints_in, pose.edge_padding, frames)


_TRAITS = {
    "hdformer": _hdformer,
    "mixste": _mixste,
    "ucond_dgcn": _ucond_dgcn,
    "canonical_pose": _temporal,
}
"""What each kind of network asks to be done around it."""


def settings(traits: Traits, as_published: bool) -> dict[str, str]:
    """What the folder states, and which of it is left aside."""
    aside = {"max_frame": "not applied", "window_size": "not applied"}
    if traits.kind == "hdformer":
        aside["res_w"] = "not divided by"
    return {
        name: f"{value} ({aside[name]})" if name in aside and not as_published else value
        for name, value in traits.configuration.stated
    }


def _torch_device(device: Device) -> str:
    import torch

    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise DeviceError("cuda was asked for and torch finds no GPU; use --device cpu or auto")
    return "cuda" if there and device != "cpu" else "cpu"


def _demand(fine: bool, path: Path, message: str) -> None:
    if not fine:
        raise WeightsError(f"{path}: {message}")


# --- gaps


def _completed(
    xy_px: Float[np.ndarray, "time 17 2"], present: Bool[np.ndarray, " time"]
) -> Float[np.ndarray, "time 17 2"]:
    """Every joint of every present frame, as these networks know no missing one.

    A missing joint hangs from its parent as it did in the frames around; one that was never seen
    lies on its parent. Frames that are not present are NaN.
    """
    out = np.full_like(xy_px, np.nan)
    rows = np.flatnonzero(present)
    out[rows] = xy_px[rows]
    for joint, parent in enumerate(H36M17.parents):
        if parent < 0:
            continue
        lost = rows[~np.isfinite(out[rows, joint]).all(axis=-1)]
        known = np.setdiff1d(rows, lost)
        offset = out[known, joint] - out[known, parent]
        for axis in range(2 if len(lost) else 0):
            held = np.interp(lost, known, offset[:, axis]) if len(known) else 0.0
            out[lost, joint, axis] = out[lost, parent, axis] + held
    return out


def _by_run(
    xy_px: Float[np.ndarray, "time 17 2"],
    there: Bool[np.ndarray, " time"],
    lift: Callable[[Float[np.ndarray, "run 17 2"], int], Lifted],
) -> Lifted:
    """Each run of frames lifted by itself; NaN between them, and where there is no answer."""
    xyz_m = np.full((len(xy_px), 17, 3), np.nan)
    root_m = np.full((len(xy_px), 3), np.nan)
    has_root = False
    for start, stop in runs(there):
        lifted = lift(xy_px[start:stop], start)
        xyz_m[start : start + len(lifted.xyz_m)] = lifted.xyz_m
        if lifted.root_m is not None:
            has_root = True
            root_m[start : start + len(lifted.root_m)] = lifted.root_m
    return Lifted(xyz_m, root_m if has_root else None)
