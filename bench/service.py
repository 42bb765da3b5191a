"""Load on the service: `python -m bench.service`, about a minute and a half.

50 dashboards that are open (each asks for its job every two seconds, as the page does), 200
launches meanwhile, 10 000 jobs in the list: how long `GET /jobs/{id}` and the first page of orders
take, and what the web process costs when nobody asks. Everything on loopback; the web server is a
process of its own, without a runner.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from sqlalchemy import insert, select

if TYPE_CHECKING:
    from collections.abc import Iterator

JOBS = 10_000
DASHBOARDS = 50
LAUNCHES = 200
EVERY = 2.0
SECONDS = 30.0
IDLE = 20.0
SQUARE = b"""{"type": "Polygon", "coordinates":
[[[-74.1, 40.6], [-73.8, 40.6], [-73.8, 40.9], [-74.1, 40.9], [-74.1, 40.6]]]}"""
CONFIG = """
[limits]
accepted = 100000
launches = 100000
[catalogues.demo]
source = "/nowhere"
"""


@dataclass
class Taken:
    """Seconds of requests, by what they were."""

    of: dict[str, list[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    errors: list[str] = field(default_factory=list)

    def note(self, what: str, seconds: float, status: int) -> None:
        with self.lock:
            self.of.setdefault(what, []).append(seconds)
            if status >= 400:
                self.errors.append(f"{what}: {status}")

    def told(self) -> str:
        rows = [f"{'':24} {'n':>6} {'p50':>8} {'p99':>8} {'max':>8}   ms"]
        for what, found in sorted(self.of.items()):
            ends = statistics.quantiles(found, n=100)
            numbers = (ends[49], ends[98], max(found))
            said = " ".join(f"{1000 * each:8.1f}" for each in numbers)
            rows.append(f"{what:24} {len(found):6} {said}")
        return "\n".join(rows)


class Asker:
    """Somebody with a connection that stays."""

    def __init__(self, port: int, token: str, taken: Taken) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._token = token
        self._taken = taken

    def ask(
        self, what: str, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, bytes, Any]:
        known = {"Authorization": f"Token {self._token}", **headers}
        data = None
        if body is not None:
            data, known["Content-Type"] = json.dumps(body), "application/json"
        begun = time.perf_counter()
        self._connection.request(method, path, data, known)
        answer = self._connection.getresponse()
        content = answer.read()
        self._taken.note(what, time.perf_counter() - begun, answer.status)
        return answer.status, content, answer.headers


def prepare(folder: Path) -> tuple[str, list[str]]:
    """A service with a user, a boundary and many jobs: (token, ids of some jobs)."""
    from automap_service.configuration import read_settings
    from automap_service.database import migrate
    from automap_service.service import open_service
    from automap_tiles.jobs import NewJob
    from automap_tiles.jobs.tables import JOBS as JOBS_TABLE

    (folder / "service.toml").write_text(CONFIG)
    service = open_service(read_settings(str(folder), None, {}))
    migrate(service.database)
    user = service.users.add("ann", secrets.token_urlsafe(12), one_time=False)
    service.files.put(user.id, "boundaries", "ny", BytesIO(SQUARE))
    new = NewJob(
        user=user.id,
        order={"workflow": "composite", "satellites": ["8"]},
        parameters={"mode": "composite", "start_date": "2018-04-01", "boundary": "ny"},
        workspace="w",
        description="run",
    )
    first = service.store.add(new)
    # copies of a real row, at their end: one after the other through the queue takes an hour
    with service.database.writing() as connection:
        row = dict(connection.execute(select(JOBS_TABLE)).mappings().one())
        row |= {"status": "failed", "reason": "bench", "finished": row["created"] + 60}
        del row["number"]
        rows = [{**row, "id": str(uuid.uuid4()), "workspace": f"w{n}"} for n in range(JOBS)]
        connection.execute(insert(JOBS_TABLE), rows)
    ids = [first.id, *(str(each["id"]) for each in rows[1 - DASHBOARDS :])]
    token = service.words.new_token(user.id, 1e6).word
    service.database.close()
    return token, ids


@contextmanager
def web(folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """The web server alone: (port, its process)."""
    process = subprocess.Popen(
        [sys.executable, "-m", "automap_tiles", "service", "web", "--folder", str(folder),
         "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        yield int(address.rstrip("/").rpartition(":")[2]), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def watch(port: int, token: str, taken: Taken, job: str, end: float) -> None:
    """A dashboard that is open."""
    asker, tag = Asker(port, token, taken), ""
    time.sleep(EVERY * secrets.randbelow(1000) / 1000)
    while time.monotonic() < end:
        known = {"If-None-Match": tag} if tag else {}
        _, _, headers = asker.ask("GET /jobs/{id}", "GET", f"/jobs/{job}", **known)
        tag = headers["ETag"] or tag
        time.sleep(EVERY)


def look(port: int, token: str, taken: Taken, end: float) -> None:
    """Somebody who looks at the first page of orders again and again."""
    asker = Asker(port, token, taken)
    while time.monotonic() < end:
        asker.ask("orders, first page", "GET", "/orders", Accept="text/html")
        asker.ask("GET /jobs, first page", "GET", "/jobs?limit=50")
        time.sleep(0.3)


def launch(port: int, token: str, taken: Taken) -> None:
    asker = Asker(port, token, taken)
    for number in range(LAUNCHES):
        said = {"mode": "composite", "satellites": [8], "start_date": "2018-04-01",
                "end_date": "2018-05-31", "boundary": "ny", "description": f"launch {number}",
                "again": True}  # fmt: skip
        asker.ask("POST /launch", "POST", "/launch", said)
        time.sleep(SECONDS / LAUNCHES / 2)


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o700)
        print(f"load of the machine before: {os.getloadavg()}, {os.cpu_count()} cores")
        begun = time.perf_counter()
        token, watched = prepare(folder)
        print(f"{JOBS} jobs made in {time.perf_counter() - begun:.1f} s")
        with web(folder) as (port, process):
            Asker(port, token, Taken()).ask("", "GET", "/orders", Accept="text/html")
            before = process.cpu_times()
            time.sleep(IDLE)
            after = process.cpu_times()
            idle = after.user + after.system - before.user - before.system
            print(f"idle: {100 * idle / IDLE:.2f} % of a core, {_megabytes(process):.0f} MB")
            taken = Taken()
            end = time.monotonic() + SECONDS
            with ThreadPoolExecutor(DASHBOARDS + 2) as pool:
                waits = [pool.submit(watch, port, token, taken, job, end) for job in watched]
                waits += [pool.submit(look, port, token, taken, end)]
                waits += [pool.submit(launch, port, token, taken)]
                for each in waits:
                    each.result()
            print(taken.told())
            print(f"errors: {len(taken.errors)} {taken.errors[:3]}")
            print(f"under load: {_megabytes(process):.0f} MB")
        print(f"load of the machine after: {os.getloadavg()}")
    return 0


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


if __name__ == "__main__":
    sys.exit(main())
