"""A store that does not work well: some of the requests to the real one end in an error."""

from __future__ import annotations

import contextlib
import http.client
import random
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

KINDS = ("500", "503", "reset before", "reset after", "cut off")
"""`after`: it was carried out, and the answer is lost."""
# Of one connection alone, which the headers of a request or an answer are not to be asked for.
_OWN = {"connection", "transfer-encoding", "keep-alive"}


class Faulty:
    """Passes requests on to a store; one in `every` has a fault, each kind as often."""

    def __init__(self, endpoint: str, every: int, seed: int) -> None:
        self._store = urlsplit(endpoint).netloc
        self._every = every
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.asked = 0
        self.faults: Counter[str] = Counter()

    def fault(self) -> str | None:
        """What goes wrong with the next request."""
        with self._lock:
            self.asked += 1
            if self._random.randrange(self._every):
                return None
            kind = self._random.choice(KINDS)
            self.faults[kind] += 1
            return kind

    @contextlib.contextmanager
    def running(self) -> Iterator[str]:
        """Serve on this machine alone, for the time of the block; host and port."""
        faulty = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                faulty.pass_on(self, self.rfile.read(size))

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _any  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Nothing on the terminal."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def pass_on(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        """Have the store answer, or not."""
        fault = self.fault()
        if fault == "reset before":
            request.close_connection = True
            request.connection.close()
            return
        if fault in ("500", "503"):
            request.send_response(int(fault))
            if fault == "503":
                request.send_header("Retry-After", "1")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        # the host is signed: the store has to see the one that was asked
        store = http.client.HTTPConnection(self._store, timeout=60)
        headers = {name: value for name, value in request.headers.items()
                   if name.lower() not in _OWN}  # fmt: skip
        store.request(request.command, request.path, body or None, headers)
        answer = store.getresponse()
        content = answer.read()
        store.close()
        if fault == "reset after":
            request.close_connection = True
            request.connection.close()
            return
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {*_OWN, "content-length"}:
                request.send_header(name, value)
        size = answer.getheader("Content-Length") if request.command == "HEAD" else len(content)
        request.send_header("Content-Length", str(size or 0))
        request.end_headers()
        if fault == "cut off":
            content = content[: len(content) // 2]
            request.close_connection = True
        if request.command != "HEAD":
            request.wfile.write(content)
