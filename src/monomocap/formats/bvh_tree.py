"""BVH files (Biovision hierarchy): a skeleton as a tree of offsets, and angles for every frame.

Any tree, channels in any order, positions on any joint (they then replace the joint's offset). The
product of a joint's rotations is taken in the order of its channels: Z X Y means Rz · Rx · Ry.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from monomocap.formats.body_names import Body
from monomocap.formats.captured import h36m17, with_ancestors
from monomocap.formats.text import fail, read_lines, read_rows

_HEADERS = {"frames": (0, 1e9), "frame time": (1e-5, 1e3)}
"""What the two lines under MOTION may say: a count, and seconds."""
_CHANNELS = {f"{axis}{kind}" for axis in "xyz" for kind in ("position", "rotation")}


@dataclass(frozen=True)
class BvhJoint:
    """One joint, or the end of a chain (an end site: no channels, `<parent>_end`)."""

    name: str
    parent: int
    """Index of the parent; -1 for the root."""
    offset: tuple[float, float, float]
    """From the parent, in the file's unit."""
    channels: tuple[str, ...]
    """In the file's order, in small letters: xposition, zrotation, ..."""


@dataclass(frozen=True)
class BvhTree:
    """A BVH file as it is written."""

    joints: tuple[BvhJoint, ...]
    """Parents before children."""
    values: Float[np.ndarray, "time channel"]
    """All joints' channels in order; degrees, or the file's unit."""
    frame_time_s: float

    @property
    def fps(self) -> float:
        """Frames per second."""
        return 1 / self.frame_time_s


def read_bvh(path: Path) -> BvhTree:
    """Parse a BVH file; raises `DataError` with the line number where it is not one."""
    lines = read_lines(path)
    start = next((i for i, s in enumerate(lines) if s.strip().upper() == "MOTION"), None)
    if not lines[0].strip().upper().startswith("HIERARCHY"):
        fail(path, 1, "a BVH file begins with HIERARCHY")
    if start is None:
        fail(path, len(lines), "the file ends before MOTION; is it cut short?")
    joints = _Hierarchy(path, lines[1:start]).read()
    return _with_motion(path, joints, lines, start + 1)


def joint_positions(
    bvh: BvhTree, wanted: Sequence[int] | None = None, frames: slice = slice(None)
) -> dict[int, Float[np.ndarray, "time 3"]]:
    """Where joints are, by index, in the file's unit and axes; only what is wanted is computed."""
    parents = [joint.parent for joint in bvh.joints]
    needed = with_ancestors(parents, range(len(parents)) if wanted is None else wanted)
    columns = _columns(bvh.joints)
    values = bvh.values[frames]
    position: dict[int, np.ndarray] = {}
    turned: dict[int, Rotation] = {}
    for index in needed:
        joint = bvh.joints[index]
        own = values[:, columns[index]]
        offset = _offset(joint, own)
        rotation = _rotation(joint, own)
        if joint.parent < 0:
            position[index], turned[index] = offset, rotation
        else:
            parent = turned[joint.parent]
            position[index] = position[joint.parent] + parent.apply(offset)
            turned[index] = parent if rotation is None else parent * rotation
    return {index: position[index] for index in (needed if wanted is None else wanted)}


def joints17(
    bvh: BvhTree, body: Body, frames: slice = slice(None)
) -> Float[np.ndarray, "time 17 3"]:
    """The 17 joints in the file's unit and axes."""
    return h36m17(joint_positions(bvh, body.indices, frames), body)


def ten_frames(bvh: BvhTree) -> slice:
    """About ten frames from all over the file."""
    return slice(None, None, max(1, len(bvh.values) // 10))


def rest_up(bvh: BvhTree, body: Body) -> Literal["y", "z"]:
    """Z where legs and trunk of the pose without rotations both stand along Z; else Y, as usual."""
    rest = _rest(bvh)
    hips, ankles = (
        (rest[body.limbs[f"left_{joint}"]] + rest[body.limbs[f"right_{joint}"]]) / 2
        for joint in ("hip", "ankle")
    )
    parts = (hips - ankles, rest[body.skull] - hips)
    upright = all(part[2] > 0.7 * np.linalg.norm(part) > 0 for part in parts)
    return "z" if upright else "y"


def with_lost_bone(bvh: BvhTree) -> BvhTree:
    """The CMU database as converted to BVH by cgspeed, with the third bone of the back restored.

    Acclaim's back is lowerback, upperback and thorax, all of one length to within 1 %. The
    conversions (for MotionBuilder and for 3ds Max) keep its turns but not the thorax's length: neck
    and shoulders hang where the thorax begins, 11-12 cm too low (subject 01: 0.40 m from hips to
    shoulders, 0.52 m in its ASF file). Other files are returned as they are.
    """
    chest = _chest_without_length(bvh.joints)
    if chest is None:
        return bvh
    length = float(np.linalg.norm(bvh.joints[chest].offset))
    joints = (
        replace(joint, offset=(0.0, length, 0.0)) if joint.parent == chest else joint
        for joint in bvh.joints
    )
    return replace(bvh, joints=tuple(joints))


def _chest_without_length(joints: Sequence[BvhJoint]) -> int | None:
    """The joint where cgspeed's neck and both shoulders begin, all at one point."""
    for chest, joint in enumerate(joints):
        spine = joints[joint.parent] if joint.parent >= 0 else joint
        back = joints[spine.parent] if spine.parent >= 0 else spine
        children = [child for child in joints if child.parent == chest]
        if (
            back.name.lower() == "lowerback"
            and any(joint.offset)
            and len(children) >= 3
            and not any(any(child.offset) for child in [back, *children])
        ):
            return chest
    return None


def _columns(joints: Sequence[BvhJoint]) -> list[slice]:
    ends = list(itertools.accumulate(len(joint.channels) for joint in joints))
    return [slice(a, b) for a, b in zip([0, *ends], ends, strict=False)]


def _offset(joint: BvhJoint, own: Float[np.ndarray, "time channel"]) -> Float[np.ndarray, "time 3"]:
    offset = np.tile(np.array(joint.offset), (len(own), 1))
    for column, channel in enumerate(joint.channels):
        if channel.endswith("position"):
            offset[:, "xyz".index(channel[0])] = own[:, column]
    return offset


def _rotation(joint: BvhJoint, own: Float[np.ndarray, "time channel"]) -> Rotation | None:
    """None for a joint that never turns and is not the root."""
    columns = [c for c, name in enumerate(joint.channels) if name.endswith("rotation")]
    order = "".join(joint.channels[c][0] for c in columns).upper()
    if columns:
        return Rotation.from_euler(order, own[:, columns], degrees=True)
    return Rotation.identity(len(own)) if joint.parent < 0 else None


def _rest(bvh: BvhTree) -> Float[np.ndarray, "joint 3"]:
    """Joints of the skeleton with all rotations at zero."""
    rest = np.zeros((len(bvh.joints), 3))
    for index, joint in enumerate(bvh.joints):
        if joint.parent >= 0:
            rest[index] = rest[joint.parent] + joint.offset
    return rest


class _Hierarchy:
    """The tree, read word by word, each word with its line."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path = path
        self.words = [(n, word) for n, line in enumerate(lines, 2) for word in line.split()]
        self.at = 0
        self.joints: list[BvhJoint] = []
        self.last_line = len(lines) + 1

    def read(self) -> tuple[BvhJoint, ...]:
        """Every joint, parents first."""
        self._expect("root")
        try:
            self._joint(-1, end=False)
        except RecursionError:
            self._fail("no skeleton is nested as deeply as this")
        if self.at < len(self.words):
            self._fail("one root per file is read; this begins another")
        return tuple(self.joints)

    def _joint(self, parent: int, *, end: bool) -> None:
        """One joint with everything inside its braces."""
        name = self._name()
        if end:
            name = f"{self.joints[parent].name}_end"
        index = len(self.joints)
        self.joints.append(BvhJoint(name, parent, (0.0, 0.0, 0.0), ()))
        offset, channels = (0.0, 0.0, 0.0), tuple[str, ...]()
        while (word := self._next().lower()) != "}":
            if word == "offset":
                offset = (self._number(), self._number(), self._number())
            elif word == "channels":
                channels = self._channels()
            elif word == "joint":
                self._joint(index, end=False)
            elif word == "end":
                self._expect("site")
                self._joint(index, end=True)
            else:
                self.at -= 1
                self._fail(f"{word!r} where OFFSET, CHANNELS, JOINT, End Site or }} belongs")
        self.joints[index] = BvhJoint(name, parent, offset, channels)

    def _name(self) -> str:
        parts = []
        while (word := self._next()) != "{":
            parts.append(word)
        return " ".join(parts)

    def _channels(self) -> tuple[str, ...]:
        count = self._next()
        if not count.isdecimal():
            self.at -= 1
            self._fail(f"CHANNELS needs a count, not {count!r}")
        channels = tuple(self._next().lower() for _ in range(int(count)))
        for channel in channels:
            if channel not in _CHANNELS or channels.count(channel) > 1:
                self.at -= 1
                self._fail(f"{channel!r} is no channel, or stands twice")
        return channels

    def _number(self) -> float:
        word = self._next()
        try:
            number = float(word)
        except ValueError:
            number = np.nan
        if not np.isfinite(number):
            self.at -= 1
            self._fail(f"{word!r} is not a number")
        return number

    def _expect(self, wanted: str) -> None:
        if self._next().lower() != wanted:
            self.at -= 1
            self._fail(f"{wanted.upper()} belongs here")

    def _next(self) -> str:
        if self.at >= len(self.words):
            self._fail("the skeleton ends before its last }; is the file cut short?")
        self.at += 1
        return self.words[self.at - 1][1]

    def _fail(self, problem: str) -> None:
        line = self.words[self.at][0] if self.at < len(self.words) else self.last_line
        fail(self.path, line, problem)


def _with_motion(path: Path, joints: tuple[BvhJoint, ...], lines: list[str], at: int) -> BvhTree:
    """`at` is the index of the line after MOTION."""
    filled = ((n, line) for n, line in enumerate(lines[at:], at + 1) if line.strip())
    frames = _header(path, filled, "frames", len(lines))
    frame_time = _header(path, filled, "frame time", len(lines))
    channels = sum(len(joint.channels) for joint in joints)
    rows = list(filled)
    if len(rows) != frames:
        fail(path, len(lines), f"{frames:g} frames announced, {len(rows)} found; is it cut short?")
    if not frames or not channels:
        fail(path, len(lines), "there is no motion in it")
    return BvhTree(joints, read_rows(path, rows, channels), frame_time)


def _header(path: Path, lines: Iterator[tuple[int, str]], key: str, last: int) -> float:
    """The number behind `Frames:` or `Frame Time:`."""
    number, line = next(lines, (last, ""))
    text = line.strip().lower()
    value = text.removeprefix(key).lstrip(": \t")
    try:
        found = float(value) if text.startswith(key) else -1.0
    except ValueError:
        found = -1.0
    lowest, highest = _HEADERS[key]
    if not lowest <= found <= highest:
        fail(path, number, f"{key.capitalize()!r} and a number belong here")
    return found
