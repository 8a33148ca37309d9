"""Motions in the world: Z up, metres, floor at 0."""

from dataclasses import replace

import numpy as np
import pytest

from monomocap.geometry.camera import to_camera
from monomocap.geometry.world import LEVEL, in_world
from monomocap.render.sample import sample_camera, sample_motion
from monomocap.types import Camera, Motion3D


def seen_by(camera: Camera, motion: Motion3D) -> Motion3D:
    """The motion as a lifter with a root would give it: from the pelvis, in camera axes."""
    xyz_m = to_camera(camera, motion.xyz_m)
    return replace(motion, xyz_m=xyz_m - xyz_m[:, :1], root_m=xyz_m[:, 0], frame="root")


def test_what_is_known_is_used() -> None:
    motion, camera = sample_motion(), sample_camera()
    found = in_world(seen_by(camera, motion), camera)
    assert found.frame == "world"
    np.testing.assert_allclose(found.xyz_m, motion.xyz_m, atol=1e-9)


def test_a_motion_in_the_world_stays_as_it_is() -> None:
    motion = sample_motion()
    assert in_world(motion, sample_camera()) is motion


def test_without_the_way_up_a_level_camera_stands_on_the_same_floor() -> None:
    motion = sample_motion()
    camera = replace(
        Camera.from_fov(640, 480, 50.0), camera_from_world=_rows(LEVEL.T, [0.0, 1.2, 4.0])
    )
    unknown = replace(camera, camera_from_world=None)
    found = in_world(seen_by(camera, motion), unknown)
    off = found.xyz_m - motion.xyz_m
    assert np.ptp(off, axis=(0, 1)).max() < 1e-9  # moved, not turned
    assert abs(off[0, 0, 2]) < 0.01


@pytest.mark.parametrize("posed", [True, False])
def test_without_a_root_the_pelvis_stays_over_the_origin(posed: bool) -> None:
    motion, camera = sample_motion(), sample_camera()
    seen = replace(seen_by(camera, motion), root_m=None)
    found = in_world(seen, camera if posed else replace(camera, camera_from_world=None))
    assert np.abs(found.xyz_m[:, 0, :2]).max() < 1e-12
    assert np.ptp(found.xyz_m[:, 0, 2]) < 1e-12
    ankles = found.xyz_m[:, [3, 6], 2]
    assert 0.0 < np.percentile(ankles, 5) < 0.12


def test_missing_stays_missing_and_nobody_stays_nobody() -> None:
    motion, camera = sample_motion(), replace(sample_camera(), camera_from_world=None)
    seen = seen_by(sample_camera(), motion)
    seen.xyz_m[3:9] = np.nan
    assert seen.root_m is not None
    seen.root_m[20:23] = np.nan
    found = in_world(seen, camera)
    gone = ~found.seen.any(axis=1)
    assert np.flatnonzero(gone).tolist() == [3, 4, 5, 6, 7, 8, 20, 21, 22]
    nobody = replace(seen, xyz_m=np.full_like(seen.xyz_m, np.nan), root_m=None)
    assert not in_world(nobody, camera).seen.any()
    frameless = Motion3D(
        0, seen.time_s[:0], seen.xyz_m[:0], seen.confidence[:0], seen.skeleton, "root"
    )
    assert in_world(frameless, camera).xyz_m.shape == (0, 17, 3)


def _rows(
    rotation: np.ndarray, shift: list[float]
) -> tuple[tuple[float, float, float, float], ...]:
    matrix = np.concatenate([rotation, np.array(shift)[:, None]], axis=1)
    a, b, c = ((float(p), float(q), float(r), float(s)) for p, q, r, s in matrix)
    return a, b, c
