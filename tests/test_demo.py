"""The demo, run once for real: detector, lifter, files and picture, against an exact truth."""

import json

import av
import numpy as np
import pytest

import monomocap
from monomocap.skeleton import H36M17, LIMB_JOINTS
from monomocap.workflows.demo import Demo, demo, score
from tests.takes import make_take

MOST_PA_MPJPE_MM = 60.0
MOST_PA_MPJPE_OF_PEER_MM = 90.0


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return demo(tmp_path_factory.mktemp("demo"))


def test_the_demo_is_as_right_as_it_promises(shown: Demo) -> None:
    best = shown.scores[0]
    assert best.lifter == shown.take.provenance.lifter
    assert best.coverage > 0.98
    assert best.pa_mpjpe_limbs_mm <= MOST_PA_MPJPE_MM
    assert best.pa_mpjpe_all_mm <= MOST_PA_MPJPE_MM
    assert best.pa_mpjpe_limbs_mm <= best.mpjpe_limbs_mm


def test_mediapipes_own_3d_stands_beside_it(shown: Demo) -> None:
    peer = shown.scores[-1]
    assert peer.lifter == "mediapipe"
    assert peer.pa_mpjpe_limbs_mm <= MOST_PA_MPJPE_OF_PEER_MM
    assert shown.scores[0].pa_mpjpe_limbs_mm < peer.pa_mpjpe_limbs_mm


def test_the_demo_leaves_its_files_and_they_agree(shown: Demo) -> None:
    folder = shown.sample.parent
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        "report.html",
        "sample.mp4",
        "take.json",
        "take.mp4",
        "take.npz",
        "viewer.html",
    ]
    frames = len(shown.take.time_s)
    with av.open(str(folder / "take.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == frames
    document = json.loads((folder / "take.json").read_text())
    assert len(document["keypoints"]) == len(document["timestamps"]) == frames
    assert document["output_video"] == "take.mp4"
    from_npz = monomocap.load(folder / "take.npz")
    np.testing.assert_array_equal(from_npz.motions[0].xyz_m, shown.take.motions[0].xyz_m)


def test_a_score_is_zero_for_the_truth_and_forgives_only_what_it_says() -> None:
    motion = make_take(frames=9, people=1).motions[0]
    truth_m = np.nan_to_num(motion.xyz_m)
    assert score(motion, truth_m).mpjpe_all_mm == pytest.approx(0, abs=1e-6)
    moved = score(motion, 2 * truth_m + [1.0, 2.0, 3.0])
    assert moved.pa_mpjpe_all_mm == pytest.approx(0, abs=1e-6)
    assert moved.pa_mpjpe_limbs_mm == pytest.approx(0, abs=1e-6)
    hips = [H36M17.index("left_hip"), H36M17.index("right_hip")]
    limbs = [H36M17.index(joint) for joint in LIMB_JOINTS]
    seen = motion.seen.all(axis=1)
    from_hips = truth_m[seen] - truth_m[seen][:, hips].mean(axis=1, keepdims=True)
    by_hand_mm = 1000 * np.linalg.norm(from_hips[:, limbs], axis=-1).mean()
    assert moved.mpjpe_limbs_mm == pytest.approx(by_hand_mm)
    assert moved.coverage == pytest.approx(seen.mean())
