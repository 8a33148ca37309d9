"""Skeletons: which joints there are, how they hang together, and how one becomes another.

A conversion is a matrix of weights, (target joint, source joint): a target joint is a weighted mean
of source joints. A joint that cannot be made from the source is NaN, and so is one whose source
joints are missing: nothing is invented.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from jaxtyping import Bool, Float

from monomocap.errors import InputError, UnknownName


@dataclass(frozen=True)
class Skeleton:
    """Joint names in order, each joint's parent, and which joints swap in a mirror."""

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]
    """Index of each joint's parent; -1 for a root."""

    def __post_init__(self) -> None:
        if len(self.joints) != len(self.parents) or len(set(self.joints)) != len(self.joints):
            raise InputError(f"skeleton {self.name}: one parent per joint, and no joint twice")

    def __len__(self) -> int:
        return len(self.joints)

    def index(self, joint: str) -> int:
        """Where a joint stands; raises `UnknownName` with the list of joints."""
        if joint not in self.joints:
            raise UnknownName(f"joint of {self.name}", joint, self.joints)
        return self.joints.index(joint)

    @cached_property
    def mirror(self) -> tuple[int, ...]:
        """For each joint the joint it becomes in a mirror (itself when on the midline)."""
        return tuple(self.joints.index(_mirrored(joint)) for joint in self.joints)

    @cached_property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """(parent, child) pairs, by child."""
        return tuple((p, child) for child, p in enumerate(self.parents) if p >= 0)

    def side(self, joint: int) -> str:
        """'left', 'right' or 'middle'."""
        first = self.joints[joint].split("_")[0]
        return first if first in ("left", "right") else "middle"


def _mirrored(joint: str) -> str:
    if joint.startswith("left_"):
        return "right_" + joint.removeprefix("left_")
    if joint.startswith("right_"):
        return "left_" + joint.removeprefix("right_")
    return joint


def _skeleton(name: str, parent_of: Mapping[str, str]) -> Skeleton:
    joints = tuple(parent_of)
    parents = tuple(joints.index(p) if p else -1 for p in parent_of.values())
    return Skeleton(name, joints, parents)


def _both_sides(*pairs: tuple[str, str]) -> dict[str, str]:
    """Each left joint followed by its right one: {left_a: parent, right_a: parent, ...}."""
    return {
        f"{side}_{joint}": parent.replace("*", side)
        for joint, parent in pairs
        for side in ("left", "right")
    }


H36M17 = _skeleton(
    "h36m17",
    {
        "pelvis": "",
        "right_hip": "pelvis",
        "right_knee": "right_hip",
        "right_ankle": "right_knee",
        "left_hip": "pelvis",
        "left_knee": "left_hip",
        "left_ankle": "left_knee",
        "spine": "pelvis",
        "thorax": "spine",
        "neck": "thorax",
        "head": "neck",
        "left_shoulder": "thorax",
        "left_elbow": "left_shoulder",
        "left_wrist": "left_elbow",
        "right_shoulder": "thorax",
        "right_elbow": "right_shoulder",
        "right_wrist": "right_elbow",
    },
)
"""Human3.6M's 17 joints (Ionescu et al., 2014), in the order that lifters publish."""

_BODY12 = (
    ("shoulder", ""),
    ("elbow", "*_shoulder"),
    ("wrist", "*_elbow"),
    ("hip", "*_shoulder"),
    ("knee", "*_hip"),
    ("ankle", "*_knee"),
)

COCO17 = _skeleton(
    "coco17",
    {"nose": ""} | _both_sides(("eye", "nose"), ("ear", "*_eye"), *_BODY12),
)
"""COCO's 17 keypoints, left before right."""

BLAZEPOSE33 = _skeleton(
    "blazepose33",
    {
        "nose": "",
        "left_eye_inner": "nose",
        "left_eye": "left_eye_inner",
        "left_eye_outer": "left_eye",
        "right_eye_inner": "nose",
        "right_eye": "right_eye_inner",
        "right_eye_outer": "right_eye",
        "left_ear": "left_eye_outer",
        "right_ear": "right_eye_outer",
        "left_mouth": "nose",
        "right_mouth": "nose",
    }
    | _both_sides(
        ("shoulder", ""),
        ("elbow", "*_shoulder"),
        ("wrist", "*_elbow"),
        ("pinky", "*_wrist"),
        ("index", "*_wrist"),
        ("thumb", "*_wrist"),
        ("hip", "*_shoulder"),
        ("knee", "*_hip"),
        ("ankle", "*_knee"),
        ("heel", "*_ankle"),
        ("foot_index", "*_heel"),
    ),
)
"""MediaPipe's 33 landmarks (Bazarevsky et al., 2020)."""

HALPE26 = _skeleton(
    "halpe26",
    {"nose": "neck"}
    | _both_sides(
        ("eye", "nose"),
        ("ear", "*_eye"),
        ("shoulder", "neck"),
        ("elbow", "*_shoulder"),
        ("wrist", "*_elbow"),
        ("hip", "pelvis"),
        ("knee", "*_hip"),
        ("ankle", "*_knee"),
    )
    | {"head": "neck", "neck": "pelvis", "pelvis": ""}
    | _both_sides(("big_toe", "*_ankle"), ("small_toe", "*_ankle"), ("heel", "*_ankle")),
)
"""Halpe's 26 body keypoints: COCO's 17, head top, neck, hip centre, and three per foot."""

MODELSCOPE15 = _skeleton(
    "modelscope15",
    {
        "head": "thorax",
        "thorax": "pelvis",
        "right_shoulder": "thorax",
        "right_elbow": "right_shoulder",
        "right_wrist": "right_elbow",
        "left_shoulder": "thorax",
        "left_elbow": "left_shoulder",
        "left_wrist": "left_elbow",
        "right_hip": "pelvis",
        "right_knee": "right_hip",
        "right_ankle": "right_knee",
        "left_hip": "pelvis",
        "left_knee": "left_hip",
        "left_ankle": "left_knee",
        "pelvis": "",
    },
)
"""The 15 joints of the model card's 2D stage."""

_FEET = (("big_toe", "*_ankle"), ("small_toe", "*_ankle"), ("heel", "*_ankle"))

COCO23 = _skeleton(
    "coco23",
    {"nose": ""}
    | _both_sides(("eye", "nose"), ("ear", "*_eye"), *_BODY12)
    | {f"{side}_{part}": f"{side}_ankle" for side in ("left", "right") for part, _ in _FEET},
)
"""The body of COCO-WholeBody's 133 keypoints (Jin et al., 2020): COCO's 17, and three per foot."""


def _one_side(side: str, *pairs: tuple[str, str]) -> dict[str, str]:
    return {f"{side}_{joint}": parent.replace("*", side) for joint, parent in pairs}


_OPENPOSE_ARM = (("shoulder", "neck"), ("elbow", "*_shoulder"), ("wrist", "*_elbow"))
_OPENPOSE_LEG = (("knee", "*_hip"), ("ankle", "*_knee"))
_OPENPOSE_FACE = {
    "right_eye": "nose",
    "left_eye": "nose",
    "right_ear": "right_eye",
    "left_ear": "left_eye",
}

OPENPOSE25 = _skeleton(
    "openpose25",
    {"nose": "neck", "neck": "pelvis"}
    | _one_side("right", *_OPENPOSE_ARM)
    | _one_side("left", *_OPENPOSE_ARM)
    | {"pelvis": ""}
    | _one_side("right", ("hip", "pelvis"), *_OPENPOSE_LEG)
    | _one_side("left", ("hip", "pelvis"), *_OPENPOSE_LEG)
    | _OPENPOSE_FACE
    | _one_side("left", *_FEET)
    | _one_side("right", *_FEET),
)
"""OpenPose's BODY_25 (Cao et al., 2019); its neck is the middle of the shoulders, its pelvis that
of the hips."""

OPENPOSE18 = _skeleton(
    "openpose18",
    {"nose": "neck", "neck": ""}
    | _one_side("right", *_OPENPOSE_ARM)
    | _one_side("left", *_OPENPOSE_ARM)
    | _one_side("right", ("hip", "neck"), *_OPENPOSE_LEG)
    | _one_side("left", ("hip", "neck"), *_OPENPOSE_LEG)
    | _OPENPOSE_FACE,
)
"""OpenPose's COCO model: COCO's joints in another order, and a neck between the shoulders."""

SKELETONS = {
    s.name: s
    for s in (
        *(H36M17, COCO17, BLAZEPOSE33, HALPE26, MODELSCOPE15),
        *(COCO23, OPENPOSE25, OPENPOSE18),
    )
}

LIMB_JOINTS = tuple(
    f"{side}_{joint}"
    for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
)
"""The twelve joints that mean the same in every skeleton here; accuracy is reported on them."""

NECK_SHARE = 0.5
"""Where H36M's neck/nose joint lies between thorax and head in a person standing upright (the
training data's own share: both bones are about 0.12 m long)."""

EAR_SHARE = 0.62
"""Where the ears lie between the middle of the shoulders and the top of the head: the top is 0.35 m
above the shoulders (Pose2Sim's balancing man), the ear's hole 0.13 m below the top (ANSUR)."""

_EARS = {"left_ear": 0.5, "right_ear": 0.5}
_BELOW_THE_TOP = {
    "left_shoulder": (1 - EAR_SHARE) / 2,
    "right_shoulder": (1 - EAR_SHARE) / 2,
    "head": EAR_SHARE,
}
_HEAD_MADE_FROM: dict[str, dict[str, float]] = {
    **dict.fromkeys(("coco17", "coco23", "blazepose33", "openpose18", "openpose25"), _EARS),
    "halpe26": _BELOW_THE_TOP,
}
"""The head's joint is the middle of the ears, whoever detects it. Halpe's "head" is its top, and
its ears are often hidden."""


def _recipe_to_h36m(source: Skeleton) -> dict[str, dict[str, float]]:
    """Each H36M joint that a source lacks, as shares of joints it has.

    pelvis = middle of the hips, thorax = middle of the shoulders, spine = middle of those two,
    head = middle of the ears, or where they should be under the top of the head, neck = middle of
    thorax and head.
    """
    has = set(source.joints)
    mid_hips = {"left_hip": 0.5, "right_hip": 0.5}
    mid_shoulders = {"left_shoulder": 0.5, "right_shoulder": 0.5}
    pelvis = {"pelvis": 1.0} if "pelvis" in has else mid_hips
    thorax = {"thorax": 1.0} if "thorax" in has else mid_shoulders
    head = _HEAD_MADE_FROM.get(source.name, {"head": 1.0})
    spine = _mix(pelvis, thorax, 0.5)
    neck = _mix(thorax, head, NECK_SHARE)
    made = {"pelvis": pelvis, "thorax": thorax, "spine": spine, "neck": neck, "head": head}
    return {joint: made.get(joint, {joint: 1.0}) for joint in H36M17.joints}


def _mix(a: Mapping[str, float], b: Mapping[str, float], share_b: float) -> dict[str, float]:
    joints = [*a, *(joint for joint in b if joint not in a)]
    return {j: (1 - share_b) * a.get(j, 0.0) + share_b * b.get(j, 0.0) for j in joints}


@cache
def conversion(source: Skeleton, target: Skeleton) -> Float[np.ndarray, "target source"]:
    """Weights that make the target's joints from the source's: each row sums to 1, or is all 0.

    A row of zeros says that the source cannot give this joint.
    """
    recipe: Mapping[str, Mapping[str, float]]
    if source == target:
        recipe = {joint: {joint: 1.0} for joint in target.joints}
    elif target == H36M17:
        recipe = _recipe_to_h36m(source)
    else:
        recipe = {j: {j: 1.0} if j in source.joints else {} for j in target.joints}
    weights = np.zeros((len(target), len(source)))
    for row, joint in enumerate(target.joints):
        for part, share in recipe[joint].items():
            weights[row, source.index(part)] = share
    weights.flags.writeable = False
    return weights


def convert(
    xyz: Float[np.ndarray, "*batch source dim"], source: Skeleton, target: Skeleton
) -> Float[np.ndarray, "*batch target dim"]:
    """The same pose on another skeleton, 2D or 3D; NaN where the source lacks what it takes."""
    weights = conversion(source, target)
    out = np.einsum("ts,...sd->...td", weights, np.nan_to_num(xyz)).astype(xyz.dtype)
    missing = ~np.isfinite(xyz).all(axis=-1)
    out[_cannot_be_made(missing, weights)] = np.nan
    return out


def convert_score(
    score: Float[np.ndarray, "*batch source"], source: Skeleton, target: Skeleton
) -> Float[np.ndarray, "*batch target"]:
    """A made joint is as sure as the least sure joint it is made of; 0 where it cannot be made."""
    weights = conversion(source, target)
    shared = np.zeros((*score.shape[:-1], len(weights)), score.dtype)
    for joint, parts in enumerate(weights > 0):
        if weights[joint].sum() != 0:
            shared[..., joint] = score[..., parts].min(axis=-1)
    return shared


def _cannot_be_made(
    missing: Bool[np.ndarray, "*batch source"], weights: Float[np.ndarray, "target source"]
) -> Bool[np.ndarray, "*batch target"]:
    needs_missing = (missing[..., None, :] & (weights > 0)).any(axis=-1)
    cannot: Bool[np.ndarray, "*batch target"] = needs_missing | (weights.sum(axis=1) == 0)
    return cannot
