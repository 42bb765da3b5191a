"""A process without output shows something at every zoom, and looks the same whoever asks."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.grid import Tile, cover
from automap_tiles.layers._overviews import LiveOverviews
from automap_tiles.layers.default_style import default_style
from automap_tiles.layers.layer import Layer
from automap_tiles.layers.open import open_layers, process_layer
from automap_tiles.layers.persistence import Keep
from automap_tiles.layers.process import ProcessLayer
from automap_tiles.layers.process_tiles import TileState
from automap_tiles.layers.web import LON_LAT, web_pyramid
from automap_tiles.runtime import open_process
from automap_tiles.stopping import Stopped, stopping
from automap_tiles.vector import reproject_geometry
from automap_tiles.workflows.export._source import open_source
from tests.engine.projects import Project, make_project

Configure = Callable[..., Project]


@pytest.fixture
def configured(tmp_path: Path) -> Configure:
    """A process that is computed at zoom 13 on the grid of web maps."""

    def configure(
        *,
        lower: str = "average",
        zooms: tuple[int, int] = (9, 13),
        base: int = 13,
        **output: object,
    ) -> Project:
        project = make_project(tmp_path / "project")
        project.configure(zooms=zooms, output=output)
        config = json.loads(project.config.read_text())
        config["pyramid"] = {"grid": "mercator"}
        config["baselevels"] = {"min": base, "max": base, "lower": lower}
        project.config.write_text(json.dumps(config))
        return project

    return configure


def opened(project: Project, keep: Keep = Keep.CONTINUE) -> ProcessLayer:
    (layer, *_), _ = open_layers([project.config], keep)
    assert isinstance(layer, ProcessLayer)
    return layer


def run(project: Project) -> None:
    list(execute(open_process(project.config), RunOptions(concurrency=Concurrency.NONE)))


def web_tiles(layer: Layer, zoom: int) -> list[Tile]:
    pyramid = web_pyramid()
    area = reproject_geometry(layer.info.bounds.polygon(), LON_LAT, pyramid.crs)
    return [pyramid.tile(*index) for index in cover.tiles(pyramid, area, zoom)]


@pytest.mark.parametrize("lower", ["average", "nearest", "mode"])
def test_overviews_are_those_of_a_run(configured: Configure, lower: str) -> None:
    project = configured(lower=lower)
    layer = opened(project, Keep.MEMORY)
    live = {
        zoom: [layer.read(tile, [1, 2]) for tile in web_tiles(layer, zoom)] for zoom in (12, 10, 9)
    }
    run(project)
    process = open_process(project.config)
    for zoom, pictures in live.items():
        assert any(picture is not None for picture in pictures)
        for tile, picture in zip(web_tiles(layer, zoom), pictures, strict=True):
            stored = process.writer.read(process.pyramid.tile(*tile.index))
            assert (picture is None) == (stored is None)
            if picture is None or stored is None:
                continue
            np.testing.assert_array_equal(
                np.ma.getmaskarray(picture), np.ma.getmaskarray(stored.data)
            )
            np.testing.assert_array_equal(picture.filled(0), stored.data.filled(0))


def test_what_a_run_has_made_is_shown_as_it_is(configured: Configure) -> None:
    project = configured()
    run(project)
    told: list[TileState] = []
    layer = process_layer(open_process(project.config), Keep.CONTINUE, on_tile=told.append)
    for zoom in (12, 9):
        for tile in web_tiles(layer, zoom):
            stored = layer.process.writer.read(layer.process.pyramid.tile(*tile.index))
            shown = layer.read(tile, [1])
            assert (shown is None) == (stored is None)
            if shown is not None and stored is not None:
                np.testing.assert_array_equal(shown[0].filled(0), stored.data[0].filled(0))
    assert told == []


def test_missing_tiles_are_not_read_one_by_one(
    configured: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from five zooms above, 4⁵ tiles are below a picture: what is stored is listed once."""
    read: list[Tile] = []
    direct = LiveOverviews._direct

    def counted(self: LiveOverviews, tile: Tile, *rest: Any) -> Any:
        read.append(tile)
        return direct(self, tile, *rest)

    monkeypatch.setattr(LiveOverviews, "_direct", counted)
    layer = opened(configured(zooms=(14, 14), base=14))
    (far, *_) = web_tiles(layer, 9)
    assert layer.read(far, [1]) is None
    assert read == []
    near = web_tiles(layer, 14)
    assert layer.read(near[len(near) // 2], [1]) is not None
    assert layer.read(far, [1]) is not None
    assert len(read) <= 4  # of the pyramid's own grid, the one tile and its neighbours


def test_it_ends_between_tiles(configured: Configure) -> None:
    """What a picture from afar is made of is not read to its end by a server that is stopped."""
    layer = opened(configured(), Keep.MEMORY)
    near, far = (web_tiles(layer, zoom)[0] for zoom in (12, 9))
    assert layer.read(near, [1]) is not None
    stop = threading.Event()
    stop.set()
    with stopping(stop), pytest.raises(Stopped):
        layer.read(far, [1])
    layer.end()
    other = open_process(layer.process.config_path or "").pyramid.tile(13, 0, 0)
    with pytest.raises(CancelledError):
        layer.compute(other.index)


def test_many_tiles_are_not_computed_for_one_picture(configured: Configure) -> None:
    project = configured(zooms=(14, 14), base=14)
    layer = opened(project)
    (tile, *_) = web_tiles(layer, 9)
    assert layer.outlook(tile).tiles > 16
    assert not layer.outlook(tile).live
    assert layer.read(tile, [1]) is None
    assert layer.indexes(tile) == []
    # but what is there already is shown, and more of it as it comes
    near = web_tiles(layer, 14)
    seen = []
    for each in (near[len(near) // 2], near[len(near) // 2 + 1]):
        assert layer.read(each, [1]) is not None
        version = layer.version(tile)
        picture = layer.read(tile, [1])
        assert picture is not None
        seen.append((version, int(picture.count())))
    assert seen[0][0] != seen[1][0]
    assert seen[0][1] < seen[1][1]


def test_what_another_process_makes_is_noticed(configured: Configure) -> None:
    project = configured(zooms=(13, 13))
    layer = opened(project, Keep.READONLY)
    (tile, *_) = web_tiles(layer, 9)
    assert layer.read(tile, [1]) is None
    before = layer.version(tile)
    run(project)
    assert layer.read(tile, [1]) is not None
    assert layer.version(tile) != before


def test_zooms_beyond_the_computed_ones(configured: Configure) -> None:
    project = configured(zooms=(12, 15))
    layer = opened(project, Keep.MEMORY)
    for zoom in (14, 15, 16):
        assert any(layer.read(tile, [1]) is not None for tile in web_tiles(layer, zoom)[:64])


def rescale(look: object) -> list[str]:
    assert isinstance(look, dict)
    return list(look["rescale"])


def test_the_look_is_the_same_whoever_asks(configured: Configure, tmp_path: Path) -> None:
    project = configured()
    unknown, lasting = default_style(opened(project), computing=False)
    assert not lasting
    assert "rescale" not in unknown
    look, lasting = default_style(opened(project))
    assert lasting
    assert len(rescale(look)) == 1
    shutil.copytree(project.output, tmp_path / "before")
    run(project)
    (folder, *_), _ = open_layers([project.output])
    for other in (
        opened(project),
        opened(project, Keep.READONLY),
        folder,
        open_source(str(project.config)),
    ):
        assert default_style(other, computing=False) == (look, True)
    # of another process it is found anew
    project.configure(zooms=(9, 13), metatiling=1)
    text = project.config.read_text().replace('"average"', '"nearest"')
    project.config.write_text(text)
    shutil.rmtree(project.output)
    shutil.copytree(tmp_path / "before", project.output)
    (project.output / "journal.sqlite").unlink()
    (project.output / "made_of.json").unlink(missing_ok=True)
    assert opened(project, Keep.READONLY).stored_style() is None


def test_the_first_style_with_a_name_is_the_usual_one(configured: Configure) -> None:
    styles = {"second band": {"bidx": 2, "rescale": [0, 9000]}, "other": {"bidx": 1}}
    project = configured(styles=styles)
    run(project)
    wanted = {"bidx": ("2",), "rescale": ("0,9000",)}
    (layer, *_), _ = open_layers([project.config])
    (folder, *_), _ = open_layers([project.output])
    assert default_style(layer) == (wanted, True)
    assert default_style(open_source(str(project.config))) == (wanted, True)
    assert default_style(folder) == (wanted, True)
