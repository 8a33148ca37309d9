"""A take survives its files; the files can be read by others; a damaged file is one clear error."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monomocap.errors import FormatError, MonomocapError, OutputError
from monomocap.formats import load, model_card_output, save
from monomocap.formats.model_card import timestamp
from monomocap.skeleton import H36M17
from tests.takes import make_take, same_take

ENDINGS = [".json", ".npz"]
TOLERANCE_M = {".json": 1e-6, ".npz": 0.0}
SIZES = [(0, 0), (0, 1), (1, 0), (1, 1), (5, 2), (95, 3)]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(("frames", "people"), SIZES)
def test_a_take_comes_back_from_its_file(
    tmp_path: Path, ending: str, frames: int, people: int
) -> None:
    take = make_take(frames, people)
    back = load(save(take, tmp_path / f"take{ending}"))
    assert same_take(take, back, tolerance=TOLERANCE_M[ending])


def test_npz_keeps_single_precision_and_the_lack_of_a_detectors_own_3d(tmp_path: Path) -> None:
    take = make_take(dtype=np.float32, world=False)
    assert same_take(take, load(save(take, tmp_path / "take.npz")))


def test_same_take_notices_a_difference() -> None:
    take = make_take()
    moved = replace(take.motions[0], xyz_m=take.motions[0].xyz_m + 1e-9)
    assert not same_take(take, replace(take, motions=(moved, take.motions[1])))
    assert same_take(take, replace(take, motions=(moved, take.motions[1])), tolerance=1e-6)
    rootless = replace(take.motions[0], root_m=None)
    assert not same_take(take, replace(take, motions=(rootless, take.motions[1])))
    assert not same_take(take, replace(take, warnings=()))


def test_json_alone_has_the_model_cards_fields_and_says_what_the_numbers_are(
    tmp_path: Path,
) -> None:
    take = make_take(frames=7)
    document = json.loads(save(take, tmp_path / "take.json").read_text())
    chosen = take.motion()
    assert chosen is not None
    assert document["format"] == "monomocap.take"
    assert document["schema_version"] == 1
    assert document["person"] == chosen.person
    keypoints = np.array(document["keypoints"], dtype=float)
    np.testing.assert_allclose(keypoints, chosen.xyz_m, atol=1e-6)
    assert document["keypoints"][int(np.flatnonzero(~chosen.seen.any(1))[0])][0] == [None] * 3
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}", t) for t in document["timestamps"])
    assert document["output_video"] is None
    assert document["units"]["keypoints"] == "metres"
    assert document["axes"] == {
        "x": "right in the picture",
        "y": "down",
        "z": "away from the camera",
    }
    assert (document["frame"], document["up"], document["handedness"]) == ("root", "-y", "right")
    assert document["joint_names"] == list(H36M17.joints)
    assert document["parents"] == list(H36M17.parents)
    assert document["fps"] == 29.97
    assert document["camera"]["source"] == "assumed"
    assert document["camera"]["focal_error"] > 0
    assert document["provenance"]["weights"] == {"w.onnx": "ab" * 32}
    assert document["warnings"] == ["one", "two"]
    assert document["partial"] == "cut short"


def test_json_people_carry_their_2d_with_its_joint_names(tmp_path: Path) -> None:
    take = make_take(frames=7)
    document = json.loads(save(take, tmp_path / "take.json").read_text())
    for person, track, motion in zip(document["people"], take.tracks, take.motions, strict=True):
        assert person["id"] == track.person
        assert person["coverage"] == motion.coverage
        assert person["joint_names_2d"] == list(track.skeleton.joints)
        assert np.array(person["keypoints_2d"], float).shape == (7, 33, 2)
        np.testing.assert_allclose(np.array(person["score_2d"], float), track.score, atol=1e-4)
        np.testing.assert_allclose(np.array(person["confidence"]), motion.confidence, atol=1e-4)


def test_npz_is_readable_with_numpy_alone(tmp_path: Path) -> None:
    take = make_take(frames=7)
    with np.load(save(take, tmp_path / "take.npz"), allow_pickle=False) as file:
        np.testing.assert_array_equal(file["person1_xyz_m"], take.motions[1].xyz_m)
        np.testing.assert_array_equal(file["time_s"], take.time_s)
        assert file["joint_names"].tolist() == list(H36M17.joints)
        assert file["person0_joint_names_2d"].tolist() == list(take.tracks[0].skeleton.joints)
        assert json.loads(str(file["header"]))["units"]["xyz_m"] == "metres"


def test_where_the_pelvis_is_stands_beside_the_pose_and_only_where_it_is_known(
    tmp_path: Path,
) -> None:
    take = make_take(frames=7)
    people = json.loads(save(take, tmp_path / "take.json").read_text())["people"]
    root_m = take.motions[0].root_m
    assert root_m is not None and take.motions[1].root_m is None
    np.testing.assert_allclose(np.array(people[0]["root_m"], float), root_m, atol=1e-6)
    assert "root_m" not in people[1]
    with np.load(save(take, tmp_path / "take.npz"), allow_pickle=False) as file:
        np.testing.assert_array_equal(file["person0_root_m"], root_m)
        assert "person1_root_m" not in file


def test_marks_and_the_report_stand_in_both_files(tmp_path: Path) -> None:
    take = make_take()
    assert take.motions[0].marks is None and take.report is not None
    document = json.loads(save(take, tmp_path / "take.json").read_text())
    assert "marks" not in document["people"][0]
    assert document["people"][1]["marks"] == np.asarray(take.motions[1].marks).tolist()
    assert document["marks"]["interpolated"] == 1
    assert document["report"]["people"][0]["slide_mm"] == 1.5
    with np.load(save(take, tmp_path / "take.npz")) as file:
        assert file["person1_marks"].dtype == np.uint8
        assert json.loads(str(file["header"]))["report"]["camera_moved"] == 0.125


def test_a_file_from_before_root_m_is_read(tmp_path: Path) -> None:
    path = save(make_take(people=1), tmp_path / "take.json")
    document = json.loads(path.read_text())
    del document["people"][0]["has_root_m"], document["people"][0]["root_m"]
    del document["provenance"]["settings"]
    path.write_text(json.dumps(document))
    assert load(path).motions[0].root_m is None


def test_a_video_beside_the_file_is_found_after_the_folder_moves(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    take = replace(make_take(), output_video=str(here / "take.mp4"))
    for ending in ENDINGS:
        save(take, here / f"take{ending}")
        assert load(here / f"take{ending}").output_video == take.output_video
    assert json.loads((here / "take.json").read_text())["output_video"] == "take.mp4"
    here.rename(there)
    for ending in ENDINGS:
        assert load(there / f"take{ending}").output_video == str(there / "take.mp4")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "00:00:00.000"),
        (0.23, "00:00:00.230"),
        (59.9994, "00:00:59.999"),
        (59.9996, "00:01:00.000"),
        (3599.9996, "01:00:00.000"),
        (3 * 3600 + 61.5, "03:01:01.500"),
        (-0.04, "-00:00:00.040"),
        (-0.0001, "00:00:00.000"),
    ],
)
def test_timestamps_round_as_a_clock_does(seconds: float, text: str) -> None:
    assert timestamp(seconds) == text


@given(st.floats(0, 1e6))
def test_a_timestamp_is_within_half_a_millisecond(seconds: float) -> None:
    hours, minutes, rest = timestamp(seconds).split(":")
    assert float(rest) < 60
    assert int(minutes) < 60
    total = int(hours) * 3600 + int(minutes) * 60 + float(rest)
    assert total == pytest.approx(seconds, abs=0.00051)


def test_model_card_output_of_one_person_of_another_and_of_nobody() -> None:
    take = make_take(frames=7)
    chosen = take.motion()
    assert chosen is not None
    np.testing.assert_array_equal(model_card_output(take)["keypoints"], chosen.xyz_m)
    np.testing.assert_array_equal(model_card_output(take, 1)["keypoints"], take.motions[1].xyz_m)
    nobody = model_card_output(make_take(7, people=0))
    assert nobody["keypoints"].shape == (7, 17, 3)
    assert np.isnan(nobody["keypoints"]).all()
    assert len(nobody["timestamps"]) == 7
    assert nobody["output_video"] is None


@pytest.mark.parametrize("name", ["take.xyz", "take", "take.mp4"])
def test_an_unknown_ending_lists_the_known_ones(tmp_path: Path, name: str) -> None:
    for attempt in (lambda: save(make_take(), tmp_path / name), lambda: load(tmp_path / name)):
        with pytest.raises(FormatError, match=r"use one of: .*\.json, .*\.npz"):
            attempt()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"{}", b"[]", b"null", b"PK\x05\x06" + bytes(18), b"\x93NUMPY", b"\xff"],
)
def test_a_foreign_file_is_one_line(tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"take{ending}"
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no such file"):
        load(tmp_path / "take.json")


@pytest.mark.parametrize("ending", ENDINGS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_file_loads_or_says_so(tmp_path: Path, ending: str, data: st.DataObject) -> None:
    """Whatever byte is changed and wherever the file is cut: a take, or our error. Never theirs."""
    path = save(make_take(frames=3), tmp_path / f"take{ending}")
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        load(path)
    except FormatError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("field", ["people", "time_s", "camera", "skeletons", "video", "frames"])
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    path = save(make_take(), tmp_path / "take.json")
    document = json.loads(path.read_text())
    del document[field]
    path.write_text(json.dumps(document))
    with pytest.raises(FormatError, match=field):
        load(path)


def test_a_newer_schema_asks_for_a_newer_monomocap(tmp_path: Path) -> None:
    path = save(make_take(), tmp_path / "take.json")
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 2'))
    with pytest.raises(FormatError, match="newer monomocap"):
        load(path)


def test_arrays_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = save(make_take(), tmp_path / "take.json")
    document = json.loads(path.read_text())
    document["people"][0]["keypoints"].pop()
    path.write_text(json.dumps(document))
    with pytest.raises(FormatError, match=r"xyz_m has shape \(11, 17, 3\)"):
        load(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_half_written_is_left_where_writing_fails(tmp_path: Path, ending: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        save(make_take(), tmp_path / "file" / f"take{ending}")
    with pytest.raises(OutputError, match="cannot write"):
        save(make_take(), tmp_path / "no_such_folder" / f"take{ending}")
    (tmp_path / f"take{ending}").mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        save(make_take(), tmp_path / f"take{ending}")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", f"take{ending}"]


def test_a_file_already_there_stays_whole_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(make_take(), tmp_path / "take.npz")
    before = path.read_bytes()

    def full_disk(file: object, **arrays: np.ndarray) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full_disk)
    with pytest.raises(OutputError, match="no space left"):
        save(make_take(seed=1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert issubclass(OutputError, MonomocapError)
