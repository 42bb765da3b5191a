"""A store that does not work well: some of the requests to the real one end in an error.

It serves in a process of its own: GDAL holds Python's lock over some of its requests.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import random
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

KINDS = (
    "500", "503", "reset before", "reset after", "closed", "cut off", "stalled", "stale list",
)  # fmt: skip
"""`after`: it was carried out, and the answer is lost."""
# Of one connection alone, which the headers of a request or an answer are not to be asked for.
_OWN = {"connection", "transfer-encoding", "keep-alive"}

_COUNTS = "/-counts"

_NOT_LISTED = 30.0
"""Seconds that an object may be there and in no list."""
_ENTRY = re.compile(rb"<Contents>.*?<Key>(.*?)</Key>.*?</Contents>", re.DOTALL)


@dataclass(frozen=True)
class FaultyStore:
    """One that serves."""

    endpoint: str
    """Host and port."""

    def faults(self) -> Counter[str]:
        """What has gone wrong so far, and under `asked` how many requests there were."""
        host = http.client.HTTPConnection(self.endpoint, timeout=30)
        host.request("GET", _COUNTS)
        found: Counter[str] = Counter(json.loads(host.getresponse().read()))
        host.close()
        return found


@contextlib.contextmanager
def faulty(
    endpoint: str,
    every: int,
    seed: int,
    *,
    kinds: Sequence[str] = KINDS,
    stall: float = 300.0,
) -> Iterator[FaultyStore]:
    """A store of which one request in `every` has a fault, each kind as often.

    Half of the lists are those of some moments ago, where that is one of the kinds, and all of
    them where it is the only one.
    Of an answer that stalls one half comes, and then nothing for `stall` seconds.
    """
    command = [sys.executable, "-m", __name__, endpoint, str(every), str(seed), str(stall), *kinds]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield FaultyStore(server.stdout.readline().strip())
        finally:
            server.kill()


class Faulty:
    """Passes requests on to a store."""

    def __init__(
        self, endpoint: str, every: int, seed: int, kinds: Sequence[str], stall: float
    ) -> None:
        self._store = urlsplit(endpoint).netloc
        self._every = every
        self._kinds = kinds
        self._dealt = [kind for kind in kinds if kind != "stale list"]
        self._deck: list[str] = []
        self._stall = stall
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._put: dict[str, float] = {}
        self.asked = 0
        self.faults: Counter[str] = Counter()

    def fault(self, *, lists: bool = False) -> str | None:
        """What goes wrong with the next request; `lists`: whether it asks for a list."""
        with self._lock:
            self.asked += 1
            stale = lists and "stale list" in self._kinds
            if stale and (not self._dealt or self._random.randrange(2)):
                kind = "stale list"
            elif self._random.randrange(self._every):
                return None
            else:
                # each is dealt before one comes again
                self._deck = self._deck or self._random.sample(self._dealt, len(self._dealt))
                if not self._deck:
                    return None
                kind = self._deck.pop()
            self.faults[kind] += 1
            return kind

    def serve(self) -> None:
        """On this machine alone, until the process is ended; says the host and the port."""
        faulty = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                faulty.pass_on(self, self.rfile.read(size))

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _any  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Nothing on the terminal."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                """A client that has gone is what is to be expected."""

        server = Server(("127.0.0.1", 0), Handler)
        sys.stdout.write(f"127.0.0.1:{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()

    def pass_on(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        """Have the store answer, or not."""
        if request.path == _COUNTS:
            self._tell_counts(request)
            return
        lists = request.command == "GET" and "list-type=" in request.path
        fault = self.fault(lists=lists)
        if fault in ("reset before", "closed"):
            _end(request, by_reset=fault == "reset before")
            return
        if fault in ("500", "503"):
            _refuse(request, int(fault))
            return
        answer, content = self._asked(request, body)
        if request.command in ("PUT", "POST"):
            self._put[unquote(urlsplit(request.path).path)] = time.monotonic()
        if fault == "reset after":
            _end(request, by_reset=True)
            return
        if fault == "stale list":
            content = self._without_the_new(urlsplit(request.path).path, content)
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {*_OWN, "content-length"}:
                request.send_header(name, value)
        size = answer.getheader("Content-Length") if request.command == "HEAD" else len(content)
        request.send_header("Content-Length", str(size or 0))
        if fault == "stalled" and (request.command == "HEAD" or not content):
            self._hang(request)
            return
        request.end_headers()
        if fault in ("cut off", "stalled"):
            content = content[: len(content) // 2]
            request.close_connection = True
        if request.command != "HEAD":
            request.wfile.write(content)
        if fault == "stalled":
            self._hang(request)

    def _asked(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """What the store answers."""
        # the host is signed: the store has to see the one that was asked
        store = http.client.HTTPConnection(self._store, timeout=60)
        headers = {name: value for name, value in request.headers.items()
                   if name.lower() not in _OWN}  # fmt: skip
        store.request(request.command, request.path, body or None, headers)
        answer = store.getresponse()
        content = answer.read()
        store.close()
        return answer, content

    def _tell_counts(self, request: BaseHTTPRequestHandler) -> None:
        said = json.dumps({**self.faults, "asked": self.asked}).encode()
        request.send_response(200)
        request.send_header("Content-Length", str(len(said)))
        request.end_headers()
        request.wfile.write(said)

    def _hang(self, request: BaseHTTPRequestHandler) -> None:
        """Say nothing more until the other side has gone."""
        request.close_connection = True
        request.connection.settimeout(0.5)
        end = time.monotonic() + self._stall
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                if not request.connection.recv(1, socket.MSG_PEEK):
                    return

    def _without_the_new(self, path: str, content: bytes) -> bytes:
        """A list of some moments ago."""
        bucket = path.strip("/").partition("/")[0]
        since = time.monotonic() - _NOT_LISTED
        new = {name for name, when in list(self._put.items()) if when > since}

        def kept(entry: re.Match[bytes]) -> bytes:
            return b"" if f"/{bucket}/{entry[1].decode()}" in new else entry[0]

        return _ENTRY.sub(kept, content)


def _refuse(request: BaseHTTPRequestHandler, status: int) -> None:
    request.send_response(status)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        request.send_header("Retry-After", "1")
    request.send_header("Content-Length", "0")
    request.end_headers()


def _end(request: BaseHTTPRequestHandler, *, by_reset: bool) -> None:
    """Close the connection without an answer."""
    request.close_connection = True
    if by_reset:
        # with no time to linger the other side is sent a reset, socket(7)
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # the connection is open for as long as its files are
    request.rfile.close()
    request.wfile.close()
    request.connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("endpoint")
    parser.add_argument("every", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("stall", type=float)
    parser.add_argument("kinds", nargs="*")
    given = parser.parse_args()
    Faulty(given.endpoint, given.every, given.seed, given.kinds, given.stall).serve()
