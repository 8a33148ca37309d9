"""A word means the videos that anybody would expect, and a wrong word is told in one line."""

from pathlib import Path

import pytest

from monomocap.errors import VideoError
from monomocap.video.sources import Source, find_sources, is_many, source_of


def touch(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return paths


def words_of(*words: object) -> list[str]:
    return [source.word for source in find_sources(str(word) for word in words)]


KINDS = {
    "walk.mp4": ("file", "walk", False),
    "-": ("stdin", "stdin", False),
    "webcam": ("webcam", "webcam", True),
    "webcam:2": ("webcam", "webcam-2", True),
    "rtsp://me:secret@camera.local/1": ("stream", "rtsp-camera-local-1", True),
    "udp://0.0.0.0:1234": ("stream", "udp-0-0-0-0-1234", True),
    "https://example.org/a%20b.mp4?key=secret": ("url", "a b", False),
    "https://example.org/": ("url", "https-example-org", False),
    "HTTP://EXAMPLE.ORG/x.mp4": ("url", "x", False),
    "file:///tmp/walk.mp4": ("file", "walk", False),
}


@pytest.mark.parametrize("word", KINDS)
def test_a_word_has_a_kind_and_a_name_for_its_results(word: str) -> None:
    source = source_of(word)
    assert (source.kind, source.stem, source.live) == KINDS[word]
    assert "secret" not in source.shown + source.stem


def test_cameras_have_numbers() -> None:
    assert (source_of("webcam").device, source_of("webcam:3").device) == (0, 3)
    assert source_of("webcam:x").kind == "file"


def test_a_path_is_never_an_address(tmp_path: Path) -> None:
    assert source_of(Path("webcam")).kind == "file"
    assert source_of(tmp_path).kind == "pictures"
    assert source_of(Source("stdin", "-")) == Source("stdin", "-")


def test_an_unknown_protocol_is_told_with_the_known_ones() -> None:
    with pytest.raises(VideoError, match=r"gopher:// is not supported; use one of: .*rtsp://"):
        source_of("gopher://example.org")


def test_a_folder_is_its_videos_in_the_order_of_counting(tmp_path: Path) -> None:
    touch(tmp_path, "b10.mp4", "b2.MOV", "a.gif", "cover.jpg", "notes.md", ".hidden.mp4", "c.mp4/x")
    assert words_of(tmp_path) == [str(tmp_path / n) for n in ("a.gif", "b2.MOV", "b10.mp4")]
    assert is_many(str(tmp_path))


def test_a_folder_of_pictures_is_one_video(tmp_path: Path) -> None:
    touch(tmp_path, "1.png", "2.jpeg")
    (source,) = find_sources([str(tmp_path)])
    assert (source.kind, source.stem) == ("pictures", tmp_path.name)
    assert not is_many(str(tmp_path))


def test_a_folder_of_nothing_is_told(tmp_path: Path) -> None:
    touch(tmp_path, "notes.md")
    with pytest.raises(VideoError, match="holds no video and no picture"):
        find_sources([str(tmp_path)])


def test_patterns_reach_files_and_folders_below(tmp_path: Path) -> None:
    touch(tmp_path, "a1.mp4", "a2.mkv", "b.mp4", "notes.md", "deep/down/a3.mp4", "shots/1.png")
    assert words_of(tmp_path / "a*") == [str(tmp_path / n) for n in ("a1.mp4", "a2.mkv")]
    deep = words_of(tmp_path / "**" / "*.mp4")
    assert sorted(Path(w).name for w in deep) == ["a1.mp4", "a3.mp4", "b.mp4"]
    assert words_of(tmp_path / "s*") == [str(tmp_path / "shots")]
    assert is_many(str(tmp_path / "*.mp4"))
    with pytest.raises(VideoError, match="no video matches"):
        find_sources([str(tmp_path / "*.avi")])


def test_a_file_that_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    (odd,) = touch(tmp_path, "take[1].mp4")
    assert words_of(odd) == [str(odd)]
    assert not is_many(str(odd))


def test_a_list_names_videos_beside_itself_and_elsewhere(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "more/b.mp4", "more/c.mp4")
    listed = tmp_path / "list.txt"
    listed.write_text("\ufeff# two and a stream\n\na.mp4\nmore\n  rtsp://camera/1  \nwebcam:1\n")
    inside = [str(tmp_path / n) for n in ("a.mp4", "more/b.mp4", "more/c.mp4")]
    assert words_of(listed) == [*inside, "rtsp://camera/1", "webcam:1"]
    assert is_many(str(listed))


@pytest.mark.parametrize(
    ("text", "says"),
    [("# nothing\n", "names no video"), ("other.txt\n", "another list"), (None, "cannot read")],
)
def test_a_list_that_lists_nothing_is_told(tmp_path: Path, text: str | None, says: str) -> None:
    listed = tmp_path / "list.txt"
    if text is not None:
        listed.write_text(text)
    with pytest.raises(VideoError, match=says):
        find_sources([str(listed)])


def test_several_words_in_order_each_video_once(tmp_path: Path) -> None:
    a, b = touch(tmp_path, "a.mp4", "b.mp4")
    assert words_of(b, tmp_path, a) == [str(b), str(a)]
