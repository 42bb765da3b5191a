"""Tiles that are computed where one looks are those of a run, and a run finds them done."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from automap_tiles.engine.events import RunFinished, Summary, TileStatus
from automap_tiles.engine.journal import Journal, place_of
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import ProcessChanged, TileFailed
from automap_tiles.grid import Tile, cover
from automap_tiles.layers.layer import Layer
from automap_tiles.layers.open import open_layers, process_layer
from automap_tiles.layers.persistence import Keep
from automap_tiles.layers.process import ProcessLayer
from automap_tiles.layers.process_tiles import TileState
from automap_tiles.layers.web import LON_LAT, web_pyramid
from automap_tiles.runtime import Process, open_process
from automap_tiles.vector import reproject_geometry
from tests.engine.projects import Project, make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return configured(make_project(tmp_path))


def configured(project: Project, *, pause: float = 0.0, fail: str = "") -> Project:
    """Two base zooms on the grid of web maps, four tiles computed at a time."""
    project.configure(zooms=(11, 12), metatiling=2, pause=pause, fail=fail)
    config = json.loads(project.config.read_text())
    config["pyramid"]["grid"] = "mercator"
    del config["baselevels"]
    project.config.write_text(json.dumps(config))
    return project


def opened(project: Project, keep: Keep) -> ProcessLayer:
    (layer, *_), _ = open_layers([project.config], keep)
    assert isinstance(layer, ProcessLayer)
    return layer


def web_tiles(layer: Layer, zoom: int) -> list[Tile]:
    pyramid = web_pyramid()
    area = reproject_geometry(layer.info.bounds.polygon(), LON_LAT, pyramid.crs)
    return [pyramid.tile(*index) for index in cover.tiles(pyramid, area, zoom)]


def run(process: Process) -> Summary:
    finished = list(execute(process, RunOptions(concurrency=Concurrency.NONE)))[-1]
    assert isinstance(finished, RunFinished)
    return finished.summary


def done(project: Project) -> int:
    process = open_process(project.config)
    with Journal.open_readonly(place_of(process.writer.path, process.config_path)) as journal:
        return sum(sum(each.values()) for each in journal.counts().values())


@pytest.mark.parametrize("keep", [Keep.CONTINUE, Keep.MEMORY, Keep.OVERWRITE])
def test_the_same_pixels_as_a_run(project: Project, tmp_path: Path, keep: Keep) -> None:
    layer = opened(project, keep)
    looked = {tile.index: layer.read(tile, [1, 2]) for tile in web_tiles(layer, 11)}
    other = open_process(project.config, output=str(tmp_path / "run"), zooms=11)
    run(other)
    assert any(data is not None for data in looked.values())
    for index, data in looked.items():
        wanted = other.writer.read(web_pyramid().tile(*index))
        if wanted is None:
            assert data is None
        else:
            assert data is not None
            np.testing.assert_array_equal(data.mask, wanted.data.mask)
            np.testing.assert_array_equal(data.filled(0), wanted.data.filled(0))


def test_a_run_goes_on_with_what_was_looked_at(project: Project) -> None:
    layer = opened(project, Keep.CONTINUE)
    tile = web_tiles(layer, 12)[0]
    computed = layer.indexes(tile)
    layer.read(tile, [1])
    assert done(project) == len(computed)
    assert run(open_process(project.config)).skipped == len(computed)
    again = opened(project, Keep.CONTINUE)
    told: list[TileState] = []
    layer = process_layer(again.process, Keep.CONTINUE, on_tile=told.append)
    for each in web_tiles(layer, 12):
        layer.read(each, [1])
    assert told == []


def test_memory_and_readonly_leave_nothing(project: Project) -> None:
    for keep in (Keep.MEMORY, Keep.READONLY):
        layer = opened(project, keep)
        data = [layer.read(tile, [1]) for tile in web_tiles(layer, 11)]
        assert any(found is not None for found in data) is (keep is Keep.MEMORY)
        assert not Path(layer.process.writer.path).exists()


def test_overwrite_computes_each_tile_once(project: Project) -> None:
    run(open_process(project.config))
    told: list[TileState] = []
    layer = process_layer(open_process(project.config), Keep.OVERWRITE, on_tile=told.append)
    tile = web_tiles(layer, 12)[0]
    for _ in range(2):
        layer.read(tile, [1])
    assert [each.status for each in told[:2]] == [TileStatus.RUNNING, TileStatus.WRITTEN]
    assert len(told) == 2 * len(layer.indexes(tile))


def test_another_process_is_not_mixed_in(project: Project) -> None:
    run(open_process(project.config))
    configured(project, pause=0.001)
    with pytest.raises(ProcessChanged):
        process_layer(open_process(project.config), Keep.CONTINUE)
    before = {path: path.read_bytes() for path in project.output.rglob("*.tif")}
    (layer, *_), remarks = open_layers([project.config], Keep.CONTINUE)
    assert any("changed" in remark for remark in remarks)
    assert any(layer.read(tile, [1]) is not None for tile in web_tiles(layer, 11))
    assert {path: path.read_bytes() for path in project.output.rglob("*.tif")} == before
    opened(project, Keep.MEMORY)
    opened(project, Keep.READONLY)


def test_a_failed_tile_and_another_try(project: Project) -> None:
    layer = opened(project, Keep.CONTINUE)
    tile = web_tiles(layer, 12)[0]
    (bad, *_) = layer.indexes(tile)
    configured(project, fail=str(bad))
    layer = opened(project, Keep.CONTINUE)
    with pytest.raises(TileFailed, match="not to my liking") as error:
        layer.read(tile, [1])
    assert "this tile is not to my liking" in error.value.traceback
    found = layer.progress(bad)
    assert found is not None
    assert found.status is TileStatus.FAILED
    assert layer.compute(bad, again=True).status is TileStatus.FAILED


def test_many_look_and_one_computes(project: Project) -> None:
    told: list[TileState] = []
    guard = threading.Lock()

    def tell(looked: TileState) -> None:
        with guard:
            told.append(looked)

    configured(project, pause=0.2)
    layer = process_layer(open_process(project.config), Keep.CONTINUE, on_tile=tell)
    tile = web_tiles(layer, 12)[0]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: layer.read(tile, [1]), range(8)))
    running = [each for each in told if each.status is TileStatus.RUNNING]
    assert len(running) == len(layer.indexes(tile))
    assert all((found[0] is None) == (each is None) for each in found)


def test_outside_of_the_area_nothing_is_computed(project: Project) -> None:
    layer = opened(project, Keep.MEMORY)
    assert layer.indexes(web_pyramid().tile(11, 3, 3)) == []
    assert layer.read(web_pyramid().tile(11, 3, 3), [1]) is None
