"""The report of a run: every tile, every failure, every note, on one page that asks for nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.engine.events import Noted, TileResult, TileStatus
from automap_tiles.errors import ConfigError, ProcessChanged
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.workflows import run
from automap_tiles.workflows.events import Done, Failed, Skipped, Started
from automap_tiles.workflows.execute import ExecuteOrder
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.report._run_log import MOST_CELLS, RunLog, TileMap
from automap_tiles.workflows.report._run_page import run_page
from tests.engine.projects import make_project

STATUSES = [TileStatus.WRITTEN, TileStatus.EMPTY, TileStatus.FAILED]


class Page(HTMLParser):
    """Elements and attributes, and whether all that was opened is closed."""

    VOID = ("meta", "br", "rect")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.words: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def asks(self) -> list[tuple[str, str, str | None]]:
        """Attributes that fetch something."""
        names = {"src", "href", "xlink:href", "action", "data", "srcset", "poster"}
        return [each for each in self.attributes if each[1] in names]


FAILS_ON_SOME = """\
from automap_tiles import Tile

def execute(image, tile: Tile):
    if tile.col % 2:
        raise ValueError(f"odd <b>column</b>")
    return image.read()
"""


def test_a_run_with_failures(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (tmp_path / "double.py").write_text(FAILS_ON_SOME)
    path = tmp_path / "page" / "run.html"
    how = ExecutionOptions(concurrency="threads", workers=2)
    *_, finished = run(ExecuteOrder(process=str(project.config), how=how, report=str(path)))
    sums = finished.to_json()
    assert sums["failed"] > 1 < sums["written"]
    text = path.read_text()
    page = Page(text)
    assert not page.asks()
    assert "script" not in text.lower().replace("description", "")
    words = "".join(page.words)
    assert f"{sums['failed']} × ValueError: odd <b>column</b>" in words
    assert words.count("Traceback (most recent call last)") == 1
    counts = [sums[name] for name in ("written", "failed")]
    assert all(
        f"{count} {name}" in words
        for count, name in zip(counts, ("written", "failed"), strict=True)
    )
    assert re.search(r"\d+ MB", words)
    assert '"concurrency": "threads"' in words
    again = tmp_path / "again.html"
    *_, last = run(ExecuteOrder(process=str(project.config), how=how, report=str(again)))
    skipped = last.to_json()["skipped"]
    assert skipped > 1
    assert f"{skipped} done before" in again.read_text()


def test_a_name_that_is_no_page(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (tmp_path / "double.py").write_text(FAILS_ON_SOME)
    order = ExecuteOrder(process=str(project.config), report="report.pdf")
    with pytest.raises(ConfigError, match="is not HTML"):
        list(run(order))


def test_an_order_of_an_earlier_version_has_no_report() -> None:
    said = ExecuteOrder(process="x.mapchete").to_json()
    del said["report"]
    assert ExecuteOrder.from_json(said).report is None


def test_addresses_without_secrets_and_notes() -> None:
    story = RunLog({"workflow": "execute", "input": "https://me:word@host/x?sig=abc"})
    story.add(Started(total=3, facts={"output": "s3://b/o"}))
    story.add(Skipped(count=2))
    bad = TileResult(
        index=TileIndex(5, 1, 2), status=TileStatus.FAILED, seconds=1.0, worker="h:1",
        error="Traceback\nInputError: https://host/a.tif?sig=secret is gone",
    )  # fmt: skip
    story.add(Failed(item=bad))
    note = Note(fate=Fate.LOST, subject=Subject.FILES, reason="https://host/b?sig=hidden", count=7)
    story.add(Noted(note=note))
    story.notes = (note,)
    text = run_page(story)
    Page(text)
    for secret in ("abc", "secret", "hidden", "word"):
        assert secret not in text, secret
    assert "5/1/2" in text
    assert "Lost: 7 files" in text


@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 3000), st.sampled_from(STATUSES)),
        max_size=300,
    )
)
def test_a_map_counts_every_tile(tiles: list[tuple[int, int, TileStatus]]) -> None:
    found = TileMap()
    for row, col, status in tiles:
        place = TileIndex(12, row, col)
        found.add(TileResult(index=place, status=status, seconds=0.5, worker="w"))
    total = sum(sum(cell.counts.values()) for cell in found.cells.values())
    assert total == len(tiles)
    assert sum(cell.seconds for cell in found.cells.values()) == pytest.approx(0.5 * len(tiles))


def test_a_map_of_many_tiles_stays_small() -> None:
    found = TileMap()
    story = RunLog({"workflow": "execute"})
    story.add(Started(total=20_000, facts={}))
    for number in range(20_000):
        place = TileIndex(14, number // 200, number % 200)
        one = TileResult(index=place, status=TileStatus.WRITTEN, seconds=0.01, worker="w")
        found.add(one)
        story.add(Done(item=one))
    assert len(found.cells) <= MOST_CELLS
    assert found.shift == 2
    assert sum(sum(cell.counts.values()) for cell in found.cells.values()) == 20_000
    text = run_page(story)
    assert len(text) < 2_000_000
    assert "squares of 4 × 4 tiles" in text


def test_a_run_that_is_interrupted_has_its_page(tmp_path: Path) -> None:
    config = make_project(tmp_path).config
    page = tmp_path / "run.html"
    order = ExecuteOrder(
        process=str(config), report=str(page), how=ExecutionOptions(concurrency="none")
    )
    events = run(order)
    for event in events:
        if isinstance(event, Done):
            break
    assert not page.exists()
    events.close()
    said = Page(page.read_text())
    assert "interrupted" in said.words
    assert any(re.search("1 (written|empty)", words) for words in said.words)


def test_a_run_that_breaks_off_has_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the journal cannot be written any more."""
    from automap_tiles.engine.journal import Journal
    from automap_tiles.errors import JournalError

    def record(*_: object) -> None:
        raise JournalError("the journal cannot be used: no space left on device")

    page = tmp_path / "run.html"
    order = ExecuteOrder(
        process=str(make_project(tmp_path).config),
        report=str(page),
        how=ExecutionOptions(concurrency="none"),
    )
    monkeypatch.setattr(Journal, "record", record)
    with pytest.raises(JournalError):
        list(run(order))
    assert "the journal cannot be used: no space left on device" in Page(page.read_text()).words


def test_a_run_that_was_refused_leaves_the_page_of_the_last_one(tmp_path: Path) -> None:
    config = make_project(tmp_path).config
    page = tmp_path / "run.html"
    order = ExecuteOrder(
        process=str(config), report=str(page), how=ExecutionOptions(concurrency="none")
    )
    list(run(order))
    before = page.read_text()
    (tmp_path / "double.py").write_text(FAILS_ON_SOME)
    with pytest.raises(ProcessChanged):
        list(run(order))
    assert page.read_text() == before
