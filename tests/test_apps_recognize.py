"""Recognition: what features forgive, what the head promises, and what is found when."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from monomocap.apps.recognize import (
    UNKNOWN,
    LiveRecognizer,
    Recognizer,
    graph,
    learn,
    load_recognizer,
    recognize,
    save_recognizer,
    train,
)
from monomocap.apps.recognize.draw import draw_frame, time_line
from monomocap.apps.recognize.features import CHANNELS, RATE_HZ, Series, series_of
from monomocap.apps.recognize.head import _Ridge, fit_head
from monomocap.apps.recognize.kernels import make_kernels, pooled
from monomocap.apps.recognize.segments import segments
from monomocap.apps.recognize.signals import signals
from monomocap.cli.main import app
from monomocap.datasets.mocap import common_body, read_free17
from monomocap.detect.catalogue import DETECTORS
from monomocap.errors import FormatError, InputError, OptionError
from monomocap.formats import save
from monomocap.geometry.world import LEVEL
from monomocap.render.exercises import perform, schedule
from monomocap.render.text import write_label
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Motion3D, Take, Track2D, VideoInfo
from monomocap.workflows.recognize import recognize_video
from tests.fakes import FakeDetector
from tests.videos import make_video

TAUGHT = ("jumping_jack", "squat", "shoulder_press", "lunge")


@cache
def exercise(name: str, seed: int, seconds: float = 1.6, count: int = 3) -> Motion3D:
    """Somebody else each time: another height, heading and tempo."""
    rng = np.random.default_rng([seed, len(name)])
    repetitions = schedule(count, seconds * float(rng.uniform(0.85, 1.15)), rng)
    motion = perform(name, repetitions, height_m=float(rng.uniform(1.55, 1.9)))
    motion = moved(motion, float(rng.uniform(-3, 3)), 1.0, (0.0, 0.0))
    noise = rng.normal(0, 0.005, motion.xyz_m.shape)
    return replace(motion, xyz_m=motion.xyz_m + noise)


def taught_series() -> dict[str, list[Series]]:
    return {name: [series_of(exercise(name, k)) for k in range(5)] for name in TAUGHT}


@cache
def recognizer() -> Recognizer:
    return learn(taught_series())


def moved(motion: Motion3D, turn_rad: float, size: float, to_m: tuple[float, float]) -> Motion3D:
    turn = Rotation.from_euler("z", turn_rad).as_matrix()
    return replace(motion, xyz_m=size * motion.xyz_m @ turn.T + np.array([*to_m, 0.0]))


def take_of(motion: Motion3D) -> Take:
    """A take whose one person stays where the features need no camera."""
    frames = len(motion.time_s)
    xy_px = 320 + 100 * motion.xyz_m[..., [1, 2]] * [1, -1]
    track = Track2D(0, motion.time_s, xy_px, np.ones(xy_px.shape[:2]), H36M17)
    info = VideoInfo("clip.mp4", 640, 480, 30.0, frames)
    return Take(info, Camera.from_fov(640, 480), motion.time_s, (track,), (motion,))


def after(one: Motion3D, *others: Motion3D) -> tuple[Motion3D, list[float]]:
    """One recording after the other, half a second of blending between; where each starts."""
    fps = 1 / float(np.diff(one.time_s).mean())
    poses, starts = [one.xyz_m - one.xyz_m[:, :1] * [1, 1, 0]], [0.0]
    for motion in others:
        xyz_m = motion.xyz_m - motion.xyz_m[:, :1] * [1, 1, 0]
        share = np.linspace(0, 1, round(fps / 2))[:, None, None]
        poses.append(poses[-1][-1] * (1 - share) + xyz_m[0] * share)
        starts.append(sum(map(len, poses)) / fps)
        poses.append(xyz_m)
    xyz_m = np.concatenate(poses)
    sure = np.ones(xyz_m.shape[:2])
    return Motion3D(0, np.arange(len(xyz_m)) / fps, xyz_m, sure, H36M17, "world"), starts


# --- features


@pytest.mark.parametrize(("turn_rad", "size"), [(0.0, 1.0), (2.0, 1.0), (-1.0, 0.7), (3.1, 1.2)])
def test_features_forgive_heading_size_and_place(turn_rad: float, size: float) -> None:
    motion = exercise("lunge", 0)
    as_it_was = series_of(motion).values
    as_moved = series_of(moved(motion, turn_rad, size, (3.0, -2.0))).values
    assert np.abs(as_it_was - as_moved).max() < 1e-3


def test_features_tell_lying_from_standing() -> None:
    motion = exercise("squat", 0)
    lying = replace(motion, xyz_m=motion.xyz_m @ Rotation.from_euler("x", 90, True).as_matrix().T)
    up = CHANNELS.index("pelvis>thorax.up")
    assert series_of(motion).values[:, up].mean() > 0.8
    assert abs(series_of(lying).values[:, up].mean()) < 0.5


def test_features_do_not_depend_on_the_frame_rate() -> None:
    motion = exercise("squat", 0)
    xyz_m, confidence = motion.xyz_m[::2], motion.confidence[::2]
    half = replace(motion, time_s=motion.time_s[::2], xyz_m=xyz_m, confidence=confidence)
    a, b = series_of(motion).values, series_of(half).values
    frames = min(len(a), len(b)) - 2
    columns = [k for k, name in enumerate(CHANNELS) if "speed" not in name and "rise" not in name]
    assert np.abs(a[:frames, columns] - b[:frames, columns]).mean() < 0.03


def test_a_long_gap_is_unseen_and_a_short_one_is_bridged() -> None:
    motion = exercise("squat", 0)
    xyz_m = motion.xyz_m.copy()
    xyz_m[(motion.time_s > 1.0) & (motion.time_s < 1.2)] = np.nan
    xyz_m[(motion.time_s > 2.0) & (motion.time_s < 3.0)] = np.nan
    series = series_of(replace(motion, xyz_m=xyz_m))
    at = series.time_s
    assert np.isfinite(series.values).all()
    assert series.seen[(at > 1.0) & (at < 1.2)].all()
    assert not series.seen[(at > 2.1) & (at < 2.9)].any()


def test_nobody_gives_no_frames_and_another_frame_is_refused() -> None:
    motion = exercise("squat", 0)
    assert len(series_of(replace(motion, xyz_m=np.full_like(motion.xyz_m, np.nan)))) == 0
    with pytest.raises(InputError, match="in_world"):
        series_of(replace(motion, frame="root"))


# --- kernels and head


def test_shares_from_running_sums_are_those_of_the_window() -> None:
    series = series_of(exercise("squat", 0))
    kernels = make_kernels([series], kernels=50, levels=2, seed=0)
    fired = kernels.respond(series.values) > kernels.threshold
    begin, end = np.array([0, 7, 30]), np.array([len(series), 40, 31])
    expected = [fired[b:e].mean(axis=0) for b, e in zip(begin, end, strict=True)]
    assert np.allclose(pooled(kernels.running(series), begin, end), expected, atol=1e-6)


def test_change_kernels_do_not_see_an_offset() -> None:
    series = series_of(exercise("squat", 0))
    kernels = make_kernels([series], kernels=40, levels=1, seed=0)
    answers = kernels.respond(series.values), kernels.respond(series.values + np.float32(0.5))
    assert np.abs(answers[0] - answers[1])[:, :40].max() < 1e-3


def test_leaving_a_clip_out_equals_fitting_without_it() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(24, 40)) / np.sqrt(40)
    clip = np.repeat(np.arange(12), 2)
    label = clip % 3
    weight = rng.uniform(0.5, 1.5, 24)
    ridge = _Ridge(x @ x.T, label, clip, weight, 3, (0.1,))
    for one in range(12):
        rest = clip != one
        inner = (x[rest].T * weight[rest]) @ x[rest] + 0.1 * np.eye(40)
        beta = np.linalg.solve(inner, (x[rest].T * weight[rest]) @ ridge.target[rest])
        assert np.allclose(ridge.left_out[~rest], x[~rest] @ beta, atol=1e-8)


def test_probabilities_sum_to_one_and_strangers_are_unknown() -> None:
    rng = np.random.default_rng(0)
    centres = 3 * rng.normal(size=(4, 30))
    label = np.repeat(np.arange(4), 8)
    clip = np.arange(32)
    head = fit_head(centres[label] + rng.normal(size=(32, 30)), label, clip)
    known = head.probabilities(centres + 0.5 * rng.normal(size=(4, 30)))
    strange = head.probabilities(3 * rng.normal(size=(20, 30)))
    assert np.allclose(known.sum(axis=1), 1) and np.allclose(strange.sum(axis=1), 1)
    assert (known.argmax(axis=1) == np.arange(4)).all()
    assert (strange.argmax(axis=1) == 4).mean() > 0.8


# --- taught and recognised


@pytest.mark.parametrize("name", TAUGHT)
def test_a_taught_action_by_somebody_else_is_recognised(name: str) -> None:
    said = [recognizer().classify(series_of(exercise(name, 100 + k))) for k in range(4)]
    assert [max(row, key=row.__getitem__) for row in said] == [name] * 4
    assert all(abs(sum(row.values()) - 1) < 1e-6 for row in said)


@pytest.mark.parametrize("name", ["push_up", "punch", "leg_raise"])
def test_what_was_never_taught_is_unknown(name: str) -> None:
    said = [recognizer().classify(series_of(exercise(name, 100 + k))) for k in range(3)]
    assert [max(row, key=row.__getitem__) for row in said] == [UNKNOWN] * 3


def test_a_long_recording_is_cut_where_the_action_changes() -> None:
    names = ["squat", "jumping_jack", "push_up", "lunge"]
    motion, starts = after(*(exercise(name, 200) for name in names))
    found = recognize(take_of(motion), recognizer()).actions
    long = [a for a in found if a.end_s - a.start_s > 1.0]
    expected = [UNKNOWN if name not in TAUGHT else name for name in names]
    assert [a.label for a in long] == expected
    late_s = np.abs(np.array([a.start_s for a in long]) - starts)
    assert late_s.max() < 1.0
    assert all(a.probability == a.probabilities[a.label] for a in found)


@pytest.mark.parametrize("frames", [1, 3, 7, 15, 28])
def test_a_recording_of_any_length_is_cut_into_all_of_it(frames: int) -> None:
    """Seven hops are no sum of the first three lengths; less than a hop is a stretch of its own."""
    series = series_of(exercise("squat", 3)).part(0, frames)
    found = segments(recognizer(), series)
    covered = sum(one.end - one.begin for one in found)
    assert covered == (frames if frames >= 0.4 * RATE_HZ else 0)


def test_looking_at_a_video_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    motion, _ = after(exercise("squat", 200), exercise("lunge", 200))
    series = series_of(motion)
    whole = segments(recognizer(), series)
    monkeypatch.setattr("monomocap.apps.recognize.segments._BLOCK", 13)
    parts = segments(recognizer(), series)
    assert [(a.begin, a.end, a.label) for a in whole] == [(a.begin, a.end, a.label) for a in parts]
    for one, other in zip(whole, parts, strict=True):
        assert np.allclose(one.probabilities, other.probabilities, atol=1e-6)


def test_segments_leave_out_when_nobody_is_seen() -> None:
    motion = exercise("squat", 3)
    xyz_m = motion.xyz_m.copy()
    gone = (motion.time_s > 1.5) & (motion.time_s < 3.0)
    xyz_m[gone] = np.nan
    series = series_of(replace(motion, xyz_m=xyz_m))
    covered = np.zeros(len(series), bool)
    for one in segments(recognizer(), series):
        covered[one.begin : one.end] = True
    at = series.time_s
    assert not covered[(at > 1.6) & (at < 2.9)].any() and covered[at < 1.4].any()


def test_a_recognizer_survives_its_file(tmp_path: Path) -> None:
    again = load_recognizer(save_recognizer(recognizer(), tmp_path / "actions.npz"))
    series = series_of(exercise("squat", 50))
    assert again.classify(series) == recognizer().classify(series)
    assert (again.labels, again.clips) == (recognizer().labels, recognizer().clips)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nonsense", b"{}"])
def test_a_foreign_file_is_no_recognizer(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "actions.npz").write_bytes(content)
    with pytest.raises(FormatError, match="actions.npz"):
        load_recognizer(tmp_path / "actions.npz")


def test_a_network_is_taught_kept_and_run_without_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few steps are enough for exercises made by rule; its file is its ONNX and a head."""
    monkeypatch.setattr(graph, "STEPS", 40)
    monkeypatch.setattr(graph, "BATCH", 24)
    taught = {name: [series_of(exercise(name, k)) for k in range(5)] for name in TAUGHT[:3]}
    again = load_recognizer(save_recognizer(graph.learn_network(taught), tmp_path / "a.npz"))
    asked = [(name, series_of(exercise(name, 100 + k))) for name in TAUGHT[:3] for k in range(2)]
    said = [again.classify(series) for _, series in asked]
    best = [max(again.labels, key=row.__getitem__) for row in said]
    assert np.mean([b == name for b, (name, _) in zip(best, asked, strict=True)]) > 0.8
    assert all(abs(sum(row.values()) - 1) < 1e-6 for row in said)


def test_what_cannot_be_taught_is_told() -> None:
    series = {"squat": [series_of(exercise("squat", 0))]}
    short = series["squat"][0].part(0, 5)
    with pytest.raises(InputError, match="two actions"):
        learn(series)
    with pytest.raises(InputError, match="unknown"):
        learn(series | {UNKNOWN: series["squat"]})
    with pytest.raises(InputError, match="'lunge'"):
        learn(series | {"lunge": [short]})


def test_one_clip_of_each_is_enough_to_begin() -> None:
    few = learn({name: [series_of(exercise(name, 0))] for name in TAUGHT})
    row = few.classify(series_of(exercise("squat", 9)))
    assert max(few.labels, key=row.__getitem__) == "squat"


# --- live


def test_live_it_is_said_what_is_done_now() -> None:
    """The same recording, pose by pose: the same actions, named soon after they began."""
    names = ["squat", "jumping_jack", "lunge"]
    motion, starts = after(*(exercise(name, 200) for name in names))
    poses = (motion.xyz_m - motion.xyz_m[:, :1]) @ LEVEL  # as a level camera sees them
    watch = LiveRecognizer(recognizer(), Camera.from_fov(640, 480), person=3)
    said = [
        watch.push(float(time_s), xyz_m) for time_s, xyz_m in zip(motion.time_s, poses, strict=True)
    ]
    for name, start_s, end_s in zip(names, starts, [*starts[1:], motion.time_s[-1]], strict=True):
        late = [now for now in said if start_s + 3.0 < now.time_s < end_s]
        assert late and all(now.action and now.action.label == name for now in late)
    assert {now.action.person for now in said if now.action} == {3}


def test_live_signals_come_and_go_without_anything_taught() -> None:
    motion = exercise("shoulder_press", 0, 4.0, 2)
    poses = (motion.xyz_m - motion.xyz_m[:, :1]) @ LEVEL
    watch = LiveRecognizer(None, Camera.from_fov(640, 480))
    said = [
        {one.name for one in watch.push(float(time_s), xyz_m).signals}
        for time_s, xyz_m in zip(motion.time_s, poses, strict=True)
    ]
    assert said[0] == set() and {"hands up"} in said and set() in said[said.index({"hands up"}) :]


def test_live_nobody_does_nothing() -> None:
    watch = LiveRecognizer(recognizer(), Camera.from_fov(640, 480))
    now = watch.push(1.0, np.full((17, 3), np.nan))
    assert now.action is None and now.signals == ()


def test_the_command_says_it_while_a_video_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector())
    make_video(tmp_path / "stand.mp4", frames=45)
    save_recognizer(recognizer(), tmp_path / "actions.npz")
    words = ["recognize", "run", str(tmp_path / "stand.mp4"), "--detector", "fake"]
    words += ["--lifter", "flat", "--actions", str(tmp_path / "actions.npz"), "--live", "--json"]
    app(words, None, "m", False)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert said[-1]["label"] == UNKNOWN and said[-1]["signals"] == []
    with pytest.raises(OptionError, match="writes no files"):
        app([*words, "--no-video"], None, "m", False)
    with pytest.raises(OptionError, match="no end"):
        recognize_video("webcam", tmp_path / "out")


# --- signals


def posed(tilt_deg: np.ndarray, fps: float = 30.0) -> Motion3D:
    """Somebody who stands, tilted over the feet by these angles, frame by frame."""
    standing = exercise("squat", 0).xyz_m[0]
    standing = standing - np.array([*standing[0, :2], standing[:, 2].min()])
    turn = Rotation.from_euler("x", tilt_deg[:, None], True).as_matrix()
    xyz_m = np.einsum("tij,kj->tki", turn, standing)
    xyz_m[..., 2] -= np.minimum(xyz_m[..., 2].min(axis=1), 0)[:, None]
    frames = len(tilt_deg)
    return Motion3D(0, np.arange(frames) / fps, xyz_m, np.ones((frames, 17)), H36M17, "world")


def test_a_fall_and_lying_still_are_signalled() -> None:
    tilt = np.concatenate([np.zeros(90), np.linspace(0, 88, 24), np.full(200, 88.0)])
    found = {s.name: s for s in signals(series_of(posed(tilt)), 0)}
    assert set(found) == {"fall", "lying still"}
    assert 2.8 < found["fall"].start_s < 3.8 and found["lying still"].start_s > 3.3


def test_lying_down_slowly_is_no_fall() -> None:
    tilt = np.concatenate([np.zeros(60), np.linspace(0, 88, 150), np.full(200, 88.0)])
    assert [s.name for s in signals(series_of(posed(tilt)), 0)] == ["lying still"]


@pytest.mark.parametrize("name", ["squat", "lunge", "deadlift", "jumping_jack"])
def test_exercise_is_no_fall(name: str) -> None:
    found = [s.name for k in range(3) for s in signals(series_of(exercise(name, k)), 0)]
    assert "fall" not in found and "lying still" not in found


def test_hands_up_while_they_are_up() -> None:
    motion = exercise("shoulder_press", 0, 4.0, 2)
    found = [s for s in signals(series_of(motion), 7) if s.name == "hands up"]
    assert found and all(s.person == 7 and s.end_s - s.start_s >= 0.5 for s in found)
    assert not [s for s in signals(series_of(exercise("squat", 0)), 0) if s.name == "hands up"]


def test_real_falls_and_real_lying_are_signalled_and_nothing_else(data: Path) -> None:
    """Captured people: two who fall, three who lie, who sit down, do jumping jacks, wave."""
    expected = {
        "90_16": {"fall"},
        "90_17": {"fall"},
        "Male1_A9_LieDown": {"lying still"},
        "Male2_A9_Lie": {"lying still"},
        "Male1_A8_CrouchToLie": set(),
        "skl_s09_a10_r01": set(),
        "skl_s09_a07_r01": set(),
    }
    found = {
        clip.name: {
            one.name
            for one in signals(
                series_of(replace(clip.motion, xyz_m=common_body(clip.motion.xyz_m))), 0
            )
        }
        for clip in read_free17(data / "mocap" / "free17.npz")
        if clip.name in expected or clip.name.endswith("_a05_r01")
    }
    waves = [found.pop(name) for name in list(found) if "_a05_" in name]
    assert waves and all(names == {"hands up"} for names in waves)
    assert found == expected


def test_nobody_signals_nothing() -> None:
    empty = Series(np.empty(0), np.empty((0, len(CHANNELS)), np.float32), np.empty(0, bool))
    assert signals(empty, 0) == []


# --- pictures


def test_the_picture_says_what_is_done() -> None:
    take = take_of(exercise("squat", 20))
    found = recognize(take, recognizer())
    blank = np.zeros((480, 640, 3), np.uint8)
    without = draw_frame(take, recognize(take), 60, blank)
    with_label = draw_frame(take, found, 60, blank)
    assert (without != with_label).any() and not blank.any()
    line = time_line(take, found, 400)
    assert line.shape[1] == 400 and len(np.unique(line.reshape(-1, 3), axis=0)) > 2


def test_words_stay_in_the_picture() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    width, height = write_label(picture, "squat", (500.0, -20.0), 12)
    assert picture.any() and width <= 60 and height <= 40
    write_label(picture, "much too long for this picture", (0.0, 0.0), 30)


# --- folders and the command line


def test_a_folder_teaches_and_a_take_is_recognised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in TAUGHT[:3]:
        (tmp_path / "clips" / name).mkdir(parents=True)
        for k in range(3):
            save(take_of(exercise(name, k)), tmp_path / "clips" / name / f"{k}.npz")
    actions = tmp_path / "actions.npz"
    app(
        ["recognize", "train", str(tmp_path / "clips"), "-o", str(actions), "--json"],
        None,
        "m",
        False,
    )
    assert json.loads(capsys.readouterr().out)["clips"] == dict.fromkeys(sorted(TAUGHT[:3]), 3)
    save(take_of(exercise("squat", 30)), tmp_path / "take.npz")
    words = ["run", str(tmp_path / "take.npz"), "--actions", str(actions)]
    app(["recognize", *words, "-o", str(tmp_path / "out"), "--json"], None, "m", False)
    said = json.loads(capsys.readouterr().out)
    assert said["labels"] == sorted(TAUGHT[:3])
    longest = max(said["actions"], key=lambda a: a["end_s"] - a["start_s"])
    assert longest["label"] == "squat"
    assert json.loads((tmp_path / "out" / "recognition.json").read_text()) == said


def test_what_is_wrong_with_a_folder_is_told_first(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a folder"):
        train(tmp_path / "nothing")
    (tmp_path / "squat").mkdir()
    with pytest.raises(InputError, match="no clips of 'squat'"):
        train(tmp_path)
    (tmp_path / "squat" / "a.npz").touch()
    with pytest.raises(InputError, match="two folders"):
        train(tmp_path)


def test_a_rate_is_what_the_kernels_are_made_for() -> None:
    steps = np.diff(series_of(exercise("squat", 0)).time_s)
    assert np.allclose(steps, 1 / RATE_HZ)
