"""Acclaim's skeleton (ASF) and motion (AMC) files, as the CMU database has them.

A bone is a direction and a length; its end is the joint. With C the rotation of its `axis` line
and M that of its angles, a bone turns by C · M · C⁻¹ against its parent; angles that a bone lacks
are 0. Rotations in the order X Y Z mean Rz · Ry · Rx. Facts checked against the CMU database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from monomocap.datasets.body import demand_above_0, origin, thinning, true_fps
from monomocap.datasets.mocap import MocapClip, world_motion, z_up
from monomocap.errors import DataError
from monomocap.formats.body_names import Body, find_body
from monomocap.formats.captured import h36m17, measure_unit, with_ancestors
from monomocap.formats.text import check_numbers, fail, read_lines

CMU_FPS = 120.0
"""AMC files do not say their rate; most of the CMU database was recorded at this one."""

_INCH_M = 0.0254


@dataclass(frozen=True)
class AsfBone:
    """One bone of an ASF skeleton; the root is one without length."""

    name: str
    parent: int
    """Index of the parent; -1 for the root."""
    vector: tuple[float, float, float]
    """From the bone's begin to its end, in the file's unit, in the skeleton's own pose."""
    axis_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    axis_order: str = "xyz"
    channels: tuple[str, ...] = ()
    """The numbers of one AMC line, in small letters: rx, ry, rz (the root: tx, ty, tz too)."""


@dataclass(frozen=True)
class Asf:
    """An ASF skeleton."""

    bones: tuple[AsfBone, ...]
    """The root first, parents before children."""
    position: tuple[float, float, float]
    """Added to every position of the root, in the file's unit."""
    metres_per_unit: float
    """As the file claims: CMU's `length 0.45` means units of 1/0.45 inch."""
    degrees: bool


@dataclass(frozen=True)
class Amc:
    """The motion of one AMC file: a table of numbers per bone that moves, by name."""

    values: dict[str, Float[np.ndarray, "time channel"]]
    degrees: bool
    frames: int


def read_amc_clip(
    path: Path,
    *,
    asf: Asf | Path | None = None,
    fps: float | None = None,
    metres_per_unit: float | None = None,
) -> MocapClip:
    """An AMC file as a clip of H36M-17 joints, at most 60 frames/s.

    Without `asf` the skeleton is looked for beside the motion (`find_asf`). Without `fps` it is
    the CMU database's rate.
    """
    demand_above_0(fps=fps, metres_per_unit=metres_per_unit)
    skeleton = asf if isinstance(asf, Asf) else read_asf(asf or find_asf(path))
    amc = read_amc(path, skeleton)
    whose = origin(path.stem, "amc")
    rate = fps or true_fps(whose, CMU_FPS)
    step = thinning(rate)
    try:
        body = _body(skeleton)
        xyz = _joints17(skeleton, amc, body, step)
        unit = metres_per_unit or measure_unit(xyz, skeleton.metres_per_unit)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    motion = world_motion(z_up((xyz * unit).astype(np.float32)), rate / step)
    return MocapClip(path.stem, whose.source, whose.subject, whose.licence, motion)


def find_asf(amc: Path) -> Path:
    """The skeleton of a motion: `07.asf` for `07_01.amc`, else the only one in the folder."""
    usual = amc.with_name(f"{amc.stem.split('_')[0]}.asf")
    if usual.is_file():
        return usual
    if not amc.is_file():
        raise DataError(f"cannot read {amc}: there is no such file")
    here = sorted(p for p in amc.parent.iterdir() if p.suffix.lower() == ".asf")
    named = [p for p in here if p.stem in (amc.stem, amc.stem.split("_")[0])]
    if len(named or here) != 1:
        raise DataError(f"{amc}: no skeleton {usual.name} beside it, and {len(here)} others")
    return (named or here)[0]


def bone_ends(
    asf: Asf, amc: Amc, wanted: Sequence[int] | None = None, step: int = 1
) -> dict[int, Float[np.ndarray, "time 3"]]:
    """Where bones end, by index, in the file's unit and axes, in every `step`-th frame."""
    parents = [bone.parent for bone in asf.bones]
    needed = with_ancestors(parents, range(len(parents)) if wanted is None else wanted)
    position: dict[int, np.ndarray] = {}
    turned: dict[int, Rotation] = {}
    for index in needed:
        bone = asf.bones[index]
        own = amc.values.get(bone.name)
        rotation = _rotation(bone, own if own is None else own[::step], amc.degrees)
        if bone.parent < 0:
            position[index] = _root_position(asf, amc)[::step]
            turned[index] = rotation or Rotation.identity(len(position[index]))
        else:
            parent = turned[bone.parent]
            turned[index] = parent if rotation is None else parent * rotation
            position[index] = position[bone.parent] + turned[index].apply(bone.vector)
    return {index: position[index] for index in (needed if wanted is None else wanted)}


def _rotation(
    bone: AsfBone, own: Float[np.ndarray, "time channel"] | None, degrees: bool
) -> Rotation | None:
    """C · M · C⁻¹ for every frame; None for a bone that does not turn."""
    if own is None:
        return None
    angles = np.zeros((len(own), 3))
    for column, channel in enumerate(bone.channels):
        if channel[0] == "r":
            angles[:, bone.axis_order.index(channel[1])] = own[:, column]
    motion = Rotation.from_euler(bone.axis_order, angles, degrees=degrees)
    axis = Rotation.from_euler(bone.axis_order, bone.axis_deg, degrees=True)
    return axis * motion * axis.inv()


def _root_position(asf: Asf, amc: Amc) -> Float[np.ndarray, "time 3"]:
    root = asf.bones[0]
    position = np.tile(np.array(asf.position), (amc.frames, 1))
    for column, channel in enumerate(root.channels):
        if channel[0] == "t":
            position[:, "xyz".index(channel[1])] += amc.values[root.name][:, column]
    return position


def _body(asf: Asf) -> Body:
    """The body's joints among the bones' begins; a leaf's end is `<bone>_end`, as in BVH."""
    names, parents = [b.name for b in asf.bones], [b.parent for b in asf.bones]
    leaves = [i for i in range(len(names)) if i not in parents]
    return find_body([*names, *(f"{names[i]}_end" for i in leaves)], [*parents, *leaves])


def _joints17(asf: Asf, amc: Amc, body: Body, step: int) -> Float[np.ndarray, "time 17 3"]:
    """A bone begins where its parent ends."""
    parents = [bone.parent for bone in asf.bones]
    leaves = [i for i in range(len(parents)) if i not in parents]
    end_at = {joint: [*parents, *leaves][joint] for joint in body.indices}
    ends = bone_ends(asf, amc, tuple(end_at.values()), step)
    return h36m17({joint: ends[end] for joint, end in end_at.items()}, body)


Statements = dict[str, tuple[int, list[str]]]
"""Keyword -> (line, the words behind it)."""


@dataclass
class _Draft:
    """An ASF file's statements, before they are put together."""

    units: Statements = field(default_factory=dict)
    root: Statements = field(default_factory=dict)
    bones: dict[str, Statements] = field(default_factory=dict)
    children: list[tuple[int, str, str]] = field(default_factory=list)
    """(line, parent, child)"""


def read_asf(path: Path) -> Asf:
    """Parse an ASF file; raises `DataError` with the line number where it is not one."""
    lines = read_lines(path)
    draft = _draft(path, lines)
    line, angle = draft.units.get("angle", (0, ["deg"]))
    degrees = " ".join(angle).lower().startswith("deg")
    if not degrees and not " ".join(angle).lower().startswith("rad"):
        fail(path, line, f"angles are in deg or rad, not in {' '.join(angle)!r}")
    said = draft.units.get("length", (0, ["1"]))
    length = _floats(path, said, 1)[0]
    if length <= 0:
        fail(path, said[0], f"the unit of length is {length:g}; it must be above 0")
    position = _floats(path, draft.root.get("position", (0, ["0"] * 3)), 3)
    bones = _bones(path, draft, degrees, len(lines))
    return Asf(tuple(bones), (position[0], position[1], position[2]), _INCH_M / length, degrees)


def _draft(path: Path, lines: list[str]) -> _Draft:
    draft = _Draft()
    section, bone = "", Statements()
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0].startswith(":"):
            section = words[0].lower()
        elif section == ":units":
            draft.units[words[0].lower()] = (number, words[1:])
        elif section == ":root":
            draft.root[words[0].lower()] = (number, words[1:])
        elif section == ":bonedata":
            bone = _bone_line(path, number, words, bone, draft)
        elif section == ":hierarchy" and words[0].lower() not in ("begin", "end"):
            draft.children += [(number, words[0], child) for child in words[1:]]
        elif not section:
            fail(path, number, "an ASF file begins with :version, :name or :units")
    if not draft.bones or not draft.children or bone:
        fail(path, len(lines), "the skeleton is not complete; is the file cut short?")
    return draft


def _bone_line(
    path: Path,
    number: int,
    words: list[str],
    bone: Statements,
    draft: _Draft,
) -> Statements:
    """Take in one line of :bonedata; returns the bone that is being read, {} between bones."""
    key = words[0].lower()
    if key == "begin":
        return {"begin": (number, [])}
    if key != "end":
        return {**bone, key: (number, words[1:])}
    if not bone.get("name", (0, []))[1]:
        fail(path, number, "a bone without a name ends here")
    draft.bones[bone["name"][1][0]] = bone
    return {}


def _bones(path: Path, draft: _Draft, degrees: bool, last: int) -> list[AsfBone]:
    bones = [_root(path, draft, degrees)]
    at = {"root": 0}
    waiting = list(draft.children)
    while waiting:
        ready = [entry for entry in waiting if entry[1] in at]
        if not ready:
            fail(path, waiting[0][0], f"{waiting[0][1]!r} does not hang on the root")
        for line, parent, child in ready:
            if child in at or child not in draft.bones:
                fail(path, line, f"{child!r} hangs twice, or is no bone of :bonedata")
            at[child] = len(bones)
            bones.append(_bone(path, child, at[parent], draft.bones[child], degrees))
        waiting = [entry for entry in waiting if entry[1] not in at or entry[2] not in at]
    if len(at) != len(draft.bones) + 1:
        loose = ", ".join(sorted(set(draft.bones) - set(at)))
        fail(path, last, f"bones that :hierarchy does not name: {loose}")
    return bones


def _root(path: Path, draft: _Draft, degrees: bool) -> AsfBone:
    line, order = draft.root.get("order", (1, ["TX", "TY", "TZ", "RX", "RY", "RZ"]))
    channels = tuple(word.lower() for word in order)
    if not set(channels) <= {"tx", "ty", "tz", "rx", "ry", "rz"}:
        fail(path, line, f"the root's order is TX TY TZ RX RY RZ or part of it, not {order}")
    axis = _order(path, draft.root.get("axis", (line, ["XYZ"])))
    turned = _degrees(path, draft.root.get("orientation", (line, ["0"] * 3)), degrees)
    return AsfBone("root", -1, (0.0, 0.0, 0.0), turned, axis, channels)


def _bone(path: Path, name: str, parent: int, says: Statements, degrees: bool) -> AsfBone:
    begin = says["begin"][0]
    direction = _floats(path, says.get("direction", (begin, [])), 3)
    length = _floats(path, says.get("length", (begin, [])), 1)[0]
    line, axis = says.get("axis", (begin, ["0", "0", "0", "XYZ"]))
    dof_line, dof = says.get("dof", (begin, []))
    channels = tuple(word.lower() for word in dof)
    if not set(channels) <= {"rx", "ry", "rz"} or len(set(channels)) != len(channels):
        fail(path, dof_line, f"{name} moves by {' '.join(dof)}; only turning (rx ry rz) is read")
    x, y, z = np.array(direction) / max(float(np.linalg.norm(direction)), 1e-12) * length
    order = _order(path, (line, axis[3:] or ["XYZ"]))
    turned = _degrees(path, (line, axis[:3]), degrees)
    return AsfBone(name, parent, (float(x), float(y), float(z)), turned, order, channels)


def _order(path: Path, said: tuple[int, list[str]]) -> str:
    """An order of rotations as scipy writes turns about fixed axes: XYZ -> xyz."""
    order = "".join(said[1]).lower()
    if sorted(order) != ["x", "y", "z"]:
        fail(path, said[0], f"{order!r} is no order of three axes")
    return order


def _degrees(path: Path, said: tuple[int, list[str]], degrees: bool) -> tuple[float, float, float]:
    x, y, z = _floats(path, said, 3) if degrees else np.degrees(_floats(path, said, 3)).tolist()
    return x, y, z


def _floats(path: Path, said: tuple[int, list[str]], count: int) -> list[float]:
    check_numbers(path, said[0], said[1], count)
    return [float(word) for word in said[1]]


def read_amc(path: Path, asf: Asf) -> Amc:
    """Parse an AMC file for its skeleton; raises `DataError` with the line number."""
    lines = read_lines(path)
    start = next((i for i, line in enumerate(lines) if line.strip().isdecimal()), None)
    if start is None:
        fail(path, len(lines), "no frame begins in it: a number alone on a line")
    header = {line.strip().upper() for line in lines[:start]}
    degrees = ":DEGREES" in header or (":RADIANS" not in header and asf.degrees)
    values = _read_quickly(lines[start:], asf) or _read_carefully(path, lines, start, asf)
    return Amc(values, degrees, len(next(iter(values.values()))))


def _read_quickly(
    lines: list[str], asf: Asf
) -> dict[str, Float[np.ndarray, "time channel"]] | None:
    """All frames at once, where every frame has the same bones in the same order; else None."""
    words = " ".join(lines).split()
    widths = {bone.name: len(bone.channels) for bone in asf.bones if bone.channels}
    columns: dict[str, int] = {}
    at = 1
    while at < len(words) and words[at] in widths and words[at] not in columns:
        columns[words[at]] = at
        at += widths[words[at]] + 1
    if len(words) % at or set(columns) != set(widths):
        return None
    frames = len(words) // at
    if any(words[column::at] != [name] * frames for name, column in columns.items()):
        return None
    if not all(word.isdecimal() for word in words[::at]):
        return None
    return _numbers(words, columns, widths, at)


def _numbers(
    words: list[str], columns: dict[str, int], widths: dict[str, int], stride: int
) -> dict[str, Float[np.ndarray, "time channel"]] | None:
    values = {}
    for name, column in columns.items():
        channels = range(column + 1, column + 1 + widths[name])
        try:
            table = np.array([list(map(float, words[c::stride])) for c in channels])
        except ValueError:
            return None
        if not np.isfinite(table).all():
            return None
        values[name] = table.T
    return values


def _read_carefully(
    path: Path, lines: list[str], start: int, asf: Asf
) -> dict[str, Float[np.ndarray, "time channel"]]:
    """Frame by frame, bones in any order; says which line is wrong."""
    widths = {bone.name: len(bone.channels) for bone in asf.bones if bone.channels}
    rows: dict[str, list[list[float]]] = {name: [] for name in widths}
    frames = 0
    for number, line in enumerate(lines[start:], start + 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) == 1 and words[0].isdecimal():
            _check_frame_is_whole(path, number, rows, frames)
            frames += 1
            continue
        if words[0] not in widths or len(rows[words[0]]) == frames:
            fail(path, number, f"{words[0]!r} does not move in this skeleton, or stands twice")
        rows[words[0]].append(_floats(path, (number, words[1:]), widths[words[0]]))
    _check_frame_is_whole(path, len(lines), rows, frames)
    return {name: np.array(table) for name, table in rows.items()}


def _check_frame_is_whole(
    path: Path, line: int, rows: dict[str, list[list[float]]], frames: int
) -> None:
    missing = [name for name, table in rows.items() if len(table) < frames]
    if missing:
        fail(path, line, f"frame {frames} ends without {', '.join(missing)}; is it cut short?")
