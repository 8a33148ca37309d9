"""What every 2D estimator promises, so that one can stand in for another."""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, runtime_checkable

from monomocap.skeleton import Skeleton
from monomocap.types import Frame, Person2D


@runtime_checkable
class Detector(Protocol):
    """Finds the people in one picture after another; a context manager.

    It may remember earlier frames (tracking), so one detector serves one video, in order.
    """

    @property
    def name(self) -> str:
        """As in `monomocap.detect.catalogue.DETECTORS`."""

    @property
    def skeleton(self) -> Skeleton:
        """The joints of every `Person2D` it returns."""

    @property
    def device(self) -> str:
        """What really computes, e.g. 'cpu': not what was asked for."""

    @property
    def weights(self) -> dict[str, str]:
        """File name -> SHA-256 of the weights in use."""

    def __call__(self, frame: Frame) -> list[Person2D]:
        """The people in this frame; an empty list when there is nobody."""

    def close(self) -> None:
        """Let go of networks and threads; closing twice is fine."""

    def __enter__(self) -> "Detector": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@runtime_checkable
class DetectsBatches(Protocol):
    """What a detector may offer besides: several frames at once, because that is quicker."""

    batch_frames: int
    """How many frames it wants at once, at most."""

    def detect_batch(self, frames: Sequence[Frame]) -> list[list[Person2D]]:
        """The people in each of these frames, which follow each other in the video."""
