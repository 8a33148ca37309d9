"""Motion capture from wherever it lies: one file, or a folder of thousands."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from monomocap.datasets.asfamc import Asf, find_asf, read_amc_clip, read_asf
from monomocap.datasets.bvh import read_bvh_clip
from monomocap.datasets.mocap import MocapClip, read_free17
from monomocap.errors import DataError, MonomocapError

_ENDINGS = (".amc", ".bvh", ".npz")
"""What is read, the originals before their conversions."""

_PUBLIC = ("cmu", "mhad", "accad")
"""Collections whose clip names are unique: the same name again is the same recording."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Skipped:
    """A file that gave no clip."""

    path: Path
    reason: str
    """One line."""


@dataclass(frozen=True)
class MocapFolder:
    """What a folder held."""

    clips: tuple[MocapClip, ...]
    skipped: tuple[Skipped, ...]


def read_mocap(path: Path) -> list[MocapClip]:
    """All clips of a file (`free17.npz`, .bvh, .amc) or of a folder of them, subfolders included.

    Raises `DataError` when there is no clip at all; a single bad file in a folder is logged and
    left out (`read_folder` returns which, and why).
    """
    if path.is_file():
        return _Reader().read(path)
    found = read_folder(path)
    for skipped in found.skipped:
        _log.warning("left out %s", skipped.reason)
    if not found.clips:
        why = f"; {found.skipped[0].reason}" if found.skipped else ""
        raise DataError(f"{path} holds no motion capture ({', '.join(_ENDINGS)}){why}")
    return list(found.clips)


def read_folder(folder: Path, *, progress: Callable[[int, int], None] | None = None) -> MocapFolder:
    """All clips of a folder and its subfolders, in the order of their names.

    A file that cannot be read does not stop the others; neither is a recording taken twice that
    lies there both as AMC and as BVH. `progress` is told (files done, files in all). Raises
    `DataError` when the folder itself is missing.
    """
    if not folder.is_dir():
        raise DataError(f"there is no file or folder {folder}")
    files = _files(folder)
    reader = _Reader()
    clips: list[MocapClip] = []
    skipped: list[Skipped] = []
    seen: set[tuple[str, str] | None] = set()
    for done, path in enumerate(files, 1):
        try:
            fresh = [clip for clip in reader.read(path) if _recording(clip) not in seen]
            seen |= {key for key in map(_recording, fresh) if key}
            if not fresh:
                skipped.append(Skipped(path, f"{path}: read already from another file"))
            clips += fresh
        except MonomocapError as error:
            skipped.append(Skipped(path, str(error)))
        if progress is not None:
            progress(done, len(files))
    return MocapFolder(tuple(clips), tuple(skipped))


def _files(folder: Path) -> list[Path]:
    """Sorted by kind, then by path: the same order on every machine."""
    found: Iterable[Path] = (p for p in folder.rglob("*") if p.suffix.lower() in _ENDINGS)
    return sorted(
        (p for p in found if p.is_file()),
        key=lambda p: (_ENDINGS.index(p.suffix.lower()), p.relative_to(folder).parts),
    )


def _recording(clip: MocapClip) -> tuple[str, str] | None:
    """What identifies a recording wherever it lies; None where names are not unique."""
    return (clip.source, clip.name) if clip.source in _PUBLIC else None


class _Reader:
    """Reads files by their ending, and an ASF skeleton once for all its motions."""

    def __init__(self) -> None:
        self.skeletons: dict[Path, Asf] = {}

    def read(self, path: Path) -> list[MocapClip]:
        """The clips of one file; raises `DataError`."""
        kind = path.suffix.lower()
        if kind == ".npz":
            return read_free17(path)
        if kind == ".bvh":
            return [read_bvh_clip(path)]
        if kind == ".amc":
            return [read_amc_clip(path, asf=self._skeleton(find_asf(path)))]
        known = ", ".join(_ENDINGS)
        raise DataError(f"{path} is no motion capture that is read here ({known} or a folder)")

    def _skeleton(self, path: Path) -> Asf:
        if path not in self.skeletons:
            self.skeletons[path] = read_asf(path)
        return self.skeletons[path]
