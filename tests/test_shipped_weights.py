"""The weights that ship: what their card promises is so."""

import re
from pathlib import Path

import numpy as np
import pytest

from monomocap.datasets.mocap import read_free17
from monomocap.errors import WeightsError
from monomocap.evaluate.heldout import LENS, heldout_cases
from monomocap.evaluate.run import evaluate_heldout, limbs_mm
from monomocap.lift import own
from monomocap.lift.catalogue import load_lifter
from monomocap.lift.consistent import Consistent
from monomocap.lift.onnx import OnnxNetwork
from monomocap.lift.protocol import Lifter
from monomocap.options import Options
from monomocap.types import Track2D

SEAM_MM = 5.0
LARGEST_BYTES = 16_000_000


@pytest.fixture(scope="module")
def lifter() -> Consistent:
    shipped = load_lifter("hdformer", "cpu")
    assert isinstance(shipped, Consistent)
    return shipped


@pytest.fixture(scope="module")
def walk(data: Path) -> Track2D:
    """The longest clip of one held-out person, seen by a still camera, true 2D."""
    clips = [c for c in read_free17(data / "mocap" / "free17.npz") if c.subject == "cmu_94"]
    longest = max(clips, key=lambda clip: len(clip.motion.time_s))
    return next(heldout_cases([longest])).track


def lifted_mm(lifter: Lifter, track: Track2D) -> np.ndarray:
    """The twelve limb joints from the mid-hips, (time, joint, 3)."""
    return limbs_mm(lifter(track, LENS).xyz_m.astype(np.float64))


def rows(track: Track2D, keep: slice | np.ndarray) -> Track2D:
    return Track2D(0, track.time_s[keep], track.xy_px[keep], track.score[keep], track.skeleton)


def test_they_are_the_default_and_fit_into_the_package(lifter: Consistent) -> None:
    assert Options().lifter == lifter.name == "hdformer"
    file, digest = own.SHIPPED["hdformer"]
    assert lifter.weights == {file: digest}
    assert (own.BUNDLED / file).stat().st_size <= LARGEST_BYTES


def test_their_card_names_them_and_nothing_is_left_to_fill_in(lifter: Consistent) -> None:
    card = (own.BUNDLED / "hdformer.md").read_text()
    assert own.SHIPPED["hdformer"][1] in card
    assert not re.search(r"@[A-Z]+@", card)
    for credit in ("mocap.cs.cmu.edu", "Ofli", "ACCAD", "Open 3D Engine", "Mesh2Motion"):
        assert credit in card
    told = OnnxNetwork(own.BUNDLED / "hdformer.onnx", "cpu").metadata
    assert told["steps"] in card.replace(",", "")


def test_another_file_in_their_place_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hdformer.onnx").write_bytes(b"something else")
    monkeypatch.setattr(own, "BUNDLED", tmp_path)
    with pytest.raises(WeightsError, match="is not the file it should be"):
        load_lifter("hdformer", "cpu")


@pytest.mark.parametrize("frames", [1, 5, 95, 96, 97, 1000])
def test_every_frame_of_any_number_gets_a_pose(
    frames: int, lifter: Consistent, walk: Track2D
) -> None:
    repeats = -(-frames // len(walk.time_s))
    xy_px = np.concatenate([walk.xy_px[:: 1 if k % 2 == 0 else -1] for k in range(repeats)])
    track = Track2D(0, np.arange(frames) / 60, xy_px[:frames], np.ones((frames, 17)), walk.skeleton)
    answer = lifted_mm(lifter, track)
    assert len(answer) == frames and np.isfinite(answer).all()


@pytest.mark.parametrize("cut", [1, 37, 130])
def test_no_seam_however_the_track_is_cut(cut: int, lifter: Consistent, walk: Track2D) -> None:
    """The network alone anywhere; brought into agreement as a whole, a few joints may turn."""
    whole = lifted_mm(lifter, walk)
    answer = lifted_mm(lifter, rows(walk, slice(cut, None)))
    assert np.linalg.norm(answer - whole[cut:], axis=-1).mean() < SEAM_MM
    whole = lifted_mm(lifter.network, walk)
    answer = lifted_mm(lifter.network, rows(walk, slice(cut, None)))
    reach = int(np.searchsorted(walk.time_s, walk.time_s[0] + lifter.window / lifter.fps))
    apart = np.linalg.norm(answer - whole[cut:], axis=-1)
    assert apart[reach:].max() < SEAM_MM


def test_one_motion_at_many_frame_rates_gives_one_answer(lifter: Consistent, walk: Track2D) -> None:
    """24, 30 and variable frames per second, against all 60."""
    whole = lifted_mm(lifter, walk)
    end_s = float(walk.time_s[-1])
    rng = np.random.default_rng(0)
    uneven = np.cumsum(rng.choice([1, 2, 3], len(walk.time_s)))
    samples = {
        "30": np.arange(0, len(walk.time_s), 2),
        "24": np.round(np.arange(0, end_s, 1 / 24) * 60).astype(int),
        "variable": uneven[uneven < len(walk.time_s)],
    }
    for name, keep in samples.items():
        answer = lifted_mm(lifter, rows(walk, keep))
        inside = (walk.time_s[keep] > 1) & (walk.time_s[keep] < end_s - 1)
        apart = np.linalg.norm(answer - whole[keep], axis=-1)[inside]
        assert apart.mean() < SEAM_MM, name


def test_they_are_better_than_a_guess_on_people_that_they_never_saw(
    lifter: Consistent, data: Path
) -> None:
    """A quick part of `monomocap evaluate heldout`; the card has the whole."""
    clips = read_free17(data / "mocap" / "free17.npz")
    report = evaluate_heldout(lifter, clips, every=40)
    assert report.mean.coverage == 1
    assert report.mean.p_mpjpe < 25
    alone = evaluate_heldout(lifter.network, clips, every=40)
    assert report.mean.p_mpjpe < 0.9 * alone.mean.p_mpjpe
