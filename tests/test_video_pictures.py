"""A folder of pictures is a video: one frame each, upright, all of one size, in order."""

from pathlib import Path

import av
import numpy as np
import pytest

from monomocap.errors import VideoError
from monomocap.types import Frame, VideoInfo
from monomocap.video.pictures import places
from monomocap.video.read import VideoReader
from tests.videos import is_upright, number_of, numbered

CODECS = {".png": ("png", "rgb24"), ".jpg": ("mjpeg", "yuvj444p"), ".bmp": ("bmp", "bgr24")}


def make_picture(path: Path, rgb: np.ndarray) -> Path:
    codec, pix_fmt = CODECS[path.suffix]
    height, width, _ = rgb.shape
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream(codec, rate=1)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    return path


def turned_by_exif(path: Path) -> Path:
    """A phone's upright photo: stored lying, with EXIF's orientation 6 (turn 90 degrees right)."""
    make_picture(path, np.ascontiguousarray(np.rot90(numbered(0, 64, 96))))
    tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    exif = b"Exif\0\0" + tiff
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    return path


def read(folder: Path, **asked: float) -> tuple[list[Frame], VideoInfo]:
    with VideoReader(folder, **asked) as video:  # type: ignore[arg-type]
        return list(video), video.info


def test_pictures_of_any_kind_come_in_the_order_of_counting(tmp_path: Path) -> None:
    names = ["2.png", "1.jpg", "10.bmp", "3.png"]
    for name in names:
        make_picture(tmp_path / name, numbered(int(Path(name).stem), 96, 64))
    (tmp_path / "notes.md").write_text("not a picture")
    frames, info = read(tmp_path, image_fps=10)
    assert [number_of(f.rgb) for f in frames] == [1, 2, 3, 10]
    assert [f.index for f in frames] == [0, 1, 2, 3]
    assert all(is_upright(f.rgb) for f in frames)
    assert (info.frames, info.width_px, info.height_px, info.partial) == (4, 96, 64, "")
    # Numbers that are missing are time that passes.
    np.testing.assert_allclose([f.time_s for f in frames], [0.0, 0.1, 0.2, 0.9])


def test_a_photo_is_turned_as_its_exif_asks(tmp_path: Path) -> None:
    turned_by_exif(tmp_path / "a.jpg")
    (frame,), info = read(tmp_path)
    assert frame.rgb.shape == (96, 64, 3)
    assert is_upright(frame.rgb)
    assert info.rotation_deg == 90


def test_pictures_of_other_sizes_are_made_to_fit_without_stretching(tmp_path: Path) -> None:
    make_picture(tmp_path / "1.png", numbered(0, 96, 64))
    make_picture(tmp_path / "2.png", numbered(1, 192, 128))
    make_picture(tmp_path / "3.png", np.full((64, 64, 3), 200, np.uint8))
    frames, _ = read(tmp_path)
    assert {f.rgb.shape for f in frames} == {(64, 96, 3)}
    assert number_of(frames[1].rgb) == 1
    assert (frames[2].rgb[:, :16] == 0).all() and (frames[2].rgb[:, -16:] == 0).all()
    assert (frames[2].rgb[:, 18:-18] > 180).all()


def test_a_damaged_picture_is_a_gap_and_is_told(tmp_path: Path) -> None:
    for number in range(4):
        make_picture(tmp_path / f"{number}.png", numbered(number, 96, 64))
    (tmp_path / "2.png").write_bytes(b"nothing")
    frames, info = read(tmp_path, image_fps=1)
    assert [number_of(f.rgb) for f in frames] == [0, 1, 3]
    assert [f.time_s for f in frames] == [0.0, 1.0, 3.0]
    assert "2.png" in info.partial


def test_a_folder_without_one_picture_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"nothing")
    with pytest.raises(VideoError, match="holds no picture that can be read"):
        VideoReader(tmp_path)


def test_a_folder_of_videos_is_told(tmp_path: Path) -> None:
    (tmp_path / "walk.mp4").write_bytes(b"")
    with pytest.raises(VideoError, match=r"holds no pictures, but videos; name one.*walk\.mp4"):
        VideoReader(tmp_path)


NAMES = {
    ("f0", "f1", "f2"): [0, 1, 2],
    ("f7", "f8", "f11"): [0, 1, 4],
    ("f10", "f20", "f30", "f50"): [0, 1, 2, 4],  # every tenth was kept
    ("f33", "f66", "f100", "f133"): [0, 1, 2, 3],  # milliseconds
    ("a", "b", "c"): [0, 1, 2],
    ("f1", "cover"): [0, 1],
    ("f1", "f9", "f400", "f401", "f7000"): [0, 1, 2, 3, 4],  # numbers that mean no time
    ("a1", "b1"): [0, 1],
    ("only5",): [0],
}


@pytest.mark.parametrize("names", NAMES)
def test_numbers_in_names_are_time_where_they_look_like_it(names: tuple[str, ...]) -> None:
    assert places(list(names)) == NAMES[names]
