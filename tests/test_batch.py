"""Several videos: each gets an answer of its own, whatever happens to the others."""

import json
from pathlib import Path

import pytest

from monomocap.detect.catalogue import DETECTORS
from monomocap.errors import MissingDependency, OutputError, VideoError
from monomocap.types import Take
from monomocap.video.sources import Source, source_of
from monomocap.workflows.batch import run_batch
from tests.fakes import FakeDetector
from tests.takes import make_take
from tests.terminal import monomocap
from tests.videos import cut_short, make_video

Capture = pytest.CaptureFixture[str]
WORDS = ("--detector", "fake", "--lifter", "flat", "--no-video")


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector())


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A whole one, one cut short, and one that is no video."""
    folder = tmp_path / "clips"
    folder.mkdir()
    make_video(folder / "a.mp4", frames=4)
    cut_short(make_video(tmp_path / "whole.mkv", frames=60), folder / "b.mkv", 0.6)
    (folder / "c.mp4").write_bytes(b"not a video")
    make_video(folder / "d.mov", frames=5)
    return folder


def summary(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "batch.json").read_text())
    return found


def test_one_failing_video_does_not_stop_the_others(
    clips: Path, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "out"
    ended = monomocap(capsys, "run", clips, "-o", out, "--quiet", *WORDS)
    assert ended.code == 1
    assert ended.out == ""
    assert "c.mp4 failed: " in ended.err and "b.mkv: only part of" in ended.err
    said = summary(out)
    assert (said["sources"], said["done"], said["partial"], said["failed"]) == (4, 2, 1, 1)
    for name in "abd":
        take = json.loads((out / name / "take.json").read_text())
        assert take["frames"] >= 4
    assert not (out / "c").exists()
    frames = {Path(o["source"]).name: o["frames"] for o in said["outcomes"]}  # type: ignore[attr-defined]
    assert frames["d.mov"] == 5 and frames["c.mp4"] == 0


def test_the_summary_and_the_exit_code_say_how_it_went(
    clips: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fine = monomocap(capsys, "run", clips / "a.mp4", clips / "d.mov", *WORDS)
    assert fine.code == 0
    assert "2 videos: 2 done" in fine.out
    assert (tmp_path / "monomocap-batch" / "d" / "take.npz").exists()
    none = monomocap(capsys, "run", clips / "c.mp4", tmp_path / "none.mp4", "-o", "x", *WORDS)
    assert none.code == 2
    assert "2 videos: 2 failed" in none.out


def test_a_pattern_and_a_list_are_batches_even_of_one(
    clips: Path, tmp_path: Path, capsys: Capture
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("clips/a.mp4\n")
    for words in (clips / "a*", listed):
        out = tmp_path / f"out {words.name}"
        assert monomocap(capsys, "run", words, "-o", out, *WORDS).code == 0
        assert (out / "a" / "take.json").exists()


def test_a_folder_of_pictures_and_a_pipes_dash_are_single_videos(
    tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "out"
    (tmp_path / "shots").mkdir()
    for number in range(3):
        path = tmp_path / "shots" / f"{number}.png"
        make_video(
            path,
            frames=1,
            codec="png",
            pix_fmt="rgb24",
            container_format="image2",
            container_options={"update": "1"},
        )
    ended = monomocap(capsys, "run", tmp_path / "shots", "-o", out, *WORDS)
    assert ended.code == 0
    assert "WARNING: pictures have no clock" in ended.err
    assert json.loads((out / "take.json").read_text())["frames"] == 3
    words = ("run", tmp_path / "shots", "-o", out, "--image-fps", "5", *WORDS)
    assert "WARNING" not in monomocap(capsys, *words).err
    assert json.loads((out / "take.json").read_text())["time_s"] == [0.0, 0.2, 0.4]


def outcomes_of(tmp_path: Path, job: object, *words: str) -> list[tuple[str, str]]:
    sources = [source_of(word) for word in words]
    outcomes = run_batch(sources, job, tmp_path / "out")  # type: ignore[arg-type]
    return [(o.status, o.folder.rsplit("/")[-1]) for o in outcomes]


def test_videos_of_one_name_get_folders_of_their_own(tmp_path: Path) -> None:
    def job(source: Source, folder: Path) -> Take:
        return make_take()

    told = outcomes_of(tmp_path, job, "x/a.mp4", "y/a.mp4", "a-2.mp4", "z/a.mov")
    assert [name for _, name in told] == ["a", "a-2", "a-2-2", "a-3"]


def test_a_bug_that_one_video_meets_is_its_own(tmp_path: Path) -> None:
    def job(source: Source, folder: Path) -> Take:
        if source.stem == "b":
            raise ValueError("a bug")
        if source.stem == "c":
            raise VideoError("no video")
        return make_take()

    told = outcomes_of(tmp_path, job, "a.mp4", "b.mp4", "c.mp4", "webcam", "d.mp4")
    assert [status for status, _ in told] == ["partial", "failed", "failed", "failed", "partial"]
    reasons = [o["reason"] for o in summary(tmp_path / "out")["outcomes"]]  # type: ignore[attr-defined]
    assert "ValueError: a bug" in reasons[1] and "has no end" in reasons[3]


def test_what_is_wrong_with_every_video_stops_at_the_first(tmp_path: Path) -> None:
    asked = []

    def job(source: Source, folder: Path) -> Take:
        asked.append(source)
        raise MissingDependency("no torch")

    with pytest.raises(MissingDependency):
        outcomes_of(tmp_path, job, "a.mp4", "b.mp4")
    assert len(asked) == 1


def test_a_batch_that_is_stopped_keeps_what_is_done(tmp_path: Path) -> None:
    def job(source: Source, folder: Path) -> Take:
        if source.stem == "b":
            raise KeyboardInterrupt
        return make_take()

    with pytest.raises(KeyboardInterrupt):
        outcomes_of(tmp_path, job, "a.mp4", "b.mp4", "c.mp4")
    assert len(summary(tmp_path / "out")["outcomes"]) == 1  # type: ignore[arg-type]


def test_a_folder_that_cannot_be_written_stops_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError):
        outcomes_of(tmp_path, lambda source, folder: pytest.fail("work began"), "a.mp4")
