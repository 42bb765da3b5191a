"""What every writer promises."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from shapely import box, from_wkt, normalize, union_all
from shapely.geometry import mapping, shape

from automap_tiles.errors import OutputMismatch, ProcessResultError
from automap_tiles.formats import OutputKind, Tiled, Writer
from automap_tiles.grid import Tile
from automap_tiles.storage import open_storage

ZOOM = 6
"""Of the tiles that the contract writes."""
AREA = from_wkt("POLYGON ((0 0, 40 0, 40 40, 0 40, 0 0))")
"""Where they are, degrees."""
SCHEMA = {"geometry": "Polygon", "properties": {"number": "int"}}
"""Of features."""

Reopen = Callable[..., Writer]


class WriterContract:
    """Inherit from it in a class `Test…` and override the fixture.

    Rasters have two bands, or what the format makes of two, and a nodata value of -5 or one that
    their type has; features have the schema `SCHEMA`. Masks of formats that are not lossless and
    have pixels of 8 bits need not be exact.
    """

    many = 24
    """Tiles that eight threads write."""
    zoom = ZOOM
    """Of the output that is to be opened."""
    area = AREA
    """That it is to be opened for, degrees."""

    @pytest.fixture
    def reopen(self) -> Reopen:
        """Opens the writer, always of the same place: `reopen()`, `reopen("mercator")`.

        The argument is the grid of the process's pyramid, usually `geodetic`.
        """
        raise NotImplementedError

    @pytest.fixture
    def writer(self, reopen: Reopen) -> Writer:
        """One that is ready."""
        writer = reopen()
        writer.prepare()
        return writer

    def test_is_a_writer(self, writer: Writer) -> None:
        assert isinstance(writer, Writer)
        assert writer.pyramid.same_grid(writer.process_pyramid)

    def test_round_trip(self, writer: Writer) -> None:
        tile = tile_of(writer)
        data = write(writer, tile)
        assert_stored(writer, tile, data)
        assert writer.exists(tile)
        assert writer.exists_many([tile, tile_of(writer, 1)]) == {tile.index}
        writer.finish()
        assert_stored(writer, tile, data)
        assert writer.exists(tile)
        assert writer.exists_many([tile, tile_of(writer, 1)]) == {tile.index}

    def test_says_what_it_stored(self, writer: Writer) -> None:
        """Size and checksum of each file, of tiles at once and of a single file at the end."""
        tile = tile_of(writer)
        data = writer.convert(tile, result_of(writer, tile))
        assert data is not None
        stored = [*writer.write(tile, data), *writer.finish()]
        assert stored
        for file in stored:
            folder, _, name = writer.path.rpartition("/")
            single = file.key in ("", ".aux.xml")
            storage = open_storage(folder if single else writer.path)
            content = storage.get(f"{name}{file.key}" if single else file.key)
            assert (file.size, file.checksum) == (len(content), zlib.crc32(content))
        assert writer.finish() == ()  # nothing new

    def test_absent(self, writer: Writer) -> None:
        tile = tile_of(writer)
        assert writer.read(tile) is None
        assert not writer.exists(tile)
        assert writer.exists_many([tile]) == set()
        writer.delete(tile)
        writer.finish()
        assert writer.read(tile) is None

    @pytest.mark.parametrize("finished", [False, True])
    def test_delete(self, writer: Writer, finished: bool) -> None:
        first, second = tile_of(writer), tile_of(writer, 1)
        data = {tile: write(writer, tile) for tile in (first, second)}
        if finished:
            writer.finish()
        writer.delete(first)
        for _ in range(2):
            assert not writer.exists(first)
            assert writer.read(first.unbuffered()) is None
            assert_stored(writer, second, data[second])
            writer.finish()

    @pytest.mark.parametrize("finished", [False, True])
    def test_written_again(self, writer: Writer, finished: bool) -> None:
        tile = tile_of(writer)
        write(writer, tile, 1)
        if finished:
            writer.finish()
        data = write(writer, tile, 2)
        assert_stored(writer, tile, data)
        writer.finish()
        assert_stored(writer, tile, data)

    def test_nothing_to_write(self, writer: Writer) -> None:
        tile = tile_of(writer)
        if writer.kind is OutputKind.VECTOR:
            assert writer.convert(tile, []) is None
            far = mapping(box(-170, -80, -169, -79))
            feature = {"geometry": far, "properties": {"number": 1}}
            assert writer.convert(tile, [feature]) is None
        else:
            assert (
                writer.convert(tile, np.ma.MaskedArray(np.ones((2, *tile.shape)), mask=True))
                is None
            )
            assert writer.convert(tile, np.full((2, *tile.shape), writer.nodata)) is None

    def test_only_the_buffer_has_data(self, writer: Writer) -> None:
        tile = tile_of(writer)
        margin = writer.process_pyramid.pixelbuffer - writer.pyramid.pixelbuffer
        if writer.kind is OutputKind.VECTOR or not margin:
            return
        values = np.ma.MaskedArray(np.full((2, *tile.shape), 3), mask=False)
        values[:, margin:-margin, margin:-margin] = np.ma.masked
        assert writer.convert(tile, values) is None

    def test_what_cannot_be_stored(self, writer: Writer) -> None:
        tile = tile_of(writer)
        for nonsense in (
            None,
            5,
            "text",
            {"a": 1},
            [1, 2],
            np.zeros((2, 3, 4, 5)),
            np.zeros((2, 3, 4)),
        ):
            with pytest.raises(ProcessResultError):
                writer.convert(tile, nonsense)

    def test_prepare_again_and_by_another(self, reopen: Reopen, writer: Writer) -> None:
        tile = tile_of(writer)
        data = write(writer, tile)
        writer.finish()
        again = reopen()
        again.prepare()
        assert_stored(again, tile, data)
        assert again.fingerprint() == writer.fingerprint()

    def test_another_pyramid(self, reopen: Reopen, writer: Writer) -> None:
        write(writer, tile_of(writer))
        with pytest.raises(OutputMismatch, match="mercator"):
            reopen("mercator").prepare()
        writer.finish()
        with pytest.raises(OutputMismatch, match="mercator"):
            reopen("mercator").prepare()

    def test_pickles_small(self, writer: Writer) -> None:
        tile = tile_of(writer)
        content = pickle.dumps(writer)
        assert len(content) < 10_000
        again = pickle.loads(content)
        data = write(again, tile)
        assert_stored(writer, tile, data)

    def test_eight_threads_misplace_nothing(self, writer: Writer) -> None:
        tiles = {tile_of(writer, number).index: number for number in range(self.many)}
        pyramid = writer.process_pyramid

        def work(item: tuple[Any, int]) -> tuple[Any, Tiled]:
            index, number = item
            return index, write(writer, Tile(pyramid, index), number)

        with ThreadPoolExecutor(8) as pool:
            written = dict(pool.map(work, tiles.items()))
        for index, data in written.items():
            assert_stored(writer, Tile(pyramid, index), data)
        assert writer.exists_many([Tile(pyramid, index) for index in tiles]) == set(tiles)
        writer.finish()
        for index, data in written.items():
            assert_stored(writer, Tile(pyramid, index), data)


def tile_of(writer: Writer, number: int = 0) -> Tile:
    """One of many tiles inside the area."""
    rows, cols = writer.process_pyramid.matrix_shape(ZOOM)
    height, width = max(2, rows // 5), max(2, cols // 10)
    return writer.process_pyramid.tile(
        ZOOM, rows // 4 + number // width % height, cols // 2 + number % width
    )


def result_of(writer: Writer, tile: Tile, number: int = 0) -> Any:
    """What a function might return: pixels or features that tell their tile."""
    if writer.kind is OutputKind.VECTOR:
        left, bottom, right, top = tile.bounds
        inner = box(left, bottom, right, top).buffer(-(right - left) / 10)
        feature = {"type": "Feature", "geometry": mapping(inner), "properties": {"number": number}}
        return [feature]
    rng = np.random.default_rng([tile.row, tile.col, number])
    values = rng.integers(1, 200, (2, *tile.shape))
    values[:, 20:60, 30:40] = -5
    values[:, 5] = number % 100 + 1
    return np.ma.masked_equal(values, -5)


def assert_stored(writer: Writer, tile: Tile, data: Tiled) -> None:
    """What is read back on the tile without its buffer is what was converted."""
    bare = tile.unbuffered()
    found = writer.read(bare)
    assert found is not None
    if writer.kind is OutputKind.VECTOR:
        ours = union_all([shape(each["geometry"]) for each in found.data])
        theirs = union_all([shape(each["geometry"]) for each in data.data])
        assert normalize(ours).equals_exact(normalize(theirs), 1e-9) or (
            ours.symmetric_difference(theirs).area < 1e-9 * theirs.area
        )
        numbers = {each["properties"]["number"] for each in found.data}
        assert numbers == {each["properties"]["number"] for each in data.data}
        return
    top, _, left, _ = tile.buffer_margins
    height, width = bare.shape
    expected = data.data[:, top : top + height, left : left + width]
    assert found.data.dtype == expected.dtype
    if found.data.dtype.kind == "u" and not writer.lossless:  # pictures; masks are a colour
        off = np.abs(found.data.data.astype(int) - expected.data)
        assert np.median(off) <= 24
        return
    np.testing.assert_array_equal(np.ma.getmaskarray(found.data), np.ma.getmaskarray(expected))
    if writer.lossless:
        np.testing.assert_array_equal(found.data.data, expected.data)


def write(writer: Writer, tile: Tile, number: int = 0) -> Tiled:
    """Write a tile that tells its number; what was written."""
    data = writer.convert(tile, result_of(writer, tile, number))
    assert data is not None
    writer.write(tile, data)
    return data
