"""BVH, GLB and USD, read back by other programs' readers: the fitted body, to 0.1 mm."""

import struct
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monomocap.datasets.bvh import read_bvh_clip
from monomocap.errors import FormatError, OptionError, UnknownName
from monomocap.formats import FORMATS, Style, load, save
from monomocap.formats.positions import bare_take
from monomocap.formats.presets import NAMES
from monomocap.formats.rigged import gaps, held, rigged_people, steady_people
from monomocap.geometry.rig import ENDS, RIG, Rigged, as_h36m, positions
from monomocap.render.motions import squat, walk
from monomocap.skeleton import H36M17
from monomocap.types import Motion3D, Take
from tests.khronos import khronos_issues, khronos_validator
from tests.mocap_files import ADULT_CM, bvh_text, person, random_values
from tests.terminal import monomocap

NEAR_M = 1e-4


def walker(*, fps: float = 30.0, person: int = 0, gap: bool = False) -> Motion3D:
    motion = walk(1.2, fps, person=person, seed=person)
    xyz_m = motion.xyz_m.copy()
    if gap:
        xyz_m[:2] = np.nan
        xyz_m[10:15] = np.nan
    return replace(motion, xyz_m=xyz_m)


def take_of(*motions: Motion3D) -> Take:
    take = bare_take("walk.mp4", motions[0].time_s, list(motions))
    return replace(take, info=replace(take.info, fps=30.0))


def uneven(motion: Motion3D) -> Motion3D:
    """The same frames at times of a variable rate."""
    step_s = np.random.default_rng(0).uniform(0.02, 0.05, len(motion.time_s))
    return replace(motion, time_s=2.5 + np.cumsum(step_s))


def y_up(xyz: np.ndarray) -> np.ndarray:
    return np.stack([xyz[..., 0], xyz[..., 2], -xyz[..., 1]], axis=-1)


# BVH, with bvhio


def bvh_joints(path: Path, frames: int, per_metre: float) -> dict[str, np.ndarray]:
    """Where bvhio puts every joint in every frame, metres, Y up."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # bvhio's way to import PyGLM
        import bvhio

    root = bvhio.readAsHierarchy(str(path))
    found: dict[str, list[Any]] = {}
    for frame in range(frames):
        root.loadPose(frame)
        for joint, _, _ in root.layout():
            found.setdefault(joint.Name, []).append(list(joint.PositionWorld))
    return {name: np.array(places) / per_metre for name, places in found.items()}


def assert_bvh_is(rigged: Rigged, path: Path, per_metre: float = 100.0) -> None:
    joints = y_up(positions(held(rigged)))
    read = bvh_joints(path, len(joints), per_metre)
    for joint in set(RIG.joints) - set(ENDS):
        off = np.abs(read[joint] - joints[:, RIG.index(joint)]).max()
        assert off < NEAR_M, (joint, off)


def test_bvhio_reads_the_fitted_body(tmp_path: Path) -> None:
    take = take_of(walker())
    save(take, tmp_path / "walk.bvh")
    ((rigged, rate),) = steady_people(take, "T")
    assert rate == pytest.approx(30.0)
    assert_bvh_is(rigged, tmp_path / "walk.bvh")


@pytest.mark.parametrize("names", sorted(NAMES))
def test_our_bvh_is_read_back_as_the_fitted_body(tmp_path: Path, names: str) -> None:
    take = take_of(walker())
    save(take, tmp_path / "walk.bvh", Style(names=names, program="blender"))
    (rigged,) = rigged_people(take, "T")
    back = load(tmp_path / "walk.bvh")
    (motion,) = back.motions
    off_mm = 1000 * np.linalg.norm(motion.xyz_m - as_h36m(positions(rigged), rigged.rest), axis=-1)
    head = H36M17.index("head")
    assert np.delete(off_mm, head, axis=1).max() < 0.1
    assert off_mm[:, head].max() < 5.0  # the file does not say where the ears are
    assert np.allclose(motion.time_s, rigged.time_s - rigged.time_s[0], atol=1e-4)
    assert "3D positions only" in back.warnings[0]


def test_a_childs_bvh_is_not_taken_for_inches(tmp_path: Path) -> None:
    child = walker()
    child = replace(child, xyz_m=0.6 * child.xyz_m)
    save(take_of(child), tmp_path / "child.bvh")
    (rigged,) = rigged_people(take_of(child), "T")
    (motion,) = load(tmp_path / "child.bvh").motions
    knee = H36M17.index("left_knee")
    expected = as_h36m(positions(rigged), rigged.rest)[:, knee]
    assert np.allclose(motion.xyz_m[:, knee], expected, atol=NEAR_M)


def test_another_programs_body_with_our_names_is_not_taken_for_ours(tmp_path: Path) -> None:
    save(take_of(walker()), tmp_path / "ours.bvh", Style(names="mixamo"))
    lines = (tmp_path / "ours.bvh").read_text().splitlines()
    thighs = [i for i, line in enumerate(lines) if "UpLeg" in line]
    for i in thighs:  # their hips hang 5 cm under the root
        word, x, y, z = lines[i + 2].split()
        lines[i + 2] = f"{word} {x} {float(y) - 5} {z}"
    (tmp_path / "theirs.bvh").write_text("\n".join(lines))
    xyz_m = load(tmp_path / "theirs.bvh").motions[0].xyz_m
    pelvis, left, right = (H36M17.index(j) for j in ("pelvis", "left_hip", "right_hip"))
    assert np.allclose(xyz_m[:, pelvis], (xyz_m[:, left] + xyz_m[:, right]) / 2, atol=1e-5)


def test_a_bvh_of_another_program_is_read_and_a_foreign_body_refused(tmp_path: Path) -> None:
    joints = person({part: part.title().replace("_", "") for part in ADULT_CM})
    text = bvh_text(joints, random_values(joints, 12, seed=0, height=90.0))
    (tmp_path / "other.bvh").write_text(text)
    motion = load(tmp_path / "other.bvh").motions[0]
    expected = read_bvh_clip(tmp_path / "other.bvh", first_frame_is_t_pose=False).motion
    assert np.allclose(motion.xyz_m, expected.xyz_m, atol=1e-5)
    (tmp_path / "dog.bvh").write_text(text.replace("Head", "Snout"))
    with pytest.raises(FormatError, match="no joint is called a head"):
        load(tmp_path / "dog.bvh")
    (tmp_path / "cut.bvh").write_text(text[: len(text) // 3])
    with pytest.raises(FormatError, match=r"cut\.bvh"):
        load(tmp_path / "cut.bvh")


def test_a_bvh_for_blender_is_in_metres(tmp_path: Path) -> None:
    take = take_of(walker())
    save(take, tmp_path / "walk.bvh", Style(program="blender"))
    assert_bvh_is(rigged_people(take, "T")[0], tmp_path / "walk.bvh", per_metre=1.0)


def test_a_bvh_holds_the_pose_through_a_gap_that_resampling_does_not_close(tmp_path: Path) -> None:
    motion = walker(gap=True)
    save(take_of(motion), tmp_path / "walk.bvh")
    read = bvh_joints(tmp_path / "walk.bvh", len(motion.time_s), 100.0)["left_knee"]
    np.testing.assert_array_equal(read[10:15], np.repeat(read[9:10], 5, 0))
    np.testing.assert_array_equal(read[:2], np.repeat(read[2:3], 2, 0))
    assert np.abs(read[15] - read[14]).max() > 0.01


def test_a_variable_rate_becomes_a_steady_bvh(tmp_path: Path) -> None:
    motion = uneven(walker())
    save(take_of(motion), tmp_path / "walk.bvh")
    text = (tmp_path / "walk.bvh").read_text()
    assert "Frame Time: 0.03333333" in text
    frames = int(text.split("Frames: ")[1].split()[0])
    assert frames == int((motion.time_s[-1] - motion.time_s[0]) * 30) + 1
    knee = bvh_joints(tmp_path / "walk.bvh", frames, 100.0)["left_knee"]
    true = y_up(motion.xyz_m[:, 5])
    grid_s = motion.time_s[0] + np.arange(frames) / 30
    between = np.stack([np.interp(grid_s, motion.time_s, axis) for axis in true.T], axis=-1)
    assert np.abs(knee - between).max() < 0.01  # lines between frames cut corners


def test_euler_angles_do_not_wind(tmp_path: Path) -> None:
    save(take_of(walk(8.0, 30.0, turn_rad_s=1.5)), tmp_path / "walk.bvh")
    rows = (tmp_path / "walk.bvh").read_text().split("Frame Time")[1].splitlines()[1:]
    angles = np.array([[float(word) for word in row.split()[3:]] for row in rows])
    assert np.abs(np.diff(angles, axis=0)).max() < 45
    assert np.ptp(angles[:, 2]) > 360  # a heading goes on past half a turn


def test_a_bvh_is_one_person_and_needs_one(tmp_path: Path) -> None:
    save(take_of(walker(), walker(person=1)), tmp_path / "two.bvh")
    assert {path.name for path in tmp_path.iterdir()} == {"two.0.bvh", "two.1.bvh"}
    nobody = replace(walker(), xyz_m=np.full_like(walker().xyz_m, np.nan))
    with pytest.raises(FormatError, match="nobody was seen"):
        save(take_of(nobody), tmp_path / "nobody.bvh")


# GLB, with pygltflib and Khronos' validator


class Gltf:
    """A GLB as pygltflib reads it, moved by the specification's rules."""

    def __init__(self, path: Path) -> None:
        from pygltflib import GLTF2

        self.file = GLTF2().load(str(path))
        self.blob = self.file.binary_blob()

    def array(self, accessor: int) -> np.ndarray:
        from pygltflib import FLOAT

        described = self.file.accessors[accessor]
        view = self.file.bufferViews[described.bufferView]
        kind = {FLOAT: "<f4", 5121: "u1", 5123: "<u2"}[described.componentType]
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[described.type]
        flat = np.frombuffer(self.blob, kind, described.count * width, view.byteOffset)
        return flat.reshape(described.count, width)

    def times(self) -> np.ndarray:
        return self.array(self.file.animations[0].samplers[0].input)[:, 0]

    def worlds(self, frame: int) -> dict[int, np.ndarray]:
        """Each joint node's 4x4 matrix at a key."""
        keyed = {
            (channel.target.node, channel.target.path): self.array(sampler.output)[frame]
            for channel in self.file.animations[0].channels
            for sampler in [self.file.animations[0].samplers[channel.sampler]]
        }
        out: dict[int, np.ndarray] = {}
        for root in self.file.scenes[0].nodes:
            self._visit(root, np.eye(4), keyed, out)
        return out

    def _visit(self, node: int, above: np.ndarray, keyed: dict, out: dict) -> None:
        from scipy.spatial.transform import Rotation

        own, described = np.eye(4), self.file.nodes[node]
        own[:3, 3] = keyed.get((node, "translation"), described.translation or [0, 0, 0])
        turn = keyed.get((node, "rotation"), described.rotation or [0, 0, 0, 1])
        own[:3, :3] = Rotation.from_quat(turn).as_matrix()
        out[node] = above @ own
        for child in described.children or []:
            self._visit(child, out[node], keyed, out)


@pytest.mark.parametrize("rest", ["T", "A"])
def test_pygltflib_reads_the_fitted_bodies_at_the_true_times(tmp_path: Path, rest: str) -> None:
    first = uneven(walker(gap=True))
    take = take_of(first, replace(uneven(walker(person=1)), time_s=first.time_s))
    save(take, tmp_path / "two.glb", Style(rest=rest, names="vrm"))
    gltf = Gltf(tmp_path / "two.glb")
    np.testing.assert_allclose(gltf.times(), first.time_s - first.time_s[0], atol=1e-6)
    people = rigged_people(take, Style(rest=rest).rest_pose)
    for frame in (0, 12, 30):
        worlds = gltf.worlds(frame)
        for skin, rigged in zip(gltf.file.skins, people, strict=True):
            read = np.array([worlds[node][:3, 3] for node in skin.joints])
            assert np.abs(read - y_up(positions(held(rigged))[frame])).max() < NEAR_M
    assert gltf.file.nodes[gltf.file.skins[1].joints[-1]].name == "rightToesEnd"


def test_a_glb_says_where_its_gaps_are(tmp_path: Path) -> None:
    motion = walker(gap=True)
    save(take_of(motion), tmp_path / "walk.glb")
    told = Gltf(tmp_path / "walk.glb").file.nodes[0].extras["gaps_s"]
    times = motion.time_s
    expected = [times[0], times[1], times[10], times[14]]
    assert [gap[end] for gap in told for end in ("start_s", "end_s")] == pytest.approx(expected)


def test_the_skin_is_on_the_bones(tmp_path: Path) -> None:
    """Every point of the body stays as near to its joint as it is at rest, and stands on it."""
    take = take_of(squat(1.0, 30.0))
    save(take, tmp_path / "squat.glb")
    gltf = Gltf(tmp_path / "squat.glb")
    skin = gltf.file.skins[0]
    inverse = gltf.array(skin.inverseBindMatrices).reshape(-1, 4, 4).transpose(0, 2, 1)
    worlds = gltf.worlds(15)
    lowest = []
    for primitive in gltf.file.meshes[0].primitives:
        points = gltf.array(primitive.attributes.POSITION)
        joints = gltf.array(primitive.attributes.JOINTS_0)[:, 0]
        moved = np.array([worlds[skin.joints[j]] for j in joints]) @ inverse[joints]
        at = np.einsum("nij,nj->ni", moved, np.c_[points, np.ones(len(points))])[:, :3]
        lowest.append(at[:, 1].min())
        assert np.isfinite(at).all() and at[:, 1].max() < 1.7
    assert -0.03 < min(lowest) < 0.02


def test_the_body_faces_outwards(tmp_path: Path) -> None:
    save(take_of(walker()), tmp_path / "walk.glb")
    gltf = Gltf(tmp_path / "walk.glb")
    for primitive in gltf.file.meshes[0].primitives:
        points, normals = (
            gltf.array(n) for n in (primitive.attributes.POSITION, primitive.attributes.NORMAL)
        )
        corners = points[gltf.array(primitive.indices).reshape(-1, 3)]
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        mean = normals[gltf.array(primitive.indices).reshape(-1, 3)].mean(axis=1)
        assert ((across * mean).sum(axis=-1) > 0).all()
        np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=1e-5)


def test_nobody_is_an_empty_scene(tmp_path: Path) -> None:
    save(take_of(replace(walker(), xyz_m=np.full_like(walker().xyz_m, np.nan))), tmp_path / "a.glb")
    assert not (Gltf(tmp_path / "a.glb").file.nodes)


def test_khronos_validator_finds_nothing(tmp_path: Path) -> None:
    folder = khronos_validator()
    if folder is None:
        pytest.skip("no node with gltf-validator; set MONOMOCAP_GLTF_VALIDATOR to its folder")
    two = [walker(person=person, gap=True) for person in range(2)]
    nobody = replace(two[0], xyz_m=np.full_like(two[0].xyz_m, np.nan))
    for number, motions in enumerate(([nobody], two[:1], two)):
        path = tmp_path / f"{number}.glb"
        save(take_of(*motions), path, Style(names="mixamo"))
        issues = khronos_issues(folder, path)
        assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


# USD, with Pixar's own skeleton queries


def usd_skeletons(path: Path) -> tuple[Any, list[Any]]:
    from pxr import Usd, UsdSkel

    stage = Usd.Stage.Open(str(path))
    cache, queries = UsdSkel.Cache(), []
    for prim in stage.GetPrimAtPath("/people").GetChildren():
        cache.Populate(UsdSkel.Root(prim), Usd.TraverseInstanceProxies())
        skeleton = UsdSkel.Skeleton(prim.GetChild("skeleton"))
        queries.append(cache.GetSkelQuery(skeleton))
    return stage, queries


@pytest.mark.parametrize("ending", ["usd", "usda", "usdc"])
def test_usdskel_moves_the_fitted_body(tmp_path: Path, ending: str) -> None:
    motion = uneven(walker(gap=True))
    take = take_of(motion)
    save(take, tmp_path / f"walk.{ending}")
    stage, (query,) = usd_skeletons(tmp_path / f"walk.{ending}")
    joints = positions(held(rigged_people(take, "T")[0]))
    for frame in (0, 16, 30):
        code = (motion.time_s[frame] - motion.time_s[0]) * stage.GetTimeCodesPerSecond()
        matrices = query.ComputeJointSkelTransforms(code)
        read = np.array([matrix.ExtractTranslation() for matrix in matrices])
        assert np.abs(read - joints[frame]).max() < NEAR_M


def test_a_person_in_a_gap_is_invisible(tmp_path: Path) -> None:
    from pxr import UsdGeom

    motion = walker(gap=True)
    save(take_of(motion), tmp_path / "walk.usda")
    stage, _ = usd_skeletons(tmp_path / "walk.usda")
    person = UsdGeom.Imageable(stage.GetPrimAtPath("/people/person_0"))
    seen = [person.ComputeVisibility(frame) != "invisible" for frame in range(len(motion.time_s))]
    assert seen == np.isfinite(motion.xyz_m[:, 0, 0]).tolist()


@pytest.mark.parametrize(
    ("program", "up", "unit"),
    [("blender", "Z", 1), ("unreal", "Z", 0.01), ("maya", "Y", 0.01), ("unity", "Y", 1)],
)
def test_usd_has_the_programs_up_and_unit(
    tmp_path: Path, program: str, up: str, unit: float
) -> None:
    from pxr import UsdGeom

    take = take_of(walker())
    save(take, tmp_path / "walk.usdc", Style(program=program, names="rigify"))
    stage, (query,) = usd_skeletons(tmp_path / "walk.usdc")
    assert UsdGeom.GetStageUpAxis(stage) == up
    assert UsdGeom.GetStageMetersPerUnit(stage) == pytest.approx(unit)
    places = [m.ExtractTranslation() for m in query.ComputeJointSkelTransforms(0)]
    tall = np.ptp(np.array(places)[:, "XYZ".index(up)]) * unit
    assert 1.4 < tall < 1.9
    assert query.GetJointOrder()[1] == "spine/spine_001"


# Our own readers of GLB and USD

OURS = [
    *((".glb", Style(names=names)) for names in ("rig", "vrm")),
    *((".usdc", Style(program=program)) for program in ("", "maya", "unity", "opensim")),
    (".glb", Style(rest="A")),
    (".usda", Style(rest="A")),
    (".usd", Style(names="rigify", program="unreal")),
]


@pytest.mark.parametrize(("ending", "style"), OURS)
def test_bodies_come_back_with_their_gaps_and_times(
    tmp_path: Path, ending: str, style: Style
) -> None:
    first = uneven(walker(gap=True))
    take = take_of(first, replace(uneven(walker(person=3)), time_s=first.time_s))
    back = load(save(take, tmp_path / f"two{ending}", style))
    assert [motion.person for motion in back.motions] == [0, 3]
    for rigged, motion in zip(rigged_people(take, style.rest_pose), back.motions, strict=True):
        expected = as_h36m(positions(rigged), rigged.rest)
        np.testing.assert_allclose(motion.xyz_m, expected, atol=NEAR_M, rtol=0, equal_nan=True)
        assert (motion.frame, motion.skeleton) == ("world", H36M17)
    np.testing.assert_allclose(back.time_s, first.time_s, atol=1e-6)
    assert np.isnan(back.motions[0].xyz_m[12]).all(), "a gap is a gap again"
    assert "3D positions only" in back.warnings[0]


@pytest.mark.parametrize("ending", [".glb", ".usdc"])
def test_one_frame_and_nobody_come_back(tmp_path: Path, ending: str) -> None:
    one = walker()
    one = replace(
        one, time_s=one.time_s[:1] + 2, xyz_m=one.xyz_m[:1], confidence=one.confidence[:1]
    )
    back = load(save(take_of(one), tmp_path / f"one{ending}"))
    assert back.time_s == pytest.approx([2.0]) and back.motions[0].seen.all()
    nobody = replace(take_of(one), tracks=(), motions=())
    assert load(save(nobody, tmp_path / f"nobody{ending}")).motions == ()


def test_a_glb_from_before_it_said_where_the_ears_are(tmp_path: Path) -> None:
    take = take_of(walker())
    data = save(take, tmp_path / "walk.glb").read_bytes()
    assert data.count(b'"head_share"') == 1
    (tmp_path / "old.glb").write_bytes(data.replace(b'"head_share"', b'"head_shard"'))
    new, old = (load(tmp_path / name).motions[0].xyz_m for name in ("walk.glb", "old.glb"))
    head = H36M17.index("head")
    np.testing.assert_array_equal(np.delete(new, head, axis=1), np.delete(old, head, axis=1))
    assert 0 < np.linalg.norm(new - old, axis=-1)[:, head].max() < 5e-3


@pytest.mark.parametrize("ending", [".glb", ".usda", ".usdc"])
@pytest.mark.parametrize("content", [b"", b"hello", b"glTF\2\0\0\0", b"#usda 1.0\n", b"\xff" * 99])
def test_what_is_no_body_of_ours_is_one_line(tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"a{ending}"
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        load(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    with pytest.raises(FormatError, match="no such file"):
        load(tmp_path / f"absent{ending}")


def test_a_glb_and_a_usd_of_another_program_are_told_from_ours(tmp_path: Path) -> None:
    from pxr import Usd

    data = save(take_of(walker()), tmp_path / "ours.glb").read_bytes()
    (tmp_path / "theirs.glb").write_bytes(data.replace(b'"monomocap ', b'"rhinomocap'))
    with pytest.raises(FormatError, match=r"written by rhinomocap.* export it as BVH"):
        load(tmp_path / "theirs.glb")
    stage = Usd.Stage.CreateNew(str(tmp_path / "theirs.usda"))
    stage.DefinePrim("/people", "Xform")
    stage.GetRootLayer().Save()
    with pytest.raises(FormatError, match=r"another program.* export it as BVH"):
        load(tmp_path / "theirs.usda")


@pytest.mark.parametrize("ending", [".glb", ".usda", ".usdc"])
def test_a_damaged_body_loads_or_says_so(tmp_path: Path, ending: str) -> None:
    data = save(take_of(walker(gap=True)), tmp_path / f"whole{ending}").read_bytes()
    rng, refused = np.random.default_rng(0), 0
    for number in range(30):
        damaged = bytearray(data)
        damaged[rng.integers(2000)] = rng.integers(256)
        damaged[rng.integers(len(data))] = rng.integers(256)
        path = tmp_path / f"{number}{ending}"  # USD remembers files by name
        path.write_bytes(damaged[: rng.integers(len(data)) if number % 3 == 0 else None])
        try:
            load(path)
        except FormatError as error:
            refused += 1
            assert "\n" not in str(error) and path.name in str(error)
    assert refused >= 10


@pytest.mark.parametrize("ending", [".glb", ".usda"])
def test_convert_makes_markers_of_a_body(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    take = take_of(walker())
    save(take, tmp_path / f"walk{ending}")
    ended = monomocap(capsys, "convert", tmp_path / f"walk{ending}", tmp_path / "walk.trc")
    assert ended.code == 0, ended.err
    (rigged,) = rigged_people(take, "T")
    (motion,) = load(tmp_path / "walk.trc").motions
    expected = as_h36m(positions(rigged), rigged.rest)
    np.testing.assert_allclose(motion.xyz_m, expected, atol=NEAR_M, rtol=0)


# Styles


def test_styles_are_for_formats_of_rotations(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no bones to name"):
        save(take_of(walker()), tmp_path / "a.csv", Style(names="mixamo"))
    for style in ({"names": "robot"}, {"program": "excel"}, {"rest": "X"}):
        with pytest.raises(UnknownName, match="choose one of"):
            Style(**style)


def test_convert_names_bones_for_another_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(take_of(walker()), tmp_path / "walk.npz")
    words = ("--names", "mixamo-plain", "--for", "blender", "--rest", "A")
    ended = monomocap(capsys, "convert", tmp_path / "walk.npz", tmp_path / "walk.bvh", *words)
    assert ended.code == 0, ended.err
    text = (tmp_path / "walk.bvh").read_text()
    assert "ROOT Hips" in text and "JOINT LeftForeArm" in text
    ended = monomocap(capsys, "convert", tmp_path / "no.npz", tmp_path / "a.bvh", "--names", "x")
    assert ended.code == 2 and "mixamo" in ended.err


def test_every_format_of_rotations_takes_a_style() -> None:
    for ending in (".bvh", ".glb", ".usd", ".usda", ".usdc"):
        styled = FORMATS[ending].styled(Style(names="vrm"))
        assert styled.about == FORMATS[ending].about and styled != FORMATS[ending]


def test_gaps_are_told_from_first_to_last_frame() -> None:
    (rigged,) = rigged_people(take_of(walker(gap=True)), "T")
    assert [round(30 * (gap.end_s - gap.start_s)) for gap in gaps(rigged)] == [1, 4]


def test_a_glb_begins_as_the_specification_says(tmp_path: Path) -> None:
    save(take_of(walker()), tmp_path / "walk.glb")
    data = (tmp_path / "walk.glb").read_bytes()
    magic, number, length = struct.unpack("<4sII", data[:12])
    assert (magic, number, length) == (b"glTF", 2, len(data))
