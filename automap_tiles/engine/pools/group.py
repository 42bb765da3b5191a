"""Worker processes on this machine, which begin and end together.

Whoever has work done by other processes (a run, tiles that somebody looks at, an export) has it
done by one of these; what differs is what the workers know and who waits for them.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from typing import ParamSpec, TypeVar

from automap_tiles.engine.pools._context import follow_parent, worker_context

P = ParamSpec("P")
T = TypeVar("T")

WorkerDied = BrokenProcessPool
"""What a future raises whose worker has died; the others of its group are ended then, too."""


class WorkerGroup:
    """The processes of one executor; begun with the first piece of work."""

    def __init__(self, count: int, begin: Callable[P, None], *args: P.args, **more: P.kwargs):
        """`begin` is called with the arguments in each worker before anything else."""
        self._executor = ProcessPoolExecutor(
            count,
            mp_context=worker_context(),
            initializer=_begin,
            initargs=(begin, args, more),
        )
        self._children: list[BaseProcess] = []

    def submit(self, work: Callable[P, T], *args: P.args, **more: P.kwargs) -> Future[T]:
        """Have something done; raises `WorkerDied` when the group has broken."""
        future = self._executor.submit(work, *args, **more)
        self._look()
        return future

    def kill(self) -> None:
        """End the processes whatever they do; who waits for them hears of it."""
        self._look()
        for child in self._children:
            child.kill()

    def end(self, grace: float | None = None) -> int | None:
        """Let go of the processes, when what is in flight is done; what waits is cancelled.

        After `grace` seconds they are killed. Gives the exit code of the one that died and took the
        others with it; None where it is not known. No process is left behind.
        """
        self._look()  # an executor that is shut down forgets them
        # Its own thread reads how processes ended; one who asks beside it may hear nothing.
        ending = threading.Thread(
            target=self._executor.shutdown, kwargs={"cancel_futures": True}, daemon=True
        )
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
                child.kill()
                child.join()

    def _look(self) -> None:
        """Processes may begin with each piece of work."""
        children = getattr(self._executor, "_processes", None)
        if children:
            self._children = list(children.values())


def _begin(begin: Callable[..., None], args: tuple[object, ...], more: dict[str, object]) -> None:
    """First thing in a worker."""
    follow_parent()
    begin(*args, **more)


def _exit_code(children: list[BaseProcess]) -> int | None:
    """Of the process that took the others with it: those are asked to end by a signal."""
    codes = [child.exitcode for child in children]
    if len(codes) == 1:
        return codes[0]
    return next((code for code in codes if code not in (None, -signal.SIGTERM)), None)
