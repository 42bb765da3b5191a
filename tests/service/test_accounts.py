"""Logging in, tokens, sessions, and what protects them."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from sqlalchemy import select

from automap_service.accounts import _passwords
from automap_service.tables import AUDIT, SESSIONS, TOKENS, USERS
from automap_tiles.errors import ConfigError
from tests.jobs.parts import Clock
from tests.service.conftest import CHEAP, PASSWORD, REAL, Site
from tests.service.test_results import finished, link_of

FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


def auth(site: Site, name: str = "ann", password: str = PASSWORD, **more: Any) -> Any:
    said = {"username": name, "password": password, **more}
    return site.app.test_client().post("/auth", json=said)


def test_the_first_user_has_a_one_time_password_which_must_be_changed(site: Site) -> None:
    first = site.service.users.add_first()
    assert first is not None
    assert site.service.users.add_first() is None
    name, password = first
    answer = auth(site, name, password)
    assert (answer.status_code, answer.json["title"]) == (
        403,
        "The password has to be changed first",
    )
    assert auth(site, name, password, new_password=password).status_code == 400
    assert auth(site, name, password, new_password="short").status_code == 400
    answer = auth(site, name, password, new_password=PASSWORD)
    assert answer.status_code == 200
    assert auth(site, name, password).status_code == 401
    me = site.app.test_client().get(
        "/me", headers={"Authorization": f"Token {answer.json['token']}"}
    )
    assert me.json is not None
    assert me.json["rights"] == ["launch", "api", "launcher", "admin"]


@pytest.mark.parametrize("word", ["Token", "Bearer", "bearer"])
@pytest.mark.parametrize("form", [False, True])
def test_a_token_for_a_name_and_a_password(site: Site, word: str, form: bool) -> None:
    site.user()
    said = {"username": "ann", "password": PASSWORD}
    client = site.app.test_client()
    answer = client.post("/auth", data=said) if form else client.post("/auth", json=said)
    assert answer.json is not None
    token = answer.json["token"]
    assert answer.json["access_token"] == token
    headers = {"Authorization": f"{word} {token}"}
    assert client.get("/me", headers=headers).status_code == 200
    assert client.delete("/auth", headers=headers).status_code == 204
    assert client.get("/me", headers=headers).status_code == 401


def test_a_token_expires(site: Site, clock: Clock) -> None:
    site.user()
    token = auth(site).json["token"]
    headers = {"Authorization": f"Token {token}"}
    clock.now += 12 * 3600 - 1
    assert site.app.test_client().get("/me", headers=headers).status_code == 200
    clock.now += 2
    assert site.app.test_client().get("/me", headers=headers).status_code == 401


def test_only_hashes_are_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_passwords, "_hasher", REAL)
    site.service.users.add("ann", PASSWORD, one_time=False)
    token = auth(site).json["token"]
    issued = site.service.words.new_session(site.service.users.named("ann").id, 100)
    with site.service.database.reading() as connection:
        rows = [
            str(row)
            for table in (TOKENS, SESSIONS, USERS)
            for row in connection.execute(select(table))
        ]
    assert rows
    assert not any(word in row for row in rows for word in (token, issued.word, PASSWORD))
    with site.service.database.reading() as connection:
        kept = connection.execute(select(USERS.c.password)).scalar_one()
    assert kept.startswith("$argon2id$v=19$m=65536")


def test_a_changed_password_ends_all_tokens_and_sessions(site: Site) -> None:
    ask = site.user()
    user = site.service.users.named("ann")
    session = site.service.words.new_session(user.id, 100)
    site.service.users.set_password(user.id, "quite another one")
    assert ask("GET", "/me").status_code == 401
    assert site.service.words.of_session(session.word, 100) is None


@pytest.mark.parametrize(
    "password", ["short", "1234567890", "Password123", "aaaaaaaaaaaa", "ann-0123456", "x" * 257]
)
def test_passwords_that_may_not_be(password: str) -> None:
    with pytest.raises(ConfigError):
        _passwords.check(password, "ann-012345")


def test_every_failure_has_the_same_words(site: Site) -> None:
    site.user()
    wrong, unknown = auth(site, password="wrong password"), auth(site, "nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json == unknown.json


def test_wrong_log_ins_wait_longer_and_longer_and_never_for_ever(site: Site, clock: Clock) -> None:
    site.user()
    waits = []
    for _ in range(14):
        answer = auth(site, password="wrong password")
        waits.append(int(answer.headers.get("Retry-After", 0)))
        clock.now += waits[-1]
    assert waits[:6] == [0, 0, 1, 2, 4, 8]
    assert waits[-1] == 900
    clock.now += 1
    assert auth(site).status_code == 200


def test_a_thousand_wrong_log_ins_cost_hardly_anything(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.user()
    asked: list[str] = []
    matches = _passwords.matches

    def counted(kept: str | None, password: str) -> bool:
        asked.append(password)
        return matches(kept, password)

    monkeypatch.setattr("automap_service.accounts._passwords.matches", counted)
    codes = [auth(site, password=f"wrong {number}").status_code for number in range(1000)]
    assert len(asked) == 3  # the others wait: no password is compared
    assert set(codes[3:]) == {429}
    with site.service.database.reading() as connection:
        assert len(connection.execute(select(AUDIT)).all()) < 10


@pytest.mark.parametrize("form", ["/login", "/auth"])
def test_an_unknown_name_is_compared_with_something(
    site: Site, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    compared: list[str | None] = []
    hasher, nobodys = _passwords._hasher, _passwords._nobodys()

    class Spy:
        def verify(self, kept: str, password: str) -> bool:
            compared.append(kept)
            return hasher.verify(kept, password)

    monkeypatch.setattr(_passwords, "_hasher", Spy())
    said = {"username": "nobody", "password": PASSWORD}
    site.app.test_client().post(form, data=said, headers=FROM_HERE)
    assert compared == [nobodys]


# -- sessions -------------------------------------------------------------------------------------


def browser(site: Site) -> tuple[Any, str]:
    """(client with a session, its csrf word)."""
    site.user()
    client = site.app.test_client()
    said = {"username": "ann", "password": PASSWORD}
    answer = client.post("/login", data=said, headers=FROM_HERE)
    assert answer.status_code == 303
    word = client.get_cookie("automap")
    assert word is not None
    session = site.service.words.of_session(word.value, 100)
    assert session is not None
    return client, session.csrf


def test_a_session_cookie_is_for_this_site_and_no_script(site: Site) -> None:
    site.user()
    client = site.app.test_client()
    client.set_cookie("automap", "fixed by somebody")
    said = {"username": "ann", "password": PASSWORD}
    answer = client.post("/login", data=said, headers=FROM_HERE)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "fixed by somebody" not in cookie


def test_a_session_behind_https_has_the_strict_name(make_site: Any) -> None:
    site = make_site(web={"url": "https://maps.example.org"})
    site.user()
    answer = site.app.test_client().post(
        "/login",
        data={"username": "ann", "password": PASSWORD},
        headers=FROM_HERE,
        base_url="https://maps.example.org",
    )
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-automap=")
    assert "Secure" in cookie
    assert "Strict-Transport-Security" in answer.headers


def test_a_session_ends_after_hours_without_a_request(site: Site, clock: Clock) -> None:
    client, _ = browser(site)
    for _ in range(3):
        clock.now += 11 * 3600
        assert client.get("/me").status_code == 200
    clock.now += 12 * 3600 + 1
    assert client.get("/me").status_code == 401


@pytest.mark.parametrize(
    ("headers", "word", "allowed"),
    [
        (FROM_HERE, True, True),
        ({"Origin": "http://localhost"}, True, True),
        (FROM_HERE, False, False),
        ({}, True, False),
        ({"Origin": "http://evil.example"}, True, False),
        ({"Origin": "null"}, True, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, True, False),
        ({"Sec-Fetch-Site": "same-site"}, True, False),
    ],
)
def test_changes_with_a_cookie_need_the_word_and_the_origin(
    site: Site, headers: dict[str, str], word: bool, allowed: bool
) -> None:
    client, csrf = browser(site)
    headers = {**headers, **({"X-CSRF-Token": csrf} if word else {"X-CSRF-Token": "wrong"})}
    answer = client.post("/launch", json={}, headers=headers)
    assert answer.status_code == (400 if allowed else 403)
    assert (answer.json["type"].rpartition("/")[2] == "csrf") is not allowed


def test_with_a_token_the_cookie_counts_for_nothing(site: Site) -> None:
    client, _ = browser(site)
    assert client.get("/me").status_code == 200
    assert client.get("/me", headers={"Authorization": "Token wrong"}).status_code == 401
    bob = site.user("bob")
    answer = client.get("/me", headers={"Authorization": f"Token {bob.token}"})
    assert answer.json["name"] == "bob"


def test_log_in_from_another_origin_is_refused(site: Site) -> None:
    site.user()
    said = {"username": "ann", "password": PASSWORD}
    client = site.app.test_client()
    answer = client.post("/login", data=said, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_logging_out_ends_the_session_on_the_server(site: Site) -> None:
    client, csrf = browser(site)
    word = client.get_cookie("automap").value
    assert client.post("/logout", data={"csrf": csrf}, headers=FROM_HERE).status_code == 303
    assert site.service.words.of_session(word, 100) is None


def test_of_guesses_at_the_same_moment_no_more_are_looked_at_than_in_a_row(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.user()
    asked: list[str] = []

    def slow(_: str | None, password: str) -> bool:
        asked.append(password)
        time.sleep(0.2)
        return False

    monkeypatch.setattr("automap_service.accounts._passwords.matches", slow)
    guesses = [
        threading.Thread(target=auth, args=(site,), kwargs={"password": f"wrong {number}"})
        for number in range(8)
    ]
    for guess in guesses:
        guess.start()
    for guess in guesses:
        guess.join()
    assert len(asked) == 3


def test_one_name_is_one_however_it_is_composed(site: Site) -> None:
    site.user("zo\u00eb")
    for name in ("zo\u00eb", "zoe\u0308", "zo\u00eb"):
        last = auth(site, name, "wrong password")
    assert last.headers["Retry-After"] == "1"
    assert auth(site, "zoe\u0308").status_code == 429


def test_an_address_that_many_share_does_not_wait_for_the_mistakes_of_one(
    site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = CHEAP.hash("a password that nobody has")
    monkeypatch.setattr(_passwords, "_nobodys", lambda: kept)
    site.user()
    for _ in range(5):
        auth(site, "bob", "wrong password")
    assert auth(site).status_code == 200
    for number in range(60):  # but it does for those of one who tries all names
        answer = auth(site, f"user{number}", "wrong password")
    assert answer.status_code == 429
    clock.now += 1
    assert auth(site).status_code == 200


def test_right_log_ins_are_not_counted_against_their_address(site: Site) -> None:
    site.user()
    assert {auth(site).status_code for _ in range(35)} == {200}


def test_another_password_ends_the_links_of_the_user_alone(site: Site) -> None:
    ann, bob = site.user(), site.user("bob")
    links = [link_of(ask, finished(site, ask)) for ask in (ann, bob)]
    client = site.app.test_client()
    assert [client.get(link, buffered=True).status_code for link in links] == [200, 200]
    site.service.users.set_password(site.service.users.named("ann").id, "quite another one")
    assert [client.get(link, buffered=True).status_code for link in links] == [410, 200]


def test_a_new_log_in_ends_the_session_of_the_same_browser(site: Site) -> None:
    client, _ = browser(site)
    old = client.get_cookie("automap").value
    said = {"username": "ann", "password": PASSWORD}
    assert client.post("/login", data=said, headers=FROM_HERE).status_code == 303
    assert site.service.words.of_session(old, 100) is None
    new = client.get_cookie("automap").value
    assert site.service.words.of_session(new, 100) is not None
