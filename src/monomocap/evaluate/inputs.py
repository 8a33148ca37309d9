"""Where a lifter's 2D comes from: the truth, a noisy truth, a file, or a detector on the video."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args
from zlib import crc32

import numpy as np
from jaxtyping import Float

from monomocap.datasets.matched import detect_matched, shipped_noise
from monomocap.datasets.recording import Benchmark, Recording, Track, fitting
from monomocap.datasets.synthetic import Noise, detect
from monomocap.detect.catalogue import DETECTORS, load_detector
from monomocap.detect.people import collect_tracks
from monomocap.detect.swaps import put_back
from monomocap.errors import DataError, OptionError, UnknownName
from monomocap.evaluate.heldout import rate
from monomocap.geometry.camera import distort, rays
from monomocap.lift.catalogue import is_path
from monomocap.options import Device
from monomocap.skeleton import H36M17, convert
from monomocap.types import Camera, Track2D
from monomocap.video.read import VideoReader

NOISE_SEED = 20260
Lens = Literal["given", "straight", "unknown"]
LENSES: dict[str, str] = {
    "given": "given (calibrated, distortion included)",
    "straight": "straight (calibrated, its distortion kept from the lifter)",
    "unknown": "unknown (the default field of view)",
}


@dataclass(frozen=True)
class Input:
    """A source of 2D by its name, and the weights that it used."""

    name: str
    track: Track
    weights: dict[str, str] = field(default_factory=dict)


def input_named(text: str, benchmark: Benchmark, data: Path, device: Device = "auto") -> Input:
    """`gt`, `noisy`, `matched`, `detections`, `detections:FILE`, or a detector's name or path.

    Raises `UnknownName`, `DataError`, `OptionError` or `WeightsError` before any work.
    """
    name, _, file = text.partition(":")
    if text == "gt":
        return Input(text, lambda recording: recording.track)
    if text == "noisy":
        return Input(text, lambda recording: mistaken(recording, _simulated))
    if text == "matched":
        return Input(text, lambda recording: mistaken(recording, _matched))
    if name == "detections":
        return Input(text, _of_file(benchmark, data, Path(file) if file else None))
    if text in DETECTORS or is_path(text):
        return detected_by(text, device)
    raise UnknownName("2D input", text, ["gt", "noisy", "matched", "detections[:FILE]", *DETECTORS])


def _of_file(benchmark: Benchmark, data: Path, file: Path | None) -> Track:
    if benchmark.detections is None:
        raise OptionError(
            f"{benchmark.name} has no 2D detections that are read here; use gt, noisy or a detector"
        )
    if file is not None and not file.is_file():
        raise DataError(f"there is no file of 2D detections {file}")
    return benchmark.detections(data, file)


Mistakes = Callable[
    [Float[np.ndarray, "batch time 17 2"], float, np.random.Generator],
    tuple[Float[np.ndarray, "batch time 17 2"], Float[np.ndarray, "batch time 17"]],
]
"""(true rays, frames a second, chance) -> what is seen, and its score."""


def _simulated(
    ray: np.ndarray, fps: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    return detect(ray, Noise(clean_share=0.0), rng)


def _matched(
    ray: np.ndarray, fps: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    return detect_matched(ray, fps, shipped_noise(), rng)


def mistaken(recording: Recording, mistakes: Mistakes) -> Track2D:
    """The true 2D with a detector's mistakes; the same ones every time."""
    track, camera = recording.track, recording.camera
    rng = np.random.default_rng([NOISE_SEED, crc32(recording.key.encode())])
    ray = rays(camera, convert(track.xy_px.astype(np.float64), track.skeleton, H36M17))
    known = np.isfinite(ray).all(axis=(1, 2))
    seen, score = np.full_like(ray, np.nan), np.zeros(ray.shape[:2])
    if known.any():
        guess, sure = mistakes(ray[known][None], rate(track.time_s), rng)
        seen[known], score[known] = guess[0], sure[0]
    xy_px = distort(camera, seen) * camera.focal_px + camera.center_px
    return Track2D(track.person, track.time_s, xy_px, score, H36M17)


def detected_by(name: str, device: Device = "auto") -> Input:
    """A detector on every recording's video; of several people, the one seen in most frames.

    Sides that it exchanged are put back as in the pipeline; its own 3D stays as it was.
    """
    with load_detector(name, device) as detector:
        weights = dict(detector.weights)

    def track(recording: Recording) -> Track2D:
        if recording.video is None:
            raise OptionError(
                f"{recording.key} has no video for the detector {name}; use gt, noisy or detections"
            )
        return _detect(name, recording, recording.video, device)

    return Input(name, track, weights)


def _detect(name: str, recording: Recording, video: Path, device: Device) -> Track2D:
    most = len(recording.truth.time_s)
    with VideoReader(video, most) as reader, load_detector(name, device) as detector:
        times, tracks = collect_tracks(reader, detector)
        skeleton = detector.skeleton
    if not tracks:
        shape = (len(times), len(skeleton))
        empty = np.full((*shape, 2), np.nan, np.float32)
        tracks = (Track2D(0, times, empty, np.zeros(shape, np.float32), skeleton),)
    seen_most = max(tracks, key=lambda found: found.coverage)
    return fitting(put_back(seen_most).track, recording, str(video))


def lens_named(text: str) -> Callable[[Camera], Camera]:
    """What the lifter is told of the camera."""
    if text not in get_args(Lens):
        raise UnknownName("lens", text, get_args(Lens))
    if text == "straight":
        return lambda camera: replace(camera, distortion=())
    if text == "unknown":
        return lambda camera: Camera.from_fov(camera.width_px, camera.height_px)
    return lambda camera: camera
