"""How worker processes are started and initialised."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing import context, process
from pathlib import Path
from types import ModuleType
from typing import Any

from automap_tiles.engine import _worker

_ASK_SECONDS = 0.5
"""Interval at which a worker checks its parent (seconds)."""

_SHARED = re.compile(
    r"automap_processes\b|automap_tiles\.(?!cli\b|jobs\b|demo\b)"
    r"|(?:numba|numpy|pydantic|scipy|xgboost)\b"  # which ours import inside of functions
)
"""Modules that workers may need and that are the same ones wherever they are imported."""


def worker_context() -> context.BaseContext:
    """The cheapest safe start method on this system.

    A fork costs milliseconds and inherits what is imported, but is only safe while the parent has
    a single thread; otherwise a server process with one thread does the forking.
    """
    methods = multiprocessing.get_all_start_methods()
    if "fork" in methods and sys.platform == "linux" and _native_threads() == 1:
        return multiprocessing.get_context("fork")
    if "forkserver" in methods:
        server = _ForkServerContext()
        server.set_forkserver_preload(_inherited())
        return server
    return _SpawnContext()


def begin_server(*more: str) -> bool:
    """Begin the process that forks workers, with these modules besides; False: there is none here.

    For workers that others start by it. One that has begun already goes on as it is.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return False
    from multiprocessing.forkserver import ensure_running

    _ForkServerContext().set_forkserver_preload([*_inherited(), *more])
    ensure_running()
    return True


def _inherited() -> list[str]:
    """What the server imports for all its workers: of the modules here, those they may need.

    Otherwise each of them would import what the process on tiles needs, XGBoost for instance: more
    than a second each, and memory that is not shared. A user's own modules are not among them:
    workers look for those where the run says.
    """
    return [_worker.__name__, *(name for name in list(sys.modules) if _SHARED.match(name))]


def _native_threads() -> int:
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()


def follow_parent(pid: int) -> None:
    """Initialise a worker: leave Ctrl-C to the parent, and exit when the parent is gone.

    `pid` is the parent's.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, args=(pid,), daemon=True).start()


def _end_with_parent(pid: int) -> None:
    """Exit when the run is gone, even if it was killed.

    The parent holds the other end of a pipe that was made before this process, so a parent that
    died before this line is noticed as well. Processes that Python's own module has not started
    (loky's) have no such pipe: they become another one's children then.
    """
    parent = multiprocessing.parent_process()
    if parent is not None and parent.sentinel is not None:
        parent.join()
    else:
        while os.getppid() == pid:
            time.sleep(_ASK_SECONDS)
    os._exit(1)


@contextlib.contextmanager
def _main_unseen() -> Iterator[None]:
    """Hide the main module while a process is started.

    Python would run the user's script again in each worker, the call that started this run
    included, unless it stands under `if __name__ == "__main__"`. What workers need travels as
    references and never lives in that module.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


class _SpawnWorker(context.SpawnProcess):
    @staticmethod
    def _Popen(process_obj: process.BaseProcess) -> Any:  # noqa: N802 (name of Python's own)
        with _main_unseen():
            return context.SpawnProcess._Popen(process_obj)


class _SpawnContext(context.SpawnContext):
    Process = _SpawnWorker


if sys.platform != "win32":

    class _ForkServerWorker(context.ForkServerProcess):
        @staticmethod
        def _Popen(process_obj: process.BaseProcess) -> Any:  # noqa: N802 (name of Python's own)
            with _main_unseen():
                return context.ForkServerProcess._Popen(process_obj)

    class _ForkServerContext(context.ForkServerContext):
        Process = _ForkServerWorker
