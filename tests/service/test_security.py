"""What others cannot see or do."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from automap_service.checks import weak
from automap_service.tables import AUDIT
from tests.service.conftest import SQUARE, MakeSite, Site


def test_ids_of_others_are_unknown_on_every_route(site: Site, launched: dict[str, Any]) -> None:
    ann, bob = site.with_files("ann"), site.user("bob")
    job = ann("POST", "/launch", json=launched).json["id"]
    file = ann("GET", "/files/boundaries/ny").json["id"]
    walked = 0
    for rule in site.app.url_map.iter_rules():
        names = rule.arguments
        if not names & {"job", "name"}:
            continue
        kinds = {"kind": "boundaries", "name": file, "job": job}
        if "problems" in rule.rule:
            continue
        path = rule.rule
        for name in names:
            path = path.replace(f"<path:{name}>", kinds[name]).replace(f"<{name}>", kinds[name])
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS", "PUT"}:
            for accept in ("application/json", "text/html"):
                answer = bob(method, path, json={}, headers={"Accept": accept})
                assert answer.status_code == 404, (method, path, answer.data)
                walked += 1
    assert walked >= 18
    assert bob("GET", "/jobs").json["jobs"] == []
    assert bob("GET", "/files").json["files"] == []
    assert bob("POST", "/launch", json={**launched, "boundary": file}).status_code == 400
    assert ann("GET", f"/jobs/{job}").json["status"] == "accepted"


def test_ids_of_others_in_forms_and_queries_do_nothing(
    site: Site, launched: dict[str, Any]
) -> None:
    ann, bob = site.with_files("ann", samples=True), site.with_files("bob")
    job = ann("POST", "/launch", json={**launched, "description": "of ann"}).json["id"]
    boundary = ann("GET", "/files/boundaries/ny").json["id"]
    samples = ann("GET", "/files/samples/ny").json["id"]
    token = str(site.service.words.tokens_of(site.service.users.named("ann").id)[0].id)
    html = {"Accept": "text/html"}
    before = [ann("GET", path).data for path in ("/jobs", "/files", "/me")]
    classification = {**launched, "mode": "classification", "samples": samples}
    assert bob("GET", f"/launch?like={job}", headers=html).status_code == 404
    for path, said in (
        ("/files/remove", {"kind": "boundaries", "id": boundary}),
        ("/files/remove", {"kind": "samples", "id": samples}),
        ("/account/tokens", {"end": token}),
        ("/account/addresses", {"remove": token}),
        (f"/jobs/{job}/do", {"what": "cancel"}),
    ):
        bob("POST", path, data=said, headers=html)
    assert bob("POST", "/launch", json={**launched, "boundary": boundary}).status_code == 400
    assert bob("POST", "/launch", json={**classification, "check": True}).status_code == 400
    # a file of one's own may be called like the id of somebody else's
    assert bob("PUT", f"/files/boundaries/{boundary}", data=SQUARE).status_code == 201
    assert [ann("GET", path).data for path in ("/jobs", "/files", "/me")] == before


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:22/", "http://[::1]/",
        "http://2130706433/", "http://0x7f.1/", "file:///etc/passwd", "/etc/passwd",
        "/vsicurl/http://127.0.0.1/", "s3://bucket/area.geojson", "WFS:http://127.0.0.1/",
        "postgresql://localhost/x", "gopher://127.0.0.1/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["boundary", "samples", "catalogue", "masker"])
def test_no_parameter_makes_this_machine_ask_an_address(
    site: Site, launched: dict[str, Any], name: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = site.with_files(samples=True)
    said = {**launched, "mode": "classification", "samples": "ny", name: address}
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it asked"))
    for more in ({}, {"check": True}):
        answer = ask("POST", "/launch", json={**said, **more})
        assert answer.status_code == 400, answer.data
        assert f"/{name}" in [each["pointer"] for each in answer.json["errors"]]
    assert ask("GET", "/jobs").json["jobs"] == []


def test_every_route_asks_who_it_is_but_those_that_are_public(site: Site) -> None:
    public = {
        "/", "/auth", "/conformance", "/confirm/<word>", "/costs", "/healthz", "/limits", "/login",
        "/metrics",
        "/problems/<name>", "/processes", "/processes/<process>", "/r/<word>", "/readyz",
        "/openapi.json", "/static/<path:filename>",
    }  # fmt: skip
    client = site.app.test_client()
    for rule in site.app.url_map.iter_rules():
        if rule.rule in public:
            continue
        path = rule.rule.replace("<process>", "automap").replace("<kind>", "boundaries")
        for name in rule.arguments:
            path = path.replace(f"<path:{name}>", "x").replace(f"<{name}>", "x")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = client.open(path, method=method, json={})
            assert answer.status_code == 401, (method, path, answer.status_code)


@pytest.mark.parametrize("path", ["/", "/login", "/conformance", "/nothing", "/me", "/r/x"])
def test_headers_are_on_every_answer(site: Site, path: str) -> None:
    headers = site.app.test_client().get(path, headers={"Accept": "text/html"}).headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("127.0.0.1:8090", 200), ("evil.example", 400), ("localhost.evil", 400)],
)
def test_only_requests_to_this_host_are_answered(site: Site, host: str, status: int) -> None:
    answer = site.app.test_client().get("/healthz", headers={"Host": host})
    assert answer.status_code == status


def test_what_a_proxy_says_is_believed_only_behind_one(make_site: MakeSite) -> None:
    site = make_site()
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example"}
    client = site.app.test_client()
    assert "evil" not in client.get("/", headers=forged).get_data(as_text=True)
    said = {"username": "nobody", "password": "wrong password"}
    client.post("/auth", json=said, headers=forged)
    behind = make_site(web={"behind_proxy": True, "url": "https://maps.example.org"})
    client = behind.app.test_client()
    headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Host": "maps.example.org"}
    client.post("/auth", json=said, headers=headers)
    with site.service.database.reading() as connection:
        seen = connection.execute(select(AUDIT.c.address).order_by(AUDIT.c.number)).scalars().all()
    assert seen == ["127.0.0.1", "203.0.113.7"]


def test_cross_origin_is_off_unless_an_origin_is_named_and_never_with_cookies(
    make_site: MakeSite,
) -> None:
    site = make_site(web={"cors": ["https://notebook.example"]})
    client = site.app.test_client()
    ours = client.get("/conformance", headers={"Origin": "https://notebook.example"})
    assert ours.headers["Access-Control-Allow-Origin"] == "https://notebook.example"
    assert "Access-Control-Allow-Credentials" not in ours.headers
    other = client.get("/conformance", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other.headers


def test_names_are_shown_escaped(site: Site) -> None:
    ask = site.user()
    name = "<script>alert(1)</script>"
    assert ask("PUT", f"/files/boundaries/{name}", data=SQUARE).status_code == 201
    page = ask("GET", "/files", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_an_error_that_was_not_foreseen_tells_a_reference_and_nothing_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(type(site.service.store), "page", broken)
    answer = site.user()("GET", "/jobs")
    assert answer.status_code == 500
    assert answer.json["detail"].startswith("reference ")
    assert b"secret" not in answer.data


def test_the_audit_says_who_did_what(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    job = ask("POST", "/launch", json=launched).json["id"]
    ask("DELETE", f"/jobs/{job}")
    ask("DELETE", f"/jobs/{job}")
    with site.service.database.reading() as connection:
        acts = connection.execute(select(AUDIT.c.act).order_by(AUDIT.c.number)).scalars().all()
    assert acts == ["upload", "launch", "cancel", "delete job"]


def test_folders_are_only_for_their_owner(site: Site) -> None:
    assert site.service.settings.root.stat().st_mode & 0o077 == 0
    site.with_files()
    for path in site.service.settings.root.rglob("*"):
        if path.is_dir():
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("where", ["/r/", "/confirm/"])
def test_the_log_of_an_error_holds_no_word_that_opens_something(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("of the house")

    monkeypatch.setattr("automap_service.links.Links.follow", broken)
    monkeypatch.setattr("automap_service.recipients.confirm", broken)
    method = "GET" if where == "/r/" else "POST"
    headers = {"Sec-Fetch-Site": "same-origin"}
    answer = site.app.test_client().open(f"{where}OPENSESAME", method=method, headers=headers)
    assert answer.status_code == 500
    assert f"{method} {where}<word>" in caplog.text
    assert "OPENSESAME" not in caplog.text


def test_errors_of_the_database_do_not_tell_what_was_to_be_kept(site: Site) -> None:
    with (
        pytest.raises(DBAPIError) as caught,
        site.service.database.writing() as connection,
    ):
        connection.execute(text("INSERT INTO nothing VALUES (:word)"), {"word": "OPENSESAME"})
    assert "OPENSESAME" not in str(caught.value)


@pytest.mark.parametrize(
    ("web", "is_weak"),
    [
        ({"url": "https://maps.example.org"}, True),
        ({"url": "https://maps.example.org", "behind_proxy": True}, False),
        ({"url": "http://127.0.0.1:8000"}, False),
    ],
)
def test_a_proxy_that_is_not_known_to_be_one_is_told(
    make_site: MakeSite, web: dict[str, Any], is_weak: bool
) -> None:
    service = make_site(web=web).service
    assert any("behind_proxy is off" in said for said in weak(service.settings, service)) == is_weak
