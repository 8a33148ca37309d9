"""Decoding beside the work: the next frames are made ready, or the newest one is kept ready."""

import math
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")
FRAMES_AHEAD = 3
"""Enough to even out frames that take longer (key frames); 4K frames are 25 MB each."""


def ahead(items: Iterable[T], most: int = FRAMES_AHEAD) -> Generator[T, None, None]:
    """The same items in the same order, fetched by a thread, at most `most` before they are wanted.

    An error of the source is raised here, where it would have been without the thread. When the
    consumer stops early, the thread stops at its next item and closes the source.
    """
    fetching = _Fetching(items, most)
    fetching.thread.start()
    try:
        while (item := fetching.ready.get()) is not _END:
            yield item  # type: ignore[misc]
        if fetching.error is not None:
            raise fetching.error
    finally:
        fetching.stop()


def newest(items: Iterable[T], stopped: Callable[[], bool]) -> Generator[T, None, None]:
    """Always the newest item, for sources that do not wait; what nobody came for is let go.

    Ends with the source, or when `stopped()` says so, which is asked while waiting, too. Then the
    thread stops at its next item and closes the source; one that hangs in its source is left to it
    after `PATIENCE_S`.
    """
    fetching = _Fetching(items, 1, wait=False)
    fetching.thread.start()
    try:
        while not stopped():
            try:
                item = fetching.ready.get(timeout=LOOK_UP_S)
            except queue.Empty:
                continue
            if item is _END:
                break
            yield item  # type: ignore[misc]
        if fetching.error is not None:
            raise fetching.error
    finally:
        fetching.stop(PATIENCE_S)


LOOK_UP_S = 0.1
"""How often somebody who waits for the next item looks whether to go on."""
PATIENCE_S = 2.0
_END = object()


class _Fetching(Generic[T]):
    """The thread, what it has fetched, and the error that ended it, if one did."""

    def __init__(self, items: Iterable[T], most: int, *, wait: bool = True) -> None:
        """`wait` for room; or else make some by letting the oldest item go."""
        self.ready: queue.Queue[T | object] = queue.Queue(most)
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._fetch, args=(items,), daemon=True)
        self._wait = wait
        self._stopped = False

    def _fetch(self, items: Iterable[T]) -> None:
        source = iter(items)
        try:
            for item in source:
                self._put(item)
                if self._stopped:
                    break
        except BaseException as error:  # noqa: BLE001  # raised again by the consumer
            self.error = error
        finally:
            if self._stopped and (close := getattr(source, "close", None)):
                close()
            if not self._stopped:
                self.ready.put(_END)

    def _put(self, item: T) -> None:
        if not self._wait:
            with suppress(queue.Empty):
                self.ready.get_nowait()
        self.ready.put(item)

    def stop(self, patience_s: float = math.inf) -> None:
        """Let the thread finish, and wait for it, so long."""
        self._stopped = True
        until = time.monotonic() + patience_s
        while self.thread.is_alive() and time.monotonic() < until:
            try:
                self.ready.get(timeout=0.01)
            except queue.Empty:
                continue
