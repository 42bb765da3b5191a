"""Running the server."""

from __future__ import annotations

import errno
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from flask import Flask

from automap_devserver.settings import PreviewSettings
from automap_tiles.errors import OutputError
from automap_tiles.malloc_arenas import limit_malloc_arenas
from automap_tiles.raster.lru import keep_less

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_MEMORY = 1 / 16
"""Fraction of a worker's in-memory cache: pictures need little of their surroundings."""
_BLOCKS = "32"
"""GDAL's block cache in MB, shared by all threads."""


def serve(app: Flask, settings: PreviewSettings, ready: Callable[[str], None]) -> None:
    """Answer requests until interrupted; `ready` gets the address before the first request.

    Raises `OutputError` if the address is not available.
    """
    from automap_devserver._connections import open_server

    limit_malloc_arenas()
    keep_less(_MEMORY)
    os.environ.setdefault("GDAL_CACHEMAX", _BLOCKS)
    listening = _listen(settings)
    server = open_server(app, listening)
    host, port = listening.getsockname()[:2]
    ready(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
    with _ending(app):
        server.run()
    server.close()


def serve_beside(app: WSGIApplication, settings: PreviewSettings) -> int:
    """Answer requests in a thread of this process for its lifetime; returns the port.

    Raises `OutputError` if the address is not available.
    """
    from automap_devserver._connections import open_server

    listening = _listen(settings)
    server = open_server(app, listening)
    threading.Thread(target=server.run, name="automap-notebook", daemon=True).start()
    port: int = listening.getsockname()[1]
    return port


@contextmanager
def _ending(app: Flask) -> Iterator[None]:
    """Cancel what requests wait for on interruption, since the server waits for its requests.

    An overview may need many tiles: those not started would otherwise be computed before it ends.
    """

    def end(*_: object) -> None:
        app.extensions["automap-hub"].close()
        app.extensions["automap-limits"].close()
        app.extensions["automap-previews"].end()

    def interrupted(number: int, frame: FrameType | None) -> None:
        end()
        signal.default_int_handler(number, frame)

    signals: tuple[signal.Signals, ...] = ()
    if threading.current_thread() is threading.main_thread():
        signals = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, interrupted) for each in signals}
    try:
        yield
    finally:
        end()
        for each, handler in before.items():
            signal.signal(each, handler)


def _listen(settings: PreviewSettings) -> socket.socket:
    """A socket at the address; port 0 is any free one."""
    place = f"{settings.host}:{settings.port}"
    try:
        ((family, kind, proto, _, address), *_) = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listening = socket.socket(family, kind, proto)
    except OSError as error:
        raise OutputError(f"there is no address {place}: {error}") from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise OutputError(
                f"another program listens at {place}; choose another port with --port"
            ) from error
        raise OutputError(f"cannot listen at {place}: {error.strerror}") from error
    return listening
