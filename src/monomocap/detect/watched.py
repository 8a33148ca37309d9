"""A detector that somebody looks over the shoulder of."""

from collections.abc import Callable
from types import TracebackType

from monomocap.detect.protocol import Detector
from monomocap.skeleton import Skeleton
from monomocap.types import Frame, Person2D


class Watched:
    """Answers as the detector does, frame by frame, and tells every answer at once."""

    def __init__(self, detector: Detector, tell: Callable[[Frame, list[Person2D]], None]) -> None:
        self._detector = detector
        self._tell = tell

    @property
    def name(self) -> str:
        """The detector's."""
        return self._detector.name

    @property
    def skeleton(self) -> Skeleton:
        """The detector's."""
        return self._detector.skeleton

    @property
    def device(self) -> str:
        """The detector's."""
        return self._detector.device

    @property
    def weights(self) -> dict[str, str]:
        """The detector's."""
        return self._detector.weights

    def __call__(self, frame: Frame) -> list[Person2D]:
        """The people in this frame."""
        people = self._detector(frame)
        self._tell(frame, people)
        return people

    def close(self) -> None:
        """Whoever opened the detector closes it."""

    def __enter__(self) -> "Watched":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
