"""What a take says of itself: what made it, what to know before trusting it, and its numbers."""

import platform
from collections.abc import Iterable
from importlib import metadata

from monomocap.detect.background import WARN_SHARE
from monomocap.detect.from_file import BlankVideo
from monomocap.detect.protocol import Detector
from monomocap.geometry.ground import SAME_FLOOR_M
from monomocap.geometry.settle import Person, Settled
from monomocap.lift.protocol import Lifter, Settings
from monomocap.options import Options
from monomocap.types import Provenance, Report
from monomocap.video.decode import ASSUMED_FPS
from monomocap.video.pictures import FORMAT as PICTURES
from monomocap.video.read import VideoReader

LIBRARIES = ("numpy", "av", "mediapipe", "onnxruntime", "torch")
"""Those whose version can change a result; the installed ones are written into every take."""


def provenance(detector: Detector, lifter: Lifter, options: Options, version: str) -> Provenance:
    """What made a take; `version` is ours."""
    return Provenance(
        detector=detector.name,
        lifter=lifter.name,
        device="+".join(dict.fromkeys((detector.device, lifter.device))),
        smooth=options.smooth,
        versions={"monomocap": version, **_versions()},
        weights=detector.weights | lifter.weights,
        settings=lifter.settings if isinstance(lifter, Settings) else {},
    )


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return versions


def incidents(
    reader: VideoReader | BlankVideo, detector: Detector, lifter: Lifter, options: Options
) -> tuple[str, ...]:
    """What the user must know before trusting the result."""
    info = reader.info
    said = [f"only part of {info.path} could be used: {info.partial}"] if info.partial else []
    clockless = isinstance(reader, BlankVideo) and not reader.has_clock
    if clockless or (info.codec == PICTURES and options.image_fps is None):
        said.append(f"pictures have no clock: {ASSUMED_FPS:g} a second are assumed; see image_fps")
    for part, runs in (("detector", detector), ("lifter", lifter)):
        if options.device == "cuda" and not runs.device.startswith("cuda"):
            said.append(f"cuda was asked for, but the {part} {runs.name} ran on {runs.device}")
    return tuple(said)


def swaps_told(people: Iterable[Person], frames: int) -> tuple[str, ...]:
    """Where left and right had to be put back, in a video of so many frames."""
    return tuple(
        f"person {one.track.person}: the detector exchanged left and right in "
        f"{int(one.exchanged.any(axis=1).sum())} of {frames} frames; they were put back"
        for one in people
        if one.exchanged.any()
    )


def unsteady(moved: float | None) -> tuple[str, ...]:
    """Places on the floor and the way up rest on a camera that stands still."""
    if moved is None or moved < WARN_SHARE:
        return ()
    return (
        f"the camera moved in {moved:.0%} of the looks at the background; root_m and the world "
        "take it to stand still",
    )


def elsewhere(settled: Settled) -> tuple[str, ...]:
    """Who does not stand on the floor that was found: told, and left where they were seen."""
    return tuple(
        f"person {person.person} stands {abs(person.level_m):.1f} m "
        f"{'above' if person.level_m > 0 else 'below'} the floor: on something else, or their "
        "height or the camera's field of view is not what was assumed"
        for person in settled.people
        if person.level_m is not None and abs(person.level_m) > SAME_FLOOR_M
    )


def report(settled: Settled, moved: float | None, seconds: dict[str, float]) -> Report:
    """A take in numbers; `moved` is the share of looks in which the camera moved."""
    ground = settled.ground
    return Report(
        people=settled.people,
        up_error_deg=None if ground is None else ground.tilt_error_deg,
        camera_height_m=None if ground is None else ground.camera_height_m,
        camera_moved=moved,
        seconds=seconds,
    )
