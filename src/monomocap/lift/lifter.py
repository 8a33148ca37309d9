"""The lifter around our own networks: any track, any frame rate, any lens, one pose per frame.

pixels -> rays, the trunk made of the limbs -> the network's frame rate -> windows -> virtual
cameras -> network, and its mirror -> the real camera's axes -> blended windows -> back to the
track's own times.
"""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32

from monomocap.geometry.camera import rays
from monomocap.geometry.resample import MAX_GAP_S, at_times, to_rate
from monomocap.geometry.trunk import trunk_from_limbs
from monomocap.lift.mirror import mirrored
from monomocap.lift.normalize import person_view, to_camera
from monomocap.lift.pieces import empty_motion, pieces
from monomocap.lift.windows import blend, runs, window_starts
from monomocap.skeleton import H36M17, convert, convert_score
from monomocap.types import Camera, Motion3D, Track2D

JOINTS = len(H36M17)
OVERLAP = 4
"""Windows that see each frame; their answers are averaged (HDFormer's protocol has up to 20)."""


@runtime_checkable
class Network(Protocol):
    """Arithmetic: windows in, poses out; torch or ONNX Runtime, a lifter does not care which."""

    @property
    def device(self) -> str:
        """What really computes."""

    def __call__(
        self, x: Float32[np.ndarray, "batch channel time joint"], /
    ) -> Float32[np.ndarray, "batch 3 time joint"]:
        """x, y and score as `normalize.person_view` makes them; metres from the pelvis out."""


class NetworkLifter:
    """One network, and what it needs to know of time: its window and its frame rate."""

    skeleton = H36M17

    def __init__(
        self,
        name: str,
        network: Network,
        *,
        window: int,
        fps: float,
        weights: dict[str, str],
        mirror: bool = True,
    ) -> None:
        self.name = name
        self.network = network
        self.window = window
        """Frames per window, at `fps`; every frame is answered by four windows (`OVERLAP`)."""
        self.fps = fps
        self.mirror = mirror
        """Average with the mirrored answer: twice the work, a little more accurate."""
        self.weights = weights

    @property
    def device(self) -> str:
        """What really computes, e.g. 'cpu'."""
        return self.network.device

    def __call__(self, track: Track2D, camera: Camera) -> Motion3D:
        """Metres from the pelvis, in the camera's axes, one pose per frame; gaps stay gaps.

        Bodies come out at the size that the network was taught; a long track is lifted piece by
        piece, with the same result.
        """
        xyz_m, confidence = empty_motion(track)
        for piece, around in self._pieces(track):
            here = slice(piece.start - around.start, piece.stop - around.start)
            xyz_m[piece] = self._lift(track, camera, around)[here]
            score = convert_score(track.score[piece], track.skeleton, H36M17)
            confidence[piece] = np.where(np.isfinite(xyz_m[piece]).all(axis=-1), score, 0.0)
        return Motion3D(track.person, track.time_s, xyz_m, confidence, H36M17, "root", self.name)

    def _pieces(self, track: Track2D) -> Iterator[tuple[slice, slice]]:
        """Slices of the track, and each with two windows more on both sides."""
        margin_s = 2 * self.window / self.fps
        for piece in pieces(len(track.time_s)):
            first_s, last_s = track.time_s[piece][[0, -1]]
            begin = int(np.searchsorted(track.time_s, first_s - margin_s))
            end = int(np.searchsorted(track.time_s, last_s + margin_s, side="right"))
            yield piece, slice(begin, end)

    def _lift(self, track: Track2D, camera: Camera, part: slice) -> Float[np.ndarray, "time 17 3"]:
        time_s = track.time_s[part]
        # Through the lens first: the middle of two joints is no middle in a bent picture.
        ray = convert(rays(camera, track.xy_px[part]), track.skeleton, H36M17)
        score = convert_score(track.score[part], track.skeleton, H36M17)
        planes = np.concatenate([trunk_from_limbs(ray), score[..., None]], axis=-1)
        gap_s = longest_step(time_s)
        grid_s, grid = to_rate(planes, time_s, self.fps, gap_s)
        poses = np.full((len(grid_s), JOINTS, 3), np.nan)
        first = round(grid_s[0] * self.fps)
        for begin, end in runs(np.isfinite(grid).all(axis=-1).any(axis=-1)):
            poses[begin:end] = self._run(grid[begin:end], first + begin)
        lifted = at_times(poses, grid_s, time_s, 1.5 / self.fps)
        lifted[~np.isfinite(ray).all(axis=-1).any(axis=-1)] = np.nan
        return lifted

    def _run(
        self, planes: Float[np.ndarray, "time 17 3"], first: int
    ) -> Float[np.ndarray, "time 17 3"]:
        """Poses of a stretch without a gap; `first` is its first frame's number on the clock."""
        frames = len(planes)
        starts = (
            window_starts(first, first + frames - 1, self.window, self.window // OVERLAP) - first
        )
        return blend(frames, starts, self.window, lambda at: self._ask(planes[at]), joints=JOINTS)

    def _ask(
        self, planes: Float[np.ndarray, "batch window 17 3"]
    ) -> Float[np.ndarray, "batch window 17 3"]:
        view = person_view(planes[..., :2], np.nan_to_num(planes[..., 2]).clip(0, 1))
        answer = self.network(view.x)
        if self.mirror:
            answer = (answer + mirrored(self.network(mirrored(view.x, H36M17)), H36M17)) / 2
        return to_camera(view, answer)


def longest_step(time_s: Float[np.ndarray, " time"]) -> float:
    """Longer than this between two frames is a gap: more in videos of few frames per second."""
    steps = np.diff(time_s)
    return max(MAX_GAP_S, 1.5 * float(np.median(steps))) if len(steps) else MAX_GAP_S
