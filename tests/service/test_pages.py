"""The pages, as a browser without scripts uses them."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest

from automap_service.accounts.users import RIGHTS
from tests.service.conftest import PASSWORD, SAMPLES, SQUARE, Site
from tests.service.test_results import finished

HERE = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


class Browser:
    """Follows redirects, and sends forms with the hidden word of the page that it is on."""

    def __init__(self, site: Site) -> None:
        self._client = site.app.test_client()
        self.text = ""
        self.code = 0
        self.path = ""

    def go(self, path: str) -> None:
        self._took(self._client.get(path, headers=HERE, follow_redirects=True, buffered=True))

    def send(self, path: str, **fields: Any) -> None:
        word = re.search(r'name="csrf" value="([^"]+)"', self.text)
        data = {**fields, **({"csrf": word[1]} if word else {})}
        self._took(
            self._client.post(path, data=data, headers=HERE, follow_redirects=True, buffered=True)
        )

    def _took(self, answer: Any) -> None:
        self.code, self.path = answer.status_code, answer.request.path
        self.text = answer.get_data(as_text=True)
        if "html" in answer.mimetype:
            scripts = re.findall(r"<script[^>]*>", self.text)
            assert scripts == ['<script type="module" src="/static/service.js">']
            assert 'style="' not in self.text
            assert re.search(r"<h1>", self.text)
            ids = re.findall(r' id="([^"]+)"', self.text)
            assert len(ids) == len(set(ids))
            assert set(re.findall(r'<label for="([^"]+)"', self.text)) <= set(ids)


@pytest.fixture
def ann(site: Site) -> Browser:
    site.service.users.add("ann", PASSWORD, one_time=False)
    browser = Browser(site)
    browser.go("/")
    browser.send("/login", username="ann", password=PASSWORD)
    assert browser.code == 200
    assert "Log out ann" in browser.text
    return browser


LAUNCH = {
    "mode": "composite",
    "satellites": "8",
    "start_date": "2018-04-01",
    "end_date": "2018-05-31",
    "boundary": "ny",
    "catalogue": "demo",
    "description": "spring",
    "what": "launch",
}


def test_upload_launch_look_cancel_and_remove(ann: Browser) -> None:
    ann.go("/files")
    ann.send("/upload", kind="boundaries", file=(BytesIO(SQUARE), "ny"))
    ann.send("/upload", kind="samples", file=(BytesIO(SAMPLES), "x.csv"), name="points")
    assert (ann.code, ann.path) == (200, "/files")
    counted = re.sub(r"<[^>]+>", "", ann.text)
    assert re.search(r"2018\s*1: 2\s*2: 1", counted)
    ann.go("/launch")
    ann.send("/launch-form", **LAUNCH)
    assert ann.path.startswith("/jobs/")
    assert "accepted, waits for a runner" in ann.text
    job = ann.path
    ann.go("/orders?q=spr&status=accepted")
    assert ">spring</a>" in ann.text
    ann.go(job)
    ann.send(f"{job}/do", what="cancel")
    assert "cancelled before it began" in ann.text
    ann.send(f"{job}/do", what="again")
    assert ann.path.startswith("/jobs/")
    assert ann.path != job
    ann.go(job)
    ann.send(f"{job}/do", what="remove")
    ann.go(job)
    assert ann.code == 404


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(ann: Browser) -> None:
    ann.go("/files")
    ann.send("/upload", kind="boundaries", file=(BytesIO(SQUARE), "ny"))
    ann.go("/launch")
    ann.send("/launch-form", **{**LAUNCH, "satellites": "moon", "end_date": "2999-01-01"})
    assert ann.code == 400
    assert "must not be in the future" in ann.text
    assert 'value="moon"' in ann.text
    assert 'value="spring"' in ann.text


def test_the_same_run_is_launched_again_only_when_it_is_meant(ann: Browser) -> None:
    ann.go("/files")
    ann.send("/upload", kind="boundaries", file=(BytesIO(SQUARE), "ny"))
    for _ in range(2):
        ann.go("/launch")
        ann.send("/launch-form", **LAUNCH)
    assert ann.code == 409
    assert "Launch it nevertheless" in ann.text
    ann.send("/launch-form", **LAUNCH, again="on")
    assert ann.path.startswith("/jobs/")


def test_a_file_that_cannot_be_used_is_refused_with_words(ann: Browser) -> None:
    ann.go("/files")
    ann.send("/upload", kind="boundaries", file=(BytesIO(b"<html>"), "x"))
    assert ann.code == 400
    assert "neither GeoJSON nor GeoPackage nor FlatGeobuf" in ann.text


def test_a_download_is_a_click(site: Site, ann: Browser) -> None:
    ask = site.user()
    job = finished(site, ask)
    ann.go(f"/jobs/{job.id}")
    assert "The data are kept until" in ann.text
    assert f'href="/jobs/{job.id}/download"' in ann.text
    ann.go(f"/jobs/{job.id}/download")
    assert ann.path.startswith("/r/")
    assert ann.text.startswith("PK")


def test_another_password_ends_the_session(ann: Browser) -> None:
    ann.go("/account")
    ann.send("/account/password", old="wrong password", new="another long one")
    assert ann.code == 401
    ann.send("/account/password", old=PASSWORD, new="short")
    assert ann.code == 400
    ann.send("/account/password", old=PASSWORD, new="another long one")
    assert ann.path == "/login"
    ann.send("/login", username="ann", password="another long one")
    assert "Log out ann" in ann.text


def test_a_one_time_password_leads_to_the_account_first(site: Site) -> None:
    first = site.service.users.add_first()
    assert first is not None
    browser = Browser(site)
    browser.send("/login", username=first[0], password=first[1])
    assert browser.path == "/account"
    assert "good for once" in browser.text
    browser.go("/launch")
    assert browser.code == 403


def test_strangers_are_asked_who_they_are(site: Site) -> None:
    browser = Browser(site)
    for path in ("/", "/orders", "/launch", "/files", "/account", "/jobs/x"):
        browser.go(path)
        assert "<h1>Log in</h1>" in browser.text


def test_a_token_is_shown_once_works_and_ends(site: Site, ann: Browser) -> None:
    ann.go("/account")
    ann.send("/account/tokens", name="my script")
    word = re.search(r'class="code token">([^<]+)<', ann.text)
    assert word is not None
    ask = {"Authorization": f"Token {word[1]}", "Accept": "application/json"}
    stranger = site.app.test_client()
    assert stranger.get("/me", headers=ask).get_json()["name"] == "ann"
    ann.go("/account")
    assert word[1] not in ann.text
    known = re.search(r'name="end" value="([^"]+)" aria-label="End the token my script"', ann.text)
    assert known is not None
    site.service.users.add("bob", PASSWORD, one_time=False)
    bob = Browser(site)
    bob.go("/")
    bob.send("/login", username="bob", password=PASSWORD)
    bob.go("/account")
    bob.send("/account/tokens", end=known[1])
    assert stranger.get("/me", headers=ask).status_code == 200
    ann.send("/account/tokens", end=known[1])
    assert stranger.get("/me", headers=ask).status_code == 401


def test_only_those_who_run_the_service_see_and_change_users(site: Site, ann: Browser) -> None:
    ann.go("/admin")
    assert ann.code == 403
    ann.go("/account")
    ann.send("/admin/users", name="eve")
    assert ann.code == 403
    site.service.users.add("root", PASSWORD, RIGHTS, one_time=False)
    root = Browser(site)
    root.go("/")
    root.send("/login", username="root", password=PASSWORD)
    root.go("/admin")
    root.send("/admin/users", name="eve")
    password = re.search(r'class="code token">([^<]+)<', root.text)
    assert password is not None
    root.send("/admin/limits", user="ann", accepted="1")
    assert dict(site.service.users.named("ann").limits) == {"accepted": 1}
    root.send("/admin/users", name="eve")
    assert root.code == 400
    eve = Browser(site)
    eve.send("/login", username="eve", password=password[1])
    assert "good for once" in eve.text


def test_every_link_of_a_page_leads_somewhere(site: Site, ann: Browser) -> None:
    job = finished(site, site.user())
    seen: set[str] = set()
    for path in ("/orders", "/launch", "/files", "/code", "/account", "/help", f"/jobs/{job.id}"):
        ann.go(path)
        assert ann.code == 200, path
        seen |= set(re.findall(r'href="(/[^"]*)"', ann.text))
    for link in sorted(seen):
        ann.go(link.replace("&amp;", "&"))
        assert ann.code == 200, link
