"""What phones, camcorders and broadcasters deliver: the right picture, at the right time, once."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from monomocap.detect.catalogue import DETECTORS
from monomocap.options import Options
from monomocap.pipeline import estimate
from monomocap.types import Frame, VideoInfo
from monomocap.video.deinterlace import progressive
from monomocap.video.read import VideoReader
from tests.fakes import FakeDetector
from tests.videos import is_upright, make_video, number_of, numbered

TICK = Fraction(1, 90_000)


def read(path: Path) -> tuple[list[Frame], VideoInfo]:
    with VideoReader(path) as video:
        return list(video), video.info


def numbers(frames: list[Frame]) -> list[int]:
    return [number_of(frame.rgb) for frame in frames]


# --- interlaced


def moving_edge(index: int, width: int, height: int) -> np.ndarray:
    """A white bar that moves 12 pixels from one half-picture to the next, woven together."""
    rgb = np.zeros((height, width, 3), np.uint8)
    for half in (0, 1):
        x = 10 + 12 * (2 * index + half)
        rgb[half::2, x : x + 20] = 255
    return rgb


def combed(rgb: np.ndarray) -> float:
    """How much rows differ from the rows beside them, against the rows two away."""
    grey = rgb.mean(axis=-1)
    beside = np.abs(np.diff(grey, axis=0)).mean()
    return float(beside / (np.abs(grey[2:] - grey[:-2]).mean() + 1.0))


TOP_FIRST = {"flags": "+ildct+ilme", "x264-params": "tff=1:bframes=2", "crf": "12"}


def test_interlaced_pictures_lose_their_combs_and_none_is_lost(tmp_path: Path) -> None:
    sizes = {"frames": 8, "fps": 25, "size": (240, 64), "picture": moving_edge}
    woven = make_video(tmp_path / "a.mp4", codec_options=TOP_FIRST, **sizes)  # type: ignore[arg-type]
    frames, info = read(woven)
    assert len(frames) == 8 and info.partial == ""
    np.testing.assert_allclose([f.time_s for f in frames], np.arange(8) / 25, atol=1e-3)
    before = np.mean([combed(moving_edge(i, 240, 64)) for i in range(8)])
    after = np.mean([combed(f.rgb) for f in frames])
    assert before > 10 and after < before / 5
    # Each picture shows a time of its own two half-pictures, not of its neighbours'.
    for frame in frames[1:-1]:
        columns = np.flatnonzero(frame.rgb.mean(axis=(0, 2)) > 128)
        assert abs(columns.mean() - (10 + 24 * frame.index + 6 + 9.5)) <= 7


def test_progressive_pictures_pass_untouched(tmp_path: Path) -> None:
    with av.open(str(make_video(tmp_path / "a.mp4"))) as container:
        pictures = list(container.decode(video=0))
    assert all(a is b for a, b in zip(progressive(iter(pictures)), pictures, strict=True))


def test_a_broadcast_that_changes_between_interlaced_and_not_keeps_every_picture(
    tmp_path: Path,
) -> None:
    woven = make_video(tmp_path / "a.ts", frames=7, codec_options=TOP_FIRST)
    plain = make_video(tmp_path / "b.ts", frames=7)
    both = tmp_path / "both.ts"
    both.write_bytes(woven.read_bytes() + plain.read_bytes())
    frames, _ = read(both)
    assert numbers(frames) == [*range(7), *range(7)]
    assert (np.diff([f.time_s for f in frames]) > 0).all()


# --- large, deep, tall


def test_four_k_in_ten_bits_standing_upright(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "phone.mov",
        frames=1,
        size=(3840, 2160),
        rotation_deg=90,
        pix_fmt="yuv420p10le",
        codec_options={"preset": "ultrafast"},
    )
    frames, info = read(path)
    assert (info.width_px, info.height_px, info.rotation_deg) == (2160, 3840, 90)
    assert numbers(frames) == [0]
    assert all(is_upright(f.rgb) for f in frames)


def test_ten_bit_hdr_is_seen_in_full_contrast(tmp_path: Path) -> None:
    """A phone's HLG in BT.2020: not graded, but black is dark, white is bright, red is red."""
    options = {
        "x265-params": "log-level=none:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"
    }
    path = make_video(
        tmp_path / "hdr.mp4", codec="libx265", pix_fmt="yuv420p10le", codec_options=options
    )
    frames, _ = read(path)
    assert numbers(frames) == list(range(10))
    assert all(is_upright(f.rgb) for f in frames)


# --- animations


def save_gif(path: Path, times_s: list[float]) -> Path:
    return make_video(path, times_s=times_s, codec="gif", pix_fmt="rgb8")


def test_a_gif_keeps_its_uneven_times_and_plays_once(tmp_path: Path) -> None:
    times_s = [0.0, 0.1, 0.15, 0.9, 1.0]
    frames, info = read(save_gif(tmp_path / "a.gif", times_s))
    assert numbers(frames) == list(range(5))
    np.testing.assert_allclose([f.time_s for f in frames], times_s, atol=0.011)
    assert info.partial == ""


# --- streams that change on the way


def test_a_stream_that_changes_its_size_keeps_the_size_it_began_with(tmp_path: Path) -> None:
    small = make_video(tmp_path / "a.ts", frames=5)
    large = make_video(tmp_path / "b.ts", frames=5, size=(192, 128))
    square = make_video(tmp_path / "c.ts", frames=5, size=(64, 64))
    both = tmp_path / "both.ts"
    both.write_bytes(small.read_bytes() + large.read_bytes() + square.read_bytes())
    frames, info = read(both)
    assert {f.rgb.shape for f in frames} == {(64, 96, 3)}
    assert numbers(frames)[:10] == [*range(5), *range(5)]
    assert len(frames) == 15
    assert (frames[-1].rgb[:, :12] < 30).all()  # black beside the square, nobody stretched


# --- edit lists


def with_edits(path: Path, edits: list[tuple[int, int]]) -> Path:
    """Replace the (single) edit of a movie made by `make_video`: (duration in ms, start or -1)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    entries = b"".join(
        duration.to_bytes(4, "big") + start.to_bytes(4, "big", signed=True) + b"\0\1\0\0"
        for duration, start in edits
    )
    box = b"elst" + bytes(4) + len(edits).to_bytes(4, "big") + entries
    box = (len(box) + 4).to_bytes(4, "big") + box
    grown = len(box) - size
    data[at : at + size] = box
    for parent in (b"edts", b"trak", b"moov"):
        where = data.index(parent) - 4
        length = int.from_bytes(data[where : where + 4], "big") + grown
        data[where : where + 4] = length.to_bytes(4, "big")
    path.write_bytes(data)
    return path


def test_a_trim_at_the_end_is_obeyed(tmp_path: Path) -> None:
    """The phone's editor cut the last half second off and left it in the file."""
    path = make_video(tmp_path / "a.mov", frames=30, codec_options={"bf": "0"})
    frames, info = read(with_edits(path, [(500, 0)]))
    assert numbers(frames) == list(range(15))
    assert info.partial == ""


def test_a_late_start_is_kept(tmp_path: Path) -> None:
    """An empty edit: half a second of sound comes before the first picture."""
    path = make_video(tmp_path / "a.mov", frames=10, codec_options={"bf": "0"})
    frames, _ = read(with_edits(path, [(500, -1), (333, 0)]))
    assert numbers(frames) == list(range(10))
    assert frames[0].time_s == pytest.approx(0.5, abs=0.01)


# --- every kind goes through the whole pipeline: frames in are poses out

KINDS: dict[str, Callable[[Path], Path]] = {
    "turned": lambda p: make_video(p / "a.mp4", frames=7, rotation_deg=90),
    "variable": lambda p: make_video(p / "a.mp4", times_s=[0, 0.02, 0.1, 0.4, 0.41, 0.9, 1.4]),
    "edited": lambda p: make_video(p / "a.mp4", times_s=[(i - 3) / 30 for i in range(10)]),
    "b-frames": lambda p: make_video(
        p / "a.mp4", frames=7, codec_options={"bf": "4", "b-adapt": "0"}
    ),
    "interlaced": lambda p: make_video(p / "a.mp4", frames=7, codec_options=TOP_FIRST),
    "portrait": lambda p: make_video(p / "a.mp4", frames=7, size=(64, 96)),
    "gif": lambda p: save_gif(p / "a.gif", [i / 20 for i in range(7)]),
    "ten bits": lambda p: make_video(p / "a.mkv", frames=7, codec="ffv1", pix_fmt="yuv420p10le"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_frames_in_are_poses_out(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector())
    take = estimate(KINDS[kind](tmp_path), Options(detector="fake", lifter="flat"))
    assert len(take.time_s) == len(take.motions[0].xyz_m) == take.info.frames == 7
    assert take.motions[0].seen.all()
    assert take.warnings == ()


def test_numbered_pictures_can_be_told_apart() -> None:
    """The tests above stand on this."""
    assert [number_of(numbered(i, 96, 64)) for i in (0, 1, 77)] == [0, 1, 77]
