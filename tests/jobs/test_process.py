"""A child seen from its runner."""

from __future__ import annotations

import selectors
import time
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.jobs.process import Child, Task


def test_what_it_told_is_read_by_a_runner_that_slept_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was frozen wakes behind its pause: waiting gives nothing, though all is there."""
    select, asked = selectors.DefaultSelector.select, []

    def late(self: selectors.DefaultSelector, timeout: float | None = None) -> Any:
        asked.append(timeout)
        if len(asked) == 1:
            end = time.monotonic() + 60
            while child.exit_code is None and time.monotonic() < end:
                time.sleep(0.02)
            return []
        return select(self, timeout)

    monkeypatch.setattr(selectors.DefaultSelector, "select", late)
    with Child(Task(order={"workflow": "nothing"}, workspace=tmp_path)) as child:
        told = [line for line in child.lines(0.2) if line is not None]
        assert child.exit_code == 1
    assert [line["event"] for line in told] == ["error"]
