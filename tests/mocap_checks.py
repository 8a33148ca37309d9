"""What is true of every recording of a person, to hold readers against."""

from functools import cache
from pathlib import Path

import numpy as np

from monomocap.datasets.mocap import MocapClip, read_free17
from monomocap.skeleton import H36M17

LIMB_BONES = tuple(
    (f"{side}_{a}", f"{side}_{b}")
    for side in ("left", "right")
    for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
)


@cache
def free_clips(data: Path) -> tuple[MocapClip, ...]:
    """The free collection beside the repository, read once for all tests."""
    return tuple(read_free17(data / "mocap/free17.npz"))


def free_clip(data: Path, name: str) -> MocapClip:
    """One clip of it, by name."""
    (clip,) = (clip for clip in free_clips(data) if clip.name == name)
    return clip


def joint(xyz: np.ndarray, name: str) -> np.ndarray:
    """One joint's path, (time, 3)."""
    path: np.ndarray = xyz[:, H36M17.index(name)].astype(np.float64)
    return path


def limb_spread_m(xyz: np.ndarray) -> float:
    """How much the length of a limb's bone changes within a clip, at most."""
    return max(
        float(np.ptp(np.linalg.norm(joint(xyz, a) - joint(xyz, b), axis=-1))) for a, b in LIMB_BONES
    )


def knees_bend_forwards(xyz: np.ndarray) -> float:
    """Share of bent knees (over 30 degrees) that lie in front of the line from hip to ankle.

    In front is (left hip - right hip) × (middle of hips to middle of shoulders).
    """
    across = joint(xyz, "left_hip") - joint(xyz, "right_hip")
    shoulders = joint(xyz, "left_shoulder") + joint(xyz, "right_shoulder")
    forwards = np.cross(across, shoulders / 2 - joint(xyz, "pelvis"))
    right = []
    for side in ("left", "right"):
        hip, knee, ankle = (joint(xyz, f"{side}_{j}") for j in ("hip", "knee", "ankle"))
        thigh, shank = knee - hip, ankle - knee
        cosine = (thigh * shank).sum(-1) / np.linalg.norm(thigh, axis=-1)
        bent = cosine / np.linalg.norm(shank, axis=-1) < np.cos(np.radians(30))
        right.append(((knee - (hip + ankle) / 2) * forwards).sum(-1)[bent] > 0)
    return float(np.concatenate(right).mean())


def feet_above_lowest_m(xyz: np.ndarray) -> float:
    """Median height of the lower ankle above the floor at Z = 0."""
    lower = np.minimum(joint(xyz, "left_ankle")[:, 2], joint(xyz, "right_ankle")[:, 2])
    return float(np.median(np.abs(lower)))


def write_free17(path: Path) -> Path:
    """A collection of one clip, `walk` of `mine_1`: three frames at 30 per second."""
    np.savez(
        path,
        clip=np.array(["walk"]),
        source=np.array(["mine"]),
        subject=np.array(["mine_1"]),
        licence=np.array(["CC0-1.0"]),
        fps=np.array([30.0], dtype=np.float32),
        start=np.array([0, 3]),
        root_m=np.array([[0, 1, 0], [0, 1, 0.1], [0, 1, 0.2]], dtype=np.float32),
        joints_rel_root_tenth_mm=np.arange(3 * 17 * 3, dtype=np.int16).reshape(3, 17, 3),
    )
    return path
