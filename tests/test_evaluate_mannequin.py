"""Films of held-out motions: drawn by a seed, whole in the picture, measured end to end."""

import json
from pathlib import Path

import numpy as np
import pytest

from monomocap.datasets.mocap import MocapClip
from monomocap.errors import DataError, UnknownName
from monomocap.evaluate import mannequin
from monomocap.evaluate.films import FPS, GROUND_M, SECONDS, films
from monomocap.evaluate.mannequin import evaluate_mannequin
from monomocap.evaluate.metrics import mpjpe, n_mpjpe, p_mpjpe
from monomocap.evaluate.report import Score, mean_of
from monomocap.geometry.align import align_scale
from monomocap.options import Options
from monomocap.render.exercises import perform, schedule
from monomocap.render.motions import walk
from monomocap.types import Motion3D
from tests.terminal import monomocap

Capture = pytest.CaptureFixture[str]


def clip(name: str, subject: str, motion: Motion3D) -> MocapClip:
    return MocapClip(name, "made", subject, "none", motion)


def people() -> list[MocapClip]:
    """Held out: one who turns quickly and one who does sit-ups; and somebody to learn from."""
    rng = np.random.default_rng(0)
    sit_ups = perform("sit_up", schedule(2, 2.0, rng))
    return [
        clip("turn", "cmu_07", walk(4.0, 30.0, turn_rad_s=1.5)),
        clip("sit-ups", "mhad_s11", sit_ups),
        clip("straight", "cmu_01", walk(4.0, 30.0, turn_rad_s=0.0)),
    ]


def test_a_seed_draws_the_same_films_and_another_seed_others() -> None:
    first, same, other = (list(films(people(), 4, seed=seed)) for seed in (0, 0, 1))
    for one, two in zip(first, same, strict=True):
        np.testing.assert_array_equal(one.truth_px, two.truth_px)
        assert (one.look, one.camera) == (two.look, two.camera)
    assert [one.look for one in first] != [one.look for one in other]
    longer = list(films(people(), 6, seed=0))
    assert [one.look for one in longer[:4]] == [one.look for one in first]


def test_floor_work_and_turning_are_among_them_and_named() -> None:
    drawn = list(films(people(), 8, seed=0))
    assert {film.name.split()[0] for film in drawn if film.kind == "floor"} == {"sit-ups"}
    assert {film.name.split()[0] for film in drawn if film.kind == "turning"} == {"turn"}
    assert {film.kind for film in drawn} == {"floor", "turning", "other"}


def test_everybody_is_whole_in_the_picture_and_on_the_floor() -> None:
    for film in films(people(), 6, seed=3):
        assert len(film.motion.time_s) == round(SECONDS * FPS)
        size = (film.camera.width_px, film.camera.height_px)
        assert (film.truth_px > 0).all() and (film.truth_px < size).all()
        assert film.motion.xyz_m[..., 2].min() == pytest.approx(GROUND_M)
        assert film.truth_m[..., 2].min() > 1


def test_bodies_differ_from_film_to_film() -> None:
    thighs = [
        np.linalg.norm(film.motion.xyz_m[0, 1] - film.motion.xyz_m[0, 2])
        for film in films(people()[:1], 6, seed=0)
    ]
    assert np.std(thighs) > 0.01


def test_no_clip_long_enough_is_told() -> None:
    short = clip("short", "cmu_07", walk(1.0, 30.0))
    with pytest.raises(DataError, match="as long as a film"):
        list(films([short], 1, seed=0))


def test_the_pipeline_is_measured_beside_mediapipe_on_held_out_people_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured: list[tuple[np.ndarray, np.ndarray]] = []

    def seen(ours: np.ndarray, true: np.ndarray) -> float:
        measured.append((ours, true))
        return n_mpjpe(ours, true)

    monkeypatch.setattr(mannequin, "n_mpjpe", seen)
    report = evaluate_mannequin(people(), Options(lifter="hdformer"), count=2, seed=0)
    assert list(report.rows) == ["01 floor mhad_s11", "02 other cmu_07"] or len(report.rows) == 2
    assert all("cmu_01" not in name for name in report.rows)
    for row, (ours, true) in zip(report.rows.values(), measured[::2], strict=True):
        assert 0.5 < row.coverage <= 1
        assert 5 < row.p_mpjpe <= row.n_mpjpe < 400 and 5 < row.mpjpe < 400
        exact = (mpjpe(ours, true), n_mpjpe(ours, true), p_mpjpe(ours, true))
        assert (row.mpjpe, row.n_mpjpe, row.p_mpjpe) == pytest.approx(exact)
        # The best scale is that of the squares: the mean distance may grow by it.
        squares = [np.nansum(np.square(of - true)) for of in (ours, align_scale(ours, true))]
        assert 0 < squares[1] <= squares[0]
        assert row.p_mpjpe_17 is not None and row.p_mpjpe_peer is not None
    (peer,) = report.peers.values()
    assert peer.p_mpjpe == pytest.approx(
        np.mean([row.p_mpjpe_peer or np.nan for row in report.rows.values()])
    )
    said = "\n".join(report.lines())
    assert f"PA-MPJPE is {report.mean.p_mpjpe / peer.p_mpjpe:.2f} of mediapipe's own" in said


def test_a_wrong_lens_or_nobody_held_out_is_told_before_any_film() -> None:
    with pytest.raises(UnknownName, match="given"):
        evaluate_mannequin(people(), lens="straight")
    with pytest.raises(DataError, match="held-out"):
        evaluate_mannequin(people()[2:])


def test_a_row_without_an_answer_counts_in_the_coverage_alone() -> None:
    nan = float("nan")
    rows = [Score(80.0, 70.0, 60.0, 1.0, 10), Score(nan, nan, nan, 0.0, 10)]
    mean = mean_of(rows)
    assert (mean.p_mpjpe, mean.coverage) == (60.0, 0.5)


@pytest.mark.parametrize(
    "words, said",
    [
        (("mannequin", "--protocol", "whole"), "one protocol"),
        (("mannequin", "--every", "2"), "--clips"),
        (("mannequin", "--clips", "0"), "at least 1"),
        (("heldout", "--clips", "2"), "for mannequin alone"),
        (("heldout", "--seed", "2"), "for mannequin alone"),
    ],
)
def test_words_that_do_not_belong_are_told(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: Capture
) -> None:
    ended = monomocap(capsys, "evaluate", words[0], tmp_path, *words[1:])
    assert ended.code == 2
    assert said in ended.err


def test_the_command_prints_films_mean_and_peer(data: Path, capsys: Capture) -> None:
    words = ("--clips", "1", "--lifter", "flat", "--json", "--quiet")
    path = data / "mocap" / "free17.npz"
    ended = monomocap(capsys, "evaluate", "mannequin", path, *words)
    assert ended.code == 0
    report = json.loads(ended.out)
    assert report["lifter"] == "flat" and report["input"] == "mediapipe"
    assert len(report["rows"]) == 1
    assert report["peers"]["mediapipe's own"]["frames"] == round(SECONDS * FPS)
