"""A camera that moves is noticed, and people who move are not taken for it."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from monomocap.detect.background import WARN_SHARE, Background
from monomocap.skeleton import COCO17
from monomocap.types import Frame, Track2D

WIDTH, HEIGHT = 640, 360
SCENE = gaussian_filter(np.random.default_rng(0).uniform(0, 255, (HEIGHT + 400, WIDTH + 900)), 3)
SCENE = ((SCENE - SCENE.mean()) * 6 + 128).clip(0, 255).astype(np.uint8)


def frames(way: Callable[[int], tuple[int, int]], count: int = 120) -> Iterator[Frame]:
    """A camera that looks at a part of the scene, with noise."""
    rng = np.random.default_rng(1)
    for index in range(count):
        x, y = way(index)
        part = SCENE[y : y + HEIGHT, x : x + WIDTH].astype(int)
        grey = (part + rng.normal(0, 4, part.shape).astype(int)).clip(0, 255).astype(np.uint8)
        yield Frame(index, index / 30, np.stack([grey] * 3, axis=-1))


def moved(way: Callable[[int], tuple[int, int]], tracks: tuple[Track2D, ...] = ()) -> float | None:
    background = Background()
    for _ in background.passing(frames(way)):
        pass
    return background.moved(tracks)


def test_a_camera_that_stands_still_has_not_moved() -> None:
    assert moved(lambda index: (100, 100)) == 0.0


@pytest.mark.parametrize("speed", [0.5, 2.0, 6.0])
def test_a_camera_that_turns_is_noticed(speed: float) -> None:
    share = moved(lambda index: (int(speed * index), 100))
    assert share is not None and share > 3 * WARN_SHARE


def test_a_hand_that_shakes_a_camera_is_noticed() -> None:
    walk = np.cumsum(np.random.default_rng(2).normal(0, 3, (120, 2)), axis=0).clip(-80, 80)
    share = moved(lambda index: (int(100 + walk[index, 0]), int(100 + walk[index, 1])))
    assert share is not None and share > WARN_SHARE


def test_somebody_large_who_walks_through_is_not_the_camera() -> None:
    """The background stands still; the picture's middle, where somebody is seen, runs past."""
    background = Background()
    xy_px = np.tile(
        np.array([[200.0, 20.0], [440.0, 340.0]])[None].repeat(9, 1)[:, :17], (120, 1, 1)
    )

    def busy() -> Iterator[Frame]:
        for frame in frames(lambda index: (100, 100)):
            rgb = frame.rgb.copy()
            rgb[20:340, 200:440] = SCENE[20:340, 5 * frame.index :][:, :240, None]
            yield Frame(frame.index, frame.time_s, rgb)

    for _ in background.passing(busy()):
        pass
    times = np.arange(120) / 30
    person = Track2D(0, times, xy_px.astype(np.float32), np.ones((120, 17)), COCO17)
    assert background.moved((person,)) == 0.0


def test_a_picture_without_anything_to_see_tells_nothing() -> None:
    background = Background()
    grey = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    for _ in background.passing(Frame(i, i / 30, grey) for i in range(60)):
        pass
    assert background.moved(()) is None
    tiny = np.zeros((20, 20, 3), np.uint8)
    for _ in background.passing(Frame(i, 10 + i / 30, tiny) for i in range(60)):
        pass
    assert background.moved(()) is None
