"""Motion capture from one file or from a folder of any layout, with bad files among them."""

import logging
from pathlib import Path

import numpy as np
import pytest

from monomocap.datasets.folder import read_folder, read_mocap
from monomocap.errors import DataError
from tests.mocap_checks import write_free17
from tests.mocap_files import (
    CMU_BONES,
    amc_text,
    asf_text,
    bvh_text,
    person,
    random_frames,
    random_values,
)

NAMES = {
    "root": "hip",
    "neck": "neck",
    "head": "head",
    **{
        f"{side}_{part}": side[0] + name
        for side in ("left", "right")
        for part, name in (
            ("hip", "Thigh"),
            ("knee", "Shin"),
            ("ankle", "Foot"),
            ("shoulder", "Shldr"),
            ("elbow", "ForeArm"),
            ("wrist", "Hand"),
        )
    },
}


def put_bvh(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    joints = person(NAMES)
    path.write_text(bvh_text(joints, random_values(joints, 3, seed=0, height=95)))
    return path


def put_amc(path: Path, frames: int = 3) -> Path:
    """A motion, and its skeleton beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(f"{path.stem.split('_')[0]}.asf").write_text(asf_text(CMU_BONES))
    path.write_text(amc_text(random_frames(CMU_BONES, frames, seed=0)))
    return path


def test_one_file_of_each_kind(tmp_path: Path) -> None:
    (bvh,) = read_mocap(put_bvh(tmp_path / "dance_3.bvh"))
    (amc,) = read_mocap(put_amc(tmp_path / "07_01.amc"))
    (free,) = read_mocap(write_free17(tmp_path / "free17.npz"))
    assert (bvh.name, bvh.source, bvh.subject) == ("dance_3", "bvh", "bvh_dance")
    assert (amc.name, amc.source, amc.subject) == ("07_01", "cmu", "cmu_07")
    assert (free.name, free.source, free.subject) == ("walk", "mine", "mine_1")


def test_endings_may_be_in_capitals(tmp_path: Path) -> None:
    put_amc(tmp_path / "07_01.amc").rename(tmp_path / "07_01.AMC")
    (tmp_path / "07.asf").rename(tmp_path / "07.ASF")
    put_bvh(tmp_path / "a.bvh").rename(tmp_path / "a.BVH")
    assert [clip.name for clip in read_mocap(tmp_path)] == ["07_01", "a"]


def test_cmus_own_layout_and_a_flat_folder_give_the_same(tmp_path: Path) -> None:
    for name in ("02_01", "02_02", "131_01"):
        put_amc(tmp_path / "tree" / "subjects" / name.split("_")[0] / f"{name}.amc")
        put_amc(tmp_path / "flat" / f"{name}.amc")
    tree, flat = read_mocap(tmp_path / "tree"), read_mocap(tmp_path / "flat")
    assert sorted(c.name for c in tree) == sorted(c.name for c in flat)
    assert {c.subject for c in tree} == {"cmu_02", "cmu_131"}
    by_name = {clip.name: clip.motion.xyz_m for clip in flat}
    for clip in tree:
        np.testing.assert_array_equal(clip.motion.xyz_m, by_name[clip.name])


def test_the_order_is_that_of_the_names(tmp_path: Path) -> None:
    for name in ("b/z.bvh", "a/y.bvh", "c.bvh", "b/x.bvh"):
        put_bvh(tmp_path / name)
    assert [clip.name for clip in read_mocap(tmp_path)] == ["y", "x", "z", "c"]


def test_bad_files_are_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put_bvh(tmp_path / "good.bvh")
    put_amc(tmp_path / "07" / "07_01.amc")
    (tmp_path / "cut.bvh").write_text(put_bvh(tmp_path / "cut.bvh").read_text()[:300])
    (tmp_path / "empty.bvh").write_text("")
    (tmp_path / "._good.bvh").write_bytes(b"\0\5\26\7")
    (tmp_path / "alone_01.amc").write_text("1\n")
    (tmp_path / "other.npz").write_bytes(b"no archive")
    (tmp_path / "notes.txt").write_text("not looked at")
    found = read_folder(tmp_path)
    assert [clip.name for clip in found.clips] == ["07_01", "good"]
    told = {skipped.path.name: skipped.reason for skipped in found.skipped}
    assert set(told) == {"cut.bvh", "empty.bvh", "._good.bvh", "alone_01.amc", "other.npz"}
    assert all(name in reason and "\n" not in reason for name, reason in told.items())
    assert ", line " in told["cut.bvh"]
    assert "alone.asf" in told["alone_01.amc"]
    with caplog.at_level(logging.WARNING):
        assert len(read_mocap(tmp_path)) == 2
    assert len(caplog.records) == 5


def test_a_bad_skeleton_costs_only_its_own_motions(tmp_path: Path) -> None:
    put_amc(tmp_path / "01" / "01_01.amc")
    put_amc(tmp_path / "02" / "02_01.amc")
    (tmp_path / "01" / "01.asf").write_text("nothing")
    found = read_folder(tmp_path)
    assert [clip.name for clip in found.clips] == ["02_01"]
    assert [skipped.path.name for skipped in found.skipped] == ["01_01.amc"]
    assert "01.asf, line 1" in found.skipped[0].reason


def test_a_recording_that_lies_there_twice_is_read_once(tmp_path: Path) -> None:
    """The original is kept, not its conversion; files of one's own may share a name."""
    put_bvh(tmp_path / "a" / "07_01.bvh")
    put_amc(tmp_path / "z" / "07_01.amc", frames=5)
    put_bvh(tmp_path / "me" / "walk.bvh")
    put_bvh(tmp_path / "you" / "walk.bvh")
    found = read_folder(tmp_path)
    assert [clip.name for clip in found.clips] == ["07_01", "walk", "walk"]
    assert len(found.clips[0].motion.time_s) == 3  # 5 frames at 120 per second, every second one
    assert [skipped.path for skipped in found.skipped] == [tmp_path / "a" / "07_01.bvh"]


def test_a_conversion_is_read_where_the_original_is_damaged(tmp_path: Path) -> None:
    put_bvh(tmp_path / "07_01.bvh")
    put_amc(tmp_path / "07_01.amc").write_text("damaged")
    assert [clip.name for clip in read_mocap(tmp_path)] == ["07_01"]


def test_progress_counts_every_file(tmp_path: Path) -> None:
    put_bvh(tmp_path / "a.bvh")
    (tmp_path / "b.bvh").write_text("bad")
    told: list[tuple[int, int]] = []
    read_folder(tmp_path, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file or folder"):
        read_mocap(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"holds no motion capture \(\.amc, \.bvh, \.npz\)$"):
        read_mocap(tmp_path)
    (tmp_path / "b.bvh").write_text("bad")
    with pytest.raises(DataError, match=r"holds no motion capture .*b\.bvh, line 1"):
        read_mocap(tmp_path)
    (tmp_path / "c3d.c3d").write_text("bad")
    with pytest.raises(DataError, match="c3d is no motion capture that is read here"):
        read_mocap(tmp_path / "c3d.c3d")


def test_the_samples_beside_the_repository(data: Path) -> None:
    found = read_folder(data / "mocap/raw_samples")
    assert [(clip.name, clip.subject) for clip in found.clips] == [
        ("02_01", "cmu_02"),
        ("49_01", "cmu_49"),
        ("Female1_C18_RunChangeDirection", "accad_Female1"),
        ("cmu_daz_salsa", "bvh_cmu"),
    ]
    assert not found.skipped
