"""The command line, called as a shell would, without the price of a new process."""

from dataclasses import dataclass

import pytest

from monomocap.cli.main import main


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def monomocap(capsys: pytest.CaptureFixture[str], *words: object) -> Ended:
    """Run `monomocap WORDS`."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    said = capsys.readouterr()
    return Ended(int(ended.value.code or 0), said.out, said.err)
