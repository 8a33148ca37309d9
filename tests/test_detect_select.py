"""Whom to keep: by size, time, place, number, or a point in a frame."""

import numpy as np
import pytest

from monomocap.detect.select import boxes_px, chosen
from monomocap.errors import OptionError
from monomocap.options import Options
from monomocap.skeleton import COCO17
from monomocap.types import Track2D, VideoInfo
from tests.fakes import _STANDING

INFO = VideoInfo("v.mp4", 1000, 600, 25.0)
TIMES = np.arange(50) / 25


def track(person: int, x: float, height: float, frames: slice = slice(None)) -> Track2D:
    """Somebody who stands at x for some of two seconds."""
    xy = np.full((50, 17, 2), np.nan, np.float32)
    xy[frames] = (_STANDING - [0.5, 0.5]) * [height / 2, height] + [x, 300]
    seen = np.isfinite(xy).all(axis=-1)
    return Track2D(person, TIMES, xy, seen.astype(np.float32), COCO17)


LEFT, MIDDLE, RIGHT = (
    track(0, 150, 200),
    track(1, 480, 150, slice(5, 40)),
    track(2, 800, 400, slice(20, 45)),
)
ALL = (LEFT, MIDDLE, RIGHT)


def kept(person: str) -> list[int]:
    tracks, said = chosen(ALL, Options(person=person).person, INFO)
    assert bool(said) != bool(tracks)
    return [t.person for t in tracks]


def test_everybody_by_default() -> None:
    assert chosen(ALL, Options().person, INFO) == (ALL, "")


@pytest.mark.parametrize(
    ("person", "number"),
    [("largest", 2), ("longest", 0), ("center", 1), ("0", 0), ("2", 2)],
)
def test_one_by_what_they_are(person: str, number: int) -> None:
    assert kept(person) == [number]


@pytest.mark.parametrize(
    ("person", "numbers"),
    [
        ("150,300@0", [0]),
        ("160.5,310@1.9", [0]),
        ("480,300@1", [1]),
        ("480,300@0", []),  # not there yet
        ("800,150@1", [2]),
        ("640,40@1", []),  # nobody is near
        ("480,300@9", []),  # after the end
    ],
)
def test_whoever_stands_at_a_point(person: str, numbers: list[int]) -> None:
    assert kept(person) == numbers


def test_somebody_who_is_not_there_is_told_with_who_is() -> None:
    tracks, said = chosen(ALL, "7", INFO)
    assert tracks == ()
    assert "no person 7" in said and "1 (70% of the frames)" in said


def test_a_video_with_nobody_in_it_needs_no_warning() -> None:
    for person in ("all", "largest", "3", "1,2@3"):
        assert chosen((), person, INFO) == ((), "")


def test_a_choice_of_two_tracks_without_a_pose_in_the_frame_takes_the_other() -> None:
    assert kept("480,300@1.9") == []
    assert [t.person for t in chosen((LEFT, MIDDLE), "300,300@1.9", INFO)[0]] == []


def test_boxes_are_nan_where_nobody_was_seen() -> None:
    boxes = boxes_px(MIDDLE)
    assert np.isnan(boxes[:5]).all() and np.isnan(boxes[40:]).all()
    assert np.isfinite(boxes[5:40]).all()


@pytest.mark.parametrize("person", ["", "everyone", "-1", "1,2", "1@2", "a,b@c", "1,2@", "1.5"])
def test_other_words_are_refused_before_the_work(person: str) -> None:
    with pytest.raises(OptionError, match="choose all, largest, longest, center"):
        Options(person=person)
