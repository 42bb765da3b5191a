"""Lines of JSON that say what they belong to, and hold no words that open something."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from automap_service.operations import logs
from tests.service.conftest import PASSWORD, MakeSite, Site

Lines = list[dict[str, Any]]


class Log:
    def __init__(self) -> None:
        self.stream = io.StringIO()

    def lines(self) -> Lines:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def log(make_site: MakeSite) -> Iterator[Log]:
    found = Log()
    settings = make_site(log={"format": "json", "level": "info"}).service.settings
    handler = logs.start(settings, found.stream)
    yield found
    logs.end(handler)


def test_a_request_has_one_line_with_its_id_user_and_job(
    site: Site, log: Log, launched: dict[str, Any]
) -> None:
    ask = site.with_files()
    job = ask("POST", "/launch", json=launched).json["id"]
    answer = ask("GET", f"/jobs/{job}", headers={"X-Request-ID": "from-the-proxy.1"})
    assert answer.headers["X-Request-ID"] == "from-the-proxy.1"
    (line,) = [each for each in log.lines() if each.get("request") == "from-the-proxy.1"]
    user = site.service.users.named("ann").id
    expected = {"user": user, "job": job, "method": "GET", "route": "/jobs/<job>", "status": 200}
    assert expected.items() <= line.items()
    assert line["ms"] >= 0
    assert line["level"] == "info"
    ids = [each["request"] for each in log.lines()]
    assert len(set(ids)) == len(ids)


def test_a_strange_id_is_not_taken_over(site: Site, log: Log) -> None:
    answer = site.app.test_client().get("/healthz", headers={"X-Request-ID": "a b\u00e9"})
    assert len(answer.headers["X-Request-ID"]) == 16


def test_no_word_that_opens_something_is_logged(site: Site, log: Log) -> None:
    ask = site.user()
    client = site.app.test_client()
    answer = client.post("/auth", json={"username": "ann", "password": PASSWORD})
    client.get("/r/the-word-of-a-link")
    client.get("/confirm/the-word-of-a-mail")
    ask("GET", "/jobs?q=secret")
    text = log.stream.getvalue()
    assert answer.json is not None
    words = (PASSWORD, ask.token, answer.json["token"], "the-word-of", "secret")
    assert [word for word in words if word in text] == []
    assert {each["route"] for each in log.lines()} >= {"/auth", "/r/<word>", "/confirm/<word>"}


def test_an_error_is_one_line_with_its_traceback(
    site: Site, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("what")

    monkeypatch.setattr(site.service.store, "runner_seen", broken)
    answer = site.app.test_client().get("/readyz")
    assert answer.status_code == 500
    error, access = log.lines()
    assert (error["level"], error["logger"]) == ("error", "automap_service.web._answers")
    assert "ZeroDivisionError: what" in error["exception"]
    assert error["request"] == access["request"] == answer.headers["X-Request-ID"]


def test_for_people_it_is_text_and_quiet(make_site: MakeSite) -> None:
    site = make_site()
    stream = io.StringIO()
    handler = logs.start(site.service.settings, stream)
    try:
        site.app.test_client().get("/healthz")
        logging.getLogger("automap_tiles.jobs").warning("the disk is full")
    finally:
        logs.end(handler)
    assert stream.getvalue().rstrip().endswith("WARNING automap_tiles.jobs: the disk is full")
    assert len(stream.getvalue().splitlines()) == 1
