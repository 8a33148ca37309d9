"""The folder of weights: what lies in it, what is known of each file, and how more gets there.

Files are `NAME.onnx`, MediaPipe's `NAME.tflite`; `weights.json` beside them records for each its
SHA-256, where it came from and on whose terms. A file that was put there by hand is as good: it has
no record, and its SHA-256 stands in every take that it made.
"""

import os
import shutil
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from monomocap.errors import OptionError, OutputError, UnknownName, WeightsError
from monomocap.options import Progress, no_progress
from monomocap.weights.catalogue import GROUPS, PUBLISHED, Published
from monomocap.weights.checkpoint import sha256
from monomocap.weights.download import download, is_url
from monomocap.weights.ledger import (
    BY_HAND,
    LEDGER,
    UNKNOWN,
    Held,
    known_sha256,
    read_ledger,
    reason,
    recorded,
    source_of,
)

FOLDER_VARIABLE = "MONOMOCAP_WEIGHTS"
"""Environment variable: the folder of weights."""
OFFLINE_VARIABLE = "MONOMOCAP_OFFLINE"
"""Environment variable: anything but 0 forbids downloads."""
_LARGEST = 4 << 30
"""Bytes; no network here comes near it."""


def weights_folder(choice: Path | None = None) -> Path:
    """Where weights lie: as chosen, else `MONOMOCAP_WEIGHTS`, else the user's cache."""
    said = choice or os.environ.get(FOLDER_VARIABLE)
    if said:
        return Path(said)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "monomocap" / "weights"


def find(name: str, folder: Path | None = None) -> Path | None:
    """The file of a published network, under our name or its publisher's; None if it is not there.

    Raises `WeightsError` if it is not the file that was recorded.
    """
    place = weights_folder(folder)
    row = PUBLISHED[name]
    published = [Path(urlsplit(s).path).with_suffix(row.suffix) for s in row.sources]
    names = [row.file, *(path.name for path in published)]
    path = next((place / n for n in names if (place / n).is_file()), None)
    if path is not None:
        _check(path, known_sha256(row.name, place))
    return path


def need(name: str, folder: Path | None = None) -> Path:
    """As `find`; raises `WeightsError`, which says how to get the file, if it is not there."""
    path = find(name, folder)
    if path is None:
        raise WeightsError(
            f"{name} is not in {weights_folder(folder)}; run: monomocap weights pull {name}"
        )
    return path


def pull(
    what: str,
    folder: Path | None = None,
    *,
    expected_sha256: str | None = None,
    progress: Progress = no_progress,
) -> list[Held]:
    """Bring weights into the folder: published ones by name, any by URL, or a file that you have.

    The first download's SHA-256 is recorded; another edition under the same name is refused.
    Raises `UnknownName`, `OptionError`, `WeightsError`, `OutputError`.
    """
    names = GROUPS.get(what, (what,) if what in PUBLISHED else ())
    if len(names) > 1 and expected_sha256:
        raise OptionError(f"{what} is {len(names)} files; pull them one by one to check a SHA-256")
    place = _made(weights_folder(folder))
    if names:
        return [_published(PUBLISHED[n], place, expected_sha256, progress) for n in names]
    if is_url(what):
        file = unquote(Path(urlsplit(what).path).name)
        if not file:
            raise OptionError(f"{what} names no file; give the address of one")
        row = Published(Path(file).stem, "", (what,), UNKNOWN, UNKNOWN, UNKNOWN)
        return [_published(row, place, expected_sha256, progress)]
    if not Path(what).exists():
        choices = [*GROUPS, *PUBLISHED, "a URL", "a file's path"]
        raise UnknownName("weights file", what, choices)
    return [_copied(Path(what), place, expected_sha256)]


def held(folder: Path | None = None) -> dict[str, Held]:
    """Every file of weights in the folder, by name, with what is known of it."""
    place = weights_folder(folder)
    ledger = read_ledger(place)
    there = sorted(place.iterdir()) if place.is_dir() else []
    for path in (p for p in there if p.suffix in _BEGINS and not p.name.startswith(".")):
        if all(one.file != path.name for one in ledger.values()):
            row = _row_of(path.name)
            name = row.name if row else path.stem
            terms = (row.code, row.data, row.data_licence) if row else ()
            ledger[name] = Held(name, path.name, sha256(path), BY_HAND, *terms)
    return {name: one for name, one in ledger.items() if (place / one.file).is_file()}


def listing(folder: Path | None = None) -> list[dict[str, str | None]]:
    """All published networks and all files in the folder; `sha256` is None for what is not here."""
    here = held(folder)
    names = [*PUBLISHED, *(name for name in here if name not in PUBLISHED)]
    return [_line(name, here.get(name)) for name in names]


def _line(name: str, one: Held | None) -> dict[str, str | None]:
    row = PUBLISHED.get(name)
    said = one or row
    if said is None:
        raise UnknownName("weights file", name, PUBLISHED)
    return {
        "name": name,
        "about": row.about if row else "",
        "file": one.file if one else None,
        "sha256": one.sha256 if one else None,
        "source": one.source if one else " ".join(row.sources if row else ()),
        "code": said.code,
        "data": said.data,
        "data_licence": said.data_licence,
    }


def _row_of(file: str) -> Published | None:
    """The published network that a file's name says it is."""
    stem = Path(file).stem
    for row in PUBLISHED.values():
        if stem in (row.name, *(Path(urlsplit(s).path).stem for s in row.sources)):
            return row
    return None


# --- pulling


def _published(
    row: Published, place: Path, expected_sha256: str | None, progress: Progress
) -> Held:
    """The first source that gives the right file."""
    expected = expected_sha256 or known_sha256(row.name, place)
    target = place / row.file
    if target.is_file():
        _check(target, expected)
        return recorded(row, target, place, source_of(row.name, place))
    if os.environ.get(OFFLINE_VARIABLE, "0") not in ("", "0"):
        raise WeightsError(
            f"{row.name} is not in {place}, and {OFFLINE_VARIABLE} forbids downloads; "
            f"put it there as {row.file}"
        )
    refused: list[str] = []
    for source in row.sources:
        try:
            _fetch(source, target, expected, progress)
            return recorded(row, target, place, source)
        except WeightsError as error:
            refused.append(str(error))
    raise WeightsError("; ".join(refused))


def _fetch(source: str, target: Path, expected: str | None, progress: Progress) -> None:
    """One address's file of weights under its final name, checked."""
    came = target.with_name(f".{unquote(Path(urlsplit(source).path).name)}")
    download(source, came, progress)
    try:
        whole = _unpacked(came, target.suffix)
        _check_kind(whole, target.suffix, source)
        _check(whole, expected, source)
        whole.replace(target)
    finally:
        came.unlink(missing_ok=True)
        came.with_suffix(".unzipped").unlink(missing_ok=True)


def _unpacked(came: Path, suffix: str) -> Path:
    """What came, or the ONNX file in it; a .tflite file with a zip of notes at its end is none."""
    return _unzipped(came) if suffix == ".onnx" and zipfile.is_zipfile(came) else came


def _unzipped(archive: Path) -> Path:
    """The one ONNX file of an archive, beside it."""
    target = archive.with_suffix(".unzipped")
    try:
        with zipfile.ZipFile(archive) as file:
            inside = [i for i in file.infolist() if i.filename.endswith(".onnx")]
            if len(inside) != 1 or inside[0].file_size > _LARGEST:
                raise WeightsError(f"{archive.name} does not hold one ONNX file; get another")
            with file.open(inside[0]) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise WeightsError(f"{archive.name} is damaged ({error}); get it again") from error
    return target


def _copied(path: Path, place: Path, expected: str | None) -> Held:
    """A file that the user has, in the folder."""
    row = _row_of(path.name) or Published(path.stem, "", (), UNKNOWN, UNKNOWN, UNKNOWN)
    expected = expected or known_sha256(row.name, place)
    try:
        held_copy = place / f".{path.name}"
        shutil.copyfile(path, held_copy)
        whole = _unpacked(held_copy, row.suffix)
        try:
            _check_kind(whole, row.suffix, str(path))
            _check(whole, expected, str(path))
            whole.replace(place / row.file)
        finally:
            held_copy.unlink(missing_ok=True)
            held_copy.with_suffix(".unzipped").unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot copy {path} to {place}: {reason(error)}; is it a file?"
        ) from error
    return recorded(row, place / row.file, place, str(path.absolute()))


_BEGINS = {".onnx": (0, b"\x08"), ".tflite": (4, b"TFL3")}
"""An ONNX file begins with the field that numbers its format, TensorFlow Lite's with an offset and
its name; a web page with neither."""


def _check_kind(path: Path, suffix: str, source: str) -> None:
    skipped, begins = _BEGINS[suffix]
    with path.open("rb") as file:
        start = file.read(skipped + len(begins))[skipped:]
    if start != begins:
        kind = {".onnx": "ONNX", ".tflite": "TensorFlow Lite"}[suffix]
        raise WeightsError(f"{source} gave no {kind} file (it begins with {start!r}); try another")


def _check(path: Path, expected: str | None, source: str | None = None) -> None:
    if expected is None:
        return
    found = sha256(path)
    if found != expected.lower():
        raise WeightsError(
            f"{source or path} is not the file that was recorded or asked for (SHA-256 "
            f"{found[:12]}..., expected {expected[:12].lower()}...); if you trust the new one, "
            f"delete its entry in {path.parent / LEDGER}"
        )


def _made(place: Path) -> Path:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot make the folder of weights {place}: {reason(error)}; choose one with --folder"
        ) from error
    return place
