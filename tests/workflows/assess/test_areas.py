"""True areas of pixels, against geodesics on the ellipsoid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.crs import CRS

from automap_tiles.errors import GridError
from automap_tiles.grid import Grid, Pyramid
from automap_tiles.notes import collecting
from automap_tiles.workflows.assess._areas import pixel_areas
from automap_tiles.workflows.assess._class_map import count, open_map
from tests.workflows.assess.maps import classes, write_map

pyproj = pytest.importorskip("pyproj")
GEOD = pyproj.Geod(ellps="WGS84")


def geodesic(grid: Grid, rows: slice) -> float:
    """Area of some rows of a grid, their outline followed closely."""
    left, _, right, _ = grid.bounds
    top = grid.transform.f + grid.transform.e * rows.start
    bottom = grid.transform.f + grid.transform.e * rows.stop
    along = np.linspace(0, 1, 2000)
    x = np.r_[left + (right - left) * along, right - (right - left) * along]
    y = np.r_[np.full(2000, top), np.full(2000, bottom)]
    move = pyproj.Transformer.from_crs(grid.crs.to_wkt(), "EPSG:4326", always_xy=True)
    area, _ = GEOD.polygon_area_perimeter(*move.transform(x, y))
    return abs(float(area))


@pytest.mark.parametrize("latitude", [-70.0, -1.0, 0.5, 47.0, 84.0])
def test_rows_of_a_degree_grid(latitude: float) -> None:
    grid = Grid(CRS.from_epsg(4326), Affine(0.01, 0, 12, 0, -0.01, latitude), (60, 90))
    areas = pixel_areas(grid)
    for row in (0, 30, 59):
        assert areas[row] * 90 == pytest.approx(geodesic(grid, slice(row, row + 1)), rel=1e-7)


@pytest.mark.parametrize("tile", [(8, 10, 130), (8, 127, 3), (8, 250, 200), (13, 2000, 4000)])
def test_rows_of_the_mercator_grid(tile: tuple[int, int, int]) -> None:
    grid = Pyramid.from_grid("mercator").tile(*tile).grid
    areas = pixel_areas(grid)
    for row in (0, 100, 255):
        expected = geodesic(grid, slice(row, row + 1))
        assert areas[row] * 256 == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("epsg", "x", "y", "tolerance"),
    [
        (32633, 500_000, 5_200_000, 1e-6),
        (32633, 750_000, 5_200_000, 1e-6),
        (3035, 4_400_000, 2_700_000, 1e-6),
        (3413, 1_000_000, -1_500_000, 1e-5),
        (3031, 900_000, 900_000, 1e-5),
    ],
)
def test_tiles_of_other_grids(epsg: int, x: float, y: float, tolerance: float) -> None:
    grid = Grid(CRS.from_epsg(epsg), Affine(30, 0, x, 0, -30, y), (512, 512))
    areas = pixel_areas(grid)
    assert len(set(areas.tolist())) == 1
    assert areas.sum() * 512 == pytest.approx(geodesic(grid, slice(0, 512)), rel=tolerance)


def test_an_equal_area_grid_keeps_its_own() -> None:
    grid = Grid(CRS.from_epsg(3035), Affine(30, 0, 4_400_000, 0, -30, 2_700_000), (512, 512))
    np.testing.assert_allclose(pixel_areas(grid), 900, rtol=1e-6)


def test_around_a_pole() -> None:
    grid = Grid(CRS.from_epsg(3413), Affine(1000, 0, -256_000, 0, -1000, 256_000), (512, 512))
    # polar stereographic, true at 70 degrees: 1.94 square kilometres at most of a pixel's nominal
    total = pixel_areas(grid).sum() * 512
    quarter = Grid(CRS.from_epsg(3413), Affine(1000, 0, 0, 0, -1000, 256_000), (256, 256))
    assert total == pytest.approx(4 * pixel_areas(quarter).sum() * 256, rel=1e-3)


def test_beyond_the_edge_of_the_world() -> None:
    mollweide = CRS.from_string("ESRI:54009")
    grid = Grid(mollweide, Affine(10_000, 0, -18_000_000, 0, -10_000, 9_000_000), (512, 512))
    with pytest.raises(GridError, match="reach beyond what ESRI:54009 can express"):
        pixel_areas(grid)


def test_the_whole_world() -> None:
    grid = Grid(CRS.from_epsg(4326), Affine(1, 0, -180, 0, -1, 90), (180, 360))
    # surface of the ellipsoid, in any table
    assert pixel_areas(grid).sum() * 360 == pytest.approx(510_065_621.7e6, rel=1e-9)


@pytest.mark.parametrize("nodata", [0, 255, None])
def test_zeros_that_are_data_are_told(tmp_path: Path, nodata: int | None) -> None:
    """They are no class and no area, of which the map itself says nothing."""
    values = classes((40, 60))
    values[0, 0] = 255 if nodata == 255 else 0
    path = write_map(tmp_path / "map.tif", values)
    with rasterio.open(path, "r+") as file:
        file.nodata = nodata
    with collecting() as notes:
        assert sum(count(open_map(path)).pixels) == np.isin(values, (1, 2, 5)).sum()
    told = [note.count for note in notes.grouped() if "no class" in note.reason]
    assert told == ([] if nodata == 0 else [(values == 0).sum()])
