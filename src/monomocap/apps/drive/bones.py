"""Which node of somebody's avatar is which joint of the body.

VRM files say so themselves (VRM 1.0 and 0.x); others are read by their bones' names: Mixamo's,
Unity's, VRoid's, Unreal's, Rigify's, 3ds Max's Biped and what is spelt alike.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from monomocap.errors import FormatError
from monomocap.formats.presets import NAMES
from monomocap.geometry.rig import ENDS, RIG

REQUIRED = (
    "pelvis", "spine", "head",
    *(f"{side}_{joint}" for side in ("left", "right")
      for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")),
)  # fmt: skip
"""The fifteen bones that every humanoid has."""

_VRM = {name.lower(): joint for joint, name in NAMES["vrm"].items() if joint not in ENDS}

_WORDS: dict[str, str] = {
    "pelvis": r"hips?|pelvis",
    "neck": r"neck(0?1)?",
    "head": r"head",
    "collar": r"shoulder|clavicle|collar(bone)?",
    "shoulder": r"(upper)?arm|upperarm|armupper|shoulderupper",
    "elbow": r"forearm|lowerarm|armlower|elbow",
    "wrist": r"hand|wrist",
    "hip": r"upleg|upperleg|thigh|legupper",
    "knee": r"leg|lowerleg|calf|shin|leglower|knee",
    "ankle": r"foot|ankle",
    "ball": r"toe(s|base|0|1)?|ball",
}
_SPINE = re.compile(r"(spine|chest|upperchest|torso|abdomen)(\d*)")
_LEADING = re.compile(r"^(mixamorig\d*|bip\d*|jbip|def|org|rig|armature|cc_base|b|c)(?=.)")


def bones_of(model: Any, names: Sequence[str], parent: Sequence[int]) -> dict[str, int]:
    """Rig joint -> node. Raises `FormatError` naming the bones that are missing."""
    found = _by_vrm(model) or _by_name(names, parent)
    missing = [joint for joint in REQUIRED if joint not in found]
    if missing:
        listed = ", ".join(missing)
        raise FormatError(
            f"this model lacks humanoid bones that can be told by name: {listed}; "
            "name its bones as Mixamo, Unity, Unreal or VRM do"
        )
    return found


def _by_vrm(model: Any) -> dict[str, int]:
    extensions: Mapping[str, Any] = model.extensions or {}
    if "VRMC_vrm" in extensions:
        bones = extensions["VRMC_vrm"]["humanoid"]["humanBones"]
        pairs = [(name, bone["node"]) for name, bone in bones.items()]
    elif "VRM" in extensions:
        pairs = [(b["bone"], b["node"]) for b in extensions["VRM"]["humanoid"]["humanBones"]]
    else:
        return {}
    return {_VRM[name.lower()]: int(node) for name, node in pairs if name.lower() in _VRM}


def _by_name(names: Sequence[str], parent: Sequence[int]) -> dict[str, int]:
    own = {joint: names.index(joint) for joint in RIG.joints if joint in names}
    if all(joint in own for joint in REQUIRED):
        return {joint: node for joint, node in own.items() if joint not in ENDS}
    found: dict[str, int] = {}
    spine: list[int] = []
    for node, name in enumerate(names):
        side, word = _taken_apart(name)
        if side is None and _SPINE.fullmatch(word):
            spine.append(node)
            continue
        for joint, words in _WORDS.items():
            whole = f"{side}_{joint}" if side else joint
            if whole in RIG.joints and re.fullmatch(words, word):
                found.setdefault(whole, node)
    return found | _spine(spine, parent)


def _spine(nodes: Sequence[int], parent: Sequence[int]) -> dict[str, int]:
    """The first three bones of the back, from below; Rigify's first one is the pelvis."""

    def depth(node: int) -> int:
        return 0 if node < 0 else 1 + depth(parent[node])

    ordered = sorted(nodes, key=depth)
    return dict(zip(("spine", "chest", "upper_chest"), ordered, strict=False))


def _taken_apart(name: str) -> tuple[str | None, str]:
    """Side and bare word: "mixamorig:LeftForeArm" is left, forearm; "thigh_l" is left, thigh."""
    word = re.sub(r"([a-z])([A-Z])", r"\1_\2", name.split(":")[-1])
    parts = [part for part in re.split(r"[\s_.\-|]+", word.lower()) if part]
    side = None
    for part in list(parts):
        if part in ("l", "left", "r", "right"):
            side = "left" if part[0] == "l" else "right"
            parts.remove(part)
            break
    bare = [part for part in parts if part not in ("j", "bip", "bip01", "bip001", "c", "def", "b")]
    if bare and re.fullmatch(r"0\d+", bare[-1]):  # spine_01, neck_01
        bare[-1] = bare[-1].lstrip("0")
    return side, _LEADING.sub("", "".join(bare)) if len(bare) > 1 else "".join(bare)
