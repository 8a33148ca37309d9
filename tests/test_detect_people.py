"""People in single frames become one track per person."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monomocap.detect.people import Rows, collect_tracks
from monomocap.skeleton import COCO17
from monomocap.types import Frame, Person2D
from tests.fakes import FakeDetector

PICTURE = np.zeros((4, 6, 3), np.uint8)


def person_at(x: float, y: float = 100.0, *, size: float = 50.0, world: bool = False) -> Person2D:
    """Somebody in a box around (x, y), where the first joint is; every joint is there."""
    box = np.array([x - size / 2, y - size, x + size / 2, y + size], np.float32)
    spread = (np.arange(17) + 1) // 2 / 8 * np.where(np.arange(17) % 2, 1, -1)
    xy = (np.array([x, y]) + spread[:, None] * [size / 2, size]).astype(np.float32)
    metres = np.full((17, 3), x, np.float32) if world else None
    return Person2D(xy, np.full(17, 0.8, np.float32), box, metres)


class Script(FakeDetector):
    """A detector that sees who the script says."""

    def __init__(self, people: list[list[Person2D]]) -> None:
        super().__init__()
        self._people = people

    def __call__(self, frame: Frame) -> list[Person2D]:
        return self._people[frame.index]


def frames(count: int) -> Iterator[Frame]:
    return (Frame(i, i / 25, PICTURE) for i in range(count))


def xs(people: list[list[Person2D]]) -> list[list[float]]:
    """Each track's x, frame by frame; nan where they were not seen."""
    _, tracks = collect_tracks(frames(len(people)), Script(people))
    assert [t.person for t in tracks] == list(range(len(tracks)))
    return [t.xy_px[:, 0, 0].tolist() for t in tracks]


def test_nobody_anywhere_gives_times_and_no_tracks() -> None:
    time_s, tracks = collect_tracks(frames(5), Script([[]] * 5))
    assert time_s.tolist() == [0, 0.04, 0.08, 0.12, 0.16]
    assert len(tracks) == 0


def test_no_frames_give_no_times() -> None:
    time_s, tracks = collect_tracks([], Script([]))
    assert len(time_s) == 0
    assert len(tracks) == 0


def test_a_person_who_leaves_and_returns_is_one_track_with_a_gap() -> None:
    (track,) = xs([[], [person_at(10)], [], [], [person_at(40)], []])
    np.testing.assert_array_equal(track, [np.nan, 10, np.nan, np.nan, 40, np.nan])


def test_a_gap_has_score_0_and_no_position_anywhere() -> None:
    people = [[person_at(5, world=True)], [], [person_at(6, world=True)]]
    _, (track,) = collect_tracks(frames(3), Script(people))
    assert track.score[:, 0].tolist() == pytest.approx([0.8, 0, 0.8])
    assert track.world_m is not None
    assert np.isnan(track.world_m[1]).all()
    assert np.isnan(track.xy_px[1]).all()
    assert track.seen[[0, 2]].all()


def test_two_people_keep_their_tracks_in_whatever_order_they_are_seen() -> None:
    a, b = [person_at(100 + 3 * i) for i in range(20)], [person_at(400 - 3 * i) for i in range(20)]
    mixed = [[p, q] if i % 3 else [q, p] for i, (p, q) in enumerate(zip(a, b, strict=True))]
    left, right = sorted(xs(mixed))
    np.testing.assert_allclose(left, [100 + 3 * i for i in range(20)])
    np.testing.assert_allclose(right, [400 - 3 * i for i in range(20)])


def test_when_one_of_two_is_gone_the_other_keeps_their_own_track() -> None:
    both = [person_at(100), person_at(400)]
    left, right = xs([both, [person_at(405)], [person_at(410)], both[::-1]])
    np.testing.assert_array_equal(left, [100, np.nan, np.nan, 100])
    np.testing.assert_array_equal(right, [400, 405, 410, 400])


def test_a_newcomer_begins_a_track_that_is_empty_before() -> None:
    first, second = xs([[person_at(100)], [person_at(100), person_at(300)]])
    assert first == [100, 100]
    np.testing.assert_array_equal(second, [np.nan, 300])


def test_once_several_people_are_known_nobody_jumps_across_the_picture() -> None:
    both = [person_at(100), person_at(400)]
    tracks = xs([both, both, [person_at(100)], [person_at(100), person_at(1200)]])
    np.testing.assert_array_equal(tracks[0], [100] * 4)
    np.testing.assert_array_equal(tracks[1], [400, 400, np.nan, np.nan])
    np.testing.assert_array_equal(tracks[2], [np.nan] * 3 + [1200])


def test_size_counts_a_near_person_is_not_a_far_one() -> None:
    near, far = person_at(200, size=150), person_at(215, size=20)
    _, tracks = collect_tracks(frames(3), Script([[near, far], [far, near], [near, far]]))
    for track in tracks:
        assert np.ptp(track.xy_px[:, 0, 0]) == 0


def test_a_joint_without_a_position_has_score_0() -> None:
    person = person_at(50)
    person.xy_px[COCO17.index("left_wrist")] = np.nan
    _, (track,) = collect_tracks(frames(1), Script([[person]]))
    assert track.score[0, COCO17.index("left_wrist")] == 0
    assert track.score[0, COCO17.index("right_wrist")] == pytest.approx(0.8)


@pytest.mark.parametrize("count", [0, 1, 16, 17, 1500])
def test_rows_hold_what_was_put(count: int) -> None:
    rows = Rows((2,))
    for row in range(count):
        rows.put(np.array([row, -row], np.float32))
    want = np.arange(count)[:, None] * np.array([1, -1])
    np.testing.assert_array_equal(rows.finish(), want)


@settings(deadline=None, max_examples=40)
@given(st.sets(st.integers(0, 60), min_size=13), st.integers(0, 60))
def test_a_track_has_what_was_seen_and_is_empty_elsewhere(seen: set[int], more: int) -> None:
    count = max(seen) + 1 + more
    people = [[person_at(50, world=i % 2 == 0)] if i in seen else [] for i in range(count)]
    _, (track,) = collect_tracks(frames(count), Script(people))
    assert track.seen.any(axis=1).tolist() == [i in seen for i in range(count)]
    assert len(track.time_s) == len(track.score) == count
    assert not track.score[[i not in seen for i in range(count)]].any()
    worlds = [i for i in sorted(seen) if i % 2 == 0]
    if worlds:
        assert track.world_m is not None
        np.testing.assert_array_equal(
            np.flatnonzero(np.isfinite(track.world_m).all(axis=(1, 2))), worlds
        )
