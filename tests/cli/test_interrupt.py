"""Ctrl-C: soon over, nobody left behind, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from automap_tiles.cli.main import main
from tests.cli.conftest import MakeProcess


def processes_of_session(session: int) -> list[int]:
    """Ids of the running processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.name))
    return found


@pytest.mark.parametrize("concurrency", ["none", "threads", "processes"])
def test_sigint(
    concurrency: str, make_process: MakeProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_process(seconds=0.2)
    line = [sys.executable, "-m", "automap_tiles", "execute", str(config), "-w", "2"]
    with subprocess.Popen(
        [*line, "--concurrency", concurrency],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        deadline = time.monotonic() + 60
        while len(list(tmp_path.glob("tiles/2/*/*.tif"))) < 2:
            assert time.monotonic() < deadline
            assert run.poll() is None
            time.sleep(0.02)
        # As the terminal does it: to the whole group.
        os.killpg(run.pid, signal.SIGINT)
        sent = time.monotonic()
        _, error = run.communicate(timeout=60)
    assert run.returncode == 130, error
    assert time.monotonic() - sent < 10
    assert processes_of_session(run.pid) == []
    assert "Traceback" not in error
    assert "goes on from here" in error
    written = len(list(tmp_path.glob("tiles/2/*/*.tif")))
    assert written < 28
    assert main(["execute", str(config), "--concurrency", "threads", "-w", "10"]) == 0
    output = capsys.readouterr().out
    assert f"{28 - written} written" in output
    assert len(list(tmp_path.glob("tiles/2/*/*.tif"))) == 28


def test_a_thread_in_a_long_tile_is_not_waited_for(
    make_process: MakeProcess, tmp_path: Path
) -> None:
    config = make_process(seconds=30)
    (tmp_path / "tiles").mkdir()
    line = [sys.executable, "-m", "automap_tiles", "execute", str(config), "-w", "2"]
    with subprocess.Popen(
        [*line, "--concurrency", "threads"], stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr is not None
        assert "2 workers" in run.stderr.readline()
        time.sleep(1)
        run.send_signal(signal.SIGINT)
        sent = time.monotonic()
        _, error = run.communicate(timeout=60)
    assert run.returncode == 130, error
    assert time.monotonic() - sent < 8
    assert "goes on from here" in error
