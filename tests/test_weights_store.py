"""The folder of weights: pulled by name, URL or path; recorded, checked, listed, found again."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monomocap.errors import OptionError, OutputError, UnknownName, WeightsError
from monomocap.weights import ledger, store
from monomocap.weights.catalogue import GROUPS, PUBLISHED, Published
from monomocap.weights.store import find, held, need, pull, weights_folder
from tests.http_server import Site, serving
from tests.terminal import monomocap

ONNX = b"\x08\x07 what follows is a network's business"
OTHER = ONNX + b", another edition"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(content: bytes, name: str = "20230605/end2end.onnx") -> bytes:
    """As OpenMMLab packs its networks."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("20230605/pipeline.json", "{}")
        file.writestr(name, content)
    return made.getvalue()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site that has rtmdet-nano zipped, and plain, as the only sources of it."""
    monkeypatch.delenv(store.OFFLINE_VARIABLE, raising=False)
    monkeypatch.delenv(store.FOLDER_VARIABLE, raising=False)
    with serving(Site(files={"/first/r.zip": zipped(ONNX), "/second/r.onnx": ONNX})) as site:
        sources = (f"{site.url}/first/r.zip", f"{site.url}/second/r.onnx")
        row = replace(PUBLISHED["rtmdet-nano"], sources=sources)
        monkeypatch.setitem(PUBLISHED, "rtmdet-nano", row)
        yield site


def test_a_published_name_is_pulled_unzipped_and_recorded(site: Site, tmp_path: Path) -> None:
    (one,) = pull("rtmdet-nano", tmp_path / "new" / "folder")
    assert (one.file, one.sha256) == ("rtmdet-nano.onnx", sha256(ONNX))
    assert one.source == f"{site.url}/first/r.zip"
    assert one.code == "Apache-2.0"
    assert "Objects365" in one.data_licence
    place = tmp_path / "new" / "folder"
    assert need("rtmdet-nano", place).read_bytes() == ONNX
    assert sorted(p.name for p in place.iterdir()) == ["rtmdet-nano.onnx", "weights.json"]
    recorded = json.loads((place / "weights.json").read_text())
    assert recorded["rtmdet-nano"]["sha256"] == sha256(ONNX)


def test_the_second_source_answers_where_the_first_does_not(site: Site, tmp_path: Path) -> None:
    del site.files["/first/r.zip"]
    (one,) = pull("rtmdet-nano", tmp_path)
    assert one.source.endswith("/second/r.onnx")
    site.files.clear()
    with pytest.raises(WeightsError, match=r"404.*404") as error:
        pull("rtmdet-nano", tmp_path / "other")
    assert "\n" not in str(error.value)


def test_what_is_there_is_not_pulled_again(site: Site, tmp_path: Path) -> None:
    pull("rtmdet-nano", tmp_path)
    asked = len(site.asked)
    assert pull("rtmdet-nano", tmp_path)[0].source.endswith("r.zip")
    assert len(site.asked) == asked


def test_a_later_download_must_be_the_one_that_was_recorded(site: Site, tmp_path: Path) -> None:
    pull("rtmdet-nano", tmp_path)
    (tmp_path / "rtmdet-nano.onnx").unlink()
    site.files = {"/first/r.zip": zipped(OTHER), "/second/r.onnx": ONNX}
    (one,) = pull("rtmdet-nano", tmp_path)
    assert one.source.endswith("/second/r.onnx"), "the first source has another edition now"
    (tmp_path / "rtmdet-nano.onnx").unlink()
    site.files["/second/r.onnx"] = OTHER
    with pytest.raises(WeightsError, match="not the file that was recorded"):
        pull("rtmdet-nano", tmp_path)
    assert not (tmp_path / "rtmdet-nano.onnx").exists()


def test_a_file_that_was_changed_is_not_used(site: Site, tmp_path: Path) -> None:
    pull("rtmdet-nano", tmp_path)
    (tmp_path / "rtmdet-nano.onnx").write_bytes(OTHER)
    for ask in (find, need, pull):
        with pytest.raises(WeightsError, match="weights.json"):
            ask("rtmdet-nano", tmp_path)


def test_a_sha256_that_the_user_knows_is_demanded(site: Site, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="SHA-256"):
        pull("rtmdet-nano", tmp_path, expected_sha256=sha256(OTHER))
    pull("rtmdet-nano", tmp_path, expected_sha256=sha256(ONNX).upper())
    with pytest.raises(OptionError, match="one by one"):
        pull("rtmpose", tmp_path, expected_sha256=sha256(ONNX))


def test_a_web_page_or_a_wrong_archive_is_no_network(site: Site, tmp_path: Path) -> None:
    site.files = {
        "/first/r.zip": zipped(ONNX, "readme.txt"),
        "/second/r.onnx": b"<!doctype html> sorry",
    }
    with pytest.raises(WeightsError, match=r"one ONNX file.*no ONNX file \(it begins with b'<'\)"):
        pull("rtmdet-nano", tmp_path)
    assert list(tmp_path.glob("*.onnx")) == []


def test_a_url_is_pulled_under_its_own_name(site: Site, tmp_path: Path) -> None:
    site.files["/mine/my%20net.onnx"] = ONNX
    (one,) = pull(f"{site.url}/mine/my%20net.onnx", tmp_path)
    assert (one.name, one.file) == ("my net", "my net.onnx")
    assert one.code == one.data_licence == ledger.UNKNOWN
    with pytest.raises(OptionError, match="names no file"):
        pull(site.url, tmp_path)


@pytest.mark.parametrize(
    "name", ["rtmdet-nano", "rtmdet_nano_8xb32-100e_coco-obj365-person-05d8511e"]
)
@pytest.mark.parametrize("ending", ["onnx", "zip"])
def test_a_file_that_the_user_has_is_taken_in(tmp_path: Path, name: str, ending: str) -> None:
    mine = tmp_path / f"{name}.{ending}"
    mine.write_bytes(ONNX if ending == "onnx" else zipped(ONNX))
    (one,) = pull(str(mine), tmp_path / "store")
    assert (one.name, one.sha256, one.code) == ("rtmdet-nano", sha256(ONNX), "Apache-2.0")
    assert need("rtmdet-nano", tmp_path / "store").read_bytes() == ONNX
    assert mine.exists()


def test_a_file_put_there_by_hand_counts_under_either_name(tmp_path: Path) -> None:
    assert find("rtmdet-nano", tmp_path) is None
    published = "rtmdet_nano_8xb32-100e_coco-obj365-person-05d8511e.onnx"
    (tmp_path / published).write_bytes(ONNX)
    assert find("rtmdet-nano", tmp_path) == tmp_path / published
    (one,) = held(tmp_path).values()
    assert (one.name, one.sha256, one.source) == ("rtmdet-nano", sha256(ONNX), "put there by hand")


def test_what_is_missing_is_said_with_the_command_that_brings_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="monomocap weights pull rtmpose-m"):
        need("rtmpose-m", tmp_path)


def test_offline_means_no_request_at_all(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(store.OFFLINE_VARIABLE, "1")
    with pytest.raises(WeightsError, match="forbids downloads.*rtmdet-nano.onnx"):
        pull("rtmdet-nano", tmp_path)
    assert site.asked == []
    monkeypatch.setenv(store.OFFLINE_VARIABLE, "0")
    pull("rtmdet-nano", tmp_path)
    monkeypatch.setenv(store.OFFLINE_VARIABLE, "1")
    asked = len(site.asked)
    assert pull("rtmdet-nano", tmp_path)[0].sha256 == sha256(ONNX)
    assert len(site.asked) == asked


def test_the_folder_is_option_then_variable_then_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(store.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert weights_folder() == tmp_path / "cache" / "monomocap" / "weights"
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(tmp_path / "mine"))
    assert weights_folder() == tmp_path / "mine"
    assert weights_folder(tmp_path / "chosen") == tmp_path / "chosen"


def test_bad_requests_get_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"no weights file is called 'x'; .*rtmpose-lightweight"):
        pull("x", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="--folder"):
        pull("rtmdet-nano", tmp_path / "file" / "inside")
    (tmp_path / ledger.LEDGER).write_text("{")
    with pytest.raises(WeightsError, match="delete it"):
        held(tmp_path)


@pytest.mark.parametrize("row", PUBLISHED.values(), ids=PUBLISHED)
def test_the_catalogue_states_sources_and_licences_and_sums_of_numbered_releases(
    row: Published,
) -> None:
    assert row.sources
    for source in row.sources:
        assert source.startswith("https://")
        assert source.endswith((".zip", row.suffix))
    assert row.code == "Apache-2.0"
    assert row.data
    assert row.data_licence
    numbered = all("@0.5.1675469404" in source for source in row.sources)
    assert (row.sha256 is not None) == numbered


def test_a_network_of_mediapipes_is_pulled_and_must_be_the_published_one(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lite = b"\x1c\0\0\0TFL3 and a network" + zipped(b"nose", "notes.txt")
    site.files |= {"/page.tflite": b"<!doctype html> sorry", "/lite.tflite": lite}
    sources = (f"{site.url}/page.tflite", f"{site.url}/lite.tflite")
    row = replace(PUBLISHED["mediapipe-lite"], sources=sources, sha256=sha256(lite))
    monkeypatch.setitem(PUBLISHED, "mediapipe-lite", row)
    (one,) = pull("mediapipe-lite", tmp_path)
    assert (one.file, one.source) == ("mediapipe-lite.tflite", sources[1])
    assert need("mediapipe-lite", tmp_path).read_bytes() == lite
    assert held(tmp_path).keys() == {"mediapipe-lite"}
    site.files["/lite.tflite"] = lite + b", another edition"
    with pytest.raises(WeightsError, match=r"no TensorFlow Lite file.*is not the file") as error:
        pull("mediapipe-lite", tmp_path / "other")
    assert "\n" not in str(error.value)


def test_groups_are_made_of_published_networks() -> None:
    assert {name for names in GROUPS.values() for name in names} <= PUBLISHED.keys()


# --- the command


def test_the_command_pulls_and_lists_with_licences(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = monomocap(capsys, "weights", "pull", "rtmdet-nano", "--folder", tmp_path)
    assert ended.code == 0, ended.err
    for said in (sha256(ONNX), "Apache-2.0", "Objects365", str(tmp_path / "rtmdet-nano.onnx")):
        assert said in ended.out
    assert "downloading" in ended.err
    ended = monomocap(capsys, "weights", "list", "--folder", tmp_path)
    assert ended.code == 0
    assert sha256(ONNX) in ended.out
    assert all(name in ended.out for name in PUBLISHED)
    ended = monomocap(capsys, "weights", "list", "--folder", tmp_path, "--json")
    rows = {row["name"]: row for row in json.loads(ended.out)}
    assert rows["rtmdet-nano"]["sha256"] == sha256(ONNX)
    assert rows["rtmpose-m"]["sha256"] is None
    assert rows["rtmpose-m"]["data_licence"]


def test_the_command_fails_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ended = monomocap(capsys, "weights", "pull", "nothing-such", "--folder", tmp_path)
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert "rtmpose" in ended.err
