"""MediaPipe's pose solution as 2D estimator: one person, 33 landmarks, and its own 3D beside them.

MediaPipe finds a person with a detector, then follows them from frame to frame by their landmarks
and looks for a new one only after losing the last. The models lie in the wheel of 0.10.21, the last
one that carries any (full model; Bazarevsky et al., 2020).
"""

import hashlib
import sys
from contextlib import nullcontext
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from jaxtyping import UInt8

from monomocap.detect.mediapipe_import import pose_class, solution_base
from monomocap.detect.quiet import chatter_muted
from monomocap.skeleton import BLAZEPOSE33
from monomocap.types import Frame, Person2D

MIN_DETECTION = 0.65
"""How sure the detector must be that somebody is there. At MediaPipe's own 0.5 it sees people in a
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
"""What `mediapipe.solutions.pose.Pose` is made with. It does not smooth: we do, with zero phase."""

_MODELS = (
    "modules/pose_detection/pose_detection.tflite",
    "modules/pose_landmark/pose_landmark_full.tflite",
)


class MediaPipePose:
    """The person whom MediaPipe follows; one object per video, frames in order."""

    name = "mediapipe"
    skeleton = BLAZEPOSE33
    device = "cpu"

    def __init__(self, **settings: Any) -> None:
        """`settings` override those of `POSE_SETTINGS`."""
        with chatter_muted():
            self._pose: Any = pose_class()(**POSE_SETTINGS | settings)
            self._solution = solution_base()
            # Its threads still load the networks, and talk; this waits for them.
            self._landmarks(np.zeros((8, 8, 3), np.uint8))
        self._following = False
        self._met_somebody = False

    @cached_property
    def weights(self) -> dict[str, str]:
        """File name -> SHA-256 of the two models in MediaPipe's wheel."""
        folder = Path(str(sys.modules["mediapipe"].__file__)).parent
        return {Path(m).name: _sha256(folder / m) for m in _MODELS}

    def __call__(self, frame: Frame) -> list[Person2D]:
        """The person in this frame, or an empty list."""
        with nullcontext() if self._met_somebody else chatter_muted():
            found = self._landmarks(frame.rgb)  # the first person makes it talk, too
        if found is None and self._following:  # lost: somebody else may be there, or the scene cut
            found = self._landmarks(frame.rgb)
        self._following = found is not None
        self._met_somebody |= self._following
        if found is None:
            return []
        height, width, _ = frame.rgb.shape
        return [_person(*found, width_px=width, height_px=height)]

    def _landmarks(self, rgb: UInt8[np.ndarray, "height width 3"]) -> tuple[Any, Any] | None:
        """(landmarks in the picture, landmarks in metres), or None."""
        picture = np.ascontiguousarray(rgb).view()
        picture.flags.writeable = False  # then MediaPipe reads it in place, without a copy
        # Not Pose.process: that only goes on to clear a field that nobody reads here.
        answer = self._solution.process(self._pose, {"image": picture})
        if answer.pose_landmarks is None or answer.pose_world_landmarks is None:
            return None
        return answer.pose_landmarks.landmark, answer.pose_world_landmarks.landmark

    def close(self) -> None:
        """Let go of networks and threads."""
        if self._pose is not None:
            self._pose.close()
            self._pose = None

    def __enter__(self) -> "MediaPipePose":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _person(landmarks: Any, world: Any, *, width_px: int, height_px: int) -> Person2D:
    """MediaPipe's messages as arrays."""
    share = np.array([(m.x, m.y) for m in landmarks], np.float32)
    # No half pixel to add: MediaPipe cuts its square out as OpenCV counts, from pixel middles.
    xy_px = share * np.array([width_px, height_px], np.float32)
    return Person2D(
        xy_px=xy_px,
        score=np.array([m.visibility for m in landmarks], np.float32),
        box_px=np.concatenate([xy_px.min(axis=0), xy_px.max(axis=0)]),
        world_m=np.array([(m.x, m.y, m.z) for m in world], np.float32),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
