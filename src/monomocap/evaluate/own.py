"""A user's own motion capture beside their videos: brought to one clock and before one camera.

A folder of pairs, `walk.trc` or `walk.c3d` and `walk.mp4`. MediaPipe looks at the video; how fast
joints move in both says by how much the clocks differ, and where its 2D lies says where the camera
stood. A lens may be given in `walk.json` or `camera.json`: {"focal_px": 1500} or {"fov_deg": 65}.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float

from monomocap.datasets.markers import ENDINGS, limb_points, read_markers
from monomocap.datasets.recording import HIPS, Benchmark, Recording
from monomocap.detect.catalogue import load_detector
from monomocap.detect.people import collect_tracks
from monomocap.errors import DataError, InputError
from monomocap.geometry.camera import project, to_camera
from monomocap.geometry.lag import lag_s, speed
from monomocap.geometry.resample import at_times
from monomocap.geometry.resection import fit_pose
from monomocap.skeleton import H36M17, LIMB_JOINTS, convert
from monomocap.types import Camera, Motion3D, Track2D, VideoInfo
from monomocap.video.read import VideoReader

VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm")
LIMBS = [H36M17.index(joint) for joint in LIMB_JOINTS]


def read(path: Path, split: str) -> Iterator[Recording]:
    """Every pair of a folder, or the one of a motion capture file."""
    mocap = [path] if path.is_file() else sorted(p for p in path.iterdir() if _is_mocap(p))
    pairs = [(file, _video_beside(file)) for file in mocap]
    if not pairs:
        raise DataError(f"{path} holds no motion capture ({', '.join(ENDINGS)})")
    return (_aligned(file, video) for file, video in pairs)


def _is_mocap(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS


def _video_beside(mocap: Path) -> Path:
    there = [mocap.with_suffix(ending) for ending in VIDEOS]
    found = next((path for path in there if path.is_file()), None)
    if found is None:
        raise DataError(f"{mocap} has no video beside it; expected {there[0]}")
    return found


def _aligned(mocap: Path, video: Path) -> Recording:
    markers = read_markers(mocap)
    world_m = limb_points(markers, str(mocap))
    with VideoReader(video) as reader, load_detector("mediapipe") as detector:
        _, tracks = collect_tracks(reader, detector)
        info = reader.info
    if not tracks:
        raise DataError(f"MediaPipe sees nobody in {video}, so {mocap} cannot be aligned to it")
    track = max(tracks, key=lambda found: found.coverage)
    limbs_px = convert(track.xy_px.astype(np.float64), track.skeleton, H36M17)[:, LIMBS]
    try:
        lag = lag_s(*speed(limbs_px, track.time_s), *speed(world_m, markers.time_s))
        then_m = at_times(world_m, markers.time_s, track.time_s + lag)
        camera = fit_pose(_lens(mocap, info), then_m, limbs_px)
    except (InputError, np.linalg.LinAlgError) as error:
        raise DataError(f"{mocap} and {video} cannot be aligned: {error}") from error
    return _recording(mocap, video, camera, track.time_s, to_camera(camera, then_m))


def _recording(
    mocap: Path,
    video: Path,
    camera: Camera,
    time_s: Float[np.ndarray, " time"],
    limbs_m: Float[np.ndarray, "time 12 3"],
) -> Recording:
    xyz_m = np.full((len(limbs_m), len(H36M17), 3), np.nan)
    xyz_m[:, LIMBS] = limbs_m
    hips = [H36M17.index(joint) for joint in HIPS]
    shoulders = [H36M17.index(f"{side}_shoulder") for side in ("left", "right")]
    xyz_m[:, H36M17.index("pelvis")] = xyz_m[:, hips].mean(axis=1)
    xyz_m[:, H36M17.index("thorax")] = xyz_m[:, shoulders].mean(axis=1)
    seen = np.isfinite(xyz_m).all(axis=-1).astype(np.float32)
    xy_px = project(camera, xyz_m)
    return Recording(
        subject=mocap.stem,
        take=mocap.stem,
        action=mocap.stem,
        camera_name=video.name,
        camera_number=0,
        camera=camera,
        truth=Motion3D(0, time_s, xyz_m, seen, H36M17, "camera"),
        track=Track2D(0, time_s, xy_px, np.where(np.isfinite(xy_px[..., 0]), seen, 0.0), H36M17),
        video=video,
    )


def _lens(mocap: Path, info: VideoInfo) -> Camera:
    size = (info.width_px, info.height_px)
    for path in (mocap.with_suffix(".json"), mocap.with_name("camera.json")):
        if path.is_file():
            return _stated_lens(path, size)
    return Camera.from_fov(*size)


def _stated_lens(path: Path, size: tuple[int, int]) -> Camera:
    try:
        stated = json.loads(path.read_text())
        if "focal_px" in stated:
            return Camera.from_focal(*size, float(stated["focal_px"]))
        return Camera.from_fov(*size, float(stated["fov_deg"]))
    except (OSError, ValueError, TypeError, LookupError, InputError) as error:
        raise DataError(f'{path} must state {{"focal_px": N}} or {{"fov_deg": N}}') from error


OWN = Benchmark(
    name="own",
    about="own motion capture and videos, aligned by what MediaPipe sees",
    splits=("all",),
    read=read,
    joints=LIMB_JOINTS,
    root=HIPS,
    rows="subject",
)
