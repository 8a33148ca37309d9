"""BVH, the oldest file of captured motion: one person, constant rate, Y up, Euler angles.

Source: Meredith and Maddock, "Motion capture file formats explained" (2001). The root has its
position and its turn, other joints their turn against the parent; channels Z, X, Y, so that the
turn about Y, a person's heading, comes first. Centimetres unless the program wants another unit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from monomocap.errors import DataError, FormatError
from monomocap.formats.body_names import find_body
from monomocap.formats.bvh_tree import (
    BvhTree,
    joint_positions,
    joints17,
    read_bvh,
    rest_up,
    ten_frames,
    with_lost_bone,
)
from monomocap.formats.captured import measure_unit
from monomocap.formats.files import reading, whole_or_nothing
from monomocap.formats.format import Format
from monomocap.formats.positions import bare_motion, bare_take, z_up
from monomocap.formats.presets import NAMES, axes_of, names_of
from monomocap.formats.rigged import held, steady_people, with_usual_head
from monomocap.formats.style import Style
from monomocap.geometry.rig import ENDS, RIG, Rest, Rigged, as_h36m
from monomocap.skeleton import H36M17
from monomocap.types import Take

ORDER = "ZXY"
_CHANNELS = "Zrotation Xrotation Yrotation"
_ROOT_CHANNELS = f"CHANNELS 6 Xposition Yposition Zposition {_CHANNELS}"
LENGTH_DECIMALS, ANGLE_DECIMALS = 6, 6
OFF_MIDDLE = 0.1
"""Our pelvis lies between the hips: their offsets add up to less than this share of their
distance."""


@dataclass(frozen=True)
class Bvh(Format):
    """A skeleton and its Euler angles as text."""

    style: Style = Style()
    about = "BVH"
    one_person = True

    def styled(self, style: Style) -> "Bvh":
        """The same format in another style."""
        return Bvh(style)

    def read(self, path: Path) -> Take:
        """Where the joints are: of our own files, or of any program's whose joints are called as
        people call them (`formats.body_names`). Unit and way up are found from the skeleton.

        Raises `FormatError`: not a BVH, cut short, or nobody's body.
        """
        with reading(path):
            try:
                tree = read_bvh(path)
                own = _own_joints(tree)
                xyz_m = _captured_m(tree) if own is None else _own_m(tree, own)
            except DataError as error:
                raise FormatError(str(error)) from error
            time_s = np.arange(len(xyz_m)) * tree.frame_time_s
            motion = bare_motion(0, time_s, xyz_m.astype(np.float32), H36M17.joints)
            return bare_take(str(path), time_s, [motion])

    def write(self, take: Take, path: Path) -> None:
        """Write the person's rotations; a variable frame rate is brought to equal steps."""
        people = steady_people(take, self.style.rest_pose)
        if not people:
            raise FormatError(
                f"{path} holds a moving body, and nobody was seen with pelvis and hips; "
                f"save as .json or .npz"
            )
        ((rigged, rate),) = people
        lines = [*_hierarchy(rigged, self.style), *_motion(held(rigged), rate, self.style)]
        with whole_or_nothing(path) as temporary:
            temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _own_joints(tree: BvhTree) -> list[int] | None:
    """Where the rig's joints are, whatever preset named them; None in others' files, which may
    have the same names, but no pelvis in the middle of the hips."""
    turning = {joint.name for joint in tree.joints if joint.channels}
    at = {joint.name: number for number, joint in enumerate(tree.joints)}
    for preset in NAMES:
        called = names_of(preset)
        if turning != {called[joint] for joint in RIG.joints if joint not in ENDS}:
            continue
        parents = {RIG.joints[child]: called[RIG.joints[parent]] for parent, child in RIG.bones}
        names = [f"{parents[j]}_end" if j in ENDS else called[j] for j in RIG.joints]
        if any(name not in at for name in names):
            continue
        left, right = (
            np.array(tree.joints[at[called[f"{side}_hip"]]].offset) for side in ("left", "right")
        )
        if np.linalg.norm(left + right) < OFF_MIDDLE * np.linalg.norm(left - right):
            return [at[name] for name in names]
    return None


def _own_m(tree: BvhTree, own: Sequence[int]) -> Float[np.ndarray, "time 17 3"]:
    """Human3.6M's joints on our rig; how far up the head they are, from its own height."""
    at = joint_positions(tree, own)
    xyz = z_up(np.stack([at[joint] for joint in own], axis=1))
    rest = Rest(z_up(np.array([tree.joints[joint].offset for joint in own])))
    xyz17 = as_h36m(xyz, with_usual_head(rest))
    return xyz17 * measure_unit(xyz17[ten_frames(tree)], expected=1 / per_metre(Style()))


def _captured_m(tree: BvhTree) -> Float[np.ndarray, "time 17 3"]:
    tree = with_lost_bone(tree)
    body = find_body([j.name for j in tree.joints], [j.parent for j in tree.joints])
    xyz_m = joints17(tree, body)
    xyz_m = xyz_m * measure_unit(xyz_m[ten_frames(tree)])
    return xyz_m if rest_up(tree, body) == "z" else z_up(xyz_m)


def per_metre(style: Style) -> float:
    """Centimetres unless the program counts in metres."""
    return axes_of(style.program).per_metre if style.program else 100.0


def _hierarchy(rigged: Rigged, style: Style) -> list[str]:
    return ["HIERARCHY", *_joint(0, rigged, style, 0)]


def _joint(joint: int, rigged: Rigged, style: Style, depth: int) -> Iterator[str]:
    """A joint with all that hangs on it."""
    tab, name = "\t" * depth, RIG.joints[joint]
    children = [child for parent, child in RIG.bones if parent == joint]
    if name in ENDS:
        yield f"{tab}End Site"
    else:
        yield f"{tab}{'JOINT' if joint else 'ROOT'} {names_of(style.names)[name]}"
    offset = axes_of("gltf").points(rigged.rest.offsets_m[joint]) * per_metre(style)
    yield tab + "{"
    yield f"{tab}\tOFFSET {_numbers(offset, LENGTH_DECIMALS)}"
    if name not in ENDS:
        yield f"{tab}\t{f'CHANNELS 3 {_CHANNELS}' if joint else _ROOT_CHANNELS}"
    for child in children:
        yield from _joint(child, rigged, style, depth + 1)
    yield tab + "}"


def _motion(rigged: Rigged, rate: float, style: Style) -> Iterator[str]:
    yield "MOTION"
    yield f"Frames: {len(rigged.time_s)}"
    yield f"Frame Time: {1 / rate:.8f}"
    y_up = axes_of("gltf")
    root = y_up.points(rigged.root_m) * per_metre(style)
    angles = euler_deg(y_up.rotations(rigged.local_xyzw[:, _turning()]))
    for place, turns in zip(root, angles, strict=True):
        yield (
            f"{_numbers(place, LENGTH_DECIMALS)} {_numbers(turns[_depth_first()], ANGLE_DECIMALS)}"
        )


def _turning() -> list[int]:
    """The joints that are not ends, as the rig has them."""
    return [number for number, joint in enumerate(RIG.joints) if joint not in ENDS]


def _depth_first() -> list[int]:
    """The same in the order of the file, as numbers into `_turning`."""
    order: list[int] = []

    def visit(joint: int) -> None:
        order.append(joint)
        for parent, child in RIG.bones:
            if parent == joint:
                visit(child)

    visit(0)
    turning = _turning()
    return [turning.index(joint) for joint in order if joint in turning]


def euler_deg(
    xyzw: Float[np.ndarray, "time joint 4"],
) -> Float[np.ndarray, "time joint 3"]:
    """Angles of `ORDER` (intrinsic), of the many that fit those nearest to the frame before."""
    shape = (*xyzw.shape[:-1], 3)
    angles = np.asarray(Rotation.from_quat(xyzw.reshape(-1, 4)).as_euler(ORDER)).reshape(shape)
    other = angles * [1, -1, 1] + np.pi  # the second solution of the same turn
    for frame in range(1, len(angles)):
        before = angles[frame - 1]
        nearest = [_wound(before, each[frame]) for each in (angles, other)]
        far = [np.abs(each - before).sum(axis=-1, keepdims=True) for each in nearest]
        angles[frame] = np.where(far[1] < far[0], nearest[1], nearest[0])
    return np.degrees(angles)


def _wound(before: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """The same angle, whole turns away, within half a turn of the one before."""
    return angle - 2 * np.pi * np.round((angle - before) / (2 * np.pi))


def _numbers(values: np.ndarray, decimals: int) -> str:
    return " ".join(f"{value + 0.0:.{decimals}f}" for value in values.ravel())
