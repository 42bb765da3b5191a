"""Processes of `automap` that begin with their imports done.

Half a second of what a run on a small picture takes is imports. A process that has done them waits
here and forks: what comes out is a process of its own, with arguments, environment, folder,
streams, session and signals as `subprocess.Popen` gives them. How `automap` itself starts is tested
by all others, which start the real one.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.spare import keep, set_aside

_LONGEST = 1 << 20
_CAN = hasattr(os, "pidfd_open")
_MOST = 16
"""File descriptors that one order may bring along."""
ROOT = Path(__file__).resolve().parent.parent


class Started(subprocess.Popen[Any]):
    """A process that was forked by one with the imports of a command done."""

    def __init__(
        self,
        template: Orders,
        argv: Sequence[str],
        entry: str,
        *,
        text: bool = True,
        pool: bool = False,
        **options: Any,
    ) -> None:
        self._template = template
        self._pool = pool
        self._entry = entry
        self._report: socket.socket | None = None
        super().__init__(argv, text=text, **options)

    def _execute_child(self, args: list[str], *rest: Any) -> None:
        (_, _, _, passed, cwd, env, _, _, _, *pipes, _, _, _, _, _, new_session, _) = rest
        p2cread, _, _, c2pwrite, _, errwrite = pipes
        order = {
            "argv": args,
            "entry": self._entry,
            "folder": os.fspath(cwd or Path.cwd()),
            "environment": dict(os.environ if env is None else env),
            "new_session": bool(new_session),
            "passed": list(passed),
            "pool": self._pool,
        }
        inherited = (p2cread, c2pwrite, errwrite)
        streams = [own if own >= 0 else place for place, own in enumerate(inherited)]
        try:
            self._report = self._template.order(order, [*streams, *passed])
            self.pid = int.from_bytes(self._report.recv(8), "little")
        finally:
            self._child_created = True
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    def _status(self, flags: int) -> int | None:
        """As `os.waitpid` tells it; None: it runs."""
        assert self._report is not None
        with contextlib.suppress(BlockingIOError):
            said = self._report.recv(8, flags)
            self._report.close()
            assert said, "the process that forks is gone"
            return int.from_bytes(said, "little")
        return None

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        status = self._status(socket.MSG_DONTWAIT if wait_flags & os.WNOHANG else 0)
        return (0, 0) if status is None else (self.pid, status)

    def _internal_poll(self, _deadstate: int | None = None, **_: Any) -> int | None:
        if self.returncode is None and self._report is not None:
            status = self._status(socket.MSG_DONTWAIT)
            if status is not None:
                self._handle_exitstatus(status)  # type: ignore[attr-defined]
        return self.returncode


class Orders:
    """Where processes are ordered from one that forks."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders

    @property
    def number(self) -> int:
        """File descriptor, to be passed on to a process that orders as well."""
        return self._orders.fileno()

    def order(self, said: Mapping[str, Any], streams: Sequence[int]) -> socket.socket:
        """Have one started; where its number, and then how it ended, is told."""
        mine, theirs = socket.socketpair()
        with theirs:
            content = json.dumps(said).encode()
            assert len(content) < _LONGEST
            socket.send_fds(self._orders, [content], [*streams, theirs.fileno()])
        return mine


class Template(Orders):
    """The process that forks; it ends when nobody orders from it any more."""

    def __init__(self, modules: Sequence[str]) -> None:
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        super().__init__(mine)
        script = f"import sys; sys.path.insert(1, {str(ROOT)!r}); from tests.starts import serve; "
        script += f"main = serve({theirs.fileno()}, {list(modules)!r}); sys.exit(main and main())"
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", script], pass_fds=[theirs.fileno()], start_new_session=True
            )
        atexit.register(self.end)

    def end(self) -> None:
        """Take no more orders; who was started goes on."""
        self._orders.close()
        self._process.wait(20)


def serve(orders_fd: int, modules: Sequence[str]) -> Any:
    """Fork until nobody wants any more; in what was forked: the entry point that was asked for."""
    from automap_tiles.cli._environment import settle_environment

    settle_environment()
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    running: dict[int, tuple[int, int]] = {}
    with (
        socket.socket(fileno=orders_fd) as orders,
        selectors.DefaultSelector() as selector,
    ):
        selector.register(orders, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd in running:
                    selector.unregister(key.fd)
                    _tell(key.fd, *running.pop(key.fd))
                    continue
                content, fds, _, _ = socket.recv_fds(orders, _LONGEST, _MOST)
                if not content:
                    return None
                *streams, report = fds
                pid = os.fork()
                if pid == 0:
                    for watch, (_, other) in running.items():
                        os.close(watch)
                        os.close(other)
                    selector.close()
                    orders.close()
                    said = json.loads(content)
                    _become(said, streams[:3])
                    if said["pool"]:
                        set_aside([report, *streams[3:]])
                    os.write(report, os.getpid().to_bytes(8, "little"))
                    os.close(report)
                    keep(said["passed"], streams[3:])
                    module, _, name = said["entry"].partition(":")
                    return getattr(importlib.import_module(module), name)
                for stream in streams:
                    os.close(stream)
                watch = os.pidfd_open(pid)
                running[watch] = (pid, report)
                selector.register(watch, selectors.EVENT_READ)


def _tell(watch: int, pid: int, report: int) -> None:
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(report, status.to_bytes(8, "little"))
    os.close(report)
    os.close(watch)


def _become(said: Mapping[str, Any], streams: Sequence[int]) -> None:
    """What `subprocess.Popen` would have made of it."""
    if said["new_session"]:
        os.setsid()
    os.chdir(said["folder"])
    os.environ.clear()
    os.environ.update(said["environment"])
    time.tzset()
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [path for path in given if path and path not in sys.path]
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    if os.isatty(1):
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = said["argv"]


AUTOMAP = "automap_tiles.cli.main:main"
EXECUTE = (
    "automap_tiles.cli.commands.execute", "automap_tiles.engine.pools._processes",
    "automap_tiles.engine.run", "automap_tiles.formats.gtiff", "automap_tiles.formats.raster_file",
    "automap_tiles.missions", "automap_tiles.workflows.execute", "numpy.random", "ruamel.yaml",
)  # fmt: skip
"""What `automap execute` imports before its first tile."""
RUN = (
    *EXECUTE, "automap_processes.composite",
    "automap_tiles.cli._run", "automap_tiles.cli.commands.run", "automap_tiles.formats.scenes",
    "automap_tiles.imports.fiona", "automap_tiles.missions.landsat._scenes",
    "automap_tiles.scenes.find", "automap_tiles.workflows.automap",
    "automap_tiles.workflows.report._run_page", "fiona",
)  # fmt: skip
"""What `automap run` imports for a composite. Not more: its workers would have it all as well."""
EXPORT = (
    *EXECUTE, "automap_tiles.cli.commands.export", "automap_tiles.pictures.encode",
    "automap_tiles.pictures.render", "automap_tiles.workflows.export._archive",
    "automap_tiles.workflows.export._folder", "automap_tiles.workflows.export._mbtiles",
    "automap_tiles.workflows.export._pmtiles_file", "automap_tiles.workflows.export._run",
)  # fmt: skip
"""What `automap export` imports."""
SERVE = (
    *EXECUTE, "automap_devserver.app", "automap_devserver.serve", "automap_tiles.cli._serving",
    "automap_tiles.cli.commands.serve",
)  # fmt: skip
"""What `automap serve` imports until it listens."""
SERVICE = (
    "alembic.context", "automap_service.operations.kubernetes", "automap_service.run",
    "automap_service.service", "automap_service.settings", "automap_tiles.cli.commands.service",
    "automap_tiles.jobs.results", "flask", "logging.config", "sqlalchemy.dialects.sqlite",
)  # fmt: skip
"""What commands of `automap service` import."""
DASK = (
    "automap_tiles.engine._worker", "automap_tiles.engine.pools._dask",
    "automap_tiles.formats.gtiff", "automap_tiles.formats.raster_file",
    "distributed.cli.dask_scheduler", "distributed.cli.dask_worker", "numpy.random", "ruamel.yaml",
)  # fmt: skip
"""What schedulers and workers of a cluster import."""
RUNNER = ("tests.jobs.runner_process", "automap_tiles.jobs.results", "sqlalchemy.dialects.sqlite")
"""What a runner of its own imports."""
UPLOAD = (
    "automap_service.uploads.child", "automap_service.uploads.points",
    "automap_tiles.scenes.catalogue", "automap_tiles.vector",
    "automap_tiles.workflows.automap.parameters", "automap_tiles.workflows.samples.table", "fiona",
    "shapely.geometry",
)  # fmt: skip
"""What the child imports that reads an upload."""


CHILD = (
    "automap_tiles.jobs.child", "automap_tiles.jobs.picture",
    "automap_tiles.layers.default_style", "automap_tiles.layers.open", "automap_tiles.layers.web",
    "automap_tiles.pictures.encode", "automap_tiles.pictures.render",
    "automap_tiles.pictures.style", "automap_tiles.workflows.automap._composite", *UPLOAD,
    *(module for module in RUN if not module.startswith("automap_tiles.cli")),
)  # fmt: skip
"""What children of the service and of its runners import, but for a classification."""


_given: dict[tuple[str, ...], Orders] = {}


def template(modules: tuple[str, ...]) -> Orders:
    """The one of this process for these modules."""
    return _given.get(modules) or _template(modules, os.getpid())


def take(modules: tuple[str, ...], number: int) -> None:
    """Order from that of another process, whose file descriptor has been passed on."""
    _given[modules] = Orders(socket.socket(fileno=number))


@cache
def _template(modules: tuple[str, ...], process: int) -> Template:
    return Template(modules)


def fresh(argv: Sequence[str], **options: Any) -> subprocess.Popen[str]:
    """`automap` with these words after its name, begun as people begin it; text."""
    return subprocess.Popen([sys.executable, "-m", "automap_tiles", *argv], text=True, **options)


def start(
    argv: Sequence[str],
    modules: tuple[str, ...],
    *,
    entry: str = AUTOMAP,
    text: bool = True,
    pool: bool = False,
    **options: Any,
) -> subprocess.Popen[Any]:
    """The same with its imports done; it takes what `Popen` takes besides.

    `entry`: another function that is called, as `module:name`. `pool`: the server of its worker
    processes begins with the imports done as well (`tests.spare`).
    """
    if _CAN:
        argv = ["automap", *argv]
        return Started(template(modules), argv, entry, text=text, pool=pool, **options)
    if entry == AUTOMAP:
        return fresh(argv, **options)
    module, _, name = entry.partition(":")
    call = f"import sys; from {module} import {name}; sys.exit({name}())"
    return subprocess.Popen([sys.executable, "-c", call, *argv], text=text, **options)


def run(
    argv: Sequence[str],
    modules: tuple[str, ...],
    *,
    said: str | None = None,
    timeout: float = 120,
    entry: str = AUTOMAP,
    pool: bool = False,
    **options: Any,
) -> subprocess.CompletedProcess[str]:
    """`automap`, or another `entry`, with these words to its end; `said` on its standard input."""
    pipe = subprocess.PIPE
    places = {"stdin": None if said is None else pipe, "stdout": pipe, "stderr": pipe}
    with start(argv, modules, entry=entry, pool=pool, **{**places, **options}) as process:
        try:
            out, err = process.communicate(said, timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(argv, process.returncode, out, err)
