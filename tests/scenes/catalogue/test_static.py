"""STAC files and what they link to; tiles; duplicates; known catalogues."""

from __future__ import annotations

import copy
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from shapely import box

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.missions import Scene
from automap_tiles.scenes._acquisitions import acquisitions, why_lesser
from automap_tiles.scenes.catalogue import PROVIDERS, SearchOptions, parse_tile, search
from automap_tiles.scenes.catalogue._search import _drawn
from automap_tiles.scenes.catalogue._static import ReadItem
from automap_tiles.scenes.catalogue.item import read_item
from automap_tiles.scenes.catalogue.providers import by_name, collections
from automap_tiles.scenes.select import Selection, parse_period
from tests.scenes.catalogue.conftest import Json, load

NEVER = SearchOptions(verify="never")


def test_a_collection(earth_search: Path) -> None:
    found = search(earth_search / "collection.json", options=NEVER)
    there = {path.stem for path in earth_search.glob("S2*/S2*.json")}
    assert {scene.id for scene in found.scenes} == there
    # three of the items that it links to are not in the folder: told of, and no harm done
    assert len(found.rejected) == 3
    assert {reason for _, reason in found.rejected} == {"no such file"}
    assert all("33TWM" in path for path, _ in found.rejected)


def test_selected(earth_search: Path) -> None:
    path = earth_search / "collection.json"
    clear = search(path, Selection(max_cloud_cover=5), NEVER)
    assert {scene.id[:18] for scene in clear.scenes} == {
        "S2A_33TWL_20230815", "S2A_33TWM_20230815", "S2B_33TWL_20230813",
    }  # fmt: skip
    north = search(path, Selection(area=box(15.1, 46.5, 15.2, 46.6)), NEVER)
    assert {scene.tile for scene in north.scenes} == {"33TWM"}
    day = search(path, Selection(period=parse_period("2023-08-20")), NEVER)
    assert [scene.id for scene in day.scenes] == ["S2B_33TWL_20230820_0_L2A"]
    tile = search(path, options=SearchOptions(tiles=["33TWM"], verify="never"))
    assert len(tile.scenes) == 2
    assert not search(path, Selection(satellites=frozenset({"landsat-8"})), NEVER).scenes


def test_items_that_are_not_wanted_are_not_kept(seed: list[Json]) -> None:
    """Of a hundred thousand that a server sends, a few hundred count: these are what is kept."""
    text = json.dumps(seed[0])
    # names say the time as well
    old = text.replace("2023-08-15", "1999-12-31").replace("20230815", "19991231")
    kept: list[float] = []

    def items(count: int) -> Iterator[ReadItem]:
        for number in range(count):
            data = json.loads(old if number % 50 else text)
            data["id"] = f"{number}" if number else seed[0]["id"]
            yield ReadItem(href="https://example.org/item.json", data=data)
            if number in (49, count - 1):
                kept.append(tracemalloc.get_traced_memory()[0])

    selection = Selection(period=parse_period("2000/2030"))
    tracemalloc.start()
    try:
        found = _drawn(items(100), selection, read_item, None)
    finally:
        tracemalloc.stop()
    assert len(found.sketches) == 2
    assert str(found.refused).startswith("98 found → 98 of these satellites → 0 in time")
    assert kept[1] - kept[0] < 30 * len(text)  # one of the fifty is kept


def test_an_item_collection_and_an_item(seed: list[Json], tmp_path: Path) -> None:
    path = tmp_path / "items.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": seed}))
    found = search(path, options=NEVER)
    assert {scene.id for scene in found.scenes} == {item["id"] for item in seed}
    path.write_text(json.dumps(seed[0]))
    for source in (path, str(path), path.as_uri()):
        assert [scene.id for scene in search(source, options=NEVER).scenes] == [seed[0]["id"]]


def test_a_catalogue_in_circles(seed: list[Json], tmp_path: Path) -> None:
    """Catalogues link to their parents, to each other, and to things that are none."""

    def write(name: str, **links: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        listed = [{"rel": rel.rstrip("_"), "href": href} for rel, href in links.items()]
        path.write_text(json.dumps({"type": "Catalog", "stac_version": "1.0.0", "links": listed}))

    write("catalog.json", child="./a/catalog.json", child_="b/catalog.json", root="catalog.json")
    write("a/catalog.json", child="../b/catalog.json", item="item.json", parent="../catalog.json")
    write("b/catalog.json", child="../catalog.json", item="../a/item.json", item_="broken.json")
    (tmp_path / "a/item.json").write_text(json.dumps(seed[0]))
    (tmp_path / "b/broken.json").write_text("{")
    found = search(tmp_path / "catalog.json", options=NEVER)
    assert [scene.id for scene in found.scenes] == [seed[0]["id"]]
    assert len(found.rejected) == 1
    assert "JSON" in found.rejected[0][1]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"type": "FeatureCollection"}', "\xff"])
def test_no_stac(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=r"x\.json"):
        search(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        search(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("written", "tile"),
    [
        ("33TWL", "33TWL"), ("T33TWL", "33TWL"), ("mgrs-33twl", "33TWL"), ("1CCV", "01CCV"),
        ("16/37", "016037"), ("016037", "016037"), ("16,37", "016037"), ("016-037", "016037"),
        ("1 62", "001062"),
    ],
)  # fmt: skip
def test_tiles(written: str, tile: str) -> None:
    assert parse_tile(written) == tile
    assert parse_tile(tile) == tile


@pytest.mark.parametrize("written", ["", "33", "33TWLX", "33IWL", "33TWO", "1/2/3", "x/y", "99999"])
def test_no_tiles(written: str) -> None:
    with pytest.raises(ConfigError, match="tile"):
        parse_tile(written)


@pytest.fixture
def scene(earth_search: Path) -> Scene:
    path = next(earth_search.glob("S2A_33TWL_20230815*/*.json"))
    return search(path, options=NEVER).scenes[0]


def again(scene: Scene, name: str, **metadata: str) -> Scene:
    return replace(scene, id=name, metadata={**scene.metadata, **metadata})


def test_the_newest_of_several_processings(scene: Scene) -> None:
    newer = again(scene, "newer", baseline="05.11")
    older = again(scene, "older", baseline="02.14")
    for order in ([scene, newer, older], [older, newer, scene]):
        (group,) = acquisitions(order)
        assert [one.id for one in group] == ["newer", scene.id, "older"]
    assert why_lesser(older, newer) == "baseline 02.14, and 05.11 of the same acquisition is there"


def test_what_is_no_duplicate(scene: Scene) -> None:
    assert scene.footprint is not None
    left, bottom, right, top = scene.footprint.bounds
    west = replace(scene, id="west", footprint=box(left, bottom, left + 0.5, top))
    others = [
        again(scene, "level", baseline="05.11"),
        replace(scene, id="tile", tile="33TWM"),
        replace(scene, id="sensor", sensor="sentinel-2b"),
        replace(scene, id="time", time=scene.time + timedelta(minutes=100)),
    ]
    others[0] = replace(others[0], level="L1C")
    assert len(acquisitions([scene, *others])) == 5
    # two halves of a tile, where one datastrip ends and the next begins
    east = replace(scene, id="east", footprint=box(left + 0.45, bottom, right, top))
    assert len(acquisitions([west, east])) == 2


def test_real_time_gives_way(odc: Path, tmp_path: Path) -> None:
    data = load(odc / "LC08_L2SP_028030_20200114_20200824_02_T1_SR.json")
    first = json.loads(json.dumps(data).replace("_02_T1", "_02_RT").replace('"T1"', '"RT"'))
    first["properties"]["datetime"] = "2020-01-14"
    path = tmp_path / "items.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [first, data]}))
    found = search(path, options=NEVER)
    assert [scene.id for scene in found.scenes] == [data["id"]]
    assert [name for name, _ in found.rejected] == [first["id"]]


def test_known_catalogues() -> None:
    for provider in PROVIDERS:
        assert by_name(provider.name) is provider
        assert by_name(f"{provider.url}/collections/x") is provider
    assert by_name("https://example.org/stac") is None
    assert by_name("/data/items.json") is None
    earth = by_name("earth-search")
    usgs = by_name("usgs")
    assert earth is not None
    assert usgs is not None
    assert collections(earth, {"sentinel-2"}, "toa") == ("sentinel-2-l1c",)
    both = {"sentinel-2", "landsat-8"}
    assert collections(earth, both, "surface") == ("landsat-c2-l2", "sentinel-2-l2a")
    assert collections(usgs, {"landsat-5", "landsat-7"}, "toa") == ("landsat-c2l1",)
    assert collections(usgs, None, None) == ("landsat-c2l1", "landsat-c2l2-sr")
    for provider, satellites, level in (
        (earth, {"landsat-8"}, "toa"),
        (usgs, {"sentinel-2"}, None),
    ):
        with pytest.raises(ConfigError, match=provider.name):
            collections(provider, satellites, level)  # type: ignore[arg-type]


def test_items_are_left_as_they_are(seed: list[Json], tmp_path: Path) -> None:
    before = copy.deepcopy(seed)
    path = tmp_path / "items.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": seed}))
    search(path, options=NEVER)
    assert seed == before
