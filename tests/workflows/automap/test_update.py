"""Scenes come, go and change: only the tiles that they reach are made again, to the same bytes."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS

from automap_tiles.errors import ConfigError
from automap_tiles.missions import LON_LAT
from automap_tiles.notes import Note
from automap_tiles.vector import reproject_geometry
from automap_tiles.workflows import check, run
from automap_tiles.workflows.automap import (
    AutomapOutcome,
    AutomapReport,
    CompositeOrder,
    _composite,
)
from automap_tiles.workflows.automap.boundary import boundary_area
from automap_tiles.workflows.automap.phases import COMPOSITE
from automap_tiles.workflows.automap.state import ResultFailed
from automap_tiles.workflows.events import (
    Done,
    Event,
    Failed,
    Finished,
    Noted,
    PhaseFinished,
    PhaseStarted,
    Skipped,
)
from tests.golden.places import CLEAR, CLOUD, STACK

PIXEL, LEFT, TOP, SIDE, TILE, SCENE = 30.0, 600_000.0, 5_300_010.0, 400, 128, 50
DAYS = tuple(f"202010{day:02}" for day in range(1, 21))
"""Of twenty scenes; the last one is the one that comes later."""


def corner(number: int) -> tuple[int, int]:
    """Row and column of the first pixel of a scene."""
    return 5 + 84 * (number % 5), 5 + 105 * (number // 5)


def make_scene(folder: Path, number: int, *, level: int = 0, mask: int = CLEAR) -> None:
    row, col = corner(number)
    random = np.random.default_rng(number)
    data = random.integers(500, 3000, (6, SCENE, SCENE)) + level
    for name, planes, nodata in (("L8", data, 0), ("QA", np.full((1, SCENE, SCENE), mask), None)):
        with rasterio.open(
            folder / f"{name}_{DAYS[number]}.tif", "w", driver="GTiff", width=SCENE, height=SCENE,
            count=len(planes), dtype="uint16", crs="EPSG:32633", nodata=nodata,
            transform=rasterio.Affine(PIXEL, 0, LEFT + col * PIXEL, 0, -PIXEL, TOP - row * PIXEL),
        ) as file:  # fmt: skip
            file.write(planes.astype("uint16"))


@pytest.fixture(scope="module", autouse=True)
def _small_tiles() -> Iterator[None]:
    """Of a fourth of the side, so that a small picture has as many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_composite, "_LARGEST_TILE", TILE)
        yield


@pytest.fixture(scope="module")
def twenty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty scenes in `in`, and the area."""
    folder = tmp_path_factory.mktemp("twenty")
    (folder / "in").mkdir()
    (folder / "in" / "scenes.yaml").write_text(STACK)
    for number in range(20):
        make_scene(folder / "in", number)
    right, bottom = LEFT + SIDE * PIXEL, TOP - SIDE * PIXEL
    ring = [[LEFT, TOP], [right, TOP], [right, bottom], [LEFT, bottom], [LEFT, TOP]]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": shape}
    said = {"type": "FeatureCollection", "crs": crs, "features": [feature]}
    (folder / "area.geojson").write_text(json.dumps(said))
    return folder


@pytest.fixture(scope="module")
def nineteen(twenty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without the last scene, and a composite of the others in `out`."""
    folder = tmp_path_factory.mktemp("nineteen") / "place"
    shutil.copytree(twenty, folder)
    remove_scene(folder, 19)
    assert not came_of(order_in(folder)).errors
    return folder


@pytest.fixture
def place(nineteen: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    shutil.copytree(nineteen, tmp_path / "place")
    return tmp_path / "place"


def remove_scene(place: Path, number: int) -> None:
    for path in (place / "in").glob(f"*_{DAYS[number]}.tif"):
        path.unlink()


def order_in(place: Path, output: str = "out", **changes: Any) -> CompositeOrder:
    wanted = CompositeOrder(
        satellites=("8",),
        start="2020-10-01",
        end="2020-11-30",
        boundary=str(place / "area.geojson"),
        input=str(place / "in"),
        output=output if "://" in output else str(place / output),
        concurrency="none",
        workers=1,
    )
    return replace(wanted, **changes)


def tiles_of(place: Path, numbers: Iterable[int]) -> set[tuple[int, int]]:
    """Tiles of the composite that scenes reach: they count from the corner of the area."""
    area = boundary_area(place / "area.geojson")
    left, bottom, right, top = reproject_geometry(area, LON_LAT, CRS.from_epsg(32633)).bounds
    rows, cols = math.floor((TOP - top) / PIXEL), math.floor((left - LEFT) / PIXEL)
    height, width = (round((high - low) / PIXEL) for low, high in ((bottom, top), (left, right)))
    found: set[tuple[int, int]] = set()
    for number in numbers:
        row, col = corner(number)
        row, col = row - rows, col - cols
        found |= {
            (a, b)
            for a in range(row // TILE, (min(row + SCENE, height) - 1) // TILE + 1)
            for b in range(col // TILE, (min(col + SCENE, width) - 1) // TILE + 1)
        }
    return found


class Came:
    """What a run told of its composite."""

    def __init__(self, events: list[Event]) -> None:
        self.made: set[tuple[int, int]] = set()
        self.skipped, self.facts, self.errors = 0, dict[str, Any](), list[str]()
        self.notes: list[Note] = [each.note for each in events if isinstance(each, Noted)]
        self.outcome: AutomapOutcome | None = None
        under_way = False
        for event in events:
            match event:
                case PhaseStarted(phase=phase, facts=facts):
                    under_way = phase == COMPOSITE
                    self.facts = dict(facts) if under_way else self.facts
                case PhaseFinished():
                    under_way = False
                case Done(item=item) | Failed(item=item) if under_way and hasattr(item, "index"):
                    self.made.add((item.index.row, item.index.col))
                case Skipped(count=count) if under_way:
                    self.skipped += count
                case Failed(item=ResultFailed(error=error)):
                    self.errors.append(error)
                case Finished(outcome=AutomapOutcome() as outcome):
                    self.outcome = outcome


def came_of(order: CompositeOrder) -> Came:
    return Came(list(run(order)))


def results(place: Path, output: str = "out") -> dict[str, bytes]:
    """Composite and what it says of itself, by name."""
    folder = place / output / "landsat-8"
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.glob("composite_*"))
        if path.suffix in (".tif", ".json") and "made_of" not in path.name and path.is_file()
    }


def assert_as_in_one_go(place: Path, **changes: Any) -> None:
    """A composite of the same prepared scenes that was never made otherwise has the same bytes."""
    scenes = place / "out" / "landsat-8" / "scenes"
    shutil.copytree(scenes, place / "whole" / "landsat-8" / "scenes")
    assert not came_of(order_in(place, "whole", **changes)).errors
    expected = results(place, "whole")
    assert len(expected) == 3
    made = results(place)
    assert {name: made[name] for name in expected} == expected


def test_one_of_twenty_is_added(place: Path, twenty: Path) -> None:
    shutil.copytree(twenty / "in", place / "in", dirs_exist_ok=True)
    report = check(order_in(place, update=True))
    assert isinstance(report, AutomapReport)
    expected = tiles_of(place, [19])
    total = len(tiles_of(place, range(20)))
    assert 0 < len(expected) < total
    (plan,) = report.satellites
    assert plan.renewed is not None
    assert (plan.renewed.anew, plan.renewed.total) == (len(expected), total)
    came = came_of(order_in(place, update=True))
    assert came.made == expected
    assert came.skipped == total - len(expected)
    assert came.facts["anew"] == len(expected)
    assert "1 added" in str(came.facts["changed"])
    again = came_of(order_in(place, update=True))
    assert (again.made, again.skipped) == (set(), total)
    # in one go, of the products
    whole = order_in(twenty, concurrency="processes", workers=2)
    assert not came_of(whole).errors
    assert results(place) == results(twenty)


def test_two_workers(place: Path) -> None:
    make_scene(place / "in", 19)
    came = came_of(order_in(place, update=True, concurrency="processes", workers=2))
    assert came.made == tiles_of(place, [19])
    assert_as_in_one_go(place)


def test_without_update_nothing_is_mixed(place: Path) -> None:
    before = {path: path.read_bytes() for path in (place / "out").glob("run_*.json")}
    picture = results(place)
    make_scene(place / "in", 19)
    came = came_of(order_in(place))
    assert came.made == set()
    (error,) = came.errors
    assert "1 added" in error
    total = len(tiles_of(place, range(20)))
    assert f"{len(tiles_of(place, [19]))} of {total} tiles" in error
    assert "--update" in error
    assert results(place) == picture
    # the record is still that of the composite that is there
    assert {path: path.read_bytes() for path in before} == before


def test_a_folder_that_was_only_moved(place: Path) -> None:
    """`place` is a copy of where the composite was made: nothing is asked, and nothing made."""
    came = came_of(order_in(place))
    assert (came.errors, came.made) == ([], set())
    assert came.skipped == len(tiles_of(place, range(19)))
    remove_scene(place, 0)
    assert "1 gone" in came_of(order_in(place)).errors[0]


def test_scenes_are_taken_away_and_replaced(place: Path) -> None:
    remove_scene(place, 0)
    make_scene(place / "in", 7, level=300)
    make_scene(place / "in", 13, mask=CLOUD)
    came = came_of(order_in(place, update=True))
    assert came.made == tiles_of(place, [0, 7, 13])
    assert "1 gone" in str(came.facts["changed"])
    assert "2 replaced" in str(came.facts["changed"])
    assert_as_in_one_go(place)


def test_a_corner_that_nothing_reaches_any_more(place: Path) -> None:
    """Its tile goes: the file is what it would be without the scene."""
    alone = tiles_of(place, [4, 9]) - tiles_of(place, {*range(19)} - {4, 9})
    assert alone
    remove_scene(place, 4)
    remove_scene(place, 9)
    came = came_of(order_in(place, update=True))
    assert came.made == tiles_of(place, [4, 9]) - alone
    assert_as_in_one_go(place)


def test_places_of_dates_count_where_pixels_tell_them(place: Path) -> None:
    how: dict[str, Any] = {
        "statistics": ("medoid",),
        "provenance": ("valid_count", "scene_index", "day_of_year"),
    }
    came_of(order_in(place, **how))
    make_scene(place / "in", 19)
    remove_scene(place, 3)
    total = len(tiles_of(place, [n for n in range(20) if n != 3]))
    assert len(came_of(order_in(place, update=True, **how)).made) == total
    assert_as_in_one_go(place, **how)


def close_after_a_tile(place: Path) -> None:
    """Begin an update, and close its stream once a tile of the composite is made."""
    events = run(order_in(place, update=True))
    under_way = False
    for event in events:
        under_way = under_way or (isinstance(event, PhaseStarted) and event.phase == COMPOSITE)
        if under_way and isinstance(event, Done):
            break
    events.close()


def test_killed_in_between(place: Path) -> None:
    """Closed after one tile; then another scene changes, and the rest is made with it."""
    make_scene(place / "in", 19)
    make_scene(place / "in", 8, level=50)
    first = tiles_of(place, [8, 19])
    assert len(first) > 2
    close_after_a_tile(place)
    make_scene(place / "in", 17, level=100)
    came = came_of(order_in(place, update=True))
    assert tiles_of(place, [17]) <= came.made < tiles_of(place, [8, 17, 19])
    assert_as_in_one_go(place)


def test_a_kill_needs_no_second_word(place: Path) -> None:
    """What was begun with `update` goes on without it, as long as the scenes are the same."""
    make_scene(place / "in", 19)
    close_after_a_tile(place)
    came = came_of(order_in(place))
    assert not came.errors
    assert came.made < tiles_of(place, [19])
    assert_as_in_one_go(place)


def test_what_an_earlier_version_made_is_made_anew(place: Path) -> None:
    """Its journal does not tell the scenes."""
    (journal,) = (place / "out" / "landsat-8").glob("composite_*journal.sqlite")
    with contextlib.closing(sqlite3.connect(journal)) as database, database:
        database.execute("DELETE FROM facts")
    make_scene(place / "in", 19)
    assert "--overwrite" in came_of(order_in(place)).errors[0]
    made = came_of(order_in(place, update=True)).made
    assert made == tiles_of(place, range(20))
    assert_as_in_one_go(place)


def test_update_and_overwrite(place: Path) -> None:
    with pytest.raises(ConfigError, match="excludes overwrite"):
        list(run(order_in(place, update=True, overwrite=True)))
