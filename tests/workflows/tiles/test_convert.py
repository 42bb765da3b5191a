"""An order to convert, carried out without a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rasterio

from automap_tiles.engine.events import Summary, TileResult
from automap_tiles.errors import ConfigError
from automap_tiles.workflows import check, order_from_json, run
from automap_tiles.workflows.events import Done, Finished, Noted, Started
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.subset import Subset
from automap_tiles.workflows.tiles.convert import ConvertOrder
from tests.golden import places

HERE = ExecutionOptions(concurrency="none")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    places.image()
    places.fields()
    return tmp_path


def test_from_the_answer_to_the_pixels() -> None:
    order = ConvertOrder(
        source="image.tif",
        target="out.tif",
        pyramid="geodetic",
        bands=(3, 1),
        creation_options=(("compress", "deflate"), ("zlevel", 9)),
        how=HERE,
    )
    report = check(order).to_json()
    assert report["tiles"] == 1
    assert not Path("out.tif").exists()
    written = json.loads(json.dumps(order.to_json()))
    started, *done, finished = run(order_from_json(written))
    assert isinstance(started, Started)
    assert (started.total, started.facts["resumed"]) == (1, False)
    assert [type(event.item) for event in done if isinstance(event, Done)] == [TileResult]
    assert isinstance(finished, Finished)
    assert isinstance(finished.outcome, Summary)
    assert finished.outcome.written == 1
    with rasterio.open("image.tif") as source, rasterio.open("out.tif") as made:
        assert made.descriptions == ("blue", "red")
        assert (made.read(2)[made.read_masks(2) > 0] != 0).all()
        assert made.read(1).max() == source.read(3).max()


def test_what_is_lost_is_told_before_the_first_tile() -> None:
    where = Subset(zooms=(5,))
    order = ConvertOrder(
        source="fields.geojson", target="out", pyramid="geodetic", where=where, how=HERE
    )
    events = list(run(order))
    assert isinstance(events[0], Noted)
    assert events[0].note.count == 1
    assert isinstance(events[-1], Finished)


def test_what_is_lost_is_told_also_when_it_fails() -> None:
    order = ConvertOrder(source="fields.geojson", target="out", pyramid="geodetic", how=HERE)
    stream = run(order)
    assert isinstance(next(stream), Noted)
    with pytest.raises(ConfigError, match="no zoom of their own"):
        next(stream)
