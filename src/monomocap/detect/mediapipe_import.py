"""MediaPipe's pose solution, imported without the rest of MediaPipe.

`import mediapipe` also imports OpenCV (which wants libGL, absent from slim containers), matplotlib
and its newer Tasks API; the pose solution uses none of them. So the two packages whose `__init__`
asks for all that are entered without running it. It runs when somebody asks such a package for a
name, as `mediapipe.solutions`: to other code MediaPipe looks as if it had been imported plainly.
"""

import importlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from monomocap.errors import MissingDependency

_HEAVY_PACKAGES = ("mediapipe", "mediapipe.python.solutions")


def pose_class() -> Any:
    """`mediapipe.solutions.pose.Pose`; raises `MissingDependency` if it cannot be had."""
    return _pose_module().Pose


def solution_base() -> Any:
    """`mediapipe.python.solution_base.SolutionBase`, which `Pose` is made of."""
    _pose_module()
    return sys.modules["mediapipe.python.solution_base"].SolutionBase


def _pose_module() -> ModuleType:
    entered = [package for name in _HEAVY_PACKAGES if (package := _enter(name))]
    try:
        pose = importlib.import_module("mediapipe.python.solutions.pose")
    except (ImportError, OSError) as error:
        for package in entered:
            sys.modules.pop(package.__name__, None)
        raise MissingDependency(
            f"MediaPipe's pose estimator cannot be loaded ({error}); "
            "install it with: pip install mediapipe==0.10.21"
        ) from error
    for package in entered:
        package.__class__ = _Deferred
    return pose


def _enter(name: str) -> ModuleType | None:
    """A package put in place without running its `__init__`; None if it is there, or nowhere."""
    if name in sys.modules:
        return None
    parent, _, child = name.rpartition(".")
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    if spec is None:
        return None
    package = sys.modules[name] = importlib.util.module_from_spec(spec)
    if parent:
        setattr(sys.modules[parent], child, package)
    return package


class _Deferred(ModuleType):
    """A package that runs its `__init__` when it is first asked for a name it does not have."""

    __spec__: ModuleSpec

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        loader = self.__spec__.loader
        assert loader is not None
        self.__class__ = ModuleType  # type: ignore[assignment]  # from here on an ordinary one
        try:
            loader.exec_module(self)
        except BaseException:
            self.__class__ = _Deferred
            raise
        return getattr(self, name)
