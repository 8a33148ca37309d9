"""Scoring: itself, other bodies, known mistakes in words, timing, live, and the command's files."""

import json
import signal
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from benchmarks.scoring import Mistake, late, wrong
from monomocap.apps.score.live import LiveScore
from monomocap.apps.score.score import score, score_motions
from monomocap.detect.catalogue import DETECTORS
from monomocap.errors import InputError
from monomocap.formats import save
from monomocap.geometry.world import LEVEL
from monomocap.skeleton import H36M17
from monomocap.types import Frame, Motion3D, Person2D
from monomocap.video.read import VideoReader
from tests.scripted import SIZE_PX, Scripted, doing, take_of, turned
from tests.terminal import monomocap
from tests.videos import make_video

Capture = pytest.CaptureFixture[str]
WORDS = ("--detector", "scripted", "--lifter", "flat")


@cache
def press() -> Motion3D:
    return doing("shoulder_press", 1, 2.0)


def with_mistake(motion: Motion3D, made: Mistake) -> Motion3D:
    attempt = wrong(motion.xyz_m, made, np.ones(len(motion.time_s)))
    assert attempt is not None
    return replace(motion, xyz_m=attempt)


def test_a_clip_against_itself() -> None:
    found = score_motions(press(), press())
    assert found.score >= 99 and found.faults == ()
    assert found.speed == pytest.approx(1.0, abs=0.01) and abs(found.delay_s) < 0.05


def test_body_heading_and_place_do_not_matter() -> None:
    motion = doing("lunge", 2)
    other = turned(replace(motion, xyz_m=motion.xyz_m * 0.85 + [1.0, -2.0, 0.0]), 140)
    assert score_motions(motion, other).score >= 95


def test_a_mirror_image_is_found_and_sides_are_the_attempts() -> None:
    motion = doing("lunge", 1)
    made = Mistake("left shoulder", "too far out", 30.0, True)
    mirrored = replace(motion, xyz_m=motion.xyz_m[:, list(motion.skeleton.mirror)] * [1, -1, 1])
    found = score_motions(motion, mirrored)
    assert found.mirrored and found.score >= 95
    assert score_motions(motion, mirrored, mirror="no").score < 90
    squat = doing("squat", 1, 2.0)
    worse = score_motions(squat, with_mistake(squat, made), mirror="yes")
    assert worse.faults[0].joint == "left shoulder" and "left shoulder" in worse.faults[0].says


@pytest.mark.parametrize(
    ("joint", "direction"),
    [
        ("left shoulder", "too far out"),
        ("right hip", "too far forward"),
        ("trunk", "leaning too far back"),
        ("right elbow", "too bent"),
    ],
)
def test_a_mistake_is_named(joint: str, direction: str) -> None:
    motion = doing("squat" if joint != "right elbow" else "deadlift", 1, 2.0)
    found = score_motions(
        motion, with_mistake(motion, Mistake(joint, direction, 25.0, True)), mirror="no"
    )
    first = found.faults[0]
    assert (first.joint, first.direction) == (joint, direction)
    assert first.degrees == pytest.approx(25, abs=8)
    assert f"degrees {direction}" in first.says and found.score < 90


def test_the_more_is_wrong_the_fewer_the_points() -> None:
    motion = press()
    worse = [with_mistake(motion, Mistake("trunk", "leaning too far forward", deg, True))
             for deg in (1.0, 3.0, 15.0, 45.0)]  # fmt: skip
    slower = [replace(motion, time_s=motion.time_s * k) for k in (1.0, 1.25, 2.0)]
    later = [late(motion, seconds) for seconds in (0.0, 0.5, 2.0)]
    for series in ([motion, *worse], slower, later):
        scores = [score_motions(motion, one, mirror="no").score for one in series]
        assert (np.diff(scores) < 0).all()
    assert score_motions(motion, slower[-1], timing="own").score >= 98
    assert score_motions(motion, slower[-1]).speed == pytest.approx(0.5, rel=0.05)
    assert score_motions(motion, later[-1]).delay_s == pytest.approx(2.0, abs=0.2)


def test_nobody_cannot_be_scored() -> None:
    nobody = replace(press(), xyz_m=np.full_like(press().xyz_m, np.nan))
    with pytest.raises(InputError, match="nobody was seen in the attempt"):
        score(take_of(press()), replace(take_of(press()), motions=(), tracks=()))
    with pytest.raises(InputError, match="nobody was seen in the reference"):
        score_motions(nobody, press())


def test_what_is_left_out_or_added_is_told() -> None:
    """Twice against five times; a rest, another tempo or a mistake is neither."""
    twice, often = doing("squat", 2, 2.0), doing("squat", 5, 2.0)
    found = score_motions(often, twice)
    assert sum(b - a for a, b in found.left_out_s) > 4.0 and found.added_s == ()
    found = score_motions(twice, often)
    assert sum(b - a for a, b in found.added_s) > 4.0 and found.left_out_s == ()
    slow, calm = doing("squat", 2, 3.5), late(twice, 1.5)
    leaning = with_mistake(twice, Mistake("trunk", "leaning too far forward", 30.0, True))
    for attempt in (twice, slow, calm, leaning):
        found = score_motions(twice, attempt)
        assert (found.left_out_s, found.added_s) == ((), ())


def test_what_is_too_short_or_not_whole_is_told() -> None:
    motion = press()
    moment = replace(motion, time_s=motion.time_s[:10], xyz_m=motion.xyz_m[:10],
                     confidence=motion.confidence[:10])  # fmt: skip
    with pytest.raises(InputError, match="attempt somebody is seen for 0.3 s"):
        score_motions(motion, moment)
    xyz_m = motion.xyz_m.copy()
    xyz_m[:, H36M17.index("left_wrist")] = np.nan
    with pytest.raises(InputError, match="reference no moment shows: left_wrist"):
        score_motions(replace(motion, xyz_m=xyz_m), motion)
    with pytest.raises(InputError, match="reference no moment shows: left_wrist"):
        LiveScore(take_of(replace(motion, xyz_m=xyz_m)))


@pytest.mark.parametrize("fine", [True, False])
def test_live_follows_and_says_what_is_off(fine: bool) -> None:
    motion = press()
    made = Mistake("trunk", "leaning too far forward", 30.0, True)
    attempt = motion if fine else with_mistake(motion, made)
    live = LiveScore(take_of(motion))
    local = (attempt.xyz_m - attempt.xyz_m[:, :1]) @ LEVEL
    said = [live.push(t, p) for t, p in zip(attempt.time_s.tolist(), local, strict=True)]
    done = [now.done for now in said]
    assert done[-1] > 0.9 and np.corrcoef(done, attempt.time_s)[0, 1] > 0.9
    words = [now.says for now in said[len(said) // 3 :]]
    if fine:
        assert all(w == "" for w in words)
    else:
        share = np.mean(["trunk" in w and "leaning too far forward" in w for w in words])
        assert share > 0.8


# --- the command


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A video in which somebody raises the arms once, for the detector "scripted"."""
    motion = doing("lateral_raise", 1, 1.5, fps=20)
    monkeypatch.setitem(DETECTORS, "scripted", lambda device: Scripted(motion))
    monkeypatch.chdir(tmp_path)
    video = tmp_path / "me.mp4"
    return make_video(video, frames=len(motion.time_s), fps=20, size=(SIZE_PX, SIZE_PX))


def test_the_command_writes_what_it_says(attempt: Path, capsys: Capture) -> None:
    ended = monomocap(capsys, "score", attempt, attempt, "-o", "out", *WORDS, "--json", "-q")
    assert ended.code == 0
    told = json.loads(ended.out)
    assert told == json.loads(Path("out/score.json").read_text())
    assert told["score"] > 99 and told["faults"] == []
    with VideoReader(Path("out/score.mp4")) as film, VideoReader(attempt) as original:
        frames = list(film)
        assert [f.time_s for f in frames] == pytest.approx([f.time_s for f in original], abs=1e-3)
    height, width, _ = frames[0].rgb.shape
    assert width == 2 * height


def test_live_wants_to_know_about_the_mirror(attempt: Path, capsys: Capture) -> None:
    file = save(take_of(doing("lateral_raise", 1, 1.5)), Path("coach.npz"))
    ended = monomocap(capsys, "score", file, attempt, "--live", *WORDS)
    assert ended.code == 2 and "--mirror" in ended.err and len(ended.err.splitlines()) == 1
    ended = monomocap(capsys, "score", file, attempt, "--live", "--mirror", "no", "--json", *WORDS)
    assert ended.code == 0
    said = [json.loads(line) for line in ended.out.splitlines()]
    assert said and {"time_s", "done", "says", "off_deg"} == set(said[0])


def test_ctrl_c_ends_scoring_live_after_the_picture_in_hand(
    attempt: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(Scripted):
        def __call__(self, frame: Frame) -> list[Person2D]:
            if frame.index == 10:
                signal.raise_signal(signal.SIGINT)
            assert frame.index <= 10
            return super().__call__(frame)

    motion = doing("lateral_raise", 1, 1.5, fps=20)
    monkeypatch.setitem(DETECTORS, "scripted", lambda device: Interrupted(motion))
    file = save(take_of(motion), Path("coach.npz"))
    ended = monomocap(capsys, "score", file, attempt, "--live", "--mirror", "no", "--json", *WORDS)
    assert ended.code == 0
    assert json.loads(ended.out.splitlines()[-1])["time_s"] == pytest.approx(0.5)
