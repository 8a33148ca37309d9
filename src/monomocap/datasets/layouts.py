"""The joints of the benchmarks, in their files' order, under our names."""

import numpy as np
from jaxtyping import Float

from monomocap.skeleton import COCO17, H36M17, Skeleton, convert


def _layout(name: str, joints: str) -> Skeleton:
    """Joints by name; parents are not used in conversions and hang from the first joint."""
    names = tuple(joints.split())
    return Skeleton(name, names, (-1, *([0] * (len(names) - 1))))


MPII16 = _layout(
    "mpii16",
    "right_ankle right_knee right_hip left_hip left_knee left_ankle pelvis spine thorax head "
    "right_wrist right_elbow right_shoulder left_shoulder left_elbow left_wrist",
)
"""Stacked hourglass fine-tuned on Human3.6M, under Martinez et al.'s names (2017)."""

HUMANEVA15 = _layout(
    "humaneva15",
    "pelvis thorax left_shoulder left_elbow left_wrist right_shoulder right_elbow right_wrist "
    "left_hip left_knee left_ankle right_hip right_knee right_ankle head",
)
"""HumanEva-I as VideoPose3D stores it."""

MPI17 = _layout(
    "mpi17",
    "head thorax right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist "
    "right_hip right_knee right_ankle left_hip left_knee left_ankle pelvis spine neck",
)
"""MPI-INF-3DHP's test set; its 'head' stands where Human3.6M has neck/nose."""

MPI28_TO_H36M17 = (4, 23, 24, 25, 18, 19, 20, 3, 5, 6, 7, 9, 10, 11, 14, 15, 16)
"""MPI-INF-3DHP's 28 training joints on Human3.6M's 17 (HDFormer's preparation)."""

SMPL24 = _layout(
    "smpl24",
    "pelvis left_hip right_hip spine1 left_knee right_knee spine left_ankle right_ankle spine3 "
    "left_foot right_foot thorax left_collar right_collar head left_shoulder right_shoulder "
    "left_elbow right_elbow left_wrist right_wrist left_hand right_hand",
)
"""SMPL's joints, of which 3DPW's truth is made."""

LAYOUTS = {
    "h36m": H36M17,
    "h36m17": H36M17,
    "coco": COCO17,
    "coco17": COCO17,
    "mpii": MPII16,
    "mpii16": MPII16,
    "humaneva15": HUMANEVA15,
}
"""What files of 2D detections call them."""

HUMAN36M_17_OF_32 = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)


def by_name(
    values: Float[np.ndarray, "time joint dim"], layout: Skeleton
) -> Float[np.ndarray, "time 17 dim"]:
    """The joints that a layout has, on H36M17; NaN for those it lacks: a truth is never made up."""
    out = np.full((len(values), len(H36M17), values.shape[-1]), np.nan)
    for number, joint in enumerate(H36M17.joints):
        if joint in layout.joints:
            out[:, number] = values[:, layout.index(joint)]
    return out


def completed(
    values: Float[np.ndarray, "time joint dim"], layout: Skeleton
) -> Float[np.ndarray, "time 17 dim"]:
    """The same with what a layout lacks made from its other joints, as for any detector's 2D."""
    named = by_name(values, layout)
    lacking = [n for n, joint in enumerate(H36M17.joints) if joint not in layout.joints]
    named[:, lacking] = convert(values.astype(np.float64), layout, H36M17)[:, lacking]
    return named
