"""Geometries in other CRSs, against pyproj and against many points."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS

from automap_tiles.errors import GridError
from automap_tiles.grid import Bounds
from automap_tiles.vector import reproject_bounds, reproject_geometries, reproject_geometry

LON_LAT, MERCATOR, UTM33, LAEA = (CRS.from_epsg(code) for code in (4326, 3857, 32633, 3035))


def by_pyproj(points: np.ndarray, source: int, target: int) -> np.ndarray:
    move = pyproj.Transformer.from_crs(source, target, always_xy=True)
    return np.column_stack(move.transform(points[:, 0], points[:, 1]))


@given(
    x=st.floats(200_000, 700_000),
    y=st.floats(5_000_000, 6_000_000),
    width=st.floats(10, 200_000),
    height=st.floats(10, 200_000),
    target=st.sampled_from([4326, 3857, 3035]),
)
@settings(max_examples=60)
def test_edges_follow_their_true_course(
    x: float, y: float, width: float, height: float, target: int
) -> None:
    """Every point of a long edge lies within 10 cm (and rounding) of the new outline."""
    outline = shapely.box(x, y, x + width, y + height)
    moved = reproject_geometry(outline, UTM33, CRS.from_epsg(target))
    along = shapely.get_coordinates(
        shapely.line_interpolate_point(outline.exterior, np.linspace(0, 1, 301), normalized=True)
    )
    true = shapely.points(by_pyproj(along, 32633, target))
    limit = 1.1e-6 if target == 4326 else 0.11
    assert shapely.distance(true, moved.exterior).max() <= limit
    assert moved.is_valid


def test_short_edges_stay_as_they_are() -> None:
    """Real outlines get no new vertices: what mapchete transforms, and nothing else."""
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    ring = np.column_stack([500_000 + 3000 * np.cos(angles), 5_300_000 + 3000 * np.sin(angles)])
    moved = reproject_geometry(shapely.Polygon(ring), UTM33, LON_LAT)
    expected = shapely.Polygon(by_pyproj(ring, 32633, 4326))
    assert shapely.get_num_coordinates(moved) == shapely.get_num_coordinates(expected)
    assert moved.equals_exact(expected, 1e-9)


def test_many_at_once_are_as_one_by_one() -> None:
    shapes = [
        shapely.box(0, 40, 30, 60),
        shapely.Point(3, 4),
        shapely.LineString([(0, 0), (20, 50)]),
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 40, 6)]),
        shapely.GeometryCollection(
            [shapely.Point(1, 1), shapely.MultiLineString([[(0, 0), (30, 30)]])]
        ),
        shapely.box(0, 0, 10, 10).difference(shapely.box(2, 2, 8, 8)),
        shapely.Polygon(),
    ]
    together = reproject_geometries(shapes, LON_LAT, LAEA)
    for shape, moved in zip(shapes, together, strict=True):
        assert moved.equals_exact(reproject_geometry(shape, LON_LAT, LAEA), 0)
    assert reproject_geometries([], LON_LAT, LAEA) == []


def test_same_crs() -> None:
    box = shapely.box(0, 0, 1, 1)
    assert reproject_geometry(box, LON_LAT, CRS.from_wkt(LON_LAT.to_wkt())) == box


def test_invalid_becomes_valid() -> None:
    bow = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert reproject_geometry(bow, LON_LAT, MERCATOR).is_valid
    assert reproject_geometry(bow, LON_LAT, LON_LAT).is_valid


def test_the_whole_world_in_mercator() -> None:
    """The poles are beyond it; what is not, is kept."""
    for world in (shapely.box(-180, -90, 180, 90), shapely.box(-180, -95, 180, 95)):
        moved = reproject_geometry(world, LON_LAT, MERCATOR)
        assert moved.covers(shapely.box(-20037508, -20037508, 20037508, 20037508))


def test_the_antimeridian() -> None:
    """UTM zone 60 ends there: longitudes run on, the shape stays in one piece."""
    box = shapely.box(500_000, 7_000_000, 1_000_000, 7_200_000)
    for target, edge in ((LON_LAT, 180.0), (MERCATOR, 20037508.342789244)):
        moved = reproject_geometry(box, CRS.from_epsg(32660), target)
        left, _, right, _ = moved.bounds
        assert left < edge < right
        assert right - left < edge / 10


def test_around_the_pole() -> None:
    moved = reproject_geometry(shapely.box(-1e6, -1e6, 1e6, 1e6), CRS.from_epsg(3413), LON_LAT)
    assert moved.covers(shapely.box(-180, 82, 180, 90))
    assert moved.bounds[1] > 75
    moved = reproject_geometry(shapely.box(-1e6, -1e6, 1e6, 1e6), CRS.from_epsg(3031), LON_LAT)
    assert moved.covers(shapely.box(-180, -90, 180, -82))


def test_what_cannot_be_expressed() -> None:
    far = shapely.box(1e9, 1e9, 2e9, 2e9)
    with pytest.raises(GridError, match="outside"):
        reproject_geometry(far, UTM33, LON_LAT)


def test_bounds_hold_bulging_edges() -> None:
    """A parallel is curved in LAEA: its middle lies beyond its ends."""
    bounds = Bounds(0, 50, 20, 60)
    moved = reproject_bounds(bounds, LON_LAT, LAEA)
    edge = np.column_stack([np.linspace(0, 20, 500), np.full(500, 50.0)])
    assert moved.bottom <= by_pyproj(edge, 4326, 3035)[:, 1].min() + 200
    assert moved.bottom < by_pyproj(edge[[0, -1]], 4326, 3035)[:, 1].min() - 10_000
