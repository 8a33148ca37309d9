"""Small plots as inline SVG: they need no script, no library and no network."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from jaxtyping import Bool, Float

WIDTH, HEIGHT = 720, 200
LEFT, RIGHT, TOP, BOTTOM = 80, 12, 26, 30
MOST_POINTS = 1500
"""More than two per pixel show nothing."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's, which colour-blind readers tell apart."""


@dataclass(frozen=True)
class Line:
    """One curve; NaN interrupts it."""

    name: str
    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]


@dataclass(frozen=True)
class Axes:
    """From numbers to the drawing's units."""

    x0: float
    x1: float
    y0: float
    y1: float
    height: int = HEIGHT

    def x(self, value: float) -> float:
        """From the left."""
        span = max(self.x1 - self.x0, 1e-12)
        return LEFT + (value - self.x0) / span * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """From the top."""
        span = max(self.y1 - self.y0, 1e-12)
        return self.height - BOTTOM - (value - self.y0) / span * (self.height - TOP - BOTTOM)


def lines(title: str, unit: str, curves: Sequence[Line], *, across: str = "seconds") -> str:
    """Curves over a common x, with a legend."""
    axes = _axes(curves)
    paths = [
        _path(curve, axes, COLOURS[number % len(COLOURS)]) for number, curve in enumerate(curves)
    ]
    return _drawing(title, unit, across, axes, [*paths, _legend([c.name for c in curves])])


def floor_plan(title: str, ways: Sequence[Line]) -> str:
    """Ways seen from above at one scale for both axes; the camera stands at the origin below."""
    camera = Line("camera", np.zeros(1), np.zeros(1))
    axes = _square(_axes([*ways, camera], height=2 * HEIGHT))
    paths = [_path(way, axes, COLOURS[n % len(COLOURS)]) for n, way in enumerate(ways)]
    x, y = axes.x(0.0), axes.y(0.0)
    paths += [_start(way, axes, COLOURS[n % len(COLOURS)]) for n, way in enumerate(ways)]
    paths.append(
        f'<path d="M{x:.1f} {y:.1f} l-9 -14 h18 z" fill="#555"><title>camera</title></path>'
    )
    names = [way.name for way in ways]
    return _drawing(title, "metres ahead", "metres to the right", axes, [*paths, _legend(names)])


def bars(
    title: str, rows: Sequence[tuple[str, str, Bool[np.ndarray, " time"]]], until_s: float
) -> str:
    """When something was so: a row per name with its colour and one flag per frame."""
    height = TOP + BOTTOM + 18 * len(rows)
    axes = Axes(0.0, max(until_s, 1e-9), 0.0, 1.0, height)
    parts = []
    for number, (name, colour, flags) in enumerate(rows):
        top = TOP + 18 * number
        label = f'<text x="{LEFT - 4}" y="{top + 11}" class="l">{escape(name)}</text>'
        parts.append(label + _flagged(flags, axes, top, colour))
    return _drawing(title, "", "seconds", axes, parts)


def _flagged(flags: np.ndarray, axes: Axes, top: int, colour: str) -> str:
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    step = axes.x1 / max(len(flags), 1)
    runs = zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
    boxes = [
        f"M{axes.x(begin * step):.1f} {top}h{axes.x(end * step) - axes.x(begin * step):.1f}v13h"
        f"{axes.x(begin * step) - axes.x(end * step):.1f}z"
        for begin, end in runs
    ]
    return f'<path d="{"".join(boxes)}" fill="{colour}"/>' if boxes else ""


def _axes(curves: Sequence[Line], height: int = HEIGHT) -> Axes:
    """Around all that is there, with a little room."""
    xs, ys = (np.concatenate([np.zeros(0), *(getattr(c, n) for c in curves)]) for n in ("x", "y"))
    known = np.isfinite(xs) & np.isfinite(ys)
    if not known.any():
        return Axes(0.0, 1.0, 0.0, 1.0, height)
    low, high = float(ys[known].min()), float(ys[known].max())
    room = 0.05 * (high - low) or 0.5
    return Axes(float(xs[known].min()), float(xs[known].max()), low - room, high + room, height)


def _square(axes: Axes) -> Axes:
    """One scale for both directions: the narrower one is widened."""
    wide, high = WIDTH - LEFT - RIGHT, axes.height - TOP - BOTTOM
    per_unit = min(wide / max(axes.x1 - axes.x0, 1.0), high / max(axes.y1 - axes.y0, 1.0))
    middle_x, middle_y = (axes.x0 + axes.x1) / 2, (axes.y0 + axes.y1) / 2
    half_x, half_y = wide / per_unit / 2, high / per_unit / 2
    return Axes(
        middle_x - half_x, middle_x + half_x, middle_y - half_y, middle_y + half_y, axes.height
    )


def _path(curve: Line, axes: Axes, colour: str) -> str:
    every = max(1, len(curve.x) // MOST_POINTS)
    x, y = curve.x[::every], curve.y[::every]
    known = np.isfinite(x) & np.isfinite(y)
    words, pen_down = [], False
    for here, px, py in zip(known, x, y, strict=True):
        if here:
            word = f"{'L' if pen_down else 'M'}{axes.x(float(px)):.1f} {axes.y(float(py)):.1f}"
            words.append(word)
        pen_down = bool(here)
    return f'<path d="{"".join(words)}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


def _start(way: Line, axes: Axes, colour: str) -> str:
    known = np.flatnonzero(np.isfinite(way.x) & np.isfinite(way.y))
    if not len(known):
        return ""
    x, y = axes.x(float(way.x[known[0]])), axes.y(float(way.y[known[0]]))
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"><title>start</title></circle>'


def _legend(names: Sequence[str]) -> str:
    parts, x = [], WIDTH - RIGHT
    for number, name in reversed(list(enumerate(names))):
        x -= 9 * len(name) + 22
        colour = COLOURS[number % len(COLOURS)]
        parts.append(
            f'<rect x="{x}" y="6" width="12" height="12" fill="{colour}"/>'
            f'<text x="{x + 16}" y="16">{escape(name)}</text>'
        )
    return "".join(parts)


def _drawing(title: str, unit: str, across: str, axes: Axes, parts: Sequence[str]) -> str:
    grid = [_tick_x(value, axes) for value in ticks(axes.x0, axes.x1)]
    if unit:
        grid += [_tick_y(value, axes) for value in ticks(axes.y0, axes.y1)]
    heading = f"{escape(title)}{f', {escape(unit)}' if unit else ''}"
    below = f'<text x="{WIDTH - RIGHT}" y="{axes.height - 2}" class="l">{escape(across)}</text>'
    return (
        f'<svg viewBox="0 0 {WIDTH} {axes.height}" role="img" aria-label="{heading}">'
        f'<text x="4" y="16" class="t">{heading}</text>{"".join(grid)}{"".join(parts)}{below}</svg>'
    )


def _tick_x(value: float, axes: Axes) -> str:
    x, bottom = axes.x(value), axes.height - BOTTOM
    return (
        f'<path d="M{x:.1f} {TOP}V{bottom}" class="g"/>'
        f'<text x="{x:.1f}" y="{bottom + 14}" class="m">{value:g}</text>'
    )


def _tick_y(value: float, axes: Axes) -> str:
    y = axes.y(value)
    return (
        f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" class="g"/>'
        f'<text x="{LEFT - 4}" y="{y + 4:.1f}" class="l">{value:g}</text>'
    )


def ticks(low: float, high: float, most: int = 8) -> list[float]:
    """Round numbers between two numbers, at most so many."""
    span = high - low
    if not np.isfinite(span) or span <= 0:
        return [float(low)]
    step = 10.0 ** np.floor(np.log10(span / most))
    step = next(step * factor for factor in (1, 2, 5, 10, 20) if span / (step * factor) <= most)
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return [round(float(n * step), 10) + 0.0 for n in np.arange(first, last + 1)]
