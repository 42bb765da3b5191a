"""A group of local worker processes that start and end together.

Whoever has work done by other processes (a run, tiles that somebody looks at, an export) has it
done by one of these; what differs is what the workers know and who waits for them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, TypeVar

from automap_tiles.engine.pools._context import follow_parent, worker_context
from automap_tiles.errors import MissingExtra

P = ParamSpec("P")
T = TypeVar("T")

WorkerDied = BrokenProcessPool
"""Error of a future whose worker has died; the rest of its group is then terminated too."""


class WorkerGroup:
    """The processes of one executor; started with the first job."""

    def __init__(
        self, count: int, begin: Callable[..., None], *args: object, **more: object
    ) -> None:
        """`begin` is called with the arguments in each worker first."""
        self._executor = self._open(count, (_Parent.now(), begin, args, more))
        self._children: list[BaseProcess] = []

    def _open(self, count: int, begin: tuple[Any, ...]) -> Executor:
        """Processes that call `_begin` with these arguments."""
        return ProcessPoolExecutor(
            count, mp_context=worker_context(), initializer=_begin, initargs=begin
        )

    def _shut(self) -> None:
        """Wait for jobs in flight and cancel queued ones."""
        self._executor.shutdown(cancel_futures=True)

    def submit(self, work: Callable[P, T], *args: P.args, **more: P.kwargs) -> Future[T]:
        """Submit a job; raises `WorkerDied` when the group is broken."""
        future = self._executor.submit(work, *args, **more)
        self._look()
        return future

    def kill(self) -> None:
        """Kill the processes; waiting callers are notified."""
        self._look()
        for child in self._children:
            _kill(child)

    def end(self, grace: float | None = None) -> int | None:
        """Release the processes after jobs in flight are done; queued jobs are cancelled.

        After `grace` seconds they are killed. Returns the exit code of the one that died and broke
        the group; None if unknown. No process is left behind.
        """
        self._look()  # an executor that is shut down forgets them
        # Its own thread reads how processes ended; one who asks beside it may hear nothing.
        ending = threading.Thread(target=self._shut, daemon=True)
        ending.start()
        ending.join(grace)
        is_killed = ending.is_alive()
        if is_killed:
            self.kill()
            ending.join()
        self._end_the_rest()
        return None if is_killed else _exit_code(self._children)

    def _end_the_rest(self) -> None:
        """Of an executor that failed while it began: it forgets the processes that it had begun."""
        for child in self._children:
            if child.is_alive():
                _kill(child)
                child.join()

    def _look(self) -> None:
        """Processes may begin with each piece of work."""
        children = getattr(self._executor, "_processes", None)
        if children:
            self._children = list(children.values())


class LokyGroup(WorkerGroup):
    """Processes of loky: each is a fresh interpreter, which imports what it needs.

    They know what is defined in the user's own script, which travels by value.
    """

    def _open(self, count: int, begin: tuple[Any, ...]) -> Executor:
        """Raises `MissingExtra`."""
        try:
            from loky import ProcessPoolExecutor as LokyExecutor
        except ImportError as error:
            raise MissingExtra("loky", "loky") from error
        self._submitted: set[Future[Any]] = set()
        executor: Executor = LokyExecutor(count, initializer=_begin, initargs=begin)
        return executor

    def submit(self, work: Callable[P, T], *args: P.args, **more: P.kwargs) -> Future[T]:
        future = super().submit(work, *args, **more)
        self._submitted.add(future)
        future.add_done_callback(self._submitted.discard)
        return future

    def _shut(self) -> None:
        """Its executor cancels nothing by itself."""
        for future in list(self._submitted):
            future.cancel()
        self._executor.shutdown()


@dataclass(frozen=True, kw_only=True)
class _Parent:
    """What a worker takes from the process whose worker it is."""

    pid: int
    environment: Mapping[str, str]
    """As it is now: a server that forks workers has that of the time when it was started."""

    @classmethod
    def now(cls) -> _Parent:
        return cls(pid=os.getpid(), environment=dict(os.environ))


def _begin(
    parent: _Parent, begin: Callable[..., None], args: tuple[object, ...], more: dict[str, object]
) -> None:
    """First thing in a worker."""
    follow_parent(parent.pid)
    _take_environment(parent.environment)
    begin(*args, **more)


def _take_environment(wanted: Mapping[str, str]) -> None:
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _kill(child: BaseProcess) -> None:
    """Of loky's processes as well, which have no `kill` of their own."""
    if child.pid is not None and child.is_alive():
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)


def _exit_code(children: list[BaseProcess]) -> int | None:
    """Of the process that took the others with it: those are asked to end by a signal."""
    codes = [child.exitcode for child in children]
    if len(codes) == 1:
        return codes[0]
    return next((code for code in codes if code not in (None, -signal.SIGTERM)), None)
