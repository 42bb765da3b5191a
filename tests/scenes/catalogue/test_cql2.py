"""What we ask a server to select, selected by a server of another make: rustac on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from automap_tiles.scenes.catalogue._api import Request, search
from automap_tiles.scenes.select import Period
from tests.scenes.catalogue.api_server import Door, database_api
from tests.scenes.catalogue.conftest import Json, load
from tests.scenes.catalogue.test_api import FILTER


@pytest.fixture(scope="module")
def items(earth_search: Path) -> list[Json]:
    return [load(path) for path in sorted(earth_search.glob("S2*/S2*.json"))]


@pytest.fixture(scope="module")
def door(items: list[Json], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The server claims no filter language, although it speaks one; the door claims it."""
    with database_api(items, tmp_path_factory.mktemp("duckdb")) as url, Door(url).open() as door:
        door.conforms_to = FILTER
        yield door


@pytest.mark.parametrize("cover", [None, 0.0, 5.0, 50.0, 100.0])
@pytest.mark.parametrize("codes", [(), ("MGRS-33TWL",), ("MGRS-33TWL", "MGRS-33TWM")])
def test_selected_by_the_server(
    door: Door, items: list[Json], cover: float | None, codes: tuple[str, ...]
) -> None:
    door.asked.clear()
    request = Request(max_cloud_cover=cover, equals={"grid:code": codes} if codes else None)
    found = {item["id"] for item in search(door.url, request)}
    wanted = {
        item["id"]
        for item in items
        if (cover is None or item["properties"]["eo:cloud_cover"] <= cover)
        and (not codes or item["properties"]["grid:code"] in codes)
    }
    assert found == wanted
    asked = [body for body in door.searches if body]
    assert all(("filter" in body) == (cover is not None or bool(codes)) for body in asked)


def test_with_area_and_period(door: Door, items: list[Json]) -> None:
    from shapely.geometry import box, shape

    area = box(15.2, 46.3, 15.4, 46.5)
    period = Period(first=date(2023, 8, 14), last=date(2023, 8, 16))
    request = Request(area=area, period=period, max_cloud_cover=90)
    found = {item["id"] for item in search(door.url, request)}
    wanted = {
        item["id"]
        for item in items
        if shape(item["geometry"]).intersects(area)
        and "2023-08-14" <= item["properties"]["datetime"][:10] <= "2023-08-16"
    }
    assert found == wanted
    assert 0 < len(wanted) < len(items)
