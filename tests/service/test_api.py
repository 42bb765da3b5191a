"""The description of the API against the API, and requests that nobody would think of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from automap_service import readiness
from automap_service.configuration import read_settings
from automap_service.database import migrate
from automap_service.service import open_service
from automap_service.web._operations import Operation, operations
from automap_service.web.app import create_app
from tests.service.conftest import SQUARE, Asker, MakeSite, Site
from tests.service.test_results import finished

SAID = {"catalogues": {"demo": {"source": "/nowhere"}}, "limits": {"launches": 10**6}}
OPERATIONS = operations(read_settings("/nowhere", None, SAID))


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Asker]:
    """A service with a user, a file, and a job at its end."""
    folder = str(tmp_path_factory.mktemp("fuzzed"))
    service = open_service(read_settings(folder, None, SAID))
    migrate(service.database)
    service.queue.beat("r")
    site = Site(service, create_app(service))
    ask = site.user()
    assert ask("PUT", "/files/boundaries/ny", data=SQUARE).status_code == 201
    finished(site, ask)
    return site, ask


def test_every_address_is_described_and_every_described_one_is_there(
    fuzzed: tuple[Site, Asker],
) -> None:
    def plain(path: str) -> str:
        return re.sub(r"<(?:\w+:)?\w+>|{\w+}", "{}", path)

    site, _ = fuzzed
    described = {(plain(each.path), each.method.upper()) for each in OPERATIONS}
    there = {
        (plain(rule.rule), method)
        for rule in site.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        # pages and their files are no part of the API
        if rule.endpoint.partition(".")[0] not in ("static", "pages", "launcher")
    }
    assert there == described


@pytest.fixture(scope="module")
def described(fuzzed: tuple[Site, Asker]) -> Any:
    site, _ = fuzzed
    return schemathesis.openapi.from_wsgi("/openapi.json", site.app)


def asked() -> list[Any]:
    """Calls, with requests as they should be and as they should not, by a user and a stranger."""
    return [
        pytest.param(each, mode, known, id=f"{mode.value} {each.method} {each.path} {who}")
        for each in OPERATIONS
        for mode in GenerationMode
        for known, who in ((True, "user"), (False, "stranger"))
        if (known or not each.public)
        and (mode is GenerationMode.POSITIVE or each.body or each.query or each.headers)
    ]


@pytest.mark.parametrize(("operation", "mode", "known"), asked())
def test_fuzzed_requests_get_described_answers(
    described: Any,
    fuzzed: tuple[Site, Asker],
    operation: Operation,
    mode: GenerationMode,
    known: bool,
) -> None:
    _, ask = fuzzed
    headers = {"Authorization": f"Token {ask.token}"} if known else {}
    if operation.path == "/auth" and operation.method == "delete" and known:
        headers = {"Authorization": "Token unknown"}
    found = described[operation.path][operation.method]

    @settings(
        max_examples=8 if known else 2,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=found.as_strategy(generation_mode=mode))
    def fuzz(case: Any) -> None:
        answer = case.call(headers=headers)
        if not known:
            assert answer.status_code == 401
        case.validate_response(
            answer,
            checks=[
                schemathesis.checks.not_a_server_error,
                status_code_conformance,
                content_type_conformance,
                response_schema_conformance,
            ],
            headers=headers,
        )

    fuzz()


# -- the list, one job ----------------------------------------------------------------------------


def test_pages_of_jobs_are_followed_by_links(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    ids = [
        ask(
            "POST", "/launch", json={**launched, "again": True, "description": f"run {number}"}
        ).json["id"]
        for number in range(5)
    ]
    found: list[str] = []
    address: str | None = "/jobs?limit=2&q=RUN"
    while address is not None:
        page = ask("GET", address.removeprefix("http://localhost")).json
        found += [each["id"] for each in page["jobs"]]
        if len(found) == 2:
            ask("POST", "/launch", json={**launched, "again": True})
        links = {each["rel"]: each["href"] for each in page["links"]}
        address = links.get("next")
    assert found == ids[::-1]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 2), ("status=accepted", 1), ("status=accepted,dismissed", 2), ("status=failed", 0),
        ("q=100%25", 1), ("q=SPRING", 1), ("q=_", 0), ("processID=other", 0),
        ("datetime=2023-11-14T22:00:00Z/..", 2), ("datetime=../2023-11-14T00:00:00Z", 0),
        ("datetime=2023-11-14T22:13:20Z", 2),
    ],
)  # fmt: skip
def test_the_list_is_asked_by_state_time_and_words(
    site: Site, launched: dict[str, Any], query: str, count: int
) -> None:
    ask = site.with_files()
    first = ask("POST", "/launch", json=launched).json["id"]
    ask("POST", "/launch", json={**launched, "again": True, "description": "100% cloudless"})
    ask("DELETE", f"/jobs/{first}")
    assert len(ask("GET", f"/jobs?{query}").json["jobs"]) == count


@pytest.mark.parametrize(
    "query", ["status=done", "limit=0", "limit=101", "cursor=x", "colour=red", "datetime=today"]
)
def test_queries_that_mean_nothing_are_refused(site: Site, query: str) -> None:
    assert site.user()("GET", f"/jobs?{query}").status_code == 400


def test_what_is_known_is_not_sent_again(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    job = ask("POST", "/launch", json=launched).json["id"]
    for path in (f"/jobs/{job}", "/jobs", f"/jobs/{job}/logs", f"/jobs/{job}/scenes"):
        tag = ask("GET", path).headers["ETag"]
        again = ask("GET", path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
    ask("DELETE", f"/jobs/{job}")
    assert ask("GET", f"/jobs/{job}", headers={"If-None-Match": tag}).status_code == 200


def test_again_makes_a_new_job_that_knows_the_old_one(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    first = ask("POST", "/launch", json=launched).json
    assert ask("POST", f"/jobs/{first['id']}/again").status_code == 409
    ask("DELETE", f"/jobs/{first['id']}")
    second = ask("POST", f"/jobs/{first['id']}/again").json
    assert second["parameters"] == first["parameters"]
    assert {each["rel"]: each["href"] for each in second["links"]}["prev"].endswith(first["id"])


def test_again_with_another_file_of_the_name(site: Site, launched: dict[str, Any]) -> None:
    """What the first job read is gone: the same content is the same run, another one is not."""
    ask = site.with_files()
    first = ask("POST", "/launch", json=launched).json
    ask("DELETE", f"/jobs/{first['id']}")
    name = f"/files/boundaries/{launched['boundary']}"
    assert ask("PUT", name, data=SQUARE).status_code == 200
    second = ask("POST", f"/jobs/{first['id']}/again")
    assert second.status_code == 201
    ask("DELETE", f"/jobs/{second.json['id']}")
    assert ask("PUT", name, data=SQUARE.replace(b"40.", b"41.")).status_code == 200
    refused = ask("POST", f"/jobs/{first['id']}/again")
    assert (refused.status_code, refused.json["type"].rpartition("/")[2]) == (409, "file-replaced")
    assert launched["boundary"] in refused.json["detail"]
    assert ask("POST", "/launch", json=launched).status_code == 201


def test_a_description_is_changed_and_nothing_else(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    job = ask("POST", "/launch", json=launched).json["id"]
    assert ask("PATCH", f"/jobs/{job}", json={"description": "x"}).json["description"] == "x"
    assert ask("PATCH", f"/jobs/{job}", json={"status": "failed"}).status_code == 400


def test_the_log_is_read_from_where_one_was(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    job = ask("POST", "/launch", json=launched).json["id"]
    ask("DELETE", f"/jobs/{job}")
    lines = ask("GET", f"/jobs/{job}/logs").json["logs"]
    assert [each["message"] for each in lines] == [
        "accepted, waits for a runner",
        "dismissed: cancelled before it began",
    ]
    rest = ask("GET", f"/jobs/{job}/logs?after=1&level=info&limit=1").json
    assert [each["id"] for each in rest["logs"]] == [2]
    assert ask("GET", f"/jobs/{job}/logs?level=error").json["logs"] == []


def test_browsers_get_a_page_and_everybody_else_json(site: Site) -> None:
    client = site.app.test_client()
    assert client.get("/").mimetype == "application/json"
    assert client.get("/", headers={"Accept": "*/*"}).mimetype == "application/json"
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert client.get("/", headers={"Accept": accept}).mimetype == "text/html"


def test_ready_is_who_has_a_store_and_a_runner(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def asked() -> tuple[int, Any]:
        monkeypatch.setattr(readiness, "_AGAIN", -1.0)
        answer = client.get("/readyz")
        return answer.status_code, answer.json

    site = make_site(results={"url": str(tmp_path / "disk" / "results")})
    client = site.app.test_client()
    (tmp_path / "disk").mkdir()
    site.service.queue.beat("r")
    there = {"status": "ok", "database": True, "store": True, "runner": True}
    assert asked() == (200, there)
    (tmp_path / "disk").rmdir()
    assert asked() == (503, {**there, "status": "not ready", "store": False})


@pytest.mark.parametrize(
    "ask",
    [
        {"method": "GET", "path": "/jobs?q=spr%00ing"},
        {"method": "GET", "path": "/jobs?%00=1"},
        {"method": "GET", "path": "/jobs/%00"},
        {"method": "DELETE", "path": "/files/boundaries/a%00b"},
        {"method": "POST", "path": "/auth", "json": {"username": "a\0", "password": "b"}},
        {"method": "POST", "path": "/auth", "data": {"username": "a\0", "password": "b"}},
        {"method": "POST", "path": "/launch", "json": {"mode": ["down\0load"]}},
        {"method": "POST", "path": "/launch", "json": {"mo\0de": "download"}},
    ],
)
def test_nul_never_comes_to_the_database(site: Site, ask: dict[str, Any]) -> None:
    """PostgreSQL keeps none: it would be an error of the service. For SQLite a text ends there."""
    answer = site.user()(**ask)
    assert answer.status_code == 400
    assert "NUL" in answer.json["detail"]


def test_a_misspelt_name_is_told_also_where_it_is_null(site: Site) -> None:
    answer = site.user()("POST", "/launch", json={"provenence": None, "mask": None})
    faults = {each["pointer"]: each["message"] for each in answer.json["errors"]}
    assert answer.status_code == 400
    assert faults["/provenence"] == "there is no such parameter"
    assert "/mask" not in faults
