"""Running the service: the web server, a runner, or both in one process."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from waitress.server import create_server

from automap_service.database import check_state, migrate
from automap_service.hosts import address_of
from automap_service.launching.launch import hidden_paths
from automap_service.operations import kubernetes, logs
from automap_service.retention import keep
from automap_service.service import Service, open_service
from automap_service.settings import Settings
from automap_service.uploads.files import remove_parts
from automap_service.web.app import create_app
from automap_tiles.errors import OutputError
from automap_tiles.jobs.runner import Pace, Runner
from automap_tiles.jobs.supervisor import RunnerEnvironment
from automap_tiles.malloc_arenas import limit_malloc_arenas

_IDLE = 60
"""Seconds until a connection that asks for nothing is closed."""
_CONNECTIONS = 500

Tell = Callable[[str], None]


def run(settings: Settings, tell: Tell, prepare: Callable[[Service], None] | None = None) -> None:
    """Everything, until it is interrupted; tables are made, and brought to the newest state.

    `prepare` is called before the first user would be made.
    """
    logs.start(settings)
    listening = listen(settings)
    settings = with_port(settings, listening)
    service = open_service(settings)
    migrate(service.database)
    remove_parts(settings.root / "uploads")
    if prepare is not None:
        prepare(service)
    first = service.users.add_first()
    with _runner(service):
        tell(f"AutoMap at {address_of(settings)}/")
        if first is not None:
            tell(f"First user: {first[0]}, one-time password: {first[1]}")
        _serve(service, listening)


def serve_web(settings: Settings, tell: Tell) -> None:
    """The web server alone, until it is interrupted."""
    logs.start(settings)
    listening = listen(settings)
    settings = with_port(settings, listening)
    service = open_service(settings)
    check_state(service.database)
    tell(f"AutoMap at {address_of(settings)}/")
    _serve(service, listening)


def serve_runner(
    settings: Settings, tell: Tell, jobs: int | None = None, idle: float | None = None
) -> None:
    """A runner alone, until it is interrupted, has had `jobs`, or nothing to do for `idle`."""
    logs.start(settings)
    service = open_service(settings)
    check_state(service.database)
    with _runner(service, jobs, idle) as runner:
        tell(f"runner {runner.name}")
        runner.over.wait()


def serve_kubernetes(settings: Settings, manifest: Path, most: int, tell: Tell) -> None:
    """Make Jobs of Kubernetes, each a runner of one job, until it is interrupted."""
    logs.start(settings)
    template = kubernetes.manifest(manifest)
    service = open_service(settings)
    check_state(service.database)
    executor = kubernetes.Executor(
        service=service, cluster=kubernetes.Cluster.of_pod(), template=template, most=most
    )
    tell(f"runners in {executor.cluster.namespace}, {most} at most")
    stop = threading.Event()
    kubernetes.follow(executor, stop, stop.wait)


def runner_of(service: Service, jobs: int | None = None, idle: float | None = None) -> Runner:
    """A runner as the configuration wants it."""
    settings = service.settings
    workspaces = settings.root / "workspaces"
    workspaces.mkdir(parents=True, exist_ok=True, mode=0o700)
    limit = settings.runner.memory_gb
    place = RunnerEnvironment(
        results=service.results,
        workspaces=workspaces,
        workers=settings.workers,
        memory=int(limit * (1 << 30)) or None,
        environment=settings.runner.environment,
        seconds=settings.runner.hours * 3600,
        free=int(settings.runner.free_gb * (1 << 30)),
        hidden=hidden_paths(settings, workspaces),
        limit=service.budgets.reached,
    )
    pace = Pace(slots=settings.runner.slots, jobs=jobs, idle=idle)
    return Runner(service.queue, place, pace, besides=lambda stop: keep(service, stop))


@contextmanager
def _runner(
    service: Service, jobs: int | None = None, idle: float | None = None
) -> Iterator[Runner]:
    """A runner at work in a thread; at the end of the block it gives its jobs back."""
    runner = runner_of(service, jobs, idle)
    thread = threading.Thread(target=runner.run, name="runner")
    thread.start()
    try:
        yield runner
    finally:
        runner.leave()
        thread.join()


def _serve(service: Service, listening: socket.socket) -> None:
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # "task queue depth is 1"
    limit_malloc_arenas(1)  # the threads take turns anyway; 15 MB less under load
    settings = service.settings
    server = create_server(
        create_app(service),
        sockets=[listening],
        threads=settings.web.threads,
        channel_timeout=_IDLE,
        connection_limit=_CONNECTIONS,
        max_request_body_size=_most(settings),
        ident=None,
        clear_untrusted_proxy_headers=not settings.web.behind_proxy,
    )
    try:
        server.run()
    finally:
        server.close()


def listen(settings: Settings) -> socket.socket:
    """A socket at the address; raises `OutputError`."""
    host, port = settings.web.host, settings.web.port
    try:
        ((family, kind, proto, _, address), *_) = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listening = socket.socket(family, kind, proto)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_CONNECTIONS)  # who comes too early waits
    except OSError as error:
        remedy = "; choose another port with --port" if error.errno == errno.EADDRINUSE else ""
        raise OutputError(f"cannot listen at {host}:{port}: {error.strerror}{remedy}") from None
    return listening


def with_port(settings: Settings, listening: socket.socket) -> Settings:
    """The configuration with the port that was found, where any was asked for."""
    port = listening.getsockname()[1]
    return replace(settings, web=replace(settings.web, port=port))


def _most(settings: Settings) -> int:
    """Bytes of a body that are taken from a connection at all."""
    limits = settings.limits
    return max(limits.samples_bytes, limits.boundary_bytes, limits.body) + (1 << 20)
