"""What jobs take, and limits that end them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.jobs import Job, Status
from automap_tiles.jobs.resource_usage import core_seconds, memory_bytes, total
from automap_tiles.jobs.supervisor import JobSupervisor
from tests.jobs.parts import make, new_job
from tests.jobs.test_carried_out import archive_of

_BUSY = """
import subprocess, sys, time
end = time.process_time() + 0.6
while time.process_time() < end:
    pass
spin = "import time\\nend = time.process_time() + 0.6\\nwhile time.process_time() < end: pass"
subprocess.run([sys.executable, "-c", spin], check=True)
print("done", flush=True)
sys.stdin.read()
"""


def test_the_cores_of_a_session_are_those_of_all_its_processes_also_the_ended_ones() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _BUSY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        found = core_seconds(process.pid)
        process.stdin.close()
    assert 1.1 <= found < 3.0
    assert core_seconds(process.pid) == 0.0  # it is gone


def test_the_memory_of_a_session_is_that_of_all_its_processes() -> None:
    hold = "import sys; x = bytearray(60_000_000); print('done', flush=True); sys.stdin.read()"
    both = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", both],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        found = memory_bytes(process.pid)
        process.stdin.close()
    assert 60e6 < found < 160e6
    assert memory_bytes(process.pid) == 0


def test_of_attempts_the_one_with_the_most_memory_counts() -> None:
    assert total({"memory_bytes": 9}, {"memory_bytes": 7})["memory_bytes"] == 9
    assert total({}, {"memory_bytes": 7})["memory_bytes"] == 7


def test_attempts_add_up() -> None:
    before = {"seconds": 10.5, "core_seconds": 20.0, "scenes": 3}
    now = {"seconds": 1.25, "fetched_bytes": 7, "scenes": 1}
    assert total(before, now) == {
        "seconds": 11.75, "core_seconds": 20.0, "fetched_bytes": 7, "scenes": 4,
    }  # fmt: skip
    assert total({}, {}) == {}


def test_a_limit_stops_a_job_and_keeps_what_is_there(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automap_tiles.jobs.supervisor._LOOK_SECONDS", 0.0)
    asked: list[Mapping[str, Any]] = []

    def limit(job: Job, usage: Mapping[str, Any]) -> str | None:
        asked.append(dict(usage))
        return "its budget is used up" if usage.get("scenes", 0) >= 1 else None

    parts = make(tmp_path)
    added = parts.store.add(new_job(shared, order={"workflow": "download"}))
    job = parts.queue.claim("r")
    assert job is not None
    place = replace(parts.place, limit=limit, workers=1)
    JobSupervisor(parts.queue, job, place, threading.Event()).run()
    found = parts.wait(job.id, 1)
    assert (found.status, found.reason) == (Status.FAILED, "its budget is used up")
    assert (found.stopped, found.message) == (True, "stopped by a limit")
    result = parts.store.result(added.id)
    assert result is not None
    assert result.partial
    with archive_of(parts, result) as archive:
        assert any(name.endswith(".tif") for name in archive.namelist())
    assert found.usage["core_seconds"] > 0
    assert found.usage["seconds"] > 0
    assert found.usage["scenes"] >= 1
    seen = [each["core_seconds"] for each in asked]
    assert seen == sorted(seen)


def test_what_a_lost_attempt_took_counts(shared: Path, tmp_path: Path) -> None:
    parts = make(tmp_path)
    parts.store.add(new_job(shared))
    first = parts.queue.claim("r")
    assert first is not None
    from automap_tiles.jobs import News

    parts.queue.tell(first, News(usage={"core_seconds": 1000.0, "seconds": 500.0}))
    parts.queue.break_off(first, "memory ran out")
    second = parts.queue.claim("r")
    assert second is not None
    begun = time.monotonic()
    JobSupervisor(parts.queue, second, parts.place, threading.Event()).run()
    found = parts.wait(second.id, 1)
    assert found.status is Status.SUCCESSFUL
    took = time.monotonic() - begun
    assert 1000 < found.usage["core_seconds"] < 1000 + 4 * took
    assert 500 < found.usage["seconds"] <= 500 + took
