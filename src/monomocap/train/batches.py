"""Batches of (what a detector might see, the truth) from mocap; every step has its own seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from monomocap.datasets.matched import detect_matched, shipped_noise
from monomocap.datasets.mocap import MocapClip, common_body
from monomocap.datasets.synthetic import (
    cameras_from_world,
    detect,
    to_camera,
    vary_bones,
)
from monomocap.errors import DataError
from monomocap.formats.captured import limb_length
from monomocap.geometry.trunk import trunk_from_limbs
from monomocap.lift.normalize import person_view, to_virtual
from monomocap.skeleton import H36M17
from monomocap.train.augment import rarity, recombined
from monomocap.train.config import TrainConfig

BODY_LIMB_LENGTH_M = 1.34
"""The size that every body is taught at: absolute size cannot be seen in one view. It is the mean
limb length (`datasets.mocap.limb_length`) of the captured adults, a person of about 1.65 m."""

Pose = TypeVar("Pose", np.ndarray, Tensor)
Batch = tuple[Float[np.ndarray, "batch channel time 17"], Float[np.ndarray, "batch 3 time 17"]]
"""What a network sees, and what it should answer."""


@dataclass(frozen=True)
class Store:
    """All training clips end to end, ready to be cut into windows."""

    xyz_m: Float[np.ndarray, "frames 17 3"]
    start: Int[np.ndarray, " clips"]
    length: Int[np.ndarray, " clips"]
    fps: Float[np.ndarray, " clips"]
    drawn: Float[np.ndarray, " frames"]
    """How often each frame is a window's middle: a cumulative sum that ends at 1."""


def make_store(clips: Sequence[MocapClip], config: TrainConfig) -> Store:
    """Keep the subjects that may be learned from; raises `DataError` if none is left."""
    kept = [clip for clip in clips if clip.subject not in config.held_out]
    if not kept:
        raise DataError("no clip is left to train on once the held-out subjects are taken away")
    length = np.array([len(clip.motion.time_s) for clip in kept])
    fps = np.array([_rate(clip) for clip in kept])
    weight = np.array([config.source_weight.get(clip.source, 1.0) for clip in kept])
    xyz_m = np.concatenate([common_body(clip.motion.xyz_m) for clip in kept]).astype(np.float32)
    seconds = np.repeat(np.maximum(1 / fps, 1 / length), length)
    rare = rarity(xyz_m, seconds, power=config.rarity_power, seed=config.seed)
    drawn = np.cumsum(np.repeat(weight, length) * seconds * rare)
    return Store(
        xyz_m=xyz_m,
        start=np.concatenate([[0], np.cumsum(length)[:-1]]),
        length=length,
        fps=fps,
        drawn=drawn / drawn[-1],
    )


def _rate(clip: MocapClip) -> float:
    steps = np.diff(clip.motion.time_s)
    return float(1 / np.median(steps)) if len(steps) else 30.0


def batches(store: Store, config: TrainConfig, *, start: int = 0) -> Iterator[tuple[int, Batch]]:
    """(step, batch) from `start` to the end: the same batches whenever the run is resumed."""
    for step in range(start, config.steps):
        yield step, make_batch(store, config, np.random.default_rng([config.seed, step]))


def make_batch(store: Store, config: TrainConfig, rng: np.random.Generator) -> Batch:
    """One batch: windows on new bodies, from new viewpoints, as a detector would see them."""
    captured = recombined(_windows(store, config, rng), config.recombined_share, rng)
    world = trunk_from_limbs(vary_bones(captured, config.bones_sd, rng))
    world = _mirrored(world, rng.random(len(world)) < 0.5)
    camera = to_camera(world, *cameras_from_world(world[:, :, 0], config.views, rng))
    ray = camera[..., :2] / camera[..., 2:].clip(0.3)
    seen, score = detected(ray, config, rng)
    view = person_view(seen, score)
    size = BODY_LIMB_LENGTH_M / limb_length(camera).mean(axis=1)
    relative = (camera - camera[:, :, :1]) * size[:, None, None, None]
    return view.x, to_virtual(view, relative).astype(np.float32)


def detected(
    ray: Float[np.ndarray, "batch time 17 2"], config: TrainConfig, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "batch time 17 2"], Float[np.ndarray, "batch time 17"]]:
    """What detectors see: some clips as by one that was measured, the others as by any."""
    seen, score = detect(ray, config.noise, rng)
    matched = rng.random(len(ray)) < config.matched_share
    if matched.any():
        measured = detect_matched(ray[matched], config.fps, shipped_noise(), rng)
        seen[matched], score[matched] = measured
    return seen, score


def _windows(
    store: Store, config: TrainConfig, rng: np.random.Generator
) -> Float[np.ndarray, "batch time 17 3"]:
    """Random stretches at the network's rate, re-timed; a clip's ends are held."""
    frame = np.searchsorted(store.drawn, rng.random(config.batch))
    clip = np.searchsorted(store.start, frame, side="right") - 1
    low, high = config.speed
    speed = np.exp(rng.uniform(np.log(low), np.log(high), config.batch))
    stride = store.fps[clip] / config.fps * speed
    room = store.length[clip] - 1 - stride * (config.frames - 1)
    begin = frame - store.start[clip] - stride * (config.frames - 1) / 2
    begin = begin.clip(np.minimum(0, room), np.maximum(0, room))
    at = begin[:, None] + stride[:, None] * np.arange(config.frames)
    at = at.clip(0, store.length[clip][:, None] - 1)
    before = np.floor(at).astype(int)
    share = (at - before)[..., None, None].astype(np.float32)
    after = np.minimum(before + 1, store.length[clip][:, None] - 1)
    offset = store.start[clip][:, None]
    return store.xyz_m[offset + before] * (1 - share) + store.xyz_m[offset + after] * share


def answered(true: Pose, frames: int) -> Pose:
    """The frames that a network answers: all, or those in the clip's middle."""
    begin = (true.shape[2] - frames) // 2
    return true[:, :, begin : begin + frames]


def _mirrored(
    world: Float[np.ndarray, "batch time 17 3"], which: np.ndarray
) -> Float[np.ndarray, "batch time 17 3"]:
    reflected = world[:, :, list(H36M17.mirror)] * np.array([-1, 1, 1], dtype=world.dtype)
    return np.where(which[:, None, None, None], reflected, world)
