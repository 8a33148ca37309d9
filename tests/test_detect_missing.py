"""People who were lost just now are looked for where they should be."""

import math

import pytest

from monomocap.detect.mediapipe_graphs import Region
from monomocap.detect.missing import MISSING_S, Missing, covers, gone_on, paced, surprise


def at(x: float, side: float = 200.0) -> Region:
    return Region(x, 100.0, side)


def test_a_pace_settles_on_what_is_walked() -> None:
    pace, before = (0.0, 0.0), at(0.0)
    for frame in range(1, 60):
        now = at(4.0 * frame)
        pace, before = paced(pace, before, now, 0.04), now
    assert pace == pytest.approx((100.0, 0.0), rel=1e-3)
    assert paced(pace, before, at(0.0), 0.0) == pace  # no time, no news


def test_who_was_lost_goes_on_as_they_went_and_is_given_up() -> None:
    missing = Missing()
    assert not missing and missing.expected(0.0) == []
    missing.lose(at(300.0), (50.0, -10.0), 2.0)
    (region,) = missing.expected(2.5)
    assert (region.x_px, region.y_px, region.side_px) == (325.0, 95.0, 200.0)
    assert missing.expected(2.0 + MISSING_S) == []
    assert not missing


def test_who_is_found_where_they_should_be_is_not_missing() -> None:
    missing = Missing()
    missing.lose(at(300.0), (100.0, 0.0), 0.0)
    missing.lose(at(800.0), (0.0, 0.0), 0.0)
    missing.found([at(345.0)], 0.5)
    assert [region.x_px for region in missing.expected(0.5)] == [800.0]


def test_another_place_or_another_size_is_somebody_else() -> None:
    assert covers(at(300.0), at(315.0, 230.0))
    assert not covers(at(300.0), at(330.0))
    assert not covers(at(300.0), at(300.0, 320.0))


def test_the_expected_is_no_surprise() -> None:
    assert surprise(at(300.0), at(300.0)) == 0
    assert surprise(at(300.0), at(320.0)) == pytest.approx(0.1)
    assert surprise(at(300.0), at(300.0, 400.0)) == pytest.approx(math.log(2) / 2)
    assert gone_on(at(300.0), (10.0, 0.0), math.inf) == at(300.0)
