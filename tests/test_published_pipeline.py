"""Two ModelScope folders, one for 2D and one for 3D, on a real video: one pose per frame."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from monomocap.options import Options
from monomocap.pipeline import estimate
from monomocap.types import Take
from tests.hrnet_files import WIDTH, modelscope_folder
from tests.published import hdformer_folder

LENGTHS = (1, 50)
"""Fewer than one window of HDFormer; benchmarks/published_pipeline.py runs the others."""


@pytest.fixture(scope="module")
def takes(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Take]]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("published")
    detector = modelscope_folder(folder / "2d")
    lifter = folder / "3d"
    lifter.mkdir()
    hdformer_folder(lifter)
    video = data / "video/pose2sim_balance/cam03.mp4"
    yield {
        frames: estimate(
            video,
            Options(
                detector=str(detector),
                boxes="mediapipe",
                lifter=str(lifter),
                device="cpu",
                max_frames=frames,
            ),
        )
        for frames in LENGTHS
    }
    torch.set_num_threads(before)


@pytest.mark.parametrize("frames", LENGTHS)
def test_every_frame_has_one_pose(takes: dict[int, Take], frames: int) -> None:
    take = takes[frames]
    (motion,) = take.motions
    assert len(take.time_s) == len(motion.xyz_m) == frames
    assert np.isfinite(motion.xyz_m).all()
    np.testing.assert_allclose(take.time_s, np.arange(frames) / 60, atol=0.01)


def test_the_take_names_both_networks_and_every_file(takes: dict[int, Take]) -> None:
    made = takes[1].provenance
    assert made.detector == f"hrnetv2-w{WIDTH}+mediapipe"
    assert made.device == "cpu"
    assert "pose_landmark_full.tflite" in made.weights
    # Both folders call their file pytorch_model.bin; neither hides the other.
    assert len({sha for name, sha in made.weights.items() if "pytorch_model.bin" in name}) == 2
