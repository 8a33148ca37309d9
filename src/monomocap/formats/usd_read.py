"""USD files of our own, read back: the bodies that `formats.usd` wrote, and how they turn.

What USD has no word for stands in the prims' custom data under `MAKER`. Which axes a file is in is
told by its up axis and by the side on which the left hip lies at rest.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from monomocap.errors import FormatError
from monomocap.formats.presets import AXES, Axes
from monomocap.formats.rigged import read_rigged
from monomocap.geometry.rig import RIG, Rest, Rigged

PEOPLE = "/people"
MAKER, FIRST_FRAME, PERSON, HEAD_SHARE = "monomocap", "first_frame_s", "person", "head_share"
"""Keys of custom data: the video's time of frame 0, a person's number, and where on the last bone
the ears are."""
_LEFT_HIP = RIG.index("left_hip")


def read_people(path: Path) -> list[Rigged]:
    """Everybody in a file, in the world, at the video's own times; NaN where invisible.

    Raises `FormatError` for a stage of another program, and what `reading` knows for a damaged one.
    """
    from pxr import Tf

    with path.open("rb"):  # a missing file is an OSError
        pass
    try:
        return _read(path)
    except (RuntimeError, Tf.ErrorException) as error:
        raise FormatError(f"{path} is no USD that can be read; make it again") from error


def _read(path: Path) -> list[Rigged]:
    from pxr import Usd

    stage = Usd.Stage.Open(str(path))
    top = stage.GetPrimAtPath(PEOPLE)
    told = top.GetCustomDataByKey(MAKER) if top else None
    if told is None:
        raise FormatError(
            f"{path} was written by another program; only monomocap's USD are read: export it as "
            f"BVH"
        )
    return [_person(stage, prim, float(told[FIRST_FRAME])) for prim in top.GetChildren()]


def _person(stage: Any, prim: Any, start_s: float) -> Rigged:
    from pxr import UsdSkel

    told = prim.GetCustomDataByKey(MAKER)
    skeleton = UsdSkel.Skeleton(prim.GetChild("skeleton"))
    motion = UsdSkel.Animation(prim.GetChild("motion"))
    rest = [matrix.ExtractTranslation() for matrix in skeleton.GetRestTransformsAttr().Get()]
    offsets = _of_joints(np.array(rest, float), 3)
    axes = _axes(stage, offsets[_LEFT_HIP])
    offsets[0] = 0.0
    codes = motion.GetTranslationsAttr().GetTimeSamples()
    moved = [motion.GetTranslationsAttr().Get(code)[0] for code in codes]
    turned = [np.array(motion.GetRotationsAttr().Get(code), float) for code in codes]
    return read_rigged(
        int(told[PERSON]),
        start_s + np.array(codes) / stage.GetTimeCodesPerSecond(),
        axes.world_points(np.array(moved, float)),
        axes.world_rotations(np.stack([_of_joints(turns, 4) for turns in turned])),
        Rest(axes.world_points(offsets), head_share=float(told[HEAD_SHARE])),
        _invisible(prim, codes),
    )


def _of_joints(values: np.ndarray, width: int) -> Float[np.ndarray, "27 width"]:
    if values.shape != (len(RIG), width):
        raise ValueError(f"a body of ours has {len(RIG)} joints, not {len(values)}")
    return values


def _axes(stage: Any, left: Float[np.ndarray, "3"]) -> Axes:
    """Of all programs' axes those with this way up and this way to the left."""
    from pxr import UsdGeom

    up = UsdGeom.GetStageUpAxis(stage).lower()
    axis = int(np.abs(left).argmax())
    to_left = ("-" if left[axis] < 0 else "") + "xyz"[axis]
    for axes in AXES.values():
        if axes.right_handed and (axes.up, axes.left) == (up, to_left):
            per_metre = 1 / UsdGeom.GetStageMetersPerUnit(stage)
            return Axes(axes.name, axes.ahead, up, to_left, per_metre)
    raise ValueError(f"no program has {up} up and a body's left at {to_left}")


def _invisible(prim: Any, codes: list[float]) -> Bool[np.ndarray, " time"]:
    from pxr import UsdGeom

    shown = UsdGeom.Imageable(prim)
    return np.array(
        [shown.ComputeVisibility(code) == UsdGeom.Tokens.invisible for code in codes], bool
    )
