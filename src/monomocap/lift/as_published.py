"""What the model card's 3D pipeline does around its network, mistakes included.

Only comparisons with published results should call these. The product's own ways are elsewhere:
smoothing in seconds, true timestamps, any length, metres.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from monomocap.skeleton import H36M17, MODELSCOPE15, convert

H36M15_FROM_MODELSCOPE15 = (14, 8, 9, 10, 11, 12, 13, 1, 0, 5, 6, 7, 2, 3, 4)
"""Joints for lifters of 15 joints: H36M17's order without spine and neck."""

Network = Callable[
    [Float[np.ndarray, "batch 2 time joint"]], Float[np.ndarray, "batch 3 time joint"]
]
"""A published HDFormer: standardised pixels to standardised millimetres."""


def lifter_joints_as_published(
    xy_px: Float[np.ndarray, "time 15 2"], *, joints: int = 17
) -> Float[np.ndarray, "time joint 2"]:
    """The 2D stage's joints for a lifter of 17 joints (spine and neck are midpoints) or of 15."""
    if joints == 15:
        return xy_px[:, list(H36M15_FROM_MODELSCOPE15)]
    if joints == 17:
        return convert(xy_px, MODELSCOPE15, H36M17)
    raise ValueError(f"published lifters take 15 or 17 joints, not {joints}")


def smooth_as_published(
    xy_px: Float[np.ndarray, "time joint 2"], box_px: Float[np.ndarray, "time 4"]
) -> Float[np.ndarray, "time joint 2"]:
    """Each frame pulled towards the one before, the more the less a joint moved.

    The mistake: vertical motion, too, is measured in widths of the box. A box without area leaves
    its frame alone.
    """
    smooth = xy_px.copy()
    size = box_px[:, 2:] - box_px[:, :2]
    for t in range(1, len(smooth)):
        if np.any(size[t] == 0):
            continue
        moved = np.abs(xy_px[t] - smooth[t - 1]) / size[t, 0]
        keep = np.exp(-15 * moved)
        smooth[t] = (1 - keep) * xy_px[t] + keep * smooth[t - 1]
    return smooth


def timestamp_as_published(time_s: float) -> str:
    """hh:mm:ss.mmm. The mistake: seconds are rounded after minutes were taken out, so that 59.9996
    reads 00:00:60.000."""
    hours, rest = divmod(time_s, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{int(hours):02d}:{int(minutes):02d}:{seconds:06.3f}"


@dataclass(frozen=True)
class Detector:
    """The numbers that a published HDFormer comes with: camera, statistics and windows."""

    focal_px: Float[np.ndarray, "2"]
    center_px: Float[np.ndarray, "2"]
    mean_2d: Float[np.ndarray, "joint 2"]
    std_2d: Float[np.ndarray, "joint 2"]
    mean_3d_mm: Float[np.ndarray, "joint 3"]
    std_3d_mm: Float[np.ndarray, "joint 3"]
    window_frames: int = 96
    step_frames: int = 5
    width_px: float = 1000.0
    """Of the configured picture; millimetres are divided by it."""


def detect_as_published(
    xy_px: Float[np.ndarray, "time 17 2"], network: Network, detector: Detector
) -> Float[np.ndarray, "frame 17 3"]:
    """A video's pose as the model card's pipeline means to give it, mirrored guess averaged in.

    Frames after the last whole window have no answer; shorter videos have none at all. The unit is
    metres only because the configured picture is 1000 pixels wide. (The published loop fails at
    its second window: statistics gain an axis on every pass.)
    """
    # Half a pixel comes off, as if the middle of the first one lay at 0.5.
    xy = (xy_px - 0.5 - detector.center_px) / detector.focal_px
    frames = windows_as_published(len(xy), window=detector.window_frames, step=detector.step_frames)
    guess = _guess_mm(xy[frames], network, detector)
    mirrored_guess = _guess_mm(_mirrored(xy[frames]), network, detector)
    windows = (guess + _mirrored(mirrored_guess)) / 2
    return stitch_as_published(windows, step=detector.step_frames) / detector.width_px


def _guess_mm(
    xy: Float[np.ndarray, "count window joint 2"], network: Network, detector: Detector
) -> Float[np.ndarray, "count window joint 3"]:
    standard = np.moveaxis((xy - detector.mean_2d) / detector.std_2d, -1, 1)
    answer = np.moveaxis(network(standard), 1, -1)
    return answer * detector.std_3d_mm + detector.mean_3d_mm


def _mirrored(
    points: Float[np.ndarray, "*batch joint dim"],
) -> Float[np.ndarray, "*batch joint dim"]:
    flip = np.ones(points.shape[-1])
    flip[0] = -1
    return points[..., list(H36M17.mirror), :] * flip


def windows_as_published(length: int, *, window: int, step: int) -> Int[np.ndarray, "count window"]:
    """Frame numbers of the windows that lie wholly inside; frames after the last are dropped."""
    starts = np.arange(0, length - window + 1, step)
    return starts[:, None] + np.arange(window)


def stitch_as_published(
    windows: Float[np.ndarray, "count window joint dim"], *, step: int
) -> Float[np.ndarray, "frame joint dim"]:
    """The first `step` frames of each window, then what remains of the last: nothing is averaged.

    The published loop was meant to do this and fails at its second window.
    """
    if len(windows) == 0:
        return np.zeros((0, *windows.shape[2:]), dtype=windows.dtype)
    return np.concatenate([*windows[:-1, :step], windows[-1]])
