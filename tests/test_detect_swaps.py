"""Left and right put back: what was exchanged is found, and what was right is left alone."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from monomocap.datasets.mocap import read_free17
from monomocap.datasets.synthetic import Viewpoints, cameras_from_world, to_camera
from monomocap.detect.swaps import put_back
from monomocap.geometry.camera import project
from monomocap.render.motions import jumping_jack, squat, walk
from monomocap.skeleton import BLAZEPOSE33, H36M17
from monomocap.types import Camera, Motion3D, Track2D

CAMERA = Camera.from_fov(1000, 1000, 60.0)
LIMBS = np.array([H36M17.side(joint) != "middle" for joint in range(len(H36M17))])


def seen_from(motion: Motion3D, seed: int, noise_px: float = 2.0) -> Track2D:
    """A motion as a jittery detector sees it, from somewhere."""
    rng = np.random.default_rng(seed)
    world = motion.xyz_m[None].astype(np.float64)
    xyz = to_camera(world, *cameras_from_world(world[:, :, 0], Viewpoints(), rng))[0]
    xy_px = project(CAMERA, xyz) + rng.normal(0, noise_px, (*xyz.shape[:2], 2))
    return Track2D(0, motion.time_s, xy_px, np.ones(xyz.shape[:2]), H36M17)


def exchanged(track: Track2D, frames: slice) -> tuple[Track2D, np.ndarray]:
    """The track with left and right limbs exchanged for a while, and where."""
    where = np.zeros(track.score.shape, dtype=bool)
    where[frames] = LIMBS
    turned = track.xy_px[:, list(H36M17.mirror)]
    return replace(track, xy_px=np.where(where[..., None], turned, track.xy_px)), where


@pytest.mark.parametrize("act", [walk, squat, jumping_jack])
@pytest.mark.parametrize("seed", range(6))
def test_a_right_track_is_left_alone(act: Callable[..., Motion3D], seed: int) -> None:
    track = seen_from(act(4.0, 30.0), seed)
    repaired = put_back(track)
    assert not repaired.swapped.any()
    assert repaired.track is track


def tally(act: Callable[..., Motion3D], length: int) -> np.ndarray:
    """Exchanged joints found, of how many; frames made wrong, of how many. Six viewpoints.

    Where left and right lie within 40 px of each other, an exchange does not matter.
    """
    counts = np.zeros(4, dtype=int)
    for seed in range(6):
        right = seen_from(act(4.0, 30.0), seed)
        track, where = exchanged(right, slice(40, 40 + length))
        matters = np.linalg.norm(track.xy_px - right.xy_px, axis=-1) > 40
        repaired = put_back(track)
        off = np.linalg.norm(repaired.track.xy_px - right.xy_px, axis=-1) > 40
        found, wrong = repaired.swapped & where & matters, (off & ~where).any(axis=1)
        counts += [found.sum(), (where & matters).sum(), wrong.sum(), len(wrong)]
    return counts


@pytest.mark.parametrize("act", [walk, squat, jumping_jack])
@pytest.mark.parametrize("length", [1, 3, 10, 30])
def test_a_whole_body_that_was_exchanged_is_put_back(
    act: Callable[..., Motion3D], length: int
) -> None:
    found, of_them, wrong, frames = tally(act, length)
    assert found >= 0.95 * of_them
    assert wrong < 0.03 * frames  # arms that lie on each other in the picture prove nothing


PARTS = {"legs": ("hip", "knee", "ankle"), "arms": ("shoulder", "elbow", "wrist")}


def limb_tally(part: str, length: int) -> np.ndarray:
    """Frames put back, of how many; frames made wrong; frames with a false alarm; frames in all.

    A frame counts where a joint is off by more than 40 px. Three motions from six viewpoints.
    """
    limbs = np.array([any(word in name for word in PARTS[part]) for name in H36M17.joints])
    counts = np.zeros(5, dtype=int)
    acts: list[Callable[..., Motion3D]] = [walk, squat, jumping_jack]
    for act, seed in product(acts, range(6)):
        right = seen_from(act(4.0, 30.0), seed)
        where = np.zeros((len(right.time_s), 1), dtype=bool)
        where[35 + 3 * seed : 35 + 3 * seed + length] = True
        mirrored = right.xy_px[:, list(H36M17.mirror)]
        wrong = replace(right, xy_px=np.where((where & limbs)[..., None], mirrored, right.xy_px))
        repaired = put_back(wrong)
        before, after = (
            np.linalg.norm(track.xy_px - right.xy_px, axis=-1).max(axis=1) > 40
            for track in (wrong, repaired.track)
        )
        alarm = repaired.swapped.any(axis=1) & ~where[:, 0]
        put = (before & ~after).sum()
        counts += [put, before.sum(), (after & ~before).sum(), alarm.sum(), len(where)]
    return counts


@pytest.mark.parametrize("part", PARTS)
def test_legs_or_arms_that_were_exchanged_are_put_back(part: str) -> None:
    counts = [limb_tally(part, length) for length in (1, 3, 10, 20, 30)]
    put, of_them, wrong, alarms, frames = np.sum(counts, axis=0)
    assert put >= 0.95 * of_them
    assert wrong < 0.01 * frames
    assert alarms < 0.01 * frames


def test_real_motion_hardly_ever_raises_a_false_alarm(data: Path) -> None:
    """Captured people at 30 frames per second, dancing and fighting ones too: under 1 %."""
    clips = [c for c in read_free17(data / "mocap" / "free17.npz") if c.source == "cmu"]
    alarms, frames = 0, 0
    for number, clip in enumerate(clips[::4]):
        every = 2 if np.diff(clip.motion.time_s[:2])[0] < 0.02 else 1
        motion = replace(
            clip.motion,
            time_s=clip.motion.time_s[::every],
            xyz_m=clip.motion.xyz_m[::every],
            confidence=clip.motion.confidence[::every],
        )
        swapped = put_back(seen_from(motion, number)).swapped
        alarms, frames = alarms + int(swapped.any(axis=1).sum()), frames + len(swapped)
    assert frames > 5000
    assert alarms < 0.01 * frames


def test_gaps_and_short_tracks_are_no_trouble() -> None:
    track = seen_from(walk(3.0, 30.0), 0)
    track.xy_px[30:60] = np.nan
    assert not put_back(track).swapped.any()
    for frames in (0, 1, 2):
        few = Track2D(0, track.time_s[:frames], track.xy_px[:frames], track.score[:frames], H36M17)
        assert put_back(few).swapped.shape == (frames, 17)


def test_hands_and_feet_go_with_their_limbs_and_the_face_stays() -> None:
    rng = np.random.default_rng(0)
    still = np.tile(rng.normal(500, 200, (1, 33, 2)), (40, 1, 1))
    turned = still.copy()
    turned[15:25] = still[15:25][:, list(BLAZEPOSE33.mirror)]
    track = Track2D(0, np.arange(40) / 30, turned, np.ones((40, 33)), BLAZEPOSE33)
    repaired = put_back(track)
    limbs = [BLAZEPOSE33.index(f"left_{part}") for part in ("knee", "foot_index", "index", "wrist")]
    assert repaired.swapped[15:25][:, limbs].all()
    assert not repaired.swapped[:, BLAZEPOSE33.index("left_eye")].any()
    assert np.array_equal(repaired.track.xy_px[:, limbs], still[:, limbs])


def test_the_side_of_most_frames_is_believed() -> None:
    right = seen_from(squat(4.0, 30.0), 1)
    track, where = exchanged(right, slice(0, 20))
    assert np.array_equal(put_back(track).swapped, where)
