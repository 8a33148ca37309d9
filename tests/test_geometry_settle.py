"""People on a floor: where they went, which way is up, and feet that stand."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from monomocap.datasets.synthetic import camera_rotation
from monomocap.geometry.camera import project, to_camera
from monomocap.geometry.ground import Walker, find_ground
from monomocap.geometry.settle import Person, Settled, settle
from monomocap.geometry.world import in_world
from monomocap.lift.catalogue import load_lifter
from monomocap.lift.protocol import Lifter
from monomocap.options import Options
from monomocap.render.motions import jumping_jack, squat, walk
from monomocap.skeleton import H36M17
from monomocap.types import MARKS, Camera, Motion3D, Track2D

FEET = [3, 6]


def camera(away_m: float, height_m: float, pitch: float, roll: float) -> Camera:
    """A phone held upright that looks at the world's origin from so far, so high."""
    turn = camera_rotation(np.array([0.0]), np.array([pitch]), np.array([roll]))[0]
    shift = -turn @ np.array([-away_m, 0.0, height_m])
    a, b, c = (
        (float(p), float(q), float(r), float(s))
        for p, q, r, s in np.concatenate([turn, shift[:, None]], axis=1)
    )
    return replace(Camera.from_fov(1080, 1920, 60.0), camera_from_world=(a, b, c))


@cache
def lifter() -> Lifter:
    return load_lifter("hdformer")


def person(
    motion: Motion3D, lens: Camera, lifted: bool, number: int = 0, noise_px: float = 2.0
) -> Person:
    """Somebody filmed by this camera, seen with noise; lifted by our lifter, or without error."""
    xyz_m = to_camera(lens, motion.xyz_m)
    noise = np.random.default_rng(number).normal(0, noise_px, (*xyz_m.shape[:2], 2))
    sure = np.ones(xyz_m.shape[:2])
    track = Track2D(number, motion.time_s, project(lens, xyz_m) + noise, sure, H36M17)
    pose = Motion3D(number, motion.time_s, xyz_m - xyz_m[:, :1], sure, H36M17)
    if lifted:
        pose = lifter()(track, replace(lens, camera_from_world=None))
    untouched = np.zeros(sure.shape, bool)
    return Person(track, pose, untouched, untouched)


def settled(
    people: list[Person], lens: Camera, *, height_m: float | None = None, fill_s: float = 0.25
) -> Settled:
    options = Options(height_m=height_m, fill_s=fill_s)
    return settle(people, replace(lens, camera_from_world=None), options)


def root_error(found: Settled, motion: Motion3D, lens: Camera, number: int = 0) -> float:
    """Mean over frames of the pelvis's error as a share of its distance."""
    truth_m = to_camera(lens, motion.xyz_m[:, 0])
    root_m = found.motions[number].root_m
    assert root_m is not None
    off = np.linalg.norm(root_m - truth_m, axis=1) / np.linalg.norm(truth_m, axis=1)
    return float(off.mean())


def tilt_deg(found: Settled, lens: Camera) -> float:
    assert found.ground is not None and lens.camera_from_world is not None
    return float(np.degrees(np.arccos(found.ground.up @ np.array(lens.camera_from_world)[:, 2])))


def slide_mm(found: Settled, motion: Motion3D, lens: Camera) -> float:
    """Per frame, over the floor, of ankles that really stand."""
    made = in_world(found.motions[0], found.camera).xyz_m[:, FEET]
    speed = np.linalg.norm(np.gradient(motion.xyz_m[:, FEET], motion.time_s, axis=0), axis=-1)
    stands = (speed[1:] < 0.15) & (speed[:-1] < 0.15)
    return 1000 * float(np.linalg.norm(np.diff(made, axis=0)[..., :2], axis=-1)[stands].mean())


CAMERAS = {
    "chest": camera(8.0, 1.4, 0.10, 0.0),
    "high": camera(8.0, 2.5, 0.30, 0.05),
    "low": camera(8.0, 0.8, -0.05, -0.05),
}


def towards(height_m: float) -> Motion3D:
    """Five metres towards the camera."""
    return walk(5.0, 30.0, turn_rad_s=0.0, heading=np.pi, height_m=height_m)


@pytest.mark.parametrize(("where", "height_m"), [("chest", 1.62), ("high", 1.80), ("low", 1.75)])
def test_five_metres_towards_the_camera(where: str, height_m: float) -> None:
    lens, motion = CAMERAS[where], towards(height_m)
    went_m = float(np.linalg.norm(motion.xyz_m[-1, 0] - motion.xyz_m[0, 0]))
    assert went_m == pytest.approx(5.0, abs=0.1)
    somebody = person(motion, lens, lifted=True)
    given = settled([somebody], lens, height_m=height_m)
    unknown = settled([somebody], lens)
    assert root_error(given, motion, lens) < 0.05
    assert root_error(unknown, motion, lens) < 0.10
    for found in (given, unknown):
        assert tilt_deg(found, lens) < 3.0
        assert slide_mm(found, motion, lens) < 5.0
        path_m = found.people[0].path_m
        assert path_m == pytest.approx(went_m, rel=0.10)
    off = abs(unknown.people[0].height_m - height_m) / height_m  # type: ignore[operator]
    assert off < 2 * unknown.people[0].height_error  # type: ignore[operator]


@pytest.mark.parametrize("act", [walk, squat])
@pytest.mark.parametrize("where", CAMERAS)
def test_true_poses_stand_on_the_true_floor(act: Callable[..., Motion3D], where: str) -> None:
    lens, motion = CAMERAS[where], act(4.0, 30.0, height_m=1.7)
    found = settled([person(motion, lens, lifted=False)], lens, height_m=1.7)
    world = in_world(found.motions[0], found.camera)
    assert tilt_deg(found, lens) < 3.0
    assert root_error(found, motion, lens) < 0.01
    assert slide_mm(found, motion, lens) < 1.0
    height_m = np.percentile(world.xyz_m[:, FEET, 2], 10)
    assert height_m == pytest.approx(0.039 * 1.7, abs=0.05)
    assert 0.9 < np.median(world.xyz_m[:, 0, 2]) / np.median(motion.xyz_m[:, 0, 2]) < 1.1


def test_a_camera_tilted_sideways_is_seen_from_one_who_stays() -> None:
    lens, motion = camera(8.0, 1.4, 0.10, 0.20), squat(4.0, 30.0)
    found = settled([person(motion, lens, lifted=False)], lens)
    assert tilt_deg(found, lens) < 3.0


def test_depths_that_tremble_on_one_spot_make_no_slope() -> None:
    """And the way up is said to be no surer than the body's own uprightness tells."""
    lens, motion = CAMERAS["high"], jumping_jack(5.0, 30.0)
    xyz_m = to_camera(lens, motion.xyz_m)
    speed = np.linalg.norm(np.gradient(motion.xyz_m, motion.time_s, axis=0), axis=-1)
    planted = (speed < 0.15) & np.isin(np.arange(17), FEET)
    nearer = 1 + 0.012 * np.sin(1.7 * motion.time_s)
    walker = Walker(xyz_m * nearer[:, None, None], planted, H36M17)
    found = find_ground([walker])
    assert found is not None and found.stands >= 6 and lens.camera_from_world is not None
    off_deg = np.degrees(np.arccos(found.up @ np.array(lens.camera_from_world)[:, 2]))
    assert off_deg < 3.0
    assert 4.0 < found.tilt_error_deg < 6.0


def test_two_people_share_one_floor() -> None:
    lens = CAMERAS["chest"]
    near, far = walk(3.0, 30.0, height_m=1.69), walk(3.0, 30.0, seed=4, height_m=1.69)
    far = replace(far, xyz_m=far.xyz_m + np.array([3.0, 1.0, 0.0]), person=1)
    people = [person(near, lens, lifted=False), person(far, lens, lifted=False, number=1)]
    found = settled(people, lens)
    one, other = (in_world(motion, found.camera).xyz_m for motion in found.motions)
    apart = np.linalg.norm(one[:, 0] - other[:, 0], axis=-1)
    truth = np.linalg.norm(near.xyz_m[:, 0] - far.xyz_m[:, 0], axis=-1)
    np.testing.assert_allclose(apart, truth, atol=0.25)
    assert abs(np.percentile(one[:, FEET, 2], 10) - np.percentile(other[:, FEET, 2], 10)) < 0.1


def passing(height_m: float, away_m: float, number: int) -> Motion3D:
    """Somebody who walks across the picture, so far from a camera at x = -8."""
    heading = np.pi / 2 if number == 0 else -np.pi / 2
    motion = walk(3.0, 30.0, turn_rad_s=0.0, heading=heading, height_m=height_m, seed=4 * number)
    middle = motion.xyz_m[:, 0].mean(axis=0) * [1, 1, 0]
    moved = motion.xyz_m - middle + np.array([away_m - 8.0, 1.0 * number, 0.0])
    return replace(motion, xyz_m=moved, person=number)


def near_and_far(lens: Camera, heights_m: tuple[float, float]) -> Settled:
    """Two people 4 and 12 m away whose heights nobody told."""
    near, far = passing(heights_m[0], 4.0, 0), passing(heights_m[1], 12.0, 1)
    return settled([person(near, lens, False), person(far, lens, False, 1)], lens)


def feet_m(found: Settled, number: int) -> float:
    """How high the ankles are in the world while they stand."""
    motion = found.motions[number]
    assert motion.marks is not None
    stands = (motion.marks[:, FEET] & MARKS["standing"]) > 0
    return float(np.median(in_world(motion, found.camera).xyz_m[:, FEET, 2][stands]))


@pytest.mark.parametrize("heights_m", [(1.60, 1.85), (1.85, 1.55), (1.69, 1.69)])
@pytest.mark.parametrize("height_m", [1.4, 2.5, 4.0])
def test_near_and_far_share_one_level_floor(
    height_m: float, heights_m: tuple[float, float]
) -> None:
    """A camera that looks down by 10 degrees; both are taken for 1.69 m tall at first."""
    lens = camera(8.0, height_m, float(np.radians(10.0)), 0.0)
    found = near_and_far(lens, heights_m)
    assert tilt_deg(found, lens) < 3.0
    assert found.ground is not None
    assert found.ground.camera_height_m == pytest.approx(height_m, rel=0.2)
    for number, report in enumerate(found.people):
        assert abs(feet_m(found, number) - 0.065) < 0.06
        assert report.level_m == pytest.approx(0.0, abs=0.06)


def test_people_on_one_floor_tell_who_of_them_is_taller() -> None:
    high = camera(8.0, 4.0, float(np.radians(10.0)), 0.0)
    found = near_and_far(high, (1.60, 1.85))
    assert found.ground is not None
    smaller, taller = found.ground.sizes
    assert 0.88 < smaller < 0.99 and 1.01 < taller < 1.12
    assert found.people[0].height_m == pytest.approx(smaller * 1.69)
    one = settled([person(passing(1.60, 4.0, 0), high, False)], high)
    assert one.ground is not None and one.ground.sizes == pytest.approx((1.0,), abs=0.003)


def test_short_gaps_are_filled_and_marked_and_long_ones_stay() -> None:
    lens, motion = CAMERAS["chest"], walk(4.0, 30.0)
    somebody = person(motion, lens, lifted=False)
    for gone in (slice(20, 25), slice(60, 80)):
        somebody.motion.xyz_m[gone] = np.nan
        somebody.motion.confidence[gone] = 0.0
        somebody.track.xy_px[gone] = np.nan
    made = settled([somebody], lens, fill_s=0.25, height_m=1.75).motions[0]
    missing = np.flatnonzero(~made.seen.any(axis=1))
    assert missing.tolist() == list(range(60, 80))
    assert made.marks is not None and made.root_m is not None
    filled = (made.marks & MARKS["interpolated"]).astype(bool)
    assert np.flatnonzero(filled.any(axis=1)).tolist() == list(range(20, 25))
    truth = to_camera(lens, motion.xyz_m)
    off = np.linalg.norm((made.xyz_m + made.root_m[:, None] - truth)[20:25], axis=-1)
    assert off.mean() < 0.06
    assert (made.confidence[20:25] <= 0.5).all() and (made.confidence[20:25] > 0).all()
    assert not settled([somebody], lens, fill_s=0.0).motions[0].seen[20:25].any()


def test_joints_outside_of_the_picture_are_marked_and_not_as_sure() -> None:
    lens, motion = CAMERAS["chest"], walk(2.0, 30.0)
    somebody = person(motion, lens, lifted=False)
    y_px = somebody.track.xy_px[..., 1]
    cut_px = int(np.median(y_px[:, [H36M17.index(f"{side}_knee") for side in ("left", "right")]]))
    cut = replace(lens, height_px=cut_px)
    beyond = y_px - (cut_px - 1) > 0.03 * lens.width_px
    whole = settled([somebody], lens).motions[0]
    part = settled([somebody], cut).motions[0]
    assert 0.02 < beyond.mean() < 0.5
    assert part.marks is not None and whole.marks is not None
    np.testing.assert_array_equal((part.marks & MARKS["outside"]).astype(bool), beyond)
    assert not (whole.marks & MARKS["outside"]).any()
    np.testing.assert_allclose(part.confidence[beyond], whole.confidence[beyond] / 4, rtol=1e-5)
    np.testing.assert_array_equal(part.confidence[~beyond], whole.confidence[~beyond])
    np.testing.assert_array_equal(part.xyz_m, whole.xyz_m)


def test_standing_feet_are_marked() -> None:
    lens, motion = CAMERAS["chest"], squat(3.0, 30.0)
    made = settled([person(motion, lens, lifted=False)], lens).motions[0]
    assert made.marks is not None
    stands = (made.marks & MARKS["standing"]).astype(bool)
    assert stands[:, FEET].mean() > 0.9
    assert not stands[:, [j for j in range(17) if j not in FEET]].any()


def test_a_camera_that_knows_its_place_keeps_it_and_rights_who_leans() -> None:
    lens, motion = CAMERAS["high"], walk(4.0, 30.0)
    true = person(motion, lens, lifted=False)
    lean = np.radians(10.0)
    turn = np.array([[1, 0, 0], [0, np.cos(lean), -np.sin(lean)], [0, np.sin(lean), np.cos(lean)]])
    leaning = replace(true, motion=replace(true.motion, xyz_m=true.motion.xyz_m @ turn.T))
    words = Options(height_m=1.75)
    known = settle([leaning], lens, words)
    unknown = settle([leaning], replace(lens, camera_from_world=None), words)
    assert known.camera == lens and known.ground is None
    errors = [
        float(np.linalg.norm(found.motions[0].xyz_m - true.motion.xyz_m, axis=-1).mean())
        for found in (known, unknown)
    ]
    assert errors[0] < 0.7 * errors[1]


def test_nobody_and_hardly_anybody_is_no_trouble() -> None:
    lens = replace(CAMERAS["chest"], camera_from_world=None)
    nobody = settle([], lens, Options())
    assert nobody.camera == lens and nobody.motions == () and nobody.ground is None
    whole = person(walk(1.0, 30.0), CAMERAS["chest"], lifted=False)
    for frames in (0, 1, 2, 3):
        few = replace(
            whole,
            track=_first(whole.track, frames),
            motion=_first(whole.motion, frames),
            exchanged=whole.exchanged[:frames],
            outlier=whole.outlier[:frames],
        )
        made = settle([few], lens, Options()).motions[0]
        assert made.seen.all() and made.xyz_m.shape == (frames, 17, 3)
    unseen = replace(
        whole,
        motion=replace(whole.motion, xyz_m=np.full_like(whole.motion.xyz_m, np.nan)),
        track=replace(whole.track, xy_px=np.full_like(whole.track.xy_px, np.nan)),
    )
    found = settle([unseen], lens, Options())
    assert not found.motions[0].seen.any()
    assert found.people[0].distance_m is None and found.people[0].jitter_mm is None


def _first(part, frames: int):  # type: ignore[no-untyped-def]
    arrays = {n: v[:frames] for n, v in vars(part).items() if isinstance(v, np.ndarray)}
    return replace(part, **arrays)


def test_a_long_motion_in_pieces_is_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    lens = CAMERAS["chest"]
    somebody = person(walk(12.0, 15.0), lens, lifted=False)
    whole = settled([somebody], lens).motions[0]
    monkeypatch.setattr("monomocap.geometry.place.PIECE_FRAMES", 100)
    pieces = settled([somebody], lens).motions[0]
    assert whole.root_m is not None and pieces.root_m is not None
    off = np.linalg.norm(whole.root_m - pieces.root_m, axis=-1)
    assert off.max() < 0.02
    np.testing.assert_allclose(whole.xyz_m, pieces.xyz_m, atol=0.03)


def test_who_stands_on_a_roof_stands_over_the_floor() -> None:
    """The floor is under the lowest, however many stand higher up."""
    lens = CAMERAS["chest"]
    low = walk(3.0, 30.0, height_m=1.69)
    high = walk(3.0, 30.0, seed=4, height_m=1.69)
    high = replace(high, xyz_m=high.xyz_m + np.array([2.0, 1.5, 1.7]), person=1)
    people = [person(low, lens, lifted=False), person(high, lens, lifted=False, number=1)]
    found = settled(people, lens)
    feet_m = [
        np.percentile(in_world(motion, found.camera).xyz_m[:, FEET, 2], 10)
        for motion in found.motions
    ]
    np.testing.assert_allclose(feet_m, [0.07, 1.77], atol=0.15)
