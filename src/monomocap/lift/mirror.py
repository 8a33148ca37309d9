"""The same pose in a mirror, for averaging a network's answer with its mirrored one."""

import numpy as np
from jaxtyping import Float

from monomocap.skeleton import Skeleton


def mirrored(
    planes: Float[np.ndarray, "batch channel time joint"], skeleton: Skeleton
) -> Float[np.ndarray, "batch channel time joint"]:
    """x turned round, left and right joints exchanged; other channels stay. Returns a copy."""
    out = planes[..., list(skeleton.mirror)]
    out[:, 0] *= -1
    return out
