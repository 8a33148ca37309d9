"""Finished 3D from elsewhere, scored like any lifter: one array per recording in an .npz file.

Entries are named subject/take/camera, (frames, 17, 3) metres in camera axes, wherever the origin.
"""

from pathlib import Path

import numpy as np

from monomocap.datasets.detections import read_array
from monomocap.datasets.recording import Recording, poses_array
from monomocap.errors import DataError
from monomocap.evaluate.protocols import Piece
from monomocap.skeleton import H36M17
from monomocap.weights import sha256


class Answers:
    """A file of answers."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise DataError(f"there is no file of answers {path}")
        self.path = path
        self.name = f"answers:{path.name}"
        self.weights = {path.name: sha256(path)}

    def __call__(self, recording: Recording) -> list[Piece]:
        """The answers for one recording, every frame once; raises `DataError`."""
        where = f"{self.path}: {recording.key}"
        poses = poses_array(read_array(self.path, recording.key), len(H36M17), 3, where)
        frames = len(recording.truth.time_s)
        if len(poses) != frames:
            raise DataError(f"{where} has {len(poses)} frames and the truth {frames}")
        return [(np.arange(frames), poses)]
