"""Nouns check themselves once, at birth, and say in words what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from typing import Any

import jaxtyping
import numpy as np
import pytest

from monomocap.errors import InputError
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Motion3D, Take, Track2D, VideoInfo

TIME_S = np.array([0.1, 0.2, 0.4])


@pytest.fixture(autouse=True)
def only_our_own_checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A user has no shape checker; the nouns must see what is wrong themselves."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    yield


def track(**changes: Any) -> Track2D:
    fields: dict[str, Any] = {
        "person": 0,
        "time_s": TIME_S,
        "xy_px": np.zeros((3, 17, 2)),
        "score": np.ones((3, 17)),
        "skeleton": H36M17,
    }
    return Track2D(**fields | changes)


def motion(**changes: Any) -> Motion3D:
    fields: dict[str, Any] = {
        "person": 0,
        "time_s": TIME_S,
        "xyz_m": np.zeros((3, 17, 3)),
        "confidence": np.ones((3, 17)),
        "skeleton": H36M17,
    }
    return Motion3D(**fields | changes)


def take(**changes: Any) -> Take:
    info = VideoInfo("a.mp4", 640, 480, 30.0)
    fields: dict[str, Any] = {
        "info": info,
        "camera": Camera.from_fov(640, 480),
        "time_s": TIME_S,
    }
    return Take(**fields | changes)


BROKEN: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a clock that stands still": (track, {"time_s": np.array([0.1, 0.1, 0.2])}, "increase"),
    "a clock that goes back": (motion, {"time_s": np.array([0.1, 0.3, 0.2])}, "increase"),
    "a time that is missing": (track, {"time_s": np.array([0.1, np.nan, 0.2])}, "finite"),
    "a take's clock": (take, {"time_s": np.array([0.2, 0.1, 0.3])}, "increase"),
    "too few frames": (track, {"xy_px": np.zeros((2, 17, 2))}, "xy_px"),
    "too few joints": (track, {"score": np.ones((3, 16))}, "score"),
    "no depth": (track, {"world_m": np.zeros((3, 17, 2))}, "world_m"),
    "a flat motion": (motion, {"xyz_m": np.zeros((3, 17, 2))}, "xyz_m"),
    "another skeleton": (motion, {"confidence": np.ones((3, 33))}, "confidence"),
    "a pelvis on the floor": (motion, {"root_m": np.zeros((3, 2))}, "root_m"),
    "other frames than the take": (
        take,
        {
            "tracks": (track(time_s=TIME_S + 1),),
            "motions": (motion(),),
        },
        "one row per frame",
    ),
    "a track without a motion": (take, {"tracks": (track(),)}, "one motion per track"),
    "persons in another order": (
        take,
        {
            "tracks": (track(person=0), track(person=1)),
            "motions": (motion(person=1), motion(person=0)),
        },
        "same order",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_does_not_fit_is_refused_in_words(case: str) -> None:
    make, changes, message = BROKEN[case]
    with pytest.raises(InputError, match=message) as caught:
        make(**changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"width_px": 0},
        {"height_px": -1},
        {"fps": 0.0},
        {"fps": float("nan")},
        {"fps": float("inf")},
    ],
)
def test_a_video_has_a_size_and_a_rate(wrong: dict[str, Any]) -> None:
    fine: dict[str, Any] = {"path": "a", "width_px": 4, "height_px": 4, "fps": 30.0}
    VideoInfo(**fine)
    with pytest.raises(InputError, match="a video needs"):
        VideoInfo(**fine | wrong)


def test_whole_people_pass() -> None:
    whole = take(tracks=(track(),), motions=(motion(),))
    assert whole.motion() is whole.motions[0]
    assert whole.tracks[0].coverage == whole.motions[0].coverage == 1


def test_nobody_is_an_answer() -> None:
    empty = take()
    assert len(empty.tracks) == len(empty.motions) == 0
    assert empty.motion() is None
    assert empty.motion(3) is None


def test_no_frames_have_no_coverage() -> None:
    none = np.empty(0)
    assert track(time_s=none, xy_px=np.empty((0, 17, 2)), score=np.empty((0, 17))).coverage == 0
    nobody = motion(time_s=none, xyz_m=np.empty((0, 17, 3)), confidence=np.empty((0, 17)))
    assert nobody.coverage == 0


def test_seen_and_coverage_count_what_is_there() -> None:
    xy_px, xyz_m = np.zeros((3, 17, 2)), np.zeros((3, 17, 3))
    xy_px[0], xyz_m[0] = np.nan, np.nan
    xy_px[1, 5, 0], xyz_m[1, 5, 2] = np.nan, np.nan
    for part in (track(xy_px=xy_px), motion(xyz_m=xyz_m)):
        assert part.seen.sum() == 2 * 17 - 1
        assert not part.seen[1, 5]
        assert part.coverage == pytest.approx(2 / 3), "a frame with one joint counts"


def test_the_motion_of_who_was_seen_most() -> None:
    briefly = np.full((3, 17, 3), np.nan)
    briefly[1] = 0
    motions = (motion(person=4, xyz_m=briefly), motion(person=7))
    both = take(tracks=(track(person=4), track(person=7)), motions=motions)
    assert both.motion() is motions[1]
    assert both.motion(4) is motions[0]
    assert both.motion(5) is None


@pytest.mark.parametrize("noun", [track, motion, take])
def test_nouns_do_not_change(noun: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        noun().time_s = TIME_S


@pytest.mark.parametrize(
    "wrong",
    [
        {"width_px": 0},
        {"height_px": 0},
        {"focal_px": (0.0, 100.0)},
        {"focal_px": (100.0, -1.0)},
        {"focal_px": (float("nan"), 100.0)},
        {"center_px": (float("inf"), 0.0)},
        {"distortion": (0.1,)},
        {"distortion": (0.1, 0.0, float("nan"), 0.0)},
        {"focal_error": float("nan")},
    ],
)
def test_a_camera_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    fine = Camera(640, 480, (500.0, 500.0), (319.5, 239.5))
    with pytest.raises(InputError):
        replace(fine, **wrong)
