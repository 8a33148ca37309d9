"""MediaPipe's pose networks as 2D estimator: 33 landmarks of everybody, and its own 3D beside them.

MediaPipe's own solution finds one person, follows them from picture to picture by their landmarks,
and looks for somebody else only after losing them; when a bystander comes close it may go over to
them without a word. Here everybody is followed in the same way, each in a region of their own:
people are looked for again every quarter of a second, and two regions that arrive at one person
become one again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from monomocap.detect.follow import CLOSE, TWIN, apart, overlap
from monomocap.detect.mediapipe_graphs import Landmarker, Look, PersonFinder, Region
from monomocap.detect.mediapipe_models import FINDER, IN_WHEEL, LandmarkModel, in_wheel
from monomocap.detect.missing import Missing, Pace, covers, gone_on, paced, surprise
from monomocap.detect.quiet import chatter_muted
from monomocap.detect.search import Search
from monomocap.errors import WeightsError
from monomocap.skeleton import BLAZEPOSE33
from monomocap.types import Frame, Person2D
from monomocap.weights import sha256

if TYPE_CHECKING:
    from monomocap.detect.boxes import BoxDetector

MIN_DETECTION = 0.65
"""How sure the finder must be that somebody is there. At MediaPipe's own 0.5 it sees people in a
quarter to a half of the empty frames of an ordinary indoor scene, at 0.55 in a tenth, from 0.6 on
in none; 0.7 and more loses people who are there."""
MIN_TRACKING = 0.5
"""How sure the landmarks' network must be that it still looks at somebody (MediaPipe's own value:
raising it loses people and, with the threshold above, hides no ghosts)."""
POSE_SETTINGS: dict[str, Any] = {
    "static_image_mode": False,
    "model_complexity": 1,
    "smooth_landmarks": False,
    "min_detection_confidence": MIN_DETECTION,
    "min_tracking_confidence": MIN_TRACKING,
}
"""The same settings for `mediapipe.solutions.pose.Pose`, to compare with. It does not smooth: we
do, with zero phase."""
MOST_PEOPLE = 10
"""How many are followed at once: each costs as much as the first."""
SEARCH_S, SEARCH_FRAMES = 0.25, 6
"""Newcomers are looked for this often, but not before so many frames have passed: a search of one
place costs two thirds of a look at one person."""
MISSING_FRAMES = 2
"""While somebody is missing people are looked for in every second frame."""
PATIENCE_S = 0.5
"""How long somebody is followed without a box, where a box detector sees who is there."""


@dataclass(frozen=True)
class _Followed:
    """Somebody who was seen in the last frame, and where to look for them in the next."""

    look: Look
    boxed_s: float
    """When a finder last saw them."""
    pace: Pace = (0.0, 0.0)


class MediaPipePose:
    """The people whom MediaPipe's networks follow; one object per video, frames in order."""

    skeleton = BLAZEPOSE33

    def __init__(
        self,
        boxes: "BoxDetector | None" = None,
        *,
        most: int = MOST_PEOPLE,
        model: LandmarkModel = IN_WHEEL,
    ) -> None:
        """`boxes` finds people in place of MediaPipe's own network; `most` are followed at once.

        Raises `WeightsError` when MediaPipe cannot run this landmark network.
        """
        with chatter_muted():  # its threads load the networks, and talk; the first looks wait
            nothing = np.zeros((8, 8, 3), np.uint8)
            try:
                with model.file() as file:
                    self._landmarker = Landmarker(MIN_TRACKING, file)
                    self._landmarker(nothing, Region(4, 4, 8))
            except (RuntimeError, ValueError) as error:
                raise WeightsError(
                    f"MediaPipe cannot run {model.path or model.name} as its pose landmarker: "
                    f"{str(error).splitlines()[-1]}"
                ) from error
            self._finder = None if boxes else PersonFinder(MIN_DETECTION)
            self._search = Search(self._finder) if self._finder else None
            if self._finder is not None:
                self._finder(nothing)
        self._boxes = boxes
        self._most = most
        self._followed: list[_Followed] = []
        self._last_search: tuple[float, int] | None = None
        self._missing = Missing()
        self._time_s = -np.inf
        self._model = model
        self.name = model.name if boxes is None else f"{model.name}+{boxes.name}"
        self.device = "+".join(dict.fromkeys(("cpu", *([boxes.device] if boxes else []))))

    @cached_property
    def weights(self) -> dict[str, str]:
        """File name -> SHA-256 of MediaPipe's models, and of the box detector."""
        finder = in_wheel(FINDER)
        by = {finder.name: sha256(finder)} if self._boxes is None else {}
        return by | self._model.weights | (self._boxes.weights if self._boxes is not None else {})

    def __call__(self, frame: Frame) -> list[Person2D]:
        """The people in this frame, or an empty list."""
        if self._boxes is not None:
            self._followed = self._boxed(frame, self._boxes)
        else:
            self._followed = self._found(frame)
        self._time_s = frame.time_s
        return [followed.look.person for followed in self._followed]

    def _found(self, frame: Frame) -> list[_Followed]:
        """Those of the last frame, those who were lost just now, and newcomers."""
        people = self._continued(frame)
        lost = len(people) < len(self._followed)
        expected = self._missing.expected(frame.time_s) if not lost else []
        regions = self._searched(frame, lost=lost, alone=not people)
        joined = self._joined(frame, people, [*expected, *regions])
        self._missing.found((new.look.next_region for new in joined[len(people) :]), frame.time_s)
        return joined

    def _searched(self, frame: Frame, *, lost: bool, alone: bool) -> list[Region]:
        """Who is found by looking everywhere, in one place, or nowhere, as it is time for."""
        assert self._search is not None
        if (lost and alone) or self._last_search is None:  # the scene may have been cut
            self._last_search = (frame.time_s, frame.index)
            return self._search.everywhere(frame.rgb)
        time_s, index = self._last_search
        wait_s, wait_frames = (0, MISSING_FRAMES) if self._missing else (SEARCH_S, SEARCH_FRAMES)
        early = frame.time_s - time_s < wait_s or frame.index - index < wait_frames
        if early and not alone and not lost:
            return []
        self._last_search = (frame.time_s, frame.index)
        return self._search.somewhere(frame.rgb)

    def _continued(self, frame: Frame) -> list[_Followed]:
        """Whoever is still there; where two regions hold one person, whose way it was."""
        steps = []
        for old in self._followed:
            look = self._landmarker(frame.rgb, old.look.next_region)
            if look is not None:
                expected = gone_on(old.look.next_region, old.pace, frame.time_s - self._time_s)
                steps.append((surprise(expected, look.next_region), old, look))
        kept: dict[int, _Followed] = {}
        for _, old, look in sorted(steps, key=lambda step: step[0]):
            if not _is_among(look.person, kept.values()):
                kept[id(old)] = self._moved(frame, old, look)
        for old in self._followed:
            if id(old) not in kept:
                self._missing.lose(old.look.next_region, old.pace, frame.time_s)
        return [kept[id(old)] for old in self._followed if id(old) in kept]

    def _moved(self, frame: Frame, old: _Followed, look: Look) -> _Followed:
        before, now = old.look.next_region, look.next_region
        return _Followed(
            look, old.boxed_s, paced(old.pace, before, now, frame.time_s - self._time_s)
        )

    def _joined(
        self, frame: Frame, people: list[_Followed], regions: Iterable[Region]
    ) -> list[_Followed]:
        """These and whoever else is in the regions."""
        people = list(people)
        for region in regions:
            if len(people) >= self._most:
                break
            if any(covers(old.look.next_region, region) for old in people):
                continue
            look = self._landmarker(frame.rgb, region)
            if look is not None and not _is_among(look.person, people):
                people.append(_Followed(look, frame.time_s))
        return people

    def _boxed(self, frame: Frame, boxes: "BoxDetector") -> list[_Followed]:
        """Those of the last frame who have a box, or had one just now, and those in new boxes."""
        (found,) = boxes([frame.rgb])
        found = found[: self._most].astype(np.float64)
        people = []
        taken: set[int] = set()
        for old in self._continued(frame):
            shared = [overlap(old.look.person, box[:4]) for box in found]
            best = max(range(len(found)), key=lambda i: shared[i], default=-1)
            if best >= 0 and shared[best] > CLOSE and best not in taken:
                taken.add(best)
                people.append(replace(old, boxed_s=frame.time_s))
            elif frame.time_s - old.boxed_s < PATIENCE_S:
                people.append(old)
        for box in np.delete(found, list(taken), axis=0):
            with_them = self._joined(frame, people, [Region.around(box[:4], float(box[4]))])
            if all(overlap(new.look.person, box[:4]) > CLOSE for new in with_them[len(people) :]):
                people = with_them
        return people

    def close(self) -> None:
        """Let go of networks and threads."""
        for part in (self._finder, self._landmarker, self._boxes):
            if part is not None:
                part.close()

    def __enter__(self) -> "MediaPipePose":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _is_among(person: Person2D, people: Iterable[_Followed]) -> bool:
    return any(apart(person, other.look.person) < TWIN for other in people)
