"""What is written plays: the same pictures, at the same times, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monomocap.errors import OutputError
from monomocap.types import Frame
from monomocap.video.read import VideoReader
from monomocap.video.write import TICK, VideoWriter
from tests.videos import is_upright, number_of, numbered

SIZE = (96, 64)


def write(path: Path, times_s: list[float], size: tuple[int, int] = SIZE) -> list[Frame]:
    with VideoWriter(path, fps=30) as out:
        for index, time_s in enumerate(times_s):
            out.write(numbered(index, *size), time_s)
    with VideoReader(path) as video:
        return list(video)


def test_pictures_come_back_in_order(tmp_path: Path) -> None:
    frames = write(tmp_path / "a.mp4", [i / 30 for i in range(100)])
    assert [number_of(f.rgb) for f in frames] == list(range(100))
    assert all(is_upright(f.rgb) for f in frames)


@settings(max_examples=10, deadline=None)
@given(
    first_s=st.floats(0, 5),
    steps_s=st.lists(st.floats(0.001, 2), min_size=0, max_size=12),
)
def test_true_times_are_kept(
    tmp_path_factory: pytest.TempPathFactory, first_s: float, steps_s: list[float]
) -> None:
    times_s = [first_s, *(first_s + np.cumsum(steps_s)).tolist()]
    frames = write(tmp_path_factory.mktemp("times") / "a.mp4", times_s)
    np.testing.assert_allclose([f.time_s for f in frames], times_s, atol=float(TICK))


def test_times_below_0_lose_no_picture(tmp_path: Path) -> None:
    """A player leaves out what comes before 0; the video starts later instead."""
    frames = write(tmp_path / "a.mp4", [-0.5, -0.4, 0.1, 0.2])
    assert [number_of(f.rgb) for f in frames] == list(range(4))
    np.testing.assert_allclose([f.time_s for f in frames], [0, 0.1, 0.6, 0.7], atol=float(TICK))


@pytest.mark.parametrize("time_s", [float("nan"), float("inf")])
def test_a_time_must_be_one(tmp_path: Path, time_s: float) -> None:
    with (
        pytest.raises(OutputError, match="finite"),
        VideoWriter(tmp_path / "a.mp4", fps=30) as out,
    ):
        out.write(numbered(0, *SIZE), time_s)
    assert not list(tmp_path.iterdir())


def test_without_times_the_rate_rules(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", fps=24) as out:
        for index in range(12):
            out.write(numbered(index, *SIZE))
    with VideoReader(tmp_path / "a.mp4") as video:
        times_s = [f.time_s for f in video]
        assert video.info.fps == pytest.approx(24)
        assert video.info.duration_s == pytest.approx(0.5)
    np.testing.assert_allclose(times_s, np.arange(12) / 24, atol=float(TICK))


def test_equal_times_still_follow_each_other(tmp_path: Path) -> None:
    frames = write(tmp_path / "a.mp4", [0.0, 0.1, 0.1, 0.1 + 1e-9, 0.2])
    assert [number_of(f.rgb) for f in frames] == list(range(5))
    assert (np.diff([f.time_s for f in frames]) > 0).all()


def test_everything_plays_it(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", [0.0, 0.1])
    with av.open(str(tmp_path / "a.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "a browser must not need the file's end"


@pytest.mark.parametrize("size", [(97, 65), (96, 65), (97, 64), (1, 1)])
def test_odd_sides_lose_nothing(tmp_path: Path, size: tuple[int, int]) -> None:
    rgb = np.full((size[1], size[0], 3), 60, np.uint8)
    rgb[:, -1] = rgb[-1] = 200
    with VideoWriter(tmp_path / "a.mp4", fps=30) as out:
        out.write(rgb)
    with VideoReader(tmp_path / "a.mp4") as video:
        (frame,) = video
    width, height = size
    assert frame.rgb.shape == (height + height % 2, width + width % 2, 3)
    shown = frame.rgb[:height, :width].astype(int)
    assert abs(shown - rgb).mean() < 12


@pytest.mark.parametrize("color", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (240, 180, 140)])
def test_colors_survive(tmp_path: Path, color: tuple[int, int, int]) -> None:
    rgb = np.full((720, 1280, 3), color, np.uint8)
    with VideoWriter(tmp_path / "a.mp4", fps=30) as out:
        out.write(rgb)
    with VideoReader(tmp_path / "a.mp4") as video:
        (frame,) = video
    assert abs(frame.rgb.astype(int) - color).max() <= 6


def test_the_picture_is_left_alone(tmp_path: Path) -> None:
    rgb = numbered(3, 97, 65)
    rgb.flags.writeable = False
    with VideoWriter(tmp_path / "a.mp4", fps=30) as out:
        out.write(rgb)
        out.write(rgb[:, ::-1])
    np.testing.assert_array_equal(rgb, numbered(3, 97, 65))


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"what was there before")
    with pytest.raises(RuntimeError), VideoWriter(path, fps=30) as out:
        out.write(numbered(0, *SIZE))
        raise RuntimeError("the consumer gave up")
    assert path.read_bytes() == b"what was there before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_name_appears_only_when_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with VideoWriter(path, fps=30) as out:
        out.write(numbered(0, *SIZE))
        assert not path.exists()
    assert path.exists()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "name", ["missing folder/a.mp4", "a.avi", "a", "folder.mp4", "file.txt/a.mp4"]
)
def test_what_cannot_be_written_is_said_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file.txt").write_text("")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OutputError, match="cannot write"):
        VideoWriter(tmp_path / name, fps=30)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
def test_a_rate_must_be_one(tmp_path: Path, fps: float) -> None:
    with pytest.raises(OutputError, match="frames per second"):
        VideoWriter(tmp_path / "a.mp4", fps=fps)


def test_no_picture_is_no_video(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="at least one picture"),
        VideoWriter(tmp_path / "a.mp4", fps=30),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_sizes_do_not_change(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="keep their size"),
        VideoWriter(tmp_path / "a.mp4", fps=30) as out,
    ):
        out.write(numbered(0, 96, 64))
        out.write(numbered(1, 64, 96))
    assert not list(tmp_path.iterdir())


def test_nothing_is_added_after_the_end(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", fps=30) as out:
        out.write(numbered(0, *SIZE))
    with pytest.raises(OutputError, match="closed"):
        out.write(numbered(1, *SIZE))
