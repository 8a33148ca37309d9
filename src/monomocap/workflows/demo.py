"""The whole pipeline on the embedded sample, whose motion is known exactly."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from monomocap.evaluate.metrics import mpjpe, p_mpjpe
from monomocap.formats.files import check_folder, make_folder
from monomocap.lift.catalogue import load_lifter
from monomocap.options import Options, Progress, View, no_progress
from monomocap.pipeline import lift
from monomocap.render.sample import write_sample
from monomocap.skeleton import H36M17, LIMB_JOINTS
from monomocap.types import Motion3D, Take
from monomocap.workflows.run import run

SAMPLE = "sample.mp4"
PEER = "mediapipe"
"""MediaPipe's own 3D stands beside whatever lifter is shown."""

LIMBS = [H36M17.index(joint) for joint in LIMB_JOINTS]
HIPS = [H36M17.index("left_hip"), H36M17.index("right_hip")]


@dataclass(frozen=True)
class Score:
    """How far a motion is from the truth, over the frames that have a pose."""

    lifter: str
    coverage: float
    mpjpe_limbs_mm: float
    """12 limb joints, mid-hips laid on each other."""
    pa_mpjpe_limbs_mm: float
    """The same after the best rotation, scale and shift of each frame (Procrustes)."""
    mpjpe_all_mm: float
    """17 joints, pelvises laid on each other."""
    pa_mpjpe_all_mm: float


@dataclass(frozen=True)
class Demo:
    """What the demo leaves behind."""

    take: Take
    sample: Path
    scores: tuple[Score, ...]
    """The lifter asked for first, then MediaPipe's."""


def demo(
    folder: str | Path,
    options: Options = Options(),
    *,
    view: View | None = View(),
    progress: Progress = no_progress,
) -> Demo:
    """Make the sample in `folder`, run everything on it, and measure against its truth."""
    folder = Path(folder)
    check_folder(folder)
    make_folder(folder)
    sample = folder / SAMPLE
    truth = write_sample(sample, progress=progress)
    take = run(sample, folder, options, view=view, progress=progress)
    motions = [m for m in (take.motion(), _peer(take, options)) if m is not None]
    scores = {m.lifter: score(m, truth.xyz_m) for m in motions}
    return Demo(take, sample, tuple(scores.values()))


def score(motion: Motion3D, truth_m: Float[np.ndarray, "time 17 3"]) -> Score:
    """A motion against the truth of the same frames, both in the camera's axes."""
    seen = motion.seen.all(axis=1)
    guess_mm, truth_mm = 1000 * motion.xyz_m[seen], 1000 * truth_m[seen]
    limbs = [_from(xyz, HIPS)[:, LIMBS] for xyz in (guess_mm, truth_mm)]
    everything = [_from(xyz, [H36M17.index("pelvis")]) for xyz in (guess_mm, truth_mm)]
    return Score(
        lifter=motion.lifter,
        coverage=motion.coverage,
        mpjpe_limbs_mm=float(mpjpe(*limbs)),
        pa_mpjpe_limbs_mm=float(p_mpjpe(*limbs)),
        mpjpe_all_mm=float(mpjpe(*everything)),
        pa_mpjpe_all_mm=float(p_mpjpe(*everything)),
    )


def _peer(take: Take, options: Options) -> Motion3D | None:
    """MediaPipe's own 3D of the same person from the same detections, smoothed the same."""
    chosen = take.motion()
    track = next((t for t in take.tracks if chosen and t.person == chosen.person), None)
    if track is None or track.world_m is None:
        return None
    return lift(track, load_lifter(PEER, options.device), take.camera, options)


def _from(xyz: Float[np.ndarray, "time 17 3"], joints: list[int]) -> np.ndarray:
    """Positions from the middle of some joints."""
    return xyz - xyz[:, joints].mean(axis=1, keepdims=True)
