"""Files that are unpacked without GDAL are read as GDAL reads them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.io import MemoryFile

from automap_tiles.errors import InputError
from automap_tiles.grid import Pyramid
from automap_tiles.raster import decode, decode_bands
from automap_tiles.raster.tiff import Image

TILE = Pyramid.from_grid("mercator").tile(9, 100, 200)
DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")

Decoded = tuple[np.ma.MaskedArray[Any, Any], dict[str | int, Any]]


def written(data: np.ndarray, tags: dict[str | int, Any] | None = None, **options: Any) -> bytes:
    """A file of GDAL's."""
    count, height, width = data.shape
    profile = {
        "driver": "GTiff", "count": count, "height": height, "width": width, "dtype": data.dtype,
        "crs": TILE.crs, "transform": TILE.transform, "tiled": True, "blockxsize": 64,
        "blockysize": 64,
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile | options) as dataset:
            dataset.write(data)
            for name, value in (tags or {}).items():
                if isinstance(name, int):
                    dataset.update_tags(name, **value)
                else:
                    dataset.update_tags(**{name: value})
        return bytes(memory.getbuffer())


def by_gdal(content: bytes, bands: list[int] | None = None) -> Decoded:
    """As it is read where nothing is unpacked here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("automap_tiles.raster.decoding._plain", lambda source: None)
        return decode(content) if bands is None else (decode_bands(content, bands)[0], {})


def assert_same(ours: Decoded, theirs: Decoded) -> None:
    assert ours[1] == theirs[1]
    assert ours[0].dtype == theirs[0].dtype
    assert ours[0].data.tobytes() == theirs[0].data.tobytes()
    assert np.array_equal(np.ma.getmaskarray(ours[0]), np.ma.getmaskarray(theirs[0]))
    assert np.array_equal(ours[0].fill_value, theirs[0].fill_value, equal_nan=True)


texts = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=9).filter(
    lambda text: "=" not in text
)


@given(
    dtype=st.sampled_from(DTYPES),
    shape=st.sampled_from([(1, 64, 64), (2, 100, 130), (3, 64, 64), (6, 130, 40)]),
    compress=st.sampled_from(["zstd", "deflate", "none"]),
    predicted=st.booleans(),
    interleave=st.sampled_from(["band", "pixel"]),
    nodata=st.sampled_from([None, 0, 7, -1, float("nan")]),
    tags=st.dictionaries(texts, texts, max_size=2),
    of_band=st.dictionaries(texts, texts, max_size=2),
)
def test_as_gdal_reads_it(
    dtype: str, shape: tuple[int, int, int], compress: str, predicted: bool, interleave: str,
    nodata: float | None, tags: dict[str | int, Any], of_band: dict[str, str],
) -> None:  # fmt: skip
    steps = np.random.default_rng(5).integers(-2, 3, shape).cumsum(axis=2)
    count = shape[0]
    kind = np.dtype(dtype).kind
    options: dict[str, Any] = {
        "compress": compress,
        "interleave": interleave,
        "photometric": "minisblack",
    }
    if predicted and compress != "none":
        options["predictor"] = 3 if kind == "f" else 2
    representable = nodata is None or kind == "f" or nodata >= (0 if kind == "u" else -1)
    if representable:
        options["nodata"] = nodata
    content = written(steps.astype(dtype), {**tags, 1: of_band}, **options)
    assert Image.of(content) is not None
    assert_same(decode(content), by_gdal(content))
    wanted = [count, 1, 99]
    ours, many = decode_bands(content, wanted)
    assert many == count
    assert_same((ours, {}), by_gdal(content, wanted))


@pytest.mark.parametrize(
    "options",
    [
        {"tiled": False, "blockxsize": 130},
        {"compress": "lzw"},
        {"compress": "jpeg"},
        {"compress": "webp"},
        {"bigtiff": "YES"},
        {"endianness": "BIG"},
        {"nbits": 4},
        {"photometric": "miniswhite"},
        {"count": 4, "photometric": "rgb", "alpha": "yes"},
        {"sparse_ok": True, "compress": "zstd", "nodata": 0},
        {"dtype": "complex64"},
        {"dtype": "int64", "nodata": 2**62 + 1},
    ],
)
def test_other_kinds_are_read_by_gdal(options: dict[str, Any]) -> None:
    count, dtype = options.pop("count", 3), options.pop("dtype", "uint8")
    data = np.zeros((count, 128, 130), dtype)
    data[:, 64:] = 9
    content = written(data, interleave="pixel", **options)
    assert_same(decode(content), by_gdal(content))


def test_masks_and_overviews_inside() -> None:
    data = np.arange(128 * 128, dtype="uint16").reshape(1, 128, 128)
    mask = np.eye(128, dtype=bool)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        for inside in ("overviews", "mask"):
            with MemoryFile() as memory:
                with memory.open(
                    driver="GTiff", count=1, height=128, width=128, dtype="uint16", crs=TILE.crs,
                    transform=TILE.transform, tiled=True, blockxsize=64, blockysize=64,
                ) as dataset:  # fmt: skip
                    dataset.write(data)
                    if inside == "mask":
                        dataset.write_mask(mask)
                    else:
                        dataset.build_overviews([2])
                content = bytes(memory.getbuffer())
            assert Image.of(content) is None
            assert_same(decode(content), by_gdal(content))
            assert np.ma.getmaskarray(decode(content)[0]).any() == (inside == "mask")


def test_a_point_is_told_from_an_area() -> None:
    data = np.zeros((1, 64, 64), "uint8")
    content = written(data, {"AREA_OR_POINT": "Point"})
    assert decode(content)[1]["AREA_OR_POINT"] == "Point"
    assert_same(decode(content), by_gdal(content))


def test_harmed_files_are_errors_or_read_as_gdal_does() -> None:
    """Whatever a byte becomes: no other error, no crash, no other pixels than GDAL's."""
    data = np.random.default_rng(0).integers(0, 9, (2, 128, 128)).astype("uint16")
    content = written(data, {"a": "b"}, compress="zstd", predictor=2, nodata=3)
    rng = np.random.default_rng(1)
    places = [*range(0, 600, 3), *rng.integers(0, len(content), 100)]
    for place, bit in zip(places, itertools.cycle(range(8)), strict=False):
        harmed = bytearray(content)
        harmed[place] ^= 1 << bit
        assert_alike(bytes(harmed))
    for length in (0, 3, 9, 200, len(content) // 2, len(content) - 1):
        assert_alike(content[:length])


def assert_alike(content: bytes) -> None:
    try:
        theirs = by_gdal(content)
    except InputError:
        theirs = None
    try:
        ours = decode(content)
    except InputError:
        ours = None
    if ours is not None and theirs is not None:
        assert_same(ours, theirs)


def test_no_more_is_unpacked_than_a_file_may_claim() -> None:
    """A few bytes that claim to be an image of many gigabytes are left to GDAL."""
    content = bytearray(written(np.zeros((1, 64, 64), "uint8"), blockxsize=64, blockysize=64))
    image = Image.of(bytes(content))
    assert image is not None
    for tag in (257, 323):  # height of the image, of its one block
        place = content.index(tag.to_bytes(2, "little"), 8)
        content[place + 2 : place + 12] = (
            (4).to_bytes(2, "little")
            + (1).to_bytes(4, "little")
            + (2**31 - 16).to_bytes(4, "little")
        )
    assert Image.of(bytes(content)) is None
