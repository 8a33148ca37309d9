"""Endings name formats; a wrong one is told, with the right ones, before any work."""

from dataclasses import replace
from pathlib import Path

import pytest

import monomocap as package
from monomocap.cli import words
from monomocap.detect.catalogue import DETECTORS
from monomocap.errors import FormatError, MissingDependency
from monomocap.formats import FORMATS, Style, files_of, only
from monomocap.formats.catalogue import ending_of, endings_named
from monomocap.formats.npz import Npz
from tests.fakes import FakeDetector
from tests.takes import make_take, same_take
from tests.terminal import monomocap
from tests.videos import make_video

Capture = pytest.CaptureFixture[str]


class OnePerson(Npz):
    """An archive of one person."""

    one_person = True


def test_every_format_says_what_it_is() -> None:
    for ending, each in FORMATS.items():
        assert ending.startswith(".") and ending == ending.lower()
        assert each.about


@pytest.mark.parametrize(
    ("name", "ending"), [("a.npz", ".npz"), ("A.JSON", ".json"), ("a.b.npz", ".npz")]
)
def test_the_ending_of_a_name(name: str, ending: str) -> None:
    assert ending_of(Path(name)) == ending


def test_the_longer_of_two_endings_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, ".odd.json", OnePerson())
    assert ending_of(Path("walk.odd.json")) == ".odd.json"
    assert ending_of(Path("walk.json")) == ".json"


def test_formats_by_name_with_or_without_a_dot_each_once() -> None:
    assert endings_named(["npz", " .json", "NPZ", ""]) == (".npz", ".json")
    assert endings_named([]) == ()
    with pytest.raises(FormatError, match=r"no format is called 'doc'; use: .*json, .*npz"):
        endings_named(["npz", "doc"])


def test_a_library_that_is_not_there_is_told_with_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Npz, "needs", ("no_such_module", "some-extra"))
    with pytest.raises(MissingDependency, match=r"monomocap\[some-extra\]"):
        endings_named(["npz"])
    with pytest.raises(MissingDependency, match="no_such_module"):
        package.save(make_take(), "walk.npz")


def test_a_format_of_one_person_writes_a_file_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, ".one", OnePerson())
    take = make_take(people=3)
    assert package.save(take, tmp_path / "Walk.one") == tmp_path / "Walk.0.one"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["Walk.0.one", "Walk.1.one", "Walk.2.one"]
    for person in range(3):
        assert same_take(package.load(tmp_path / f"Walk.{person}.one"), only(take, person))
    alone = only(take, 2)
    assert list(files_of(alone, tmp_path / "a.one")) == [tmp_path / "a.one"]
    with pytest.raises(FormatError, match="nobody was seen"):
        package.save(replace(take, tracks=(), motions=()), tmp_path / "b.one")


def test_convert_writes_another_format(tmp_path: Path, capsys: Capture) -> None:
    take = make_take()
    package.save(take, tmp_path / "a.npz")
    ended = monomocap(capsys, "convert", tmp_path / "a.npz", tmp_path / "b.json")
    assert (ended.code, str(tmp_path / "b.json") in ended.out) == (0, True)
    assert "WARNING: one" in ended.err
    assert same_take(package.load(tmp_path / "b.json"), take, tolerance=1e-6)


def test_convert_says_what_is_wrong_before_it_reads(tmp_path: Path, capsys: Capture) -> None:
    absent = tmp_path / "absent.npz"
    ended = monomocap(capsys, "convert", absent, tmp_path / "b.doc")
    assert ended.code == 2 and ".json" in ended.err and "absent" not in ended.err
    ended = monomocap(capsys, "convert", absent, tmp_path / "b.json")
    assert ended.code == 2 and "absent.npz" in ended.err
    (tmp_path / "file").write_text("")
    ended = monomocap(capsys, "convert", absent, tmp_path / "file" / "b.json")
    assert ended.code == 2 and "cannot write" in ended.err


def test_run_writes_the_formats_it_is_asked_for(tmp_path: Path, capsys: Capture) -> None:
    words = ("--detector", "fake", "--lifter", "flat", "--no-video")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DETECTORS, "fake", lambda device: FakeDetector())
        patch.setitem(FORMATS, ".one", OnePerson())
        video, out = make_video(tmp_path / "walk.mp4", frames=3), tmp_path / "out"
        ended = monomocap(capsys, "run", video, "-o", out, *words, "--format", "one,.JSON")
        assert ended.code == 0, ended.err
        assert str(out / "take.one") in ended.out
        assert len(package.load(out / "take.one").time_s) == 3


def test_run_tells_an_unknown_format_before_any_work(tmp_path: Path, capsys: Capture) -> None:
    absent = tmp_path / "absent.mp4"
    ended = monomocap(capsys, "run", absent, "--format", "npz,doc", "-o", tmp_path / "out")
    assert ended.code == 2
    assert "no format is called 'doc'" in ended.err and "json" in ended.err
    assert not (tmp_path / "out").exists()


def test_run_names_bones_and_says_where_there_are_none(tmp_path: Path, capsys: Capture) -> None:
    words = ("--detector", "fake", "--lifter", "flat", "--no-video")
    style = ("--names", "mixamo-plain", "--for", "blender", "--rest", "A")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DETECTORS, "fake", lambda device: FakeDetector())
        video, out = make_video(tmp_path / "walk.mp4", frames=3), tmp_path / "out"
        written = ("--format", "bvh,glb,trc", *style)
        ended = monomocap(capsys, "run", video, "-o", out, *words, *written)
        assert ended.code == 0, ended.err
    ended = monomocap(capsys, "convert", out / "take.npz", out / "same.bvh", *style)
    assert "ROOT Hips" in (out / "take.bvh").read_text()
    assert (out / "take.bvh").read_bytes() == (out / "same.bvh").read_bytes()
    assert b'"LeftForeArm"' in (out / "take.glb").read_bytes()
    assert (out / "take.trc").exists(), "what has no bones is written as ever"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--names", "vrm"), "for bvh, glb, usd, usda, usdc; ask for one"),
        (("--rest", "A", "--format", "trc"), "ask for one"),
        (("--names", "robot", "--format", "bvh"), "mixamo"),
        (("--for", "excel", "--format", "bvh"), "blender"),
    ],
)
def test_run_tells_a_style_that_cannot_be_before_any_work(
    tmp_path: Path, capsys: Capture, words: tuple[str, ...], said: str
) -> None:
    ended = monomocap(capsys, "run", tmp_path / "absent.mp4", "-o", tmp_path / "out", *words)
    assert ended.code == 2 and said in ended.err and len(ended.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_the_command_lines_own_style_is_the_librarys() -> None:
    assert Style(words.OWN_NAMES, words.ANY_PROGRAM, words.T_POSE) == Style()


GUIDE = (Path(__file__).parent.parent / "docs" / "formats.md").read_text()


@pytest.mark.parametrize("ending", sorted(FORMATS))
def test_every_format_is_in_the_guide_and_what_the_guide_says_of_reading_is_so(ending: str) -> None:
    rows = [line for line in GUIDE.splitlines() if line.startswith("|") and f"`{ending}`" in line]
    assert len(rows) == 1, f"docs/formats.md has a row on {ending}"
    read_back = rows[0].split("|")[7].strip()
    assert (read_back != "no") == FORMATS[ending].reads
