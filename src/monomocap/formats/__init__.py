"""Motion to files and back: the ending of the path chooses the format.

save(take, "take.json")     readable text; the model card's three fields at its top level
save(take, "take.npz")      numpy arrays, every number exactly as it was
take = load("take.npz")

`FORMATS` lists all endings; docs/formats.md says what each holds.
"""

from dataclasses import replace
from pathlib import Path

from monomocap.errors import FormatError
from monomocap.formats.catalogue import FORMATS as FORMATS
from monomocap.formats.catalogue import ending_of, format_of
from monomocap.formats.keypoints import holds_take, is_keypoints
from monomocap.formats.model_card import model_card_output as model_card_output
from monomocap.formats.style import Style as Style
from monomocap.types import Take

RESULTS = "take.npz"
"""The take in a folder of results."""


def save(take: Take, path: str | Path, style: Style = Style()) -> Path:
    """Write a take; a file appears under its name only when it is whole.

    Where a format holds one person and the take has several, each gets a file, "walk.0.trc",
    "walk.1.trc", and the first one's path is returned (`files_of` names them all). Raises
    `FormatError` for an ending nobody writes and for a file of one person where nobody was seen,
    `OutputError` where nothing can be written, `MissingDependency`. A `style` says how bones are
    called, for which program and in which rest pose; only formats of rotations have one.
    """
    path = Path(path)
    chosen = format_of(path).styled(style)
    chosen.check()
    files = files_of(take, path)
    if not files:
        raise FormatError(
            f"{path} holds one person's motion, and nobody was seen; save as .json or .npz"
        )
    for at, part in files.items():
        chosen.write(part, at)
    return next(iter(files))


def load(path: str | Path) -> Take:
    """Read a take from a file; raises `FormatError` for a damaged one or one that is only written.

    Formats other than JSON and NPZ hold less than a take: what is missing is NaN, and the take's
    warnings say so.
    """
    path = Path(path)
    chosen = format_of(path)
    chosen.check()
    return chosen.read(path)


def saved_take(path: str | Path) -> Path | None:
    """The file of a saved take that a path means: itself, or the one in a folder of results.

    None for everything else: by their names these are videos, pictures, or finished 2D; JSON and
    NPZ may be both, and are looked into. A file of a format that is only written is named, too, so
    that `load` says what to do.
    """
    path = Path(path)
    if path.is_dir():
        return path / RESULTS if (path / RESULTS).is_file() else None
    fitting = [ending for ending in FORMATS if path.name.lower().endswith(ending)]
    if not fitting:
        return None
    chosen = FORMATS[max(fitting, key=len)]
    if not is_keypoints(path):
        return path
    return path if chosen.reads and holds_take(path) else None


def files_of(take: Take, path: Path) -> dict[Path, Take]:
    """The files that saving as `path` writes, each with its part of the take."""
    ending = ending_of(path)
    if not FORMATS[ending].one_person:
        return {path: take}
    if len(take.motions) == 1:
        return {path: take}
    stem = path.name[: -len(ending)]
    return {
        path.with_name(f"{stem}.{motion.person}{path.name[-len(ending) :]}"): only(
            take, motion.person
        )
        for motion in take.motions
    }


def only(take: Take, person: int) -> Take:
    """The take with one person in it."""
    return replace(
        take,
        tracks=tuple(track for track in take.tracks if track.person == person),
        motions=tuple(motion for motion in take.motions if motion.person == person),
    )
