"""Pictures: what is drawn lands where it should, and the mannequin's truth is the truth."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from monomocap.errors import InputError, OptionError, OutputError
from monomocap.render.mannequin import Mannequin, film, truth
from monomocap.render.motions import arm_raise, jumping_jack, lunge, squat, walk
from monomocap.render.overlay import draw_skeleton
from monomocap.render.person import Ground, dressed, size_of
from monomocap.render.sample import sample_camera, sample_motion, write_sample
from monomocap.render.side_by_side import render_take, shown_size
from monomocap.render.stage import Stage
from monomocap.render.strokes import LEFT, RIGHT, stroke
from monomocap.skeleton import COCO17, H36M17
from monomocap.types import Camera, Motion3D, Take, VideoInfo
from tests.takes import make_take
from tests.videos import make_video, number_of

MOTIONS = (walk, squat, jumping_jack, arm_raise, lunge)


def standing_m() -> np.ndarray:
    """A person in camera axes who faces the camera: their left is at the picture's right."""
    at: dict[str, tuple[float, float]] = {
        "pelvis": (0, 0),
        "spine": (0, -0.25),
        "thorax": (0, -0.5),
        "neck": (0, -0.6),
    }
    at |= {"head": (0, -0.7)}
    for side, out in (("left", 1), ("right", -1)):
        at |= {f"{side}_hip": (0.1 * out, 0), f"{side}_knee": (0.1 * out, 0.45)}
        at |= {f"{side}_ankle": (0.1 * out, 0.87), f"{side}_shoulder": (0.18 * out, -0.5)}
        at |= {f"{side}_elbow": (0.25 * out, -0.2), f"{side}_wrist": (0.28 * out, 0.05)}
    return np.array([(*at[joint], 0.0) for joint in H36M17.joints])


def where(rgb: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """(pixel, xy) of everything of a colour's kind: orange or blue, bright or dark."""
    redder = rgb[..., 0].astype(int) - rgb[..., 2]
    kind = redder > 50 if colour == LEFT else redder < -50
    return np.argwhere(kind)[:, ::-1]


@settings(max_examples=60, deadline=None)
@given(*[st.floats(-60, 160) for _ in range(4)], st.floats(0.5, 12))
def test_a_stroke_colours_what_is_near_it_and_nothing_else(
    ax: float, ay: float, bx: float, by: float, radius: float
) -> None:
    rgb = np.zeros((70, 90, 3), np.uint8)
    a, b = np.array([ax, ay]), np.array([bx, by])
    stroke(rgb, a, b, radius, (255, 255, 255))
    y, x = np.mgrid[:70, :90]
    points = np.stack([x, y], axis=-1)
    share = ((points - a) @ (b - a) / max(float((b - a) @ (b - a)), 1e-9)).clip(0, 1)
    away = np.linalg.norm(points - a - share[..., None] * (b - a), axis=-1)
    assert (rgb[away < radius - 0.51] == 255).all()
    assert (rgb[away > radius + 0.51] == 0).all()


def test_the_overlay_draws_on_the_joints_left_and_right_apart_and_leaves_the_picture() -> None:
    rgb = np.full((480, 640, 3), 90, np.uint8)
    xy_px = standing_m()[:, :2] * 200 + [320, 240]
    out = draw_skeleton(rgb, xy_px, np.ones(17), H36M17)
    assert (rgb == 90).all()
    assert where(out, LEFT)[:, 0].mean() > 330
    assert where(out, RIGHT)[:, 0].mean() < 310
    changed = np.argwhere((out != 90).any(axis=-1))[:, ::-1]
    nearest = np.linalg.norm(changed[:, None] - _along_bones(xy_px)[None], axis=-1).min(axis=1)
    assert nearest.max() < 8


def _along_bones(xy_px: np.ndarray) -> np.ndarray:
    share = np.linspace(0, 1, 30)[:, None]
    return np.concatenate([xy_px[p] + share * (xy_px[c] - xy_px[p]) for p, c in H36M17.bones])


def test_the_overlay_leaves_out_what_is_missing_or_unsure() -> None:
    rgb = np.full((100, 100, 3), 90, np.uint8)
    nowhere, unsure = np.full((17, 2), np.nan), np.zeros(17)
    assert (draw_skeleton(rgb, nowhere, np.ones(17), COCO17) == 90).all()
    assert (draw_skeleton(rgb, np.full((17, 2), 50.0), unsure, COCO17) == 90).all()
    far = draw_skeleton(rgb, np.full((17, 2), 1e7), np.ones(17), COCO17)
    assert (far == 90).all()


@pytest.mark.parametrize("azimuth", [-60, 0, 30, 80])
def test_the_stage_is_upright_and_tells_left_from_right(azimuth: float) -> None:
    rgb = Stage(300, 300, azimuth, 10).draw(standing_m(), H36M17)
    xy_px, _ = Stage(300, 300, azimuth, 10).project(standing_m())
    assert xy_px[H36M17.index("head"), 1] < xy_px[0, 1] < xy_px[H36M17.index("left_ankle"), 1]
    assert where(rgb, LEFT)[:, 0].mean() > where(rgb, RIGHT)[:, 0].mean()
    assert ((xy_px >= 0) & (xy_px < 300)).all()


def test_the_stage_from_behind_swaps_the_sides() -> None:
    xy_px, _ = Stage(300, 300, 180, 0).project(standing_m())
    assert xy_px[H36M17.index("left_hip"), 0] < xy_px[H36M17.index("right_hip"), 0]


def test_a_viewer_who_walks_to_the_right_and_up_sees_near_things_move_left_and_down() -> None:
    near = np.array([0.0, 0.0, -0.5])
    ahead, _ = Stage(300, 300, 0, 0).project(near)
    aside, _ = Stage(300, 300, 30, 0).project(near)
    above, _ = Stage(300, 300, 0, 30).project(near)
    assert aside[0] < ahead[0] - 20
    assert above[1] > ahead[1] + 20


def test_an_empty_stage_shows_its_floor_and_gaps_are_left_out() -> None:
    stage = Stage(200, 200)
    empty = stage.draw_people([])
    assert len(np.unique(empty.reshape(-1, 3), axis=0)) > 1
    assert (stage.draw(np.full((17, 3), np.nan), H36M17) == empty).all()
    one_leg = standing_m()
    one_leg[H36M17.index("left_ankle")] = np.nan
    assert (stage.draw(one_leg, H36M17) != empty).any()
    with pytest.raises(OptionError):
        Stage(0, 10)


@pytest.mark.parametrize("size", [(1088, 1920), (1768, 994), (97, 65), (4000, 500), (2, 2)])
def test_the_shown_size_is_even_and_keeps_its_shape(size: tuple[int, int]) -> None:
    width, height = shown_size(*size)
    assert width % 2 == height % 2 == 0
    assert width <= 1280 and height <= 720
    assert width / height == pytest.approx(size[0] / size[1], rel=0.02)


def a_take(video: Path, frames: int, people: int = 1) -> Take:
    """A take of that video, its people at random."""
    take = make_take(frames, people)
    return replace(take, info=VideoInfo(str(video), 96, 64, 30.0, frames))


@pytest.mark.parametrize("people", [0, 1, 3])
def test_a_rendered_take_has_every_frame_at_its_time(tmp_path: Path, people: int) -> None:
    times_s = [0.0, 0.02, 0.1, 0.11, 0.5]
    video = make_video(tmp_path / "clip.mp4", times_s=times_s)
    calls: list[tuple[str, int, int | None]] = []
    out = tmp_path / "take.mp4"
    render_take(a_take(video, 5, people), video, out, progress=lambda *call: calls.append(call))
    with av.open(str(out)) as rendered:
        pictures = list(rendered.decode(video=0))
    assert [p.time for p in pictures] == pytest.approx(times_s, abs=1e-3)
    assert (pictures[0].width, pictures[0].height) == (540 + 360, 360)
    assert calls[-1] == ("render", 5, 5)
    if people == 0:
        shown = [p.to_ndarray(format="rgb24")[:, :540] for p in pictures]
        assert [number_of(rgb) for rgb in shown] == list(range(5))


def test_of_several_people_the_one_seen_most_stands_out(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", frames=4)
    take = a_take(video, 4, 2)
    spread_px = np.stack([standing_m()[:, 0] * 40, standing_m()[:, 1] * 30], axis=-1)
    tracks = tuple(
        replace(
            track,
            xy_px=np.tile(spread_px + [middle_px, 32.0], (4, 1, 1)),
            score=np.ones((4, 17)),
            skeleton=H36M17,
            world_m=None,
        )
        for track, middle_px in zip(take.tracks, (24.0, 72.0), strict=True)
    )
    gone = np.full_like(take.motions[1].xyz_m, np.nan)
    motions = (take.motions[0], replace(take.motions[1], xyz_m=gone))
    out = tmp_path / "take.mp4"
    render_take(replace(take, tracks=tracks, motions=motions), video, out)
    with av.open(str(out)) as rendered:
        rgb = next(rendered.decode(video=0)).to_ndarray(format="rgb24")[:, :540].astype(int)
    plain = tmp_path / "plain.mp4"
    render_take(replace(take, tracks=(), motions=()), video, plain)
    with av.open(str(plain)) as rendered:
        empty = next(rendered.decode(video=0)).to_ndarray(format="rgb24")[:, :540].astype(int)
    change = np.abs(rgb - empty).sum(axis=-1)
    left, right = (part[part > 30].sum() for part in (change[:, :270], change[:, 270:]))
    assert left > 1.4 * right > 1000


def test_where_nothing_can_be_written_nothing_is_rendered(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", frames=2)
    with pytest.raises(OutputError):
        render_take(a_take(video, 2), video, tmp_path / "none" / "take.mp4")


@pytest.mark.parametrize("make", MOTIONS)
def test_motions_keep_their_bones_their_clock_and_their_feet_on_the_floor(make) -> None:  # type: ignore[no-untyped-def]
    motion = make(seconds=3.0, fps=25.0)
    assert motion.frame == "world"
    np.testing.assert_allclose(np.diff(motion.time_s), 0.04)
    for parent, child in H36M17.bones:
        if {H36M17.joints[parent], H36M17.joints[child]} & {"spine", "neck"}:
            continue
        length_m = np.linalg.norm(motion.xyz_m[:, child] - motion.xyz_m[:, parent], axis=-1)
        assert np.ptp(length_m) < 1e-9
    ankles = [H36M17.index("left_ankle"), H36M17.index("right_ankle")]
    assert 0.03 < motion.xyz_m[:, ankles, 2].min() < 0.12
    assert motion.xyz_m[:, H36M17.index("head"), 2].min() > 0.8
    speed_m_s = np.linalg.norm(np.diff(motion.xyz_m, axis=0), axis=-1).max() / 0.04
    assert speed_m_s < 8


def test_a_walking_foot_that_stands_does_not_slide() -> None:
    motion = walk(4.0, 30.0)
    ankle = motion.xyz_m[:, H36M17.index("left_ankle")]
    still = np.linalg.norm(np.diff(ankle, axis=0), axis=-1) < 1e-4
    assert still.mean() > 0.25


def test_the_truth_is_the_projection_of_the_truth() -> None:
    motion, camera = sample_motion(), sample_camera()
    xy_px, xyz_m = truth(motion, camera)
    by_hand = xyz_m[..., :2] / xyz_m[..., 2:] * camera.focal_px + camera.center_px
    np.testing.assert_allclose(xy_px, by_hand, atol=1e-9)
    rotation = np.array(camera.camera_from_world)[:, :3]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)
    bones = np.linalg.norm(np.diff(xyz_m, axis=1), axis=-1)
    np.testing.assert_allclose(bones, np.linalg.norm(np.diff(motion.xyz_m, axis=1), axis=-1))


def at_frames(motion: Motion3D, *frames: int) -> Motion3D:
    """Only some frames of a motion."""
    rows = list(frames)
    return replace(
        motion,
        time_s=motion.time_s[rows],
        xyz_m=motion.xyz_m[rows],
        confidence=motion.confidence[rows],
    )


def with_pose(motion: Motion3D, index: int, pose_m: np.ndarray) -> Motion3D:
    xyz_m = motion.xyz_m.copy()
    xyz_m[index] = pose_m
    return replace(motion, xyz_m=xyz_m)


def test_the_mannequin_stands_where_its_truth_says() -> None:
    """Each joint's pixel differs from the empty room; far from the person only shadow differs."""
    motion, camera = at_frames(sample_motion(), 0, 1), sample_camera()
    motion = with_pose(motion, 1, np.full((17, 3), np.nan))
    frame, empty = (frame.rgb for frame in Mannequin(1).render_frames(motion, camera))
    assert frame.shape == (640, 480, 3)
    change = frame.astype(int) - empty
    xy_px, _ = truth(motion, camera)
    column, row = xy_px[0].round().astype(int).T
    assert (np.abs(change[row, column]).sum(axis=-1) > 12).all()
    box = [xy_px[0].min(axis=0) - 40, xy_px[0].max(axis=0) + 40]
    y, x = np.mgrid[:640, :480]
    outside = (x < box[0][0]) | (x > box[1][0]) | (y < box[0][1]) | (y > box[1][1])
    assert (change[outside] <= 0).all()  # darker at most
    assert not change[y < box[0][1]].any()


def test_missing_poses_leave_the_room_and_missing_joints_their_limbs() -> None:
    motion, camera = at_frames(sample_motion(), 0, 1, 2, 3), sample_camera()
    one_armed = motion.xyz_m[1].copy()
    one_armed[H36M17.index("left_elbow")] = np.nan
    motion = with_pose(motion, 1, one_armed)
    for gap in (2, 3):
        motion = with_pose(motion, gap, np.full((17, 3), np.nan))
    whole, armless, empty, again = (f.rgb for f in Mannequin(1).render_frames(motion, camera))
    assert (empty == again).all()
    assert (empty != armless).sum() > 0.5 * (empty != whole).sum()
    nobody = replace(motion, xyz_m=np.full_like(motion.xyz_m, np.nan))
    assert all(frame.rgb.std() > 1 for frame in Mannequin(1).render_frames(nobody, camera))


def turned(motion: Motion3D, euler_deg: tuple[float, float, float], up_m: float) -> Motion3D:
    """The motion turned about the pelvis's middle of the floor, then lifted."""
    matrix = Rotation.from_euler("xyz", euler_deg, degrees=True).as_matrix()
    return replace(motion, xyz_m=motion.xyz_m @ matrix.T + [0, 0, up_m])


@pytest.mark.parametrize("turn", [(90, 0, 0), (-90, 0, 40), (0, 90, 0), (0, -90, 90), (180, 0, 0)])
def test_people_who_lie_or_stand_on_their_head_are_seen_where_they_are(
    turn: tuple[float, float, float],
) -> None:
    motion = turned(squat(0.2, 10.0), turn, 1.0 if turn[0] == 180 else 0.3)
    camera = sample_camera()
    motion = with_pose(motion, 1, np.full((17, 3), np.nan))
    frame, empty = (frame.rgb.astype(int) for frame in Mannequin(3).render_frames(motion, camera))
    column, row = truth(motion, camera)[0][0].round().astype(int).T
    inside = (column >= 0) & (column < 480) & (row >= 0) & (row < 640)
    differs = np.abs(frame - empty).sum(axis=-1)[row[inside], column[inside]] > 12
    assert inside.sum() >= 12 and differs.all()


def test_people_beside_around_and_behind_the_camera_break_nothing() -> None:
    camera = sample_camera()
    there = at_frames(sample_motion(), 0).xyz_m[0]
    shifts = ([-2.9, 0, 0], [-3.9, 0, 0], [-4.4, 0, 0], [-9, 0, 0], [0, 30, 0], [1e5, 0, 0])
    poses_m = np.stack([there + shift for shift in shifts])
    motion = at_frames(sample_motion(), *range(len(shifts)))
    motion = replace(motion, xyz_m=poses_m)
    frames = [frame.rgb for frame in Mannequin(3).render_frames(motion, camera)]
    assert (
        frames[3] == frames[5]
    ).all()  # behind the camera, or a dot at the horizon: an empty room
    assert (frames[0] != frames[3]).any(axis=-1).mean() > 0.05


def test_of_two_people_the_nearer_hides_the_farther() -> None:
    camera, looks = sample_camera(), [Mannequin(seed).look for seed in (1, 2)]
    scene = Mannequin(0).scene
    back = at_frames(squat(0.1, 10.0, heading=np.pi), 0)
    front = replace(back, xyz_m=back.xyz_m + [-0.8, 0, 0])
    both = next(film([(looks[0], front), (looks[1], back)], scene, camera)).rgb
    swapped = next(film([(looks[1], back), (looks[0], front)], scene, camera)).rgb
    alone = next(film([(looks[0], front)], scene, camera)).rgb
    assert (both == swapped).mean() > 0.999
    column, row = truth(front, camera)[0][0].round().astype(int).T
    assert (both[row, column] == alone[row, column]).mean() > 0.9
    beside = replace(back, xyz_m=back.xyz_m + [0, 0.8, 0])
    column, row = truth(beside, camera)[0][0].round().astype(int).T
    two = next(film([(looks[0], front), (looks[1], beside)], scene, camera)).rgb
    assert (two[row, column] != alone[row, column]).any(axis=-1).all()


def test_a_film_wants_people_of_one_clock() -> None:
    look, scene, camera = Mannequin(0).look, Mannequin(0).scene, sample_camera()
    with pytest.raises(InputError, match="at least one"):
        next(film([], scene, camera))
    with pytest.raises(InputError, match="same times"):
        next(film([(look, squat(0.3, 10.0)), (look, squat(0.5, 10.0))], scene, camera))


@pytest.mark.parametrize("size", [(33, 21), (97, 301), (7, 5), (1, 1)])
def test_the_mannequin_fits_any_picture_and_a_bent_lens(size: tuple[int, int]) -> None:
    motion = at_frames(sample_motion(), 0)
    placed = sample_camera().camera_from_world
    camera = replace(
        Camera.from_fov(*size, 52.0), camera_from_world=placed, distortion=(-0.2, 0.05, 0.0, 0.0)
    )
    frame = next(Mannequin(1).render_frames(motion, camera))
    assert frame.rgb.shape == (size[1], size[0], 3)
    xy_px, _ = truth(motion, camera)
    column, row = xy_px[0].round().astype(int).T
    nobody = with_pose(motion, 0, np.full((17, 3), np.nan))
    empty = next(Mannequin(1).render_frames(nobody, camera)).rgb
    if min(size) > 90:
        assert (frame.rgb[row, column] != empty[row, column]).any(axis=-1).mean() > 0.9


def test_a_squatting_foot_stays_above_the_floor() -> None:
    motion = squat(2.4, 10.0)
    ground = Ground(np.array([0.0, 0.0, 1.0]), np.zeros(3))
    look, size = Mannequin(2).look, size_of(motion.xyz_m)
    for pose_m in motion.xyz_m:
        solids = list(dressed(pose_m, look, ground, size))
        low_m = min(
            float(min(solid.a_m[2] - solid.radius_a_m, solid.b_m[2] - solid.radius_b_m))
            for solid in solids
        )
        assert -0.035 < low_m < 0.02


def test_the_same_seed_gives_the_same_person_and_another_another() -> None:
    motion, camera = sample_motion(), sample_camera()
    one, same, other = (
        next(Mannequin(seed).render_frames(motion, camera)).rgb for seed in (4, 4, 5)
    )
    assert (one == same).all()
    assert (one != other).mean() > 0.5


def test_every_motion_can_be_dressed_and_filmed() -> None:
    camera = sample_camera()
    for make in MOTIONS:
        motion = make(seconds=1.0, fps=2.0)
        for frame in islice(Mannequin(2).render_frames(motion, camera), 2):
            assert frame.rgb.std() > 5


def test_the_mannequin_wants_a_placed_camera_and_a_world_motion() -> None:
    with pytest.raises(InputError, match="camera_from_world"):
        truth(sample_motion(), Camera.from_fov(64, 48))
    with pytest.raises(InputError, match="world frame"):
        truth(make_take().motions[0], sample_camera())


def test_the_sample_is_the_video_of_its_truth(tmp_path: Path) -> None:
    told = write_sample(tmp_path / "sample.mp4")
    with av.open(str(tmp_path / "sample.mp4")) as video:
        pictures = list(video.decode(video=0))
    assert [p.time for p in pictures] == pytest.approx(told.time_s.tolist(), abs=1e-4)
    assert (pictures[0].width, pictures[0].height) == (480, 640)
    assert np.abs(told.xyz_m[:, 0]).max() == 0
    inside = (told.xy_px > 0) & (told.xy_px < [480, 640])
    assert inside.all()
