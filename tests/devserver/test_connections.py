"""Clients that ask for nothing, never finish asking or never read, and the others meanwhile."""

from __future__ import annotations

import contextlib
import http.client
import resource
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator

import pytest
from flask import Flask, Response

from automap_devserver import _connections
from automap_devserver._connections import open_server, room
from automap_devserver._limits import CONNECTIONS, LISTENERS, REQUESTS
from automap_devserver.settings import PreviewSettings


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    """Of a running server of small and of large answers."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "here", methods=["GET", "POST"])
    app.add_url_rule("/large", "large", lambda: Response(b"x" * 4_000_000))
    app.add_url_rule("/same", "same", lambda: Response(status=304))
    app.add_url_rule("/gone", "gone", lambda: Response(status=204))
    app.add_url_rule("/parts", "parts", lambda: Response(iter([b"he", b"re"])))
    listening = socket.create_server((PreviewSettings.host, 0))
    server = open_server(app, listening)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield listening.getsockname()
    server.task_dispatcher.shutdown(timeout=0)
    for each in list(server.active_channels.values()):
        each.handle_close()
    server.asyncore.close_all(server._map)
    thread.join(5)


def ask(address: tuple[str, int]) -> float:
    """Seconds until an answer has come."""
    start = time.monotonic()
    with urllib.request.urlopen(f"http://{address[0]}:{address[1]}/", timeout=10) as answer:
        assert answer.read() == b"here"
    return time.monotonic() - start


@pytest.fixture(autouse=True)
def _files() -> Iterator[None]:
    """This process holds both ends of every connection."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[0] < 4 * CONNECTIONS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, before[1]), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",  # answered, and kept alive
    ],
)
def test_many_of_them_shut_nobody_out(address: tuple[str, int], sent: bytes) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(CONNECTIONS + 100):
            client = held.enter_context(socket.create_connection(address, timeout=10))
            client.sendall(sent)
        assert max(ask(address) for _ in range(20)) < 5


def test_clients_that_do_not_read(address: tuple[str, int]) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(2 * (LISTENERS + REQUESTS)):
            client = held.enter_context(socket.create_connection(address, timeout=10))
            client.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert max(ask(address) for _ in range(20)) < 5


def test_a_request_has_to_arrive(address: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_connections, "WHOLE", 1.0)
    with socket.create_connection(address, timeout=10) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nX: ")
        start = time.monotonic()
        # a byte now and then: it is never idle
        with contextlib.suppress(ConnectionError):  # it is closed at the other end
            while time.monotonic() - start < 10:
                slow.sendall(b"a")
                time.sleep(0.1)
        assert 0.5 < time.monotonic() - start < 5
    assert ask(address) < 5


def _whole_answer(client: socket.socket) -> bytes:
    """What comes until the body is there; head and body may come apart."""
    answer = b""
    while not answer.endswith(b"here") and (piece := client.recv(10_000)):
        answer += piece
    return answer


def test_who_asks_again_and_again_keeps_the_connection(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_connections, "WHOLE", 1.0)
    with socket.create_connection(address, timeout=10) as client:
        for _ in range(6):
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert _whole_answer(client).endswith(b"here")
            time.sleep(0.4)


def test_room_for_as_many_as_files_may_be_open() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert room() == CONNECTIONS
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        assert room() == 64
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_an_answer_without_a_body_leaves_the_connection_open(address: tuple[str, int]) -> None:
    connection = http.client.HTTPConnection(*address, timeout=10)
    connection.connect()
    first = connection.sock
    for path, status, body in (
        ("/same", 304, b""),
        ("/gone", 204, b""),
        ("/same", 304, b""),
        ("/", 200, b"here"),
    ):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (status, body)
        assert answer.getheader("Connection") is None
        assert connection.sock is first
    connection.request("HEAD", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Content-Length"), answer.read()) == (200, "4", b"")
    connection.close()


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("path", ["/", "/same", "/parts"])
def test_it_ends_where_the_client_or_the_answer_ends_it(
    address: tuple[str, int], path: str, version: str
) -> None:
    """An answer whose length nobody knows ends with its connection, too."""
    with socket.create_connection(address, timeout=10) as client:
        asked = f"GET {path} HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        client.sendall(asked.encode())
        said = b""
        while part := client.recv(65536):
            said += part
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    if path == "/parts" and version == "1.1":
        assert body == b"2\r\nhe\r\n2\r\nre\r\n0\r\n\r\n"
    else:
        assert body == (b"" if path == "/same" else b"here")
