"""What begins with its imports done is like what starts from nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests import starts
from tests.engine.projects import AUTOMAP, make_project


@pytest.mark.parametrize(
    "words",
    [["--version"], ["nonsense"], ["execute", "not-there.mapchete"], ["show-env"]],
    ids=lambda words: words[0],
)
def test_the_same_is_said(words: list[str], tmp_path: Path) -> None:
    environment = {**os.environ, "AUTOMAP_FAST": "0", "ONE_OF_MINE": "1"}
    there = subprocess.run(
        [*AUTOMAP, *words], capture_output=True, text=True, check=False, cwd=tmp_path,
        env=environment,
    )  # fmt: skip
    here = starts.run(words, starts.EXECUTE, cwd=tmp_path, env=environment)
    assert (here.returncode, here.stdout) == (there.returncode, there.stdout)
    assert here.stderr.replace("automap ", "-c ") == there.stderr.replace("automap ", "-c ")


def test_it_is_a_process_of_its_own(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", zooms=(13, 13), pause=30.0)
    with project.start("--concurrency", "none") as first, contextlib.ExitStack() as ending:
        ending.callback(first.kill)
        with project.start("--check") as second:
            for run in (first, second):
                assert os.getsid(run.pid) == run.pid
            handles = {path.name for path in Path(f"/proc/{first.pid}/fd").iterdir()}
            assert {"0", "1", "2"} <= handles
            said = second.communicate(timeout=60)
            assert second.returncode == 0, said
        assert first.poll() is None
        first.kill()
        assert first.wait(20) == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.kill(first.pid, 0)
