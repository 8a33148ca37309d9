"""Several people from picture to track: films with exact truth, real videos, and the measure."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from benchmarks.people import Person, acted, judged
from benchmarks.people_scenes import Film, behind_pillar, crossing
from monomocap.detect.boxes import RTMDet
from monomocap.detect.mediapipe import MediaPipePose
from monomocap.detect.people import collect_tracks
from monomocap.detect.search import places
from monomocap.skeleton import COCO17
from monomocap.types import Frame, Track2D
from monomocap.video.read import VideoReader
from tests.fakes import _STANDING

RTMDET = "weights/rtmdet_nano_end2end.onnx"


def mediapipe(frames: Iterable[Frame]) -> tuple[Track2D, ...]:
    with MediaPipePose() as detector:
        return tuple(collect_tracks(frames, detector)[1])


# --- films of mannequins


def test_two_who_cross_keep_their_numbers() -> None:
    rows = list(acted("crossing", crossing(0, fps=10.0, seconds=3.0), mediapipe))
    assert [row.switches for row in rows] == [0, 0]
    assert rows[0].kept >= 0.95  # in front all the time
    assert rows[1].kept >= 0.8  # of the frames in which they are not hidden
    assert rows[0].others == 0


def test_a_second_behind_a_pillar_changes_no_number() -> None:
    film = behind_pillar(0, fps=10.0)
    assert (film.hidden[0] == 1).sum() >= 10
    (row,) = acted("pillar", film, mediapipe)
    assert (row.switches, row.others) == (0, 0)
    assert row.kept >= 0.95


def test_the_films_are_what_their_truth_says() -> None:
    film: Film = crossing(1, fps=2.0, seconds=1.0, alike=True)
    frames = list(film.frames())
    assert len(frames) == len(film.xy_px[0]) == len(film.xy_px[1])
    first, last = frames[0].rgb, frames[-1].rgb
    assert first.shape == (360, 640, 3) and (first != last).any()
    way = [float(np.diff(xy[[0, -1], 0, 0])[0]) for xy in film.xy_px]
    assert way[0] * way[1] < 0  # towards each other


# --- real videos


def first(video: Path, count: int) -> list[Frame]:
    with VideoReader(video, max_frames=count) as reader:
        return list(islice(reader, count))


@pytest.mark.parametrize("name", ["two_people_cam02", "two_people_cam04"])
def test_two_people_are_seen_from_the_first_frame_on(data: Path, name: str) -> None:
    with MediaPipePose() as detector:
        for frame in first(data / f"video/{name}.mp4", 3):
            found = sorted(detector(frame), key=lambda person: float(person.box_px[0]))
            assert len(found) == 2
            left, right = (person.xy_px.mean(axis=0) for person in found)
            assert np.linalg.norm(left - right) > 250


def test_with_rtmdets_boxes_the_bystander_is_a_third(data: Path) -> None:
    with MediaPipePose(RTMDet(data / RTMDET)) as detector:
        frames = first(data / "video/two_people_cam02.mp4", 3)
        assert [len(detector(frame)) for frame in frames] == [3, 3, 3]
        assert detector.name == "mediapipe+rtmdet"
        assert set(detector.weights) == {"pose_landmark_full.tflite", "rtmdet_nano_end2end.onnx"}


def test_no_more_people_are_followed_than_asked_for(data: Path) -> None:
    with MediaPipePose(most=1) as detector:
        frames = first(data / "video/two_people_cam04.mp4", 2)
        assert [len(detector(frame)) for frame in frames] == [1, 1]


# --- where people are looked for


@pytest.mark.parametrize(
    ("width", "height", "squares"),
    [(640, 640, 0), (640, 600, 0), (640, 480, 2), (1920, 1080, 3), (1080, 1920, 3), (5000, 50, 6)],
)
def test_squares_cover_a_long_picture(width: int, height: int, squares: int) -> None:
    whole, *rest = places(width, height)
    assert whole == (0, 0, width, height)
    assert len(rest) == squares
    short = min(width, height)
    assert all(x2 - x1 == y2 - y1 == short for x1, y1, x2, y2 in rest)
    if 0 < squares < 6:
        covered = np.zeros((height, width), bool)
        for x1, y1, x2, y2 in rest:
            covered[y1:y2, x1:x2] = True
        assert covered.all()


# --- the measure


def track(number: int, x: np.ndarray) -> Track2D:
    """Somebody 100 px tall whose trunk is at x; NaN where they are not seen."""
    xy = (_STANDING[None] - [0.5, 0.4]) * [50, 100] + np.stack([x, 0 * x + 200], 1)[:, None]
    seen = np.isfinite(xy).all(axis=-1)
    times = np.arange(len(x)) / 25
    return Track2D(number, times, xy.astype(np.float32), seen.astype(np.float32), COCO17)


def somebody(x: np.ndarray) -> Person:
    middle = np.stack([x, 0 * x + 200], axis=1)
    return Person("somebody", middle, np.full(len(x), 100.0))


def test_the_measure_sees_a_switch_a_gap_and_a_stranger() -> None:
    x, gone = np.linspace(100, 300, 40), np.full(40, np.nan)
    first_half = np.where(np.arange(40) < 30, x, np.nan)
    (fine,) = judged("fine", [track(0, x)], [somebody(x)])
    assert (fine.kept, fine.switches, fine.others) == (1.0, 0, 0)
    (gap,) = judged("gap", [track(0, first_half)], [somebody(x)])
    assert (gap.kept, gap.switches) == (0.75, 0)
    late = np.where(np.arange(40) < 30, np.nan, x)
    (switch,) = judged("switch", [track(0, first_half), track(1, late)], [somebody(x)])
    assert (switch.kept, switch.switches, switch.others) == (0.75, 1, 0)
    (other,) = judged("other", [track(0, x), track(1, x + 400)], [somebody(x)])
    assert (other.kept, other.others) == (1.0, 1)
    (nobody,) = judged("nobody", [track(0, gone)], [somebody(x)])
    assert (nobody.kept, nobody.switches) == (0.0, 0)
    back = np.where(np.arange(40) < 20, x[::-1], x)
    swapped = judged("swap", [track(0, back)], [somebody(x), somebody(x[::-1])])
    assert all(0.5 <= row.kept < 0.6 for row in swapped)
