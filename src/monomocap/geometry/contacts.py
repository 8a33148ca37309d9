"""When a foot stands: it does not move in the picture, nor, as far as one can tell, in depth.

What moves sideways is seen to a few millimetres, whatever the pose; what moves in depth only
through the body's changing size. Each speed is measured against its own limit.
"""

import numpy as np
from jaxtyping import Bool, Float

from monomocap.geometry.smooth import local_fit
from monomocap.skeleton import Skeleton

ACROSS_M_S = 0.28
"""A standing ankle seems to move at most so fast across the line of sight. It turns over the foot
at up to 0.2 m/s while the body passes (an ankle 0.08 m over a sole that rolls by 60 degrees in
0.4 s); a swinging one reaches 3 to 5 m/s."""
ALONG_M_S = 2.0
"""And along it, where speeds come from a lifter's depths. What moves across at less than half the
limit stands, whatever its depths say."""
SHORTEST_S = 0.1
"""A shorter stand is a turning point of the swing."""
MENDED_S = 0.1
"""A shorter break in a stand is a mistake of one or two frames."""
_SIGMA_S = 0.06
_CALM_S = 0.5
"""Depths are calmed over this time before they turn rays into metres."""
FEET = ("left_ankle", "right_ankle")


def standing(
    xyz_m: Float[np.ndarray, "time joint 3"],
    ray: Float[np.ndarray, "time joint 2"],
    time_s: Float[np.ndarray, " time"],
    skeleton: Skeleton,
) -> Bool[np.ndarray, "time joint"]:
    """Which ankles stand: places in the camera's axes (metres), and the rays of what was seen."""
    planted = np.zeros(xyz_m.shape[:2], dtype=bool)
    if len(time_s) < 3:
        return planted
    feet = [skeleton.index(foot) for foot in FEET]
    depth_m = local_fit(xyz_m[:, feet, 2:], time_s, time_s, _CALM_S)
    flat = np.concatenate([ray[:, feet], np.ones_like(depth_m)], axis=-1)
    seen = np.isfinite(flat).all(axis=-1) & np.isfinite(xyz_m[:, feet]).all(axis=-1)
    across = np.linalg.norm(_velocity(flat, time_s) * depth_m, axis=-1)
    along = np.abs(_velocity(xyz_m[:, feet], time_s)[..., 2])
    slow = np.hypot(across / ACROSS_M_S, along / ALONG_M_S) < 1
    slow |= across < ACROSS_M_S / 2
    for column, ankle in enumerate(feet):
        planted[:, ankle] = lasting(slow[:, column], time_s, seen[:, column])
    return planted


def lasting(
    slow: Bool[np.ndarray, " time"],
    time_s: Float[np.ndarray, " time"],
    seen: Bool[np.ndarray, " time"],
) -> Bool[np.ndarray, " time"]:
    """Breaks that are too short are mended, then stands that are too short are dropped."""
    slow = slow & seen
    for begin, end in intervals(~slow):
        inside = begin > 0 and end < len(slow) and seen[begin:end].all()
        if inside and time_s[end] - time_s[begin - 1] <= MENDED_S:
            slow[begin:end] = True
    for begin, end in intervals(slow):
        if time_s[end - 1] - time_s[begin] < SHORTEST_S:
            slow[begin:end] = False
    return slow


def intervals(flags: Bool[np.ndarray, " time"]) -> list[tuple[int, int]]:
    """[begin, end) of every run of true flags."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return [
        (int(begin), int(end))
        for begin, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
    ]


def slide_m(
    xyz_m: Float[np.ndarray, "time joint 3"],
    planted: Bool[np.ndarray, "time joint"],
    up: Float[np.ndarray, "3"],
) -> Float[np.ndarray, " steps"]:
    """How far each standing joint moves over the floor from one frame to the next, in metres.

    One number per pair of neighbouring frames in both of which the joint stands.
    """
    stands = planted.any(axis=0)
    planted = planted[:, stands]
    moved = np.diff(xyz_m[:, stands].astype(np.float64), axis=0)
    level = moved - (moved @ up)[..., None] * up
    both = planted[1:] & planted[:-1] & np.isfinite(level).all(axis=-1)
    far: Float[np.ndarray, " steps"] = np.linalg.norm(level[both], axis=-1)
    return far


def _velocity(
    place: Float[np.ndarray, "time joint dim"], time_s: Float[np.ndarray, " time"]
) -> Float[np.ndarray, "time joint dim"]:
    """Per second, over about a tenth of a second; NaN where nothing is near."""
    step_s = float(np.median(np.diff(time_s))) / 2
    sigma_s = max(_SIGMA_S, step_s)
    before, after = (
        local_fit(place, time_s, time_s + shift, sigma_s) for shift in (-step_s, step_s)
    )
    velocity: Float[np.ndarray, "time joint dim"] = (after - before) / (2 * step_s)
    return velocity
