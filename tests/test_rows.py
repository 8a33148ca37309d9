"""People who come and go take memory for the frames in which they are there, and lose nothing."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monomocap import pipeline, rows
from monomocap.formats.files import make_folder
from monomocap.formats.npz import Npz
from monomocap.options import Options
from monomocap.render.motions import walk
from monomocap.rows import Kept, People, briefly, each
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Frame, Person2D, Take, Track2D, VideoInfo
from tests.fakes import FakeDetector
from tests.scripted import in_picture
from tests.takes import make_take

FPS = 30.0


class Passing(FakeDetector):
    """Sees one walker after the other, each for `stay` frames out of every `turn`."""

    skeleton = H36M17

    def __init__(self, stay: int, turn: int) -> None:
        super().__init__()
        motion = walk(seconds=stay / FPS + 1, fps=FPS)
        self._xy_px = (4.0 * in_picture(motion)).astype(np.float32)
        self._stay, self._turn = stay, turn

    def __call__(self, frame: Frame) -> list[Person2D]:
        who, at = divmod(frame.index, self._turn)
        if at >= self._stay:
            return []
        xy_px = self._xy_px[at] + np.float32(400 * (who % 3))
        box_px = np.concatenate([xy_px.min(axis=0), xy_px.max(axis=0)])
        return [Person2D(xy_px, np.full(17, 0.9, np.float32), box_px)]


class Street:
    """Stands for a video: every walker's picture has another colour."""

    live = False

    def __init__(self, frames: int, turn: int) -> None:
        self.info = VideoInfo("street.mp4", 1280, 720, FPS, frames)
        self._frames, self._turn = frames, turn

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._frames):
            rgb = np.zeros((36, 64, 3), np.uint8)
            rgb[..., index // self._turn % 3] = 60 + 50 * (index // self._turn % 4)
            yield Frame(index, index / FPS, rgb)

    def __enter__(self) -> "Street":
        return self

    def __exit__(self, *_: object) -> None: ...
