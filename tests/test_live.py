"""Poses while it runs: every picture answered once, soon, causally; a stop keeps everything."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import monomocap as package
from monomocap.detect.catalogue import DETECTORS
from monomocap.errors import OptionError, VideoError
from monomocap.lift.catalogue import load_lifter
from monomocap.lift.consistent import Consistent
from monomocap.live import DELAY_S, EVERY_S, LivePoses, Moment, live_poses, window_s
from monomocap.options import Options, View
from monomocap.render.mannequin import truth
from monomocap.render.motions import clock
from monomocap.render.sample import sample_camera, sample_motion
from monomocap.skeleton import COCO17, H36M17
from monomocap.types import Camera, Frame, Person2D, Track2D
from monomocap.video import open as opening
from monomocap.video.ahead import newest
from monomocap.video.sources import source_of
from monomocap.workflows.live import Lines, print_live, stopped_by_ctrl_c
from monomocap.workflows.run import run
from tests.fakes import FakeDetector
from tests.rtsp_server import camera as rtsp_camera
from tests.terminal import monomocap
from tests.videos import make_video

Capture = pytest.CaptureFixture[str]
FAST = Options(detector="fake", lifter="flat")
WORDS = ("--detector", "fake", "--lifter", "flat")


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector())


@pytest.fixture
def webcam(monkeypatch: pytest.MonkeyPatch) -> None:
    """FFmpeg's test picture, 30 times a second as a camera would, in place of /dev/video."""
    pattern = "testsrc=size=96x64:rate=30,realtime"
    monkeypatch.setitem(opening.WEBCAMS, sys.platform, ("lavfi", pattern))


# --- always the newest


def test_the_newest_is_given_and_nothing_piles_up() -> None:
    given = threading.Event()

    def source() -> Iterator[int]:
        yield 0
        given.wait(5)
        yield from range(1, 100)
        time.sleep(0.3)
        yield 100

    items = newest(source(), lambda: False)
    assert next(items) == 0
    given.set()
    time.sleep(0.1)
    assert list(items) == [99, 100]


def test_whoever_waits_for_a_source_that_hangs_can_stop() -> None:
    hung, stop = threading.Event(), threading.Event()

    def source() -> Iterator[int]:
        yield 0
        hung.wait(10)

    items = newest(source(), stop.is_set)
    assert next(items) == 0
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()
    assert list(items) == []
    assert time.monotonic() - began < 5
    hung.set()


def test_an_error_of_the_source_arrives() -> None:
    def source() -> Iterator[int]:
        yield 0
        raise VideoError("gone")

    items = newest(source(), lambda: False)
    with pytest.raises(VideoError, match="gone"):
        list(items)


# --- moments


def standing(index: int, time_s: float) -> tuple[Frame, list[Person2D]]:
    frame = Frame(index, time_s, np.zeros((64, 96, 3), np.uint8))
    return frame, FakeDetector()(frame)


def moments_of(poses: LivePoses, times_s: np.ndarray) -> list[tuple[float, Moment]]:
    """When (by the source's clock) each moment came."""
    came = []
    for index, time_s in enumerate(times_s.tolist()):
        came += [(time_s, m) for m in poses(*standing(index, time_s))]
    return came + [(float(times_s[-1]), m) for m in poses.rest()]


@pytest.mark.parametrize("fps", [10, 30, 60])
@pytest.mark.parametrize("delay_s", [0.0, 0.2, 1.0])
def test_every_picture_is_answered_once_in_order_within_the_stated_delay(
    fps: int, delay_s: float
) -> None:
    times_s = 5.0 + np.arange(2 * fps) / fps
    camera = Camera.from_fov(96, 64)
    poses = LivePoses(camera, load_lifter("flat"), COCO17, delay_s=delay_s)
    came = moments_of(poses, times_s)
    assert [m.index for _, m in came] == list(range(len(times_s)))
    assert [m.time_s for _, m in came] == times_s.tolist()
    late_s = [at_s - m.time_s for at_s, m in came]
    assert max(late_s) <= delay_s + EVERY_S + 1 / fps + 1e-6
    assert all(np.isfinite(m.people[0].xyz_m).all() for _, m in came)


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_a_delay_out_of_range_is_told(wrong: float) -> None:
    with pytest.raises(OptionError, match="delay_s"):
        LivePoses(Camera.from_fov(96, 64), load_lifter("flat"), COCO17, delay_s=wrong)


def test_live_poses_are_of_everybody(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="leave person out"):
        next(live_poses(tmp_path / "nothing.mp4", replace(FAST, person="largest")))


def test_memory_is_a_window_of_the_past() -> None:
    poses = LivePoses(Camera.from_fov(96, 64), load_lifter("flat"), COCO17)
    moments_of(poses, np.arange(150) / 30)
    assert len(poses._past) <= 30 * poses._span_s + 2


def test_a_window_of_the_network_is_asked_and_no_more() -> None:
    lifter = load_lifter("hdformer", "cpu")
    asked = []
    assert isinstance(lifter, Consistent)
    network = lifter.network.network

    class Counting:
        device = "cpu"

        def __call__(self, x: np.ndarray) -> np.ndarray:
            asked.append(len(x))
            answer: np.ndarray = network(x)
            return answer

    lifter.network.network = Counting()
    poses = LivePoses(Camera.from_fov(96, 64), lifter, COCO17)
    moments_of(poses, np.arange(36) / 30)
    assert set(asked) == {1}
    assert window_s(lifter) * lifter.fps == lifter.window - 2


def test_looking_ahead_brings_live_poses_nearer_to_those_of_the_whole_video() -> None:
    """The same lifter with both directions of time is the reference."""
    time_s, motion, camera = clock(2.5, 30), sample_motion(), sample_camera()
    xy_px, _ = truth(motion, camera)
    xy_px = xy_px[: len(time_s)].astype(np.float32)
    score = np.ones(xy_px.shape[:2], np.float32)
    lifter = load_lifter("hdformer", "cpu")
    whole = lifter(Track2D(0, time_s, xy_px, score, H36M17), camera).xyz_m
    picture = np.zeros((2, 2, 3), np.uint8)
    apart_mm = {}
    for delay_s in (0.0, 0.4):
        poses = LivePoses(camera, lifter, H36M17, delay_s=delay_s, smooth="none")
        moments = []
        for i, at_s in enumerate(time_s.tolist()):
            box_px = np.concatenate([xy_px[i].min(axis=0), xy_px[i].max(axis=0)])
            person = Person2D(xy_px[i], score[i], box_px)
            moments += poses(Frame(i, at_s, picture), [person])
        moments += poses.rest()
        live = np.stack([m.people[0].xyz_m for m in moments])
        apart_mm[delay_s] = 1000 * float(np.linalg.norm(live - whole, axis=-1)[30:].mean())
    assert apart_mm[0.4] < apart_mm[0.0] < 150
    assert apart_mm[0.4] < 60


def test_somebody_who_leaves_is_in_no_moment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def there(index: int) -> bool:
        return not 10 <= index < 20

    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector(there))
    moments = list(live_poses(make_video(tmp_path / "a.mp4", frames=30), FAST))
    assert [len(m.people) for m in moments] == [int(there(i)) for i in range(30)]


# --- lines


def lines_of(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_live_prints_what_the_numbers_are_then_poses_then_how_it_ended(
    tmp_path: Path, capsys: Capture
) -> None:
    video = make_video(tmp_path / "a.mp4", frames=20)
    ended = monomocap(capsys, "live", video, *WORDS)
    assert ended.code == 0, ended.err
    first, *moments, last = lines_of(ended.out)
    assert (first["format"], first["schema_version"]) == ("monomocap.live", 1)
    assert first["looks_ahead_s"] == DELAY_S
    assert len(first["joint_names"]) == 17  # type: ignore[arg-type]
    assert [m["index"] for m in moments] == list(range(20))
    person = moments[0]["people"][0]  # type: ignore[index]
    assert np.array(person["keypoints"]).shape == (17, 3)
    assert (last["ended"], last["frames"], last["passed_over"]) == ("the source ended", 20, 0)
    assert "20 pictures, 0 passed over" in ended.err


def test_a_webcam_is_live(webcam: None) -> None:
    text = io.StringIO()
    lines = print_live(source_of("webcam"), text, replace(FAST, max_frames=15))
    first, *moments, _ = lines_of(text.getvalue())
    assert first["source"] == "webcam"
    assert 1 <= len(moments) <= 15
    assert lines.median_delay_s < DELAY_S + EVERY_S + 1.0


def test_a_slow_machine_passes_over_pictures_and_the_delay_stays_bounded(
    webcam: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(FakeDetector):
        def __call__(self, frame: Frame) -> list[Person2D]:
            time.sleep(0.12)
            return super().__call__(frame)

    monkeypatch.setitem(DETECTORS, "fake", lambda device: Slow())
    text = io.StringIO()
    lines = print_live(source_of("webcam"), text, replace(FAST, max_frames=45))
    _, *moments, last = lines_of(text.getvalue())
    assert lines.passed_over > 10
    assert last["passed_over"] == lines.passed_over
    ends = [m["delay_s"] for m in (moments[2:5] + moments[-8:-4])]
    # Two pictures' work at most on top of what is stated; generous for a busy machine.
    assert max(ends) < DELAY_S + EVERY_S + 2 * 0.12 + 1.0  # type: ignore[operator, type-var]


def test_pictures_missed_before_the_first_poses_were_passed_over() -> None:
    lines = Lines(io.StringIO())
    lines.add(Moment(index, index / 30, (), 0.1) for index in (20, 21, 24))
    assert (lines.moments, lines.passed_over) == (3, 22)


def test_finished_2d_is_nothing_live(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="finished 2D"):
        next(live_poses(make_video(tmp_path / "a.mp4", frames=2), replace(FAST, size="96x64")))


# --- run


def test_run_on_a_camera_writes_lines_and_in_the_end_everything(
    webcam: None, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "out"
    ended = monomocap(capsys, "run", "webcam", "-o", out, "--max-frames", "12", *WORDS)
    assert ended.code == 0, ended.err
    names = {path.name for path in out.iterdir()}
    assert names == {
        "poses.jsonl",
        "report.html",
        "source.mp4",
        "take.json",
        "take.mp4",
        "take.npz",
        "viewer.html",
    }
    take = package.load(out / "take.npz")
    lines = lines_of((out / "poses.jsonl").read_text())
    assert len(lines) - 2 == len(take.time_s) == len(take.motions[0].xyz_m)
    assert take.motions[0].seen.all()
    assert take.info.path == "webcam"


def test_run_on_a_network_camera_that_hangs_up_keeps_everything(tmp_path: Path) -> None:
    options = {"bf": "0", "g": "5"}
    video = make_video(tmp_path / "a.ts", frames=30, codec_options=options)
    out = tmp_path / "out"
    with rtsp_camera(video, seconds=0.5) as here:
        take = run(here.url, out, FAST, view=None)
    last = lines_of((out / "poses.jsonl").read_text())[-1]
    assert last["ended"] == "the source ended"
    assert len(take.time_s) == last["frames"]
    assert len(take.time_s) + int(last["passed_over"]) >= 25  # type: ignore[call-overload]
    assert not (out / "source.mp4").exists()
    assert "secret" not in (out / "take.json").read_text() + (out / "poses.jsonl").read_text()


STOPPED = """
import signal, sys
from monomocap.cli.main import main
from monomocap.detect.catalogue import DETECTORS
from monomocap.video import open as opening
from tests.fakes import FakeDetector
DETECTORS["fake"] = lambda device: FakeDetector()
opening.WEBCAMS[sys.platform] = ("lavfi", "testsrc=size=96x64:rate=30,realtime")
signal.signal(signal.SIGINT, signal.default_int_handler)
main(["run", "webcam", "-o", sys.argv[1], "--detector", "fake", "--lifter", "flat", "-q"])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_stops_and_the_second_is_what_it_was(number: signal.Signals) -> None:
    first, as_ever, asked = threading.Event(), signal.getsignal(number), list[int]()
    signal.signal(number, lambda number, frame: asked.append(number))
    try:
        with stopped_by_ctrl_c(first.set):
            signal.raise_signal(number)
            assert first.is_set() and asked == []
            signal.raise_signal(number)
            assert len(asked) == 1
        signal.raise_signal(number)
        assert len(asked) == 2
    finally:
        signal.signal(number, as_ever)


def test_ctrl_c_stops_a_camera_cleanly_with_everything_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    root = Path(__file__).parent.parent
    running = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(out)],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = out / "poses.jsonl"
    until = time.monotonic() + 180  # a busy machine takes long to begin
    while time.monotonic() < until and not (lines.exists() and lines.read_text().count("\n") > 3):
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=180)
    assert running.returncode == 0, said
    last = lines_of(lines.read_text())[-1]
    assert last["ended"] == "stopped"
    take = package.load(out / "take.json")
    assert len(take.time_s) == last["frames"] > 2  # type: ignore[operator]
    assert take.info.partial == ""
    assert (out / "take.mp4").exists() and (out / "source.mp4").exists()


def test_the_stage_can_be_left_out_of_a_live_run(webcam: None, tmp_path: Path) -> None:
    take = run("webcam", tmp_path / "out", replace(FAST, max_frames=4), view=View())
    assert take.output_video is not None
    with pytest.raises(VideoError, match="cannot open webcam"):
        opening.WEBCAMS[sys.platform] = ("v4l2", "/dev/none{}")
        run("webcam", tmp_path / "none", FAST)
