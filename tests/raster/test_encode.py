"""GeoTIFF and PNG bytes, read back by rasterio."""

from __future__ import annotations

import math
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from automap_tiles.errors import InputError, OutputError
from automap_tiles.grid import Pyramid
from automap_tiles.raster import (
    BandMetadata,
    decode,
    decode_bands,
    default_profile,
    encode_geotiff,
    encode_png,
)
from automap_tiles.raster.png import Deflate, deflate

TILE = Pyramid.from_grid("mercator").tile(9, 170, 270)


@contextmanager
def opened(content: bytes) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with MemoryFile(content) as memory, memory.open() as dataset:
            yield dataset


DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "int64", "uint64", "float32"]


@pytest.mark.parametrize("dtype", [*DTYPES, "float64", "complex64"])
def test_round_trip(rng: np.random.Generator, dtype: str) -> None:
    data = rng.integers(0, 100, (3, 256, 256)).astype(dtype)
    content = encode_geotiff(data, TILE)
    with opened(content) as dataset:
        assert dataset.crs == TILE.crs
        assert dataset.transform == TILE.transform
        assert dataset.nodata is None
        np.testing.assert_array_equal(dataset.read(), data)
    found, tags = decode(content)
    np.testing.assert_array_equal(found.data, data)
    assert found.dtype == dtype
    assert not found.mask.any()
    assert tags == {"AREA_OR_POINT": "Area"}


@pytest.mark.parametrize("nodata", [0, 255, math.nan, -1.0])
def test_mask_becomes_nodata(rng: np.random.Generator, nodata: float) -> None:
    dtype = np.uint8 if nodata in (0, 255) else np.float32
    values = rng.integers(1, 200, (2, 256, 256)).astype(dtype)
    data = np.ma.MaskedArray(values, rng.random(values.shape) < 0.3)
    before = values.copy()
    found, _ = decode(encode_geotiff(data, TILE, nodata=nodata))
    np.testing.assert_array_equal(found.mask, data.mask)
    np.testing.assert_array_equal(found.data[found.mask], dtype(nodata))
    np.testing.assert_array_equal(found[~found.mask].data, values[~data.mask])
    np.testing.assert_array_equal(values, before)


def test_defaults_are_those_promised(rng: np.random.Generator) -> None:
    content = encode_geotiff(rng.integers(0, 9, (2, 256, 256), dtype=np.int16), TILE)
    with opened(content) as dataset:
        assert dataset.compression.name == "zstd"
        assert dataset.interleaving.name == "band"
        assert dataset.block_shapes == [(256, 256)] * 2
        assert dataset.tags(ns="IMAGE_STRUCTURE")["PREDICTOR"] == "2"
    assert default_profile("float32", (256, 256))["predictor"] == 3
    larger = default_profile("uint8", (2048, 300))
    assert (larger["blockysize"], larger["blockxsize"]) == (512, 304)


@pytest.mark.parametrize(
    ("options", "compression", "predictor"),
    [
        ({"compress": "deflate", "zlevel": 1}, "deflate", "2"),
        ({"compress": "lzw", "predictor": 1}, "lzw", None),
        ({"compress": None}, None, None),
        ({"COMPRESS": "packbits"}, "packbits", None),
        ({"compress": "lerc", "max_z_error": 0}, "lerc", None),
        ({"interleave": "pixel", "tiled": False}, "zstd", "2"),
        ({"tiled": "NO"}, "zstd", "2"),
        ({"blockxsize": 64, "blockysize": 64}, "zstd", "2"),
    ],
)
def test_creation_options(
    rng: np.random.Generator,
    options: dict[str, Any],
    compression: str | None,
    predictor: str | None,
) -> None:
    data = rng.integers(0, 900, (2, 256, 256), dtype=np.uint16)
    with opened(encode_geotiff(data, TILE, profile=options)) as dataset:
        found = None if dataset.compression is None else dataset.compression.name
        assert found == compression
        assert dataset.tags(ns="IMAGE_STRUCTURE").get("PREDICTOR") == predictor
        np.testing.assert_array_equal(dataset.read(), data)
        if "blockxsize" in options:
            assert dataset.block_shapes[0] == (64, 64)
        if "tiled" in options:
            assert dataset.profile["tiled"] is False


def test_metadata_and_tags() -> None:
    metadata = BandMetadata(
        descriptions=("red", "green"),
        scales=(0.0001, 0.5),
        offsets=(0, -1),
        units=("1", "m"),
        colorinterp=("red", "green"),
    )
    content = encode_geotiff(
        np.zeros((2, 64, 64), np.uint8),
        TILE,
        tags={"time": "2018-05-02", 2: {"quality": "good"}},
        metadata=metadata,
    )
    with opened(content) as dataset:
        assert dataset.descriptions == ("red", "green")
        assert dataset.scales == (0.0001, 0.5)
        assert dataset.offsets == (0, -1)
        assert dataset.units == ("1", "m")
        assert dataset.colorinterp == (ColorInterp.red, ColorInterp.green)
    _, tags = decode(content)
    assert tags["time"] == "2018-05-02"
    assert tags[2] == {"quality": "good"}


def test_colormap() -> None:
    colours = {1: (255, 0, 0, 255), 2: (0, 128, 0, 255)}
    content = encode_geotiff(
        np.ones((1, 64, 64), np.uint8), TILE, metadata=BandMetadata(colormap=colours)
    )
    with opened(content) as dataset:
        assert dataset.colorinterp == (ColorInterp.palette,)
        found = dataset.colormap(1)
        assert (found[1], found[2]) == (colours[1], colours[2])


def test_refused_options() -> None:
    data = np.zeros((1, 64, 64), np.uint8)
    with pytest.raises(OutputError, match="cannot be written as GeoTIFF"):
        encode_geotiff(data, TILE, nodata=-5)
    with pytest.raises(OutputError, match="not 2 dimensions"):
        encode_geotiff(data[0], TILE)


def test_decode_from_a_path(tmp_path: Path) -> None:
    data = np.arange(64 * 64, dtype=np.uint16).reshape(1, 64, 64)
    path = tmp_path / "tile.tif"
    path.write_bytes(encode_geotiff(data, TILE, nodata=5))
    for given_path in (path, str(path)):
        found, _ = decode(given_path)
        np.testing.assert_array_equal(found.data, data)
        assert found.mask.sum() == 1
    (tmp_path / "tile.png").write_bytes(encode_png(data))
    np.testing.assert_array_equal(decode(tmp_path / "tile.png")[0].data, data)


@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("interleave", [None, "band", "pixel"])
@pytest.mark.parametrize("size", [256, 640])
def test_webp(bands: int, interleave: str | None, size: int) -> None:
    """Colours lie side by side in it, whatever is asked for; else nobody could read it."""
    y, x = np.mgrid[:size, :size]
    data = np.stack([(x + y) % 256, x % 256, y % 200, np.full_like(x, 255)])[:bands].astype(
        np.uint8
    )
    tile = Pyramid.from_grid("geodetic", tile_size=size).tile(5, 3, 3)
    profile = {"compress": "webp", "webp_lossless": True, "interleave": interleave}
    found, _ = decode(encode_geotiff(data, tile, profile=profile))
    np.testing.assert_array_equal(found.data, data)


@pytest.mark.parametrize("content", [b"", b"no image", b"II*\x00\x08\x00\x00\x00"])
def test_no_image(content: bytes) -> None:
    with pytest.raises(InputError, match="cannot be decoded"):
        decode(content)


def test_truncated_image(rng: np.random.Generator) -> None:
    content = encode_geotiff(rng.integers(0, 900, (2, 256, 256), dtype=np.uint16), TILE)
    with pytest.raises(InputError, match="cannot be decoded"):
        decode(content[: len(content) // 2])


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16]),
        st.tuples(st.integers(1, 4), st.integers(1, 20), st.integers(1, 20)),
    ),
    st.sampled_from([deflate, partial(zlib.compress, level=9)]),
)
@settings(max_examples=60)
def test_png_round_trip(data: np.ndarray, compress: Deflate) -> None:
    with opened(encode_png(data, compress=compress)) as dataset:
        np.testing.assert_array_equal(dataset.read(), data)


def test_png_alpha_is_a_mask() -> None:
    data = np.full((4, 8, 8), 9, dtype=np.uint8)
    data[3, :4] = 0
    found, _ = decode(encode_png(data))
    assert np.ma.getmaskarray(found)[:3, :4].all()
    assert not np.ma.getmaskarray(found)[:3, 4:].any()


@pytest.mark.parametrize(
    "data", [np.zeros((5, 4, 4), np.uint8), np.zeros((1, 4, 4), np.int16), np.zeros((4, 4))]
)
def test_what_is_no_png(data: np.ndarray) -> None:
    with pytest.raises(OutputError, match="a PNG"):
        encode_png(data)


def test_some_bands_are_those_of_all() -> None:
    shape = (5, *TILE.shape)
    numbers = np.random.default_rng(3).integers(0, 4, shape).astype("uint16")
    content = encode_geotiff(np.ma.masked_equal(numbers, 0), TILE, nodata=0)
    everything, _ = decode(content)
    for indexes in ([1], [4, 2], [3, 3, 5], None):
        found, count = decode_bands(content, indexes)
        wanted = everything if indexes is None else everything[[band - 1 for band in indexes]]
        assert count == 5
        np.testing.assert_array_equal(found.data, wanted.data)
        np.testing.assert_array_equal(np.ma.getmaskarray(found), np.ma.getmaskarray(wanted))
    assert len(decode_bands(content, [2, 9])[0]) == 1
