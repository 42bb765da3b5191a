"""Things that are not tiles, by every kind of worker: all are done once, a death costs its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.pools.task_pool import AHEAD, LostTask, TaskPool, each, open_task_pool
from automap_tiles.stopping import Stopped, stopping
from tests.engine.things import complaining, deadly, killed_once, said, slow, squared

KINDS = list(Concurrency)
OF_PROCESSES = [Concurrency.PROCESSES, Concurrency.LOKY, Concurrency.DASK]


def need(kind: Concurrency) -> None:
    for name in {Concurrency.LOKY: ("loky",), Concurrency.DASK: ("distributed",)}.get(kind, ()):
        pytest.importorskip(name)


@pytest.fixture(scope="module", params=KINDS)
def task_pool(request: pytest.FixtureRequest) -> Iterator[TaskPool]:
    """For things that cost nobody a worker."""
    kind = request.param
    need(kind)
    with open_task_pool(kind, None if kind is Concurrency.NONE else 2) as task_pool:
        yield task_pool


def test_each_thing_once(task_pool: TaskPool) -> None:
    found = dict(each(task_pool, squared, iter(range(1, 20))))
    assert found == {number: number * number for number in range(1, 20)}


@pytest.mark.parametrize("kind", OF_PROCESSES)
def test_workers_have_the_environment_of_now(
    kind: Concurrency, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys that a notebook sets between two runs; not those of when workers were first begun."""
    need(kind)
    name = "AUTOMAP_TEST_KEY"
    found = []
    for value in ("first", None, "second"):
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
        with open_task_pool(kind, 1) as task_pool:
            found += [result for _, result in each(task_pool, said, iter([name]))]
    assert found == ["first", None, "second"]


@pytest.mark.parametrize("kind", OF_PROCESSES)
def test_one_that_ends_its_worker(kind: Concurrency) -> None:
    need(kind)
    with open_task_pool(kind, 2) as task_pool:
        found = dict(each(task_pool, deadly, iter(range(1, 12))))
    assert found.keys() == set(range(1, 12))
    lost = found.pop(5)
    assert isinstance(lost, LostTask)
    assert "worker process died" in lost.reason
    assert found == {number: number * number for number in found}


@pytest.mark.parametrize("kind", [Concurrency.PROCESSES, Concurrency.LOKY])
def test_a_worker_that_is_killed_costs_nothing(kind: Concurrency, tmp_path: Path) -> None:
    need(kind)
    things = [(number, str(tmp_path)) for number in range(1, 12)]
    with open_task_pool(kind, 2) as task_pool:
        found = dict(each(task_pool, killed_once, iter(things)))
    assert sorted(result for result in found.values() if isinstance(result, int)) == list(
        range(1, 12)
    )
    assert (tmp_path / "killed").exists()


def test_errors_come_through(task_pool: TaskPool) -> None:
    with pytest.raises(ValueError, match="3"):
        list(each(task_pool, complaining, iter([3])))


def test_things_are_taken_as_workers_come_free(task_pool: TaskPool) -> None:
    taken: list[int] = []

    def things() -> Iterator[int]:
        for number in range(1, 40):
            taken.append(number)
            yield number

    for done, _ in enumerate(each(task_pool, squared, things())):
        assert len(taken) <= done + 1 + task_pool.workers * AHEAD


class _Soon:
    """A token that is set after a moment."""

    def __init__(self) -> None:
        self._until = time.monotonic() + 2

    def is_set(self) -> bool:
        return time.monotonic() > self._until


@pytest.mark.parametrize("kind", OF_PROCESSES)
def test_stopped_within_seconds(kind: Concurrency) -> None:
    need(kind)
    started = time.monotonic()
    with pytest.raises(Stopped), stopping(_Soon()), open_task_pool(kind, 2) as task_pool:
        list(each(task_pool, slow, iter([1, 2, 3, 4])))
    assert time.monotonic() - started < 40


INHERITED = """
import sys, threading

threading.Thread(target=threading.Event().wait, daemon=True).start()  # so that none is forked
import automap_processes.classify, scipy.ndimage
import pydantic._internal._model_construction, {own}
from automap_tiles.engine.pools.group import WorkerGroup

group = WorkerGroup(1, int)
known = set(group.submit(eval, "sorted(__import__('sys').modules)").result())
group.end()
here = [name for name in sys.modules if name.startswith(("automap", "pydantic.", "scipy."))]
print(sorted(set(here) - known), {own!r} in known)
"""


def test_workers_begin_with_what_is_imported_here(tmp_path: Path) -> None:
    """Of what is the same everywhere; a module of the user's is looked for by each of them."""
    (tmp_path / "of_a_user.py").touch()
    said = subprocess.run(
        [sys.executable, "-c", INHERITED.format(own="of_a_user")],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert said == "[] False\n"
