"""Positions become rotations of constant bones, and come back; limbs turn steadily."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from monomocap.datasets.mocap import read_free17, world_motion
from monomocap.errors import InputError
from monomocap.geometry.rig import RIG, Rigged, as_h36m, positions, same_sign, to_matrices
from monomocap.geometry.rig_fit import fit
from monomocap.geometry.rotation import unit
from monomocap.render.motions import jumping_jack, squat, walk
from monomocap.skeleton import H36M17
from monomocap.types import Motion3D
from tests.rigs import twist_deg_per_60th

MOTIONS = {
    "walk": lambda: walk(2.0, 30.0),
    "squat": lambda: squat(2.0, 30.0),
    "jumping jack": lambda: jumping_jack(2.0, 30.0),
}


@pytest.fixture(scope="module")
def clips(data: Path) -> list[Motion3D]:
    """The first seconds of every 60th clip; benchmarks/rotations.py takes all of all."""
    found = read_free17(data / "mocap" / "free17.npz")[::60]
    return [part(clip.motion, 180) for clip in found]


def part(motion: Motion3D, frames: int) -> Motion3D:
    """The first frames of a motion."""
    return replace(
        motion,
        time_s=motion.time_s[:frames],
        xyz_m=motion.xyz_m[:frames],
        confidence=motion.confidence[:frames],
    )


@pytest.mark.parametrize("name", MOTIONS)
def test_a_body_of_constant_bones_is_met_exactly(name: str) -> None:
    rigged = fit(MOTIONS[name]())
    assert np.nanmax(rigged.error_mm) < 5
    assert rigged.mean_error_mm < 1


def test_forward_kinematics_gives_the_stated_error() -> None:
    motion = walk(1.0, 30.0)
    rigged = fit(motion)
    again = as_h36m(positions(rigged), rigged.rest)
    error_mm = 1000 * np.linalg.norm(again - motion.xyz_m, axis=-1)
    np.testing.assert_allclose(error_mm, rigged.error_mm, atol=1e-6)


def test_bones_keep_their_length() -> None:
    motion = walk(1.0, 30.0)
    noisy = motion.xyz_m + np.random.default_rng(0).normal(0, 0.02, motion.xyz_m.shape)
    rigged = fit(replace(motion, xyz_m=noisy))
    joints = positions(rigged)
    for parent, child in RIG.bones:
        length = np.linalg.norm(joints[:, child] - joints[:, parent], axis=-1)
        np.testing.assert_allclose(length, np.linalg.norm(rigged.rest.offsets_m[child]), atol=1e-9)
    assert rigged.mean_error_mm < 40


def test_global_rotations_are_those_of_the_chain() -> None:
    rigged = fit(walk(0.5, 30.0))
    chain = to_matrices(rigged.local_xyzw)
    wrist = np.eye(3)
    for joint in ("pelvis", "spine", "chest", "upper_chest", "left_collar", "left_shoulder"):
        wrist = wrist @ chain[:, RIG.index(joint)]
    turned = to_matrices(rigged.global_xyzw)[:, RIG.index("left_shoulder")]
    np.testing.assert_allclose(turned, wrist, atol=1e-9)


def test_the_rest_pose_stands_upright_faces_minus_y_and_has_its_left_at_plus_x() -> None:
    rest = fit(walk(0.5, 30.0)).rest
    at = dict(zip(RIG.joints, rest.positions_m, strict=True))
    assert at["left_wrist"][0] > 0.4 and at["right_wrist"][0] < -0.4
    assert at["head"][2] > 0.4 and at["left_ankle"][2] < -0.6
    assert at["left_toe_end"][1] < at["left_ankle"][1] - 0.1
    assert at["left_wrist"][2] == pytest.approx(at["left_shoulder"][2])
    assert 0.75 < rest.standing_m < 1.1


def test_an_a_pose_is_the_same_motion_with_arms_that_sink() -> None:
    motion = walk(1.0, 30.0)
    t, a = fit(motion, rest="T"), fit(motion, rest="A")
    np.testing.assert_allclose(positions(a), positions(t), atol=1e-9)
    arm = a.rest.offsets_m[RIG.index("left_elbow")]
    assert arm[0] > 0.1 and arm[2] == pytest.approx(-arm[0])
    assert a.rest.offsets_m[RIG.index("right_wrist")][0] < -0.1


def test_who_turns_on_the_floor_is_fitted_the_same_way() -> None:
    motion = walk(1.0, 30.0)
    turn = Rotation.from_euler("z", 100, degrees=True)
    turned = replace(motion, xyz_m=turn.apply(motion.xyz_m.reshape(-1, 3)).reshape(-1, 17, 3))
    a, b = fit(motion), fit(turned)
    np.testing.assert_allclose(b.local_xyzw[:, 1:], a.local_xyzw[:, 1:], atol=1e-7)
    np.testing.assert_allclose(
        to_matrices(b.local_xyzw[:, 0]), turn.as_matrix() @ to_matrices(a.local_xyzw[:, 0])
    )


def test_a_walker_looks_and_steps_ahead() -> None:
    motion = walk(2.0, 30.0, heading=0.7, turn_rad_s=0.0)
    rigged = fit(motion)
    ahead = np.array([np.cos(0.7), np.sin(0.7), 0.0])
    rest_ahead = np.array([0.0, -1.0, 0.0])
    for joint in ("pelvis", "upper_chest", "head", "left_ankle", "right_ankle", "left_hip"):
        front = rigged.global_matrices[:, RIG.index(joint)] @ rest_ahead
        level = unit(front * [1, 1, 0])
        assert np.degrees(np.arccos((level @ ahead).clip(-1, 1))).mean() < 20, joint


def test_feet_stand_on_the_floor_and_not_in_it() -> None:
    rigged = fit(walk(2.0, 30.0))
    joints = positions(rigged)
    for side in ("left", "right"):
        height = joints[:, RIG.index(f"{side}_ball"), 2]
        assert -0.005 < height.min() < 0.03
        assert (height < 0.04).mean() > 0.4


def test_feet_stand_on_whatever_is_under_them() -> None:
    """People of one take may stand on different floors: a lawn, and a roof over it."""
    motion = walk(2.0, 30.0)
    lower = replace(motion, xyz_m=motion.xyz_m - [0, 0, 1.8])
    np.testing.assert_allclose(fit(lower).local_xyzw, fit(motion).local_xyzw, atol=1e-9)


def test_elbows_of_hanging_arms_bend_ahead() -> None:
    """Arms that hang straight have no bend to go by: neutral is palms in, elbows back."""
    xyz_m = standing_m()
    rigged = fit(world_motion(np.repeat(xyz_m[None], 30, 0), 30.0))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        forearm = rigged.global_matrices[:, RIG.index(f"{side}_elbow")]
        palm = forearm @ np.array([0.0, 0.0, -1.0])  # down in a T-pose
        assert (palm @ np.array([-sign, 0.0, 0.0]) > 0.8).all()


def standing_m() -> np.ndarray:
    """A person who stands still, faces -y and lets the arms hang."""
    at: dict[str, tuple[float, float, float]] = {
        "pelvis": (0, 0, 0.95),
        "spine": (0, 0, 1.2),
        "thorax": (0, 0, 1.45),
        "neck": (0, -0.02, 1.56),
        "head": (0, -0.04, 1.67),
    }
    for side, sign in (("left", 1), ("right", -1)):
        at |= {f"{side}_hip": (0.1 * sign, 0, 0.95), f"{side}_knee": (0.1 * sign, 0, 0.5)}
        at |= {
            f"{side}_ankle": (0.1 * sign, 0.01, 0.07),
            f"{side}_shoulder": (0.19 * sign, 0, 1.45),
        }
        at |= {f"{side}_elbow": (0.21 * sign, 0, 1.15), f"{side}_wrist": (0.22 * sign, 0, 0.9)}
    return np.array([at[joint] for joint in H36M17.joints], float)


def test_gaps_stay_gaps_and_a_lost_wrist_is_bridged() -> None:
    motion = walk(1.0, 30.0)
    xyz_m = motion.xyz_m.copy()
    xyz_m[5:9] = np.nan
    xyz_m[12:15, H36M17.index("left_wrist")] = np.nan
    rigged = fit(replace(motion, xyz_m=xyz_m))
    assert (~rigged.seen).nonzero()[0].tolist() == [5, 6, 7, 8]
    assert np.isnan(rigged.local_xyzw[5:9]).all() and np.isfinite(rigged.local_xyzw[9:]).all()
    assert np.isnan(rigged.error_mm[12:15, H36M17.index("left_wrist")]).all()
    assert rigged.mean_error_mm < 2


def test_joints_that_were_never_seen_are_as_at_rest() -> None:
    motion = walk(1.0, 30.0)
    xyz_m = motion.xyz_m.copy()
    missing = ["head", "neck", "left_elbow", "left_wrist", "right_ankle", "right_knee"]
    xyz_m[:, [H36M17.index(joint) for joint in missing]] = np.nan
    rigged = fit(replace(motion, xyz_m=xyz_m))
    assert np.isfinite(positions(rigged)).all()
    lengths = np.linalg.norm(rigged.rest.offsets_m, axis=-1)
    assert lengths[RIG.index("left_elbow")] == pytest.approx(0.186 * 1.7, rel=0.1)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_the_shortest_motions(frames: int) -> None:
    rigged = fit(part(walk(1.0, 30.0), frames))
    assert positions(rigged).shape == (frames, len(RIG), 3)
    assert rigged.mean_error_mm < 2


def test_what_cannot_be_rigged_is_told() -> None:
    motion = walk(0.5, 30.0)
    with pytest.raises(InputError, match="in_world"):
        fit(replace(motion, frame="camera"))
    with pytest.raises(InputError, match="person 0 has no frame"):
        fit(replace(motion, xyz_m=motion.xyz_m * np.nan))


def test_signs_of_quaternions_follow_over_a_gap() -> None:
    walked = fit(walk(0.5, 30.0)).local_xyzw.copy()
    walked[4:6] = np.nan
    walked[6:, 3] *= -1
    steady = same_sign(walked)
    assert (steady[6] * steady[3]).sum(axis=-1).min() > 0


def test_mocap_is_within_5_mm(clips: list[Motion3D]) -> None:
    errors = [fit(clip).mean_error_mm for clip in clips]
    assert np.mean(errors) < 3
    assert np.max(errors) < 12


def test_no_limb_of_mocap_jumps_about_itself(clips: list[Motion3D]) -> None:
    worst = [max(twist_deg_per_60th(fit(clip)).values()) for clip in clips]
    assert max(worst) < 45


def test_a_straight_limb_that_trembles_does_not_spin() -> None:
    rng = np.random.default_rng(1)
    xyz_m = np.repeat(standing_m()[None], 120, 0)
    xyz_m += rng.normal(0, 0.004, xyz_m.shape)
    rigged = fit(world_motion(xyz_m, 60.0))
    jumps = twist_deg_per_60th(rigged)
    assert max(jumps[f"{side}_{j}"] for side in ("left", "right") for j in ("hip", "shoulder")) < 5


def test_a_knee_that_bends_the_wrong_way_for_a_moment_does_not_turn_the_leg() -> None:
    motion = squat(2.0, 60.0)
    xyz_m = motion.xyz_m.copy()
    hip, knee, ankle = (xyz_m[:, H36M17.index(f"left_{j}")] for j in ("hip", "knee", "ankle"))
    knee[30:34] += 1.3 * ((hip + ankle) / 2 - knee)[30:34]
    rigged: Rigged = fit(replace(motion, xyz_m=xyz_m))
    assert twist_deg_per_60th(rigged)["left_hip"] < 15
    thigh, pelvis = (rigged.global_matrices[:, RIG.index(j), :, 0] for j in ("left_hip", "pelvis"))
    assert ((thigh * pelvis).sum(axis=-1) > 0.5).all()
