"""Search in a real STAC API: what comes is what the selection says, page by page."""

from __future__ import annotations

import copy
import logging
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from shapely import box
from shapely.geometry import shape

from automap_tiles.errors import InputError, MissingExtra
from automap_tiles.scenes.catalogue import SearchOptions, from_bounds, search
from automap_tiles.scenes.catalogue import _api as api_module
from automap_tiles.scenes.catalogue._api import Request
from automap_tiles.scenes.report import SearchReport
from automap_tiles.scenes.select import Period, Selection, parse_period
from tests.scenes.catalogue.api_server import Door, stac_api
from tests.scenes.catalogue.conftest import Json, load, moved

pytest.importorskip("pystac_client")

NEVER = SearchOptions(verify="never")


def ids(found: SearchReport) -> set[str]:
    return {scene.id for scene in found.scenes}


def expected(seed: list[Json], wanted: Any) -> set[str]:
    return {item["id"] for item in seed if wanted(item)}


def test_everything_comes(api: str, seed: list[Json]) -> None:
    found = search(api, options=NEVER)
    assert ids(found) == expected(seed, lambda item: True)
    assert not found.rejected
    assert list(found.scenes) == sorted(found.scenes, key=lambda scene: (scene.time, scene.id))


def test_by_time(api: str, seed: list[Json]) -> None:
    for text in ("2018-06", "2020-01-14", "2019/2020", "2023-08-13/2023-08-15", "../2018-12-31"):
        period = parse_period(text)

        def inside(item: Json, period: Period = period) -> bool:
            day = date.fromisoformat(item["properties"]["datetime"][:10])
            return (period.first or date.min) <= day <= (period.last or date.max)

        found = search(api, Selection(period=period), NEVER)
        assert ids(found) == expected(seed, inside), text
        assert ids(found), text


def test_by_area(api: str, seed: list[Json]) -> None:
    for bounds in ((15.0, 46.2, 15.1, 46.3), (-125.0, 36.0, -90.0, 46.0), (-180, -90, 180, 90)):
        area = box(*bounds)
        found = search(api, Selection(area=area), NEVER)
        assert ids(found) == expected(
            seed, lambda item, area=area: shape(item["geometry"]).intersects(area)
        )
        assert ids(found)


def test_an_area_with_many_points(api: str, door: Door) -> None:
    """A server is asked for its hull; what is only in the hull is left out here."""
    hook = box(0, 40, 60, 60).difference(box(10, 41, 59, 59)).segmentize(0.1)
    assert not hook.intersects(box(15, 45, 17, 47))
    found = search(door.url, Selection(area=hook), NEVER)
    assert not found.scenes
    sent = shape(door.searches[0]["intersects"])
    assert sent.covers(hook)
    assert len(sent.exterior.coords) < 200


def test_by_satellite_and_cloud(api: str, seed: list[Json]) -> None:
    assert {scene.sensor for scene in search(api, options=NEVER).scenes} == {
        "sentinel-2a", "sentinel-2b", "landsat-7", "landsat-8",
    }  # fmt: skip
    found = search(api, Selection(satellites=frozenset({"landsat-7"})), NEVER)
    assert {scene.sensor for scene in found.scenes} == {"landsat-7"}
    for most in (0, 5, 50):
        clear = search(api, Selection(max_cloud_cover=most), NEVER)
        assert ids(clear) == expected(
            seed, lambda item, most=most: item["properties"]["eo:cloud_cover"] <= most
        )


def test_by_tile(api: str) -> None:
    for spelled in ("33TWM", "t33twm", "MGRS-33TWM"):
        found = search(api, options=SearchOptions(tiles=[spelled], verify="never"))
        assert {scene.tile for scene in found.scenes} == {"33TWM"}
        assert len(found.scenes) == 2
    found = search(api, options=SearchOptions(tiles=["28/30", "44,33"], verify="never"))
    assert {scene.tile for scene in found.scenes} == {"028030", "044033"}


def test_by_collection_level_and_band(api: str, seed: list[Json]) -> None:
    options = SearchOptions(collections=["landsat-c2l2-sr"], verify="never")
    assert ids(search(api, options=options)) == expected(
        seed, lambda item: item["collection"] == "landsat-c2l2-sr"
    )
    toa = search(api, options=SearchOptions(level="toa", verify="never"))
    assert {scene.level for scene in toa.scenes} == {"L1TP"}
    surface = search(api, options=SearchOptions(level="surface", verify="never"))
    assert {scene.level for scene in surface.scenes} == {"L2A", "L2SP"}
    found = search(api, options=SearchOptions(bands=["red", "pan"], verify="never"))
    assert {scene.level for scene in found.scenes} == {"L1TP"}
    assert len(found.rejected) == len(seed) - len(found.scenes)
    assert ("S2A_28QCH_20200714_0_L2A", "has no pan") in found.rejected


def test_pages(door: Door, seed: list[Json]) -> None:
    found = search(door.url, options=SearchOptions(page=3, verify="never"))
    assert ids(found) == expected(seed, lambda item: True)
    assert len(door.searches) == -(-len(seed) // 3)
    some = search(door.url, options=SearchOptions(page=3, limit=5, verify="never"))
    assert len(some.scenes) == 5


def test_a_busy_server_is_asked_again(door: Door, seed: list[Json]) -> None:
    door.turn_away = [(503, {}), (429, {"Retry-After": "1"}), (502, {})]
    request = Request(page=1000, backoff=0.01)
    started = time.monotonic()
    items = list(api_module.search(door.url, request))
    assert {item["id"] for item in items} == expected(seed, lambda item: True)
    assert time.monotonic() - started >= 1.0
    assert len(door.searches) == 4


def test_a_page_in_between_is_asked_again(door: Door, seed: list[Json]) -> None:
    pages = iter(api_module.search(door.url, Request(page=4, backoff=0.01)))
    first = [next(pages)["id"] for _ in range(4)]
    door.turn_away = [(503, {})] * 3
    rest = [item["id"] for item in pages]
    assert {*first, *rest} == expected(seed, lambda item: True)
    assert len([*first, *rest]) == len(seed)


def test_a_server_that_stays_away(door: Door) -> None:
    door.turn_away = [(503, {})] * 50
    with pytest.raises(InputError, match="cannot be searched"):
        list(api_module.search(door.url, Request(backoff=0.001)))
    assert len(door.searches) == 7


def test_a_refusal_is_not_repeated(door: Door) -> None:
    door.turn_away = [(400, {})] * 9
    with pytest.raises(InputError, match="cannot be searched"):
        list(api_module.search(f"{door.url}?token=secret", Request()))
    assert len(door.searches) == 1


def test_nobody_there() -> None:
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9") as caught:
        list(api_module.search("http://127.0.0.1:9/?token=secret", Request(backoff=0.001)))
    assert "secret" not in str(caught.value)


FILTER = [
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "https://api.stacspec.org/v1.0.0/item-search#filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
]
QUERY = ["https://api.stacspec.org/v1.0.0/item-search#query"]


def test_selected_by_the_server_where_it_can(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """rustac cannot: what is asked for is looked at, not what it answers."""
    request = Request(max_cloud_cover=20, equals={"grid:code": ["MGRS-33TWL"]})
    for claims, expects in ((FILTER, "filter"), (QUERY, "query"), ([], None)):
        door.conforms_to = claims
        door.asked.clear()
        door.turn_away = [(400, {})]
        with pytest.raises(InputError):
            list(api_module.search(door.url, request))
        body = door.searches[0]
        assert {"filter", "query"} & set(body) == ({expects} if expects else set())
        if expects == "query":
            assert body["query"] == {
                "eo:cloud_cover": {"lte": 20}, "grid:code": {"in": ["MGRS-33TWL"]},
            }  # fmt: skip
        if expects == "filter":
            assert body["filter-lang"] == "cql2-json"
            assert body["filter"]["op"] == "and"
            assert {"op": "<=", "args": [{"property": "eo:cloud_cover"}, 20]} in body["filter"][
                "args"
            ]


def test_over_the_antimeridian(odc: Path, earth_search: Path, tmp_path: Path) -> None:
    real = load(next(earth_search.glob("S2A_33TWL_20230815*/*.json")))
    items = [
        moved(real, 180 - 15.7, "S2A_01AAA_20230815_0_L2A"),  # over it
        moved(real, 180 - 17.2, "S2A_60BBB_20230815_0_L2A"),  # west of it
        moved(real, 180 - 14.0, "S2A_01CCC_20230815_0_L2A"),  # east of it
        moved(real, 90.0, "S2A_50DDD_20230815_0_L2A"),  # far away
    ]
    for number, item in enumerate(items):
        item["properties"] = copy.deepcopy(item["properties"])
        item["properties"].pop("grid:code")
        item["properties"]["mgrs:grid_square"] = "ABCD"[number] * 2
    west, across, east = items[1]["id"], items[0]["id"], items[2]["id"]
    with stac_api(items, tmp_path) as url:
        wanted = {
            (179.0, 45.0, -179.0, 46.0): {west, across, east},
            (179.9, 45.5, 180.0, 45.6): {across},
            (-180.0, 45.5, -179.9, 45.6): {across},
            (181.5, 45.5, 182.0, 45.6): {east},
        }
        for bounds, names in wanted.items():
            found = search(url, Selection(area=from_bounds(*bounds)), NEVER)
            assert ids(found) == names, bounds
        outline = next(scene for scene in found.scenes if scene.id == east).footprint
        assert outline is not None
        everywhere = search(url, options=NEVER)
        for scene in everywhere.scenes:
            assert scene.footprint is not None
            left, _, right, _ = scene.footprint.bounds
            assert -180 <= left < right <= 180
            assert scene.footprint.area < 2


def test_links_relative_to_the_item(api: str) -> None:
    scene = next(
        one for one in search(api, options=NEVER).scenes if one.id == "S2A_33TWL_20230815_0_L2A"
    )
    collection = "sentinel-2-l2a"
    assert scene.band("red").href == f"{api}/collections/{collection}/items/B04.tif"


def test_without_the_package(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pystac_client", None)
    with pytest.raises(MissingExtra, match=r"automap-tiles\[stac\]"):
        search(api)


def test_nothing_secret_is_logged(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    search(f"{door.url}/?token=secret-word", options=NEVER)
    assert "GET" in caplog.text
    assert "secret-word" not in caplog.text
