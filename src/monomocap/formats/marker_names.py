"""Joints as OpenSim's and Pose2Sim's files name their markers: right_hip is RHip."""

import re

from monomocap.skeleton import SKELETONS

_JOINTS = tuple(dict.fromkeys(joint for s in SKELETONS.values() for joint in s.joints))


def marker_of(joint: str) -> str:
    """left_big_toe -> LBigToe, pelvis -> Pelvis."""
    side, _, rest = joint.partition("_")
    words = rest.split("_") if side in ("left", "right") else joint.split("_")
    prefix = {"left": "L", "right": "R"}.get(side, "")
    return prefix + "".join(word[:1].upper() + word[1:] for word in words)


_JOINT_OF = {marker_of(joint).lower(): joint for joint in _JOINTS} | {"hip": "pelvis"}
"""Pose2Sim calls the middle of the hips Hip."""


def joint_of(marker: str) -> str:
    """The joint that a marker stands for, or the marker's own name where it is none."""
    return _JOINT_OF.get(re.sub(r"[^a-z]", "", marker.lower()), marker)
