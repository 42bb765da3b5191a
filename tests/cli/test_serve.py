"""`automap serve` as a user starts and ends it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

import automap_devserver.serve
from automap_devserver.settings import PreviewSettings
from automap_tiles.cli.main import main
from tests.engine.projects import AUTOMAP, make_project, make_raster


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_raster(tmp_path_factory.mktemp("served") / "image.tif", size=300)


@contextlib.contextmanager
def serving(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running command and its address."""
    with subprocess.Popen(
        [*AUTOMAP, "serve", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        try:
            assert run.stdout is not None
            yield run, run.stdout.readline().rpartition(" at ")[2].strip()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return bytes(answer.read())


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_from_start_to_interrupt(image: Path, sent: signal.Signals) -> None:
    with serving(str(image)) as (run, address):
        assert address.startswith("http://127.0.0.1:")
        (layer,) = json.loads(get(f"{address}api/layers"))["layers"]
        assert layer["name"] == "image"
        assert get(f"{address}image/13/4468/2853.png").startswith(b"\x89PNG")
        os.kill(run.pid, sent)
        _, error = run.communicate(timeout=20)
        assert run.returncode == 0
        assert error == ""


def test_interrupted_while_pages_listen_and_a_tile_is_computed(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", zooms=(11, 12), pause=30.0)
    with serving(str(project.config)) as (run, address):
        host, _, port = address.removeprefix("http://").strip("/").partition(":")
        with (
            socket.create_connection((host, int(port))) as listener,
            socket.create_connection((host, int(port))) as looker,
        ):
            for connection, path in (
                (listener, "/api/events"),
                (looker, "/double/12/2234/1426.png"),
            ):
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert b"event-stream" in listener.recv(1000)
            time.sleep(1)
            os.kill(run.pid, signal.SIGINT)
            start = time.monotonic()
            _, error = run.communicate(timeout=20)
        assert "Traceback" not in error
        assert run.returncode == 0
        assert time.monotonic() - start < 10
    assert not list(project.output.rglob("*.tif"))


def test_a_port_in_use_is_said(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", str(image), "--port", str(port)]) == 1
    error = capsys.readouterr().err
    assert f"another program listens at 127.0.0.1:{port}" in error
    assert "--port" in error


def test_an_address_that_is_not_ours_is_said(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", str(image), "--host", "192.0.2.1"]) == 1
    assert "192.0.2.1" in capsys.readouterr().err


@pytest.mark.parametrize(("host", "warned"), [("0.0.0.0", True), ("127.0.0.1", False)])
def test_who_can_see_it_is_said(
    image: Path,
    host: str,
    warned: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hosts = []

    def not_served(app: Flask, settings: PreviewSettings, ready: object) -> None:
        hosts.append(settings.host)

    monkeypatch.setattr(automap_devserver.serve, "serve", not_served)
    monkeypatch.setattr("automap_tiles.cli._serving.end_now", lambda code: None)
    assert main(["serve", str(image), "--host", host]) == 0
    assert ("whoever can reach" in capsys.readouterr().err) is warned
    assert hosts == [host]


def test_a_missing_extra_is_named(
    image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [*sys.modules]:
        if name.partition(".")[0] == "automap_devserver":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "flask", None)
    assert main(["serve", str(image)]) == 2
    assert "automap-tiles[serve]" in capsys.readouterr().err


def test_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(tmp_path / "nothing.tif")]) in (1, 2)
    assert "nothing.tif" in capsys.readouterr().err
