"""Feet, hands and head turn as a detector's own landmarks say."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from monomocap.geometry.camera import project
from monomocap.geometry.rig import RIG, Rigged, positions
from monomocap.geometry.rig_cues import CUES, Cues, cues_of, steadied
from monomocap.geometry.rig_fit import fit
from monomocap.geometry.rotation import unit
from monomocap.geometry.world import LEVEL, in_world
from monomocap.render.motions import walk
from monomocap.skeleton import BLAZEPOSE33, COCO17, H36M17, HALPE26
from monomocap.types import Camera, Motion3D, Track2D
from tests.rigs import twist_deg_per_60th

AHEAD, LEFT, DOWN = np.array([0.0, -1, 0]), np.array([1.0, 0, 0]), np.array([0.0, 0, -1])
CAMERA = Camera.from_fov(640, 480, 60)


def told(motion: Motion3D, **directions: np.ndarray) -> Rigged:
    """Fitted with these directions, the same in every frame, and no others."""
    found = np.full((len(motion.time_s), len(CUES), 3), np.nan)
    for name, direction in directions.items():
        found[:, CUES.index(name)] = unit(direction)
    return fit(motion, cues=Cues(found))


def facing_y(seconds: float = 1.0) -> Motion3D:
    """A walk towards -y, as the rest pose faces."""
    return walk(seconds, 30.0, heading=-np.pi / 2, turn_rad_s=0.0)


def front(rigged: Rigged, joint: str, axis: np.ndarray = AHEAD) -> np.ndarray:
    return rigged.global_matrices[:, RIG.index(joint)] @ axis


def test_cues_move_no_joint_of_the_motion() -> None:
    motion = facing_y()
    rng = np.random.default_rng(0)
    found = Cues(unit(rng.normal(size=(len(motion.time_s), len(CUES), 3))))
    plain, turned = fit(motion), fit(motion, cues=found)
    np.testing.assert_allclose(turned.error_mm, plain.error_mm, atol=1e-6)
    assert max(twist_deg_per_60th(turned).values()) < 45


@pytest.mark.parametrize("yaw_deg", [-50.0, 30.0])
def test_a_head_that_looks_aside_is_turned(yaw_deg: float) -> None:
    ears = Rotation.from_euler("z", yaw_deg, degrees=True).apply(LEFT)
    rigged = told(facing_y(2.0), ears=ears)
    head = np.degrees(
        np.arctan2(front(rigged, "head", LEFT)[:, 1], front(rigged, "head", LEFT)[:, 0])
    )
    assert np.abs(head[10:] - yaw_deg).max() < 8
    neck = np.degrees(
        np.arctan2(front(rigged, "neck", LEFT)[:, 1], front(rigged, "neck", LEFT)[:, 0])
    )
    assert (np.abs(neck[10:]) < np.abs(head[10:])).all()


def test_a_head_does_not_turn_round() -> None:
    rigged = told(facing_y(), ears=-LEFT)
    assert (front(rigged, "head") @ AHEAD > -0.2).all()


def test_a_foot_in_the_air_points_where_its_toes_are() -> None:
    motion = facing_y(2.0)
    lifted = replace(motion, xyz_m=motion.xyz_m + np.linspace(0, 2, 60)[:, None, None] * [0, 0, 1])
    toes = unit(np.array([0.4, -1.0, 0.3]))
    pointed = front(told(lifted, left_toes=toes), "left_ankle")[30:]
    shank = front(fit(lifted), "left_knee")[30:]
    reachable = (shank @ toes) > np.cos(np.radians(55))
    assert reachable.any()
    assert np.degrees(np.arccos((pointed @ toes).clip(-1, 1)))[reachable].max() < 6


def test_a_foot_on_the_floor_takes_the_way_and_not_the_slope() -> None:
    toes = unit(np.array([0.5, -1.0, -0.6]))
    rigged = told(facing_y(2.0), left_toes=toes)
    low = positions(rigged)[:, RIG.index("left_ankle"), 2] < 0.09
    pointed = front(rigged, "left_ankle")[low]
    assert np.abs(pointed[:, 2]).mean() < 0.2
    level = unit(pointed * [1, 1, 0])
    way = unit(toes * [1, 1, 0])
    assert np.degrees(np.arccos((level @ way).clip(-1, 1))).mean() < 10


def test_palms_turn_with_the_knuckles_and_forearms_share_it() -> None:
    motion = facing_y()
    plain = fit(motion)
    bone = front(plain, "left_elbow", LEFT)
    knuckles = np.cross(bone, front(plain, "left_elbow", AHEAD))  # a quarter turn further
    found = np.full((len(bone), len(CUES), 3), np.nan)
    found[:, CUES.index("left_palm")] = knuckles
    found[:, CUES.index("left_hand")] = bone
    turned = fit(motion, cues=Cues(found))
    hand = front(turned, "left_wrist")
    assert np.degrees(np.arccos((hand * knuckles).sum(axis=-1).clip(-1, 1)))[5:].max() < 12
    forearm = front(turned, "left_elbow")
    share = np.degrees(np.arccos((forearm * front(plain, "left_elbow")).sum(axis=-1).clip(-1, 1)))
    assert 35 < share[5:].mean() < 50


# What detectors say


def seen(motion: Motion3D, landmarks: dict[str, np.ndarray], skeleton: object) -> Track2D:
    """A track in which these landmarks are where they are in the camera, metres."""
    names = skeleton.joints  # type: ignore[attr-defined]
    xyz_m = np.full((len(motion.time_s), len(names), 3), np.nan)
    for joint, name in enumerate(names):
        if name in landmarks:
            xyz_m[:, joint] = landmarks[name]
        elif name in H36M17.joints:
            xyz_m[:, joint] = motion.xyz_m[:, H36M17.index(name)]
    score = np.isfinite(xyz_m).all(axis=-1).astype(float)
    xy_px = project(CAMERA, xyz_m + [0.0, 0.0, 5.0])
    return Track2D(0, motion.time_s, xy_px, score, skeleton, xyz_m)  # type: ignore[arg-type]


def in_camera(yaw_deg: float = 0.0) -> Motion3D:
    """A walk as a lifter has it: from the pelvis, y down; at 0 degrees towards the camera."""
    motion = facing_y()
    turn = Rotation.from_euler("z", yaw_deg, degrees=True).as_matrix()
    xyz_m = (motion.xyz_m - motion.xyz_m[:, :1]) @ turn.T @ LEVEL
    return replace(motion, xyz_m=xyz_m, frame="root")


def feet(motion: Motion3D, toes: np.ndarray) -> dict[str, np.ndarray]:
    """Heels and toes of feet that point this way (camera axes)."""
    out = {}
    for side in ("left", "right"):
        heel = motion.xyz_m[:, H36M17.index(f"{side}_ankle")] + [0.0, 0.05, 0.0]
        for name in ("foot_index", "big_toe", "small_toe"):
            out[f"{side}_{name}"] = heel + 0.125 * 1.75 * toes
        out[f"{side}_heel"] = heel
    return out


def test_landmarks_in_3d_become_directions_in_the_world() -> None:
    motion = in_camera()
    landmarks = feet(motion, np.array([0.0, 0.0, -1.0])) | {
        "left_ear": np.array([0.08, -0.6, 0.0]),
        "right_ear": np.array([-0.08, -0.6, 0.0]),
    }
    cues = cues_of(seen(motion, landmarks, BLAZEPOSE33), motion, CAMERA)
    np.testing.assert_allclose(cues.of("left_toes"), np.tile(AHEAD, (30, 1)), atol=1e-6)
    np.testing.assert_allclose(cues.of("ears"), np.tile(LEFT, (30, 1)), atol=1e-6)
    assert np.isnan(cues.of("left_hand")).all()
    rigged = fit(in_world(motion, CAMERA), cues=cues)
    assert (front(rigged, "head") @ AHEAD > 0.8).all()


@pytest.mark.parametrize("yaw_deg", [0.0, 60.0, 120.0, 180.0])
def test_feet_in_the_picture_alone_get_their_depth_from_their_length(yaw_deg: float) -> None:
    motion = in_camera(yaw_deg)
    ahead = LEVEL.T @ Rotation.from_euler("z", yaw_deg, degrees=True).apply(AHEAD)
    track = replace(seen(motion, feet(motion, ahead), HALPE26), world_m=None)
    toes = cues_of(track, motion, CAMERA).of("right_toes")
    off = np.degrees(np.arccos((toes @ (LEVEL @ ahead)).clip(-1, 1)))
    assert np.median(off) < 22, off  # the lens makes what is nearer larger; the length is a guess


def test_detectors_without_feet_say_nothing() -> None:
    motion = in_camera()
    track = replace(seen(motion, {}, COCO17), world_m=None)
    assert np.isnan(cues_of(track, motion, CAMERA).directions).all()


def test_unsure_landmarks_say_nothing() -> None:
    motion = in_camera()
    track = seen(motion, feet(motion, np.array([0.0, 0.0, -1.0])), BLAZEPOSE33)
    cues = cues_of(replace(track, score=0.4 * track.score), motion, CAMERA)
    assert np.isnan(cues.directions).all()


def test_a_cue_that_is_lost_fades() -> None:
    time_s = np.arange(60) / 30
    cue = np.tile(AHEAD, (60, 1))
    cue[20:50] = np.nan
    filled, worth = steadied(cue, time_s)
    np.testing.assert_allclose(filled, np.tile(AHEAD, (60, 1)))
    assert worth[10] == 1 and worth[21] > 0.8 and worth[35] < 0.05 and worth[55] == 1
