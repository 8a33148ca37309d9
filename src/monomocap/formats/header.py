"""What a file says about its numbers: everything of a take that is not an array.

Both formats carry the same header; the reader checks it against these dataclasses.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from jaxtyping import Float
from numpy import ndarray, uint8
from pydantic import TypeAdapter

from monomocap.errors import FormatError, InputError
from monomocap.rows import briefly
from monomocap.skeleton import H36M17, Skeleton
from monomocap.types import (
    MARKS,
    Camera,
    CoordinateFrame,
    Motion3D,
    Provenance,
    Report,
    Take,
    Track2D,
    VideoInfo,
)

FORMAT = "monomocap.take"
SCHEMA_VERSION = 1

UNITS = {
    "keypoints": "metres",
    "xyz_m": "metres",
    "world_m": "metres",
    "root_m": "metres from the camera to the pelvis",
    "xy_px": "pixels; (0, 0) is the middle of the upper left pixel",
    "time_s": "seconds, from the container's clock",
    "timestamps": "HH:MM:SS.mmm",
    "confidence": "0 to 1; 0 where missing",
    "score": "0 to 1; 0 where missing",
    "coverage": "share of frames, 0 to 1",
    "fps": "frames per second, the mean",
}

ORIGIN = {
    "root": "the pelvis of each frame",
    "camera": "the camera",
    "world": "a point on the floor",
}
AXES = {
    "root": {"x": "right in the picture", "y": "down", "z": "away from the camera"},
    "camera": {"x": "right in the picture", "y": "down", "z": "away from the camera"},
    "world": {"x": "level", "y": "level, 90 degrees left of x", "z": "up"},
}
UP = {"root": "-y", "camera": "-y", "world": "+z"}
HANDEDNESS = "right"


@dataclass(frozen=True)
class SkeletonHeader:
    """A skeleton, spelt out, so that the file can be read without this package."""

    joints: list[str]
    parents: list[int]
    """Index of each joint's parent; -1 for a root."""


@dataclass(frozen=True)
class PersonHeader:
    """One person; their arrays stand beside this."""

    id: int
    skeleton: str
    skeleton_2d: str
    frame: CoordinateFrame
    lifter: str
    coverage: float
    coverage_2d: float
    has_world_m: bool
    has_root_m: bool = False
    """Whether it is known where the pelvis is; no in files older than this field."""
    has_marks: bool = False
    """Whether anything was done to any joint (`monomocap.types.MARKS`)."""


@dataclass(frozen=True)
class Header:
    """The part of a file that is the same in every format."""

    format: Literal["monomocap.take"]
    schema_version: Literal[1]
    output_video: str | None
    person: int | None
    """Whose motion stands at the top level: the one who was seen in most frames."""
    fps: float
    frames: int
    units: dict[str, str]
    frame: CoordinateFrame
    origin: str
    axes: dict[str, str]
    up: str
    handedness: str
    skeleton: str
    joint_names: list[str]
    parents: list[int]
    skeletons: dict[str, SkeletonHeader]
    video: VideoInfo
    camera: Camera
    provenance: Provenance
    warnings: list[str]
    partial: str
    """Empty when the whole video was decoded; otherwise why not."""
    report: Report | None = None
    marks: dict[str, int] = field(default_factory=dict)
    """What the bits of each person's marks mean."""


_HEADER = TypeAdapter(Header)
_PEOPLE = TypeAdapter(list[PersonHeader])


def describe(take: Take, path: Path) -> dict[str, Any]:
    """A take's header as plain data, for a file at `path`."""
    chosen = take.motion()
    frame: CoordinateFrame = chosen.frame if chosen else "root"
    header = Header(
        format="monomocap.take",
        schema_version=1,
        output_video=_seen_from(path, take.output_video),
        person=chosen.person if chosen else None,
        fps=take.info.fps,
        frames=len(take.time_s),
        units=UNITS,
        frame=frame,
        origin=ORIGIN[frame],
        axes=AXES[frame],
        up=UP[frame],
        handedness=HANDEDNESS,
        skeleton=H36M17.name,
        joint_names=list(H36M17.joints),
        parents=list(H36M17.parents),
        skeletons=_skeletons(take),
        video=take.info,
        camera=take.camera,
        provenance=take.provenance,
        warnings=list(take.warnings),
        partial=take.info.partial,
        report=take.report,
        marks=MARKS,
    )
    return asdict(header)


def describe_person(track: Track2D, motion: Motion3D) -> dict[str, Any]:
    """One person's header as plain data."""
    person = PersonHeader(
        id=motion.person,
        skeleton=motion.skeleton.name,
        skeleton_2d=track.skeleton.name,
        frame=motion.frame,
        lifter=motion.lifter,
        coverage=motion.coverage,
        coverage_2d=track.coverage,
        has_world_m=track.world_m is not None,
        has_root_m=motion.root_m is not None,
        has_marks=motion.marks is not None,
    )
    return asdict(person)


def check(document: object, path: Path) -> Header:
    """A file's header, checked; raises `FormatError` when it is not one of ours."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FormatError(f"{path} is not a take; `monomocap run` and `save` write those")
    version = document.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise FormatError(
            f"{path} has schema version {version} and this monomocap reads up to "
            f"{SCHEMA_VERSION}; install a newer monomocap"
        )
    return _HEADER.validate_python(document)


def check_people(document: object) -> list[PersonHeader]:
    """The people of a file, checked."""
    return _PEOPLE.validate_python(document)


@dataclass(frozen=True)
class PersonArrays:
    """One person's numbers as a file holds them; which is which as in Track2D and Motion3D."""

    xyz_m: ndarray
    confidence: ndarray
    xy_px: ndarray
    score: ndarray
    world_m: ndarray | None
    root_m: ndarray | None = None
    marks: ndarray | None = None


def rebuild(
    header: Header,
    people: list[PersonHeader],
    time_s: Float[ndarray, " time"],
    arrays: list[PersonArrays],
    path: Path,
) -> Take:
    """The take that a header and its arrays describe."""
    skeletons = {
        name: Skeleton(name, tuple(s.joints), tuple(s.parents))
        for name, s in header.skeletons.items()
    }
    motions = tuple(
        Motion3D(
            person.id,
            time_s,
            numbers.xyz_m,
            numbers.confidence,
            skeletons[person.skeleton],
            person.frame,
            person.lifter,
            numbers.root_m,
            None if numbers.marks is None else numbers.marks.astype(uint8),
        )
        for person, numbers in zip(people, arrays, strict=True)
    )
    tracks = tuple(
        Track2D(
            person.id,
            time_s,
            numbers.xy_px,
            numbers.score,
            skeletons[person.skeleton_2d],
            numbers.world_m,
        )
        for person, numbers in zip(people, arrays, strict=True)
    )
    return Take(
        info=header.video,
        camera=header.camera,
        time_s=time_s,
        tracks=tracks,
        motions=motions,
        provenance=header.provenance,
        warnings=tuple(header.warnings),
        output_video=_seen_from_here(path, header.output_video),
        report=header.report,
    )


def gather(header: Header, person: PersonHeader, fetch: Callable[[str], ndarray]) -> PersonArrays:
    """One person's arrays, each fetched by its name and checked for its shape."""
    shapes = expected_shapes(header, person)
    found = {name: check_shape(fetch(name), shape, name) for name, shape in shapes.items()}
    return PersonArrays(
        found["xyz_m"],
        found["confidence"],
        found["xy_px"],
        found["score"],
        found.get("world_m"),
        found.get("root_m"),
        found.get("marks"),
    )


def person_arrays(track: Track2D, motion: Motion3D) -> PersonArrays:
    """One person's numbers, as both formats write them."""
    return PersonArrays(
        motion.xyz_m,
        motion.confidence,
        track.xy_px,
        track.score,
        track.world_m,
        motion.root_m,
        motion.marks,
    )


def _skeletons(take: Take) -> dict[str, SkeletonHeader]:
    used = {H36M17.name: H36M17}
    used |= {track.skeleton.name: track.skeleton for track in briefly(take.tracks)}
    used |= {motion.skeleton.name: motion.skeleton for motion in briefly(take.motions)}
    return {name: SkeletonHeader(list(s.joints), list(s.parents)) for name, s in used.items()}


def _seen_from(path: Path, video: str | None) -> str | None:
    """A video in the file's own folder goes by its bare name, so that the folder can be moved."""
    if video is not None and Path(video).parent.resolve() == path.parent.resolve():
        return Path(video).name
    return video


def _seen_from_here(path: Path, video: str | None) -> str | None:
    """The inverse of `_seen_from`."""
    if video is not None and Path(video).name == video:
        return str(path.parent / video)
    return video


def check_shape(array: ndarray, shape: tuple[int, ...], name: str) -> ndarray:
    """The array, if it is real numbers of this shape; an empty one takes any empty shape."""
    if array.size == 0 and 0 in shape:
        array = array.reshape(shape)
    if array.shape != shape or array.dtype.kind != ("u" if name == "marks" else "f"):
        raise InputError(f"{name} has shape {array.shape} and not {shape}")
    return array


def expected_shapes(header: Header, person: PersonHeader) -> dict[str, tuple[int, ...]]:
    """The shape that each of a person's arrays must have."""
    joints = len(header.skeletons[person.skeleton].joints)
    joints_2d = len(header.skeletons[person.skeleton_2d].joints)
    shapes: dict[str, tuple[int, ...]] = {
        "xyz_m": (header.frames, joints, 3),
        "confidence": (header.frames, joints),
        "xy_px": (header.frames, joints_2d, 2),
        "score": (header.frames, joints_2d),
    }
    if person.has_world_m:
        shapes["world_m"] = (header.frames, joints_2d, 3)
    if person.has_root_m:
        shapes["root_m"] = (header.frames, 3)
    if person.has_marks:
        shapes["marks"] = (header.frames, joints)
    return shapes
