"""Poses that agree with their 2D and have bones of constant length.

A network answers window by window and hedges in depth: its bones grow and shrink from frame to
frame, and where the 2D is exact its joints do not lie on their rays. Both are known to be wrong.
Each joint is put on a ray between the detector's and the network's, as near to the first as the
2D deserves; then all depths of a stretch are found at once by least squares, where

* the limbs, the hips' and the shoulders' widths keep one length, the same left and right,
* joints are not thrown about (accelerations),
* and the answer is otherwise the network's.

All terms are robust (pseudo-Huber). That a bone's length and its picture leave only two depths is
Taylor's (Computer Vision and Image Understanding, 2000); which of the two, the network decides. How
good the 2D is nobody says; but a network that has learnt from noisy 2D smooths it, and so the
distance between its answer and the 2D tells, and so does how much that distance trembles: what
does not tremble at all is no detector's. The numbers below were chosen on motion capture of
people in the training split.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import solveh_banded

from monomocap.geometry.root import FEWEST_JOINTS, normal_equations
from monomocap.geometry.trunk import trunk_from_limbs
from monomocap.skeleton import H36M17, LIMB_JOINTS

DEPTH_SD_M = 0.05
"""How far the network's answer is off in depth, times the joint's `ANSWER_SD`."""
SIDE_SD_M = 0.03
"""How far it is off sideways, times the same; and how far from the ray of an exact 2D."""
ANSWER_SD = {
    "hip": 0.2,
    "knee": 1.0,
    "ankle": 1.6,
    "shoulder": 0.5,
    "elbow": 1.2,
    "wrist": 1.6,
    "head": 0.6,
}
"""How far each joint is off as seen from the one before it: hips and shoulders from the middle of
the hips, the head from that of the shoulders. The trunk is known well, a limb is not."""
BONE_SD_M = 0.005
"""How constant a thigh, a shank, an upper arm or a forearm is."""
BONE_SHARE = 0.3
"""How much less constant they are with 2D that is off, as a share of that."""
WIDTH_SD_M = (0.002, 0.015)
"""How constant the hips' and the shoulders' widths are: shoulders move."""
LENGTH_SD = 0.1
"""How far a mean bone of the network's answer is off, as a share."""
ACCELERATION_SD_M_S2 = 20.0
SEEN_M = (0.003, 0.2)
"""The least and the most that a joint of the 2D may be off, in metres at the person."""
SEEN_BEND_M = 0.006
"""2D that lies this far from the network's answer is trusted to this: better 2D more so."""
TREMBLE_M, TREMBLE_S = 0.005, 1 / 30
"""2D is trusted the more, the less its distance from the answer trembles: less than so many metres
from one moment to the middle of those so long before and after."""
MISTAKE = 6.0
"""A joint that many times further from the answer than others are was seen wrongly."""
STEPS = 10
LEAST_GAIN = 1e-4
"""The search ends after so many steps, or when one makes the energy less by only such a share."""
PIECE, MARGIN = 900, 90
"""Frames that are solved at once, and how many more are looked at on both sides."""
_LEAST_DEPTH_M = 0.3

_JOINTS = [H36M17.index(joint) for joint in (*LIMB_JOINTS, "head")]
"""The joints that are looked for; the trunk is made of them."""
_BONES = (
    ("left_hip", "left_knee"),
    ("right_hip", "right_knee"),
    ("left_knee", "left_ankle"),
    ("right_knee", "right_ankle"),
    ("left_shoulder", "left_elbow"),
    ("right_shoulder", "right_elbow"),
    ("left_elbow", "left_wrist"),
    ("right_elbow", "right_wrist"),
    ("left_hip", "right_hip"),
    ("left_shoulder", "right_shoulder"),
)
_FROM, _TO = (
    np.array([_JOINTS.index(H36M17.index(bone[end])) for bone in _BONES]) for end in (0, 1)
)
_KIND = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 5])
"""Bones of one kind are as long as each other."""
_KINDS = np.eye(_KIND.max() + 1)[_KIND]
_BONE_SD = np.array([BONE_SD_M] * 8 + [*WIDTH_SD_M])
_HIPS, _SHOULDERS = (
    [_JOINTS.index(H36M17.index(f"{side}_{joint}")) for side in ("left", "right")]
    for joint in ("hip", "shoulder")
)
_FROM_HIPS = np.eye(len(_JOINTS))
_FROM_HIPS[:, _HIPS] -= 0.5
"""Takes joints to joints from the middle of the hips."""


def _from_before() -> Float[np.ndarray, "13 13"]:
    """Takes joints to joints from the one before them, each in its `ANSWER_SD`."""
    limb = slice(-2)  # the last two bones are across
    out = np.eye(len(_JOINTS))
    out[_TO[limb], _FROM[limb]] -= 1
    out[np.ix_([*_HIPS, *_SHOULDERS], _HIPS)] -= 0.5
    out[_JOINTS.index(H36M17.index("head")), _SHOULDERS] -= 0.5
    names = (H36M17.joints[joint].split("_")[-1] for joint in _JOINTS)
    return out / np.array([[ANSWER_SD[name]] for name in names])


_FROM_BEFORE = _from_before()

Poses = Float[np.ndarray, "time 17 3"]
Points = Float[np.ndarray, "time 13 3"]
Depths = Float[np.ndarray, "time 13"]
Thrown = Float[np.ndarray, "triple 13 3"]


def consistent(
    poses: Poses,
    ray: Float[np.ndarray, "time 17 2"],
    score: Float[np.ndarray, "time 17"],
    time_s: Float[np.ndarray, " time"],
) -> Poses:
    """The poses moved as little as it takes; metres from the pelvis, in the camera's axes.

    All at once: frames that follow each other, each with a pose (`stretches`). `ray` is x/z and y/z
    of each joint, NaN where it is not seen; `score` from 0 to 1.
    """
    if len(poses) < 3 or not _placeable(np.where(np.isfinite(ray).all(axis=-1), score, 0)).any():
        return poses
    return _Problem(poses.astype(np.float64), ray, score, time_s).solve()


def stretches(frames: int) -> Iterator[tuple[slice, slice]]:
    """Slices that cover every frame once, and each with its surroundings; all about as long."""
    count = max(1, round(frames / PIECE))
    ends = np.linspace(0, frames, count + 1).astype(int).tolist()
    for start, stop in zip(ends[:-1], ends[1:], strict=True):
        yield slice(start, stop), slice(max(0, start - MARGIN), min(frames, stop + MARGIN))


class _Problem:
    """One stretch: unknown are each joint's depth and the bones' lengths.

    Gauss-Newton steps with Levenberg and Marquardt's damping and weights for the robust terms. A
    frame meets the two before and after it only, so the equations are banded; the few lengths,
    which meet every frame, are eliminated first (a bordered system).
    """

    def __init__(
        self,
        poses: Poses,
        ray: Float[np.ndarray, "time 17 2"],
        score: Float[np.ndarray, "time 17"],
        time_s: Float[np.ndarray, " time"],
    ) -> None:
        seen = np.isfinite(ray).all(axis=-1)
        weight = np.where(seen, score, 0.0)
        root = root_on_rays(poses, np.where(seen[..., None], ray, 0.0), weight)
        placed = (poses + root[:, None])[:, _JOINTS]
        self.depth = np.maximum(placed[..., 2], _LEAST_DEPTH_M)
        answered = placed[..., :2] / self.depth[..., None]
        seen = seen[:, _JOINTS]
        off = np.where(seen[..., None], answered - ray[:, _JOINTS], 0.0)
        sd = seen_sd(off * self.depth[..., None], seen, time_s)
        trust = (seen * score[:, _JOINTS] / (sd**2 + 1e-12))[..., None]
        line = answered - off * trust / (trust + SIDE_SD_M**-2)
        self.line = np.concatenate([line, np.ones_like(line[..., :1])], axis=-1)
        """What one metre of depth is: each joint stays on this ray."""
        self.bone_sd = np.hypot(_BONE_SD, BONE_SHARE * float(np.median(sd)))
        joints = poses[:, _JOINTS]
        self.answer = _FROM_BEFORE @ joints
        away = root / np.linalg.norm(root, axis=-1, keepdims=True)
        along = away[:, :, None] * away[:, None]
        self.whiten = along / DEPTH_SD_M + (np.eye(3) - along) / SIDE_SD_M
        long = np.linalg.norm(joints[:, _TO] - joints[:, _FROM], axis=-1)
        middle = np.median(long, axis=0).clip(0.01)
        self.length = np.log(middle) @ _KINDS / _KINDS.sum(axis=0)
        before, after = np.diff(time_s[:-1]).clip(1e-3), np.diff(time_s[1:]).clip(1e-3)
        scale = 2 / (before + after) / ACCELERATION_SD_M_S2
        self.throw = scale * np.stack([1 / before, -1 / before - 1 / after, 1 / after])
        """Shares of three frames that follow each other in an acceleration."""

    def solve(self) -> Poses:
        """Where the energy is least, from the pelvis."""
        depth, length, damping = self.depth, self.length, 1e-3
        energy = self.energy(depth, length)
        for _ in range(STEPS):
            by_depth, by_length = self.step(depth, length, damping)
            further = depth + by_depth, length + by_length
            less = self.energy(*further)
            if less < energy:
                gained, energy = energy - less, less
                (depth, length), damping = further, damping / 4
                if gained < LEAST_GAIN * energy:
                    break
            else:
                damping *= 8
        xyz = np.zeros((len(depth), len(H36M17), 3))
        xyz[:, _JOINTS] = self.line * depth[..., None]
        xyz = trunk_from_limbs(xyz)
        return xyz - xyz[:, :1]

    def energy(self, depth: Depths, length: Float[np.ndarray, " kind"]) -> float:
        """Half the sum of all costs."""
        off, bone, thrown, _ = self._residuals(depth, length)
        unlike = (length - self.length) / LENGTH_SD
        costs = (np.sqrt(1 + square) - 1 for square in (_square(off), bone**2, _square(thrown)))
        return sum(float(cost.sum()) for cost in costs) + float(unlike @ unlike) / 2

    def _residuals(
        self, depth: Depths, length: Float[np.ndarray, " kind"]
    ) -> tuple[Points, Float[np.ndarray, "time bone"], Thrown, Float[np.ndarray, "time bone 3"]]:
        """Off the answer, off the bones' lengths, accelerations; and the bones' directions."""
        xyz = self.line * depth[..., None]
        relative = xyz - xyz[:, _HIPS].mean(axis=1, keepdims=True)
        off = np.einsum("txy,tjy->tjx", self.whiten, _FROM_BEFORE @ xyz - self.answer)
        bone = xyz[:, _TO] - xyz[:, _FROM]
        long = np.sqrt(_square(bone)).clip(1e-6)
        unlike = (long - np.exp(length)[_KIND]) / self.bone_sd
        three = relative[:-2], relative[1:-1], relative[2:]
        thrown = sum(by[:, None, None] * at for by, at in zip(self.throw, three, strict=True))
        return off, unlike, np.asarray(thrown), bone / long[..., None]

    def step(
        self, depth: Depths, length: Float[np.ndarray, " kind"], damping: float
    ) -> tuple[Depths, Float[np.ndarray, " kind"]]:
        """By how much to change the depths and the lengths' logarithms."""
        off, unlike, thrown, along = self._residuals(depth, length)
        frames, joints = depth.shape
        lines = np.einsum("txy,tjy->tjx", self.whiten, self.line)
        weight = 1 / np.sqrt(1 + _square(off))
        blocks = [np.zeros((frames - k, joints, joints)) for k in range(3)]
        blocks[0] += _between(_FROM_BEFORE, weight) * (lines @ lines.transpose(0, 2, 1))
        slope = _FROM_BEFORE.T @ (weight[..., None] * off)
        down = (slope * lines).sum(axis=-1)
        self._add_thrown(blocks, down, thrown)
        of_bone = np.zeros((frames, len(_BONES), joints))
        rows = np.arange(len(_BONES))
        of_bone[:, rows, _TO] = (along * self.line[:, _TO]).sum(axis=-1) / self.bone_sd
        of_bone[:, rows, _FROM] = -(along * self.line[:, _FROM]).sum(axis=-1) / self.bone_sd
        weight = 1 / np.sqrt(1 + unlike**2)
        weighted = weight[..., None] * of_bone
        blocks[0] += weighted.transpose(0, 2, 1) @ of_bone
        down += (weighted * unlike[..., None]).sum(axis=1)
        of_length = -np.exp(length)[_KIND] / self.bone_sd
        border = np.einsum("tbj,b,bk->tjk", weighted, of_length, _KINDS)
        corner = np.diag((weight.sum(axis=0) * of_length**2) @ _KINDS + LENGTH_SD**-2)
        at_length = ((weight * unlike).sum(axis=0) * of_length) @ _KINDS
        at_length = at_length + (length - self.length) / LENGTH_SD**2
        return _solved(blocks, down, border, corner, at_length, damping)

    def _add_thrown(self, blocks: list[np.ndarray], down: Depths, thrown: Thrown) -> None:
        """Adds what accelerations ask of frames and of pairs of frames, in place."""
        weight = 1 / np.sqrt(1 + _square(thrown))
        between = _between(_FROM_HIPS, weight)
        slope = _FROM_HIPS.T @ (weight[..., None] * thrown)
        count = len(thrown)
        at = [self.line[k : k + count] for k in range(3)]
        for a in range(3):
            down[a : a + count] += self.throw[a][:, None] * (slope * at[a]).sum(axis=-1)
            for b in range(a, 3):
                shares = (self.throw[a] * self.throw[b])[:, None, None]
                pair = shares * between * (at[a] @ at[b].transpose(0, 2, 1))
                blocks[b - a][a : a + count] += pair


def _square(vectors: Float[np.ndarray, "*batch dim"]) -> Float[np.ndarray, "*batch"]:
    return np.asarray((vectors**2).sum(axis=-1))


def _between(taken: Float[np.ndarray, "13 13"], weight: Depths) -> Float[np.ndarray, "time 13 13"]:
    """Which joints meet in weighted squares of what the joints are taken to."""
    return np.asarray((taken.T * weight[:, None]) @ taken)


def _solved(
    blocks: list[np.ndarray],
    down: Depths,
    border: Float[np.ndarray, "time 13 kind"],
    corner: Float[np.ndarray, "kind kind"],
    at_length: Float[np.ndarray, " kind"],
    damping: float,
) -> tuple[Depths, Float[np.ndarray, " kind"]]:
    """The step: `blocks[k]` joins each frame with the one k frames later."""
    frames, joints = down.shape
    width = 3 * joints - 1
    banded = np.zeros((width + 1, frames * joints))
    row, column = np.indices((joints, joints))
    for k, block in enumerate(blocks):
        below = k * joints + column - row
        kept = below >= 0
        start = joints * np.arange(len(block))[:, None] + row[kept]
        banded[below[kept], start] = block[:, kept]
    banded[0] *= 1 + damping
    right = np.concatenate([down[..., None], border], axis=-1).reshape(frames * joints, -1)
    found = solveh_banded(banded, right, lower=True, check_finite=False)
    border = border.reshape(frames * joints, -1)
    rest = corner * (1 + damping * np.eye(len(corner))) - border.T @ found[:, 1:]
    by_length = np.linalg.solve(rest, border.T @ found[:, 0] - at_length)
    by_depth = -found[:, 0] - found[:, 1:] @ by_length
    return by_depth.reshape(frames, joints), by_length


def seen_sd(
    off_m: Float[np.ndarray, "time joint 2"],
    seen: Bool[np.ndarray, "time joint"],
    time_s: Float[np.ndarray, " time"],
) -> Float[np.ndarray, "time joint"]:
    """How far each joint of the 2D may be off (m), from how far the network's answer is from it.

    The middle distance tells of the detector, and so does how it trembles; a joint several times
    further away is a mistake.
    """
    distance = np.linalg.norm(off_m, axis=-1)
    if not seen.any():
        return np.full(distance.shape, SEEN_M[1])
    middle = max(float(np.median(distance[seen])), SEEN_M[0])
    trembles = min(1.0, _tremble(off_m, seen, time_s) / TREMBLE_M)
    usual = np.clip(trembles**2 * middle * (middle / SEEN_BEND_M) ** 2, *SEEN_M)
    unusual = (distance / (MISTAKE * middle)) ** 4
    return np.asarray((usual * (1 + unusual)).clip(*SEEN_M))


def _tremble(
    off_m: Float[np.ndarray, "time joint 2"],
    seen: Bool[np.ndarray, "time joint"],
    time_s: Float[np.ndarray, " time"],
) -> float:
    """The median length of second differences over `TREMBLE_S`, m; infinite where nothing says."""
    lag = max(1, round(TREMBLE_S / max(float(np.median(np.diff(time_s))), 1e-3)))
    known = seen[: -2 * lag] & seen[lag:-lag] & seen[2 * lag :]
    if not known.any():
        return np.inf
    bend = off_m[: -2 * lag] - 2 * off_m[lag:-lag] + off_m[2 * lag :]
    return float(np.median(np.linalg.norm(bend, axis=-1)[known]))


def root_on_rays(
    poses: Poses,
    ray: Float[np.ndarray, "time 17 2"],
    weight: Float[np.ndarray, "time 17"],
) -> Float[np.ndarray, "time 3"]:
    """Where each pelvis is for the poses to lie on the rays, by linear least squares, in metres.

    Where too few joints are seen, it is where it is before and after.
    """
    frames = np.flatnonzero(_placeable(weight))
    matrix, right = normal_equations(poses[frames], ray[frames], weight[frames])
    root = np.linalg.solve(matrix + 1e-9 * np.eye(3), right[..., None])[..., 0]
    root[:, 2] = root[:, 2].clip(_LEAST_DEPTH_M)
    everywhere = [np.interp(np.arange(len(poses)), frames, column) for column in root.T]
    return np.stack(everywhere, axis=-1)


def _placeable(weight: Float[np.ndarray, "time 17"]) -> Bool[np.ndarray, " time"]:
    """Frames with joints enough to say how far away a person is."""
    return np.asarray((weight > 0).sum(axis=1) >= FEWEST_JOINTS)
