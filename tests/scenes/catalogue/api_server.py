"""A real STAC API server of another make (rustac), and a door in front of it that can fail."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest


def executable() -> str:
    """`rustac` of this environment; the test is skipped where it is not installed."""
    beside = Path(sys.executable).with_name("rustac")
    found = str(beside) if beside.exists() else shutil.which("rustac")
    if found is None:
        pytest.skip("rustac is not installed")
    return found


@contextmanager
def stac_api(items: Sequence[dict[str, Any]], folder: Path) -> Iterator[str]:
    """Serves these items; gives its address."""
    seed = folder / "seed.json"
    seed.write_text(json.dumps({"type": "FeatureCollection", "features": list(items)}))
    address = _free_address()
    command = [executable(), "serve", "--create-collections", "--addr", address, str(seed)]
    with _running(command, f"http://{address}", folder / "server.log", dict(os.environ)) as url:
        yield url


@contextmanager
def database_api(items: Sequence[dict[str, Any]], folder: Path) -> Iterator[str]:
    """The same with DuckDB behind it, which selects by CQL2; gives its address.

    DuckDB needs its extensions of just its version, which packages of the test environment may
    have; the test is skipped where they are not there (DuckDB would download them).
    """
    seed, parquet = folder / "seed.json", folder / "seed.parquet"
    seed.write_text(json.dumps({"type": "FeatureCollection", "features": list(items)}))
    subprocess.run([executable(), "translate", str(seed), str(parquet)], check=True)
    environment = {**os.environ, "HOME": str(folder)}
    for extension in _extensions():
        place = folder / ".duckdb" / "extensions" / extension.parent.name / _platform()
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(extension, place)
    address = _free_address()
    command = [executable(), "serve", "--use-duckdb", "true", "--addr", address, str(parquet)]
    url = f"http://{address}"
    with _running(command, f"{url}/conformance", folder / "server.log", environment):
        try:
            with urllib.request.urlopen(f"{url}/search?limit=1", timeout=60):
                pass
        except urllib.error.HTTPError:
            pytest.skip("no extensions of DuckDB that fit this rustac are installed")
        yield url


def _extensions() -> Iterator[Path]:
    for name in ("spatial", "icu", "parquet"):
        found = importlib.util.find_spec(f"duckdb_extension_{name}")
        if found is None or found.origin is None:
            pytest.skip(f"duckdb-extension-{name} is not installed")
        yield from Path(found.origin).parent.glob("extensions/*/*.duckdb_extension")


def _platform() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{'osx' if sys.platform == 'darwin' else 'linux'}_{machine}"


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@contextmanager
def _running(
    command: Sequence[str], url: str, log: Path, environment: dict[str, str]
) -> Iterator[str]:
    """A server while it runs; gives the address that it answers at."""
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=out, env=environment) as process,
    ):
        try:
            _wait(url, process, log)
            yield url
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"the STAC server has ended: {log.read_text()}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise RuntimeError(f"the STAC server does not answer: {log.read_text()}")


class Door:
    """Passes requests on to a server, remembers them, and turns some away."""

    def __init__(self, target: str) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        """(method, path, JSON body) of every request."""
        self.turn_away: list[tuple[int, dict[str, str]]] = []
        """(status, headers) of the next answers."""
        self.conforms_to: list[str] = []
        """Conformance classes that the landing page claims besides its own."""
        door = self

        class Handler(_Handler):
            owner = door
            to = target

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def searches(self) -> list[Any]:
        return [body for _, path, body in self.asked if path.startswith("/search")]

    @contextmanager
    def open(self) -> Iterator[Door]:
        thread = Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    owner: Door
    to: str

    def do_GET(self) -> None:
        self._pass_on(None)

    def do_POST(self) -> None:
        self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

    def _pass_on(self, body: bytes | None) -> None:
        owner = self.owner
        owner.asked.append((self.command, self.path, json.loads(body) if body else None))
        if owner.turn_away and self.path.startswith("/search"):
            status, headers = owner.turn_away.pop(0)
            self._answer(status, b"{}", headers)
            return
        request = urllib.request.Request(
            self.to + self.path, data=body, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                data = answer.read().replace(self.to.encode(), owner.url.encode())
                self._answer(answer.status, self._claimed(data), {})
        except urllib.error.HTTPError as error:
            with error:
                self._answer(error.code, error.read(), {})

    def _claimed(self, data: bytes) -> bytes:
        if self.path.rstrip("/") or not self.owner.conforms_to:
            return data
        page = json.loads(data)
        page["conformsTo"] = [*page["conformsTo"], *self.owner.conforms_to]
        return json.dumps(page).encode()

    def _answer(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    log_error = log_request  # type: ignore[assignment]
