"""A pool for tasks other than tiles, such as scenes, on the same kinds of workers as a run.

What travels is a function of a module, and what it is called with; what comes back is its result.
A worker that dies takes its thing with it, and not the run.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from automap_tiles.engine._lost_tiles import died
from automap_tiles.engine.pools._serial import SerialExecutor
from automap_tiles.engine.pools.choice import check_choice, usable_processors
from automap_tiles.engine.pools.group import LokyGroup, WorkerDied, WorkerGroup
from automap_tiles.engine.pools.protocol import Concurrency
from automap_tiles.notes import Note, tell
from automap_tiles.stopping import carried, raise_if_stopped

Thing = TypeVar("Thing")
Result = TypeVar("Result")

_ASK_SECONDS = 0.2
"""How often it is asked whether to stop."""
_GRACE_SECONDS = 2.0
"""For workers that can be ended, when the work is broken off."""
AHEAD = 2
"""Things for each worker that are under way: one is worked on, the next one waits for it."""


@dataclass(frozen=True)
class LostTask:
    """The worker died while it processed only this task."""

    reason: str


class TaskPool(Protocol):
    """A pool of workers that run any task."""

    shares_disk: bool
    """Whether what lies on this machine can be read by the workers."""
    lost_worker: tuple[type[BaseException], ...]
    """What a future raises when its worker died."""

    @property
    def workers(self) -> int:
        """How many there are at the moment, one at least."""
        ...

    def submit(self, work: Callable[..., Any], *given: Any) -> Future[Any]: ...

    def news(self) -> Sequence[Note]:
        """What has happened to the workers since it was asked last, and is no error."""
        ...

    def restart(self) -> int | None:
        """Bring the workers back after one died; its exit code, where that is known."""
        ...

    def close(self, *, orderly: bool) -> None:
        """End the workers: when nothing is in flight, or soon."""
        ...


@contextlib.contextmanager
def open_task_pool(
    concurrency: Concurrency = Concurrency.THREADS,
    workers: int | None = None,
    dask_scheduler: str | None = None,
) -> Iterator[TaskPool]:
    """Open a pool for the duration of the block; raises `ConfigError`, `MissingExtra`."""
    check_choice(concurrency, workers, dask_scheduler)
    task_pool = _open(concurrency, workers, dask_scheduler)
    orderly = False
    try:
        yield task_pool
        orderly = True
    finally:
        task_pool.close(orderly=orderly)


def each(
    task_pool: TaskPool, work: Callable[[Thing], Result], things: Iterator[Thing]
) -> Generator[tuple[Thing, Result | LostTask]]:
    """Run a function on each item; yields results in the order of completion.

    Things are taken as workers come free. Those that were under way when a worker died are tried
    again, one after the other. Raises `Stopped`, and what `work` raises.
    """
    round_ = _Round(task_pool, work)
    is_over = False
    while True:
        while not is_over and round_.takes_more:
            thing = next(things, None)
            is_over = thing is None
            if thing is not None:
                round_.submit(thing)
                yield from round_.take(0)
        round_.try_suspect()
        if not round_.flying:
            if is_over and not round_.suspects:
                return
            continue
        yield from round_.take(_ASK_SECONDS)
        raise_if_stopped()


class _Round(Generic[Thing, Result]):
    """Tasks in flight."""

    def __init__(self, task_pool: TaskPool, work: Callable[[Thing], Result]) -> None:
        self.flying: dict[Future[Result], Thing] = {}
        self.suspects: deque[Thing] = deque()
        """Were under way when a worker died; tried again one after the other."""
        self._on_trial: Thing | None = None
        """The last suspect that was sent out alone."""
        self._crew, self._work = task_pool, work

    @property
    def takes_more(self) -> bool:
        return not self.suspects and len(self.flying) < self._crew.workers * AHEAD

    def try_suspect(self) -> None:
        """Submit one suspect alone, if there is any and nothing else is in flight."""
        if self.suspects and not self.flying:
            self._on_trial = self.suspects.popleft()
            self.submit(self._on_trial)

    def submit(self, thing: Thing) -> None:
        try:
            self.flying[self._crew.submit(self._work, thing)] = thing
        except self._crew.lost_worker:  # between two calls: those in flight tell
            self.suspects.append(thing)
            if not self.flying:
                self._crew.restart()

    def take(self, seconds: float) -> Iterator[tuple[Thing, Result | LostTask]]:
        """What is done, waited for so long at most."""
        alone = len(self.flying) == 1
        tell(*self._crew.news())
        lost: list[Thing] = []
        for future in wait(self.flying, seconds, FIRST_COMPLETED).done:
            thing = self.flying.pop(future)
            if _is_lost(self._crew, future):
                lost.append(thing)
            else:
                yield thing, future.result()
        if not lost:
            return
        code = self._crew.restart()
        if alone and lost[0] is self._on_trial:
            reason = f"the worker process {died(code)} while it worked on this alone"
            yield lost[0], LostTask(reason)
            return
        # a group of processes breaks as a whole: what else was in flight has gone, or just come
        gone = [future for future in self.flying if _is_lost(self._crew, future)]
        self.suspects.extend([*lost, *map(self.flying.pop, gone)])


def _is_lost(task_pool: TaskPool, future: Future[Any]) -> bool:
    if not future.done():
        return False
    return future.cancelled() or isinstance(future.exception(), task_pool.lost_worker)


def _open(concurrency: Concurrency, workers: int | None, scheduler: str | None) -> TaskPool:
    count = workers if workers is not None else usable_processors()
    match concurrency:
        case Concurrency.NONE:
            return _Here(SerialExecutor(), 1)
        case Concurrency.THREADS:
            return _Here(ThreadPoolExecutor(count, thread_name_prefix="task_pool"), count)
        case Concurrency.PROCESSES:
            return _Processes(WorkerGroup, count)
        case Concurrency.LOKY:
            return _Processes(LokyGroup, count)
    from automap_tiles.engine.pools._dask import DaskTaskPool

    return DaskTaskPool(workers=workers, scheduler=scheduler)


class _Here:
    """In this process."""

    shares_disk = True
    lost_worker: tuple[type[BaseException], ...] = ()

    def __init__(self, executor: Executor, workers: int) -> None:
        self.workers = workers
        self._executor = executor

    def submit(self, work: Callable[..., Any], *given: Any) -> Future[Any]:
        return self._executor.submit(carried(work), *given)

    def restart(self) -> int | None:
        raise NotImplementedError("a thread does not die alone")

    def news(self) -> Sequence[Note]:
        return ()

    def close(self, *, orderly: bool) -> None:  # noqa: ARG002 - threads cannot be ended
        self._executor.shutdown(wait=True, cancel_futures=True)


class _Processes:
    """In processes of this machine."""

    shares_disk = True
    lost_worker: tuple[type[BaseException], ...] = (WorkerDied,)

    def __init__(self, kind: type[WorkerGroup], workers: int) -> None:
        self.workers = workers
        self._kind = kind
        self._group = kind(workers, _nothing)

    def submit(self, work: Callable[..., Any], *given: Any) -> Future[Any]:
        return self._group.submit(work, *given)

    def restart(self) -> int | None:
        code = self._group.end(_GRACE_SECONDS)
        self._group = self._kind(self.workers, _nothing)
        return code

    def news(self) -> Sequence[Note]:
        return ()

    def close(self, *, orderly: bool) -> None:
        self._group.end(None if orderly else _GRACE_SECONDS)


def _nothing() -> None:
    """Workers need no initialisation."""
