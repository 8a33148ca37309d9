"""Joint angles of bodies whose angles are known, built by rotations that are scipy's."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from monomocap.errors import InputError
from monomocap.geometry.angles import ANGLES, SIDES, joint_angles
from monomocap.geometry.rotation import about
from monomocap.render.motions import Arm, Body, Script, act, walk
from monomocap.skeleton import BLAZEPOSE33, H36M17
from monomocap.types import Camera, Motion3D, Track2D

CAMERA = Camera.from_fov(640, 480)
FRAMES = 40
WORLD_FROM_ISB = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""Columns: forward, up and right of somebody who faces the world's +x."""
MIRROR = np.diag([1.0, 1.0, -1.0])


def found_in(motion: Motion3D, track: Track2D | None = None) -> dict[str, np.ndarray]:
    angles = joint_angles(motion, CAMERA, track)
    return {name: angles[name] for name in ANGLES}


# A skeleton rigged with ISB's angles, one random pose per frame.


def turn(order: str, *angles_deg: np.ndarray) -> np.ndarray:
    """Matrices of turns about a body's own axes, in order."""
    return Rotation.from_euler(order, np.stack(angles_deg, -1), degrees=True).as_matrix()


def rigged(
    rng: np.random.Generator, frames: int = FRAMES
) -> tuple[Motion3D, dict[str, np.ndarray]]:
    """A motion and its angles."""

    def draw(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, frames)

    true: dict[str, np.ndarray] = {}
    pelvis = WORLD_FROM_ISB @ turn("YXZ", draw(-170, 170), draw(-30, 30), draw(-40, 40))
    true["trunk_rotation"] = draw(-50, 50)
    thorax = pelvis @ turn("ZXY", draw(-60, 20), draw(-30, 30), true["trunk_rotation"])
    at = {"pelvis": rng.normal(0, 1, (frames, 3))}
    at["spine"] = at["pelvis"] + pelvis @ [0, 0.2, 0]
    at["thorax"] = at["pelvis"] + thorax @ [0, 0.45, 0]
    for side, out in (("left", -1.0), ("right", 1.0)):
        mirror = MIRROR if side == "left" else np.eye(3)
        flexion, adduction, rotation = draw(-30, 120), draw(-50, 30), draw(-50, 50)
        knee = draw(16, 140)
        hip = pelvis @ mirror @ turn("ZXY", flexion, adduction, rotation)
        at[f"{side}_hip"] = at["pelvis"] + pelvis @ [0, 0, 0.1 * out]
        at[f"{side}_knee"] = at[f"{side}_hip"] + hip @ [0, -0.42, 0]
        shank = hip @ turn("Z", -knee)
        at[f"{side}_ankle"] = at[f"{side}_knee"] + shank @ [0, -0.43, 0]
        plane, elevation, axial = draw(-60, 130), draw(11, 169), draw(-80, 80)
        elbow = draw(16, 140)
        arm = thorax @ mirror @ turn("YXY", plane, -elevation, axial)
        at[f"{side}_shoulder"] = at["thorax"] + thorax @ [0, 0, 0.18 * out]
        at[f"{side}_elbow"] = at[f"{side}_shoulder"] + arm @ [0, -0.3, 0]
        at[f"{side}_wrist"] = at[f"{side}_elbow"] + arm @ turn("Z", elbow) @ [0, -0.25, 0]
        legs = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_flexion")
        arms = ("shoulder_plane", "shoulder_elevation", "shoulder_rotation", "elbow_flexion")
        values = (flexion, adduction, rotation, knee, plane, elevation, axial, elbow)
        true |= {
            f"{side}_{name}": value for name, value in zip((*legs, *arms), values, strict=True)
        }
    true["neck_flexion"], true["neck_bending"] = draw(-50, 70), draw(-40, 40)
    head = thorax @ turn("ZX", -true["neck_flexion"], true["neck_bending"])
    at["head"] = at["thorax"] + head @ [0, 0.2, 0]
    at["neck"] = (at["thorax"] + at["head"]) / 2
    _, true["trunk_bending"], forward = _heading_bend_tilt(thorax)
    true["trunk_flexion"] = -forward
    true["pelvis_rotation"], true["pelvis_obliquity"], _ = _heading_bend_tilt(pelvis)
    xyz_m = np.stack([at[joint] for joint in H36M17.joints], axis=1)
    sure = np.ones(xyz_m.shape[:2])
    return Motion3D(0, np.arange(frames) / 30, xyz_m, sure, H36M17, "world"), true


def _heading_bend_tilt(frames: np.ndarray) -> np.ndarray:
    isb = Rotation.from_matrix(WORLD_FROM_ISB.T @ frames)
    return isb.as_euler("YXZ", degrees=True).T


@pytest.mark.parametrize("seed", range(5))
def test_a_rigged_skeletons_angles_come_back(seed: int) -> None:
    motion, true = rigged(np.random.default_rng(seed))
    got = found_in(motion)
    assert set(true) == {name for name in ANGLES if "ankle" not in name}
    for name, angle in true.items():
        apart = (got[name] - angle + 180) % 360 - 180
        assert np.abs(apart).max() < 1e-6, name


def test_angles_do_not_care_where_somebody_stands_or_faces_or_how_tall_they_are() -> None:
    motion, _ = rigged(np.random.default_rng(9))
    turned = motion.xyz_m @ about(np.array([0, 0, 1.0]), np.array(1.1)).T * 0.7 + [3.0, 1.0, 0.5]
    before, after = found_in(motion), found_in(replace(motion, xyz_m=turned))
    for name in ANGLES:
        moved = np.degrees(1.1) if name == "pelvis_rotation" else 0.0
        apart = (after[name] - before[name] - moved + 180) % 360 - 180
        assert np.abs(apart[np.isfinite(before[name])]).max(initial=0) < 1e-6, name


def test_a_mirror_exchanges_the_sides_and_turns_what_has_a_side() -> None:
    motion, _ = rigged(np.random.default_rng(4))
    mirrored = replace(motion, xyz_m=motion.xyz_m[:, H36M17.mirror] * [1, -1, 1])
    here, there = found_in(motion), found_in(mirrored)
    for angle in ANGLES:
        for side, other in zip(SIDES, SIDES[::-1], strict=True):
            if angle.startswith(side):
                partner = angle.replace(side, other)
                np.testing.assert_allclose(there[partner], here[angle], atol=1e-6)
    for angle in ("trunk_flexion", "neck_flexion"):
        np.testing.assert_allclose(there[angle], here[angle], atol=1e-6)
    for angle in ("trunk_bending", "trunk_rotation", "neck_bending", "pelvis_obliquity"):
        np.testing.assert_allclose(there[angle], -here[angle], atol=1e-6)


# The mannequin, which knows nothing of these conventions.

SWEEP = np.linspace(0.3, 2.0, FRAMES)
STILL = np.zeros(FRAMES)
HANGING = Arm(STILL, STILL, STILL)


def standing(heading: float = 0.0, crouch_m: float = 0.0, **more: object) -> dict[str, np.ndarray]:
    """The angles found in a mannequin that stands on both feet."""
    body = Body(1.75)
    height = body.ankle_m + 0.9995 * (body.thigh_m + body.shank_m) - crouch_m
    left = np.array([-np.sin(heading), np.cos(heading), 0.0])
    feet = [np.tile(s * body.hip_m * left + [0, 0, body.ankle_m], (FRAMES, 1)) for s in (1, -1)]
    words: dict[str, object] = {"left_arm": HANGING, "right_arm": HANGING, "lean": STILL} | more
    pelvis = np.tile([0.0, 0.0, height], (FRAMES, 1))
    script = Script(np.arange(FRAMES) / 30, STILL + heading, pelvis, *feet, **words)  # type: ignore[arg-type]
    return found_in(act(script, body))


def test_the_mannequins_arms() -> None:
    """Abducted by e it has plane 0 and elevation e; raised to the front, plane 90."""
    aside, ahead = Arm(STILL, SWEEP, STILL + 1.0), Arm(SWEEP, STILL, SWEEP)
    got = standing(left_arm=aside, right_arm=ahead)
    for side in SIDES:
        assert got[f"{side}_shoulder_elevation"] == pytest.approx(np.degrees(SWEEP), abs=1e-6)
    assert got["left_elbow_flexion"] == pytest.approx(np.degrees(1.0), abs=1e-6)
    assert got["right_elbow_flexion"] == pytest.approx(np.degrees(SWEEP), abs=1e-6)
    assert got["left_shoulder_plane"] == pytest.approx(0, abs=1e-6)
    assert got["right_shoulder_plane"] == pytest.approx(90, abs=1e-6)
    # The forearm still points ahead; an arm raised to the front turns its elbow's axis by -90.
    assert got["left_shoulder_rotation"] == pytest.approx(0, abs=1e-6)
    assert got["right_shoulder_rotation"] == pytest.approx(-90, abs=1e-6)


@pytest.mark.parametrize("heading", [0.0, 1.0, -2.5])
def test_the_mannequins_trunk_head_and_heading(heading: float) -> None:
    lean, nod, twist = np.linspace(-0.4, 1.3, FRAMES), np.linspace(0.5, -0.5, FRAMES), STILL + 0.3
    got = standing(heading, lean=lean, nod=nod, chest_turn=0.0 * twist)
    assert got["trunk_flexion"] == pytest.approx(np.degrees(lean), abs=1e-6)
    assert got["trunk_bending"] == pytest.approx(0, abs=1e-6)
    assert got["pelvis_rotation"] == pytest.approx(np.degrees(heading), abs=1e-6)
    ears_ahead = np.degrees(np.arctan(0.1))
    assert got["neck_flexion"] == pytest.approx(np.degrees(nod) + ears_ahead, abs=1e-6)
    twisted = standing(heading, chest_turn=twist)
    assert twisted["trunk_rotation"] == pytest.approx(np.degrees(0.3), abs=1e-6)
    dropped = standing(heading, pelvis_drop=twist)
    assert dropped["pelvis_obliquity"] == pytest.approx(np.degrees(0.3), abs=1e-6)


def test_the_mannequins_legs() -> None:
    """A crouch over the feet: by the cosine rule of thigh and shank."""
    got = standing(crouch_m=0.25, toes_out=0.0)
    body = Body(1.75)
    thigh, shank = body.thigh_m, body.shank_m
    far = 0.9995 * (thigh + shank) - 0.25
    inner = np.arccos((thigh**2 + shank**2 - far**2) / (2 * thigh * shank))
    forward = np.arccos((thigh**2 + far**2 - shank**2) / (2 * thigh * far))
    for side in SIDES:
        assert got[f"{side}_knee_flexion"] == pytest.approx(180 - np.degrees(inner), abs=1e-6)
        assert got[f"{side}_hip_flexion"] == pytest.approx(np.degrees(forward), abs=1e-6)
        assert got[f"{side}_hip_adduction"] == pytest.approx(0, abs=1e-6)
        assert got[f"{side}_hip_rotation"] == pytest.approx(0, abs=1e-6)


def test_a_walk_has_the_angles_of_a_gait() -> None:
    """Winter, 2009: knees bend to about 60 degrees, hips swing over about 40, elbows stay bent."""
    got = found_in(walk(4.0, turn_rad_s=0.0))
    for side in SIDES:
        assert 45 < got[f"{side}_knee_flexion"].max() < 75
        assert 30 < np.ptp(got[f"{side}_hip_flexion"]) < 60
        assert np.abs(got[f"{side}_hip_adduction"]).max() < 15
    assert np.abs(got["pelvis_rotation"]).max() < 15


# What cannot be told.


def test_a_straight_limb_has_no_rotation_and_a_hanging_arm_no_plane() -> None:
    got = standing()
    for side in SIDES:
        for angle in ("hip_rotation", "shoulder_rotation", "shoulder_plane", "ankle_dorsiflexion"):
            assert np.isnan(got[f"{side}_{angle}"]).all()
        assert np.isfinite(got[f"{side}_hip_flexion"]).all()
        assert got[f"{side}_shoulder_elevation"] == pytest.approx(0, abs=1e-5)


def test_a_missing_joint_takes_its_own_angles_only() -> None:
    motion, _ = rigged(np.random.default_rng(2))
    xyz_m = motion.xyz_m.copy()
    xyz_m[:, H36M17.index("left_wrist")] = np.nan
    xyz_m[7] = np.nan
    got = found_in(replace(motion, xyz_m=xyz_m))
    gone = {name for name in ANGLES if np.isnan(np.delete(got[name], 7)).any()}
    ankles = {f"{side}_ankle_dorsiflexion" for side in SIDES}
    assert gone == {"left_elbow_flexion", "left_shoulder_rotation"} | ankles
    assert all(np.isnan(got[name][7]) for name in ANGLES)


def feet(deg: np.ndarray) -> Track2D:
    """A track whose feet are raised by so much, in axes that nobody knows."""
    world_m = np.full((FRAMES, 33, 3), np.nan)
    tilt = np.radians(deg)
    for side, out in (("left", 0.1), ("right", -0.1)):
        points = {
            "knee": np.tile([0.0, 0.5, 0.0], (FRAMES, 1)),
            "ankle": np.tile([0.0, 0.1, 0.0], (FRAMES, 1)),
            "heel": np.tile([-0.05, 0.0, 0.0], (FRAMES, 1)),
        }
        along = np.stack([np.cos(tilt), np.sin(tilt), 0 * tilt], axis=-1)
        points["foot_index"] = points["heel"] + 0.2 * along
        for joint, xyz in points.items():
            world_m[:, BLAZEPOSE33.index(f"{side}_{joint}")] = xyz + [0, 0, out]
    anyhow = Rotation.from_euler("xyz", [0.3, 1.0, -2.0]).as_matrix()
    score = np.ones((FRAMES, 33))
    time_s = np.arange(FRAMES) / 30
    return Track2D(0, time_s, np.ones((FRAMES, 33, 2)), score, BLAZEPOSE33, world_m @ anyhow.T)


def test_ankles_come_from_the_detectors_own_feet() -> None:
    raised = np.linspace(-50, 30, FRAMES)
    motion, _ = rigged(np.random.default_rng(3))
    got = found_in(motion, feet(raised))
    for side in SIDES:
        assert got[f"{side}_ankle_dorsiflexion"] == pytest.approx(raised, abs=1e-6)
    none = found_in(motion, replace(feet(raised), world_m=None))
    assert np.isnan(none["left_ankle_dorsiflexion"]).all()


def test_ankles_come_from_the_motion_where_it_has_feet() -> None:
    track = feet(np.full(FRAMES, 12.0))
    assert track.world_m is not None
    motion = Motion3D(0, track.time_s, track.world_m, track.score, BLAZEPOSE33, "world")
    got = found_in(motion)
    assert got["left_ankle_dorsiflexion"] == pytest.approx(12.0, abs=1e-6)
    assert np.isnan(got["trunk_flexion"]).all()


def test_an_unknown_angle_lists_the_known_ones() -> None:
    motion, _ = rigged(np.random.default_rng(3))
    with pytest.raises(InputError, match="left_knee_flexion"):
        joint_angles(motion, CAMERA)["knee"]
