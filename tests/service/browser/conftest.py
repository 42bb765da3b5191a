"""A browser that is logged in at `automap service run`, with real scenes and a run at its end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, StorageState

from tests.devserver.browser.chromium import ARTEFACTS
from tests.jobs.parts import AREA, SCENES
from tests.service.conftest import PASSWORD
from tests.service.test_story import Running, running

SAMPLES = b"X,Y,2017,2018\n-74.0,40.7,1,1\n-73.9,40.8,2,2\n-73.95,40.65,1,3\n-73.85,40.7,2,2\n"
SIZES = ((1440, 900), (1024, 768), (360, 740))
WANTED = {
    "mode": "composite",
    "satellites": 8,
    "start_date": "2018-04-01",
    "end_date": "2018-05-31",
    "boundary": "New York",
    "description": "spring of 2018",
}


def is_complaint(said: ConsoleMessage) -> bool:
    """Whether something is wrong: not where a result that is being made has no picture.

    Not yet, or no more: the page says that nothing of it can be seen, and asks again.
    """
    has_no_picture = "status of 404" in said.text and "/picture?raster=" in said.location["url"]
    return said.type not in ("log", "info", "verbose") and not has_no_picture


def note(console: list[str], said: ConsoleMessage) -> None:
    """Write down what is a complaint."""
    if is_complaint(said):
        console.append(f"{said.type}: {said.text}")


@dataclass
class Visit:
    """A browser that is logged in, and what it complained of."""

    page: Page
    address: str
    console: list[str]
    requests: list[str]

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.page.wait_for_selector("html[data-ready]")
        self.page.wait_for_load_state("networkidle")

    def shoot(self, name: str) -> None:
        """Leave a picture for people, where they ask for them."""
        if "AUTOMAP_ARTEFACTS" not in os.environ:
            return
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"service-{name}.png", full_page=True)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Running]:
    """A service with a user, files of it, and a run that came to its end."""
    folder = tmp_path_factory.mktemp("pages") / "service"
    with running(folder, str(shared / "data" / SCENES)) as site:
        login = {"username": "admin", "password": site.first, "new_password": PASSWORD}
        site.token = site.ask("POST", "/auth", login)[1]["token"]
        answer = site.ask("PUT", "/files/boundaries/New%20York", AREA.read_bytes())
        assert answer[0] == 201, answer
        assert site.ask("PUT", "/files/samples/points", SAMPLES)[0] == 201
        job = site.ask("POST", "/launch", WANTED)[1]["id"]
        assert site.wait(job, 200)["status"] == "successful"
        yield site


def wait_for_all(site: Running) -> None:
    """Until no job waits or is carried out, of those that other tests have launched."""
    for job in site.ask("GET", "/jobs")[1]["jobs"]:
        site.wait(job["id"], 200)


Open = Callable[..., Visit]


@pytest.fixture(scope="session")
def logged_in(browser: Browser, site: Running) -> StorageState:
    """The cookies of a browser whose user has filled in the form."""
    page = browser.new_page()
    page.set_default_timeout(30_000)
    page.goto(site.address + "/login")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(site.address + "/")
    state = page.context.storage_state()
    page.context.close()
    return state


@pytest.fixture
def visit(browser: Browser, site: Running, logged_in: StorageState) -> Iterator[Open]:
    """Open a page as the user; afterwards no error was told and nothing was asked elsewhere."""
    opened: list[Visit] = []

    def open_(
        path: str, size: tuple[int, int] = SIZES[0], *, dark: bool = False, scripts: bool = True
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            storage_state=logged_in,
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        found = Visit(page, site.address, [], [])
        page.on("console", lambda said: note(found.console, said))
        page.on("pageerror", lambda error: found.console.append(f"error: {error}"))
        page.on("request", lambda request: found.requests.append(request.url))
        opened.append(found)
        if scripts:
            found.go(path)
        else:
            page.goto(site.address + path)
        return found

    yield open_
    for each in opened:
        own = (each.address, "data:", "blob:")
        assert [url for url in each.requests if not url.startswith(own)] == []
        assert each.console == []
        each.page.context.close()
