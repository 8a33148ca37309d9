"""Files of angles: the tables, and OpenSim's coordinates put back into a skeleton."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import monomocap
from monomocap.formats.angle_table import angles_of
from monomocap.geometry.angles import ANGLES, joint_angles
from monomocap.geometry.opensim import continuous, opensim_coordinates
from monomocap.geometry.world import in_world
from monomocap.render.motions import jumping_jack, squat, walk
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Motion3D, Take
from tests.takes import make_take

CAMERA = Camera.from_fov(640, 480)


def test_a_table_of_angles_has_a_row_for_every_frame_of_everybody(tmp_path: Path) -> None:
    take = make_take(frames=9, people=2)
    with monomocap.save(take, tmp_path / "a.angles.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 18 and list(rows[0]) == ["person", "frame", "time", *ANGLES]
    true = angles_of(take)
    for row in rows:
        person, frame = int(row["person"]), int(row["frame"])
        assert float(row["time"]) == take.time_s[frame]
        got = [float(row[name] or "nan") for name in ANGLES]
        np.testing.assert_allclose(got, true[person].deg[frame], atol=6e-4)
    assert any(row["left_ankle_dorsiflexion"] for row in rows), "the detector has feet"


def test_arrow_reads_the_angles(tmp_path: Path) -> None:
    from pyarrow import parquet

    take = make_take(frames=9, people=2)
    table = parquet.read_table(monomocap.save(take, tmp_path / "a.angles.parquet"))
    assert table.column_names == ["person", "frame", "time", *ANGLES]
    true = np.concatenate([one.deg for one in angles_of(take)])
    for column, name in enumerate(ANGLES):
        got = table[name].to_numpy(zero_copy_only=False)
        np.testing.assert_array_equal(got, true[:, column])
    nobody = replace(take, tracks=(), motions=())
    empty = parquet.read_table(monomocap.save(nobody, tmp_path / "b.angles.parquet"))
    assert empty.num_rows == 0


def one(motion: Motion3D) -> Take:
    """A take of one motion."""
    made = make_take(frames=len(motion.time_s), people=1)
    (track,) = made.tracks
    return replace(
        made,
        time_s=motion.time_s,
        motions=(motion,),
        tracks=(replace(track, time_s=motion.time_s, world_m=None),),
    )


def read_mot(path: Path) -> dict[str, np.ndarray]:
    """OpenSim's storage file: a head up to `endheader`, names, rows of numbers."""
    lines = path.read_text().splitlines()
    end = lines.index("endheader")
    said = dict(line.split("=") for line in lines[:end] if "=" in line)
    names = lines[end + 1].split("\t")
    values = np.loadtxt(lines[end + 2 :], delimiter="\t", ndmin=2)
    assert said["inDegrees"] == "yes"
    assert values.shape == (int(said["nRows"]), int(said["nColumns"]))
    return dict(zip(names, values.T, strict=True))


@pytest.mark.parametrize("motion", [walk(2.0), squat(2.0), jumping_jack(2.0)])
def test_a_model_that_moves_by_the_coordinates_has_the_bones_directions(
    tmp_path: Path, motion: Motion3D
) -> None:
    """Body-fixed turns about z, x, y, as the model's joints are defined, put on a stick figure."""
    mot = read_mot(monomocap.save(one(motion), tmp_path / "a.mot"))
    np.testing.assert_allclose(mot["time"], motion.time_s, atol=1e-6)
    at = {joint: motion.xyz_m[:, n] for n, joint in enumerate(H36M17.joints)}

    def ground(vector: np.ndarray) -> np.ndarray:
        out = np.stack([vector[:, 0], vector[:, 2], -vector[:, 1]], axis=-1)
        return out / np.linalg.norm(out, axis=-1, keepdims=True)

    def turn(*names: str, order: str = "ZXY") -> np.ndarray:
        columns = np.stack([mot.get(name, 0 * mot["time"]) for name in names], axis=-1)
        return Rotation.from_euler(order, columns, degrees=True).as_matrix()

    pelvis = turn("pelvis_tilt", "pelvis_list", "pelvis_rotation")
    thorax = pelvis @ turn("lumbar_extension", "lumbar_bending", "lumbar_rotation")
    place = np.stack([mot[f"pelvis_t{axis}"] for axis in "xyz"], axis=-1)
    np.testing.assert_allclose(place[:, 1], at["pelvis"][:, 2], atol=1e-6)
    expected = {("left_hip", "right_hip"): pelvis @ [0, 0, 1]}
    expected[("pelvis", "thorax")] = thorax @ [0, 1, 0]
    mirror = {"l": np.diag([1.0, 1, -1]), "r": np.eye(3)}
    for side in ("left", "right"):
        s = side[0]
        hip = turn(f"hip_flexion_{s}", f"hip_adduction_{s}", f"hip_rotation_{s}")
        hip = pelvis @ mirror[s] @ hip
        arm = thorax @ mirror[s] @ turn(f"arm_flex_{s}", f"arm_add_{s}", f"arm_rot_{s}")
        expected[(f"{side}_hip", f"{side}_knee")] = hip @ [0, -1, 0]
        shank = hip @ turn(f"knee_angle_{s}", order="Z").transpose(0, 2, 1)
        fore = arm @ turn(f"elbow_flex_{s}", order="Z")
        expected[(f"{side}_shoulder", f"{side}_elbow")] = arm @ [0, -1, 0]
        expected[(f"{side}_knee", f"{side}_ankle")] = shank @ [0, -1, 0]
        expected[(f"{side}_elbow", f"{side}_wrist")] = fore @ [0, -1, 0]
    for (start, end), direction in expected.items():
        apart = np.linalg.norm(direction - ground(at[end] - at[start]), axis=-1)
        # A limb bent by less than 15 degrees borrows its rotation from other times.
        assert np.degrees(apart).max() < (15 if end.endswith(("ankle", "wrist")) else 0.01), end


def test_coordinates_do_not_flip(tmp_path: Path) -> None:
    """Arms raised to the side pass close to where z-x-y turns have no answer: quick, not a flip."""
    mot = read_mot(monomocap.save(one(jumping_jack(3.0, 60.0)), tmp_path / "a.mot"))
    for name, values in mot.items():
        limit = 100 if name.startswith(("arm_flex", "arm_rot")) else 30
        assert np.abs(np.diff(values)).max() < limit, name


def test_equal_turns_without_jumps() -> None:
    smooth = np.stack([np.linspace(0, 500, 60), np.linspace(-30, 140, 60), np.full(60, 20.0)], -1)
    found = Rotation.from_euler("ZXY", smooth, degrees=True).as_euler("ZXY", degrees=True)
    assert np.abs(np.diff(found, axis=0)).max() > 90
    np.testing.assert_allclose(continuous(found), smooth, atol=1e-6)


def test_gaps_are_left_out_and_lost_joints_bridged(tmp_path: Path) -> None:
    motion = walk(1.0)
    xyz_m = motion.xyz_m.copy()
    xyz_m[5:8] = np.nan
    xyz_m[12:15, H36M17.index("left_wrist")] = np.nan
    mot = read_mot(monomocap.save(one(replace(motion, xyz_m=xyz_m)), tmp_path / "a.mot"))
    np.testing.assert_allclose(mot["time"], np.delete(motion.time_s, slice(5, 8)), atol=1e-6)
    assert all(np.isfinite(values).all() for values in mot.values())
    elbow = joint_angles(motion, CAMERA)["left_elbow_flexion"]
    line = np.linspace(elbow[11], elbow[15], 5)
    np.testing.assert_allclose(mot["elbow_flex_l"][8:13], line, atol=1e-5)
    assert "ankle_angle_l" not in mot, "without feet there is no ankle"
    unseen = replace(motion, xyz_m=np.full_like(xyz_m, np.nan))
    assert len(opensim_coordinates(unseen, CAMERA).time_s) == 0


def test_a_heading_and_a_place_are_opensims(tmp_path: Path) -> None:
    """Walking to the world's +y, which is OpenSim's -z: turned to the left by 90 degrees."""
    motion = walk(1.0, turn_rad_s=0.0, heading=np.pi / 2)
    mot = read_mot(monomocap.save(one(motion), tmp_path / "a.mot"))
    assert mot["pelvis_rotation"].mean() == pytest.approx(90, abs=3)
    assert mot["pelvis_tz"][-1] < mot["pelvis_tz"][0] - 0.5
    world = in_world(motion, CAMERA).xyz_m[:, 0]
    np.testing.assert_allclose(mot["pelvis_tz"], -world[:, 1], atol=1e-6)
