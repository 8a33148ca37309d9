"""A motion scored against a reference."""

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Int

from monomocap.apps.body_frame import RATE_HZ, Series, channels, series_of, smoothed
from monomocap.apps.score.align import in_step
from monomocap.apps.score.faults import faults_of
from monomocap.apps.score.joints import (
    Differences,
    JointSeries,
    differences,
    joints_of,
    mirrored_poses,
)
from monomocap.apps.score.result import Score
from monomocap.apps.score.unmatched import unmatched
from monomocap.errors import InputError, OptionError
from monomocap.geometry.world import in_world
from monomocap.skeleton import H36M17
from monomocap.types import Motion3D, Take

Mirror = Literal["auto", "yes", "no"]
Timing = Literal["follow", "own"]

SMOOTH_S = 0.07
LEAST_S = 0.5
"""What is seen for less is a pose, and no movement to compare."""
PHASES = 6
HALF_DEG = 27.0
"""A joint that is this far off gets half; the first degrees cost little, but never nothing."""
HALF_TEMPO = 1.6
"""So does moving this many times as fast, or as slowly."""
HALF_DELAY_S = 2.0
WORST_SHARE = 0.4
"""Of the form that is the worst joint's: one wrong joint must not drown in eight right ones."""
WEIGHTS: dict[Timing, dict[str, float]] = {
    "follow": {"form": 0.8, "tempo": 0.1, "delay": 0.1},
    "own": {"form": 1.0, "tempo": 0.0, "delay": 0.0},
}
"""follow: the reference was followed as it ran. own: everybody in their own time."""
POSE_CHANNELS = slice(0, 25)
"""Limb directions and how upright the trunk is; where the pelvis is has no part in it."""


def score(
    reference: Take, attempt: Take, *, mirror: Mirror = "auto", timing: Timing = "follow"
) -> Score:
    """The person seen most in each of two takes."""
    motions = []
    for take, which in ((reference, "reference"), (attempt, "attempt")):
        motion = take.motion()
        if motion is None:
            raise InputError(f"nobody was seen in the {which} {take.info.path}")
        motions.append(in_world(motion, take.camera))
    return score_motions(*motions, mirror=mirror, timing=timing)


def score_motions(
    reference: Motion3D,
    attempt: Motion3D,
    *,
    mirror: Mirror = "auto",
    timing: Timing = "follow",
) -> Score:
    """Two motions in the world frame (`geometry.world.in_world`).

    With mirror "auto" the attempt is compared as it is and as its mirror image, and the better one
    counts.
    """
    for value, choices in ((mirror, get_args(Mirror)), (timing, get_args(Timing))):
        if value not in choices:
            raise OptionError(f"{value!r} is none of: {', '.join(choices)}")
    wanted, done = seen_whole(reference, "reference"), seen_whole(attempt, "attempt")
    options = {"auto": (False, True), "yes": (True,), "no": (False,)}[mirror]
    tried = [_scored(wanted, done, turned, timing) for turned in options]
    return max(tried, key=lambda s: s.form)


def seen_whole(motion: Motion3D, which: str) -> Series:
    """The series of a motion that is long and whole enough to compare; else `InputError`."""
    series = series_of(motion)
    seen_s = series.seen.sum() / RATE_HZ
    if not seen_s:
        raise InputError(f"nobody was seen in the {which}")
    if seen_s < LEAST_S:
        raise InputError(
            f"in the {which} somebody is seen for {seen_s:.1f} s, which is too short to compare; "
            f"{LEAST_S:g} s or more are needed"
        )
    never = [H36M17.joints[j] for j in np.flatnonzero(np.isnan(series.xyz_m).all(axis=(0, 2)))]
    if never:
        raise InputError(
            f"in the {which} no moment shows: {', '.join(never)}; the whole body is compared"
        )
    return series


def _scored(reference: Series, attempt: Series, turned: bool, timing: Timing) -> Score:
    poses = mirrored_poses(attempt.xyz_m) if turned else attempt.xyz_m
    mine, theirs = steady(reference.xyz_m), steady(poses)
    path = in_step(channels(mine)[:, POSE_CHANNELS], channels(theirs)[:, POSE_CHANNELS])
    path = path[reference.seen[path[:, 0]] & attempt.seen[path[:, 1]]]
    if not len(path):
        raise InputError("reference and attempt are never seen at moments that belong together")
    wanted, done = joints_of(mine), joints_of(theirs)
    steps = differences(_taken(wanted, path[:, 0]), _taken(done, path[:, 1]))
    weight = _once_each(path[:, 0])
    speed, delay_s = timing_of(mine, path, reference.time_s, attempt.time_s)
    parts = {
        "form": _form(steps, weight),
        "tempo": 100 * 0.5 ** ((abs(np.log(speed)) / np.log(HALF_TEMPO)) ** 1.5),
        "delay": 100 * 0.5 ** (abs(delay_s) / HALF_DELAY_S),
    }
    weights = WEIGHTS[timing]
    phases = _phases(mine)
    return _named_right(
        Score(
            score=parts["form"] * _timing_share(weights, parts),
            **parts,
            weights=weights,
            speed=speed,
            delay_s=delay_s,
            mirrored=turned,
            joint_deg={j: float(weight @ v) for j, v in steps.size_deg.items()},
            phase_deg=_by_phase(steps, weight, path[:, 0], phases),
            phases_s=_times(phases, reference.time_s),
            faults=faults_of(steps, path, attempt.time_s, phases),
            left_out_s=unmatched(path[:, 0], path[:, 1], steps.size_deg, reference.time_s),
            added_s=unmatched(path[:, 1], path[:, 0], steps.size_deg, attempt.time_s),
            reference_s=reference.time_s[path[:, 0]],
            attempt_s=attempt.time_s[path[:, 1]],
            off_deg=steps.size_deg,
        )
    )  # fmt: skip


def _timing_share(weights: dict[str, float], parts: dict[str, float]) -> float:
    """What is left of the form's points: who does something else in time gets none for it."""
    return weights["form"] + sum(weights[name] * parts[name] / 100 for name in ("tempo", "delay"))


def steady(xyz_m: Float[np.ndarray, "time 17 3"]) -> Float[np.ndarray, "time 17 3"]:
    """With less trembling."""
    flat = smoothed(xyz_m.reshape(len(xyz_m), -1), SMOOTH_S)
    return flat.reshape(xyz_m.shape)


def _taken(joints: JointSeries, frames: Int[np.ndarray, " step"]) -> JointSeries:
    return JointSeries(
        {joint: values[frames] for joint, values in joints.points.items()},
        {joint: values[frames] for joint, values in joints.bends_deg.items()},
    )


def _once_each(frames: Int[np.ndarray, " step"]) -> Float[np.ndarray, " step"]:
    """Weights of the steps by which every frame of the reference counts once; they sum to 1."""
    _, which, counts = np.unique(frames, return_inverse=True, return_counts=True)
    return 1 / (counts[which] * len(counts))


def _form(steps: Differences, weight: Float[np.ndarray, " step"]) -> float:
    credit = {}
    for joint, size in steps.size_deg.items():
        credit[joint] = float(weight @ 0.5 ** ((size / HALF_DEG) ** 1.5))
    values = np.array(list(credit.values()))
    return 100 * float((1 - WORST_SHARE) * values.mean() + WORST_SHARE * values.min())


def timing_of(
    poses: Float[np.ndarray, "time 17 3"],
    path: Int[np.ndarray, "step 2"],
    reference_s: Float[np.ndarray, " time"],
    attempt_s: Float[np.ndarray, " later"],
) -> tuple[float, float]:
    """Speed as a multiple of the reference's, and by how much the attempt begins later.

    A line through the moments that belong together, those counting most at which the reference
    moves most: in a rest any moment fits any other.
    """
    moving = np.linalg.norm(np.gradient(channels(poses)[:, POSE_CHANNELS], axis=0), axis=1)
    weight = moving[path[:, 0]] * _once_each(path[:, 0]) + 1e-12
    x = reference_s[path[:, 0]] - reference_s[0]
    y = attempt_s[path[:, 1]] - attempt_s[0]
    weight = weight / weight.sum()
    for _ in range(5):  # least absolute residuals, by reweighting
        mx, my = weight @ x, weight @ y
        slope = float((weight * (x - mx)) @ (y - my) / max(weight @ (x - mx) ** 2, 1e-9))
        slope = float(np.clip(slope, 0.05, 20))
        far = np.abs(y - my - slope * (x - mx))
        weight = weight / np.maximum(far, 1 / RATE_HZ)
        weight = weight / weight.sum()
    begins = x[int(np.argmax(np.cumsum(moving)[path[:, 0]] > 0.03 * moving.sum()))]
    late_s = my + slope * (begins - mx) - begins
    return 1 / slope, float(late_s)


def _phases(poses: Float[np.ndarray, "time 17 3"]) -> list[tuple[int, int]]:
    """Parts of the reference with as much movement each."""
    moved = np.linalg.norm(np.diff(channels(poses)[:, POSE_CHANNELS], axis=0), axis=1)
    so_far = np.r_[0.0, np.cumsum(moved)] + np.arange(len(poses)) * 1e-6
    parts = min(PHASES, len(poses))
    cuts = np.searchsorted(so_far, np.linspace(0, so_far[-1], parts + 1)[1:-1])
    edges = [0, *(int(c) for c in cuts), len(poses)]
    return [(a, b) for a, b in zip(edges, edges[1:], strict=False) if b > a]


def _times(
    phases: list[tuple[int, int]], time_s: Float[np.ndarray, " time"]
) -> tuple[tuple[float, float], ...]:
    return tuple((float(time_s[a]), float(time_s[b - 1])) for a, b in phases)


def _by_phase(
    steps: Differences,
    weight: Float[np.ndarray, " step"],
    frames: Int[np.ndarray, " step"],
    phases: list[tuple[int, int]],
) -> dict[str, tuple[float, ...]]:
    inside = [(frames >= a) & (frames < b) for a, b in phases]
    return {
        joint: tuple(
            float(weight[rows] @ size[rows] / weight[rows].sum()) if rows.any() else float("nan")
            for rows in inside
        )
        for joint, size in steps.size_deg.items()
    }


def _named_right(found: Score) -> Score:
    """Joints as the one who attempts it has them: in a mirror, left is the other side."""
    if not found.mirrored:
        return found
    return replace(
        found,
        joint_deg={other_side(j): v for j, v in found.joint_deg.items()},
        phase_deg={other_side(j): v for j, v in found.phase_deg.items()},
        off_deg={other_side(j): v for j, v in found.off_deg.items()},
        faults=tuple(
            replace(f, joint=other_side(f.joint), says=f.says.replace(f.joint, other_side(f.joint)))
            for f in found.faults
        ),
    )


def other_side(joint: str) -> str:
    """left knee -> right knee, and back."""
    for a, b in (("left ", "right "), ("right ", "left ")):
        if joint.startswith(a):
            return b + joint.removeprefix(a)
    return joint
