"""Measure a lifter on the benchmark of held-out people."""

from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from jaxtyping import Float

from monomocap.datasets.mocap import MocapClip
from monomocap.evaluate.heldout import CAMERAS_PER_CLIP, Case, Seen, heldout_cases
from monomocap.evaluate.metrics import coverage, mpjpe, n_mpjpe, p_mpjpe
from monomocap.evaluate.report import Report, Score, git_commit
from monomocap.lift.protocol import Lifter
from monomocap.options import Progress, no_progress
from monomocap.skeleton import H36M17, LIMB_JOINTS

PROTOCOL = (
    "12 limb joints relative to the middle of the hips, mm; mean per subject, then over subjects; "
    f"{CAMERAS_PER_CLIP} synthetic cameras per clip, intrinsics given, nothing smoothed"
)
_LIMBS = [H36M17.index(joint) for joint in LIMB_JOINTS]
_HIPS = [H36M17.index(joint) for joint in ("left_hip", "right_hip")]

Poses = Float[np.ndarray, "time joint 3"]


def evaluate_heldout(
    lifter: Lifter,
    clips: Sequence[MocapClip],
    *,
    seen: Seen = "gt",
    every: int = 1,
    progress: Progress = no_progress,
) -> Report:
    """A lifter on people that no training saw, through the whole lifter (not its network alone)."""
    parts: dict[str, list[tuple[Poses, Poses]]] = defaultdict(list)
    digest = sha256()
    cases = list(heldout_cases(clips, seen=seen, every=every))
    for done, case in enumerate(cases):
        progress("evaluate", done, len(cases))
        digest.update(case.digest())
        parts[case.subject].append(_answer(lifter, case))
    progress("evaluate", len(cases), len(cases))
    return Report(
        dataset="held-out mocap" + (f" (one clip in {every})" if every > 1 else ""),
        input=seen,
        protocol=PROTOCOL,
        lifter=lifter.name,
        weights=lifter.weights,
        rows={subject: score(pairs) for subject, pairs in sorted(parts.items())},
        fingerprint=digest.hexdigest(),
        commit=git_commit(),
    )


def _answer(lifter: Lifter, case: Case) -> tuple[Poses, Poses]:
    answer = lifter(case.track, case.camera).xyz_m.astype(np.float64)
    return limbs_mm(answer), limbs_mm(case.truth_m)


def limbs_mm(xyz_m: Float[np.ndarray, "time 17 3"]) -> Poses:
    """The twelve limb joints from the middle of the hips, in mm."""
    middle = xyz_m[:, _HIPS].mean(axis=1, keepdims=True)
    relative: Poses = 1000 * (xyz_m - middle)[:, _LIMBS]
    return relative


def score(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> Score:
    """(answer, truth) of some sequences, each (time, joint, 3) of a length of its own."""
    answer, truth = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return Score(
        mpjpe=mpjpe(answer, truth),
        n_mpjpe=n_mpjpe(answer, truth),
        p_mpjpe=p_mpjpe(answer, truth),
        coverage=coverage(answer, truth),
        frames=len(truth),
    )
