"""The client without a server: spans of time, and what it needs."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.cli.commands import launch
from automap_tiles.client import Server, ServiceError, time_range
from automap_tiles.errors import ConfigError


def test_every_month_without_the_end_year() -> None:
    found = list(time_range(1990, 2020, month=1))
    assert len(found) == 360
    assert found[0] == ("1990-01-01", "1990-01-31")
    assert found[25] == ("1992-02-01", "1992-02-29")
    assert found[-1] == ("2019-12-01", "2019-12-31")


def test_years_are_the_default_and_an_offset_moves_days() -> None:
    assert list(time_range(2018, 2020)) == [
        ("2018-01-01", "2018-12-31"),
        ("2019-01-01", "2019-12-31"),
    ]
    assert next(time_range(2018, 2020, offset=-10)) == ("2017-12-22", "2018-12-21")


@given(
    start=st.integers(1984, 2030),
    years=st.integers(0, 12),
    month=st.integers(1, 40),
    offset=st.integers(-400, 400),
)
def test_spans_follow_each_other_without_a_gap(
    start: int, years: int, month: int, offset: int
) -> None:
    found = list(time_range(start, start + years, month, offset))
    assert len(found) == years * 12 // month
    days = [tuple(map(date.fromisoformat, pair)) for pair in found]
    for (_, last), (first, _) in itertools.pairwise(days):
        assert first == last + timedelta(days=1)
    assert all(last < date(start + years, 1, 1) + timedelta(days=offset) for _, last in days)


def test_a_span_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="one month at least"):
        next(time_range(2018, 2020, month=0))


def test_it_needs_nothing_but_the_standard_library(root: Path) -> None:
    code = "import sys; sys.path.insert(0, '.'); import automap_tiles.client"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, cwd=root)


def test_who_says_nothing_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVER", "TOKEN", "USER", "PASSWORD"):
        monkeypatch.delenv(f"AUTOMAP_{name}", raising=False)
    with pytest.raises(ServiceError, match="set AUTOMAP_SERVER"):
        Server.of_environment()
    monkeypatch.setenv("AUTOMAP_SERVER", "http://127.0.0.1:1")
    with pytest.raises(ServiceError, match="set AUTOMAP_TOKEN"):
        Server.of_environment()


def test_pages_of_jobs_are_asked_where_the_first_one_was() -> None:
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_last = "after=1" in self.path
            href = "https://maps.example.org/jobs?status=running&after=1"
            links = [] if is_last else [{"rel": "next", "href": href}]
            said = {"jobs": [{"id": self.path}], "links": links}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        found = list(Server(f"http://127.0.0.1:{served.server_port}").jobs(status="running"))
        served.shutdown()
        thread.join()
    assert [each["id"] for each in found] == [
        "/jobs?status=running",
        "/jobs?status=running&after=1",
    ]


@pytest.mark.parametrize("content", ["<html>log in</html>", "[1]", '"yes"'])
def test_somebody_else_answers(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    server = Server("http://example.org", "token")
    monkeypatch.setattr(server, "_send", lambda *_: (200, {}, content.encode()))
    with pytest.raises(ServiceError, match="does not answer as an AutoMap service"):
        server.job("a")


def test_an_address_without_its_scheme() -> None:
    with pytest.raises(ServiceError, match="maps cannot be reached"):
        Server("maps", "token").cancel("a")


def test_parameters_of_the_command_line() -> None:
    found = launch._said(("description=2018", "boundary=12", "satellites=[8]", "mask=cloud,snow"))
    assert found == {
        "description": "2018", "boundary": "12", "satellites": [8], "mask": "cloud,snow",
    }  # fmt: skip
    with pytest.raises(ConfigError, match="mask: is said twice"):
        launch._said(("mask=cloud", "mask=snow"))
