"""How well actions are recognised after a few clips of each, on motion capture with known labels.

    python benchmarks/recognition.py ../shared/mocap/free17.npz
    python benchmarks/recognition.py ../shared/mocap/free17.npz --views
    python benchmarks/recognition.py ../shared/mocap/free17.npz --network

Eleven actions: nine of Berkeley MHAD, walking and running of CMU. Clips are taught from subjects
that are not in the test (MHAD s01-s06 against s07-s12; walking and running against cmu_07 and
ACCAD), 1, 5, 10 or 20 per action, drawn anew by each seed; every clip is turned to a random
heading. `--views` shows every clip to a camera of its own (any heading, pitch and roll of 0.15 rad,
2 to 8 m, noise as a detector's) and lifts it with the default lifter; a level camera is assumed.

Prints, per number of clips: accuracy of a nearest neighbour under dynamic time warping (the
baseline) and of the recognizer (closed: which of the taught ones; open: "unknown" counts as wrong),
the expected calibration error over ten bins, and, each action left untaught in turn, the mean and
the least area under the ROC curve of known against unknown with the calibration error of that open
test. Last, long recordings joined from clips of a test subject, one action untaught: share of
frames with the right label and F1 of segments that overlap by half or more.
"""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation
from scipy.stats import rankdata

from monomocap.apps.recognize.features import Series, series_of
from monomocap.apps.recognize.recognizer import UNKNOWN, Recognizer, learn
from monomocap.apps.recognize.segments import segments
from monomocap.datasets.mocap import MocapClip, common_body, read_free17
from monomocap.datasets.synthetic import Noise, Viewpoints, cameras_from_world, detect, to_camera
from monomocap.geometry.world import in_world
from monomocap.lift.catalogue import load_lifter
from monomocap.lift.protocol import Lifter
from monomocap.skeleton import H36M17
from monomocap.types import Camera, Motion3D, Track2D

CLIPS = (1, 5, 10, 20)
MHAD = {
    "a01": "jumping",
    "a02": "jumping jacks",
    "a04": "punching",
    "a05": "waving both hands",
    "a06": "waving one hand",
    "a07": "clapping",
    "a08": "throwing",
    "a10": "sitting down",
    "a11": "standing up",
}
WALKERS = ("cmu_07", "cmu_08", "cmu_35", "cmu_39")
RUNS = ("02_03", "09_02", "09_04", "09_06", "09_07", "16_35")
TEST_SUBJECTS = {
    *(f"mhad_s{k:02d}" for k in range(7, 13)),
    *("cmu_07", "accad_Female1", "accad_Male1", "accad_Male2"),
}
VIEWS = Viewpoints(pitch_sd_rad=0.15, roll_sd_rad=0.05)
NOISE = Noise(clean_share=0.0)
LENS = Camera.from_fov(1000, 1000, 60.0)
BASELINE_FRAMES = 48
BLEND_FRAMES = 20


@dataclass(frozen=True)
class Clip:
    """One recording and what is done in it."""

    label: str
    subject: str
    motion: Motion3D
    series: Series

    @property
    def tested(self) -> bool:
        return self.subject in TEST_SUBJECTS


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("mocap", type=Path)
    words.add_argument("--views", action="store_true", help="through cameras, noise and lifter")
    words.add_argument("--network", action="store_true", help="the graph network too (torch)")
    words.add_argument("--draws", type=int, default=5, help="of the taught clips")
    words.add_argument("--clips", type=int, nargs="*", default=CLIPS, help="of each, to be taught")
    words.add_argument("--every", type=int, default=1, help="keep one clip in N, for a quick look")
    words.add_argument("--seed", type=int, default=0)
    asked = words.parse_args()
    clips = read_actions(asked.mocap, asked.views, asked.seed, asked.every)
    tell(f"{sum(c.tested for c in clips)} test clips of {len({c.label for c in clips})} actions")
    for count in asked.clips:
        rows = [measured(clips, count, asked.seed + k, asked.network) for k in range(asked.draws)]
        means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        said = "  ".join(f"{name} {value:.3f}" for name, value in means.items())
        tell(f"{count:2d} clips of each, {asked.draws} draws:  {said}")
    frames, f1 = long_recordings(clips, asked.seed)
    tell(f"long recordings, 10 clips of each: frames right {frames:.3f}, segments' F1 {f1:.3f}")


def tell(line: str) -> None:
    """One line, at once."""
    print(line, flush=True)  # noqa: T201


def read_actions(path: Path, views: bool, seed: int, every: int = 1) -> list[Clip]:
    """All clips with a label, each turned, or seen by a camera and lifted."""
    lifter = load_lifter("hdformer", "cpu") if views else None
    named = [(label_of(clip), clip) for clip in read_free17(path)]
    known = [(label, clip) for label, clip in named if label is not None]
    clips = []
    for number, (label, clip) in enumerate(known):
        if number % every == 0 or label == "running":
            rng = np.random.default_rng([seed, number])
            motion = seen_by_a_camera(clip, lifter, rng) if lifter else turned(clip, rng)
            clips.append(Clip(label, clip.subject, motion, series_of(motion)))
    return clips


def label_of(clip: MocapClip) -> str | None:
    """From a clip's name; None for all others."""
    mhad = re.match(r"skl_s\d\d_(a\d\d)_r", clip.name)
    if mhad:
        return MHAD.get(mhad[1])
    if clip.subject in WALKERS or re.search(r"_B0?3_Walk$", clip.name):
        return "walking" if clip.name != "02_03" else "running"
    if clip.source == "cmu" and clip.name in ("02_01", "02_02"):
        return "walking"
    runs = clip.source == "cmu" and clip.name in RUNS
    return "running" if runs or re.search(r"_C0?3_Run$", clip.name) else None


def turned(clip: MocapClip, rng: np.random.Generator) -> Motion3D:
    """Any heading, on the common body."""
    turn = Rotation.from_euler("z", rng.uniform(-np.pi, np.pi)).as_matrix()
    return replace(clip.motion, xyz_m=common_body(clip.motion.xyz_m) @ turn.T)


def seen_by_a_camera(clip: MocapClip, lifter: Lifter, rng: np.random.Generator) -> Motion3D:
    """Projected, disturbed, lifted, and stood up as if the camera were level."""
    world = common_body(clip.motion.xyz_m).astype(np.float64)[None]
    truth = to_camera(world, *cameras_from_world(world[:, :, 0], VIEWS, rng))
    ray, score = detect(truth[..., :2] / truth[..., 2:], NOISE, rng)
    xy_px = ray[0] * LENS.focal_px + LENS.center_px
    track = Track2D(0, clip.motion.time_s, xy_px, score[0], H36M17)
    return in_world(lifter(track, LENS), LENS)


def measured(clips: Sequence[Clip], count: int, seed: int, network: bool) -> dict[str, float]:
    """All figures for one draw of the taught clips."""
    taught, asked = drawn(clips, count, seed), [c for c in clips if c.tested]
    truth = np.array([c.label for c in asked])
    closed, labels, p = answers(taught, asked, seed)
    row = {"nearest": float((baseline(taught, asked) == truth).mean())}
    row |= {"closed": float((closed == truth).mean()), "open": float((labels == truth).mean())}
    row["ECE"] = calibration_error(p, labels == truth)
    if network:
        row["network"] = network_accuracy(taught, asked, seed)
    left_out = [without(taught, asked, label, seed) for label in sorted(set(truth))]
    areas, errors, rejected = (np.array(column) for column in zip(*left_out, strict=True))
    row |= {"AUROC": float(areas.mean()), "least": float(areas.min())}
    return row | {"open ECE": float(errors.mean()), "unknown found": float(rejected.mean())}


def drawn(clips: Sequence[Clip], count: int, seed: int) -> list[Clip]:
    """This many clips of every action, or all where there are fewer (six of running)."""
    rng = np.random.default_rng([seed, count])
    free = [c for c in clips if not c.tested and c.series.seen.any()]
    out = []
    for label in sorted({c.label for c in free}):
        own = [c for c in free if c.label == label]
        out += [own[k] for k in rng.permutation(len(own))[:count]]
    return out


def taught_to(taught: Sequence[Clip], seed: int) -> Recognizer:
    """The recognizer under test."""
    by_label: dict[str, list[Series]] = {}
    for clip in taught:
        by_label.setdefault(clip.label, []).append(clip.series)
    return learn(by_label, seed=seed)


def answers(
    taught: Sequence[Clip], asked: Sequence[Clip], seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best taught label, the best of all with "unknown", and that one's probability."""
    recognizer = taught_to(taught, seed)
    said = [recognizer.classify(c.series) for c in asked]
    closed = [max(recognizer.labels, key=row.__getitem__) for row in said]
    best = [max(row, key=row.__getitem__) for row in said]
    p = [row[label] for row, label in zip(said, best, strict=True)]
    return np.array(closed), np.array(best), np.array(p)


def without(
    taught: Sequence[Clip], asked: Sequence[Clip], label: str, seed: int
) -> tuple[float, float, float]:
    """Area under the curve, calibration error, and share rejected, with one label untaught."""
    recognizer = taught_to([c for c in taught if c.label != label], seed)
    said = [recognizer.classify(c.series) for c in asked]
    unknown = np.array([row[UNKNOWN] for row in said])
    strange = np.array([c.label == label for c in asked])
    best = [max(row, key=row.__getitem__) for row in said]
    p = np.array([row[name] for row, name in zip(said, best, strict=True)])
    right = [
        name == (UNKNOWN if c.label == label else c.label)
        for name, c in zip(best, asked, strict=True)
    ]
    found = np.mean([name == UNKNOWN for name, odd in zip(best, strange, strict=True) if odd])
    area = area_under_curve(unknown[strange], unknown[~strange])
    return area, calibration_error(p, np.array(right)), float(found)


def area_under_curve(high: np.ndarray, low: np.ndarray) -> float:
    """How often one of `high` is above one of `low` (Mann and Whitney)."""
    ranks = rankdata(np.concatenate([high, low]))[: len(high)]
    return float((ranks.sum() - len(high) * (len(high) + 1) / 2) / (len(high) * len(low)))


def calibration_error(p: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: |said - true| per bin of equal width, weighted by its size."""
    which = np.minimum((p * bins).astype(int), bins - 1)
    parts = [which == k for k in range(bins) if (which == k).any()]
    return float(sum(abs(p[m].mean() - right[m].mean()) * m.mean() for m in parts))


def baseline(taught: Sequence[Clip], asked: Sequence[Clip]) -> np.ndarray:
    """The label of the nearest taught clip under dynamic time warping of the same channels."""
    known = np.stack([shortened(c.series) for c in taught])
    labels = np.array([c.label for c in taught])
    return np.array([labels[warped(shortened(c.series), known).argmin()] for c in asked])


def shortened(series: Series) -> np.ndarray:
    """Brought to `BASELINE_FRAMES` frames."""
    values = series.values if len(series) else np.zeros((1, series.values.shape[1]), np.float32)
    at = np.linspace(0, len(values) - 1, BASELINE_FRAMES)
    return values[np.rint(at).astype(int)]


def warped(one: np.ndarray, many: np.ndarray) -> np.ndarray:
    """Cost of the cheapest alignment of one clip with each of many (Sakoe and Chiba, 1978)."""
    apart = (one**2).sum(-1)[:, None] + (many**2).sum(-1)[:, None] - 2 * one @ many.swapaxes(1, 2)
    frames = len(one)
    total = np.full((len(many), frames + 1, frames + 1), np.inf)
    total[:, 0, 0] = 0
    for step in range(2, 2 * frames + 1):
        i = np.arange(max(1, step - frames), min(frames, step - 1) + 1)
        j = step - i
        before = np.minimum(total[:, i - 1, j], total[:, i, j - 1])
        total[:, i, j] = apart[:, i - 1, j - 1] + np.minimum(before, total[:, i - 1, j - 1])
    return total[:, -1, -1]


def network_accuracy(taught: Sequence[Clip], asked: Sequence[Clip], seed: int) -> float:
    """Of the graph network on the same clips: the best taught label is the right one."""
    from monomocap.apps.recognize.graph import learn_network

    by_label: dict[str, list[Series]] = {}
    for clip in taught:
        by_label.setdefault(clip.label, []).append(clip.series)
    recognizer = learn_network(by_label, seed=seed)
    said = [recognizer.classify(c.series) for c in asked]
    best = [max(recognizer.labels, key=row.__getitem__) for row in said]
    return float(np.mean([b == c.label for b, c in zip(best, asked, strict=True)]))


def long_recordings(clips: Sequence[Clip], seed: int) -> tuple[float, float]:
    """Frames right and segments' F1, each of the nine MHAD actions untaught once."""
    rng = np.random.default_rng([seed, 99])
    taught = drawn(clips, 10, seed)
    right, counts = [], np.zeros(3, int)
    for number, left_out in enumerate(sorted(MHAD.values())):
        recognizer = taught_to([c for c in taught if c.label != left_out], seed)
        subject = f"mhad_s{7 + number % 6:02d}"
        own = [c for c in clips if c.subject == subject]
        chosen = [own[k] for k in rng.permutation(len(own))[:12]]
        series, truth = joined(chosen, left_out)
        names = (*recognizer.labels, UNKNOWN)
        found = [(s.begin, s.end, names[s.label]) for s in segments(recognizer, series)]
        said = np.full(len(series), "", dtype=object)
        for begin, end, label in found:
            said[begin:end] = label
        right += [
            said[k] == label
            for begin, end, label in truth
            for k in range(begin, min(end, len(said)))
        ]
        counts += matched(found, truth)
    hit, extra, missed = counts
    return float(np.mean(right)), float(2 * hit / (2 * hit + extra + missed))


def joined(clips: Sequence[Clip], left_out: str) -> tuple[Series, list[tuple[int, int, str]]]:
    """One recording of one person: clips blended into each other in place; what is done when."""
    poses: list[np.ndarray] = []
    truth: list[tuple[int, int, str]] = []
    frames = 0
    for clip in clips:
        xyz_m = clip.motion.xyz_m - clip.motion.xyz_m[:, :1] * [1, 1, 0]
        xyz_m = xyz_m[np.isfinite(xyz_m).all(axis=(1, 2))]
        if poses:
            share = np.linspace(0, 1, BLEND_FRAMES + 2)[1:-1, None, None]
            poses.append(poses[-1][-1] * (1 - share) + xyz_m[0] * share)
            frames += BLEND_FRAMES
        poses.append(xyz_m)
        name = UNKNOWN if clip.label == left_out else clip.label
        if truth and truth[-1][2] == name:
            truth[-1] = (truth[-1][0], (frames + len(xyz_m)) // 3, name)
        else:
            truth.append((frames // 3, (frames + len(xyz_m)) // 3, name))
        frames += len(xyz_m)
    xyz_m = np.concatenate(poses)
    fps = 60.0
    sure = np.ones(xyz_m.shape[:2])
    motion = Motion3D(0, np.arange(len(xyz_m)) / fps, xyz_m, sure, H36M17, "world")
    return series_of(motion), truth


def matched(found: list[tuple[int, int, str]], truth: list[tuple[int, int, str]]) -> np.ndarray:
    """Hits, extra and missed segments: same label, and shared frames at least half of the union."""
    left, hits = list(truth), 0
    for begin, end, label in found:
        for one in left:
            shared = min(end, one[1]) - max(begin, one[0])
            if one[2] == label and shared >= 0.5 * (max(end, one[1]) - min(begin, one[0])):
                left.remove(one)
                hits += 1
                break
    return np.array([hits, len(found) - hits, len(left)])


if __name__ == "__main__":
    main()
