"""Feedback while somebody moves: where in the reference they are, and what is off just now.

Dynamic time warping, one row for each pose: what the best way through the reference costs that
ends at each of its frames. It may begin anywhere near the reference's start and never goes back.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.apps.body_frame import channels, filled_in
from monomocap.apps.score.align import STILL_COST, distances
from monomocap.apps.score.faults import LEAST_DEG, in_words
from monomocap.apps.score.joints import differences, joints_of, mirrored_poses
from monomocap.apps.score.score import POSE_CHANNELS, other_side, seen_whole, steady
from monomocap.errors import InputError
from monomocap.geometry.world import LEVEL, in_world
from monomocap.skeleton import H36M17, Skeleton, convert
from monomocap.types import Take

FORGETS_S = 1.5
"""What was long ago loses weight with this time constant, so that one mistake is not held against
all that follows."""
MEAN_S = 0.3
"""Differences are told as their mean over about this long."""


@dataclass(frozen=True)
class Now:
    """How it goes at a moment."""

    time_s: float
    reference_s: float
    """Where in the reference this is."""
    done: float
    """The same as a share of the reference, 0 to 1."""
    says: str
    """The joint that is furthest off, and in which direction; empty when all is well."""
    off_deg: dict[str, float]
    """Joint -> difference."""


class LiveScore:
    """Compares poses with a reference as they arrive."""

    def __init__(
        self, reference: Take, *, mirror: bool = False, skeleton: Skeleton = H36M17
    ) -> None:
        """Raises `InputError` where nobody is in the reference."""
        motion = reference.motion()
        if motion is None:
            raise InputError(f"nobody was seen in the reference {reference.info.path}")
        series = seen_whole(in_world(motion, reference.camera), "reference")
        poses = steady(series.xyz_m)
        self._reference_s = series.time_s
        self._channels = channels(poses)[:, POSE_CHANNELS]
        self._joints = poses
        self._mirror, self._skeleton = mirror, skeleton
        self._cost: Float[np.ndarray, " reference"] | None = None
        self._last_s = 0.0
        self._known: Float[np.ndarray, "17 3"] | None = None
        self._parts: dict[str, np.ndarray] = {}

    def push(self, time_s: float, xyz_m: Float[np.ndarray, "joint 3"]) -> Now:
        """Take a pose, in order of time: metres from the pelvis, camera axes, NaN for missing."""
        pose = self._whole(xyz_m)
        passed_s = max(time_s - self._last_s, 0.0) if self._cost is not None else 0.0
        self._last_s = time_s
        far = distances(channels(pose[None])[:, POSE_CHANNELS], self._channels)[0]
        self._cost = _row(self._cost, far, np.exp(-passed_s / FORGETS_S))
        at = int(self._cost.argmin())
        told = differences(joints_of(self._joints[at : at + 1]), joints_of(pose[None]))
        share = 1 - np.exp(-max(passed_s, 1e-3) / MEAN_S)
        for joint, parts in told.parts_deg.items():
            before = self._parts.get(joint, parts[0])
            self._parts[joint] = before + share * (parts[0] - before)
        return self._now(time_s, at)

    def _whole(self, xyz_m: Float[np.ndarray, "joint 3"]) -> Float[np.ndarray, "17 3"]:
        """World axes; joints that are missing stay where they were."""
        pose = convert(xyz_m[None].astype(np.float64) @ LEVEL.T, self._skeleton, H36M17)[0]
        if self._known is not None:
            pose = np.where(np.isfinite(pose), pose, self._known)
        self._known = filled_in(pose[None])[0]
        return mirrored_poses(self._known[None])[0] if self._mirror else self._known

    def _now(self, time_s: float, at: int) -> Now:
        sizes = {joint: float(np.linalg.norm(parts)) for joint, parts in self._parts.items()}
        worst = max(sizes, key=lambda joint: sizes[joint])
        named = {joint: other_side(joint) if self._mirror else joint for joint in sizes}
        says = in_words(worst, self._parts[worst], named[worst])
        says = says if sizes[worst] >= LEAST_DEG else ""
        begin, end = float(self._reference_s[0]), float(self._reference_s[-1])
        here = float(self._reference_s[at])
        return Now(
            time_s,
            here,
            (here - begin) / max(end - begin, 1e-9),
            says,
            {named[j]: v for j, v in sizes.items()},
        )


def _row(
    before: Float[np.ndarray, " reference"] | None,
    far: Float[np.ndarray, " reference"],
    keeps: float,
) -> Float[np.ndarray, " reference"]:
    """The cost of the best way to each of the reference's frames, with one pose more.

    A pose may skip up to three frames of the reference, as poses may come more slowly than those.
    """
    if before is None:
        # Where it begins: later frames are as likely as they are near, less the further on.
        return far + STILL_COST * np.arange(len(far))
    old = keeps * before
    best = old + STILL_COST
    for skipped in (1, 2, 3):
        best[skipped:] = np.minimum(best[skipped:], old[:-skipped] + STILL_COST * (skipped - 1))
    return best + far
