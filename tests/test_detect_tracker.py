"""Who is who: crossing, hidden, away for long, dressed alike."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from monomocap.detect.looks import looks_of, unlike
from monomocap.detect.tracker import Tracker
from monomocap.skeleton import COCO17
from monomocap.types import Person2D
from tests.fakes import _STANDING

WIDTH, HEIGHT = 640, 360
RED, BLUE, BLACK = (200, 30, 30), (30, 40, 200), (20, 20, 20)
Cloth = tuple[int, int, int]
Cast = list[tuple[float, float, Cloth]]
"""x, height and clothes of everybody in a frame; who comes first stands in front."""


def person(x: float, height: float = 160.0) -> Person2D:
    xy = ((_STANDING - [0.5, 0.5]) * [height / 2, height] + [x, 180]).astype(np.float32)
    box = np.concatenate([xy.min(axis=0), xy.max(axis=0)])
    return Person2D(xy, np.full(17, 0.9, np.float32), box)


def picture(cast: Cast) -> np.ndarray:
    rgb = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    for x, height, cloth in cast[::-1]:
        left, right = (int(np.clip(x + side * height / 5, 0, WIDTH)) for side in (-1, 1))
        rgb[int(180 - height / 2) : int(180 + height / 2), left:right] = cloth
    return rgb


def numbers(
    story: Callable[[float], Cast],
    seconds: Iterable[float],
    missed: Callable[[float, int], bool] = lambda time_s, actor: False,
) -> list[dict[int, int]]:
    """For each moment actor -> number; an actor is missed while `missed` says so."""
    tracker, out = Tracker(COCO17), []
    for time_s in seconds:
        cast = story(float(time_s))
        actors = [i for i in range(len(cast)) if not missed(float(time_s), i)]
        given = tracker(float(time_s), [person(*cast[i][:2]) for i in actors], picture(cast))
        out.append(dict(zip(actors, given, strict=True)))
    return out


def one_number_each(story: list[dict[int, int]]) -> bool:
    seen = {(actor, number) for moment in story for actor, number in moment.items()}
    actors = {actor for actor, _ in seen}
    return len(seen) == len(actors) == len({number for _, number in seen})


def clock(seconds: float, fps: float) -> np.ndarray:
    return np.arange(round(seconds * fps)) / fps


@pytest.mark.parametrize("fps", [10.0, 30.0, 60.0])
@pytest.mark.parametrize("cloth", [BLUE, RED], ids=["other clothes", "the same clothes"])
def test_two_who_cross_keep_their_numbers(fps: float, cloth: Cloth) -> None:
    def story(t: float) -> Cast:
        return [(120 + 100 * t, 160, RED), (520 - 100 * t, 150, cloth)]

    def hidden(t: float, actor: int) -> bool:
        return actor == 1 and abs(120 + 100 * t - (520 - 100 * t)) < 40

    assert one_number_each(numbers(story, clock(4, fps)))
    assert one_number_each(numbers(story, clock(4, fps), hidden))


def test_two_who_meet_and_turn_back_are_told_apart_by_their_clothes() -> None:
    def story(t: float) -> Cast:
        way = 90 * min(t, 4 - t)
        return [(140 + way, 160, RED), (500 - way, 160, BLUE)]

    def both_lost(t: float, actor: int) -> bool:
        return abs(t - 2) < 0.3

    assert one_number_each(numbers(story, clock(4, 20), both_lost))


@pytest.mark.parametrize("hidden_s", [0.2, 1.0, 1.6])
def test_a_walker_is_known_again_behind_a_pillar(hidden_s: float) -> None:
    seen = numbers(
        lambda t: [(60 + 110 * t, 160, RED)],
        clock(4.5, 30),
        lambda t, actor: abs(t - 2) < hidden_s / 2,
    )
    assert one_number_each(seen)


def test_a_bystander_does_not_take_over_who_is_gone() -> None:
    """The red one vanishes on the way to where the blue one stands."""
    seen = numbers(
        lambda t: [(200 + 60 * t if t < 2.55 else -500, 160, RED), (400, 120, BLUE)],
        clock(5, 20),
        lambda t, actor: (actor == 0 and t > 2.5) or (actor == 1 and t < 2.5),
    )
    assert one_number_each(seen)


def test_who_comes_back_after_long_where_they_left_dressed_as_they_were_is_known() -> None:
    away = numbers(lambda t: [(300, 160, RED)], clock(12, 10), lambda t, actor: 3 < t < 9)
    assert one_number_each(away)


@pytest.mark.parametrize(("x", "cloth"), [(300, BLUE), (560, RED)])
def test_somebody_else_after_long_is_somebody_new(x: float, cloth: Cloth) -> None:
    """Other clothes, or the same ones far from where the first was last seen."""
    seen = numbers(
        lambda t: [(300, 160, RED)] if t < 4 else [(x, 160, cloth)],
        clock(12, 10),
        lambda t, actor: 3 < t < 9,
    )
    assert seen[0][0] == 0 and seen[-1][0] == 1


def test_newcomers_are_numbered_with_the_larger_first() -> None:
    (first,) = numbers(lambda t: [(100, 80, RED), (300, 170, BLUE), (500, 120, RED)], [0.0])
    assert first == {1: 0, 2: 1, 0: 2}


def test_clothes_are_like_themselves_and_unlike_others() -> None:
    def looks(cloth: Cloth, x: float) -> np.ndarray:
        return looks_of(picture([(x, 160, cloth)]), person(x), COCO17)

    assert unlike(looks(RED, 200), looks(RED, 400)) < 0.05
    assert unlike(looks(RED, 200), looks(BLUE, 200)) > 0.5
    assert unlike(looks(BLACK, 200), looks(BLUE, 200)) > 0.25
    outside = looks_of(picture([]), person(-400), COCO17)
    assert not outside.any() and unlike(outside, looks(RED, 200)) == 0.5


def test_a_person_without_trunk_or_thighs_has_no_clothes_to_know_them_by() -> None:
    half = person(300)
    half.xy_px[[COCO17.index("left_hip"), COCO17.index("right_hip")]] = np.nan
    assert not looks_of(picture([(300, 160, RED)]), half, COCO17).any()
