"""A real HTTP server for the tests: ranges, ETags, redirects, and faults by order."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Fault:
    """What goes wrong with one request."""

    status: int | None = None
    """Answer this instead."""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"a fault"
    cut_after: int | None = None
    """Close the connection after so many bytes of the body."""
    flip: int | None = None
    """Change the byte at this place of what is sent."""


@dataclass
class Asked:
    """One request as it came."""

    path: str
    query: str
    range: str | None
    headers: Message


class FileServer:
    """Serves `files` by path; `faults[path]` are used up first, one for each request."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.redirects: dict[str, str] = {}
        self.asked: list[Asked] = []
        self.sent: Counter[str] = Counter()
        self.ranges = True
        self.etags = True
        self.signature: str | None = None
        """Query that every request must have."""
        self.slow: float = 0.0
        """Seconds between two pieces of 64 KiB."""
        self.gate = threading.Event()
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        server = self

        class Handler(_Handler):
            owner = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def put(self, path: str, data: bytes) -> str:
        self.files[path] = data
        return f"{self.url}{path}"

    def asked_for(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == path]

    @contextmanager
    def running(self) -> Iterator[FileServer]:
        thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1


class _Handler(BaseHTTPRequestHandler):
    owner: FileServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        owner = self.owner
        parts = urlsplit(self.path)
        asked = Asked(parts.path, parts.query, self.headers.get("Range"), self.headers)
        owner.asked.append(asked)
        with owner._counted(), suppress(BrokenPipeError, ConnectionResetError):
            fault = owner.faults[parts.path].pop(0) if owner.faults[parts.path] else Fault()
            if fault.status is not None:
                self._short(fault.status, fault.body, fault.headers)
            elif parts.path in owner.redirects:
                self._short(302, b"", {"Location": owner.redirects[parts.path]})
            elif owner.signature is not None and parts.query != owner.signature:
                self._short(403, b"signature", {})
            elif parts.path not in owner.files:
                self._short(404, b"nothing here", {})
            else:
                self._send(owner.files[parts.path], fault)

    def _short(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send(self, data: bytes, fault: Fault) -> None:
        tag = f'"{hashlib.md5(data).hexdigest()}"'
        start, end, partial = 0, len(data), False
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if_range = self.headers.get("If-Range")
        if found and self.owner.ranges and if_range in (None, tag):
            start, partial = int(found[1]), True
            end = min(end, int(found[2]) + 1) if found[2] else end
            if start >= len(data):
                headers = {"Content-Range": f"bytes */{len(data)}"}
                self._short(416, b"", headers | ({"ETag": tag} if self.owner.etags else {}))
                return
        self.send_response(206 if partial else 200)
        if partial:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        if self.owner.etags:
            self.send_header("ETag", tag)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        self._body(bytearray(data[start:end]), fault)

    def _body(self, body: bytearray, fault: Fault) -> None:
        if fault.flip is not None:
            body[fault.flip] ^= 0xFF
        rest = memoryview(body)[: fault.cut_after]
        while rest:
            self.owner.sent[urlsplit(self.path).path] += self.wfile.write(rest[: 1 << 16])
            rest = rest[1 << 16 :]
            if self.owner.slow:
                self.owner.gate.wait(self.owner.slow)
        if fault.cut_after is not None:
            self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    log_error = log_request  # type: ignore[assignment]
