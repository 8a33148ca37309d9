"""The YAML that cameras are calibrated into: mappings, lists and numbers, and nothing else.

OpenCV's FileStorage, ROS's camera_info and Kalibr write such files. Anchors, multi-line texts and
other inventions of YAML are not for calibrations; a line that is neither raises `ValueError`.
"""

import re
from collections.abc import Iterator

Plain = dict[str, "Plain"] | list["Plain"] | str | int | float | bool
Line = tuple[int, str]
"""How far a line is indented, and what it says."""

_KEY = re.compile(r"([^\s:\[\]{},#][^:\[\]{},]*?)\s*:(?:\s+(.*))?$")
_TAG = re.compile(r"!\S*\s*")


def parse(text: str) -> Plain:
    """The document as dicts, lists, numbers and texts; raises `ValueError`."""
    lines = list(_lines(text))
    value, rest = _block(lines, 0)
    if rest < len(lines):
        raise ValueError(f"cannot make sense of the line {lines[rest][1]!r}")
    return value


def _lines(text: str) -> Iterator[Line]:
    """Without comments, markers and tags; a list in brackets brought onto one line."""
    open_line: Line | None = None
    for raw in text.splitlines():
        said = re.sub(r"(^|\s)#.*$", "", raw.rstrip())
        if not said.strip() or said.startswith(("%", "---", "...")):
            continue
        indent = len(said) - len(said.lstrip())
        if open_line is not None:
            open_line = (open_line[0], f"{open_line[1]} {said.strip()}")
        else:
            open_line = (indent, said.strip())
        if open_line[1].count("[") <= open_line[1].count("]"):
            yield open_line
            open_line = None
    if open_line is not None:
        raise ValueError("a bracket is never closed")


def _block(lines: list[Line], at: int) -> tuple[Plain, int]:
    """The value that begins in this line, and the line after it."""
    if at >= len(lines):
        raise ValueError("it says nothing")
    return _items(lines, at) if lines[at][1].startswith("-") else _mapping(lines, at)


def _mapping(lines: list[Line], at: int) -> tuple[Plain, int]:
    indent, found = lines[at][0], dict[str, Plain]()
    while at < len(lines) and lines[at][0] == indent:
        key = _KEY.match(lines[at][1])
        if key is None:
            raise ValueError(f"cannot make sense of the line {lines[at][1]!r}")
        said = _TAG.sub("", key[2] or "", count=1).strip() if key[2] else ""
        name, at = key[1].strip("'\""), at + 1
        if said:
            found[name] = _scalar_or_list(said)
        elif at < len(lines) and (lines[at][0] > indent or _is_item(lines[at], indent)):
            found[name], at = _block(lines, at)
        else:
            found[name] = ""
    return found, at


def _is_item(line: Line, indent: int) -> bool:
    """YAML lets a list stand right under its key."""
    return line[0] == indent and line[1].startswith("- ")


def _items(lines: list[Line], at: int) -> tuple[Plain, int]:
    indent, found = lines[at][0], list[Plain]()
    while at < len(lines) and lines[at][0] == indent and lines[at][1].startswith("- "):
        found.append(_scalar_or_list(lines[at][1][2:].strip()))
        at += 1
    return found, at


def _scalar_or_list(said: str) -> Plain:
    if not said.startswith("["):
        return _scalar(said)
    if not said.endswith("]"):
        raise ValueError(f"cannot make sense of {said[:40]!r}")
    inner = said[1:-1].strip()
    if inner.startswith("["):
        return [_scalar_or_list(f"{part.strip(' ,]')}]") for part in inner.split("],")]
    return [_scalar(part.strip()) for part in inner.split(",") if part.strip()]


def _scalar(said: str) -> Plain:
    if said[:1] in "'\"" and said[:1] == said[-1:]:
        return said[1:-1]
    if said.lower() in ("true", "false"):
        return said.lower() == "true"
    for number in (int, float):
        try:
            return number(said)
        except ValueError:
            continue
    return said
