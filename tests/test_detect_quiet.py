"""Chatter is kept off the terminal; everything else arrives."""

import logging
import os

import pytest

from monomocap.detect.quiet import chatter_muted

CHATTER = (
    b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    b"W0000 00:00:1795376081.911378    6069 inference_feedback_manager.cc:114] Feedback manager\n"
    b"I1122 19:20:21.123456 6070 gl_context.cc:369] GL version: 3.2\n"
)


def test_chatter_goes_to_the_log_and_the_rest_to_stderr(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), chatter_muted():
        os.write(2, CHATTER + b"E0000 00:00:1795376081.9 7 x.cc:1] it broke\nours\n")
    assert capfd.readouterr().err == "E0000 00:00:1795376081.9 7 x.cc:1] it broke\nours\n"
    assert len(caplog.records) == 4


def test_nothing_is_lost_when_the_work_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no"), chatter_muted():
        os.write(2, b"why it failed\n")
        raise ValueError("no")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "why it failed\nafter\n"
