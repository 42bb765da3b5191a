"""Stored tiles as an input."""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.merge import merge
from rasterio.warp import Resampling, reproject

from automap_tiles.errors import InputError
from automap_tiles.formats import InputSpec
from automap_tiles.formats.registry import open_input
from automap_tiles.formats.tiles import touched
from automap_tiles.formats.tiles._matching import matching_zoom, pixel_window
from automap_tiles.grid import Bounds, Grid, Pyramid, Tile, cover
from automap_tiles.notes import collecting
from tests.formats.writers import made

ZOOM = 6
STORED = Pyramid.from_grid("geodetic", metatiling=2)
AREA = Bounds(0, 30, 40, 60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bands of noise with a gap, at one zoom."""
    folder = tmp_path_factory.mktemp("tiles")
    writer = made(folder, STORED, bands=2, dtype="uint16", nodata=7)
    rng = np.random.default_rng(1)
    for index in cover.tiles(STORED, AREA.polygon(), ZOOM):
        tile = Tile(STORED, index)
        noise = rng.integers(8, 60_000, (2, *tile.shape))
        noise[:, 40:50, 60:90] = 7
        data = writer.convert(tile, noise)
        assert data is not None
        writer.write(tile, data)
    return folder


def opened(folder: Path, pyramid: Pyramid, **options: Any) -> Any:
    value = {"path": "out", "format": "TileDirectory", **options}
    return open_input(InputSpec.from_value("tiles", value), folder, pyramid)


def test_the_same_grid_is_read_as_it_is(folder: Path) -> None:
    """Other metatiling, a buffer: against rasterio's mosaic of the files."""
    pyramid = Pyramid.from_grid("geodetic", metatiling=4, pixelbuffer=30)
    reader = opened(folder, pyramid)
    files = sorted((folder / "out").rglob("*.tif"))
    mosaic, transform = merge(files, nodata=7)
    for index in cover.tiles(pyramid, AREA.polygon(), ZOOM):
        tile = Tile(pyramid, index)
        found = reader.at(tile).read()
        col, row = (round(value) for value in ~transform @ (tile.left, tile.top))
        expected = np.full((2, *tile.shape), 7, "uint16")
        rows = slice(max(0, row), min(mosaic.shape[1], row + tile.height))
        cols = slice(max(0, col), min(mosaic.shape[2], col + tile.width))
        target = expected[:, rows.start - row : rows.stop - row, cols.start - col : cols.stop - col]
        target[...] = mosaic[:, rows, cols]
        np.testing.assert_array_equal(found.data, expected)
        np.testing.assert_array_equal(np.ma.getmaskarray(found), expected == 7)


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "cubic", "average", "lanczos"])
def test_another_crs_is_as_gdal_warps_the_mosaic(folder: Path, resampling: str) -> None:
    """Without seams where stored tiles meet."""
    pyramid = Pyramid.from_grid("mercator")
    reader = opened(folder, pyramid, resampling=resampling)
    mosaic, transform = merge(sorted((folder / "out").rglob("*.tif")), nodata=7)
    tile = next(Tile(pyramid, i) for i in cover.tiles(pyramid, _mercator(5, 45, 6, 46), ZOOM))
    assert reader.zoom_at(tile, tile, reader.matching) == ZOOM
    found = reader.at(tile).read()
    expected = np.full((2, *tile.shape), 7, "uint16")
    reproject(
        mosaic, expected, src_transform=transform, src_crs=STORED.crs, src_nodata=7,
        dst_transform=tile.transform, dst_crs=tile.crs, dst_nodata=7,
        resampling=Resampling[resampling],
    )  # fmt: skip
    # GDAL's approximate transform depends on the window by some hundredths of a pixel: of noise
    # with a deviation of 17 000 that makes some hundred, while half a pixel would make 10 000.
    difference = np.abs(found.data.astype(float) - expected)
    assert difference.mean() < (0.01 if resampling == "nearest" else 1000)
    assert (np.ma.getmaskarray(found) == (expected == 7)).mean() > 0.999


def _mercator(left: float, bottom: float, right: float, top: float) -> Any:
    from automap_tiles.vector import reproject_geometry

    box = Bounds(left, bottom, right, top).polygon()
    return reproject_geometry(box, STORED.crs, Pyramid.from_grid("mercator").crs)


def test_zooms(folder: Path) -> None:
    reader = opened(folder, STORED)
    deeper = STORED.tile(ZOOM + 1, 20, 70)
    view = reader.at(deeper)
    assert np.ma.getmaskarray(view.read()).all()
    assert view.is_empty()
    exact = view.read(tile_directory_zoom=ZOOM)
    assert not np.ma.getmaskarray(exact).all()
    assert not view.is_empty(tile_directory_zoom=ZOOM)
    parent = reader.at(STORED.tile(ZOOM, 10, 35)).read()
    rows, cols = slice(0, 256), slice(0, 256)
    np.testing.assert_array_equal(
        exact.data, parent.data[:, rows, cols].repeat(2, axis=1).repeat(2, axis=2)
    )
    for found in (
        view.read(fallback_to_higher_zoom=True),
        view.read(matching_max_zoom=ZOOM),
        opened(folder, STORED, max_zoom=ZOOM).at(deeper).read(),
    ):
        np.testing.assert_array_equal(found, exact)
    assert not view.is_empty(fallback_to_higher_zoom=True)
    with pytest.raises(InputError, match="gdal and min"):
        opened(folder, STORED).at(Pyramid.from_grid("mercator").tile(5, 10, 16)).read(
            matching_method="best"
        )


@given(
    grid=st.sampled_from(["geodetic", "mercator"]),
    zoom=st.integers(2, 14),
    row=st.floats(0.1, 0.9),
    col=st.floats(0, 1, exclude_max=True),
    method=st.sampled_from(["gdal", "min"]),
)
@settings(max_examples=60)
def test_the_zoom_is_the_one_mapchete_takes(
    grid: str, zoom: int, row: float, col: float, method: str
) -> None:
    misc = pytest.importorskip("mapchete.io")
    theirs = pytest.importorskip("mapchete.tile")
    other = "mercator" if grid == "geodetic" else "geodetic"
    pyramid, target = Pyramid.from_grid(grid), Pyramid.from_grid(other)
    rows, cols = pyramid.matrix_shape(zoom)
    tile = pyramid.tile(zoom, int(row * rows), int(col * cols))
    expected = misc.tile_to_zoom_level(
        theirs.BufferedTilePyramid(grid).tile(*tile.index),
        dst_pyramid=theirs.BufferedTilePyramid(other),
        matching_method=method,
    )
    assert matching_zoom(target, tile.grid, method, 8) == expected


def test_xyz_folder_of_pictures(tmp_path: Path) -> None:
    """Columns before rows, no metadata.json, alpha for what is not there (mapchete #642)."""
    pyramid = Pyramid.from_grid("mercator")
    schema = "{zoom}/{col}/{row}.{extension}"
    writer = made(tmp_path, pyramid, format="PNG", tile_path_schema=schema, bands=..., dtype=...)
    tile = pyramid.tile(4, 5, 9)
    picture = np.random.default_rng(2).integers(1, 255, (3, 256, 256))
    picture[0, :20] = 0
    picture[1, 30] = 0
    data = writer.convert(tile, picture)
    assert data is not None
    writer.write(tile, data)
    (tmp_path / "out" / "metadata.json").unlink()
    reader = opened(tmp_path, pyramid, grid="mercator", extension="png", tile_path_schema=schema)
    found = reader.at(tile).read()
    assert found.shape == (4, 256, 256)
    np.testing.assert_array_equal(found.data[:3], picture)
    clear = np.ma.getmaskarray(found)
    assert clear[:3, :20].all()
    assert not clear[:, 20:].any()
    assert np.ma.getmaskarray(reader.at(pyramid.tile(4, 5, 10)).read()).all()
    warped = reader.at(Pyramid.from_grid("geodetic").tile(3, 1, 9)).read(tile_directory_zoom=4)
    assert not np.ma.getmaskarray(warped).all()


def test_a_folder_without_any_tile(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    reader = opened(tmp_path, STORED, grid="geodetic", extension="tif")
    with pytest.raises(InputError, match="no tile"):
        reader.at(STORED.tile(4, 3, 3)).read()


def test_a_tile_of_other_bands(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "out", tmp_path / "out")
    victim = min((tmp_path / "out").rglob("*.tif"))
    with rasterio.open(victim) as file:
        profile, data = file.profile, file.read(1)
    with rasterio.open(victim, "w", **{**profile, "count": 1}) as file:
        file.write(data, 1)
    zoom, row, col = (int(part) for part in victim.with_suffix("").parts[-3:])
    with pytest.raises(InputError, match=r"has 1 bands, not 2"):
        opened(tmp_path, STORED).at(STORED.tile(zoom, row, col)).read()


def test_a_replaced_tile_is_read_anew(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "out", tmp_path / "out")
    index = next(cover.tiles(STORED, AREA.polygon(), ZOOM))
    tile = Tile(STORED, index)
    reader = opened(tmp_path, STORED)
    before = reader.at(tile).read()
    writer = made(tmp_path, STORED, bands=2, dtype="uint16", nodata=7)
    data = writer.convert(tile, before.data // 2 + 10)
    assert data is not None
    writer.write(tile, data)
    np.testing.assert_array_equal(reader.at(tile).read().data, before.data // 2 + 10)


def test_bounds_limit_the_footprint(folder: Path) -> None:
    reader = opened(folder, STORED, bounds=[0, 30, 40, 60])
    assert reader.footprint(STORED.crs).bounds == (0, 30, 40, 60)
    assert opened(folder, STORED).footprint(STORED.crs).bounds == (-180, -90, 180, 90)


@given(
    left=st.floats(-200, 180), bottom=st.floats(-89, 80), size=st.floats(0.01, 50),
    zoom=st.integers(0, 7), metatiling=st.sampled_from([1, 2, 8]),
)  # fmt: skip
def test_touched_tiles_are_those_that_share_area(
    left: float, bottom: float, size: float, zoom: int, metatiling: int
) -> None:
    pyramid = Pyramid.from_grid("geodetic", metatiling=metatiling)
    bounds = Bounds(left, bottom, left + size, min(90, bottom + size))
    grid = Grid.from_bounds(bounds, (10, 10), pyramid.crs)
    assert set(touched(pyramid, grid, zoom)) == set(cover.tiles(pyramid, bounds.polygon(), zoom))


def test_window_holds_the_kernel() -> None:
    rows, cols = pixel_window(STORED, 3, Bounds(0, 0, 10, 10), (20, 20)) or (None, None)
    assert rows is not None
    assert cols is not None
    size = STORED.pixel_size(3)[0]
    reach = 3 * 10 / 20 / size  # Lanczos over as many pixels as one of the target takes
    assert rows.start <= 80 / size - reach
    assert cols.stop >= 190 / size + reach
    assert pixel_window(STORED, 3, Bounds(0, 200, 10, 210), (20, 20)) is None


@pytest.mark.parametrize("buffer", [0, 10])
def test_mapchete_reads_the_same_from_ours(folder: Path, buffer: int) -> None:
    driver = pytest.importorskip("mapchete.formats.default.tile_directory")
    theirs = pytest.importorskip("mapchete.tile")
    process = theirs.BufferedTilePyramid("geodetic", metatiling=4, pixelbuffer=buffer)
    pyramid = Pyramid.from_grid("geodetic", metatiling=4, pixelbuffer=buffer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = driver.InputData(
            {"path": str(folder / "out"), "pyramid": process, "pixelbuffer": buffer}
        )
        reader = opened(folder, pyramid)
        # a corner of what is there, and what lies beyond
        indexes = list(cover.tiles(pyramid, Bounds(20, 42, 40, 60).polygon(), ZOOM))
        assert len(indexes) > 3
        for index in indexes:
            expected = source.open(process.tile(*index)).read()
            found = reader.at(Tile(pyramid, index)).read()
            np.testing.assert_array_equal(found.filled(7), expected.filled(7))
            np.testing.assert_array_equal(np.ma.getmaskarray(found), np.ma.getmaskarray(expected))


@pytest.mark.parametrize("grid", ["geodetic", "mercator"])
def test_a_zoom_that_is_not_there_is_told(folder: Path, grid: str) -> None:
    """Its tiles find nothing; those beside what is stored have nothing to tell."""
    pyramid = Pyramid.from_grid(grid)
    area = Bounds(5, 45, 6, 46).polygon() if grid == "geodetic" else _mercator(5, 45, 6, 46)
    for zoom, lacks in ((ZOOM - 1, True), (ZOOM, False), (ZOOM + 3, True)):
        tile = Tile(pyramid, next(cover.tiles(pyramid, area, zoom)))
        view = opened(folder, pyramid).at(tile)
        for look in (view.is_empty, lambda view=view: np.ma.getmaskarray(view.read()).all()):
            with collecting() as notes:
                assert look() == lacks
            assert {note.examples for note in notes} == ({(f"zoom {zoom}",)} if lacks else set())
    beside = Tile(STORED, next(cover.tiles(STORED, Bounds(100, 10, 101, 11).polygon(), ZOOM)))
    with collecting() as notes:
        assert opened(folder, STORED).at(beside).is_empty()
        assert opened(folder, STORED).at(beside).read().mask.all()
    assert not notes
    finer = Tile(pyramid, next(cover.tiles(pyramid, area, ZOOM + 3)))
    with collecting() as notes:
        view = opened(folder, pyramid, max_zoom=ZOOM).at(finer)
        assert not view.is_empty()
    assert not notes
    # a preview asks for the zoom that it computes, before there is any tile of it
    with collecting() as notes:
        view = opened(folder, pyramid).at(finer)
        assert view.is_empty(tile_directory_zoom=ZOOM + 3)
        assert np.ma.getmaskarray(view.read(tile_directory_zoom=ZOOM + 3)).all()
    assert not notes


def test_a_tile_that_is_stored_alone_is_the_readers_own(folder: Path) -> None:
    """Who writes into it changes nothing of what the next one is given."""
    tile = STORED.tile(ZOOM, 10, 35)
    view = opened(folder, STORED).at(tile)
    first = view.read([2])
    with rasterio.open(folder / "out" / str(ZOOM) / "10" / "35.tif") as source:
        expected = source.read([2])
    np.testing.assert_array_equal(first.data, expected)
    np.testing.assert_array_equal(np.ma.getmaskarray(first), expected == 7)
    assert first.fill_value == 7
    first[:] = 9
    np.testing.assert_array_equal(view.read([2]).data, expected)


def test_a_tile_that_was_replaced_is_read_anew(folder: Path, tmp_path: Path) -> None:
    """At once, by one of the same size and time, too; and one that was deleted is not there."""
    shutil.copytree(folder / "out", tmp_path / "out")
    path = tmp_path / "out" / str(ZOOM) / "10" / "35.tif"
    with rasterio.open(path) as source:
        profile, pixels = {**source.profile, "compress": None}, source.read()
    profile.pop("predictor", None)
    view = opened(tmp_path, STORED).at(STORED.tile(ZOOM, 10, 35))
    sizes = set()
    for number in (100, 200):
        with rasterio.open(path.with_name("new"), "w", **profile) as target:
            target.write(np.full_like(pixels, number))
        path.with_name("new").replace(path)
        os.utime(path, ns=(10**18, 10**18))
        sizes.add(path.stat().st_size)
        assert (view.read([1]).data == number).all()
    assert len(sizes) == 1
    path.unlink()
    assert np.ma.getmaskarray(view.read([1])).all()
