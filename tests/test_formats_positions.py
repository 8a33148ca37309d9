"""Files of positions, read by programs that are not ours: right to 0.01 mm, in stated axes."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import monomocap
from monomocap.errors import FormatError
from monomocap.formats import FORMATS, only
from monomocap.formats.marker_names import joint_of, marker_of
from monomocap.formats.positions import y_up, z_up
from monomocap.formats.table import COLUMNS
from monomocap.geometry.resample import at_times
from monomocap.geometry.world import in_world
from monomocap.skeleton import COCO17, H36M17, SKELETONS
from monomocap.types import Motion3D, Take
from tests.takes import make_take

RIGHT_TO_M = 0.01e-3


@pytest.fixture
def take() -> Take:
    """Two people with gaps, at a steady 25 frames per second from 0.4 s on."""
    made = make_take(frames=9, people=2)
    time_s = 0.4 + np.arange(9) / 25
    return replace(
        made,
        info=replace(made.info, fps=25.0),
        time_s=time_s,
        tracks=tuple(replace(track, time_s=time_s) for track in made.tracks),
        motions=tuple(replace(motion, time_s=time_s) for motion in made.motions),
    )


def truth(take: Take, person: int = 0) -> np.ndarray:
    return in_world(take.motions[person], take.camera).xyz_m


def test_csv_has_a_row_for_every_joint_of_every_frame(tmp_path: Path, take: Take) -> None:
    with monomocap.save(take, tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert ",".join(rows[0]) == ",".join(COLUMNS) == "person,frame,time,joint,x,y,z,confidence"
    assert len(rows) == 1 + 2 * 9 * 17
    for person, frame, time, joint, *numbers in rows[1:]:
        xyz_m = truth(take, int(person))[int(frame), H36M17.index(joint)]
        sure = take.motions[int(person)].confidence[int(frame), H36M17.index(joint)]
        assert float(time) == take.time_s[int(frame)]
        assert (numbers[:3] == ["", "", ""]) == np.isnan(xyz_m).all()
        got_m = [float(number or "nan") for number in numbers[:3]]
        np.testing.assert_allclose(got_m, xyz_m, atol=RIGHT_TO_M, rtol=0)
        assert float(numbers[3]) == pytest.approx(sure, abs=1e-4)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_arrow_reads_the_tables(tmp_path: Path, take: Take, ending: str) -> None:
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    path = monomocap.save(take, tmp_path / f"a{ending}")
    table = arrow_csv.read_csv(path) if ending == ".csv" else parquet.read_table(path)
    assert tuple(table.column_names) == COLUMNS
    for person in (0, 1):
        mine = table.filter(np.array(table["person"]) == person)
        xyz_m = np.stack([mine[axis].to_numpy(zero_copy_only=False) for axis in "xyz"], axis=-1)
        np.testing.assert_allclose(
            xyz_m.reshape(9, 17, 3), truth(take, person), atol=RIGHT_TO_M, rtol=0, equal_nan=True
        )
        assert mine["joint"].to_pylist()[:17] == list(H36M17.joints)
        np.testing.assert_array_equal(mine["time"].to_numpy()[::17], take.time_s)
    assert table["x"].null_count == 17 * sum(int((~m.seen.any(1)).sum()) for m in take.motions)
    if ending == ".parquet":
        said = parquet.read_schema(path).metadata
        assert json.loads(said[b"monomocap.units"])["z"].startswith("metres, up")
        assert json.loads(said[b"monomocap.header"])["video"]["path"] == "clip.mp4"


def test_a_reader_of_trc_agrees(tmp_path: Path, take: Take) -> None:
    from trc import TRCData

    alone = only(take, 0)
    file = TRCData()
    file.load(str(monomocap.save(alone, tmp_path / "a.trc")))
    assert (file["Units"], file["DataRate"], file["NumFrames"]) == ("mm", 25.0, 9)
    assert file["Markers"] == [marker_of(joint) for joint in H36M17.joints]
    for frame in range(9):
        time, points = file[frame + 1]
        assert time == pytest.approx(take.time_s[frame], abs=1e-12)
        np.testing.assert_allclose(
            np.array(points, float),
            1000 * y_up(truth(take)[frame]),
            atol=0.01,
            rtol=0,
            equal_nan=True,
        )


def test_ezc3d_agrees(tmp_path: Path, take: Take) -> None:
    import ezc3d

    file = ezc3d.c3d(str(monomocap.save(take, tmp_path / "a.c3d")))
    point = file["parameters"]["POINT"]
    assert point["UNITS"]["value"] == ["mm"]
    assert point["RATE"]["value"][0] == pytest.approx(25)
    assert point["LABELS"]["value"][1] == "P0:RHip" and point["LABELS"]["value"][17] == "P1:Pelvis"
    residuals = file["data"]["meta_points"]["residuals"][0]
    for person in (0, 1):
        points = slice(17 * person, 17 * person + 17)
        mm = file["data"]["points"][:3, points].transpose(2, 1, 0)
        lost = np.isnan(truth(take, person)).any(axis=-1)
        np.testing.assert_array_equal(residuals[points].T < 0, lost)
        np.testing.assert_allclose(mm[~lost], 1000 * truth(take, person)[~lost], atol=0.01, rtol=0)


def test_a_variable_frame_rate_becomes_a_steady_one_in_c3d(tmp_path: Path) -> None:
    """A smooth motion at uneven times: what stands in the file is the motion at the file's."""
    rng = np.random.default_rng(1)
    time_s = np.cumsum(rng.uniform(0.02, 0.05, 60))
    take = _moving(time_s, fps=30.0)
    back = monomocap.load(monomocap.save(take, tmp_path / "a.c3d"))
    assert np.diff(back.time_s) == pytest.approx(1 / 30, abs=1e-6)
    assert back.time_s[0] == pytest.approx(time_s[0], abs=1e-6)
    inside = back.time_s <= time_s[-1]
    want = at_times(take.motions[0].xyz_m, time_s, back.time_s[inside])
    np.testing.assert_allclose(back.motions[0].xyz_m[inside], want, atol=RIGHT_TO_M, rtol=0)
    smooth = _path(back.time_s[inside])
    np.testing.assert_allclose(back.motions[0].xyz_m[inside], smooth, atol=2e-3)


def test_times_rounded_to_the_millisecond_are_no_variable_rate(tmp_path: Path) -> None:
    time_s = (np.arange(50) / 29.97).round(3)
    take = _moving(time_s, fps=29.97)
    back = monomocap.load(monomocap.save(take, tmp_path / "a.c3d"))
    assert len(back.time_s) == 50
    np.testing.assert_allclose(
        back.motions[0].xyz_m, take.motions[0].xyz_m, atol=RIGHT_TO_M, rtol=0
    )


def _path(time_s: np.ndarray) -> np.ndarray:
    sway = np.stack([np.sin(2 * time_s), np.cos(time_s), 1 + 0.2 * np.sin(3 * time_s)], axis=-1)
    return sway[:, None] + np.linspace(0, 1, 17)[:, None] * [0.1, 0.2, 0.3]


def _moving(time_s: np.ndarray, fps: float) -> Take:
    made = make_take(frames=len(time_s), people=1)
    xyz_m = _path(time_s)
    motion = Motion3D(0, time_s, xyz_m, np.ones(xyz_m.shape[:2]), H36M17, "world")
    (track,) = made.tracks
    return replace(
        made,
        info=replace(made.info, fps=fps),
        time_s=time_s,
        tracks=(replace(track, time_s=time_s),),
        motions=(motion,),
    )


READ_BACK = [".csv", ".parquet", ".trc", ".c3d"]


@pytest.mark.parametrize("ending", READ_BACK)
def test_positions_come_back(tmp_path: Path, take: Take, ending: str) -> None:
    alone = only(take, 1)
    back = monomocap.load(monomocap.save(alone, tmp_path / f"a{ending}"))
    (motion,) = back.motions
    assert (motion.frame, motion.skeleton) == ("world", H36M17)
    np.testing.assert_allclose(motion.time_s, take.time_s, atol=1e-6)
    np.testing.assert_allclose(
        motion.xyz_m, truth(take, 1), atol=RIGHT_TO_M, rtol=0, equal_nan=True
    )
    assert "positions only" in back.warnings[0]
    assert not back.tracks[0].seen.any()
    if ending in (".csv", ".parquet"):
        assert motion.person == 1
        np.testing.assert_allclose(motion.confidence, take.motions[1].confidence, atol=1e-4)


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".c3d"])
def test_several_people_and_nobody_come_back(tmp_path: Path, take: Take, ending: str) -> None:
    back = monomocap.load(monomocap.save(take, tmp_path / f"a{ending}"))
    assert [motion.person for motion in back.motions] == [0, 1]
    nobody = replace(take, tracks=(), motions=())
    assert monomocap.load(monomocap.save(nobody, tmp_path / f"b{ending}")).motions == ()


@pytest.mark.parametrize("ending", READ_BACK)
def test_one_frame_comes_back(tmp_path: Path, ending: str) -> None:
    take = _moving(np.array([0.5]), fps=30.0)
    back = monomocap.load(monomocap.save(take, tmp_path / f"a{ending}"))
    np.testing.assert_allclose(
        back.motions[0].xyz_m, take.motions[0].xyz_m, atol=RIGHT_TO_M, rtol=0
    )


@pytest.mark.parametrize("ending", READ_BACK)
@pytest.mark.parametrize("content", [b"", b"hello", b"PathFileType\t4\n\n\n\n\n\n", b"\xff" * 600])
def test_a_foreign_file_is_one_line(tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"a{ending}"
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        monomocap.load(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    with pytest.raises(FormatError, match="no such file"):
        monomocap.load(tmp_path / f"absent{ending}")


def test_markers_of_other_programs_are_joints_again() -> None:
    for skeleton in SKELETONS.values():
        for joint in skeleton.joints:
            assert joint_of(marker_of(joint)) == joint
    assert marker_of("left_big_toe") == "LBigToe"
    assert joint_of("Hip") == "pelvis"
    assert joint_of("C7") == "C7"


def test_a_trc_of_pose2sim_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pose2sim.trc"
    path.write_text(
        "PathFileType\t4\t(X/Y/Z)\tpose2sim.trc\n"
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\n60\t60\t2\t2\tm\n"
        "Frame#\tTime\tRHip\t\t\tC7\t\t\n\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n\n"
        "0\t0.0\t0.1\t0.9\t0.3\t1\t2\t3\n1\t0.016667\t\t\t\t1\t2\t3\n"
    )
    (motion,) = monomocap.load(path).motions
    assert motion.skeleton.joints == ("right_hip", "C7")
    np.testing.assert_allclose(motion.xyz_m[0], np.array([[0.1, -0.3, 0.9], [1, -3, 2]]))
    assert motion.seen.tolist() == [[True, True], [False, True]]


def test_y_up_and_z_up_are_inverse_and_neither_mirrors() -> None:
    points = np.random.default_rng(0).normal(size=(4, 5, 3))
    np.testing.assert_array_equal(z_up(y_up(points)), points)
    assert np.linalg.det(y_up(np.eye(3))) == pytest.approx(1)
    np.testing.assert_array_equal(y_up(np.array([0.0, 0.0, 1.0])), [0, 1, 0])


def test_coco_holds_seventeen_keypoints_per_person_and_frame(tmp_path: Path, take: Take) -> None:
    document = json.loads(monomocap.save(take, tmp_path / "a.coco.json").read_text())
    (category,) = document["categories"]
    assert category["keypoints"] == list(COCO17.joints)
    assert len(document["images"]) == 9
    assert document["images"][3]["time_s"] == take.time_s[3]
    assert (document["images"][0]["width"], document["images"][0]["height"]) == (640, 481)
    assert [a["id"] for a in document["annotations"]] == list(range(1, 13))
    for annotation in document["annotations"]:
        track, frame = take.tracks[annotation["track_id"]], annotation["image_id"]
        points = np.array(annotation["keypoints"]).reshape(17, 3)
        rows = [track.skeleton.index(joint) for joint in COCO17.joints]
        np.testing.assert_allclose(points[:, :2], track.xy_px[frame, rows], atol=1e-3)
        np.testing.assert_allclose(
            np.array(annotation["keypoint_scores"]), track.score[frame, rows], atol=1e-4
        )
        x, y, width, height = annotation["bbox"]
        assert (points[:, 0] >= x).all() and (points[:, 0] <= x + width + 1e-6).all()
        assert (points[:, 1] >= y).all() and (points[:, 1] <= y + height + 1e-6).all()
        assert annotation["num_keypoints"] == 17 and (points[:, 2] == 2).all()


def test_a_joint_that_coco_misses_is_zero(tmp_path: Path, take: Take) -> None:
    track = take.tracks[0]
    xy_px = track.xy_px.copy()
    xy_px[:, track.skeleton.index("nose")] = np.nan
    missing = replace(take, tracks=(replace(track, xy_px=xy_px), take.tracks[1]))
    document = json.loads(monomocap.save(missing, tmp_path / "a.coco.json").read_text())
    first = next(a for a in document["annotations"] if a["track_id"] == 0)
    assert first["keypoints"][:3] == [0, 0, 0] and first["num_keypoints"] == 16
    with pytest.raises(FormatError, match="written here and not read"):
        monomocap.load(tmp_path / "a.coco.json")
    assert not FORMATS[".coco.json"].reads
