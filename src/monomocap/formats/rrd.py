"""Rerun's recordings: video, 2D, 3D, confidence and angles on one timeline (extra `rerun`).

    world/personN              3D joints in the world: metres, right-handed, Z up
    world/camera               the camera, where it is known where it stands
    picture                    the video, where it can still be read
    picture/personN            2D keypoints, pixels
    angles/personN/ANGLE       degrees
    confidence/personN         0 to 1, the mean of the joints that are there
    about                      what the numbers are, and the take's warnings

The timeline `time` is the video's own clock, `frame` counts its frames. A joint that is missing is
not there.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from monomocap.formats.angle_table import angles_of
from monomocap.formats.files import whole_or_nothing
from monomocap.formats.format import Format
from monomocap.formats.positions import world_motions
from monomocap.geometry.angles import ANGLES, JointAngles
from monomocap.skeleton import Skeleton
from monomocap.types import WITHOUT_PICTURES, Camera, Motion3D, Take, Track2D
from monomocap.video.read import VideoReader
from monomocap.video.write import VideoWriter

COLOURS = {"left": (255, 150, 51), "right": (74, 163, 255), "middle": (201, 209, 218)}
SHOWN_ANGLES = ("knee_flexion", "elbow_flexion", "trunk_flexion")
"""What the first look shows; the others are in the list of entities."""
JOINT_RADIUS_M = 0.025


class Rrd(Format):
    """A recording for Rerun's viewer."""

    about = "Rerun recording"
    needs = ("rerun", "rerun")

    def write(self, take: Take, path: Path) -> None:
        """Write the recording; the video is in it where it still lies at its place."""
        import rerun as rr

        recording: Any = rr.RecordingStream("monomocap")
        with whole_or_nothing(path) as temporary:
            try:
                recording.save(str(temporary), default_blueprint=_blueprint(take))
            except RuntimeError as error:
                raise OSError(0, str(error)) from error
            _log(recording, take)
            recording.flush(blocking=True)
            recording.disconnect()


def _log(recording: Any, take: Take) -> None:
    import rerun as rr

    recording.log("world", rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
    recording.log("about", rr.TextDocument(_about(take)), static=True)
    _log_camera(recording, take.camera)
    _log_video(recording, take)
    for motion in world_motions(take):
        _log_motion(recording, motion)
    for track in take.tracks:
        _log_track(recording, track)
    for angles in angles_of(take):
        _log_angles(recording, angles)


def _log_motion(recording: Any, motion: Motion3D) -> None:
    import rerun as rr

    entity = f"world/person{motion.person}"
    recording.log(entity, _annotations(motion.skeleton), static=True)
    recording.log(entity, rr.Points3D.from_fields(radii=JOINT_RADIUS_M), static=True)
    seen, times = motion.seen, _times(motion.time_s)
    columns = rr.Points3D.columns(
        positions=motion.xyz_m[seen].astype(np.float32),
        keypoint_ids=np.nonzero(seen)[1],
        class_ids=np.zeros(int(seen.sum()), np.uint16),
    )
    recording.send_columns(entity, times, columns.partition(seen.sum(axis=1)))
    sure = np.where(seen.any(axis=1), _mean(motion.confidence, seen), np.nan)
    _log_curve(recording, f"confidence/person{motion.person}", motion.time_s, sure)


def _log_track(recording: Any, track: Track2D) -> None:
    import rerun as rr

    entity = f"picture/person{track.person}"
    recording.log(entity, _annotations(track.skeleton), static=True)
    seen = track.seen
    columns = rr.Points2D.columns(
        positions=track.xy_px[seen].astype(np.float32) + 0.5,  # Rerun's pixels begin at 0
        keypoint_ids=np.nonzero(seen)[1],
        class_ids=np.zeros(int(seen.sum()), np.uint16),
    )
    recording.send_columns(entity, _times(track.time_s), columns.partition(seen.sum(axis=1)))


def _log_angles(recording: Any, angles: JointAngles) -> None:
    import rerun as rr

    for name in ANGLES:
        entity = f"angles/person{angles.person}/{name}"
        colour = COLOURS[name.split("_")[0] if name.split("_")[0] in COLOURS else "middle"]
        recording.log(entity, rr.SeriesLines(colors=[colour], names=[name]), static=True)
        _log_curve(recording, entity, angles.time_s, angles[name])


def _log_curve(
    recording: Any, entity: str, time_s: Float[np.ndarray, " time"], values: np.ndarray
) -> None:
    """A curve of the numbers that are there."""
    import rerun as rr

    known = np.flatnonzero(np.isfinite(values))
    if len(known):
        times = _times(time_s, known)
        recording.send_columns(entity, times, rr.Scalars.columns(scalars=values[known]))


def _log_camera(recording: Any, camera: Camera) -> None:
    import rerun as rr

    (fx, fy), (cx, cy) = camera.focal_px, camera.center_px
    lens = rr.Pinhole(
        image_from_camera=np.array([[fx, 0, cx + 0.5], [0, fy, cy + 0.5], [0, 0, 1]]),
        width=camera.width_px,
        height=camera.height_px,
        camera_xyz=rr.ViewCoordinates.RDF,
        image_plane_distance=0.5,
    )
    if camera.camera_from_world is not None:
        matrix = np.array(camera.camera_from_world)
        turn = matrix[:, :3].T
        place = rr.Transform3D(mat3x3=turn, translation=-turn @ matrix[:, 3])
        recording.log("world/camera", place, lens, static=True)


def _log_video(recording: Any, take: Take) -> None:
    """The video as an asset, whatever its container, codec and turn were, at its true times."""
    import rerun as rr

    source = take.info.film
    if source is None or not len(take.time_s):
        return
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "video.mp4"
        with (
            VideoReader(source, max_frames=len(take.time_s)) as reader,
            VideoWriter(film, fps=take.info.fps) as writer,
        ):
            for frame in reader:
                writer.write(frame.rgb, float(take.time_s[frame.index] - take.time_s[0]))
        asset = rr.AssetVideo(path=film)
    recording.log("picture", asset, static=True)
    shown_ns = np.asarray(asset.read_frame_timestamps_nanos())
    frames = np.arange(min(len(shown_ns), len(take.time_s)))
    references = rr.VideoFrameReference.columns_nanos(shown_ns[frames])
    recording.send_columns("picture", _times(take.time_s, frames), references)


def _times(time_s: Float[np.ndarray, " time"], frames: np.ndarray | None = None) -> list[Any]:
    """Both timelines for some frames, or for all."""
    import rerun as rr

    frames = np.arange(len(time_s)) if frames is None else frames
    return [
        rr.TimeColumn("time", duration=time_s[frames]),
        rr.TimeColumn("frame", sequence=frames),
    ]


def _annotations(skeleton: Skeleton) -> Any:
    """Names, colours and bones; spelt as Arrow, because Rerun 0.23 spells it for numpy 2 only."""
    import pyarrow as pa
    import rerun as rr

    points = [
        {"id": number, "label": joint, "color": _rgba(skeleton.side(number))}
        for number, joint in enumerate(skeleton.joints)
    ]
    bones = [{"keypoint0": parent, "keypoint1": child} for parent, child in skeleton.bones]
    person = {
        "info": {"id": 0, "label": "person", "color": _rgba("middle")},
        "keypoint_annotations": points,
        "keypoint_connections": bones,
    }
    batch: Any = rr.components.AnnotationContextBatch
    classes = [{"class_id": 0, "class_description": person}]
    return rr.AnnotationContext(pa.array([classes], batch._ARROW_DATATYPE))


def _rgba(side: str) -> int:
    """As Rerun counts colours: 0xRRGGBBAA."""
    red, green, blue = COLOURS[side]
    return red << 24 | green << 16 | blue << 8 | 255


def _mean(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    count = np.maximum(where.sum(axis=1), 1)
    return np.where(where, values, 0.0).sum(axis=1) / count


def _about(take: Take) -> str:
    lines = [
        f"{take.info.path}: {len(take.time_s)} frames at {take.info.fps:.4g} frames/s",
        "3D: metres, right-handed, Z up, floor at 0. 2D: pixels. Angles: degrees.",
        *(
            ()
            if take.info.film or take.info.codec in WITHOUT_PICTURES
            else ("The video is no longer where it was.",)
        ),
        *take.warnings,
    ]
    return "\n\n".join(lines)


def _blueprint(take: Take) -> Any:
    """The first look: video and 3D side by side, curves below."""
    import rerun.blueprint as rrb

    shown = [
        f"/angles/person{track.person}/{name}"
        for track in take.tracks[:1]
        for name in ANGLES
        if name.removeprefix("left_").removeprefix("right_") in SHOWN_ANGLES
    ]
    return rrb.Blueprint(
        rrb.Vertical(
            rrb.Horizontal(
                rrb.Spatial2DView(origin="/picture", name="Video and 2D"),
                rrb.Spatial3DView(origin="/world", name="3D"),
            ),
            rrb.Tabs(
                rrb.TimeSeriesView(origin="/angles", contents=shown, name="Angles"),
                rrb.TimeSeriesView(origin="/confidence", name="Confidence"),
                rrb.TextDocumentView(origin="/about", name="About"),
            ),
            row_shares=[3, 1],
        ),
        collapse_panels=True,
    )
