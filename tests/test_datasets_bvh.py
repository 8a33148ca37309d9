"""BVH files: any tree and channel order, the dialects, units, axes, T-poses, and bad files."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monomocap.datasets.bvh import read_bvh_clip
from monomocap.datasets.mocap import z_up
from monomocap.errors import DataError, OptionError
from monomocap.formats.body_names import split_name
from monomocap.formats.bvh_tree import joint_positions, read_bvh, with_lost_bone
from monomocap.formats.captured import limb_length
from monomocap.skeleton import H36M17, LIMB_JOINTS
from tests.mocap_checks import (
    feet_above_lowest_m,
    free_clip,
    knees_bend_forwards,
    limb_spread_m,
)
from tests.mocap_files import (
    ADULT_CM,
    Joint,
    bvh_joints,
    bvh_text,
    h36m17_of_person,
    person,
    random_values,
)

MIXAMO = {
    "root": "Hips",
    "left_hip": "LeftUpLeg",
    "left_knee": "LeftLeg",
    "left_ankle": "LeftFoot",
    "belly": "Spine",
    "chest": "Spine1",
    "neck": "Neck",
    "head": "Head",
    "left_collar": "LeftShoulder",
    "left_shoulder": "LeftArm",
    "left_elbow": "LeftForeArm",
    "left_wrist": "LeftHand",
}
CMU = MIXAMO | {"left_socket": "LHipJoint", "belly": "LowerBack", "chest": "Spine"}


def named(base: dict[str, str], rename: Callable[[str], str]) -> dict[str, str]:
    return {part: rename(name) for part, name in base.items()}


def both_sides(left: dict[str, str], to_right: Callable[[str], str]) -> dict[str, str]:
    right = {
        part.replace("left", "right"): to_right(name)
        for part, name in left.items()
        if part.startswith("left")
    }
    return {part: (left | right)[part] for part in ADULT_CM if part in left | right}


def swap(old: str, new: str) -> Callable[[str], str]:
    return lambda name: name.replace(old, new, 1)


def limbs(words: str, **others: str) -> dict[str, str]:
    parts = ("left_hip", "left_knee", "left_ankle", "left_shoulder", "left_elbow", "left_wrist")
    return dict(zip(parts, words.split(), strict=True)) | {"root": "Hips"} | others


LEFT_IS_LEFT = swap("Left", "Right")
DIALECTS = {
    "cmu-cgspeed": both_sides(CMU, lambda n: n.replace("Left", "Right").replace("LHip", "RHip")),
    "mixamo": both_sides(named(MIXAMO, lambda n: f"mixamorig:{n}"), LEFT_IS_LEFT),
    "mixamo-glued": both_sides(named(MIXAMO, lambda n: f"mixamorig{n}"), LEFT_IS_LEFT),
    "accad": both_sides(MIXAMO | {"belly": "ToSpine", "chest": "Spine1"}, LEFT_IS_LEFT),
    "motionbuilder": both_sides(named(MIXAMO, lambda n: f"Character1_{n}"), LEFT_IS_LEFT),
    "3dsmax-cgspeed": both_sides(
        limbs(
            "LeftHip LeftKnee LeftAnkle LeftShoulder LeftElbow LeftWrist",
            chest="Chest",
            neck="Neck",
            head="Head",
            left_collar="LeftCollar",
        ),
        LEFT_IS_LEFT,
    ),
    "daz": both_sides(
        limbs(
            "lThigh lShin lFoot lShldr lForeArm lHand",
            root="hip",
            left_socket="lButtock",
            belly="abdomen",
            chest="chest",
            neck="neck",
            head="head",
            left_collar="lCollar",
        ),
        lambda n: "r" + n[1:],
    ),
    "daz-genesis": both_sides(
        limbs(
            "lThighBend lShin lFoot lShldrBend lForearmBend lHand",
            chest="chestUpper",
            neck="neckLower",
            head="head",
            left_collar="lCollar",
        ),
        lambda n: "r" + n[1:],
    ),
    "rigify": both_sides(
        limbs(
            "thigh.L shin.L foot.L upper_arm.L forearm.L hand.L",
            root="spine",
            belly="spine.001",
            chest="spine.002",
            neck="spine.004",
            head="spine.006",
            left_collar="shoulder.L",
        ),
        swap(".L", ".R"),
    ),
    "rigify-deform": both_sides(
        limbs(
            "DEF-thigh.L DEF-shin.L DEF-foot.L DEF-upper_arm.L DEF-forearm.L DEF-hand.L",
            root="DEF-spine",
            neck="DEF-neck",
            head="DEF-head",
        ),
        swap(".L", ".R"),
    ),
    "biped": both_sides(
        limbs(
            "Bip01_L_Thigh Bip01_L_Calf Bip01_L_Foot Bip01_L_UpperArm Bip01_L_Forearm Bip01_L_Hand",
            root="Bip01_Pelvis",
            chest="Bip01_Spine1",
            neck="Bip01_Neck",
            head="Bip01_Head",
            left_collar="Bip01_L_Clavicle",
        ),
        swap("_L_", "_R_"),
    ),
    "biped-spaces": both_sides(
        limbs(
            "L_Thigh L_Calf L_Foot L_UpperArm L_Forearm L_Hand",
            root="Bip01 Pelvis",
            neck="Bip01 Neck",
            head="Bip01 Head",
        )
        | {"left_hip": "Bip01 L Thigh", "left_knee": "Bip01 L Calf"},
        lambda n: n.replace("L_", "R_").replace(" L ", " R "),
    ),
    "unreal": both_sides(
        limbs(
            "thigh_l calf_l foot_l upperarm_l lowerarm_l hand_l",
            root="pelvis",
            chest="spine_02",
            neck="neck_01",
            head="head",
            left_collar="clavicle_l",
        ),
        lambda n: n[:-1] + "r",
    ),
    "unity": both_sides(
        limbs(
            "LeftUpperLeg LeftLowerLeg LeftFoot LeftUpperArm LeftLowerArm LeftHand",
            chest="Chest",
            neck="Neck",
            head="Head",
            left_collar="LeftShoulder",
        ),
        LEFT_IS_LEFT,
    ),
    "vroid": both_sides(
        limbs(
            "J_Bip_L_UpperLeg J_Bip_L_LowerLeg J_Bip_L_Foot "
            "J_Bip_L_UpperArm J_Bip_L_LowerArm J_Bip_L_Hand",
            root="J_Bip_C_Hips",
            neck="J_Bip_C_Neck",
            head="J_Bip_C_Head",
            left_collar="J_Bip_L_Shoulder",
        ),
        swap("_L_", "_R_"),
    ),
    "smpl": both_sides(
        limbs(
            "m_avg_L_Hip m_avg_L_Knee m_avg_L_Ankle m_avg_L_Shoulder m_avg_L_Elbow m_avg_L_Wrist",
            root="m_avg_Pelvis",
            chest="m_avg_Spine3",
            neck="m_avg_Neck",
            head="m_avg_Head",
            left_collar="m_avg_L_Collar",
        ),
        swap("_L_", "_R_"),
    ),
    "acclaim": both_sides(
        limbs(
            "lfemur ltibia lfoot lhumerus lradius lhand",
            root="root",
            chest="thorax",
            neck="lowerneck",
            head="head",
            left_collar="lclavicle",
        ),
        lambda n: "r" + n[1:],
    ),
}


def write(
    path: Path, joints: list[Joint], values: np.ndarray, frame_time_s: float = 1 / 30
) -> Path:
    path.write_text(bvh_text(joints, values, frame_time_s))
    return path


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same_17_joints(tmp_path: Path, dialect: str) -> None:
    names = DIALECTS[dialect]
    joints = person(names)
    values = random_values(joints, 4, seed=1, height=95)
    clip = read_bvh_clip(write(tmp_path / "a.bvh", joints, values))
    expected = z_up(h36m17_of_person(joints, names, values) / 100)
    assert clip.motion.skeleton == H36M17
    assert clip.motion.frame == "world"
    np.testing.assert_allclose(clip.motion.xyz_m, expected, atol=2e-6)


def test_a_person_without_a_neck_and_a_heads_end_still_has_17_joints(tmp_path: Path) -> None:
    names = {p: n for p, n in DIALECTS["mixamo"].items() if p != "neck"}
    joints = [Joint(j.name, j.parent, j.offset, j.channels) for j in person(names)]
    values = random_values(joints, 2, seed=2, height=95)
    xyz = read_bvh_clip(write(tmp_path / "a.bvh", joints, values)).motion.xyz_m
    found = {name: z_up(at / 100) for name, at in bvh_joints(joints, values).items()}
    shoulders = (found["mixamorig:LeftArm"] + found["mixamorig:RightArm"]) / 2
    head = found["mixamorig:Head"]
    np.testing.assert_allclose(xyz[:, H36M17.index("thorax")], shoulders, atol=2e-6)
    np.testing.assert_allclose(xyz[:, H36M17.index("neck")], (shoulders + head) / 2, atol=2e-6)
    np.testing.assert_allclose(xyz[:, H36M17.index("head")], head, atol=2e-6)


MAX = limbs(
    "LeftHip LeftKnee LeftAnkle LeftShoulder LeftElbow LeftWrist",
    back="lowerback",
    belly="Chest",
    chest="Chest2",
    neck="lowerneck",
    head="Head",
    left_collar="LeftCollar",
)
MOTIONBUILDER = CMU | {"back": "LowerBack", "belly": "Spine", "chest": "Spine1"}


@pytest.mark.parametrize("names", [MOTIONBUILDER, MAX], ids=["motionbuilder", "3dsmax"])
def test_the_bone_that_cgspeed_lost_is_put_back(tmp_path: Path, names: dict[str, str]) -> None:
    """Neck and shoulders hang at the third back bone's begin; they belong at its end."""
    named = both_sides(names, lambda n: n.replace("Left", "Right").replace("LHip", "RHip"))
    whole = person(named)
    chest = next(i for i, joint in enumerate(whole) if joint.name == named["chest"])
    length = float(np.linalg.norm(whole[chest].offset))

    def hung_at(offset: tuple[float, float, float]) -> list[Joint]:
        return [replace(j, offset=offset) if j.parent == chest else j for j in whole]

    lost, expected = hung_at((0.0, 0.0, 0.0)), hung_at((0.0, length, 0.0))
    values = random_values(whole, 4, seed=9, height=95)
    clip = read_bvh_clip(write(tmp_path / "a.bvh", lost, values))
    truth = z_up(h36m17_of_person(expected, named, values) / 100)
    np.testing.assert_allclose(clip.motion.xyz_m, truth, atol=2e-6)
    as_written = {joint.name: joint for joint in read_bvh(tmp_path / "a.bvh").joints}
    assert as_written[named["neck"]].offset == (0, 0, 0)
    untouched = read_bvh(write(tmp_path / "b.bvh", whole, values))
    assert with_lost_bone(untouched) is untouched


ROTATIONS = ("Xrotation", "Yrotation", "Zrotation")
POSITIONS = ("Xposition", "Yposition", "Zposition")


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[Joint], np.ndarray]:
    """Any skeleton in depth-first order, any channels, and three frames of it."""
    count = draw(st.integers(1, 9))
    parents = [-1]
    for index in range(1, count):
        chain = [index - 1]
        while parents[chain[-1]] >= 0:
            chain.append(parents[chain[-1]])
        parents.append(draw(st.sampled_from(chain)))
    length = st.floats(-50, 50, allow_nan=False, width=32)
    joints = []
    for index, parent in enumerate(parents):
        few = int(parent < 0)
        some = st.lists(
            st.sampled_from(ROTATIONS + POSITIONS), unique=True, min_size=few, max_size=6
        )
        end = draw(st.tuples(length, length, length)) if index not in parents else None
        offset = draw(st.tuples(length, length, length))
        joints.append(Joint(f"j{index}", parent, offset, tuple(draw(some)), end))
    channels = sum(len(joint.channels) for joint in joints)
    seed = draw(st.integers(0, 1000))
    return joints, np.random.default_rng(seed).uniform(-180, 180, (3, channels))


@settings(deadline=None, max_examples=60)
@given(trees())
def test_any_tree_with_any_channels_is_read_back(tree: tuple[list[Joint], np.ndarray]) -> None:
    joints, values = tree
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "tree.bvh", joints, values)
        bvh = read_bvh(path)
    positions = joint_positions(bvh)
    expected = bvh_joints(joints, values)
    assert {bvh.joints[index].name for index in positions} == set(expected)
    for index, at in positions.items():
        np.testing.assert_allclose(at, expected[bvh.joints[index].name], atol=1e-9)


def test_positions_on_a_joint_replace_its_offset(tmp_path: Path) -> None:
    joints = [
        Joint("root", -1, (500, 500, 500), (*POSITIONS, "Zrotation")),
        Joint("arm", 0, (1, 2, 3), ("Yposition", "Xrotation"), end=(0, 1, 0)),
    ]
    values = np.array([[10.0, 20.0, 30.0, 90.0, 7.0, 90.0]])
    bvh = read_bvh(write(tmp_path / "a.bvh", joints, values))
    at = {bvh.joints[i].name: p[0] for i, p in joint_positions(bvh).items()}
    np.testing.assert_allclose(at["root"], [10, 20, 30], atol=1e-9)
    np.testing.assert_allclose(at["arm"], [10 - 7, 20 + 1, 30 + 3], atol=1e-9)
    np.testing.assert_allclose(at["arm_end"], at["arm"] + [0, 0, 1], atol=1e-9)


@pytest.mark.parametrize("unit_m", [1.0, 0.0254 / 0.45, 0.0254, 0.01, 0.001])
def test_the_unit_is_found_by_the_length_of_the_limbs(tmp_path: Path, unit_m: float) -> None:
    names = DIALECTS["cmu-cgspeed"]
    joints = person(names, scale=0.01 / unit_m)
    values = random_values(joints, 3, seed=3, height=0.95 / unit_m)
    clip = read_bvh_clip(write(tmp_path / "a.bvh", joints, values))
    assert limb_length(clip.motion.xyz_m) == pytest.approx(1.34, abs=1e-4)
    pelvis = clip.motion.xyz_m[:, 0, 2]
    assert pelvis == pytest.approx(0.95, abs=0.08)


def test_a_unit_that_is_said_is_taken(tmp_path: Path) -> None:
    joints = person(DIALECTS["daz"])
    values = random_values(joints, 3, seed=3, height=95)
    clip = read_bvh_clip(write(tmp_path / "a.bvh", joints, values), metres_per_unit=0.005)
    assert limb_length(clip.motion.xyz_m) == pytest.approx(0.67, abs=1e-4)


def test_nobody_is_a_hundred_metres_tall(tmp_path: Path) -> None:
    joints = person(DIALECTS["daz"], scale=1e5)
    path = write(tmp_path / "a.bvh", joints, random_values(joints, 3, seed=3, height=95))
    with pytest.raises(DataError, match=r"a\.bvh: .*say metres_per_unit"):
        read_bvh_clip(path)


@pytest.mark.parametrize("number", [0.0, -1.0, float("nan"), float("inf")])
def test_a_unit_that_is_none_is_refused(tmp_path: Path, number: float) -> None:
    with pytest.raises(OptionError, match="metres_per_unit must be a number above 0"):
        read_bvh_clip(tmp_path / "not even looked at.bvh", metres_per_unit=number)


def test_a_skeleton_that_stands_along_z_is_z_up(tmp_path: Path) -> None:
    names = DIALECTS["rigify"]
    joints = person(names, z_up=True)
    values = 0 * random_values(joints, 2, seed=0, height=95)
    path = write(tmp_path / "a.bvh", joints, values)
    upright = read_bvh_clip(path).motion.xyz_m
    height = upright[:, H36M17.index("head"), 2] - upright[:, H36M17.index("left_ankle"), 2]
    assert height == pytest.approx(1.68, abs=0.01)
    lying = read_bvh_clip(path, up="y").motion.xyz_m
    assert np.ptp(lying[0, :, 2]) < 0.2


@pytest.mark.parametrize(
    ("fps", "expected"),
    [(120, 60), (60, 60), (100, 50), (240, 60), (30, 30), (24, 24), (59.94, 59.94)],
)
def test_fast_recordings_are_thinned_by_whole_numbers(
    tmp_path: Path, fps: float, expected: float
) -> None:
    joints = person(DIALECTS["daz"])
    values = random_values(joints, 9, seed=5, height=95)
    clip = read_bvh_clip(write(tmp_path / "a.bvh", joints, values, 1 / fps))
    step = round(fps / expected)
    assert len(clip.motion.time_s) == len(range(0, 9, step))
    assert np.diff(clip.motion.time_s) == pytest.approx(1 / expected, rel=1e-4)
    full = z_up(h36m17_of_person(joints, DIALECTS["daz"], values) / 100)
    np.testing.assert_allclose(clip.motion.xyz_m, full[::step], atol=2e-6)


def with_t_pose(joints: list[Joint], frames: int) -> np.ndarray:
    values = random_values(joints, frames, seed=6, height=95)
    values[0] = 0
    return values


def test_a_t_pose_before_the_recording_is_dropped_when_it_jumps(tmp_path: Path) -> None:
    joints = person(DIALECTS["cmu-cgspeed"])
    values = with_t_pose(joints, 21)
    path = write(tmp_path / "a.bvh", joints, values, 1 / 30)
    assert len(read_bvh_clip(path).motion.time_s) == 20
    assert len(read_bvh_clip(path, first_frame_is_t_pose=False).motion.time_s) == 21
    smooth = write(tmp_path / "b.bvh", joints, values[1:], 1 / 30)
    assert len(read_bvh_clip(smooth).motion.time_s) == 20
    assert len(read_bvh_clip(smooth, first_frame_is_t_pose=True).motion.time_s) == 19


@pytest.mark.parametrize(
    ("stem", "source", "subject"),
    [
        ("07_01", "cmu", "cmu_07"),
        ("131_03", "cmu", "cmu_131"),
        ("skl_s11_a01_r02", "mhad", "mhad_s11"),
        ("Female1_C18_RunChangeDirection", "accad", "accad_Female1"),
        ("walk_fast", "bvh", "bvh_walk"),
        ("145_01", "bvh", "bvh_145"),
        ("10_02_2021", "bvh", "bvh_10"),
        ("dance", "bvh", "bvh_dance"),
    ],
)
def test_the_name_says_whose_recording_it_is(
    tmp_path: Path, stem: str, source: str, subject: str
) -> None:
    joints = person(DIALECTS["daz"])
    values = random_values(joints, 3, seed=7, height=95)
    clip = read_bvh_clip(write(tmp_path / f"{stem}.bvh", joints, values))
    assert (clip.name, clip.source, clip.subject) == (stem, source, subject)


def test_cmus_salsa_plays_at_the_rate_it_was_recorded_at(tmp_path: Path) -> None:
    joints = person(DIALECTS["daz"])
    values = random_values(joints, 12, seed=8, height=95)
    clip = read_bvh_clip(write(tmp_path / "60_01.bvh", joints, values, 1 / 120))
    assert len(clip.motion.time_s) == 12
    assert clip.motion.time_s[-1] == pytest.approx(11 / 60)


def test_loose_writing_is_read(tmp_path: Path) -> None:
    """Tabs, Windows line ends, small letters, braces on the same line, no colons, blank lines."""
    text = (
        "\ufeffhierarchy\r\nroot Hips {\r\n\toffset 0 0 0\r\n\tchannels 1 xRotation\r\n"
        "\tend site {\r\n\toffset 0 1 0 }\r\n}\r\n\r\nmotion\r\n\r\nFrames\t2\r\n"
        "frame time: 0.04\r\n90\r\n\r\n  180\t\r\n\r\n"
    )
    path = tmp_path / "a.bvh"
    path.write_bytes(text.encode())
    bvh = read_bvh(path)
    assert bvh.fps == pytest.approx(25)
    np.testing.assert_allclose(joint_positions(bvh)[1], [[0, 0, 1], [0, -1, 0]], atol=1e-9)


GOOD = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 3 Xposition Yposition Zposition
  JOINT Leg
  {
    OFFSET 0 -1 0
    CHANNELS 1 Zrotation
    End Site
    {
      OFFSET 0 -1 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.0333333
0 1 2 3
4 5 6 7
"""

BAD: dict[str, tuple[str, int | None, str]] = {
    "truncated skeleton": (GOOD[:60], 5, "ends before MOTION"),
    "skeleton without its last braces": (GOOD.replace("  }\n}\n", ""), 13, "cut short"),
    "a word that is none": (GOOD.replace("JOINT Leg", "JUNTA Leg"), 6, "'junta'"),
    "an offset that is no number": (GOOD.replace("OFFSET 0 -1 0", "OFFSET 0 x 0", 1), 8, "'x'"),
    "a NaN offset": (GOOD.replace("OFFSET 0 -1 0", "OFFSET 0 nan 0", 1), 8, "'nan'"),
    "a channel that is none": (GOOD.replace("Zrotation", "Wrotation"), 9, "'wrotation'"),
    "a channel twice": (GOOD.replace("Yposition", "Xposition"), 5, "twice"),
    "no count of channels": (GOOD.replace("CHANNELS 1 ", "CHANNELS "), 9, "count"),
    "a second root": (GOOD.replace("MOTION", "ROOT Other\n{\n}\nMOTION"), 16, "another"),
    "no Frames": (GOOD.replace("Frames: 2\n", ""), 17, "'Frames'"),
    "no number of frames": (GOOD.replace("Frames: 2", "Frames: two"), 17, "'Frames'"),
    "no time": (GOOD.replace("0.0333333", "0"), 18, "'Frame time'"),
    "a NaN": (GOOD.replace("4 5 6 7", "4 5 NaN 7"), 20, "'NaN'"),
    "a word among numbers": (GOOD.replace("4 5 6 7", "4 5 six 7"), 20, "'six'"),
    "a number too few": (GOOD.replace("0 1 2 3", "0 1 2"), 19, "3 numbers where 4"),
    "a number too many": (GOOD.replace("4 5 6 7", "4 5 6 7 8"), 20, "5 numbers where 4"),
    "a row too few": (GOOD.replace("4 5 6 7\n", ""), 19, "2 frames announced, 1 found"),
    "a row too many": (GOOD + "8 9 10 11\n", 21, "2 frames announced, 3 found"),
    "a time that is none": (GOOD.replace("0.0333333", "1e-300"), 18, "'Frame time'"),
    "a count that is no count": (GOOD.replace("CHANNELS 1", "CHANNELS \u00b2"), 9, "count"),
    "a skeleton without end": (
        GOOD.replace("JOINT Leg", "JOINT a\n{\n" * 3000 + "JOINT Leg"),
        None,
        "nested",
    ),
    "no frames": (GOOD.replace("s: 2", "s: 0").replace("0 1 2 3\n4 5 6 7\n", ""), 18, "no motion"),
    "something else": ("<html>\n</html>\n", 1, "begins with HIERARCHY"),
}


def test_the_good_file_of_the_bad_ones_is_good(tmp_path: Path) -> None:
    path = tmp_path / "good.bvh"
    path.write_text(GOOD)
    assert read_bvh(path).values.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


@pytest.mark.parametrize("damage", BAD)
def test_a_bad_file_is_told_in_one_line_with_its_line_number(tmp_path: Path, damage: str) -> None:
    text, line, problem = BAD[damage]
    path = tmp_path / "bad.bvh"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_bvh(path)
    assert str(caught.value).startswith(f"{path}, line {line or ''}")
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "is empty"), (b" \n\n", "is empty"), (bytes(range(256)), "not a text file")],
)
def test_an_empty_or_binary_file_is_told(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "bad.bvh"
    path.write_bytes(content)
    with pytest.raises(DataError, match=problem):
        read_bvh(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*nowhere\.bvh"):
        read_bvh(tmp_path / "nowhere.bvh")


@settings(deadline=None, max_examples=80)
@given(st.integers(0, len(GOOD)), st.integers(0, 30))
def test_any_cut_gives_a_data_error_and_nothing_else(start: int, length: int) -> None:
    damaged = GOOD[:start] + GOOD[start + length :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cut.bvh"
        path.write_text(damaged)
        try:
            bvh = read_bvh(path)
        except DataError as error:
            assert "\n" not in str(error)
        else:
            assert np.isfinite(bvh.values).all()


def test_a_quadruped_is_told_by_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "horse.bvh"
    path.write_text(GOOD)
    with pytest.raises(DataError, match=r"horse\.bvh: no left and right hip, knee, ankle found"):
        read_bvh_clip(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LeftUpLeg", ("left", "upleg")),
        ("mixamorig:RightForeArm", ("right", "forearm")),
        ("lShldr", ("left", "shldr")),
        ("DEF-upper_arm.R", ("right", "upperarm")),
        ("rfemur", ("right", "femur")),
        ("LHipJoint", ("left", "hipjoint")),
        ("root", ("", "root")),
        ("Hips", ("", "hips")),
        ("Neck1", ("", "neck1")),
        ("腰", ("", "腰")),
    ],
)
def test_names_are_split_into_side_and_word(name: str, expected: tuple[str, str]) -> None:
    assert split_name(name) == expected


SAMPLES = {
    "cmu_daz_salsa": "salsa_10",
    "Female1_C18_RunChangeDirection": "Female1_C18_RunChangeDirection",
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_recording_is_a_person(data: Path, sample: str) -> None:
    clip = read_bvh_clip(data / "mocap/raw_samples/bvh" / f"{sample}.bvh")
    xyz = clip.motion.xyz_m
    assert limb_spread_m(xyz) <= 0.001
    assert 1.1 < float(np.median(limb_length(xyz))) < 1.6
    assert knees_bend_forwards(xyz) >= 0.9
    assert feet_above_lowest_m(xyz) < 0.15


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_recording_agrees_with_the_free_collection(data: Path, sample: str) -> None:
    """The same clip, read by somebody else and stored to 0.1 mm. (The trunk is made otherwise.)"""
    clip = read_bvh_clip(data / "mocap/raw_samples/bvh" / f"{sample}.bvh")
    other = free_clip(data, SAMPLES[sample])
    assert len(clip.motion.time_s) == len(other.motion.time_s)
    joints = [H36M17.index(joint) for joint in (*LIMB_JOINTS, "thorax", "head")]
    error = np.linalg.norm(clip.motion.xyz_m - other.motion.xyz_m, axis=-1)[:, joints]
    assert error.max() < 0.0002
