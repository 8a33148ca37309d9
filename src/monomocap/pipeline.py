"""The main job, in the order it happens: a video in, the 3D motion of the people in it out."""

import itertools
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

import monomocap
from monomocap.account import elsewhere, incidents, provenance, report, swaps_told, unsteady
from monomocap.detect.background import Background
from monomocap.detect.catalogue import load_detector
from monomocap.detect.from_file import BlankVideo, FromFile
from monomocap.detect.mend import mended
from monomocap.detect.people import collect_tracks
from monomocap.detect.protocol import Detector
from monomocap.detect.select import chosen
from monomocap.detect.watched import Watched
from monomocap.errors import OptionError
from monomocap.formats import load, saved_take
from monomocap.formats.calibration import read_calibration
from monomocap.formats.keypoints import is_keypoints
from monomocap.geometry.settle import Person, Settled, settle
from monomocap.geometry.smooth import smooth
from monomocap.lift.catalogue import load_lifter
from monomocap.lift.protocol import Lifter
from monomocap.options import Options, Progress, no_progress
from monomocap.rows import People, briefly, each
from monomocap.skeleton import Skeleton
from monomocap.types import (
    Camera,
    Frame,
    Motion3D,
    Person2D,
    Take,
    Track2D,
    VideoInfo,
)
from monomocap.video.ahead import ahead, newest
from monomocap.video.read import VideoReader
from monomocap.video.sources import Source, source_of


@runtime_checkable
class Watch(Protocol):
    """Somebody who looks on while a video is worked on."""

    def begin(self, camera: Camera, lifter: Lifter, skeleton: Skeleton) -> None:
        """Everything is open; frames will come, with people of this skeleton."""

    def see(self, frame: Frame, people: list[Person2D]) -> None:
        """One more frame, and the people in it."""

    def enough(self) -> bool:
        """Whether a camera or a stream shall end now; asked for every frame."""


def estimate(
    video: str | Path | Source,
    options: Options = Options(),
    *,
    progress: Progress = no_progress,
    watch: Watch | None = None,
) -> Take:
    """The motion of everybody in a video: a file, a folder of pictures, an address, "-" ...
    (`monomocap.video.sources`); one that ends (`monomocap.live` is for those that do not).

    Whatever can be wrong with the request is found before the first frame is looked at:
    `VideoError`, `UnknownName`, `OptionError`, `WeightsError`, `MissingDependency`. A video with
    nobody in it gives a take without tracks; one that is cut short gives what could be decoded,
    with the reason in `take.info.partial` and in `take.warnings`.

    progress("detect", frames so far, frames or None) is called for every frame, then
    progress("lift", people so far, people); it may raise `Cancelled`. `watch` sees every frame with
    the people in it as soon as they are found, and may end the video early, with all that came.
    """
    with _opened(video, options) as reader:
        camera = camera_for(reader.info, options)
        lifter = load_lifter(options.lifter, options.device, as_published=options.as_published)
        with _detector(reader, options) as detector:
            began_s = time.perf_counter()
            background = Background()
            with closing(_coming(reader, watch)) as coming:
                frames = background.passing(coming)
                expected = _expected(reader.info, options)
                watched = _watched(watch, camera, lifter, detector)
                time_s, tracks = _tracks(_reported(frames, expected, progress), watched)
            moved = background.moved(tracks)
            tracks, nobody = chosen(tracks, options.person, reader.info)
            detected_s = time.perf_counter()
            tracks = People.of(tracks, time_s)
            people = _lifted(tracks, lifter, camera, options, progress)
            tracks = people.part(lambda person: person.track).handed_out()
            lifted_s = time.perf_counter()
            settled = _settled(people, camera, options)
            settled_s = time.perf_counter()
            return Take(
                info=reader.info,
                camera=settled.camera,
                time_s=time_s,
                tracks=tracks,
                motions=settled.motions,
                provenance=provenance(detector, lifter, options, monomocap.__version__),
                warnings=(
                    *incidents(reader, detector, lifter, options),
                    *swaps_told(people.brief(), len(time_s)),
                    *([nobody] if nobody else []),
                    *unsteady(moved),
                    *elsewhere(settled),
                ),
                report=report(
                    settled,
                    moved,
                    {
                        "detect": detected_s - began_s,
                        "lift": lifted_s - detected_s,
                        "settle": settled_s - lifted_s,
                    },
                ),
            )


def take_of(
    video: str | Path | Source,
    options: Options = Options(),
    *,
    progress: Progress = no_progress,
) -> Take:
    """What applications work on: a saved take (a file of any format that is read back, or a folder
    of results), of which `options.person` and `options.max_frames` are kept, or else the motion in
    a video or in finished 2D.

    Raises what `load` and `estimate` raise, and `OptionError` for what has no end.
    """
    source = source_of(video)
    if source.live:
        raise OptionError(f"{source.shown} has no end: add --live, or record a video of it first")
    saved = saved_of(source)
    if saved is None:
        return estimate(source, options, progress=progress)
    return _kept(_begun(load(saved), options.max_frames), options.person)


def saved_of(video: str | Path | Source) -> Path | None:
    """The file of the saved take that is meant, if one is."""
    source = source_of(video)
    return None if source.at is None else saved_take(source.at)


def _begun(take: Take, frames: int | None) -> Take:
    """The take's first frames; without the report, which would be of all."""
    if frames is None or frames >= len(take.time_s):
        return take
    return replace(
        take,
        info=replace(take.info, frames=frames),
        time_s=take.time_s[:frames],
        tracks=People.of(take.tracks, take.time_s).between(0, frames),
        motions=People.of(take.motions, take.time_s).between(0, frames),
        report=None,
    )


def _kept(take: Take, person: str) -> Take:
    """The take with those people in it who are meant."""
    if person == "all" or not take.tracks:
        return take
    tracks, nobody = chosen(take.tracks, person, take.info)
    numbers = {track.person for track in briefly(tracks)}
    motions = tuple(motion for motion in take.motions if motion.person in numbers)
    warnings = (*take.warnings, *([nobody] if nobody else []))
    return replace(take, tracks=tuple(tracks), motions=motions, warnings=warnings)


def _opened(video: str | Path | Source, options: Options) -> VideoReader | BlankVideo:
    """The video, or what stands for it where finished 2D is handed in instead."""
    source = source_of(video)
    if source.kind not in ("file", "pictures") or not is_keypoints(Path(source.word)):
        return VideoReader(video, max_frames=options.max_frames, image_fps=options.image_fps)
    if options.detector != Options.detector or options.boxes is not None:
        raise OptionError(f"{source.word} is finished 2D: there is nothing to detect people in")
    return BlankVideo(
        Path(source.word),
        size=options.size,
        fps=options.image_fps,
        max_frames=options.max_frames,
    )


def _detector(reader: VideoReader | BlankVideo, options: Options) -> Detector:
    if isinstance(reader, BlankVideo):
        return reader.detector
    return load_detector(options.detector, options.device, boxes=options.boxes)


def _coming(reader: VideoReader | BlankVideo, watch: Watch | None) -> Generator[Frame, None, None]:
    """The frames: all of them, or of a camera the newest ones, until somebody has seen enough."""
    if watch is not None and isinstance(reader, VideoReader) and reader.live:
        return newest(reader, watch.enough)
    return ahead(reader)


def _watched(watch: Watch | None, camera: Camera, lifter: Lifter, detector: Detector) -> Detector:
    if watch is None:
        return detector
    watch.begin(camera, lifter, detector.skeleton)
    return Watched(detector, watch.see)


def _tracks(
    frames: Iterable[Frame], detector: Detector
) -> tuple[Float[np.ndarray, " time"], Sequence[Track2D]]:
    """Who is who, by the detector's own word where it knows."""
    if isinstance(detector, FromFile) and detector.knows_people:
        return detector.collect(frames)
    return collect_tracks(frames, detector)


def camera_for(info: VideoInfo, options: Options) -> Camera:
    """The camera that the options state, or else the file's metadata, or else the default one,
    which says that it is assumed."""
    size = (info.width_px, info.height_px)
    if options.calibration is not None:
        return read_calibration(
            options.calibration, width_px=size[0], height_px=size[1], video=info.path
        )
    if options.focal_px is not None:
        return Camera.from_focal(*size, options.focal_px)
    unsaid = options.fov_deg is None and not options.as_published
    if unsaid and info.focal_35mm_mm is not None:
        return Camera.from_35mm(*size, info.focal_35mm_mm)
    return Camera.from_fov(*size, options.fov_deg)


def lift(track: Track2D, lifter: Lifter, camera: Camera, options: Options) -> Motion3D:
    """One person's 3D motion, smoothed as the options ask."""
    motion = lifter(track, camera)
    motion = replace(motion, xyz_m=smooth(motion.xyz_m, motion.time_s, options.smooth))
    if motion.root_m is None:
        return motion
    root_m = smooth(motion.root_m[:, None], motion.time_s, options.smooth)[:, 0]
    return replace(motion, root_m=root_m)


def _lifted(
    tracks: People[Track2D],
    lifter: Lifter,
    camera: Camera,
    options: Options,
    progress: Progress,
) -> People[Person]:
    """Everybody mended and lifted, one after the other; `tracks` are let go as that is done."""
    many, done = len(tracks), itertools.count()

    def lifted(track: Track2D) -> Person:
        progress("lift", next(done), many)
        one = mended(track)
        if options.as_published:
            motion = lift(one.track, lifter, camera, options)
        else:
            motion = lifter(one.track, camera)
        return Person(one.track, motion, one.exchanged, one.outlier)

    # A published model's windows begin where the video begins.
    tracks = tracks.seen_whole() if options.as_published else tracks
    people = each(lifted, tracks, let_go=tracks)
    progress("lift", many, many)
    return people


def _settled(people: People[Person], camera: Camera, options: Options) -> Settled:
    """Everybody sized, placed and on a floor; a model as published is left as it answered."""
    if options.as_published:
        return Settled(people.part(lambda person: person.motion).handed_out(), camera, None, ())
    return settle(people, camera, options)


def _expected(info: VideoInfo, options: Options) -> int | None:
    known = [n for n in (info.frames, options.max_frames) if n is not None]
    return min(known) if info.frames is not None else None


def _reported(frames: Iterable[Frame], expected: int | None, progress: Progress) -> Iterator[Frame]:
    progress("detect", 0, expected)
    for frame in frames:
        yield frame
        progress("detect", frame.index + 1, expected)
