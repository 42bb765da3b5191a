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
from automap_tiles.engine.pools.crew import AHEAD, Crew, Lost, crew_of, each
from automap_tiles.stopping import Stopped, stopping
from tests.engine.things import complaining, deadly, killed_once, said, slow, squared

KINDS = list(Concurrency)
OF_PROCESSES = [Concurrency.PROCESSES, Concurrency.LOKY, Concurrency.DASK]


def need(kind: Concurrency) -> None:
    for name in {Concurrency.LOKY: ("loky",), Concurrency.DASK: ("distributed",)}.get(kind, ()):
        pytest.importorskip(name)


@pytest.fixture(scope="module", params=KINDS)
def crew(request: pytest.FixtureRequest) -> Iterator[Crew]:
    """For things that cost nobody a worker."""
    kind = request.param
    need(kind)
    with crew_of(kind, None if kind is Concurrency.NONE else 2) as crew:
        yield crew


def test_each_thing_once(crew: Crew) -> None:
    found = dict(each(crew, squared, iter(range(1, 20))))
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
        with crew_of(kind, 1) as crew:
            found += [result for _, result in each(crew, said, iter([name]))]
    assert found == ["first", None, "second"]


@pytest.mark.parametrize("kind", OF_PROCESSES)
def test_one_that_ends_its_worker(kind: Concurrency) -> None:
    need(kind)
    with crew_of(kind, 2) as crew:
        found = dict(each(crew, deadly, iter(range(1, 12))))
    assert found.keys() == set(range(1, 12))
    lost = found.pop(5)
    assert isinstance(lost, Lost)
    assert "worker process died" in lost.reason
    assert found == {number: number * number for number in found}


@pytest.mark.parametrize("kind", [Concurrency.PROCESSES, Concurrency.LOKY])
def test_a_worker_that_is_killed_costs_nothing(kind: Concurrency, tmp_path: Path) -> None:
    need(kind)
    things = [(number, str(tmp_path)) for number in range(1, 12)]
    with crew_of(kind, 2) as crew:
        found = dict(each(crew, killed_once, iter(things)))
    assert sorted(result for result in found.values() if isinstance(result, int)) == list(
        range(1, 12)
    )
    assert (tmp_path / "killed").exists()


def test_errors_come_through(crew: Crew) -> None:
    with pytest.raises(ValueError, match="3"):
        list(each(crew, complaining, iter([3])))


def test_things_are_taken_as_workers_come_free(crew: Crew) -> None:
    taken: list[int] = []

    def things() -> Iterator[int]:
        for number in range(1, 40):
            taken.append(number)
            yield number

    for done, _ in enumerate(each(crew, squared, things())):
        assert len(taken) <= done + 1 + crew.workers * AHEAD


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
    with pytest.raises(Stopped), stopping(_Soon()), crew_of(kind, 2) as crew:
        list(each(crew, slow, iter([1, 2, 3, 4])))
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
