"""What a detector's own landmarks say of feet, hands and head, which H36M's 17 joints leave open.

Directions in the world, from 3D landmarks where the detector has them (MediaPipe: heel, toe, ears,
nose, knuckles), otherwise from 2D ones of the feet (Halpe, COCO-WholeBody: heel and toes): a foot
of known length that is seen shortened points towards or away from the camera; of the two that fit,
the one nearer to where the shank points is taken.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from monomocap.geometry.rig import SIDES
from monomocap.geometry.rotation import unit
from monomocap.geometry.smooth import SIGMA_S, local_fit
from monomocap.geometry.stature import apparent_stature
from monomocap.geometry.world import LEVEL
from monomocap.skeleton import H36M17, convert
from monomocap.types import Camera, Motion3D, Track2D

CUES = (
    *("left_toes", "right_toes"),  # from heel to toes
    "ears",  # from the right ear to the left one
    *("left_hand", "right_hand"),  # from the wrist to the knuckles
    *("left_palm", "right_palm"),  # from the little finger's knuckle to the index finger's
)
SURE = 0.5
"""Landmarks of a lower score say nothing."""
HEEL_TO_TOE = 0.125
"""From the heel's landmark to the big toe's, as a share of stature: a foot of 0.152 (Winter, 2009),
less what lies behind the one and before the other (measured: Halpe's and MediaPipe's alike)."""

FADES_S = 0.15
"""How long a landmark that is lost still counts."""

Vectors3 = Float[np.ndarray, "time 3"]


@dataclass(frozen=True)
class Cues:
    """Unit vectors in the world; NaN where nobody knows."""

    directions: Float[np.ndarray, "time 7 3"]
    """In the order of `CUES`."""

    def of(self, name: str) -> Vectors3:
        """One of them over time."""
        return self.directions[:, CUES.index(name)]


def cues_of(track: Track2D, motion: Motion3D, camera: Camera) -> Cues:
    """What a track knows beside its motion (as lifted, in the camera's axes)."""
    found = np.full((len(track.time_s), len(CUES), 3), np.nan)
    if track.world_m is not None:
        found = _from_3d(track, track.world_m)
    elif motion.frame != "world":
        found[:, :2] = _feet_from_2d(track, motion)
    turn = (
        LEVEL if camera.camera_from_world is None else np.array(camera.camera_from_world)[:, :3].T
    )
    return Cues(unit(_smoothed(found @ turn.T, track.time_s)))


def _smoothed(values: np.ndarray, time_s: Float[np.ndarray, " time"]) -> np.ndarray:
    """Less jitter; what is missing stays missing."""
    missing = ~np.isfinite(values).all(axis=-1)
    if missing.all():
        return values
    out = np.concatenate(
        [
            local_fit(values[:, :3], time_s, time_s, SIGMA_S["medium"]),
            local_fit(values[:, 3:], time_s, time_s, SIGMA_S["strong"]),  # knuckles tremble most
        ],
        axis=1,
    )
    out[missing] = np.nan
    return out


def _from_3d(track: Track2D, xyz_m: Float[np.ndarray, "time joint 3"]) -> np.ndarray:
    """Camera axes. What the detector has no landmark for stays missing."""
    names = track.skeleton.joints

    def between(a: str, b: str) -> np.ndarray:
        if a not in names or b not in names:
            return np.full((len(xyz_m), 3), np.nan)
        first, second = names.index(a), names.index(b)
        sure = np.minimum(track.score[:, first], track.score[:, second]) >= SURE
        return np.where(sure[:, None], unit(xyz_m[:, second] - xyz_m[:, first]), np.nan)

    toe = "foot_index" if "left_foot_index" in names else "big_toe"
    parts = [between(f"{side}_heel", f"{side}_{toe}") for side in SIDES]
    parts.append(between("right_ear", "left_ear"))
    for side in SIDES:
        hands = [between(f"{side}_wrist", f"{side}_{finger}") for finger in ("index", "pinky")]
        parts.append(unit(hands[0] + hands[1]))
    parts += [between(f"{side}_pinky", f"{side}_index") for side in SIDES]
    return np.stack(parts, axis=1)


def _feet_from_2d(track: Track2D, motion: Motion3D) -> Float[np.ndarray, "time 2 3"]:
    """Heel to toes in camera axes, of a detector that has them in the picture only."""
    names, xyz_m = track.skeleton.joints, convert(motion.xyz_m, motion.skeleton, H36M17)
    out = np.full((len(track.time_s), 2, 3), np.nan)
    size_px = _pixels_per_metre(track, xyz_m)
    for number, side in enumerate(SIDES):
        wanted = [f"{side}_{part}" for part in ("heel", "big_toe", "small_toe")]
        if all(name in names for name in wanted):
            heel, big, small = (names.index(name) for name in wanted)
            sure = track.score[:, [heel, big, small]].min(axis=1) >= SURE
            toes_px = (track.xy_px[:, big] + track.xy_px[:, small]) / 2
            flat_m = (toes_px - track.xy_px[:, heel]) / size_px[:, None]
            out[:, number] = np.where(sure[:, None], _deepened(flat_m, xyz_m), np.nan)
    return out


def _pixels_per_metre(
    track: Track2D, xyz_m: Float[np.ndarray, "time 17 3"]
) -> Float[np.ndarray, " time"]:
    """How large the person is in the picture, in each frame: the spread of both, joint by joint."""
    xy_px = convert(track.xy_px, track.skeleton, H36M17)
    known = (np.isfinite(xy_px).all(axis=-1) & np.isfinite(xyz_m).all(axis=-1))[..., None]
    seen, flat = np.where(known, xy_px, np.nan), np.where(known, xyz_m[..., :2], np.nan)
    enough = known[..., 0].sum(axis=1) >= 6
    out = np.full(len(xyz_m), np.nan)
    seen, flat = seen[enough], flat[enough]
    seen = seen - np.nanmean(seen, axis=1, keepdims=True)
    flat = flat - np.nanmean(flat, axis=1, keepdims=True)
    out[enough] = np.nansum(seen * flat, axis=(1, 2)) / np.nansum(flat * flat, axis=(1, 2))
    return out


def _deepened(flat_m: np.ndarray, xyz_m: Float[np.ndarray, "time 17 3"]) -> Vectors3:
    """The depth that a foot's known length leaves, to the side that the body faces."""
    length_m = HEEL_TO_TOE * apparent_stature(xyz_m, H36M17)
    away_m = np.sqrt(np.clip(length_m**2 - (flat_m**2).sum(axis=-1), 0.0, None))
    at = {joint: xyz_m[:, H36M17.index(joint)] for joint in ("left_hip", "right_hip", "spine")}
    left = at["left_hip"] - at["right_hip"]
    ahead = np.cross(left, at["spine"] - xyz_m[:, 0])[:, 2]
    sign = np.where(ahead >= 0, 1.0, -1.0)
    return unit(np.concatenate([flat_m, (sign * away_m)[:, None]], axis=-1))


def steadied(
    cue: Vectors3, time_s: Float[np.ndarray, " time"]
) -> tuple[Vectors3, Float[np.ndarray, " time"]]:
    """A cue in every frame, and what it is worth there: 1 where known, fading to 0 away from that.

    Zeros where it is never known.
    """
    known = np.isfinite(cue).all(axis=-1)
    if not known.any():
        return np.zeros_like(cue), np.zeros(len(time_s))
    axes = [np.interp(time_s, time_s[known], cue[known, axis]) for axis in range(3)]
    after = np.searchsorted(time_s[known], time_s).clip(0, known.sum() - 1)
    near_s = [np.abs(time_s[known][(after - back).clip(0)] - time_s) for back in (0, 1)]
    away_s = np.minimum(*near_s)
    filled = unit(np.stack(axes, axis=-1))
    usable = np.isfinite(filled).all(axis=-1)
    worth = np.where(usable, np.exp(-((away_s / FADES_S) ** 2)), 0.0)
    return np.nan_to_num(filled), worth
