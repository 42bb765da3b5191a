"""Connections that ask for nothing, or never finish asking, and those of everybody else.

Waitress takes a request to a thread only when all of it has come, so unfinished ones cost no
thread; but it stops accepting at 100 connections, whoever holds them, and a client that sends a
byte now and then keeps its own for ever. Here a request has to arrive within some seconds, and
when there are many connections the one that has been idle longest makes room for the next.

It also closes a connection behind every answer without a body, so that a browser which has a tile
already connects anew for the next one, and sends head and body each by itself. Here neither.
"""

from __future__ import annotations

import logging
import resource
import socket
import time
from typing import TYPE_CHECKING, Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask

from automap_devserver._limits import BODY, CONNECTIONS, HEADERS, IDLE, LISTENERS, REQUESTS, WHOLE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_FEWEST = 4
"""Accepted connections, however low the limit of open files is."""
_BUSY = 2


class _Answer(WSGITask):  # type: ignore[misc]
    """One request being answered."""

    wrote_header: bool = False

    def set_close_on_finish(self) -> None:
        """Close the connection after the response, unless its end is known anyway."""
        asked = self.request.headers.get("CONNECTION", "").lower()
        if self.has_body or self.version == "1.0" or asked == "close":
            super().set_close_on_finish()

    def write(self, data: bytes) -> None:
        """Send part of the body, the first part together with the head."""
        whole = self.complete and not self.wrote_header and self.has_body
        if not whole or self.content_length != len(data):
            super().write(data)
            return
        head: bytes = self.build_response_header()
        self.wrote_header = True
        self.channel.write_soon(head + data)
        self.content_bytes_written += len(data)


class _Connection(HTTPChannel):  # type: ignore[misc]
    """One client; tracks since when a request has been arriving."""

    task_class = _Answer
    began: float | None = None

    def received(self, data: bytes) -> bool:
        found: bool = super().received(data)
        if self.request is None:
            self.began = None
        elif self.began is None:
            self.began = time.time()
        return found

    @property
    def use(self) -> int:
        """0: idle; 1: a response is being sent; 2: a thread is working for it."""
        return 2 if self.requests else int(self.total_outbufs_len > 0)

    @property
    def since(self) -> float:
        """When the current request started, or the last activity."""
        return self.began or self.last_activity

    def end(self) -> None:
        """Close it at the next turn of the loop."""
        self.will_close = True


class BoundedServer(TcpWSGIServer):  # type: ignore[misc]
    """A waitress server that keeps room for active clients."""

    channel_class = _Connection

    def maintenance(self, now: float) -> None:
        """Close connections that are idle, too slow to send a request, or not reading."""
        super().maintenance(now)
        for each in self.active_channels.values():
            if each.began is not None and each.began < now - WHOLE:
                each.end()

    def handle_accept(self) -> None:
        """Accept a connection; if there are many, the one idle longest is closed."""
        if len(self.active_channels) >= room():
            useless = min(self.active_channels.values(), key=lambda each: (each.use, each.since))
            if useless.use < _BUSY:
                useless.handle_close()
        super().handle_accept()


def room() -> int:
    """Number of connections: as planned, or as the limit of open files allows."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return CONNECTIONS
    return max(_FEWEST, min(CONNECTIONS, allowed // 4))


def open_server(app: WSGIApplication, listening: socket.socket) -> Any:
    """A server on a bound socket; `run` answers requests until it is interrupted."""
    settings = Adjustments(
        sockets=[listening],
        threads=LISTENERS + REQUESTS,
        ident=None,
        # never reached: busy connections end at some time, idle ones make room
        connection_limit=2 * room() + LISTENERS + REQUESTS,
        channel_timeout=IDLE,
        cleanup_interval=1,
        max_request_body_size=BODY,
        max_request_header_size=HEADERS,
        asyncore_use_poll=True,
        clear_untrusted_proxy_headers=False,  # `_failures.is_local` checks for them
    )
    # a page requests many tiles at once: that they queue for a thread is normal
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    threads = ThreadedTaskDispatcher()
    threads.set_thread_count(settings.threads)
    address = (listening.family, listening.type, listening.proto, listening.getsockname())
    return BoundedServer(
        app,
        {},
        _sock=listening,
        dispatcher=threads,
        adj=settings,
        bind_socket=False,
        sockinfo=address,
    )
