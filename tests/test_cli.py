"""The command line: what it says where, how it ends, and how soon."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import monomocap as package
from monomocap.cli.demo import table
from monomocap.cli.progress import plain_lines, shown
from monomocap.detect.catalogue import DETECTORS
from monomocap.options import Options, no_progress
from monomocap.workflows.demo import Score
from tests.fakes import FakeDetector
from tests.takes import same_take, timeless
from tests.terminal import monomocap
from tests.videos import make_video

Capture = pytest.CaptureFixture[str]
FAST_WORDS = ("--detector", "fake", "--lifter", "flat")


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector())
    return make_video(tmp_path / "walk.mp4", frames=6)


def test_run_writes_files_that_belong_together(
    video: Path, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "deep" / "out"
    ended = monomocap(capsys, "run", video, "-o", out, *FAST_WORDS)
    assert ended.code == 0, ended.err
    assert sorted(p.name for p in out.iterdir()) == [
        "report.html",
        "take.json",
        "take.mp4",
        "take.npz",
        "viewer.html",
    ]
    for name in ("take.json", "take.npz"):
        take = package.load(out / name)
        assert len(take.motions[0].xyz_m) == 6
        assert take.output_video == str(out / "take.mp4")
        assert str(out / name) in ended.out
    assert "person 0: a 3D pose in 100% of the frames" in ended.out
    assert "assumed" in ended.out


def test_without_an_output_folder_the_videos_name_makes_one(
    video: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert monomocap(capsys, "run", video, "--no-video", *FAST_WORDS).code == 0
    made = sorted(p.name for p in (tmp_path / "walk-monomocap").iterdir())
    assert made == ["report.html", "take.json", "take.npz", "viewer.html"]


def test_every_option_of_run_reaches_the_take(video: Path, tmp_path: Path, capsys: Capture) -> None:
    words = ("--max-frames", "4", "--smooth", "strong", "--focal", "321", "--device", "cpu")
    ended = monomocap(capsys, "run", video, "-o", tmp_path / "out", *FAST_WORDS, *words)
    assert ended.code == 0
    document = json.loads((tmp_path / "out" / "take.json").read_text())
    assert document["frames"] == 4
    assert document["provenance"]["smooth"] == "strong"
    assert document["provenance"]["detector"] == "fake"
    assert document["provenance"]["lifter"] == "flat"
    assert document["camera"]["focal_px"] == [321, 321]
    assert document["camera"]["source"] == "given"
    ended = monomocap(capsys, "run", video, "-o", tmp_path / "out", *FAST_WORDS, "--fov", "90")
    document = json.loads((tmp_path / "out" / "take.json").read_text())
    assert document["camera"]["focal_px"][0] == pytest.approx(48)


def test_the_view_changes_the_picture_and_nothing_else(
    video: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = {"a": (), "b": ("--azimuth", "90"), "c": ("--elevation", "45")}
    for name, view in words.items():
        assert monomocap(capsys, "run", video, "-o", tmp_path / name, *FAST_WORDS, *view).code == 0
    assert len({(tmp_path / name / "take.mp4").read_bytes() for name in words}) == 3
    first, *others = (timeless(package.load(tmp_path / name / "take.npz")) for name in words)
    assert all(same_take(first, other) for other in others)


def test_quiet_says_nothing_and_otherwise_stdout_has_no_progress(
    video: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = ("run", video, "-o", tmp_path / "out", "--no-video", *FAST_WORDS)
    ended = monomocap(capsys, *words, "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    ended = monomocap(capsys, *words)
    assert "finding people: 6 of 6" in ended.err
    assert "finding people" not in ended.out


def test_a_gpu_that_is_not_used_is_said_loudly_even_when_quiet(
    video: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = ("run", video, "-o", tmp_path / "out", "--no-video", "--quiet", "--device", "cuda")
    ended = monomocap(capsys, *words, *FAST_WORDS)
    assert ended.code == 0
    assert "WARNING: cuda was asked for, but the detector fake ran on cpu" in ended.err
    take = package.load(tmp_path / "out" / "take.npz")
    assert any("cuda was asked for" in warning for warning in take.warnings)


def test_plain_lines_come_at_the_start_now_and_then_and_at_the_end() -> None:
    clock, said = [0.0], list[str]()
    progress = plain_lines(said.append, now=lambda: clock[0])
    for done in range(101):
        clock[0] = done * 0.1
        progress("detect", done, 100)
    assert said == [f"finding people: {done} of 100" for done in (0, 50, 100)]
    progress("other", 7, None)
    assert said[-1] == "other: 7"


def test_a_terminal_gets_bars_on_stderr(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with shown(quiet=False) as progress:
        progress("detect", 3, 7)
    said = capsys.readouterr()
    assert "finding people" in said.err
    assert "3/7" in said.err
    assert said.out == ""
    with shown(quiet=True) as progress:
        assert progress is no_progress


def test_defaults_on_the_command_line_are_those_of_python(capsys: Capture) -> None:
    text = monomocap(capsys, "run", "--help").out
    defaults = Options()
    for value in (defaults.detector, defaults.lifter, defaults.device, defaults.smooth):
        assert f"[default: {value}]" in " ".join(text.split())


def test_help_and_version_end_well(capsys: Capture) -> None:
    assert monomocap(capsys, "--version").out == f"monomocap {package.__version__}\n"
    nothing, asked = monomocap(capsys), monomocap(capsys, "--help")
    assert nothing.out == asked.out
    assert (nothing.code, asked.code, nothing.err) == (0, 0, "")
    for command in ("run", "demo", "bench"):
        assert command in asked.out
        assert monomocap(capsys, command, "-h").code == 0


def test_the_demos_table_has_a_row_per_lifter() -> None:
    rows = table(
        (Score("one", 1.0, 10.04, 20.0, 30.0, 40.0), Score("two", 0.5, 1.0, 2.0, 3.0, 4.0))
    )[-2:]
    assert rows[0].split() == ["one", "100%", "10.0", "20.0", "30.0", "40.0"]
    assert rows[1].split() == ["two", "50%", "1.0", "2.0", "3.0", "4.0"]


HEAVY = ("mediapipe", "torch", "onnxruntime", "scipy", "av", "numpy", "pydantic", "rich")


@pytest.mark.parametrize("words", [["-c", "import monomocap"], ["-m", "monomocap", "--help"]])
def test_what_must_be_quick_imports_nothing_heavy(words: list[str]) -> None:
    """Times depend on the machine (`make startup` prints them); what is imported does not."""
    command = [sys.executable, "-X", "importtime", *words]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    imported = {line.split("|")[-1].strip() for line in ended.stderr.splitlines()}
    assert "monomocap" in imported
    assert imported.isdisjoint(HEAVY)
