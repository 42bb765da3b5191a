"""Zarr pyramids as zarr itself sees them.

GDAL 3.10 reads an earlier draft of version 3 only.
"""

from __future__ import annotations

import gzip
import json
import sys
import tracemalloc
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from numcodecs import zstd

from automap_tiles.errors import ConfigError, InputError, MissingExtra, OutputMismatch
from automap_tiles.formats import InputSpec, OutputSpec, Writer
from automap_tiles.formats.registry import open_input, open_output
from automap_tiles.grid import Pyramid, Tile
from tests.formats.writers import made
from tests.storage.s3 import BUCKET, S3Server

PYRAMID = Pyramid.from_grid("geodetic", metatiling=4)
MERCATOR = Pyramid.from_grid("mercator", metatiling=2)


def write(writer: Writer, tile: Tile, count: int = 2) -> np.ma.MaskedArray[Any, Any]:
    values = np.random.default_rng(3).integers(1, 99, (count, *tile.shape))
    data = np.ma.MaskedArray(values, mask=False)
    data[:, 10:30, 5:9] = np.ma.masked
    converted = writer.convert(tile, data)
    assert converted is not None
    writer.write(tile, converted)
    stored: np.ma.MaskedArray[Any, Any] = converted.data
    return stored


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "int64", "float32", "float64"])
@pytest.mark.parametrize("compress", ["zstd", "gzip", "none"])
def test_as_zarr_reads_it(tmp_path: Path, dtype: str, compress: str) -> None:
    nodata = "nan" if dtype.startswith("float") else 7
    writer = made(tmp_path, PYRAMID, zooms=(5, 6), format="Zarr", bands=2, dtype=dtype,
                  nodata=nodata, compress=compress)  # fmt: skip
    tile = PYRAMID.tile(6, 3, 5)
    stored = write(writer, tile)
    array = zarr.open_group(tmp_path / "out", mode="r")["6"]
    assert isinstance(array, zarr.Array)
    assert array.shape == (2, *PYRAMID.pixel_shape(6))
    assert array.chunks == (2, 1024, 1024)
    assert array.dtype == dtype
    row, col = tile.pixel_offset
    np.testing.assert_array_equal(
        array[:, row : row + tile.height, col : col + tile.width], stored.filled()
    )
    elsewhere = np.asarray(array[:, :10, :10])
    assert (np.isnan(elsewhere) if dtype.startswith("float") else elsewhere == 7).all()


def test_edges_that_are_no_whole_chunk(tmp_path: Path) -> None:
    """A grid whose zooms are no multiple of the metatile, and one smaller than it."""
    grid = {"shape": [3, 5], "bounds": [0, 0, 5, 3], "srs": {"epsg": 4326}}
    pyramid = Pyramid.from_grid(grid, metatiling=4)
    writer = made(tmp_path, pyramid, zooms=(0, 1), format="Zarr", bands=1, dtype="uint8", nodata=0)
    for zoom, row, col in ((0, 0, 0), (0, 0, 1), (1, 1, 2)):
        tile = pyramid.tile(zoom, row, col)
        stored = write(writer, tile, 1)
        array: Any = zarr.open_group(tmp_path / "out", mode="r")[str(zoom)]
        top, left = tile.pixel_offset
        found = array[:, top : top + tile.height, left : left + tile.width]
        np.testing.assert_array_equal(found, stored.filled())
        again = writer.read(tile)
        assert again is not None
        np.testing.assert_array_equal(again.data.filled(), stored.filled())


def test_says_where_it_lies(tmp_path: Path) -> None:
    """Conventions of GeoZarr: pyramid, coordinate system, and transform of each zoom."""
    made(tmp_path, MERCATOR, zooms=(3, 4, 5), format="Zarr", bands=1, dtype="uint8", nodata=0,
         descriptions=["height"], scales=[0.5], units=["m"])  # fmt: skip
    group = zarr.open_group(tmp_path / "out", mode="r")
    said: dict[str, Any] = dict(group.attrs)
    names = {each["name"] for each in said["zarr_conventions"]}
    assert names == {"multiscales", "proj:", "spatial:"}
    assert said["proj:code"] == "EPSG:3857"
    layout = said["multiscales"]["layout"]
    assert [level["asset"] for level in layout] == ["5", "4", "3"]
    assert [level.get("derived_from") for level in layout] == [None, "5", "4"]
    assert layout[1]["transform"] == {"scale": [1.0, 2.0, 2.0]}
    for level in layout:
        array: Any = group[level["asset"]]
        a, _, c, _, e, f = level["spatial:transform"]
        height, width = level["spatial:shape"]
        assert array.shape[1:] == (height, width)
        assert array.metadata.dimension_names == ("band", "y", "x")
        edge = 20037508.342789244
        assert (c, f) == pytest.approx((-edge, edge))
        assert (c + width * a, f + height * e) == pytest.approx((edge, -edge))
        assert array.attrs["band_names"] == ["height"]
        assert array.attrs["scales"] == [0.5]


def test_zooms_that_come_later(tmp_path: Path) -> None:
    for zooms in ((4,), (5, 6)):
        made(tmp_path, MERCATOR, zooms=zooms, format="Zarr", bands=1, dtype="uint8", nodata=0)
    group = zarr.open_group(tmp_path / "out", mode="r")
    assert sorted(group.array_keys()) == ["4", "5", "6"]
    layout: Any = group.attrs["multiscales"]
    assert [level["asset"] for level in layout["layout"]] == ["6", "5", "4"]


def test_what_is_said_of_bands_is_read(tmp_path: Path) -> None:
    writer = made(tmp_path, MERCATOR, zooms=(5,), format="Zarr", bands=2, dtype="int16", nodata=-1,
                  descriptions=["red", "nir"], scales=[0.1, 0.2], offsets=[0, 5])  # fmt: skip
    write(writer, MERCATOR.tile(5, 7, 3))
    spec = InputSpec.from_value("inp", str(tmp_path / "out"))
    reader: Any = open_input(spec, Path("/"), MERCATOR)
    bands = reader.describe_bands()
    assert bands.names == ("red", "nir")
    assert (bands.scales, bands.offsets) == ((0.1, 0.2), (0.0, 5.0))
    pixel_sample = reader.pixel_sample()
    assert pixel_sample.pixels.shape[0] == 2
    assert pixel_sample.pixel == pytest.approx(4891.97, rel=0.05)


@pytest.mark.parametrize(
    ("options", "key", "words"),
    [
        ({"compress": "blosc"}, "output.compress", "zstd, gzip, none"),
        ({"level": 30}, "output.level", "-7 to 22 for zstd"),
        ({"compress": "gzip", "level": -1}, "output.level", "0 to 9 for gzip"),
        ({"tile_path_schema": "{zoom}-{row}-{col}"}, "output.tile_path_schema", "unknown option"),
        ({"nodata": 999}, "output.nodata", "0 to 255"),
    ],
)
def test_options_that_cannot_be(
    tmp_path: Path, options: dict[str, Any], key: str, words: str
) -> None:
    value = {"format": "Zarr", "bands": 1, "dtype": "uint8", "nodata": 0, **options}
    with pytest.raises(ConfigError, match=words) as caught:
        made(tmp_path, PYRAMID, **value)
    assert caught.value.key == key


def test_chunks_do_not_overlap(tmp_path: Path) -> None:
    pyramid = PYRAMID.replace(pixelbuffer=4)
    with pytest.raises(ConfigError, match="overlap"):
        made(tmp_path, pyramid, format="Zarr", dtype="uint8", nodata=0, pixelbuffer=2)


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numcodecs", None)
    with pytest.raises(MissingExtra, match=r"automap-tiles\[zarr\]"):
        made(tmp_path, PYRAMID, format="Zarr", dtype="uint8", nodata=0)
    made(tmp_path, PYRAMID, format="Zarr", dtype="uint8", nodata=0, compress="gzip")


@pytest.mark.parametrize("compress", ["zstd", "gzip", "none"])
def test_damaged(tmp_path: Path, compress: str) -> None:
    writer = made(tmp_path, PYRAMID, zooms=(5,), format="Zarr", dtype="int16", nodata=0,
                  compress=compress)  # fmt: skip
    tile = PYRAMID.tile(5, 2, 3)
    write(writer, tile, 1)
    victim = tmp_path / "out" / "5" / "c" / "0" / "2" / "3"
    for damage in (victim.read_bytes()[:-9], b"", b"nonsense"):
        victim.write_bytes(damage)
        with pytest.raises(InputError, match=str(victim)):
            writer.read(tile)


def test_in_an_object_store(s3: S3Server) -> None:
    place = f"s3://{BUCKET}/{uuid.uuid4().hex}/map.zarr"
    writer = made(Path("/"), MERCATOR, zooms=(5,), format="Zarr", path=place, bands=2,
                  dtype="int16", nodata=-1)  # fmt: skip
    tile = MERCATOR.tile(5, 3, 3)
    stored = write(writer, tile)
    assert json.loads(writer.files.storage.get("zarr.json"))["node_type"] == "group"  # type: ignore[attr-defined]
    reader: Any = open_input(InputSpec.from_value("inp", place), Path("/"), MERCATOR)
    found = reader.at(tile).read()
    np.testing.assert_array_equal(found.filled(), stored.filled())


def test_chunks_of_an_array_are_compressed_alike(tmp_path: Path) -> None:
    """Another compression is another output; made anew, all that is said of it is of the new."""
    value: dict[str, Any] = {"format": "Zarr", "path": "out", "bands": 2, "dtype": "int16",
                             "nodata": 0}  # fmt: skip
    made(tmp_path, MERCATOR, **value)
    with pytest.raises(OutputMismatch, match="compress 'zstd', and this process writes 'gzip'"):
        made(tmp_path, MERCATOR, compress="gzip", **value)
    spec = OutputSpec.from_mapping(
        value | {"compress": "gzip"}, base=tmp_path, zooms=(5,), area=None
    )
    writer = open_output(spec, MERCATOR)
    writer.prepare(overwrite=True)
    tile = MERCATOR.tile(5, 3, 3)
    stored = write(writer, tile)
    reader: Any = open_input(
        InputSpec.from_value("inp", str(tmp_path / "out")), Path("/"), MERCATOR
    )
    np.testing.assert_array_equal(reader.at(tile).read().filled(), stored.filled())
    array: Any = zarr.open_group(tmp_path / "out", mode="r")["5"]
    row, col = tile.pixel_offset
    found = array[:, row : row + tile.height, col : col + tile.width]
    np.testing.assert_array_equal(found, stored.filled())


@pytest.mark.parametrize("compress", ["zstd", "gzip"])
def test_no_more_is_unpacked_than_a_chunk_holds(tmp_path: Path, compress: str) -> None:
    """A small file of very many zeros fills no memory."""
    writer = made(tmp_path, PYRAMID, zooms=(5,), format="Zarr", dtype="int16", nodata=0,
                  compress=compress)  # fmt: skip
    tile = PYRAMID.tile(5, 2, 3)
    write(writer, tile, 1)
    victim = tmp_path / "out" / "5" / "c" / "0" / "2" / "3"
    many = bytes(64 * 2**20)
    victim.write_bytes(zstd.compress(many, 1) if compress == "zstd" else gzip.compress(many))
    del many
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="larger"):
            writer.read(tile)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 16 * 2**20
