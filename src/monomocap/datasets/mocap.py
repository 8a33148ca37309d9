"""Motion capture clips, and the collection of free ones that the shipped weights learn from."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Float

from monomocap.errors import DataError
from monomocap.formats.captured import limb_length
from monomocap.skeleton import H36M17
from monomocap.types import Motion3D

HELD_OUT_SUBJECTS = (
    "accad_Female1",
    "cmu_07",
    "cmu_49",
    "cmu_94",
    "mhad_s11",
    "mhad_s12",
)
"""People that no training ever sees; every accuracy on mocap is reported on them."""

HEAD_LENGTH = 0.17
"""Middle of the shoulders to the head's centre, as a share of the limb length (below): 0.23 m in
an adult of 1.65 m, where detectors put the middle of the ears and Human3.6M its head joint."""


@dataclass(frozen=True)
class MocapClip:
    """One recording of one person, in the world frame (Z up, metres)."""

    name: str
    source: str
    subject: str
    licence: str
    motion: Motion3D


def read_free17(path: Path) -> list[MocapClip]:
    """Read the collection of free clips (`free17.npz`: 17 joints, Y up, root plus offsets).

    Raises `DataError` when the file is missing or is something else.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            held = {key: archive[key] for key in archive.files}
        xyz = held["joints_rel_root_tenth_mm"].astype(np.float32) * 1e-4
        xyz += held["root_m"][:, None, :]
        starts = held["start"]
    except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile, zlib.error) as error:
        raise DataError(f"{path} is not a free17 collection ({error!r})") from error
    xyz = z_up(xyz)
    return [
        MocapClip(
            name=str(held["clip"][k]),
            source=str(held["source"][k]),
            subject=str(held["subject"][k]),
            licence=str(held["licence"][k]),
            motion=world_motion(xyz[starts[k] : starts[k + 1]], float(held["fps"][k])),
        )
        for k in range(len(held["clip"]))
    ]


def world_motion(xyz_world_m: Float[np.ndarray, "time 17 3"], fps: float) -> Motion3D:
    """Frames at a constant rate, starting at 0 s, as a motion in the world frame."""
    return Motion3D(
        person=0,
        time_s=np.arange(len(xyz_world_m)) / fps,
        xyz_m=xyz_world_m,
        confidence=np.isfinite(xyz_world_m).all(axis=-1).astype(np.float32),
        skeleton=H36M17,
        frame="world",
    )


def z_up(xyz_y_up: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
    """From Y up to Z up, both right-handed: a quarter turn about x."""
    x, y, z = np.moveaxis(xyz_y_up, -1, 0)
    return np.stack([x, -z, y], axis=-1)


def common_body(xyz: Float[np.ndarray, "*batch 17 3"]) -> Float[np.ndarray, "*batch 17 3"]:
    """The same pose with a trunk and a head that mean the same whatever marker set it came from.

    The twelve limb joints agree between sources; pelvis, spine, thorax, neck and head do not. They
    are made again as `skeleton.conversion` makes them from a detector's joints: pelvis and thorax
    in the middle of hips and shoulders, spine and neck halfway, and the head in its source's
    direction at `HEAD_LENGTH`.
    """
    j = H36M17.index
    out = xyz.copy()
    pelvis = (xyz[..., j("left_hip"), :] + xyz[..., j("right_hip"), :]) / 2
    thorax = (xyz[..., j("left_shoulder"), :] + xyz[..., j("right_shoulder"), :]) / 2
    up = xyz[..., j("head"), :] - thorax
    up = up / np.linalg.norm(up, axis=-1, keepdims=True).clip(1e-6)
    head = thorax + up * (HEAD_LENGTH * limb_length(xyz))[..., None]
    out[..., j("pelvis"), :] = pelvis
    out[..., j("spine"), :] = (pelvis + thorax) / 2
    out[..., j("thorax"), :] = thorax
    out[..., j("neck"), :] = (thorax + head) / 2
    out[..., j("head"), :] = head
    return out
