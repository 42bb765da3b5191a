from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from rasterio.crs import CRS
from rasterio.warp import transform

from automap_tiles import raster
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.grid import Grid, Pyramid, Tile, cover
from automap_tiles.missions import Flag, Scene, center
from automap_tiles.raster import close_all
from automap_tiles.raster.tiff import _file, _unpacking
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.masks import MaskRule
from automap_tiles.scenes.reading import (
    Reading,
    frame_of,
    iter_scenes,
    lattice_of,
    read_dates,
    read_stack,
    strips,
)
from automap_tiles.scenes.select import overpasses
from automap_tiles.scenes.stack import Stack
from tests.scenes.samples import BANDS, classes_of, grid_at, make_scene, reflectance

CLOUDY = (3, 8, 9)  # shadow and clouds of the SCL in 3 to 9, cirrus is 10


def tile_over(grid: Grid, zoom: int, metatiling: int = 1, name: str = "mercator") -> Tile:
    pyramid = Pyramid.from_grid(name, metatiling=metatiling)
    longitude, latitude = center(grid)
    x, y = transform(CRS.from_epsg(4326), pyramid.crs, [longitude], [latitude])
    place = shapely.Point(x[0], y[0]).buffer(1e-6)
    return pyramid.tile(*next(iter(cover.tiles(pyramid, place, zoom))))


def on_own_grid(stack: Stack, values: Any, grid: Grid) -> Any:
    """The pixels of a scene's grid out of an array (…, y, x) of the stack."""
    row, col = Lattice.of(stack.grid).offset(grid) or (0, 0)
    assert row >= 0
    assert col >= 0
    return values[..., row : row + grid.height, col : col + grid.width]


def test_reflectance_and_mask_on_the_sensors_own_grid(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    stack = read_stack([scene], tile_over(grid_at(), 12), BANDS, MaskRule())
    assert stack.values.dtype == np.float32
    assert stack.grid.crs == grid_at().crs
    assert stack.grid.transform.a == 10
    counts = on_own_grid(stack, stack.valid[0], grid_at())
    fill = np.zeros((64, 64), dtype=bool)
    fill[:8, :8] = True
    ruled_out = np.isin(classes_of(scene), CLOUDY).repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(counts, ~(fill | ruled_out))
    assert stack.valid.sum() == counts.sum()  # nothing beyond the scene
    for number, band in enumerate(BANDS):
        found = on_own_grid(stack, stack.values[0, number], grid_at())
        wanted = reflectance(scene, band)
        np.testing.assert_array_equal(found[counts], wanted.data[counts])
        assert (found[~counts] == 0).all()


def test_whole_numbers_are_reflectance_times_10000(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    tile = tile_over(grid_at(), 12)
    reading = Reading(bands=BANDS, mask=None, whole=True)
    stack = read_dates(
        overpasses([scene]), frame_of(tile, lattice_of([scene], reading)), reading, target=tile
    )
    assert stack.values.dtype == np.int16
    assert stack.scale == 10000
    found = on_own_grid(stack, stack.values[0, 2], grid_at())
    wanted = reflectance(scene, "red")
    np.testing.assert_array_equal(found[~wanted.mask], np.rint(wanted.compressed() * 10000))


def test_coarser_bands_are_repeated(tmp_path: Path) -> None:
    bands = (*BANDS, "swir1")
    scene = make_scene(tmp_path, bands=bands, coarse=["swir1"])
    stack = read_stack([scene], tile_over(grid_at(), 12), bands, None)
    found = on_own_grid(stack, stack.values[0, 4], grid_at())
    wanted = reflectance(scene, "swir1").repeat(2, 0).repeat(2, 1)
    counts = on_own_grid(stack, stack.valid[0], grid_at())
    np.testing.assert_array_equal(found[counts], wanted.data[counts])
    assert counts.sum() == 64 * 64 - 8 * 8


def test_on_the_tile_every_date_is_read_as_an_input_is(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    tile = tile_over(grid_at(), 14)
    stack = read_stack([scene], tile, ["red", "nir"], None, "bilinear", "tile")
    assert stack.grid == tile.grid
    for number, band in enumerate(["red", "nir"]):
        numbers = raster.read(scene.band(band).href, tile, resampling="bilinear")[0]
        counts = stack.valid[0] & ~numbers.mask
        assert counts.any()
        wanted = (numbers.data[counts] * 1e-4 - 0.1).astype("f4")
        np.testing.assert_array_equal(stack.values[0, number][counts], wanted)


@pytest.mark.parametrize("mode", ["native", "tile"])
def test_granules_of_one_overpass_are_one_date(tmp_path: Path, mode: Any) -> None:
    """Where they overlap the first one counts, where that has no data the second."""
    first = make_scene(tmp_path, "first", 1, minute=0)
    east = grid_at(left=600000 + 320)
    second = make_scene(tmp_path, "second", 2, east, minute=1)
    later = make_scene(tmp_path, "later", 3, day=2)
    tile = tile_over(grid_at(), 12)
    stack = read_stack([later, second, first], tile, ["red"], None, grid=mode)
    assert [time.day for time in stack.times] == [1, 2]
    assert stack.scene_ids == (("first", "second"), ("later",))
    assert stack.indexes == (0, 1)
    if mode == "tile":
        return
    own = reflectance(first, "red")
    found = on_own_grid(stack, stack.values[0, 0], grid_at())
    np.testing.assert_array_equal(found[~own.mask], own.compressed())
    beyond = on_own_grid(stack, stack.values[0, 0], east)[:, 32:]
    np.testing.assert_array_equal(beyond, reflectance(second, "red").data[:, 32:])
    # the corner of the second without data lies where the first one has some
    assert on_own_grid(stack, stack.valid[0], east)[:8, :8].all()


def test_a_first_granule_under_a_cloud_leaves_room_for_the_second(tmp_path: Path) -> None:
    clouds = np.full((32, 32), 9, dtype="u1")
    clear = np.full((32, 32), 4, dtype="u1")
    clouds[:, 16:] = 4
    first = make_scene(tmp_path, "first", 1, classes=clouds)
    second = make_scene(tmp_path, "second", 2, classes=clear, minute=1)
    stack = read_stack([first, second], tile_over(grid_at(), 12), ["red"], MaskRule())
    found = on_own_grid(stack, stack.values[0, 0], grid_at())
    np.testing.assert_array_equal(found[8:, :32], reflectance(second, "red").data[8:, :32])
    np.testing.assert_array_equal(found[8:, 32:], reflectance(first, "red").data[8:, 32:])


def test_dates_without_a_valid_pixel_are_left_out(tmp_path: Path) -> None:
    cloudy = make_scene(tmp_path, "cloudy", classes=np.full((32, 32), 9, dtype="u1"))
    far = make_scene(tmp_path, "far", grid=grid_at(left=700000), day=2)
    clear = make_scene(tmp_path, "clear", day=3)
    stack = read_stack([cloudy, far, clear], tile_over(grid_at(), 14), ["red"], MaskRule())
    assert stack.scene_ids == (("clear",),)
    assert stack.indexes == (2,)
    nothing = read_stack([cloudy, far], tile_over(grid_at(), 14), ["red"], MaskRule())
    assert nothing.is_empty
    assert nothing.values.shape[1:] == (1, *nothing.grid.shape)


def test_each_pixel_gets_at_most_so_many_dates(tmp_path: Path) -> None:
    scenes = [make_scene(tmp_path, f"d{day}", day, day=day) for day in range(1, 8)]
    tile = tile_over(grid_at(), 12)
    reading = Reading(bands=("red",), whole=True)
    frame = frame_of(tile, lattice_of(scenes, reading))
    dates = overpasses(scenes)
    everything = read_dates(dates, frame, reading, target=tile)
    capped = read_dates(dates, frame, reading, target=tile, max_valid=2)
    rank = np.cumsum(everything.valid, axis=0)
    wanted = everything.valid & (rank <= 2)
    np.testing.assert_array_equal(capped.valid, wanted[: len(capped)])
    assert not wanted[len(capped) :].any()
    order = [6, 5, 4, 3, 2, 1, 0]
    turned = read_dates(dates, frame, reading, target=tile, max_valid=1, order=order)
    last = everything.valid[::-1]
    wanted = last & (np.cumsum(last, axis=0) <= 1)
    np.testing.assert_array_equal(turned.valid, wanted[: len(turned)])


def test_reading_ends_when_all_pixels_have_enough(tmp_path: Path) -> None:
    clear = np.full((32, 32), 4, dtype="u1")
    scenes = [make_scene(tmp_path, f"d{day}", classes=clear, day=day) for day in (1, 2, 3)]
    Path(scenes[2].band("red").href).unlink()
    tile = tile_over(grid_at(), 12)
    reading = Reading(bands=("red",), mask=MaskRule(flags=Flag.CLOUD))
    own = Grid(grid_at().crs, grid_at().transform @ _moved(16, 16), (8, 8))
    frame = frame_of(own, None)
    dates = overpasses(scenes)
    assert len(read_dates(dates, frame, reading, target=own, max_valid=2)) == 2
    with pytest.raises(InputError, match="no such file"):
        read_dates(dates, frame, reading, target=tile)


def _moved(cols: int, rows: int) -> Any:
    from affine import Affine

    return Affine.translation(cols, rows)


def test_one_date_after_the_other(tmp_path: Path) -> None:
    scenes = [make_scene(tmp_path, f"d{day}", day, day=day) for day in range(1, 4)]
    tile = tile_over(grid_at(), 12)
    whole = read_stack(scenes, tile, BANDS, MaskRule())
    for number, single in enumerate(iter_scenes(scenes, tile, BANDS, MaskRule())):
        np.testing.assert_array_equal(single.values[0], whole.values[number])
        np.testing.assert_array_equal(single.valid[0], whole.valid[number])
        assert single.indexes == (number,)


def test_strips_are_the_whole_in_parts(tmp_path: Path) -> None:
    scenes = [make_scene(tmp_path, f"d{day}", day, grid_at(size=600), day=day) for day in (1, 2)]
    tile = tile_over(grid_at(size=600), 12)
    reading = Reading(bands=BANDS)
    frame = frame_of(tile, lattice_of(scenes, reading))
    dates = overpasses(scenes)
    whole = read_dates(dates, frame, reading, target=tile)
    for limit in (1, 5_000_000, 10**9):
        parts = [
            read_dates(dates, part, reading, target=tile)
            for part in strips(frame, reading, len(dates), limit)
        ]
        assert sum(part.grid.height for part in parts) == whole.grid.height
        assert parts[0].grid.transform == whole.grid.transform
        top = 0
        for part in parts:
            rows = slice(top, top + part.grid.height)
            for number, place in enumerate(part.indexes):
                np.testing.assert_array_equal(part.values[number], whole.values[place][:, rows])
            top = rows.stop
        if limit == 1:
            assert len(parts) > 20


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "average"])
def test_scenes_of_another_zone_are_the_same_from_every_window(
    tmp_path: Path, resampling: str
) -> None:
    """They are resampled in fixed blocks of the grid that most scenes share."""
    scenes = [make_scene(tmp_path, f"d{day}", day, grid_at(size=400), day=day) for day in (1, 2)]
    west = Grid(CRS.from_epsg(32632), grid_at(left=1047000, top=5320000).transform, (500, 500))
    scenes.append(make_scene(tmp_path, "west", 9, west, day=3))
    reading = Reading(bands=("red", "nir"), resampling=resampling)
    lattice = lattice_of(scenes, reading)
    assert lattice.crs == grid_at().crs
    dates = overpasses(scenes)
    big = tile_over(grid_at(size=400), 13, metatiling=4)
    whole = read_dates(dates, frame_of(big, lattice), reading, target=big)
    assert ("west",) in whole.scene_ids
    seen = 0
    for unit in big.intersecting(big.pyramid.replace(metatiling=1)):
        part = read_dates(dates, frame_of(unit, lattice), reading, target=unit)
        row, col = Lattice.of(whole.grid).offset(part.grid) or (0, 0)
        here = np.s_[..., row : row + part.grid.height, col : col + part.grid.width]
        for number, place in enumerate(part.indexes):
            same = whole.indexes.index(place)
            np.testing.assert_array_equal(part.valid[number], whole.valid[same][here])
            np.testing.assert_array_equal(part.values[number], whole.values[same][here])
            seen += place == 2
    assert seen > 1


def test_a_coarser_resolution(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    tile = tile_over(grid_at(), 12)
    reading = Reading(bands=("red",), mask=None, resolution=20, resampling="average")
    stack = read_dates(
        overpasses([scene]), frame_of(tile, lattice_of([scene], reading)), reading, target=tile
    )
    assert stack.grid.transform.a == 20
    own = Grid(grid_at().crs, grid_at(pixel=20).transform, (32, 32))
    found = on_own_grid(stack, stack.values[0, 0], own)[8:, 8:]
    red = reflectance(scene, "red").data[16:, 16:].astype("f8")
    wanted = red.reshape(24, 2, 24, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(found, wanted, atol=1.01e-4)  # numbers are whole


def test_bands_that_are_not_there(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    with pytest.raises(InputError, match="one: has no swir1"):
        read_stack([scene], tile_over(grid_at(), 12), ["red", "swir1"])
    with pytest.raises(ConfigError, match="has no band"):
        read_stack([scene], tile_over(grid_at(), 12), ["red", "purple"])


def test_angles_of_the_sun_for_every_pixel(tmp_path: Path) -> None:
    from automap_tiles.missions import BandFile, Scaling
    from tests.scenes.samples import write

    scene = make_scene(tmp_path)
    zenith = np.linspace(3000, 5000, 64 * 64).reshape(1, 64, 64).astype("i2")
    angles = write(tmp_path / "sza.tif", zenith, grid_at(), nodata=None)
    file = scene.band("red")
    own = Scaling(multiply=2e-5, add=-0.1, sun_elevation=50, nodata=0)
    bands = {**scene.bands, "B04": BandFile(href=file.href, scaling=own, grid=file.grid)}
    scene = replace(scene, bands=bands, metadata={"angles": {"sun_zenith": angles}})
    stack = read_stack([scene], tile_over(grid_at(), 12), ["red"], None)
    found = on_own_grid(stack, stack.values[0, 0], grid_at())
    counts = on_own_grid(stack, stack.valid[0], grid_at())
    numbers = raster.read(file.href, grid_at())[0].data
    wanted = (numbers * 2e-5 - 0.1) / np.cos(np.radians(zenith[0] / 100))
    np.testing.assert_allclose(found[counts], wanted[counts], atol=1e-6)


def as_dates(stack: Stack) -> list[str]:
    return [time.date().isoformat() for time in stack.times]


def test_a_stack_as_xarray(tmp_path: Path) -> None:
    pytest.importorskip("xarray")
    scenes: list[Scene] = [make_scene(tmp_path, f"d{day}", day, day=day) for day in (1, 2)]
    stack = read_stack(scenes, tile_over(grid_at(), 12), BANDS, MaskRule())
    array = stack.to_xarray()
    assert array.dims == ("time", "band", "y", "x")
    assert list(array.band.values) == list(BANDS)
    assert [str(time)[:10] for time in array.time.values] == as_dates(stack)
    assert bool(np.isnan(array.values[:, 0])[~stack.valid].all())
    np.testing.assert_array_equal(
        array.sel(band="red").values[stack.valid], stack.band("red").compressed()
    )
    assert float(array.x[1] - array.x[0]) == 10
    assert float(array.y[0]) == stack.grid.transform.f - 5
    assert stack.data.shape == array.shape
    assert np.ma.getmaskarray(stack.data)[0, 1].sum() == (~stack.valid[0]).sum()
    with pytest.raises(ValueError, match="not swir1"):
        stack.band("swir1")
    assert list(stack.day_of_year()) == [153, 154]


def blocks_unpacked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each block that is unpacked from now on."""
    read: list[int] = []

    def counted(*args: Any) -> Any:
        read.append(1)
        return decompressed(*args)

    decompressed = _unpacking._decompressed
    monkeypatch.setattr(_unpacking, "_decompressed", counted)
    monkeypatch.setattr(_file, "_SETTLED_AFTER", 0)  # GDAL reads what was just written
    return read


def test_what_the_mask_rules_out_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks below a cloud are never unpacked, and what is left is the same as without a mask."""
    classes = np.full((32, 32), 4, dtype=np.uint8)
    classes[:16] = 9
    scene = make_scene(tmp_path, classes=classes)
    tile = tile_over(grid_at(), 12)
    read = blocks_unpacked(monkeypatch)
    reading = Reading(bands=("red",), whole=True)
    frame = frame_of(tile, lattice_of([scene], reading))
    stack = read_dates(overpasses([scene]), frame, reading, target=tile)
    # of four blocks the two below; and of the classes all there is
    assert len(read) == 2 + 1
    every = replace(reading, mask=None)
    plain = read_dates(overpasses([scene]), frame, every, target=tile)
    assert stack.valid.any()
    np.testing.assert_array_equal(stack.values, plain.values * stack.valid[:, None])


@pytest.mark.parametrize("whole", [True, False])
def test_coarser_bands_below_clouds_are_not_read_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    """And the clouds of any shape make no difference to what is left."""
    size = 128
    grid = grid_at(size=size)
    classes = np.full((size // 2, size // 2), 4, dtype=np.uint8)
    classes[: size // 4] = 9
    classes[size // 4 + 3 :: 7, ::5] = 8
    scene = make_scene(
        tmp_path, grid=grid, classes=classes, bands=("red", "swir1"), coarse=("swir1",)
    )
    tile = tile_over(grid, 11)
    reading = Reading(bands=("red", "swir1"), whole=whole)
    frame = frame_of(tile, lattice_of([scene], reading))
    plain = read_dates(overpasses([scene]), frame, replace(reading, mask=None), target=tile)
    close_all()
    read = blocks_unpacked(monkeypatch)
    stack = read_dates(overpasses([scene]), frame, reading, target=tile)
    # half of the blocks of 10 m (16) and of 20 m (4), and the classes
    assert 0 < len(read) <= 8 + 2 + 4
    assert 0.3 < stack.valid.sum() / plain.valid.sum() < 0.6
    np.testing.assert_array_equal(stack.values, plain.values * stack.valid[:, None])
