"""The metrics equal the published evaluation code's on recorded poses."""

from __future__ import annotations

import numpy as np
import pytest

from monomocap.evaluate import metrics
from monomocap.geometry.align import align_similarity
from tests.golden import vectors as golden

MIXSTE_WEIGHTS = np.array([1, 1, 2.5, 2.5, 1, 2.5, 2.5, 1, 1, 1, 1.5, 1.5, 4, 4, 1.5, 4, 4])


@pytest.fixture(scope="module")
def recorded() -> golden.Vectors:
    return golden.vectors("losses_metrics")


@pytest.fixture(scope="module")
def clips(recorded: golden.Vectors) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Predicted and true clips of 32 frames, (time, joint, 3), mm."""
    predicted, true = (
        list(np.ascontiguousarray(recorded[name].transpose(0, 2, 3, 1)))
        for name in ("pred_bctv", "gt_bctv")
    )
    return predicted, true


@pytest.fixture(scope="module")
def frames(clips: tuple[list[np.ndarray], list[np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The clips one after the other, as the frame-wise metrics were recorded."""
    return np.concatenate(clips[0]), np.concatenate(clips[1])


@pytest.mark.parametrize("name", ["mpjpe", "p_mpjpe", "n_mpjpe", "mpjve"])
def test_frame_wise_metrics(
    recorded: golden.Vectors, frames: tuple[np.ndarray, np.ndarray], name: str
) -> None:
    ours = getattr(metrics, name)(*frames)
    np.testing.assert_allclose(ours, recorded[name], rtol=1e-9)


def test_procrustes_of_every_joint(
    recorded: golden.Vectors, frames: tuple[np.ndarray, np.ndarray]
) -> None:
    predicted, true = frames
    errors = metrics.joint_errors(align_similarity(predicted, true), true)
    np.testing.assert_allclose(errors, recorded["pa_per_joint"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(errors.mean(), recorded["pa_mpjpe_hdformer"], rtol=1e-9)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("normalize", [False, True])
def test_trajectory_normals(
    recorded: golden.Vectors,
    clips: tuple[list[np.ndarray], list[np.ndarray]],
    normalize: bool,
    order: int,
) -> None:
    ours = metrics.trajectory_error(*clips, normalize=normalize, order=order)
    theirs = recorded[f"traj_norm_loss_normalize{int(normalize)}_L{order}"]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_bone_symmetry(recorded: golden.Vectors, frames: tuple[np.ndarray, np.ndarray]) -> None:
    ours = metrics.bone_symmetry_error(frames[0])
    np.testing.assert_allclose(ours, recorded["bone_sym_err_L1"], rtol=1e-9)


@pytest.mark.parametrize("name", ["pck", "auc"])
def test_mpi_inf_3dhp(recorded: golden.Vectors, name: str) -> None:
    errors_mm = [recorded["seq0_err"], recorded["seq1_err"]]
    ours = getattr(metrics, name)(errors_mm)
    np.testing.assert_allclose(ours, recorded[f"{name}_3dhp"], rtol=1e-6)


def test_losses_of_mixste(
    recorded: golden.Vectors, clips: tuple[list[np.ndarray], list[np.ndarray]]
) -> None:
    """In metres, and recorded in single precision."""
    predicted, true = ([clip / 1000 for clip in side] for side in clips)
    pairs = list(zip(predicted, true, strict=True))
    distance = np.mean([metrics.weighted_mpjpe(p, t, MIXSTE_WEIGHTS) for p, t in pairs])
    steps = np.mean([metrics.step_size(p, MIXSTE_WEIGHTS) for p in predicted])
    velocity = np.mean([metrics.mpjve(p, t) for p, t in pairs])
    np.testing.assert_allclose(distance, recorded["mixste_wmpjpe"], rtol=1e-6)
    np.testing.assert_allclose(steps, recorded["mixste_tcons"], rtol=1e-6)
    np.testing.assert_allclose(velocity, recorded["mixste_mpjve"], rtol=1e-6)
    total = distance + 0.5 * steps + 2 * velocity
    np.testing.assert_allclose(total, recorded["mixste_total"], rtol=1e-6)


def test_motion_loss_of_u_conddgcn(
    recorded: golden.Vectors, clips: tuple[list[np.ndarray], list[np.ndarray]]
) -> None:
    predicted, true = ([clip / 1000 for clip in side] for side in clips)
    ours = metrics.trajectory_error(predicted, true, order=1)
    np.testing.assert_allclose(ours, recorded["ucond_motion_loss"], rtol=1e-6)
