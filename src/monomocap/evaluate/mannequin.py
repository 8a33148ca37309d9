"""The whole pipeline on films of held-out people's motions, beside MediaPipe's own 3D.

From the video file to settled 3D, as `monomocap run` does it. The films are of a mannequin
(`monomocap.evaluate.films`), so that every joint's place is known.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from monomocap.datasets.mocap import HELD_OUT_SUBJECTS, MocapClip
from monomocap.errors import DataError, UnknownName
from monomocap.evaluate.benchmark import PEER
from monomocap.evaluate.films import FPS, SECONDS, Film, films
from monomocap.evaluate.metrics import coverage, mpjpe, n_mpjpe, p_mpjpe
from monomocap.evaluate.report import Report, Score, git_commit, mean_of
from monomocap.evaluate.run import limbs_mm
from monomocap.lift.catalogue import load_lifter
from monomocap.options import Options, Progress, no_progress
from monomocap.pipeline import estimate, lift
from monomocap.types import Motion3D, Take

FILMS, SEED = 48, 0
LENSES = {
    "unknown": "unknown (the default field of view)",
    "given": "given (the film's field of view)",
}
PROTOCOL = (
    "PA-17 on all joints, the rest on 12 limb joints relative to the middle of the hips, mm; mean "
    f"over films of {SECONDS:g} s at {FPS:g} frames/s, whole pipeline; MediaPipe's own 3D from the "
    "same 2D, smoothed the same"
)
_PEER = "mediapipe"


def evaluate_mannequin(
    clips: Sequence[MocapClip],
    options: Options = Options(),
    *,
    count: int = FILMS,
    seed: int = SEED,
    lens: str = "unknown",
    progress: Progress = no_progress,
) -> Report:
    """Films of the people that no training saw, drawn by `seed`, through `estimate`.

    Raises `DataError` without such people, and `UnknownName` for a lens.
    """
    if lens not in LENSES:
        raise UnknownName("lens", lens, LENSES)
    people = [clip for clip in clips if clip.subject in HELD_OUT_SUBJECTS]
    if not people:
        raise DataError(f"none of the held-out people is there ({', '.join(HELD_OUT_SUBJECTS)})")
    rows: dict[str, Score] = {}
    peers: list[Score] = []
    takes: list[Take] = []
    for number, film in enumerate(films(people, count, seed=seed)):
        progress("evaluate", number, count)
        take = _taken(film, _with_lens(options, film, lens))
        ours, theirs = _score(take.motion(), film), _score(_peer(take, options), film)
        rows[f"{number + 1:02} {film.kind} {film.subject}"] = replace(
            ours, p_mpjpe_peer=theirs.p_mpjpe
        )
        peers.append(theirs)
        takes = [take]
    progress("evaluate", count, count)
    used = takes[0].provenance
    return Report(
        dataset=f"mannequin films of held-out mocap, seed {seed}",
        input=used.detector,
        protocol=PROTOCOL,
        lifter=used.lifter,
        weights=used.weights,
        rows=rows,
        fingerprint="",
        commit=git_commit(),
        lens=LENSES[lens],
        peers={PEER: mean_of(peers)},
    )


def _with_lens(options: Options, film: Film, lens: str) -> Options:
    return replace(options, fov_deg=film.camera.fov_deg) if lens == "given" else options


def _taken(film: Film, options: Options) -> Take:
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "film.mp4"
        film.write(video)
        return estimate(video, options)


def _peer(take: Take, options: Options) -> Motion3D | None:
    """MediaPipe's own 3D of the same person."""
    chosen = take.motion()
    track = next((t for t in take.tracks if chosen and t.person == chosen.person), None)
    if track is None or track.world_m is None:
        return None
    return lift(track, load_lifter(_PEER, options.device), take.camera, options)


def _score(motion: Motion3D | None, film: Film) -> Score:
    """A motion against the film's truth, on the film's frames."""
    truth_m = film.truth_m
    answer_m = np.full_like(truth_m, np.nan)
    if motion is not None:
        frames = min(len(truth_m), len(motion.xyz_m))
        answer_m[:frames] = motion.xyz_m[:frames]
    ours, true = limbs_mm(answer_m), limbs_mm(truth_m)
    return Score(
        mpjpe=mpjpe(ours, true),
        n_mpjpe=n_mpjpe(ours, true),
        p_mpjpe=p_mpjpe(ours, true),
        coverage=coverage(ours, true),
        frames=len(truth_m),
        p_mpjpe_17=p_mpjpe(_from_pelvis_mm(answer_m), _from_pelvis_mm(truth_m)),
    )


def _from_pelvis_mm(xyz_m: Float[np.ndarray, "time 17 3"]) -> Float[np.ndarray, "time 17 3"]:
    return 1000 * (xyz_m - xyz_m[:, :1])
