"""What all tests share: the data beside the repository, and a watch over what was skipped."""

import os
from pathlib import Path

import hypothesis
import pytest

# A busy machine must not fail a property; forty examples keep the whole run short.
hypothesis.settings.register_profile("monomocap", deadline=None, max_examples=40)
hypothesis.settings.load_profile("monomocap")

REPOSITORY = Path(__file__).resolve().parent.parent

MOST_SKIPPED_WITH_DATA = 4
"""A run that has the data may skip this many tests, not more: a GPU that is not there, say.

More means that tests which should have run did not, and the run fails.
"""


def data_folder() -> Path:
    """The folder of test data beside the repository; `MONOMOCAP_DATA` names another one."""
    return Path(os.environ.get("MONOMOCAP_DATA", REPOSITORY / ".." / "shared")).resolve()


def too_many_skipped(skipped: int, data_is_there: bool) -> bool:
    """Without the data many tests skip, and may; with it they have no reason to."""
    return data_is_there and skipped > MOST_SKIPPED_WITH_DATA


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of test data; a test that asks for it is skipped where there is none."""
    folder = data_folder()
    if not (folder / "video").is_dir():
        pytest.skip(f"no test data in {folder}; set MONOMOCAP_DATA to the folder that has it")
    return folder


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Turn a run that skipped too much into a failed one."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", ())) if reporter else 0
    if (
        reporter
        and exitstatus == 0
        and too_many_skipped(skipped, (data_folder() / "video").is_dir())
    ):
        reporter.write_line(
            f"FAILED: {skipped} tests skipped with the data present; "
            f"{MOST_SKIPPED_WITH_DATA} is the most (tests/conftest.py)",
            red=True,
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
