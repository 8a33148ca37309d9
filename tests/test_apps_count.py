"""Counting: whatever repeats, what is defined, why not, live, and the command's files."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.counting_clips import NoiseOf3D, seen_from, talking
from monomocap.apps.body_frame import series_of
from monomocap.apps.count.count import count, count_motion, free_count
from monomocap.apps.count.exercises import load_exercise, names, parse
from monomocap.apps.count.live import LiveCounter
from monomocap.detect.catalogue import DETECTORS
from monomocap.errors import DataError, UnknownName
from monomocap.formats import save
from monomocap.geometry.world import LEVEL, in_world
from monomocap.render.exercises import Repetition, perform, schedule
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Frame, Motion3D, Person2D
from monomocap.video.read import VideoReader
from tests.scripted import SIZE_PX, Scripted, doing, in_picture, take_of, turned
from tests.terminal import monomocap
from tests.videos import make_video

Capture = pytest.CaptureFixture[str]
FPS = 12
WORDS = ("--detector", "scripted", "--lifter", "flat")


# --- whatever repeats


@pytest.mark.parametrize(
    ("exercise", "times"),
    [("squat", 4), ("push_up", 5), ("lunge", 4), ("jumping_jack", 6), ("sit_up", 3)],
)
def test_anything_is_counted_without_being_named(exercise: str, times: int) -> None:
    plan = schedule(times, 1.6, np.random.default_rng(1))
    counted = free_count(series_of(perform(exercise, plan, rest_s=0.5)))
    assert counted.count == times
    assert counted.main is not None
    found = counted.sets[counted.main].repetitions
    off_s = [max(abs(r.start_s - p.start_s - 0.5), abs(r.end_s - p.end_s - 0.5))
             for r, p in zip(found, plan, strict=True)]  # fmt: skip
    # Of jumping jacks half a repetition may be taken for one: the way up looks like the way down.
    assert exercise == "jumping_jack" or np.median(off_s) < 0.2


def test_the_view_and_monocular_mistakes_do_not_matter() -> None:
    poses = doing("squat", 5).xyz_m
    rng = np.random.default_rng(4)
    camera = Camera.from_fov(640, 480)
    seen = [seen_from(poses, view, rng, NoiseOf3D()) for view in ("front", "side", "oblique")]
    assert [free_count(series_of(in_world(m, camera))).count for m in seen] == [5, 5, 5]


def test_rests_and_tempo_do_not_matter() -> None:
    plan = (Repetition(0, 1.2), Repetition(1.2, 2.4), Repetition(6.0, 1.2), Repetition(7.2, 2.0))
    assert free_count(series_of(perform("squat", plan))).count == 4


def test_partial_ones_are_told_and_not_counted() -> None:
    counted = free_count(series_of(doing("squat", 5, partial=1)))
    assert counted.count == 5 and counted.main is not None
    (one,) = [r for r in counted.sets[counted.main].repetitions if not r.counts]
    assert one.reason.endswith("% of the usual way") and 25 < int(one.reason.split("%")[0]) < 65


def test_range_of_motion_is_that_of_the_joint_that_moves_most() -> None:
    counted = free_count(series_of(doing("squat", 4)))
    (found,) = counted.sets
    assert found.angle in ("knees", "hips")
    assert all(60 < r.range_deg < 150 for r in found.repetitions)


def test_nothing_is_counted_where_nothing_repeats() -> None:
    poses = talking(np.random.default_rng(3), 1.75, 12.0)
    sure = np.ones(poses.shape[:2])
    motion = Motion3D(0, np.arange(len(poses)) / 30, poses, sure, H36M17, "world")
    assert free_count(series_of(motion)).count == 0
    assert free_count(series_of(doing("squat", 1))).count == 0
    nobody = replace(motion, xyz_m=np.full_like(poses, np.nan))
    assert free_count(series_of(nobody)).sets == ()
    single = replace(
        motion, time_s=motion.time_s[:1], xyz_m=poses[:1], confidence=motion.confidence[:1]
    )
    assert free_count(series_of(single)).sets == ()


@pytest.mark.parametrize("number", [7, 10, 12, 14])
def test_who_talks_with_their_hands_repeats_nothing(number: int) -> None:
    """Twenty seconds of gestures, in which a few are half alike by chance."""
    rng = np.random.default_rng([101, number])
    motion = seen_from(talking(rng, 1.75, 20.0), "front", rng)
    assert free_count(series_of(in_world(motion, Camera.from_fov(640, 480)))).count == 0


def test_a_joint_that_was_never_seen_does_not_hide_the_rest() -> None:
    motion = doing("squat", 4)
    xyz_m = motion.xyz_m.copy()
    xyz_m[:, H36M17.index("left_wrist")] = np.nan
    seen = replace(motion, xyz_m=xyz_m)
    assert count_motion(seen).count == 4
    assert len(count_motion(seen, load_exercise("squat")).sets[0].repetitions) == 4


def test_what_was_hardly_seen_is_not_counted() -> None:
    motion = doing("squat", 5, 2.0)
    xyz_m = motion.xyz_m.copy()
    xyz_m[100:165] = np.nan  # from within the second to within the third
    counted = free_count(series_of(replace(motion, xyz_m=xyz_m)))
    assert counted.count in (3, 4) and counted.main is not None
    reasons = [r.reason for r in counted.sets[counted.main].repetitions if not r.counts]
    assert reasons == ["the person was out of sight"]


def test_everybody_is_counted() -> None:
    one, other = doing("squat", 3, 2.0), doing("lateral_raise", 4, 1.5)
    frames = min(len(one.time_s), len(other.time_s))
    cut = [replace(m, time_s=m.time_s[:frames], xyz_m=m.xyz_m[:frames],
                   confidence=m.confidence[:frames]) for m in (one, other)]  # fmt: skip
    people = count(take_of(*cut)).people
    assert [(p.person, p.count) for p in people] == [(0, 3), (1, 4)]


# --- defined exercises


@pytest.mark.parametrize("exercise", sorted(set(names()) - {"plank"}))
def test_every_definition_counts_its_exercise(exercise: str) -> None:
    depth = 1.2 if exercise in ("squat", "shoulder_press") else 1.0
    plan = tuple(Repetition(2.5 * i, 2.5, depth) for i in range(4))
    motion = turned(perform(exercise, plan), 70)
    assert count_motion(motion, load_exercise(exercise)).count == 4


def test_the_list_of_definitions_is_whole() -> None:
    wanted = {"squat", "push_up", "sit_up", "lunge", "jumping_jack", "pull_up", "deadlift",
              "shoulder_press", "burpee", "plank"}  # fmt: skip
    assert wanted <= set(names())


@pytest.mark.parametrize(
    ("exercise", "done"), [("squat", "jumping_jack"), ("push_up", "shoulder_press"),
                           ("lunge", "squat"), ("sit_up", "squat"), ("pull_up", "push_up")],
)  # fmt: skip
def test_another_exercise_is_not_counted(exercise: str, done: str) -> None:
    assert count_motion(doing(done, 3, 2.0), load_exercise(exercise)).count == 0


def test_a_shallow_squat_does_not_count_and_says_why() -> None:
    plan = (Repetition(0, 2.0, 1.2), Repetition(2.0, 2.0, 0.9), Repetition(4.0, 2.0, 1.2))
    counted = count_motion(perform("squat", plan), load_exercise("squat"))
    assert counted.count == 2
    why = counted.sets[0].repetitions[1].reason
    assert "hips above knees at the bottom" in why and "wanted >= 75" in why


def test_a_plank_is_held_for_its_time() -> None:
    counted = count_motion(perform("plank", (Repetition(0, 6.0),)), load_exercise("plank"))
    assert counted.hold_s == pytest.approx(6.8, abs=0.5)
    assert count_motion(doing("squat", 2), load_exercise("plank")).hold_s == 0


def test_ones_own_definition(tmp_path: Path) -> None:
    file = tmp_path / "curl.toml"
    file.write_text('signal = "elbow"\nrest = 140\nleast = 110\nturn = 80\n')
    assert count_motion(doing("biceps_curl", 4), load_exercise(str(file))).count == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("signal = ", "not TOML"),
        ('signal = "knee"\nrest = 1\nleast = 5\nturn = 3', "least must lie between"),
        ('signal = "nose"\nrest = 1\nleast = 2\nturn = 3', "none of knee"),
        ('signal = "knee"\nrest = "a"\nleast = 2\nturn = 3', "must be a number"),
        ("depth = 3", "unknown 'depth'"),
        ('kind = "hold"', "needs at least one"),
        ('kind = "hold"\n[[only]]\nmeasure = "knee"', "needs at_least or at_most"),
    ],
)
def test_a_wrong_definition_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        parse("mine", text)


def test_an_unknown_exercise_names_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="squat"):
        load_exercise("squats")
    with pytest.raises(DataError, match="cannot read"):
        load_exercise("missing.toml")


# --- live


@pytest.mark.parametrize("exercise", [None, "squat"])
def test_live_counts_while_it_goes_on(exercise: str | None) -> None:
    motion = perform("squat", tuple(Repetition(1.5 * i, 1.5, 1.2) for i in range(5)), rest_s=0.6)
    counter = LiveCounter(exercise)
    local = (motion.xyz_m - motion.xyz_m[:, :1]) @ LEVEL
    said = [counter.push(t, pose) for t, pose in
            zip(motion.time_s[::3].tolist(), local[::3], strict=True)]  # fmt: skip
    numbers = [now.count for now in said]
    assert numbers == sorted(numbers)
    assert counter.finish().count == 5
    third_s = next(now.time_s for now in said if now.count == 3)
    assert third_s < 0.6 + 3 * 1.5 + 2.0


# --- the command


@pytest.fixture
def jacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A video in which somebody does three jumping jacks, for the detector "scripted"."""
    motion = doing("jumping_jack", 3, 1.0, fps=FPS)
    monkeypatch.setitem(DETECTORS, "scripted", lambda device: Scripted(motion))
    monkeypatch.chdir(tmp_path)
    video = tmp_path / "jacks.mp4"
    return make_video(video, frames=len(motion.time_s), fps=FPS, size=(SIZE_PX, SIZE_PX))


def test_the_command_writes_what_it_says(jacks: Path, capsys: Capture) -> None:
    ended = monomocap(capsys, "count", jacks, "-o", "out", *WORDS, "--json", "-q")
    assert ended.code == 0
    told = json.loads(ended.out)
    assert told == json.loads(Path("out/counts.json").read_text())
    (person,) = told["people"]
    assert person["count"] == 3
    times = [(r["start_s"], r["end_s"]) for r in person["sets"][person["main_set"]]["repetitions"]]
    assert times == sorted(times) and all(a < b for a, b in times)
    with VideoReader(Path("out/counts.mp4")) as film, VideoReader(jacks) as original:
        frames = list(film)
        assert [f.time_s for f in frames] == pytest.approx([f.time_s for f in original], abs=1e-3)
    bar = frames[-1].rgb[-12].reshape(-1, 3).astype(int)
    assert ((bar[:, 1] > 110) & (bar[:, 0] < 80)).sum() > 0.3 * len(bar)  # green blocks

    again = monomocap(capsys, "count", "out/take.npz", "--exercise", "jumping_jack", "-o", "two")
    assert again.code == 0 and "jumping_jack, 3 from" in again.out
    assert Path("two/counts.mp4").is_file() and not Path("two/take.npz").exists()


def test_the_command_counts_in_finished_2d(tmp_path: Path, capsys: Capture) -> None:
    motion = doing("jumping_jack", 3, 1.0, fps=FPS)
    seen = tmp_path / "jacks.npz"
    np.savez(seen, xy_px=in_picture(motion), skeleton="h36m17", fps=FPS)
    out = tmp_path / "out"
    size = f"{SIZE_PX}x{SIZE_PX}"
    ended = monomocap(capsys, "count", seen, "-o", out, "--lifter", "flat", "--size", size)
    assert ended.code == 0, ended.err
    (person,) = json.loads((out / "counts.json").read_text())["people"]
    assert person["count"] == 3
    assert {path.name for path in out.iterdir()} == {"counts.json", "take.npz"}


def test_live_prints_a_line_for_every_change(jacks: Path, capsys: Capture) -> None:
    ended = monomocap(capsys, "count", jacks, "--live", "--exercise", "jumping_jack", *WORDS,
                      "--json")  # fmt: skip
    assert ended.code == 0
    said = [json.loads(line)["count"] for line in ended.out.splitlines()]
    assert said == sorted(said) and said[-1] == 3


def test_ctrl_c_ends_counting_live_after_the_picture_in_hand(
    jacks: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(Scripted):
        def __call__(self, frame: Frame) -> list[Person2D]:
            if frame.index == 2 * FPS:
                signal.raise_signal(signal.SIGINT)
            assert frame.index <= 2 * FPS
            return super().__call__(frame)

    motion = doing("jumping_jack", 3, 1.0, fps=FPS)
    monkeypatch.setitem(DETECTORS, "scripted", lambda device: Interrupted(motion))
    ended = monomocap(capsys, "count", jacks, "--live", *WORDS, "--exercise", "jumping_jack")
    assert ended.code == 0
    assert ended.out.splitlines()[-1].endswith("person 0: 1")


@pytest.mark.parametrize("more", [(), ("--live",)])
def test_a_wrong_name_stops_before_the_work(
    jacks: Path, capsys: Capture, more: tuple[str, ...]
) -> None:
    ended = monomocap(capsys, "count", jacks, "--exercise", "sqat", *WORDS, *more)
    assert ended.code == 2 and "sqat" in ended.err and len(ended.err.splitlines()) == 1
    assert not Path("out").exists()


def test_a_take_whose_video_is_gone_is_counted_without_a_film(
    tmp_path: Path, capsys: Capture
) -> None:
    file = save(take_of(doing("squat", 3)), tmp_path / "squats.npz")
    ended = monomocap(capsys, "count", file, "-o", tmp_path / "out")
    assert ended.code == 0 and ", 3 from" in ended.out
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["counts.json"]


@pytest.mark.parametrize("ending", ["bvh", "glb", "trc", "csv", "json"])
def test_takes_of_every_format_are_counted(ending: str, tmp_path: Path, capsys: Capture) -> None:
    file = save(take_of(doing("squat", 3)), tmp_path / f"squats.{ending}")
    ended = monomocap(capsys, "count", file, "-o", tmp_path / "out")
    assert ended.code == 0 and ", 3 from" in ended.out


def test_a_folder_of_results_is_a_take(tmp_path: Path, capsys: Capture) -> None:
    save(take_of(doing("squat", 3)), tmp_path / "take.npz")
    ended = monomocap(capsys, "count", tmp_path, "-o", tmp_path / "out")
    assert ended.code == 0 and ", 3 from" in ended.out


def test_only_the_person_who_is_meant_is_counted(tmp_path: Path, capsys: Capture) -> None:
    file = save(take_of(doing("squat", 3), doing("squat", 3)), tmp_path / "two.npz")
    ended = monomocap(capsys, "count", file, "--person", "1", "-o", tmp_path / "out")
    assert ended.code == 0 and "person 1: " in ended.out and "person 0" not in ended.out
    ended = monomocap(capsys, "count", file, "--person", "7", "-o", tmp_path / "out")
    assert "nobody was seen" in ended.out and "choose one of: 0" in ended.err


@pytest.mark.parametrize(
    "words",
    [("count",), ("recognize", "run"), ("score", "squats.npz"), ("score", "webcam", "--mirror=no")],
)
def test_a_camera_has_no_end(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    save(take_of(doing("squat", 3)), tmp_path / "squats.npz")
    ended = monomocap(capsys, *words, "webcam", "-o", "out")
    assert ended.code == 2 and "--live" in ended.err and len(ended.err.splitlines()) == 1
