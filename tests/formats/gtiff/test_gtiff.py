"""GeoTIFF tiles, read with rasterio."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.enums import ColorInterp
from rasterio.warp import Resampling, reproject

from automap_tiles.errors import ConfigError, ProcessResultError, ValueOverflow
from automap_tiles.formats import Tiled, Writer
from automap_tiles.grid import Grid, Pyramid, Tile
from automap_tiles.raster import Raster
from tests.formats.writers import made

TILE = Pyramid.from_grid("geodetic").tile(5, 8, 33)


def store(writer: Writer, tile: Tile, result: Any) -> Path:
    data = writer.convert(tile, result)
    assert data is not None
    writer.write(tile, data)
    return Path(writer.path, f"{tile.zoom}/{tile.row}/{tile.col}.tif")


def ramp(bands: int = 1, tile: Tile = TILE) -> np.ndarray:
    return np.arange(1, bands * tile.height * tile.width + 1).reshape(bands, *tile.shape) % 30_000


def test_defaults(tmp_path: Path) -> None:
    path = store(made(tmp_path, bands=2), TILE, ramp(2))
    with rasterio.open(path) as file:
        profile = file.profile
        assert (profile["compress"], profile["interleave"]) == ("zstd", "band")
        assert file.block_shapes == [TILE.shape] * 2
        assert file.tags(ns="IMAGE_STRUCTURE")["PREDICTOR"] == "2"
        assert (file.count, file.dtypes, file.nodata) == (2, ("int16", "int16"), 0)
        assert file.crs == TILE.crs
        assert file.transform == TILE.transform
        assert file.shape == TILE.shape
        np.testing.assert_array_equal(file.read(), ramp(2))


def test_predictor_by_dtype(tmp_path: Path) -> None:
    path = store(made(tmp_path, dtype="float32"), TILE, ramp() / 7)
    with rasterio.open(path) as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["PREDICTOR"] == "3"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"compress": "lzw"}, {"compress": "lzw"}),
        ({"compression": "deflate"}, {"compress": "deflate"}),
        ({"compress": "deflate", "zlevel": 9, "predictor": 1}, {"compress": "deflate"}),
        ({"compress": None}, {"compress": None}),
        ({"compress": "lerc"}, {"compress": "lerc"}),
        ({"tiled": False}, {"tiled": False}),
        ({"blocksize": 128}, {"blockxsize": 128, "blockysize": 128}),
        ({"blocksize": 512}, {"blockxsize": 256, "blockysize": 256}),
        ({"blockxsize": 64, "blockysize": 32}, {"blockxsize": 64, "blockysize": 32}),
        ({"interleave": "pixel"}, {"interleave": "pixel"}),
        ({"compress": "packbits"}, {"compress": "packbits"}),
    ],
)
def test_creation_options(
    options: dict[str, Any], expected: dict[str, Any], tmp_path: Path
) -> None:
    path = store(made(tmp_path, bands=2, **options), TILE, ramp(2))
    with rasterio.open(path) as file:
        profile = {"compress": None, **file.profile}
        assert {key: profile.get(key) for key in expected} == expected
        np.testing.assert_array_equal(file.read(), ramp(2))


@pytest.mark.parametrize(
    ("options", "lossless"),
    [
        ({}, True),
        ({"compress": "lzw"}, True),
        ({"compress": "lerc"}, True),
        ({"compress": "lerc", "max_z_error": 0.5}, False),
        ({"compress": "lerc_zstd", "max_z_error": 1}, False),
        ({"compress": "jpeg", "dtype": "uint8"}, False),
        ({"compress": "JPEG", "dtype": "uint8"}, False),
        ({"compress": "webp", "dtype": "uint8", "bands": 3}, False),
        ({"compress": "webp", "webp_lossless": True, "dtype": "uint8", "bands": 3}, True),
        ({"discard_lsb": 2}, False),
        ({"nodata": None}, False),
    ],
)
def test_what_is_lossless(options: dict[str, Any], lossless: bool, tmp_path: Path) -> None:
    assert made(tmp_path, **options).lossless is lossless


def test_what_is_said_of_bands(tmp_path: Path) -> None:
    writer = made(
        tmp_path,
        bands=2,
        dtype="uint8",
        band_names=["red", "ndvi"],
        scale=[1, 0.01],
        offset=-1,
        units=["", "1"],
        colorinterp=["red", "undefined"],
        tags={"source": "test", 2: {"formula": "(n-r)/(n+r)"}},
    )
    path = store(writer, TILE, (ramp(2) % 200, {"date": "2018-04-01", 1: {"wavelength": "665"}}))
    with rasterio.open(path) as file:
        assert file.descriptions == ("red", "ndvi")
        assert file.scales == (1.0, 0.01)
        assert file.offsets == (-1.0, -1.0)
        assert file.units[1] == "1"
        assert file.colorinterp[0] is ColorInterp.red
        assert file.tags()["source"] == "test"
        assert file.tags()["date"] == "2018-04-01"
        assert file.tags(1) == {"wavelength": "665"}
        assert file.tags(2)["formula"] == "(n-r)/(n+r)"
    stored = writer.read(TILE)
    assert stored is not None
    assert stored.tags["date"] == "2018-04-01"
    assert "AREA_OR_POINT" not in stored.tags


def test_colours(tmp_path: Path) -> None:
    writer = made(tmp_path, dtype="uint8", colormap={1: [255, 0, 0], 2: "#00ff0080"})
    with rasterio.open(store(writer, TILE, ramp() % 3)) as file:
        colours = file.colormap(1)
    # the colour tables of TIFF are opaque
    assert colours[1] == (255, 0, 0, 255)
    assert colours[2] == (0, 255, 0, 255)


def test_tags_of_a_band_are_a_mapping(tmp_path: Path) -> None:
    with pytest.raises(ProcessResultError, match="band 1"):
        made(tmp_path).convert(TILE, (ramp(), {1: "x"}))


def test_out_of_range(tmp_path: Path) -> None:
    values = ramp().astype(float)
    values[0, 3, 4] = 40_000.7
    stored = made(tmp_path).convert(TILE, values)
    assert stored is not None
    assert stored.data[0, 3, 4] == 32_767
    with pytest.raises(ValueOverflow, match="40000"):
        made(tmp_path, path="raising", on_overflow="raise").convert(TILE, values)


def test_nodata_is_masked_and_masked_is_nodata(tmp_path: Path) -> None:
    writer = made(tmp_path, nodata=-7)
    values = np.ma.MaskedArray(ramp(), mask=False)
    values[0, 0, 4], values[0, 10, 10] = np.ma.masked, -7
    path = store(writer, TILE, values)
    with rasterio.open(path) as file:
        assert file.nodata == -7
        assert file.read(1)[0, 4] == -7
        expected = np.zeros(TILE.shape, bool)
        expected[0, 4] = expected[10, 10] = True
        np.testing.assert_array_equal(file.read_masks(1) == 0, expected)


@pytest.mark.parametrize("format_name", ["GTiff", "Zarr"])
def test_a_nodata_value_that_files_do_not_keep(tmp_path: Path, format_name: str) -> None:
    """Of -2**63 a GeoTIFF says -9: all that was masked would be data to who reads it."""
    for dtype, nodata in (("int64", -(2**63)), ("uint64", 2**64 - 1), ("int64", 2**53 + 2)):
        with pytest.raises(ConfigError, match=r"kept exactly.*\n.*9007199254740992"):
            made(tmp_path, dtype=dtype, nodata=nodata, format=format_name)
    writer = made(tmp_path, dtype="int64", nodata=-(2**53))
    values = np.full((1, *TILE.shape), -(2**63))
    values[0, 0] = -(2**53)
    with rasterio.open(store(writer, TILE, values)) as file:
        assert file.read(masked=True).mask.sum() == TILE.shape[1]


def test_no_nodata_at_all(tmp_path: Path) -> None:
    values = ramp()
    values[0, 0, 0] = 0
    with rasterio.open(store(made(tmp_path, nodata=None), TILE, values)) as file:
        assert file.nodata is None
        assert file.read_masks(1).all()


def test_a_result_on_another_grid(tmp_path: Path) -> None:
    """The engine warps it with the output's resampling: as GDAL does."""
    source = Pyramid.from_grid("mercator").tile(5, 11, 16)
    values = (ramp(1, source) % 256).astype("float32")
    raster = Raster(values, Grid(source.crs, source.transform, source.shape))
    target = Pyramid.from_grid("geodetic").tile(5, 8, 32)
    writer = made(tmp_path, dtype="float32", nodata=-1, resampling="bilinear")
    stored = writer.convert(target, raster)
    assert stored is not None
    expected = np.full(target.shape, -1, "float32")
    reproject(
        values[0], expected, src_transform=source.transform, src_crs=source.crs,
        dst_transform=target.transform, dst_crs=target.crs, dst_nodata=-1,
        resampling=Resampling.bilinear,
    )  # fmt: skip
    there = ~np.ma.getmaskarray(stored.data[0]) & (expected != -1)
    assert there.sum() > 1000
    assert np.abs(stored.data[0] - expected)[there].mean() < 0.5


@given(
    metatiling=st.sampled_from([1, 2, 4, 8]),
    smaller=st.integers(0, 3),
    buffer=st.integers(0, 6),
    less=st.integers(0, 6),
    row=st.floats(0, 1, exclude_max=True),
    col=st.floats(0, 1, exclude_max=True),
    zoom=st.integers(0, 4),
)
def test_cuts_are_those_of_mapchete(
    tmp_path_factory: pytest.TempPathFactory,
    metatiling: int, smaller: int, buffer: int, less: int, row: float, col: float, zoom: int,
) -> None:  # fmt: skip
    """The same output tiles hold the same pixels of the process array."""
    array = pytest.importorskip("mapchete.io.raster")
    theirs = pytest.importorskip("mapchete.tile")
    output, output_buffer = max(1, metatiling >> smaller), max(0, buffer - less)
    pyramid = Pyramid.from_grid("geodetic", metatiling=metatiling, pixelbuffer=buffer, tile_size=16)
    rows, cols = pyramid.matrix_shape(zoom)
    tile = pyramid.tile(zoom, int(row * rows), int(col * cols))
    folder = tmp_path_factory.mktemp("cut")
    writer = made(folder, pyramid, metatiling=output, pixelbuffer=output_buffer)
    values = ramp(1, tile).astype("int16")
    store(writer, tile, values)
    process = theirs.BufferedTilePyramid(
        "geodetic", metatiling=metatiling, pixelbuffer=buffer, tile_size=16
    )
    pieces = theirs.BufferedTilePyramid(
        "geodetic", metatiling=output, pixelbuffer=output_buffer, tile_size=16
    )
    theirs_tile = process.tile(*tile.index)
    expected = {}
    for piece in pieces.intersecting(theirs_tile):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected[tuple(piece.id)] = array.extract_from_array(
                values, array_transform=theirs_tile.transform, out_grid=piece
            )
    found = {tuple(map(int, path.relative_to(writer.path).with_suffix("").parts)): path
             for path in Path(writer.path).rglob("*.tif")}  # fmt: skip
    assert set(found) == {index for index, piece in expected.items() if (piece != 0).any()}
    for index, path in found.items():
        with rasterio.open(path) as file:
            np.testing.assert_array_equal(file.read(), expected[index])


def test_tiles_that_became_empty_are_removed(tmp_path: Path) -> None:
    pyramid = Pyramid.from_grid("geodetic", metatiling=2)
    writer = made(tmp_path, pyramid, metatiling=1)
    tile = pyramid.tile(5, 3, 3)
    store(writer, tile, ramp(1, tile))
    assert len(list(tmp_path.rglob("*.tif"))) == 4
    part = ramp(1, tile)
    part[:, :, :256] = 0
    store(writer, tile, part)
    assert sorted(path.stem for path in tmp_path.rglob("*.tif")) == ["7", "7"]
    writer.delete(tile)
    assert not list(tmp_path.rglob("*.tif"))


def test_what_lies_beside_a_tile_for_gdal_does_not_outlive_it(tmp_path: Path) -> None:
    """Statistics, overviews and masks of the pixels before: of a tile made anew or gone."""
    pyramid = Pyramid.from_grid("geodetic", metatiling=2)
    writer = made(tmp_path, pyramid, metatiling=1)
    tile = pyramid.tile(5, 3, 3)
    whole = ramp(1, tile)
    half = whole.copy()
    half[:, :, :256] = 0

    def leave_side_files() -> None:
        for path in list(tmp_path.rglob("*.tif")):
            for end in (".aux.xml", ".ovr", ".msk"):
                path.with_name(path.name + end).write_bytes(b"of before")

    for result in (whole, half):
        store(writer, tile, whole)
        leave_side_files()
        store(writer, tile, result)
        assert {path.suffix for path in tmp_path.rglob("5/*/*")} == {".tif"}
    leave_side_files()
    writer.delete(tile)
    assert not [path for path in tmp_path.rglob("5/*/*") if path.is_file()]


def test_reading_with_a_buffer_takes_the_neighbours(tmp_path: Path) -> None:
    """Over the antimeridian too."""
    bare = Pyramid.from_grid("geodetic")
    writer = made(tmp_path, bare)
    world: dict[int, np.ndarray] = {}
    for col in range(4):
        tile = bare.tile(1, 0, col)
        world[col] = ramp(1, tile) + 100 * col
        store(writer, tile, world[col])
    buffered = bare.replace(pixelbuffer=10).tile(1, 0, 0)
    found = writer.read(buffered)
    assert found is not None
    np.testing.assert_array_equal(found.data[0, :256, 10:266], world[0][0])
    np.testing.assert_array_equal(found.data[0, :256, :10], world[3][0][:, -10:])
    np.testing.assert_array_equal(found.data[0, :256, 266:], world[1][0][:, :10])
    assert np.ma.getmaskarray(found.data)[0, 256:].all()


def test_an_overview_without_buffer_fits_a_buffered_output(tmp_path: Path) -> None:
    """What lies beyond the array that was given is without data."""
    pyramid = Pyramid.from_grid("geodetic", pixelbuffer=4)
    writer = made(tmp_path, pyramid, pixelbuffer=2)
    tile = pyramid.tile(5, 3, 3)
    bare = tile.unbuffered()
    writer.write(bare, Tiled(np.ma.MaskedArray(ramp(1, bare).astype("int16"), mask=False)))
    with rasterio.open(Path(writer.path, "5/3/3.tif")) as file:
        assert file.shape == (260, 260)
        stored = file.read(1)
    np.testing.assert_array_equal(stored[2:-2, 2:-2], ramp(1, bare)[0])
    stored[2:-2, 2:-2] = 0
    assert not stored.any()
    found = writer.read(bare)
    assert found is not None
    np.testing.assert_array_equal(found.data, ramp(1, bare))


def test_a_broken_tile_is_an_error_with_its_name(tmp_path: Path) -> None:
    from automap_tiles.errors import InputError

    writer = made(tmp_path)
    path = store(writer, TILE, ramp())
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError, match=r"5/8/33\.tif"):
        writer.read(TILE)
