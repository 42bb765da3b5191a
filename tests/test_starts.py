"""What begins with its imports done is like what starts from nothing."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import resource
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

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


LIMIT = 1 << 40


def about_worker(_: int) -> dict[str, Any]:
    """What a worker process has."""
    touched = Path("touched")
    touched.touch()
    handles = Path("/proc/self/fd").glob("[0-9]*")
    parent = Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()
    return {
        "server of": int(parent[1]),
        "imported before": "ruamel.yaml" in sys.modules,
        "set late": os.environ.get("SET_LATE"),
        "folder": str(Path.cwd()),
        "memory": resource.getrlimit(resource.RLIMIT_AS),
        "mode": touched.stat().st_mode & 0o777,
        "session": os.getsid(0),
        "handles": [str(each.readlink()) for each in handles if each.exists()],
    }


def begin_worker() -> None:
    """A run with a thread, which changes what its worker is to have before it begins it."""
    over = threading.Event()
    threading.Thread(target=over.wait).start()
    os.environ["SET_LATE"] = "1"
    os.chdir(sys.argv[1])
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    with multiprocessing.get_context("forkserver").Pool(1) as pool:
        found = pool.map(about_worker, [0])
    over.set()
    json.dump({"pid": os.getpid(), "session": os.getsid(0), "workers": found}, sys.stdout)


@pytest.mark.parametrize("pool", [False, True])
def test_workers_are_those_of_a_server_begun_from_nothing(pool: bool, tmp_path: Path) -> None:
    """A child of the run, as it is by then; nothing else of the run's but its three streams."""
    lifeline, other = os.pipe()
    try:
        done = starts.run(
            [str(tmp_path)], starts.EXECUTE, entry="tests.test_starts:begin_worker", pool=pool,
            pass_fds=(lifeline,), start_new_session=True,
        )  # fmt: skip
        name = str(Path(f"/proc/self/fd/{lifeline}").readlink())
    finally:
        os.close(lifeline)
        os.close(other)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    (worker,) = said["workers"]
    assert worker["server of"] == said["pid"]
    assert worker["session"] == said["session"]
    assert (worker["set late"], worker["folder"]) == ("1", str(tmp_path))
    assert worker["memory"] == [LIMIT, LIMIT]
    assert worker["mode"] == 0o600
    assert name not in worker["handles"]
    assert worker["imported before"] is pool


def test_a_spare_ends_with_the_run_that_never_asked_for_it(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", zooms=(13, 13), pause=30.0)
    with project.start("--concurrency", "threads", "-w", "2") as run:
        (spare,) = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
        watch = os.pidfd_open(int(spare))
        run.kill()
        run.communicate(timeout=20)
    ended, _, _ = select.select([watch], [], [], 20)
    os.close(watch)
    assert ended
