"""Decoding ahead: the next frames are made ready while somebody works on this one."""

import queue
import threading
from collections.abc import Generator, Iterable
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


_END = object()


class _Fetching(Generic[T]):
    """The thread, what it has fetched, and the error that ended it, if one did."""

    def __init__(self, items: Iterable[T], most: int) -> None:
        self.ready: queue.Queue[T | object] = queue.Queue(most)
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._fetch, args=(items,), daemon=True)
        self._stopped = False

    def _fetch(self, items: Iterable[T]) -> None:
        source = iter(items)
        try:
            for item in source:
                self.ready.put(item)
                if self._stopped:
                    break
        except BaseException as error:  # noqa: BLE001  # raised again by the consumer
            self.error = error
        finally:
            if self._stopped and (close := getattr(source, "close", None)):
                close()
            if not self._stopped:
                self.ready.put(_END)

    def stop(self) -> None:
        """Let the thread finish, and wait for it."""
        self._stopped = True
        while self.thread.is_alive():
            try:
                self.ready.get(timeout=0.01)
            except queue.Empty:
                continue
