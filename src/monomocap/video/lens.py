"""What a file says of the lens: the focal length as 35 mm film's.

Phones write it into QuickTime's metadata, as
`com.apple.quicktime.camera.focal_length.35mm_equivalent`, and cameras into the EXIF block of a JPEG
(FocalLengthIn35mmFilm, tag 0xA405, in the EXIF specification).
"""

import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

SHORTEST_MM, LONGEST_MM = 5.0, 2000.0
"""No lens of a camera is outside of this; a 0 says unknown."""
_EXIF_FOLDER, _FOCAL_35MM = 0x8769, 0xA405
_APP1, _START_OF_SCAN = 0xE1, 0xDA
_HEAD_BYTES = 1 << 17
"""EXIF stands at the beginning of a JPEG and has at most 64 KB."""


def from_tags(tags: Mapping[str, str]) -> float | None:
    """Millimetres, from a container's or a stream's metadata; None where they do not say."""
    for name, said in tags.items():
        bare = re.sub(r"[^a-z0-9]", "", name.lower())
        number = re.match(r"\s*(\d+(?:\.\d+)?)", said)
        if "focallength" in bare and "35mm" in bare and number:
            return _sane(float(number[1]))
    return None


def from_jpeg(path: Path) -> float | None:
    """Millimetres, from a JPEG's EXIF block; None where there is none, or it does not say."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        exif = _exif(head)
        return None if exif is None else _sane(_focal_35mm(exif))
    except (OSError, struct.error):
        return None


def _sane(focal_mm: float | int | None) -> float | None:
    fine = focal_mm is not None and SHORTEST_MM <= focal_mm <= LONGEST_MM
    return float(focal_mm) if fine and focal_mm is not None else None


def _exif(jpeg: bytes) -> bytes | None:
    """The TIFF structure in the first APP1 segment that is EXIF."""
    if jpeg[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF and jpeg[at + 1] != _START_OF_SCAN:
        (length,) = struct.unpack_from(">H", jpeg, at + 2)
        segment = jpeg[at + 4 : at + 2 + length]
        if jpeg[at + 1] == _APP1 and segment[:6] == b"Exif\0\0":
            return segment[6:]
        at += 2 + length
    return None


def _focal_35mm(tiff: bytes) -> int | None:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return None
    (first,) = struct.unpack_from(f"{order}I", tiff, 4)
    folder = dict(_entries(tiff, order, first)).get(_EXIF_FOLDER)
    return None if folder is None else dict(_entries(tiff, order, folder)).get(_FOCAL_35MM)


def _entries(tiff: bytes, order: str, at: int) -> Iterator[tuple[int, int]]:
    """(tag, value) of a TIFF folder, for values that are one short or one long number."""
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(f"{order}HHI", tiff, entry)
        if values == 1 and kind in (3, 4):
            form = "H" if kind == 3 else "I"
            (value,) = struct.unpack_from(f"{order}{form}", tiff, entry + 8)
            yield tag, value
