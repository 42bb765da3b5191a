"""What every pool of workers promises."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from automap_tiles.engine import _worker
from automap_tiles.engine._batching import Batch
from automap_tiles.engine._plan import NothingKnown, Plan, TileStep
from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.pools import Concurrency, Pool, open_pool
from automap_tiles.errors import ConfigError
from automap_tiles.runtime import Process, open_process
from tests.engine.projects import Project, make_project, processes_in_session

KINDS = list(Concurrency)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("pool"), zooms=(13, 13))


@pytest.fixture(scope="module")
def process(project: Project) -> Process:
    opened = open_process(project.config)
    opened.writer.prepare(area=opened.area_at(13))
    return opened


@pytest.fixture(scope="module")
def steps(process: Process) -> list[TileStep]:
    return list(Plan(process, NothingKnown()).steps())


@pytest.fixture(scope="module", params=KINDS, ids=[kind.value for kind in KINDS])
def pool(request: pytest.FixtureRequest, process: Process) -> Iterator[Pool]:
    if request.param is Concurrency.DASK:
        pytest.importorskip("distributed")
    pool = open_pool(process, request.param, 2)
    yield pool
    pool.close(grace=None)


def test_results_come_in_the_order_of_the_batch(pool: Pool, steps: list[TileStep]) -> None:
    batches = [Batch(tuple(steps[start : start + 3])) for start in range(0, 9, 3)]
    futures = [pool.submit(batch) for batch in batches]
    for batch, future in zip(batches, futures, strict=True):
        results = future.result(timeout=60)
        assert [result.index for result in results] == [step.index for step in batch.steps]
        assert {result.status for result in results} <= {TileStatus.WRITTEN, TileStatus.EMPTY}
        assert all(result.seconds > 0 and result.worker for result in results)


def test_an_error_is_a_result(pool: Pool, steps: list[TileStep], project: Project) -> None:
    bad = TileStep(steps[0].index._replace(zoom=29, row=2**29, col=0), steps[0].kind)
    first, second = pool.submit(Batch((bad, steps[0]))).result(timeout=60)
    assert first.status is TileStatus.FAILED
    assert "outside the matrix" in (first.error or "")
    assert second.status is not TileStatus.FAILED


def test_fail_fast_leaves_the_rest_of_the_batch(pool: Pool, steps: list[TileStep]) -> None:
    bad = TileStep(steps[0].index._replace(zoom=29, row=2**29, col=0), steps[0].kind)
    results = pool.submit(Batch((bad, steps[0]), fail_fast=True)).result(timeout=60)
    assert [result.status for result in results] == [TileStatus.FAILED]


OPEN_AND_CLOSE = """
import sys
from automap_tiles.engine.pools import Concurrency, open_pool
from automap_tiles.runtime import open_process

process = open_process({config!r})
for grace in (None, 2.0):
    open_pool(process, Concurrency({kind!r}), 2).close(grace=grace)
    print("closed", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are listed by Linux's /proc")
@pytest.mark.parametrize("kind", KINDS, ids=[kind.value for kind in KINDS])
def test_no_child_is_left(project: Project, kind: Concurrency) -> None:
    """At once or with grace; in a session of its own, so that nobody else's are looked at."""
    if kind is Concurrency.DASK:
        pytest.importorskip("distributed")
    script = OPEN_AND_CLOSE.format(config=str(project.config), kind=kind.value)
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as opened:
        assert opened.stdin is not None
        assert opened.stdout is not None
        for _ in range(2):
            assert opened.stdout.readline() == "closed\n"
            deadline = time.monotonic() + 40
            while (left := _workers(opened.pid)) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert left == []
            print(file=opened.stdin, flush=True)
        opened.communicate(timeout=60)
    assert opened.returncode == 0


def test_workers_of_a_cluster_forget_the_run(process: Process, steps: list[TileStep]) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, processes=False, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        pool = open_pool(process, Concurrency.DASK, dask_scheduler=cluster.scheduler_address)
        before = set(_worker._registered)
        pool.submit(Batch(tuple(steps[:2]))).result(timeout=60)
        # the worker is a thread of this process
        (token,) = set(_worker._registered) - before
        pool.close(grace=None)
        assert not _worker.is_registered(token)


def test_two_clusters_on_one_machine(process: Process, steps: list[TileStep]) -> None:
    """Each at ports of its own: nothing to warn of, which would be an error here."""
    pytest.importorskip("distributed")
    pools = [open_pool(process, Concurrency.DASK, 1) for _ in range(2)]
    try:
        for pool in pools:
            (result,) = pool.submit(Batch((steps[0],))).result(timeout=60)
            assert result.status is not TileStatus.FAILED
    finally:
        for pool in pools:
            pool.close(grace=None)


def test_no_worker_is_refused(process: Process) -> None:
    with pytest.raises(ConfigError, match="at least one"):
        open_pool(process, Concurrency.THREADS, 0)


def _workers(session: int) -> list[int]:
    """Processes of a session without its leader and the servers that multiprocessing keeps."""
    return [
        pid
        for pid in processes_in_session(session)
        if pid != session and not _is_helper(pid, of=session)
    ]


def _is_helper(pid: int, *, of: int) -> bool:
    """A worker that the fork server made has the same command line, but not this parent."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return True
    return (b"forkserver" in command or b"resource_tracker" in command) and parent == of
