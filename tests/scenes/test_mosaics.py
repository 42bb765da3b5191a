"""Scenes of one overpass in several tiles and zones: counted once, without seams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasterio.crs import CRS
from rasterio.warp import transform
from scipy import ndimage

from automap_tiles import raster
from automap_tiles.grid import Grid
from automap_tiles.missions import Scene
from automap_tiles.notes import collecting
from automap_tiles.raster import Raster
from automap_tiles.scenes.masks import MaskRule
from automap_tiles.scenes.reading import Reading, frame_of, read_dates, read_stack, shared_lattice
from automap_tiles.scenes.select import overpasses
from tests.scenes.samples import grid_at, make_scene, write

Array = np.ndarray[Any, Any]
CLOUD, CLEAR = 9, 4


def place(epsg: int, longitude: float, latitude: float, size: int) -> Grid:
    """A grid of 10 m pixels around a place."""
    (x,), (y,) = transform("EPSG:4326", f"EPSG:{epsg}", [longitude], [latitude])
    half = size * 5
    left, top = round(x / 10) * 10 - half, round(y / 10) * 10 + half
    return grid_at(left, top, size, crs=CRS.from_epsg(epsg))


def around(epsg: int, longitude: float, latitude: float) -> Grid:
    """120 pixels of about 10 m around a place, of a grid that knows nothing of the scenes."""
    (x,), (y,) = transform("EPSG:4326", f"EPSG:{epsg}", [longitude], [latitude])
    pixel = 1e-4 if epsg == 4326 else 10.0
    return grid_at(x - 60 * pixel, y + 60 * pixel, 120, pixel, CRS.from_epsg(epsg))


def degrees(grid: Grid) -> tuple[Array, Array]:
    """Longitude and latitude of the centres of all pixels."""
    rows, cols = np.mgrid[: grid.height, : grid.width] + 0.5
    xs, ys = grid.transform @ (cols.ravel(), rows.ravel())
    found = transform(grid.crs, "EPSG:4326", xs, ys)
    longitudes, latitudes = (np.reshape(each, grid.shape) for each in found)
    return longitudes, latitudes


def seen(
    folder: Path,
    name: str,
    grid: Grid,
    clouds: Callable[[Array, Array], Array],
    day: int,
    minute: int = 0,
) -> Scene:
    """A scene whose surface is 0.3 in all bands, with clouds by longitude and latitude."""
    classes = np.where(clouds(*degrees(grid)), CLOUD, CLEAR).astype("u1")
    scene = make_scene(
        folder, name, grid=grid, classes=classes, bands=("red",), day=day, minute=minute
    )
    pixels = np.full((1, *grid.shape), 4000, dtype="u2")
    path = write(folder / name / "red.tif", pixels, grid)
    return replace(scene, bands={"B04": replace(scene.band("red"), href=path)})


def rim(clouds: Array, metres: float) -> Array:
    """Everything within some metres of a cloud, 10 m pixels."""
    return np.asarray(ndimage.distance_transform_edt(~clouds, sampling=10) <= metres)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("dilation", [0.0, 60.0])
def test_a_cloud_beyond_the_edge_of_a_tile_has_its_rim_in_the_next_one(
    tmp_path: Path, first: int, dilation: float
) -> None:
    """As if there were no tiles: masked is what one mask of all would mask."""
    rng = np.random.default_rng(3)
    clouds = ndimage.binary_dilation(rng.random((64, 104)) < 0.003, iterations=2)
    parts = []
    for number, start in enumerate((0, 40)):
        grid = grid_at(left=600000 + 10 * start)
        codes = np.where(clouds[:, start : start + 64], CLOUD, CLEAR).astype("u1")
        minute = number ^ first
        parts.append(make_scene(tmp_path, f"t{number}", grid=grid, classes=codes, minute=minute))
    whole = Grid(grid_at().crs, grid_at().transform, (64, 104))
    reading = Reading(bands=("red",), mask=MaskRule(dilation=dilation))
    lattice = shared_lattice(parts, reading)
    stack = read_dates(overpasses(parts), frame_of(whole, lattice), reading, target=whole)
    assert len(stack) == 1
    rows, cols = (-stack.window[0].start, -stack.window[1].start) if stack.window else (0, 0)
    valid = stack.valid[0][rows : rows + 64, cols : cols + 104]
    data = np.ones_like(clouds)
    data[:8, :8] = False  # numbers of a tile begin with a corner without data
    np.testing.assert_array_equal(valid, data & ~rim(clouds, dilation))


@pytest.mark.parametrize("epsg", [4326, 3857, 3035])
def test_one_acquisition_in_two_zones_counts_once_on_any_grid(tmp_path: Path, epsg: int) -> None:
    """Two dates, each in tiles of zones 32 and 33, against clouds counted by their formula."""

    def clouds_of(day: int) -> Callable[[Array, Array], Array]:
        return lambda x, y: np.hypot((x - 12) * 0.68, y - 47 - day * 2e-3) < 3e-3

    scenes = [
        seen(tmp_path, f"{day}-{zone}", place(epsg, x, 47, 150), clouds_of(day), day=day, minute=n)
        for day in (1, 2)
        for n, (zone, epsg, x) in enumerate([("32T", 32632, 11.994), ("33T", 32633, 12.006)])
    ]
    assert [len(date.scenes) for date in overpasses(scenes)] == [2, 2]
    target = around(epsg, 12.0, 47.0)
    stack = read_stack(scenes, target, ["red"], MaskRule())
    counts = stack.valid.sum(axis=0, dtype="i2")
    picked = [
        np.ma.getdata(raster.warp(Raster(plane, stack.grid, stack.anchor), target))[0]
        for plane in (counts, np.where(stack.valid, stack.values[:, 0], np.nan).mean(axis=0))
    ]
    x, y = degrees(target)
    clear = [~clouds_of(day)(x, y) for day in (1, 2)]
    expected = np.sum(clear, axis=0)
    # within two pixels of an edge of a cloud either number is right
    sure = ndimage.minimum_filter(expected, 5) == ndimage.maximum_filter(expected, 5)
    assert sure.mean() > 0.7
    assert set(np.unique(expected[sure])) == {0, 1, 2}
    np.testing.assert_array_equal(picked[0][sure], expected[sure])
    np.testing.assert_allclose(picked[1][sure & (expected == 2)], 0.3, atol=1e-6)


def test_scenes_all_around_the_globe_are_read_on_the_tile_and_told(tmp_path: Path) -> None:
    """A quarter of the globe from zone 31 there is no place in its coordinates."""
    spots = [(32631, 3.0, 1.0), (32631, 3.001, 1.0), (32646, 93.0, 1.0), (32633, 15.0, 1.0)]
    scenes = [
        seen(tmp_path, f"s{n}", place(*spot, 40), lambda x, _: x < 0, day=n + 1)
        for n, spot in enumerate(spots)
    ]
    with collecting() as notes:
        stack = read_stack(scenes, around(4326, 93.0, 1.0), ["red"])
    assert stack.scene_ids == (("s2",),)
    assert stack.valid.sum() == pytest.approx(40 * 40 * 0.81, rel=0.03)  # of 11.1 m
    assert [note.examples for note in notes] == [("s2",)]
    with collecting() as notes:
        near = shared_lattice([scenes[0], scenes[1], scenes[3]], Reading(bands=("red",)))
    assert near is not None
    assert near.crs.to_epsg() == 32631
    assert not len(notes)
