"""Real items of every catalogue become scenes with the right bands, scaling, mask and place."""

from __future__ import annotations

import copy
import json
import pickle
import random
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box, shape

from automap_tiles.errors import AutomapError, InputError
from automap_tiles.missions import (
    COMMON,
    Band,
    PlainMission,
    PlatformDialect,
    Satellite,
    Scaling,
    Scene,
    Sensor,
    recognise,
    register,
    unregister,
)
from automap_tiles.scenes.catalogue import SearchOptions, search
from automap_tiles.scenes.catalogue.convert import sketch, to_scene
from automap_tiles.scenes.catalogue.item import read_item
from tests.imagery.place import need_real
from tests.scenes.catalogue.conftest import Json, load

HERE = "https://example.org/items/item.json"


def refuse(href: str) -> bytes:
    raise InputError("not to be reached", href)


def scene_of(item: Json, base: str = HERE, read: Any = refuse) -> Scene:
    return to_scene(sketch(read_item(item, base)), read)


def reason(item: Json) -> str:
    with pytest.raises(InputError) as caught:
        scene_of(item)
    return caught.value.message


SURFACE = Scaling(multiply=2.75e-5, add=-0.2, nodata=0)


def test_planetary_computer(odc: Path) -> None:
    scene = scene_of(load(odc / "S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531.json"))
    assert (scene.sensor, scene.level, scene.tile, scene.orbit) == (
        "sentinel-2b", "L2A", "06VVN", 43,
    )  # fmt: skip
    assert scene.time == datetime(2019, 6, 29, 21, 25, 29, 24000, UTC)
    assert (scene.crs, scene.cloud_cover) == ("EPSG:32606", 0.314306)
    assert scene.sun_elevation == pytest.approx(90 - 37.9128805424161)
    names = {name: scene.band(name).href.rpartition("_20190629T212529_")[2] for name in COMMON}
    assert names == {
        "blue": "B02_10m.tif", "green": "B03_10m.tif", "red": "B04_10m.tif",
        "nir": "B08_10m.tif", "swir1": "B11_20m.tif", "swir2": "B12_20m.tif",
    }  # fmt: skip
    # eo:bands calls both of them rededge
    assert scene.bands["B8A"].href.endswith("B8A_20m.tif")
    assert scene.bands["B05"].href.endswith("B05_20m.tif")
    grid = scene.band("red").grid
    assert grid is not None
    assert grid.shape == (10980, 10980)
    assert tuple(grid.bounds) == (399960, 6690240, 509760, 6800040)
    assert [layer.layer for layer in scene.quality] == ["scl"]
    # baseline 02.12 and no raster:bands
    scaling = scene.band("red").scaling
    assert scaling is not None
    assert (scaling.multiply, scaling.add, scaling.nodata) == (1e-4, 0, 0)
    assert scene.metadata["baseline"] == "02.12"


def test_earth_search_of_today(earth_search: Path) -> None:
    path = next(earth_search.glob("S2A_33TWL_20230815*/*.json"))
    scene = scene_of(load(path), str(path))
    assert (scene.sensor, scene.level, scene.tile, scene.orbit) == (
        "sentinel-2a", "L2A", "33TWL", 79,
    )  # fmt: skip
    for common, file in {"blue": "B02", "green": "B03", "red": "B04", "nir": "B08"}.items():
        # of the GeoTIFF beside the item and the JPEG 2000 far away, the former
        assert scene.band(common).href == str(path.parent / f"{file}.tif")
        assert scene.band(common).grid is None  # the item says 10980 pixels, and it has 915
    assert scene.band("swir2").href.endswith("/B12.tif")
    assert scene.bands["B8A"].href.endswith("/B8A.tif")
    assert scene.quality[0].href == str(path.parent / "SCL.tif")
    swir = scene.band("swir1").grid
    assert swir is not None
    assert swir.shape == (5490, 5490)
    # numbers without offset, although raster:bands says -0.1
    scaling = scene.band("red").scaling
    assert scaling is not None
    assert scaling.add == 0
    assert scene.metadata["offset"] == {
        "used": 0.0, "applied": True, "baseline": -1000.0, "stated": -1000.0, "doubtful": True,
    }  # fmt: skip


def test_earth_search_of_yesterday(odc: Path) -> None:
    scene = scene_of(load(odc / "S2A_28QCH_20200714_0_L2A.json"))
    assert (scene.sensor, scene.level, scene.tile, scene.orbit) == (
        "sentinel-2a", "L2A", "28QCH", 123,
    )  # fmt: skip
    assert scene.metadata["baseline"] == "02.14"
    assert set(COMMON) <= {scene.instrument.band(name).common for name in scene.bands}


@pytest.mark.parametrize(
    ("name", "sensor", "tile", "nir", "layers"),
    [
        ("LC08_L2SP_028030_20200114_20200824_02_T1_SR", "landsat-8", "028030", "SR_B5.TIF",
         ["qa_pixel", "qa_radsat"]),
        ("LE07_L2SP_044033_20210329_20210424_02_T1_SR", "landsat-7", "044033", "SR_B4.TIF",
         ["qa_pixel_tm", "qa_radsat_tm"]),
        ("LC08_L2SR_081119_20200101_20200823_02_T2", "landsat-8", "081119", "SR_B5.TIF",
         ["qa_pixel", "qa_radsat"]),
    ],
)  # fmt: skip
def test_usgs(odc: Path, name: str, sensor: str, tile: str, nir: str, layers: list[str]) -> None:
    item = load(odc / f"{name}.json")
    scene = scene_of(item)
    assert (scene.sensor, scene.tile, scene.orbit) == (sensor, tile, int(tile[:3]))
    assert scene.band("nir").href.endswith(nir)
    assert {scene.band(common).scaling for common in COMMON} == {SURFACE}
    assert [layer.layer for layer in scene.quality] == layers
    if "blue" in item["assets"]:
        assert scene.band("blue").checksum == item["assets"]["blue"]["file:checksum"]
        assert len(str(scene.band("blue").checksum)) == 2 * (2 + 64)


def test_usgs_s3(odc: Path) -> None:
    data = load(odc / "LC08_L2SP_028030_20200114_20200824_02_T1_SR.json")
    scene = to_scene(sketch(read_item(data, HERE, "s3")), refuse)
    assert scene.band("red").href.startswith("s3://usgs-landsat/collection02/level-2/")
    assert scene.quality[0].href.startswith("s3://usgs-landsat/")


def test_every_item_of_usgs(metadata: Path, shared: Path) -> None:
    """Of STAC 0.7 to 1.0: what is not used says why, everything else has the six bands."""
    need_real("metadata/landsat_stactools")
    paths = [
        *metadata.glob("landsat_*/*stac.json"),
        *(shared / "data/landsat").glob("*/*stac.json"),
    ]
    assert len(paths) > 15
    for path in paths:
        data = load(path)
        if "_ST_" in path.name:
            assert reason(data) == "has no bands that its satellite has"
        elif path.name.startswith("LM"):
            assert "MSS" in reason(data)
        elif path.name.startswith("LE07_L1"):
            assert "not to be reached" in reason(data)  # its coefficients are in the MTL file
        else:
            scene = scene_of(data)
            assert all(scene.band(name).scaling for name in COMMON), path
            assert scene.quality, path
            assert scene.footprint is not None
            assert scene.footprint.is_valid


def test_the_documented_scaling_is_that_of_every_metadata_file(metadata: Path) -> None:
    need_real("metadata/landsat_stactools")
    seen = 0
    for path in metadata.glob("landsat_*/L*_L2S*_MTL.json"):
        groups = json.loads(path.read_text())["LANDSAT_METADATA_FILE"]
        numbers = groups["LEVEL2_SURFACE_REFLECTANCE_PARAMETERS"]
        for key, value in numbers.items():
            if key.startswith("REFLECTANCE_MULT_BAND"):
                assert float(value) == SURFACE.multiply
                seen += 1
            if key.startswith("REFLECTANCE_ADD_BAND"):
                assert float(value) == SURFACE.add
    assert seen >= 20


def test_top_of_atmosphere_by_the_metadata_file(metadata: Path) -> None:
    folder = metadata / "landsat_eodatasets3"
    asked: list[str] = []

    def read(href: str) -> bytes:
        asked.append(href)
        return (folder / href.rpartition("/")[2]).read_bytes()

    scene = scene_of(load(folder / "LE07_L1TP_107068_20220310_20220405_02_T1_stac.json"), read=read)
    assert len(asked) == 1
    assert asked[0].endswith("_MTL.txt")
    text = read(asked[0]).decode()

    def said(key: str) -> float:
        return float(text.partition(f"{key} = ")[2].split()[0])

    for name, number in {"blue": 1, "green": 2, "red": 3, "nir": 4, "swir1": 5, "swir2": 7}.items():
        scaling = scene.band(name).scaling
        assert scaling is not None
        assert scaling.multiply == said(f"REFLECTANCE_MULT_BAND_{number}")
        assert scaling.add == said(f"REFLECTANCE_ADD_BAND_{number}")
        assert scaling.sun_elevation == said("SUN_ELEVATION")
    assert scene.level == "L1TP"
    assert set(scene.bands) >= {"B1", "B8"}
    assert "B6_VCID_1" not in scene.bands  # temperature


def test_landsat_8_without_its_metadata_file(metadata: Path) -> None:
    scene = scene_of(load(metadata / "stac_pystac" / "LC80300332018166LGN00.json"))
    assert scene.level == "L1TP"
    assert scene.band("nir").href.endswith("_B5.TIF")
    assert [layer.layer for layer in scene.quality] == ["bqa_c1"]
    scaling = scene.band("red").scaling
    assert scaling is not None
    assert (scaling.multiply, scaling.add) == (2e-5, -0.1)
    assert scaling.sun_elevation == 66.54407242
    assert "documented" in scene.metadata["scaling"]
    # its proj:transform has GDAL's order, which is no transform of STAC
    assert scene.band("red").grid is None


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("lidar_dem", "Aircraft"),
        ("only_crs_proj", "landsat-5,landsat-7,landsat-8"),
    ],
)
def test_what_cannot_be_used_says_why(odc: Path, name: str, word: str) -> None:
    assert word in reason(load(odc / f"{name}.json"))


def test_broken_items(earth_search: Path) -> None:
    good = load(next(earth_search.glob("S2A_33TWL_20230815*/*.json")))
    for change, word in (
        ({"assets": None}, "not a STAC item"),
        ({"properties": []}, "not a STAC item"),
        ({"id": ""}, "no id"),
        ({"assets": {}}, "no bands"),
        ({"geometry": {"type": "Polygon", "coordinates": "x"}}, "geometry"),
        ({"geometry": {"type": "Nothing"}}, "geometry"),
        ({"geometry": None, "bbox": [1, 2, 3]}, "bbox"),
    ):
        assert word in reason({**good, **change}), change
    for time in (None, "yesterday", 7):
        assert "time" in reason({**good, "properties": {**good["properties"], "datetime": time}})


NONSENSE: list[Any] = [
    None, True, 0, -1, 7, 1e300, float("nan"), float("inf"), "", "x", "-1", "nan", "L1C", "99.x",
    "2023-02-30", "landsat-8", "S2A_33TWL_20230815_0_L2A", [], {}, [None], [[]], [0, 0], {"x": 1},
    ["x", 1], [float("nan")] * 6, [1.0, 0, 0, 0, -1.0, 0],
]  # fmt: skip


def spoiled(item: Json, dice: random.Random) -> Json:
    """The item with nonsense in one to three places."""
    item = copy.deepcopy(item)
    for _ in range(dice.randint(1, 3)):
        place: Any = item
        while place:
            key = dice.choice(list(place) if isinstance(place, dict) else range(len(place)))
            if not isinstance(place[key], dict | list) or dice.random() < 0.15:
                place[key] = copy.deepcopy(dice.choice(NONSENSE))
                break
            place = place[key]
    return item


@given(st.integers(0, 1 << 40))
@settings(max_examples=300)
def test_whatever_is_wrong_is_an_error_of_ours(seed: list[Json], number: int) -> None:
    """A catalogue of thousands must not end with one item in it that is nonsense."""
    dice = random.Random(number)
    with suppress(AutomapError):
        scene_of(spoiled(dice.choice(seed), dice))


def test_a_geometry_may_be_missing(earth_search: Path) -> None:
    good = load(next(earth_search.glob("S2A_33TWL_20230815*/*.json")))
    outline = scene_of({**good, "geometry": None}).footprint
    assert outline is not None
    assert outline.equals(box(*good["bbox"]))
    bare = {name: value for name, value in good.items() if name not in ("geometry", "bbox")}
    assert scene_of(bare).footprint is None


def test_bands_of_stac_1_1(earth_search: Path) -> None:
    """What was in eo:bands and raster:bands is in `bands`, or at the asset itself."""
    item = copy.deepcopy(load(next(earth_search.glob("S2A_33TWL_20230815*/*.json"))))
    properties = item["properties"]
    properties["proj:code"] = f"EPSG:{properties.pop('proj:epsg')}"
    properties["earthsearch:boa_offset_applied"] = False
    keys = list(item["assets"])
    for number, key in enumerate(keys):
        asset = item["assets"].pop(key)
        named = asset.pop("eo:bands", [{}])
        stored = asset.pop("raster:bands", [{}])
        if len(named) == 1:
            asset["bands"] = [
                {"name": named[0].get("name"), "eo:common_name": named[0].get("common_name")}
            ]
            place = asset["bands"][0] if number % 2 else asset
            for name in ("scale", "offset"):
                if name in stored[0]:
                    place[f"raster:{name}"] = stored[0][name]
            place["nodata"] = stored[0].get("nodata")
        # keys that say nothing, so that the names of the bands must
        item["assets"][f"file {number}"] = asset
    for asset in item["assets"].values():
        asset["href"] = f"https://example.org/{abs(hash(asset['href']))}"
    scene = scene_of(item)
    assert scene.crs == "EPSG:32633"
    for name in COMMON:
        scaling = scene.band(name).scaling
        assert scaling is not None
        assert (scaling.multiply, scaling.nodata) == (1e-4, 0)
        assert scaling.add == pytest.approx(-0.1)


def test_several_bands_in_one_file(earth_search: Path) -> None:
    item = load(next(earth_search.glob("S2A_33TWL_20230815*/*.json")))
    names = ("blue", "green", "red", "nir", "swir16", "swir22", "ndvi")
    stack = {
        "href": "stack.tif",
        "type": "image/tiff; application=geotiff",
        "bands": [{"name": name, "raster:scale": 1e-4} for name in names],
        "file:size": 1234,
    }
    visual = {**item["assets"]["visual"], "roles": ["data"]}  # as Planetary Computer has it
    scene = scene_of({**item, "assets": {"stack": stack, "visual": visual}})
    assert {scene.band(name).index for name in COMMON} == {1, 2, 3, 4, 5, 6}
    assert scene.band("swir2").index == 6
    assert {file.href for file in scene.bands.values()} == {"https://example.org/items/stack.tif"}
    assert scene.band("red").size == 1234


def test_jpeg_2000_where_there_is_nothing_else(earth_search: Path) -> None:
    item = load(next(earth_search.glob("S2A_33TWL_20230815*/*.json")))
    assets = {key: asset for key, asset in item["assets"].items() if key.endswith("-jp2")}
    scene = scene_of({**item, "assets": assets})
    assert scene.band("red").href == "s3://sentinel-s2-l2a/tiles/33/T/WL/2023/8/15/0/B04.jp2"
    assert scene.quality[0].href.endswith("SCL.jp2")


def test_the_finest_of_several_resolutions(earth_search: Path) -> None:
    """As the Copernicus Data Space has it."""
    item = load(next(earth_search.glob("S2A_33TWL_20230815*/*.json")))
    assets = {
        f"{band}_{size}m": {"href": f"s3://eodata/R{size}m/T33TWL_{band}_{size}m.jp2"}
        for band in ("B02", "B8A", "SCL")
        for size in (60, 10, 20)
        if (band, size) not in (("B8A", 10), ("SCL", 10))
    }
    scene = scene_of({**item, "assets": assets})
    assert scene.band("blue").href.endswith("B02_10m.jp2")
    assert scene.bands["B8A"].href.endswith("B8A_20m.jp2")
    assert scene.quality[0].href.endswith("SCL_20m.jp2")


@pytest.mark.parametrize(
    ("platform", "sensor"),
    [
        ("Sentinel-2B", "sentinel-2b"), ("sentinel-2c", "sentinel-2c"), ("LANDSAT_8", "landsat-8"),
        ("landsat-9", "landsat-9"), ("Landsat5", "landsat-5"), (None, "sentinel-2a"),
        ("S2B", "sentinel-2b"), ("s2a", "sentinel-2a"), ("S2C", "sentinel-2c"),
        ("2B", "sentinel-2b"),
        ("L8", "landsat-8"), ("LC09", "landsat-9"), ("LE7", "landsat-7"), ("LT05", "landsat-5"),
        ("S2", "sentinel-2a"), ("Sentinel 2B", "sentinel-2b"),
    ],
)  # fmt: skip
def test_spellings_of_satellites(earth_search: Path, platform: str | None, sensor: str) -> None:
    item = load(next(earth_search.glob("S2A_33TWL_20230815*/*.json")))
    item = json.loads(json.dumps(item).replace("S2A_", f"S2{sensor[-1].upper()}_"))
    properties = {**item["properties"], "platform": platform}
    _, identity = recognise(read_item({**item, "properties": properties}, HERE))
    assert identity.sensor.key == sensor


@pytest.mark.parametrize(
    ("platform", "name", "estimated"),
    [
        ("S2B", "S2A", ["platform"]), ("sentinel-2c", "S2B", ["platform"]),
        ("sentinel-2a", "S2A", None), ("S2", "S2B", None),
    ],
)  # fmt: skip
def test_another_satellite_of_the_constellation_by_name(
    earth_search: Path, platform: str, name: str, estimated: list[str] | None
) -> None:
    """Their bands are the same: the name, which the producer gave, is taken and it is told."""
    item = load(next(earth_search.glob("S2A_33TWL_20230815*/*.json")))
    item = json.loads(json.dumps(item).replace("S2A_", f"{name}_"))
    scene = scene_of({**item, "properties": {**item["properties"], "platform": platform}})
    assert scene.sensor == f"sentinel-{name[1:].lower()}"
    assert scene.metadata.get("estimated") == estimated


def test_a_satellite_with_other_bands_by_name(odc: Path) -> None:
    """Nobody can say which is right."""
    item = load(odc / "LC08_L2SP_028030_20200114_20200824_02_T1_SR.json")
    wrong = {**item, "properties": {**item["properties"], "platform": "landsat-7"}}
    assert "says two things of its satellite: platform 'landsat-7'" in reason(wrong)


@pytest.mark.parametrize("platform", ["sentinel-1a", "Sentinel-3B", "SENTINEL-5P", "sentinel_6"])
def test_other_sentinels_are_left_to_other_missions(earth_search: Path, platform: str) -> None:
    item = load(next(earth_search.glob("S2A_33TWL_20230815*/*.json")))
    properties = {**item["properties"], "platform": platform}
    assert reason({**item, "properties": properties}) == f"{platform} is not a known satellite"


def test_a_mission_of_another_package_may_have_another_sentinel(
    earth_search: Path, request: pytest.FixtureRequest
) -> None:
    band = Band(
        name="Oa08", number="8", common="red", resolution=300, wavelength=0.665, span=(0.66, 0.67)
    )
    sensor = Sensor(key="sentinel-3b", title="Sentinel-3B OLCI", resolution=300, bands=(band,))
    mission = PlainMission(
        group="olci",
        satellites=(Satellite(name="sentinel-3b", sensors=(sensor,)),),
        dialects=(PlatformDialect(platforms={"sentinel-3b": sensor}),),
    )
    register(mission)
    request.addfinalizer(lambda: unregister(mission))
    item = load(next(earth_search.glob("S2A_33TWL_20230815*/*.json")))
    properties = {**item["properties"], "platform": "Sentinel-3B"}
    _, identity = recognise(read_item({**item, "properties": properties}, HERE))
    assert identity.sensor is sensor


def test_an_item_of_two_missions_is_nobodys(
    earth_search: Path, request: pytest.FixtureRequest
) -> None:
    """Which of them is right only a user can tell; neither is believed without a word."""
    band = Band(name="R", number="1", common="red", resolution=10, wavelength=0.66, span=(0.6, 0.7))
    sensor = Sensor(key="cuckoo", title="Cuckoo", resolution=10, bands=(band,))
    mission = PlainMission(
        group="cuckoos",
        satellites=(Satellite(name="cuckoo", sensors=(sensor,)),),
        dialects=(PlatformDialect(platforms={"sentinel-2a": sensor}),),
    )
    item = load(next(earth_search.glob("S2A_33TWL_20230815*/*.json")))
    assert recognise(read_item(item, HERE))[1].sensor.key == "sentinel-2a"
    register(mission)
    request.addfinalizer(lambda: unregister(mission))
    said = reason(item)
    assert "several missions take it for theirs: cuckoos, sentinel" in said


def test_an_instrument_of_another_satellite_may_be_called_as_landsats(odc: Path) -> None:
    item = load(odc / "LC08_L2SP_028030_20200114_20200824_02_T1_SR.json")
    properties = {**item["properties"], "platform": "kestrel-1", "instruments": ["mss"]}
    found = reason({**item, "properties": properties})
    assert found == "kestrel-1 is not a known satellite"


def test_scenes_travel(earth_search: Path) -> None:
    found = search(earth_search / "collection.json", options=SearchOptions(verify="never"))
    assert pickle.loads(pickle.dumps(found)) == found
    for scene in found.scenes:
        json.dumps(dict(scene.metadata), allow_nan=False)


def test_footprints_are_those_of_the_items(seed: list[Json]) -> None:
    for item in seed:
        scene = scene_of(item)
        assert scene.footprint is not None
        assert scene.footprint.symmetric_difference(shape(item["geometry"])).area < 1e-9


def test_quality_layers_are_images_and_the_first_of_equals(earth_search: Path) -> None:
    item = load(next(earth_search.glob("S2A_33TWL_20230815*/*.json")))
    layers = {
        "scl-metadata": {"href": "https://a.org/x_SCL.json"},
        "scl-picture": {"href": "https://a.org/x_SCL.png"},
        "scl": {"href": "https://a.org/one_SCL.tif"},
        "scl-again": {"href": "https://a.org/two_SCL.tif"},
        "scl-jp2": {"href": "https://a.org/three_SCL.jp2"},
    }
    assets = {name: asset for name, asset in item["assets"].items() if "scl" not in name.lower()}
    scene = scene_of({**item, "assets": {**layers, **assets}})
    assert [(file.layer, file.href) for file in scene.quality][:1] == [
        ("scl", "https://a.org/one_SCL.tif")
    ]


@pytest.mark.parametrize(("name", "tier"), [("LC08_L2SP_028030_20200114_20200824_02_T1", "T1")])
def test_the_tier_by_name_or_by_property(odc: Path, name: str, tier: str) -> None:
    item = load(odc / f"{name}_SR.json")
    assert scene_of(item).metadata["tier"] == tier
    bare = json.loads(json.dumps(item).replace(name, "scene"))
    bare["properties"] |= {"landsat:collection_category": "T2", "landsat:collection_number": "02"}
    bare["properties"]["platform"] = "landsat-8"
    assert sketch(read_item(bare, HERE)).scene.metadata["tier"] == "T2"
    del bare["properties"]["landsat:collection_category"]
    assert "tier" not in sketch(read_item(bare, HERE)).scene.metadata


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"instruments": ["mss"], "platform": "landsat-5"}, "Landsat 5 MSS"),
        ({"instruments": ["MSS"], "platform": "LANDSAT_1"}, "Landsat 1 MSS"),
        ({"eo:instrument": "mss", "instruments": None, "platform": "landsat-4"}, "Landsat 4 MSS"),
        ({"landsat:product_id": "LM03_L1GS_001001_19780510_20200907_02_T2"}, "MSS"),
    ],
)
def test_the_multispectral_scanner_is_refused(odc: Path, changes: Json, word: str) -> None:
    item = load(odc / "LC08_L2SP_028030_20200114_20200824_02_T1_SR.json")
    assert word in reason({**item, "properties": {**item["properties"], **changes}})
