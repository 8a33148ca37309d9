"""The guide and the front page tell the truth: every command and option, and nothing else."""

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer.main

from monomocap.cli.main import app
from monomocap.formats import Style, save
from tests.scripted import doing, take_of

REPOSITORY = Path(__file__).resolve().parent.parent
GUIDE = (REPOSITORY / "docs" / "cli.md").read_text()
README = (REPOSITORY / "README.md").read_text()
ROOT = typer.main.get_command(app)
COMMANDS: dict[str, object] = dict(ROOT.commands)  # type: ignore[attr-defined]


PAGES = {page.name: page.read_text() for page in sorted((REPOSITORY / "docs").glob("*.md"))}
APPLICATIONS = ("count", "score", "recognize", "drive")


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


def examples(text: str) -> list[list[str]]:
    """The words of every `monomocap` command in a page's blocks, without its comment."""
    blocks = re.findall(r"```(?:console|sh)\n(.*?)```", text, re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    words = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines]
    return [one[1:] for one in words if one[:1] == ["monomocap"]]


def parsed(words: list[str]) -> Any:
    """A command with its values, not run; a word that it does not know is an error."""
    command: Any = ROOT
    while within := getattr(command, "commands", None):
        command, words = within[words[0]], words[1:]
    return command.make_context(command.name, list(words))


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_command_that_a_page_shows_is_understood(page: str) -> None:
    for words in examples(PAGES[page]):
        told = [word for word in words if word not in ("|", ">")]
        assert told == words, f"{page}: a pipe in {words}"
        parsed(words)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_application_has_a_page_with_examples(name: str) -> None:
    commands = [words[0] for words in examples(PAGES[f"{name}.md"])]
    assert commands and set(commands) == {name}
    within = [
        span.split() for span in re.findall(r"`(monomocap [a-z]+ [^`]+)`", PAGES[f"{name}.md"])
    ]
    for words in within:
        parsed(words[1:])


def test_a_wrong_example_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        parsed(["count", "gym.mp4", "--exercises", "squat"])


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_applications_python_runs_as_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The very lines of its page; whatever the video is called, somebody does squats in it."""
    import monomocap

    take = take_of(doing("squat", 3, 1.2))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(monomocap, "estimate", lambda video: take, raising=False)
    save(take, "me.glb", Style(names="mixamo"))
    Path("me.glb").rename("me.vrm")
    for label in ("squat", "lateral_raise"):
        (tmp_path / "clips" / label).mkdir(parents=True)
        for number in range(2):
            clip = take_of(doing(label, 3 + number))
            save(replace(clip, info=replace(clip.info, path="")), f"clips/{label}/{number}.npz")
    (code,) = re.findall(r"```python\n(.*?)```", PAGES[f"{name}.md"], re.S)
    exec(compile(code, f"{name}.md", "exec"), {})
