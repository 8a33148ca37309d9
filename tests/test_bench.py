"""The bench tells the truth about stages, people and memory."""

import json
import subprocess
import sys
import tracemalloc
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from monomocap.cli.main import app
from monomocap.detect.catalogue import DETECTORS
from monomocap.detect.people import collect_tracks
from monomocap.errors import MonomocapError, VideoError
from monomocap.lift.catalogue import load_lifter
from monomocap.options import Options
from monomocap.skeleton import BLAZEPOSE33
from monomocap.types import Camera, Frame, Person2D
from monomocap.video.read import VideoReader
from monomocap.workflows import memory
from monomocap.workflows.bench import bare_loop, bench
from monomocap.workflows.memory import MemoryResult, loop_video, measure_growth
from tests.fakes import FakeDetector
from tests.videos import make_video, number_of

FLAT = Options(lifter="flat")


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", frames=12, size=(96, 64))


def test_every_stage_is_timed_and_the_ratio_is_theirs(video: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    result = bench(video, FLAT, rounds=2, progress=lambda *what: told.append(what))
    assert (result.frames, result.width_px, result.height_px) == (12, 96, 64)
    assert (result.people, result.lift_fps) == (0, None)
    assert (result.detector_device, result.lifter_device) == ("cpu", "cpu")
    assert result.bare_fps is not None and result.ratio is not None
    assert min(result.decode_fps, result.detect_fps, result.total_fps, result.bare_fps) > 0
    assert result.decode_fps > result.total_fps
    assert 0.1 < result.ratio < 20
    assert told == [("bench", done, 7) for done in range(8)]
    assert json.loads(json.dumps(asdict(result)))["ratio"] == result.ratio


def test_another_detector_has_no_bare_loop_to_be_compared_with(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector())
    result = bench(video, replace(FLAT, detector="fake", max_frames=5), rounds=1)
    assert (result.frames, result.people) == (5, 1)
    assert result.lift_fps is not None and result.lift_fps > 0
    assert (result.bare_fps, result.ratio) == (None, None)


def test_a_device_that_is_not_used_is_said(video: Path) -> None:
    result = bench(video, replace(FLAT, device="cuda"), rounds=1)
    assert any("cuda was asked for" in warning for warning in result.warnings)


def test_the_bare_loop_sees_the_frames_that_we_see(video: Path) -> None:
    assert bare_loop(video) == 12
    assert bare_loop(video, 5) == 5


def test_the_bench_costs_little_on_top_of_mediapipe(data: Path) -> None:
    """1.15 is promised; a busy machine gets some room here."""
    man = data / "video/pose2sim_balance/cam04.mp4"  # the bare loop sees him from the start, too
    result = bench(man, Options(lifter="mediapipe", max_frames=30), rounds=3)
    assert result.people == 1
    assert result.ratio is not None
    assert result.ratio < 1.5


@pytest.mark.parametrize("ending", ["mov", "mkv"])
def test_a_looped_video_is_the_same_pictures_again_with_times_that_go_on(
    video: Path, tmp_path: Path, ending: str
) -> None:
    with VideoReader(loop_video(video, tmp_path / f"looped.{ending}", 1.5)) as looped:
        frames = [(frame.time_s, number_of(frame.rgb)) for frame in looped]
        assert looped.info.partial == ""
    assert [number for _, number in frames] == [*range(12)] * 4
    np.testing.assert_allclose(np.diff([time_s for time_s, _ in frames]), 1 / 30, atol=1e-3)


def test_what_cannot_be_looped_is_said(tmp_path: Path) -> None:
    still = make_video(tmp_path / "still.mp4", frames=1)
    with pytest.raises(VideoError, match="too short to loop"):
        loop_video(still, tmp_path / "looped.mov", 1.0)


def test_growth_is_measured_in_processes_of_their_own(video: Path) -> None:
    result = measure_growth(video, FLAT, short_s=1.0, long_s=3.0)
    assert (result.short_frames, result.long_frames) == (36, 96)
    assert min(result.short_peak_mb, result.long_peak_mb) > 20
    with pytest.raises(MonomocapError, match="the longer loop must be at least 2 s"):
        measure_growth(video, FLAT, short_s=1.0, long_s=1.5)
    with pytest.raises(MonomocapError, match=r"the memory run on looped.mkv failed: .*lifter"):
        measure_growth(video, Options(lifter="no-such"), short_s=1.0, long_s=2.0)


def test_peak_memory_counts_what_is_held_and_what_was() -> None:
    code = """
import numpy as np
from monomocap.workflows.memory import peak_memory_mb
before = peak_memory_mb()
held = np.ones(10_000_000)
during = peak_memory_mb()
del held
print(during - before, peak_memory_mb() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for grown_mb in map(float, done.stdout.split()):
        assert 75 < grown_mb < 90


def test_a_person_frame_takes_at_most_2_kb() -> None:
    """Track, its growing, and lifting, as numpy counts it; MediaPipe's 33 joints with 3D."""
    _peak_of_estimating(10)  # imports
    short, long = _peak_of_estimating(500), _peak_of_estimating(1500)
    assert (long - short) / 1000 < 2000


def _peak_of_estimating(frames: int) -> int:
    picture = np.zeros((2, 2, 3), np.uint8)
    stream = (Frame(i, i / 30, picture) for i in range(frames))
    tracemalloc.start()
    try:
        _, (track,) = collect_tracks(stream, _Standing())
        for lifter in ("flat", "mediapipe"):
            assert load_lifter(lifter)(track, Camera.from_fov(640, 480)).seen.all()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class _Standing(FakeDetector):
    """MediaPipe's joints and 3D, without MediaPipe."""

    skeleton = BLAZEPOSE33

    def __init__(self) -> None:
        super().__init__()
        rng = np.random.default_rng(1)
        xy_px = rng.uniform(100, 300, (33, 2)).astype(np.float32)
        box_px = np.array([100, 100, 300, 300], np.float32)
        world_m = rng.normal(0, 1, (33, 3)).astype(np.float32)
        self._person = Person2D(xy_px, np.ones(33, np.float32), box_px, world_m)

    def __call__(self, frame: Frame) -> list[Person2D]:
        return [self._person]


def test_the_command_prints_json_and_growth(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["bench", str(video), "--lifter", "flat", "--max-frames", "3", "--json", "--quiet"]
    said = CliRunner().invoke(app, asked)
    assert json.loads(said.stdout)["frames"] == 3
    growth = MemoryResult("clip.mp4", 60, 600, 1, 200.0, 201.0, 1851.8)
    asked_s = []

    def measured(*arguments: object, long_s: float, **named: object) -> MemoryResult:
        asked_s.append(long_s)
        return growth

    monkeypatch.setattr(memory, "measure_growth", measured)
    asked = ["bench", str(video), "--lifter", "flat", "--memory", "-q"]
    said = CliRunner().invoke(app, asked)
    assert said.stdout.endswith("1 people: 1852 bytes per person and frame\n")
    CliRunner().invoke(app, [*asked, "--minutes", "60"])
    assert asked_s == [600, 3600]
