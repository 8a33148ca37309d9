"""A take in a few plain lines: the same for the terminal and the report's page."""

from collections.abc import Mapping

from monomocap.geometry.ground import SAME_FLOOR_M
from monomocap.types import Camera, Motion3D, PersonReport, Report, Take


def tell(take: Take) -> list[str]:
    """People, coverage, confidence, sizes, feet, jitter, camera and speed; no warnings."""
    frames = len(take.time_s)
    lines = [f"{take.info.path}: {frames} frames at {take.info.fps:.4g} frames/s"]
    reports = {p.person: p for p in take.report.people} if take.report else {}
    for motion in take.motions:
        lines += _person(motion, reports.get(motion.person))
    if not take.motions:
        lines.append("nobody was seen")
    lines += [*_stated(take.provenance.settings), lens(take.camera)]
    if take.report is not None:
        lines += [*_stand(take.report), *_speed(take.report, frames)]
    return lines


def _person(motion: Motion3D, report: PersonReport | None) -> list[str]:
    share = f"{motion.coverage:.0%} of the frames"
    line = f"person {motion.person}: a 3D pose in {share} (lifter {motion.lifter})"
    if report is None:
        return [line]
    if report.confidence is not None:
        line += f", mean confidence {report.confidence:.2f}"
    return [
        line,
        *(f"  {part}" for part in (_size(report), _feet(report), _mended(report)) if part),
    ]


def _size(report: PersonReport) -> str:
    if report.height_m is None or report.height_error is None:
        return ""
    said = f"taken for {report.height_m:.2f} m tall +- {report.height_error:.0%}"
    if report.distance_m is not None and report.distance_error is not None:
        said += f"; {report.distance_m:.1f} m away +- {report.distance_error:.0%}"
    if report.path_m is not None:
        said += f"; went {report.path_m:.1f} m"
    return said


def _feet(report: PersonReport) -> str:
    parts = []
    if report.standing is not None:
        parts.append(f"a foot stands {report.standing:.0%} of the time")
    if report.slide_mm is not None and report.slide_before_mm is not None:
        before = f"{report.slide_before_mm:.1f} before it was held"
        parts.append(f"and slides {report.slide_mm:.1f} mm per frame ({before})")
    feet = " ".join(parts)
    if report.level_m is not None and abs(report.level_m) > SAME_FLOOR_M:
        where = "above" if report.level_m > 0 else "below"
        feet = f"{feet}; they stand {abs(report.level_m):.1f} m {where} the floor"
    if report.jitter_mm is None or report.jitter_before_mm is None:
        return feet
    jitter = f"jitter {report.jitter_mm:.1f} mm ({report.jitter_before_mm:.1f} before smoothing)"
    return f"{feet}; {jitter}" if feet else jitter


def _mended(report: PersonReport) -> str:
    counts = (
        (report.interpolated, "frames interpolated"),
        (report.exchanged, "frames with left and right put back"),
        (report.outliers, "leaping 2D joints left out"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts if count)


def _stated(settings: Mapping[str, str]) -> list[str]:
    """What the lifter's model folder says of itself."""
    told = ", ".join(f"{name} {value}" for name, value in settings.items())
    return [f"the lifter's folder states: {told}"] if told else []


def lens(camera: Camera) -> str:
    """The camera's inside, and how sure that is."""
    known = (
        f"{camera.source}, {camera.fov_deg:.0f} degrees, focal length {camera.focal_px[0]:.0f} px"
    )
    if not camera.focal_error:
        return f"camera: {known}"
    better = "--fov, --focal or --calibration if you know better"
    return f"camera: {known} +- {camera.focal_error:.0%}; {better}"


def _stand(report: Report) -> list[str]:
    """Where the camera stands."""
    if report.camera_height_m is None or report.up_error_deg is None:
        return []
    still = {None: "taken to stand still", 0.0: "stood still"}.get(report.camera_moved)
    moved = still or f"moved in {report.camera_moved:.0%} of the looks at the background"
    place = (
        f"{report.camera_height_m:.1f} m over the floor, up +- {report.up_error_deg:.0f} degrees"
    )
    return [f"camera: {moved}; {place}"]


def _speed(report: Report, frames: int) -> list[str]:
    total_s = sum(report.seconds.values())
    if not total_s or not frames:
        return []
    parts = ", ".join(f"{stage} {taken_s:.1f} s" for stage, taken_s in report.seconds.items())
    return [f"speed: {frames / total_s:.0f} frames/s ({parts})"]
