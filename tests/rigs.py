"""Measures of rigged bodies that tests and scripts share."""

import numpy as np

from monomocap.geometry.rig import ENDS, RIG, Rigged, to_matrices
from monomocap.geometry.rotation import between
from monomocap.geometry.twist import angle_about

_MAIN_CHILD = {"pelvis": "spine", "upper_chest": "neck"}


def twist_deg_per_60th(rigged: Rigged) -> dict[str, float]:
    """Each joint's fastest turn about its own bone against its parent, degrees per 1/60 s."""
    step_s = np.diff(rigged.time_s)
    return {
        joint: float(np.nanmax(_turn_deg(rigged, joint) / (60 * step_s), initial=0.0))
        for joint in RIG.joints
        if joint not in ENDS
    }


def _turn_deg(rigged: Rigged, joint: str) -> np.ndarray:
    """What is left of the turn from frame to frame beside the least one that moves the bone."""
    local = to_matrices(rigged.local_xyzw[:, RIG.index(joint)])
    first = next(RIG.joints[c] for p, c in RIG.bones if RIG.joints[p] == joint)
    bone = rigged.rest.offsets_m[RIG.index(_MAIN_CHILD.get(joint, first))]
    length = np.linalg.norm(bone)
    if length < 1e-6:
        return np.zeros(len(local) - 1)  # a bone without length turns about nothing
    bone = bone / length
    across = np.eye(3)[np.abs(bone).argmin()]
    points = local @ bone
    carried = between(points[:-1], points[1:]) @ local[:-1]
    return np.degrees(np.abs(angle_about(points[1:], carried @ across, local[1:] @ across)))
