"""Published networks around which everything stands as their weights expect it.

A model takes pixels of its own camera at its own rate and answers in metres: it knows its
normalisation, its windows, and that the mirrored picture's answer is averaged in. Every frame of
every length gets an answer; what the originals leave out is left out only as published.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from monomocap.lift.as_published import Detector, detect_as_published
from monomocap.lift.mirror import mirrored
from monomocap.lift.own_camera import HUMAN36M, OwnCamera, rays_of, screen_of
from monomocap.lift.published_folder import Configuration, Statistics
from monomocap.lift.windows import blend, window_starts
from monomocap.skeleton import H36M17

if TYPE_CHECKING:
    from torch.nn import Module
else:  # torch is imported where it is used
    Module = Any

RATE_HZ = 50.0
"""Human3.6M's frame rate, at which all of them were trained."""
UCOND_FRAMES = 96
"""Frames of a clip of U-CondDGCN, in its paper and in the unofficial code."""

Clips = Float[np.ndarray, "batch time 17 2"]
Poses = Float[np.ndarray, "batch answered 17 3"]
Network = Callable[..., Float[np.ndarray, "..."]]
"""A module with numpy at its door; see `on_device`."""

_IN15 = tuple(j for j in range(17) if H36M17.joints[j] not in ("spine", "neck"))
"""The joints of networks that take 15."""


@dataclass(frozen=True)
class Traits:
    """What stands around a published network: with it, any runtime gives the same answers."""

    kind: str
    """'hdformer', 'mixste', 'ucond_dgcn' or 'canonical_pose' (VideoPose3D too)."""
    configuration: Configuration
    window: int
    """Frames of one pass; of 'canonical_pose', those that one answer depends on."""
    joints_in: int = 17
    padding: tuple[int, int] = (0, 0)
    """Frames repeated before the first and after the last, so that every frame has an answer."""
    trajectory_frames: int | None = None
    """Frames of a trajectory window; None where it is a filter like the pose's, or is not."""


@dataclass(frozen=True)
class Lifted:
    """A model's answer for one run of frames."""

    xyz_m: Float[np.ndarray, "time 17 3"]
    """From the network's own origin, near the pelvis."""
    root_m: Float[np.ndarray, "time 3"] | None = None
    """Where the pelvis is, from the camera."""


@runtime_checkable
class Model(Protocol):
    """What the lifter needs of a published network."""

    @property
    def camera(self) -> OwnCamera:
        """Whose pixels it takes."""

    @property
    def reach_frames(self) -> int:
        """Frames further away than this have no say in a frame's answer."""

    @property
    def gives_root(self) -> bool:
        """Whether it knows where the pelvis is."""

    def lift(self, xy_px: Float[np.ndarray, "time 17 2"], first: int) -> Lifted:
        """A run without gaps at `RATE_HZ`; `first` is its first frame's number on the clock."""

    def lift_as_published(self, xy_px: Float[np.ndarray, "time 17 2"]) -> Lifted:
        """The whole video's frames as they are; may answer fewer frames than were given."""


def on_device(module: Module, device: str) -> Network:
    """Numpy in, torch inside, numpy out."""
    import torch

    module = module.to(device)

    def answer(*arrays: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        tensors = [torch.from_numpy(a.astype(np.float32)).to(device) for a in arrays]
        with torch.inference_mode():
            out: Any = module(*tensors).cpu().numpy()
        return out

    return answer


def both_ways(answer: Callable[[Clips], Poses], xy: Clips) -> Poses:
    """The mean of the answer and of the mirrored picture's answer, mirrored back."""
    turned = _mirrored(answer(_mirrored(xy)))
    mean: Poses = (answer(xy) + turned) / 2
    return mean


def _mirrored(
    points: Float[np.ndarray, "batch time 17 dim"],
) -> Float[np.ndarray, "batch time 17 dim"]:
    return np.moveaxis(mirrored(np.moveaxis(points, -1, 1), H36M17), 1, -1)


@dataclass(frozen=True)
class Windowed:
    """A network of fixed windows; overlapping answers are blended (`lift.windows`)."""

    camera: OwnCamera
    plane: Callable[[OwnCamera, Float[np.ndarray, "time 17 2"]], Float[np.ndarray, "time 17 2"]]
    """Pixels to what is mirrored and standardised: rays, or the screen."""
    answer: Callable[[Clips], Poses]
    """Clips of the plane to metres."""
    window: int
    batch: int = 8
    gives_root = False

    @property
    def reach_frames(self) -> int:
        return 2 * self.window

    def lift(self, xy_px: Float[np.ndarray, "time 17 2"], first: int) -> Lifted:
        xy = self.plane(self.camera, xy_px)
        stride = max(1, self.window // 3)
        starts = window_starts(first, first + len(xy) - 1, self.window, stride) - first

        def of_frames(frames: Int[np.ndarray, "some window"]) -> Poses:
            return both_ways(self.answer, xy[frames])

        return Lifted(blend(len(xy), starts, self.window, of_frames, joints=17, batch=self.batch))

    def lift_as_published(self, xy_px: Float[np.ndarray, "time 17 2"]) -> Lifted:
        raise NotImplementedError("only model folders are run as published")


@dataclass(frozen=True)
class HDFormerModel(Windowed):
    """HDFormer with its folder's statistics."""

    network: Network | None = None
    statistics: Statistics | None = None
    configuration: Configuration | None = None

    def lift_as_published(self, xy_px: Float[np.ndarray, "time 17 2"]) -> Lifted:
        """`max_frame`, the kept part of each window and the division by `res_w` included."""
        assert self.network and self.statistics and self.configuration
        stated, camera = self.configuration, self.configuration.camera
        detector = Detector(
            focal_px=np.array(camera.focal_px),
            center_px=np.array(camera.center_px),
            mean_2d=self.statistics.mean_2d,
            std_2d=self.statistics.std_2d,
            mean_3d_mm=self.statistics.mean_3d_mm,
            std_3d_mm=self.statistics.std_3d_mm,
            window_frames=stated.n_frames,
            step_frames=stated.window_size or stated.n_frames,
            width_px=camera.width_px,
        )
        return Lifted(detect_as_published(xy_px[: stated.max_frame], self.network, detector))


def model_of(
    traits: Traits, statistics: Statistics | None, network: Network, trajectory: Network | None
) -> Model:
    """The model; `statistics` are HDFormer's, `trajectory` is the second one, if any."""
    if traits.kind == "hdformer":
        assert statistics is not None
        return hdformer(network, statistics, traits.configuration)
    if traits.kind == "mixste":
        return mixste(network, traits.window)
    if traits.kind == "ucond_dgcn":
        return ucond_dgcn(network)
    return Temporal(
        traits.configuration,
        network,
        traits.joints_in,
        traits.padding,
        trajectory,
        traits.trajectory_frames,
    )


def hdformer(network: Network, statistics: Statistics, configuration: Configuration) -> Model:
    """((px - 0.5 - center) / focal - mean) / std in, (answer * std + mean) mm out."""

    def answer(xy: Clips) -> Poses:
        standard = (xy - statistics.mean_2d) / statistics.std_2d
        out = np.moveaxis(network(np.moveaxis(standard, -1, 1)), 1, -1)
        return (out * statistics.std_3d_mm + statistics.mean_3d_mm) / 1000

    # Half a pixel comes off, as if the middle of the first one lay at 0.5.
    camera = replace(configuration.camera, first_pixel=0.5)
    return HDFormerModel(
        camera, rays_of, answer, configuration.n_frames, 8, network, statistics, configuration
    )


def mixste(network: Network, frames: int) -> Model:
    """Screen in, metres out; windows of the length it was trained with."""
    return Windowed(HUMAN36M, screen_of, network, frames, batch=max(1, 243 // frames))


def ucond_dgcn(network: Network) -> Model:
    """Screen in, metres out; 96 frames."""
    return Windowed(HUMAN36M, screen_of, network, UCOND_FRAMES)


@dataclass(frozen=True)
class Temporal:
    """CanonicalPose3D or VideoPose3D: a filter along time, and perhaps the root's trajectory."""

    configuration: Configuration
    pose: Network
    joints_in: int
    padding: tuple[int, int]
    """Frames repeated before the first and after the last, so that every frame has an answer."""
    trajectory: Network | None = None
    trajectory_frames: int | None = None
    """Frames of a trajectory window; None where it is a filter like the pose's."""

    @property
    def camera(self) -> OwnCamera:
        return self.configuration.camera

    @property
    def reach_frames(self) -> int:
        return max(self.padding) + 8  # and what resampling looks at

    @property
    def gives_root(self) -> bool:
        return self.trajectory is not None

    def lift(self, xy_px: Float[np.ndarray, "time 17 2"], first: int) -> Lifted:
        return self._lifted(xy_px)

    def lift_as_published(self, xy_px: Float[np.ndarray, "time 17 2"]) -> Lifted:
        """At most `max_frame` frames. (The published trajectory always takes rays, too.)"""
        return self._lifted(xy_px[: self.configuration.max_frame], published=True)

    def _lifted(self, xy_px: Float[np.ndarray, "time 17 2"], published: bool = False) -> Lifted:
        screen = screen_of(self.camera, xy_px)
        xyz_m = self._filtered(screen, self._poses)
        if self.trajectory is None:
            return Lifted(xyz_m)
        if self.trajectory_frames is None:
            return Lifted(xyz_m, self._filtered(screen, self._roots)[:, 0])
        canonical = published or self.configuration.use_canonical_coords
        xy = rays_of(self.camera, xy_px) if canonical else _root_and_offsets(screen)
        return Lifted(xyz_m, self._windowed_root(xy, xyz_m))

    def _filtered(
        self,
        screen: Float[np.ndarray, "time 17 2"],
        answer: Callable[[Clips], Float[np.ndarray, "..."]],
    ) -> Float[np.ndarray, "time joint 3"]:
        """One answer per frame, some hundreds of frames at a time."""
        before, after = self.padding
        padded = np.pad(screen, ((before, after), (0, 0), (0, 0)), mode="edge")
        parts = [
            answer(padded[None, k : k + PIECE_FRAMES + before + after])[0]
            for k in range(0, len(screen), PIECE_FRAMES)
        ]
        return np.concatenate(parts)

    def _poses(self, screen: Clips) -> Poses:
        return both_ways(lambda xy: self.pose(self._input(xy)), screen)

    def _roots(self, screen: Clips) -> Float[np.ndarray, "batch answered 1 3"]:
        assert self.trajectory is not None
        return self.trajectory(self._input(screen))

    def _input(self, screen: Clips) -> Float[np.ndarray, "batch time joint 2"]:
        xy = screen
        if self.configuration.use_2d_offsets:
            xy = screen - screen[:, :, :1]
        return xy[:, :, list(_IN15)] if self.joints_in == 15 else xy

    def _windowed_root(
        self, xy: Float[np.ndarray, "time 17 2"], xyz_m: Float[np.ndarray, "time 17 3"]
    ) -> Float[np.ndarray, "time 3"]:
        """A window around each frame and that frame's pose, a few at a time."""
        assert self.trajectory is not None and self.trajectory_frames is not None
        pose_m = xyz_m
        if self.joints_in == 15:
            xy, pose_m = xy[:, list(_IN15)], xyz_m[:, list(_IN15)]
        around = np.arange(self.trajectory_frames) - self.padding[0]
        parts = []
        for k in range(0, len(xy), ROOT_BATCH):
            frames = np.arange(k, min(k + ROOT_BATCH, len(xy)))
            windows = (frames[:, None] + around).clip(0, len(xy) - 1)
            parts.append(self.trajectory(xy[windows], pose_m[frames]))
        return np.concatenate(parts)


PIECE_FRAMES = 512
ROOT_BATCH = 8


def _root_and_offsets(screen: Float[np.ndarray, "time 17 2"]) -> Float[np.ndarray, "time 17 2"]:
    """The root on the screen, and the other joints from there."""
    return np.concatenate([screen[:, :1], screen[:, 1:] - screen[:, :1]], axis=1)
