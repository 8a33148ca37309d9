"""The benchmark of held-out people: mocap that no training saw, from cameras that never were.

Four cameras per clip: any heading, pitch and roll of 0.25 rad (standard deviation), 2 to 8 m away.
The seed makes the same numbers again; `Case.digest` of all cases together is its fingerprint.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from monomocap.datasets.matched import detect_matched, shipped_noise
from monomocap.datasets.mocap import HELD_OUT_SUBJECTS, MocapClip, common_body
from monomocap.datasets.synthetic import Noise, Viewpoints, cameras_from_world, detect, to_camera
from monomocap.errors import UnknownName
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Track2D

Seen = Literal["gt", "noisy", "matched"]
"""The true 2D; with the mistakes that training simulates; with those measured on MediaPipe."""
SEED = 20260
CAMERAS_PER_CLIP = 4
VIEWS = Viewpoints(pitch_sd_rad=0.25, roll_sd_rad=0.25, nearest_m=2.0, farthest_m=8.0)
NOISE = Noise(clean_share=0.0)
LENS = Camera.from_fov(1000, 1000, 60.0)
STEPS_PX = 1e-3
"""Pixels are rounded to this, so that another processor's last bits change nothing."""


@dataclass(frozen=True)
class Case:
    """One clip seen by one camera."""

    clip: str
    subject: str
    camera: Camera
    track: Track2D
    truth_m: Float[np.ndarray, "time 17 3"]
    """Camera axes, metres."""
    up: Float[np.ndarray, "3"]
    """The world's z in camera axes."""

    def digest(self) -> bytes:
        """A fingerprint of the 2D, rounded to whole steps."""
        steps = np.nan_to_num(self.track.xy_px / STEPS_PX, nan=-1e9)
        return sha256(np.rint(steps).astype(np.int64).tobytes()).digest()


def heldout_cases(
    clips: Sequence[MocapClip], *, seen: Seen = "gt", every: int = 1, seed: int = SEED
) -> Iterator[Case]:
    """The benchmark, clip by clip; `seen` says what 2D it has.

    `every` keeps one clip in that many, for a quick look.
    """
    kept = [clip for clip in clips if clip.subject in HELD_OUT_SUBJECTS]
    yield from cases(kept, seen=seen, every=every, seed=seed)


def cases(
    clips: Sequence[MocapClip], *, seen: Seen = "gt", every: int = 1, seed: int = SEED
) -> Iterator[Case]:
    """The same of any people, for what is measured on those of the training."""
    for number, clip in list(enumerate(clips))[::every]:
        for camera in range(CAMERAS_PER_CLIP):
            yield _case(clip, np.random.default_rng([seed, number, camera]), seen)


def _case(clip: MocapClip, rng: np.random.Generator, seen: Seen) -> Case:
    world = common_body(clip.motion.xyz_m).astype(np.float64)[None]
    rotation, shift = cameras_from_world(world[:, :, 0], VIEWS, rng)
    truth = to_camera(world, rotation, shift)
    ray = truth[..., :2] / truth[..., 2:]
    score = np.ones(ray.shape[:-1])
    if seen == "noisy":
        ray, score = detect(ray, NOISE, rng)
    elif seen == "matched":
        ray, score = detect_matched(ray, rate(clip.motion.time_s), shipped_noise(), rng)
    xy_px = ray[0] * LENS.focal_px + LENS.center_px
    track = Track2D(
        person=0,
        time_s=clip.motion.time_s,
        xy_px=np.rint(xy_px / STEPS_PX) * STEPS_PX,
        score=score[0],
        skeleton=H36M17,
    )
    return Case(clip.name, clip.subject, LENS, track, truth[0], rotation[0, :, 2])


def seen_named(text: str) -> Seen:
    """A word of the user's; raises `UnknownName` with the list."""
    for name in get_args(Seen):
        if text == name:
            return name
    raise UnknownName("2D input of heldout", text, get_args(Seen))


def rate(time_s: Float[np.ndarray, " time"]) -> float:
    """Frames a second; 30 for a single frame."""
    return float(1 / np.median(np.diff(time_s))) if len(time_s) > 1 else 30.0


def fingerprint(cases: Iterable[Case]) -> str:
    """SHA-256 over all cases, in hex."""
    total = sha256()
    for case in cases:
        total.update(case.digest())
    return total.hexdigest()
