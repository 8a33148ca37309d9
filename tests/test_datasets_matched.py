"""Noise measured on a detector: what is measured of it again is what was put in."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.noise_statistics import Pairs, calibrated, exchanged, measure, table
from monomocap.datasets.matched import (
    JointNoise,
    MatchedNoise,
    detect_matched,
    misplaced,
    read_noise,
    shipped_noise,
)
from monomocap.datasets.synthetic import Viewpoints, apparent_size, cameras_from_world, to_camera
from monomocap.errors import DataError
from monomocap.render.motions import walk
from monomocap.skeleton import H36M17

FPS = 20.0
PLAIN = JointNoise(trunk=0.0, across=0.0, bone=0.0, bias=0.02, drift=0.03, jitter=0.01)


def truths(films: int = 60, frames: int = 40) -> np.ndarray:
    """Walks from all sides, as pixels of a lens of 1000 px."""
    rng = np.random.default_rng(0)
    motion = walk(frames / FPS, FPS, turn_rad_s=1.0).xyz_m[:frames].astype(np.float64)
    world = np.repeat(motion[None], films, axis=0)
    camera = to_camera(world, *cameras_from_world(world[:, :, 0], Viewpoints(), rng))
    return 1000 * camera[..., :2] / camera[..., 2:]


def known() -> MatchedNoise:
    """Numbers that are easy to tell apart."""
    joints = {name: PLAIN for name in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")}
    joints["hip"] = replace(PLAIN, trunk=-0.03, across=-0.06)
    joints["ankle"] = replace(PLAIN, bone=-0.05, jitter=0.03)
    joints["head"] = replace(PLAIN, bias=0.04)
    return replace(
        shipped_noise(), joints=joints, drift_s=0.3, strength_sd=0.0, bursts_per_s=0.2,
        burst_s=0.2, burst=0.4, swapped=0.0, missing=0.05, missing_s=0.3,
    )  # fmt: skip


def test_what_is_put_in_is_measured_again() -> None:
    true = truths()
    seen, score = detect_matched(true, FPS, known(), np.random.default_rng(1))
    found = measure(Pairs(seen, true, score, FPS), {})
    assert found.joints["hip"].across == pytest.approx(-0.06, abs=0.015)
    assert found.joints["hip"].trunk == pytest.approx(-0.03, abs=0.01)
    assert found.joints["ankle"].bone == pytest.approx(-0.05, abs=0.02)
    assert found.joints["ankle"].jitter == pytest.approx(0.03, abs=0.006)
    assert found.joints["knee"].jitter == pytest.approx(0.01, abs=0.006)
    assert found.joints["head"].bias > 1.4 * found.joints["knee"].bias
    assert found.joints["knee"].drift == pytest.approx(0.03, abs=0.008)
    assert found.drift_s == pytest.approx(0.3, abs=0.2)
    assert found.missing == pytest.approx(0.05, abs=0.03)
    assert 0.08 < found.bursts_per_s < 0.4
    assert 0.2 < found.burst < 0.5


def test_calibrated_noise_has_the_measured_median() -> None:
    true = truths(20)
    seen, score = detect_matched(true, FPS, known(), np.random.default_rng(1))
    loud = {name: replace(row, drift=0.2) for name, row in known().joints.items()}
    pairs = Pairs(seen, true, score, FPS)
    found = calibrated(replace(known(), joints=loud), pairs)
    assert 0.02 < found.joints["knee"].drift < 0.06


def test_a_seed_makes_the_same_noise_and_frames_without_anybody_are_nan() -> None:
    true = truths(4)
    first, same, other = (
        detect_matched(true, FPS, replace(known(), missing=0.5), np.random.default_rng(seed))
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first[0], same[0])
    assert not np.array_equal(first[0], other[0], equal_nan=True)
    empty = np.isnan(first[0]).all(axis=(2, 3))
    assert 0.2 < empty.mean() < 0.8
    assert (first[1][empty] == 0).all() and (first[1][~empty] > 0).all()


def test_places_turn_with_the_body_and_grow_with_it() -> None:
    true, noise = truths(3), shipped_noise()
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    np.testing.assert_allclose(misplaced(3 * true @ turn, noise), 3 * misplaced(true, noise) @ turn)


def test_exchanged_legs_are_found_and_only_they() -> None:
    true = truths(2)
    size = apparent_size(true)[:, None, None, None]
    legs = [1, 2, 3, 4, 5, 6]
    seen = true.copy()
    seen[0, 10:20, legs] = true[0, 10:20, [H36M17.mirror[j] for j in legs]]
    found = exchanged(seen / size, true / size)
    apart = np.linalg.norm(true[0, :, 3] - true[0, :, 6], axis=-1) / size[0, 0, 0, 0] > 0.5
    assert (found[0, 10:20, 1] == 1)[apart[10:20]].all()
    assert not found[0, :10].any() and not found[1].any() and not found[:, :, 11:].any()


def test_a_sure_detector_is_sure_and_a_wrong_one_less() -> None:
    true = truths(40)
    seen, score = detect_matched(true, FPS, shipped_noise(), np.random.default_rng(0))
    off = np.linalg.norm(seen - true, axis=-1) / apparent_size(true)[:, None, None]
    limbs = off[:, :, [2, 3, 5, 6, 12, 13, 15, 16]]
    sure = score[:, :, [2, 3, 5, 6, 12, 13, 15, 16]]
    assert np.nanmean(sure[limbs < 0.05]) > np.nanmean(sure[limbs > 0.25]) + 0.1


def test_the_file_says_where_it_comes_from_and_survives_a_round_trip(tmp_path: Path) -> None:
    noise = shipped_noise()
    assert {"detector", "films", "command"} <= set(noise.source)
    (tmp_path / "n.json").write_text(noise.as_json())
    assert read_noise(tmp_path / "n.json") == noise
    assert "bias hip" in table({"shipped": noise})


@pytest.mark.parametrize("text", ["", "{}", '{"joints": {"hip": {"trunk": 1}}}', "[1]"])
def test_another_file_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "n.json").write_text(text)
    with pytest.raises(DataError, match="holds no measured noise"):
        read_noise(tmp_path / "n.json")
