"""The pages of the service in a real browser, on `automap service run` with real scenes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.devserver.browser.chromium import ARTEFACTS, browser
from tests.jobs.parts import BOUNDARY, SCENES
from tests.service.conftest import PASSWORD
from tests.service.test_story import Running, running

__all__ = ["browser"]

pytestmark = [pytest.mark.serial, pytest.mark.timeout(400)]

SAMPLES = b"X,Y,2017,2018\n-74.0,40.7,1,1\n-73.9,40.8,2,2\n-73.95,40.65,1,3\n-73.85,40.7,2,2\n"
SIZES = ((1440, 900), (1024, 768), (360, 740))
PAGES = ("/orders", "/launch", "/files", "/code", "/account", "/admin", "/help")
WANTED = {
    "mode": "composite",
    "satellites": 8,
    "start_date": "2018-04-01",
    "end_date": "2018-05-31",
    "boundary": "New York",
    "description": "spring of 2018",
}


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
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"service-{name}.png", full_page=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Running]:
    """A service with a user, files of it, and a run that came to its end."""
    folder = tmp_path_factory.mktemp("pages") / "service"
    with running(folder, str(shared / "data" / SCENES)) as site:
        login = {"username": "admin", "password": site.first, "new_password": PASSWORD}
        site.token = site.ask("POST", "/auth", login)[1]["token"]
        boundary = (shared / "data" / BOUNDARY).read_bytes()
        assert site.ask("PUT", "/files/boundaries/New%20York", boundary)[0] == 201
        assert site.ask("PUT", "/files/samples/points", SAMPLES)[0] == 201
        job = site.ask("POST", "/launch", WANTED)[1]["id"]
        assert site.wait(job, 200)["status"] == "successful"
        yield site


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, site: Running) -> Iterator[Open]:
    """Open a page as the user; afterwards no error was told and nothing was asked elsewhere."""
    opened: list[Visit] = []

    def open_(
        path: str, size: tuple[int, int] = SIZES[0], *, dark: bool = False, scripts: bool = True
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        found = Visit(page, site.address, [], [])
        page.on("console", lambda said: found.console.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: found.console.append(f"error: {error}"))
        page.on("request", lambda request: found.requests.append(request.url))
        opened.append(found)
        page.goto(site.address + "/login")
        page.get_by_label("Name").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(site.address + "/")
        if scripts:
            found.go(path)
        else:
            page.goto(site.address + path)
        return found

    yield open_
    for each in opened:
        own = (each.address, "data:", "blob:")
        assert [url for url in each.requests if not url.startswith(own)] == []
        assert [
            text for text in each.console if not text.startswith(("log:", "info:", "verbose:"))
        ] == []
        each.page.context.close()


def _job(site: Running) -> str:
    jobs = site.ask("GET", "/jobs?status=successful")[1]["jobs"]
    return str(jobs[-1]["id"])


def _breadth(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
def test_every_page_fits(site: Running, visit: Open, size: tuple[int, int], dark: bool) -> None:
    found = visit("/orders", size, dark=dark)
    for path in (*PAGES, f"/jobs/{_job(site)}"):
        found.go(path)
        look = f"{path.split('/')[1]}-{size[0]}-{'dark' if dark else 'light'}"
        found.shoot(look)
        assert _breadth(found.page) <= size[0], path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(root: Path, site: Running, visit: Open, dark: bool) -> None:
    axe = root / "devserver" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.exists():
        pytest.skip("no node_modules in devserver/frontend: npm ci")
    found = visit("/orders", dark=dark)
    said = {}
    for path in (*PAGES, f"/jobs/{_job(site)}"):
        found.go(path)
        found.page.evaluate(axe.read_text(encoding="utf-8"))
        broken = found.page.evaluate("axe.run().then((found) => found.violations)")
        said[path] = [
            (each["id"], each["impact"], [node["html"][:160] for node in each["nodes"]])
            for each in broken
        ]
    assert {path: broken for path, broken in said.items() if broken} == {}


def test_a_box_is_drawn_checked_launched_and_watched(visit: Open) -> None:
    found = visit("/launch")
    page = found.page
    page.get_by_text("Corners as numbers").click()
    for name, value in (("West", -74.05), ("South", 40.65), ("East", -73.85), ("North", 40.8)):
        page.get_by_label(name).fill(str(value))
    page.get_by_role("button", name="Take this box").click()
    page.get_by_label("Name of the drawn boundary").fill("my box")
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("#drawing-said")).to_contain_text("my box is kept")
    expect(page.locator("#boundary")).to_have_value("my box")
    page.get_by_label("landsat-8").check()
    page.locator("#start_date").fill("2018-04-01")
    page.locator("#end_date").fill("2018-05-31")
    page.get_by_label("Description").fill("of a box")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", name="What would be done")).to_be_visible(timeout=60_000)
    places = json.loads(page.locator("[data-checked]").get_attribute("data-checked") or "")
    assert [len(each["places"]) for each in places] == [each["scenes"] for each in places]
    page.wait_for_load_state("networkidle")
    found.shoot("checked")
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url("**/jobs/*")
    found.shoot("running")
    expect(page.locator(".badge.successful")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("button", name="Download")).to_be_visible()
    expect(page.locator(".phase-names")).to_contain_text("composite of landsat-8")


def test_all_problems_stand_beside_their_fields(visit: Open) -> None:
    found = visit("/launch")
    page = found.page
    page.locator("#start_date").fill("2018-05-01")
    page.locator("#end_date").fill("2018-04-01")
    page.locator("#boundary").select_option("New York")
    found.console.clear()
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#problems")).to_contain_text("satellites: is needed")
    expect(page.locator("#problems")).to_contain_text("end date")
    expect(page.locator("#satellites-help")).to_contain_text("is needed")
    expect(page.locator("#end_date")).to_have_attribute("aria-invalid", "true")
    found.shoot("problems")
    assert all("status of 400" in text for text in found.console)
    found.console.clear()


def test_a_dropped_file_is_sent_and_shown(visit: Open, tmp_path: Path) -> None:
    found = visit("/files")
    page = found.page
    csv = tmp_path / "more.csv"
    csv.write_bytes(SAMPLES)
    page.locator("#file").set_input_files(csv)
    expect(page.locator("#kind")).to_have_value("samples")
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Show more.csv on the map").click()
    expect(page.locator("#files-legend li")).to_have_text(["1", "2", "3"])
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete more.csv").click()
    expect(page.get_by_role("button", name="Show more.csv on the map")).to_have_count(0)


def test_orders_and_launch_work_without_scripts(visit: Open) -> None:
    page = visit("/launch", scripts=False).page
    page.get_by_label("landsat-8").check()
    page.locator("#start_date").fill("2018-04-01")
    page.locator("#end_date").fill("2018-04-30")
    page.locator("#boundary").select_option("New York")
    page.get_by_label("Description").fill("without scripts")
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url("**/jobs/*")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("link", name="Orders").first.click()
    expect(page.get_by_role("link", name="without scripts")).to_be_visible()
