"""How sure a joint's place in 3D is: the probability that it is right to ten centimetres.

A logistic model of what can be known without the truth: how sure the 2D was, how far the 3D joint
lies from where it was seen, how much the lifter's answer trembles, how far the joint reaches along
the line of sight, where nobody can measure it, and how far out on its limb it is. It was fitted on
three people whom no lifter was taught, and is measured on three others:

    python -m benchmarks.confidence            # ten bins, on the other three
    python -m benchmarks.confidence --fit      # the numbers below
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.geometry.smooth import local_fit
from monomocap.skeleton import Skeleton

RIGHT_M = 0.10
"""From the pelvis; a joint nearer to the truth is right."""
WEIGHTS = {
    "one": 3.197,
    "score": 1.275,
    "pose score": 1.275,
    "off": -0.281,
    "pose off": -1.725,
    "tremble": -0.654,
    "depth": -0.01,
    "middle": -1.508,
    "end": -2.162,
}
"""Of each feature; fitted."""
_STEP_M = 0.01
_PIECE_FRAMES = 2000
_SIGMA_S = 0.08
_ENDS = ("ankle", "wrist", "foot", "heel", "toe", "hand")
_MIDDLES = ("knee", "elbow", "head", "neck", "shoulder")


@dataclass(frozen=True)
class Evidence:
    """What is known of one person's joints."""

    xyz_m: Float[np.ndarray, "time joint 3"]
    """From the pelvis, camera axes."""
    lifted_m: Float[np.ndarray, "time joint 3"]
    """As the lifter answered, before smoothing."""
    score: Float[np.ndarray, "time joint"]
    """Of the 2D, 0 to 1; 0 where the joint was not seen."""
    off_m: Float[np.ndarray, "time joint"]
    """From the joint to the ray along which it was seen; NaN where it was not."""
    time_s: Float[np.ndarray, " time"]
    skeleton: Skeleton

    def part(self, frames: slice) -> "Evidence":
        """Some of the frames, to compute with."""
        arrays = (self.xyz_m, self.lifted_m, self.score, self.off_m)
        xyz_m, lifted_m, score, off_m = (a[frames].astype(np.float64) for a in arrays)
        return Evidence(xyz_m, lifted_m, score, off_m, self.time_s[frames], self.skeleton)


def confidence(known: Evidence) -> Float[np.ndarray, "time joint"]:
    """0 to 1; 0 where there is no joint."""
    sure = np.zeros(known.score.shape, np.float32)
    for begin in range(0, len(sure), _PIECE_FRAMES):
        part = slice(begin, begin + _PIECE_FRAMES)
        sure[part] = 1 / (1 + np.exp(-(features(known.part(part)) @ np.array([*WEIGHTS.values()]))))
    sure[~np.isfinite(known.xyz_m).all(axis=-1)] = 0.0
    return sure


def features(known: Evidence) -> Float[np.ndarray, "time joint feature"]:
    """What `WEIGHTS` weighs, in its order; finite everywhere."""
    shape = known.score.shape
    seen = np.isfinite(known.off_m)
    off = np.log1p(np.where(seen, np.abs(known.off_m), 0.0) / _STEP_M)
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    tremble = np.linalg.norm(
        known.lifted_m - local_fit(known.lifted_m, known.time_s, known.time_s, _SIGMA_S), axis=-1
    )
    words = [joint.split("_", 1)[-1] for joint in known.skeleton.joints]
    columns = (
        np.ones(shape),
        known.score,
        known.score.mean(axis=1, keepdims=True),
        off,
        off.sum(axis=1, keepdims=True) / count,
        np.log1p(np.nan_to_num(tremble) / _STEP_M),
        np.abs(np.nan_to_num(known.xyz_m[..., 2])),
        np.array([float(any(m in word for m in _MIDDLES)) for word in words]),
        np.array([float(any(e in word for e in _ENDS)) for word in words]),
    )
    return np.stack([np.broadcast_to(column, shape) for column in columns], axis=-1)
