"""The pages of the service in a real browser, on `automap service run` with real scenes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, TypeAlias

import pytest
from playwright.sync_api import Page, expect

from tests.service.browser.conftest import SAMPLES, SIZES, Open
from tests.service.test_story import Running

pytestmark = pytest.mark.timeout(400)

Scheme: TypeAlias = Literal["light", "dark"]

PAGES = ("/orders", "/launch", "/files", "/code", "/account", "/admin", "/admin/audit", "/help")


def _job(site: Running) -> str:
    jobs = site.ask("GET", "/jobs?status=successful")[1]["jobs"]
    return str(jobs[-1]["id"])


# How each page is looked at after it was opened as the first of them says.
LOOKS: tuple[tuple[tuple[tuple[int, int], Scheme], ...], ...] = (
    ((SIZES[0], "light"), (SIZES[0], "dark"), (SIZES[1], "dark"), (SIZES[1], "light")),
    ((SIZES[2], "dark"), (SIZES[2], "light")),
)


def test_every_page_fits(site: Running, visit: Open) -> None:
    """As it is opened in the light or in the dark, and turned to the other."""
    found = visit("/orders")
    for path in (*PAGES, f"/jobs/{_job(site)}"):
        name = "job" if path.startswith("/jobs/") else path.strip("/").replace("/", "-")
        for looks in LOOKS:
            see(found.page, *looks[0])
            found.go(path)
            for size, scheme in looks:
                see(found.page, size, scheme)
                found.shoot(f"{name}-{size[0]}-{scheme}")
                fits(found.page, path, size[0])


def see(page: Page, size: tuple[int, int], scheme: Scheme) -> None:
    """Have the window of a size, and in the light or in the dark."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=scheme)


# One question, since each is a way through three processes: how broad the page is, the sides of its
# maps that are seen, and the links of the navigation with their right edges.
MEASURED = """() => {
  const box = (element) => element.getBoundingClientRect();
  const seen = [...document.querySelectorAll('.map')].filter((map) => map.checkVisibility());
  return {
    breadth: document.documentElement.scrollWidth,
    maps: seen.map((map) => box(map.querySelector('.ol-viewport'))).map((b) => [b.width, b.height]),
    links: [...document.querySelectorAll('nav a')].map((link) => [
      link.innerText, link.checkVisibility(), box(link).right]),
  };
}"""


def fits(page: Page, path: str, across: int) -> None:
    """Nothing of a page is beyond the window, and a map in it is more than a line."""
    found = page.evaluate(MEASURED)
    assert found["breadth"] <= across, path
    for sides in found["maps"]:
        assert min(sides) > 100, path
    assert found["links"], path
    for name, seen, right in found["links"]:  # none is hidden beyond an edge
        assert seen, (path, name)
        assert right <= across, (path, name)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(root: Path, site: Running, visit: Open, dark: bool) -> None:
    axe = root / "devserver" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.exists():
        pytest.skip("no node_modules in devserver/frontend: npm ci")
    found = visit("/orders", dark=dark)
    # in the dark nothing but colours is another
    rules = "{runOnly: ['color-contrast', 'link-in-text-block']}" if dark else "{}"
    said = {}
    for path in (*PAGES, f"/jobs/{_job(site)}"):
        found.go(path)
        found.page.evaluate(axe.read_text(encoding="utf-8"))
        broken = found.page.evaluate(
            f"axe.run(document, {rules}).then((found) => found.violations)"
        )
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
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    expect(page.locator(".phase-names")).to_contain_text("composite of landsat-8")
    found.page.wait_for_selector('[data-rasters][data-shown="landsat-8/composite"]')
    page.get_by_label("Shown").select_option(index=1)
    found.page.wait_for_selector('[data-rasters][data-shown^="landsat-8/LC08"]')
    found.shoot("results-on-the-map")


def test_a_map_is_drawn_once_it_has_an_area(visit: Open) -> None:
    """Its styles may come after its script; `visit` holds that nothing warns of it."""
    found = visit("/orders")
    found.page.route("**/service.css", lambda route: route.fulfill(content_type="text/css"))
    found.go("/launch")
    drawn = found.page.locator("#where-map canvas")
    expect(found.page.locator("#where-map")).to_have_css("height", "0px")
    expect(drawn).to_have_count(0)
    found.page.locator("#where-map").evaluate("(map) => { map.style.height = '200px'; }")
    expect(drawn.first).to_be_visible()


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
