"""What a take says about itself: in words on the terminal, in plots on a page."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monomocap.formats.plots import Line, bars, floor_plan, lines, ticks
from monomocap.formats.report_page import report_page, write_report
from monomocap.formats.story import tell
from monomocap.geometry.camera import project, to_camera
from monomocap.geometry.settle import Person, settle
from monomocap.options import Options
from monomocap.render.sample import sample_camera, sample_motion
from monomocap.skeleton import H36M17
from monomocap.types import Motion3D, Report, Take, Track2D, VideoInfo
from tests.browser import opened
from tests.takes import make_take


@pytest.fixture(scope="module")
def walked() -> Take:
    """The sample's walk, settled as the pipeline does, without its own detector and lifter."""
    motion, camera = sample_motion(), sample_camera()
    xyz_m = to_camera(camera, motion.xyz_m)
    sure = np.ones(xyz_m.shape[:2])
    track = Track2D(0, motion.time_s, project(camera, xyz_m), sure, H36M17)
    lifted = Motion3D(0, motion.time_s, xyz_m - xyz_m[:, :1], sure, H36M17, lifter="true")
    untouched = np.zeros(sure.shape, bool)
    person = Person(track, lifted, untouched, untouched)
    unknown = replace(camera, camera_from_world=None)
    found = settle([person], unknown, Options(height_m=1.75))
    assert found.ground is not None
    report = Report(
        found.people,
        found.ground.tilt_error_deg,
        found.ground.camera_height_m,
        camera_moved=0.0,
        seconds={"detect": 3.0, "lift": 1.0},
    )
    info = VideoInfo("a <walk>.mp4", 480, 640, 30.0, 120)
    return Take(info, found.camera, motion.time_s, (track,), found.motions, report=report)


def test_the_terminal_is_told_all_of_it(walked: Take) -> None:
    said = "\n".join(tell(walked))
    for words in (
        "120 frames at 30 frames/s",
        "person 0: a 3D pose in 100% of the frames (lifter true), mean confidence 0.9",
        "taken for 1.75 m tall +- 1%",
        "m away",
        "slides",
        "jitter",
        "camera: stood still; 1.4 m over the floor",
        "speed: 30 frames/s (detect 3.0 s, lift 1.0 s)",
    ):
        assert words in said
    assert "interpolated" not in said  # what was not done is not said
    mended = replace(walked.report.people[0], interpolated=4, exchanged=2)  # type: ignore[union-attr]
    report = replace(walked.report, people=(mended,), camera_moved=0.5)  # type: ignore[type-var]
    said = "\n".join(tell(replace(walked, report=report)))
    assert "4 frames interpolated, 2 frames with left and right put back" in said
    assert "camera: moved in 50% of the looks" in said


def test_nobody_and_older_takes_are_told_too() -> None:
    take = make_take(people=0)
    assert "nobody was seen" in tell(take)
    assert "<svg" not in report_page(take)
    old = replace(make_take(), report=None)
    assert any("a 3D pose in" in line for line in tell(old))
    assert report_page(old).count("<svg") >= 3


def test_the_page_holds_words_and_plots_and_asks_nobody(walked: Take, tmp_path: Path) -> None:
    page = report_page(replace(walked, warnings=("beware <b>",)))
    assert "a &lt;walk&gt;.mp4" in page and "beware &lt;b&gt;" in page
    assert "http" not in page and "<script" not in page
    path = tmp_path / "report.html"
    write_report(walked, path)
    with opened(path) as seen:
        assert seen.page.locator("svg").count() == 4
        curves = seen.page.locator("svg path[stroke-width]")
        boxes = [curves.nth(n).bounding_box() for n in range(curves.count())]
        assert len(boxes) == 5 and all(box and box["width"] > 20 for box in boxes)
        text = seen.page.inner_text("body")
    assert "where the pelvis went" in text and "standing" in text


def test_a_way_of_two_metres_is_drawn_as_long_both_ways() -> None:
    """The floor plan has one scale."""
    across = Line("a", np.array([0.0, 2.0]), np.array([3.0, 3.0]))
    ahead = Line("b", np.array([0.0, 0.0]), np.array([3.0, 5.0]))
    root = ET.fromstring(floor_plan("plan", [across, ahead]))
    found = [path.get("d") or "" for path in root.iter("path") if path.get("stroke-width")]
    ends = [np.array([[float(n) for n in p.split()] for p in d[1:].split("L")]) for d in found]
    lengths = [float(np.linalg.norm(end[1] - end[0])) for end in ends]
    assert lengths[0] == pytest.approx(lengths[1], rel=0.01)


def test_plots_are_well_formed_with_gaps_and_with_nothing() -> None:
    x = np.arange(5.0)
    broken = Line("b & c", x, np.array([1.0, np.nan, 2.0, 3.0, np.nan]))
    root = ET.fromstring(lines("title <", "m", [broken]))
    (path,) = [p for p in root.iter("path") if p.get("stroke-width")]
    assert (path.get("d") or "").count("M") == 2  # interrupted where a number is missing
    nothing = Line("n", x, np.full(5, np.nan))
    for drawing in (
        lines("t", "m", [nothing]),
        floor_plan("t", [nothing]),
        bars("t", [("a", "#000", np.zeros(5, bool))], 1.0),
        bars("t", [("a", "#000", np.array([1, 1, 0, 1, 0], bool))], 1.0),
    ):
        ET.fromstring(drawing)


def test_ticks_are_few_and_round() -> None:
    assert ticks(0.0, 1.0) == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert ticks(-3.0, 14.0) == [0.0, 5.0, 10.0]
    assert ticks(5.0, 5.0) == [5.0]
