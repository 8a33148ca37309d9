"""Published windows and averages, and what must hold for any length."""

from __future__ import annotations

import numpy as np
import pytest

from monomocap.evaluate.protocols import end_aligned_chunks, full_windows, overlap_average
from tests.golden import vectors as golden


def test_overlaps_are_averaged_as_published() -> None:
    recorded = golden.vectors("window_merge_research")
    windows = recorded["window_preds"].transpose(0, 3, 1, 2)  # to window, time, joint, coordinate
    step = int(recorded["window_slide"])
    for video, length in enumerate(recorded["video_lengths"]):
        mine = windows[recorded["window_video_index"] == video]
        assert len(full_windows(int(length), window=windows.shape[1], step=step)) == len(mine)
        merged = overlap_average(mine, step=step)
        original = recorded[f"merged_video{video}"]
        np.testing.assert_allclose(merged, original, rtol=1e-5, atol=1e-6 * original.std())


def test_chunks_are_the_published_ones() -> None:
    recorded = golden.vectors("mixste_eval_windows_rf27")
    lengths = [key.split("/")[0] for key in recorded if key.endswith("/in2d")]
    assert lengths
    for name in lengths:
        sequence, chunks = recorded[f"{name}/in2d"][0], recorded[f"{name}/windows2d"]
        frames = end_aligned_chunks(len(sequence), window=chunks.shape[1])
        np.testing.assert_array_equal(sequence[frames], chunks)


@pytest.mark.parametrize("length", [0, 1, 8, 9, 10, 17, 18, 19, 243])
def test_chunks_leave_no_frame_out(length: int) -> None:
    frames = end_aligned_chunks(length, window=9)
    assert set(frames.flat) == set(range(length))
    assert frames.shape[1] == 9


@pytest.mark.parametrize("length", [9, 10, 14, 243])
def test_what_all_windows_agree_on_is_their_average(length: int) -> None:
    sequence = np.random.default_rng(length).normal(size=(length, 17, 3))
    starts = full_windows(length, window=9, step=5)
    windows = np.stack([sequence[start : start + 9] for start in starts])
    merged = overlap_average(windows, step=5)
    np.testing.assert_allclose(merged, sequence[: starts[-1] + 9], rtol=1e-12)


def test_no_windows_no_frames() -> None:
    assert full_windows(8, window=9, step=5) == []
    assert overlap_average(np.zeros((0, 9, 17, 3)), step=5).shape == (0, 17, 3)


def test_windows_with_gaps_between_them_are_refused() -> None:
    with pytest.raises(ValueError, match="without an answer"):
        overlap_average(np.zeros((2, 9, 17, 3)), step=10)
    with pytest.raises(ValueError, match="at least 1 frame"):
        full_windows(8, window=9, step=0)
    with pytest.raises(ValueError, match="at least 1 frame"):
        end_aligned_chunks(8, window=0)
