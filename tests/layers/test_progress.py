"""Which tiles of a process are done, by its journal and by what was looked at."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from automap_tiles.engine.events import TileDone, TileStatus
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import GridError
from automap_tiles.grid import Bounds, TileIndex
from automap_tiles.layers.open import open_layers
from automap_tiles.layers.persistence import Keep
from automap_tiles.layers.process import ProcessLayer
from automap_tiles.layers.progress import ProgressView
from automap_tiles.runtime import open_process
from tests.engine.projects import Project, make_project

WORLD = Bounds(-180, -90, 180, 90)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "p", zooms=(10, 12))


def view(project: Project, keep: Keep = Keep.CONTINUE) -> ProgressView:
    (layer, *_), _ = open_layers([project.config], keep)
    assert isinstance(layer, ProcessLayer)
    return ProgressView(layer)


def run(project: Project) -> dict[TileIndex, bool]:
    """Whether each tile was written."""
    found = {}
    for event in execute(open_process(project.config), RunOptions(concurrency=Concurrency.NONE)):
        if isinstance(event, TileDone):
            found[event.result.index] = event.result.status is TileStatus.WRITTEN
    return found


def test_before_and_after_a_run(project: Project) -> None:
    before = view(project).tiles(WORLD, 24)
    assert before
    assert {tile.status for tile in before} == {TileStatus.WAITING}
    assert {tile.index.zoom for tile in before} == {12}
    made = run(project)
    after = view(project)
    tiles = after.tiles(WORLD, 24)
    assert {tile.index: tile.status for tile in tiles} == {
        index: TileStatus.WRITTEN if written else TileStatus.EMPTY
        for index, written in made.items()
        if index.zoom == 12
    }
    zooms = Counter(index.zoom for index in made)
    told = after.counts()
    assert {zoom: sum(each.values()) for zoom, each in told.tiles.items()} == dict(zooms)
    assert not told.running


def test_the_zoom_whose_pixels_are_like_the_map_s(project: Project) -> None:
    """Geodetic tiles of zoom z are as fine as those of a web map's zoom z + 1 at the equator."""
    seen = view(project)
    box = Bounds(16.4, 47.8, 16.5, 47.85)
    assert [seen.zoom_for(zoom, box) for zoom in (0, 10, 12, 14, 24)] == [10, 10, 11, 12, 12]


def test_only_tiles_in_the_box(project: Project) -> None:
    seen = view(project)
    every = {tile.index for tile in seen.tiles(WORLD, 24)}
    one = next(iter(sorted(every)))
    ring = seen.outline(one)
    lon = [x for x, _ in ring]
    lat = [y for _, y in ring]
    assert pytest.approx(max(lon) - min(lon), abs=1e-6) == 360 / 2**13
    inner = Bounds(min(lon) + 1e-4, min(lat) + 1e-4, max(lon) - 1e-4, max(lat) - 1e-4)
    found = {tile.index for tile in seen.tiles(inner, 24)}
    assert found == {one}
    assert seen.tiles(Bounds(100, 10, 101, 11), 24) == []


def test_one_tile(project: Project) -> None:
    made = run(project)
    seen = view(project)
    written = next(index for index, each in made.items() if each)
    told = seen.tile(written)
    assert (told.index, told.status, told.error) == (written, TileStatus.WRITTEN, None)
    assert told.seconds is not None
    assert told.seconds > 0
    with pytest.raises(GridError, match="no zoom 9"):
        seen.tile(TileIndex(9, 0, 0))
    with pytest.raises(GridError, match="outside"):
        seen.tile(TileIndex(12, 0, 0))


def test_a_tile_that_failed_keeps_its_reason(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", zooms=(12, 12))
    index = next(iter(index for index, written in run(project).items() if written))
    project.configure(zooms=(12, 12), fail=str(index), output={"path": "other"})
    run(project)
    seen = view(project)
    told = seen.tile(index)
    assert told.status is TileStatus.FAILED
    assert "not to my liking" in (told.error or "")
    assert {tile.index for tile in seen.tiles(WORLD, 24) if tile.status is TileStatus.FAILED} == {
        index
    }


def test_the_page_knows_the_words_of_all_statuses(root: Path) -> None:
    source = (root / "devserver/frontend/src/statuses.js").read_text(encoding="utf-8")
    names = re.search(r"STATUSES = \[(.*)\]", source)
    assert names is not None
    assert set(re.findall(r'"(\w+)"', names[1])) == {status.word for status in TileStatus}
