"""Driving with all its parts: a video, a take or a camera in; packets, a page and files out."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Any

from monomocap.apps.drive import (
    AvatarPose,
    Drive,
    Preview,
    Retargeted,
    VmcSender,
    avatar_poses,
    drive_live,
    drive_take,
    retarget,
)
from monomocap.apps.drive.api import Send
from monomocap.apps.drive.draw import render_drive
from monomocap.apps.drive.puppet import CalibrationName
from monomocap.errors import OptionError
from monomocap.formats.files import check_folder, make_folder
from monomocap.options import Options, Progress, no_progress
from monomocap.pipeline import take_of
from monomocap.types import Take
from monomocap.video.sources import source_of
from monomocap.workflows.live import stopped_by_ctrl_c

VIDEO = "drive.mp4"


@dataclass(frozen=True)
class Wanted:
    """What `drive` is to do besides following a body."""

    to: str | None = None
    """VMC receiver, "host:port"; None sends nothing."""
    preview: int | None = None
    """Port of the page; None for none, 0 for any."""
    avatar: Path | None = None
    """A humanoid GLB or VRM to write the motion into."""
    folder: Path | None = None
    """Where `avatar` and the rendered video go; None renders nothing."""
    calibration: CalibrationName = "auto"
    mirror: bool = False
    in_place: bool = False
    loop: bool = False


@dataclass(frozen=True)
class Driven:
    """What came of it."""

    drive: Drive | None
    """None when nothing was to be sent."""
    retargeted: Retargeted | None
    files: tuple[Path, ...]
    live: bool = False
    """Whether it came from a camera or a stream: a delay is then from picture to packet."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return json.loads(json.dumps(asdict(self), default=str))


def drive(
    video: str,
    wanted: Wanted,
    options: Options = Options(),
    *,
    person: int | None = None,
    told: Callable[[str], None] = lambda line: None,
    progress: Progress = no_progress,
) -> Driven:
    """Drive an avatar with a camera, a stream, a video or a saved take, until it ends.

    `told` is given the page's address once it is served. What is sent ends with the first Ctrl-C,
    too.
    """
    live = source_of(video).live
    if live and (wanted.avatar or wanted.folder):
        raise OptionError("a camera has no end: record a video first to write files of it")
    if wanted.folder is not None:
        check_folder(wanted.folder)
    with ExitStack() as held:
        send = _senders(wanted, held, told)
        if live:
            return Driven(_from_camera(video, wanted, options, send), None, (), True)
        return _from_file(video, wanted, options, person, send, progress)


def _from_camera(video: str, wanted: Wanted, options: Options, send: Send | None) -> Drive:
    if send is None:
        raise OptionError("a camera drives nothing: give --to HOST:PORT or --preview PORT")
    stop = Event()
    with stopped_by_ctrl_c(stop.set):
        return drive_live(
            video,
            send,
            options,
            calibration=wanted.calibration,
            mirror=wanted.mirror,
            travel="none" if wanted.in_place else "feet",
            stopped=stop.is_set,
        )


def _from_file(
    video: str,
    wanted: Wanted,
    options: Options,
    person: int | None,
    send: Send | None,
    progress: Progress,
) -> Driven:
    take = take_of(video, options, progress=progress)
    how: dict[str, Any] = {
        "calibration": wanted.calibration,
        "mirror": wanted.mirror,
        "travel": "none" if wanted.in_place else None,
        "smooth": options.smooth,
    }
    retargeted: Retargeted | None = None
    files: list[Path] = []
    if wanted.folder is not None or wanted.avatar is not None:
        poses = avatar_poses(take, person, **how)
        retargeted, files = _written(take, poses, wanted, progress)
    sent = None
    if send is not None:
        stop = Event()
        with stopped_by_ctrl_c(stop.set):
            sent = drive_take(take, send, person, loop=wanted.loop, stopped=stop.is_set, **how)
    return Driven(sent, retargeted, tuple(files))


def _written(
    take: Take, poses: list[AvatarPose], wanted: Wanted, progress: Progress
) -> tuple[Retargeted | None, list[Path]]:
    folder = wanted.folder or Path()
    make_folder(folder)
    files: list[Path] = []
    retargeted = None
    if wanted.avatar is not None:
        output = folder / f"{wanted.avatar.stem}-driven{wanted.avatar.suffix}"
        retargeted = retarget(poses, wanted.avatar, output)
        files.append(output)
    film = take.info.film
    if wanted.folder is not None and film is not None:
        files.append(folder / VIDEO)
        render_drive(take, poses, film, files[-1], progress)
    return retargeted, files


def _senders(wanted: Wanted, held: ExitStack, told: Callable[[str], None]) -> Send | None:
    receivers: list[Send] = []
    if wanted.to is not None:
        receivers.append(held.enter_context(VmcSender(wanted.to)))
    if wanted.preview is not None:
        page = held.enter_context(Preview(wanted.preview))
        told(f"preview: {page.url}")
        receivers.append(page)
    if not receivers:
        return None

    def send(pose: AvatarPose, time_s: float) -> None:
        for receiver in receivers:
            receiver(pose, time_s)

    return send
