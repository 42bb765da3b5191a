"""A server of one raster that answers some requests in part, and may then say nothing more.

In a process of its own: rasterio keeps the lock of the interpreter while GDAL looks for files
beside a raster. Called with the file, how many requests are answered whole, how many after those
are not, and whether it stalls then; it prints its port.
"""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    content = b""
    good = 10**9
    """Requests that are answered whole."""
    bad = 10**9
    """Requests after those that are not."""
    stalls = True
    asked = 0
    let_go = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None: ...

    def do_HEAD(self) -> None:
        if self._is_there():
            self._answer(b"", len(self.server.content), None)

    def do_GET(self) -> None:
        server = self.server
        if not self._is_there():
            return
        server.asked += 1
        first, last = 0, len(server.content) - 1
        wanted = self.headers.get("Range")
        if wanted:
            low, _, high = wanted.removeprefix("bytes=").partition("-")
            first, last = int(low), min(int(high or last), last)
        part = server.content[first : last + 1]
        about = f"bytes {first}-{last}/{len(server.content)}" if wanted else None
        if server.good < server.asked <= server.good + server.bad:
            self.close_connection = True
            self._answer(part[: len(part) // 2], len(part), about)
            self.wfile.flush()
            if server.stalls:
                server.let_go.wait(120)
        else:
            self._answer(part, len(part), about)

    def _is_there(self) -> bool:
        """GDAL asks for files beside it."""
        found = self.path.partition("?")[0] == "/image.tif"
        if not found:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
        return found

    def _answer(self, body: bytes, size: int, about: str | None) -> None:
        self.send_response(206 if about else 200)
        if about:
            self.send_header("Content-Range", about)
        self.send_header("Content-Length", str(size))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        self.wfile.write(body)


def main(path: str, good: str, bad: str, stalls: str) -> None:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.content = Path(path).read_bytes()
    server.good, server.bad, server.stalls = int(good), int(bad), stalls == "stalls"
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
