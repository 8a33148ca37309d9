"""`monomocap render`: files hold what was asked for, people are in the picture, clocks hold."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

import monomocap
from monomocap.errors import InputError, MonomocapError, OptionError, OutputError, VideoError
from monomocap.options import View
from monomocap.render.eye import Eye
from monomocap.render.film import poses_at, render_shot, straight
from monomocap.render.floor import Floor, draw_grid
from monomocap.render.framing import eye_at, frame
from monomocap.render.layout import layout
from monomocap.render.motions import walk
from monomocap.render.shot import VIEWS, Shot, moments, name_of, views_named
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Take, Track2D, VideoInfo
from monomocap.workflows.render import render
from tests.terminal import monomocap as monomocap_command
from tests.videos import make_video, number_of

SIZE = (160, 120)


def walking(frames: int = 12, people: int = 1, video: Path = Path("gone.mp4")) -> Take:
    """People who walk side by side in the world, 25 frames per second."""
    motion = walk(frames / 25, 25.0)
    motions, tracks = [], []
    for person in range(people):
        xyz_m = motion.xyz_m + np.array([1.5 * person, 0.0, 0.0])
        motions.append(replace(motion, person=person, xyz_m=xyz_m))
        xy_px = np.full((frames, 17, 2), np.nan)
        tracks.append(Track2D(person, motion.time_s, xy_px, np.zeros((frames, 17)), H36M17))
    info = VideoInfo(str(video), 96, 64, 25.0, frames)
    camera = Camera.from_fov(96, 64)
    return Take(info, camera, motion.time_s, tuple(tracks), tuple(motions))


def pictures(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def test_a_film_keeps_the_takes_own_times(tmp_path: Path) -> None:
    take = walking()
    times_s = take.time_s + 0.02 * np.sin(np.arange(12))
    take = replace(
        take,
        time_s=times_s,
        tracks=tuple(replace(t, time_s=times_s) for t in take.tracks),
        motions=tuple(replace(m, time_s=times_s) for m in take.motions),
    )
    render_shot(take, tmp_path / "a.mp4", Shot(size_px=SIZE))
    shown = pictures(tmp_path / "a.mp4")
    assert [p.time for p in shown] == pytest.approx(times_s - min(0, times_s[0]), abs=1e-3)
    assert (shown[0].width, shown[0].height) == SIZE


def test_a_rate_a_part_and_a_moment_are_kept() -> None:
    take = walking(50)
    steady = moments(Shot(fps=10.0, start_s=0.4, end_s=1.2), take, None)
    np.testing.assert_allclose(steady.source_s, 0.4 + np.arange(9) / 10)
    np.testing.assert_allclose(steady.shown_s, np.arange(9) / 10)
    part = moments(Shot(start_s=0.5, end_s=0.99), take, None)
    assert part.own and len(part.source_s) == 12 and part.shown_s[0] == pytest.approx(0.02)
    still = moments(Shot(at_s=0.43), take, None)
    np.testing.assert_allclose([still.source_s, still.shown_s], [[0.44], [0.0]])
    round_about = moments(Shot(at_s=0.4, turntable_s=2.0, fps=15.0), take, None)
    assert len(round_about.shown_s) == 30 and len(set(round_about.source_s.tolist())) == 1
    for shot in (Shot(start_s=5.0), Shot(at_s=9.0)):
        with pytest.raises(InputError, match="the take goes from 0.00 to 1.96 s"):
            moments(shot, take, None)


def test_poses_at_a_rate_lie_on_the_motion() -> None:
    take = walking(50)
    every = poses_at(take, moments(Shot(), take, None))[0].xyz_m
    same = poses_at(take, moments(Shot(fps=25.0), take, None))[0].xyz_m
    np.testing.assert_allclose(same, every, atol=1e-9)
    between = poses_at(take, moments(Shot(fps=50.0), take, None))[0].xyz_m[1::2]
    np.testing.assert_allclose(between, (every[1:] + every[:-1]) / 2, atol=0.02)
    assert every[..., 1].max() < 0.02 and every[..., 1].min() < -1.3  # y down, floor at 0


def test_front_is_where_the_camera_stood() -> None:
    """The stage's z is the camera's, level: what lay further away in the video lies behind."""
    take = walking(4)
    looking_along_x = ((0.0, -1.0, 0.0, 0.0), (0.0, 0.0, -1.0, 1.0), (1.0, 0.0, 0.0, 4.0))
    camera = replace(take.camera, camera_from_world=looking_along_x)
    pose = poses_at(replace(take, camera=camera), moments(Shot(), take, None))[0].xyz_m
    world = take.motions[0].xyz_m
    np.testing.assert_allclose(pose, np.stack([-world[..., 1], -world[..., 2], world[..., 0]], -1))


@pytest.mark.parametrize(
    "shot",
    [
        Shot(views_named("front,right,above,-40/25")),
        Shot(turntable_s=1.0),
        Shot(follow=True),
        Shot(follow=True, turntable_s=0.7, views=(View(10, -15), View(0, 60))),
    ],
)
def test_everybody_who_should_be_is_always_in_the_picture(shot: Shot) -> None:
    take = walking(75, people=1 if shot.follow else 3)
    when = moments(shot, take, None)
    people = poses_at(take, when)
    sizes = [(200, 120), (90, 160), (128, 128), (300, 60)][: len(shot.views)]
    framing = frame(shot, people, when, sizes)
    inside, spread = [], []
    for number in range(0, 75, 5):
        for view, size in enumerate(sizes):
            eye = eye_at(shot, framing, when, view, number, size)
            xy_px, _ = eye.project(np.concatenate([p.xyz_m[number] for p in people]))
            inside.append(((xy_px >= 0) & (xy_px < np.array(size))).all())
            spread.append(float((np.ptp(xy_px, axis=0) / np.array(size)).max()))
    assert all(inside)
    assert max(spread) > 0.4


def test_a_follow_camera_goes_with_the_person_softly() -> None:
    take, shot = walking(100), Shot(follow=True)
    when = moments(shot, take, None)
    people = poses_at(take, when)
    path = frame(shot, people, when, [SIZE]).target_m
    pelvis = people[0].xyz_m[:, 0]
    walked_m = np.linalg.norm((pelvis[-1] - pelvis[0])[[0, 2]])
    assert walked_m > 2
    assert np.linalg.norm((path - pelvis)[:, [0, 2]], axis=1)[20:-20].max() < 0.15
    assert np.ptp(path[:, 1]) == 0
    jerks = [np.abs(np.diff(way, n=2, axis=0)).max() for way in (path[20:-20], pelvis[20:-20])]
    assert jerks[0] < jerks[1]


def test_a_turntable_walks_around_once() -> None:
    take, shot = walking(26), Shot(turntable_s=1.0, views=(View(30.0, 5.0),))
    when = moments(shot, take, None)
    framing = frame(shot, poses_at(take, when), when, [SIZE])
    eyes = [eye_at(shot, framing, when, 0, number, SIZE) for number in range(26)]
    azimuths = [eye.view.azimuth_deg for eye in eyes]
    assert azimuths[0] == pytest.approx(azimuths[25]) == pytest.approx(30.0)
    assert [round((b - a) % 360, 6) for a, b in pairwise(azimuths)] == [14.4] * 25


def test_several_views_and_the_video_stand_side_by_side(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", frames=6, fps=25)
    take = walking(6, people=2, video=video)
    shot = Shot(views_named("front,above"), with_video=True, size_px=(360, 120), fps=12.5)
    render_shot(take, tmp_path / "a.mp4", shot)
    shown = [p.to_ndarray(format="rgb24") for p in pictures(tmp_path / "a.mp4")]
    assert [number_of(rgb[:, :180]) for rgb in shown] == [0, 2, 4]
    for cell in (shown[0][:, 180:270], shown[0][:, 270:]):
        assert len(np.unique(cell.reshape(-1, 3) // 32, axis=0)) > 3
    assert len(np.unique(shown[0][30:, 180:].reshape(-1, 3), axis=0)) > 50


def test_a_layout_fills_the_picture_without_overlap() -> None:
    for views in range(1, 10):
        for shape in (None, 0.56, 1.78):
            places = layout(640, 360, views, shape)
            used = np.zeros((360, 640), int)
            for cell in (*places.views, *((places.video,) if places.video else ())):
                used[cell.at] += 1
            assert used.max() == 1 and len(places.views) == views
    with pytest.raises(OptionError, match="no room"):
        layout(64, 32, 16, None)


def test_a_transparent_picture_has_alpha_and_no_floor(tmp_path: Path) -> None:
    take = walking(4)
    shot = Shot(at_s=0.04, size_px=SIZE)
    render_shot(take, tmp_path / "full.png", shot)
    render_shot(take, tmp_path / "clear.png", replace(shot, transparent=True))
    full = np.array(Image.open(tmp_path / "full.png")).astype(int)
    clear = np.array(Image.open(tmp_path / "clear.png")).astype(int)
    assert full.shape == (120, 160, 3) and clear.shape == (120, 160, 4)
    assert (clear[[0, -1], :, 3] == 0).all()
    solid = clear[..., 3] == 255
    assert 100 < solid.sum() < 0.2 * solid.size
    # Laid over the background, limbs are what they are in the opaque picture.
    np.testing.assert_allclose(clear[solid][:, :3], full[solid], atol=2)
    partly = (clear[..., 3] > 0) & ~solid
    assert partly.sum() > 50


def test_colours_are_divided_by_alpha_again() -> None:
    rgba = np.array([[[64, 32, 0, 128], [0, 0, 0, 0], [9, 8, 7, 255]]], np.uint8)
    assert straight(rgba).tolist() == [[[128, 64, 0, 128], [0, 0, 0, 0], [9, 8, 7, 255]]]


@pytest.mark.parametrize("ending", ["webm", "mov"])
def test_transparent_films_decode_with_their_alpha(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    render_shot(walking(5), path, Shot(transparent=True, size_px=SIZE))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        # FFmpeg's own VP9 decoder leaves alpha out; libvpx's has it.
        decoder = av.CodecContext.create("libvpx-vp9", "r") if ending == "webm" else None
        shown = [
            frame
            for packet in container.demux(stream)
            for frame in (decoder.decode(packet) if decoder else packet.decode())
        ]
    assert len(shown) == 5
    alpha = shown[2].to_ndarray(format="rgba")[..., 3]
    assert alpha[0].max() < 8 and (alpha > 247).sum() > 100


def test_a_gif_plays_for_ever_at_its_times(tmp_path: Path) -> None:
    render_shot(walking(25), tmp_path / "a.gif", Shot(size_px=SIZE, fps=12.0))
    spans_ms = []
    with Image.open(tmp_path / "a.gif") as gif:
        for picture in ImageSequence.Iterator(gif):
            spans_ms.append(picture.info["duration"])
        assert gif.info["loop"] == 0 and gif.size == SIZE
        colours = np.array(gif.convert("RGB")).reshape(-1, 3).astype(int)
    assert len(spans_ms) == 12 and set(spans_ms) == {80, 90}
    assert sum(spans_ms) == pytest.approx(1000, abs=10)
    assert (colours[:, 0] - colours[:, 2] > 50).any() and (colours[:, 2] - colours[:, 0] > 50).any()


def test_a_transparent_gif_has_nothing_where_nobody_is(tmp_path: Path) -> None:
    render_shot(walking(3), tmp_path / "a.gif", Shot(size_px=SIZE, transparent=True))
    with Image.open(tmp_path / "a.gif") as gif:
        gif.seek(2)
        alpha = np.array(gif.convert("RGBA"))[..., 3]
    assert alpha[0].max() == 0 and 100 < (alpha == 255).sum() < 0.2 * alpha.size


def test_a_folder_gets_numbered_pictures_and_is_not_filled_twice(tmp_path: Path) -> None:
    render_shot(walking(5), tmp_path / "frames", Shot(size_px=SIZE))
    names = sorted(path.name for path in (tmp_path / "frames").iterdir())
    assert names == [f"frame_{number:06d}.png" for number in range(5)]
    with pytest.raises(OutputError, match="has files already"):
        render_shot(walking(5), tmp_path / "frames", Shot(size_px=SIZE))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_nobody_and_gaps_leave_the_stage_empty(tmp_path: Path) -> None:
    take = walking(3)
    gone = replace(take.motions[0], xyz_m=np.full_like(take.motions[0].xyz_m, np.nan))
    for empty in (replace(take, tracks=(), motions=()), replace(take, motions=(gone,))):
        for shot in (Shot(size_px=SIZE), Shot(size_px=SIZE, follow=True, turntable_s=1.0)):
            render_shot(empty, tmp_path / "a.mp4", shot)
            assert len(pictures(tmp_path / "a.mp4")) == 3


def test_only_the_people_who_are_named_are_shown(tmp_path: Path) -> None:
    take = walking(3, people=3)
    shot = Shot(at_s=0.0, size_px=SIZE)
    for name, people in (("all", None), ("one", (1,))):
        render_shot(take, tmp_path / f"{name}.png", replace(shot, people=people, transparent=True))
    alone, together = (np.array(Image.open(tmp_path / f"{n}.png"))[..., 3] for n in ("one", "all"))
    columns = [np.flatnonzero((alpha == 255).any(axis=0)) for alpha in (alone, together)]
    assert np.ptp(columns[0]) < 0.5 * np.ptp(columns[1])
    with pytest.raises(InputError, match="no person 7 in this take; it has: 0, 1, 2"):
        render_shot(take, tmp_path / "a.png", replace(shot, people=(7,)))


@pytest.mark.parametrize(
    ("target", "shot"),
    [
        ("a.avi", Shot()),
        ("a.png", Shot()),
        ("a.mp4", Shot(transparent=True)),
        ("none/a.mp4", Shot()),
        ("none/a.gif", Shot()),
        ("none/frames", Shot()),
        ("none/a.png", Shot(at_s=0.0)),
        ("a.mp4", Shot(with_video=True)),
    ],
)
def test_what_cannot_be_rendered_leaves_nothing(tmp_path: Path, target: str, shot: Shot) -> None:
    with pytest.raises(MonomocapError):
        render_shot(walking(3), tmp_path / target, shot)
    assert not list(tmp_path.iterdir())


def test_the_source_video_is_not_rendered_over(tmp_path: Path) -> None:
    video = make_video(tmp_path / "walk.mp4", frames=4, fps=25)
    whole = video.read_bytes()
    for take, moved in ((walking(4, video=video), None), (walking(4), video)):
        with pytest.raises(OutputError, match=r"walk\.mp4 would be overwritten"):
            render_shot(take, video, Shot(size_px=SIZE), video=moved)
    assert video.read_bytes() == whole


@pytest.mark.parametrize(
    "wrong",
    [
        {"turntable_s": 0.0},
        {"fps": 0.0},
        {"size_px": (8, 8)},
        {"views": ()},
        {"start_s": 2.0, "end_s": 1.0},
        {"at_s": 1.0, "start_s": 0.5},
        {"transparent": True, "with_video": True},
    ],
)
def test_contradictions_are_told(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        Shot(**wrong)  # type: ignore[arg-type]


def test_views_have_names() -> None:
    assert views_named("front, 30/-10") == (VIEWS["front"], View(30.0, -10.0))
    assert name_of(VIEWS["left"]) == "left" and name_of(View(30.0, -10.0)) == "30° / -10°"
    with pytest.raises(OptionError, match="no view is called 'below'"):
        views_named("below")


@pytest.mark.parametrize("distance_m", [0.5, 3.0, 40.0])
def test_the_grids_lines_lie_where_its_points_project(distance_m: float) -> None:
    """Crossings of the grid that are in the picture are coloured; a point amid a tile is not."""
    eye = Eye(View(20.0, 15.0), np.array([0.0, -0.5, 0.0]), distance_m, 260.0, *SIZE)
    floor = Floor(0.0, (-3.0, -3.0), (3.0, 3.0))
    picture = np.zeros((120, 160, 3), np.uint8)
    draw_grid(picture, eye, floor)
    x, z = np.meshgrid(np.arange(-3, 3.1, 0.5), np.arange(-3, 3.1, 0.5))
    crossings, depth = eye.project(np.stack([x, 0 * x, z], axis=-1).reshape(-1, 3))
    inside = ((crossings >= 1) & (crossings < np.array(SIZE) - 2)).all(axis=-1) & (depth < 6)
    if distance_m < 10:
        assert inside.any()
    column, row = crossings[inside].round().astype(int).T
    assert (picture[row, column, 0] > 20).all()
    tiles, depth = eye.project(np.stack([x + 0.25, 0 * x, z + 0.25], axis=-1).reshape(-1, 3))
    inside = ((tiles >= 0) & (tiles < np.array(SIZE) - 1)).all(axis=-1) & (depth < 3)
    column, row = tiles[inside].round().astype(int).T
    assert not picture[row, column].any()


def test_a_long_floor_has_larger_tiles() -> None:
    floor = Floor(0.0, (0.0, 0.0), (90.0, 4.0))
    assert floor.tile_m == 2.0 and len(floor.lines()) < 60


def test_the_command_renders_a_folder_of_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monomocap.save(walking(4), tmp_path / "take.npz")
    words = ("--size", "160x120", "--azimuth", "120")
    ended = monomocap_command(capsys, "render", tmp_path, *words)
    assert (ended.code, ended.out) == (0, f"wrote {tmp_path / 'render.mp4'}\n")
    assert len(pictures(tmp_path / "render.mp4")) == 4
    for wrong in (["--views", "front", "--azimuth", "3"], ["--person", "x"], ["--size", "9"]):
        ended = monomocap_command(capsys, "render", tmp_path, *wrong)
        assert ended.code == 2 and len(ended.err.splitlines()) == 1
    ended = monomocap_command(capsys, "render", tmp_path, "--with-video")
    assert ended.code == 2 and "--video FILE" in ended.err
    with pytest.raises(VideoError):
        render(tmp_path, shot=Shot(with_video=True))
