"""Videos that are no files: the web, standard input, cameras on the network and on the desk."""

import io
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from monomocap.errors import VideoError
from monomocap.types import Frame, VideoInfo
from monomocap.video import open as opening
from monomocap.video import spool
from monomocap.video.read import VideoReader
from tests.http_server import Site, serving
from tests.rtsp_server import camera
from tests.videos import make_video, number_of


def read(word: str, **asked: object) -> tuple[list[Frame], VideoInfo]:
    with VideoReader(word, **asked) as video:  # type: ignore[arg-type]
        return list(video), video.info


def numbers(frames: list[Frame]) -> list[int]:
    return [number_of(frame.rgb) for frame in frames]


@pytest.fixture
def no_traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Temporary files go to a folder of this test, and are gone in the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []


class Piped(io.TextIOWrapper):
    """Standard input that comes from a pipe: it can be read once, forwards."""

    def __init__(self, data: bytes) -> None:
        end, begin = os.pipe()
        self._thread = threading.Thread(target=self._feed, args=(begin, data), daemon=True)
        self._thread.start()
        super().__init__(os.fdopen(end, "rb"))

    @staticmethod
    def _feed(begin: int, data: bytes) -> None:
        with os.fdopen(begin, "wb") as pipe:
            pipe.write(data)


# --- standard input


@pytest.mark.parametrize("name", ["index at the end.mp4", "a.mkv", "a.ts", "a.gif"])
def test_standard_input_is_read_like_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_traces: None, name: str
) -> None:
    look = {"codec": "gif", "pix_fmt": "rgb8", "fps": 25} if name.endswith("gif") else {}
    data = make_video(tmp_path / name, **look).read_bytes()  # type: ignore[arg-type]
    with Piped(data) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with VideoReader("-") as video:
            assert numbers(list(video)) == numbers(list(video)) == list(range(10))
            assert (video.info.path, video.info.partial) == ("standard input", "")


def test_standard_input_as_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Piped(make_video(tmp_path / "a.ts").read_bytes()) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        frames, _ = read("-", as_it_comes=True)
    assert numbers(frames) == list(range(10))


@pytest.mark.parametrize(("data", "says"), [(b"", "is empty"), (b"words" * 99, "not a video")])
def test_standard_input_without_a_video(
    monkeypatch: pytest.MonkeyPatch, no_traces: None, data: bytes, says: str
) -> None:
    with Piped(data) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(VideoError, match=f"standard input.*{says}"):
            VideoReader("-")


# --- the web


@pytest.fixture
def video_bytes(tmp_path: Path) -> bytes:
    return make_video(tmp_path / "web.mp4", frames=12).read_bytes()


def test_a_file_on_the_web_is_fetched_once_and_left_nowhere(
    video_bytes: bytes, no_traces: None
) -> None:
    with serving(Site({"/walk.mp4": video_bytes})) as site:
        with VideoReader(f"{site.url}/walk.mp4") as video:
            assert numbers(list(video)) == numbers(list(video)) == list(range(12))
            assert video.info.path == f"{site.url}/walk.mp4"
        assert len(site.asked) == 1


def test_a_broken_connection_goes_on_where_it_broke(video_bytes: bytes, no_traces: None) -> None:
    third = len(video_bytes) // 3
    with serving(Site({"/a": video_bytes}, break_after=third + 1)) as site:
        frames, info = read(f"{site.url}/a")
        starts = [wanted for _, wanted in site.asked]
    assert numbers(frames) == list(range(12))
    assert info.partial == ""
    assert starts[0] is None and starts[1] == f"bytes={third + 1}-"


def test_a_server_that_cannot_go_on_is_asked_for_all_again(
    video_bytes: bytes, no_traces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Site({"/a": video_bytes}, ranges=False, break_after=100)) as site:
        monkeypatch.setattr(spool, "TRIES", 2)
        with pytest.raises(VideoError, match="not a video, or is cut short"):
            VideoReader(f"{site.url}/a")


def test_a_download_that_breaks_off_gives_what_came_and_says_so(
    tmp_path: Path, no_traces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_video(tmp_path / "a.ts", frames=60, codec_options={"bf": "0"}).read_bytes()
    most = len(data) * 2 // 3
    monkeypatch.setattr(spool, "TRIES", 1)
    with serving(Site({"/a.ts": data}, break_after=most)) as site:
        frames, info = read(f"{site.url}/a.ts")
    assert 10 < len(frames) < 60
    assert numbers(frames) == list(range(len(frames)))
    assert "the download broke off" in info.partial


def test_what_has_no_length_is_played_as_it_comes(tmp_path: Path, no_traces: None) -> None:
    data = make_video(tmp_path / "a.ts").read_bytes()
    with serving(Site({"/a.ts": data}, says_length=False)) as site:
        frames, _ = read(f"{site.url}/a.ts")
    assert numbers(frames) == list(range(10))


def test_a_playlist_is_played(tmp_path: Path, no_traces: None) -> None:
    data = make_video(tmp_path / "a.ts").read_bytes()
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.33,\na.ts\n#EXT-X-ENDLIST\n"
    web = Site({"/a.m3u8": playlist, "/a.ts": data}, ranges=False)
    with serving(web) as site, VideoReader(f"{site.url}/a.m3u8") as video:
        assert not video.live
        assert numbers(list(video)) == list(range(10))


def test_what_is_not_there_is_told_without_the_key_in_its_address(no_traces: None) -> None:
    with serving(Site()) as site:
        with pytest.raises(VideoError, match=r"/none\.mp4 \(the server says 404") as caught:
            VideoReader(f"{site.url}/none.mp4?key=secret")
        assert "secret" not in str(caught.value)
        assert len(site.asked) == 1
    with pytest.raises(VideoError, match="cannot fetch .*refused"):
        VideoReader(f"{site.url}/none.mp4")


def test_a_web_page_is_no_video(no_traces: None) -> None:
    page = Site({"/watch": b"<html>a page</html>" * 50})
    with serving(page) as site, pytest.raises(VideoError, match="is not a video"):
        VideoReader(f"{site.url}/watch")


# --- cameras


def test_a_camera_on_the_network(tmp_path: Path) -> None:
    video = make_video(tmp_path / "a.ts", frames=20, codec_options={"bf": "0", "g": "5"})
    with camera(video) as here, VideoReader(here.url) as reader:
        assert reader.live
        assert "secret" not in reader.info.path
        # MPEG's streams end a picture with the next one's beginning: the last one has no end.
        assert numbers(list(reader)) in (list(range(19)), list(range(20)))


def test_a_camera_that_falls_silent_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "READ_TIMEOUT_S", 0.5)
    monkeypatch.setattr(opening, "OPEN_TIMEOUT_S", 1.0)
    video = make_video(tmp_path / "a.ts", frames=20, codec_options={"bf": "0", "g": "5"})
    with camera(video, falls_silent=True) as here:
        frames, info = read(here.url)
    assert numbers(frames) == list(range(len(frames)))
    assert len(frames) >= 18
    assert "nothing came for 0.5 s" in info.partial


def test_no_camera_there_is_told_without_its_password() -> None:
    with pytest.raises(VideoError, match="cannot play rtsp://127.0.0.1:9/1.*refused") as caught:
        VideoReader("rtsp://me:secret@127.0.0.1:9/1")
    assert "secret" not in str(caught.value)


@pytest.fixture
def desk_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    """FFmpeg's test picture in place of camera N, N + 2 frames a second."""
    monkeypatch.setitem(opening.WEBCAMS, sys.platform, ("lavfi", "testsrc=size=64x48:rate=2{}"))


def test_a_webcam(desk_camera: None) -> None:
    frames, info = read("webcam:5", max_frames=6)
    assert (info.width_px, info.height_px, len(frames)) == (64, 48, 6)
    np.testing.assert_allclose(np.diff([f.time_s for f in frames]), 1 / 25)
    assert not np.array_equal(frames[0].rgb, frames[-1].rgb) or frames[0].rgb.any()


def test_a_webcam_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(VideoError, match=r"cannot open webcam:97.*cameras here: "):
        VideoReader("webcam:97")
