"""The whole way with real parts: `automap service run`, real scenes, HTTP."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import starts
from tests.jobs.parts import AREA, SCENES
from tests.service import warm
from tests.service.conftest import PASSWORD

pytestmark = pytest.mark.timeout(240)


@dataclass
class Running:
    """A service in a process of its own."""

    process: subprocess.Popen[str]
    address: str
    first: str | None
    """One-time password of the first user."""
    token: str = ""

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, Any]:
        """(code, content, headers)."""
        known = {"Authorization": f"Token {self.token}"} if self.token else {}
        if isinstance(body, dict):
            body, known["Content-Type"] = json.dumps(body).encode(), "application/json"
        url = path if "://" in path else self.address + path
        request = urllib.request.Request(
            url, data=body, method=method, headers={**known, **(headers or {})}
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                content, code, said = answer.read(), answer.status, answer.headers
        except urllib.error.HTTPError as error:
            content, code, said = error.read(), error.code, error.headers
        if "json" in (said["Content-Type"] or ""):
            return code, json.loads(content), said
        return code, content, said

    def wait(self, job: str, seconds: float = 90) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            _, said, _ = self.ask("GET", f"/jobs/{job}")
            if said["status"] not in ("accepted", "running"):
                return dict(said)
            time.sleep(0.3)
        raise AssertionError(self.ask("GET", f"/jobs/{job}/logs"))


@contextmanager
def running(folder: Path, catalogue: str, *more: str, fresh: bool = False) -> Iterator[Running]:
    """`fresh`: begun as people begin it, and not with its imports done."""
    words = ["service", "run", "--folder", str(folder), "--port", "0"]
    words += ["--catalogue", f"demo={catalogue}", *more]
    process = (starts.fresh if fresh else warm.start)(
        words,
        stdout=subprocess.PIPE,
        env={**os.environ, "AUTOMAP_SERVICE_RUNNER_LEASE_SECONDS": "3"},
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1].rstrip("/")
        assert address.startswith("http://127.0.0.1:")
        first = None
        if not (folder / "seen").exists():
            first = process.stdout.readline().split()[-1]
            (folder / "seen").touch()
        yield Running(process, address, first)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "service"


@pytest.fixture
def catalogue(shared: Path) -> str:
    return str(shared / "data" / SCENES)


@pytest.fixture
def boundary() -> bytes:
    return AREA.read_bytes()


WANTED = {
    "mode": "composite",
    "satellites": 8,
    "start_date": "2018-04-01",
    "end_date": "2018-05-31",
    "boundary": "New York",
    "description": "spring",
}


def logged_in(site: Running, password: str = PASSWORD) -> None:
    said = {"username": "admin", "password": site.first or password}
    if site.first:
        said["new_password"] = password
    code, answer, _ = site.ask("POST", "/auth", said)
    assert code == 200, answer
    site.token = answer["token"]


def test_from_the_first_log_in_to_the_same_bytes_as_on_the_command_line(
    folder: Path, catalogue: str, boundary: bytes, tmp_path: Path
) -> None:
    with running(folder, catalogue, fresh=True) as site:
        logged_in(site)
        code, said, _ = site.ask("PUT", "/files/boundaries/New%20York", boundary)
        assert (code, said["name"]) == (201, "New York"), said
        code, said, _ = site.ask("POST", "/launch", {**WANTED, "check": True})
        assert code == 200, said
        assert said["plan"]["scenes"] > 0
        assert said["estimate"]["seconds"][1] >= said["estimate"]["seconds"][0]
        assert str(folder) not in json.dumps(said)
        assert catalogue not in json.dumps(said)
        checked = said["estimate"]
        assert checked["of"].startswith("a guess from scenes, pixels and cores: no job (composite)")
        code, job, headers = site.ask("POST", "/launch", WANTED)
        assert code == 201
        assert job["estimate"]["seconds"] == checked["seconds"]
        code, found, _ = site.ask("GET", headers["Location"])
        assert (code, found["id"]) == (200, job["id"])
        found = site.wait(job["id"])
        assert found["status"] == "successful", found
        assert found["usage"]["core_seconds"] > 0
        assert found["usage"]["scenes"] == checked["sizes"]["scenes"] > 0
        assert found["cost"]["unit"] == "core hours"
        hours = found["usage"]["core_seconds"] / 3600
        assert found["cost"]["amount"] == pytest.approx(hours, abs=1e-6)
        assert found["cost"]["stored_bytes"] > 0
        code, results, _ = site.ask("GET", f"/jobs/{job['id']}/results")
        link = results["archive"]["href"]
        site.token = ""  # the link is enough
        code, content, _ = site.ask("GET", link)
        assert hashlib.sha256(content).hexdigest() == results["archive"]["sha256"]
        code, part, headers = site.ask("GET", link, headers={"Range": "bytes=100-199"})
        assert (code, part) == (206, content[100:200])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        ours = {name: archive.read(name) for name in archive.namelist() if name.endswith(".tif")}
    out = tmp_path / "out"
    subprocess.run(
        [sys.executable, "-m", "automap_tiles", "run", "--mode", "composite", "--satellites", "8",
         "--start", "2018-04-01", "--end", "2018-05-31",
         "--boundary", str(AREA), "--description", "spring",
         "--input", catalogue, "--output", str(out)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    assert ours
    for name, content in ours.items():
        assert content == (out / name).read_bytes(), name


def test_all_is_killed_and_goes_on_at_the_next_start(
    folder: Path, catalogue: str, boundary: bytes
) -> None:
    with running(folder, catalogue) as site:
        logged_in(site)
        site.ask("PUT", "/files/boundaries/New%20York", boundary)
        _, job, _ = site.ask("POST", "/launch", WANTED)
        end = time.monotonic() + 60
        # as soon as it runs: on a busy machine it may be at its end before its scenes are told
        while site.ask("GET", f"/jobs/{job['id']}")[1]["status"] == "accepted":
            assert time.monotonic() < end
            time.sleep(0.02)
        site.process.kill()
        site.process.wait()
    with running(folder, catalogue) as site:
        logged_in(site)
        found = site.wait(job["id"])
        assert found["status"] == "successful", found
        assert found["attempt"] >= 2
        _, said, _ = site.ask("GET", f"/jobs/{job['id']}/logs")
        text = "\n".join(each["message"] for each in said["logs"])
        assert re.search(r"runner \S+ was lost in attempt 1", text)


def test_from_scripts_and_from_the_command_line(
    folder: Path, catalogue: str, boundary: bytes, tmp_path: Path
) -> None:
    from automap_tiles.client import LaunchError, Server

    area = tmp_path / "area.geojson"
    area.write_bytes(boundary)
    with running(folder, catalogue) as site:
        logged_in(site)
        server = Server(site.address)
        server.log_in("admin", PASSWORD)
        with pytest.raises(LaunchError) as caught:
            server.launch({"mode": "composite", "satellites": "moon"})
        assert {each["pointer"] for each in caught.value.problems} == {
            "/satellites", "/start_date", "/end_date", "/boundary",
        }  # fmt: skip
        assert server.upload("boundaries", area)["name"] == "area.geojson"
        wanted = {**WANTED, "mode": "download", "boundary": "area.geojson", "satellites": {8}}
        name = server.launch(wanted)
        assert [each["id"] for each in server.jobs()] == [name]
        words = [f"{key}={value}" for key, value in WANTED.items() if key != "boundary"]
        base = [sys.executable, "-m", "automap_tiles", "launch", "--server", site.address]
        env = {**os.environ, "AUTOMAP_PASSWORD": PASSWORD}
        done = subprocess.run(
            [*base, "--user", "admin", *words, f"boundary={area}", "--output", str(tmp_path)],
            capture_output=True,
            text=True,
            env=env,
            check=True,
        )
        _, archive = done.stdout.split()
        assert zipfile.ZipFile(archive).testzip() is None
        assert server.wait(name)["status"] == "successful"
        fetched = server.download(name, tmp_path)
        assert zipfile.ZipFile(fetched).testzip() is None
        wrong = subprocess.run(
            [*base, "--user", "admin", "mode=composite", "satellites=moon"],
            capture_output=True,
            text=True,
            env=env,
            check=False,
        )
        assert wrong.returncode == 2
        assert "boundary: is needed" in wrong.stderr
