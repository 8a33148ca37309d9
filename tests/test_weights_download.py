"""Files over HTTP: whole, continued where they broke off, and never a mix of two editions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from monomocap.errors import OutputError, WeightsError
from monomocap.weights.download import TRIES, download, is_url
from tests.http_server import Site, serving

CONTENT = np.random.default_rng(0).integers(0, 256, 300_000, np.uint8).tobytes()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site(files={"/a.onnx": CONTENT})) as site:
        yield site


def test_a_file_comes_whole_with_its_progress(site: Site, tmp_path: Path) -> None:
    said: list[tuple[str, int, int | None]] = []
    got = download(f"{site.url}/a.onnx", tmp_path / "a.onnx", lambda *call: said.append(call))
    assert got.read_bytes() == CONTENT
    assert said[-1] == ("download", len(CONTENT), len(CONTENT))
    assert [p.name for p in tmp_path.iterdir()] == ["a.onnx"]


def test_a_connection_that_breaks_is_taken_up_where_it_broke(site: Site, tmp_path: Path) -> None:
    site.break_after = 120_000
    download(f"{site.url}/a.onnx", tmp_path / "a.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == CONTENT
    assert [wanted for _, wanted in site.asked] == [None, "bytes=120000-", "bytes=240000-"]


def test_another_day_continues_what_is_there(site: Site, tmp_path: Path) -> None:
    site.break_after = 50_000
    with pytest.raises(WeightsError, match="broke off") as error:
        download(f"{site.url}/a.onnx", tmp_path / "a.onnx")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "a.onnx").exists()
    site.break_after = None
    site.asked.clear()
    download(f"{site.url}/a.onnx", tmp_path / "a.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == CONTENT
    assert [wanted for _, wanted in site.asked] == [f"bytes={TRIES * 50_000}-"]


@pytest.mark.parametrize("how", ["new edition", "no edition", "no ranges", "another address"])
def test_two_editions_are_never_mixed(site: Site, tmp_path: Path, how: str) -> None:
    site.break_after = 50_000
    site.etag = "" if how == "no edition" else site.etag
    with pytest.raises(WeightsError):
        download(f"{site.url}/a.onnx", tmp_path / "a.onnx")
    site.break_after = None
    new = CONTENT[::-1]
    site.files = {"/a.onnx": new, "/b.onnx": new}
    site.etag = '"two"' if how == "new edition" else site.etag
    site.ranges = how != "no ranges"
    name = "b" if how == "another address" else "a"
    assert download(f"{site.url}/{name}.onnx", tmp_path / "a.onnx").read_bytes() == new


def test_a_part_that_is_all_or_too_much_begins_anew(site: Site, tmp_path: Path) -> None:
    site.break_after = 100_000
    site.files["/a.onnx"] = CONTENT + b"more"
    with pytest.raises(WeightsError):
        download(f"{site.url}/a.onnx", tmp_path / "a.onnx")
    site.break_after, site.files["/a.onnx"] = None, CONTENT
    assert download(f"{site.url}/a.onnx", tmp_path / "a.onnx").read_bytes() == CONTENT


def test_what_is_not_there_is_said_at_once(site: Site, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="404"):
        download(f"{site.url}/none.onnx", tmp_path / "a.onnx")
    assert len(site.asked) == 1
    with pytest.raises(WeightsError, match="cannot get http://127.0.0.1:9/a"):
        download("http://127.0.0.1:9/a", tmp_path / "a.onnx")


def test_a_length_that_nobody_states_is_not_trusted(site: Site, tmp_path: Path) -> None:
    site.says_length = False
    with pytest.raises(WeightsError, match="how long"):
        download(f"{site.url}/a.onnx", tmp_path / "a.onnx")


def test_a_place_that_cannot_be_written_is_told(site: Site, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        download(f"{site.url}/a.onnx", tmp_path / "no folder" / "a.onnx")


def test_addresses_and_paths_are_told_apart() -> None:
    assert is_url("https://x.org/a.onnx")
    assert is_url("HTTP://x.org/a")
    assert not is_url("C:/a.onnx")
    assert not is_url("file:///a.onnx")
