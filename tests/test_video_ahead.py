"""Fetching ahead changes when things happen, and nothing else."""

import threading
import time
from collections.abc import Iterator

import pytest

from monomocap.errors import VideoError
from monomocap.video.ahead import ahead


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 100])
@pytest.mark.parametrize("most", [1, 3])
def test_the_same_items_in_the_same_order(count: int, most: int) -> None:
    assert list(ahead(range(count), most)) == list(range(count))


def test_an_error_comes_after_the_items_before_it() -> None:
    def source() -> Iterator[int]:
        yield 1
        yield 2
        raise VideoError("cut short")

    got = []
    with pytest.raises(VideoError, match="cut short"):
        for item in ahead(source()):
            got.append(item)
    assert got == [1, 2]


def test_no_more_than_promised_is_fetched_before_it_is_wanted() -> None:
    fetched = []

    def source() -> Iterator[int]:
        for i in range(100):
            fetched.append(i)
            yield i

    items = ahead(source(), most=3)
    for wanted in range(10):
        assert next(items) == wanted
        time.sleep(0.005)
        assert len(fetched) <= wanted + 1 + 3 + 1  # in hand, waiting, and one that waits for room
    items.close()
    assert len(fetched) < 20


def test_who_stops_early_closes_the_source_and_ends_the_thread() -> None:
    closed = threading.Event()

    def source() -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            closed.set()

    before = threading.active_count()
    items = ahead(source())
    assert next(items) == 0
    items.close()
    assert closed.is_set()
    assert threading.active_count() == before


def test_the_next_item_is_made_while_this_one_is_used() -> None:
    def source() -> Iterator[str]:
        for _ in range(3):
            time.sleep(0.02)
            yield threading.current_thread().name

    names = set(ahead(source()))
    assert names and threading.current_thread().name not in names
