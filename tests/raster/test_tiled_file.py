"""Windows of files whose blocks are unpacked here are those that GDAL reads."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.enums import Resampling
from rasterio.errors import RasterioIOError
from rasterio.transform import from_origin
from rasterio.windows import Window

from automap_tiles.errors import InputError
from automap_tiles.grid import Grid
from automap_tiles.raster import close_all, read
from automap_tiles.raster.datasets import OpenSource, open_source
from automap_tiles.raster.lru import share
from automap_tiles.raster.tiff import _cache, _file
from automap_tiles.raster.tiff._directory import read_directories
from automap_tiles.raster.tiff._unpacking import unpacked

DTYPES = (
    "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64",
)  # fmt: skip
PLACE = from_origin(500_000, 5_400_000, 10, 10)

Read = tuple[Sequence[int], Window]


@pytest.fixture(autouse=True)
def settled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled at once, but in the tests of those just written."""
    if "same_moment" not in request.node.name:
        monkeypatch.setattr(_file, "_SETTLED_AFTER", 0)


def pixels(shape: tuple[int, int, int], dtype: str, seed: int = 0) -> np.ndarray:
    """Numbers of the whole range of a type, and quiet ones."""
    rng = np.random.default_rng(seed)
    noise = np.frombuffer(rng.bytes(int(np.prod(shape)) * np.dtype(dtype).itemsize), dtype)
    quiet = rng.integers(-2, 3, shape).cumsum(axis=2).astype(dtype)
    half = np.arange(shape[2]) < shape[2] // 2
    return np.where(half, noise.reshape(shape), quiet)


def write(path: Path, data: np.ndarray, **options: Any) -> Path:
    count, height, width = data.shape
    profile = {
        "driver": "GTiff", "count": count, "height": height, "width": width, "dtype": data.dtype,
        "crs": "EPSG:32633", "transform": PLACE, "tiled": True, "blockxsize": 64, "blockysize": 32,
        "compress": "deflate", "photometric": "minisblack",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile | options) as dataset:
        dataset.write(data)
    return path


def is_read_here(source: OpenSource) -> bool:
    return source._tiles is not None


def assert_same(
    source: OpenSource, indexes: Sequence[int], window: Window, *, once: bool = False
) -> None:
    ours = source.read(indexes, window, once=once)
    theirs = source.dataset.read(list(indexes), window=window)
    assert ours.dtype == theirs.dtype
    assert ours.tobytes() == theirs.tobytes()


def windows(shape: tuple[int, int], seed: int) -> list[Window]:
    rng = np.random.default_rng(seed)
    height, width = shape
    found = [Window(0, 0, width, height), Window(width - 1, height - 1, 1, 1)]
    for _ in range(4):
        (top, bottom), (left, right) = (sorted(rng.integers(0, size, 2)) for size in shape)
        found.append(Window(left, top, right - left + 1, bottom - top + 1))
    return found


@settings(max_examples=120, deadline=None)
@given(
    dtype=st.sampled_from(DTYPES),
    shape=st.sampled_from([(1, 64, 64), (2, 100, 130), (3, 65, 31), (6, 130, 40), (4, 1, 200)]),
    options=st.fixed_dictionaries(
        {
            "compress": st.sampled_from(["zstd", "deflate"]),
            "interleave": st.sampled_from(["band", "pixel"]),
            "bigtiff": st.sampled_from(["NO", "YES"]),
            "blockxsize": st.sampled_from([16, 48, 64, 256]),
            "blockysize": st.sampled_from([16, 64, 128]),
            "nodata": st.sampled_from([None, 0, 7]),
        }
    ),
    predicted=st.booleans(),
    seed=st.integers(0, 9),
)
def test_windows_are_those_of_gdal(
    tmp_path_factory: pytest.TempPathFactory, dtype: str, shape: tuple[int, int, int],
    options: dict[str, Any], predicted: bool, seed: int,
) -> None:  # fmt: skip
    floats = np.dtype(dtype).kind == "f"
    if predicted:
        options["predictor"] = 3 if floats else 2
    path = write(tmp_path_factory.mktemp("t") / "a.tif", pixels(shape, dtype, seed), **options)
    source = open_source(path)
    assert is_read_here(source)
    bands = list(np.random.default_rng(seed).permutation(shape[0])[: seed % shape[0] + 1] + 1)
    for window in windows(shape[1:], seed):
        for once in (True, True, False):  # what nobody asks for twice, twice; then what is kept
            assert_same(source, [int(band) for band in bands], window, once=once)
        _cache._cache = None
    close_all()


@pytest.mark.parametrize(
    "options",
    [
        {"tiled": False, "blockxsize": 130, "blockysize": 3},
        {"compress": "none"},
        {"compress": "lzw", "predictor": 2},
        {"compress": "lzma"},
        {"compress": "packbits"},
        {"compress": "lerc"},
        {"compress": "jpeg"},
        {"compress": "webp", "webp_lossless": True},
        {"endianness": "BIG"},
        {"nbits": 4},
        {"photometric": "miniswhite"},
        {"dtype": "complex64"},
        {"dtype": "float32", "nbits": 16},
    ],
)
def test_other_kinds_are_read_by_gdal(tmp_path: Path, options: dict[str, Any]) -> None:
    data = np.zeros((3, 128, 130), options.pop("dtype", "uint8"))
    data[:, 64:] = 9
    data[0] += np.arange(128, dtype="uint8")[:, None] % 5
    source = open_source(write(tmp_path / "a.tif", data, interleave="pixel", **options))
    assert not is_read_here(source)
    for window in windows((128, 130), 1):
        assert_same(source, [3, 1], window)


def test_alpha_palette_tags_and_masks_beside_are_no_matter_of_the_numbers(tmp_path: Path) -> None:
    data = pixels((4, 100, 100), "uint8")
    path = write(
        tmp_path / "a.tif", data, photometric="rgb", alpha="yes", interleave="pixel", nodata=3
    )
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(TIFFTAG_SOFTWARE="x", TIFFTAG_XRESOLUTION="72", other="y")
        dataset.write_mask(np.eye(100, dtype=bool))
    source = open_source(path)
    assert is_read_here(source)
    assert_same(source, [4, 1], Window(10, 10, 80, 80))


@pytest.mark.parametrize("kind", ["internal", "external", "cog"])
def test_overviews(tmp_path: Path, kind: str) -> None:
    data = pixels((2, 515, 641), "uint16")
    path = write(tmp_path / "a.tif", data, predictor=2)
    if kind == "cog":
        plain, path = path, tmp_path / "c.tif"
        rasterio.shutil.copy(plain, path, driver="COG", blocksize=128, compress="zstd")
    else:
        with (
            rasterio.Env(TIFF_USE_OVR=kind == "external"),
            rasterio.open(path, "r+") as dataset,
        ):
            dataset.build_overviews([2, 4, 8], Resampling.average)
    whole = open_source(path)
    assert len(whole.info.overviews) >= 2
    assert is_read_here(whole)
    for level in range(len(whole.info.overviews)):
        source = open_source(path, level)
        assert is_read_here(source) == (kind != "external")
        for window in windows(source.info.shape, level):
            assert_same(source, [2, 1], window)


def test_a_mask_inside_is_no_overview(tmp_path: Path) -> None:
    data = pixels((1, 128, 128), "uint16")
    path = write(tmp_path / "a.tif", data)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as dataset:
        dataset.write_mask(np.eye(128, dtype=bool))
        dataset.build_overviews([2], Resampling.nearest)
    for level in (None, 0):
        source = open_source(path, level)
        assert is_read_here(source)
        assert_same(source, [1], Window(0, 0, *source.info.shape[::-1]))


@pytest.mark.parametrize("nodata", [None, 0, 7])
def test_blocks_that_are_left_out(tmp_path: Path, nodata: int | None) -> None:
    path = tmp_path / "a.tif"
    profile = {
        "driver": "GTiff", "count": 1, "height": 128, "width": 128, "dtype": "uint8",
        "transform": PLACE, "tiled": True, "blockxsize": 64, "blockysize": 64, "sparse_ok": True,
        "nodata": nodata, "compress": "zstd",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(np.full((1, 64, 64), 9, "uint8"), window=Window(0, 0, 64, 64))
    source = open_source(path)
    assert (source.read([1], Window(0, 0, 64, 64)) == 9).all()
    assert_same(source, [1], Window(0, 0, 128, 128))
    assert (source.read([1], Window(64, 0, 64, 64)) == (nodata or 0)).all()


def test_a_block_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For all windows and threads that want it, and again when the file has changed."""
    path = write(tmp_path / "a.tif", pixels((2, 128, 128), "uint16"), interleave="band")
    made: list[int] = []
    original = unpacked

    def counted(*args: Any) -> Any:
        made.append(1)
        return original(*args)

    monkeypatch.setattr(_file, "unpacked", counted)
    source = open_source(path)
    for window in (Window(0, 0, 70, 40), Window(10, 10, 50, 30), Window(0, 0, 128, 128)):
        assert_same(source, [1, 2], window)
    assert len(made) == 2 * 2 * 4  # bands, columns, rows
    write(path, pixels((2, 128, 128), "uint16", seed=1), interleave="band")
    os.utime(path, ns=(1, 1))
    assert_same(open_source(path), [1, 2], Window(0, 0, 128, 128))
    assert len(made) == 2 * 2 * 2 * 4


def test_whole_blocks_that_nobody_asks_for_again_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pixels((2, 96, 256), "uint16")
    path = write(tmp_path / "image.tif", data, interleave="band", predictor=2)
    _cache._cache = None
    source = open_source(str(path))
    many: list[int] = []
    content_of = _file.TiledFile._content

    def counted(self: _file.TiledFile, *given: Any) -> bytes:
        many.append(given[1])
        return content_of(self, *given)

    monkeypatch.setattr(_file.TiledFile, "_content", counted)
    # 2 bands × 3 rows of 3 blocks that are read whole and 1 that is read in part
    for expected in (18 + 6, 18, 0):
        many.clear()
        found = source.read([1, 2], Window(0, 0, 224, 96), once=True)
        assert found.tobytes() == np.ascontiguousarray(data[:, :, :224]).tobytes()
        assert len(many) == expected
    close_all()


def test_what_is_kept_is_bounded_and_nobody_writes_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cache, "_cache", None)
    monkeypatch.setattr(_cache, "CACHE_BYTES", 40_000)
    path = write(tmp_path / "a.tif", pixels((1, 512, 512), "uint16"))
    source = open_source(path)
    found = source.read([1], Window(0, 0, 512, 512))
    found[:] = 0
    assert_same(source, [1], Window(0, 0, 512, 512))
    assert _cache._cache is not None
    assert 0 < _cache._cache.size <= 40_000


def test_a_file_that_has_changed_since_it_was_opened(tmp_path: Path) -> None:
    """GDAL says what it is then: nothing of the new file is mixed into the old one."""
    path = write(tmp_path / "a.tif", pixels((1, 128, 128), "uint16"))
    source = open_source(path)
    before = source.read([1], Window(0, 0, 128, 128))
    other = write(tmp_path / "b.tif", pixels((1, 128, 128), "uint16", seed=4))
    other.replace(path)
    assert np.array_equal(source.read([1], Window(0, 0, 128, 128)), before)
    assert not np.array_equal(open_source(path).read([1], Window(0, 0, 128, 128)), before)


def test_files_written_one_after_the_other_at_the_same_moment(tmp_path: Path) -> None:
    """Of one name, size, time and even inode: those of temporary files of a user's function."""
    path = tmp_path / "a.tif"
    now = time.time_ns()
    for seed in range(8):
        data = pixels((1, 128, 128), "uint16", seed=seed)
        write(path, data, compress="none")
        os.utime(path, ns=(now, now))
        assert np.array_equal(open_source(path).read([1], Window(0, 0, 128, 128)), data)
        path.unlink()
        close_all()
    for seed in range(8):
        data = pixels((1, 128, 128), "uint16", seed=seed)
        other = write(tmp_path / f"{seed}.tif", data, compress="none")
        os.utime(other, ns=(now, now))
        other.replace(path)
        assert np.array_equal(open_source(path).read([1], Window(0, 0, 128, 128)), data)


def test_harmed_files_are_errors_or_read_as_gdal_does(tmp_path: Path) -> None:
    """Whatever a byte becomes: no other error, no crash, no other pixels than GDAL's."""
    data = np.random.default_rng(0).integers(0, 9, (2, 128, 128)).astype("uint16")
    content = write(tmp_path / "a.tif", data, compress="zstd", predictor=2).read_bytes()
    rng = np.random.default_rng(1)
    places = [*range(0, 400, 2), *rng.integers(0, len(content), 60)]
    grid = Grid(open_source(tmp_path / "a.tif").info.crs, PLACE, (128, 128))
    for number, place in enumerate(places):
        harmed = bytearray(content)
        harmed[place] ^= 1 << number % 8
        assert_alike(tmp_path / f"{number}.tif", bytes(harmed), grid)
    for length in (3, 9, 200, len(content) // 2, len(content) - 1):
        assert_alike(tmp_path / f"cut{length}.tif", content[:length], grid)


def assert_alike(path: Path, content: bytes, grid: Grid) -> None:
    path.write_bytes(content)
    found: list[np.ndarray | None] = []
    for by_gdal in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            if by_gdal:
                patch.setattr(OpenSource, "_tiles", None)
            close_all()
            try:
                found.append(read(path, grid).filled())
            except InputError:
                found.append(None)
    path.unlink()
    ours, theirs = found
    assert (ours is None) == (theirs is None)
    assert ours is None or ours.tobytes() == theirs.tobytes()  # type: ignore[union-attr]


def test_directories_in_a_circle_are_left_to_gdal(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", pixels((1, 64, 64), "uint8"))
    content = bytearray(path.read_bytes())
    (at,) = struct.unpack_from("<I", content, 4)
    (many,) = struct.unpack_from("<H", content, at)
    struct.pack_into("<I", content, at + 2 + 12 * many, at)
    path.write_bytes(content)
    source = open_source(path)
    assert not is_read_here(source)
    assert_same(source, [1], Window(0, 0, 64, 64))


def test_blocks_of_which_nothing_is_wanted_are_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.tif", pixels((2, 128, 128), "uint16"), interleave="band")
    source = open_source(path)
    window = Window(10, 10, 118, 118)
    theirs = source.dataset.read([2, 1], window=window)
    wanted = np.zeros((118, 118), dtype=bool)
    wanted[30, 60] = True  # the block of rows 32 to 63 and columns 64 to 127
    made: list[int] = []

    def counted(*args: Any) -> Any:
        made.append(1)
        return unpacked(*args)

    monkeypatch.setattr(_file, "unpacked", counted)
    out = np.full((2, 118, 118), 9, "uint16")
    source.read([2, 1], window, out, wanted)
    assert len(made) == 2
    here = np.s_[:, 22:54, 54:118]
    assert np.array_equal(out[here], theirs[here])
    out[here] = 0
    assert not out.any()


def test_a_file_replaced_by_one_of_its_time_and_size(tmp_path: Path) -> None:
    """As unpacking an archive over the last delivery does."""
    path = tmp_path / "a.tif"
    for seed in range(6):
        data = pixels((1, 128, 128), "uint16", seed=seed)
        content = write(tmp_path / "new.tif", data).read_bytes()
        path.write_bytes(content.ljust(60_000, b"\0"))
        os.utime(path, ns=(10**18, 10**18))
        assert np.array_equal(open_source(path).read([1], Window(0, 0, 128, 128)), data)
        time.sleep(0.01)  # the clock of the file system ticks 100 to 1000 times a second


def entries(content: bytes | bytearray, big: bool = False) -> list[dict[int, int]]:
    """Of each image of a TIFF: where the entry of each field stands."""
    found: list[dict[int, int]] = []
    number, entry, place = ("<Q", 20, "<Q") if big else ("<H", 12, "<I")
    (at,) = struct.unpack_from(place, content, 8 if big else 4)
    while at:
        (count,) = struct.unpack_from(number, content, at)
        start = at + struct.calcsize(number)
        where = range(start, start + count * entry, entry)
        found.append({struct.unpack_from("<H", content, each)[0]: each for each in where})
        (at,) = struct.unpack_from(place, content, where.stop)
    return found


@pytest.mark.parametrize("tag", [256, 258, 259, 277, 284, 317, 322, 325, 339])
@pytest.mark.parametrize(
    ("kind", "count"), [(1, 1), (4, 1), (6, 1), (8, 1), (9, 1), (3, 2), (3, 0)]
)
def test_fields_of_another_type_or_number(tmp_path: Path, tag: int, kind: int, count: int) -> None:
    """libtiff takes some of them, leaves others out and refuses the rest; never is it guessed."""
    path = write(tmp_path / "a.tif", pixels((1, 64, 64), "uint16"), blockysize=64, predictor=2)
    content = bytearray(path.read_bytes())
    struct.pack_into("<HI", content, entries(content)[0][tag] + 2, kind, count)
    path.write_bytes(content)
    try:
        source = open_source(path)
        theirs = source.dataset.read([1])
    except (InputError, RasterioIOError):
        return
    assert np.array_equal(source.read([1], Window(0, 0, *source.dataset.shape[::-1])), theirs)


def test_two_images_of_the_same_bytes(tmp_path: Path) -> None:
    """An overview may lay the bytes of the image out otherwise."""
    path = write(
        tmp_path / "a.tif", pixels((1, 128, 128), "uint16"), blockxsize=128, blockysize=128,
        predictor=2,
    )  # fmt: skip
    options = {"COMPRESS_OVERVIEW": "DEFLATE", "PREDICTOR_OVERVIEW": "2"}
    with rasterio.Env(**options), rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2], Resampling.nearest)
    content = bytearray(path.read_bytes())
    whole, overview = entries(content)
    for tag in (324, 325):
        content[overview[tag] + 2 : overview[tag] + 12] = content[whole[tag] + 2 : whole[tag] + 12]
    struct.pack_into("<H", content, overview[317] + 8, 1)
    path.write_bytes(content)
    assert_same(open_source(path), [1], Window(0, 0, 128, 128))
    source = open_source(path, 0)
    assert is_read_here(source)
    assert_same(source, [1], Window(0, 0, 64, 64))


@pytest.mark.parametrize("place", [2**64 - 1, 2**63, 2**62, 10**6])
def test_texts_that_are_nowhere(tmp_path: Path, place: int) -> None:
    path = write(tmp_path / "a.tif", pixels((1, 64, 64), "uint16"), bigtiff="yes")
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(TIFFTAG_SOFTWARE="a longer name")
    content = bytearray(path.read_bytes())
    struct.pack_into("<Q", content, entries(content, big=True)[0][305] + 12, place)
    path.write_bytes(content)
    assert_same(open_source(path), [1], Window(0, 0, 64, 64))


def test_texts_are_not_read(tmp_path: Path) -> None:
    """However long a field is that changes no pixel, it costs nothing."""
    path = write(tmp_path / "a.tif", pixels((1, 64, 64), "uint16"))
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(TIFFTAG_IMAGEDESCRIPTION="long " * 100_000)
    content = path.read_bytes()
    asked: list[int] = []

    def read_bytes(start: int, size: int) -> bytes:
        asked.append(size)
        return content[start : start + size]

    (fields,) = read_directories(read_bytes, len(content), frozenset({256})) or [{}]
    assert fields[270].count > 500_000
    assert fields[256].one() == 64
    assert sum(asked) < 1000


@pytest.mark.parametrize(
    ("said", "most"),
    [(16, 16 * 2**20), (10**6, 10**6), (1024, 256 * 2**20), (2**33, 256 * 2**20)],
)
def test_no_more_is_kept_than_gdal_may(
    monkeypatch: pytest.MonkeyPatch, said: int, most: int
) -> None:
    monkeypatch.setattr(_cache, "_cache", None)
    with rasterio.Env(GDAL_CACHEMAX=said):
        assert _cache.capacity() == share(most)


def test_large_blocks_are_left_to_gdal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cache, "_cache", None)
    monkeypatch.setattr(_cache, "CACHE_BYTES", 100_000)
    data = pixels((1, 256, 256), "uint16")
    small = write(tmp_path / "a.tif", data, blockxsize=64, blockysize=64)
    large = write(tmp_path / "b.tif", data, blockxsize=256, blockysize=256)
    assert is_read_here(open_source(small))
    assert not is_read_here(open_source(large))
    assert_same(open_source(large), [1], Window(0, 0, 256, 256))


@pytest.mark.parametrize("block", [(16, 80_000), (300 * 16, 16), (512, 512)])
def test_blocks_of_odd_forms(tmp_path: Path, block: tuple[int, int]) -> None:
    """Differences are added up in strips, or a row at a time."""
    height, width = block
    data = pixels((1, height, width - 5), "uint8")
    path = write(tmp_path / "a.tif", data, blockxsize=width, blockysize=height, predictor=2)
    source = open_source(path)
    assert is_read_here(source)
    assert_same(source, [1], Window(0, 0, width - 5, height))


def test_blocks_that_will_be_read_soon_stay_longest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of nine blocks, of which three have room, those that a tile to come shares with this one."""
    path = write(tmp_path / "a.tif", pixels((1, 192, 192), "uint16"), blockxsize=64, blockysize=64)
    monkeypatch.setattr(_cache, "CACHE_BYTES", 8 * 64 * 64 * 2)
    _cache._forget()
    source = open_source(path)
    tiles = source._tiles
    assert tiles is not None
    monkeypatch.setattr(_cache._shared(), "capacity", 3 * 64 * 64 * 2)
    out = np.empty((1, 192, 192), "uint16")
    rows = range(192)
    assert tiles.read([1], (rows, range(192)), out, later=[(rows, range(10))])
    count = 0

    def counted(*given: Any) -> Any:
        nonlocal count
        count += 1
        return unpacked(*given)

    monkeypatch.setattr(_file, "unpacked", counted)
    assert tiles.read([1], (rows, range(10)), out[:, :, :10])
    assert count == 0
    assert tiles.read([1], (rows, range(64, 192)), out[:, :, 64:])
    assert count == 6
    assert _cache._shared().size == 3 * 64 * 64 * 2
    _cache._forget()
