"""Files that are unpacked without GDAL are read as GDAL reads them."""

from __future__ import annotations

import itertools
import math
import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest
import rasterio
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from rasterio.io import MemoryFile

from automap_tiles.errors import InputError
from automap_tiles.grid import Pyramid
from automap_tiles.raster import decode, decode_bands
from automap_tiles.raster.tiff import Image
from automap_tiles.raster.tiff._directory import Field, read_directory
from automap_tiles.raster.tiff._unpacking import Damaged, unpacked

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
        patch.setattr("automap_tiles.raster._decoding._plain", lambda source: None)
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


def entry_of(content: bytes | bytearray, tag: int) -> int:
    """Where the directory of a file has a field."""
    (at,) = struct.unpack_from("<I", content, 4)
    (many,) = struct.unpack_from("<H", content, at)
    places = range(at + 2, at + 2 + 12 * many, 12)
    return next(place for place in places if struct.unpack_from("<H", content, place)[0] == tag)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("scale", [math.nan, math.inf])
def test_a_place_that_is_no_number(scale: float) -> None:
    content = written(np.ones((2, 64, 64), "uint8"), nodata=0)
    place = struct.unpack_from("<I", content, entry_of(content, 33550) + 8)[0]
    harmed = bytearray(content)
    struct.pack_into("<2d", harmed, place, scale, scale)
    assert_alike(bytes(harmed))
    assert np.array_equal(decode_bands(bytes(harmed))[0].data, np.ones((2, 64, 64)))


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(("tag", "change"), [(325, -1), (324, -1), (34735, -1), (34735, -5)])
def test_lists_that_are_too_short(tag: int, change: int) -> None:
    content = bytearray(written(np.ones((2, 128, 128), "uint8")))
    at = entry_of(content, tag) + 4
    struct.pack_into("<I", content, at, struct.unpack_from("<I", content, at)[0] + change)
    assert_alike(bytes(content))


@pytest.mark.parametrize("kind", [11, 12])
def test_sizes_that_are_no_whole_numbers(kind: int) -> None:
    """A field of floats, which may be infinite, where whole numbers belong."""
    for tag in (256, 257, 258, 277, 322, 323, 324, 325):
        content = bytearray(written(np.ones((1, 64, 64), "uint8")))
        struct.pack_into("<H", content, entry_of(content, tag) + 2, kind)
        struct.pack_into("<I", content, entry_of(content, tag) + 8, 0x7F800000)
        assert Image.of(bytes(content)) is None
        assert_alike(bytes(content))


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        (b'name="long"', b'nama="long"'),
        (b'sample="0"', b'sample="x"'),
        (b'sample="0"', b'sample="7"'),
    ],
)
def test_tags_that_are_not_understood_are_read_by_gdal(said: bytes, instead: bytes) -> None:
    content = written(np.ones((1, 64, 64), "uint8"), {"long": "a", 1: {"short": "b"}})
    assert content.count(said) == 1
    harmed = content.replace(said, instead)
    assert_same(decode(harmed), by_gdal(harmed))


def test_no_more_is_unpacked_than_a_block_holds() -> None:
    """A frame of Zstandard says itself how much it is; a false one would fill the memory."""
    image = Image.of(written(np.ones((1, 64, 64), "uint8"), compress="zstd"))
    assert image is not None
    writer = zstandard.ZstdCompressor().compressobj(size=2**62)
    frame = writer.compress(bytes(64 * 64)) + writer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    with pytest.raises(Damaged):
        unpacked(frame, image.layout, [0])
    assert unpacked(zstandard.compress(bytes(64 * 64)), image.layout, [0]).shape == (1, 64, 64)


def test_where_the_blocks_are_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not again for each of them, which of many thousand takes minutes."""
    data = np.arange(256 * 256).reshape(1, 256, 256).astype("uint16")
    image = Image.of(written(data, blockxsize=16, blockysize=16))
    assert image is not None
    asked: list[int] = []
    right = Field.whole

    def counted(self: Field) -> tuple[int, ...]:
        asked.append(self.tag)
        return right(self)

    monkeypatch.setattr(Field, "whole", counted)
    found = image.read([1])
    assert found is not None
    assert np.array_equal(found, data)
    assert len(asked) <= 2


@pytest.mark.parametrize("text", ["", " ", "\t", "a\r\nb", "a\nb", "  a  "])
def test_tags_of_blanks(text: str) -> None:
    content = written(np.ones((1, 64, 64), "uint8"), {"t": text, 1: {"of band": text}})
    assert_same(decode(content), by_gdal(content))


@pytest.mark.parametrize("text", ["1_0", "1e1", "+10", "\u0661\u0660", "0x0a", "10,5"])
def test_what_is_a_number_says_gdal(text: str) -> None:
    """No data where GDAL has it, also where Python reads another number."""
    data = np.arange(64 * 64, dtype="uint16").reshape(1, 64, 64)
    content = written(data, nodata=65432)
    said = text.encode().ljust(5, b"\0")
    harmed = content.replace(b"65432", said)
    assert harmed != content
    assert_same(decode(harmed), by_gdal(harmed))


def test_values_that_lie_over_each_other() -> None:
    """Fields that all claim the whole file would be many times as large as it is."""
    content = bytearray(2**20)
    struct.pack_into("<2sHIH", content, 0, b"II", 42, 8, 2000)
    for number in range(2000):
        struct.pack_into("<HHII", content, 10 + 12 * number, number, 1, len(content), 0)
    tracemalloc.start()
    try:
        assert read_directory(bytes(content)) is None
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4 * len(content)
