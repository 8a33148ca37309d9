"""Frames in are frames out: every picture, upright, at its true time, whatever the container."""

from __future__ import annotations

import gc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monomocap.errors import VideoError
from monomocap.types import Frame, VideoInfo
from monomocap.video.clock import Clock
from monomocap.video.read import VideoReader
from tests.videos import cut_short, is_upright, make_audio, make_video, number_of, numbered


def read(path: Path, max_frames: int | None = None) -> tuple[list[Frame], VideoInfo]:
    with VideoReader(path, max_frames) as video:
        return list(video), video.info


def numbers(frames: list[Frame]) -> list[int]:
    assert [f.index for f in frames] == list(range(len(frames)))
    return [number_of(f.rgb) for f in frames]


def noise(index: int, width: int, height: int) -> np.ndarray:
    """Pictures that cannot be packed small, so that a cut hits the middle of the video."""
    return np.random.default_rng(index).integers(0, 255, (height, width, 3), dtype=np.uint8)


def make_noise(path: Path) -> Path:
    front = {"movflags": "faststart"} if path.suffix in (".mp4", ".mov") else {}
    options = {"g": "15", "preset": "ultrafast"}
    return make_video(
        path, frames=60, picture=noise, container_options=front, codec_options=options
    )


FORMS: dict[str, dict] = {
    "h264.mp4": {},
    "many b-frames.mp4": {"codec_options": {"bf": "4", "b-adapt": "0"}},
    "no b-frames.mov": {"codec_options": {"bf": "0"}},
    "one.mp4": {"frames": 1},
    "fragments.mp4": {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
    "sound.mp4": {"audio": True},
    "matroska.mkv": {},
    "transport.ts": {},
    "b-frames without display times.avi": {},
    "mpeg4.avi": {"codec": "mpeg4", "codec_options": {"bf": "2"}},
    "no times at all.h264": {"fps": 25},
    "ten bit.mp4": {
        "codec": "libx265",
        "pix_fmt": "yuv420p10le",
        "codec_options": {"x265-params": "log-level=none"},
    },
    "vp9.webm": {"codec": "libvpx-vp9"},
    "motion jpeg.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "interlaced.mp4": {"codec_options": {"flags": "+ildct+ilme", "x264-params": "tff=1"}},
    "full color.mkv": {"codec": "ffv1", "pix_fmt": "yuv444p"},
    "with alpha.mov": {"codec": "prores_ks", "pix_fmt": "yuva444p10le"},
    "odd.mkv": {"codec": "ffv1", "pix_fmt": "yuv420p", "size": (97, 65)},
    "animation.gif": {"codec": "gif", "pix_fmt": "rgb8", "fps": 25},
}


@pytest.mark.parametrize("name", FORMS)
def test_every_frame_comes_once_in_order_upright(tmp_path: Path, name: str) -> None:
    form = FORMS[name]
    frames, info = read(make_video(tmp_path / name, **form))
    count, (width, height) = form.get("frames", 10), form.get("size", (96, 64))
    assert numbers(frames) == list(range(count))
    assert all(is_upright(f.rgb) for f in frames)
    assert all(f.rgb.shape == (height, width, 3) for f in frames)
    assert all(f.rgb.dtype == np.uint8 and f.rgb.flags.c_contiguous for f in frames)
    assert (info.frames, info.width_px, info.height_px) == (count, width, height)
    assert info.partial == ""
    if count > 1:
        times_s = np.array([f.time_s for f in frames])
        rate = form.get("fps", 30)
        np.testing.assert_allclose(times_s - times_s[0], np.arange(count) / rate, atol=0.0011)
        assert info.fps == pytest.approx(rate, rel=0.01)


def test_gray_is_gray(tmp_path: Path) -> None:
    frames, _ = read(make_video(tmp_path / "a.mkv", codec="ffv1", pix_fmt="gray"))
    assert numbers(frames) == list(range(10))
    assert (np.ptp(frames[0].rgb, axis=-1) == 0).all()


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_pictures_are_turned_as_a_player_shows_them(
    tmp_path: Path, rotation_deg: int, mirrored: bool
) -> None:
    path = make_video(tmp_path / "a.mp4", rotation_deg=rotation_deg, mirrored=mirrored)
    with VideoReader(path) as video:
        before = video.info
        frames = list(video)
    assert numbers(frames) == list(range(10))
    assert all(is_upright(f.rgb) for f in frames)
    size = (96, 64) if rotation_deg % 180 == 0 else (64, 96)
    assert (before.width_px, before.height_px) == size
    assert all(f.rgb.shape == (size[1], size[0], 3) for f in frames)
    if not mirrored:
        assert before.rotation_deg == rotation_deg


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_an_old_rotate_tag_is_obeyed(tmp_path: Path, rotation_deg: int) -> None:
    path = make_video(tmp_path / "a.mkv", rotation_deg=rotation_deg, rotate_tag=True)
    frames, info = read(path)
    assert numbers(frames) == list(range(10))
    assert all(is_upright(f.rgb) for f in frames)
    assert info.rotation_deg == rotation_deg


def test_a_turned_video_of_odd_size(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "a.mov", codec="png", pix_fmt="rgb24", size=(97, 65), rotation_deg=90
    )
    frames, _ = read(path)
    for frame in frames:
        np.testing.assert_array_equal(frame.rgb, numbered(frame.index, 65, 97))


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    frames, info = read(make_video(tmp_path / "a.mp4", pixel_aspect=Fraction(4, 3)))
    assert (info.width_px, info.height_px) == (128, 64)
    assert numbers(frames) == list(range(10))
    assert frames[0].rgb.shape == (64, 128, 3)


def test_pictures_stay_as_they_were_while_reading_on(tmp_path: Path) -> None:
    with VideoReader(make_video(tmp_path / "a.mp4", frames=40)) as video:
        kept = [(frame, frame.rgb.copy()) for frame in video]
    for frame, copy in kept:
        np.testing.assert_array_equal(frame.rgb, copy)


def test_variable_times_are_the_true_ones(tmp_path: Path) -> None:
    times_s = [0.5, 0.52, 0.6, 1.0, 1.01, 3.0, 3.5]
    frames, info = read(make_video(tmp_path / "a.mp4", times_s=times_s))
    assert numbers(frames) == list(range(7))
    np.testing.assert_allclose([f.time_s for f in frames], times_s, atol=1e-4)
    assert info.fps == pytest.approx(6 / 3.0)


def test_frames_before_an_edit_list_are_not_shown_and_not_missed(tmp_path: Path) -> None:
    """A trimmed phone video keeps what was cut off; a player starts at the trim."""
    path = make_video(tmp_path / "a.mp4", times_s=[(i - 3) / 30 for i in range(20)])
    frames, info = read(path)
    assert numbers(frames) == list(range(3, 20))
    np.testing.assert_allclose([f.time_s for f in frames], np.arange(17) / 30, atol=1e-4)
    assert info.partial == ""


def test_max_frames_stops_early_and_is_no_damage(tmp_path: Path) -> None:
    frames, info = read(make_video(tmp_path / "a.mp4", frames=20), max_frames=7)
    assert numbers(frames) == list(range(7))
    assert (info.frames, info.partial) == (7, "")


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    with VideoReader(make_video(tmp_path / "a.mp4")) as video:
        assert numbers(list(video)) == numbers(list(video)) == list(range(10))


def test_info_is_there_before_the_first_frame(tmp_path: Path) -> None:
    with VideoReader(make_video(tmp_path / "a.mp4", frames=15)) as video:
        info = video.info
    assert (info.frames, info.fps, info.codec) == (15, 30.0, "h264")
    assert info.duration_s == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "fragments.mp4"])
def test_a_video_cut_short_gives_what_it_holds(tmp_path: Path, name: str) -> None:
    whole = make_noise(tmp_path / name)
    cut = cut_short(whole, tmp_path / f"cut {name}", 0.6)
    kept, info = read(cut)
    original, _ = read(whole)
    assert 30 <= len(kept) < 40
    assert all(np.array_equal(k.rgb, o.rgb) for k, o in zip(kept, original, strict=False))
    assert [f.time_s for f in kept] == [f.time_s for f in original[: len(kept)]]
    assert "cut short" in info.partial
    assert info.frames == len(kept)


def test_damage_in_the_middle_does_not_end_the_video(tmp_path: Path) -> None:
    path = make_noise(tmp_path / "a.mp4")
    data = bytearray(path.read_bytes())
    middle = len(data) * 9 // 20
    data[middle : middle + 5000] = bytes(range(250)) * 20
    path.write_bytes(data)
    frames, info = read(path)
    assert 50 <= len(frames) <= 60
    assert frames[-1].time_s == pytest.approx(59 / 30, abs=0.01)
    assert (np.diff([f.time_s for f in frames]) > 0).all()
    assert "damaged" in info.partial


def test_a_container_that_claims_more_frames_than_it_has(tmp_path: Path) -> None:
    """The counter in an AVI's header says 200; there are 10."""
    path = make_video(tmp_path / "a.avi", codec="mjpeg", pix_fmt="yuvj420p")
    data = bytearray(path.read_bytes())
    counter = data.index(b"vids") + 32
    assert int.from_bytes(data[counter : counter + 4], "little") == 10
    data[counter : counter + 4] = (200).to_bytes(4, "little")
    path.write_bytes(data)
    frames, info = read(path)
    assert numbers(frames) == list(range(10))
    assert "claims 200 frames and holds 10" in info.partial


def no_pictures(path: Path) -> None:
    """A video stream that is announced and stays empty."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = 64, 48
        container.start_encoding()


def music_with_cover(path: Path) -> None:
    """Sound, and one still picture that a music player shows."""
    with av.open(str(path), "w", format="mp4") as container:
        sound = container.add_stream("aac", rate=44_100, layout="mono")
        cover = container.add_stream("mjpeg", rate=1)
        assert isinstance(cover, av.VideoStream) and isinstance(sound, av.AudioStream)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(numbered(0, 64, 48), format="rgb24")
        container.mux(cover.encode(picture.reformat(format="yuvj420p")))
        container.mux(cover.encode())
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate = 44_100
        container.mux(sound.encode(silence))
        container.mux(sound.encode())


UNUSABLE = {
    "nothing there.mp4": (None, "no file"),
    "folder.mp4": (Path.mkdir, "holds no video and no picture"),
    "empty.mp4": (lambda p: p.write_bytes(b""), "not a video"),
    "random.mp4": (
        lambda p: p.write_bytes(np.random.default_rng(0).bytes(50_000)),
        "not a video",
    ),
    "text.mp4": (lambda p: p.write_text("no pictures here\n" * 50), "not a video"),
    "text.txt": (lambda p: p.write_text("no pictures here\n" * 50), "not a video"),
    "sound.m4a": (make_audio, "no video stream.*audio"),
    "cover.m4a": (music_with_cover, "no video stream"),
    "no pictures.avi": (no_pictures, "no picture"),
    "no pictures.mkv": (no_pictures, "no picture"),
    "index lost.mp4": (
        lambda p: cut_short(make_video(p.with_name("whole.mp4"), picture=noise), p, 0.6),
        "cut short",
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_is_no_video_is_said_at_once_on_one_line(tmp_path: Path, name: str) -> None:
    make, message = UNUSABLE[name]
    if make is not None:
        make(tmp_path / name)
    with pytest.raises(VideoError, match=message) as caught:
        VideoReader(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a:b.mp4", "100%.mp4", "%03d.mp4", "ä ö.mp4", "-.mp4"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    make_video(tmp_path / "plain.mp4").rename(tmp_path / name)
    frames, _ = read(tmp_path / name)
    assert numbers(frames) == list(range(10))


def test_nothing_stays_open(tmp_path: Path) -> None:
    good = make_video(tmp_path / "a.mp4")
    bad = cut_short(make_video(tmp_path / "b.mp4", picture=noise), tmp_path / "c.mp4", 0.6)
    for _ in range(3):
        read(good)
        with VideoReader(good):
            pass
        with VideoReader(good) as video:
            next(iter(video))
        with pytest.raises(VideoError):
            VideoReader(bad)
    del video
    gc.collect()
    held = {Path(f.path).name for f in psutil.Process().open_files()}
    assert not held & {"a.mp4", "c.mp4"}


def test_memory_does_not_grow_with_the_video(tmp_path: Path) -> None:
    """150 pictures of 2 MB each pass by; none is kept."""
    options = {"preset": "ultrafast", "tune": "zerolatency"}
    path = make_video(
        tmp_path / "a.mp4",
        frames=150,
        size=(1024, 680),
        codec_options=options,
    )
    process = psutil.Process()
    with VideoReader(path) as video:
        used = [process.memory_info().rss for _ in video]
    growth = max(used[30:]) - max(used[:30])
    assert growth < 40e6, "150 pictures are 313 MB"


@given(st.lists(st.one_of(st.none(), st.floats(-1e4, 1e5)), max_size=50))
def test_the_clock_only_goes_forward(stamps_s: list[float | None]) -> None:
    clock = Clock(0.0, 1 / 30)
    times_s = [clock(stamp_s) for stamp_s in stamps_s]
    assert (np.diff(times_s) > 0).all()


@given(st.lists(st.floats(0.001, 5), min_size=1, max_size=50), st.floats(-10, 1e5))
def test_the_clock_leaves_good_stamps_alone(steps_s: list[float], first_s: float) -> None:
    stamps_s = (first_s + np.cumsum(steps_s)).tolist()
    clock = Clock(0.0, 1 / 30)
    assert [clock(stamp_s) for stamp_s in stamps_s] == stamps_s


def test_the_clock_fills_in_what_is_missing() -> None:
    clock = Clock(2.0, 0.1)
    stamps = [None, None, 2.2, None, 2.4, 2.4, 2.5]
    times_s = [clock(stamp) for stamp in stamps]
    np.testing.assert_allclose(times_s, [2.0, 2.1, 2.2, 2.3, 2.4, 2.41, 2.5])


def test_the_clock_runs_on_when_the_stamps_start_over() -> None:
    clock = Clock(0.0, 0.1)
    stamps = [5.0, 5.1, 5.2, 0.0, 0.1, 0.3]
    np.testing.assert_allclose([clock(s) for s in stamps], [5.0, 5.1, 5.2, 5.3, 5.4, 5.6])


@pytest.mark.parametrize(("name", "count"), [("outdoor_walk", 230), ("one_by_one", 1394)])
def test_real_videos_give_every_frame(data: Path, name: str, count: int) -> None:
    with VideoReader(data / "video" / f"{name}.mp4") as video:
        times_s = np.array([frame.time_s for frame in video])
        info = video.info
    assert len(times_s) == count == info.frames
    assert (np.diff(times_s) > 0).all()
    assert info.partial == ""
