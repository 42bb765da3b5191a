"""Plug-in of pytest: tells coverage.py which test runs, and how long each took."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage

from tests.mutants.carried import CONTEXT, carry

_seconds: dict[str, float] = {}

carry()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """The test's name is the context, here and in the processes that it starts."""
    running = Coverage.current()
    os.environ[CONTEXT] = item.nodeid
    if running is not None:
        running.switch_context(item.nodeid)
    result = yield
    if running is not None:
        running.switch_context("")
    os.environ.pop(CONTEXT)
    return result


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Setup, call and teardown; of a session with workers the master hears it again."""
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0.0) + report.duration


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Beside the parts of the data."""
    running = Coverage.current()
    if running is not None and not hasattr(session.config, "workerinput"):
        folder = Path(str(running.get_option("run:data_file"))).parent
        (folder / f"seconds-{os.getpid()}.json").write_text(json.dumps(_seconds))
