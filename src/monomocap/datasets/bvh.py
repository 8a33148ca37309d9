"""BVH files as motion capture; what public collections are known to get wrong is put right."""

from pathlib import Path
from typing import Literal

import numpy as np

from monomocap.datasets.body import demand_above_0, origin, thinning, true_fps
from monomocap.datasets.mocap import MocapClip, world_motion, z_up
from monomocap.errors import DataError
from monomocap.formats.body_names import Body, find_body
from monomocap.formats.bvh_tree import (
    BvhTree,
    joints17,
    read_bvh,
    rest_up,
    ten_frames,
    with_lost_bone,
)
from monomocap.formats.captured import measure_unit


def read_bvh_clip(
    path: Path,
    *,
    metres_per_unit: float | None = None,
    up: Literal["y", "z"] | None = None,
    first_frame_is_t_pose: bool | None = None,
) -> MocapClip:
    """A BVH file as a clip of H36M-17 joints, at most 60 frames/s.

    What is not said is found out: the unit from the length of arms and legs, the up axis from the
    skeleton's own pose, and a T-pose before the first frame by the jump that ends it. What is
    known to be wrong is put right: `with_lost_bone`, `body.true_fps`.
    """
    demand_above_0(metres_per_unit=metres_per_unit)
    bvh = with_lost_bone(read_bvh(path))
    try:
        body = find_body([j.name for j in bvh.joints], [j.parent for j in bvh.joints])
        unit = metres_per_unit or measure_unit(joints17(bvh, body, ten_frames(bvh)))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    begin = _motion_begins(bvh, body, unit, first_frame_is_t_pose)
    whose = origin(path.stem, "bvh")
    fps = true_fps(whose, bvh.fps)
    step = thinning(fps)
    xyz = (joints17(bvh, body, slice(begin, None, step)) * unit).astype(np.float32)
    upright = xyz if (up or rest_up(bvh, body)) == "z" else z_up(xyz)
    motion = world_motion(upright, fps / step)
    return MocapClip(path.stem, whose.source, whose.subject, whose.licence, motion)


def _motion_begins(bvh: BvhTree, body: Body, unit: float, t_pose: bool | None) -> int:
    """0, or 1 where the first frame is a pose put before the recording.

    Such a pose gives itself away by a jump that nobody can make: joints move at 4 m/s and more on
    average, and at less than a third of that one frame later.
    """
    if t_pose is not None or len(bvh.values) < 3:
        return int(bool(t_pose) and len(bvh.values) > 1)
    xyz = joints17(bvh, body, slice(0, 3)) * unit
    first, second = np.linalg.norm(np.diff(xyz, axis=0), axis=-1).mean(axis=1) * bvh.fps
    return int(first > 4.0 and first > 3 * second)
