"""Clips whose repetitions are known: exercises by rule and by motion capture, seen from three
sides at three tempos, with pauses, partial repetitions, other movement around them, and noise.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from monomocap.datasets.mocap import MocapClip, read_free17
from monomocap.geometry.rotation import about, unit
from monomocap.geometry.world import LEVEL
from monomocap.render.exercises import Repetition, perform, schedule
from monomocap.render.motions import Arm, Body, Script, act, walk
from monomocap.skeleton import H36M17
from monomocap.types import Motion3D

FPS = 30.0
VIEWS_DEG = {"front": 180.0, "side": 90.0, "oblique": 135.0}
"""Which way the person faces, against the direction in which the camera looks."""
TEMPOS = {"slow": 1.6, "usual": 1.0, "quick": 0.65}
"""Factor on an exercise's usual seconds."""
SECONDS = {
    "squat": 2.4, "push_up": 1.8, "sit_up": 2.4, "lunge": 2.2, "jumping_jack": 1.2, "pull_up": 2.4,
    "deadlift": 2.8, "shoulder_press": 2.2, "burpee": 4.0, "biceps_curl": 2.0,
    "lateral_raise": 2.2, "high_knees": 0.7, "punch": 0.8, "glute_bridge": 2.0, "leg_raise": 2.6,
    "mountain_climber": 0.9,
}  # fmt: skip
"""Usual seconds of a repetition."""
REPEATED = {"a01": "jump", "a02": "jumping jack", "a05": "wave two hands", "a06": "wave one hand",
            "a07": "clap"}  # fmt: skip
"""MHAD's actions that are done five times in each recording."""
SIX = ("skl_s02_a01_r02", "skl_s02_a01_r03", "skl_s03_a01_r01", "skl_s04_a01_r04",
       "skl_s08_a01_r01", "skl_s08_a01_r02", "skl_s10_a01_r01", "skl_s10_a01_r02",
       "skl_s10_a01_r05")  # fmt: skip
"""Recordings with six jumps instead of five. Counted by eye on plots: the lower ankle's height of
all jumps, the distance of the hands of all claps, and the wrist's way of 36 jumping jacks and waves
(twelve of each action, drawn with seed 5); all but these have five."""
LOOPED = {"throw": ("a08",), "sit and stand": ("a10", "a11")}
"""MHAD's single actions that end as they begin, looped."""
STILL = ("Idle_Talking_Loop", "Confused", "Greeting", "Bow", "Idle Listening", "Dizzy", "Reject",
         "Sitting_Enter", "Sitting_Exit", "Death01", "Jump_Land", "Throw Object", "Interact",
         "Consume Item")  # fmt: skip
"""Hand-keyed clips in which nothing is repeated as an exercise is."""


@dataclass(frozen=True)
class Clip:
    """A motion and what is in it."""

    name: str
    kind: str
    """"by rule", "mocap" or "nothing repeated"."""
    exercise: str
    view: str
    tempo: str
    motion: Motion3D
    """As a lifter gives it: metres from the pelvis, camera axes."""
    count: int
    partial: int = 0
    spans_s: tuple[tuple[float, float], ...] = ()
    """When the whole repetitions are; empty where only their number is known."""


@dataclass(frozen=True)
class NoiseOf3D:
    """What monocular 3D gets wrong, metres; depth is `depth` times worse than the picture's plane.

    Standard deviations of wrists, elbows, ankles and knees; of hips and shoulders half. Set after
    MediaPipe and hdformer on four mannequin videos: constant errors of 1-6 cm in the plane (12 at
    the wrists of push-ups) and 5-17 in depth, slow ones of 1-5 and 3-9 cm of which most repeats
    with the movement, and 1-5 mm from frame to frame.
    """

    bias: float = 0.035
    drift: float = 0.015
    drift_s: float = 0.35
    jitter: float = 0.004
    depth: float = 2.5
    root: float = 0.012
    """Of the pelvis's place in the picture's plane; its depth is five times worse."""
    root_known: bool = True
    gaps: float = 0.25
    """Share of clips in which the person is lost for up to 0.4 s, twice."""


def clips(seed: int, count: int, mocap: Path | None) -> Iterator[Clip]:
    """`count` clips: every exercise in turn through views and tempos, every seventh without any
    repetition; the same for the same seed."""
    library = None if mocap is None else library_of(mocap)
    rng = np.random.default_rng(seed)
    kinds = [*SECONDS, *([] if library is None else [*REPEATED.values(), *LOOPED])]
    for number in range(count):
        view = list(VIEWS_DEG)[number % 3]
        tempo = list(TEMPOS)[(number // 3) % 3]
        if number % 7 == 6:
            yield _nothing(number, view, rng, library)
            continue
        kind = kinds[(number - number // 7) % len(kinds)]
        if kind in SECONDS:
            yield _by_rule(number, kind, view, tempo, rng)
        else:
            assert library is not None
            yield _by_mocap(number, kind, view, tempo, rng, library)


class Library:
    """Motion capture by MHAD's action, and clips without repetitions."""

    def __init__(self, found: Sequence[MocapClip]) -> None:
        self.action: dict[str, list[MocapClip]] = {}
        for clip in found:
            if clip.source == "mhad" and clip.name.startswith("skl_"):
                self.action.setdefault(clip.name.split("_")[2], []).append(clip)
        self.still = [c for c in found if c.name in STILL]
        self.of_subject = {
            (c.subject, code): c for code, group in self.action.items() for c in group
        }

    def poses(self, clip: MocapClip) -> Float[np.ndarray, "time 17 3"]:
        """At `FPS`."""
        rate = 1 / float(np.median(np.diff(clip.motion.time_s)))
        return retimed(clip.motion.xyz_m.astype(np.float64), rate / FPS)

    def any_of(self, code: str, rng: np.random.Generator) -> MocapClip:
        group = self.action[code]
        return group[rng.integers(len(group))]


@cache
def library_of(mocap: Path) -> Library:
    """Read once."""
    return Library(read_free17(mocap))


def _by_rule(number: int, exercise: str, view: str, tempo: str, rng: np.random.Generator) -> Clip:
    count = int(rng.integers(3, 13))
    seconds = SECONDS[exercise] * TEMPOS[tempo] * float(rng.uniform(0.9, 1.1))
    partial = int(rng.integers(1, 3)) if rng.random() < 0.3 and exercise != "burpee" else 0
    planned = schedule(
        count, seconds, rng, pause_s=1.5, pauses=0.3 if rng.random() < 0.5 else 0.0,
        partial=partial,
    )  # fmt: skip
    height_m = float(rng.uniform(1.55, 1.92))
    whole = perform(exercise, planned, FPS, height_m=height_m)
    before, after = (other_movement(rng, height_m) for _ in range(2))
    poses, begin_s = joined([before, whole.xyz_m, after], 0.8)
    motion = seen_from(poses, view, rng)
    shift_s = begin_s[1] + 0.4
    spans = tuple((r.start_s + shift_s, r.end_s + shift_s) for r in planned if r.depth > 0.6)
    return Clip(
        f"{number:03} {exercise} {view} {tempo}", "by rule", exercise, view, tempo, motion,
        count, partial, spans,
    )  # fmt: skip


def _by_mocap(
    number: int, exercise: str, view: str, tempo: str, rng: np.random.Generator, library: Library
) -> Clip:
    codes = {name: code for code, name in REPEATED.items()}
    if exercise in codes:
        recording = library.any_of(codes[exercise], rng)
        parts, count = [library.poses(recording)], true_count(recording.name)
    else:
        count = int(rng.integers(3, 9))
        first = library.any_of(LOOPED[exercise][0], rng)
        chain = [library.of_subject.get((first.subject, code), first) for code in LOOPED[exercise]]
        parts = [library.poses(clip) for clip in chain] * count
    factor = TEMPOS[tempo] * float(rng.uniform(0.9, 1.1))
    parts = [retimed(part, 1 / factor) for part in parts]
    middle = joined(parts, 0.3)[0] if len(parts) > 1 else parts[0]
    height_m = 1.7
    poses, _ = joined([other_movement(rng, height_m), middle, other_movement(rng, height_m)], 0.8)
    motion = seen_from(poses, view, rng)
    name = f"{number:03} {exercise} {view} {tempo}"
    return Clip(name, "mocap", exercise, view, tempo, motion, count)


def _nothing(number: int, view: str, rng: np.random.Generator, library: Library | None) -> Clip:
    """Talking with the hands, a few steps, sitting down once, holding a plank."""
    height_m = float(rng.uniform(1.55, 1.92))
    what = ["talking", "single", "hold"] + ([] if library is None else ["mocap", "sit once"])
    kind = what[number // 7 % len(what)]
    if kind == "talking":
        parts = [talking(rng, height_m, float(rng.uniform(8, 20)))]
    elif kind == "hold":
        parts = [perform("plank", (Repetition(0, float(rng.uniform(6, 15))),), FPS).xyz_m]
    elif kind == "single":
        names = ("squat", "sit_up", "deadlift", "lateral_raise", "burpee")
        one = (Repetition(0, float(rng.uniform(2, 4))),)
        middle = perform(names[rng.integers(len(names))], one, FPS, height_m=height_m).xyz_m
        parts = [talking(rng, height_m, 4.0), middle, talking(rng, height_m, 3.0)]
    elif kind == "mocap":
        assert library is not None
        parts = [library.poses(library.still[rng.integers(len(library.still))])]
    else:
        assert library is not None
        code = ("a10", "a11", "a08")[rng.integers(3)]
        parts = [talking(rng, 1.7, 3.0), library.poses(library.any_of(code, rng))]
    poses, _ = joined(parts, 0.8)
    motion = seen_from(poses, view, rng)
    return Clip(f"{number:03} {kind} {view}", "nothing repeated", kind, view, "usual", motion, 0)


def true_count(recording: str) -> int:
    """Of an MHAD recording of a repeated action."""
    return 6 if recording in SIX else 5


def other_movement(rng: np.random.Generator, height_m: float) -> Float[np.ndarray, "time 17 3"]:
    """What people do before and after: nothing, stand about, take two or three steps, stretch."""
    kind = rng.integers(4)
    seconds = float(rng.uniform(1.5, 4.0))
    if kind == 0:
        return talking(rng, height_m, 0.3)
    if kind == 1:
        seed = int(rng.integers(1 << 30))
        return walk(min(seconds, 1.8), FPS, height_m=height_m, seed=seed, turn_rad_s=0).xyz_m
    return talking(rng, height_m, seconds)


def talking(
    rng: np.random.Generator, height_m: float, seconds: float
) -> Float[np.ndarray, "time 17 3"]:
    """Standing, shifting weight, arms gesturing at random: nothing comes back on purpose."""
    body = Body(height_m)
    time_s = np.arange(max(2, round(seconds * FPS))) / FPS

    def wander(low: float, high: float, sigma_s: float) -> Float[np.ndarray, " time"]:
        noise = gaussian_filter1d(rng.normal(size=len(time_s) + 240), sigma_s * FPS)[120:-120]
        spread = np.clip(0.5 + 0.22 * noise * np.sqrt(2 * sigma_s * FPS * np.sqrt(np.pi)), 0, 1)
        return low + (high - low) * spread

    lively = float(rng.uniform(0.3, 1.0))
    arms = [
        Arm(
            flex=wander(0.0, 0.9 * lively, rng.uniform(0.25, 0.7)),
            abduct=wander(0.1, 0.5 * lively + 0.1, rng.uniform(0.25, 0.7)),
            elbow=wander(0.2, 0.3 + 1.7 * lively, rng.uniform(0.25, 0.7)),
        )
        for _ in range(2)
    ]
    height = body.ankle_m + 0.98 * (body.thigh_m + body.shank_m)
    zero = 0 * time_s
    pelvis = np.stack([zero, wander(-0.04, 0.04, 0.8), zero + height], axis=-1)
    half = body.share(0.07)
    script = Script(
        time_s, wander(-0.3, 0.3, 1.2), pelvis,
        np.stack([zero, zero + half, zero + body.ankle_m], -1),
        np.stack([zero, zero - half, zero + body.ankle_m], -1),
        arms[0], arms[1], lean=wander(0.0, 0.2, 0.8), nod=wander(-0.2, 0.3, 0.4),
        chest_turn=wander(-0.3, 0.3, 0.6),
    )  # fmt: skip
    return act(script, body).xyz_m


def joined(
    parts: Sequence[Float[np.ndarray, "time 17 3"]], blend_s: float
) -> tuple[Float[np.ndarray, "time 17 3"], list[float]]:
    """One after the other on the last one's body and heading, with a blend of poses in between.

    Also says when each part begins.
    """
    lengths = [np.linalg.norm(parts[-1][0, p] - parts[-1][0, c]) for p, c in H36M17.bones]
    out: list[np.ndarray] = []
    starts: list[float] = []
    blend = np.linspace(0, 1, max(2, round(blend_s * FPS)))[1:-1, None, None]
    blend = blend * blend * (3 - 2 * blend)
    for part in parts:
        part = part - part[:1, :1] * [1, 1, 0]
        if out:
            part = part @ _turn_between(part[0], out[-1][-1]).T
            part = part + (out[-1][-1, :1] - part[:1, :1]) * [1, 1, 0]
            out.append(out[-1][-1] * (1 - blend) + part[0] * blend)
        starts.append(sum(map(len, out)) / FPS)
        out.append(part)
    return _with_lengths(np.concatenate(out), np.array(lengths)), starts


def _turn_between(pose: Float[np.ndarray, "17 3"], to: Float[np.ndarray, "17 3"]) -> np.ndarray:
    """About the vertical, so that the hips lie alike."""
    left, right = H36M17.index("left_hip"), H36M17.index("right_hip")
    a, b = pose[left] - pose[right], to[left] - to[right]
    angle = np.arctan2(b[1], b[0]) - np.arctan2(a[1], a[0])
    turn: np.ndarray = about(np.array([0.0, 0.0, 1.0]), np.array(angle))
    return turn


def _with_lengths(
    xyz: Float[np.ndarray, "time 17 3"], lengths: Float[np.ndarray, " bone"]
) -> Float[np.ndarray, "time 17 3"]:
    out = xyz.copy()
    for (parent, child), length in zip(H36M17.bones, lengths, strict=True):
        way = unit(xyz[:, child] - xyz[:, parent])
        out[:, child] = out[:, parent] + length * np.nan_to_num(way)
    return out


def retimed(poses: Float[np.ndarray, "time 17 3"], speed: float) -> Float[np.ndarray, "new 17 3"]:
    """Played faster (above 1) or slower, at the same rate of frames."""
    frames = np.arange(len(poses))
    at = np.linspace(0, len(poses) - 1, max(2, round(len(poses) / speed)))
    flat = poses.reshape(len(poses), -1)
    out = np.stack([np.interp(at, frames, column) for column in flat.T], axis=1)
    return out.reshape(-1, *poses.shape[1:])


def seen_from(
    poses: Float[np.ndarray, "time 17 3"],
    view: str,
    rng: np.random.Generator,
    noise: NoiseOf3D = NoiseOf3D(),
) -> Motion3D:
    """Camera axes, root-relative, with a lifter's errors, from a camera pitched a little."""
    facing = np.radians(VIEWS_DEG[view] + rng.normal(0, 8))
    turn = about(np.array([0.0, 0.0, 1.0]), np.array(np.pi / 2 + facing))
    pitch = about(np.array([1.0, 0.0, 0.0]), np.array(rng.normal(0.05, 0.08)))
    xyz = poses @ turn.T @ LEVEL @ pitch.T
    far = np.array([0.0, 0.0, float(rng.uniform(3, 5))])
    root = xyz[:, 0] - xyz[:1, 0] + far + _slow(len(xyz), (3,), noise, rng) * noise.root * [1, 1, 5]
    xyz = noisy(xyz - xyz[:, :1], noise, rng)
    time_s = np.arange(len(xyz)) / FPS
    if rng.random() < noise.gaps:
        for _ in range(2):
            begin = int(rng.integers(1, max(2, len(xyz) - 14)))
            xyz[begin : begin + int(rng.integers(2, 12))] = np.nan
    sure = np.isfinite(xyz).all(axis=-1).astype(float)
    root_m = np.where(np.isfinite(xyz[:, 0]), root, np.nan) if noise.root_known else None
    return Motion3D(0, time_s, xyz, sure, H36M17, "root", "noise", root_m)


def noisy(
    xyz: Float[np.ndarray, "time 17 3"], noise: NoiseOf3D, rng: np.random.Generator
) -> Float[np.ndarray, "time 17 3"]:
    outer = [j for j, name in enumerate(H36M17.joints) if name.split("_")[-1] in _OUTER]
    size = np.full((17, 1), 0.5)
    size[outer] = 1.0
    size = size * [1.0, 1.0, noise.depth]
    slow = _slow(len(xyz), (17, 3), noise, rng)
    error = noise.bias * rng.normal(size=(1, 17, 3)) + noise.drift * slow
    error = error + noise.jitter * rng.normal(size=xyz.shape)
    out = xyz + size * error
    return out - out[:, :1]


def _slow(
    frames: int, shape: tuple[int, ...], noise: NoiseOf3D, rng: np.random.Generator
) -> np.ndarray:
    """Unit noise that changes over `drift_s`."""
    sigma = noise.drift_s * FPS
    slow = gaussian_filter1d(rng.normal(size=(frames + 100, *shape)), sigma, axis=0)[50:-50]
    slow *= np.sqrt(2 * sigma * np.sqrt(np.pi))
    return slow


_OUTER = ("knee", "ankle", "elbow", "wrist", "head")


CLEAN = NoiseOf3D(bias=0.0, drift=0.0, jitter=0.0, root=0.0, gaps=0.0)


def on_mocap(mocap: Path, seed: int, noise: NoiseOf3D = CLEAN) -> Iterator[Clip]:
    """MHAD's own recordings of repeated actions, as they are, from a random side."""
    rng = np.random.default_rng(seed)
    library = library_of(mocap)
    for code, exercise in REPEATED.items():
        for clip in library.action[code]:
            view = list(VIEWS_DEG)[rng.integers(3)]
            motion = seen_from(library.poses(clip), view, rng, noise)
            yield Clip(clip.name, "mocap", exercise, view, "usual", motion, true_count(clip.name))
