"""The two lifters without a network of their own."""

import numpy as np
import pytest

from monomocap.errors import OptionError, UnknownName
from monomocap.geometry.camera import project
from monomocap.lift.catalogue import LIFTERS, load_lifter
from monomocap.lift.flat import TORSO_M
from monomocap.lift.pieces import PIECE_FRAMES, pieces
from monomocap.lift.protocol import Lifter
from monomocap.skeleton import BLAZEPOSE33, COCO17, H36M17, LIMB_JOINTS, Skeleton
from monomocap.types import Camera, Track2D

CAMERA = Camera.from_fov(640, 480, 50.0)


def track(
    frames: int = 7,
    skeleton: Skeleton = BLAZEPOSE33,
    *,
    gaps: tuple[int, ...] = (),
    world: bool = True,
) -> Track2D:
    """Random joints, the same for the same arguments."""
    rng = np.random.default_rng(3)
    xy = rng.uniform(100, 400, (frames, len(skeleton), 2)).astype(np.float32)
    metres = rng.normal(0, 0.5, (frames, len(skeleton), 3)).astype(np.float32)
    score = rng.uniform(0.5, 1, (frames, len(skeleton))).astype(np.float32)
    xy[list(gaps)], metres[list(gaps)], score[list(gaps)] = np.nan, np.nan, 0
    return Track2D(4, np.arange(frames) / 30, xy, score, skeleton, metres if world else None)


@pytest.fixture(params=sorted({"flat", "mediapipe"} & set(LIFTERS)))
def lifter(request: pytest.FixtureRequest) -> Lifter:
    return load_lifter(request.param)


@pytest.mark.parametrize("frames", [0, 1, 5, PIECE_FRAMES - 1, PIECE_FRAMES, PIECE_FRAMES + 1])
def test_one_pose_per_frame_and_gaps_stay_gaps(lifter: Lifter, frames: int) -> None:
    gaps = tuple(i for i in (0, 3, 255) if i < frames)
    motion = lifter(track(frames, gaps=gaps), CAMERA)
    want = np.ones(frames, bool)
    want[list(gaps)] = False
    np.testing.assert_array_equal(motion.seen.all(axis=1), want)
    np.testing.assert_array_equal(motion.seen.any(axis=1), want)
    np.testing.assert_array_equal((motion.confidence > 0).all(axis=1), want)
    assert (motion.person, motion.frame, motion.lifter) == (4, "root", lifter.name)
    assert motion.skeleton is lifter.skeleton is H36M17
    assert not motion.xyz_m[want, 0].any()


def test_the_track_is_left_as_it_was(lifter: Lifter) -> None:
    given = track(gaps=(2,))
    before = [given.xy_px.copy(), given.score.copy(), np.array(given.world_m)]
    lifter(given, CAMERA)
    for was, now in zip(before, (given.xy_px, given.score, np.array(given.world_m)), strict=True):
        np.testing.assert_array_equal(was, now)


def test_mediapipes_limbs_are_its_world_landmarks_from_the_mid_hip() -> None:
    given = track()
    assert given.world_m is not None
    hips = [BLAZEPOSE33.index("left_hip"), BLAZEPOSE33.index("right_hip")]
    from_hips = given.world_m - given.world_m[:, hips].mean(axis=1, keepdims=True)
    motion = load_lifter("mediapipe")(given, CAMERA)
    for joint in LIMB_JOINTS:
        np.testing.assert_allclose(
            motion.xyz_m[:, H36M17.index(joint)],
            from_hips[:, BLAZEPOSE33.index(joint)],
            atol=1e-6,
        )
        np.testing.assert_array_equal(
            motion.confidence[:, H36M17.index(joint)], given.score[:, BLAZEPOSE33.index(joint)]
        )


def test_mediapipes_3d_cannot_be_had_from_another_detector() -> None:
    with pytest.raises(OptionError, match="coco17 track has none; choose another lifter") as error:
        load_lifter("mediapipe")(track(skeleton=COCO17, world=False), CAMERA)
    assert "\n" not in str(error.value)


def test_flat_is_the_picture_at_one_distance() -> None:
    given = track()
    motion = load_lifter("flat")(given, CAMERA)
    assert not motion.xyz_m[..., 2].any()
    torso_m = np.linalg.norm(motion.xyz_m[:, H36M17.index("thorax")], axis=-1)
    assert np.median(torso_m) == pytest.approx(TORSO_M, rel=1e-5)
    wrist, pelvis = H36M17.index("left_wrist"), H36M17.index("pelvis")
    drawn = given.xy_px[:, [BLAZEPOSE33.index("left_wrist")]]
    hips = given.xy_px[:, [BLAZEPOSE33.index(f"{side}_hip") for side in ("left", "right")]]
    in_picture = (drawn - hips.mean(axis=1, keepdims=True))[:, 0]
    in_metres = (motion.xyz_m[:, wrist] - motion.xyz_m[:, pelvis])[:, :2]
    np.testing.assert_allclose(in_metres / in_picture, in_metres[0, 0] / in_picture[0, 0], 1e-3)


def test_flat_finds_an_adult_who_faces_the_camera_at_any_distance_and_lens() -> None:
    rng = np.random.default_rng(5)
    true_m = np.concatenate([rng.uniform(-0.8, 0.8, (1, 17, 2)), np.zeros((1, 17, 1))], axis=-1)
    true_m[0, [H36M17.index("left_hip"), H36M17.index("right_hip")], :2] = [0.1, 0], [-0.1, 0]
    true_m[0, [H36M17.index(f"{s}_shoulder") for s in ("left", "right")], :2] = (
        [0.2, -TORSO_M],
        [-0.2, -TORSO_M],
    )
    true_m[0, H36M17.index("pelvis")] = 0
    true_m[0, H36M17.index("thorax"), :2] = 0, -TORSO_M
    for fov_deg, away_m in ((30.0, 6.0), (60.0, 3.0), (100.0, 2.0)):
        camera = Camera.from_fov(1280, 720, fov_deg)
        xy_px = project(camera, true_m + [0.3, 0.2, away_m])
        seen = Track2D(0, np.zeros(1), xy_px, np.ones((1, 17)), H36M17)
        np.testing.assert_allclose(load_lifter("flat")(seen, camera).xyz_m, true_m, atol=1e-5)


def test_no_hips_no_pose_but_no_error() -> None:
    given = track(world=False)
    given.xy_px[:, BLAZEPOSE33.index("left_hip")] = np.nan
    motion = load_lifter("flat")(given, CAMERA)
    assert not motion.seen.any()
    assert not motion.confidence.any()


def test_an_unknown_lifter_meets_the_list_of_choices() -> None:
    with pytest.raises(UnknownName, match="no lifter is called 'flatt'.*flat, .*mediapipe"):
        load_lifter("flatt")


def test_pieces_cover_everything_once() -> None:
    for frames in (0, 1, 9, 10, 11, 30):
        assert [i for p in pieces(frames, 10) for i in range(frames)[p]] == list(range(frames))
