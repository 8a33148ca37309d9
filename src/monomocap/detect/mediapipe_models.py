"""Which landmark network MediaPipe runs: the full one of its wheel, lite or heavy, or your own.

Lite and heavy are not in the wheel; MediaPipe publishes them beside the full one, as files of its
JavaScript package and in bundles named `pose_landmarker_*.task` (`monomocap weights pull`). The
three were trained alike and differ in size (Bazarevsky et al., 2020).
"""

import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from monomocap.errors import WeightsError
from monomocap.weights import sha256
from monomocap.weights.store import need

FINDER = "modules/pose_detection/pose_detection.tflite"
_FULL = "modules/pose_landmark/pose_landmark_full.tflite"
_IN_BUNDLE = "pose_landmarks_detector.tflite"
BUNDLE = ".task"
"""How a bundle's name ends. A bare `.tflite` is taken by name only, with a SHA-256 that is known:
MediaPipe does not survive one that is cut short."""


@dataclass(frozen=True)
class LandmarkModel:
    """A landmark network and what a take calls the detector that runs it."""

    name: str = "mediapipe"
    path: Path | None = None
    """A .tflite file, or a bundle; None for the full one in MediaPipe's wheel."""

    @classmethod
    def named(cls, name: str) -> "LandmarkModel":
        """`mediapipe`, or one from the folder of weights; raises `WeightsError`."""
        return cls() if name == "mediapipe" else cls(name, need(name))

    @classmethod
    def bundled(cls, path: Path) -> "LandmarkModel":
        """The one in a `.task` file; raises `WeightsError` where there is none in it."""
        try:
            with zipfile.ZipFile(path) as bundle:
                there = _IN_BUNDLE in bundle.namelist()
                damaged = bundle.testzip() if there else None
        except (OSError, zipfile.BadZipFile) as error:
            raise WeightsError(f"cannot read {path} as MediaPipe's bundle: {error}") from error
        if not there or damaged:
            wrong = f"{damaged} in it is damaged" if damaged else f"it has no {_IN_BUNDLE}"
            raise WeightsError(f"{path} is no pose landmarker of MediaPipe: {wrong}")
        return cls(f"mediapipe-{path.stem}", path)

    @contextmanager
    def file(self) -> Iterator[Path | None]:
        """The .tflite file, for as long as MediaPipe reads it; None for the wheel's."""
        if self.path is None or self.path.suffix != BUNDLE:
            yield self.path
            return
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(self.path) as bundle:
            target = Path(folder) / _IN_BUNDLE
            with bundle.open(_IN_BUNDLE) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            yield target

    @cached_property
    def weights(self) -> dict[str, str]:
        """File name -> SHA-256."""
        path = self.path or in_wheel(_FULL)
        return {path.name: sha256(path)}


IN_WHEEL = LandmarkModel()


def in_wheel(model: str) -> Path:
    """A file of MediaPipe, which must have been imported."""
    return Path(str(sys.modules["mediapipe"].__file__)).parent / model
