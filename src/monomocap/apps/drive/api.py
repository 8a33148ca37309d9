"""The two ways to drive an avatar: from a take, at its own pace, and live."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from monomocap.apps.drive.calibration import Calibration, Calibrator, as_seen
from monomocap.apps.drive.puppet import AvatarPose, CalibrationName, Puppet, Travel, mirrored
from monomocap.errors import InputError, OptionError
from monomocap.geometry.rig import Rigged
from monomocap.geometry.rig_fit import fit
from monomocap.geometry.world import in_world
from monomocap.live import live_poses
from monomocap.options import Options, Smooth
from monomocap.rows import briefly
from monomocap.skeleton import H36M17, convert, convert_score
from monomocap.types import Camera, Motion3D, Take
from monomocap.video.sources import Source

Send = Callable[[AvatarPose, float], None]
"""Takes a pose and its time in seconds from the first one: `VmcSender`, `Preview`, a list, ..."""


@dataclass(frozen=True)
class Drive:
    """What was sent, and how late."""

    frames: int
    """Poses that were sent."""
    seconds: float
    """From the first pose's time to the last one's."""
    calibration: str
    """How the body was learnt: standing, as seen, tpose; empty when it never was."""
    mean_delay_s: float
    """Live: from a picture's arrival to its packet. From a take: how late packets were."""
    median_delay_s: float
    worst_delay_s: float
    """95 of 100 packets were quicker."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def avatar_poses(
    take: Take,
    person: int | None = None,
    *,
    calibration: CalibrationName = "auto",
    mirror: bool = False,
    travel: Travel | None = None,
    smooth: Smooth = "light",
) -> list[AvatarPose]:
    """A person's whole motion as an avatar's; frames without a pose are left out.

    Without a number, of the person who is seen most. The body is learnt from the whole take before
    the first pose is made. `travel` is "given" where the take knows the way, else "feet". Raises
    `InputError` where there is no such person, no pose, or no T-pose that was asked for.
    """
    how = (calibration, mirror, travel, smooth)
    return _prepared(take, person, *how)[0]


def _prepared(
    take: Take,
    person: int | None,
    calibration: CalibrationName,
    mirror: bool,
    travel: Travel | None,
    smooth: Smooth,
) -> tuple[list[AvatarPose], str]:
    """The poses, and how the body was learnt."""
    motion = take.motion(person)
    if motion is None:
        there = ", ".join(str(one.person) for one in briefly(take.motions))
        who = f"there is no person {person}; choose one of: {there}" if there else "nobody was seen"
        raise InputError(f"{take.info.path}: {who}")
    if travel is None:
        travel = "given" if motion.root_m is not None or motion.frame == "world" else "feet"
    rigged = _fitted(in_world(motion, take.camera), mirror)
    known = _learnt(rigged, calibration)
    puppet = Puppet(calibration=known, travel=travel, smooth=smooth)
    rows = range(len(rigged.time_s))
    return [pose for row in rows if (pose := puppet.follow(rigged, row))], known.source


def drive_take(
    take: Take,
    send: Send,
    person: int | None = None,
    *,
    calibration: CalibrationName = "auto",
    mirror: bool = False,
    travel: Travel | None = None,
    smooth: Smooth = "light",
    loop: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Drive:
    """Send a person's motion at the pace of its video, again and again with `loop`."""
    poses, learnt = _prepared(take, person, calibration, mirror, travel, smooth)
    tally = _Tally()
    began_s, offset_s = time.monotonic(), 0.0
    while poses:
        for pose in poses:
            due_s = pose.time_s - poses[0].time_s + offset_s
            time.sleep(max(0.0, began_s + due_s - time.monotonic()))
            if stopped():
                return tally.drive(learnt)
            send(pose, due_s)
            tally.add(due_s, max(0.0, time.monotonic() - began_s - due_s))
        if not loop:
            break
        offset_s += poses[-1].time_s - poses[0].time_s + 0.5
    return tally.drive(learnt)


def drive_live(
    video: str | Path | Source,
    send: Send,
    options: Options = Options(),
    *,
    calibration: CalibrationName = "auto",
    mirror: bool = False,
    travel: Travel = "feet",
    delay_s: float = 0.0,
    stopped: Callable[[], bool] = lambda: False,
) -> Drive:
    """Follow the person who was in view first, from a camera, a stream or a file, until it ends.

    When they are gone, whoever is there next is followed. `delay_s` lets the lifter look so far
    ahead: steadier, and that much later. Poses go out as soon as they are there.
    """
    if travel == "given":
        raise OptionError("live poses know no way through the room; travel is feet or none")
    puppet = Puppet(calibration=calibration, mirror=mirror, travel=travel, smooth=options.smooth)
    lens: list[Camera] = []
    tally, first_s, chosen = _Tally(), None, None
    for moment in live_poses(
        video,
        options,
        delay_s=delay_s,
        every_s=0.0,
        stopped=stopped,
        opened=lambda camera, lifter: lens.append(camera),
    ):
        began_s = time.monotonic()
        there = {one.person: one for one in moment.people}
        chosen = chosen if chosen in there else min(there, default=None)
        if chosen is None:
            continue
        pose = puppet(moment.time_s, _stood_up(there[chosen].xyz_m, moment.time_s, lens[0]))
        if pose is not None:
            first_s = moment.time_s if first_s is None else first_s
            send(pose, moment.time_s - first_s)
            tally.add(moment.time_s - first_s, moment.delay_s + time.monotonic() - began_s)
    found = puppet.calibration
    return tally.drive(found.source if found else "")


class _Tally:
    """Counts what was sent."""

    def __init__(self) -> None:
        self._delays_s: list[float] = []
        self._last_s = 0.0

    def add(self, time_s: float, delay_s: float) -> None:
        self._last_s = time_s
        self._delays_s.append(delay_s)

    def drive(self, calibration: str) -> Drive:
        late = self._delays_s or [0.0]
        median_s, worst_s = np.percentile(late, [50, 95]).tolist()
        mean_s = float(np.mean(late))
        return Drive(len(self._delays_s), self._last_s, calibration, mean_s, median_s, worst_s)


def _fitted(world: Motion3D, mirror: bool) -> Rigged:
    """Rotations of a whole motion at once: steadier than those of a few moments."""
    if not mirror:
        return fit(world)
    xyz_m = mirrored(convert(world.xyz_m, world.skeleton, H36M17))
    sure = convert_score(world.confidence, world.skeleton, H36M17)
    return fit(replace(world, xyz_m=xyz_m, confidence=sure, skeleton=H36M17))


def _learnt(rigged: Rigged, calibration: CalibrationName) -> Calibration:
    """What the whole motion says of the body."""
    watch = Calibrator(calibration)
    for row in np.flatnonzero(rigged.seen):
        if (found := watch(rigged, int(row))) is not None:
            return found
    if calibration == "tpose":
        raise InputError("no T-pose was seen for half a second; take calibration auto instead")
    return as_seen(rigged.rest)


def _stood_up(xyz_m: np.ndarray, time_s: float, camera: Camera) -> np.ndarray:
    """One live pose along the world's axes."""
    sure = np.isfinite(xyz_m).all(axis=-1).astype(np.float64)
    moment = np.array([time_s])
    motion = Motion3D(0, moment, xyz_m[None].astype(np.float64), sure[None], H36M17, "root")
    return np.asarray(in_world(motion, camera).xyz_m[0])
