"""Leaps of single joints are left out; fast motion is not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monomocap.datasets.mocap import read_free17
from monomocap.detect.outliers import without_leaps
from monomocap.geometry.camera import project
from monomocap.render.motions import jumping_jack
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Motion3D, Track2D

CAMERA = Camera.from_fov(1000, 1000, 60.0)


def seen(motion: Motion3D, noise_px: float = 2.0) -> Track2D:
    """From the front, 4 m away."""
    xyz = motion.xyz_m - motion.xyz_m[:1, :1]
    placed = np.stack([-xyz[..., 1], -xyz[..., 2], xyz[..., 0] + 4.0], axis=-1)
    noise = np.random.default_rng(0).normal(0, noise_px, (*placed.shape[:2], 2))
    xy_px = project(CAMERA, placed) + noise
    return Track2D(0, motion.time_s, xy_px, np.ones(xy_px.shape[:2]), H36M17)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_leap_is_left_out_and_nothing_else(length: int) -> None:
    track = seen(jumping_jack(3.0, 30.0))
    track.xy_px[40 : 40 + length, 16] += 170.0
    cleaned = without_leaps(track)
    where = np.zeros(track.score.shape, bool)
    where[40 : 40 + length, 16] = True
    np.testing.assert_array_equal(cleaned.outlier, where)
    assert np.isnan(cleaned.track.xy_px[where]).all() and (cleaned.track.score[where] == 0).all()
    np.testing.assert_array_equal(cleaned.track.xy_px[~where], track.xy_px[~where])


def test_fast_people_do_not_leap(data: Path) -> None:
    """Captured kicks, punches and dances, at 30 frames per second."""
    clips = [c for c in read_free17(data / "mocap" / "free17.npz") if c.source == "cmu"]
    found = joints = 0
    for clip in clips[::30]:
        every = 2 if np.diff(clip.motion.time_s[:2])[0] < 0.02 else 1
        motion = replace(
            clip.motion,
            time_s=clip.motion.time_s[::every],
            xyz_m=clip.motion.xyz_m[::every],
            confidence=clip.motion.confidence[::every],
        )
        outlier = without_leaps(seen(motion)).outlier
        found, joints = found + int(outlier.sum()), joints + outlier.size
    assert joints > 10_000
    assert found < 1e-3 * joints


def test_short_and_empty_tracks_are_no_trouble() -> None:
    whole = seen(jumping_jack(1.0, 30.0))
    for frames in (0, 1, 2, 3):
        few = Track2D(0, whole.time_s[:frames], whole.xy_px[:frames], whole.score[:frames], H36M17)
        assert without_leaps(few).track is few
    nobody = replace(whole, xy_px=np.full_like(whole.xy_px, np.nan))
    assert without_leaps(nobody).track is nobody
