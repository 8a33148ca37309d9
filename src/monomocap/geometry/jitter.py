"""How much a motion trembles, in millimetres."""

import numpy as np
from jaxtyping import Float

from monomocap.skeleton import LIMB_JOINTS, Skeleton

_MEDIAN_OF_CHI3 = 1.5382
"""The median length of a vector of three independent standard normal numbers."""


def jitter_m(xyz_m: Float[np.ndarray, "time joint 3"], skeleton: Skeleton) -> float | None:
    """The standard deviation, per axis, of the independent noise that would make the limbs' median
    second difference from frame to frame; None where there are no three frames in a row.

    The median hardly feels a motion's own accelerations at 25 frames per second and more: they are
    large only now and then.
    """
    limbs = [skeleton.index(joint) for joint in LIMB_JOINTS if joint in skeleton.joints]
    # Joint by joint: a long motion has no room for all of them at once.
    second = [np.linalg.norm(np.diff(xyz_m[:, limb], n=2, axis=0), axis=-1) for limb in limbs]
    known = np.concatenate([one[np.isfinite(one)] for one in second])
    if not known.size:
        return None
    return float(np.median(known)) / (np.sqrt(6.0) * _MEDIAN_OF_CHI3)
