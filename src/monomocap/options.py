"""The words that Python, the command line and HTTP share, with one meaning and one default each."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from monomocap.errors import OptionError

Device = Literal["auto", "cpu", "cuda"]
Smooth = Literal["none", "light", "medium", "strong"]
Progress = Callable[[str, int, int | None], None]
"""Called as progress(stage, done, total): frames so far; total is None where unknown."""


_NUMBER = r"\d+(\.\d+)?"
_PERSON = rf"all|largest|longest|center|\d+|{_NUMBER},{_NUMBER}@{_NUMBER}"
_PERSON_HELP = (
    "choose all, largest, longest, center, a person's number, or x,y@t (pixels and seconds)"
)


def no_progress(stage: str, done: int, total: int | None) -> None:
    """The callback that says nothing."""


@dataclass(frozen=True)
class Options:
    """How to turn a video into motion."""

    detector: str = "mediapipe"
    """2D estimator, by name, or the path of its weights (`monomocap.detect.catalogue`)."""
    lifter: str = "hdformer"
    """2D-to-3D lifter, by name, or the path of a published model (`monomocap.lift.catalogue`)."""
    device: Device = "auto"
    """Where networks run: auto takes a GPU if there is one that works."""
    max_frames: int | None = None
    """Stop after this many frames; None for all."""
    smooth: Smooth = "light"
    """How much jitter to remove; each preset is a time constant in seconds."""
    focal_px: float | None = None
    """Focal length in pixels of the displayed picture, if known."""
    fov_deg: float | None = None
    """Field of view across the picture's longer side, if known (instead of `focal_px`)."""
    boxes: str | None = None
    """Who finds people for a detector that is given by its weights: 'mediapipe', or the path of an
    RTMDet ONNX file; None for what lies beside the weights, or else MediaPipe."""
    as_published: bool = False
    """Run a published model folder with the limits of its original: for comparisons only."""
    image_fps: float | None = None
    """Pictures per second of a folder of pictures; None for 30, which the result says."""
    size: str | None = None
    """WIDTHxHEIGHT of the pictures that finished 2D is of, where its file does not say."""
    calibration: str | None = None
    """File of the calibrated camera (OpenCV, ROS, Kalibr, Pose2Sim, JSON), or FILE#CAMERA."""
    person: str = "all"
    """Whom to keep: all; the largest, the longest seen, the one nearest to the center; a person's
    number; or x,y@t, who stands at this pixel at this second (`monomocap.detect.select`)."""
    height_m: float | None = None
    """How tall the people are, in metres: every distance rests on it. None for the mean adult, with
    its error bar."""
    fill_s: float = 0.25
    """Gaps up to so many seconds are interpolated, and marked; 0 for none."""

    def __post_init__(self) -> None:
        _one_of("device", self.device, get_args(Device))
        _one_of("smooth", self.smooth, get_args(Smooth))
        if not re.fullmatch(_PERSON, self.person):
            raise OptionError(f"person cannot be {self.person!r}; {_PERSON_HELP}")
        if self.max_frames is not None and self.max_frames < 1:
            raise OptionError(f"max_frames must be at least 1, not {self.max_frames}")
        cameras = (self.focal_px, self.fov_deg, self.calibration)
        if sum(said is not None for said in cameras) > 1:
            raise OptionError("give one of focal_px, fov_deg and calibration, not more")
        if self.as_published and any(said is not None for said in cameras):
            raise OptionError(
                "as_published takes the folder's camera; leave focal_px, fov_deg, calibration out"
            )
        if self.focal_px is not None and not 0 < self.focal_px < float("inf"):
            raise OptionError(f"focal_px must be above 0, not {self.focal_px}")
        if self.fov_deg is not None and not 0 < self.fov_deg < 180:
            raise OptionError(f"fov_deg must lie between 0 and 180, not {self.fov_deg}")
        if self.height_m is not None and not 0.4 <= self.height_m <= 2.8:
            raise OptionError(f"height_m must lie between 0.4 and 2.8 metres, not {self.height_m}")
        if not 0 <= self.fill_s <= 2:
            raise OptionError(f"fill_s must lie between 0 and 2 seconds, not {self.fill_s}")
        if self.image_fps is not None and not 0 < self.image_fps <= 1000:
            raise OptionError(f"image_fps must be above 0 and at most 1000, not {self.image_fps}")


@dataclass(frozen=True)
class View:
    """Where the rendered 3D stage is seen from."""

    azimuth_deg: float = 30.0
    """Degrees around the vertical; 0 looks as the camera does."""
    elevation_deg: float = 10.0
    """Degrees above the horizon."""

    def __post_init__(self) -> None:
        if not -360 <= self.azimuth_deg <= 360:
            raise OptionError(f"azimuth must lie between -360 and 360, not {self.azimuth_deg}")
        if not -90 <= self.elevation_deg <= 90:
            raise OptionError(f"elevation must lie between -90 and 90, not {self.elevation_deg}")


def _one_of(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise OptionError(f"{option} cannot be {value!r}; choose one of: {', '.join(choices)}")
