"""A process in the browser: a run seen live, files edited, parameters changed, a tile retried."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.devserver.browser.chromium import Open, Serve, Window
from tests.engine.projects import Project, make_project, make_raster

TIMES = '''
from pathlib import Path


def execute(image, factor: int = 2, flag: str = "", mode: Mode = "plain"):
    """Values times a factor; complains while there is a file of the flag's name."""
    if flag and Path(flag).exists():
        raise ValueError("the flag is up")
    return image.read() * factor
'''.replace(
    "from pathlib import Path\n",
    "from pathlib import Path\nfrom typing import Literal\n\nMode = Literal['plain', 'other']\n",
    1,
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = make_project(tmp_path / "project", zooms=(11, 12))
    (project.folder / "double.py").write_text(TIMES)
    return project.configure(zooms=(11, 12))


def count(page: Page, status: str) -> int:
    text = page.locator(f"#counts [data-status={status}]").inner_text()
    return int(text.rpartition(" ")[2])


def until(page: Page, check: Callable[[], bool], seconds: float = 30.0) -> None:
    for _ in range(int(seconds * 10)):
        if check():
            return
        page.wait_for_timeout(100)
    assert check()


def values(page: Page) -> list[int]:
    return [int(text) for text in page.locator("[data-values=double] dd").all_text_contents()]


def inspect(page: Page) -> list[int]:
    """Values in the middle of the map."""
    page.keyboard.press("i")
    expect(page.locator("[data-values=double] dd").first).to_be_visible()
    return values(page)


def test_a_run_is_seen_live(tmp_path: Path, serve: Serve, window: Open) -> None:
    project = make_project(tmp_path / "project", zooms=(12, 13), pause=0.4)
    server = serve(project.config, "--readonly")
    seen = window(server.address)
    page = seen.page
    page.keyboard.press("t")
    until(page, lambda: count(page, "waiting") > 0)
    total = count(page, "waiting")
    assert [count(page, status) for status in ("running", "done", "empty", "failed")] == [0] * 4
    empty = seen.picture(of="#map")
    run = project.start("--workers", "1")
    try:
        until(page, lambda: count(page, "running") > 0)
        expect(page.locator("#runs")).to_contain_text("a run goes on")
        until(page, lambda: 0 < count(page, "done") < total)
        assert count(page, "waiting") + count(page, "running") > 0
        seen.picture("live")
        assert run.wait(timeout=90) == 0
    finally:
        run.kill()
        run.communicate()
    until(page, lambda: count(page, "done") + count(page, "empty") == total)
    expect(page.locator("#runs")).not_to_contain_text("a run goes on")
    # the map shows what was made, though nobody has moved it
    until(page, lambda: bool((seen.picture(of="#map") != empty).any(axis=-1).mean() > 0.2))
    seen.picture("live_end")


def test_edit_and_reload(project: Project, serve: Serve, window: Open) -> None:
    server = serve(project.config)
    seen = window(server.address)
    page = seen.page
    before = inspect(page)
    code = project.folder / "double.py"
    code.write_text(TIMES.replace("read() * factor", "read() * factor * 2"))
    until(page, lambda: values(page) == [2 * value for value in before])
    # tiles from before the edit are on disk: they are not mixed with new ones
    expect(page.locator(".banner")).to_contain_text("not kept")
    first = page.locator("#tab-process")
    first.click()
    expect(page.locator(".notice")).to_contain_text("before the edit")

    line = TIMES.count("\n", 0, TIMES.index("    return")) + 1
    code.write_text(TIMES.replace("return image.read() * factor", "return image.read() * ("))
    banner = page.locator(".process-problem")
    expect(banner).to_contain_text(f"double.py:{line}")
    banner.get_by_role("button", name="Show").click()
    expect(page.locator("#process-error")).to_contain_text("never closed")
    expect(page.locator(".source .wrong")).to_contain_text("return image.read() * (")
    seen.picture("error")
    assert values(page) == [2 * value for value in before]  # as it was before

    code.write_text(TIMES)
    expect(banner).to_be_hidden()
    until(page, lambda: values(page) == before)


def test_errors_of_the_process_file(project: Project, serve: Serve, window: Open) -> None:
    server = serve(project.config, "--memory")
    page = window(server.address).page
    text = project.config.read_text()
    project.config.write_text(text.replace('"GTiff"', '"GTif"'))
    line = text[: text.index('"GTiff"')].count("\n") + 1
    expect(page.locator(".process-problem")).to_contain_text(f"double.mapchete:{line}")
    project.config.write_text(text)
    expect(page.locator(".process-problem")).to_be_hidden()


def field(page: Page, name: str) -> Locator:
    return page.locator(f"[data-parameter={name}]").locator("input, select")


def test_parameters(project: Project, serve: Serve, window: Open) -> None:
    server = serve(project.config, "--memory")
    seen = window(server.address, failing=400)
    page = seen.page
    before = inspect(page)
    page.keyboard.press("p")
    expect(field(page, "mode").locator("option")).to_have_text(["plain", "other"])
    expect(field(page, "factor")).to_have_value("2")
    field(page, "factor").fill("6")
    page.locator("#apply").click()
    until(page, lambda: values(page) == [3 * value for value in before])
    seen.picture("parameters")
    assert "factor" not in project.config.read_text()
    # one that cannot be
    field(page, "factor").fill("1.5")
    page.locator("#parameters").evaluate("(form) => { form.noValidate = true; }")
    page.locator("#apply").click()
    expect(page.locator("#parameters [role=alert]")).to_contain_text("valid integer")
    assert values(page) == [3 * value for value in before]
    # kept in the file when asked for
    field(page, "factor").fill("4")
    page.get_by_role("button", name="Save to the file").click()
    until(page, lambda: '"factor": 4' in project.config.read_text())
    until(page, lambda: values(page) == [2 * value for value in before])
    expect(page.get_by_role("button", name="As in the file")).to_be_disabled()


def test_a_failed_tile_is_tried_again(project: Project, serve: Serve, window: Open) -> None:
    flag = project.folder / "flag"
    flag.touch()
    project.configure(zooms=(11, 12), flag=str(flag))
    server = serve(project.config)
    seen = window(server.address, failing=500)
    page = seen.page
    page.keyboard.press("t")
    until(page, lambda: count(page, "failed") > 0)
    page.keyboard.press("i")
    panel = page.locator("#inspector")
    expect(panel.locator(".traceback")).to_contain_text("ValueError: the flag is up")
    expect(panel.locator(".traceback")).to_contain_text("double.py")
    seen.settled()
    seen.picture("failed")
    blank = seen.picture(of="#map")
    flag.unlink()
    panel.get_by_role("button", name="Try this tile again").click()
    expect(panel.locator(".tile.done")).to_be_visible(timeout=15000)
    assert len(values(page)) == 2
    until(page, lambda: count(page, "done") > 0)
    changed: Callable[[Window], float] = lambda window: float(  # noqa: E731
        (window.picture(of="#map") != blank).any(axis=-1).mean()
    )
    until(page, lambda: changed(seen) > 0.05)
    seen.picture("retried")


def test_two_projects_in_one_window(tmp_path: Path, serve: Serve, window: Open) -> None:
    """Names that are the same are told apart, and each process keeps its own parameters."""
    one = make_project(tmp_path / "one", zooms=(11, 12))
    two = make_project(tmp_path / "two", zooms=(11, 12))
    extra = make_raster(tmp_path / "extra.tif", seed=3)
    server = serve(one.config, two.config, extra, "--memory")
    seen = window(server.address)
    page = seen.page
    page.keyboard.press("p")
    expect(page.locator("#panel-process select").first.locator("option")).to_have_count(2)
    page.keyboard.press("l")
    assert (
        len(
            np.unique(
                page.locator(".layer").evaluate_all("(all) => all.map((one) => one.dataset.layer)")
            )
        )
        == 5
    )
