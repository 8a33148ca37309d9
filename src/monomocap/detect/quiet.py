"""Keeps the chatter of native libraries off the terminal, and nothing else."""

import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

log = logging.getLogger(__name__)

_CHATTER = re.compile(
    rb"^(INFO: Created TensorFlow Lite"
    rb"|WARNING: All log messages before absl::InitializeLog"
    rb"|[IW]\d{4} \d\d:\d\d:\d\d"  # absl: severity, month and day, time
    rb"|[IW]0000 00:00:\d+)"
)
"""What MediaPipe and TensorFlow Lite say whenever they start; errors (E, F) are let through."""


@contextmanager
def chatter_muted() -> Iterator[None]:
    """Sends native start-up messages to our log (debug) instead of stderr.

    They are written to file descriptor 2 by threads of C++, so the descriptor itself is led aside
    for the while; every other line that arrives there is passed on afterwards.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # a service without stderr has nothing to keep clean
        yield
        return
    with tempfile.TemporaryFile() as aside, os.fdopen(stderr, "wb", buffering=0) as true_stderr:
        _flush_stderr()
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            _flush_stderr()
            os.dup2(stderr, 2)
            _pass_on(aside, true_stderr)


def _pass_on(aside: IO[bytes], true_stderr: IO[bytes]) -> None:
    aside.seek(0)
    for line in aside:
        if _CHATTER.match(line):
            log.debug("%s", line.decode(errors="replace").rstrip())
        else:
            true_stderr.write(line)


def _flush_stderr() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
