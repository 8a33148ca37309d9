"""The lifter around networks, with small stand-ins for a network."""

from collections.abc import Callable

import numpy as np
import pytest
from jaxtyping import Float

from monomocap.geometry.camera import project
from monomocap.lift.lifter import NetworkLifter
from monomocap.lift.windows import blend, window_starts
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Track2D

CAMERA = Camera.from_fov(1000, 800, 60.0)
INSIDE_M = 0.005
RATE, WINDOW = 15.0, 32
REACH = int(30 * WINDOW / RATE)
"""Frames at 30 per second that one window spans: what hangs over a cut."""


class Depths:
    """A stand-in that answers from what it sees, and from a little of the window around it."""

    device = "cpu"

    def __call__(self, x: np.ndarray) -> np.ndarray:
        around = x.mean(axis=2, keepdims=True)
        depth = 0.3 * np.sin(2 * x[:, :1] + x[:, 1:2]) + 0.02 * around[:, :1]
        pose = np.concatenate([0.45 * x[:, :2], depth], axis=1)
        return (pose - pose[..., :1]).astype(np.float32)


def lifter(mirror: bool = False) -> NetworkLifter:
    return NetworkLifter("stand-in", Depths(), window=WINDOW, fps=RATE, weights={}, mirror=mirror)


def moving_person(time_s: np.ndarray) -> Float[np.ndarray, "time 17 3"]:
    """Somebody swinging every joint, a few metres away, wandering across the picture."""
    rng = np.random.default_rng(3)
    rest = rng.normal(0, 0.35, (17, 3))
    swing = rng.normal(0, 0.12, (17, 3))
    phase = rng.uniform(0, 6, (17, 3))
    rate = rng.uniform(2, 7, (17, 3))
    way = np.stack([0.5 * np.sin(0.4 * time_s), 0 * time_s, 4 + 0 * time_s], axis=-1)
    xyz = rest + swing * np.sin(time_s[:, None, None] * rate + phase) + way[:, None]
    j = H36M17.index
    xyz[:, 0] = (xyz[:, j("left_hip")] + xyz[:, j("right_hip")]) / 2
    return np.asarray(xyz)


def track_at(time_s: np.ndarray) -> Track2D:
    xy = project(CAMERA, moving_person(time_s))
    return Track2D(0, time_s, xy, np.ones(xy.shape[:2]), H36M17)


def part(track: Track2D, rows: slice) -> Track2D:
    return Track2D(
        track.person, track.time_s[rows], track.xy_px[rows], track.score[rows], track.skeleton
    )


@pytest.mark.parametrize("frames", [1, 2, 5, 63, 64, 65, 95, 96, 97, 1000])
def test_every_frame_gets_a_pose(frames: int) -> None:
    motion = lifter()(track_at(np.arange(frames) / 30), CAMERA)
    assert motion.xyz_m.shape == (frames, 17, 3)
    assert np.isfinite(motion.xyz_m).all()
    assert np.abs(motion.xyz_m[:, 0]).max() < 1e-6


def test_no_frames_is_an_answer() -> None:
    assert lifter()(track_at(np.empty(0)), CAMERA).xyz_m.shape == (0, 17, 3)


@pytest.mark.parametrize("cut", [1, 100, 137, 251])
def test_a_track_cut_anywhere_gives_the_same_answer_inside(cut: int) -> None:
    track = track_at(np.arange(500) / 30)
    whole = lifter()(track, CAMERA).xyz_m
    for rows in (slice(cut, None), slice(None, 500 - cut)):
        cut_off = lifter()(part(track, rows), CAMERA).xyz_m
        inside = slice(REACH, -REACH)
        apart = np.linalg.norm(cut_off - whole[rows], axis=-1)
        assert apart[inside].max() < 1e-5
        assert apart.mean() < INSIDE_M


def test_a_long_track_in_pieces_is_the_same_track() -> None:
    track = track_at(np.arange(2300) / 30)
    whole = lifter()(track, CAMERA).xyz_m
    start = lifter()(part(track, slice(1900, None)), CAMERA).xyz_m
    assert np.abs(whole[1900 + REACH :] - start[REACH:]).max() < 1e-5


def variable(rng: np.random.Generator) -> np.ndarray:
    return np.cumsum(rng.choice([1 / 60, 1 / 30, 1 / 24], 220))


@pytest.mark.parametrize(
    "times",
    [
        lambda: np.arange(240) / 24,
        lambda: np.arange(250) / 25 + 0.013,
        lambda: np.arange(600) / 60,
        lambda: np.arange(2400) / 240,
        lambda: variable(np.random.default_rng(0)),
    ],
    ids=["24", "25 shifted", "60", "240", "variable"],
)
def test_one_motion_at_any_frame_rate_gives_one_answer(times: Callable[[], np.ndarray]) -> None:
    time_s = times()
    reference_s = np.arange(320) / 30
    reference = lifter()(track_at(reference_s), CAMERA).xyz_m
    other = lifter()(track_at(time_s), CAMERA).xyz_m
    inside = (time_s > 0.7) & (time_s < min(time_s[-1], reference_s[-1]) - 0.7)
    expected = np.stack(
        [
            np.interp(time_s[inside], reference_s, column)
            for column in reference.reshape(len(reference_s), -1).T
        ],
        axis=-1,
    ).reshape(-1, 17, 3)
    apart = np.linalg.norm(other[inside] - expected, axis=-1)
    assert apart.mean() < INSIDE_M


def test_gaps_stay_gaps_and_do_not_move_what_is_far() -> None:
    track = track_at(np.arange(400) / 30)
    track.xy_px[150:190] = np.nan
    motion = lifter()(track, CAMERA)
    assert np.isnan(motion.xyz_m[150:190]).all()
    assert np.isfinite(motion.xyz_m[:150]).all() and np.isfinite(motion.xyz_m[190:]).all()
    assert (motion.confidence[150:190] == 0).all()


def test_a_short_gap_is_bridged_inside_but_stays_missing() -> None:
    time_s = np.arange(200) / 30
    track = track_at(time_s)
    whole = lifter()(track_at(time_s), CAMERA).xyz_m
    track.xy_px[100:102] = np.nan
    motion = lifter()(track, CAMERA).xyz_m
    assert np.isnan(motion[100:102]).all()
    assert np.nanmax(np.linalg.norm(motion - whole, axis=-1)) < 0.03


def test_a_joint_that_is_never_seen_is_still_answered() -> None:
    track = track_at(np.arange(60) / 30)
    track.xy_px[:, H36M17.index("left_wrist")] = np.nan
    assert np.isfinite(lifter()(track, CAMERA).xyz_m).all()


def test_where_in_the_picture_the_person_is_does_not_change_the_shape() -> None:
    """A turn of the camera turns the answer, and nothing else."""
    time_s = np.arange(60) / 30
    angle = np.radians(20)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    xyz = moving_person(time_s)
    ahead, aside = (
        lifter()(
            Track2D(0, time_s, project(CAMERA, part_xyz), np.ones((60, 17)), H36M17), CAMERA
        ).xyz_m
        for part_xyz in (xyz, xyz @ turn.T)
    )
    apart = np.linalg.norm(ahead @ turn.T - aside, axis=-1)
    assert apart.mean() < 0.02


def test_mirrored_averaging_leaves_its_input_alone_and_is_symmetric() -> None:
    time_s = np.arange(60) / 30
    xyz = moving_person(time_s)
    track = track_at(time_s)
    before = track.xy_px.copy()
    straight = lifter(mirror=True)(track, CAMERA).xyz_m
    assert np.array_equal(track.xy_px, before)
    reflected = (xyz * [-1, 1, 1])[:, list(H36M17.mirror)]
    other = Track2D(0, time_s, project(CAMERA, reflected), np.ones((60, 17)), H36M17)
    answer = lifter(mirror=True)(other, CAMERA).xyz_m
    assert np.allclose(answer, (straight * [-1, 1, 1])[:, list(H36M17.mirror)], atol=1e-5)


@pytest.mark.parametrize(("first", "last"), [(0, 47), (5, 52), (-30, 200), (7, 9)])
def test_windows_cover_a_run_and_stay_inside_it(first: int, last: int) -> None:
    starts = window_starts(first, last, 48, 24)
    covered = {frame for start in starts for frame in range(start, start + 48)}
    assert set(range(first, last + 1)) <= covered
    assert starts[0] == first
    if last - first + 1 > 48:
        assert starts[-1] == last - 47
        assert all(start % 24 == 0 for start in starts[1:-1])


def test_blending_what_all_windows_agree_on_changes_nothing() -> None:
    truth = np.random.default_rng(0).normal(size=(130, 17, 3))
    starts = window_starts(0, 129, 48, 24)
    assert np.allclose(blend(130, starts, 48, lambda at: truth[at], joints=17), truth)
