"""What each scene gave, against counting pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from automap_tiles.grid import Pyramid, Tile, unit_parts
from automap_tiles.missions import Scene
from automap_tiles.raster import Raster, warp
from automap_tiles.scenes.contributions import Tally, contributions, key_of, taken
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.masks import MaskRule, parse_flags
from automap_tiles.scenes.reading import Reading, frame_of, lattice_of, read_dates, strips
from automap_tiles.scenes.select import overpasses
from tests.scenes.samples import grid_at, make_scene
from tests.scenes.test_reading import tile_over

READING = Reading(bands=("red", "nir"), mask=MaskRule(flags=parse_flags(["cloud"])))
GRID = grid_at(size=64)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> list[Scene]:
    """Two granules of one overpass, which overlap, and two more dates."""
    folder = tmp_path_factory.mktemp("scenes")
    return [
        make_scene(folder, "one", 1, GRID, day=1),
        make_scene(folder, "two", 2, grid_at(left=600200, size=64), day=1, minute=1),
        make_scene(folder, "three", 3, GRID, day=2),
        make_scene(folder, "four", 4, grid_at(left=600100, top=5300100, size=64), day=3),
    ]


def counted(scenes: list[Scene], tile: Tile, limit: int = 2**30, **changes: Any) -> Any:
    """Counts of a tile, read in strips of so many bytes."""
    lattice = lattice_of(scenes, READING) if changes.get("grid") != "tile" else None
    frame = frame_of(tile, lattice)
    tally = Tally(frame, tile)
    dates = overpasses(scenes)
    for part in strips(frame, READING, len(dates), limit):
        stack = read_dates(dates, part, READING, target=tile)
        if stack.is_empty:
            continue
        # the last date that is valid
        last = np.ma.MaskedArray(
            len(stack) - 1 - stack.valid[::-1].argmax(axis=0), mask=~stack.valid.any(axis=0)
        )
        tally.add(stack, {"last": last})
    return tally.counts


def brute(scenes: list[Scene], tile: Tile) -> tuple[dict[str, int], dict[str, int]]:
    """Pixel by pixel of the tile: whose sample it is on each date, and on the last one."""
    samples: dict[str, int] = {}
    last: dict[str, int] = {}
    lattice = lattice_of(scenes, READING)
    frame = frame_of(tile, lattice)
    assert frame is not None
    owners = np.full((len(overpasses(scenes)), *frame.shape), -1, dtype=np.int16)
    for number, date in enumerate(overpasses(scenes)):
        for scene in date.scenes:
            alone = read_dates(overpasses([scene]), frame, READING, target=tile)
            if len(alone):
                free = alone.valid[0] & (owners[number] < 0)
                owners[number][free] = scenes.index(scene)
    picture = np.ma.MaskedArray(owners, mask=owners < 0)
    for part in unit_parts(tile.unbuffered()):
        found = warp(Raster(picture, frame.grid, lattice.transform), part.grid)
        for row in range(found.shape[1]):
            for col in range(found.shape[2]):
                given = found[:, row, col].compressed()
                for place in given:
                    key = key_of(scenes[place].id)
                    samples[key] = samples.get(key, 0) + 1
                if len(given):
                    key = key_of(scenes[given[-1]].id)
                    last[key] = last.get(key, 0) + 1
    return samples, last


@pytest.mark.parametrize("zoom", [12, 14])
def test_against_counting(scenes: list[Scene], zoom: int) -> None:
    """Pixels of the tile that are coarser, and finer, than those of the scenes."""
    tile = tile_over(GRID, zoom)
    samples, last = brute(scenes, tile)
    assert len(samples) == 4
    assert counted(scenes, tile) == {"samples": samples, "last": last}


@pytest.mark.parametrize("limit", [1, 20_000])
def test_strips_add_up(scenes: list[Scene], limit: int) -> None:
    tile = tile_over(GRID, 13)
    assert counted(scenes, tile, limit) == counted(scenes, tile)


@pytest.mark.parametrize("grid", ["native", "tile"])
def test_tiles_add_up_however_they_are_cut(scenes: list[Scene], grid: str) -> None:
    whole = tile_over(GRID, 15, metatiling=4)
    single = Pyramid.from_grid("mercator", pixelbuffer=5)
    sums: dict[str, dict[str, int]] = {}
    for row in range(4 * whole.row, 4 * whole.row + 4):
        for col in range(4 * whole.col, 4 * whole.col + 4):
            for name, counts in counted(scenes, single.tile(15, row, col), grid=grid).items():
                for place, number in counts.items():
                    of_name = sums.setdefault(name, {})
                    of_name[place] = of_name.get(place, 0) + number
    assert sums == counted(scenes, whole, grid=grid)
    assert sum(sums["samples"].values()) > 1000


def test_pixels_that_are_taken(scenes: list[Scene]) -> None:
    """All pixels of a tile that lies within the frame are nearest to one."""
    tile = tile_over(GRID, 15)
    frame = frame_of(tile, Lattice.of(GRID))
    assert frame is not None
    assert taken(frame, tile).sum() == tile.shape[0] * tile.shape[1]


def test_shares_are_of_all(scenes: list[Scene]) -> None:
    """By their keys, and by their places, as journals of earlier versions have it."""
    dates = overpasses(scenes)
    three = key_of(scenes[2].id)
    counts = {"samples": {"0": 30, three: 10}, "max_ndvi": {"2": 5}}
    found = contributions(scenes, dates, counts)
    assert [each["id"] for each in found] == [scene.id for scene in scenes]
    assert [each["date"] for each in found] == [0, 0, 1, 2]
    assert [each["samples"] for each in found] == [30, 0, 10, 0]
    assert [each["share"] for each in found] == [0.75, 0, 0.25, 0]
    assert found[2]["chosen"] == {"max_ndvi": {"pixels": 5, "share": 1.0}}
    assert found[0]["chosen"] == {"max_ndvi": {"pixels": 0, "share": 0.0}}


def test_nothing_gave_nothing(scenes: list[Scene]) -> None:
    assert {each["share"] for each in contributions(scenes, overpasses(scenes), {})} == {0.0}
    away = Pyramid.from_grid("mercator").tile(13, 100, 100)
    assert counted(scenes, away) == {}
