"""report.html: what a take says about itself, in words and plots, in one file."""

from html import escape
from pathlib import Path

import numpy as np

from monomocap.formats.files import whole_or_nothing
from monomocap.formats.plots import Line, bars, floor_plan, lines
from monomocap.formats.story import tell
from monomocap.geometry.world import in_world
from monomocap.types import MARKS, Motion3D, Take

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:760px;margin:2em auto;padding:0 1em;color:#222}
pre{white-space:pre-wrap;background:#f4f4f2;padding:1em;border-radius:6px}
.w{background:#fff3d6;border-left:5px solid #e69f00;padding:.4em 1em;margin:.5em 0}
svg{width:100%;margin:1em 0;background:#fff}text{font:12px system-ui,sans-serif;fill:#444}
.t{font-weight:600;fill:#111}.l{text-anchor:end}.m{text-anchor:middle}.g{stroke:#e4e4e0;fill:none}
@media(prefers-color-scheme:dark){body{background:#1b1b1d;color:#ddd}pre{background:#2a2a2d}
.w{color:#222}}
"""


def write_report(take: Take, path: Path) -> None:
    """Write the page; it needs nothing beside it."""
    with whole_or_nothing(path) as temporary:
        temporary.write_text(report_page(take), encoding="utf-8")


def report_page(take: Take) -> str:
    """The whole page."""
    warnings = "".join(f'<p class="w">{escape(warning)}</p>' for warning in take.warnings)
    said = escape("\n".join(tell(take)))
    name = escape(Path(take.info.path).name)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}: report</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{name}</h1>{warnings}<pre>{said}</pre>{_plots(take)}</html>\n"
    )


def _plots(take: Take) -> str:
    if not take.motions or len(take.time_s) == 0:
        return ""
    time_s = take.time_s - take.time_s[0]
    world = [in_world(motion, take.camera) for motion in take.motions]
    names = [f"person {motion.person}" for motion in world]
    confidence = [
        Line(name, time_s, _mean(np.where(m.seen, m.confidence, np.nan)))
        for name, m in zip(names, world, strict=True)
    ]
    parts = []
    if any(motion.root_m is not None for motion in world):
        ways = [
            Line(name, motion.xyz_m[:, 0, 0], motion.xyz_m[:, 0, 1])
            for name, motion in zip(names, world, strict=True)
        ]
        parts.append(floor_plan("where the pelvis went, seen from above", ways))
    for name, motion in zip(names, world, strict=True):
        parts += [_heights(name, motion, time_s), _marks(name, motion, float(time_s[-1]))]
    parts.append(lines("mean confidence", "0 to 1", confidence))
    return "".join(parts)


def _heights(name: str, motion: Motion3D, time_s: np.ndarray) -> str:
    curves = [
        Line(joint.replace("_", " "), time_s, motion.xyz_m[:, motion.skeleton.index(joint), 2])
        for joint in ("pelvis", "left_ankle", "right_ankle")
        if joint in motion.skeleton.joints
    ]
    return lines(f"{name}: height over the floor", "metres", curves)


def _marks(name: str, motion: Motion3D, until_s: float) -> str:
    """When there is a pose, and what was done to it."""
    rows = [("pose", "#0072b2", motion.seen.any(axis=1))]
    colours = {"standing": "#009e73", "interpolated": "#e69f00"}
    if motion.marks is not None:
        for word, bit in MARKS.items():
            flags = (motion.marks & bit).any(axis=1)
            if flags.any():
                rows.append((word, colours.get(word, "#d55e00"), flags))
    return bars(f"{name}: what was found and done", rows, until_s)


def _mean(values: np.ndarray) -> np.ndarray:
    """Over the joints that are there; NaN where none is."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    mean: np.ndarray = total / np.where(known.any(axis=1), known.sum(axis=1), np.nan)
    return mean
