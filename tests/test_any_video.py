"""Where the published pipeline fails on ordinary videos, this one answers: case by case.

There: an exception without a GPU, a crash from the second window on, nothing below 96 frames, a
tail that is dropped, nothing at all after one frame without a person, coordinates divided by a
width from a configuration, times by frame number and "00:00:60.000", a path of a video that was
never written, and every frame kept in memory.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monomocap.detect.catalogue import DETECTORS
from monomocap.formats import model_card_output
from monomocap.options import Options
from monomocap.pipeline import estimate
from monomocap.types import Take
from monomocap.workflows.run import run
from tests.fakes import FakeDetector
from tests.videos import make_video

OPTIONS = Options(detector="fake")
"""With the default lifter, a network."""


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector())


def seen_but_in(monkeypatch: pytest.MonkeyPatch, *gone: int) -> None:
    monkeypatch.setitem(
        DETECTORS, "fake", lambda device: FakeDetector(lambda index: index not in gone)
    )


@pytest.mark.parametrize("frames", [1, 2, 95, 96, 97, 131])
def test_any_number_of_frames_gives_one_pose_and_one_time_each(tmp_path: Path, frames: int) -> None:
    """Fewer than a window, exactly one, one and a tail, two and more; and without a GPU."""
    take = estimate(make_video(tmp_path / "a.mp4", frames=frames), OPTIONS)
    card = model_card_output(take)
    assert len(card["keypoints"]) == len(card["timestamps"]) == frames
    assert np.isfinite(card["keypoints"]).all()
    assert take.provenance.device == "cpu"


def test_a_frame_without_a_person_is_a_gap_and_the_rest_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen_but_in(monkeypatch, 7)
    options = replace(OPTIONS, fill_s=0.0)
    (motion,) = estimate(make_video(tmp_path / "a.mp4", frames=20), options).motions
    assert motion.seen[:, 0].tolist() == [index != 7 for index in range(20)]
    assert (motion.confidence[7] == 0).all()


def test_times_are_the_containers_and_are_rounded_rightly(tmp_path: Path) -> None:
    times_s = [59.9, 59.9996, 60.25]
    take = estimate(
        make_video(tmp_path / "a.mp4", times_s=times_s), replace(OPTIONS, lifter="flat")
    )
    assert model_card_output(take)["timestamps"] == [
        "00:00:59.900",
        "00:01:00.000",
        "00:01:00.250",
    ]


def sizes_of(take: Take) -> float:
    (motion,) = take.motions
    return float(np.linalg.norm(motion.xyz_m[:, 8] - motion.xyz_m[:, 0], axis=-1).mean())


def test_the_size_of_the_picture_does_not_change_the_metres(tmp_path: Path) -> None:
    """The same picture, four times as large; 2D is the same share of it."""
    small = estimate(make_video(tmp_path / "a.mp4", frames=3), OPTIONS)
    large = estimate(make_video(tmp_path / "b.mp4", frames=3, size=(384, 256)), OPTIONS)
    assert sizes_of(small) == pytest.approx(sizes_of(large), rel=0.02)
    assert 0.3 < sizes_of(large) < 0.7  # metres from pelvis to thorax


def test_the_video_that_a_result_names_is_there_or_is_not_named(tmp_path: Path) -> None:
    video = make_video(tmp_path / "a.mp4", frames=3)
    fast = replace(OPTIONS, lifter="flat")
    for name, rendered in (("with", True), ("without", False)):
        folder = tmp_path / name
        take = run(video, folder, fast) if rendered else run(video, folder, fast, view=None)
        named = json.loads((folder / "take.json").read_text())["output_video"]
        assert (named is not None) == rendered == (folder / "take.mp4").exists()
        assert (take.output_video is not None) == rendered
        if named is not None:
            assert (folder / named).exists()
