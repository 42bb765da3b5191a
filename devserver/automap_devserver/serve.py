"""Running the server."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable

from flask import Flask

from automap_devserver.settings import Settings
from automap_tiles.errors import OutputError

_THREADS = 6
"""Requests at once: what browsers open to one address; one of them listens to events."""


def serve(app: Flask, settings: Settings, ready: Callable[[str], None]) -> None:
    """Answer requests until it is interrupted; `ready` is told the address before the first.

    Raises `OutputError` when the address cannot be had.
    """
    from waitress.server import create_server

    listening = _listen(settings)
    server = create_server(app, sockets=[listening], threads=_THREADS, ident=None)
    host, port = listening.getsockname()[:2]
    ready(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
    try:
        server.run()
    finally:
        server.close()


def _listen(settings: Settings) -> socket.socket:
    """A socket at the address; port 0 is any that is free."""
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
