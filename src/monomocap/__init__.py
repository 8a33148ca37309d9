"""monomocap: an ordinary video in, the 3D motion of the people in it out.

    take = monomocap.estimate("walk.mp4")
    take.motions[0].xyz_m, take.motions[0].time_s
    monomocap.save(take, "walk.npz")

Names are loaded when first used, so that importing the package is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monomocap.errors import MonomocapError as MonomocapError
    from monomocap.formats import load as load
    from monomocap.formats import model_card_output as model_card_output
    from monomocap.formats import save as save
    from monomocap.options import Options as Options
    from monomocap.pipeline import estimate as estimate
    from monomocap.types import Camera as Camera
    from monomocap.types import Motion3D as Motion3D
    from monomocap.types import Take as Take
    from monomocap.types import Track2D as Track2D

__version__ = "0.1.0"

_HOME = {
    "Camera": "types",
    "MonomocapError": "errors",
    "Motion3D": "types",
    "Options": "options",
    "Take": "types",
    "Track2D": "types",
    "estimate": "pipeline",
    "load": "formats",
    "model_card_output": "formats",
    "save": "formats",
}
__all__ = ["__version__", *sorted(_HOME)]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'monomocap' has no attribute {name!r}")
    return getattr(import_module(f"monomocap.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
