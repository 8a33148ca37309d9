"""What every lifter promises, so that one can stand in for another."""

from typing import Protocol, runtime_checkable

from monomocap.skeleton import Skeleton
from monomocap.types import Camera, Motion3D, Track2D


@runtime_checkable
class Lifter(Protocol):
    """Turns one person's 2D track into 3D motion: one pose per frame, gaps stay gaps."""

    @property
    def name(self) -> str:
        """As in `monomocap.lift.catalogue.LIFTERS`."""

    @property
    def skeleton(self) -> Skeleton:
        """The joints of every motion it returns."""

    @property
    def device(self) -> str:
        """What really computes, e.g. 'cpu': not what was asked for."""

    @property
    def weights(self) -> dict[str, str]:
        """File name -> SHA-256 of the weights in use; empty when there are none."""

    def __call__(self, track: Track2D, camera: Camera) -> Motion3D:
        """Metres from the pelvis, in the camera's axes, one pose per frame of the track."""


@runtime_checkable
class Settings(Protocol):
    """What a lifter from a published folder offers besides: the numbers that the folder states."""

    settings: dict[str, str]
    """Name -> value, as text."""
