"""One GeoTIFF, or COG, for the whole area."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from automap_tiles.errors import OutputMismatch
from automap_tiles.formats import OutputSpec, Tiled, Writer
from automap_tiles.formats.registry import open_output
from automap_tiles.grid import Bounds, Pyramid, Tile, cover
from automap_tiles.notes import collecting
from automap_tiles.raster.drivers import SIDE_FILES
from tests.formats.writers import made

ZOOM = 5
BARE = Pyramid.from_grid("geodetic", metatiling=2)
AREA = shapely.box(3, 4, 35, 20)


def values(tile: Tile) -> np.ndarray:
    """Every pixel of the zoom has its own value, whatever the tile."""
    row, col = tile.pixel_offset
    rows, cols = np.arange(row, row + tile.height), np.arange(col, col + tile.width)
    return ((rows[:, None] * 31 + cols[None, :] * 7) % 9999 + 1)[None]


def fill(writer: Writer, area: Any = AREA, zoom: int = ZOOM) -> list[Tile]:
    tiles = [
        Tile(writer.process_pyramid, index)
        for index in cover.tiles(writer.process_pyramid, area, zoom)
    ]
    for tile in tiles:
        data = writer.convert(tile, values(tile))
        assert data is not None
        writer.write(tile, data)
    return tiles


def single(folder: Path, pyramid: Pyramid = BARE, area: Any = AREA, **options: Any) -> Writer:
    return made(folder, pyramid, path="out.tif", area=area, zooms=(ZOOM,), **options)


@pytest.mark.parametrize("cog", [False, True])
@pytest.mark.parametrize("buffer", [0, 5])
def test_every_pixel_in_its_place(cog: bool, buffer: int, tmp_path: Path) -> None:
    writer = single(tmp_path, BARE.replace(pixelbuffer=buffer), cog=cog, tags={"a": "b"})
    fill(writer)
    writer.finish()
    with rasterio.open(tmp_path / "out.tif") as file:
        assert file.tags()["a"] == "b"
        assert (file.tags(ns="IMAGE_STRUCTURE").get("LAYOUT") == "COG") is cog
        left, top = file.transform @ (0, 0)
        x_size, y_size = BARE.pixel_size(ZOOM)
        col, row = round((left + 180) / x_size), round((90 - top) / y_size)
        rows, cols = np.arange(row, row + file.height), np.arange(col, col + file.width)
        expected = (rows[:, None] * 31 + cols[None, :] * 7) % 9999 + 1
        np.testing.assert_array_equal(file.read(1), expected)
        assert file.bounds.left <= 3
        assert file.bounds.top >= 20
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.tif"]


@given(
    left=st.floats(-180, 179),
    bottom=st.floats(-90, 89),
    width=st.floats(0.01, 60),
    height=st.floats(0.01, 60),
    metatiling=st.sampled_from([1, 2, 4, 8]),
    zoom=st.integers(0, 6),
)
@settings(max_examples=60)
def test_extent_is_that_of_mapchete(
    tmp_path_factory: pytest.TempPathFactory,
    left: float, bottom: float, width: float, height: float, metatiling: int, zoom: int,
) -> None:  # fmt: skip
    """Bounds of the area, snapped to tiles."""
    base = pytest.importorskip("mapchete.config.base")
    theirs = pytest.importorskip("mapchete.tile")
    right, top = min(180.0, left + width), min(90.0, bottom + height)
    assume(right - left > 1e-3 and top - bottom > 1e-3)
    pyramid = Pyramid.from_grid("geodetic", metatiling=metatiling, tile_size=16)
    x_span, y_span = pyramid.metatile_size(zoom)
    for place in (*((x + 180) / x_span for x in (left, right)),
                  *((90 - y) / y_span for y in (bottom, top))):  # fmt: skip
        # a millionth of a tile beyond an edge is no reason for one more tile, to us
        assume(place == round(place) or abs(place - round(place)) > 1e-5)
    snapped = base.snap_bounds(
        bounds=(left, bottom, right, top),
        pyramid=theirs.BufferedTilePyramid("geodetic", metatiling=metatiling, tile_size=16),
        zoom=zoom,
    )
    area = shapely.box(left, bottom, right, top)
    folder = tmp_path_factory.mktemp("extent")
    writer = made(folder, pyramid, path="out.tif", area=area, zooms=(zoom,))
    tile = Tile(pyramid, next(cover.tiles(pyramid, area, zoom)))
    data = writer.convert(tile, values(tile))
    assert data is not None
    writer.write(tile, data)
    writer.finish()
    with rasterio.open(folder / "out.tif") as file:
        assert Bounds(*file.bounds) == pytest.approx(Bounds(*snapped), abs=1e-9)


def test_area_is_told_by_prepare(tmp_path: Path) -> None:
    """The engine knows it better than the file: inputs and the command line limit it."""
    writer = single(tmp_path)
    smaller = shapely.box(3, 4, 5, 6)
    writer.prepare(area=smaller)
    fill(writer, smaller)
    writer.finish()
    with rasterio.open(tmp_path / "out.tif") as file:
        assert file.shape == (512, 512)


def test_a_second_run_goes_on_in_the_file(tmp_path: Path) -> None:
    """A wider area makes it larger; what was there stays."""
    first = single(tmp_path, area=shapely.box(3, 4, 5, 6))
    fill(first, shapely.box(3, 4, 5, 6))
    first.finish()
    second = single(tmp_path)
    missing = [
        tile for tile in (Tile(BARE, index) for index in cover.tiles(BARE, AREA, ZOOM))
        if not second.exists(tile)
    ]  # fmt: skip
    assert 0 < len(missing) < len(list(cover.tiles(BARE, AREA, ZOOM)))
    for tile in missing:
        data = second.convert(tile, values(tile))
        assert data is not None
        second.write(tile, data)
    second.finish()
    for index in cover.tiles(BARE, AREA, ZOOM):
        found = second.read(Tile(BARE, index))
        assert found is not None
        np.testing.assert_array_equal(found.data, values(Tile(BARE, index)))


def test_nothing_new_leaves_the_file_alone(tmp_path: Path) -> None:
    writer = single(tmp_path)
    fill(writer)
    writer.finish()
    before = (tmp_path / "out.tif").stat()
    again = single(tmp_path)
    again.finish()
    after = (tmp_path / "out.tif").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.tif"]


def test_nothing_at_all_makes_no_file(tmp_path: Path) -> None:
    writer = single(tmp_path)
    writer.finish()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [{"bands": 2}, {"dtype": "uint8"}])
def test_another_kind_of_file(options: dict[str, Any], tmp_path: Path) -> None:
    writer = single(tmp_path)
    tiles = fill(writer)
    writer.finish()
    spec = OutputSpec.from_mapping(
        {"format": "GTiff", "path": "out.tif", "bands": 1, "dtype": "int16", **options},
        base=tmp_path,
        zooms=(ZOOM,),
        area=AREA,
    )
    other = open_output(spec, BARE)
    with pytest.raises(OutputMismatch, match=r"out\.tif.*--overwrite"):
        other.prepare()
    assert (tmp_path / "out.tif").exists()
    other.prepare(overwrite=True)
    assert not other.exists(tiles[0])


def test_another_zoom(tmp_path: Path) -> None:
    fill(writer := single(tmp_path))
    writer.finish()
    spec = OutputSpec.from_mapping(
        {"format": "GTiff", "path": "out.tif", "bands": 1, "dtype": "int16"},
        base=tmp_path,
        zooms=(ZOOM + 1,),
        area=AREA,
    )
    with pytest.raises(OutputMismatch, match=f"zoom {ZOOM + 1}"):
        open_output(spec, BARE).prepare()


def test_creation_options(tmp_path: Path) -> None:
    writer = single(tmp_path, compress="lzw", blocksize=128, interleave="pixel", bands=1)
    fill(writer)
    writer.finish()
    with rasterio.open(tmp_path / "out.tif") as file:
        assert file.profile["compress"] == "lzw"
        assert file.block_shapes == [(128, 128)]
        assert file.overviews(1) == []


@pytest.mark.parametrize(
    ("options", "factors"),
    [
        ({"overviews": True}, [2, 4]),
        ({"overviews": [2, 8]}, [2, 8]),
        ({"overviews": True, "overviews_levels": [4]}, [4]),
        ({"cog": True}, [2, 4]),
        ({"cog": True, "blocksize": 256}, [2, 4, 8]),
    ],
)
def test_overviews(options: dict[str, Any], factors: list[int], tmp_path: Path) -> None:
    writer = single(tmp_path, overviews_resampling="average", **options)
    fill(writer)
    writer.finish()
    with rasterio.open(tmp_path / "out.tif") as file:
        assert max(file.shape) > 1024
        assert file.overviews(1) == factors
        whole = file.read(1).astype(float)
        height, width = (size // factors[0] * factors[0] for size in file.shape)
        small = file.read(1, out_shape=(height // factors[0], width // factors[0]))
    step = factors[0]
    means = whole[:height, :width].reshape(height // step, step, width // step, step).mean((1, 3))
    assert np.abs(small - means).max() <= 1


def test_large_and_mostly_empty(tmp_path: Path) -> None:
    """Two tiles at the ends of a wide area: blocks without data take no room."""
    area = shapely.box(-170, -60, 170, 60)
    pyramid = Pyramid.from_grid("geodetic")
    writer = made(tmp_path, pyramid, path="out.tif", area=area, zooms=(7,), compress=None)
    for place in (shapely.box(-169.9, 59, -169.8, 59.1), shapely.box(169.8, -59.1, 169.9, -59)):
        fill(writer, place, 7)
    writer.finish()
    assert (tmp_path / "out.tif").stat().st_size < 3_000_000
    with rasterio.open(tmp_path / "out.tif") as file:
        assert file.width > 30_000
        assert file.read(1, window=((0, 256), (0, 256))).any()
        assert not file.read(1, window=((9000, 9256), (9000, 9256))).any()


def test_names_of_bands_that_all_tiles_have(tmp_path: Path) -> None:
    """Kept; what differs from tile to tile is not said of the whole file."""
    names = {1: {"name": "median_red"}}

    def run(area: Any, said: dict[int, dict[str, str]]) -> dict[str, str]:
        writer = single(tmp_path, area=area)
        tiles = [Tile(BARE, index) for index in cover.tiles(BARE, area, ZOOM)]
        for number, tile in enumerate(tiles):
            data = writer.convert(tile, values(tile))
            assert data is not None
            tags: dict[str | int, Any] = {
                1: {**said[1], "tile": str(number)} if number else said[1]
            }
            writer.write(tile, Tiled(data.data, tags))
        assert len(tiles) > 2
        writer.finish()
        with rasterio.open(tmp_path / "out.tif") as file:
            return dict(file.tags(1))

    assert run(shapely.box(3, 4, 20, 20), names) == names[1]
    assert run(shapely.box(22, 4, 35, 20), names) == names[1]  # more tiles of the same file
    assert run(shapely.box(3, 4, 20, 20), {1: {"name": "mean_red"}}) == {}


def test_tags_of_tiles_stand_beside_those_of_the_process_file(tmp_path: Path) -> None:
    area = shapely.box(3, 4, 20, 20)
    writer = single(tmp_path, area=area, tags={1: {"unit": "class"}})
    for index in cover.tiles(BARE, area, ZOOM):
        tile = Tile(BARE, index)
        data = writer.convert(tile, values(tile))
        assert data is not None
        writer.write(tile, Tiled(data.data, {1: {"name": "land cover"}}))
    writer.finish()
    with rasterio.open(tmp_path / "out.tif") as file:
        assert file.tags(1) == {"name": "land cover", "unit": "class"}


def test_overviews_of_the_pixels_before_go(tmp_path: Path) -> None:
    """GDAL would show them from afar, and stretch by the statistics beside them."""
    writer = single(tmp_path)
    fill(writer)
    writer.finish()
    (tmp_path / "out.tif.aux.xml").write_text("<PAMDataset/>")
    (tmp_path / "out.tif.ovr").write_bytes((tmp_path / "out.tif").read_bytes())
    again = single(tmp_path)
    again.finish()  # nothing new: what lies beside it is of these pixels
    assert (tmp_path / "out.tif.ovr").exists()
    fill(again)
    again.finish()
    assert not [end for end in SIDE_FILES if (tmp_path / f"out.tif{end}").exists()]


def test_resampling_of_overviews_that_nobody_asks_for(tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Any], int]] = [
        ({}, 1),
        ({"overviews": True}, 0),
        ({"cog": True}, 0),
    ]
    for options, told in cases:
        with collecting() as notes:
            single(tmp_path / str(told), overviews_resampling="mode", **options)
        assert [note.examples for note in notes] == [("output.overviews_resampling",)] * told


@pytest.mark.parametrize("left", [0, 5, 400, None])
def test_a_damaged_file_is_not_gone_on_with(left: int | None, tmp_path: Path) -> None:
    """Cut off, or without its CRS: it is told what it is, and how it comes to be made anew."""
    fill(writer := single(tmp_path))
    writer.finish()
    path = Path(writer.path)
    if left is None:
        with rasterio.open(path) as file:
            profile, pixels = {**file.profile, "crs": None}, file.read()
        with rasterio.open(path, "w", **profile) as file:
            file.write(pixels)
    else:
        path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(OutputMismatch, match=r"is damaged.*--overwrite"):
        single(tmp_path)
    assert path.exists()
    writer.prepare(area=AREA, overwrite=True)
    assert not path.exists()
