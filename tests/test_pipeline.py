"""The story from video to take, with a detector that needs no network."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from monomocap.detect.catalogue import DETECTORS
from monomocap.errors import Cancelled, OptionError, UnknownName, VideoError
from monomocap.formats import save
from monomocap.geometry.camera import distort, rays
from monomocap.options import Options
from monomocap.pipeline import estimate, take_of
from monomocap.types import DEFAULT_FOV_DEG, Camera
from tests.fakes import FakeDetector
from tests.videos import make_video

FAST = Options(detector="fake", lifter="flat", smooth="none")


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> FakeDetector:
    """A detector that sees somebody in every frame."""
    fake = FakeDetector()
    monkeypatch.setitem(DETECTORS, "fake", lambda device: fake)
    return fake


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", frames=12, size=(96, 64))


def test_every_frame_has_a_time_a_2d_and_a_3d_pose(detector: FakeDetector, video: Path) -> None:
    take = estimate(video, FAST)
    (track,), (motion,) = take.tracks, take.motions
    assert len(take.time_s) == len(track.xy_px) == len(motion.xyz_m) == 12
    np.testing.assert_allclose(take.time_s, np.arange(12) / 30, atol=1e-4)
    assert motion.seen.all()
    assert (motion.frame, motion.lifter) == ("root", "flat")
    assert np.abs(motion.xyz_m[:, 0]).max() == 0
    assert take.info.frames == 12
    assert take.warnings == ()


def test_only_the_person_who_is_meant_is_kept(detector: FakeDetector, video: Path) -> None:
    for person in ("largest", "0", "48,32@0.2"):
        take = estimate(video, replace(FAST, person=person))
        assert [track.person for track in take.tracks] == [0]
    nobody = estimate(video, replace(FAST, person="4"))
    assert (nobody.tracks, nobody.motions) == ((), ())
    assert "there is no person 4; choose one of: 0 (100% of the frames)" in nobody.warnings


def test_applications_work_on_the_beginning_of_a_saved_take(
    detector: FakeDetector, video: Path, tmp_path: Path
) -> None:
    saved = save(estimate(video, FAST), tmp_path / "take.json")
    whole, some = (take_of(saved, Options(max_frames=frames)) for frames in (40, 5))
    assert len(whole.time_s) == 12 and whole.report is not None
    assert len(some.time_s) == len(some.motions[0].xyz_m) == len(some.tracks[0].xy_px) == 5
    assert some.report is None and some.info.frames == 5
    np.testing.assert_array_equal(some.motions[0].xyz_m, whole.motions[0].xyz_m[:5])


@pytest.mark.parametrize("name", ["walk.json", "walk.npz"])
def test_applications_take_finished_2d(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    xy_px = np.random.default_rng(0).uniform(20, 40, (6, 1, 17, 2))
    if path.suffix == ".npz":
        np.savez(path, xy_px=xy_px[:, 0])
    else:
        people = [
            {
                "image_id": n,
                "keypoints": np.pad(xy[0], ((0, 0), (0, 1)), constant_values=1).ravel().tolist(),
                "score": 1.0,
                "category_id": 1,
            }
            for n, xy in enumerate(xy_px)
        ]
        path.write_text(json.dumps(people))
    take = take_of(path, Options(lifter="flat", smooth="none", size="96x64"))
    assert take.motions[0].seen.all() and len(take.time_s) == 6


def test_the_take_says_what_made_it(detector: FakeDetector, video: Path) -> None:
    made = estimate(video, replace(FAST, smooth="strong")).provenance
    assert (made.detector, made.lifter, made.device) == ("fake", "flat", "cpu")
    assert made.smooth == "strong"
    assert made.weights == detector.weights
    assert {"monomocap", "python", "numpy", "av"} <= set(made.versions)


def test_the_camera_is_the_one_given_or_says_that_it_is_assumed(
    detector: FakeDetector, video: Path
) -> None:
    assumed = estimate(video, FAST).camera
    assert assumed.source == "assumed"
    assert assumed.fov_deg == pytest.approx(DEFAULT_FOV_DEG)
    assert assumed.focal_error > 0
    given = estimate(video, replace(FAST, focal_px=123.0)).camera
    assert (given.source, given.focal_px, given.focal_error) == ("given", (123.0, 123.0), 0)
    assert estimate(video, replace(FAST, fov_deg=90.0)).camera.focal_px[0] == pytest.approx(48)


def test_max_frames_stops_early_and_calls_nothing_partial(
    detector: FakeDetector, video: Path
) -> None:
    take = estimate(video, replace(FAST, max_frames=5))
    assert len(take.time_s) == 5
    assert take.info.partial == ""
    assert take.warnings == ()


def test_progress_reaches_its_end(detector: FakeDetector, video: Path) -> None:
    calls: list[tuple[str, int, int | None]] = []
    estimate(video, FAST, progress=lambda *call: calls.append(call))
    detect = [(done, total) for stage, done, total in calls if stage == "detect"]
    assert detect == [(done, 12) for done in range(13)]
    assert [call for call in calls if call[0] == "lift"] == [("lift", 0, 1), ("lift", 1, 1)]
    calls.clear()
    estimate(video, replace(FAST, max_frames=5), progress=lambda *call: calls.append(call))
    assert ("detect", 5, 5) in calls


def test_a_callback_that_cancels_ends_it_and_closes_the_detector(
    detector: FakeDetector, video: Path
) -> None:
    def cancel(stage: str, done: int, total: int | None) -> None:
        if done == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        estimate(video, FAST, progress=cancel)
    assert detector.closed


@pytest.mark.parametrize(("ran_on", "warned"), [("cpu", 2), ("cuda", 1), ("cuda:0", 1)])
def test_a_gpu_that_was_asked_for_and_not_used_is_said(
    monkeypatch: pytest.MonkeyPatch, video: Path, ran_on: str, warned: int
) -> None:
    """Two parts run, detector and lifter; `flat` always runs on the CPU."""
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector(device=ran_on))
    assert estimate(video, FAST).warnings == ()
    warnings = estimate(video, replace(FAST, device="cuda")).warnings
    assert len(warnings) == warned
    assert all("cuda was asked for" in warning for warning in warnings)


def test_smoothing_calms_what_it_is_asked_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)

    class Shaking(FakeDetector):
        def __call__(self, frame):  # type: ignore[no-untyped-def]
            (person,) = super().__call__(frame)
            return [replace(person, xy_px=person.xy_px + rng.normal(0, 1, (17, 2)).astype("f4"))]

    monkeypatch.setitem(DETECTORS, "fake", lambda device: Shaking())
    video = make_video(tmp_path / "clip.mp4", frames=60)
    jitter = [
        np.linalg.norm(np.diff(estimate(video, replace(FAST, smooth=s)).motions[0].xyz_m, 2, 0))
        for s in ("none", "light", "medium", "strong")
    ]
    assert jitter == sorted(jitter, reverse=True)
    assert jitter[-1] < jitter[0] / 3


def test_everything_wrong_is_found_before_the_first_frame(
    detector: FakeDetector, video: Path, tmp_path: Path
) -> None:
    seen: list[str] = []

    def progress(stage: str, done: int, total: int | None) -> None:
        seen.append(stage)

    with pytest.raises(VideoError):
        estimate(tmp_path / "none.mp4", FAST, progress=progress)
    with pytest.raises(UnknownName, match=r"no detector is called 'x'; choose one of: .*mediapipe"):
        estimate(video, replace(FAST, detector="x"), progress=progress)
    with pytest.raises(UnknownName, match=r"no lifter is called 'x'; choose one of: .*flat"):
        estimate(video, replace(FAST, lifter="x"), progress=progress)
    with pytest.raises(OptionError):
        estimate(video, replace(FAST, focal_px=1.0, fov_deg=1.0), progress=progress)
    assert seen == []


def test_a_calibration_reaches_the_rays(
    monkeypatch: pytest.MonkeyPatch, video: Path, tmp_path: Path
) -> None:
    """Seen through a barrel and calibrated, somebody stands as straight as through no lens."""
    straight = Camera(96, 64, (80.0, 80.0), (47.5, 31.5), source="calibration")
    barrel = replace(straight, distortion=(-0.3, 0.05, 0.01, -0.01))

    class Bent(FakeDetector):
        def __call__(self, frame):  # type: ignore[no-untyped-def]
            (person,) = super().__call__(frame)
            xy_px = distort(barrel, rays(straight, person.xy_px)) * 80.0 + straight.center_px
            return [replace(person, xy_px=xy_px.astype(np.float32))]

    monkeypatch.setitem(DETECTORS, "straight", lambda device: FakeDetector())
    monkeypatch.setitem(DETECTORS, "bent", lambda device: Bent())
    takes = {}
    for name, camera in (("straight", straight), ("bent", barrel)):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(asdict(camera)))
        takes[name] = estimate(video, replace(FAST, detector=name, calibration=str(path)))
        assert replace(takes[name].camera, camera_from_world=None) == camera
    one, other = (take.motions[0].xyz_m for take in takes.values())
    np.testing.assert_allclose(one, other, atol=3e-3)  # pixels have single precision
    path.write_text(json.dumps(asdict(replace(barrel, width_px=128))))
    with pytest.raises(OptionError, match="128 x 64 pixels"):
        estimate(video, replace(FAST, detector="bent", calibration=str(path)))
