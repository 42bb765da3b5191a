"""What a process computes, and where; mapchete runs the same files as the oracle."""

from __future__ import annotations

import pickle
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely import box

from automap_tiles.errors import ProcessError, ProcessResultError
from automap_tiles.grid import Pyramid
from automap_tiles.runtime import open_process
from automap_tiles.runtime.zooms import BaseLevels
from tests.runtime.fakes import PYRAMID, FakeReader, FakeWriter, make_process

TILE = PYRAMID.tile(3, 1, 2)


@pytest.mark.parametrize(
    "body",
    [
        "from automap_tiles import Empty\ndef execute(): raise Empty",
        "from automap_tiles import Empty\ndef execute(): raise Empty('no data here')",
        "def execute(): return 'empty'",
    ],
)
def test_empty(body: str) -> None:
    assert make_process(body).compute(TILE) is None


@pytest.mark.parametrize("name", ["Empty", "MapcheteNodataTile"])
def test_empty_in_mapchetes_words(name: str) -> None:
    pytest.importorskip("mapchete")
    process = make_process(f"from mapchete import {name}\ndef execute(): raise {name}('x')")
    assert process.compute(TILE) is None


def test_other_errors_come_through() -> None:
    process = make_process("def execute(): return 1 / 0")
    with pytest.raises(ZeroDivisionError) as caught:
        process.compute(TILE)
    assert str(caught.traceback[-1].statement).strip() == "def execute(): return 1 / 0"


def test_the_writer_has_the_last_word() -> None:
    class Half(FakeWriter):
        def convert(self, tile: Any, result: object) -> Any:
            assert tile == TILE
            assert result == 5
            return None

    assert make_process("def execute(): return 5", writer=Half()).compute(TILE) is None


def test_none_is_an_error(tmp_path: Path) -> None:
    process = open_process(
        {
            "process": ["def execute(): pass"],
            "pyramid": {"grid": "geodetic"},
            "zoom_levels": 3,
            "output": {"format": "GTiff", "path": "out", "bands": 1, "dtype": "uint8"},
            "config_dir": tmp_path,
        }
    )
    with pytest.raises(ProcessResultError):
        process.compute(process.pyramid.tile(3, 1, 2))


def test_area_of_each_zoom() -> None:
    process = make_process(
        inputs={
            "a": FakeReader("a", (0, 0, 10, 10)),
            "b": {"zoom>=3": FakeReader("b", (5, 5, 30, 20))},
            "g": {"c": {"zoom=2": FakeReader("c", (-20, -20, -10, -10))}},
        },
        zooms=(1, 2, 3, 4),
        area=box(-15, -15, 25, 25),
    )
    a, b, c = box(0, 0, 10, 10), box(5, 5, 25, 20), box(-15, -15, -10, -10)
    assert process.area_at(1).equals(a)
    assert process.area_at(2).equals(a | c)
    assert process.area_at(3).equals(a | b)
    assert process.area_at(3) is process.area_at(3)
    levels = make_process(
        inputs={"b": {"zoom=3": FakeReader("b", (5, 5, 30, 20))}},
        zooms=(1, 2, 3, 4),
        baselevels=BaseLevels(min=2, max=3),
        area=box(-15, -15, 25, 25),
    )
    # no input at zoom 2: nothing limits it
    assert levels.area_at(1).equals(levels.area_at(2))
    assert levels.area_at(2).equals(levels.area)
    assert levels.area_at(4).equals(levels.area_at(3))
    assert levels.area_at(3).equals(b)


def test_inputs_beyond_the_antimeridian_are_wrapped() -> None:
    process = make_process(inputs={"a": FakeReader("a", (170, 0, 190, 10))})
    assert process.area_at(2).equals(box(170, 0, 180, 10) | box(-180, 0, -170, 10))


def test_a_process_of_many_inputs_stays_small() -> None:
    inputs = {"scenes": {f"2018-01-{day:02}": FakeReader(f"s2/{day}.tif") for day in range(1, 32)}}
    outline = shapely.Point(0, 0).buffer(20, quad_segs=5000)
    process = make_process("def execute(scenes): return 1", inputs=inputs, area=outline)
    process.compute(TILE)
    process.area_at(3)
    worker = process.for_workers()
    assert len(pickle.dumps(worker)) < 20_000 < len(pickle.dumps(process))
    again = pickle.loads(pickle.dumps(worker))
    found = again.compute(TILE)
    assert found is not None
    assert found.data == 1
    assert again.hashes() == process.hashes()


def test_the_stamp_of_an_input_counts() -> None:
    one, two = (make_process(inputs={"a": FakeReader("a", stamp=stamp)}) for stamp in (1, 2))
    assert one.hashes().inputs != two.hashes().inputs
    renamed = make_process(inputs={"b": FakeReader("a", stamp=1)})
    assert one.hashes().inputs != renamed.hashes().inputs


def test_a_function_that_cannot_be_loaded() -> None:
    with pytest.raises(ProcessError, match="no function execute"):
        make_process("x = 1").compute(TILE)


# -- the same file in both -----------------------------------------------------------------------

MODERN = """
import numpy as np
import numpy.ma as ma
from typing import List, Optional, Tuple
from mapchete import (
    Empty, MapcheteNodataTile, OutputNodataValue, OutputPath, RasterInput, Tile, TileBuffer,
    TilePixelBuffer, VectorInput,
)

def execute(
    dem: RasterInput,
    group: List[Tuple[str, RasterInput]],
    tile: Tile,
    px: TilePixelBuffer,
    width: TileBuffer,
    nodata: OutputNodataValue,
    path: OutputPath,
    factor: int = 1,
    offset: Optional[int] = None,
    missing: Optional[RasterInput] = None,
    names: list = None,
) -> ma.MaskedArray:
    if tile.col % 5 == 4:
        raise Empty
    if tile.col % 5 == 3:
        raise MapcheteNodataTile
    if tile.col % 5 == 2:
        return "empty"
    assert missing is None
    assert path.name == "out" and str(path).endswith("out")
    assert nodata == 250
    band = dem.read(indexes=1)
    number = factor + px + round(width / tile.pixel_x_size) + (offset or 0) + len(group)
    number += sum(ord(name) for name, _ in group) % 7 + len(names or [])
    number += tile.zoom + tile.row % 3
    return ma.masked_array(np.full((1, *band.shape), number, "uint8"), mask=band.mask)
"""

OLD_STYLE = """
import numpy as np
import numpy.ma as ma

def execute(mp, factor=1):
    with mp.open("dem") as source:
        if source.is_empty():
            return "empty"
        band = source.read(1)
    number = factor + mp.tile.zoom + mp.tile.pixelbuffer + len(mp.open("group")) + mp.tile.height
    number += len(mp.input) + sorted(mp.params["input"]).index("group")
    return ma.masked_array(np.full((1, *band.shape), number % 200, "uint8"), mask=band.mask)
"""


@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
@pytest.mark.parametrize("code", [MODERN, OLD_STYLE], ids=["modern", "old style"])
@pytest.mark.filterwarnings("ignore")  # mapchete's own
def test_same_as_mapchete(tmp_path: Path, code: str, future: str) -> None:
    mapchete = pytest.importorskip("mapchete")
    from tests.runtime.test_open import write_raster

    for name, place in (("a", (10, 45)), ("b", (11, 45.5)), ("c", (9, 44))):
        write_raster(tmp_path / f"{name}.tif", place, "EPSG:4326", 0.01)
    (tmp_path / "mine.py").write_text(code)
    file = tmp_path / "both.mapchete"
    file.write_text(
        textwrap.dedent("""
        process: mine.py
        pyramid: {grid: geodetic, metatiling: 2, pixelbuffer: 3}
        zoom_levels: {min: 8, max: 9}
        input:
          dem: a.tif
          group: {x: b.tif, y: c.tif}
          missing: {zoom<3: a.tif}
        process_parameters:
          factor: {zoom=8: 10, zoom>8: 20}
        output: {format: GTiff, path: out, bands: 1, dtype: uint8, nodata: 250}
        """)
    )
    ours = open_process(file)
    if future and code == MODERN:
        # under this import mapchete no longer knows its own markers
        file = tmp_path / "plain.mapchete"
        (tmp_path / "plain.py").write_text(code)
        file.write_text((tmp_path / "both.mapchete").read_text().replace("mine.py", "plain.py"))
        (tmp_path / "mine.py").write_text(future + code)
        ours = open_process(tmp_path / "both.mapchete")
    seen = {"data": 0, "empty": 0}
    with mapchete.open(str(file), mode="memory") as theirs:
        for zoom in (8, 9):
            for tile in theirs.get_process_tiles(zoom):
                expected = theirs.get_raw_output(tile)
                found = ours.compute(ours.pyramid.tile(*tile.id))
                # data in the buffer alone are nothing to write
                is_empty = bool(np.ma.getmaskarray(expected)[:, 3:-3, 3:-3].all())
                assert (found is None) == is_empty, tile
                seen["empty" if is_empty else "data"] += 1
                if found is not None:
                    assert (found.data.mask == np.ma.getmaskarray(expected)).all()
                    assert (found.data.compressed() == expected.compressed()).all()
    assert seen["data"] > 3


def test_pyramid_of_a_fake_is_a_real_one() -> None:
    assert isinstance(make_process().pyramid, Pyramid)
