"""Python on the page Code: real Pyodide in a real browser, launching at a real service."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from automap_service.launcher import pyodide
from tests.service.browser.conftest import WANTED, Open, Visit
from tests.service.test_story import Running

needs_python = pytest.mark.skipif(
    not pyodide.PACKED.is_dir(), reason="no Pyodide: make launcher (needs the npm registry)"
)
pytestmark = pytest.mark.timeout(400)

START = 90_000  # Python starts in a few seconds, on a busy machine in more


@pytest.fixture
def run(visit: Open) -> Callable[..., Visit]:
    """Run a script on the page, to its end; with `dry`, launches are only checked."""

    def run_(code: str, found: Visit | None = None, *, dry: bool = False) -> Visit:
        found = found or visit("/code")
        begin(found.page, code, dry=dry)
        expect(found.page.locator("#ran")).to_contain_text(
            re.compile("done after|ended with"), timeout=START
        )
        return found

    return run_


def begin(page: Page, code: str, *, dry: bool = False) -> None:
    page.locator("#dry").set_checked(dry)
    page.locator("#script").fill(code)
    page.get_by_role("button", name="Run", exact=True).click()


@needs_python
def test_a_loop_over_years_checks_launches_and_waits(
    site: Running, run: Callable[..., Visit]
) -> None:
    before = len(site.ask("GET", "/jobs")[1]["jobs"])
    loop = (
        f"parameters = {WANTED}\n"
        "for start, end in time_range(2017, 2019, month=12, offset=0):\n"
        "    name = automap_launch({**parameters, 'start_date': start, 'end_date': end})\n"
        "    print(start, end, automap_wait(name)['status'])\n"
    )
    found = run(loop, dry=True)
    page = found.page
    expect(page.locator("#printed")).to_have_text(
        "2017-01-01 2017-12-31 dismissed\n2018-01-01 2018-12-31 dismissed\n"
    )
    expect(page.locator("#launched li")).to_have_count(2)
    expect(page.locator("#launched li").first).to_contain_text(re.compile(r"only checked, \d+ sc"))
    expect(page.locator("#launched li").last).to_contain_text("it would fail: ")
    assert len(site.ask("GET", "/jobs")[1]["jobs"]) == before
    wanted = {**WANTED, "mode": "download", "description": "of a script"}
    once = (
        f"name = automap_launch({wanted})\n"
        "print(automap_wait(name, seconds=120)['status'])\n"
        "print(automap_jobs()[0]['id'] == name)\n"
    )
    run(once, found)
    expect(page.locator("#printed")).to_have_text("successful\nTrue\n")
    newest = site.ask("GET", "/jobs")[1]["jobs"][0]
    assert newest["description"] == "of a script"
    assert page.locator("#launched a").get_attribute("href") == f"/jobs/{newest['id']}"
    found.shoot("launcher")


@needs_python
def test_stop_ends_an_endless_loop_and_the_next_script_runs(run: Callable[..., Visit]) -> None:
    found = run("print('here')")
    page = found.page
    begin(page, "print('begins')\nimport time\ntime.sleep(0.2)\nwhile True: pass\n")
    expect(page.locator("#printed")).to_have_text("begins\n")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#ran")).to_contain_text("stopped")
    deadline = time.monotonic() + 10
    while page.workers:  # Chromium tells of the end a moment later
        assert time.monotonic() < deadline, page.workers
        page.wait_for_timeout(50)
    run("print(6 * 7)", found)
    expect(page.locator("#printed")).to_have_text("42\n")


@needs_python
def test_what_is_wrong_is_told_with_the_line_of_the_script(run: Callable[..., Visit]) -> None:
    found = run("x = 1\nautomap_launch({'mode': 'composite', 'satellites': 'moon'})\n")
    printed = found.page.locator("#printed")
    expect(printed).to_contain_text('File "script.py", line 2')
    expect(printed).to_contain_text("LaunchError: 400")
    for key in ("satellites", "start_date", "end_date", "boundary"):
        expect(printed).to_contain_text(f"/{key}: ")
    assert "in_browser" not in printed.inner_text()
    assert all("status of 400" in text for text in found.console)
    found.console.clear()


@contextmanager
def elsewhere() -> Iterator[tuple[int, list[str]]]:
    """(port, who came) of another server of this machine."""
    came: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with contextlib.suppress(OSError):  # closed at the end
                while True:
                    connection, peer = listening.accept()
                    came.append(str(peer))
                    connection.close()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1], came
        listening.shutdown(socket.SHUT_RDWR)


@needs_python
def test_a_script_reaches_nothing_but_jobs(run: Callable[..., Visit]) -> None:
    with elsewhere() as (port, came):
        socket.create_connection(("127.0.0.1", port)).close()
        while not came:  # it does see who comes
            time.sleep(0.01)
        found = run(_ATTEMPTS.replace("PORT", str(port)))
        *lines, last = found.page.locator("#printed").inner_text().splitlines()
        assert lines == [*["refused"] * 7, "False False"]
        assert last == "200"  # jobs are reached in the same way
        assert len(came) == 1
    found.console.clear()  # each refusal is told there
    found.requests[:] = [url for url in found.requests if f":{port}/" not in url]


_ATTEMPTS = """import js, urllib.request

def attempt(what):
    try:
        print("got", what())
    except Exception:
        print("refused")

def ask(where):
    request = js.XMLHttpRequest.new()
    request.open("GET", where, False)
    request.send(None)
    return request.status

def socket():
    line = js.WebSocket.new("ws://127.0.0.1:PORT/")
    import time
    time.sleep(1)
    if line.readyState != 1:
        raise OSError("no socket")

attempt(lambda: ask("/me"))
attempt(lambda: ask("/account"))
attempt(lambda: ask("http://127.0.0.1:PORT/"))
attempt(lambda: js.importScripts("http://127.0.0.1:PORT/x.js"))
attempt(lambda: js.eval("1"))
attempt(socket)
attempt(lambda: urllib.request.urlopen("http://127.0.0.1:PORT/"))
print(hasattr(js, "document"), hasattr(js, "localStorage"))
print(ask("/jobs"))
"""
