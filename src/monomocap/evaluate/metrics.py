"""How far an answer is from the truth. Numpy only; arrays in, one number out, in their unit.

Poses are (frame, joint, 3). The published metrics take poses relative to the root; these do what
they are given. A joint of a frame counts where answer and truth both have it; the others are left
out, and `coverage` says how many they were: a mean error without its coverage is half a story.
NaN where nothing counts.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from monomocap.errors import InputError
from monomocap.geometry.align import align_scale, align_similarity
from monomocap.skeleton import H36M17, Skeleton

Poses = Float[np.ndarray, "frame joint 3"]
Errors = Float[np.ndarray, "frame joint"]

PCK_MM = 150.0
AUC_MM = np.arange(0.0, 151.0, 5.0)
"""31 thresholds (Mehta et al., 2017)."""
GROUPS_3DHP: dict[str, tuple[str, ...]] = {
    "head": ("head",),
    "neck": ("thorax",),
    "shoulder": ("left_shoulder", "right_shoulder"),
    "elbow": ("left_elbow", "right_elbow"),
    "wrist": ("left_wrist", "right_wrist"),
    "hip": ("right_hip", "left_hip"),
    "knee": ("right_knee", "left_knee"),
    "ankle": ("right_ankle", "left_ankle"),
}
"""MPI-INF-3DHP's eight groups of 14 joints, on H36M's names; each group counts alike."""
INTERVALS = (8, 12, 16, 24)
"""Frames between the two poses that HDFormer's trajectory error looks at."""


def coverage(predicted: Poses, true: Poses) -> float:
    """Share of the frames with truth for which there is an answer, 0 to 1; NaN without truth."""
    known = _seen(true)
    asked = known.any(axis=1)
    answered = (known & _seen(predicted)).any(axis=1)
    return float(answered[asked].mean()) if asked.any() else float("nan")


def joint_coverage(predicted: Poses, true: Poses) -> float:
    """The same for single joints: share of true joints that have an answer."""
    known = _seen(true)
    return float(_seen(predicted)[known].mean()) if known.any() else float("nan")


def joint_errors(predicted: Poses, true: Poses) -> Errors:
    """Euclidean distance of every joint in every frame."""
    _same_shape(predicted, true)
    errors: Errors = np.linalg.norm(predicted - true, axis=-1)
    return errors


def mpjpe(predicted: Poses, true: Poses) -> float:
    """Mean distance per joint (protocol 1 on root-relative poses)."""
    return _mean(joint_errors(predicted, true))


def p_mpjpe(predicted: Poses, true: Poses) -> float:
    """Mean distance after moving, turning and scaling every frame on to the truth (protocol 2).

    A mirror image is not turned back: that would forgive a left for a right.
    """
    return _mean(joint_errors(align_similarity(predicted, true), true))


def n_mpjpe(predicted: Poses, true: Poses) -> float:
    """Mean distance after scaling every frame; for poses whose size cannot be known."""
    return _mean(joint_errors(align_scale(predicted, true), true))


def mpjve(predicted: Poses, true: Poses) -> float:
    """Mean distance of the steps from frame to frame (Pavllo et al., 2019), in unit per frame."""
    return mpjpe(np.diff(predicted, axis=0), np.diff(true, axis=0))


def acceleration_error(predicted: Poses, true: Poses, fps: float | int | None = None) -> float:
    """Mean distance of second differences (Kanazawa et al., 2019), per frame squared.

    With `fps` per second squared.
    """
    per_frame = mpjpe(np.diff(predicted, n=2, axis=0), np.diff(true, n=2, axis=0))
    return per_frame if fps is None else per_frame * fps**2


def jitter(poses: Poses, fps: float | int) -> float:
    """Mean size of the third derivative, in unit per second cubed: how much a motion trembles."""
    return _mean(np.linalg.norm(np.diff(poses, n=3, axis=0), axis=-1)) * fps**3


def pck(
    errors_mm: Sequence[np.ndarray], threshold_mm: float | int = PCK_MM, skeleton: Skeleton = H36M17
) -> float:
    """Share of joints nearer than the threshold: mean over groups, then over sequences.

    MPI-INF-3DHP's 3D-PCK as HDFormer computes it; one array of `joint_errors` per sequence.
    """
    return float(_pck(errors_mm, np.array([float(threshold_mm)]), skeleton)[0])


def auc(errors_mm: Sequence[np.ndarray], skeleton: Skeleton = H36M17) -> float:
    """Mean of `pck` over the thresholds 0, 5, ... 150 mm."""
    return float(_pck(errors_mm, AUC_MM, skeleton).mean())


def bone_lengths(poses: Poses, skeleton: Skeleton = H36M17) -> Float[np.ndarray, "frame bone"]:
    """Length of every bone of `skeleton.bones` in every frame."""
    parent, child = np.array(skeleton.bones).T
    lengths: Float[np.ndarray, "frame bone"] = np.linalg.norm(
        poses[:, child] - poses[:, parent], axis=-1
    )
    return lengths


def bone_length_error(predicted: Poses, true: Poses, skeleton: Skeleton = H36M17) -> float:
    """Mean difference of bone lengths, frame by frame."""
    _same_shape(predicted, true)
    return _mean(np.abs(bone_lengths(predicted, skeleton) - bone_lengths(true, skeleton)))


def bone_length_deviation(poses: Poses, skeleton: Skeleton = H36M17) -> float:
    """Mean over bones of the standard deviation of their length over time: bones do not stretch."""
    lengths = bone_lengths(poses, skeleton)
    counted = lengths[:, np.isfinite(lengths).any(axis=0)]
    return _mean(np.nanstd(counted, axis=0)) if counted.size else float("nan")


def bone_symmetry_error(poses: Poses, skeleton: Skeleton = H36M17) -> float:
    """Mean difference in length of a left bone and its right twin, frame by frame."""
    lengths = bone_lengths(poses, skeleton)
    child = [child for _, child in skeleton.bones]
    left = [i for i, joint in enumerate(child) if skeleton.side(joint) == "left"]
    right = [child.index(skeleton.mirror[child[i]]) for i in left]
    return _mean(np.abs(lengths[:, left] - lengths[:, right]))


def bone_direction_error_deg(predicted: Poses, true: Poses, skeleton: Skeleton = H36M17) -> float:
    """Mean angle between a bone and the true bone, in degrees."""
    _same_shape(predicted, true)
    parent, child = np.array(skeleton.bones).T
    a, b = predicted[:, child] - predicted[:, parent], true[:, child] - true[:, parent]
    across = np.linalg.norm(np.cross(a, b), axis=-1)
    return _mean(np.degrees(np.arctan2(across, (a * b).sum(axis=-1))))


def trajectory_error(
    predicted: Sequence[np.ndarray],
    true: Sequence[np.ndarray],
    *,
    normalize: bool = False,
    order: int = 2,
    intervals: Sequence[int] = INTERVALS,
    eps: float = 1e-6,
) -> float:
    """HDFormer's difference of trajectory normals, over clips of one length.

    The normal of a joint's path is the cross product of its places `interval` frames apart (of the
    unit square, or of length 1 with `normalize`). Order 1 is the mean difference per coordinate,
    order 2 the mean length of the difference; then the mean over intervals. In training the paper
    adds 0.1 of it, not normalised, order 2 (Chen et al., 2023).
    """
    if order not in (1, 2):
        raise InputError(f"the trajectory error's order is 1 or 2, not {order}")
    clips = list(zip(predicted, true, strict=True))
    return float(np.mean([_normals_apart(clips, i, normalize, order, eps) for i in intervals]))


def weighted_mpjpe(predicted: Poses, true: Poses, weights: Float[np.ndarray, " joint"]) -> float:
    """Mean of distances times joint weights (MixSTE's first loss)."""
    return _mean(joint_errors(predicted, true) * weights)


def step_size(poses: Poses, weights: Float[np.ndarray, " joint"]) -> float:
    """Weighted mean of squared steps per coordinate: MixSTE's temporal consistency.

    It looks at the answer alone, and is smallest for a person who stands still.
    """
    return _mean(np.diff(poses, axis=0) ** 2 * weights[:, None])


def _normals_apart(
    clips: Sequence[tuple[np.ndarray, np.ndarray]],
    interval: int,
    normalize: bool,
    order: int,
    eps: float,
) -> float:
    apart = np.concatenate(
        [
            _normals(predicted, interval, normalize, eps) - _normals(true, interval, normalize, eps)
            for predicted, true in clips
        ]
    )
    return _mean(np.abs(apart) if order == 1 else np.linalg.norm(apart, axis=-1))


def _normals(
    poses: Poses, interval: int, normalize: bool, eps: float
) -> Float[np.ndarray, "pair joint 3"]:
    normals: Float[np.ndarray, "pair joint 3"] = np.cross(poses[:-interval], poses[interval:])
    if normalize:
        normals = normals / (np.linalg.norm(normals, axis=-1, keepdims=True) + eps)
    return normals


def _pck(
    errors_mm: Sequence[np.ndarray],
    thresholds_mm: Float[np.ndarray, " threshold"],
    skeleton: Skeleton,
) -> Float[np.ndarray, " threshold"]:
    groups = [[skeleton.index(joint) for joint in group] for group in GROUPS_3DHP.values()]
    shares = [
        [_share_below(errors[:, group], thresholds_mm) for group in groups] for errors in errors_mm
    ]
    return _quiet_nanmean(_quiet_nanmean(np.array(shares), axis=1), axis=0)


def _share_below(errors: Errors, thresholds: Float[np.ndarray, " threshold"]) -> np.ndarray:
    counted = errors[np.isfinite(errors)]
    if not counted.size:
        return np.full(len(thresholds), np.nan)
    return (counted[:, None] < thresholds).mean(axis=0)


def _seen(poses: Poses) -> Bool[np.ndarray, "frame joint"]:
    seen: Bool[np.ndarray, "frame joint"] = np.isfinite(poses).all(axis=-1)
    return seen


def _same_shape(predicted: np.ndarray, true: np.ndarray) -> None:
    """Broadcasting would make a wrong number of a mismatch."""
    if predicted.shape != true.shape:
        raise InputError(f"answer {predicted.shape} and truth {true.shape} must have one shape")


def _mean(numbers: np.ndarray) -> float:
    """Of those that are there; NaN of none."""
    return float(_quiet_nanmean(numbers.ravel(), axis=0))


def _quiet_nanmean(numbers: np.ndarray, axis: int) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmean(numbers, axis=axis))
