"""The whole pipeline on real videos: every frame answered, nobody invented."""

from pathlib import Path

import numpy as np

from monomocap.geometry.world import in_world
from monomocap.pipeline import estimate
from monomocap.types import MARKS, Take

EMPTY = ((0, 60), (198, 227), (450, 502), (697, 745), (867, 921), (1197, 1235), (1360, 1393))
"""Frames of one_by_one.mp4 in which nobody is to be seen, first and last."""


def test_a_walk_outdoors_has_a_time_and_a_pose_for_every_frame(data: Path) -> None:
    """One person walks past, another climbs down from a roof; somebody is in every frame."""
    take = estimate(data / "video" / "outdoor_walk.mp4")
    motion = take.motion()
    assert motion is not None
    assert len(take.time_s) == len(motion.xyz_m) == 230
    assert (np.diff(take.time_s) > 0).all()
    somebody = np.any([one.seen.any(axis=1) for one in take.motions], axis=0)
    assert somebody.mean() > 0.95 and motion.coverage > 0.7
    # Upright: y points down, so the head is above the pelvis and the ankles are below it.
    y = np.nanmedian(motion.xyz_m[..., 1], axis=0)
    skeleton = motion.skeleton
    assert y[skeleton.index("head")] < -0.3
    assert min(y[skeleton.index("left_ankle")], y[skeleton.index("right_ankle")]) > 0.5
    _stand_where_they_stand(take)


def _stand_where_they_stand(take: Take) -> None:
    """She walks on the floor; he stands on a roof about 2 m high, and the take says so."""
    for one in take.motions:
        if one.marks is None or not (stands := (one.marks & MARKS["standing"]) > 0).any():
            continue
        place_m = in_world(one, take.camera).xyz_m[..., 2][stands]
        on_roof = bool(np.median(place_m) > 1.0)
        off_m = np.abs(place_m - (np.median(place_m) if on_roof else 0.0))
        assert np.quantile(off_m, 0.9) < 0.3
        if on_roof:
            assert 1.4 < np.median(place_m) < 2.7
        told = [w for w in take.warnings if w.startswith(f"person {one.person} stands")]
        assert len(told) == on_roof
    assert take.report is not None
    levels = [p.level_m for p in take.report.people if p.level_m is not None]
    assert min(np.abs(levels)) < 0.15 and max(levels) > 1.4


def test_people_who_come_one_by_one_are_seen_and_nobody_between_them(data: Path) -> None:
    take = estimate(data / "video" / "one_by_one.mp4")
    empty = np.zeros(1394, bool)
    for first, last in EMPTY:
        empty[first : last + 1] = True
    assert len(take.time_s) == len(empty)
    seen = np.any([motion.seen.any(axis=1) for motion in take.motions], axis=0)
    assert 1 - seen[empty].mean() >= 0.95
    assert seen[~empty].mean() >= 0.93
