"""What every reader promises."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import numpy as np
import pytest
from shapely import box, union_all
from shapely.geometry import shape

from automap_tiles.errors import InputError
from automap_tiles.formats import InputTile, OutputKind, Reader
from automap_tiles.grid import Pyramid, Tile, cover


class ReaderContract:
    """Inherit from it in a class `Test…`, override the fixture, and say where the data are.

    The source should have data all over `area`, other ones everywhere, with gaps. Rasters have two
    bands at least; features have a property `number`, whole numbers of which there are many.
    """

    zoom: ClassVar[int] = 8
    """Of the tiles that are read."""
    area = box(12.85, 44.55, 14.8, 45.6)
    """Inside of the data, degrees; some tiles of the zoom wide."""
    block: ClassVar[Mapping[str, tuple[int, int]]] = {"geodetic": (64, 275), "mercator": (92, 137)}
    """Row and column of a tile with data, by grid."""
    nowhere: ClassVar[tuple[int, int]] = (25, 3)
    """Row and column of a geodetic tile without any."""
    count: ClassVar[int] = 2
    """Bands of rasters."""
    dtype: ClassVar[str] = "int16"
    """Likewise."""

    @pytest.fixture
    def reader(self) -> Reader:
        raise NotImplementedError

    def tiles(self, pyramid: Pyramid) -> Iterator[Tile]:
        """Those of the area."""
        for index in cover.tiles(pyramid, self.area, self.zoom):
            yield Tile(pyramid, index)

    def test_is_a_reader(self, reader: Reader) -> None:
        assert isinstance(reader, Reader)
        assert isinstance(reader.kind, OutputKind)
        view = reader.at(next(self.tiles(Pyramid.from_grid("geodetic"))))
        assert isinstance(view, InputTile)
        with view as same:
            assert same is view

    def test_has_data(self, reader: Reader) -> None:
        for tile in self.tiles(Pyramid.from_grid("geodetic", metatiling=2)):
            data = read(reader, tile)
            if reader.kind is OutputKind.VECTOR:
                if data:
                    return
            else:
                assert data.shape == (self.count, *tile.shape)
                assert data.dtype == self.dtype
                assert not np.ma.getmaskarray(data).all()
                assert not reader.at(tile).is_empty()
        if reader.kind is OutputKind.VECTOR:
            pytest.fail("no features anywhere")

    def test_one_band_and_several(self, reader: Reader) -> None:
        if reader.kind is OutputKind.VECTOR:
            return
        tile = next(self.tiles(Pyramid.from_grid("geodetic")))
        whole = read(reader, tile)
        assert read(reader, tile, indexes=2).shape == tile.shape
        assert read(reader, tile, indexes=[2]).shape == (1, *tile.shape)
        np.testing.assert_array_equal(read(reader, tile, indexes=2).data, whole[1].data)
        np.testing.assert_array_equal(read(reader, tile, indexes=[2, 1]).data, whole[[1, 0]].data)
        with pytest.raises(InputError, match=f"bands 1 to {self.count}"):
            read(reader, tile, indexes=self.count + 1)

    @pytest.mark.parametrize("grid", ["geodetic", "mercator"])
    @pytest.mark.parametrize("resampling", ["nearest", "bilinear"])
    def test_a_pixel_does_not_depend_on_the_cut(
        self, reader: Reader, grid: str, resampling: str
    ) -> None:
        """Also for the mask that is burnt of features."""
        single = Pyramid.from_grid(grid)
        large = Pyramid.from_grid(grid, metatiling=4, pixelbuffer=9)
        row, col = self.block[grid]
        tile = large.tile(self.zoom, row // 4, col // 4)
        whole = _image(reader, tile, resampling)
        assert whole.any(), "nothing was compared"
        for part in tile.intersecting(single):
            piece = _image(reader, part, resampling)
            row = part.pixel_offset[0] - tile.pixel_offset[0]
            col = part.pixel_offset[1] - tile.pixel_offset[1]
            np.testing.assert_array_equal(
                piece, whole[..., row : row + part.height, col : col + part.width]
            )

    def test_footprint_covers_the_data(self, reader: Reader) -> None:
        for grid in ("geodetic", "mercator"):
            pyramid = Pyramid.from_grid(grid)
            footprint = reader.footprint(pyramid.crs)
            assert footprint.is_valid
            assert not footprint.is_empty
            for tile in self.tiles(pyramid) if grid == "geodetic" else ():
                if not reader.at(tile).is_empty():
                    assert footprint.intersects(tile.bbox)

    def test_far_away(self, reader: Reader) -> None:
        tile = Pyramid.from_grid("geodetic").tile(self.zoom, *self.nowhere)
        assert reader.at(tile).is_empty()
        data = read(reader, tile)
        if reader.kind is OutputKind.VECTOR:
            assert data == []
        else:
            assert np.ma.getmaskarray(data).all()

    def test_pickles_small(self, reader: Reader) -> None:
        tile = next(self.tiles(Pyramid.from_grid("geodetic")))
        before = _image(reader, tile, "nearest")
        content = pickle.dumps(reader)
        assert len(content) < 10_000
        again = pickle.loads(content)
        np.testing.assert_array_equal(_image(again, tile, "nearest"), before)
        assert again.fingerprint() == reader.fingerprint()

    def test_eight_threads_read_the_same(self, reader: Reader) -> None:
        wanted = list(self.tiles(Pyramid.from_grid("geodetic"))) * 3
        alone = [_image(reader, tile, "nearest") for tile in wanted]
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda tile: _image(reader, tile, "nearest"), wanted))
        for first, second in zip(alone, together, strict=True):
            np.testing.assert_array_equal(first, second)

    def test_features_are_clipped(self, reader: Reader) -> None:
        if reader.kind is not OutputKind.VECTOR:
            return
        seen = set()
        for tile in self.tiles(Pyramid.from_grid("geodetic", metatiling=2)):
            view: Any = reader.at(tile)
            features = view.read()
            for feature in features:
                geometry = shape(feature["geometry"])
                assert geometry.is_valid
                assert tile.bbox.buffer(1e-9).covers(geometry)
                seen.add(feature["properties"]["number"])
            union = view.read_union_geometry()
            assert union.equals(union_all([shape(each["geometry"]) for each in features])) or (
                union.symmetric_difference(
                    union_all([shape(each["geometry"]) for each in features])
                ).area
                < 1e-9
            )
        assert len(seen) > 5


def read(reader: Reader, tile: Tile, **options: Any) -> Any:
    """What a function would read of a tile: pixels or features."""
    view: Any = reader.at(tile)
    return view.read(**options)


def _image(reader: Reader, tile: Tile, resampling: str) -> np.ndarray:
    if reader.kind is OutputKind.VECTOR:
        view: Any = reader.at(tile)
        mask: np.ndarray = view.read_as_raster_mask(
            invert=True, all_touched=resampling == "bilinear"
        )
        return mask
    data = read(reader, tile, resampling=resampling)
    return np.where(np.ma.getmaskarray(data), 0, data.data)
