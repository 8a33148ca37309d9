"""viewer.html: what the file carries, and what a browser makes of it."""

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import monomocap
from monomocap.formats import html
from monomocap.formats.angle_table import angles_of
from monomocap.formats.html import MISSING, page, to_data
from monomocap.formats.positions import APART_M
from monomocap.geometry.angles import ANGLES
from monomocap.geometry.world import in_world
from monomocap.render.motions import walk
from monomocap.types import Take
from monomocap.video.write import VideoWriter
from tests.browser import Watched, opened
from tests.takes import make_take

FRAMES = 30


def unpacked(packed: dict[str, Any]) -> np.ndarray:
    whole = np.frombuffer(base64.b64decode(packed["int16"]), "<i2").astype(float)
    return np.where(whole == MISSING, np.nan, whole * packed["scale"])


def walking(seconds: float = 1.0, fps: float = 30.0, people: int = 1) -> Take:
    """People who walk, each somewhere, seen in random 2D."""
    motions = [walk(seconds, fps, person=person, seed=person) for person in range(people)]
    made = make_take(frames=len(motions[0].time_s), people=people)
    time_s = motions[0].time_s
    return replace(
        made,
        info=replace(made.info, path="walk </script> & co.mp4", fps=fps, partial=""),
        time_s=time_s,
        motions=tuple(motions),
        tracks=tuple(replace(track, time_s=time_s) for track in made.tracks),
    )


def test_the_page_carries_the_numbers(tmp_path: Path) -> None:
    take = make_take(frames=9, people=2)
    data = to_data(take, tmp_path / "viewer.html")
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(data["time"]), "<f8"), take.time_s)
    for n, person in enumerate(data["people"]):
        motion = in_world(take.motions[n], take.camera)
        xyz_m = unpacked(person["xyz"]).reshape(9, 17, 3)
        np.testing.assert_allclose(xyz_m, motion.xyz_m, atol=5e-4, rtol=0)
        xy_px = unpacked(person["xy"]).reshape(9, 33, 2)
        np.testing.assert_allclose(xy_px, take.tracks[n].xy_px, atol=0.1, rtol=0)
        deg = unpacked(person["angles"]).reshape(9, len(ANGLES))
        np.testing.assert_allclose(deg, angles_of(take)[n].deg, atol=0.011, rtol=0)
        assert person["joints2d"] == list(take.tracks[n].skeleton.joints)


def test_people_of_whom_nobody_knows_where_they_stand_stand_side_by_side(tmp_path: Path) -> None:
    take = make_take(frames=9, people=3)
    lost = replace(take, motions=tuple(replace(motion, root_m=None) for motion in take.motions))
    data = to_data(lost, tmp_path / "viewer.html")
    for person, motion, aside_m in zip(
        data["people"], lost.motions, (-APART_M, 0, APART_M), strict=True
    ):
        want = in_world(motion, take.camera).xyz_m + np.array([aside_m, 0, 0])
        np.testing.assert_allclose(unpacked(person["xyz"]), want.ravel(), atol=1e-3)
    assert "side by side" in data["note"]


def test_a_films_address_is_seen_from_the_page(tmp_path: Path) -> None:
    take = replace(make_take(), output_video=str(tmp_path / "my films" / "a#1.mp4"))
    here = tmp_path / "out" / "viewer.html"
    assert to_data(take, here)["film"] == "../my%20films/a%231.mp4"
    assert to_data(make_take(), here)["film"] is None


def test_nothing_in_the_data_ends_the_script() -> None:
    text = page(walking(), Path("viewer.html"))
    data = re.findall(r'<script type="application/json" id="take">(.*?)</script>', text, re.S)
    assert json.loads(data[0])["title"] == "script> & co.mp4"
    assert text.count("</script>") == 2


def test_a_clip_of_thirty_seconds_is_a_small_file(tmp_path: Path) -> None:
    """Two people at 60 frames per second, all keypoints."""
    path = monomocap.save(walking(30.0, 60.0, people=2), tmp_path / "viewer.html")
    assert path.stat().st_size < 3_000_000


def test_a_very_long_take_keeps_every_second_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html, "MOST_FRAMES", 20)
    take = walking()
    data = to_data(take, tmp_path / "viewer.html")
    assert data["every"] == 2
    np.testing.assert_array_equal(
        np.frombuffer(base64.b64decode(data["time"]), "<f8"), take.time_s[::2]
    )
    xyz_m = unpacked(data["people"][0]["xyz"]).reshape(15, 17, 3)
    np.testing.assert_allclose(xyz_m, take.motions[0].xyz_m[::2], atol=1e-3)


def film(path: Path, take: Take) -> Path:
    """Beside the picture (as grey as the frame's number) a stage in red."""
    with VideoWriter(path, fps=30) as writer:
        for frame, time in enumerate(take.time_s):
            rgb = np.full((120, 280, 3), 8 * frame, np.uint8)
            rgb[:, 160:] = [255, 0, 0]
            writer.write(rgb, float(time))
    return path


def shown(watched: Watched, what: str) -> np.ndarray:
    """The pixels of an element, as they are on the screen."""
    png = watched.page.locator(what).screenshot()
    with av.open(io.BytesIO(png), "r") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)


def clock(watched: Watched) -> float:
    return float(watched.page.inner_text("#clock").split(" s")[0])


def scrub(watched: Watched, frame: int) -> None:
    watched.page.locator("#scrub").fill(str(frame))
    watched.page.wait_for_timeout(400)


def test_a_browser_plays_scrubs_and_orbits_without_a_network(tmp_path: Path) -> None:
    take = walking()
    take = replace(
        take,
        info=replace(take.info, width_px=640, height_px=480),
        output_video=str(film(tmp_path / "take.mp4", take)),
    )
    with opened(monomocap.save(take, tmp_path / "viewer.html")) as seen:
        seen.page.wait_for_timeout(500)
        assert clock(seen) == 0
        first = shown(seen, "#stage")
        for frame in (24, 8):
            scrub(seen, frame)
            assert clock(seen) == pytest.approx(frame / 30, abs=0.01)
            picture = shown(seen, "#picture")
            middle = picture[picture.shape[0] // 2, picture.shape[1] // 2]
            assert np.abs(middle - 8 * frame).max() < 8, "the film is in step, and only its left"
        assert (shown(seen, "#stage") != first).any(), "the figure moves"

        before = shown(seen, "#stage")
        box = seen.page.locator("#stage").bounding_box()
        assert box is not None
        seen.page.mouse.move(box["x"] + 200, box["y"] + 200)
        seen.page.mouse.down()
        seen.page.mouse.move(box["x"] + 320, box["y"] + 220, steps=4)
        seen.page.mouse.up()
        seen.page.wait_for_timeout(200)
        assert (shown(seen, "#stage") != before).any(), "dragging orbits"
        seen.page.mouse.dblclick(box["x"] + 200, box["y"] + 200)
        seen.page.wait_for_timeout(200)
        np.testing.assert_array_equal(shown(seen, "#stage"), before)

        seen.page.locator("#people input").uncheck()
        seen.page.wait_for_timeout(200)
        empty = shown(seen, "#stage")
        assert (empty != before).any() and not orange(empty) and orange(before)

        seen.page.select_option("#speed", "0.25")
        seen.page.click("#play")
        seen.page.wait_for_timeout(1000)
        assert 8 / 30 < clock(seen) < 0.95
        seen.page.click("#play")
        stopped = clock(seen)
        seen.page.wait_for_timeout(300)
        assert clock(seen) == stopped
        charts = seen.page.locator("#charts canvas").count()
        seen.page.click("[data-kind=hip_flexion]")
        assert seen.page.locator("#charts canvas").count() == charts + 1
        assert seen.page.locator("#charts canvas").first.is_visible()
        assert orange(shown(seen, "#charts")), "the left side's curve"
        assert seen.complaints == []
        assert {url.split(":")[0] for url in seen.requests} <= {"file", "data"}
        assert len([url for url in seen.requests if url.startswith("file")]) >= 2


def orange(rgb: np.ndarray) -> bool:
    """Whether the left side's colour is to be seen."""
    return bool((np.abs(rgb - [255, 150, 51]).max(axis=-1) < 12).sum() > 20)


def test_a_browser_shows_the_keypoints_where_there_is_no_film_and_nobody_at_all(
    tmp_path: Path,
) -> None:
    take = walking(people=2)
    with opened(monomocap.save(take, tmp_path / "viewer.html")) as seen:
        seen.page.wait_for_timeout(300)
        assert orange(shown(seen, "#picture"))
        seen.page.click("#play")
        seen.page.wait_for_timeout(600)
        assert 0.2 < clock(seen) <= 1
        assert seen.page.locator("#people input").count() == 2
        nobody = replace(take, tracks=(), motions=())
        seen.page.goto(monomocap.save(nobody, tmp_path / "b.html").as_uri())
        assert "Nobody was seen" in seen.page.inner_text("#stage-note")
        none = replace(nobody, time_s=np.empty(0))
        seen.page.goto(monomocap.save(none, tmp_path / "c.html").as_uri())
        assert seen.complaints == []
