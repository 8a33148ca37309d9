"""MediaPipe's pose networks as 2D estimator: 33 landmarks of everybody, and its own 3D beside them.

MediaPipe's own solution finds one person, follows them from picture to picture by their landmarks,
and looks for somebody else only after losing them; when a bystander comes close it may go over to
them without a word. Here everybody is followed in the same way, each in a region of their own:
people are looked for again every quarter of a second, and two regions that arrive at one person
become one again.
"""

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from monomocap.detect.follow import CLOSE, TWIN, apart, overlap
from monomocap.detect.mediapipe_graphs import Landmarker, Look, PersonFinder, Picture, Region
from monomocap.detect.quiet import chatter_muted
from monomocap.detect.search import Search
from monomocap.skeleton import BLAZEPOSE33
from monomocap.types import Frame, Person2D

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
MISSING_S, MISSING_FRAMES = 1.0, 2
"""For so long after losing somebody they are looked for in every second frame."""
SAME_PLACE, SAME_SIZE = 0.1, 1.5
"""How far apart, in sides, and how different in size two regions of one person are at most."""
PATIENCE_S = 0.5
"""How long somebody is followed without a box, where a box detector sees who is there."""

_MODELS = (
    "modules/pose_detection/pose_detection.tflite",
    "modules/pose_landmark/pose_landmark_full.tflite",
)


@dataclass(frozen=True)
class _Followed:
    """Somebody who was seen in the last frame, and where to look for them in the next."""

    look: Look
    boxed_s: float
    """When a finder last saw them."""


class MediaPipePose:
    """The people whom MediaPipe's networks follow; one object per video, frames in order."""

    skeleton = BLAZEPOSE33

    def __init__(self, boxes: "BoxDetector | None" = None, *, most: int = MOST_PEOPLE) -> None:
        """`boxes` finds people in place of MediaPipe's own network; `most` are followed at once."""
        with chatter_muted():  # its threads load the networks, and talk; the first looks wait
            self._finder = None if boxes else PersonFinder(MIN_DETECTION)
            self._search = Search(self._finder) if self._finder else None
            self._landmarker = Landmarker(MIN_TRACKING)
            nothing = np.zeros((8, 8, 3), np.uint8)
            self._landmarker(nothing, Region(4, 4, 8))
            if self._finder is not None:
                self._finder(nothing)
        self._boxes = boxes
        self._most = most
        self._followed: list[_Followed] = []
        self._last_search: tuple[float, int] | None = None
        self._lost_s = -np.inf
        self.name = "mediapipe" if boxes is None else f"mediapipe+{boxes.name}"
        self.device = "+".join(dict.fromkeys(("cpu", *([boxes.device] if boxes else []))))

    @cached_property
    def weights(self) -> dict[str, str]:
        """File name -> SHA-256 of the models in MediaPipe's wheel, and of the box detector."""
        folder = Path(str(sys.modules["mediapipe"].__file__)).parent
        used = _MODELS if self._boxes is None else _MODELS[1:]
        own = {Path(m).name: _sha256(folder / m) for m in used}
        return own | (self._boxes.weights if self._boxes is not None else {})

    def __call__(self, frame: Frame) -> list[Person2D]:
        """The people in this frame, or an empty list."""
        if self._boxes is not None:
            self._followed = self._boxed(frame, self._boxes)
        else:
            self._followed = self._found(frame)
        return [followed.look.person for followed in self._followed]

    def _found(self, frame: Frame) -> list[_Followed]:
        """Those of the last frame, and newcomers when it is time to look for them."""
        people = self._continued(frame.rgb)
        regions = self._searched(frame, lost=len(people) < len(self._followed), alone=not people)
        return self._joined(frame, people, regions)

    def _searched(self, frame: Frame, *, lost: bool, alone: bool) -> list[Region]:
        """Who is found by looking everywhere, in one place, or nowhere, as it is time for."""
        assert self._search is not None
        if lost:
            self._lost_s = frame.time_s
        if lost or self._last_search is None:
            self._last_search = (frame.time_s, frame.index)
            return self._search.everywhere(frame.rgb)
        time_s, index = self._last_search
        missing = frame.time_s - self._lost_s < MISSING_S
        wait_s, wait_frames = (0, MISSING_FRAMES) if missing else (SEARCH_S, SEARCH_FRAMES)
        early = frame.time_s - time_s < wait_s or frame.index - index < wait_frames
        if early and not alone:
            return []
        self._last_search = (frame.time_s, frame.index)
        return self._search.somewhere(frame.rgb, whole=alone)

    def _continued(self, rgb: Picture) -> list[_Followed]:
        """Whoever is still there; where two regions hold one person, the steadier one."""
        steps = []
        for old in self._followed:
            look = self._landmarker(rgb, old.look.next_region)
            if look is not None:
                step = apart(look.person, old.look.person)
                steps.append((step, _Followed(look, old.boxed_s)))
        kept: list[_Followed] = []
        for _, new in sorted(steps, key=lambda pair: pair[0]):
            if not _is_among(new.look.person, kept):
                kept.append(new)
        return [new for _, new in steps if any(new is k for k in kept)]

    def _joined(
        self, frame: Frame, people: list[_Followed], regions: Iterable[Region]
    ) -> list[_Followed]:
        """These and whoever else is in the regions."""
        people = list(people)
        for region in regions:
            if len(people) >= self._most:
                break
            if any(_covers(old.look.next_region, region) for old in people):
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
        for old in self._continued(frame.rgb):
            shared = [overlap(old.look.person, box[:4]) for box in found]
            best = max(range(len(found)), key=lambda i: shared[i], default=-1)
            if best >= 0 and shared[best] > CLOSE and best not in taken:
                taken.add(best)
                people.append(_Followed(old.look, frame.time_s))
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


def _covers(followed: Region, found: Region) -> bool:
    """Whether what the finder found is somebody who is followed already."""
    away_px = np.hypot(followed.x_px - found.x_px, followed.y_px - found.y_px)
    larger, smaller = sorted((followed.side_px, found.side_px), reverse=True)
    return bool(away_px < SAME_PLACE * smaller and larger < SAME_SIZE * smaller)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
