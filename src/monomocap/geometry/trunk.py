"""The trunk that every source agrees on: made again from hips, shoulders and head."""

import numpy as np
from jaxtyping import Float

from monomocap.skeleton import H36M17


def trunk_from_limbs(
    points: Float[np.ndarray, "*batch 17 dim"],
) -> Float[np.ndarray, "*batch 17 dim"]:
    """H36M-17 with pelvis, spine, thorax and neck made from hips, shoulders and head, in 2D or 3D.

    Mocap and detectors mean different places by these joints; hips and shoulders they share. A
    joint that cannot be made, since a hip, a shoulder or the head is NaN, stays as it was.
    """
    out = points.copy()
    j = H36M17.index
    pelvis = (points[..., j("left_hip"), :] + points[..., j("right_hip"), :]) / 2
    thorax = (points[..., j("left_shoulder"), :] + points[..., j("right_shoulder"), :]) / 2
    made = {
        "pelvis": pelvis,
        "thorax": thorax,
        "spine": (pelvis + thorax) / 2,
        "neck": (thorax + points[..., j("head"), :]) / 2,
    }
    for name, joint in made.items():
        out[..., j(name), :] = np.where(np.isfinite(joint), joint, out[..., j(name), :])
    return out
