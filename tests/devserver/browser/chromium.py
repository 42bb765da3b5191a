"""A real browser on a real server: Debian's Chromium, and `automap serve` in its own process."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from tests import starts

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
expect.set_options(timeout=20_000)  # the machine may be busy with other tests
ARTEFACTS = Path(os.environ.get("AUTOMAP_ARTEFACTS", Path(__file__).parent / "artefacts"))


@dataclass(frozen=True)
class Server:
    """`automap serve`, and where it is."""

    address: str
    process: subprocess.Popen[str]


Serve = Callable[..., Server]


@contextmanager
def serving(*arguments: str | Path) -> Iterator[Server]:
    """A server of some paths, which ends as by Ctrl-C."""
    words = ["serve", *map(str, arguments), "--port", "0"]
    process = starts.start(words, starts.SERVE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    try:
        yield Server(_address(process.stdout), process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        process.stdout.close()


def _address(output: Iterable[str]) -> str:
    said = ""
    for line in output:
        said += line
        if found := re.search(r"http://[\d.]+:\d+/", line):
            return found[0]
    raise AssertionError(said)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers of some paths; they end with the test."""
    with ExitStack() as running:
        yield lambda *arguments: running.enter_context(serving(*arguments))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("AUTOMAP_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium: apt-get install chromium, or set AUTOMAP_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Window:
    """A page, with all that it complained of and asked for."""

    page: Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    waiting: set[Request] = field(default_factory=set)
    """What the page has asked for and has not got, but for the stream of events: it never ends."""

    def picture(self, name: str | None = None, *, of: str | None = None) -> np.ndarray:
        """(y, x, 3) what is seen, of the whole page or of one element; kept under a name."""
        shot = self.page.locator(of).screenshot() if of else self.page.screenshot()
        if name is not None:
            ARTEFACTS.mkdir(parents=True, exist_ok=True)
            (ARTEFACTS / f"{name}.png").write_bytes(shot)
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))

    def asked(self, request: Request) -> None:
        """A request begins."""
        self.requests.append(request.url)
        if request.resource_type != "eventsource":
            self.waiting.add(request)

    def answered(self, request: Request) -> None:
        """A request has ended, well or badly."""
        self.waiting.discard(request)

    def settled(self, seconds: float = 20.0) -> None:
        """Wait until the page has started, has what it asked for, and asks for nothing more."""
        self.page.wait_for_selector("html[data-ready]")
        quiet, end = 0.0, time.monotonic() + seconds
        while quiet < QUIET:
            known, since = len(self.requests), time.monotonic()
            assert since < end, f"still waiting for {[each.url for each in self.waiting]}"
            self.page.wait_for_timeout(50)
            waits = bool(self.waiting) or len(self.requests) > known
            quiet = 0.0 if waits else quiet + time.monotonic() - since

    def still(self, seconds: float = 20.0) -> None:
        """Wait until the page has what it asked for and two pictures of it are the same."""
        self.settled(seconds)
        end, before = time.monotonic() + seconds, self.page.screenshot()
        while True:
            self.page.wait_for_timeout(300)
            now = self.page.screenshot()
            if now == before:
                return
            assert time.monotonic() < end, "the page does not stop moving"
            before = now

    def json(self, address: str) -> Any:
        """What the server tells the page."""
        return self.page.evaluate("async (address) => (await fetch(address)).json()", address)


QUIET = 0.5
"""Seconds without a request after which a page is taken as settled: longer than its own timers."""

Open = Callable[..., Window]


@pytest.fixture
def window(browser: Browser) -> Iterator[Open]:
    """Open a page; afterwards: nothing was asked of another host, and no error was told.

    `failing` is the status of answers that are meant to fail.
    """
    opened: list[tuple[Window, str, int | None]] = []

    def open_(
        address: str,
        *,
        size: tuple[int, int] = (1280, 800),
        dark: bool = False,
        failing: int | None = None,
        before: Callable[[Page], None] = lambda _: None,
    ) -> Window:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        seen = Window(page)
        page.on("console", lambda message: seen.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: seen.console.append(f"error: {error}"))
        page.on("request", seen.asked)
        page.on("requestfinished", seen.answered)
        page.on("requestfailed", seen.answered)
        opened.append((seen, address, failing))
        before(page)
        page.goto(address)
        seen.settled()
        return seen

    yield open_
    for seen, address, failing in opened:
        root = address.partition("#")[0]
        outside = [url for url in seen.requests if not url.startswith((root, "data:", "blob:"))]
        assert outside == []
        meant = f"status of {failing} "
        errors = [text for text in seen.console if not text.startswith(("log:", "info:", "debug:"))]
        wrong = [text for text in errors if failing is None or meant not in text]
        assert not wrong, wrong
        seen.page.context.close()
