"""A run in this process: events, sums and journal say the same, tile by tile."""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from automap_tiles.engine.events import (
    Event,
    RunFinished,
    RunStarted,
    Summary,
    TileDone,
    TileResult,
    TilesSkipped,
    TileStatus,
)
from automap_tiles.engine.journal import Journal, place_of
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.grid import TileIndex, cover
from automap_tiles.runtime import open_process
from tests.engine.projects import Project, make_project

IN_PROCESS = (Concurrency.NONE, Concurrency.THREADS)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "p", zooms=(10, 12))


def events_of(
    project: Project,
    concurrency: Concurrency = Concurrency.NONE,
    *,
    fail_fast: bool = False,
    overwrite: bool = False,
    retry_failed: bool = False,
) -> list[Event]:
    options = RunOptions(
        concurrency=concurrency,
        workers=2,
        fail_fast=fail_fast,
        overwrite=overwrite,
        retry_failed=retry_failed,
    )
    return list(execute(open_process(project.config), options))


def summary_of(events: list[Event]) -> Summary:
    *_, last = events
    assert isinstance(last, RunFinished)
    return last.summary


def results_of(events: list[Event]) -> dict[TileIndex, TileResult]:
    found = [event.result for event in events if isinstance(event, TileDone)]
    assert len({result.index for result in found}) == len(found), "a tile was made twice"
    return {result.index: result for result in found}


def rows(project: Project) -> dict[TileIndex, tuple[TileStatus, float, int]]:
    """Status, seconds and run of every tile, from the journal."""
    process = open_process(project.config)
    found = {}
    with Journal.open_readonly(place_of(process.writer.path, process.config_path)) as journal:
        for index in project_indexes(project):
            noted = journal.tile(index)
            if noted is not None:
                found[index] = (noted.status, noted.seconds, noted.run)
    return found


def project_indexes(project: Project) -> list[TileIndex]:
    process = open_process(project.config)
    return [
        index
        for zoom in process.zooms
        for index in cover.tiles(process.pyramid, process.area_at(zoom), zoom)
    ]


@pytest.mark.parametrize("concurrency", IN_PROCESS, ids=lambda each: each.value)
def test_events_sums_and_journal_agree(project: Project, concurrency: Concurrency) -> None:
    events = events_of(project, concurrency)
    started, summary, results = events[0], summary_of(events), results_of(events)
    every = project_indexes(project)
    assert isinstance(started, RunStarted)
    assert (started.tiles, started.resumed) == (len(every), False)
    assert started.workers == (1 if concurrency is Concurrency.NONE else 2)
    assert started.output == summary.output == str(project.output)
    assert set(results) == set(every)
    counts = Counter(result.status for result in results.values())
    assert counts[TileStatus.FAILED] == 0
    assert (summary.written, summary.empty, summary.failed, summary.skipped) == (
        counts[TileStatus.WRITTEN], counts[TileStatus.EMPTY], 0, 0,
    )  # fmt: skip
    assert summary.computed == len(every)
    assert summary.stopped_by is None
    assert summary.seconds >= max(result.seconds for result in results.values()) > 0
    assert counts[TileStatus.WRITTEN] == len(project.tiles())
    noted = rows(project)
    assert {index: status for index, (status, _, _) in noted.items()} == {
        index: result.status for index, result in results.items()
    }
    for index, (_, seconds, run) in noted.items():
        assert seconds == pytest.approx(results[index].seconds, abs=1e-3)
        assert run == 1


def test_every_overview_comes_behind_what_it_is_made_from(project: Project) -> None:
    place = {index: number for number, index in enumerate(results_of(events_of(project)))}
    for index, number in place.items():
        for row in (0, 1):
            for col in (0, 1):
                child = TileIndex(index.zoom + 1, 2 * index.row + row, 2 * index.col + col)
                assert place.get(child, -1) < number


def test_a_second_run_has_nothing_to_do(project: Project) -> None:
    first = summary_of(events_of(project))
    events = events_of(project)
    started, summary = events[0], summary_of(events)
    assert isinstance(started, RunStarted)
    assert (started.workers, started.resumed) == (0, True)
    assert results_of(events) == {}
    assert (summary.written, summary.empty, summary.failed) == (0, 0, 0)
    assert summary.skipped == first.computed
    told = sum(event.count for event in events if isinstance(event, TilesSkipped))
    assert told == first.computed
    again = summary_of(events_of(project, overwrite=True))
    assert (again.written, again.skipped) == (first.written, 0)


def test_a_failed_tile_is_counted_listed_and_tried_again_on_demand(project: Project) -> None:
    whole = events_of(project)
    victim = next(
        index
        for index, result in results_of(whole).items()
        if index.zoom == 12 and result.status is TileStatus.WRITTEN
    )
    project.configure(zooms=(10, 12), fail=str(victim), output={"path": "other"})
    events = events_of(project)
    summary, results = summary_of(events), results_of(events)
    assert results[victim].status is TileStatus.FAILED
    assert "not to my liking" in (results[victim].error or "")
    assert summary.failed == 1
    assert summary.stopped_by is None
    assert summary.computed + summary.skipped == summary_of(whole).computed
    again = results_of(events_of(project, retry_failed=True))
    assert victim in again
    assert all(index == victim or index.zoom < 12 for index in again)


@pytest.mark.parametrize("concurrency", IN_PROCESS, ids=lambda each: each.value)
def test_the_first_failure_ends_a_run_that_is_to_fail_fast(
    tmp_path: Path, concurrency: Concurrency
) -> None:
    project = make_project(tmp_path / "p", zooms=(12, 12))
    first = next(iter(results_of(events_of(project))))
    project.configure(zooms=(12, 12), fail=str(first), pause=0.02, output={"path": "other"})
    summary = summary_of(events_of(project, concurrency, fail_fast=True))
    assert summary.stopped_by == f"tile {first} failed"
    assert summary.failed == 1
    assert summary.computed < len(project_indexes(project))


def test_finer_zooms_are_made_from_the_base_and_stay_in_the_area(tmp_path: Path) -> None:
    """Two zooms beyond the base, over an area that cuts tiles."""
    project = make_project(tmp_path / "p", zooms=(10, 12))
    config = json.loads(project.config.read_text())
    config["baselevels"] = {"min": 10, "max": 10, "higher": "nearest"}
    west, south, east, north = 16.35, 47.80, 16.42, 47.84
    config |= {"bounds": [west, south, east, north], "bounds_crs": "EPSG:4326"}
    project.config.write_text(json.dumps(config))
    results = results_of(events_of(project))
    assert set(results) == set(project_indexes(project))
    assert {index.zoom for index in results} == {10, 11, 12}
    assert any(result.status is TileStatus.WRITTEN for result in results.values())
    order = list(results)
    for index in order:
        if index.zoom > 10:
            above = TileIndex(index.zoom - 1, index.row // 2, index.col // 2)
            assert order.index(above) < order.index(index)
    assert results_of(events_of(project)) == {}


def test_a_failing_disk_is_told_of_the_tiles_of_a_single_file(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They name no files of their own: what they spooled is lost all the same."""

    def failing(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    project.configure(zooms=(12, 12), output={"path": "out.tif"})
    monkeypatch.setattr("automap_tiles.storage._group_commit._sync_one", failing)
    events = events_of(project)
    summary = summary_of(events)
    assert summary.written == 0
    assert summary.failed > 0
    errors = [result.error or "" for result in results_of(events).values()]
    assert any("Input/output error" in error for error in errors)
    monkeypatch.undo()
    again = summary_of(events_of(project, retry_failed=True))
    assert (again.written, again.failed) == (summary.failed, 0)
