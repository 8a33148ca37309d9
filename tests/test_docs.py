"""The guide and the front page tell the truth: every command and option, and nothing else."""

import re
from pathlib import Path

import pytest
import typer.main

from monomocap.cli.main import app

REPOSITORY = Path(__file__).resolve().parent.parent
GUIDE = (REPOSITORY / "docs" / "cli.md").read_text()
README = (REPOSITORY / "README.md").read_text()
ROOT = typer.main.get_command(app)
COMMANDS: dict[str, object] = dict(ROOT.commands)  # type: ignore[attr-defined]


def section(command: str) -> str:
    """The guide's chapter on one command."""
    found = re.search(rf"^## monomocap {command}\b(.*?)(?=^## |\Z)", GUIDE, re.M | re.S)
    assert found, f"docs/cli.md has no chapter on {command}"
    return found.group(1)


def options(command: object) -> set[str]:
    """Every way to spell every option of a command, and of those within it."""
    within = getattr(command, "commands", {}).values()
    if within:
        return set().union(*(options(each) for each in within))
    spelt = {word for p in command.params for word in (*p.opts, *p.secondary_opts)}  # type: ignore[attr-defined]
    return {word for word in spelt if word.startswith("-")}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_and_option_is_in_the_guide(command: str) -> None:
    text = section(command)
    missing = {w for w in options(COMMANDS[command]) if not re.search(rf"`{w}[ `]", text)}
    assert not missing


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_in_the_guide_exists(command: str) -> None:
    """A chapter's table lists its own command's options; its text may name those of others."""
    text = section(command)
    rows = "\n".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    everybodys = {word for each in COMMANDS.values() for word in options(each)}
    assert spelt_in(rows) <= options(COMMANDS[command])
    assert spelt_in(text) <= everybodys


def spelt_in(text: str) -> set[str]:
    """All options that a text names."""
    return set(re.findall(r"`(--?[a-z][a-z0-9-]*)", text))


def test_the_guide_has_no_command_that_does_not_exist() -> None:
    assert set(re.findall(r"^## monomocap (\w+)", GUIDE, re.M)) == set(COMMANDS)


def test_options_of_all_commands_are_in_the_guide() -> None:
    assert {
        word for word in options(ROOT) if f"`{word}`" not in GUIDE and word not in GUIDE
    } == set()


def test_what_the_front_page_shows_is_there() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (REPOSITORY / link).exists(), link
    for command in re.findall(r"^monomocap (\w+)", README, re.M):
        assert command in COMMANDS
    targets = re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.M)
    for target in re.findall(r"^make (\w+)", README, re.M):
        assert target in targets


def test_the_front_pages_python_runs_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The very lines, on a small video, with the lifter that needs no network."""
    import monomocap
    from monomocap.detect.catalogue import DETECTORS
    from monomocap.options import Options
    from tests.fakes import FakeDetector
    from tests.videos import make_video

    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector())
    monkeypatch.chdir(tmp_path)
    make_video(tmp_path / "walk.mp4", frames=3)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    quick = monomocap.estimate
    monkeypatch.setattr(
        monomocap,
        "estimate",
        lambda video: quick(video, Options(detector="fake", lifter="flat")),
        raising=False,
    )
    exec(compile(code, "README.md", "exec"), {})
    assert monomocap.load("walk.npz").motions[0].xyz_m.shape == (3, 17, 3)
