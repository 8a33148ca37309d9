"""viewer.html: one file that shows a take in a browser, from disk and without a network.

The page is our own (`viewer/`): a 3D figure on a canvas, the rendered film beside it, joint angles
below. Numbers travel as 16-bit integers: within 32 m positions are right to half a millimetre,
angles to 0.01 degrees, pixels to a tenth. The film is not inside: it is looked for where it lies,
seen from the page.
"""

import base64
import json
import os
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from monomocap.formats.angle_table import angles_of
from monomocap.formats.files import whole_or_nothing
from monomocap.formats.format import Format
from monomocap.formats.positions import is_lost, stood
from monomocap.geometry.angles import ANGLES, JointAngles
from monomocap.skeleton import Skeleton
from monomocap.types import Motion3D, Take, Track2D

SCRIPTS = ("data.js", "stage.js", "picture.js", "charts.js", "player.js")
MOST = 32767
MISSING = -32768
MOST_FRAMES = 36_000
"""Twenty minutes at 30 frames per second; of a longer take every second frame, or fewer."""
ANGLE_STEP_DEG = 0.02


class Html(Format):
    """A page that shows the take."""

    about = "viewer page"

    def write(self, take: Take, path: Path) -> None:
        """Write the page; a film of the take is linked where it is at the time."""
        with whole_or_nothing(path) as temporary:
            temporary.write_text(page(take, path), encoding="utf-8")


def page(take: Take, path: Path) -> str:
    """The whole page for a file at `path`."""
    # "<" could end the script element that carries the data.
    data = json.dumps(to_data(take, path), allow_nan=False).replace("<", "\\u003c")
    html = _part("page.html").replace("/*STYLE*/", _part("style.css"))
    html = html.replace("/*SCRIPT*/", "\n".join(_part(name) for name in SCRIPTS))
    return html.replace("/*DATA*/", data)


def to_data(take: Take, path: Path) -> dict[str, Any]:
    """What the page knows of the take, as plain data."""
    every = max(1, -(-len(take.time_s) // MOST_FRAMES))
    people = zip(stood(take), take.tracks, angles_of(take), strict=True)
    return {
        "title": Path(take.info.path).name,
        "facts": _facts(take),
        "note": _note(take),
        "film": _film(take, path),
        "width": take.info.width_px,
        "height": take.info.height_px,
        "every": every,
        "time": _base64(take.time_s[::every].astype("<f8")),
        "angles": list(ANGLES),
        "people": [_person(*each, every) for each in people],
    }


def _facts(take: Take) -> str:
    """The line under the title."""
    frames = f"{len(take.time_s)} frames, {take.info.fps:.4g} frames/s"
    made_by = [name for name in (take.provenance.detector, take.provenance.lifter) if name]
    return " · ".join([frames, *made_by])


def _note(take: Take) -> str:
    """What the stage does not know."""
    if not take.motions:
        return "Nobody was seen."
    lost = sum(is_lost(motion) for motion in take.motions)
    if lost > 1:
        return "Where people stand is not known: they are put side by side."
    return "Where the person stands is not known: the pelvis stays in place." if lost else ""


def _film(take: Take, path: Path) -> str | None:
    """The rendered film's address, seen from the page; None where there is none."""
    if take.output_video is None:
        return None
    try:
        seen = os.path.relpath(Path(take.output_video).resolve(), path.parent.resolve())
    except ValueError:  # another drive
        return Path(take.output_video).resolve().as_uri()
    return quote(Path(seen).as_posix())


def _person(motion: Motion3D, track: Track2D, angles: JointAngles, every: int) -> dict[str, Any]:
    return {
        "id": motion.person,
        "coverage": motion.coverage,
        **_bones(motion.skeleton, ""),
        **_bones(track.skeleton, "2d"),
        "xyz": _packed(motion.xyz_m[::every]),
        "xy": _packed(track.xy_px[::every]),
        "angles": _packed(angles.deg[::every], ANGLE_STEP_DEG),
    }


def _bones(skeleton: Skeleton, ending: str) -> dict[str, list[Any]]:
    return {
        f"joints{ending}": list(skeleton.joints),
        f"parents{ending}": list(skeleton.parents),
        f"sides{ending}": [skeleton.side(joint) for joint in range(len(skeleton))],
    }


def _packed(numbers: np.ndarray, step: float | None = None) -> dict[str, Any]:
    """Whole multiples of a step, by default the finest that reaches the largest number."""
    numbers = np.where(np.isfinite(numbers), numbers, np.nan).astype(np.float64)
    largest = float(np.nanmax(np.abs(numbers), initial=1e-6))
    step = step or largest / MOST
    whole = np.where(np.isnan(numbers), MISSING, np.round(np.nan_to_num(numbers) / step))
    return {"scale": step, "int16": _base64(whole.astype("<i2"))}


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def _part(name: str) -> str:
    return (resources.files("monomocap.formats") / "viewer" / name).read_text(encoding="utf-8")
