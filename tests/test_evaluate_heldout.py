"""The benchmark of held-out people: the same numbers every time, and errors that mean something."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monomocap.datasets.mocap import HELD_OUT_SUBJECTS, MocapClip, read_free17
from monomocap.evaluate.heldout import CAMERAS_PER_CLIP, fingerprint, heldout_cases
from monomocap.evaluate.report import Report, Score
from monomocap.evaluate.run import evaluate_heldout
from monomocap.formats.captured import limb_length
from monomocap.geometry.camera import project
from monomocap.lift.flat import Flat
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Motion3D, Track2D
from tests.terminal import monomocap
from tests.test_train import clips

Capture = pytest.CaptureFixture[str]


class Oracle:
    """Knows the truth, of a body of another size, and says so in one camera's axes."""

    name = "oracle"
    skeleton = H36M17
    device = "cpu"
    weights: dict[str, str] = {}

    def __init__(self, made: list[MocapClip], scale: float) -> None:
        self.truths = [case.truth_m * scale for case in heldout_cases(made)]

    def __call__(self, track: Track2D, camera: Camera) -> Motion3D:
        truth = self.truths.pop(0)
        score = np.ones(truth.shape[:2])
        return Motion3D(0, track.time_s, truth - truth[:, :1], score, H36M17, "root", self.name)


def test_the_benchmark_has_only_held_out_people_and_four_cameras_each() -> None:
    cases = list(heldout_cases(clips()))
    assert {case.subject for case in cases} <= set(HELD_OUT_SUBJECTS)
    assert len(cases) == 2 * CAMERAS_PER_CLIP
    assert len(list(heldout_cases(clips(), every=2))) == CAMERAS_PER_CLIP


def test_the_seed_makes_the_same_benchmark_and_another_seed_another() -> None:
    same = [fingerprint(heldout_cases(clips())) for _ in range(2)]
    assert same[0] == same[1]
    assert fingerprint(heldout_cases(clips(), seed=1)) != same[0]
    assert fingerprint(heldout_cases(clips(), seen="noisy")) != same[0]


def test_what_is_seen_is_the_projection_of_the_truth() -> None:
    for case in heldout_cases(clips()):
        xy_px = project(case.camera, case.truth_m)
        assert np.abs(case.track.xy_px - xy_px).max() <= 1e-3
        assert case.truth_m[..., 2].min() > 0.5
        assert limb_length(case.truth_m).mean() > 1


def test_a_perfect_answer_of_another_size_costs_size_only() -> None:
    made = clips()
    perfect = evaluate_heldout(Oracle(made, 1.0), made)
    assert perfect.mean.mpjpe == pytest.approx(0, abs=1e-6)
    larger = evaluate_heldout(Oracle(made, 1.1), made)
    assert larger.mean.mpjpe > 20
    assert larger.mean.n_mpjpe == pytest.approx(0, abs=1e-6)
    assert larger.mean.p_mpjpe == pytest.approx(0, abs=1e-6)
    assert larger.mean.coverage == 1


def test_a_lifter_without_depth_is_far_off() -> None:
    assert evaluate_heldout(Flat(), clips()).mean.p_mpjpe > 20


def test_subjects_count_the_same_however_long_they_were_filmed() -> None:
    few, many = Score(10.0, 10.0, 10.0, 1.0, 1), Score(30.0, 30.0, 30.0, 1.0, 1000)
    report = Report("d", "gt", "p", "flat", {}, {"a": few, "b": many}, "")
    assert report.mean.mpjpe == 20
    assert "mean" in "\n".join(report.lines())
    assert report.as_dict()["mean"] == {**vars(report.mean)}
    assert replace(report, commit="abc").lines()[-1].endswith("abc")


def test_evaluate_prints_a_table_or_json(capsys: Capture, data: Path) -> None:
    mocap = data / "mocap" / "free17.npz"
    words = ("evaluate", "heldout", mocap, "--lifter", "flat", "-q", "--every", "100")
    table = monomocap(capsys, *words)
    assert table.code == 0 and "mean" in table.out, table.err
    document = json.loads(monomocap(capsys, *words, "--json").out)
    assert document["lifter"] == "flat" and document["mean"]["frames"] > 0


def test_evaluate_says_what_it_does_not_know(capsys: Capture, tmp_path: Path) -> None:
    assert "heldout" in monomocap(capsys, "evaluate", "h37m", tmp_path).err
    missing = monomocap(capsys, "evaluate", "heldout", tmp_path / "no", "--lifter", "flat")
    assert missing.code == 2 and str(tmp_path / "no") in missing.err


def test_the_free_collections_benchmark_is_the_published_one(data: Path) -> None:
    """One clip in fifty: enough to notice when the data, the cameras or the seed change."""
    mocap = read_free17(data / "mocap" / "free17.npz")
    quick = fingerprint(heldout_cases(mocap, every=50))
    assert quick == "2fcaff469d59a9675d856cb592238eb1bf660e0eaa055f5a824c417d787cc097"
