"""What a rendering of a take shows: from where, of whom, when, and how large."""

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.errors import InputError, OptionError
from monomocap.options import View
from monomocap.types import Take

VIEWS = {
    "front": View(0.0, 5.0),
    "right": View(90.0, 5.0),
    "back": View(180.0, 5.0),
    "left": View(-90.0, 5.0),
    "above": View(0.0, 90.0),
}
"""Views by name. Front is where the camera stood, right is to the right of that."""
MOST_VIEWS = 16
MOST_SIDE_PX = 7680
MOST_FPS = 240.0


@dataclass(frozen=True)
class Shot:
    """How to render a take."""

    views: tuple[View, ...] = (View(),)
    """Several stand in a grid."""
    turntable_s: float | None = None
    """Walk around once in so many seconds; None to stand still."""
    follow: bool = False
    """Keep the person who is seen most in the middle, at the size of a person."""
    with_video: bool = False
    """The source video, with the 2D skeletons on it, on the left."""
    transparent: bool = False
    """No background and no grid; people and their shadows only."""
    size_px: tuple[int, int] | None = None
    """Width and height of the whole picture; None for what fits the kind of file."""
    fps: float | None = None
    """Steady pictures per second; None for the video's own frames and times, where the kind of file
    can have them."""
    start_s: float | None = None
    end_s: float | None = None
    """The part of the video's clock to show; None for from its beginning, to its end."""
    at_s: float | None = None
    """One moment instead: a single picture, or with a turntable one walk around it."""
    people: tuple[int, ...] | None = None
    """Whom to show, by their numbers; None for everybody."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.views) <= MOST_VIEWS:
            raise OptionError(f"choose 1 to {MOST_VIEWS} views, not {len(self.views)}")
        if self.turntable_s is not None and not 0.1 <= self.turntable_s <= 3600:
            raise OptionError(f"a turn takes 0.1 to 3600 seconds, not {self.turntable_s}")
        if self.fps is not None and not 0 < self.fps <= MOST_FPS:
            raise OptionError(f"fps must be above 0 and at most {MOST_FPS:g}, not {self.fps}")
        if self.size_px is not None and not all(
            16 <= side <= MOST_SIDE_PX for side in self.size_px
        ):
            raise OptionError(f"a picture's sides have 16 to {MOST_SIDE_PX} pixels")
        if self.transparent and self.with_video:
            raise OptionError("a transparent picture has no room for the video; choose one of them")
        self._check_times()

    def _check_times(self) -> None:
        if self.at_s is not None and (self.start_s is not None or self.end_s is not None):
            raise OptionError("give one moment (at) or a part (start, end), not both")
        if self.start_s is not None and self.end_s is not None and self.start_s > self.end_s:
            raise OptionError(
                f"the part from {self.start_s} to {self.end_s} s ends before it starts"
            )
        if self.at_s is not None and self.with_video and self.turntable_s is not None:
            raise OptionError("a turntable of one moment stands alone, without the video")


@dataclass(frozen=True)
class Moments:
    """When the pictures are."""

    source_s: Float[np.ndarray, " picture"]
    """On the video's clock."""
    shown_s: Float[np.ndarray, " picture"]
    """On the rendering's clock."""
    fps: float
    own: bool = False
    """Whether these are the video's own frames."""


def moments(shot: Shot, take: Take, default_fps: float | None) -> Moments:
    """The pictures' times; `default_fps` is the rate where the shot names none (None: own times).

    Raises `InputError` where there is nothing to show then.
    """
    fps = shot.fps or default_fps
    rate = fps or take.info.fps
    if shot.at_s is not None:
        count = 1 if shot.turntable_s is None else max(1, round(shot.turntable_s * rate))
        return Moments(np.full(count, _nearest(take, shot.at_s)), np.arange(count) / rate, rate)
    low, high = _span(shot, take)
    inside = take.time_s[(take.time_s >= low - 1e-6) & (take.time_s <= high + 1e-6)]
    if not len(inside):
        raise InputError(
            f"no frame lies between {low:g} and {high:g} s; the take goes {_clock(take)}"
        )
    if fps is None:
        return Moments(inside, inside - (low if shot.start_s is not None else 0.0), rate, own=True)
    first_s = max(low, float(inside[0]))
    count = 1 + int(np.floor((float(inside[-1]) - first_s) * rate + 1e-6))
    steps = np.arange(count) / rate
    return Moments(first_s + steps, steps, rate)


def _span(shot: Shot, take: Take) -> tuple[float, float]:
    return (
        -np.inf if shot.start_s is None else shot.start_s,
        np.inf if shot.end_s is None else shot.end_s,
    )


def _nearest(take: Take, at_s: float) -> float:
    """The time of the frame that is shown then."""
    if not len(take.time_s) or not take.time_s[0] - 0.5 <= at_s <= take.time_s[-1] + 0.5:
        raise InputError(f"there is no moment {at_s:g} s; the take goes {_clock(take)}")
    return float(take.time_s[np.abs(take.time_s - at_s).argmin()])


def _clock(take: Take) -> str:
    if not len(take.time_s):
        return "nowhere: it has no frames"
    return f"from {take.time_s[0]:.2f} to {take.time_s[-1]:.2f} s"


def views_named(words: str) -> tuple[View, ...]:
    """The views of "front,left,30/10": names, or azimuth/elevation in degrees."""
    return tuple(_view(word.strip()) for word in words.split(",") if word.strip())


def _view(word: str) -> View:
    if word.lower() in VIEWS:
        return VIEWS[word.lower()]
    found = re.fullmatch(r"(-?\d+(?:\.\d+)?)/(-?\d+(?:\.\d+)?)", word)
    if not found:
        names = ", ".join(VIEWS)
        raise OptionError(f"no view is called {word!r}; use {names}, or azimuth/elevation as 30/10")
    return View(float(found[1]), float(found[2]))


def name_of(view: View) -> str:
    """What a view is called in the picture."""
    names = {known: name for name, known in VIEWS.items()}
    return names.get(view, f"{view.azimuth_deg:g}\u00b0 / {view.elevation_deg:g}\u00b0")


def size_named(words: str | None) -> tuple[int, int] | None:
    """Width and height of "1280x720"."""
    if words is None:
        return None
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", words.strip().lower())
    if not found:
        raise OptionError(f"size cannot be {words!r}; say WIDTHxHEIGHT, as 1280x720")
    return int(found[1]), int(found[2])
