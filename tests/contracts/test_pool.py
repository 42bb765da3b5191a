"""What every pool of workers promises."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from automap_tiles.engine import worker
from automap_tiles.engine.batching import Batch
from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.plan import NothingKnown, Plan, Step
from automap_tiles.engine.pools import Concurrency, Pool, open_pool
from automap_tiles.errors import ConfigError
from automap_tiles.runtime import Process, open_process
from tests.engine.projects import Project, make_project, processes_in_session

pytestmark = pytest.mark.serial

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
def steps(process: Process) -> list[Step]:
    return list(Plan(process, NothingKnown()).steps())


@pytest.fixture(params=KINDS, ids=[kind.value for kind in KINDS])
def pool(request: pytest.FixtureRequest, process: Process) -> Iterator[Pool]:
    if request.param is Concurrency.DASK:
        pytest.importorskip("distributed")
    pool = open_pool(process, request.param, 2)
    yield pool
    pool.close(grace=None)


def test_results_come_in_the_order_of_the_batch(pool: Pool, steps: list[Step]) -> None:
    batches = [Batch(tuple(steps[start : start + 3])) for start in range(0, 9, 3)]
    futures = [pool.submit(batch) for batch in batches]
    for batch, future in zip(batches, futures, strict=True):
        results = future.result(timeout=60)
        assert [result.index for result in results] == [step.index for step in batch.steps]
        assert {result.status for result in results} <= {TileStatus.WRITTEN, TileStatus.EMPTY}
        assert all(result.seconds > 0 and result.worker for result in results)


def test_an_error_is_a_result(pool: Pool, steps: list[Step], project: Project) -> None:
    bad = Step(steps[0].index._replace(zoom=29, row=2**29, col=0), steps[0].kind)
    first, second = pool.submit(Batch((bad, steps[0]))).result(timeout=60)
    assert first.status is TileStatus.FAILED
    assert "outside the matrix" in (first.error or "")
    assert second.status is not TileStatus.FAILED


def test_fail_fast_leaves_the_rest_of_the_batch(pool: Pool, steps: list[Step]) -> None:
    bad = Step(steps[0].index._replace(zoom=29, row=2**29, col=0), steps[0].kind)
    results = pool.submit(Batch((bad, steps[0]), fail_fast=True)).result(timeout=60)
    assert [result.status for result in results] == [TileStatus.FAILED]


@pytest.mark.parametrize("kind", KINDS, ids=[kind.value for kind in KINDS])
@pytest.mark.parametrize("grace", [None, 2.0])
def test_no_child_is_left(process: Process, kind: Concurrency, grace: float | None) -> None:
    if kind is Concurrency.DASK:
        pytest.importorskip("distributed")
    before = set(_children())
    open_pool(process, kind, 2).close(grace=grace)
    deadline = time.monotonic() + 40
    while not all(map(_is_helper, set(_children()) - before)) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = set(_children()) - before
    assert [pid for pid in left if not _is_helper(pid)] == []


def test_workers_of_a_cluster_forget_the_run(process: Process, steps: list[Step]) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, processes=False, dashboard_address=None, silence_logs=50
    ) as cluster:
        pool = open_pool(process, Concurrency.DASK, dask_scheduler=cluster.scheduler_address)
        before = set(worker._registered)
        pool.submit(Batch(tuple(steps[:2]))).result(timeout=60)
        # the worker is a thread of this process
        (token,) = set(worker._registered) - before
        pool.close(grace=None)
        assert not worker.is_registered(token)


def test_no_worker_is_refused(process: Process) -> None:
    with pytest.raises(ConfigError, match="at least one"):
        open_pool(process, Concurrency.THREADS, 0)


def _children() -> list[int]:
    return processes_in_session(os.getsid(0))


def _is_helper(pid: int) -> bool:
    """Not a worker: another program of this session, or a server that multiprocessing keeps.

    A worker that the fork server made has the same command line, but not this parent.
    """
    try:
        if Path(f"/proc/{pid}/exe").resolve() != Path(sys.executable).resolve():
            return True
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return True
    server = b"forkserver" in command or b"resource_tracker" in command
    return server and parent == os.getpid()
