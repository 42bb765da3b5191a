"""Tiles that are packed without GDAL are what GDAL would have written."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasterio.io import MemoryFile

from automap_tiles.errors import InputError, OutputError
from automap_tiles.grid import Pyramid, Tile
from automap_tiles.raster import BandMetadata, _packing, decode, encode_geotiff
from automap_tiles.raster.tiff import Pattern

PYRAMID = Pyramid.from_grid("mercator")
DTYPES = (
    "uint8",
    "int8",
    "uint16",
    "int16",
    "uint32",
    "int32",
    "uint64",
    "int64",
    "float32",
    "float64",
)


def by_gdal(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing is packed here."""
    monkeypatch.setattr(
        "automap_tiles.raster.encode.Packing.packed",
        lambda _, array, transform, *, tags, make: make(array),
    )


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known any more."""
    monkeypatch.setattr(_packing, "_patterns", _packing._Known())
    monkeypatch.setattr(_packing, "_proven", _packing._Known())


def seen(content: bytes) -> dict[str, Any]:
    """Everything that GDAL says of a file."""
    with MemoryFile(content) as memory, memory.open(driver="GTiff") as dataset:
        return {
            "pixels": dataset.read().tobytes(),
            "masks": dataset.read_masks().tobytes(),
            "profile": {key: repr(value) for key, value in dataset.profile.items()},
            "tags": [dataset.tags(), *(dataset.tags(band) for band in dataset.indexes)],
            "structure": [dataset.tags(ns="IMAGE_STRUCTURE")]
            + [dataset.tags(band, ns="IMAGE_STRUCTURE") for band in dataset.indexes],
            "bands": (
                dataset.descriptions, dataset.scales, dataset.offsets, dataset.units,
                dataset.colorinterp, dataset.mask_flag_enums,
            ),
        }  # fmt: skip


def is_packed(content: bytes) -> bool:
    """GDAL keeps what it wrote first at the beginning and what was said later at the end."""
    return content[4:8] == (8).to_bytes(4, "little") and b"GDAL_STRUCTURAL" not in content[:512]


profiles = st.fixed_dictionaries(
    {
        "compress": st.sampled_from(["zstd", "deflate", "none"]),
        "interleave": st.sampled_from(["band", "pixel"]),
        "predictor": st.sampled_from([1, None]),
        "blockxsize": st.sampled_from([16, 32, 64, 128]),
        "blockysize": st.sampled_from([16, 48, 64]),
    },
    optional={"zlevel": st.sampled_from([1, 6, 9]), "zstd_level": st.sampled_from([1, 9, 15])},
)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NodataShadowWarning")
@given(
    dtype=st.sampled_from(DTYPES),
    count=st.integers(1, 5),
    size=st.sampled_from([64, 128, 130]),
    profile=profiles,
    nodata=st.sampled_from([None, 0, 7]),
    tags=st.sampled_from(
        [{}, {"season": "spring"}, {"a": 1, 1: {"name": "red", "value_scale": 2}}]
    ),
    seed=st.integers(0, 99),
)
def test_as_gdal_writes_it(
    dtype: str, count: int, size: int, profile: dict[str, Any], nodata: float | None,
    tags: dict[str | int, Any], seed: int,
) -> None:  # fmt: skip
    rng = np.random.default_rng(seed)
    tile = PYRAMID.replace(pixelbuffer=0).tile(9, 100 + seed, 200)
    steps = rng.integers(-9, 9, (count, size, size)).cumsum(axis=2)
    data = np.ma.MaskedArray(steps.astype(dtype), rng.random(steps.shape) < 0.1)
    grid = type(tile.grid)(tile.grid.crs, tile.grid.transform, (size, size))
    profile = {key: value for key, value in profile.items() if key != "predictor" or value}
    with pytest.MonkeyPatch.context() as patch:
        ours = encode_geotiff(data, grid, nodata=nodata, profile=profile, tags=tags)
        by_gdal(patch)
        theirs = encode_geotiff(data, grid, nodata=nodata, profile=profile, tags=tags)
    assert seen(ours) == seen(theirs)


def test_odd_numbers_of_floats() -> None:
    """What has no equal (NaN, with its bits) and what has two zeros goes in and out as it is."""
    values = np.array([np.nan, -0.0, 0.0, np.inf, -np.inf, 1e-45, 3.4e38, 1 / 3], "float32")
    values[:1].view("uint32")[:] |= 0x123
    data = np.resize(values, (2, 32, 32))
    tile = PYRAMID.tile(3, 1, 1)
    grid = type(tile.grid)(tile.grid.crs, tile.grid.transform, (32, 32))
    content = encode_geotiff(data, grid)
    assert is_packed(content)
    assert decode(content)[0].data.tobytes() == data.tobytes()


def test_place_of_each_tile() -> None:
    """One pattern, many places, zooms and grids; the place is that of the tile, to the last bit."""
    data = np.ones((1, 256, 256), "uint8")
    for tile in (PYRAMID.tile(0, 0, 0), PYRAMID.tile(13, 2900, 4400), PYRAMID.tile(13, 8191, 8191)):
        with MemoryFile(encode_geotiff(data, tile)) as memory, memory.open() as dataset:
            assert dataset.transform == tile.transform
            assert dataset.crs == tile.crs
    other = Pyramid.from_grid("geodetic").tile(5, 3, 4)
    with MemoryFile(encode_geotiff(data, other)) as memory, memory.open() as dataset:
        assert (dataset.crs, dataset.transform) == (other.crs, other.transform)


def test_the_same_bytes_whichever_tile_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known already changes nothing."""
    first, second = PYRAMID.tile(8, 100, 100), PYRAMID.tile(7, 50, 60)
    data = np.arange(3 * 256 * 256, dtype="uint16").reshape(3, 256, 256)
    choices: list[dict[str | int, Any]] = [{}, {"date": "2021-05-01"}]
    for tags in choices:
        files = []
        for order in ((first, second), (second, first)):
            forget(monkeypatch)
            files.append({tile: encode_geotiff(data, tile, tags=tags) for tile in order})
        assert files[0] == files[1]


@pytest.mark.parametrize(
    ("options", "dtype"),
    [
        ({"compress": "lzw"}, "uint8"),
        ({"compress": "jpeg"}, "uint8"),
        ({"compress": "lerc", "max_z_error": 1}, "float32"),
        ({"tiled": False}, "uint8"),
        ({"nbits": 4, "predictor": 1}, "uint8"),
        ({"discard_lsb": 2}, "uint8"),
        ({"bigtiff": "YES"}, "uint8"),
        ({"endianness": "BIG"}, "uint16"),
        ({"sparse_ok": True}, "uint8"),
        ({"compress": "deflate", "zlevel": 0}, "uint8"),
        ({"compress": "deflate", "zlevel": 13}, "uint8"),
        ({"compress": "zstd", "zstd_level": 23}, "uint8"),
        ({}, "complex64"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_left_to_gdal(
    options: dict[str, Any], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tile = PYRAMID.tile(8, 100, 100)
    data = np.arange(256 * 256).reshape(1, 256, 256).astype(dtype)
    content = encode_geotiff(data, tile, profile=options)
    by_gdal(monkeypatch)
    assert content == encode_geotiff(data, tile, profile=options)


@pytest.mark.parametrize("values", [0, 255])
def test_said_by_pixels_alone_or_by_all(values: int) -> None:
    """Blank tiles, and colours, names and scales of the bands."""
    about = BandMetadata(
        descriptions=("map",), scales=(0.5,), offsets=(3.0,), units=("m",),
        colormap={0: (0, 0, 0, 0), 255: (1, 2, 3, 255)},
    )  # fmt: skip
    tile = PYRAMID.tile(8, 100, 100)
    data = np.full((1, 256, 256), values, "uint8")
    ours = encode_geotiff(data, tile, nodata=0, metadata=about)
    with pytest.MonkeyPatch.context() as patch:
        by_gdal(patch)
        theirs = encode_geotiff(data, tile, nodata=0, metadata=about)
    assert seen(ours) == seen(theirs)
    with MemoryFile(ours) as memory, memory.open() as dataset:
        assert dataset.colormap(1)[255] == (1, 2, 3, 255)


def test_a_packing_that_gdal_reads_otherwise_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof is of the pixels: a wrong one leads to GDAL's file, not to a wrong file."""
    forget(monkeypatch)
    right = Pattern.file
    monkeypatch.setattr(Pattern, "file", lambda self, array, place: right(self, array[::-1], place))
    tile = PYRAMID.tile(8, 100, 100)
    data = np.arange(2 * 256 * 256, dtype="uint16").reshape(2, 256, 256)
    assert np.array_equal(decode(encode_geotiff(data, tile))[0].data, data)


def test_harm_is_noticed_by_every_reader() -> None:
    """Frames of Zstandard carry a checksum, which GDAL does not write by itself."""
    tile = PYRAMID.tile(8, 100, 100)
    data = np.random.default_rng(1).integers(0, 9, (1, 256, 256)).astype("uint8")
    content = encode_geotiff(data, tile)
    noticed = 0
    rng = np.random.default_rng(2)
    places = rng.integers(len(content) * 3 // 4, len(content), 50)
    for place in places:
        harmed = bytearray(content)
        harmed[place] ^= 1 << int(rng.integers(8))
        try:
            decode(bytes(harmed))
        except InputError:
            noticed += 1
    assert noticed == len(places)


def test_options_that_gdal_refuses_are_still_errors() -> None:
    tile: Tile = PYRAMID.tile(8, 100, 100)
    with pytest.raises(OutputError, match="cannot be written as GeoTIFF"):
        encode_geotiff(np.zeros((1, 256, 256), "uint8"), tile, profile={"blockxsize": 17})


@pytest.mark.parametrize("name", ["zip", "ZIP", "deflate", "zstd"])
def test_compressed_as_far_as_gdal_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under each name that GDAL knows a compression by."""
    tile = PYRAMID.tile(8, 100, 100)
    data = np.arange(256 * 256).reshape(1, 256, 256).astype("uint16") // 7
    ours = encode_geotiff(data, tile, profile={"compress": name})
    by_gdal(monkeypatch)
    theirs = encode_geotiff(data, tile, profile={"compress": name})
    assert len(ours) == pytest.approx(len(theirs), rel=0.2)
    with MemoryFile(ours) as memory, memory.open() as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE").get("PREDICTOR") == "2"


def test_the_proof_takes_no_more_memory_than_a_few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for once, but beside a tile that may be as large as the memory allows."""
    forget(monkeypatch)
    tile = PYRAMID.replace(metatiling=8).tile(8, 10, 10)
    data = np.ones((2, 2048, 2048), "uint16")
    tracemalloc.start()
    try:
        assert is_packed(encode_geotiff(data, tile))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4 * data.nbytes
