"""The nouns that travel: Frame, Person2D, Track2D, Motion3D, and the Take that holds them.

All are frozen, hold numpy arrays, and check themselves once, at birth. Axes of everything in
camera coordinates are OpenCV's: x right, y down, z away from the camera. Missing is NaN.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, UInt8

from monomocap.errors import InputError
from monomocap.rows import People, briefly
from monomocap.skeleton import Skeleton

CoordinateFrame = Literal["root", "camera", "world"]
"""What a motion's coordinates are relative to.

root: metres from the pelvis, along the camera's axes; camera: metres from the camera, same axes;
world: metres, right-handed, Z up, floor at z = 0.
"""


@dataclass(frozen=True)
class Frame:
    """One picture of a video, as it should be shown (display rotation applied)."""

    index: int
    """0 for the first decoded frame."""
    time_s: float
    """Seconds from the container's clock; the first frame need not be at 0."""
    rgb: UInt8[np.ndarray, "height width 3"]
    decoded_s: float = 0.0
    """When it was decoded, on the clock `time.monotonic`; 0 where nobody says."""


@dataclass(frozen=True)
class VideoInfo:
    """What a container says about its video, after rotation."""

    path: str
    width_px: int
    height_px: int
    fps: float
    """Mean frames per second; the true times stand beside every frame."""
    frames: int | None = None
    """How many frames there are: what the container claims, or what was decoded."""
    duration_s: float | None = None
    rotation_deg: int = 0
    """How far stored pictures were turned clockwise to show them: 0, 90, 180 or 270."""
    codec: str = ""
    """Of its pictures; one of `WITHOUT_PICTURES` where the file has none."""
    partial: str = ""
    """Empty when everything was decoded; otherwise why decoding stopped early."""
    focal_35mm_mm: float | None = None
    """The lens's focal length as 35 mm film's, where the file says it."""

    def __post_init__(self) -> None:
        _demand(self.width_px > 0 and self.height_px > 0, "a video needs a size in pixels")
        _demand(math.isfinite(self.fps) and self.fps > 0, "a video needs frames per second above 0")

    @property
    def film(self) -> Path | None:
        """The file with its pictures; None where it lies no more at its place, or never had any."""
        path = Path(self.path)
        return path if self.codec not in WITHOUT_PICTURES and path.is_file() else None


WITHOUT_PICTURES = ("2D", "3D")
"""Codecs of files that hold points: keypoints in pictures that are not there, or positions."""

DEFAULT_FOV_DEG = 60.0
"""Field of view along a picture's longer side when nobody knows the lens.

A phone's main camera is a 24-28 mm equivalent (65-74 degrees) and loses 10-20 % to video
stabilisation; webcams lie at 55-75 degrees, camcorders below 60.
"""
DEFAULT_FOCAL_ERROR = 0.25
"""One standard deviation of the assumed focal length, as a share of it (covers 48-75 degrees)."""

LONG_SIDE_35MM_MM = 34.61
"""The longer side of a sensor of 4:3 that is as large across its corners (43.27 mm) as 35 mm film:
what a phone's focal length "as 35 mm film's" refers to, and what its videos use of its width."""
METADATA_FOCAL_ERROR = 0.12
"""One standard deviation of a focal length from metadata, as a share of it: stabilisation cuts 10
to 20 % off a video's width, and the metadata do not say whether it did."""


@dataclass(frozen=True)
class Camera:
    """A camera with OpenCV's lens distortion; pixel (0, 0) is the middle of the first one.

    Only the camera's inside; where it stands is `camera_from_world`, when known.
    """

    width_px: int
    height_px: int
    focal_px: tuple[float, float]
    center_px: tuple[float, float]
    distortion: tuple[float, ...] = ()
    """OpenCV's k1, k2, p1, p2[, k3[, k4, k5, k6[, s1, s2, s3, s4]]]; empty for none. Of a fisheye
    lens its k1, k2, k3, k4."""
    source: Literal["given", "calibration", "metadata", "assumed"] = "given"
    focal_error: float = 0.0
    """One standard deviation of the focal length, as a share of it."""
    camera_from_world: tuple[tuple[float, float, float, float], ...] | None = None
    """Three rows of the rigid 3x4 matrix world metres -> camera metres, or None if unknown."""
    fisheye: bool = False
    """Whether `distortion` is that of OpenCV's fisheye model (Kannala and Brandt, 2006)."""

    def __post_init__(self) -> None:
        _demand(self.width_px > 0 and self.height_px > 0, "a camera needs a size in pixels")
        numbers = (*self.focal_px, *self.center_px, *self.distortion, self.focal_error)
        _demand(all(math.isfinite(n) for n in numbers), "a camera's numbers must be finite")
        _demand(min(self.focal_px) > 0, "a focal length must be above 0 px")
        lengths = (0, 4) if self.fisheye else (0, 4, 5, 8, 12)
        _demand(len(self.distortion) in lengths, "distortion has OpenCV's 0, 4, 5, 8 or 12 numbers")

    @classmethod
    def from_fov(cls, width_px: int, height_px: int, fov_deg: float | None = None) -> "Camera":
        """A lens in the picture's middle; `fov_deg` is across the longer side.

        Without it `DEFAULT_FOV_DEG` is assumed, and the camera says so.
        """
        fov = DEFAULT_FOV_DEG if fov_deg is None else fov_deg
        _demand(0 < fov < 180, f"a field of view lies between 0 and 180 degrees, not {fov}")
        focal = max(width_px, height_px) / (2 * math.tan(math.radians(fov) / 2))
        camera = cls.from_focal(width_px, height_px, focal)
        if fov_deg is not None:
            return camera
        return replace(camera, source="assumed", focal_error=DEFAULT_FOCAL_ERROR)

    @classmethod
    def from_focal(cls, width_px: int, height_px: int, focal_px: float) -> "Camera":
        """A lens of this focal length in the picture's middle."""
        center = ((width_px - 1) / 2, (height_px - 1) / 2)
        return cls(width_px, height_px, (focal_px, focal_px), center)

    @classmethod
    def from_35mm(cls, width_px: int, height_px: int, focal_35mm_mm: float) -> "Camera":
        """The lens that a file's metadata state, in the picture's middle, with its error bar."""
        focal_px = focal_35mm_mm * max(width_px, height_px) / LONG_SIDE_35MM_MM
        camera = cls.from_focal(width_px, height_px, focal_px)
        return replace(camera, source="metadata", focal_error=METADATA_FOCAL_ERROR)

    @property
    def fov_deg(self) -> float:
        """Field of view across the picture's longer side."""
        side = 0 if self.width_px >= self.height_px else 1
        size = (self.width_px, self.height_px)[side]
        return 2 * math.degrees(math.atan(size / (2 * self.focal_px[side])))


@dataclass(frozen=True)
class Person2D:
    """One person in one frame, as a detector saw them."""

    xy_px: Float[np.ndarray, "joint 2"]
    """Pixels of the displayed picture; NaN where a joint was not found."""
    score: Float[np.ndarray, " joint"]
    """The detector's confidence, 0 to 1."""
    box_px: Float[np.ndarray, "4"]
    """x, y of the upper left corner, x, y of the lower right one."""
    world_m: Float[np.ndarray, "joint 3"] | None = None
    """The detector's own 3D, if it has one: metres from the mid-hip, camera axes."""


@dataclass(frozen=True)
class Track2D:
    """One person through a whole video, one row per frame; NaN where they were not seen."""

    person: int
    """A stable number, from 0."""
    time_s: Float[np.ndarray, " time"]
    xy_px: Float[np.ndarray, "time joint 2"]
    score: Float[np.ndarray, "time joint"]
    """0 to 1; 0 where the joint is missing."""
    skeleton: Skeleton
    """The detector's own joints, feet and hands too."""
    world_m: Float[np.ndarray, "time joint 3"] | None = None
    """The detector's own 3D, if it has one: metres from the mid-hip, camera axes."""

    def __post_init__(self) -> None:
        _check_clock(self.time_s)
        shape = (len(self.time_s), len(self.skeleton))
        _demand(self.xy_px.shape == (*shape, 2), f"track: xy_px must be {(*shape, 2)}")
        _demand(self.score.shape == shape, f"track: score must be {shape}")
        if self.world_m is not None:
            _demand(self.world_m.shape == (*shape, 3), f"track: world_m must be {(*shape, 3)}")

    @property
    def seen(self) -> Bool[np.ndarray, "time joint"]:
        """Which joints were found in which frame."""
        found: Bool[np.ndarray, "time joint"] = np.isfinite(self.xy_px).all(axis=-1)
        return found

    @property
    def coverage(self) -> float:
        """Share of frames in which this person was found at all, 0 to 1."""
        return float(self.seen.any(axis=1).mean()) if len(self.time_s) else 0.0


MARKS = {"interpolated": 1, "exchanged": 2, "outlier": 4, "standing": 8, "outside": 16}
"""interpolated: not seen, drawn between the moments before and after; exchanged: the detector had
given it to the other side; outlier: its 2D was a leap that nobody makes, and was left out;
standing: this ankle's foot stands on the floor; outside: the detector put it outside of the
picture, where nobody sees it."""


@dataclass(frozen=True)
class Motion3D:
    """One person's 3D motion, one pose per frame; NaN where there is none."""

    person: int
    time_s: Float[np.ndarray, " time"]
    xyz_m: Float[np.ndarray, "time joint 3"]
    confidence: Float[np.ndarray, "time joint"]
    """0 to 1; 0 where the joint is missing."""
    skeleton: Skeleton
    frame: CoordinateFrame = "root"
    lifter: str = ""
    root_m: Float[np.ndarray, "time 3"] | None = None
    """Where the pelvis is, metres from the camera, camera axes; None if not known."""
    marks: UInt8[np.ndarray, "time joint"] | None = None
    """What was done to each joint or found of it, the sum of `MARKS`; None if nothing."""

    def __post_init__(self) -> None:
        _check_clock(self.time_s)
        shape = (len(self.time_s), len(self.skeleton))
        _demand(self.xyz_m.shape == (*shape, 3), f"motion: xyz_m must be {(*shape, 3)}")
        _demand(self.confidence.shape == shape, f"motion: confidence must be {shape}")
        if self.root_m is not None:
            _demand(self.root_m.shape == (shape[0], 3), f"motion: root_m must be {(shape[0], 3)}")
        if self.marks is not None:
            _demand(self.marks.shape == shape, f"motion: marks must be {shape}")

    @property
    def seen(self) -> Bool[np.ndarray, "time joint"]:
        """Which joints have a position in which frame."""
        found: Bool[np.ndarray, "time joint"] = np.isfinite(self.xyz_m).all(axis=-1)
        return found

    @property
    def coverage(self) -> float:
        """Share of frames that have a pose, 0 to 1."""
        return float(self.seen.any(axis=1).mean()) if len(self.time_s) else 0.0


@dataclass(frozen=True)
class Provenance:
    """How a take came to be: enough to make it again."""

    detector: str = ""
    lifter: str = ""
    device: str = ""
    """What really computed, e.g. 'cpu'."""
    smooth: str = "none"
    versions: dict[str, str] = field(default_factory=dict)
    """Library -> version."""
    weights: dict[str, str] = field(default_factory=dict)
    """File name -> SHA-256 of the weights used."""
    settings: dict[str, str] = field(default_factory=dict)
    """What the lifter's model folder states (camera, windows, view), if it came from one."""


@dataclass(frozen=True)
class PersonReport:
    """One person of a take in numbers; None where nobody can know."""

    person: int
    coverage: float
    """Share of frames with a pose, 0 to 1."""
    confidence: float | None
    """Mean over the joints that are there, 0 to 1."""
    height_m: float | None = None
    """The stature that all sizes and distances rest on."""
    height_error: float | None = None
    """One standard deviation of it, as a share."""
    distance_m: float | None = None
    """From the camera, the median over time."""
    distance_error: float | None = None
    """One standard deviation, as a share: of stature and focal length together."""
    path_m: float | None = None
    """How far the pelvis went over the floor."""
    level_m: float | None = None
    """How high over the floor their feet stand, the median: about 0, or they stand on something
    else; None where no foot stands, or nobody knows the floor."""
    standing: float | None = None
    """Share of the frames in which a foot stands."""
    slide_mm: float | None = None
    """How far a standing ankle moves over the floor per frame, in the mean."""
    slide_before_mm: float | None = None
    """The same before the feet were held."""
    jitter_mm: float | None = None
    """Trembling per joint and frame, as the standard deviation of independent noise that would
    make the median of the second differences."""
    jitter_before_mm: float | None = None
    """The same of the lifter's own answer."""
    interpolated: int = 0
    """Frames that were drawn between others."""
    exchanged: int = 0
    """Frames in which left and right were put back."""
    outliers: int = 0
    """2D joints that were left out as leaps."""


@dataclass(frozen=True)
class Report:
    """What a take says about itself beyond its numbers."""

    people: tuple[PersonReport, ...] = ()
    up_error_deg: float | None = None
    """One standard deviation of the way up; None where the camera came with it, or nobody knows."""
    camera_height_m: float | None = None
    """Over the floor."""
    camera_moved: float | None = None
    """Share of the looks at the background in which it had moved; None where it was not seen."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Stage -> how long it took."""


@dataclass(frozen=True)
class Take:
    """What comes out of a video: who was in it, where they were in 2D, how they moved in 3D."""

    info: VideoInfo
    camera: Camera
    time_s: Float[np.ndarray, " time"]
    """One time per decoded frame, also when nobody was seen."""
    tracks: Sequence[Track2D] = ()
    motions: Sequence[Motion3D] = ()
    """One per track, in the same order; both may be empty: nobody was there. Tuples, or of a long
    video in which many people come and go `monomocap.rows.People`, who get their rows when asked
    for: take each once, not once per frame."""
    provenance: Provenance = field(default_factory=Provenance)
    warnings: tuple[str, ...] = ()
    output_video: str | None = None
    """The rendered video, if one was written."""
    report: Report | None = None
    """People, camera, feet, jitter and speed in numbers; None in files older than this."""

    def __post_init__(self) -> None:
        _check_clock(self.time_s)
        for people in (self.tracks, self.motions):
            for part in [people] if isinstance(people, People) else people:
                same = np.array_equal(part.time_s, self.time_s)
                _demand(same, f"take: {_who(part)} must have one row per frame of the video")
        _demand(
            [t.person for t in briefly(self.tracks)] == [m.person for m in briefly(self.motions)],
            "take: one motion per track, in the same order",
        )

    def motion(self, person: int | None = None) -> Motion3D | None:
        """A person's motion; without a number, of the one who was seen in most frames."""
        brief = briefly(self.motions)
        if person is not None:
            number = next((n for n, m in enumerate(brief) if m.person == person), None)
        else:
            frames = [int(m.seen.any(axis=1).sum()) for m in brief]
            number = max(range(len(brief)), key=frames.__getitem__, default=None)
        return None if number is None else self.motions[number]


def _who(part: object) -> str:
    return f"person {part.person}" if isinstance(part, Track2D | Motion3D) else "everybody"


def _check_clock(time_s: Float[np.ndarray, " time"]) -> None:
    _demand(bool(np.isfinite(time_s).all()), "times must be finite")
    _demand(bool((np.diff(time_s) > 0).all()), "times must increase from frame to frame")


def _demand(fine: bool, message: str) -> None:
    if not fine:
        raise InputError(message)
