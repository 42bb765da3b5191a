"""HLS, version 2: from names of files and from STAC items to reflectance, masks and composites."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from shapely.geometry import mapping

from automap_tiles.cli.main import main
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.grid import Grid
from automap_tiles.missions import Flag, Scene, quality_layer, recognise, sensor_of
from automap_tiles.notes import collecting
from automap_tiles.scenes import find, nadir
from automap_tiles.scenes.catalogue.convert import sketch, to_scene
from automap_tiles.scenes.catalogue.item import read_item
from tests.formats.test_scenes import reader_of
from tests.scenes.samples import grid_at, write
from tests.scenes.test_reading import tile_over

S30 = "HLS.S30.T33TWL.2023227T100031.v2.0"
L30 = "HLS.L30.T33TWL.2023229T100512.v2.0"
BANDS = {
    "S30": ("B02", "B03", "B04", "B05", "B8A", "B11", "B12"),
    "L30": ("B02", "B03", "B04", "B05", "B06", "B07", "B10"),
}
FILL = -9999
GRID = grid_at(size=64, pixel=30)


def make(folder: Path, product: str, seed: int = 0, cover: int | None = 12) -> dict[str, Any]:
    """Files of a product, some pixels of which are without data; its numbers by band."""
    rng = np.random.default_rng(seed)
    numbers: dict[str, Any] = {}
    for band in BANDS[product[4:7]]:
        own = rng.integers(-300, 9000, (1, *GRID.shape)).astype("i2")
        own[:, :5, :7] = FILL
        write(folder / f"{product}.{band}.tif", own, GRID, nodata=FILL)
        numbers[band] = own[0]
    codes = np.arange(GRID.height * GRID.width, dtype=np.uint16).reshape(GRID.shape)
    numbers["Fmask"] = (codes % 256).astype("u1")
    write(folder / f"{product}.Fmask.tif", numbers["Fmask"][None], GRID, nodata=255)
    if cover is not None:
        item = {"properties": {"eo:cloud_cover": cover, "view:sun_elevation": 51.5}}
        (folder / f"{product}_stac.json").write_text(json.dumps(item))
    return numbers


def the_scene(folder: Path) -> Scene:
    (scene,) = find.products(folder).scenes
    return scene


def test_from_names(tmp_path: Path) -> None:
    make(tmp_path, S30)
    scene = the_scene(tmp_path)
    assert (scene.id, scene.sensor, scene.tile) == (S30, "hls-s30", "33TWL")
    assert scene.time.isoformat() == "2023-08-15T10:00:31+00:00"
    assert (scene.kind, scene.cloud_cover, scene.sun_elevation) == ("surface", 12, 51.5)
    assert [file.layer for file in scene.quality] == ["hls_fmask"]
    assert scene.crs == "EPSG:32633"


def test_both_of_one_folder_are_two_satellites(tmp_path: Path) -> None:
    """They are mixed by nobody who has not asked for it."""
    make(tmp_path, S30)
    make(tmp_path, L30, cover=None)
    found = {scene.sensor: scene for scene in find.products(tmp_path).scenes}
    assert set(found) == {"hls-s30", "hls-l30"}
    assert found["hls-l30"].cloud_cover is None
    with pytest.raises(ConfigError, match="satellites"):
        _ = reader_of(tmp_path, bands=["red"]).found
    assert len(reader_of(tmp_path, bands=["red"], satellites="hls-l30").scenes) == 1


def test_what_is_not_taken_is_told(tmp_path: Path) -> None:
    """A cut beside the whole band, and a product whose bands are elsewhere."""
    make(tmp_path, S30)
    (tmp_path / f"{S30}.B04.subset.tif").write_bytes(b"")
    (tmp_path / f"{L30}.Fmask.tif").write_bytes(b"")
    with collecting() as told:
        found = find.products(tmp_path)
    assert found.scenes[0].bands["B04"].href.endswith(f"{S30}.B04.tif")
    assert [reason for _, reason in found.rejected] == ["none of its bands is there"]
    (note,) = told.grouped()
    assert note.examples[0].endswith("B04.subset.tif")


@pytest.mark.parametrize(
    ("product", "names"),
    [
        (S30, {"red": "B04", "rededge1": "B05", "nir": "B8A", "swir1": "B11", "swir2": "B12"}),
        (L30, {"red": "B04", "nir": "B05", "swir1": "B06", "swir2": "B07"}),
    ],
)
def test_reflectance(tmp_path: Path, product: str, names: dict[str, str]) -> None:
    """By the formula of the guide; the same name means another band of the other product."""
    numbers = make(tmp_path, product)
    reader = reader_of(tmp_path, bands=list(names), mask=[])
    got = reader.at(tile_over(GRID, 13)).read()
    assert got.grid.transform.a == 30
    inner, outer = shared_part(got.grid)
    for place, band in enumerate(names.values()):
        stored = numbers[band][outer]
        there = (stored != FILL) & (numbers["Fmask"][outer] != 255)
        assert there.any()
        np.testing.assert_array_equal(got.valid[0][inner], there)
        want = np.where(there, stored * 1e-4, 0)
        found = np.where(there, got.values[0, place][inner], 0)
        np.testing.assert_allclose(found, want, rtol=0, atol=2e-7)
    assert got.valid.sum() == there.sum()


def shared_part(grid: Grid) -> tuple[Any, Any]:
    """Where a grid of the same lattice and that of the files meet, in each of them."""
    left = round((grid.transform.c - GRID.transform.c) / 30)
    top = round((GRID.transform.f - grid.transform.f) / 30)
    rows = slice(max(top, 0), min(grid.height + top, GRID.height))
    cols = slice(max(left, 0), min(grid.width + left, GRID.width))
    inner = (
        slice(rows.start - top, rows.stop - top),
        slice(cols.start - left, cols.stop - left),
    )
    return inner, (rows, cols)


@pytest.mark.parametrize("code", range(256))
def test_every_code_of_fmask(code: int) -> None:
    """Bits 1 to 5, high aerosol in bits 6 and 7; 255 is fill."""
    table = {1: Flag.CLOUD, 2: Flag.DILATED, 3: Flag.SHADOW, 4: Flag.SNOW, 5: Flag.WATER}
    want = Flag(0)
    for bit, flag in table.items():
        want |= flag if code >> bit & 1 else Flag(0)
    want |= Flag.AEROSOL if code >> 6 == 3 else Flag(0)
    want |= Flag.FILL if code == 255 else Flag(0)
    got = quality_layer("hls_fmask").to_flags(np.full((1, 1), code, "u1"))
    assert Flag(int(got[0, 0])) == want


def test_brdf_is_refused(tmp_path: Path) -> None:
    make(tmp_path, S30)
    with pytest.raises(ConfigError, match="from straight above already: NBAR of HLS"):
        nadir.check(the_scene(tmp_path))
    with pytest.raises(ConfigError, match="NBAR of HLS"):
        _ = reader_of(tmp_path, bands=["red"], brdf=True).found


def test_unknown_band(tmp_path: Path) -> None:
    make(tmp_path, L30)
    found = find.products(tmp_path, bands=("rededge1",))
    assert not found.scenes
    assert "has no band rededge1" in found.rejected[0][1]
    assert sensor_of("hls-l30").find("B8A") is None
    assert sensor_of("hls-s30").band("nir").name == "B8A"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("HLS.S30.T33TWL.2023227T100031.v1.5", "version 1.5"),
        ("HLS.S30.T33TWL.2023427T100031.v2.0", "not a time"),
    ],
)
def test_products_that_cannot_be_used(tmp_path: Path, name: str, reason: str) -> None:
    make(tmp_path, name)
    found = find.products(tmp_path)
    assert not found.scenes
    ((rejected, why),) = found.rejected
    assert rejected == name
    assert reason in why


def item(name: str, collection: str, keys: tuple[str, ...], **more: Any) -> dict[str, Any]:
    own = more.pop("band", {})
    day = 17 if name.startswith(L30) else 15
    return {
        "type": "Feature",
        "id": name,
        "collection": collection,
        "geometry": None,
        "properties": {"datetime": f"2023-08-{day}T10:00:31Z", "eo:cloud_cover": 3, **more},
        "assets": {
            key: {"href": f"https://example.org/{name}.{key}.tif", "roles": ["data"], **own}
            for key in (*keys, "SZA", "Fmask")
        },
    }


@pytest.mark.parametrize(
    ("name", "collection", "more", "sensor"),
    [
        (S30, "HLSS30_2.0", {}, "hls-s30"),
        (L30, "HLSL30.v2.0", {}, "hls-l30"),
        (L30, "hls2-l30", {"platform": "landsat-9"}, "hls-l30"),
        (S30, "hls2-s30", {"platform": "sentinel-2a"}, "hls-s30"),
        ("my-cut", "hls2-s30", {"platform": "Sentinel-2B"}, "hls-s30"),
    ],
)
def test_items(name: str, collection: str, more: dict[str, Any], sensor: str) -> None:
    """Also of catalogues that name the satellite: its own mission leaves them to HLS."""
    keys = BANDS[sensor[4:].upper()]
    data = item(name, collection, keys, **more)
    scene = to_scene(sketch(read_item(data, "https://example.org/a.json")), lambda _: b"")
    assert scene.sensor == sensor
    assert set(scene.bands) == set(keys)
    assert scene.is_from_above is not None
    assert [each.layer for each in scene.quality] == ["hls_fmask"]
    for band, file in scene.bands.items():
        if sensor_of(sensor).band(band).is_reflective:
            assert file.scaling is not None
            assert (file.scaling.multiply, file.scaling.nodata) == (1e-4, FILL)
        else:
            assert file.scaling is None


@pytest.mark.parametrize("wrong", [{"scale": 1}, {"scale": 1e-4, "offset": -0.1}, {"nodata": 0}])
def test_an_item_that_states_another_scale(wrong: dict[str, float]) -> None:
    data = item(S30, "HLSS30_2.0", BANDS["S30"], band={"raster:bands": [wrong]})
    drawn = sketch(read_item(data, "https://example.org/a.json"))
    with pytest.raises(InputError, match=r"HLS has 0.0001, 0, -9999"):
        to_scene(drawn, lambda _: b"")


S2 = "S2A_MSIL2A_20230815T100031_N0509_R122_T33TWL_20230815T122613"
L7 = "LE07_L2SP_016037_20230815_20230918_02_T1"


@pytest.mark.parametrize(
    ("name", "collection", "more", "words"),
    [
        (S30, "HLSL30_2.0", {}, "collection HLSL30_2.0, and S30"),
        (S30, "HLSS30_2.0", {"datetime": "2023-08-18T10:00:31Z"}, "2023-08-18, and 2023-08-15"),
        (L7, "landsat-c2-l2", {"platform": "LANDSAT_5"}, "'LANDSAT_5', and Landsat 7"),
        (S2, "sentinel-2-l2a", {"datetime": "2022-08-15T10:00:31Z"}, "2022-08-15, and 2023-08"),
        (L7, "landsat-c2-l2", {"platform": "landsat-8"}, "'landsat-8', and Landsat 7"),
        (L7, "landsat-c2-l2", {"datetime": "2023-09-18T00:00:00Z"}, "2023-09-18, and 2023-08-15"),
    ],
)
def test_an_item_that_says_two_things(
    name: str, collection: str, more: dict[str, Any], words: str
) -> None:
    """B4 is red of one Landsat and near infrared of another: neither word is believed."""
    data = item(name, collection, ("B4", "B04"), **more)
    with pytest.raises(InputError, match=words):
        sketch(read_item(data, "https://example.org/a.json"))


def test_another_satellite_of_the_constellation_than_the_name_says() -> None:
    """The bands of Sentinel-2A and 2B are the same: the name is taken, and it is noted."""
    data = item(S2, "sentinel-2-l2a", ("B04",), platform="Sentinel-2B")
    scene = sketch(read_item(data, "https://example.org/a.json")).scene
    assert (scene.sensor, scene.metadata["estimated"]) == ("sentinel-2a", ["platform"])


def test_a_scale_that_makes_no_reflectance() -> None:
    band = {"raster:bands": [{"scale": 1}]}
    drawn = sketch(read_item(item(S2, "sentinel-2-l2a", ("B04",), band=band), "https://a.org/a"))
    with pytest.raises(InputError, match="a scale of 1 of B04"):
        to_scene(drawn, lambda _: b"")


def test_an_item_of_another_version() -> None:
    data = item("HLS.L30.T33TWL.2023229T100512.v1.5", "HLSL30.v1.5", BANDS["L30"])
    with pytest.raises(InputError, match=r"version 1\.5"):
        recognise(read_item(data, "https://example.org/a.json"))


def test_run_makes_a_composite(tmp_path: Path) -> None:
    """The median of two dates, clouds and shadows left out; band by band what NumPy gives."""
    first = make(tmp_path / "in", S30, 1)
    second = make(tmp_path / "in", "HLS.S30.T33TWL.2023232T100031.v2.0", 2)
    area = the_outline(tmp_path / "in")
    (tmp_path / "area.json").write_text(json.dumps(area))
    done = main(
        ["run", "--mode", "composite", "--satellites", "hls-s30", "-w", "1", "--no-progress",
         "--start", "2023-01-01", "--end", "2023-12-31", "--boundary", str(tmp_path / "area.json"),
         "-i", str(tmp_path / "in"), "-o", str(tmp_path / "out")]
    )  # fmt: skip
    assert done == 0
    (path,) = (tmp_path / "out" / "hls-s30").glob("*.tif")
    with rasterio.open(path) as file:
        names, got = file.descriptions, file.read(masked=True)
        place = file.transform
    inner, outer = shared_part(Grid(GRID.crs, place, got.shape[1:]))
    clear = np.isin(first["Fmask"] & 0b1010, 0) & (first["Fmask"] != 255)
    for name, band in {"median_blue": "B02", "median_nir": "B8A", "median_swir2": "B12"}.items():
        stack = np.ma.masked_equal([first[band], second[band]], FILL)
        want = np.floor(np.ma.filled(np.ma.mean(stack, axis=0), 0) + 0.5)
        valid = clear & ~np.ma.getmaskarray(stack[0])
        there = got[names.index(name)][inner]
        np.testing.assert_array_equal(~np.ma.getmaskarray(there), valid[outer])
        assert np.abs(there.filled(0) - want[outer])[valid[outer]].max() <= 1


def the_outline(folder: Path) -> dict[str, Any]:
    """Of the scenes in a folder, some pixels wider."""
    scene = find.products(folder).scenes[0]
    assert scene.footprint is not None
    found: dict[str, Any] = mapping(scene.footprint.buffer(0.002))
    return found
