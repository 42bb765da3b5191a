"""A pixel does not depend on metatiling, pixel buffer or the grid it is read with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin

from automap_tiles.grid import Grid, Pyramid, Tile, unit_parts
from automap_tiles.raster import Raster, read, warp
from tests.raster.conftest import MakeRaster

SOURCES = {
    "utm": ("EPSG:32633", from_origin(300_000, 5_900_000, 1500, 1500)),
    "utm at the antimeridian": ("EPSG:32601", from_origin(100_000, 5_900_000, 1500, 1500)),
    "world": ("EPSG:4326", from_origin(-180, 90, 0.9, 0.6)),
    "beyond 180": ("EPSG:4326", from_origin(150, 60, 0.15, 0.3)),
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    import rasterio

    rng = np.random.default_rng(3)
    found = {}
    for name, (crs, transform) in SOURCES.items():
        path = tmp_path_factory.mktemp("sources") / f"{name}.tif"
        data = rng.integers(0, 100, (2, 300, 400), dtype=np.uint8)
        with rasterio.open(
            path, "w", driver="GTiff", count=2, height=300, width=400, dtype="uint8",
            crs=crs, transform=transform, nodata=0,
        ) as dataset:  # fmt: skip
            dataset.write(data)
        found[name] = path
    return found


@st.composite
def tiles(draw: st.DrawFn) -> Tile:
    pyramid = Pyramid.from_grid(
        draw(st.sampled_from(["geodetic", "mercator"])),
        tile_size=16,
        metatiling=draw(st.sampled_from([1, 2, 4, 8])),
        pixelbuffer=draw(st.sampled_from([0, 1, 5, 20])),
    )
    zoom = draw(st.integers(1, 8))
    rows, cols = pyramid.matrix_shape(zoom)
    # Mostly where the sources are: mid latitudes, and either end of the matrix.
    row = draw(st.integers(rows // 8, min(rows - 1, rows // 2)))
    col = draw(st.sampled_from([0, cols - 1, cols * 13 // 24, draw(st.integers(0, cols - 1))]))
    return pyramid.tile(zoom, row, col)


def units_of(tile: Tile) -> Any:
    """The parts of a tile that lie in the pyramid, each with the single tile below it."""
    single = tile.pyramid.replace(metatiling=1, pixelbuffer=0)
    rows, cols = single.matrix_shape(tile.zoom)
    for part in unit_parts(tile):
        zoom, row, col = part.key
        if 0 <= row < rows and 0 <= col < cols:
            yield part, single.tile(zoom, row, col)


@given(tile=tiles(), resampling=st.sampled_from(["nearest", "bilinear", "average"]))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", SOURCES)
def test_cut_invariance(sources: dict[str, Path], name: str, tile: Tile, resampling: str) -> None:
    whole = read(sources[name], tile, resampling=resampling)
    assert whole.shape == (2, *tile.shape)
    parts = list(units_of(tile))
    some = np.random.default_rng(len(parts)).permutation(len(parts))[:9]
    for part, single in (parts[number] for number in some):
        alone = read(sources[name], single, resampling=resampling)
        ours, theirs = (slice(None), *part.tile_window), (slice(None), *part.unit_window)
        np.testing.assert_array_equal(whole.data[ours], alone.data[theirs])
        np.testing.assert_array_equal(
            np.ma.getmaskarray(whole)[ours], np.ma.getmaskarray(alone)[theirs]
        )


@pytest.mark.parametrize("resampling", ["nearest", "cubic"])
def test_warp_of_an_array_is_cut_invariant(rng: np.random.Generator, resampling: str) -> None:
    from rasterio.crs import CRS

    crs, transform = SOURCES["utm"]
    data = np.ma.MaskedArray(
        rng.random((2, 300, 400)).astype(np.float32), rng.random((2, 300, 400)) < 0.1
    )
    raster = Raster(data, Grid(CRS.from_string(crs), transform, (300, 400)))
    pyramid = Pyramid.from_grid("geodetic", tile_size=64, metatiling=4, pixelbuffer=9)
    tile = pyramid.tile(6, 3, 17)
    whole = warp(raster, tile, resampling=resampling, nodata=-1)
    assert 0 < whole.mask.mean() < 1
    for part, single in units_of(tile):
        alone = warp(raster, single, resampling=resampling, nodata=-1)
        np.testing.assert_array_equal(
            whole.data[:, *part.tile_window], alone.data[:, *part.unit_window]
        )


def test_more_decimated_parts_of_a_tile_have_their_own_overview(
    make_raster: MakeRaster, rng: np.random.Generator
) -> None:
    # In mercator, a pixel shrinks towards the pole: one metatile needs two levels.
    path = make_raster(
        rng.integers(1, 200, (1, 800, 1600), dtype=np.uint8),
        crs="EPSG:4326",
        transform=from_origin(-180, 85, 0.225, 0.2125),
        nodata=0,
        overviews=(2, 4, 8, 16),
    )
    for resampling in ("nearest", "average"):
        single = Pyramid.from_grid("mercator", tile_size=32)
        whole = read(path, single.replace(metatiling=4).tile(2, 0, 0), resampling=resampling)
        for row in range(4):
            for col in range(4):
                alone = read(path, single.tile(2, row, col), resampling=resampling)
                part = whole.data[:, row * 32 : row * 32 + 32, col * 32 : col * 32 + 32]
                np.testing.assert_array_equal(part, alone.data)
