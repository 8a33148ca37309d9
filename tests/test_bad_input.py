"""Whatever is handed in: an answer, or one line that says what, which, and what to do now.

Every case goes through Python and through the command line.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from monomocap.detect.catalogue import DETECTORS
from monomocap.errors import MonomocapError, OutputError, VideoError
from monomocap.options import Options
from monomocap.pipeline import estimate
from monomocap.workflows.run import run
from tests.fakes import FakeDetector
from tests.terminal import monomocap
from tests.videos import cut_short, make_audio, make_video

FAST = Options(detector="fake", lifter="flat")
FAST_WORDS = ("--detector", "fake", "--lifter", "flat")
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector())


def missing(folder: Path) -> Path:
    return folder / "none.mp4"


def text(folder: Path) -> Path:
    path = folder / "notes.mp4"
    path.write_text("this is not a video\n" * 50)
    return path


def noise(folder: Path) -> Path:
    path = folder / "noise.mp4"
    path.write_bytes(np.random.default_rng(0).bytes(20_000))
    return path


def empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.write_bytes(b"")
    return path


def a_folder(folder: Path) -> Path:
    (folder / "folder.mp4").mkdir()
    return folder / "folder.mp4"


def sound_only(folder: Path) -> Path:
    return make_audio(folder / "sound.m4a")


def no_frames(folder: Path) -> Path:
    """A container with a video track and not one picture in it."""
    whole = make_video(folder / "whole.ts", frames=3, container_format="mpegts")
    return cut_short(whole, folder / "no_frames.ts", 376 / whole.stat().st_size)


def cut_before_its_index(folder: Path) -> Path:
    """MP4 keeps its index at the end: without it nothing can be decoded."""
    return cut_short(make_video(folder / "whole.mp4", frames=20), folder / "cut.mp4", 0.6)


USELESS = [missing, text, noise, empty, a_folder, sound_only, no_frames, cut_before_its_index]


@pytest.mark.parametrize("make", USELESS)
def test_what_is_no_video_is_one_line_and_leaves_nothing_behind(
    tmp_path: Path, capsys: Capture, make: Callable[[Path], Path]
) -> None:
    path, out = make(tmp_path), tmp_path / "out"
    with pytest.raises(VideoError, match=path.name) as caught:
        estimate(path, FAST)
    assert "\n" not in str(caught.value)
    ended = monomocap(capsys, "run", path, "-o", out, *FAST_WORDS)
    assert ended.code == 2
    assert ended.err == f"monomocap: {caught.value}\n"
    assert ended.out == ""
    assert not out.exists()


def test_a_video_cut_short_gives_what_it_holds_and_says_so(tmp_path: Path, capsys: Capture) -> None:
    whole = make_video(tmp_path / "whole.mkv", frames=60)
    cut = cut_short(whole, tmp_path / "cut.mkv", 0.6)
    take = estimate(cut, FAST)
    assert 5 < len(take.time_s) < 60
    assert take.motions[0].seen.all()
    assert take.info.partial
    assert take.info.partial in take.warnings[0]
    out = tmp_path / "out"
    ended = monomocap(capsys, "run", cut, "-o", out, "--no-video", "--quiet", *FAST_WORDS)
    assert ended.code == 0
    assert "WARNING: only part of" in ended.err
    document = json.loads((out / "take.json").read_text())
    assert document["partial"] == take.info.partial
    assert len(document["keypoints"]) == len(take.time_s)


def test_nobody_in_the_video_is_an_answer(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector(lambda index: False))
    video, out = make_video(tmp_path / "clip.mp4", frames=7), tmp_path / "out"
    take = estimate(video, FAST)
    assert (take.tracks, take.motions, len(take.time_s)) == ((), (), 7)
    ended = monomocap(capsys, "run", video, "-o", out, *FAST_WORDS)
    assert ended.code == 0
    assert "nobody was seen" in ended.out
    document = json.loads((out / "take.json").read_text())
    assert document["people"] == []
    assert document["person"] is None
    assert document["keypoints"] == [[[None] * 3] * 17] * 7
    assert len(document["timestamps"]) == 7
    assert (out / "take.mp4").stat().st_size > 0


def test_a_person_who_leaves_and_returns_is_one_track_with_a_gap(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = np.array([not 4 <= index < 14 for index in range(20)])  # longer than is filled
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector(lambda i: bool(there[i])))
    video, out = make_video(tmp_path / "clip.mp4", frames=20), tmp_path / "out"
    (motion,) = estimate(video, FAST).motions
    assert motion.seen.all(axis=1).tolist() == there.tolist()
    assert np.isnan(motion.xyz_m[~there]).all()
    assert (motion.confidence[~there] == 0).all()
    ended = monomocap(capsys, "run", video, "-o", out, *FAST_WORDS)
    assert ended.code == 0
    keypoints = np.array(json.loads((out / "take.json").read_text())["keypoints"], dtype=float)
    assert np.isfinite(keypoints).all(axis=(1, 2)).tolist() == there.tolist()


def frames(count: int) -> Callable[[Path], tuple[Path, int]]:
    return lambda folder: (make_video(folder / "clip.mp4", frames=count), count)


def odd_size(folder: Path) -> tuple[Path, int]:
    size, pix_fmt = (97, 65), "yuv444p"
    return make_video(folder / "odd.mp4", frames=5, size=size, pix_fmt=pix_fmt), 5


def turned(folder: Path) -> tuple[Path, int]:
    return make_video(folder / "phone.mp4", frames=5, size=(96, 64), rotation_deg=90), 5


def uneven(folder: Path) -> tuple[Path, int]:
    times_s = [0.0, 0.02, 0.1, 0.11, 0.5, 0.51, 1.4]
    return make_video(folder / "uneven.mp4", times_s=times_s), 7


ORDINARY = [frames(1), frames(5), frames(95), odd_size, turned, uneven]


@pytest.mark.parametrize("make", ORDINARY, ids=["1", "5", "95", "odd", "turned", "uneven"])
def test_every_frame_of_an_unusual_video_is_answered(
    tmp_path: Path, capsys: Capture, make: Callable[[Path], tuple[Path, int]]
) -> None:
    (video, count), out = make(tmp_path), tmp_path / "out"
    take = estimate(video, FAST)
    assert len(take.time_s) == len(take.motions[0].xyz_m) == count
    assert take.motions[0].seen.all()
    ended = monomocap(capsys, "run", video, "-o", out, *FAST_WORDS)
    assert ended.code == 0, ended.err
    document = json.loads((out / "take.json").read_text())
    assert len(document["keypoints"]) == len(document["timestamps"]) == count
    assert document["timestamps"] == sorted(set(document["timestamps"]))
    assert (out / "take.mp4").stat().st_size > 0


def test_a_turned_phone_video_stands_upright(tmp_path: Path) -> None:
    video, _ = turned(tmp_path)
    take = estimate(video, FAST)
    assert (take.info.width_px, take.info.height_px, take.info.rotation_deg) == (64, 96, 90)
    assert (take.camera.width_px, take.camera.height_px) == (64, 96)


def test_an_uneven_clock_is_kept(tmp_path: Path) -> None:
    video, _ = uneven(tmp_path)
    np.testing.assert_allclose(
        estimate(video, FAST).time_s, [0.0, 0.02, 0.1, 0.11, 0.5, 0.51, 1.4], atol=1e-4
    )


def never(*args: object, **named: object) -> None:
    raise AssertionError("work began although the result cannot be written")


def under_a_file(folder: Path) -> Path:
    (folder / "file").write_text("")
    return folder / "file" / "out"


def is_a_file(folder: Path) -> Path:
    (folder / "file").write_text("")
    return folder / "file"


@pytest.mark.parametrize("place", [under_a_file, is_a_file, lambda folder: Path("/proc/none")])
def test_where_nothing_can_be_written_no_work_is_done(
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    place: Callable[[Path], Path],
) -> None:
    video, out = make_video(tmp_path / "clip.mp4"), place(tmp_path)
    monkeypatch.setattr("monomocap.workflows.run.estimate", never)
    with pytest.raises(OutputError, match="cannot write"):
        run(video, out, FAST)
    ended = monomocap(capsys, "run", video, "-o", out, *FAST_WORDS)
    assert ended.code == 2
    assert "cannot write" in ended.err
    assert ended.err.count("\n") == 1


def test_the_video_is_not_written_over_by_its_result(tmp_path: Path) -> None:
    video = make_video(tmp_path / "take.mp4")
    before = video.read_bytes()
    with pytest.raises(OutputError, match="choose another place"):
        run(video, tmp_path, FAST)
    assert video.read_bytes() == before


WRONG_WORDS = [
    (("--detector", "x"), "no detector is called 'x'; choose one of:"),
    (("--lifter", "x"), "no lifter is called 'x'; choose one of:"),
    (("--device", "tpu"), "tpu"),
    (("--smooth", "x"), "x"),
    (("--max-frames", "0"), "max_frames must be at least 1"),
    (("--focal", "-1"), "focal_px must be above 0"),
    (("--fov", "180"), "fov_deg must lie between 0 and 180"),
    (("--focal", "500", "--fov", "60"), "not more"),
    (("--calibration", "none.toml"), "no such file"),
    (("--calibration", "none.txt"), "ends in one of"),
    (("--elevation", "91"), "elevation"),
    (("--azimuth", "nan"), "azimuth"),
    (("--nonsense",), "--nonsense"),
]


@pytest.mark.parametrize(("words", "says"), WRONG_WORDS)
def test_a_wrong_word_is_one_line(
    tmp_path: Path, capsys: Capture, words: tuple[str, ...], says: str
) -> None:
    video = make_video(tmp_path / "clip.mp4", frames=1)
    ended = monomocap(capsys, "run", video, "-o", tmp_path / "out", *words)
    assert ended.code == 2
    assert says in ended.err
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_what_is_computed_is_kept_when_rendering_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*args: object, **named: object) -> None:
        raise OutputError("no space left")

    monkeypatch.setattr("monomocap.workflows.run.render_take", full_disk)
    video, out = make_video(tmp_path / "clip.mp4"), tmp_path / "out"
    with pytest.raises(OutputError):
        run(video, out, FAST)
    assert sorted(path.name for path in out.iterdir()) == [
        "report.html",
        "take.json",
        "take.npz",
        "viewer.html",
    ]
    assert json.loads((out / "take.json").read_text())["output_video"] is None


def test_debug_shows_where_an_error_came_from(tmp_path: Path, capsys: Capture) -> None:
    ended = monomocap(capsys, "run", tmp_path / "none.mp4", "--debug")
    assert ended.code == 2
    assert "Traceback" in ended.err
    assert ended.err.splitlines()[-1].startswith("monomocap: there is no file")


def test_ctrl_c_ends_in_one_line(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(index: int) -> bool:
        if index == 3:
            raise KeyboardInterrupt
        return True

    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector(stopped))
    video, out = make_video(tmp_path / "clip.mp4"), tmp_path / "out"
    ended = monomocap(capsys, "run", video, "-o", out, "--quiet", *FAST_WORDS)
    assert ended.code == 130
    assert ended.err.strip() == "monomocap: stopped"
    assert not out.exists()


def test_the_command_itself_fails_without_a_traceback(tmp_path: Path) -> None:
    """One real process: exit code, stderr, and nothing on stdout."""
    command = [sys.executable, "-m", "monomocap", "run", str(tmp_path / "none.mp4")]
    ended = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=os.environ, check=False
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert issubclass(VideoError, MonomocapError)
    assert list(tmp_path.iterdir()) == []
