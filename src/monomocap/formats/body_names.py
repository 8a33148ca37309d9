"""Which joints of a motion capture skeleton are the human body's, whoever named them.

A joint here is where a bone begins, as in BVH: the thigh begins at the hip, the shank at the knee.
Names are read as a side and a word, so that `LeftUpLeg`, `mixamorig:LeftUpLeg`, `upleg.L` and
`Bip01 L UpLeg` are one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from monomocap.errors import DataError

LEGS = (
    ("upleg", "leg", "foot"),  # CMU by cgspeed, ACCAD, Mixamo, MotionBuilder
    ("thigh", "shin", "foot"),  # Poser, DAZ, Blender's rigify
    ("thighbend", "shin", "foot"),  # DAZ Genesis
    ("thigh", "calf", "foot"),  # 3ds Max Biped, Unreal
    ("upperleg", "lowerleg", "foot"),  # Unity, VRM, Xsens
    ("femur", "tibia", "foot"),  # Acclaim
    ("hip", "knee", "ankle"),  # Biovision, CMU for 3ds Max, SMPL
    ("hip", "knee", "foot"),
)
"""What dialects call the bones that begin at hip, knee and ankle; the first that fits is taken."""

ARMS = (
    ("arm", "forearm", "hand"),
    ("shldr", "forearm", "hand"),
    ("shldrbend", "forearmbend", "hand"),
    ("upperarm", "forearm", "hand"),
    ("upperarm", "lowerarm", "hand"),
    ("humerus", "radius", "wrist"),
    ("humerus", "radius", "hand"),
    ("shoulder", "elbow", "wrist"),
    ("shoulder", "elbow", "hand"),
)
"""The same for shoulder, elbow and wrist. (`LeftShoulder` beside a `LeftArm` is a collar bone.)"""

_HEADS = ("head", "spine006")
_NOT_WORDS = {"mixamorig", "character", "bip", "def", "org", "j", "c", "m", "f", "avg"}
_BONE_WORDS = frozenset(word for names in LEGS + ARMS for word in names)
_SIDES: dict[str, Literal["left", "right"]] = {
    "left": "left",
    "right": "right",
    "l": "left",
    "r": "right",
}


@dataclass(frozen=True)
class Body:
    """Where the joints that H36M-17 is made from stand in a list of joints."""

    limbs: dict[str, int]
    """`left_hip`, `left_knee`, ... `right_wrist`: the twelve of `skeleton.LIMB_JOINTS`."""
    thorax: int | None
    """Where the neck begins; None where no joint is called a neck."""
    skull: int
    """Where the head begins."""
    top: int | None
    """Where the head ends; None where the file does not say."""

    @property
    def indices(self) -> tuple[int, ...]:
        """Every joint that is needed."""
        trunk = (self.thorax, self.skull, self.top)
        return (*self.limbs.values(), *(joint for joint in trunk if joint is not None))


def find_body(names: Sequence[str], parents: Sequence[int]) -> Body:
    """Recognise a skeleton by its joints' names; raises `DataError` naming what is not there.

    An end site is expected under the name of its parent with `_end` behind it.
    """
    words = [split_name(name) for name in names]
    at: dict[tuple[str, str], int] = {}
    for joint, word in enumerate(words):
        at.setdefault(word, joint)
    limbs = _limbs(at, LEGS, ("hip", "knee", "ankle"))
    limbs |= _limbs(at, ARMS, ("shoulder", "elbow", "wrist"))
    skull = next((at["", head] for head in _HEADS if ("", head) in at), None)
    if skull is None:
        raise DataError("no joint is called a head")
    return Body(limbs, _thorax(words, parents, skull), skull, _top(names, words, parents, skull))


def split_name(name: str) -> tuple[str, str]:
    """A joint's side ('left', 'right' or '') and the rest of its name, in small letters."""
    bare = name.rsplit(":", 1)[-1]
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+", bare)
    words = [part.lower() for part in parts]
    while words and (words[0] in _NOT_WORDS or words[0].isdigit()):
        words = words[1:]
    side = next((word for word in words if word in _SIDES), None)
    if side is not None:
        words.remove(side)
        return _SIDES[side], "".join(words)
    return _split_glued("".join(words))


def _split_glued(word: str) -> tuple[str, str]:
    """`lfemur` -> left, femur; only where a bone's name is left over."""
    for side, meaning in _SIDES.items():
        if word.startswith(side) and word.removeprefix(side) in _BONE_WORDS:
            return meaning, word.removeprefix(side)
    return "", word


def _limbs(
    at: dict[tuple[str, str], int], dialects: Sequence[tuple[str, ...]], joints: tuple[str, ...]
) -> dict[str, int]:
    for bones in dialects:
        if all((side, bone) in at for side in ("left", "right") for bone in bones):
            return {
                f"{side}_{joint}": at[side, bone]
                for side in ("left", "right")
                for joint, bone in zip(joints, bones, strict=True)
            }
    known = "; ".join(" ".join(bones) for bones in dialects)
    raise DataError(f"no left and right {', '.join(joints)} found by name (known: {known})")


def _thorax(words: list[tuple[str, str]], parents: Sequence[int], skull: int) -> int | None:
    """The lowest neck between root and head (`spine.004` in rigify's own names)."""
    lowest = None
    joint = parents[skull]
    while joint >= 0:
        if "neck" in words[joint][1] or words[joint][1] == "spine004":
            lowest = joint
        joint = parents[joint]
    return lowest


def _top(
    names: Sequence[str], words: list[tuple[str, str]], parents: Sequence[int], skull: int
) -> int | None:
    children = [child for child, parent in enumerate(parents) if parent == skull]
    named = [c for c in children if words[c][1].startswith("head")]
    ends = [c for c in children if names[c] == f"{names[skull]}_end"]
    return next(iter(ends + named), None)
