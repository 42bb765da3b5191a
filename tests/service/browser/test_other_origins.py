"""A page of a real other origin, in a browser that is logged in at the service."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page

from tests.service.browser.conftest import Open, wait_for_all
from tests.service.test_story import Running

pytestmark = pytest.mark.timeout(400)

FORM = """<!doctype html><title>evil</title><form method="post" action="{action}" enctype="{kind}">
{fields}</form>"""


@pytest.fixture
def evil() -> Iterator[dict[str, str]]:
    """`address` of a server of another origin, and the `page` that it gives out."""
    said = {"page": "<!doctype html><title>evil</title>"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(said["page"].encode())

        def log_message(self, *_: object) -> None:
            pass

    # another name of this machine: also another site, as a page on the internet is
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    said["address"] = f"http://localhost:{server.server_address[1]}/"
    yield said
    server.shutdown()
    server.server_close()


def state(site: Running) -> str:
    """All that a forged request might have changed."""
    parts = ("/jobs", "/files", "/me")
    return json.dumps([site.ask("GET", path)[1] for path in parts], sort_keys=True)


def submit(page: Page, evil: dict[str, str], action: str, kind: str, fields: str) -> int:
    """Let the other page send a form; the status of the answer."""
    evil["page"] = FORM.format(action=action, kind=kind, fields=fields)
    page.goto(evil["address"])
    with page.expect_response(action, timeout=30_000) as answered:
        page.evaluate("document.forms[0].submit()")
    page.wait_for_url(action)
    return answered.value.status


FETCH = """async ({address, method, headers, body}) => {
  try {
    const answer = await fetch(address, {method, headers, body, credentials: "include"});
    return `read ${answer.status}`;
  } catch (error) { return "refused"; }
}"""


def test_forms_and_scripts_of_another_page_change_and_read_nothing(
    site: Running, visit: Open, evil: dict[str, str]
) -> None:
    found = visit("/orders")
    page, here = found.page, site.address
    job = site.ask("GET", "/jobs?status=successful")[1]["jobs"][-1]["id"]
    wait_for_all(site)
    before = state(site)
    field = '<input name="{}" value="{}">'.format
    urlencoded, plain = "application/x-www-form-urlencoded", "text/plain"
    forms = [
        (f"/jobs/{job}/do", urlencoded, field("what", "remove")),
        (f"/jobs/{job}/do", urlencoded, field("what", "again") + field("csrf", "guessed")),
        ("/logout", urlencoded, ""),
        ("/account/password", urlencoded, field("old", "x") + field("new", "a new password")),
        ("/files/remove", urlencoded, field("kind", "boundaries") + field("id", "New York")),
        ("/launch-form", urlencoded, field("mode", "download") + field("what", "launch")),
        ("/launch", plain, field("{&quot;mode&quot;:&quot;", "&quot;}")),
        ("/upload", "multipart/form-data", field("kind", "boundaries")),
        ("/login", urlencoded, field("username", "admin") + field("password", "of mine")),
    ]
    for path, kind, fields in forms:
        status = submit(page, evil, here + path, kind, fields)
        # without the cookie, which is SameSite=Lax, it is nobody; with it, another origin
        assert status in (401, 403), (path, status)
    evil["page"] = "<!doctype html><title>evil</title>"
    page.goto(evil["address"])
    for method, path, headers, body in (
        ("POST", "/launch", {"Content-Type": "application/json"}, "{}"),
        ("POST", "/launch", {"Content-Type": "text/plain"}, "{}"),
        ("DELETE", f"/jobs/{job}", {}, None),
        ("PUT", "/files/boundaries/x", {}, "{}"),
        ("GET", "/me", {}, None),
        ("GET", "/jobs", {}, None),
    ):
        asked = {"address": here + path, "method": method, "headers": headers, "body": body}
        assert page.evaluate(FETCH, asked) == "refused", (method, path)
    assert state(site) == before
    page.goto(f"{here}/orders")
    assert page.get_by_role("button", name="Log out admin").is_visible()  # still logged in
    found.console.clear()
    found.requests[:] = [url for url in found.requests if url.startswith(here)]


def test_no_other_page_shows_the_service_in_a_frame(
    site: Running, visit: Open, evil: dict[str, str]
) -> None:
    found = visit("/orders")
    evil["page"] = (
        f'<!doctype html><title>evil</title><iframe src="{site.address}/orders"></iframe>'
    )
    found.page.goto(evil["address"])
    found.page.wait_for_timeout(500)
    (frame,) = found.page.frames[1:]
    assert "Log out" not in frame.content()
    assert any("frame-ancestors" in text for text in found.console)
    found.console.clear()
    found.requests[:] = [url for url in found.requests if url.startswith(site.address)]


def test_what_another_page_opens_knows_nothing_of_it(
    site: Running, visit: Open, evil: dict[str, str]
) -> None:
    found = visit("/orders")
    evil["page"] = "<!doctype html><title>evil</title>"
    found.page.goto(evil["address"])
    with found.page.expect_popup() as opened:
        found.page.evaluate(
            "(address) => { window.opened = open(address) }", f"{site.address}/help"
        )
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("window.opener") is None
    assert found.page.evaluate("window.opened.closed") is True
    found.requests[:] = [url for url in found.requests if url.startswith(site.address)]
