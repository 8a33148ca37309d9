"""HRNet's 2D of Human3.6M, `twoDPose_HRN_*.npy`: a file of that exact layout."""

from pathlib import Path

import numpy as np
import pytest

from monomocap.datasets.detections import read_detections
from monomocap.datasets.human36m import HUMAN36M
from monomocap.errors import DataError
from tests.benchmark_files import human36m_npz, on_32


def hrnet(folder: Path, suffix: str) -> Path:
    """The true 2D, 2 px to the right, by HRNet's keys."""
    seen = {
        (int(r.subject[1:]), r.action, f"{r.take.replace(' ', '_')}.{r.camera_name}.h5{suffix}"): (
            on_32(r.track.xy_px + [2.0, 0.0]).reshape(len(r.track.time_s), 64)
        )
        for r in HUMAN36M.recordings(folder, "test")
    }
    file = folder / "twoDPose_HRN_test.npy"
    np.save(file, seen, allow_pickle=True)  # type: ignore[arg-type]
    return file


@pytest.mark.parametrize("suffix", ["", "-sh"])
def test_every_recording_has_its_2d(suffix: str, tmp_path: Path) -> None:
    human36m_npz(tmp_path)
    track = read_detections(hrnet(tmp_path, suffix))
    for recording in HUMAN36M.recordings(tmp_path, "test"):
        off = track(recording).xy_px - recording.track.xy_px
        np.testing.assert_allclose(off, np.broadcast_to([2.0, 0.0], off.shape), atol=1e-3)


def test_the_other_split_beside_it_is_read_too(tmp_path: Path) -> None:
    human36m_npz(tmp_path)
    test = hrnet(tmp_path, "-sh")
    training = test.with_name("twoDPose_HRN_train.npy")
    np.save(training, {(1, "Eating", "Eating.1.h5"): np.zeros((3, 64))}, allow_pickle=True)  # type: ignore[arg-type]
    track = read_detections(training)
    recording = next(iter(HUMAN36M.recordings(tmp_path, "test")))
    assert len(track(recording).time_s) == len(recording.truth.time_s)


@pytest.mark.parametrize("held", [{"S9": np.zeros(3)}, [1, 2]])
def test_another_layout_is_told(held: object, tmp_path: Path) -> None:
    file = tmp_path / "twoDPose_HRN_test.npy"
    np.save(file, np.array(held, dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="HRN_test"):
        read_detections(file)


def test_a_recording_that_is_not_there_is_told(tmp_path: Path) -> None:
    human36m_npz(tmp_path)
    file = tmp_path / "twoDPose_HRN_test.npy"
    np.save(file, {(9, "Eating", "Eating.1.h5"): np.zeros((3, 64))}, allow_pickle=True)  # type: ignore[arg-type]
    recording = next(iter(HUMAN36M.recordings(tmp_path, "test")))
    with pytest.raises(DataError, match="32 joints"):
        read_detections(file)(recording)
