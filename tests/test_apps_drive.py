"""Driving avatars: what a receiver gets, what a model plays, and that nothing jumps."""

import json
import socket
import urllib.request
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pygltflib
import pytest
from pythonosc.osc_bundle import OscBundle
from scipy.spatial.transform import Rotation

from monomocap.apps.drive import (
    AvatarPose,
    Preview,
    Puppet,
    VmcSender,
    avatar_poses,
    drive_live,
    drive_take,
    joints_m,
    retarget,
)
from monomocap.apps.drive.bones import REQUIRED as REQUIRED_JOINTS
from monomocap.apps.drive.bones import bones_of
from monomocap.apps.drive.gltf_file import Nodes, read_glb
from monomocap.apps.drive.puppet import global_matrices
from monomocap.apps.drive.turns import MOST_RAD_PER_S, SteadyTurns
from monomocap.apps.drive.vmc import BONES, REQUIRED, bundle, parsed
from monomocap.cli.main import app
from monomocap.detect.catalogue import DETECTORS
from monomocap.errors import FormatError, InputError, OptionError
from monomocap.formats import save
from monomocap.formats.presets import AXES, NAMES
from monomocap.geometry.rig import ENDS, RIG, as_h36m
from monomocap.options import Options
from monomocap.render.exercises import perform, schedule
from monomocap.render.motions import walk
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Motion3D, Take, Track2D, VideoInfo
from tests.fakes import FakeDetector
from tests.khronos import khronos_issues, khronos_validator
from tests.videos import make_video


@cache
def squats() -> Motion3D:
    return perform("squat", schedule(1, 1.6, np.random.default_rng(0)), rest_s=0.8)


def take_of(motion: Motion3D) -> Take:
    frames = len(motion.time_s)
    xy_px = 320 + 100 * motion.xyz_m[..., [1, 2]] * [1, -1]
    track = Track2D(0, motion.time_s, xy_px, np.ones(xy_px.shape[:2]), H36M17)
    info = VideoInfo("clip.mp4", 640, 480, 30.0, frames)
    return Take(info, Camera.from_fov(640, 480), motion.time_s, (track,), (motion,))


@cache
def poses() -> tuple[AvatarPose, ...]:
    return tuple(avatar_poses(take_of(squats())))


def tpose(frames: int = 45, lean_deg: float = 0.0, heading_deg: float = 0.0) -> Motion3D:
    """Arms straight out; `lean_deg` bends the trunk forward, which is this person's own T-pose."""
    standing = squats().xyz_m[0] - squats().xyz_m[0, 0]
    turned = standing @ Rotation.from_euler("z", -90, degrees=True).as_matrix().T
    for side, sign in (("left", 1), ("right", -1)):
        shoulder = turned[H36M17.index(f"{side}_shoulder")]
        for reach, joint in ((0.3, "elbow"), (0.55, "wrist")):
            turned[H36M17.index(f"{side}_{joint}")] = shoulder + [sign * reach, 0, 0]
    upper = [H36M17.index(j) for j in H36M17.joints if "hip" not in j and j != "pelvis"]
    upper = [j for j in upper if "knee" not in H36M17.joints[j] and "ankle" not in H36M17.joints[j]]
    lean = Rotation.from_euler("x", lean_deg, degrees=True).as_matrix()
    turned[upper] = turned[upper] @ lean.T
    turned = turned @ Rotation.from_euler("z", heading_deg, degrees=True).as_matrix().T
    xyz_m = np.tile(turned + [0, 0, 0.95], (frames, 1, 1))
    sure = np.ones(xyz_m.shape[:2])
    return Motion3D(0, np.arange(frames) / 30, xyz_m, sure, H36M17, "world")


def angle_deg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Between rotations given as quaternions."""
    return np.degrees(2 * np.arccos(np.clip(np.abs((a * b).sum(axis=-1)), 0, 1)))


# --- the puppet


def test_the_avatar_does_what_the_body_does() -> None:
    motion = squats()
    errors = []
    for pose in poses():
        row = int(np.abs(motion.time_s - pose.time_s).argmin())
        own = as_h36m(joints_m(pose)[None], pose.rest)[0]
        truth = motion.xyz_m[row]
        errors.append(np.linalg.norm((own - own[0]) - (truth - truth[0]), axis=-1).mean())
    assert np.mean(errors) < 0.03


def test_nothing_jumps_and_quaternions_are_unit() -> None:
    for one, other in zip(poses(), poses()[1:], strict=False):
        passed_s = other.time_s - one.time_s
        step = angle_deg(one.local_xyzw, other.local_xyzw)
        assert step.max() <= np.degrees(MOST_RAD_PER_S * passed_s) + 0.1
        assert (one.local_xyzw * other.local_xyzw).sum(axis=-1).min() > 0
        assert np.allclose(np.linalg.norm(other.local_xyzw, axis=-1), 1)


def test_the_carrying_foot_does_not_slide() -> None:
    motion = walk(3.0, 30.0, turn_rad_s=0.0)
    walked = avatar_poses(take_of(motion), travel="feet")
    ball = {side: RIG.index(f"{side}_ball") for side in ("left", "right")}
    slid = []
    for one, other in zip(walked, walked[1:], strict=False):
        moved = [np.linalg.norm((joints_m(other) - joints_m(one))[b, :2]) for b in ball.values()]
        slid.append(min(moved))
    assert np.percentile(slid, 80) < 1e-6  # but for the moments in which feet take turns
    assert all(abs(joints_m(pose)[:, 2].min()) < 1e-9 for pose in walked)
    # and walking gets somewhere: as far as the body went, within a quarter
    went = np.linalg.norm(walked[-1].root_m[:2] - walked[0].root_m[:2])
    truth = np.linalg.norm(motion.xyz_m[-1, 0, :2] - motion.xyz_m[0, 0, :2])
    assert abs(went / truth - 1) < 0.25


def test_in_place_stays_in_place() -> None:
    there = avatar_poses(take_of(walk(2.0, 30.0)), travel="none")
    assert np.abs([pose.root_m[:2] for pose in there]).max() < 1e-9


def test_a_mirror_swaps_the_sides() -> None:
    motion = perform("punch", schedule(1, 1.0, np.random.default_rng(0)), rest_s=0.5)
    as_is = avatar_poses(take_of(motion), travel="none", smooth="none")
    swapped = avatar_poses(take_of(motion), mirror=True, travel="none", smooth="none")
    left, right = (RIG.index(f"{side}_wrist") for side in ("left", "right"))
    for one, other in zip(as_is[::5], swapped[::5], strict=True):
        a, b = joints_m(one), joints_m(other)
        assert np.allclose((a - a[0])[left] * [-1, 1, 1], (b - b[0])[right], atol=0.03)


def test_a_tpose_takes_out_how_this_person_stands() -> None:
    """A camera that makes the trunk lean by 15 degrees: after a T-pose it does not."""
    puppet = Puppet(calibration="tpose", smooth="none")
    motion = tpose(lean_deg=15.0)
    answers = [
        puppet(float(t), xyz_m) for t, xyz_m in zip(motion.time_s, motion.xyz_m, strict=True)
    ]
    pose = answers[-1]
    assert answers[0] is None and pose is not None
    assert puppet.calibration is not None and puppet.calibration.source == "tpose"
    identity = np.array([0, 0, 0, 1.0])
    assert angle_deg(pose.local_xyzw, identity).max() < 1.0


def test_standing_straight_tells_which_way_is_up() -> None:
    tilt = Rotation.from_euler("x", 15, degrees=True).as_matrix()
    motion = squats()
    leaning = replace(motion, xyz_m=motion.xyz_m @ tilt.T)
    pose = avatar_poses(take_of(leaning), travel="none")[5]
    up = global_matrices(pose.local_xyzw)[0] @ [0, 0, 1]
    assert up[2] > np.cos(np.radians(6))
    with pytest.raises(InputError, match="T-pose"):
        avatar_poses(take_of(motion), calibration="tpose")


def test_a_gap_begins_anew_without_a_pose_for_it() -> None:
    motion = squats()
    xyz_m = motion.xyz_m.copy()
    gone = (motion.time_s > 0.8) & (motion.time_s < 2.2)
    xyz_m[gone] = np.nan
    found = avatar_poses(take_of(replace(motion, xyz_m=xyz_m)))
    assert not [p for p in found if 0.8 < p.time_s < 2.2]
    assert found[-1].time_s == motion.time_s[-1]


def test_steady_turns_calm_trembling_and_follow_a_turn() -> None:
    rng = np.random.default_rng(0)
    shaking = Rotation.from_rotvec(rng.normal(0, 0.03, (90, 3))).as_quat()
    steady = SteadyTurns("medium")
    calmed = np.array([steady(row[None], k / 30)[0] for k, row in enumerate(shaking)])
    assert (
        angle_deg(calmed[1:], calmed[:-1]).mean()
        < 0.5 * angle_deg(shaking[1:], shaking[:-1]).mean()
    )
    bent = np.minimum(np.arange(60) * 6.0, 120)[:, None]
    turning = Rotation.from_euler("x", bent, degrees=True).as_quat()
    steady = SteadyTurns("light")
    followed = np.array([steady(row[None], k / 30)[0] for k, row in enumerate(turning)])
    assert angle_deg(followed[15], turning[15]) < 15 and angle_deg(followed[-1], turning[-1]) < 1


# --- VMC


def test_a_receiver_decodes_every_bundle() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        got: list[OscBundle] = []
        listens = Thread(
            target=lambda: got.extend(OscBundle(receiver.recv(65536)) for _ in poses())
        )
        listens.start()
        with VmcSender(f"127.0.0.1:{receiver.getsockname()[1]}") as send:
            done = drive_take(take_of(squats()), send)
            assert done.frames == send.sent == len(poses())
        listens.join(10)
    assert len(got) == done.frames
    assert done.worst_delay_s < 0.5 and done.calibration == "standing"
    before: dict[str, np.ndarray] = {}
    for number, one in enumerate(got):
        messages = [message for message in one]
        assert {m.address for m in messages} == {
            "/VMC/Ext/OK",
            "/VMC/Ext/T",
            "/VMC/Ext/Root/Pos",
            "/VMC/Ext/Bone/Pos",
        }
        bones = {m.params[0]: np.array(m.params[1:]) for m in messages if "Bone" in m.address}
        assert set(REQUIRED) <= set(bones) and len(REQUIRED) == 15
        for name, values in bones.items():
            assert values.shape == (7,) and abs(np.linalg.norm(values[3:]) - 1) < 1e-5
            if name in before:
                assert (
                    angle_deg(before[name][3:], values[3:]) < np.degrees(MOST_RAD_PER_S / 30) + 0.1
                )
                assert np.linalg.norm(before[name][:3] - values[:3]) < 0.15
        before = bones
        (time,) = (m.params[0] for m in messages if m.address == "/VMC/Ext/T")
        assert abs(time - (poses()[number].time_s - poses()[0].time_s)) < 1e-3


def test_unitys_axes() -> None:
    """The right arm raised sideways, seen from Unity: about -z for an arm towards +x."""
    rest = poses()[0].rest
    local = np.tile([0, 0, 0, 1.0], (len(RIG), 1))
    raised = Rotation.from_euler("y", 60, degrees=True)  # rig: right arm is -x; up is +z
    local[RIG.index("right_shoulder")] = raised.as_quat()
    pose = AvatarPose(0.0, np.array([0, 0, 0.9]), local, rest)
    assert (
        joints_m(pose)[RIG.index("right_wrist"), 2] > joints_m(pose)[RIG.index("right_shoulder"), 2]
    )
    messages = {m.params[0]: m.params for m in OscBundle(bundle(pose, 0.0)) if len(m.params) == 8}
    hips, arm = np.array(messages["Hips"][1:]), np.array(messages["RightUpperArm"][4:])
    assert np.allclose(hips[:3], [0, 0.9, 0])
    # Unity: left-handed, right hand at +x for who faces +z; Euler z of +60 lifts it
    turned = left_handed(arm) @ [1, 0, 0]
    assert np.allclose(turned, [0.5, np.sqrt(3) / 2, 0], atol=1e-6)
    offset = np.array(messages["RightLowerArm"][1:4])
    assert offset[0] > 0.2 and abs(offset[1]) < 1e-6


def left_handed(xyzw: np.ndarray) -> np.ndarray:
    """The matrix that Unity makes of a quaternion: the same formula, on left-handed axes."""
    return Rotation.from_quat(xyzw).as_matrix()


@pytest.mark.parametrize(
    "address", ["", "here:port", "127.0.0.1:0", "127.0.0.1:99999", "no such host:1"]
)
def test_a_wrong_address_is_told(address: str) -> None:
    if address == "":
        assert parsed(address)[1][1] == 39539
    else:
        with pytest.raises(OptionError, match="address"):
            parsed(address)


def test_vmcs_bones_are_all_that_turn() -> None:
    assert len(BONES) == len(RIG) - len(ENDS) and set(REQUIRED) <= set(BONES)


# --- live


def test_live_follows_a_file_and_says_its_delay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector())
    make_video(tmp_path / "walk.mp4", frames=60)
    sent: list[tuple[AvatarPose, float]] = []
    options = Options(detector="fake", lifter="flat")
    done = drive_live(str(tmp_path / "walk.mp4"), lambda p, t: sent.append((p, t)), options)
    assert done.frames == len(sent) > 0 and done.calibration in ("standing", "as seen")
    assert 0 < done.mean_delay_s <= done.worst_delay_s
    assert 0 < done.median_delay_s <= done.worst_delay_s
    assert sent[0][1] == 0 and all(b[1] > a[1] for a, b in zip(sent, sent[1:], strict=False))
    with pytest.raises(OptionError, match="feet or none"):
        drive_live("nothing.mp4", lambda p, t: None, travel="given")


def test_the_preview_serves_its_page_and_the_newest_pose() -> None:
    with Preview() as page:
        with urllib.request.urlopen(page.url, timeout=5) as answer:
            text = answer.read().decode()
        assert "EventSource" in text and "BONES" not in text
        page(poses()[0], 0.0)
        page(poses()[3], 0.1)
        with urllib.request.urlopen(page.url + "poses", timeout=5) as stream:
            told = json.loads(stream.readline().decode().removeprefix("data: "))
        assert told["time_s"] == 0.1
        assert np.allclose(told["joints_m"], joints_m(poses()[3]), atol=1e-3)


# --- other people's avatars


def make_avatar(
    path: Path, names: dict[str, str], *, arms_deg: float, unit: float, facing: float, seed: int = 1
) -> Path:
    """A skeleton at rest in an A-pose, bones turned anyhow, in another unit, facing +z or -z."""
    rng = np.random.default_rng(seed)
    rest = poses()[0].rest
    offset = AXES["gltf"].points(rest.offsets_m * 1.1) / unit
    for side, sign in (("left", -1.0), ("right", 1.0)):
        sunk = Rotation.from_euler("z", sign * arms_deg, degrees=True)
        for joint in ("elbow", "wrist", "hand_end"):
            row = RIG.index(f"{side}_{joint}")
            offset[row] = sunk.apply(offset[row])
    turn = Rotation.from_euler("y", 0 if facing > 0 else 180, degrees=True)
    offset = turn.apply(offset)
    world = Rotation.from_rotvec(rng.normal(0, 1, (len(RIG), 3)))
    model = pygltflib.GLTF2(asset=pygltflib.Asset(version="2.0"), scene=0)
    top = pygltflib.Node(name="Armature", scale=[unit] * 3, children=[1])
    model.nodes.append(top)
    height = 1.1 * rest.standing_m / unit
    for row, joint in enumerate(RIG.joints):
        parent = RIG.parents[row]
        above = world[parent] if parent >= 0 else Rotation.identity()
        place = offset[row] if parent >= 0 else np.array([0, height, 0])
        children = [1 + child for child, p in enumerate(RIG.parents) if p == row]
        node = pygltflib.Node(
            name=names[joint],
            translation=above.inv().apply(place).tolist(),
            rotation=(above.inv() * world[row]).as_quat().tolist(),
            children=children or None,
        )
        model.nodes.append(node)
    model.scenes.append(pygltflib.Scene(nodes=[0]))
    model.save_binary(str(path))
    return path


SPINE = ("pelvis", "spine", "chest", "upper_chest", "neck", "head", "head_end")
LIMBS = (
    *("collar", "shoulder", "elbow", "wrist", "hand_end"),
    *("hip", "knee", "ankle", "ball", "toe_end"),
)


def named(spine: str, limbs: str, left: str, right: str) -> dict[str, str]:
    """Rig joint -> name; `*` is the side."""
    out = dict(zip(SPINE, spine.split(), strict=True))
    for side, word in (("left", left), ("right", right)):
        for joint, name in zip(LIMBS, limbs.split(), strict=True):
            out[f"{side}_{joint}"] = name.replace("*", word)
    return out


UNREAL = named(
    "pelvis spine_01 spine_02 spine_03 neck_01 head tip",
    "clavicle_* upperarm_* lowerarm_* hand_* fingers_* thigh_* calf_* foot_* ball_* end_*",
    "l",
    "r",
)
VROID = named(
    *("J_Bip_C_Hips J_Bip_C_Spine J_Bip_C_Chest J_Bip_C_UpperChest J_Bip_C_Neck J_Bip_C_Head tip",),
    "J_Bip_*_Shoulder J_Bip_*_UpperArm J_Bip_*_LowerArm J_Bip_*_Hand J_Bip_*_Finger "
    "J_Bip_*_UpperLeg J_Bip_*_LowerLeg J_Bip_*_Foot J_Bip_*_ToeBase J_Bip_*_End",
    "L",
    "R",
)
AVATARS: dict[str, dict[str, Any]] = {
    "mixamo": {"names": NAMES["mixamo"], "arms_deg": 0.0, "unit": 0.01, "facing": 1.0},
    "unreal": {"names": UNREAL, "arms_deg": 45.0, "unit": 0.01, "facing": 1.0},
    "vroid": {"names": VROID, "arms_deg": 20.0, "unit": 1.0, "facing": -1.0},
    "unity": {"names": NAMES["unity"], "arms_deg": 30.0, "unit": 1.0, "facing": 1.0},
    "rig": {"names": NAMES["rig"], "arms_deg": 10.0, "unit": 1.0, "facing": 1.0},
}


def played(path: Path, frame: int) -> tuple[np.ndarray, list[str]]:
    """Where nodes are when the last animation plays, by the file alone."""
    model = read_glb(path)
    blob = model.binary_blob()
    animation = model.animations[-1]
    for channel in animation.channels:
        accessor = model.accessors[animation.samplers[channel.sampler].output]
        view = model.bufferViews[accessor.bufferView]
        width = {"VEC3": 3, "VEC4": 4}[accessor.type]
        values = np.frombuffer(blob, "<f4", accessor.count * width, view.byteOffset)
        row = values.reshape(-1, width)[frame].astype(float).tolist()
        setattr(model.nodes[channel.target.node], channel.target.path, row)
    nodes = Nodes(model)
    return nodes.places, nodes.names


@pytest.mark.parametrize("kind", list(AVATARS))
def test_every_avatar_moves_as_the_body_does(tmp_path: Path, kind: str) -> None:
    avatar = make_avatar(tmp_path / "avatar.glb", **AVATARS[kind])
    done = retarget(poses(), avatar, tmp_path / "out.glb")
    assert done.frames == len(poses()) and set(REQUIRED_JOINTS) <= set(done.bones)
    facing = np.diag([1.0, 1, 1]) if AVATARS[kind]["facing"] > 0 else np.diag([-1.0, 1, -1])
    frame = len(poses()) // 2
    places, names = played(done.path, frame)
    body = AXES["gltf"].points(joints_m(poses()[frame])) @ facing.T
    for a, b in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle")):
        for side in ("left", "right"):
            ends = [names.index(done.bones[f"{side}_{joint}"]) for joint in (a, b)]
            own = places[ends[1]] - places[ends[0]]
            wanted = body[RIG.index(f"{side}_{b}")] - body[RIG.index(f"{side}_{a}")]
            cosine = own @ wanted / np.linalg.norm(own) / np.linalg.norm(wanted)
            assert np.degrees(np.arccos(min(cosine, 1))) < 1.0
    # the hips sink as far as legs 1.1 times as long do
    start, _ = played(done.path, 0)
    hips = names.index(done.bones["pelvis"])
    sunk = places[hips][1] - start[hips][1]
    body_sunk = poses()[frame].root_m[2] - poses()[0].root_m[2]
    assert abs(sunk - 1.1 * body_sunk) < 0.01 and body_sunk < -0.1


def test_a_vrm_says_which_bones_it_has(tmp_path: Path) -> None:
    names = {joint: f"bone{k}" for k, joint in enumerate(RIG.joints)}
    path = make_avatar(tmp_path / "a.glb", names, arms_deg=0.0, unit=1.0, facing=1.0)
    model = read_glb(path)
    nodes = Nodes(model)
    with pytest.raises(FormatError, match="pelvis"):
        bones_of(model, nodes.names, nodes.parent)
    human = {
        NAMES["vrm"][joint]: {"node": nodes.names.index(names[joint])}
        for joint in RIG.joints
        if joint not in ENDS
    }
    model.extensions = {"VRMC_vrm": {"specVersion": "1.0", "humanoid": {"humanBones": human}}}
    model.extensionsUsed = ["VRMC_vrm"]
    model.save_binary(str(tmp_path / "a.vrm"))
    done = retarget(poses(), tmp_path / "a.vrm", tmp_path / "b.vrm")
    assert done.bones["left_knee"] == names["left_knee"]
    assert "VRMC_vrm" in read_glb(tmp_path / "b.vrm").extensions
    old = [{"bone": name, "node": bone["node"]} for name, bone in human.items()]
    model.extensions = {"VRM": {"humanoid": {"humanBones": old}}}
    assert bones_of(model, nodes.names, nodes.parent)["right_wrist"] == human["rightHand"]["node"]


def test_what_is_no_avatar_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.glb").write_bytes(b"glTF nonsense")
    (tmp_path / "a.fbx").touch()
    for name, said in (("a.glb", "damaged"), ("a.fbx", ".vrm"), ("none.glb", "cannot read")):
        with pytest.raises(FormatError, match=said):
            retarget(poses(), tmp_path / name, tmp_path / "out.glb")
    with pytest.raises(InputError, match="no pose"):
        retarget([], tmp_path / "a.glb", tmp_path / "out.glb")
    assert not (tmp_path / "out.glb").exists()


@pytest.mark.parametrize("kind", ["unreal", "vroid"])
def test_what_is_written_keeps_glTFs_rules(tmp_path: Path, kind: str) -> None:
    """Those that an animation can break; and all of them, where Khronos's validator is there."""
    avatar = make_avatar(tmp_path / "avatar.glb", **AVATARS[kind])
    out = retarget(poses(), avatar, tmp_path / "out.glb").path
    model = read_glb(out)
    (animation,) = model.animations
    targets = [(c.target.node, c.target.path) for c in animation.channels]
    assert len(set(targets)) == len(targets)
    assert all(model.nodes[node].matrix is None for node, _ in targets)
    for sampler in animation.samplers:
        time_s, values = accessor(model, sampler.input), accessor(model, sampler.output)
        assert len(time_s) == len(values) and np.isfinite(values).all()
        assert time_s[0] >= 0 and (np.diff(time_s[:, 0]) > 0).all()
        stated = model.accessors[sampler.input]
        assert (stated.min, stated.max) == ([float(time_s.min())], [float(time_s.max())])
        if values.shape[1] == 4:
            assert np.abs(np.linalg.norm(values, axis=1) - 1).max() < 1e-5
    folder = khronos_validator()
    if folder is not None:
        issues = khronos_issues(folder, out)
        assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


def accessor(model: Any, number: int) -> np.ndarray:
    """Its numbers, (count, width); what lies outside the file's bytes cannot be read."""
    one = model.accessors[number]
    view = model.bufferViews[one.bufferView]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[one.type]
    assert view.byteOffset % 4 == 0 and view.byteLength == 4 * width * one.count
    blob = model.binary_blob()
    assert model.buffers[0].byteLength <= len(blob)
    return np.frombuffer(blob, "<f4", width * one.count, view.byteOffset).reshape(-1, width)


# --- the command line


def test_a_take_drives_an_avatar_into_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(take_of(squats()), tmp_path / "take.npz")
    avatar = make_avatar(tmp_path / "avatar.glb", **AVATARS["mixamo"])
    words = ["drive", str(tmp_path / "take.npz"), "--to", "", "--avatar", str(avatar)]
    app([*words, "-o", str(tmp_path / "out"), "--json"], None, "m", False)
    said = json.loads(capsys.readouterr().out)
    assert said["drive"] is None and said["retargeted"]["frames"] == len(poses())
    assert (tmp_path / "out" / "avatar-driven.glb").exists()
