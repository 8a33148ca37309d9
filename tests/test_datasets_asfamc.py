"""Acclaim files: forward kinematics, the CMU database's habits, and bad files."""

import dataclasses
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monomocap.datasets.asfamc import bone_ends, find_asf, read_amc, read_amc_clip, read_asf
from monomocap.datasets.mocap import z_up
from monomocap.errors import DataError, OptionError
from monomocap.formats.captured import limb_length
from monomocap.skeleton import H36M17, LIMB_JOINTS
from tests.mocap_checks import (
    feet_above_lowest_m,
    free_clip,
    joint,
    knees_bend_forwards,
    limb_spread_m,
)
from tests.mocap_files import CMU_BONES, Bone, amc_text, asf_joints, asf_text, random_frames

UNIT_M = 0.0254 / 0.45


def write(folder: Path, asf: str, amc: str, stem: str = "07_01") -> Path:
    """A skeleton and a motion side by side; returns the motion's path."""
    (folder / f"{stem.split('_')[0]}.asf").write_text(asf)
    motion = folder / f"{stem}.amc"
    motion.write_text(amc)
    return motion


def expected17(found: dict[str, np.ndarray]) -> np.ndarray:
    """H36M-17 from bones' ends, in the file's unit and axes."""
    at = {"thorax": found["thorax"], "neck": found["upperneck"], "head": found["head"]}
    for side in ("left", "right"):
        ends = {"hip": "hipjoint", "knee": "femur", "ankle": "tibia"}
        ends |= {"shoulder": "clavicle", "elbow": "humerus", "wrist": "radius"}
        at |= {f"{side}_{j}": found[side[0] + bone] for j, bone in ends.items()}
    at["pelvis"] = (at["left_hip"] + at["right_hip"]) / 2
    at["spine"] = (at["pelvis"] + at["thorax"]) / 2
    return np.stack([at[name] for name in H36M17.joints], axis=1)


def test_a_person_is_where_plain_matrices_put_them(tmp_path: Path) -> None:
    frames = random_frames(CMU_BONES, 5, seed=0)
    clip = read_amc_clip(write(tmp_path, asf_text(CMU_BONES), amc_text(frames)))
    expected = z_up(expected17(asf_joints(CMU_BONES, frames)) * UNIT_M)[::2]
    np.testing.assert_allclose(clip.motion.xyz_m, expected, atol=2e-6)
    assert clip.motion.frame == "world"
    assert clip.motion.skeleton == H36M17
    assert np.diff(clip.motion.time_s) == pytest.approx(1 / 60)
    assert (clip.name, clip.source, clip.subject) == ("07_01", "cmu", "cmu_07")


@st.composite
def skeletons(draw: st.DrawFn) -> tuple[list[Bone], int]:
    """Any tree of bones with any axes and any degrees of freedom, and a seed for its motion."""
    count = draw(st.integers(1, 8))
    angle = st.floats(-180, 180, width=32)
    bones: list[Bone] = []
    for index in range(count):
        parent = draw(st.sampled_from(["root", *(bone.name for bone in bones)]))
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        x, y, z = rng.normal(size=3)
        dof = draw(st.lists(st.sampled_from(["rx", "ry", "rz"]), unique=True))
        axis = draw(st.tuples(angle, angle, angle))
        length = draw(st.floats(0, 10))
        bones.append(Bone(f"bone{index}", parent, (x, y, z), length, axis, tuple(dof)))
    return bones, draw(st.integers(0, 999))


@settings(deadline=None, max_examples=50)
@given(skeletons(), st.booleans())
def test_any_skeleton_is_read_back(drawn: tuple[list[Bone], int], shuffled: bool) -> None:
    """In bones' own order, and with the bones of each frame in another order."""
    bones, seed = drawn
    frames = random_frames(bones, 3, seed)
    rng = np.random.default_rng(seed)
    written = [
        {name: frame[name] for name in (rng.permutation(list(frame)) if shuffled else frame)}
        for frame in frames
    ]
    with tempfile.TemporaryDirectory() as folder:
        motion = write(Path(folder), asf_text(bones), amc_text(written))
        asf = read_asf(find_asf(motion))
        ends = bone_ends(asf, read_amc(motion, asf))
    expected = asf_joints(bones, frames)
    assert {asf.bones[index].name for index in ends} == set(expected)
    for index, at in ends.items():
        np.testing.assert_allclose(at, expected[asf.bones[index].name], atol=1e-8)


def in_radians(bone: str, numbers: list[float]) -> list[float]:
    places = 3 if bone == "root" else 0
    return [*numbers[:places], *np.radians(numbers[places:]).tolist()]


def test_radians_are_read_as_radians(tmp_path: Path) -> None:
    frames = random_frames(CMU_BONES, 3, seed=1)
    small = [{bone: in_radians(bone, v) for bone, v in frame.items()} for frame in frames]
    (tmp_path / "d").mkdir()
    degrees = read_amc_clip(write(tmp_path / "d", asf_text(CMU_BONES), amc_text(frames)))
    asf = asf_text(CMU_BONES, radians=True)
    radians = read_amc_clip(write(tmp_path, asf, amc_text(small, radians=True)))
    np.testing.assert_allclose(radians.motion.xyz_m, degrees.motion.xyz_m, atol=2e-6)


def test_the_motion_file_says_its_own_angles_else_the_skeletons_count(tmp_path: Path) -> None:
    frames = random_frames(CMU_BONES, 1, seed=1)
    in_degrees, silent = amc_text(frames), amc_text(frames).replace(":DEGREES\n", "")
    asf = read_asf(find_asf(write(tmp_path, asf_text(CMU_BONES, radians=True), in_degrees)))
    assert read_amc(tmp_path / "07_01.amc", asf).degrees
    (tmp_path / "07_02.amc").write_text(silent)
    assert not read_amc(tmp_path / "07_02.amc", asf).degrees


def test_the_roots_numbers_may_come_in_another_order(tmp_path: Path) -> None:
    frames = random_frames(CMU_BONES, 3, seed=2)
    turned = [{**f, "root": [*f["root"][3:], *f["root"][:3][::-1]]} for f in frames]
    order = ("RX", "RY", "RZ", "TZ", "TY", "TX")
    (tmp_path / "a").mkdir()
    usual = read_amc_clip(write(tmp_path / "a", asf_text(CMU_BONES), amc_text(frames)))
    other = read_amc_clip(write(tmp_path, asf_text(CMU_BONES, root_order=order), amc_text(turned)))
    np.testing.assert_array_equal(usual.motion.xyz_m, other.motion.xyz_m)


@pytest.mark.parametrize(("claimed", "scale"), [(0.45, 1.0), (1.0, 1 / 0.45), (1.0, 2.54 / 0.45)])
def test_the_unit_is_what_the_file_claims_unless_nobody_is_that_small(
    tmp_path: Path, claimed: float, scale: float
) -> None:
    """Units of 1/0.45 inch, inches, and centimetres that say nothing about themselves."""
    bones = [dataclasses.replace(bone, length=bone.length * scale) for bone in CMU_BONES]
    frames = random_frames(bones, 2, seed=3)
    clip = read_amc_clip(write(tmp_path, asf_text(bones, length_unit=claimed), amc_text(frames)))
    true = sum(bone.length for bone in CMU_BONES if bone.name[1:] in _LIMB_BONES) / 2 * UNIT_M
    assert limb_length(clip.motion.xyz_m) == pytest.approx(true, abs=1e-4)


_LIMB_BONES = ("femur", "tibia", "humerus", "radius")


def test_rate_unit_and_skeleton_can_be_said(tmp_path: Path) -> None:
    frames = random_frames(CMU_BONES, 4, seed=4)
    motion = write(tmp_path, asf_text(CMU_BONES), amc_text(frames))
    skeleton = (tmp_path / "07.asf").rename(tmp_path / "somebody.skeleton")
    clip = read_amc_clip(motion, asf=skeleton, fps=30.0, metres_per_unit=0.01)
    assert np.diff(clip.motion.time_s) == pytest.approx(1 / 30)
    expected = z_up(expected17(asf_joints(CMU_BONES, frames)) * 0.01)
    np.testing.assert_allclose(clip.motion.xyz_m, expected, atol=2e-6)


def test_a_rate_or_unit_that_is_none_is_refused(tmp_path: Path) -> None:
    motion = write(tmp_path, asf_text(CMU_BONES), amc_text(random_frames(CMU_BONES, 1, 0)))
    with pytest.raises(OptionError, match="fps must be a number above 0, not 0"):
        read_amc_clip(motion, fps=0.0)
    with pytest.raises(OptionError, match="metres_per_unit must be a number above 0, not -1"):
        read_amc_clip(motion, metres_per_unit=-1.0)


def test_cmus_salsa_plays_at_60_frames_per_second(tmp_path: Path) -> None:
    text = amc_text(random_frames(CMU_BONES, 4, seed=4))
    clip = read_amc_clip(write(tmp_path, asf_text(CMU_BONES), text, stem="61_03"))
    assert clip.motion.time_s[-1] == pytest.approx(3 / 60)


def test_the_skeleton_is_found_beside_the_motion(tmp_path: Path) -> None:
    motion = write(tmp_path, asf_text(CMU_BONES), amc_text(random_frames(CMU_BONES, 1, 0)))
    (tmp_path / "08.asf").write_text("another")
    assert find_asf(motion) == tmp_path / "07.asf"
    (tmp_path / "07.asf").unlink()
    assert find_asf(motion) == tmp_path / "08.asf"
    (tmp_path / "08.asf").unlink()
    with pytest.raises(DataError, match=r"07_01\.amc: no skeleton 07\.asf beside it, and 0"):
        read_amc_clip(motion)
    with pytest.raises(DataError, match="there is no such file"):
        read_amc_clip(tmp_path / "nowhere" / "07_02.amc")


ASF = asf_text(CMU_BONES)
AMC = amc_text(random_frames(CMU_BONES, 3, seed=5))


def line_of(text: str, pattern: str) -> int:
    """The number of the first line that matches."""
    return next(n for n, s in enumerate(text.split("\n"), 1) if re.search(pattern, s))


def last_line(text: str) -> int:
    return len(text.splitlines())


def cut_at(text: str, pattern: str) -> str:
    return text[: text.index(pattern)]


BAD_ASF = {
    "cut in a bone": (cut_at(ASF, "name lhumerus"), None, "cut short"),
    "cut before the hierarchy": (cut_at(ASF, ":hierarchy"), None, "cut short"),
    "something else": ("<html>\n", 1, "begins with :version"),
    "a direction that is none": (
        re.sub(r"direction \S+", "direction left", ASF, count=1),
        line_of(ASF, "direction"),
        "'left'",
    ),
    "a NaN length": (
        re.sub(r"( length) 2\.0", r"\1 nan", ASF, count=1),
        line_of(ASF, r"     length 2\.0"),
        "'nan'",
    ),
    "a length with two numbers": (
        re.sub(r"( length) 2\.0", r"\1 2 0", ASF, count=1),
        line_of(ASF, r"     length 2\.0"),
        "2 numbers where 1",
    ),
    "an order of axes that is none": (
        ASF.replace("0.0   XYZ", "0.0   XYY", 1),
        line_of(ASF, "0.0   XYZ"),
        "'xyy'",
    ),
    "a bone that stretches": (
        ASF.replace("dof rx ry rz", "dof rx ry l", 1),
        line_of(ASF, "dof"),
        "only turning",
    ),
    "a root that stretches": (
        ASF.replace("order TX", "order L", 1),
        line_of(ASF, "order"),
        "TX TY TZ",
    ),
    "a child that is no bone": (
        ASF.replace("thorax lowerneck", "thorax lowneck", 1),
        line_of(ASF, "thorax lowerneck"),
        "'lowneck'",
    ),
    "a bone that hangs in the air": (
        ASF.replace("root lowerback", "roof lowerback", 1),
        line_of(ASF, "root lowerback"),
        "'roof'",
    ),
    "a bone that is not hung up": (
        ASF.replace("    upperneck head\n", "", 1),
        last_line(ASF) - 1,
        "head",
    ),
    "a bone without a name": (ASF.replace("name lowerback", "id 1", 1), None, "without a name"),
    "a unit of nothing": (
        ASF.replace("length 0.45", "length 0", 1),
        line_of(ASF, "length 0.45"),
        "above 0",
    ),
    "angles in grads": (
        ASF.replace("angle deg", "angle grads", 1),
        line_of(ASF, "angle deg"),
        "'grads'",
    ),
}


@pytest.mark.parametrize("damage", BAD_ASF)
def test_a_bad_skeleton_is_told_with_its_line_number(tmp_path: Path, damage: str) -> None:
    text, line, problem = BAD_ASF[damage]
    path = tmp_path / "bad.asf"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_asf(path)
    number = rf"{line or '[0-9]+'}"
    assert re.match(rf"{re.escape(str(path))}, line {number}: ", str(caught.value))
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def change(bone: str, numbers: str, frame: int = 2) -> tuple[str, int]:
    """The motion with one line of one frame rewritten, and that line's number."""
    lines = AMC.split("\n")
    at = [n for n, line in enumerate(lines) if line.split(" ")[0] == bone][frame - 1]
    lines[at] = f"{bone} {numbers}".strip()
    return "\n".join(lines), at + 1


def without(bone: str) -> str:
    """The motion without one bone in its second frame."""
    lines = AMC.split("\n")
    del lines[[n for n, line in enumerate(lines) if line.split(" ")[0] == bone][1]]
    return "\n".join(lines)


BAD_AMC = {
    "a NaN": (*change("lfemur", "1 nan 3"), "'nan'"),
    "a word": (*change("lfemur", "1 two 3"), "'two'"),
    "what Windows writes for NaN": (*change("ltibia", "-1.#IND"), "'-1.#IND'"),
    "a number too few": (*change("lfemur", "1 2"), "2 numbers where 3"),
    "a number too many": (*change("ltibia", "1 2"), "2 numbers where 1"),
    "a bone that does not move": (AMC + "lhipjoint 1 2\n", last_line(AMC) + 1, "'lhipjoint'"),
    "a bone that is unknown": (AMC + "tail 1 2\n", last_line(AMC) + 1, "'tail'"),
    "a bone twice": (AMC + "ltibia 1\n", last_line(AMC) + 1, "twice"),
    "a bone missing in a frame": (without("rtibia"), line_of(AMC, "^3$") - 1, "without rtibia"),
    "cut in a frame": (cut_at(AMC, "\n3\n") + "\n3\nroot 1 2 3 4 5 6\n", None, "cut short"),
    "cut after a frame's number": (cut_at(AMC, "\n3\n") + "\n3\n", None, "cut short"),
    "no frames": (cut_at(AMC, "\n1\n"), 3, "no frame begins"),
}


@pytest.mark.parametrize("damage", BAD_AMC)
def test_a_bad_motion_is_told_with_its_line_number(tmp_path: Path, damage: str) -> None:
    text, line, problem = BAD_AMC[damage]
    path = write(tmp_path, ASF, text)
    with pytest.raises(DataError) as caught:
        read_amc_clip(path)
    number = rf"{line or '[0-9]+'}"
    assert re.match(rf"{re.escape(str(path))}, line {number}: ", str(caught.value))
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\0\1\2\3", b"\xff\xd8\xff\xe0 picture"])
def test_an_empty_or_binary_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, ASF, "")
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"07_01\.amc"):
        read_amc_clip(path)
    (tmp_path / "07.asf").write_bytes(content)
    with pytest.raises(DataError, match=r"07\.asf"):
        read_amc_clip(path)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(AMC)), st.integers(1, 200))
def test_any_cut_gives_a_data_error_or_finite_numbers(start: int, length: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), ASF, AMC[:start] + AMC[start + length :])
        try:
            clip = read_amc_clip(path)
        except DataError as error:
            assert "\n" not in str(error)
        else:
            assert np.isfinite(clip.motion.xyz_m).all()


def test_a_skeleton_that_is_no_person_is_told(tmp_path: Path) -> None:
    bones = [Bone("tail", "root", (1, 0, 0), 1.0)]
    motion = write(tmp_path, asf_text(bones), amc_text(random_frames(bones, 1, 0)))
    with pytest.raises(DataError, match=r"07_01\.amc: no left and right hip, knee, ankle"):
        read_amc_clip(motion)


SAMPLES = ("02_01", "49_01")


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_recording_is_a_person(data: Path, sample: str) -> None:
    xyz = read_amc_clip(data / "mocap/raw_samples/asfamc" / f"{sample}.amc").motion.xyz_m
    assert limb_spread_m(xyz) <= 0.001
    assert 1.1 < float(np.median(limb_length(xyz))) < 1.6
    assert knees_bend_forwards(xyz) >= 0.99
    assert feet_above_lowest_m(xyz) < 0.15
    assert (joint(xyz, "head")[:, 2] > joint(xyz, "thorax")[:, 2]).all()


def test_a_walk_walks(data: Path) -> None:
    """02_01: 2.9 s of walking at about 1.1 m/s, upright, forwards, feet in turn."""
    motion = read_amc_clip(data / "mocap/raw_samples/asfamc/02_01.amc").motion
    pelvis = joint(motion.xyz_m, "pelvis")
    moved = (pelvis[-1] - pelvis[0])[:2]
    speed = np.linalg.norm(moved) / (motion.time_s[-1] - motion.time_s[0])
    assert 0.8 < speed < 1.8
    assert np.ptp(pelvis[:, 2]) < 0.12
    across = joint(motion.xyz_m, "left_hip") - joint(motion.xyz_m, "right_hip")
    forwards = np.cross(across, [0, 0, 1.0])[:, :2]
    forwards /= np.linalg.norm(forwards, axis=-1, keepdims=True)
    assert (forwards @ moved / np.linalg.norm(moved) > 0.9).all()
    ahead = joint(motion.xyz_m, "left_ankle") - joint(motion.xyz_m, "right_ankle")
    assert np.ptp((ahead[:, :2] * forwards).sum(-1)) > 0.6


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_recording_agrees_with_the_free_collection(data: Path, sample: str) -> None:
    """The same clip, read by somebody else and stored to 0.1 mm. (The spine is made otherwise.)"""
    clip = read_amc_clip(data / "mocap/raw_samples/asfamc" / f"{sample}.amc")
    other = free_clip(data, sample)
    np.testing.assert_allclose(clip.motion.time_s, other.motion.time_s, atol=1e-6)
    named = (*LIMB_JOINTS, "pelvis", "thorax", "neck", "head")
    joints = [H36M17.index(name) for name in named]
    error = np.linalg.norm(clip.motion.xyz_m - other.motion.xyz_m, axis=-1)[:, joints]
    assert error.max() < 0.0002
    assert (clip.source, clip.subject, clip.licence) == (other.source, other.subject, other.licence)
