"""Recordings for Rerun, read back by Rerun; and `monomocap view`."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import monomocap
from monomocap.errors import FormatError, OutputError, VideoError
from monomocap.formats import only
from monomocap.formats.angle_table import angles_of
from monomocap.geometry.world import in_world
from monomocap.options import Options
from monomocap.pipeline import estimate
from monomocap.skeleton import H36M17
from monomocap.types import Take
from monomocap.workflows.view import view
from tests.takes import make_take
from tests.terminal import monomocap as command
from tests.videos import make_video

FRAMES = 9


def recorded(path: Path) -> Any:
    import rerun

    return rerun.dataframe.load_recording(str(path))


def rows(recording: Any, contents: str, *, static: bool = False) -> dict[str, list[Any]]:
    """The columns of an entity on the timeline `time`; times are seconds."""
    view = recording.view(index="time", contents=contents)
    table = (view.select_static() if static else view.select()).read_all()
    columns = {name.split(":")[-1]: table[name] for name in table.column_names}
    if "time" in columns:
        columns["time"] = columns["time"].cast("int64")
    plain = {name: column.to_pylist() for name, column in columns.items()}
    return plain | {"time": [ns / 1e9 for ns in plain.get("time", [])]}


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Two people with gaps, of a video that is there."""
    made = make_take(frames=FRAMES, people=2)
    video = make_video(tmp_path / "clip.mp4", frames=FRAMES)
    return replace(made, info=replace(made.info, path=str(video)))


def test_rerun_reads_3d_2d_confidence_and_angles(tmp_path: Path, take: Take) -> None:
    recording = recorded(monomocap.save(take, tmp_path / "a.rrd"))
    for motion, track, angles in zip(take.motions, take.tracks, angles_of(take), strict=True):
        world = in_world(motion, take.camera)
        got = rows(recording, f"/world/person{motion.person}")
        assert got["time"] == pytest.approx(list(take.time_s), abs=1e-6)
        assert got["frame"] == list(range(FRAMES))
        for frame in range(FRAMES):
            seen = world.seen[frame]
            points = np.array(got["Position3D"][frame], float).reshape(-1, 3)
            np.testing.assert_allclose(points, world.xyz_m[frame, seen], atol=1e-5, rtol=0)
            assert (got["KeypointId"][frame] or []) == np.flatnonzero(seen).tolist()
        flat = rows(recording, f"/picture/person{motion.person}")
        for frame in np.flatnonzero(track.seen.all(axis=1)):
            points = np.array(flat["Position2D"][frame], float)
            np.testing.assert_allclose(points, track.xy_px[frame] + 0.5, atol=1e-3)
        for name in ("left_knee_flexion", "trunk_flexion"):
            curve = rows(recording, f"/angles/person{motion.person}/{name}")
            known = np.flatnonzero(np.isfinite(angles[name]))
            assert curve["frame"] == known.tolist()
            np.testing.assert_allclose(np.array(curve["Scalar"])[:, 0], angles[name][known])
        sure = rows(recording, f"/confidence/person{motion.person}")
        mean = motion.confidence[motion.seen.any(axis=1)].mean(axis=1)
        np.testing.assert_allclose(np.array(sure["Scalar"])[:, 0], mean)


def test_the_bones_and_the_names_of_joints_are_the_skeletons(tmp_path: Path, take: Take) -> None:
    recording = recorded(monomocap.save(take, tmp_path / "a.rrd"))
    context = rows(recording, "/world/person0")["AnnotationContext"][0]
    ((person,),) = context
    described = person["class_description"]
    names = [point["label"] for point in described["keypoint_annotations"]]
    assert names == list(H36M17.joints)
    bones = [(b["keypoint0"], b["keypoint1"]) for b in described["keypoint_connections"]]
    assert bones == list(H36M17.bones)


def test_every_frame_of_the_video_is_at_its_time(tmp_path: Path, take: Take) -> None:
    recording = recorded(monomocap.save(take, tmp_path / "a.rrd"))
    got = rows(recording, "/picture")
    assert len(got["Blob"][0][0]) > 500 and got["MediaType"][0] == ["video/mp4"]
    shown = np.array(got["VideoTimestamp"], float)[:, 0] / 1e9
    assert got["time"] == pytest.approx(list(take.time_s), abs=1e-6)
    np.testing.assert_allclose(np.diff(shown), np.diff(take.time_s), atol=1e-4)


def test_a_camera_stands_where_it_is_known_to(tmp_path: Path, take: Take) -> None:
    placed = replace(
        take.camera,
        camera_from_world=((1.0, 0.0, 0.0, 0.2), (0.0, 0.0, -1.0, 1.4), (0.0, 1.0, 0.0, 3.0)),
    )
    got = rows(recorded(monomocap.save(replace(take, camera=placed), tmp_path / "a.rrd")), "/**")
    assert [round(n, 5) for n in got["Translation3D"][0][0]] == [-0.2, -3.0, 1.4]
    assert got["Resolution"][0] == [[640.0, 481.0]]


def test_nobody_and_no_video_are_recorded_too(tmp_path: Path, take: Take) -> None:
    gone = replace(take, info=replace(take.info, path="gone.mp4"), tracks=(), motions=())
    got = rows(recorded(monomocap.save(gone, tmp_path / "a.rrd")), "/**", static=True)
    assert "no longer where it was" in got["Text"][0][0]
    assert "Blob" not in got


def test_view_writes_a_recording_of_a_folder_of_results(
    tmp_path: Path, take: Take, capsys: pytest.CaptureFixture[str]
) -> None:
    monomocap.save(take, tmp_path / "take.npz")
    ended = command(capsys, "view", tmp_path, "--save", tmp_path / "a.rrd")
    assert ended.code == 0 and str(tmp_path / "a.rrd") in ended.out, ended.err
    assert "Position3D" in rows(recorded(tmp_path / "a.rrd"), "/world/person1")
    moved = replace(take, info=replace(take.info, path="gone.mp4"))
    monomocap.save(moved, tmp_path / "take.npz")
    view(tmp_path, tmp_path / "b.rrd", tmp_path / "clip.mp4")
    assert "Blob" in rows(recorded(tmp_path / "b.rrd"), "/picture")


@pytest.mark.parametrize("ending", [".trc", ".c3d", ".coco.json"])
def test_what_never_had_pictures_is_viewed_without_or_with_those_that_are_named(
    tmp_path: Path, take: Take, ending: str
) -> None:
    source = monomocap.save(only(take, 0), tmp_path / f"walk{ending}")
    lifted = Options(lifter="flat")
    bare = estimate(source, lifted) if ending == ".coco.json" else monomocap.load(source)
    assert source.is_file() and bare.info.film is None
    monomocap.save(bare, tmp_path / "take.npz")
    view(tmp_path, tmp_path / "a.rrd")
    got = rows(recorded(tmp_path / "a.rrd"), "/**", static=True)
    assert "Blob" not in got and "no longer" not in got["Text"][0][0]
    view(tmp_path, tmp_path / "b.rrd", tmp_path / "clip.mp4")
    assert "Blob" in rows(recorded(tmp_path / "b.rrd"), "/picture")


def test_view_tells_what_is_wrong_before_it_reads(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"it ends in \.rrd"):
        view(tmp_path / "absent.npz", tmp_path / "a.npz")
    monomocap.save(make_take(frames=2), tmp_path / "take.npz")
    with pytest.raises(VideoError, match=r"no video .*gone\.mp4"):
        view(tmp_path, tmp_path / "a.rrd", tmp_path / "gone.mp4")


@pytest.mark.parametrize("code", [0, 1])
def test_view_opens_reruns_window(
    tmp_path: Path, take: Take, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monomocap.save(take, tmp_path / "take.npz")
    asked: list[list[str]] = []

    def fake(words: list[str], check: bool) -> subprocess.CompletedProcess[str]:
        asked.append(words)
        assert "Position3D" in rows(recorded(Path(words[-1])), "/world/person0")
        return subprocess.CompletedProcess(words, code)

    monkeypatch.setattr(subprocess, "run", fake)
    if code:
        with pytest.raises(OutputError, match=r"--save FILE\.rrd"):
            view(tmp_path)
    else:
        view(tmp_path)
    assert asked[0][:3] == [sys.executable, "-m", "rerun"]
