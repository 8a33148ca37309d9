"""Whatever is done to a file: no crash, no hang, and no picture lost that can be decoded.

More of it: python -m tests.fuzzing FOLDER SEED COUNT
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fuzzing import FRAMES, MOST_FRAMES

CASES = 312
LONGEST_S = 20.0
"""Most take milliseconds; a busy machine gets room."""
Case = dict[str, Any]


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """What the reader made of every damaged file; the process ends well or the test fails."""
    folder = tmp_path_factory.mktemp("fuzz")
    command = [sys.executable, "-m", "tests.fuzzing", str(folder), "1", str(CASES)]
    root = Path(__file__).parent.parent
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout.splitlines()[-1:] + done.stderr.splitlines()[-20:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_nothing_crashes_or_hangs(looked_at: list[Case]) -> None:
    assert [case["number"] for case in looked_at] == list(range(CASES))
    assert max(case["s"] for case in looked_at) < LONGEST_S
    assert all("\n" not in case.get("error", "") for case in looked_at)


def test_what_cannot_be_read_is_said_and_much_can(looked_at: list[Case]) -> None:
    read = [case for case in looked_at if "frames" in case]
    assert CASES / 3 < len(read) < CASES
    assert all(1 <= case["frames"] <= MOST_FRAMES for case in read)
    assert all(case["increasing"] and case["sizes"] == 1 for case in read)


def test_no_picture_that_ffmpeg_gives_is_lost(looked_at: list[Case]) -> None:
    lost = [case for case in looked_at if case.get("frames", 0) < case["bare"]]
    assert lost == []


def test_a_file_that_was_cut_short_says_so(looked_at: list[Case]) -> None:
    """GIF, raw H.264 and transport streams have no end that could be missed, and Matroska's is
    known to half a second, more than these videos have."""
    silent = [
        case
        for case in looked_at
        if case["damage"] == "truncated"
        and case.get("frames", FRAMES) < FRAMES
        and not case["partial"]
        and case["name"].endswith((".mp4", ".mov", ".avi"))
    ]
    assert silent == []
