"""The watch over skipped tests does what it says: a run that skips too much fails."""

from pathlib import Path

import pytest

from tests.conftest import MOST_SKIPPED_WITH_DATA

pytest_plugins = ["pytester"]


@pytest.mark.parametrize(
    ("skips", "data_is_there", "code"),
    [
        (MOST_SKIPPED_WITH_DATA, True, 0),
        (MOST_SKIPPED_WITH_DATA + 1, True, 1),
        (MOST_SKIPPED_WITH_DATA + 1, False, 0),
    ],
)
def test_a_run_with_data_that_skips_too_much_fails(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    skips: int,
    data_is_there: bool,
    code: int,
) -> None:
    if data_is_there:
        (tmp_path / "video").mkdir()
    monkeypatch.setenv("MONOMOCAP_DATA", str(tmp_path))
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text())
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.parametrize("n", range({skips}))
        def test_that_skips(n):
            pytest.skip("on purpose")

        def test_that_passes():
            pass
    """)
    assert pytester.runpytest_inprocess("-p", "no:cacheprovider").ret == code
