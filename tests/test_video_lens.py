"""Focal lengths from metadata: QuickTime's and EXIF's, to pixels, into the take."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monomocap.detect.catalogue import DETECTORS
from monomocap.options import Options
from monomocap.pipeline import camera_for, estimate
from monomocap.types import LONG_SIDE_35MM_MM, METADATA_FOCAL_ERROR, VideoInfo
from monomocap.video.lens import from_jpeg, from_tags
from monomocap.video.read import VideoReader
from tests.fakes import FakeDetector
from tests.videos import make_video, numbered

APPLE = "com.apple.quicktime.camera.focal_length.35mm_equivalent"


def phone_video(path: Path, focal: str, *, size: tuple[int, int] = (96, 64)) -> Path:
    """A MOV as phones write it: the tag in QuickTime's own metadata."""
    plain = make_video(path.with_name(f"plain-{path.name}"), frames=3, size=size)
    with (
        av.open(str(plain)) as source,
        av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as sink,
    ):
        sink.metadata[APPLE] = focal
        stream = sink.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                sink.mux(packet)
    return path


def jpeg(focal_35mm: int | None, order: str = "<", thumbnail: int = 0) -> bytes:
    """The head of a JPEG: APP0, then an EXIF block with an orientation and a focal length."""
    entries = [(0x0112, 3, 1), (0x8769, 4, 8 + 2 + 2 * 12 + 4)]
    inner = [] if focal_35mm is None else [(0x9207, 3, 5), (0xA405, 3, focal_35mm)]

    def folder(rows: list[tuple[int, int, int]]) -> bytes:
        packed = b"".join(
            struct.pack(f"{order}HHI", tag, kind, 1)
            + struct.pack(f"{order}H2x" if kind == 3 else f"{order}I", value)
            for tag, kind, value in rows
        )
        return struct.pack(f"{order}H", len(rows)) + packed + bytes(4)

    mark = b"II" if order == "<" else b"MM"
    tiff = mark + struct.pack(f"{order}HI", 42, 8) + folder(entries) + folder(inner)
    exif = b"Exif\0\0" + tiff + bytes(thumbnail)
    app0 = b"JFIF\0" + bytes(9)
    return (
        b"\xff\xd8\xff\xe0"
        + struct.pack(">H", len(app0) + 2)
        + app0
        + b"\xff\xe1"
        + struct.pack(">H", len(exif) + 2)
        + exif
    )


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("focal", [13, 26, 85, None, 0])
def test_exif_says_the_focal_length_or_nothing(
    tmp_path: Path, order: str, focal: int | None
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(focal, order, thumbnail=500) + b"\xff\xda what follows")
    assert from_jpeg(path) == (focal or None)


def test_any_part_of_a_jpeg_is_no_reason_to_fail(tmp_path: Path) -> None:
    whole = jpeg(26)
    for end in range(len(whole)):
        (tmp_path / "cut.jpg").write_bytes(whole[:end])
        assert from_jpeg(tmp_path / "cut.jpg") in (None, 26)
    assert from_jpeg(tmp_path / "none.jpg") is None


@given(st.binary(max_size=200))
def test_any_bytes_after_the_mark_are_no_reason_to_fail(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jpg"
    path.write_bytes(jpeg(26)[:40] + tail)
    from_jpeg(path)


@pytest.mark.parametrize(
    ("tags", "focal"),
    [
        ({APPLE: "26"}, 26),
        ({APPLE: "23.5"}, 23.5),
        ({"FocalLengthIn35mmFilm": "28 mm"}, 28),
        ({APPLE: "0"}, None),
        ({APPLE: "wide"}, None),
        ({"focal_length": "4.2"}, None),
        ({}, None),
    ],
)
def test_tags(tags: dict[str, str], focal: float | None) -> None:
    assert from_tags(tags) == focal


def test_a_phones_video_brings_its_lens_into_the_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector())
    video = phone_video(tmp_path / "phone.mov", "26")
    fast = Options("fake", "flat")
    take = estimate(video, fast)
    assert take.info.focal_35mm_mm == 26
    assert take.camera.source == "metadata"
    assert take.camera.focal_error == METADATA_FOCAL_ERROR
    assert take.camera.focal_px[0] == pytest.approx(26 * 96 / LONG_SIDE_35MM_MM)
    assert take.camera.fov_deg == pytest.approx(67.3, abs=0.1), "a 26 mm lens, across 4:3"
    assert estimate(video, replace(fast, fov_deg=50.0)).camera.source == "given"


def test_the_longer_side_counts_also_upright() -> None:
    info = VideoInfo("a.mov", 1080, 1920, 30.0, focal_35mm_mm=26.0)
    assert camera_for(info, Options()).focal_px[0] == pytest.approx(26 * 1920 / LONG_SIDE_35MM_MM)
    assert camera_for(info, Options(as_published=True)).source == "assumed"


def test_a_folder_of_pictures_has_its_first_ones_lens(tmp_path: Path) -> None:
    for index in range(2):
        _picture(tmp_path / f"{index}.jpg", index)
    plain = (tmp_path / "0.jpg").read_bytes()
    (tmp_path / "0.jpg").write_bytes(jpeg(35) + plain[2:])
    with VideoReader(tmp_path) as reader:
        assert reader.info.focal_35mm_mm == 35
        assert len(list(reader)) == 2


def _picture(path: Path, index: int) -> None:
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream("mjpeg", rate=1)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(numbered(index, 96, 64)), "rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
