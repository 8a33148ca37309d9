"""A take as a film, a GIF, pictures or one picture, from anywhere: `monomocap render`."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from monomocap.errors import InputError, OptionError
from monomocap.formats.positions import stood
from monomocap.geometry.resample import MAX_GAP_S, at_times
from monomocap.options import Progress, no_progress
from monomocap.render.eye import Eye
from monomocap.render.figure import BACKGROUND, draw_people
from monomocap.render.floor import draw_grid
from monomocap.render.framing import Framing, Person, eye_at, frame
from monomocap.render.layout import Layout, layout
from monomocap.render.shot import Moments, Shot, moments, name_of
from monomocap.render.side_by_side import overlaid, shown_size
from monomocap.render.text import write_label
from monomocap.types import Camera, Frame, Take
from monomocap.video.ahead import ahead
from monomocap.video.read import VideoReader
from monomocap.video.resize import resize
from monomocap.video.sinks import Kind, kind_of, open_sink
from monomocap.video.sources import Source, source_of
from monomocap.video.write import spare

SIZE_PX = (1280, 720)
GIF_SHARE = 0.5
"""A GIF is so much smaller than a film unless a size is named."""
GIF_FPS = 25.0
"""Most pictures per second of a GIF unless a rate is named: its clock counts hundredths."""

Rgba = UInt8[np.ndarray, "height width channel"]


def render_shot(
    take: Take,
    output: str | Path,
    shot: Shot = Shot(),
    *,
    video: str | Path | Source | None = None,
    image_fps: float | None = None,
    progress: Progress = no_progress,
) -> Path:
    """Render a take; the ending of `output` says as what, a name without one is a folder of PNGs.

    `video` is where the source video is now, if not where it was; `image_fps` is that of the
    options that made the take. Returns the path that was written. Raises `InputError` where there
    is nothing to show, `OutputError` where nothing can be written, or only over the source video,
    `VideoError` where the video is
    wanted and cannot be read.
    """
    output = Path(output)
    kind = kind_of(output, shot.transparent)
    _check(kind, shot)
    source = Path(take.info.path) if video is None else source_of(video).at
    if source is not None:
        spare(source, output)
    take = _of(take, shot.people)
    when = moments(shot, take, _default_fps(kind, take))
    places = _layout(take, shot, kind)
    sizes = [(cell.width, cell.height) for cell in places.views]
    people = poses_at(take, when)
    painter = _Painter(shot, people, when, frame(shot, people, when, sizes), sizes)
    painter.shadows = not (kind == "gif" and shot.transparent)  # a GIF has no half-tones there
    with ExitStack() as stack:
        films = None
        if places.video is not None:
            reader = VideoReader(video or take.info.path, image_fps=image_fps)
            films = stack.enter_context(closing(_frames_at(stack.enter_context(reader), when)))
        sink = stack.enter_context(open_sink(output, when.fps, shot.transparent))
        pictures = stack.enter_context(closing(ahead(_pictures(take, painter, places, films))))
        for number, picture in enumerate(pictures):
            sink.write(picture, float(when.shown_s[number]))
            progress("render", number + 1, len(when.shown_s))
    return output


def _check(kind: Kind, shot: Shot) -> None:
    if kind == "still" and (shot.at_s is None or shot.turntable_s is not None):
        raise OptionError(
            "a .png is one picture: say of which moment (at), without a turntable; a name without "
            "an ending is a folder of pictures"
        )


def _default_fps(kind: Kind, take: Take) -> float | None:
    """The rate where nobody names one: videos keep their frames' own times."""
    if kind == "gif":
        return min(GIF_FPS, take.info.fps)
    return take.info.fps if kind == "folder" else None


def _of(take: Take, people: tuple[int, ...] | None) -> Take:
    """The take with these people alone."""
    if people is None:
        return take
    there = [motion.person for motion in take.motions]
    for person in people:
        if person not in there:
            known = ", ".join(map(str, there)) or "nobody"
            raise InputError(f"there is no person {person} in this take; it has: {known}")
    return replace(
        take,
        tracks=tuple(track for track in take.tracks if track.person in people),
        motions=tuple(motion for motion in take.motions if motion.person in people),
    )


def _layout(take: Take, shot: Shot, kind: Kind) -> Layout:
    shape = take.info.width_px / take.info.height_px if shot.with_video else None
    width, height = shot.size_px or _usual_size(take, shot, kind)
    return layout(width, height, len(shot.views), shape)


def _usual_size(take: Take, shot: Shot, kind: Kind) -> tuple[int, int]:
    width, height = SIZE_PX
    if shot.with_video:
        video_width, height = shown_size(take.info.width_px, take.info.height_px)
        width = video_width + height
    share = GIF_SHARE if kind == "gif" else 1.0
    return 2 * round(share * width / 2), 2 * round(share * height / 2)


def poses_at(take: Take, when: Moments) -> list[Person]:
    """Everybody at these moments: in the world, turned so that the camera looks along z."""
    from_world = _stage_from_world(take.camera)
    people = []
    for motion in stood(take):
        xyz_m = motion.xyz_m @ from_world.T
        if when.own:
            xyz_m = xyz_m[np.searchsorted(take.time_s, when.source_s - 1e-9)]
        else:
            gap_s = max(MAX_GAP_S, 2 / take.info.fps)
            xyz_m = at_times(xyz_m, take.time_s, when.source_s, gap_s)
        people.append(Person(motion.person, xyz_m, motion.skeleton))
    return people


def _stage_from_world(camera: Camera) -> Float[np.ndarray, "3 3"]:
    """x to the camera's right, y down, z away from the camera, level."""
    ahead_m = np.array([0.0, 1.0, 0.0])
    if camera.camera_from_world is not None:
        rotation = np.array(camera.camera_from_world)[:, :3]
        level = np.hypot(*rotation[2, :2]) > 0.2  # looking straight down, ahead is the picture's up
        ahead_m = (rotation[2] if level else -rotation[1]) * [1, 1, 0]
        ahead_m = ahead_m / np.linalg.norm(ahead_m)
    return np.array([[ahead_m[1], -ahead_m[0], 0.0], [0.0, 0.0, -1.0], ahead_m])


def _frames_at(reader: VideoReader, when: Moments) -> Generator[Frame, None, None]:
    """For every moment the frame that a player shows then."""
    frames = iter(reader)
    shown = next(frames)
    later: Frame | None = next(frames, None)
    for time_s in when.source_s:
        while later is not None and later.time_s <= time_s + 1e-4:
            shown, later = later, next(frames, None)
        yield shown


def _pictures(
    take: Take, painter: "_Painter", places: Layout, films: Iterator[Frame] | None
) -> Iterator[Rgba]:
    """All pictures, one by one."""
    for number in range(len(painter.when.shown_s)):
        if len(places.views) == 1 and places.video is None:
            yield painter.view(0, number)
            continue
        whole = painter.blank(places.width, places.height)
        for index, cell in enumerate(places.views):
            whole[cell.at] = painter.view(index, number)
        if films is not None and places.video is not None:
            shown, cell = next(films), places.video
            small = resize(shown.rgb, cell.width, cell.height)
            index = min(shown.index, len(take.time_s) - 1)
            whole[cell.at] = overlaid(take, index, small)
        yield whole


class _Painter:
    """Draws the views; what stays the same from picture to picture is drawn once."""

    def __init__(
        self,
        shot: Shot,
        people: list[Person],
        when: Moments,
        framing: Framing,
        sizes: list[tuple[int, int]],
    ) -> None:
        self.when = when
        self._shot, self._people, self._framing, self._sizes = shot, people, framing, sizes
        self._moves = shot.follow or shot.turntable_s is not None
        self._empty: dict[int, Rgba] = {}
        self.shadows = True

    def view(self, index: int, number: int) -> Rgba:
        """A view at a picture."""
        eye = eye_at(self._shot, self._framing, self.when, index, number, self._sizes[index])
        out = self._stage(index, eye)
        poses = [(person.xyz_m[number], person.skeleton) for person in self._people]
        above = self.shadows and eye.view.elevation_deg > 0
        below = self._framing.floor.y_m if above else None
        draw_people(out, eye, poses, below)
        if len(self._shot.views) > 1 and not self._shot.transparent:
            size_px = max(10, min(out.shape[:2]) // 24)
            words = name_of(self._shot.views[index])
            write_label(out, words, (size_px / 2, size_px / 2), size_px)
        return straight(out) if self._shot.transparent else out

    def blank(self, width: int, height: int) -> Rgba:
        """A picture without anything."""
        if self._shot.transparent:
            return np.zeros((height, width, 4), np.uint8)
        out = np.empty((height, width, 3), np.uint8)
        out[:] = BACKGROUND
        return out

    def _stage(self, index: int, eye: Eye) -> Rgba:
        if index in self._empty:
            return self._empty[index].copy()
        out = self.blank(eye.width_px, eye.height_px)
        if not self._shot.transparent:
            draw_grid(out, eye, self._framing.floor)
        if not self._moves:
            self._empty[index] = out.copy()
        return out


def straight(rgba: UInt8[np.ndarray, "height width 4"]) -> UInt8[np.ndarray, "height width 4"]:
    """Colours that were multiplied by alpha, as files want them: divided by it again."""
    flat = rgba.reshape(-1, 4).copy()
    partly = np.flatnonzero((flat[:, 3] > 0) & (flat[:, 3] < 255))
    pixels = flat[partly].astype(np.float32)
    colours = pixels[:, :3] * (255 / pixels[:, 3:])
    flat[partly, :3] = np.minimum(colours + 0.5, 255).astype(np.uint8)
    return flat.reshape(rgba.shape)
